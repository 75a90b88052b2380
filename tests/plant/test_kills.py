"""kill -9 of the worker while a video goes up, and workers that freeze: one video, and little of it sent twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plant.house import House, Service, open_house, until
from waooaw_social.platforms.youtube.manifest import CHUNK

pytestmark = pytest.mark.anyio

LEASE = {"LEASE_SECONDS": "2"}
ROOM, GROWTH = 200.0, 48.0
"""MB that a worker may have resident in all, and more than before its first upload."""


@dataclass
class Killer:
    """Kills the worker at moments that the platform's own list of calls names, and starts the next one."""

    house: House
    worker: Service
    kills: int = 0
    peak: float = 0.0
    growth: float = 0.0
    _resting: dict[int, float] = field(default_factory=dict[int, float])

    async def ready(self) -> None:
        """What the worker needs before it has done anything."""
        await self.worker.said("house_kept")
        self.watch()

    def watch(self) -> None:
        if self.worker.running:
            resident, highest = self.worker.memory()
            resting = self._resting.setdefault(self.worker.pid, resident)
            self.peak, self.growth = max(self.peak, highest), max(self.growth, highest - resting)

    async def kill_when(self, moment: Callable[[], Awaitable[Any]], what: str) -> None:
        async def come() -> Any:
            self.watch()
            return await moment()

        await until(come, what)
        await self.worker.kill()
        self.kills += 1
        self.worker = await self.house.start_worker()
        await self.ready()


def under_way(house: House, route: str, after: int = 0) -> Callable[[], Awaitable[bool]]:
    """A call to `route` has arrived and is not answered, and `after` calls of chunks came before it."""

    async def now() -> bool:
        calls = await house.calls()
        chunks = sum(call["route"] == "upload.chunk" for call in calls)
        return bool(calls) and calls[-1]["route"] == route and calls[-1]["status"] is None and chunks > after

    return now


async def chunks(house: House) -> int:
    return len(await house.calls("upload.chunk"))


def bytes_in(calls: list[dict[str, Any]]) -> int:
    return sum(call["bytes_in"] for call in calls)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    return {"DATABASE_URL": request.getfixturevalue("postgres_url")}


async def test_one_video_though_the_worker_is_killed_three_times(tmp_path: Path, database: dict[str, str]) -> None:
    size = 64_000_000
    async with open_house(tmp_path, **LEASE, **database) as house:
        killer = Killer(house, house.services[-1])
        credential = await house.connect()
        await killer.ready()
        await house.fault("upload.chunk", "delay", seconds=0.4, times=0)
        await house.fault("upload.final", "delay", seconds=1.0)
        publication = await house.publish(credential, size=size)

        await killer.kill_when(under_way(house, "upload.chunk"), "the first chunk goes up")
        before = await chunks(house)
        await killer.kill_when(under_way(house, "upload.chunk", before + 1), "a later chunk goes up")
        await killer.kill_when(under_way(house, "upload.final"), "the last piece goes up")
        shown = await house.ends(publication, watch=killer.watch)

        await one_whole_video(house, shown, size)
        resent = bytes_in(await house.calls("upload.chunk", "upload.final")) - size
        print(
            f"\n{killer.kills} kills: {resent:,} bytes sent twice, at most {killer.peak:.0f} MB, {killer.growth:+.0f} MB"
        )
        assert resent <= 2 * CHUNK, "a kill costs one chunk at most, and the last piece nothing"
        assert killer.peak < ROOM and killer.growth < GROWTH


@pytest.mark.long
async def test_one_video_of_200_mb_though_the_worker_is_killed_ten_times(tmp_path: Path) -> None:
    size = 200_000_000
    async with open_house(tmp_path, **LEASE) as house:
        killer = Killer(house, house.services[-1])
        credential = await house.connect()
        await killer.ready()
        await house.fault("upload.chunk", "delay", seconds=0.3, times=0)
        await house.fault("upload.final", "delay", seconds=1.0)
        publication = await house.publish(credential, size=size)
        for _ in range(9):
            before = await chunks(house)
            await killer.kill_when(under_way(house, "upload.chunk", before), "the next chunk goes up")
        await killer.kill_when(under_way(house, "upload.final"), "the last piece goes up")
        shown = await house.ends(publication, watch=killer.watch)

        await one_whole_video(house, shown, size)
        resent = bytes_in(await house.calls("upload.chunk", "upload.final")) - size
        print(
            f"\n{killer.kills} kills: {resent:,} bytes sent twice, at most {killer.peak:.0f} MB, {killer.growth:+.0f} MB"
        )
        assert resent <= 9 * CHUNK
        assert killer.peak < ROOM and killer.growth < GROWTH


async def one_whole_video(house: House, shown: dict[str, Any], size: int) -> None:
    assert shown["state"] == "published", shown
    (post,) = await house.audience()
    assert post["id"] == shown["post_id"]
    assert post["media"][0]["bytes"] == size and post["media"][0]["sha256"] == await house.sha256(size)
    assert shown["progress"] == {"bytes_sent": size, "bytes_total": size}
