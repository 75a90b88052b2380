"""What can be known to be wrong before the first call: a Page's limits on content (contract meta D1, D2, D4, D5).

`check` looks at what was said; `photo`, `video`, `reel` and `story` at what a probe found in a file. Each problem is about one field and
says what to do. What was not probed is not judged: the platform has the last word.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from waooaw_social.core.post import Content, Item, MediaFile, MediaSource
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.facebook.manifest import (
    PHOTO_BYTES,
    PHOTO_TYPES,
    REEL_RATIO,
    REEL_SECONDS,
    STORY_SECONDS,
    TEXT_CHARACTERS,
)

SCHEDULE = "scheduled_publish_time"
OPTIONS: Mapping[str, frozenset[str]] = {"story": frozenset()}
"""What a format knows beside its content."""
USUAL_OPTIONS = frozenset({SCHEDULE})
UNKNOWN_TYPES = frozenset({"", "application/octet-stream"})


def check(publication: Publication) -> Sequence[Refusal]:
    """Everything that is wrong with a publication, as far as its words go."""
    content = publication.content
    rules = RULES.get(publication.format, ())
    return [*(problem for rule in rules for problem in rule(content)), *_options(publication)]


def refuse_bad(publication: Publication) -> None:
    """Raises `Refused` with the first problem."""
    for problem in check(publication):
        raise Refused(problem)


def pictures_of(content: Content) -> tuple[Item, ...]:
    """The photos, in their order, from wherever they were named."""
    named = tuple(Item(kind="image", source=source) for source in content.images)
    return named + tuple(item for item in content.items if item.kind == "image")


def video_of(content: Content) -> MediaSource:
    """The video that `check` has found to be there."""
    videos = [*([content.video] if content.video else []), *_videos_among(content)]
    if not videos:
        raise Refused(_no("video_required", "video", "A video is required."))
    return videos[0]


def description_of(content: Content) -> str | None:
    """What is said beside a video."""
    return content.description or content.text


def schedule_of(content: Content) -> int | None:
    """Seconds since 1970 at which Facebook itself shall publish it; None: at once."""
    at = content.options.get(SCHEDULE)
    return at if isinstance(at, int) and not isinstance(at, bool) else None


# --- files --------------------------------------------------------------------------------------------------------------------


def photo(file: MediaFile, field: str = "images") -> None:
    """Raises `Refused` for a file that cannot be a photo of a Page (D2)."""
    _not_empty(file, field)
    if file.content_type not in PHOTO_TYPES | UNKNOWN_TYPES:
        message = f"A photo is a JPEG, PNG, GIF, BMP or TIFF; this is {file.content_type}."
        raise Refused(_no("photo_format", field, message, "Convert it to JPEG."))
    if file.size > PHOTO_BYTES:
        message = f"A photo has at most 4 MB; this one has {file.size / 1024**2:.1f}."
        raise Refused(_no("photo_too_large", field, message, "Save it smaller, or with more compression."))


def video(file: MediaFile) -> None:
    """Raises `Refused` for what is no video."""
    _not_empty(file, "video")
    if not file.content_type.startswith("video/") and file.content_type not in UNKNOWN_TYPES:
        raise Refused(_no("video_format", "video", f"A video is required; this is {file.content_type}."))


def reel(file: MediaFile) -> None:
    """Raises `Refused` for a video that cannot be a reel (D4)."""
    video(file)
    shortest, longest = REEL_SECONDS
    if file.duration is not None and not shortest <= file.duration <= longest:
        message = f"A reel lasts {shortest:.0f} to {longest:.0f} s; this video lasts {file.duration:.1f} s."
        raise Refused(_no("not_a_reel", "video", message, "Cut it, or publish it as a video."))
    narrowest, widest = REEL_RATIO
    if file.width and file.height and not narrowest <= file.width / file.height <= widest:
        message = f"A reel is upright, 9:16; this video is {file.width}x{file.height}."
        raise Refused(_no("not_a_reel", "video", message, "Crop it, or publish it as a video."))


def story(file: MediaFile) -> None:
    """Raises `Refused` for a video that cannot be a story (D5)."""
    video(file)
    if file.duration is not None and file.duration > STORY_SECONDS:
        message = f"A story lasts at most {STORY_SECONDS:.0f} s; this video lasts {file.duration:.1f} s."
        raise Refused(_no("story_too_long", "video", message, "Cut it, or publish it as a reel or a video."))


def _not_empty(file: MediaFile, field: str) -> None:
    if file.size == 0:
        raise Refused(_no("empty_file", field, "The file is empty."))


# --- words --------------------------------------------------------------------------------------------------------------------


def _no(code: str, field: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field=field, message=message, remediation=remediation)


def _videos_among(content: Content) -> list[MediaSource]:
    return [item.source for item in content.items if item.kind == "video"]


def _something(content: Content) -> Iterator[Refusal]:
    if not (content.text or "").strip() and not content.link and not pictures_of(content):
        yield _no("text_required", "text", "A text, a link or a photo is required.")


def _text(content: Content) -> Iterator[Refusal]:
    yield from _length("text", content.text)


def _description(content: Content) -> Iterator[Refusal]:
    yield from _length("description" if content.description else "text", description_of(content))


def _length(field: str, text: str | None) -> Iterator[Refusal]:
    if len(text or "") > TEXT_CHARACTERS:
        message = f"A text has at most {TEXT_CHARACTERS} characters; this one has {len(text or '')}."
        yield _no("text_too_long", field, message, "Shorten it.")


def _link(content: Content) -> Iterator[Refusal]:
    if content.link is None:
        return
    host = _host(content.link)
    if not host:
        yield _no("invalid_link", "link", "A link is an address that begins with http:// or https://.")
    elif host == "facebook.com" or host.endswith(".facebook.com"):
        yield _no("link_refused", "link", "Facebook takes no links to facebook.com.", "Put the address into the text.")
    if pictures_of(content):
        yield _no(
            "link_and_photos", "link", "A post shows a link or photos, not both.", "Put the address into the text."
        )


def _host(link: str) -> str:
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in {"http", "https"} else ""


def _privacy(content: Content) -> Iterator[Refusal]:
    if content.privacy != "public":
        yield _no("invalid_privacy", "privacy", "What a Page publishes is public.", "Leave the privacy at public.")


def _no_link(content: Content) -> Iterator[Refusal]:
    if content.link is not None:
        yield _no("link_unsupported", "link", "Only a text post shows a link.", "Put the address into the description.")


def _photos(content: Content) -> Iterator[Refusal]:
    if not pictures_of(content):
        yield _no("image_required", "images", "At least one photo is required.")


def _no_video(content: Content) -> Iterator[Refusal]:
    if content.video or _videos_among(content):
        message = "A post with photos or a text takes no video."
        yield _no("mixed_media", "video", message, "Publish the video by itself.")


def _one_video(content: Content) -> Iterator[Refusal]:
    count = len(_videos_among(content)) + (content.video is not None)
    if count == 0:
        yield _no("video_required", "video", "A video is required.")
    if count > 1:
        yield _no("mixed_media", "video", "One video is one post.", "Publish each by itself.")
    if pictures_of(content):
        yield _no("mixed_media", "images", "A video takes no photos beside it.", "Publish the photos by themselves.")


def _one_medium(content: Content) -> Iterator[Refusal]:
    pictures, videos = len(pictures_of(content)), len(_videos_among(content)) + (content.video is not None)
    if pictures + videos == 0:
        yield _no("media_required", "media", "A story needs a photo or a video.")
    if pictures + videos > 1:
        yield _no("mixed_media", "media", "A story is one photo or one video.", "Publish each by itself.")


def _options(publication: Publication) -> Iterator[Refusal]:
    known = OPTIONS.get(publication.format, USUAL_OPTIONS)
    for name in sorted(set(publication.content.options) - known):
        offered = f"it has {', '.join(sorted(known))}" if known else "it has none"
        message = f"Facebook has no option of this name for {publication.format}; {offered}."
        yield _no("unknown_option", f"options.{name}", message)
    given = publication.content.options.get(SCHEDULE) if SCHEDULE in known else None
    if given is not None and (schedule_of(publication.content) or 0) < EARLIEST:
        message = "The time is a whole number of seconds since 1970."
        yield _no("invalid_schedule", f"options.{SCHEDULE}", message)


EARLIEST = 1_700_000_000
"""No schedule can lie before this (November 2023); a smaller number is not in seconds since 1970."""

Rule = Callable[[Content], Iterator[Refusal]]
RULES: Mapping[str, tuple[Rule, ...]] = {
    "text": (_something, _text, _link, _no_video, _privacy),
    "photos": (_photos, _text, _link, _no_video, _privacy),
    "video": (_one_video, _description, _no_link, _privacy),
    "reel": (_one_video, _description, _no_link, _privacy),
    "story": (_one_medium, _no_link, _privacy),
}
