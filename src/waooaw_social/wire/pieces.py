"""Reads a part of a file for sending: piece by piece, never waiting for the disk on the event loop, and never the whole of it.

What the system holds in memory is taken at once. Where the disk must be waited for, a thread reads a block while the one before it is on
its way; it goes out in smaller pieces, so that memory stays flat whatever the size and one hop to the thread serves several writes.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeAlias, cast

from waooaw_social.wire.ports import FileRange

PIECE = 256 * 1024
"""Bytes handed to the socket at once, and the step of progress. Larger ones cost memory, and under TLS gain nothing."""
BLOCK = 8 * PIECE
"""Bytes read by one hop to the thread: half of it costs a tenth of the speed. Two of them exist at a time."""

Paced: TypeAlias = Callable[[int], Awaitable[None]]
"""Returns when so many bytes may leave."""


async def at_once(_: int) -> None:
    """No bound."""


_NOWAIT: int = getattr(os, "RWF_NOWAIT", 0)
"""Linux: read only what is in memory already. Nearly always it is, for the file has just been fetched or hashed."""


class FileChanged(Exception):
    """The file is not there, or shorter than what was promised of it."""


class Source:
    """An open part of a file. Close it when the exchange is over."""

    def __init__(self, fd: int, part: FileRange, progress: Callable[[int], None], paced: Paced, piece: int) -> None:
        self._fd = fd
        self._part = part
        self.length = len(part.before) + part.length + len(part.after)
        self._progress = progress
        self._paced, self._piece = paced, piece
        self._reading: asyncio.Future[bytes] | None = None

    @classmethod
    def open(
        cls, part: FileRange, progress: Callable[[int], None], paced: Paced = at_once, piece: int = PIECE
    ) -> "Source":
        """`paced` is waited for before each piece of at most `piece` bytes.

        Raises `FileChanged` before anything is sent where the file cannot hold the part.
        """
        # Not by way of the thread: the media store has just looked at this file, and a hop for every chunk costs a twentieth of the speed.
        return cls(_open(part), part, progress, paced, piece)

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        """The pieces in order; when the next one is asked for, the one before has been taken by the socket."""
        if self._part.before:
            yield self._part.before
        async with aclosing(self._file()) as pieces:
            async for piece in pieces:
                yield piece
        if self._part.after:
            yield self._part.after

    async def _file(self) -> AsyncGenerator[bytes, None]:
        start, length = self._part.offset, self._part.length
        sent = read = 0
        while read < length:
            block = self._at_hand(start + read, min(PIECE, length - read)) if self._reading is None else None
            if block is None:
                block = await self._from_disk(start + read, length - read)
            if not block:
                raise FileChanged("the file became shorter while it was sent")
            read += len(block)
            for at in range(0, len(block), self._piece):
                piece = block[at : at + self._piece]
                await self._paced(len(piece))
                # One turn of the loop per piece, so that an early answer is heard before we write into a closed connection.
                await asyncio.sleep(0)
                yield cast("bytes", piece)  # a view of the block, which every transport takes for bytes
                sent += len(piece)
                self._progress(sent)

    async def aclose(self) -> None:
        """Closes the file, after the thread has let go of it: a descriptor closed under a reader could become another file's."""
        if self._reading is not None and not self._reading.done():
            self._reading.add_done_callback(lambda _: os.close(self._fd))
        else:
            os.close(self._fd)

    def _at_hand(self, offset: int, length: int) -> memoryview | None:
        """What the system's cache holds, without waiting and without a thread; None where the disk would have to be waited for."""
        if not _NOWAIT:
            return None
        room = bytearray(length)
        try:
            return memoryview(room)[: os.preadv(self._fd, [room], offset, _NOWAIT)]
        except OSError:
            return None

    async def _from_disk(self, offset: int, left: int) -> memoryview:
        """The next block by way of the thread, which goes on with the one after it. The first one is short: the sooner a byte leaves."""
        if self._reading is None:
            self._read(offset, min(PIECE, left))
        assert self._reading is not None
        block = memoryview(await asyncio.shield(self._reading))
        if 0 < len(block) < left:
            self._read(offset + len(block), min(BLOCK, left - len(block)))
        return block

    def _read(self, offset: int, length: int) -> None:
        self._reading = asyncio.get_running_loop().run_in_executor(None, os.pread, self._fd, length, offset)


def _open(part: FileRange) -> int:
    try:
        fd = os.open(part.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        raise FileChanged("the file to be sent is not there") from None
    if part.offset < 0 or part.length < 0 or os.fstat(fd).st_size < part.offset + part.length:
        os.close(fd)
        raise FileChanged("the file to be sent is shorter than promised")
    return fd
