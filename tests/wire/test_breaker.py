"""The breaker's table, what is counted, and the one probe: every claim on the breaker in memory and on that of the fleet."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from durable.sweep import SteppingClock
from waooaw_social.core.ids import Platform
from waooaw_social.storage.db import Database
from waooaw_social.storage.plant.breaker import SqlBreaker
from waooaw_social.storage.plant.tables import metadata
from waooaw_social.wire.breaker import DEFAULT, TABLE, Event, MemoryBreaker, State
from waooaw_social.wire.ports import Admitted, Health, Resting

pytestmark = pytest.mark.anyio
YOUTUBE, META = Platform("youtube"), Platform("facebook")


class Scene:
    """Breakers of some processes over one store, and time."""

    def __init__(self, make: Callable[[], Any], clock: SteppingClock) -> None:
        self.make, self.clock = make, clock
        self.breaker = make()

    async def call(
        self, health: Health = Health.WELL, family: str = "api", platform: Platform = YOUTUBE
    ) -> Admitted | Resting:
        admission = await self.breaker.admit(platform, family)
        if isinstance(admission, Admitted):
            await self.breaker.report(admission, health)
        return admission

    async def opened(self) -> None:
        for _ in range(DEFAULT.in_a_row):
            assert isinstance(await self.call(Health.FAULT), Admitted)
        assert isinstance(await self.call(), Resting)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def scene(request: pytest.FixtureRequest, tmp_path: Any) -> AsyncIterator[Scene]:
    clock = SteppingClock()
    if request.param == "memory":
        breaker = MemoryBreaker(clock=clock)
        yield Scene(lambda: breaker, clock)
        return
    url = f"sqlite:///{tmp_path}/b.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    db = await Database.open(url, clock_offset=lambda: clock.offset)
    await db.write(metadata.create_all)
    yield Scene(lambda: SqlBreaker(db=db, clock=clock), clock)
    await db.close()


def test_the_table_knows_four_ways_and_closed_is_reached_by_probes_only() -> None:
    assert {event for _, event in TABLE} == set(Event)
    assert [way for way, to in TABLE.items() if to is State.CLOSED] == [(State.HALF_OPEN, Event.PROBES_SUCCEEDED)]
    assert {to for (at, _), to in TABLE.items() if at is State.OPEN} == {State.HALF_OPEN}


async def test_five_faults_in_a_row_open_it_for_a_minute_and_a_success_between_them_does_not(scene: Scene) -> None:
    for health in [Health.FAULT] * 4 + [Health.WELL] + [Health.FAULT] * 4:
        assert isinstance(await scene.call(health), Admitted)
    assert isinstance(await scene.call(Health.FAULT), Admitted)
    resting = await scene.call()
    assert isinstance(resting, Resting) and 58 < resting.seconds <= 60 and not resting.frozen


async def test_what_is_not_the_platforms_fault_neither_opens_nor_closes_it(scene: Scene) -> None:
    for _ in range(4):
        await scene.call(Health.FAULT)
    for _ in range(40):
        assert isinstance(await scene.call(Health.NO_WORD), Admitted)
    await scene.call(Health.FAULT)
    assert isinstance(await scene.call(), Resting), "no word is no success either"


async def test_half_of_twenty_calls_in_a_minute_open_it_and_half_of_nineteen_do_not(scene: Scene) -> None:
    turns = [Health.FAULT, Health.WELL] * 9
    for health in turns:
        assert isinstance(await scene.call(health), Admitted)
    assert isinstance(await scene.call(Health.WELL), Admitted)
    assert isinstance(await scene.call(Health.FAULT), Admitted)
    assert isinstance(await scene.call(), Resting)


async def test_faults_of_more_than_a_minute_ago_are_forgotten(scene: Scene) -> None:
    for health in [Health.FAULT, Health.WELL] * 9:
        await scene.call(health)
    await scene.clock.advance(61)
    for health in [Health.FAULT, Health.WELL] * 3:
        assert isinstance(await scene.call(health), Admitted)


async def test_a_sick_family_stops_neither_the_others_nor_another_platform(scene: Scene) -> None:
    for _ in range(5):
        await scene.call(Health.FAULT, "upload")
    assert isinstance(await scene.call(family="upload"), Resting)
    assert isinstance(await scene.call(family="api"), Admitted)
    assert isinstance(await scene.call(family="upload", platform=META), Admitted)


async def test_two_successful_probes_close_it_and_one_that_fails_opens_it_for_another_minute(scene: Scene) -> None:
    await scene.opened()
    await scene.clock.advance(60.5)
    assert isinstance(await scene.call(Health.FAULT), Admitted)
    resting = await scene.call()
    assert isinstance(resting, Resting) and resting.seconds > 55
    await scene.clock.advance(60.5)
    for _ in range(2):
        probe = await scene.call()
        assert isinstance(probe, Admitted) and probe.probe
    usual = await scene.call()
    assert isinstance(usual, Admitted) and usual.probe is None


async def test_many_at_half_open_in_two_processes_are_one_probe(scene: Scene) -> None:
    await scene.opened()
    other = scene.make()
    assert isinstance(await other.admit(YOUTUBE, "api"), Resting)
    await scene.clock.advance(61)
    asked = [one.admit(YOUTUBE, "api") for one in (scene.breaker, other) for _ in range(50)]
    admitted = [a for a in await asyncio.gather(*asked) if isinstance(a, Admitted)]
    assert len(admitted) == 1 and admitted[0].probe


async def test_a_probe_that_is_killed_does_not_wedge_it_and_its_late_word_is_not_heard(scene: Scene) -> None:
    await scene.opened()
    await scene.clock.advance(61)
    killed = await scene.breaker.admit(YOUTUBE, "api")
    assert isinstance(killed, Admitted) and killed.probe
    assert isinstance(await scene.call(), Resting)
    await scene.clock.advance(DEFAULT.probe_lease + 1)
    after = await scene.breaker.admit(YOUTUBE, "api")
    assert isinstance(after, Admitted) and after.probe not in {None, killed.probe}
    await scene.breaker.report(killed, Health.FAULT)
    await scene.breaker.report(after, Health.WELL)
    assert isinstance(await scene.call(), Admitted)


async def test_a_cancelled_probe_gives_its_place_to_the_next_at_once(scene: Scene) -> None:
    await scene.opened()
    await scene.clock.advance(61)
    assert isinstance(await scene.call(Health.NO_WORD), Admitted)
    assert isinstance(await scene.call(), Admitted)


# --- only the fleet's ---------------------------------------------------------------------------------------------------------


def sql_only(test: Callable[..., Awaitable[None]]) -> Any:
    return pytest.mark.parametrize("scene", ["sqlite", "postgresql"], indirect=True)(test)


@sql_only
async def test_a_closed_circuit_costs_no_query(scene: Scene) -> None:
    await scene.call()
    commits, reads, read = scene.breaker.db.commits, 0, scene.breaker.db.read

    async def counted(work: Any) -> Any:
        nonlocal reads
        reads += 1
        return await read(work)

    scene.breaker.db.read = counted
    for _ in range(1000):
        await scene.call()
    assert (scene.breaker.db.commits, reads) == (commits, 0)


@sql_only
async def test_faults_are_counted_for_the_fleet_and_every_process_learns_within_a_second(scene: Scene) -> None:
    other = Scene(scene.make, scene.clock)
    await other.call()
    for one in (scene, other, scene, other, scene):
        assert isinstance(await one.call(Health.FAULT), Admitted)
    await scene.clock.advance(1.0)
    assert isinstance(await scene.call(), Resting) and isinstance(await other.call(), Resting)


@sql_only
async def test_a_frozen_platform_is_left_alone_until_it_is_thawed_also_without_a_breaker(scene: Scene) -> None:
    await scene.call()
    scene.breaker.by_itself = False
    for _ in range(9):
        assert isinstance(await scene.call(Health.FAULT), Admitted), "a breaker that is off counts nothing"
    await scene.make().freeze(YOUTUBE, 1800)
    await scene.clock.advance(1.0)
    frozen = await scene.call()
    assert isinstance(frozen, Resting) and frozen.frozen and 1790 < frozen.seconds <= 1800
    assert isinstance(await scene.call(platform=META), Admitted)
    await scene.make().freeze(YOUTUBE, 0)
    await scene.clock.advance(1.0)
    assert isinstance(await scene.call(), Admitted)
    await scene.make().freeze(YOUTUBE, 60)
    await scene.clock.advance(61)
    assert isinstance(await scene.call(), Admitted)
