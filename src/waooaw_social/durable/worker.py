"""Claims what is due, drives it, keeps its leases, and takes over from the dead.

One loop claims, one renews; each claimed publication is a task. A worker that dies leaves nothing to clean up: its leases end, and whoever
claims next goes on where the ledger says. One that cannot renew knows it, and begins nothing visible. Whatever goes wrong inside one
publication is that publication's: it is parked and told. That it says it is there (`seen`) means that its claims are answered.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from waooaw_social.core.clock import Clock
from waooaw_social.core.ids import PublicationId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import Publication
from waooaw_social.durable.hands import Grip, Hands
from waooaw_social.durable.ports import Claim, Ending, Failed, Missed, Parked, Publications, Undecided
from waooaw_social.durable.runner import Runner
from waooaw_social.metrics.traces import NO_TRACES, Fact, Facts, Span, Traces
from waooaw_social.platforms.call import Flow
from waooaw_social.wire.ports import Errand, errand_of

POLL = 0.5
"""Seconds between two looks for due publications when nothing woke the worker."""
BEAT = 0.5
"""Seconds between two looks at what is in hand: progress is written so often, leases when a third of them is over."""
SEEN_EVERY = 3.0
"""Seconds between two times that a worker says that it is there."""
RUN = "publication run"
"""The name of a run in traces."""
AFTER_A_DEFECT = 60.0
"""Seconds until a publication is tried again whose run ended in an error of ours."""

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Worker:
    """One worker of one process. `run` until `stop` is set; what is in hand then is finished or handed back."""

    name: str
    publications: Publications
    runner: Runner
    flow_of: Callable[[Publication], Flow[Published]]
    lease: float = 30.0
    concurrency: int = 16
    grace: float = 20.0
    """Seconds that a stopping worker gives what it has in hand."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever knows that something is due now."""
    traces: Traces = NO_TRACES
    hands: Hands = field(init=False)
    _in_hand: dict[PublicationId, asyncio.Task[None]] = field(default_factory=dict[PublicationId, asyncio.Task[None]])
    _grips: dict[PublicationId, Grip] = field(default_factory=dict[PublicationId, Grip])
    _claims_answered: bool = False
    """Since it was last said."""
    _progress: dict[PublicationId, tuple[int, int]] = field(default_factory=dict[PublicationId, tuple[int, int]])

    def __post_init__(self) -> None:
        self.hands = Hands(size=self.concurrency, freed=self.wake.set)

    @property
    def clock(self) -> Clock:
        return self.runner.clock

    async def run(self, stop: asyncio.Event) -> None:
        keeper = asyncio.create_task(self._keep_leases())
        try:
            while not stop.is_set():
                self.wake.clear()
                if not await self._claim():
                    await self._idle(stop)
        finally:
            await self._finish()
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper

    async def _claim(self) -> bool:
        """Take what is due, as far as hands are free. Whether there may be more."""
        free, started = self.hands.free, self.clock.monotonic()
        if free <= 0:
            return False
        held, each = dict(self.hands.held), self.hands.each
        try:
            claims = await self.publications.claim(self.name, lease=self.lease, most=free, held=held, each=each)
        except Exception as error:  # the database is away: look again
            log.warning("claim_failed", worker=self.name, error=type(error).__name__)
            return False
        self._claims_answered = True
        for claim in claims:
            self._take(claim, started + self.lease)
        return bool(claims)

    def _take(self, claim: Claim, held_until: float) -> None:
        publication_id = claim.lease.publication_id
        if claim.late_by is not None:
            log.info("taken_over", publication=publication_id, worker=self.name, late_by=round(claim.late_by, 1))
        grip = self.hands.grip(claim.publication.account.customer_id, held_until)
        task = asyncio.create_task(self._drive(claim, grip))
        self._in_hand[publication_id], self._grips[publication_id] = task, grip
        task.add_done_callback(lambda done: self._put_down(publication_id, grip, done))

    def _put_down(self, publication_id: PublicationId, grip: Grip, done: asyncio.Task[None]) -> None:
        if self._in_hand.get(publication_id) is done:
            del self._in_hand[publication_id], self._grips[publication_id]
            self._progress.pop(publication_id, None)
        grip.let_go()

    async def _drive(self, claim: Claim, grip: Grip) -> None:
        with self.traces.span(RUN) as span:
            span.tell(_facts_of, claim)
            await self._run_of(claim, grip, span)

    async def _run_of(self, claim: Claim, grip: Grip, span: Span) -> None:
        publication = claim.publication
        told = {"publication": publication.id, "agent": publication.agent_id, "correlation": publication.correlation_id}
        errand = self._errand(publication)
        try:
            await grip.start()
            ending = await self.runner.advance(claim, self.flow_of(publication), errand, grip)
        except asyncio.CancelledError:
            span.tell(lambda: {Fact.ENDING: "Stopped"})
            # Nothing of this run can leave any more, and what may have left stands in the ledger: nobody need wait for the lease.
            await self._put_back(claim, Parked(seconds=0.0, why="its worker was stopped; the next one goes on"))
            raise
        except Exception as error:
            log.exception("run_failed", **told, error=type(error).__name__)
            why = f"an error of this program or of its database ({type(error).__name__}); it is tried again"
            span.tell(_facts_of_defect, error)
            await self._put_back(claim, Parked(seconds=AFTER_A_DEFECT, why=why))
            return
        span.tell(_facts_of_ending, ending)
        log.info("run_ended", **told, ending=type(ending).__name__, **_summary(ending))

    async def _put_back(self, claim: Claim, parked: Parked) -> None:
        try:
            await self.runner.ledger.park(claim.lease, parked)
        except Exception as error:  # the lease will end by itself
            log.warning("park_failed", publication=claim.lease.publication_id, error=type(error).__name__)

    def _errand(self, publication: Publication) -> Errand:
        def progress(sent: int, total: int) -> None:
            self._progress[publication.id] = (sent, total)

        return errand_of(publication.account, progress, publication.agent_id)

    async def _keep_leases(self) -> None:
        """Renew in one statement for all that is in hand; sooner where there is progress to tell. And say that this worker is there."""
        told, renewed_at, seen_at = dict[PublicationId, tuple[int, int]](), self.clock.monotonic(), 0.0
        while True:
            beat = self.clock.monotonic()
            await asyncio.sleep(BEAT)
            started = self.clock.monotonic()
            if started - beat - BEAT > self.lease / 3:
                log.warning("worker_late", worker=self.name, seconds=round(started - beat - BEAT, 1))
            if started - seen_at >= SEEN_EVERY and await self._say_that_it_is_there():
                seen_at = started
            news = {i: p for i, p in self._progress.items() if told.get(i) != p}
            if not self._in_hand or not (news or started - renewed_at >= self.lease / 3):
                continue
            grips = dict(self._grips)
            try:
                await self.publications.renew(self.name, lease=self.lease, held={i: news.get(i) for i in grips})
            except Exception as error:  # fencing protects us; the next beat tries again
                log.warning("renew_failed", worker=self.name, error=type(error).__name__)
                continue
            renewed_at, told = started, dict(self._progress)
            for grip in grips.values():
                grip.held_until = started + self.lease

    async def _say_that_it_is_there(self) -> bool:
        """Only if claiming works, or all hands are full: a worker that does not claim is not there."""
        if not (self._claims_answered or self.hands.free <= 0):
            return False
        try:
            await self.publications.seen(self.name)
        except Exception as error:  # it is not seen then, and that is the truth
            log.warning("not_seen", worker=self.name, error=type(error).__name__)
            return False
        self._claims_answered = False
        return True

    async def _idle(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (self.wake, stop)]
        await asyncio.wait(waits, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _finish(self) -> None:
        tasks = list(self._in_hand.values())
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self.grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _summary(ending: Any) -> dict[str, Any]:
    """What a log line says of an ending: enough to follow it, nothing that a customer wrote."""
    found = {name: getattr(ending, name) for name in ("seconds", "until", "in_doubt") if hasattr(ending, name)}
    refusal = getattr(ending, "refusal", None)
    return found | ({"code": refusal.code} if refusal else {})


def _facts_of(claim: Claim) -> Facts:
    of = claim.publication
    return {
        Fact.PUBLICATION: of.id,
        Fact.PLATFORM: of.account.platform,
        Fact.FORMAT: of.format,
        Fact.AGENT: of.agent_id,
        Fact.CORRELATION: of.correlation_id,
        Fact.EPOCH: claim.lease.epoch,
    }


def _facts_of_ending(ending: Ending) -> Facts:
    """To wait is no error, whatever the platform said; to end without a post is one."""
    refusal = ending.refusal if isinstance(ending, Failed | Parked) else None
    kind, code = type(ending).__name__, refusal.code if refusal else None
    failed = isinstance(ending, Failed | Undecided | Missed)
    return {Fact.ENDING: kind, Fact.WHY: None if failed else code, Fact.ERROR: (code or kind) if failed else None}


def _facts_of_defect(error: Exception) -> Facts:
    return {Fact.ENDING: "Defect", Fact.ERROR: type(error).__name__}
