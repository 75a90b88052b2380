"""Repeats what may be repeated: token calls, HARMLESS and WASTEFUL calls. A VISIBLE call must never come here.

The first send and up to five more, after 1, 2, 4, 8 and 16 seconds, or after as long as the platform says instead. A wait that is longer
than anybody should sleep through is not slept: the outcome goes back as it is, and the runner parks. So it does where the call's time is
over, and where repeats have become too large a share of the traffic: a platform in trouble is not asked six times as often.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

from tenacity import AsyncRetrying, RetryCallState, retry_if_result

from waooaw_social.core.clock import Clock
from waooaw_social.platforms.call import Reply
from waooaw_social.wire.ports import NotSent, Outcome, Unknown


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often, and after how long. All times in seconds."""

    waits: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)
    """Before each repeat; their number is the number of repeats."""
    longest_wait: float = 20.0
    """Longer than this is parked, not slept."""
    jitter: float = 0.0
    """Up to this share of a wait of ours is added at random. The platform's own wait is taken as it is."""
    deadline: float = 120.0
    """From the first send on; a repeat that would begin later is not made. The runner parks, and comes again."""
    share: float = 0.2
    """Repeats per first send, in the long run; see `RetryBudget`."""


DEFAULT = RetryPolicy()
UNHURRIED = 10.0
"""Repeats that a budget holds at most, and begins with: two whole rows of five, so that who calls seldom may repeat."""


@dataclass(kw_only=True)
class RetryBudget:
    """What repeats are paid from. Every first send pays in `share`; every repeat takes out 1, and there is none where less is left."""

    share: float = DEFAULT.share
    left: float = UNHURRIED

    def pay_in(self) -> None:
        self.left = min(UNHURRIED, self.left + self.share)

    def take_out(self) -> bool:
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """What it came to in the end."""

    outcome: Outcome
    retry_count: int
    """How many sends there were after the first."""
    waited: float = 0.0
    """Seconds between them, in all."""


async def repeated(
    send: Callable[[], Awaitable[Outcome]],
    *,
    clock: Clock,
    policy: RetryPolicy = DEFAULT,
    budget: RetryBudget | None = None,
    told: Callable[[float], None] | None = None,
) -> Repeated:
    """Send until there is a reply, a no that only a cure can help, or no repeat left. Errors that `send` raises go straight through.

    `outcome` is the last one, untouched: its `retry_in` still says how long to park. `told` hears of every repeat that left, with the wait
    before it. What we held back ourselves was no send: to wait for our own quota is no repeat, and takes nothing from the budget.
    """
    waits: list[float] = []
    slept: list[float] = []  # before a repeat that may be held back yet
    since = clock.monotonic()
    if budget:
        budget.pay_in()

    async def once() -> Outcome:
        left = True  # also where it is cancelled: it may have
        try:
            outcome = await send()
            left = not (isinstance(outcome, NotSent) and outcome.held_back)
            return outcome
        finally:
            if slept and left:
                waits.append(slept[-1])
                if told:
                    told(slept[-1])
            slept.clear()

    def wait(state: RetryCallState) -> float:
        return _wait(_outcome(state), state.attempt_number, policy)

    def enough(state: RetryCallState) -> bool:
        if state.attempt_number > len(policy.waits) or state.upcoming_sleep > policy.longest_wait:
            return True
        if clock.monotonic() - since + state.upcoming_sleep > policy.deadline:
            return True
        outcome = _outcome(state)
        if isinstance(outcome, NotSent) and outcome.held_back:
            return False
        if budget and not budget.take_out():
            return True
        slept.append(state.upcoming_sleep)
        return False

    retrying = AsyncRetrying(
        retry=retry_if_result(_may_help), wait=wait, stop=enough, sleep=clock.sleep, retry_error_callback=_outcome
    )
    outcome: Outcome = await retrying(once)
    return Repeated(outcome=outcome, retry_count=len(waits), waited=sum(waits))


def _may_help(outcome: Outcome) -> bool:
    match outcome:
        case Reply():
            return False
        case NotSent():
            return outcome.until is None
        case Unknown():
            return True
        case _:
            assert_never(outcome)


def _wait(outcome: Outcome, attempt: int, policy: RetryPolicy) -> float:
    said = None if isinstance(outcome, Reply) else outcome.retry_in
    if said is not None:
        return max(0.0, said)
    if attempt > len(policy.waits):
        return 0.0
    return policy.waits[attempt - 1] * (1 + random.random() * policy.jitter)  # noqa: S311 (not for a secret)


def _outcome(state: RetryCallState) -> Outcome:
    assert state.outcome is not None
    return state.outcome.result()
