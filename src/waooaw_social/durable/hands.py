"""How much one worker does at once, and how long each run of it may be sure of its lease.

A run that only waits (for a container, for its second) takes no hand; so the number of hands bounds CPU and sockets, and many prepared
posts can wait for the same minute. Whoever wakes takes a hand before anything new is claimed. No customer may have all hands.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from waooaw_social.core.ids import CustomerId

RESTING = 16
"""Runs that may wait in a worker for each hand that it has: each is a generator and a few objects."""


@dataclass(kw_only=True)
class Hands:
    """`size` runs work at once. `freed` is told when one more may be claimed."""

    size: int
    freed: Callable[[], None] = lambda: None
    _taken: int = 0
    """By those who work, and those who wait for a hand."""
    _runs: int = 0
    _of: Counter[CustomerId] = field(default_factory=Counter[CustomerId])
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.size)

    @property
    def free(self) -> int:
        """How many may be claimed now."""
        return max(0, min(self.size - self._taken, self.size * RESTING - self._runs))

    @property
    def each(self) -> int:
        """How many hands one customer may have: all but a few, which are for whoever comes with a single post."""
        return max(1, self.size - max(1, self.size // 8))

    @property
    def held(self) -> Mapping[CustomerId, int]:
        """Hands that each customer has."""
        return self._of

    def grip(self, customer: CustomerId, held_until: float) -> "Grip":
        """For one claimed publication: its hand is taken from here on, and given back by `let_go`."""
        self._runs += 1
        grip = Grip(hands=self, customer=customer, held_until=held_until)
        self._count(customer, 1)
        return grip

    def _count(self, customer: CustomerId, by: int) -> None:
        self._taken += by
        self._of[customer] += by
        if not self._of[customer]:
            del self._of[customer]


@dataclass(kw_only=True)
class Grip:
    """One run's hold on its publication."""

    hands: Hands
    customer: CustomerId
    held_until: float
    """On this machine's monotonic clock: the lease is certain until then. Moved by each renewal."""
    _counted: bool = True
    _working: bool = False

    async def start(self) -> None:
        """Wait for the hand."""
        await self.hands._slots.acquire()  # pyright: ignore[reportPrivateUsage] - one room, two classes
        self._working = True

    def let_go(self) -> None:
        """The run is over."""
        self._put_down()
        self.hands._runs -= 1  # pyright: ignore[reportPrivateUsage]
        self.hands.freed()

    def late(self, now: float) -> bool:
        """Whether the lease may have ended: nothing visible is begun any more."""
        return now >= self.held_until

    @asynccontextmanager
    async def resting(self) -> AsyncGenerator[None]:
        """In the block the hand is somebody else's."""
        self._put_down()
        self.hands.freed()
        try:
            yield
        finally:
            self.hands._count(self.customer, 1)  # pyright: ignore[reportPrivateUsage]
            self._counted = True
            await self.start()

    def _put_down(self) -> None:
        if self._working:
            self.hands._slots.release()  # pyright: ignore[reportPrivateUsage]
        if self._counted:
            self.hands._count(self.customer, -1)  # pyright: ignore[reportPrivateUsage]
        self._working = self._counted = False
