"""What can be known to be wrong before the first call: YouTube's limits on content (contract youtube 3.3, 3.5).

`check` looks at what was said, `file` at what a probe found in the file. Both speak of one field and say what to do.
"""

from collections.abc import Callable, Iterator, Sequence

from waooaw_social.core.post import Content, MediaFile, MediaSource
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.youtube.manifest import (
    COMMUNITY_TEXT_CHARACTERS,
    DESCRIPTION_BYTES,
    FILE_BYTES,
    SHORT_SECONDS,
    TAGS_CHARACTERS,
    TITLE_CHARACTERS,
)
from waooaw_social.platforms.youtube.replies import Channel

PRIVACIES = frozenset({"public", "unlisted", "private"})

SNIPPET_OPTIONS = {"category_id": "categoryId", "default_language": "defaultLanguage"}
STATUS_OPTIONS = {
    "contains_synthetic_media": "containsSyntheticMedia",
    "embeddable": "embeddable",
    "public_stats_viewable": "publicStatsViewable",
    "license": "license",
}
OPTIONS = {"notify_subscribers", "made_for_kids", *SNIPPET_OPTIONS, *STATUS_OPTIONS}


def check(publication: Publication) -> Sequence[Refusal]:
    """Everything that is wrong with a publication, as far as its words go."""
    content = publication.content
    rules = TEXT_RULES if publication.format == "text" else VIDEO_RULES
    return [*(problem for rule in rules for problem in rule(content))]


def file(publication: Publication, video: MediaFile, channel: Channel) -> None:
    """Raises `Refused` for a file that cannot become what was asked for. What was not probed is not judged."""
    if video.size == 0:
        raise Refused(_no("empty_file", "video", "The video file is empty."))
    if video.size > FILE_BYTES:
        raise Refused(_no("file_too_large", "video", "YouTube takes files of at most 256 GB."))
    if publication.format == "short":
        _short(video)
    elif video.duration and video.duration > 15 * 60 and channel.long_uploads not in {"allowed", ""}:
        raise Refused(
            _no(
                "video_too_long",
                "video",
                "This channel may upload at most 15 minutes.",
                "Verify the channel with YouTube.",
            )
        )


def video_of(publication: Publication) -> MediaSource:
    """The video that `check` has found to be there."""
    video = publication.content.video
    if video is None:
        raise Refused(_no("video_required", "video", "A video is required."))
    return video


def _short(video: MediaFile) -> None:
    if video.duration is not None and video.duration > SHORT_SECONDS:
        message = f"A Short lasts at most 3 minutes; this video lasts {video.duration:.0f} s."
        raise Refused(_no("not_a_short", "video", message, "Shorten it, or publish it as a video."))
    if video.width is not None and video.height is not None and video.width > video.height:
        message = f"A Short is vertical or square; this video is {video.width}x{video.height}."
        raise Refused(_no("not_a_short", "video", message, "Crop it, or publish it as a video."))


def _no(code: str, field: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field=field, message=message, remediation=remediation)


def _title(content: Content) -> Iterator[Refusal]:
    title = content.title or ""
    if not title.strip():
        yield _no("invalid_title", "title", "A title is required.")
    if len(title) > TITLE_CHARACTERS:
        message = f"A title has at most {TITLE_CHARACTERS} characters; this one has {len(title)}."
        yield _no("invalid_title", "title", message, "Shorten the title.")
    if set("<>") & set(title):
        yield _no("invalid_title", "title", "A title may not contain < or >.")


def _description(content: Content) -> Iterator[Refusal]:
    description = content.description or ""
    size = len(description.encode())
    if size > DESCRIPTION_BYTES:
        message = f"A description has at most {DESCRIPTION_BYTES} bytes; this one has {size}."
        yield _no("invalid_description", "description", message)
    if set("<>") & set(description):
        yield _no("invalid_description", "description", "A description may not contain < or >.")


def _tags(content: Content) -> Iterator[Refusal]:
    # commas between tags count, and so do the quotes that YouTube puts around a tag with a space
    length = sum(len(tag) + 2 * (" " in tag) for tag in content.tags) + max(0, len(content.tags) - 1)
    if length > TAGS_CHARACTERS:
        message = f"The tags together have at most {TAGS_CHARACTERS} characters; these have {length}."
        yield _no("invalid_tags", "tags", message)
    if any(not tag.strip() or set("<>") & set(tag) for tag in content.tags):
        yield _no("invalid_tags", "tags", "A tag may not be empty or contain < or >.")


def _privacy(content: Content) -> Iterator[Refusal]:
    if content.privacy not in PRIVACIES:
        yield _no("invalid_privacy", "privacy", "The privacy is one of public, unlisted, private.")


def _options(content: Content) -> Iterator[Refusal]:
    for name in sorted(set(content.options) - OPTIONS):
        yield _no(
            "unknown_option",
            f"options.{name}",
            f"YouTube has no option of this name; it has {', '.join(sorted(OPTIONS))}.",
        )


def _video(content: Content) -> Iterator[Refusal]:
    if content.video is None:
        yield _no("video_required", "video", "A video is required.")


def _text(content: Content) -> Iterator[Refusal]:
    text = content.text or ""
    if not text.strip():
        yield _no("text_required", "text", "A text is required.")
    if len(text) > COMMUNITY_TEXT_CHARACTERS:
        message = f"A community post has at most {COMMUNITY_TEXT_CHARACTERS} characters; this one has {len(text)}."
        yield _no("text_too_long", "text", message, "Shorten the text.")


Rule = Callable[[Content], Iterator[Refusal]]
VIDEO_RULES: tuple[Rule, ...] = (_video, _title, _description, _tags, _privacy, _options)
TEXT_RULES: tuple[Rule, ...] = (_text,)
