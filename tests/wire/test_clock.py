"""The clock that may be advanced, followed over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from waooaw_social.wire.clock import RemoteClock, SystemClock
from waooaw_social.wire.transport import boottime

pytestmark = pytest.mark.anyio


class TheirClock:
    """The other side: a version, an offset, and a long poll."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.version, self.offset = 1, 0.0
        self.asked: list[dict[str, str]] = []
        self.moved = asyncio.Event()

    def set(self, offset: float) -> None:
        self.version, self.offset = self.version + 1, offset
        self.moved.set()
        self.moved = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        newer_than = request.query.get("newer_than")
        if newer_than is not None and self.version <= int(newer_than):
            try:
                async with asyncio.timeout(float(request.query["wait"])):
                    await self.moved.wait()
            except TimeoutError:
                pass
        now = datetime.now(UTC) + timedelta(seconds=self.offset)
        return web.json_response({"now": now.isoformat(), "offset": self.offset, "version": self.version})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/clock", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.01)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        try:
            yield f"http://127.0.0.1:{self.port}/clock"
        finally:
            await runner.cleanup()


async def until(what) -> None:
    async with asyncio.timeout(5):
        while not what():
            await asyncio.sleep(0.005)


async def asleep(task: asyncio.Task[None]) -> bool:
    await asyncio.sleep(0.03)
    return not task.done()


async def test_the_first_now_has_the_offset_already() -> None:
    theirs = TheirClock()
    theirs.set(3600.0)
    async with theirs.serving() as url:
        clock = RemoteClock(url)
        await clock.start()
        assert clock.offset == 3600.0
        assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=1)
        assert abs(clock.monotonic() - boottime()) < 1
        await clock.aclose()


async def test_advancing_the_clock_wakes_every_sleeper_whose_time_has_come_and_no_other() -> None:
    theirs = TheirClock()
    async with theirs.serving() as url:
        clock = RemoteClock(url)
        await clock.start()
        minute, minutes, hour = (asyncio.create_task(clock.sleep(s)) for s in (60, 120, 3600))
        assert await asleep(minute)
        theirs.set(130.0)
        async with asyncio.timeout(5):
            await asyncio.gather(minute, minutes)
        assert await asleep(hour)
        theirs.set(3600.0)
        async with asyncio.timeout(5):
            await hour
        await clock.aclose()


async def test_a_clock_that_is_set_back_lengthens_no_sleep() -> None:
    theirs = TheirClock()
    theirs.set(1000.0)
    async with theirs.serving() as url:
        clock = RemoteClock(url)
        await clock.start()
        sleeper = asyncio.create_task(clock.sleep(60))
        await asyncio.sleep(0)
        theirs.set(0.0)
        await until(lambda: clock.offset == 0.0)
        assert await asleep(sleeper)
        theirs.set(60.0)
        async with asyncio.timeout(5):
            await sleeper
        await clock.aclose()


async def test_a_poll_that_brings_nothing_new_is_asked_again() -> None:
    theirs = TheirClock()
    async with theirs.serving() as url:
        clock = RemoteClock(url, wait=0.02)
        await clock.start()
        await until(lambda: len(theirs.asked) >= 3)
        assert theirs.asked[:2] == [{}, {"newer_than": "1", "wait": "0.02"}]
        await clock.aclose()


async def test_the_sandbox_may_go_away_and_come_back_counting_anew() -> None:
    theirs = TheirClock()
    theirs.set(50.0)
    async with theirs.serving() as url:
        clock = RemoteClock(url, retry=0.01)
        await clock.start()
    await asyncio.sleep(0.05)
    assert clock.offset == 50.0
    again = TheirClock(theirs.port)
    again.offset = 70.0
    async with again.serving():
        await until(lambda: clock.offset == 70.0)
        again.set(80.0)
        await until(lambda: clock.offset == 80.0)
        await clock.aclose()


async def test_without_a_sandbox_it_is_the_systems_time() -> None:
    clock = RemoteClock("http://127.0.0.1:9/clock", retry=0.01)
    await clock.start()
    assert clock.offset == 0.0
    await clock.sleep(0.001)
    await clock.aclose()
    await clock.aclose()


async def test_the_systems_clock_is_aware_and_sleeps() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() > before
    assert clock.offset == 0.0
