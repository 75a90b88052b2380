"""What is claimed first, when what is prepared goes out, what is too late, and what a worker does that cannot renew."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from durable import toys
from durable.stores import open_store
from durable.sweep import DELAYS, SteppingClock
from waooaw_social.core.ids import Audience, CustomerId
from waooaw_social.core.publication import Publication, State
from waooaw_social.durable.hands import Grip, Hands
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.ports import Claim, Done, Ending, EntryState, Missed, Parked
from waooaw_social.durable.runner import Runner
from waooaw_social.durable.worker import Worker
from waooaw_social.wire.ports import errand_of

pytestmark = pytest.mark.anyio

AHEAD = 400.0
"""Seconds for preparing, in these tests."""
A, B = CustomerId("CUST-A"), CustomerId("CUST-B")


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
async def store(store_kind: str, store_place: Any, clock: SteppingClock) -> AsyncIterator[Any]:
    async with open_store(store_kind, clock, store_place, prepare_ahead=AHEAD) as opened:
        yield opened


async def accepted(store: Any, name: str, customer: CustomerId = A, **more: Any) -> Publication:
    made = toys.publication(name, text=name, account=name)
    publication = replace(made, account=replace(made.account, customer_id=customer), **more)
    await store.accept(publication)
    return publication


def runner_of(store: Any, platform: toys.ToyPlatform, clock: SteppingClock) -> Runner:
    files: Any = None
    return Runner(ledger=store, gateway=platform, files=files, inbox=MemoryInbox(), clock=clock, delays=DELAYS)


async def advanced(runner: Runner, claim: Claim, flow: str, grip: Grip | None = None) -> Ending:
    errand = errand_of(claim.publication.account)
    return await runner.advance(claim, toys.FLOWS[flow](claim.publication), errand, grip)


# --- who comes first ----------------------------------------------------------------------------------------------------------


async def test_one_customers_many_posts_do_not_delay_anothers_one(store: Any) -> None:
    for number in range(60):
        await accepted(store, f"a{number:02}")
    await accepted(store, "b", B)
    claims = await store.claim("w", lease=30.0, most=2)
    assert {claim.publication.account.customer_id for claim in claims} == {A, B}


async def test_what_others_do_not_use_one_customer_may_have_up_to_its_share(store: Any) -> None:
    for number in range(8):
        await accepted(store, f"a{number}")
    await accepted(store, "b", B)
    first = await store.claim("w", lease=30.0, most=6)
    assert {claim.publication.account.customer_id for claim in first} == {A, B} and 4 <= len(first) <= 6
    more = await store.claim("w", lease=30.0, most=8, held={A: 3}, each=4)
    assert len(more) == 1, "three in hand, and four are its share"
    assert await store.claim("w", lease=30.0, most=8, held={A: 4}, each=4) == []


async def test_what_a_dead_worker_left_comes_before_what_is_new(store: Any, clock: SteppingClock) -> None:
    await accepted(store, "left")
    await store.claim("dead", lease=30.0, most=1)
    await accepted(store, "new", B)
    await clock.advance(31.0)
    (claim,) = await store.claim("w", lease=30.0, most=1)
    assert claim.publication.id == "left" and claim.late_by is not None


# --- when it goes out ---------------------------------------------------------------------------------------------------------


async def test_what_is_prepared_waits_and_goes_out_on_its_second(store: Any, clock: SteppingClock) -> None:
    at, began = clock.now() + timedelta(seconds=600), monotonic()
    await accepted(store, "p", publish_at=at)
    platform = toys.ToyPlatform(clock)
    runner = runner_of(store, platform, clock)
    assert await store.claim("w", lease=30.0, most=1) == [], "not before it may be prepared"
    await clock.advance(600.0 - AHEAD)
    prepared_at = clock.now()
    ending: Ending | None = None
    while not isinstance(ending, Done):
        if claims := await store.claim("w", lease=30.0, most=1):
            ending = await advanced(runner, claims[0], "container")
        else:
            await clock.advance(3.0)
    (live,) = platform.live
    assert "create container" in platform.sent and prepared_at < at - timedelta(seconds=60)
    worked = monotonic() - began  # the test's clock stands still while a real database works, and that one's does not
    assert abs(live["at"] - at.timestamp()) < 1.0 + worked


# --- what is too late ---------------------------------------------------------------------------------------------------------


async def test_what_is_later_than_its_policy_is_missed_and_nothing_is_sent(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store, "p", publish_at=clock.now(), late_by_most=60.0)
    await clock.advance(61.0)
    (claim,) = await store.claim("w", lease=30.0, most=1)
    platform = toys.ToyPlatform(clock)
    assert isinstance(await advanced(runner_of(store, platform, clock), claim, "feed"), Missed)
    assert (await store.where(publication))[0] is State.MISSED and platform.sent == []


async def test_what_is_late_within_its_policy_goes_out(store: Any, clock: SteppingClock) -> None:
    await accepted(store, "p", publish_at=clock.now(), late_by_most=60.0)
    await clock.advance(50.0)
    (claim,) = await store.claim("w", lease=30.0, most=1)
    platform = toys.ToyPlatform(clock)
    assert isinstance(await advanced(runner_of(store, platform, clock), claim, "feed"), Done)


async def test_from_the_first_visible_call_on_nothing_is_missed(store: Any, clock: SteppingClock) -> None:
    await accepted(store, "p", publish_at=clock.now(), late_by_most=5.0)
    (claim,) = await store.claim("w", lease=30.0, most=1)
    await store.begin(claim.lease, "post", audience=Audience("toy:p"), seen=[])
    await clock.advance(100.0)
    (claim,) = await store.claim("w", lease=30.0, most=1)
    platform = toys.ToyPlatform(clock)
    assert isinstance(await advanced(runner_of(store, platform, clock), claim, "feed"), Done)
    assert len(platform.live) == 1


async def test_who_waits_for_a_cure_is_missed_at_its_last_moment_and_not_hours_later(
    store: Any, clock: SteppingClock
) -> None:
    publication = await accepted(store, "p", publish_at=clock.now(), late_by_most=60.0)
    (claim,) = await store.claim("w", lease=30.0, most=1)
    platform = toys.ToyPlatform(clock)
    runner = replace(runner_of(store, platform, clock), gateway=Throttled())
    parked = await advanced(runner, claim, "feed")
    assert isinstance(parked, Parked)
    assert 30.0 < parked.seconds < 62.0, "a real database's clock goes on while the test's stands still"
    await clock.advance(parked.seconds)
    (claim,) = await store.claim("w", lease=30.0, most=1)
    assert [entry.state for entry in claim.entries] == [EntryState.ABANDONED]
    await advanced(runner, claim, "feed")
    assert (await store.where(publication))[0] is State.MISSED


class Throttled:
    """A platform that has had enough for today."""

    async def send(self, call: Any, errand: Any, *, not_after: float | None = None) -> Any:
        from waooaw_social.wire.ports import NotSent

        return NotSent(why="too much for today", retry_in=7200.0)


# --- the worker's own hands ---------------------------------------------------------------------------------------------------


async def test_a_worker_that_could_not_renew_begins_nothing_visible(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store, "p")
    (claim,) = await store.claim("w", lease=30.0, most=1)
    platform, hands = toys.ToyPlatform(clock), Hands(size=1)
    grip = hands.grip(A, held_until=clock.monotonic() + 30.0)
    await grip.start()
    await clock.advance(30.0)
    assert isinstance(await advanced(runner_of(store, platform, clock), claim, "feed", grip), Parked)
    assert platform.live == [] and (await store.where(publication))[0] is State.PARKED
    (again,) = await store.claim("w2", lease=30.0, most=1)
    assert again.entries == (), "it was not even begun"


async def test_who_waits_takes_no_hand_and_who_wakes_comes_before_what_is_new() -> None:
    freed: list[bool] = []
    hands = Hands(size=1, freed=lambda: freed.append(True))
    waiting = hands.grip(A, held_until=0.0)
    await waiting.start()
    assert hands.free == 0
    wake = asyncio.Event()

    async def rest() -> None:
        async with waiting.resting():
            await wake.wait()

    resting = asyncio.create_task(rest())
    await asyncio.sleep(0)
    assert hands.free == 1 and freed and hands.held == {}
    other = hands.grip(B, held_until=0.0)
    await other.start()
    wake.set()
    await asyncio.sleep(0)
    assert hands.free == 0 and not resting.done()
    other.let_go()
    assert hands.free == 0, "it is the waking one's"
    await resting
    waiting.let_go()
    assert hands.free == 1 and hands.held == {}


async def test_a_worker_says_that_it_is_there_only_while_its_claims_are_answered(
    store: Any, clock: SteppingClock
) -> None:
    class Seen:
        """The store, in front of which somebody stands and counts; its claims can be made to fail."""

        def __init__(self) -> None:
            self.times, self.fails = 0, False

        async def claim(self, worker: str, **more: Any) -> list[Claim]:
            if self.fails:
                raise ConnectionError
            return await store.claim(worker, **more)

        async def seen(self, worker: str) -> None:
            self.times += 1
            await store.seen(worker)

    door: Any = Seen()
    runner = runner_of(store, toys.ToyPlatform(clock), clock)
    worker = Worker(name="w", publications=door, runner=runner, flow_of=toys.feed)
    assert await worker._claim() is False and await worker._say_that_it_is_there()
    assert door.times == 1
    door.fails = True
    assert await worker._claim() is False and not await worker._say_that_it_is_there()
    assert door.times == 1
