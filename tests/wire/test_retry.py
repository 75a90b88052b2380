"""What is repeated, how often and after how long; on a clock that only writes down."""

from datetime import UTC, datetime

import pytest

from waooaw_social.core.refusal import Cure
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.headers import retry_after
from waooaw_social.wire.ports import NotSent, Outcome, Unknown
from waooaw_social.wire.retry import RetryPolicy, repeated

pytestmark = pytest.mark.anyio

THROTTLED = NotSent(why="429", retry_in=None)
PERHAPS = Unknown(why="reset")


class WritingClock:
    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Script:
    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)

    async def __call__(self) -> Outcome:
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


async def test_a_reply_is_the_end_whatever_its_status() -> None:
    clock = WritingClock()
    for reply in (Reply(200), Reply(400)):
        got = await repeated(Script(reply), clock=clock)
        assert (got.outcome, got.retry_count) == (reply, 0)
    assert clock.slept == []


@pytest.mark.parametrize("outcome", [THROTTLED, PERHAPS])
async def test_five_repeats_after_1_2_4_8_and_16_seconds_and_then_the_last_outcome(outcome: Outcome) -> None:
    clock = WritingClock()
    got = await repeated(Script(outcome), clock=clock)
    assert (got.outcome, got.retry_count, clock.slept) == (outcome, 5, [1, 2, 4, 8, 16])


async def test_it_ends_with_the_first_reply() -> None:
    clock = WritingClock()
    got = await repeated(Script(PERHAPS, THROTTLED, Reply(200)), clock=clock)
    assert (got.outcome, got.retry_count, clock.slept) == (Reply(200), 2, [1, 2])


@pytest.mark.parametrize("said", [0.0, 3.0, 20.0])
async def test_the_platforms_own_wait_is_taken_instead(said: float) -> None:
    clock = WritingClock()
    slow = NotSent(why="429", retry_in=said)
    got = await repeated(Script(slow, PERHAPS, Unknown(why="503", retry_in=7.0), Reply(200)), clock=clock)
    assert (got.retry_count, clock.slept) == (3, [said, 2, 7.0])


@pytest.mark.parametrize("slow", [NotSent(why="429", retry_in=20.5), Unknown(why="503", retry_in=3600.0)])
async def test_a_long_wait_is_parked_and_not_slept(slow: Outcome) -> None:
    clock = WritingClock()
    got = await repeated(Script(PERHAPS, slow), clock=clock)
    assert (got.outcome, got.retry_count, clock.slept) == (slow, 1, [1])


async def test_what_only_a_cure_can_help_is_not_repeated() -> None:
    clock = WritingClock()
    dead = NotSent(why="dead grant", retry_in=None, until=Cure.RECONNECT)
    got = await repeated(Script(dead), clock=clock)
    assert (got.outcome, got.retry_count, clock.slept) == (dead, 0, [])


async def test_a_policy_may_have_other_waits_and_jitter_which_never_shortens() -> None:
    clock = WritingClock()
    await repeated(Script(PERHAPS), clock=clock, policy=RetryPolicy(waits=(10.0,) * 50, jitter=0.5, deadline=1000.0))
    assert len(clock.slept) == 50
    assert all(10.0 <= s <= 15.0 for s in clock.slept)
    assert len(set(clock.slept)) > 1
    clock = WritingClock()
    got = await repeated(Script(PERHAPS), clock=clock, policy=RetryPolicy(waits=()))
    assert (got.retry_count, clock.slept) == (0, [])


async def test_an_error_of_ours_is_not_repeated() -> None:
    calls = 0

    async def broken() -> Outcome:
        nonlocal calls
        calls += 1
        raise KeyError("a defect")

    with pytest.raises(KeyError):
        await repeated(broken, clock=WritingClock())
    assert calls == 1


NOW = "Sun, 01 Nov 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Sun, 01 Nov 2026 00:01:30 GMT", "date": NOW}, 90.0),
        ({"retry-after": "Sunday, 01-Nov-26 00:01:30 GMT", "date": NOW}, 90.0),
        ({"retry-after": "Sat, 31 Oct 2026 23:00:00 GMT", "date": NOW}, 0.0),
        ({"retry-after": "Sun, 01 Nov 2026 00:01:30 GMT"}, None),
        ({"retry-after": "Sun, 01 Nov 2026 00:01:30 GMT", "date": "now"}, None),
        ({"retry-after": "Sun, 01 Nov 2026 00:01:30 -0000", "date": NOW}, 90.0),
        ({"retry-after": "Sun, 41 Nov 2026 00:01:30 GMT", "date": NOW}, None),
        ({"retry-after": "soon", "date": NOW}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after": "٣"}, None),
    ],
)
async def test_retry_after_is_read_in_both_forms_or_not_at_all(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
