"""A publication that follows another is claimed when that one has ended, and not before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from durable.stores import open_store
from durable.sweep import SteppingClock
from platforms.test_whatsapp_messages import publication
from waooaw_social.core.ids import CustomerId, PublicationId
from waooaw_social.core.refusal import Refusal
from waooaw_social.durable.ports import Failed, Parked, Undecided
from waooaw_social.storage.plant.overdue import overdue
from waooaw_social.storage.plant.publications import Order
from waooaw_social.storage.plant.tables import publications
from waooaw_social.storage.plant.usage import SqlUsage

pytestmark = pytest.mark.anyio

REFUSED = Failed(refusal=Refusal(code="undeliverable", message="no"))
SILENT = Undecided(name="send message", why="silence", tried_at=0.0, how_to_settle="look")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres_url")


async def submitted(store: Any, number: int) -> list[PublicationId]:
    """So many publications, each of which follows the one before."""
    ids = [PublicationId(f"pub_{n}") for n in range(1, number + 1)]
    several = [replace(publication("text", text=one), id=one) for one in ids]
    order = Order(
        customer_id=CustomerId(several[0].account.customer_id),
        api_key="k",
        idempotency_key="k",
        body_sha256="x",
        publications=several,
        follows=dict(zip(ids[1:], ids, strict=False)),
    )
    await store.submit(order)
    return ids


@pytest.mark.parametrize("ending", [REFUSED, SILENT])
async def test_it_is_claimed_when_whom_it_follows_has_ended(place: Path | str, ending: Failed | Undecided) -> None:
    clock = SteppingClock()
    kind = "sqlite" if isinstance(place, Path) else "postgresql"
    async with open_store(kind, clock, place) as store:
        await submitted(store, 3)

        async def due() -> list[str]:
            return [claim.publication.id for claim in await store.claim("w", lease=30.0, most=9)]

        first = (await store.claim("w", lease=30.0, most=9))[0]
        assert first.publication.id == "pub_1" and await due() == [], "it is being sent"
        assert await store.park(first.lease, Parked(seconds=600.0, why="in doubt", in_doubt=True))
        await clock.advance(60.0)
        assert await due() == [] and (await store.publications.next_due() or 0.0) > 500.0, "it waits"
        await clock.advance(600.0)
        (again,) = await store.claim("w", lease=30.0, most=9)
        await store.end(again.lease, ending)
        assert await due() == ["pub_2"], "one after the other"


async def test_what_waits_for_its_turn_is_not_overdue_and_counts_from_its_turn_on(place: Path | str) -> None:
    clock = SteppingClock()
    async with open_store("sqlite" if isinstance(place, Path) else "postgresql", clock, place) as store:
        await submitted(store, 5)

        async def oldest() -> float:
            by_platform = await SqlUsage(db=store.db).oldest_due()
            standing = await store.publications.standing()
            waited = max(by_platform.values(), default=0.0)
            assert set(by_platform) <= {"whatsapp"} and abs(standing.oldest_due - waited) < 5.0
            return waited

        await clock.advance(300.0)
        assert 300.0 <= await oldest() < 310.0, "the first is due, and nobody takes it"
        (first,) = await store.claim("w", lease=1000.0, most=9)
        await clock.advance(500.0)
        assert await oldest() == 0.0, "all the others wait for it, and none for a worker"
        await store.end(first.lease, REFUSED)
        await clock.advance(60.0)
        assert 60.0 <= await oldest() < 70.0, "the second could be taken since the first ended"
        (second,) = await store.claim("w", lease=30.0, most=9)
        assert second.publication.id == "pub_2" and await oldest() == 0.0
        await clock.advance(100.0)
        assert 70.0 <= await oldest() < 80.0, "its worker is dead"


async def test_looking_for_what_is_overdue_reads_no_row_of_the_future(tmp_path: Path) -> None:
    clock = SteppingClock()
    async with open_store("sqlite", clock, tmp_path) as store:
        (*_, last) = await submitted(store, 5)
        counted = [0]

        def watch(c: sa.Connection) -> int:
            def step() -> int:
                counted[0] += 1
                return 0

            driver: Any = c.connection.dbapi_connection
            counted[0] = 0
            driver.set_progress_handler(step, 1)
            overdue(c)
            driver.set_progress_handler(None, 1)
            return counted[0]

        few = await store.db.write(watch)
        of_last = sa.select(publications).where(publications.c.id == last)
        row = await store.db.read(lambda c: dict(c.execute(of_last).mappings().one()))
        later = clock.now().timestamp() + 1e6
        future = [
            row | {"id": f"later-{i}", "state": "scheduled", "due_at": later, "publish_at": later} for i in range(2000)
        ]
        await store.db.write(lambda c: c.execute(sa.insert(publications), future).rowcount)
        assert await store.db.write(watch) < 1.5 * few
