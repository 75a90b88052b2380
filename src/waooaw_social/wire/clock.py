"""Where a process takes its time from: the system, or the sandbox's clock, which tests and demonstrations may advance.

Only calendar time is shifted. `monotonic` is this machine's, for it guards writes; `offset` is handed to the database, whose time is
the third one. The sandbox may be away or start anew: the last offset is kept, and it is asked again.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from waooaw_social.wire.transport import Client, ClientError, api_client, boottime

_BREATH = 0.05
"""Seconds between two questions that brought nothing new, lest a server that does not wait be asked without end."""


class SystemClock:
    """The system's time, as it is."""

    offset: float = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return boottime()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class RemoteClock:
    """The system's time plus the offset of the clock at `url`. Advancing that clock wakes every sleeper here.

    >>> clock = RemoteClock("http://127.0.0.1:9100/_sandbox/clock")
    >>> await clock.start()
    """

    def __init__(self, url: str, *, wait: float = 25.0, retry: float = 0.5) -> None:
        self._url = url
        self._wait = wait
        self._retry = retry
        self._offset = 0.0
        self._advanced = 0.0
        self._moved = asyncio.Event()
        self._asked = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    @property
    def offset(self) -> float:
        """Seconds by which calendar time is ahead of the system's. The database adds it to its own."""
        return self._offset

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._offset)

    def monotonic(self) -> float:
        return boottime()

    async def sleep(self, seconds: float) -> None:
        """Ends when so much time has passed or has been skipped. A clock that is set back lengthens no sleep."""
        loop = asyncio.get_running_loop()
        began, skipped = loop.time(), self._advanced
        while (left := seconds - (loop.time() - began) - (self._advanced - skipped)) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._moved.wait()
            except TimeoutError:
                return
        await asyncio.sleep(0)

    async def start(self) -> None:
        """Ask once, so that the first `now` is right where the clock can be reached; then follow it in the background."""
        self._following = asyncio.create_task(self._follow())
        await self._asked.wait()

    async def aclose(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None

    async def _follow(self) -> None:
        version: int | None = None
        async with api_client(timeout=self._wait + 10.0) as client:
            while True:
                before, version = version, await self._ask(client, version)
                self._asked.set()
                if version is None:
                    await asyncio.sleep(self._retry)
                elif version == before:
                    await asyncio.sleep(_BREATH)

    async def _ask(self, client: Client, newer_than: int | None) -> int | None:
        """The version of what was heard. None where nothing was: the next question is then a plain one, for the sandbox may have begun
        to count anew."""
        params = {} if newer_than is None else {"newer_than": str(newer_than), "wait": f"{self._wait:g}"}
        try:
            reply = await client.get(self._url, params=params)
            told = reply.json()
            version, offset = int(told["version"]), float(told["offset"])
        except (ClientError, ValueError, KeyError, TypeError):
            return None
        self._set(offset)
        return version

    def _set(self, offset: float) -> None:
        if offset == self._offset:
            return
        self._advanced += max(0.0, offset - self._offset)
        self._offset = offset
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
