"""The ledger in SQL: `durable.memory` written down, for SQLite and PostgreSQL alike. Fills `Ledger`.

Each method is one transaction. What is fenced locks the publication's row and checks its epoch; what is unique (one attempt in doubt per
audience, one owner per remote id) the database itself keeps. Replies are sealed with their place as authenticated data, so that one cannot
be put into another's. As long as its twin, and in the same order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from waooaw_social.core.events import PlatformPostEvent
from waooaw_social.core.ids import Audience, PublicationId, RemoteId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import State
from waooaw_social.durable.ports import (
    DOUBT_AFTER,
    TAKEN_MARGIN,
    Answer,
    Attempt,
    AudienceBusy,
    Completion,
    Done,
    Entry,
    EntryState,
    Failed,
    Fenced,
    HeardBy,
    Lease,
    Missed,
    Moved,
    Parked,
    Undecided,
)
from waooaw_social.platforms.call import Reply
from waooaw_social.storage.db import Database, now
from waooaw_social.storage.plant import usage
from waooaw_social.storage.plant.codec import plain, refusal_to_json, reply_from_bytes, reply_to_bytes
from waooaw_social.storage.plant.tables import entries, publications
from waooaw_social.storage.seal import Sealer

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class SqlLedger:
    """Writes recorded by name, and the publication's end."""

    db: Database
    sealer: Sealer
    tell: Callable[[PlatformPostEvent], None] = lambda _: None
    """Is told of each usage event once it is committed, by the process that wrote it. Must not raise."""

    async def begin(self, lease: Lease, name: str, *, audience: Audience | None, seen: Sequence[Entry]) -> Attempt:
        def work(c: sa.Connection) -> Attempt:
            platform = _fenced(c, lease)
            _unmoved(c, lease, name, seen)
            mine = _named(lease.publication_id, name)
            c.execute(sa.update(entries).where(mine, _is(EntryState.OPEN)).values(state=EntryState.ABSENT.value))
            number = _next(c, lease.publication_id, name)
            c.execute(
                sa.insert(entries).values(
                    **_row(lease, name, number, platform), state=EntryState.OPEN.value, visible=True, audience=audience
                )
            )
            return Attempt(publication_id=lease.publication_id, name=name, number=number)

        try:
            return await self._unique(work)
        except _Held:
            pass
        oldest = sa.select(sa.func.max(now() - entries.c.begun_at))
        held = oldest.where(entries.c.audience == audience, _is(EntryState.OPEN))
        raise AudienceBusy(await self.db.read(lambda c: c.execute(held).scalar()) or 0.0)

    async def abandon(self, attempt: Attempt) -> None:
        def work(c: sa.Connection) -> None:
            closed = (
                sa.update(entries).where(_one(attempt), _is(EntryState.OPEN)).values(state=EntryState.ABANDONED.value)
            )
            if not c.execute(closed).rowcount:
                return
            mine = _named(attempt.publication_id, attempt.name)
            doubted = (_is(EntryState.ABSENT), entries.c.heard_by.is_(None))  # what a person settled stays settled
            earlier = sa.select(sa.func.max(entries.c.attempt)).where(mine, *doubted).scalar_subquery()
            c.execute(sa.update(entries).where(mine, entries.c.attempt == earlier).values(state=EntryState.OPEN.value))

        await self.db.write(work)

    async def complete(self, answer: Answer) -> Completion:
        return await self.db.write(lambda c: self._complete(c, answer))

    async def keep(
        self, lease: Lease, name: str, reply: Reply, *, seen: Sequence[Entry], stale: Sequence[str] = ()
    ) -> None:
        def work(c: sa.Connection) -> None:
            platform = _fenced(c, lease)
            if stale:
                old = (entries.c.publication == lease.publication_id) & entries.c.name.in_(stale)
                c.execute(sa.update(entries).where(old).values(state=EntryState.STALE.value))
            _unmoved(c, lease, name, seen)
            number = _next(c, lease.publication_id, name)
            attempt = Attempt(publication_id=lease.publication_id, name=name, number=number)
            values = _row(lease, name, number, platform) | {"reply": self._sealed(attempt, reply), "answered_at": now()}
            c.execute(
                sa.insert(entries).values(**values, state=EntryState.ANSWERED.value, visible=False, heard_by="reply")
            )

        await self._unique(work)

    async def looked(self, lease: Lease, name: str, attempt: int, *, told: bool) -> None:
        def work(c: sa.Connection) -> None:
            _fenced(c, lease)
            one = _one(Attempt(publication_id=lease.publication_id, name=name, number=attempt))
            first = sa.func.coalesce(entries.c.first_look_at, now())
            c.execute(sa.update(entries).where(one).values(looks=entries.c.looks + int(told), first_look_at=first))

        await self.db.write(work)

    async def taken(self, audience: Audience, since: float) -> frozenset[RemoteId]:
        owned = sa.select(entries.c.remote_id).where(
            entries.c.audience == audience, entries.c.begun_at >= since - TAKEN_MARGIN, entries.c.remote_id.is_not(None)
        )
        return await self.db.read(lambda c: frozenset(RemoteId(found) for found in c.execute(owned).scalars()))

    async def park(self, lease: Lease, parked: Parked, answer: Answer | None = None) -> bool:
        def work(c: sa.Connection) -> tuple[bool, PlatformPostEvent | None]:
            if answer:
                self._complete(c, answer)
            refusal = refusal_to_json(parked.refusal) if parked.refusal else None
            values = {
                "state": State.PARKED.value,
                "due_at": now() + parked.seconds,
                "why": plain(parked.why),
                "refusal": refusal,
            }
            mine = _leave(c, lease, values)
            return mine, usage.ended(c, lease.publication_id, parked.repeats.retry_count) if mine else None

        return self._told(await self.db.write(work))

    async def end(
        self, lease: Lease, ending: Done | Failed | Undecided | Missed, answer: Answer | None = None
    ) -> Completion | None:
        def work(c: sa.Connection) -> tuple[Completion | None, PlatformPostEvent | None]:
            completion = self._complete(c, answer) if answer else Completion.KNOWN
            if completion is Completion.OWNED:
                return completion, None
            proven = isinstance(ending, Failed) and _proven(c, lease.publication_id)
            values = (
                {"state": State.DUE.value, "due_at": now()} if proven else ending_values(ending) | {"ended_at": now()}
            )
            if not _leave(c, lease, values):
                return None, None
            if after := DOUBT_AFTER.get(type(ending)):
                open_ones = (entries.c.publication == lease.publication_id) & _is(EntryState.OPEN)
                c.execute(sa.update(entries).where(open_ones).values(state=after.value))
            return completion, usage.ended(c, lease.publication_id, ending.repeats.retry_count)

        return self._told(await self.db.write(work))

    async def detail(self, publication_id: PublicationId, published: Published) -> None:
        one = (publications.c.id == publication_id) & (publications.c.state == State.PUBLISHED.value)
        values = {"post_url": published.post_url, "notes": list(published.notes)}
        await self.db.write(lambda c: c.execute(sa.update(publications).where(one).values(**values)).rowcount)

    async def shred(self, *, older_than: float) -> int:
        """Take away the replies of publications that ended so many seconds ago. Returns how many."""
        ended = sa.select(publications.c.id).where(publications.c.ended_at < now() - older_than)
        old = (
            sa.update(entries).where(entries.c.reply.is_not(None), entries.c.publication.in_(ended)).values(reply=None)
        )
        return await self.db.write(lambda c: c.execute(old).rowcount)

    def entry_of(self, row: sa.Row[Any]) -> Entry:
        """An entry as the claim looks it up; `age` and `looked_for` were computed by the database."""
        attempt = Attempt(publication_id=PublicationId(row.publication), name=row.name, number=row.attempt)
        return Entry(
            name=row.name,
            attempt=row.attempt,
            state=EntryState(row.state),
            visible=row.visible,
            begun_at=row.begun_at,
            age=row.age,
            reply=reply_from_bytes(self.sealer.open(row.reply, **_place(attempt))) if row.reply else None,
            looks=row.looks,
            looked_for=row.looked_for,
        )

    def _told(self, outcome: tuple[T, PlatformPostEvent | None]) -> T:
        """The outcome of a write that is committed; its event goes on."""
        if outcome[1] is not None:
            self.tell(outcome[1])
        return outcome[0]

    # --- parts of a transaction -------------------------------------------------------------------------------------------

    def _complete(self, c: sa.Connection, answer: Answer) -> Completion:
        attempt = answer.attempt
        heard = {"reply": self._sealed(attempt, answer.reply), "heard_by": answer.heard_by.value, "answered_at": now()}
        if answer.published is None:
            no = sa.update(entries).where(_one(attempt), _is(EntryState.OPEN))
            c.execute(no.values(state=EntryState.REFUSED.value, **heard))
            return Completion.RECORDED
        # The publication before its entries, as `begin` locks them.
        c.execute(sa.select(publications.c.id).where(publications.c.id == attempt.publication_id).with_for_update())
        remote_id = answer.published.post_id
        mine = _named(attempt.publication_id, attempt.name) & _is(EntryState.ANSWERED)
        others = set(c.execute(sa.select(entries.c.remote_id).where(mine)).scalars())
        if remote_id in others:
            return Completion.KNOWN
        yes = sa.update(entries).where(_one(attempt), entries.c.state != EntryState.ANSWERED.value)
        try:
            with c.begin_nested():
                changed = c.execute(yes.values(state=EntryState.ANSWERED.value, remote_id=remote_id, **heard)).rowcount
        except IntegrityError:
            return Completion.OWNED
        if others or not changed:
            log.critical("published_twice", publication=attempt.publication_id, call=attempt.name, remote_id=remote_id)
            return Completion.DOUBLE
        _wake(c, answer)
        return Completion.RECORDED

    def _sealed(self, attempt: Attempt, reply: Reply) -> bytes:
        return self.sealer.seal(reply_to_bytes(reply), **_place(attempt))

    async def _unique(self, work: Callable[[sa.Connection], Any]) -> Any:
        """The database keeps one attempt in doubt per audience, and one entry per name and attempt."""
        try:
            return await self.db.write(work)
        except IntegrityError as error:
            if "audience" in str(error.orig):
                raise _Held from None
            raise Moved("the ledger has moved on since it was looked up") from None


class _Held(Exception):
    """The audience is another publication's."""


def ending_values(ending: Done | Failed | Undecided | Missed) -> dict[str, Any]:
    """What an ending leaves in the publication's row."""
    match ending:
        case Done(published=published):
            notes = list(published.notes)
            values = {"post_id": published.post_id, "post_url": published.post_url, "notes": notes, "why": None}
            # It is up, whole, whatever the last beat told of its progress.
            return {"state": State.PUBLISHED.value, "refusal": None, "bytes_sent": publications.c.bytes_total, **values}
        case Failed(refusal=refusal):
            return {"state": State.REFUSED.value, "why": plain(refusal.message), "refusal": refusal_to_json(refusal)}
        case Missed(why=why):
            return {"state": State.MISSED.value, "why": why}
        case Undecided():
            return {"state": State.UNRESOLVED.value, "why": plain(f"{ending.why}. {ending.how_to_settle}")}


def _proven(c: sa.Connection, publication_id: PublicationId) -> bool:
    """Whether somebody else, such as a webhook, said meanwhile that it is out: then a no ends nothing, and the next run hears the proof."""
    visible = (entries.c.publication == publication_id) & entries.c.visible & _is(EntryState.ANSWERED)
    return (
        c.execute(sa.select(entries.c.name).where(visible, entries.c.remote_id.is_not(None)).limit(1)).first()
        is not None
    )


def _leave(c: sa.Connection, lease: Lease, values: Mapping[str, Any]) -> bool:
    """Put the publication down, fenced by the lease. False: it was somebody else's by then."""
    mine = (publications.c.id == lease.publication_id) & (publications.c.epoch == lease.epoch)
    holding = publications.c.state == State.RUNNING.value
    return bool(c.execute(sa.update(publications).where(mine, holding).values(worker=None, **values)).rowcount)


def _wake(c: sa.Connection, answer: Answer) -> None:
    """An answer that nobody is waiting for by now: the publication goes on at once, or is opened again; or is taken from who runs it
    without knowing."""
    waits = publications.c.state.in_([State.PARKED.value, State.UNRESOLVED.value, State.REFUSED.value])
    if answer.heard_by is not HeardBy.RECONCILE:
        epoch = sa.select(entries.c.epoch).where(_one(answer.attempt)).scalar_subquery()
        waits |= (publications.c.state == State.RUNNING.value) & (publications.c.epoch != epoch)
    one = publications.c.id == answer.attempt.publication_id
    values = {"state": State.DUE.value, "due_at": now(), "worker": None, "ended_at": None}
    c.execute(sa.update(publications).where(one, waits).values(**values))


def _fenced(c: sa.Connection, lease: Lease) -> str:
    """Lock the publication's row and check that the lease still holds. Returns its platform."""
    mine = (publications.c.id == lease.publication_id) & (publications.c.epoch == lease.epoch)
    running = publications.c.state == State.RUNNING.value
    platform = c.execute(sa.select(publications.c.platform).where(mine, running).with_for_update()).scalar()
    if platform is None:
        raise Fenced
    return platform


def _unmoved(c: sa.Connection, lease: Lease, name: str, seen: Sequence[Entry]) -> None:
    fresh = _named(lease.publication_id, name) & (entries.c.state != EntryState.STALE.value)
    there = {(row.attempt, row.state) for row in c.execute(sa.select(entries.c.attempt, entries.c.state).where(fresh))}
    if there != {(entry.attempt, entry.state.value) for entry in seen}:
        raise Moved("the ledger has moved on since it was looked up")


def _next(c: sa.Connection, publication_id: PublicationId, name: str) -> int:
    highest = sa.select(sa.func.max(entries.c.attempt)).where(_named(publication_id, name))
    return (c.execute(highest).scalar() or 0) + 1


def _row(lease: Lease, name: str, number: int, platform: str) -> dict[str, Any]:
    order = sa.select(sa.func.coalesce(sa.func.max(entries.c.number), 0) + 1)
    return {
        "publication": lease.publication_id,
        "name": name,
        "attempt": number,
        "number": order.where(entries.c.publication == lease.publication_id).scalar_subquery(),
        "epoch": lease.epoch,
        "platform": platform,
        "begun_at": now(),
    }


def _named(publication_id: PublicationId, name: str) -> sa.ColumnElement[bool]:
    return (entries.c.publication == publication_id) & (entries.c.name == name)


def _one(attempt: Attempt) -> sa.ColumnElement[bool]:
    return _named(attempt.publication_id, attempt.name) & (entries.c.attempt == attempt.number)


def _is(state: EntryState) -> sa.ColumnElement[bool]:
    return entries.c.state == state.value


def _place(attempt: Attempt) -> dict[str, str]:
    return {"publication": attempt.publication_id, "name": attempt.name, "attempt": str(attempt.number)}
