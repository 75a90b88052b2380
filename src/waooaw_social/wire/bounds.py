"""What uploads may take of one process: so many bytes a second, and so many at once; and how many files are probed at a time.

Only streamed files ask here. A post of words, a read, and the small piece that publishes what was uploaded never wait for either. How many
publications are driven at once is not decided here: those are the worker's hands (`durable/hands.py`).
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from weakref import WeakKeyDictionary

BURST = 0.25
"""Seconds whose bytes may leave at once after a silence; and as much as one upload takes at a time, so that the others have their turn."""
SMALLEST = 1024
"""Bytes that are asked for at a time at least, however slow: a write for each few bytes would cost more than it spreads."""


class Pace:
    """A bucket of bytes that all uploads share. Each asks for a piece at a time, so that as many as there are have equal parts."""

    def __init__(
        self,
        bytes_per_second: float | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """None: there is no bound."""
        self.bytes_per_second = bytes_per_second
        self._monotonic, self._sleep = monotonic, sleep
        self._free_at = 0.0  # when all that was granted has left, at this pace

    def piece(self, most: int) -> int:
        """How many bytes to ask for at a time: not above `most`."""
        if self.bytes_per_second is None:
            return most
        return min(most, max(SMALLEST, int(self.bytes_per_second * BURST)))

    async def take(self, size: int) -> None:
        """Wait until so many bytes may leave. Whoever asked first goes first; whoever is cancelled gives back what it has not sent."""
        if self.bytes_per_second is None:
            return
        now, seconds = self._monotonic(), size / self.bytes_per_second
        start = max(self._free_at, now - BURST)
        self._free_at = start + seconds
        if start <= now:
            return
        try:
            await self._sleep(start - now)
        except asyncio.CancelledError:
            self._free_at -= seconds
            raise


class Crowded(Exception):
    """As many wait for a place already as may."""


class Places:
    """`size` at once; the others wait in the order in which they came."""

    def __init__(self, size: int, *, waiting: int | None = None) -> None:
        """`waiting`: how many may wait; None: any number."""
        self.size = size
        self._most_waiting = waiting
        self._waiting = 0
        # A library may be used from one event loop after another, and a semaphore belongs to one.
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @asynccontextmanager
    async def one(
        self, meanwhile: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    ) -> AsyncGenerator[None]:
        """A place. Whoever waits for it is in `meanwhile()`, and holds neither a token nor a quota. Raises `Crowded`."""
        slots = self._slots.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self.size))
        held = False
        try:
            if slots.locked():
                with self._queue():
                    async with meanwhile():
                        held = await slots.acquire()
            else:
                held = await slots.acquire()
            yield
        finally:
            if held:
                slots.release()

    @contextmanager
    def _queue(self) -> Generator[None]:
        if self._most_waiting is not None and self._waiting >= self._most_waiting:
            raise Crowded
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
