"""Publications in SQL: accepted once, claimed with a lease, shown to their own customer. Fills `Publications`.

Which ones are claimed is in `claiming.py`. A post for later is a row whose `due_at` lies so much before its time as preparing it may take.

What cannot be read is put back and told, and stops nobody else. As long as the port and the orders are wide: one table's life in one piece.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from waooaw_social.core.ids import CustomerId, PublicationId
from waooaw_social.core.publication import Publication, State
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Scope
from waooaw_social.durable.ports import NOTHING_HELD, Claim, EntryState, Lease
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant import bell, claiming, connections, standing, usage
from waooaw_social.storage.plant.claiming import Ring
from waooaw_social.storage.plant.codec import content_to_json, publication_of, refusal_to_json
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.media import hold, use
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.settling import settled_of
from waooaw_social.storage.plant.tables import entries, orders, publications
from waooaw_social.storage.seal import CannotOpen

AUDITED_WITHIN = 3 * 24 * 3600.0
"""Seconds after its end in which a publication is audited; after that whoever could be asked is not there any more."""
ORDERS_KEPT = 7 * 24 * 3600.0
"""Seconds for which an Idempotency-Key is remembered."""

UNREADABLE_AGAIN = 300.0
"""Seconds until it is tried again to read what could not be read."""
UNREADABLE = Refusal(
    code="needs_operator",
    message="What was recorded of this publication cannot be read; it waits, and nothing is sent.",
    reaction=Reaction.CURE,
    scope=Scope.APP,
    cure=Cure.OPERATOR,
    remediation="Put back the PLANT_LEDGER_SECRET that it was recorded with.",
)

_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
TAKE = (
    sa.update(publications)
    .where(publications.c.id.in_(_IDS))
    .values(
        epoch=publications.c.epoch + 1,
        worker=sa.bindparam("by"),
        claimed_at=now(),
        due_at=now() + sa.bindparam("lease", type_=sa.Double),
        state=State.RUNNING.value,
    )
    .returning(publications, now().label("clock"))
)
RECORDED = (
    sa.select(
        entries,
        (now() - entries.c.begun_at).label("age"),
        (now() - entries.c.first_look_at).label("looked_for"),
    )
    .where(entries.c.publication.in_(_IDS), entries.c.state != EntryState.STALE.value)
    .order_by(entries.c.number)
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One accepted request: all of its publications, or none."""

    customer_id: CustomerId
    api_key: str
    idempotency_key: str
    body_sha256: str
    publications: Sequence[Publication]
    follows: Mapping[PublicationId, PublicationId] = field(default_factory=dict[PublicationId, PublicationId])
    """Which of them waits for which other's end."""
    draft: bool = False
    """Kept, and not done before somebody submits it."""
    id: str = field(default_factory=lambda: f"ord_{secrets.token_hex(12)}")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An order as it was accepted: now, or when it came first."""

    order_id: str
    publications: Sequence[tuple[PublicationId, State]]


class KeyReused(Exception):
    """The Idempotency-Key was used for another body."""


def new_id() -> PublicationId:
    return PublicationId(f"pub_{secrets.token_hex(12)}")


@dataclass(frozen=True, kw_only=True)
class SqlPublications:
    """What is to be published, and where each of them stands."""

    db: Database
    ledger: SqlLedger
    prepare_ahead: float = 0.0
    """Seconds before its time in which a publication may be prepared."""
    ring: Ring = field(default_factory=Ring)

    async def submit(self, order: Order) -> Kept:
        """Accept an order, or answer with what it was accepted as before. Raises `KeyReused`."""
        known = await self.db.read(lambda c: _accepted(c, order))
        if known is not None:
            return known
        try:
            return await self.db.write(lambda c: _accept(c, order, self.prepare_ahead))
        except IntegrityError:  # the same key at the same moment: one of them was first
            known = await self.db.read(lambda c: _accepted(c, order))
            if known is None:
                raise
            return known

    async def accepted(self, order: Order) -> Kept | None:
        """What this key was accepted as before, if it was. Raises `KeyReused`."""
        return await self.db.read(lambda c: _accepted(c, order))

    async def show(self, customer_id: CustomerId, publication_id: str) -> Mapping[str, Any] | None:
        """One publication of this customer's, with its attempts; None where it has none of this id."""
        return await self.shown(Reach(customer_id=customer_id), publication_id)

    async def shown(self, reach: Reach, publication_id: str) -> Mapping[str, Any] | None:
        """The same within a key's reach."""
        if "\0" in publication_id:  # PostgreSQL would not even look
            return None
        mine = reach.publication(publication_id)

        def work(c: sa.Connection) -> Mapping[str, Any] | None:
            row = c.execute(connections.shown(sa.select(publications)).where(mine)).mappings().first()
            if row is None:
                return None
            shown = (entries.c.name, entries.c.attempt, entries.c.state, entries.c.visible, entries.c.begun_at)
            more = (entries.c.answered_at, entries.c.heard_by, entries.c.looks)
            attempts = (
                sa.select(*shown, *more).where(entries.c.publication == publication_id).order_by(entries.c.number)
            )
            told = [dict(entry) for entry in c.execute(attempts).mappings()]
            return {**row, "attempts": told, "settled": settled_of(c, publication_id)}

        return await self.db.read(work)

    async def claim(
        self,
        worker: str,
        *,
        lease: float,
        most: int,
        held: Mapping[CustomerId, int] = NOTHING_HELD,
        each: int | None = None,
    ) -> list[Claim]:
        if self.db.sqlite and not await self.db.read(claiming.anything):  # look before taking the one writer's lock
            return []
        return await self.db.write(
            lambda c: self._claim(c, worker, lease, claiming.choose(c, most, held, each, self.ring))
        )

    async def seen(self, worker: str) -> None:
        await self.db.write(lambda c: standing.seen(c, worker))

    async def standing(self) -> standing.Standing:
        """How the work stands: who claims, what waits too long, what is unresolved."""
        return await self.db.read(standing.standing)

    async def renew(self, worker: str, *, lease: float, held: Mapping[PublicationId, tuple[int, int] | None]) -> None:
        def work(c: sa.Connection) -> None:
            mine = publications.c.worker == worker
            running = publications.c.state == State.RUNNING.value
            some = sa.update(publications).where(mine, running, publications.c.id.in_(list(held)))
            c.execute(some.values(due_at=now() + lease))
            moved = [(i, *progress) for i, progress in held.items() if progress]
            for publication_id, sent, total in moved:
                one = sa.update(publications).where(mine, running, publications.c.id == publication_id)
                c.execute(one.values(bytes_sent=sent, bytes_total=total))

        await self.db.write(work)

    async def next_due(self) -> float | None:
        """Seconds until something is due; None where nothing waits. Not above zero: now."""
        return await self.db.read(claiming.next_due)

    async def to_audit(self, *, older_than: float, most: int) -> list[Claim]:
        """Published ones that were sent more than once in doubt, so many seconds after their end, not audited yet."""
        doubted = sa.select(entries.c.publication).where(entries.c.state == EntryState.ABSENT.value)
        ready = sa.select(publications, now().label("clock")).where(
            publications.c.id.in_(doubted),
            publications.c.state == State.PUBLISHED.value,
            publications.c.audited_at.is_(None),
            publications.c.ended_at.between(now() - AUDITED_WITHIN, now() - older_than),
        )
        return await self.db.read(lambda c: self._claims(c, c.execute(ready.limit(most)).all())[0])

    async def audited(self, publication_id: PublicationId, note: str | None) -> None:
        def work(c: sa.Connection) -> None:
            one = publications.c.id == publication_id
            notes: list[str] = c.execute(sa.select(publications.c.notes).where(one)).scalar() or []
            told = [*notes, note] if note else notes
            c.execute(sa.update(publications).where(one).values(audited_at=now(), notes=told))

        await self.db.write(work)

    async def forget_orders(self) -> int:
        """Drop Idempotency-Keys that are past their time."""
        old = sa.delete(orders).where(orders.c.created_at < now() - ORDERS_KEPT)
        return await self.db.write(lambda c: c.execute(old).rowcount)

    def _claim(self, c: sa.Connection, worker: str, lease: float, chosen: Sequence[Any]) -> list[Claim]:
        before = {row.id: row for row in chosen}
        if not before:
            return []
        rows = c.execute(TAKE, {"ids": list(before), "by": worker, "lease": lease}).all()
        claims, unread = self._claims(c, rows, {i: row.due_at for i, row in before.items() if row.worker})
        if unread:
            c.execute(sa.update(publications).where(publications.c.id.in_(unread)).values(**_unreadable()))
            for publication_id in unread:
                usage.ended(c, publication_id)
        return claims

    def _claims(
        self, c: sa.Connection, rows: Sequence[sa.Row[Any]], let_go: Mapping[str, float] | None = None
    ) -> tuple[list[Claim], list[str]]:
        """These publications with all that the ledger knows of them, and the ids of those that cannot be read: they stop nobody else.

        `let_go`: when the lease of a taken-over one had ended.
        """
        recorded: dict[str, list[Any]] = {}
        first_run = {row.id for row in rows if row.epoch == 1 and row.state == State.RUNNING.value}
        begun = [row.id for row in rows if row.id not in first_run]  # of a first run nothing is recorded yet
        for row in c.execute(RECORDED, {"ids": begun}) if begun else ():
            recorded.setdefault(row.publication, []).append(row)
        claims: list[Claim] = []
        unread: list[str] = []
        for row in rows:
            try:
                claims.append(self._read(row, recorded.get(row.id, []), let_go or {}))
            except (CannotOpen, LookupError, TypeError, ValueError) as error:
                log.error("publication_unreadable", publication=row.id, error=type(error).__name__)  # noqa: TRY400 - its text may quote
                unread.append(row.id)
        return claims, unread

    def _read(self, row: sa.Row[Any], recorded: Sequence[sa.Row[Any]], let_go: Mapping[str, float]) -> Claim:
        return Claim(
            lease=Lease(publication_id=PublicationId(row.id), epoch=row.epoch),
            publication=publication_of(row),
            due_in=(row.wanted_at if row.publish_at is None else row.publish_at) - row.clock,
            entries=tuple(self.ledger.entry_of(entry) for entry in recorded),
            late_by=row.clock - let_go[row.id] if row.id in let_go else None,
        )


def _unreadable() -> dict[str, Any]:
    """Put back until an operator has put the secret back: without its records nobody may send it."""
    return {
        "state": State.PARKED.value,
        "worker": None,
        "due_at": now() + UNREADABLE_AGAIN,
        "why": UNREADABLE.message,
        "refusal": refusal_to_json(UNREADABLE),
    }


def _accept(c: sa.Connection, order: Order, ahead: float) -> Kept:
    states = [(p.id, _first_state(order, p)) for p in order.publications]
    hold(c, order.publications)
    c.execute(
        sa.insert(orders).values(
            customer_id=order.customer_id,
            api_key=order.api_key,
            idempotency_key=order.idempotency_key,
            id=order.id,
            body_sha256=order.body_sha256,
            publications=[publication_id for publication_id, _ in states],
            created_at=now(),
        )
    )
    for publication, (_, state) in zip(order.publications, states, strict=True):
        of_order = {"order_id": order.id, "follows": order.follows.get(publication.id)}
        c.execute(sa.insert(publications).values(**_row(publication, state, ahead), **of_order))
        use(c, publication)
    if any(state is State.DUE for _, state in states):
        bell.ring(c)
    return Kept(order_id=order.id, publications=states)


def _first_state(order: Order, publication: Publication) -> State:
    if order.draft:
        return State.DRAFT
    return State.SCHEDULED if publication.publish_at else State.DUE


def _accepted(c: sa.Connection, order: Order) -> Kept | None:
    mine = (orders.c.customer_id == order.customer_id) & (orders.c.api_key == order.api_key)
    row = c.execute(sa.select(orders).where(mine, orders.c.idempotency_key == order.idempotency_key)).first()
    if row is None:
        return None
    if row.body_sha256 != order.body_sha256:
        raise KeyReused
    ids: list[str] = row.publications
    known = (publications.c.customer_id == order.customer_id) & publications.c.id.in_(ids)
    states = {
        found.id: State(found.state)
        for found in c.execute(sa.select(publications.c.id, publications.c.state).where(known))
    }
    return Kept(order_id=row.id, publications=[(PublicationId(i), states[i]) for i in ids])


def moment_of(publication: Publication) -> float | None:
    """Its second, as its id says, where posts for the same moment are spread; seconds since 1970. None: as soon as it is accepted."""
    if publication.publish_at is None:
        return None
    share = int.from_bytes(hashlib.sha256(publication.id.encode()).digest()[:8]) / 2**64
    return publication.publish_at.timestamp() + share * publication.spread


def _row(publication: Publication, state: State, ahead: float) -> dict[str, Any]:
    account, at = publication.account, moment_of(publication)
    return {
        "id": publication.id,
        "customer_id": account.customer_id,
        "agent_id": publication.agent_id,
        "correlation_id": publication.correlation_id,
        "platform": account.platform,
        "credential_ref": account.credential_ref,
        "posting_identity": account.posting_identity,
        "account_metadata": dict(account.metadata),
        "format": publication.format,
        "content": content_to_json(publication.content),
        "publish_at": at,
        "late_by_most": publication.late_by_most,
        "state": state.value,
        "due_at": now() if at is None else at - ahead,
        "created_at": now(),
        "wanted_at": now(),
    }
