"""Files that a message may carry: kinds, types, sizes (contract 2.4). What was not probed is not judged: the platform has the last word."""

from collections.abc import Mapping
from dataclasses import dataclass

from waooaw_social.core.post import Content, MediaFile, MediaSource
from waooaw_social.core.refusal import Refusal, Refused

MIB = 1024**2
CAPTION = 1024
"""Characters (2.2)."""
UNKNOWN_TYPES = frozenset({"", "application/octet-stream"})
STICKER_SIDE = 512


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of file. `types` are what WhatsApp takes."""

    types: Mapping[str, str]
    """Content type to the ending of a file's name."""
    bytes: int
    caption: bool
    shown: str
    """The types, for people."""


KINDS: Mapping[str, Kind] = {
    "image": Kind(types={"image/jpeg": "jpg", "image/png": "png"}, bytes=5 * MIB, caption=True, shown="a JPEG or PNG"),
    "video": Kind(
        types={"video/mp4": "mp4", "video/3gpp": "3gp", "video/3gp": "3gp"},
        bytes=16 * MIB,
        caption=True,
        shown="an MP4 or 3GP with H.264 and AAC",
    ),
    "audio": Kind(
        types={"audio/aac": "aac", "audio/amr": "amr", "audio/mpeg": "mp3", "audio/mp4": "m4a", "audio/ogg": "ogg"},
        bytes=16 * MIB,
        caption=False,
        shown="an AAC, AMR, MP3, MP4 or Ogg (Opus)",
    ),
    "document": Kind(
        types={
            "application/pdf": "pdf",
            "text/plain": "txt",
            "application/msword": "doc",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
            "application/vnd.ms-excel": "xls",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
            "application/vnd.ms-powerpoint": "ppt",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
        },
        bytes=100 * MIB,
        caption=True,
        shown="a PDF, a text, or a Word, Excel or PowerPoint file",
    ),
    # A still one may have 100 KB only; nothing here tells a still one from a moving one.
    "sticker": Kind(types={"image/webp": "webp"}, bytes=500 * 1024, caption=False, shown="a WebP"),
}
HEADERS = ("image", "video", "document")
"""Kinds that may stand above an interactive message or in a template (2.2, 2.3)."""


def media_of(content: Content) -> tuple[tuple[str, MediaSource], ...]:
    """Every file that the content names, with its kind."""
    images = tuple(("image", image) for image in content.images)
    video = (("video", content.video),) if content.video else ()
    return (*images, *video, *((item.kind, item.source) for item in content.items))


def check_file(kind: str, file: MediaFile) -> None:
    """Raises `Refused` for a file that WhatsApp does not take as this kind."""
    rules = KINDS[kind]
    if file.size == 0:
        raise Refused(_no("empty_file", "The file is empty."))
    if file.content_type.partition(";")[0] not in {*rules.types, *UNKNOWN_TYPES}:
        message = f"As {kind} WhatsApp takes {rules.shown}; this is {file.content_type}."
        raise Refused(_no("media_format", message, "Convert it, or send it as another kind."))
    if file.size > rules.bytes:
        message = f"As {kind} WhatsApp takes at most {_size(rules.bytes)}; this file has {_size(file.size)}."
        raise Refused(_no("media_too_large", message, "Save it smaller, or send it as a document."))
    if kind == "sticker" and (file.width, file.height) not in {(STICKER_SIDE, STICKER_SIDE), (None, None)}:
        message = f"A sticker is {STICKER_SIDE}x{STICKER_SIDE}; this one is {file.width}x{file.height}."
        raise Refused(_no("not_a_sticker", message, "Scale it, or send it as an image."))


def file_name(kind: str, file: MediaFile) -> str:
    """Meta wants one with an ending."""
    return f"{kind}.{KINDS[kind].types.get(file.content_type.partition(';')[0], 'bin')}"


def _size(count: int) -> str:
    return f"{count / MIB:.1f} MB" if count >= MIB else f"{count // 1024} KB"


def _no(code: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field="media", message=message, remediation=remediation)
