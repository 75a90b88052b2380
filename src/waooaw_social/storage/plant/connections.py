"""What is known of the accounts that publications wait for. Fills `Connections`.

A row is one connection as publications were accepted for it: the same credential for another account is another row. When it is asked about
next is a time in the future; whoever moves it, in one statement, asks, and nobody else until then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from waooaw_social.core.account import Account
from waooaw_social.core.publication import ENDED, State
from waooaw_social.core.refusal import Refusal
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant.codec import account_of, refusal_to_json
from waooaw_social.storage.plant.tables import RIPENING, connections, publications

KNOWN_FOR = 24 * 3600.0
"""Seconds after which a finding is not shown any more: nobody looked again, because nothing came near, and it may have been cured."""

IDENTITY = sa.func.coalesce(publications.c.posting_identity, sa.literal_column("''"))
"""Written out: PostgreSQL takes two parameters for two expressions, and could not group by it."""
OF_ROW = sa.and_(
    connections.c.customer_id == publications.c.customer_id,
    connections.c.credential_ref == publications.c.credential_ref,
    connections.c.posting_identity == IDENTITY,
)


def shown(chosen: sa.Select[Any]) -> sa.Select[Any]:
    """A choice of publications, each with `problem` and `checked_at` of its connection: None where none is known, or it has ended."""
    waits = publications.c.state.not_in([state.value for state in ENDED])
    known = sa.and_(OF_ROW, waits, connections.c.checked_at > now() - KNOWN_FOR)
    columns = (connections.c.problem, connections.c.checked_at)
    return chosen.add_columns(*columns).outerjoin_from(publications, connections, known)


@dataclass(frozen=True, kw_only=True)
class SqlConnections:
    """Which accounts to ask about, and what was found."""

    db: Database

    async def claim(self, *, within: float, most: int, held: float) -> list[Account]:
        row, soonest = publications.c, sa.func.min(publications.c.due_at)
        key = (row.customer_id, row.credential_ref, IDENTITY)
        its_time = connections.c.check_at.is_(None) | (connections.c.check_at <= now())
        near = sa.select(sa.func.min(row.id)).outerjoin_from(publications, connections, OF_ROW)
        near = near.where(RIPENING, row.state == State.SCHEDULED.value, row.due_at <= now() + within, its_time)
        near = near.group_by(*key).order_by(soonest).limit(most)
        found = await self.db.read(lambda c: c.execute(near).scalars().all())  # look before taking any lock
        return await self.db.write(lambda c: self._taken(c, found, held)) if found else []

    async def checked(self, account: Account, problem: Refusal | None, *, again: float) -> None:
        kept = refusal_to_json(problem) if problem else None
        values = {"check_at": now() + again, "checked_at": now(), "problem": kept}
        one = sa.update(connections).where(*_of(account)).values(**values)
        await self.db.write(lambda c: c.execute(one).rowcount)

    async def unanswered(self, account: Account, *, again: float) -> None:
        one = sa.update(connections).where(*_of(account)).values(check_at=now() + again)
        await self.db.write(lambda c: c.execute(one).rowcount)

    def _taken(self, c: sa.Connection, ids: Sequence[str], held: float) -> list[Account]:
        """Those of which this process is the one that moved the time."""
        rows = c.execute(sa.select(publications).where(publications.c.id.in_(list(ids)))).all()
        accounts = sorted(
            (account_of(row) for row in rows), key=_place
        )  # in one order for all, so that none waits in a circle
        return [account for account in accounts if self._take(c, account, held)]

    def _take(self, c: sa.Connection, account: Account, held: float) -> bool:
        customer_id, credential_ref, identity = _place(account)
        insert = (sqlite_insert if self.db.sqlite else postgresql_insert)(connections).values(
            customer_id=customer_id, credential_ref=credential_ref, posting_identity=identity, check_at=now() + held
        )
        mine = insert.on_conflict_do_update(
            index_elements=[connections.c.customer_id, connections.c.credential_ref, connections.c.posting_identity],
            set_={"check_at": insert.excluded.check_at},
            where=connections.c.check_at <= now(),
        )
        return c.execute(mine.returning(connections.c.check_at)).first() is not None


def _place(account: Account) -> tuple[str, str, str]:
    return account.customer_id, account.credential_ref, account.posting_identity or ""


def _of(account: Account) -> tuple[sa.ColumnElement[bool], ...]:
    customer_id, credential_ref, identity = _place(account)
    row = connections.c
    return row.customer_id == customer_id, row.credential_ref == credential_ref, row.posting_identity == identity
