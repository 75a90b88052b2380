"""Drives one flow: recall, reconcile, begin, send before the deadline, record.

This is section "the one rule" of the house in code. Writes are recorded by name and answered from the ledger when a flow is started again;
reads are asked anew; a visible write leaves once per `begin`, and is never repeated without reconciling first. The runner knows
neither HTTP (that is the gateway) nor SQL (that is the ledger), nor any platform. The file is long because the rule is one, and is read as one.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import structlog

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import MediaFile, Published
from waooaw_social.core.refusal import Reaction, Refusal, Refused
from waooaw_social.durable.hands import Grip
from waooaw_social.durable.ports import (
    SURELY_NOT_OUT,
    Answer,
    Attempt,
    AudienceBusy,
    Claim,
    Completion,
    Delays,
    Done,
    Ending,
    Entry,
    EntryState,
    Failed,
    Fenced,
    Files,
    HeardBy,
    Inbox,
    Ledger,
    Missed,
    Moved,
    Overtaken,
    Parked,
    Repeats,
    Undecided,
)
from waooaw_social.durable.record import file_of, reply_of
from waooaw_social.platforms.call import (
    Asked,
    Call,
    Fetch,
    Flow,
    Form,
    Harmless,
    Heard,
    Interrupted,
    Pause,
    Piece,
    Reply,
    Step,
    UntilDue,
    Verdict,
    Visible,
    Wasteful,
)
from waooaw_social.wire.ports import Errand, MediaMissing, NotSent, Outcome, Unknown

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Gateway(Protocol):
    """One call out, one outcome back. A visible call leaves at most once."""

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome: ...


@dataclass(frozen=True, kw_only=True)
class Runner:
    """`advance` drives one claimed publication until it is done, parked or undecided. Safe to call twice, from anywhere."""

    ledger: Ledger
    gateway: Gateway
    files: Files
    inbox: Inbox
    clock: Clock
    delays: Delays = field(default_factory=Delays)

    async def advance(self, claim: Claim, flow: Flow[Published], errand: Errand, grip: Grip | None = None) -> Ending:
        """Run `flow` from its top under `claim`. Errors of the ledger itself are raised: nothing was sent after them.

        `grip` is the worker's: it tells whether the lease still holds, and lends the hand to others while this run waits.
        """
        return await Run(self, claim, errand, grip).drive(flow)


class Parking(Exception):
    """Leaves the flow: this publication waits."""

    def __init__(self, parked: Parked) -> None:
        super().__init__(parked.why)
        self.parked = parked


class _GaveUp(Exception):
    """Leaves the flow: nobody can tell whether it went out."""

    def __init__(self, undecided: Undecided) -> None:
        super().__init__(undecided.why)
        self.undecided = undecided


class _TooLate(Exception):
    """Leaves the flow: its late policy says that it is not to go out any more, and nothing of it did."""


class Run:
    """One run of one flow under one lease."""

    def __init__(self, runner: Runner, claim: Claim, errand: Errand, grip: Grip | None = None) -> None:
        self.grip = grip
        self.runner, self.ledger, self.clock, self.delays = runner, runner.ledger, runner.clock, runner.delays
        self.claim, self.lease = claim, claim.lease
        self.errand, self.repeats, self.told = replace(errand, retried=self.repeated), Repeats(), errand.retried
        if grip:
            self.errand = replace(self.errand, meanwhile=grip.resting)
        self.entries = [entry for entry in claim.entries if entry.state is not EntryState.STALE]
        self.stale: list[str] = []  # names that are made anew with the next wasteful call
        self.in_doubt = {entry.name: entry.begun_at for entry in self.entries if entry.state is EntryState.OPEN}
        self.asked: set[str] = set()  # recorded names of this run: each at most once
        self.unwritten: Answer | None = None  # heard, not committed: rides with the end, or goes before the next call
        self.done: Done | None = None  # it is out; what follows are details
        self.part_out: tuple[str, float] | None = None  # a visible call of this run that is answered and ends nothing
        self.gone: dict[str, Refusal] = {}  # files that cannot be had again, by sha256
        self.resting: Parked | None = None  # the last look was none: we kept it from the platform ourselves
        self.started = self.clock.monotonic()

    async def drive(self, flow: Flow[Published]) -> Ending:
        try:
            self.in_time()
            published = await self.follow(flow)
        except Fenced:
            return await self.overtaken()
        except _TooLate:
            return await self.end(Missed(why=MISSED))
        except Parking as leaving:
            return await self.park(leaving.parked)
        except Moved as moved:
            seconds = audience_wait(moved.for_so_long) if isinstance(moved, AudienceBusy) else START_OVER
            return await self.park(Parked(seconds=seconds, why=str(moved), in_doubt=bool(self.in_doubt)))
        except _GaveUp as leaving:
            return await self.end(leaving.undecided)
        except Interrupted as lost:
            return self.done or await self.park(
                Parked(seconds=lost.retry_in or 30.0, why=lost.why, in_doubt=bool(self.in_doubt))
            )
        except Refused as no:
            return await self.refuse(no.refusal)
        finally:
            flow.close()
            await self.flush()
        if self.done is None:
            raise AssertionError("a flow returned a publication that no visible call of it has ended")
        if published != self.done.published:
            await self.ledger.detail(self.lease.publication_id, published)
        return replace(self.done, published=published)

    async def follow(self, flow: Flow[T], *, looking: bool = False) -> T:
        """Answer a flow's steps until it returns. Refusals and interruptions are thrown into it, at the step they are about."""
        try:
            step: Step = next(flow)
            while True:
                try:
                    value = await self.answer(step, looking=looking)
                except (Refused, Interrupted) as told:
                    step = flow.throw(told)
                else:
                    step = flow.send(value)
        except StopIteration as returned:
            return returned.value

    async def answer(self, step: Step, *, looking: bool) -> Any:
        match step:
            case Pause(seconds, why):
                return await self.pause(seconds, why)
            case UntilDue():
                return await self.until_due()
            case Heard(key):
                return await self.runner.inbox.newest(key)
            case Fetch():
                return await self.fetch(step)
            case Call(if_repeated=Harmless()):
                return await self.harmless(step, looking=looking)
            case Call() if looking:
                raise AssertionError(f"{step.name}: a reconcile only reads")
            case Call(if_repeated=Wasteful() as wasteful):
                self.once(step.name)
                return step.understand(await self.wasteful(step, wasteful))
            case Call(if_repeated=Visible() as visible):
                self.once(step.name)
                return step.understand(await self.visible(step, visible))
            case _:
                raise AssertionError(f"not a step of a flow: {step!r}")

    # --- waiting ----------------------------------------------------------------------------------------------------------

    async def pause(self, seconds: float, why: str) -> None:
        if seconds <= self.delays.short_pause:
            await self.rest(seconds)
        else:
            raise self.parking(seconds, why)

    async def rest(self, seconds: float) -> None:
        """Asleep, it takes no hand of its worker's."""
        async with self.grip.resting() if self.grip else contextlib.nullcontext():
            await self.clock.sleep(seconds)

    async def until_due(self) -> None:
        """Put back until shortly before its time; the rest is waited here, so that what follows comes on the second."""
        remaining = self.remaining()
        if remaining > 2 * self.delays.wait_for_due:
            raise self.parking(remaining - self.delays.wait_for_due, "prepared; waiting for its time")
        if remaining > 0:
            await self.rest(remaining)

    def remaining(self) -> float:
        """Seconds until its own time."""
        return self.claim.due_in - (self.clock.monotonic() - self.started)

    def in_time(self) -> None:
        """Its late policy; it ends where something may be out."""
        most = self.claim.publication.late_by_most
        if most is not None and -self.remaining() > most and self.nothing_out():
            raise _TooLate

    def nothing_out(self) -> bool:
        if self.done or self.part_out or self.in_doubt or self.unwritten:
            return False
        return not any(entry.visible and entry.state not in SURELY_NOT_OUT for entry in self.entries)

    def parking(self, seconds: float, why: str, said: NotSent | Unknown | None = None) -> Exception:
        """What to raise where a run cannot go on now. After the publication's end there is nothing to put back: a detail is left out."""
        if self.done:
            return Interrupted(why, seconds)
        until = said.until if isinstance(said, NotSent) else None
        refusal = said.refusal if said else None
        return Parking(Parked(seconds=seconds, why=why, until=until, refusal=refusal, in_doubt=bool(self.in_doubt)))

    def not_now(self, said: NotSent | Unknown) -> Exception:
        """Wait as long as was said; for a cure, until the next look whether it has come; else a little."""
        by_cause = self.delays.recheck if isinstance(said, NotSent) and said.until else self.delays.short_pause
        seconds = by_cause if said.retry_in is None else said.retry_in
        if said.refusal and said.refusal.reaction is not Reaction.REFRESH:
            seconds = max(seconds, HASTE)
        return self.parking(seconds, said.why, said)

    # --- reads ------------------------------------------------------------------------------------------------------------

    async def harmless(self, call: Call[Any], *, looking: bool) -> Any:
        outcome = await self.send(call)
        if isinstance(outcome, Reply):
            return call.understand(outcome)
        repeatable = isinstance(call.if_repeated, Harmless) and call.if_repeated.repeatable
        curable = isinstance(outcome, NotSent) and outcome.until is not None
        soon = not curable and (outcome.retry_in or 0.0) <= self.delays.short_pause
        if looking or (soon and not repeatable):
            raise Interrupted(outcome.why, outcome.retry_in)
        raise self.not_now(outcome)

    async def send(self, call: Call[Any], not_after: float | None = None) -> Outcome:
        """Through the gateway. An answer that its own reader cannot read is no answer: nobody knows what was done."""
        await self.flush()
        body = call.request.body
        piece = body.file if isinstance(body, Form) else body
        if isinstance(piece, Piece) and (refusal := self.gone.get(piece.file.sha256)):
            raise Refused(refusal)
        outcome = await self.runner.gateway.send(call, self.errand, not_after=not_after)
        if isinstance(outcome, NotSent) and outcome.held_back:
            self.resting = Parked(seconds=outcome.retry_in or HASTE, why=outcome.why)
        if isinstance(outcome, Reply) and not readable(call, outcome):
            log.warning(
                "unreadable_answer", publication=self.lease.publication_id, call=call.name, status=outcome.status
            )
            return Unknown(why="the platform's answer cannot be read", retry_in=UNREADABLE)
        return outcome

    async def fetch(self, step: Fetch) -> MediaFile:
        """The description is recorded, so that every later run speaks of the same bytes; the bytes may be brought here again."""
        self.once(step.name)
        kept = recorded(self.seen(step.name))
        known = file_of(kept) if kept else None
        if known and await self.runner.files.holds(known):
            return known
        try:
            brought = await self.runner.files.bring(step.source)
        except MediaMissing as missing:
            if known is None:
                raise self.parking(missing.retry_in, str(missing)) from None
            return known  # what is already up there can be asked about without the bytes; a call that needs them will say so
        except Refused as no:
            if known is None:
                raise
            self.gone[known.sha256] = no.refusal
            return known
        if known is None:
            await self.ledger.keep(self.lease, step.name, reply_of(brought), seen=self.seen(step.name))
            return brought
        if brought.sha256 != known.sha256:
            self.gone[known.sha256] = MEDIA_CHANGED
        return known

    # --- writes that are recorded -----------------------------------------------------------------------------------------

    async def wasteful(self, call: Call[Any], wasteful: Wasteful) -> Reply:
        self.expire(call.name, wasteful.good_for)
        seen = self.seen(call.name)
        if kept := recorded(seen):
            return kept
        outcome = await self.send(call)
        if not isinstance(outcome, Reply):
            raise self.not_now(outcome)
        if call.answered(outcome):
            await self.ledger.keep(self.lease, call.name, outcome, seen=seen, stale=self.stale)
            self.stale = []
        return outcome

    def expire(self, name: str, good_for: float) -> None:
        """Forget what the platform no longer keeps, and all that was built on it; but never under a post that may be out."""
        at = next((i for i, e in enumerate(self.entries) if e.name == name and e.state is EntryState.ANSWERED), None)
        if at is None or self.entries[at].age <= good_for:
            return
        later = self.entries[at:]
        if any(e.visible and e.state in {EntryState.OPEN, EntryState.ANSWERED} for e in later):
            return
        self.stale = list(dict.fromkeys(e.name for e in later if e.name not in self.asked or e.name == name))
        self.entries = [e for e in self.entries if e.name not in self.stale]

    async def visible(self, call: Call[Any], visible: Visible) -> Reply:
        seen = self.seen(call.name)
        if kept := recorded(seen):
            published = self.went_out(call, visible, kept)
            if published and visible.ends and self.done is None:
                await self.publish(Done(published=published))
            return kept
        if self.done is not None:
            raise AssertionError(f"{call.name}: a visible call after the one that ends the publication")
        doubt = next((entry for entry in reversed(seen) if entry.state is EntryState.OPEN), None)
        if doubt and (found := await self.reconcile(call, visible, doubt, seen)):
            return found
        return await self.send_visible(call, visible, seen)

    async def send_visible(self, call: Call[Any], visible: Visible, seen: list[Entry]) -> Reply:
        await self.flush()
        if self.in_doubt.keys() - {call.name}:
            raise Refused(DOUBT_BEFORE)
        before = self.clock.monotonic()
        self.in_time()
        if self.grip and self.grip.late(before):
            raise self.parking(0.0, "its worker could not renew its lease in time; it goes on")
        attempt = await self.ledger.begin(self.lease, call.name, audience=visible.audience, seen=seen)
        earlier_doubt = self.in_doubt.pop(call.name, None)  # reconciled to ABSENT; this attempt stands for it now
        try:
            outcome = await self.send(call, not_after=before + self.delays.send_window)
        except Refused:  # the gateway will not send it anywhere; the end closes what this opens again: it is absent
            await self.ledger.abandon(attempt)
            raise
        said = outcome
        if isinstance(said, Reply) and not call.answered(said):
            outcome = await self.weighed(call, visible, said, seen)
        match outcome:
            case Reply():
                late = self.clock.monotonic() - before > self.delays.reconcile
                heard_by = HeardBy.RECONCILE if outcome is not said else HeardBy.LATE if late else HeardBy.REPLY
                published = self.went_out(call, visible, outcome)
                answer = Answer(attempt=attempt, reply=outcome, published=published, heard_by=heard_by)
                return await self.heard(call, visible, answer)
            case NotSent():
                await self.ledger.abandon(attempt)
                if earlier_doubt is not None:
                    self.in_doubt[call.name] = earlier_doubt
                raise self.not_now(outcome)
            case Unknown():
                self.in_doubt[call.name] = self.clock.now().timestamp()
                raise self.parking(
                    self.delays.reconcile, f"{outcome.why}; it may have gone out, so it is looked for first"
                )

    async def weighed(self, call: Call[Any], visible: Visible, no: Reply, seen: list[Entry]) -> Reply | Unknown:
        """A no to a visible call, believed or not. "Taken" may be about an earlier attempt of ours; and some platforms say no to what they do."""
        doubted = any(entry.state in {EntryState.OPEN, EntryState.ABSENT} for entry in seen)
        if doubted and call.explain(no).reaction is Reaction.TAKEN:
            return Unknown(why="the platform says that it has this already, and an earlier attempt may be why")
        if not visible.noes_lie:
            return no
        sent_at = self.clock.now().timestamp() - self.delays.send_window
        taken: frozenset[RemoteId] = frozenset()
        if visible.audience:
            taken = await self.ledger.taken(visible.audience, sent_at)
        match await self.look(call, visible, Asked(first_sent_at=sent_at, age=0.0, looks=0, taken=taken)):
            case Reply() as found:
                return found
            case Verdict.ABSENT:
                return no
            case _:
                return Unknown(why="the platform said no, and cannot tell yet whether it did it all the same")

    async def heard(self, call: Call[Any], visible: Visible, answer: Answer) -> Reply:
        """Record a reply to a visible call: with the publication's end in one commit, or before the next call."""
        if not (answer.published and visible.ends):
            self.unwritten = answer
            if answer.published:
                self.part_out = (call.name, self.clock.now().timestamp())
        elif await self.publish(Done(published=answer.published, reply=answer.reply), answer) is Completion.OWNED:
            raise _GaveUp(self.undecided(call.name, self.clock.now().timestamp(), GAVE_UP["owned"]))
        return answer.reply

    @staticmethod
    def went_out(call: Call[Any], visible: Visible, reply: Reply) -> Published | None:
        return visible.published(reply) if call.answered(reply) else None

    # --- doubt ------------------------------------------------------------------------------------------------------------

    async def reconcile(self, call: Call[Any], visible: Visible, doubt: Entry, seen: list[Entry]) -> Reply | None:
        """Find out whether an attempt in doubt went out. A reply: it did. None: it certainly did not."""
        if doubt.age < self.delays.reconcile:
            raise self.parking(self.delays.reconcile - doubt.age, "waiting until it can be told whether it went out")
        await self.flush()
        found = await self.look(call, visible, await self.what_to_ask(visible, doubt, seen))
        if isinstance(found, Reply):
            return await self.adopt(call, visible, doubt, found)
        doubtful = sum(entry.state in {EntryState.OPEN, EntryState.ABSENT} for entry in seen)
        if found is Verdict.ABSENT and doubtful < self.delays.doubts:
            return None
        if found is None and self.resting:  # nobody was asked: that is no look, and wears out no patience
            raise self.parking(self.resting.seconds, self.resting.why)
        patient = (doubt.looked_for or 0.0) < visible.patience
        if found in {Verdict.LATER, None} and patient:
            told = found is Verdict.LATER
            await self.ledger.looked(self.lease, doubt.name, doubt.attempt, told=told)
            raise self.parking(visible.look_again, "it may have gone out, and the platform cannot tell yet")
        raise _GaveUp(self.undecided(call.name, doubt.begun_at, GAVE_UP[found]))

    @staticmethod
    def undecided(name: str, tried_at: float, why: str) -> Undecided:
        settle = "Look at the account: if the post is there, settle it with its id; if not, send it again or give up."
        return Undecided(name=name, why=why, tried_at=tried_at, how_to_settle=settle)

    async def what_to_ask(self, visible: Visible, doubt: Entry, seen: list[Entry]) -> Asked:
        maybe_sent = {EntryState.OPEN, EntryState.ABSENT}
        first = min(entry.begun_at for entry in seen if entry.state in maybe_sent)
        taken: frozenset[RemoteId] = frozenset()
        if visible.audience:
            taken = await self.ledger.taken(visible.audience, first)
        return Asked(first_sent_at=first, age=doubt.age, looks=doubt.looks, taken=taken)

    async def look(self, call: Call[Any], visible: Visible, asked: Asked) -> Reply | Verdict | None:
        """One look. None: the platform would not say. A refusal or an error inside a look proves nothing."""
        self.resting = None
        try:
            found = await self.follow(visible.reconcile(asked), looking=True)
        except (Refused, Interrupted, Parking):
            return None
        return None if isinstance(found, Reply) and not readable(call, found) else found

    async def adopt(self, call: Call[Any], visible: Visible, doubt: Entry, found: Reply) -> Reply:
        published = self.went_out(call, visible, found)
        if published is None:
            raise AssertionError(f"{call.name}: a reconcile found a reply that says that nothing went out")
        attempt = Attempt(publication_id=self.lease.publication_id, name=call.name, number=doubt.attempt)
        answer = Answer(attempt=attempt, reply=found, published=published, heard_by=HeardBy.RECONCILE)
        settled = (
            self.publish(Done(published=published, reply=found), answer)
            if visible.ends
            else self.ledger.complete(answer)
        )
        if await settled is Completion.OWNED:
            if (doubt.looked_for or 0.0) >= visible.patience:
                raise _GaveUp(self.undecided(call.name, doubt.begun_at, GAVE_UP["owned"]))
            await self.ledger.looked(self.lease, doubt.name, doubt.attempt, told=True)
            raise self.parking(visible.look_again, "what was found is another publication's post")
        self.in_doubt.pop(call.name, None)
        return found

    # --- ends -------------------------------------------------------------------------------------------------------------

    async def publish(self, done: Done, answer: Answer | None = None) -> Completion:
        """The publication's end, in one commit with the reply that says so."""
        done = replace(done, repeats=self.repeats)
        completion = await self.keep_trying_to_end(done, answer)
        if completion is None:
            raise Fenced
        if completion is not Completion.OWNED:
            self.done = done
            self.in_doubt.clear()
        return completion

    async def refuse(self, refusal: Refusal) -> Ending:
        """A no ends the publication. Where something is out, or may be, it proves nothing: it is asked again, and then a person."""
        if self.done is not None:
            log.warning("detail_refused", publication=self.lease.publication_id, code=refusal.code)
            return self.done
        if self.part_out is not None:
            return await self.end(self.undecided(*self.part_out, f"{refusal.message}; but a part of it is out"))
        sent = next((entry for entry in self.entries if self.perhaps_out(entry)), None)
        if sent is None:
            return await self.end(Failed(refusal=refusal))
        if (sent.looked_for or 0.0) >= Visible.patience:
            why = f"{refusal.message}; but an earlier attempt may have gone out"
            return await self.end(self.undecided(sent.name, sent.begun_at, why))
        if sent.age >= self.delays.reconcile:
            await self.ledger.looked(self.lease, sent.name, sent.attempt, told=False)
        seconds = max(Visible.look_again, self.delays.reconcile - sent.age)
        return await self.park(Parked(seconds=seconds, why=refusal.message, in_doubt=True, refusal=refusal))

    def perhaps_out(self, entry: Entry) -> bool:
        """In doubt still, or answered by somebody who could not say so any more at the publication's end."""
        doubted = entry.state is EntryState.OPEN and entry.name in self.in_doubt
        return doubted or (entry.visible and entry.state is EntryState.ANSWERED)

    async def park(self, parked: Parked) -> Ending:
        answer, self.unwritten = self.unwritten, None
        most = self.claim.publication.late_by_most
        if most is not None and not parked.in_doubt and answer is None and self.nothing_out():
            # Not beyond the moment at which it is missed: that is told then, not when somebody looks again.
            parked = replace(parked, seconds=min(parked.seconds, max(0.0, self.remaining() + most) + MISSED_AFTER))
        parked = replace(parked, repeats=self.repeats)
        return parked if await self.ledger.park(self.lease, parked, answer) else Overtaken()

    async def end(self, ending: Failed | Undecided | Missed) -> Ending:
        answer, self.unwritten = self.unwritten, None
        ending = replace(ending, repeats=self.repeats)
        return Overtaken() if await self.keep_trying_to_end(ending, answer) is None else ending

    def repeated(self, waited: float) -> None:
        self.repeats = Repeats(retry_count=self.repeats.retry_count + 1, retry_wait=self.repeats.retry_wait + waited)
        if self.told:
            self.told(waited)

    async def overtaken(self) -> Ending:
        return self.done or Overtaken()

    async def keep_trying_to_end(
        self, ending: Done | Failed | Undecided | Missed, answer: Answer | None
    ) -> Completion | None:
        """A reply once heard is not let go of: while the ledger cannot be written, try again."""
        for wait in RECORDING_WAITS:
            try:
                return await self.ledger.end(self.lease, ending, answer)
            except Exception as error:
                if answer is None:
                    raise
                what = type(error).__name__  # its text may quote a statement's parameters
                log.warning("ledger_not_written", publication=self.lease.publication_id, error=what, wait=wait)
                await self.clock.sleep(wait)
        return await self.ledger.end(self.lease, ending, answer)

    async def flush(self) -> None:
        answer, self.unwritten = self.unwritten, None
        if answer:
            await self.ledger.complete(answer)

    # --- the local view of the ledger -------------------------------------------------------------------------------------

    def seen(self, name: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.name == name]

    def once(self, name: str) -> None:
        if name in self.asked:
            raise AssertionError(f"{name}: a recorded name stands twice in one flow")
        self.asked.add(name)


START_OVER = 1.0
"""Seconds after which a run whose ledger had moved on starts over."""
AUDIENCE_WAIT = (5.0, 60.0)
"""Seconds between two tries to get an audience that another publication holds, at least and at most. Each try asks the platform again."""
HASTE = 5.0
"""Seconds that a no waits at least, also where the platform says `Retry-After: 0`: each try is a run from the top, and its reads cost."""
UNREADABLE = 30.0
"""Seconds after which a platform is asked again whose answer could not be read."""
RECORDING_WAITS = (0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 10.0, 10.0)
"""Together some 34 s: longer than a database's restart, shorter than the reconcile delay."""

MISSED = "its time had passed by more than its late policy allows, and nothing of it was sent"
MISSED_AFTER = 0.1
"""Seconds past the last moment that is still in time: on it, it would not be missed yet."""

GAVE_UP: Mapping[Verdict | str | None, str] = {
    Verdict.UNSURE: "more than one post looks like it, or the platform has no way to ask",
    Verdict.LATER: "the platform could not tell until our patience ended",
    Verdict.ABSENT: "it was sent too often without any reply",
    None: "the platform could not be asked until our patience ended",
    "owned": "the platform answered with an id that is recorded as another publication's",
}

DOUBT_BEFORE = Refusal(
    code="doubt_before",
    message="Another call of this publication may have put it before its audience already.",
    remediation="Look at the account: if the post is there, settle it with its id.",
)
"""A flow goes another way than the run before it, past what is in doubt: nothing more is sent before that is known."""

MEDIA_CHANGED = Refusal(
    code="media_changed",
    message="The file behind the URL is not the one that was fetched before.",
    remediation="Submit it as a new publication.",
)


def audience_wait(for_so_long: float) -> float:
    """What is on its way is there soon; what has been in doubt for long will be for as long again."""
    shortest, longest = AUDIENCE_WAIT
    return min(max(shortest, for_so_long), longest)


def recorded(entries: list[Entry]) -> Reply | None:
    """The reply that settles a name: an acceptance before a refusal."""
    for state in (EntryState.ANSWERED, EntryState.REFUSED):
        for entry in entries:
            if entry.state is state and entry.reply:
                return entry.reply
    return None


def readable(call: Call[Any], reply: Reply) -> bool:
    """Whether the call's own readers can make something of the reply; a no that they understand is something."""
    try:
        call.understand(reply)
        if isinstance(call.if_repeated, Visible) and call.answered(reply):
            call.if_repeated.published(reply)
    except Refused:
        return True
    except Exception:
        return False
    return True
