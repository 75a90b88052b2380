"""A file on its way in: written beside its place, readable by nobody else, and put there whole or not at all.

Hashing and writing happen in a thread, a block at a time, so that the event loop never waits for a disk.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

BLOCK = 1024 * 1024
"""Bytes collected before a thread is asked to write them."""


class Landing:
    """Use with `with`: whatever ends the block before `settle` has, leaves nothing behind."""

    def __init__(self, into: Path) -> None:
        self.size = 0
        self._into = into
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        self._writing: asyncio.Future[None] | None = None

    def __enter__(self) -> Self:
        self._fd, name = tempfile.mkstemp(dir=self._into.parent, prefix=f".{self._into.name}.", suffix=".part")
        self._part = Path(name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._part.unlink(missing_ok=True)
        # A thread may still be writing if we were cancelled: a descriptor closed under it could become another file's.
        if self._writing is not None and not self._writing.done():
            self._writing.add_done_callback(self._leave)
        else:
            os.close(self._fd)

    async def add(self, chunk: bytes) -> None:
        self._waiting += chunk
        self.size += len(chunk)
        if len(self._waiting) >= BLOCK:
            await self._write()

    async def settle(self) -> str:
        """Everything is on the disk and has its name. Returns the hash of the bytes."""
        await self._write()
        await self._in_thread(self._name)
        return self._digest.hexdigest()

    async def _write(self) -> None:
        block, self._waiting = self._waiting, bytearray()
        await self._in_thread(lambda: self._put(block))

    async def _in_thread(self, work: Callable[[], None]) -> None:
        self._writing = asyncio.get_running_loop().run_in_executor(None, work)
        await asyncio.shield(self._writing)

    def _leave(self, done: asyncio.Future[None]) -> None:
        done.exception()  # nobody is left to hear of it
        os.close(self._fd)

    def _put(self, block: bytearray) -> None:
        self._digest.update(block)
        view = memoryview(block)
        while view:
            view = view[os.write(self._fd, view) :]

    def _name(self) -> None:
        os.fsync(self._fd)
        self._part.replace(self._into)
        folder = os.open(self._into.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
