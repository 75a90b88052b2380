"""The sandbox's own clock: the machine's time plus an offset that only ever grows.

Everything here that has a time takes it from this clock, so a test can let a token expire or a schedule come due by advancing it.
Others may follow it: `newer_than` waits, in real time, until somebody has moved the hands.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta


class SandboxClock:
    def __init__(self) -> None:
        self.offset = 0.0
        self.version = 1
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def advance(self, seconds: float) -> None:
        self.offset += seconds
        self._tell()

    def reset(self) -> None:
        """Back to the machine's time. The version still grows: a listener must hear of it."""
        self.offset = 0.0
        self._tell()

    async def newer_than(self, version: int, wait: float) -> None:
        """Return when the version exceeds `version`, or after `wait` real seconds."""
        if self.version <= version:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), wait)

    def wake_all(self) -> None:
        """Let every long poll go, without a new version: the server is closing."""
        self._moved.set()

    def describe(self) -> dict[str, object]:
        return {"now": iso(self.now()), "offset": self.offset, "version": self.version}

    def _tell(self) -> None:
        self.version += 1
        self._moved.set()
        self._moved = asyncio.Event()


def iso(moment: datetime) -> str:
    """`2026-11-21T06:28:50.123Z`"""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(moment: datetime) -> str:
    """`2026-11-21T06:28:50Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
