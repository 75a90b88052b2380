"""Drives a flow that only reads: a look at a connection, a status. Nothing is recorded, because nothing is written."""

from typing import Any, TypeVar

from waooaw_social.core.clock import Clock
from waooaw_social.core.refusal import Refused
from waooaw_social.durable.runner import Gateway
from waooaw_social.platforms.call import Call, Flow, Harmless, Pause, Reply, Step
from waooaw_social.wire.ports import Errand, NotSent, Unknown

T = TypeVar("T")


class Unanswered(Exception):
    """The platform, or CP, could not be asked."""

    def __init__(self, outcome: NotSent | Unknown) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


async def read(flow: Flow[T], gateway: Gateway, errand: Errand, clock: Clock) -> T:
    """What the flow returns. Raises `Refused` where the platform says no, `Unanswered` where it says nothing."""
    try:
        step: Step = next(flow)
        while True:
            try:
                value = await _answer(step, gateway, errand, clock)
            except Refused as no:
                step = flow.throw(no)
            else:
                step = flow.send(value)
    except StopIteration as returned:
        return returned.value
    finally:
        flow.close()


async def _answer(step: Step, gateway: Gateway, errand: Errand, clock: Clock) -> Any:
    match step:
        case Pause(seconds):
            return await clock.sleep(seconds)
        case Call(if_repeated=Harmless()):
            outcome = await gateway.send(step, errand)
            if isinstance(outcome, Reply):
                return step.understand(outcome)
            raise Unanswered(outcome)
        case _:
            raise AssertionError(f"a flow that only reads yielded {step!r}")
