"""Customers' files on this machine: fetched through the guard, named by the hash of their bytes, probed, and kept until nobody needs them.

A file that a library caller gave as a path is read where it lies. Everything else is kept in one folder, written whole before it
has its name, so that a crash leaves no half file behind. A description outlives the bytes: they may be brought here again.
"""

import asyncio
import hashlib
import mimetypes
import os
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from waooaw_social.core.post import MediaFile, MediaId, MediaPath, MediaSource, MediaUrl
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.wire.fetch import Fetcher, FetchLimits, FetchRefused
from waooaw_social.wire.ports import MediaMissing
from waooaw_social.wire.probe import probe

READ = 1024 * 1024


@dataclass(kw_only=True)
class MediaFolder:
    """Fills the ports `MediaStore` of this room and `Files` of `durable`."""

    folder: Path
    fetcher: Fetcher
    limits: FetchLimits
    _elsewhere: dict[str, Path] = field(default_factory=dict[str, Path])

    async def bring(self, source: MediaSource) -> MediaFile:
        """The file, here. Raises `Refused` where it cannot be had as it is, `MediaMissing` where it may be had later."""
        match source:
            case MediaUrl(url):
                return await self._fetch(url)
            case MediaPath(path):
                return await self._take(path)
            case MediaId():
                raise Refused.content("unknown_media", "There is no such media.", field="media")
            case _:
                assert_never(source)

    async def holds(self, file: MediaFile) -> bool:
        place = self._place(file)
        return place.is_file() and place.stat().st_size == file.size

    async def path(self, file: MediaFile) -> Path:
        if not await self.holds(file):
            raise MediaMissing("the file is no longer here; it is fetched again")
        place = self._place(file)
        if file.sha256 not in self._elsewhere:
            os.utime(place)  # it is in use: `sweep` leaves it
        return place

    def sweep(self, *, older_than: float) -> int:
        """Remove what was not used for so many seconds. Returns how many files went."""
        before = time.time() - older_than
        old = [path for path in self.folder.glob("*") if path.is_file() and path.stat().st_mtime < before]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _place(self, file: MediaFile) -> Path:
        return self._elsewhere.get(file.sha256, self.folder / file.sha256)

    async def _fetch(self, url: str) -> MediaFile:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".fetch-") as room:
            try:
                fetched = await self.fetcher.fetch(url, Path(room) / "file", self.limits)
            except FetchRefused as no:
                raise _told(no) from None
            file = MediaFile(sha256=fetched.sha256, size=fetched.size, content_type=fetched.content_type)
            fetched.path.replace(self._place(file))
        return await self._probed(file)

    async def _take(self, path: Path) -> MediaFile:
        try:
            sha256, size = await asyncio.to_thread(_hash, path)
        except OSError as error:
            message = f"The file cannot be read: {error.strerror}."
            raise Refused.content("unreadable_file", message, field="video") from None
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        file = MediaFile(sha256=sha256, size=size, content_type=kind)
        self._elsewhere[sha256] = path
        return await self._probed(file)

    async def _probed(self, file: MediaFile) -> MediaFile:
        found = await probe(self._place(file))
        return replace(file, width=found.width, height=found.height, duration=found.duration)


def _hash(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(READ):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def _told(no: FetchRefused) -> Exception:
    if no.retryable:
        return MediaMissing(no.message)
    return Refused(Refusal(code=no.code, message=no.message, field="url", remediation=no.remediation))
