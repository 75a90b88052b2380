"""The media of one publication: brought here, looked at, and what a container is told about them (contract meta C1, C7).

Instagram fetches images, and videos too, from the customer's own URL; ours have looked at the same address before. What was not probed is
not judged: the platform has the last word.
"""

from dataclasses import dataclass
from typing import Any

from waooaw_social.core.post import Content, MediaFile, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Flow, fetch
from waooaw_social.platforms.instagram.check import IMAGE, VIDEO, field_of, items_of, names_of, no
from waooaw_social.platforms.instagram.manifest import (
    IMAGE_BYTES,
    IMAGE_RATIO,
    MIB,
    RATIO_SLACK,
    REEL_BYTES,
    REEL_SECONDS,
    STORY_BYTES,
    STORY_SECONDS,
    VIDEO_RATIO,
    VIDEO_WIDTH,
)

UNKNOWN_TYPES = frozenset({"", "application/octet-stream"})
IMAGE_TYPES = frozenset({"image/jpeg"})
VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime"})


@dataclass(frozen=True, kw_only=True)
class Medium:
    """One image or video, here."""

    kind: str
    field: str
    """Where it was named: for refusals."""
    file: MediaFile
    url: str | None
    """Where Instagram fetches it itself; None where its bytes are sent."""
    alt_text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Post:
    """What is to be published, with all of its media here."""

    format: str
    content: Content
    media: tuple[Medium, ...]


def gathered(publication: Publication) -> Flow[Post]:
    """Bring every file here and look at it. Raises `Refused` for the first that cannot be what it is meant for."""
    content, media = publication.content, list[Medium]()
    for index, item in enumerate(items_of(content)):
        file = yield from fetch(f"file {index + 1}", item.source)
        by_url = isinstance(item.source, MediaUrl) and not (item.kind == VIDEO and content.options.get("upload"))
        medium = Medium(
            kind=item.kind,
            field=field_of(content, index),
            file=file,
            url=item.source.url if isinstance(item.source, MediaUrl) and by_url else None,
            alt_text=item.alt_text or _alt_text(content),
        )
        judge(publication.format, medium, content)
        media.append(medium)
    if content.cover is not None:
        cover = yield from fetch("cover", content.cover)
        image(cover, "cover", ratio=False)
    return Post(format=publication.format, content=content, media=tuple(media))


def _alt_text(content: Content) -> str | None:
    text = content.options.get("alt_text")
    return text if isinstance(text, str) else None


# --- what a container is told -------------------------------------------------------------------------------------------------


def single(post: Post) -> dict[str, Any]:
    """The fields of a container that stands for itself."""
    medium, content = post.media[0], post.content
    kind = {"reel": "REELS", "story": "STORIES"}.get(post.format)
    cover = content.cover.url if isinstance(content.cover, MediaUrl) else None
    alone = {"media_type": kind, "alt_text": medium.alt_text, "cover_url": cover}
    reel = {name: content.options.get(name) for name in ("share_to_feed", "thumb_offset", "audio_name")}
    return alone | place(medium) | reel | words(post)


def child(medium: Medium) -> dict[str, Any]:
    """The fields of a container within a carousel. A video must say that it is one (A8)."""
    kind = "VIDEO" if medium.kind == VIDEO else None
    return {"media_type": kind, "is_carousel_item": True, "alt_text": medium.alt_text} | place(medium)


def parent(post: Post, children: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a carousel's own container."""
    return {"media_type": "CAROUSEL", "children": list(children)} | words(post)


def place(medium: Medium) -> dict[str, Any]:
    """Where the bytes come from."""
    if medium.url is None:
        return {"upload_type": "resumable"}
    return {f"{medium.kind}_url": medium.url}


def words(post: Post) -> dict[str, Any]:
    """What is said, and beside whom and where."""
    options = post.content.options
    names = options.get("collaborators")
    return {
        "caption": post.content.text or None,
        "location_id": str(options["location_id"]) if "location_id" in options else None,
        "collaborators": names_of(names) if isinstance(names, str) else None,
        "is_ai_generated": options.get("is_ai_generated"),
    }


# --- files --------------------------------------------------------------------------------------------------------------------


def judge(format: str, medium: Medium, content: Content) -> None:
    """Raises `Refused` for a file that cannot be shown in this format."""
    if medium.kind == IMAGE:
        image(medium.file, medium.field, ratio=format != "story")
        return
    video(medium.file, medium.field)
    if format == "reel":
        _limits(medium, "A reel", REEL_BYTES, REEL_SECONDS, VIDEO_RATIO["reel"])
        _thumb_offset(medium.file, content)
    if format == "story":
        _limits(medium, "A story", STORY_BYTES, STORY_SECONDS, VIDEO_RATIO["story"])


def image(file: MediaFile, field: str, *, ratio: bool) -> None:
    """JPEG, at most 8 MB, and where it stands in the feed from 4:5 to 1.91:1."""
    _not_empty(file, field)
    if file.content_type not in IMAGE_TYPES | UNKNOWN_TYPES:
        message = f"Instagram takes JPEG images only; this is {file.content_type}."
        raise Refused(no("image_format", field, message, "Convert it to JPEG."))
    if file.size > IMAGE_BYTES:
        message = f"An image has at most 8 MB; this one has {file.size / MIB:.1f}."
        raise Refused(no("image_too_large", field, message, "Save it smaller, or with more compression."))
    narrowest, widest = IMAGE_RATIO
    if ratio and file.width and file.height:
        shape = file.width / file.height
        if not narrowest - RATIO_SLACK <= shape <= widest + RATIO_SLACK:
            message = f"An image is between 4:5 and 1.91:1; this one is {file.width}x{file.height}."
            raise Refused(no("image_ratio", field, message, "Crop it."))


def video(file: MediaFile, field: str) -> None:
    """MP4 or MOV."""
    _not_empty(file, field)
    if file.content_type not in VIDEO_TYPES | UNKNOWN_TYPES:
        message = f"Instagram takes MP4 and MOV videos; this is {file.content_type}."
        raise Refused(no("video_format", field, message, "Convert it to MP4."))


def _not_empty(file: MediaFile, field: str) -> None:
    if file.size == 0:
        raise Refused(no("empty_file", field, "The file is empty."))


def _limits(medium: Medium, what: str, most: int, seconds: tuple[float, float], ratio: tuple[float, float]) -> None:
    file, field = medium.file, medium.field
    if file.size > most:
        message = f"{what} has at most {most // MIB} MB; this video has {file.size / MIB:.0f}."
        raise Refused(no("video_too_large", field, message, "Encode it smaller."))
    shortest, longest = seconds
    if file.duration is not None and not shortest <= round(file.duration, 1) <= longest:
        message = f"{what} lasts {shortest:.0f} to {longest:.0f} s; this video lasts {file.duration:.1f} s."
        raise Refused(no("video_duration", field, message, "Cut it to that length."))
    if file.width and file.height:
        if file.width > VIDEO_WIDTH:
            message = f"{what} is at most {VIDEO_WIDTH} pixels wide; this video is {file.width}x{file.height}."
            raise Refused(no("video_size", field, message, "Scale it down."))
        if not ratio[0] <= file.width / file.height <= ratio[1]:
            message = f"{what} is between {ratio[0]:g}:1 and {ratio[1]:g}:1; this video is {file.width}x{file.height}."
            raise Refused(no("video_ratio", field, message, "Crop it; 9:16 is usual."))


def _thumb_offset(file: MediaFile, content: Content) -> None:
    offset = content.options.get("thumb_offset")
    if isinstance(offset, int) and file.duration is not None and offset > file.duration * 1000:
        message = f"The cover's moment is at {offset} ms; this video lasts {file.duration:.1f} s."
        raise Refused(no("invalid_thumb_offset", "options.thumb_offset", message))
