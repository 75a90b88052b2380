"""What a file of bytes is: a picture, with its size in pixels where that is cheap to know, or a video with its length. Headers only, nothing is decoded."""

import struct
from dataclasses import dataclass
from pathlib import Path

READ = 4 * 1024 * 1024
FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Picture:
    kind: str
    width: int
    height: int

    @property
    def ratio(self) -> float:
        return self.width / self.height if self.height else 0.0


def picture_in(path: Path) -> Picture | None:
    """None if it is no picture."""
    with path.open("rb") as file:
        data = file.read(READ)
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return Picture("png", *struct.unpack(">II", data[16:24]))
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        return Picture("gif", *struct.unpack("<HH", data[6:10]))
    for start, kind in ((b"BM", "bmp"), (b"II*\0", "tiff"), (b"MM\0*", "tiff")):
        if data.startswith(start):
            return Picture(kind, 0, 0)
    return jpeg_in(data) if data.startswith(b"\xff\xd8\xff") else None


def jpeg_in(data: bytes) -> Picture | None:
    """Walk the segments to the frame header, which holds the size."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            return None
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in FRAME_MARKERS:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("jpeg", width, height)
        at += 1 if marker == 0xFF else 2 + length
    return None


def video_seconds(path: Path) -> float | None:
    """The length in the movie header of an MP4 or MOV; None where there is no whole one, as in a truncated file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        at, moov = 0, b""
        while at + 8 <= size:
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            if length == 1 and at + 16 <= size:
                length = int.from_bytes(file.read(8), "big")
            length = length or size - at
            if length < 8 or at + length > size:
                return None
            if kind == b"moov":
                file.seek(at)
                moov = file.read(min(length, READ))
            at += length
    return header_seconds(moov)


def header_seconds(moov: bytes) -> float | None:
    found = moov.find(b"mvhd")
    if found < 0:
        return None
    body = moov[found + 4 : found + 36]
    version = body[0]
    scale, ticks = struct.unpack(">IQ", body[20:32]) if version == 1 else struct.unpack(">II", body[12:20])
    return ticks / scale if scale else None
