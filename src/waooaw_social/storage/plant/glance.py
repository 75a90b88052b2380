"""What a table says, read at most once a second whoever asks: one reads, the others go on with what was read before."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from waooaw_social.core.clock import Clock

T = TypeVar("T")

EVERY = 1.0
"""Seconds. So old may be what a process knows of what the others did."""


class Glance(Generic[T]):
    """`await glance.value()`; whoever writes the table corrects `seen` at once."""

    def __init__(self, read: Callable[[], Awaitable[T]], nothing: T, clock: Clock) -> None:
        self.seen = nothing
        self._read, self._clock = read, clock
        self._at: float | None = None
        self._first = asyncio.Lock()

    async def value(self) -> T:
        """What was read within the last second. Raises what the read raises, and the next one asks again."""
        if self._at is None:
            async with self._first:  # nobody goes on with nothing: the time is set when something has been read
                if self._at is None:
                    at, self.seen = self._clock.monotonic(), await self._read()
                    self._at = at
        elif self._clock.monotonic() - self._at >= EVERY:
            await self._look()
        return self.seen

    def forget(self) -> None:
        """The next one reads."""
        self._at = None

    async def _look(self) -> None:
        before, self._at = self._at, self._clock.monotonic()
        try:
            self.seen = await self._read()
        except BaseException:
            self._at = before
            raise
