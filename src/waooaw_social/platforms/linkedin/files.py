"""What a probe can find wrong with a file before it is uploaded (contract linkedin_whatsapp 1.6). What was not probed is not judged."""

from waooaw_social.core.post import MediaFile
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.linkedin.manifest import (
    DOCUMENT_BYTES,
    DOCUMENT_TYPES,
    IMAGE_PIXELS,
    IMAGE_TYPES,
    VIDEO_BYTES,
    VIDEO_SECONDS,
)

UNKNOWN_TYPES = frozenset({"", "application/octet-stream"})


def image(file: MediaFile, field: str = "images") -> None:
    """Raises `Refused` for a file that cannot be an image of a post (1.6)."""
    _not_empty(file, field)
    if file.content_type not in IMAGE_TYPES | UNKNOWN_TYPES:
        message = f"An image is a JPEG, PNG or GIF; this is {file.content_type}."
        raise Refused(_no("image_format", field, message, "Convert it to JPEG or PNG."))
    if file.width and file.height and file.width * file.height >= IMAGE_PIXELS:
        message = f"An image has fewer than {IMAGE_PIXELS:,} pixels; this one is {file.width}x{file.height}."
        raise Refused(_no("image_too_large", field, message, "Save it smaller."))


def cover(file: MediaFile) -> None:
    """Raises `Refused` for a file that cannot be an article's picture."""
    image(file, "cover")


def video(file: MediaFile) -> None:
    """Raises `Refused` for a file that cannot be a video of a post (1.6)."""
    _not_empty(file, "video")
    if file.content_type != "video/mp4" and file.content_type not in UNKNOWN_TYPES:
        message = f"A video is an MP4; this is {file.content_type}."
        raise Refused(_no("video_format", "video", message, "Convert it to MP4."))
    smallest, largest = VIDEO_BYTES
    if not smallest <= file.size <= largest:
        message = f"A video has 75 KB to 500 MB; this one has {file.size:,} bytes."
        raise Refused(_no("video_size", "video", message, "Encode it anew, or cut it."))
    shortest, longest = VIDEO_SECONDS
    if file.duration is not None and not shortest <= file.duration <= longest:
        message = f"A video lasts 3 s to 30 min; this one lasts {file.duration:.1f} s."
        raise Refused(_no("video_length", "video", message, "Cut it."))


def document(file: MediaFile) -> None:
    """Raises `Refused` for a file that cannot be a document of a post (1.6)."""
    _not_empty(file, "document")
    if file.content_type not in DOCUMENT_TYPES | UNKNOWN_TYPES:
        message = f"A document is a PDF, Word or PowerPoint file; this is {file.content_type}."
        raise Refused(_no("document_format", "document", message, "Save it as PDF."))
    if file.size > DOCUMENT_BYTES:
        message = f"A document has at most 100 MB; this one has {file.size:,} bytes."
        raise Refused(_no("document_too_large", "document", message, "Save it smaller."))


def _not_empty(file: MediaFile, field: str) -> None:
    if file.size == 0:
        raise Refused(_no("empty_file", field, "The file is empty."))


def _no(code: str, field: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field=field, message=message, remediation=remediation)
