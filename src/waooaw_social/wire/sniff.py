"""What a file is by its first bytes. Knows the kinds that platforms publish, and those that customers send by mistake."""

from collections.abc import Set

HEAD = 512
"""How many first bytes `sniff` wants to see."""

ANYTHING = frozenset(
    {"", "application/octet-stream", "binary/octet-stream", "application/binary", "application/x-binary"}
)
"""What servers say that do not know what they serve."""

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"FLV\x01", "video/x-flv"),
    (b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"OggS", "application/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"#!AMR", "audio/amr"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_SOUNDS = (b"OpusHead", b"\x01vorbis", b"Speex   ")
"""What the first page of an Ogg begins with that holds sound."""
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}
_BRANDS = {b"qt  ": "video/quicktime", b"avif": "image/avif", b"heic": "image/heic", b"heix": "image/heic",
           b"mif1": "image/heic", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"3gp4": "video/3gpp", b"3gp5": "video/3gpp"}  # fmt: skip
_MARKUP = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<!--", b"<title")


def sniff(head: bytes) -> str | None:
    """The content type, or None where the bytes do not tell."""
    if head.startswith(b"OggS") and any(codec in head[:64] for codec in _SOUNDS):
        return "audio/ogg"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    if head[4:8] in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "video/quicktime"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "video/mp2t"
    return _text(head)


def matches(kind: str, allowed: Set[str]) -> bool:
    """True if `kind` is among `allowed`, which may hold `video/*`."""
    return kind in allowed or f"{kind.partition('/')[0]}/*" in allowed


def _text(head: bytes) -> str | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_MARKUP):
        return "text/html"
    if start.startswith(b"<?xml"):
        return "text/html" if b"<html" in start else "application/xml"
    if start[:1] in (b"{", b"[") and b"\x00" not in head:
        return "application/json"
    if head and b"\x00" not in head and all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head):
        return "text/plain"
    return None
