"""However a run ends, its one span says so, and whether that was a failure; and a call's span what became of the call."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from durable import toys
from durable.stores import MemoryStore
from durable.sweep import DELAYS, SteppingClock
from plant.collector import Told, open_collector
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.runner import Runner
from waooaw_social.durable.worker import Worker
from waooaw_social.metrics.otlp import OtlpTraces
from waooaw_social.metrics.traces import Fact
from waooaw_social.platforms.call import Reply
from waooaw_social.wire.ports import NotSent, Outcome, Unknown
from waooaw_social.wire.telling import of_outcome

pytestmark = pytest.mark.anyio

ANSWER = (Fact.ANSWER, Fact.STATUS, Fact.ERROR, Fact.RETRY_COUNT)
NO = Refusal(code="too_much", message="planted-in-a-no", status=429)


@dataclass
class Answering:
    """A platform that always says the same, or raises it, or says nothing at all."""

    with_this: Any

    async def send(self, call: Any, errand: Any, *, not_after: float | None = None) -> Outcome:
        if self.with_this is None:
            await asyncio.Event().wait()
        if isinstance(self.with_this, Exception):
            raise self.with_this
        return self.with_this


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SteppingClock:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # OpenTelemetry's exporter goes by the environment's proxies
    return SteppingClock()


async def told_of_a_run(clock: SteppingClock, gateway: Any, *, cancel: bool = False) -> Told:
    """The span of a publication's first run."""
    store, files = MemoryStore(clock=clock), None
    await store.accept(toys.publication("p"))
    runner = Runner(ledger=store, gateway=gateway, files=files, inbox=MemoryInbox(), clock=clock, delays=DELAYS)  # type: ignore[arg-type]
    with open_collector() as collector:
        traces = OtlpTraces(collector.endpoint)
        worker = Worker(name="w", publications=store, runner=runner, flow_of=toys.feed, traces=traces)
        assert await worker._claim()
        (run,) = worker._in_hand.values()
        if cancel:
            await asyncio.sleep(0)
            run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        traces.close()
        (told,) = collector.spans()
        assert b"planted" not in collector.everything()
        return told


@pytest.mark.parametrize(
    ("answer", "ending", "why", "error"),
    [
        (Refused(NO), "Failed", None, "too_much"),
        (NotSent(why="planted", retry_in=7200.0, refusal=NO), "Parked", "too_much", None),
        (Unknown(why="planted"), "Parked", None, None),
        (KeyError("planted"), "Defect", None, "KeyError"),
    ],
)
async def test_a_run_tells_its_ending(clock: SteppingClock, answer: Any, ending: str, why: Any, error: Any) -> None:
    told = await told_of_a_run(clock, Answering(answer))
    facts = told.facts
    assert (facts["waooaw.publication.id"], facts["waooaw.epoch"], facts["waooaw.ending"]) == ("p", 1, ending)
    assert (facts.get("waooaw.refusal.code"), facts.get("error.type")) == (why, error)
    assert told.failed == (error is not None)


async def test_a_run_that_goes_out_is_done_and_one_whose_worker_is_stopped_says_that(clock: SteppingClock) -> None:
    done = await told_of_a_run(clock, toys.ToyPlatform(clock))
    assert done.facts["waooaw.ending"] == "Done" and not done.failed
    stopped = await told_of_a_run(clock, Answering(None), cancel=True)
    assert stopped.facts["waooaw.ending"] == "Stopped" and stopped.facts["error.type"] == "CancelledError"


@pytest.mark.parametrize(
    ("outcome", "answer", "status", "error"),
    [
        (Reply(200), "2xx", 200, None),
        (Reply(403), "4xx", 403, "refused"),
        (NotSent(why="planted", refusal=NO), "NotSent", 429, "too_much"),
        (NotSent(why="planted"), "NotSent", None, "NotSent"),
        (NotSent(why="planted", held_back=True), "NotSent", None, None),
        (Unknown(why="planted"), "Unknown", None, "Unknown"),
    ],
)
def test_a_call_tells_what_became_of_it(outcome: Outcome, answer: str, status: Any, error: Any) -> None:
    call = toys.recent(toys.publication("p"))
    facts = of_outcome(call, outcome, 2)
    expected = (answer, status, call.explain(outcome).code if isinstance(outcome, Reply) and error else error, 2)
    assert tuple(facts[fact] for fact in ANSWER) == expected
