"""Workers that freeze and thaw after others have taken over; and the second worker that SQLite cannot have."""

import json
import signal
from pathlib import Path

import pytest

from plant.house import House, Service, open_house, until
from plant.test_kills import LEASE, under_way

pytestmark = pytest.mark.anyio

SIZE = 40_000_000


async def endings(worker: Service, publication: str) -> list[str]:
    told = [json.loads(line) for line in worker.says().splitlines() if line.startswith("{")]
    return [one["ending"] for one in told if one["event"] == "run_ended" and one["publication"] == publication]


async def test_a_worker_that_thaws_after_its_lease_changes_nothing(tmp_path: Path, postgres_url: str) -> None:
    async with open_house(tmp_path, DATABASE_URL=postgres_url, **LEASE) as house:
        frozen, credential = house.services[-1], await house.connect()
        await frozen.said("house_kept")
        await house.fault("upload.chunk", "delay", seconds=0.3, times=0)
        await house.fault("upload.final", "delay", seconds=0.5, after=1)

        in_a_chunk = await frozen_while("upload.chunk", house, frozen, credential)
        frozen.signal(signal.SIGCONT)
        await until(lambda: endings(frozen, in_a_chunk), "the thawed worker has given up")
        assert await endings(frozen, in_a_chunk) == ["Overtaken"]
        await house.services[-1].stop()

        in_the_end = await frozen_while("upload.final", house, frozen, credential)
        frozen.signal(signal.SIGCONT)
        await until(lambda: endings(frozen, in_the_end), "the thawed worker has heard its late answer")

        posts, shown = await house.audience(), [await house.show(id) for id in (in_a_chunk, in_the_end)]
        assert [post["id"] for post in posts] == [one["post_id"] for one in shown]
        assert not any("published_twice" in service.says() for service in house.services)


async def frozen_while(route: str, house: House, worker: Service, credential: str) -> str:
    """Freeze `worker` while a call to `route` is under way; another one takes over and ends the publication."""
    publication = await house.publish(credential, size=SIZE)
    await until(under_way(house, route), f"a call to {route} is under way")
    worker.signal(signal.SIGSTOP)
    second = await house.start_worker()
    await second.said("taken_over")
    shown = await house.ends(publication)
    assert shown["state"] == "published", shown
    await until(lambda: endings(second, publication), "the second worker tells that it was the one")
    return publication


async def test_a_second_worker_on_sqlite_is_refused_in_a_sentence(house: House) -> None:
    first = next(service for service in house.services if service.name == "worker" and service.running)
    second = await house.start_worker()
    assert await second.process.wait() != 0
    said = second.says().strip().splitlines()[-1]
    assert said.startswith("waooaw-social: a worker of this database is running already") and str(first.pid) in said
    assert "Traceback" not in second.says() and first.running
    house.services.remove(second)
