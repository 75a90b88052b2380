"""A publication that follows another is claimed when that one has ended, and not before."""

from dataclasses import replace
from pathlib import Path

import pytest

from durable.stores import open_store
from durable.sweep import SteppingClock
from platforms.test_whatsapp_messages import publication
from waooaw_social.core.ids import CustomerId, PublicationId
from waooaw_social.core.refusal import Refusal
from waooaw_social.durable.ports import Failed, Parked, Undecided
from waooaw_social.storage.plant.publications import Order

pytestmark = pytest.mark.anyio

REFUSED = Failed(refusal=Refusal(code="undeliverable", message="no"))
SILENT = Undecided(name="send message", why="silence", tried_at=0.0, how_to_settle="look")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    return tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.mark.parametrize("ending", [REFUSED, SILENT])
async def test_it_is_claimed_when_whom_it_follows_has_ended(place: Path | str, ending: Failed | Undecided) -> None:
    clock = SteppingClock()
    kind = "sqlite" if isinstance(place, Path) else "postgresql"
    async with open_store(kind, clock, place) as store:
        ids = [PublicationId(f"pub_{n}") for n in (1, 2, 3)]
        several = [replace(publication("text", text=one), id=one) for one in ids]
        order = Order(
            customer_id=CustomerId(several[0].account.customer_id),
            api_key="k",
            idempotency_key="k",
            body_sha256="x",
            publications=several,
            follows={ids[1]: ids[0], ids[2]: ids[1]},
        )
        await store.submit(order)

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
