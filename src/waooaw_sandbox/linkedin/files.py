"""What a file is, by its first bytes, and how large a picture: enough to refuse what LinkedIn could not show."""

import struct
from pathlib import Path

SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
)
"""PPTX and DOCX are zip files; PPT and DOC are the old container."""

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers that begin with a size."""


def kind_of_file(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(16)
    return next((kind for sign, kind in SIGNS if head.startswith(sign)), None)


def pixels(path: Path) -> int:
    """Width times height; 0 where the file does not tell."""
    data = path.read_bytes()
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width * height
    if data.startswith(b"GIF8") and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width * height
    return jpeg_pixels(data) if data.startswith(b"\xff\xd8") else 0


def jpeg_pixels(data: bytes) -> int:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width * height
        at += 2 + size
    return 0
