"""Publications in SQL: what a claim costs, other times, who is told, and how the work stands."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from durable import toys
from durable.stores import SqlStore, open_store
from durable.sweep import SteppingClock
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.publication import State
from waooaw_social.durable.ports import Undecided
from waooaw_social.storage.db import Url
from waooaw_social.storage.plant import bell
from waooaw_social.storage.plant.publications import moment_of
from waooaw_social.storage.plant.tables import publications

pytestmark = pytest.mark.anyio

MINE, ANOTHERS = CustomerId("CUST-1"), CustomerId("CUST-2")


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppingClock) -> AsyncIterator[SqlStore]:
    place = tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with open_store(request.param, clock, place) as opened:
        yield opened


async def copies(store: SqlStore, of: str, number: int, **values: Any) -> None:
    """So many more rows like this one."""
    row = dict(await store.publications.show(MINE, of) or {})
    del row["attempts"]
    rows = [row | values | {"id": f"{of}-{i}"} for i in range(number)]
    await store.db.write(lambda c: c.execute(sa.insert(publications), rows).rowcount)


async def test_a_claim_on_sqlite_takes_as_many_steps_however_many_wait(tmp_path: Path, clock: SteppingClock) -> None:
    async with open_store("sqlite", clock, tmp_path) as store:
        await store.accept(toys.publication("first"))
        few = await steps_of_a_claim(store)
        later = clock.now().timestamp() + 1e6
        await copies(store, "first", 3000, state="scheduled", due_at=later, publish_at=later, worker=None)
        await copies(store, "first-0", 3000, state="due", due_at=0.0, publish_at=None)
        many = await steps_of_a_claim(store)
        assert many < 1.5 * few, (few, many)


async def steps_of_a_claim(store: SqlStore) -> int:
    """Of SQLite's machine, by the thousand, for a claim of one."""
    counted = [0]

    def watch(c: sa.Connection, on: bool) -> None:
        def step() -> int:
            counted[0] += 1
            return 0

        driver: Any = c.connection.dbapi_connection
        driver.set_progress_handler(step if on else None, 1)

    await store.db.write(lambda c: watch(c, True))
    (claim,) = await store.publications.claim("w", lease=30.0, most=1)
    await store.db.write(lambda c: watch(c, False))
    assert claim
    return counted[0]


def parked() -> Any:
    from waooaw_social.durable.ports import Parked

    return Parked(seconds=5.0, why="a test")


def test_posts_for_one_moment_are_spread_by_their_ids_and_each_has_one_second(clock: SteppingClock) -> None:
    at = clock.now()
    posts = [replace(toys.publication(f"p{i}"), publish_at=at, spread=60.0) for i in range(400)]
    moments = [(moment_of(post) or 0.0) - at.timestamp() for post in posts]
    assert moments == [(moment_of(post) or 0.0) - at.timestamp() for post in posts]
    fullest = max(sum(i <= one < i + 10.0 for one in moments) for i in range(0, 60, 10))
    assert min(moments) >= 0.0 and max(moments) <= 60.0 and fullest < 100


async def test_how_the_work_stands(store: SqlStore, clock: SteppingClock) -> None:
    nothing = await store.publications.standing()
    assert (nothing.claimed_ago, nothing.oldest_due, nothing.unresolved) == (None, 0.0, 0)
    for name in ("waits", "lost", "undecided"):
        await store.accept(toys.publication(name))
    claims = {claim.publication.id: claim for claim in await store.publications.claim("w", lease=30.0, most=3)}
    undecided = Undecided(name="post", why="nobody knows", tried_at=0.0, how_to_settle="look")
    await store.ledger.end(claims["undecided"].lease, undecided)
    await store.publications.seen("w")
    await clock.advance(100.0)
    await store.publications.seen("other")
    await clock.advance(10.0)
    found = await store.publications.standing()
    assert found.claimed_ago is not None and 10.0 <= found.claimed_ago < 20.0
    assert 80.0 <= found.oldest_due < 90.0 and found.unresolved == 1


async def test_who_listens_hears_of_what_is_due_and_of_nothing_else(postgres_url: str, clock: SteppingClock) -> None:
    async with open_store("postgresql", clock, postgres_url) as store:
        heard = asyncio.Queue[None]()
        listening = asyncio.create_task(bell.listen(Url(postgres_url), lambda: heard.put_nowait(None)))
        async with asyncio.timeout(20):
            await heard.get()  # connected
            await store.accept(replace(toys.publication("later"), publish_at=clock.now() + timedelta(days=1)))
            await store.accept(toys.publication("now"))
            await heard.get()
        assert heard.empty()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_listener_that_was_cut_off_listens_again(postgres_url: str, clock: SteppingClock) -> None:
    async with open_store("postgresql", clock, postgres_url) as store:
        heard = asyncio.Queue[None]()
        listening = asyncio.create_task(bell.listen(Url(postgres_url), lambda: heard.put_nowait(None)))
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'waooaw-bell'"
        cut += " and datname = current_database()"
        async with asyncio.timeout(20):
            await heard.get()
            await store.db.write(lambda c: c.execute(sa.text(cut)).scalars().all())
            await heard.get()  # connected again, for what was rung meanwhile
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_row_is_in_one_of_the_three_indexes_and_a_dead_ones_lease_is_found(
    store: SqlStore, clock: SteppingClock
) -> None:
    await store.accept(toys.publication("p"))
    await store.publications.claim("dead", lease=30.0, most=1)
    assert (await store.publications.next_due() or 0.0) > 20.0
    await clock.advance(31.0)
    assert (await store.publications.next_due() or 0.0) <= 0.0
    (claim,) = await store.publications.claim("w", lease=30.0, most=1)
    assert claim.late_by is not None and (await store.where(claim.publication))[0] is State.RUNNING
