"""The stores that keep the ledger's rules: in memory, on SQLite, on PostgreSQL. One suite runs on all three."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from durable.sweep import SteppingClock
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.publication import Publication, State
from waooaw_social.durable.memory import MemoryLedger
from waooaw_social.durable.ports import Done
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.publications import Order, SqlPublications
from waooaw_social.storage.plant.tables import metadata
from waooaw_social.storage.seal import KeyRing, Sealer


class MemoryStore(MemoryLedger):
    """The twin in memory, with what the tests ask beside the ports."""

    async def accept(self, publication: Publication) -> None:
        self.submit(publication)

    async def where(self, publication: Publication) -> tuple[State, str | None]:
        kept = self.kept[publication.id]
        return kept.state, kept.ending.published.post_id if isinstance(kept.ending, Done) else None


class SqlStore:
    """Ledger and publications of one database, as one store."""

    def __init__(self, db: Database, prepare_ahead: float = 0.0) -> None:
        self.db = db
        self.ledger = SqlLedger(db=db, sealer=Sealer(KeyRing("a test's secret")))
        self.publications = SqlPublications(db=db, ledger=self.ledger, prepare_ahead=prepare_ahead)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.publications if hasattr(self.publications, name) else self.ledger, name)

    async def accept(self, publication: Publication) -> None:
        order = Order(
            customer_id=CustomerId(publication.account.customer_id),
            api_key="k",
            idempotency_key=publication.id,
            body_sha256=publication.id,
            publications=[publication],
        )
        await self.publications.submit(order)

    async def where(self, publication: Publication) -> tuple[State, str | None]:
        row = await self.publications.show(publication.account.customer_id, publication.id)
        assert row
        return State(row["state"]), row["post_id"]


@asynccontextmanager
async def open_store(
    kind: str, clock: SteppingClock, place: str | Path, prepare_ahead: float = 0.0
) -> AsyncIterator[Any]:
    """A store of `kind`; `place` is a folder for SQLite and a URL for PostgreSQL."""
    if kind == "memory":
        yield MemoryStore(clock, prepare_ahead)
        return
    url = f"sqlite:///{place}/plant.db" if kind == "sqlite" else str(place)
    await migrate(url, "plant")
    async with contextlib.AsyncExitStack() as stack:
        db = await Database.open(url, clock_offset=lambda: clock.offset)
        stack.push_async_callback(db.close)
        yield SqlStore(db, prepare_ahead)


async def emptied(store: Any) -> None:
    """All rows away: faster than a fresh database for each of a sweep's hundreds of cases."""
    await store.db.write(lambda c: [c.execute(table.delete()) for table in reversed(metadata.sorted_tables)])
