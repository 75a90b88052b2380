"""The ledger, the publications, the inbox in memory: an honest twin of `storage/plant`.

It keeps every rule of the ports (epochs, one attempt in doubt per audience, one owner per remote id, first answer wins), so that what is
proven on it is proven about the rules. The library face lives on it; its publications die with the process, and nothing here survives one.
As long as the ports are wide: whoever compares it with its twin wants both in one piece.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import Audience, CustomerId, Platform, PublicationId, RemoteId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import WAITING, Publication, State
from waooaw_social.durable.ports import (
    DOUBT_AFTER,
    NOTHING_HELD,
    TAKEN_MARGIN,
    Answer,
    Attempt,
    AudienceBusy,
    Claim,
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
from waooaw_social.platforms.told import Told


@dataclass
class _Row:
    """One entry, as the ledger keeps it."""

    name: str
    number: int
    state: EntryState
    visible: bool
    begun_at: float
    audience: Audience | None = None
    epoch: int = 0
    reply: Reply | None = None
    remote_id: RemoteId | None = None
    heard_by: HeardBy | None = None
    looks: int = 0
    first_look_at: float | None = None


@dataclass
class Kept:
    """One publication, as the memory keeps it. For library callers and tests to read."""

    publication: Publication
    state: State
    due_at: float
    epoch: int = 0
    worker: str | None = None
    ending: Done | Failed | Parked | Undecided | Missed | None = None
    rows: list[_Row] = field(default_factory=list[_Row])


class MemoryLedger:
    """Fills `Ledger` and `Publications`. Each method is atomic because none of them awaits anything."""

    def __init__(self, clock: Clock, prepare_ahead: float = 0.0) -> None:
        self.clock = clock
        self.prepare_ahead = prepare_ahead
        self.kept: dict[PublicationId, Kept] = {}
        self.doubles: list[Answer] = []
        self.workers: dict[str, float] = {}

    def submit(self, publication: Publication) -> None:
        """Accept a publication: due at its time, or now; so much before its time as preparing it may take."""
        at = publication.publish_at.timestamp() - self.prepare_ahead if publication.publish_at else self.now()
        state = State.SCHEDULED if publication.publish_at else State.DUE
        self.kept[publication.id] = Kept(publication=publication, state=state, due_at=at)

    def now(self) -> float:
        return self.clock.now().timestamp()

    # --- Publications -----------------------------------------------------------------------------------------------------

    async def claim(
        self,
        worker: str,
        *,
        lease: float,
        most: int,
        held: Mapping[CustomerId, int] = NOTHING_HELD,
        each: int | None = None,
    ) -> list[Claim]:
        now, room = self.now(), most if each is None else each
        due = sorted((k for k in self.kept.values() if self.claimable(k, now)), key=lambda k: k.due_at)
        turns, ranked = Counter[CustomerId](), list[tuple[int, Kept]]()
        for kept in due:
            customer = kept.publication.account.customer_id
            if kept.worker or turns[customer] + held.get(customer, 0) < room:
                ranked.append((-1 if kept.worker else turns[customer], kept))
                turns[customer] += not kept.worker
        ranked.sort(key=lambda one: one[0])  # the dead one's first, then everybody's first, then everybody's second
        return [self.take(kept, worker, now, lease) for _, kept in ranked[:most]]

    async def seen(self, worker: str) -> None:
        self.workers[worker] = self.now()

    def claim_one(self, publication_id: PublicationId, worker: str, *, lease: float) -> Claim:
        """This publication, whether it is due or not: for a caller who waits for just this one."""
        return self.take(self.kept[publication_id], worker, self.now(), lease)

    def give_up(self, publication_id: PublicationId) -> None:
        """Nobody goes on with this one: what is in doubt stays unresolved, and its audience is free."""
        kept = self.kept[publication_id]
        kept.state, kept.worker = State.UNRESOLVED, None
        for row in kept.rows:
            row.state = EntryState.UNRESOLVED if row.state is EntryState.OPEN else row.state

    def claimable(self, kept: Kept, now: float) -> bool:
        return kept.state in WAITING and kept.due_at <= now

    def take(self, kept: Kept, worker: str, now: float, lease: float) -> Claim:
        late_by = now - kept.due_at if kept.worker else None
        kept.epoch, kept.worker, kept.due_at, kept.state = kept.epoch + 1, worker, now + lease, State.RUNNING
        publication = kept.publication
        due_in = publication.publish_at.timestamp() - now if publication.publish_at else 0.0
        return Claim(
            lease=Lease(publication_id=publication.id, epoch=kept.epoch),
            publication=publication,
            due_in=due_in,
            entries=tuple(entry_of(row, now) for row in kept.rows if row.state is not EntryState.STALE),
            late_by=late_by,
        )

    async def renew(self, worker: str, *, lease: float, held: Mapping[PublicationId, tuple[int, int] | None]) -> None:
        for publication_id in held:
            kept = self.kept[publication_id]
            if kept.worker == worker and kept.state in WAITING:
                kept.due_at = self.now() + lease

    # --- Ledger -----------------------------------------------------------------------------------------------------------

    async def begin(self, lease: Lease, name: str, *, audience: Audience | None, seen: Sequence[Entry]) -> Attempt:
        kept = self.fenced(lease)
        mine = self.unmoved(kept, name, seen)
        for row in self.open_rows(but=(lease.publication_id, name)):
            if audience and row.audience == audience:
                raise AudienceBusy(self.now() - row.begun_at)
        for row in mine:
            if row.state is EntryState.OPEN:
                row.state = EntryState.ABSENT
        row = _Row(name, next_number(kept, name), EntryState.OPEN, True, self.now(), audience, lease.epoch)
        kept.rows.append(row)
        return Attempt(publication_id=lease.publication_id, name=name, number=row.number)

    async def abandon(self, attempt: Attempt) -> None:
        kept, row = self.row(attempt)
        if row.state is not EntryState.OPEN:
            return
        row.state = EntryState.ABANDONED
        earlier = [r for r in kept.rows if r.name == row.name and r.state is EntryState.ABSENT]
        if earlier:
            earlier[-1].state = EntryState.OPEN

    async def complete(self, answer: Answer) -> Completion:
        kept, row = self.row(answer.attempt)
        if answer.published is None:
            if row.state is EntryState.OPEN:
                row.state, row.reply, row.heard_by = EntryState.REFUSED, answer.reply, answer.heard_by
            return Completion.RECORDED
        remote_id = answer.published.post_id
        answered = [r for r in kept.rows if r.state is EntryState.ANSWERED]
        others = any(r.name == row.name for r in answered)
        if any(r.remote_id == remote_id for r in answered):
            return Completion.KNOWN
        if row.state is EntryState.ANSWERED:
            return self.double(answer)
        if self.owner(kept.publication.account.platform, remote_id) not in {None, kept.publication.id}:
            return Completion.OWNED
        row.state, row.reply, row.remote_id, row.heard_by = (
            EntryState.ANSWERED,
            answer.reply,
            remote_id,
            answer.heard_by,
        )
        if others:
            return self.double(answer)
        self.wake(kept, row, answer)
        return Completion.RECORDED

    def double(self, answer: Answer) -> Completion:
        self.doubles.append(answer)
        return Completion.DOUBLE

    def wake(self, kept: Kept, row: _Row, answer: Answer) -> None:
        """An answer that nobody is waiting for by now: the publication goes on at once, or is opened again; or is taken from who runs it
        without knowing."""
        overtaken = row.epoch != kept.epoch and answer.heard_by is not HeardBy.RECONCILE
        if kept.state in {State.UNRESOLVED, State.REFUSED, State.PARKED} or (kept.state is State.RUNNING and overtaken):
            kept.state, kept.due_at, kept.worker = State.DUE, self.now(), None

    async def keep(
        self, lease: Lease, name: str, reply: Reply, *, seen: Sequence[Entry], stale: Sequence[str] = ()
    ) -> None:
        kept = self.fenced(lease)
        for row in kept.rows:
            if row.name in stale:
                row.state = EntryState.STALE
        self.unmoved(kept, name, seen)
        row = _Row(name, next_number(kept, name), EntryState.ANSWERED, False, self.now(), reply=reply)
        kept.rows.append(row)

    async def looked(self, lease: Lease, name: str, attempt: int, *, told: bool) -> None:
        self.fenced(lease)
        _, row = self.row(Attempt(publication_id=lease.publication_id, name=name, number=attempt))
        row.looks += told
        if row.first_look_at is None:
            row.first_look_at = self.now()

    async def taken(self, audience: Audience, since: float) -> frozenset[RemoteId]:
        rows = (row for kept in self.kept.values() for row in kept.rows)
        return frozenset(
            row.remote_id
            for row in rows
            if row.audience == audience and row.begun_at >= since - TAKEN_MARGIN and row.remote_id
        )

    async def park(self, lease: Lease, parked: Parked, answer: Answer | None = None) -> bool:
        if answer:
            await self.complete(answer)
        kept = self.kept[lease.publication_id]
        if kept.epoch != lease.epoch or kept.state is not State.RUNNING:
            return False
        kept.state, kept.worker, kept.due_at, kept.ending = State.PARKED, None, self.now() + parked.seconds, parked
        return True

    async def end(
        self, lease: Lease, ending: Done | Failed | Undecided | Missed, answer: Answer | None = None
    ) -> Completion | None:
        completion = await self.complete(answer) if answer else Completion.KNOWN
        if completion is Completion.OWNED:
            return completion
        kept = self.kept[lease.publication_id]
        if kept.epoch != lease.epoch or kept.state is not State.RUNNING:
            return None
        kept.state, kept.worker, kept.ending = STATE_AFTER[type(ending)], None, ending
        if isinstance(ending, Failed) and self.proven(kept):
            kept.state, kept.due_at = State.DUE, self.now()
        if after := DOUBT_AFTER.get(type(ending)):
            for row in kept.rows:
                row.state = after if row.state is EntryState.OPEN else row.state
        return completion

    def proven(self, kept: Kept) -> bool:
        """Whether somebody else, such as a webhook, said meanwhile that it is out: then a no ends nothing."""
        return any(row.visible and row.state is EntryState.ANSWERED and row.remote_id for row in kept.rows)

    async def detail(self, publication_id: PublicationId, published: Published) -> None:
        kept = self.kept[publication_id]
        if isinstance(kept.ending, Done):
            kept.ending = replace(kept.ending, published=published)

    # --- helpers ----------------------------------------------------------------------------------------------------------

    def fenced(self, lease: Lease) -> Kept:
        kept = self.kept[lease.publication_id]
        if kept.epoch != lease.epoch or kept.state is not State.RUNNING:
            raise Fenced
        return kept

    def unmoved(self, kept: Kept, name: str, seen: Sequence[Entry]) -> list[_Row]:
        """The rows under `name`, if they are just what was looked up."""
        mine = [row for row in kept.rows if row.name == name and row.state is not EntryState.STALE]
        if {row.number: row.state for row in mine} != {entry.attempt: entry.state for entry in seen}:
            raise Moved("the ledger has moved on since it was looked up")
        return mine

    def row(self, attempt: Attempt) -> tuple[Kept, _Row]:
        kept = self.kept[attempt.publication_id]
        return kept, next(row for row in kept.rows if (row.name, row.number) == (attempt.name, attempt.number))

    def open_rows(self, *, but: tuple[PublicationId, str]) -> Iterator[_Row]:
        for publication_id, kept in self.kept.items():
            for row in kept.rows:
                if row.state is EntryState.OPEN and (publication_id, row.name) != but:
                    yield row

    def owner(self, platform: Platform, remote_id: RemoteId) -> PublicationId | None:
        for publication_id, kept in self.kept.items():
            if kept.publication.account.platform == platform and any(row.remote_id == remote_id for row in kept.rows):
                return publication_id
        return None


STATE_AFTER: Mapping[type, State] = {
    Done: State.PUBLISHED,
    Failed: State.REFUSED,
    Undecided: State.UNRESOLVED,
    Missed: State.MISSED,
}


class MemoryInbox:
    """The newest thing heard under each key; of very many, the latest ones."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock
        self.told: dict[str, Mapping[str, Any]] = {}
        self.at: dict[str, float] = {}

    async def newest(self, key: str) -> Mapping[str, Any] | None:
        told = self.told.get(key)
        if told is None or self.clock is None or key not in self.at:
            return told
        return {**told, "age": self.clock.now().timestamp() - self.at[key]}

    async def tell(self, told: Iterable[Told]) -> None:
        """Keep what is newer than what lies there."""
        for one in told:
            if one.key not in self.at or self.at[one.key] < one.at:
                self.told.pop(one.key, None)
                self.told[one.key], self.at[one.key] = one.what, one.at
        while len(self.told) > MOST_TOLD:
            oldest = next(iter(self.told))
            del self.told[oldest]
            self.at.pop(oldest, None)


MOST_TOLD = 100_000


def next_number(kept: Kept, name: str) -> int:
    return max((row.number for row in kept.rows if row.name == name), default=0) + 1


def entry_of(row: _Row, now: float) -> Entry:
    return Entry(
        name=row.name,
        attempt=row.number,
        state=row.state,
        visible=row.visible,
        begun_at=row.begun_at,
        age=now - row.begun_at,
        reply=row.reply,
        looks=row.looks,
        looked_for=None if row.first_look_at is None else now - row.first_look_at,
    )
