"""Customers' files on this machine: fetched through the guard, named by the hash of their bytes, probed, and kept until nobody needs them.

A file that a library caller gave as a path is read where it lies. Everything else is kept in one folder, written whole before it
has its name, so that a crash leaves no half file behind. A description outlives the bytes: they may be brought here again.
"""

import asyncio
import errno
import hashlib
import mimetypes
import os
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, assert_never

from waooaw_social.core.post import MediaFile, MediaId, MediaPath, MediaSource, MediaUrl
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.wire.bounds import Places
from waooaw_social.wire.fetch import Fetcher, FetchLimits, FetchRefused
from waooaw_social.wire.landing import Landing
from waooaw_social.wire.ports import MediaMissing
from waooaw_social.wire.probe import probe
from waooaw_social.wire.sniff import HEAD, matches, sniff

READ = 1024 * 1024
PROBES_AT_ONCE = 2
"""Where nobody says how many. Each is a process of its own, with memory of its own."""


@dataclass(frozen=True)
class _Given:
    """A caller's own file, as it was when it was hashed."""

    path: Path
    looks: tuple[int, ...]


class Uploads(Protocol):
    """Knows the files that were uploaded first, by their ids."""

    async def find(self, media_id: str) -> MediaFile | None: ...


@dataclass(kw_only=True)
class MediaFolder:
    """Fills the ports `MediaStore` of this room and `Files` of `durable`."""

    folder: Path
    fetcher: Fetcher
    limits: FetchLimits
    keep_for: float | None = None
    """Seconds after its last use for which a fetched file stays, where nobody else sweeps."""
    uploads: Uploads | None = None
    """None: nothing is uploaded here, as in the library."""
    probes: Places = field(default_factory=lambda: Places(PROBES_AT_ONCE))
    _given: dict[str, _Given] = field(default_factory=dict[str, _Given])

    async def bring(self, source: MediaSource) -> MediaFile:
        """The file, here. Raises `Refused` where it cannot be had as it is, `MediaMissing` where it may be had later."""
        match source:
            case MediaUrl(url):
                return await self._fetch(url)
            case MediaPath(path):
                return await self._take(path)
            case MediaId(media_id):
                return await self._uploaded(media_id)
            case _:
                assert_never(source)

    async def receive(self, chunks: AsyncIterator[bytes]) -> MediaFile:
        """Keep what is sent here: whole, or not at all. Its first bytes say what it is. Raises `Refused`."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".upload-") as room:
            path, head = Path(room) / "file", b""
            with Landing(path) as landing:
                async for chunk in chunks:
                    head += chunk[: HEAD - len(head)]
                    if len(head) >= HEAD and not matches(sniff(head) or "", self.limits.content_types):
                        raise _not_media(head)
                    if landing.size + len(chunk) > self.limits.max_bytes:
                        raise _larger_than(self.limits.max_bytes)
                    await landing.add(chunk)
                kind = sniff(head) or ""
                if not matches(kind, self.limits.content_types):
                    raise _not_media(head)
                sha256 = await landing.settle()
            file = MediaFile(sha256=sha256, size=landing.size, content_type=kind)
            place = self.folder / sha256
            path.replace(place)
        return await self._probed(file, place)

    async def holds(self, file: MediaFile) -> bool:
        return self._here(file) is not None

    async def path(self, file: MediaFile) -> Path:
        place = self._here(file)
        if place is None:
            raise MediaMissing("the file is no longer here as it was; it is brought again")
        return place

    def sweep(self, *, older_than: float, keep: frozenset[str] = frozenset()) -> int:
        """Remove what was not used for so many seconds, but none of `keep`. Returns how many files went."""
        before = time.time() - older_than
        old = [path for path in self.folder.glob("*") if path.name not in keep and _last_touched(path) < before]
        for path in old:
            if path.is_dir():  # a fetch that died with its process
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        return len(old)

    def _here(self, file: MediaFile) -> Path | None:
        """Where these bytes lie: in the folder, or with the caller who gave them, if his file has not changed since."""
        place = self.folder / file.sha256
        if place.is_file() and place.stat().st_size == file.size:
            os.utime(place)  # it is in use: `sweep` leaves it
            return place
        given = self._given.get(file.sha256)
        try:
            return given.path if given and _looks(given.path.stat()) == given.looks else None
        except OSError:
            return None

    async def _uploaded(self, media_id: str) -> MediaFile:
        file = await self.uploads.find(media_id) if self.uploads else None
        if file is None:
            raise Refused.content("unknown_media", "There is no such media.", field="media", remediation=UPLOAD_AGAIN)
        if not await self.holds(file):
            raise MediaMissing("the uploaded file is not on this machine; it is looked for again")
        return file

    async def _fetch(self, url: str) -> MediaFile:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.keep_for is not None:
            await asyncio.to_thread(self.sweep, older_than=self.keep_for)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".fetch-") as room:
            try:
                fetched = await self.fetcher.fetch(url, Path(room) / "file", self.limits)
            except FetchRefused as no:
                raise _told(no) from None
            file = MediaFile(sha256=fetched.sha256, size=fetched.size, content_type=fetched.content_type)
            place = self.folder / file.sha256
            fetched.path.replace(place)
        return await self._probed(file, place)

    async def _take(self, path: Path) -> MediaFile:
        try:
            sha256, size, looks = await asyncio.to_thread(_hash, path)
        except OSError as error:
            message = f"The file cannot be read: {error.strerror}."
            raise Refused.content("unreadable_file", message, field="video") from None
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        file = MediaFile(sha256=sha256, size=size, content_type=kind)
        self._given[sha256] = _Given(path, looks)
        return await self._probed(file, path)

    async def _probed(self, file: MediaFile, place: Path) -> MediaFile:
        async with self.probes.one():
            found = await probe(place)
        return replace(file, width=found.width, height=found.height, duration=found.duration)


def _not_media(head: bytes) -> Refused:
    message = "This is no image, video, audio file or document that is known here." if head else "The file is empty."
    return Refused.content("unsupported_media", message, field="body", remediation="Send the bytes of the file itself.")


def _larger_than(most: int) -> Refused:
    message = f"The file has more than {most:,} bytes."
    return Refused.content("file_too_large", message, field="body", remediation="Make the file smaller.")


UPLOAD_AGAIN = "Upload it again: media that nothing names are removed after some days."


def _hash(path: Path) -> tuple[str, int, tuple[int, ...]]:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for without end
        raise OSError(errno.EINVAL, "it is not a regular file")
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(READ):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size, _looks(found)


def _looks(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _last_touched(path: Path) -> float:
    """Of a folder: the newest thing in it. In doubt just now: it may be going while we look."""
    try:
        return max(found.stat().st_mtime for found in [path, *(path.iterdir() if path.is_dir() else ())])
    except OSError:
        return time.time()


def _told(no: FetchRefused) -> Exception:
    if no.retryable:
        return MediaMissing(no.message)
    return Refused(Refusal(code=no.code, message=no.message, field="url", remediation=no.remediation))
