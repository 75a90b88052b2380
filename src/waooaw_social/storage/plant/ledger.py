"""The ledger in SQL: `durable.memory` written down, for SQLite and PostgreSQL alike. Fills `Ledger`.

Each method is one transaction. It locks the publication's row and decides by its record; what is unique (one attempt in doubt per
audience, one owner per remote id) the database itself keeps. Replies are sealed with their place as authenticated data, so that one cannot
be put into another's. As long as its twin, and in the same order.
"""

from collections.abc import Callable, Sequence
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
from waooaw_social.storage.plant.record import Known, Record
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
            record = Record(c, lease.publication_id)
            record.fenced(lease)
            record.unmoved(name, seen)
            for doubted in record.named(name):
                if doubted.state is EntryState.OPEN:
                    record.change(doubted, state=EntryState.ABSENT.value)
            number = record.add(lease, name, EntryState.OPEN, visible=True, audience=audience)
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
            mine = Record(c, attempt.publication_id).one(attempt)  # locked: a successor may be at its end just now
            if mine is None or mine.state is not EntryState.OPEN:
                return
            c.execute(sa.update(entries).where(_one(attempt)).values(state=EntryState.ABANDONED.value))
            same = _named(attempt.publication_id, attempt.name)
            doubted = (_is(EntryState.ABSENT), entries.c.heard_by.is_(None))  # what a person settled stays settled
            earlier = sa.select(sa.func.max(entries.c.attempt)).where(same, *doubted).scalar_subquery()
            c.execute(sa.update(entries).where(same, entries.c.attempt == earlier).values(state=EntryState.OPEN.value))

        await self.db.write(work)

    async def complete(self, answer: Answer) -> Completion:
        def work(c: sa.Connection, contested: bool) -> Completion:
            return self._complete(Record(c, answer.attempt.publication_id), answer, contested)

        return await self._contested(work)

    async def keep(
        self, lease: Lease, name: str, reply: Reply, *, seen: Sequence[Entry], stale: Sequence[str] = ()
    ) -> None:
        def work(c: sa.Connection) -> None:
            record = Record(c, lease.publication_id)
            record.fenced(lease)
            for known in record.entries:
                if known.name in stale and known.state is not EntryState.STALE:
                    record.change(known, state=EntryState.STALE.value)
            record.unmoved(name, seen)
            attempt = Attempt(publication_id=lease.publication_id, name=name, number=record.next(name))
            heard = {
                "reply": self._sealed(attempt, reply),
                "answered_at": record.clock,
                "heard_by": HeardBy.REPLY.value,
            }
            record.add(lease, name, EntryState.ANSWERED, visible=False, **heard)

        await self._unique(work)

    async def looked(self, lease: Lease, name: str, attempt: int, *, told: bool) -> None:
        def work(c: sa.Connection) -> None:
            Record(c, lease.publication_id).fenced(lease)
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
        def work(c: sa.Connection, contested: bool) -> tuple[bool, PlatformPostEvent | None]:
            record = Record(c, lease.publication_id)
            if answer:
                self._complete(record, answer, contested)
            if not record.held_by(lease):
                return False, None
            refusal = refusal_to_json(parked.refusal) if parked.refusal else None
            until = record.clock + parked.seconds
            record.move(state=State.PARKED.value, worker=None, due_at=until, why=plain(parked.why), refusal=refusal)
            return True, usage.record(c, record.row, record.sent_again(), parked.repeats.retry_count)

        return self._told(await self._contested(work))

    async def end(
        self, lease: Lease, ending: Done | Failed | Undecided | Missed, answer: Answer | None = None
    ) -> Completion | None:
        def work(c: sa.Connection, contested: bool) -> tuple[Completion | None, PlatformPostEvent | None]:
            record = Record(c, lease.publication_id)
            completion = self._complete(record, answer, contested) if answer else Completion.KNOWN
            if completion is Completion.OWNED:
                return completion, None
            if not record.held_by(lease):
                return None, None
            if isinstance(ending, Failed) and record.proven():
                record.move(state=State.DUE.value, worker=None, due_at=record.clock)  # the next run hears the proof
            else:
                uploaded = {"bytes_sent": record.row["bytes_total"]} if isinstance(ending, Done) else {}
                record.move(worker=None, ended_at=record.clock, **ending_values(ending), **uploaded)
            if after := DOUBT_AFTER.get(type(ending)):
                for doubted in record.in_doubt():
                    record.change(doubted, state=after.value)
            return completion, usage.record(c, record.row, record.sent_again(), ending.repeats.retry_count)

        return self._told(await self._contested(work))

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

    def _complete(self, record: Record, answer: Answer, contested: bool) -> Completion:
        """`contested`: the database has just refused this answer's remote id, so there may be another owner."""
        attempt, mine = answer.attempt, record.one(answer.attempt)
        heard = {"reply": self._sealed(attempt, answer.reply), "heard_by": answer.heard_by.value}
        if answer.published is None:
            if mine and mine.state is EntryState.OPEN:
                record.change(mine, state=EntryState.REFUSED.value, answered_at=record.clock, **heard)
            return Completion.RECORDED
        remote_id = answer.published.post_id
        if record.has(remote_id):
            return Completion.KNOWN
        others = any(e.state is EntryState.ANSWERED for e in record.named(attempt.name))
        if mine and mine.state is not EntryState.ANSWERED:
            if contested and _owner(record, remote_id) is not None:
                return Completion.OWNED
            heard |= {"remote_id": remote_id, "answered_at": record.clock}
            record.change(mine, state=EntryState.ANSWERED.value, **heard)
            if not others:
                _wake(record, mine, answer.heard_by)
                return Completion.RECORDED
        log.critical("published_twice", publication=attempt.publication_id, call=attempt.name, remote_id=remote_id)
        return Completion.DOUBLE

    def _sealed(self, attempt: Attempt, reply: Reply) -> bytes:
        return self.sealer.seal(reply_to_bytes(reply), **_place(attempt))

    async def _contested(self, work: Callable[[sa.Connection, bool], T]) -> T:
        """The database keeps one owner per remote id: where it refuses one, the work is done again, and looks for the owner first."""
        try:
            return await self.db.write(lambda c: work(c, False))
        except IntegrityError:
            return await self.db.write(lambda c: work(c, True))

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
            return {"state": State.PUBLISHED.value, "refusal": None, **values}
        case Failed(refusal=refusal):
            return {"state": State.REFUSED.value, "why": plain(refusal.message), "refusal": refusal_to_json(refusal)}
        case Missed(why=why):
            return {"state": State.MISSED.value, "why": why}
        case Undecided():
            return {"state": State.UNRESOLVED.value, "why": plain(f"{ending.why}. {ending.how_to_settle}")}


def _owner(record: Record, remote_id: RemoteId) -> str | None:
    owned = (entries.c.platform == record.row["platform"]) & (entries.c.remote_id == remote_id)
    return record.c.execute(sa.select(entries.c.publication).where(owned)).scalar()


def _wake(record: Record, mine: Known, heard_by: HeardBy) -> None:
    """An answer that nobody is waiting for by now: the publication goes on at once, or is opened again; or is taken from who runs it
    without knowing."""
    overtaken = mine.epoch != record.row["epoch"] and heard_by is not HeardBy.RECONCILE
    state = State(record.row["state"])
    if state in {State.PARKED, State.UNRESOLVED, State.REFUSED} or (state is State.RUNNING and overtaken):
        record.move(state=State.DUE.value, due_at=record.clock, worker=None, ended_at=None)


def _named(publication_id: PublicationId, name: str) -> sa.ColumnElement[bool]:
    return (entries.c.publication == publication_id) & (entries.c.name == name)


def _one(attempt: Attempt) -> sa.ColumnElement[bool]:
    return _named(attempt.publication_id, attempt.name) & (entries.c.attempt == attempt.number)


def _is(state: EntryState) -> sa.ColumnElement[bool]:
    return entries.c.state == state.value


def _place(attempt: Attempt) -> dict[str, str]:
    return {"publication": attempt.publication_id, "name": attempt.name, "attempt": str(attempt.number)}
