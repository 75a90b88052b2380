"""Repeats what may be repeated: token calls, HARMLESS and WASTEFUL calls. A VISIBLE call must never come here.

The first send and up to five more, after 1, 2, 4, 8 and 16 seconds, or after as long as the platform says instead. A wait that is longer
than anybody should sleep through is not slept: the outcome goes back as it is, and the runner parks.
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


DEFAULT = RetryPolicy()


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """What it came to in the end."""

    outcome: Outcome
    retry_count: int
    """How many sends there were after the first."""


async def repeated(send: Callable[[], Awaitable[Outcome]], *, clock: Clock, policy: RetryPolicy = DEFAULT) -> Repeated:
    """Send until there is a reply, a no that only a cure can help, or no repeat left. Errors that `send` raises go straight through.

    `outcome` is the last one, untouched: its `retry_in` still says how long to park.
    """
    sends = 0

    async def once() -> Outcome:
        nonlocal sends
        sends += 1
        return await send()

    def wait(state: RetryCallState) -> float:
        return _wait(_outcome(state), state.attempt_number, policy)

    def enough(state: RetryCallState) -> bool:
        return state.attempt_number > len(policy.waits) or state.upcoming_sleep > policy.longest_wait

    retrying = AsyncRetrying(
        retry=retry_if_result(_may_help), wait=wait, stop=enough, sleep=clock.sleep, retry_error_callback=_outcome
    )
    outcome: Outcome = await retrying(once)
    return Repeated(outcome=outcome, retry_count=sends - 1)


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
