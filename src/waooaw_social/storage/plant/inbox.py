"""What platforms told us by themselves. Fills `Inbox`; webhooks put it in.

Two things lie here: deliveries as they came, until they are read; and what they said, the newest under each key, by the time at which the
platform says it happened. The same again changes nothing, and what is older never overwrites: any order, any number of readers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from waooaw_social.core.ids import PublicationId
from waooaw_social.core.publication import Publication
from waooaw_social.durable.ports import Attempt, EntryState
from waooaw_social.platforms.told import Told
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant.codec import publication_of
from waooaw_social.storage.plant.tables import entries, inbox, publications

DELIVERY = "delivery/"
AT_ONCE = 500
"""Rows of one statement."""
IN_DOUBT = (EntryState.OPEN, EntryState.UNRESOLVED, EntryState.ABSENT)
"""What a proof can still settle, in the order in which it does."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """An attempt of which nobody has said yet that it was carried out."""

    publication: Publication
    attempt: Attempt


@dataclass(frozen=True, kw_only=True)
class SqlInbox:
    """Deliveries, and what they said."""

    db: Database

    async def newest(self, key: str) -> Mapping[str, Any] | None:
        """The newest thing under `key`, with its `age`: seconds since it happened."""
        return (await self.newest_of([key])).get(key)

    async def newest_of(self, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The same for several keys; those under which nothing lies are missing."""
        said = sa.select(inbox.c.key, inbox.c.told, (now() - inbox.c.heard_at).label("age"))
        rows = await self.db.read(lambda c: c.execute(said.where(inbox.c.key.in_(list(keys)))).all())
        return {row.key: {**row.told, "age": float(row.age)} for row in rows}

    async def tell(self, told: Iterable[Told]) -> None:
        """Keep what is newer than what lies there."""
        rows = [{"key": one.key, "told": dict(one.what), "heard_at": one.at} for one in _newest(told)]

        def work(c: sa.Connection) -> None:
            for start in range(0, len(rows), AT_ONCE):
                insert = self._insert().values(rows[start : start + AT_ONCE])
                newer = insert.on_conflict_do_update(
                    index_elements=[inbox.c.key],
                    set_={"told": insert.excluded.told, "heard_at": insert.excluded.heard_at},
                    where=inbox.c.heard_at < insert.excluded.heard_at,
                )
                c.execute(newer)

        if rows:
            await self.db.write(work)

    async def forget(self, *, older_than: float) -> int:
        """Drop what happened so many seconds ago. Returns how much."""
        old = sa.delete(inbox).where(inbox.c.heard_at < now() - older_than, ~inbox.c.key.startswith(DELIVERY))
        return await self.db.write(lambda c: c.execute(old).rowcount)

    # --- deliveries -------------------------------------------------------------------------------------------------------

    async def keep(self, delivery: str, body: str) -> None:
        """Keep a delivery until it is read. One that is kept already is kept once."""
        row = self._insert().values(key=DELIVERY + delivery, told={"body": body}, heard_at=now())
        once = row.on_conflict_do_nothing(index_elements=[inbox.c.key])
        await self.db.write(lambda c: c.execute(once).rowcount)

    async def left(self) -> list[str]:
        """The deliveries that nobody has read yet, the oldest first."""
        kept = sa.select(inbox.c.key).where(inbox.c.key.startswith(DELIVERY)).order_by(inbox.c.heard_at)
        keys = await self.db.read(lambda c: c.execute(kept).scalars().all())
        return [key.removeprefix(DELIVERY) for key in keys]

    async def bodies(self, deliveries: Sequence[str]) -> dict[str, str]:
        keys = [DELIVERY + delivery for delivery in deliveries]
        kept = sa.select(inbox.c.key, inbox.c.told).where(inbox.c.key.in_(keys))
        rows = await self.db.read(lambda c: c.execute(kept).all())
        return {row.key.removeprefix(DELIVERY): row.told["body"] for row in rows}

    async def done_with(self, deliveries: Sequence[str]) -> None:
        keys = [DELIVERY + delivery for delivery in deliveries]
        await self.db.write(lambda c: c.execute(sa.delete(inbox).where(inbox.c.key.in_(keys))).rowcount)

    # --- what a proof can settle ------------------------------------------------------------------------------------------

    async def doubts(self, call: str, ids: Sequence[PublicationId]) -> dict[PublicationId, Doubt]:
        """The attempts at `call` of these publications that are in doubt, or were: of each publication the one to settle first."""
        states = [state.value for state in IN_DOUBT]
        shown = sa.select(publications, entries.c.attempt, entries.c.state.label("stands")).join(
            entries, entries.c.publication == publications.c.id
        )
        these = (publications.c.id.in_(list(ids)), entries.c.name == call, entries.c.state.in_(states))
        rows = await self.db.read(lambda c: c.execute(shown.where(*these)).all())
        found: dict[PublicationId, Doubt] = {}
        for row in sorted(rows, key=lambda row: (states.index(row.stands), row.attempt)):
            attempt = Attempt(publication_id=PublicationId(row.id), name=call, number=row.attempt)
            found.setdefault(PublicationId(row.id), Doubt(publication=publication_of(row), attempt=attempt))
        return found

    def _insert(self):
        return sqlite_insert(inbox) if self.db.sqlite else postgresql_insert(inbox)


def _newest(told: Iterable[Told]) -> list[Told]:
    """One for each key, in one order for all writers, so that none waits for another in a circle."""
    newest: dict[str, Told] = {}
    for one in told:
        if one.key not in newest or newest[one.key].at < one.at:
            newest[one.key] = one
    return [newest[key] for key in sorted(newest)]
