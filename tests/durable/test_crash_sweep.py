"""One post, whatever goes wrong, wherever: the toys on the ledger in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from durable import toys
from durable.sweep import Case, Fault, Plan, Stage, SteppingClock, advance, carry_out, sweep, verdict
from waooaw_social.core.publication import Publication, State
from waooaw_social.durable.memory import MemoryInbox, MemoryLedger
from waooaw_social.durable.ports import Claim, Done
from waooaw_social.platforms.call import Reply
from waooaw_social.wire.ports import Outcome, Unknown

pytestmark = pytest.mark.anyio

MAYBE_OUT = {Fault.LOST_REQUEST, Fault.LOST_REPLY, Fault.LIVE_500, Fault.DEATH_BEFORE, Fault.DEATH_AFTER}

NOBODY_KNOWS = {(fault, "send.send"): State.UNRESOLVED for fault in (Fault.LOST_REQUEST, Fault.DEATH_BEFORE)} | {
    (Fault.DEATH_AFTER, "ledger.begin"): State.UNRESOLVED,
    # Frozen until after its patience had ended: by then a person was asked, and is not overruled by the sender's "I did not".
    (Fault.ZOMBIE_AFTER, "ledger.begin"): State.UNRESOLVED,
    (Fault.ZOMBIE_BEFORE, "send.send"): State.UNRESOLVED,
}

# flow -> the cases that end otherwise than `published`. `unresolved` stands only where no evidence can exist: a message that was
# perhaps sent, about which the platform never speaks.
ENDS_OTHERWISE = {
    "message": NOBODY_KNOWS,
    "silent message": NOBODY_KNOWS
    | {(fault, "send.send"): State.UNRESOLVED for fault in MAYBE_OUT}
    | {(Fault.DEATH_BEFORE, "ledger.end"): State.UNRESOLVED},
}


def expected_for(flow: str) -> Any:
    def expected(case: Case) -> State:
        return ENDS_OTHERWISE.get(flow, {}).get((case.fault, case.point), State.PUBLISHED)

    return expected


def scene(flow: str, *, tells: bool = True) -> Any:
    @asynccontextmanager
    async def fresh() -> AsyncIterator[Stage]:
        clock = SteppingClock()
        ledger, platform, inbox = MemoryLedger(clock), toys.ToyPlatform(clock, tells=tells), MemoryInbox()
        inbox.told = platform.webhooks
        publication = toys.publication()
        ledger.submit(publication)

        async def state() -> tuple[State, str | None]:
            kept = ledger.kept[publication.id]
            return kept.state, kept.ending.published.post_id if isinstance(kept.ending, Done) else None

        async def seen() -> list[str]:
            return [post["id"] for post in platform.live]

        yield Stage(clock, ledger, platform, None, inbox, publication, toys.FLOWS[flow], state, seen)  # type: ignore[arg-type]

    return fresh


@pytest.mark.parametrize("flow", ["feed", "container", "message"])
async def test_one_post_whatever_goes_wrong_wherever(flow: str) -> None:
    assert await sweep(scene(flow), expected_for(flow)) > 10


async def test_a_thread_of_two_posts_is_two_posts_whatever_goes_wrong_wherever() -> None:
    assert await sweep(scene("thread"), expected_for("thread"), posts=2) > 20


async def test_where_no_evidence_can_exist_it_says_so_and_never_repeats() -> None:
    assert await sweep(scene("message", tells=False), expected_for("silent message")) > 10


# --- what one publication alone does not show ---------------------------------------------------------------------------------


@dataclass
class Room:
    """A memory ledger, a toy platform, and publications on it."""

    clock: SteppingClock = field(default_factory=SteppingClock)

    def __post_init__(self) -> None:
        self.ledger, self.platform = MemoryLedger(self.clock), toys.ToyPlatform(self.clock)

    def stage(self, publication: Publication, flow: str, gateway: Any = None) -> Stage:
        async def state() -> tuple[State, str | None]:
            kept = self.ledger.kept[publication.id]
            return kept.state, kept.ending.published.post_id if isinstance(kept.ending, Done) else None

        async def seen() -> list[str]:
            return [post["id"] for post in self.platform.live if post["by"] == publication.id]

        inbox, run = MemoryInbox(), toys.FLOWS[flow]
        return Stage(self.clock, self.ledger, gateway or self.platform, None, inbox, publication, run, state, seen)  # type: ignore[arg-type]

    async def advance(self, stage: Stage, claim: Claim | None = None) -> None:
        if claim is None:
            (claim,) = await self.ledger.claim("w", lease=30.0, most=1)
        await advance(stage, claim, Plan())


@dataclass
class Loses:
    """The platform, but the first call of this name gets no reply, and is carried out `late` seconds later, or never (None)."""

    room: Room
    name: str
    late: float | None = None
    struck: bool = False

    async def send(self, call: Any, errand: Any, *, not_after: float | None = None) -> Outcome:
        if call.name != self.name or self.struck:
            return await self.room.platform.send(call, errand, not_after=not_after)
        self.struck = True
        if self.late is not None:
            at = self.room.clock.offset + self.late

            async def act(_: float) -> None:
                if self.room.clock.offset >= at and act in self.room.clock.on_advance:
                    self.room.clock.on_advance.remove(act)
                    await self.room.platform.send(call, errand)

            self.room.clock.on_advance.append(act)
        return Unknown(why="lost")


async def test_a_platform_that_acts_late_is_not_looked_at_too_early() -> None:
    room = Room()
    publication = toys.publication()
    room.ledger.submit(publication)
    stage = room.stage(publication, "feed", Loses(room, "post", late=40.0))
    await carry_out(stage, Plan())
    await room.clock.advance(100.0)
    assert not await verdict(stage, State.PUBLISHED, 1)


async def test_two_posts_that_look_alike_are_each_published_with_their_own() -> None:
    room = Room()
    one, two = toys.publication("p1"), toys.publication("p2")
    room.ledger.submit(one)
    first = room.stage(one, "feed", Loses(room, "post"))
    second = room.stage(two, "feed", Loses(room, "post", late=0.0))
    await room.advance(first)  # sent, lost, in doubt
    room.ledger.submit(two)
    await room.clock.advance(0.1)
    await room.advance(second)  # the audience is taken: it waits
    await carry_out(first, Plan())
    await carry_out(second, Plan())
    for stage in (first, second):
        assert not await verdict(stage, State.PUBLISHED, 1)


async def test_a_refusal_while_in_doubt_is_not_a_failure() -> None:
    """The container expires while its publishing is in doubt: it may be out, so nobody says that it failed."""
    room = Room()
    publication = toys.publication()
    room.ledger.submit(publication)
    stage = room.stage(publication, "container", Loses(room, "publish"))
    while not stage.gateway.struck:
        await room.clock.advance(40.0)
        for claim in await room.ledger.claim("w", lease=30.0, most=1):
            await room.advance(stage, claim)
    room.platform.status = lambda container: Reply(410)  # type: ignore[method-assign]
    await carry_out(stage, Plan())
    assert (await stage.state())[0] is State.UNRESOLVED


async def test_a_container_that_has_outlived_its_time_is_made_anew_unless_a_post_may_be_out() -> None:
    for lost, made in ((False, 2), (True, 1)):
        room = Room()
        publication = toys.publication()
        room.ledger.submit(publication)
        stage = room.stage(publication, "container", Loses(room, "publish") if lost else None)
        await room.advance(stage)
        while lost and not stage.gateway.struck:
            await room.clock.advance(40.0)
            for claim in await room.ledger.claim("w", lease=30.0, most=1):
                await room.advance(stage, claim)
        await room.clock.advance(4000.0)
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)
        assert len(room.platform.containers) == made


async def test_an_answer_that_nobody_can_read_is_no_answer() -> None:
    """It was accepted, but with a page in place of the id: it is looked for, and not sent again."""
    room = Room()
    publication = toys.publication()
    room.ledger.submit(publication)

    class Babbles:
        async def send(self, call: Any, errand: Any, *, not_after: float | None = None) -> Outcome:
            outcome = await room.platform.send(call, errand, not_after=not_after)
            return Reply(200, {}, b"<html>Thank you!</html>") if call.name == "post" else outcome

    stage = room.stage(publication, "feed", Babbles())
    await carry_out(stage, Plan())
    assert not await verdict(stage, State.PUBLISHED, 1)


async def test_a_wasteful_answer_that_nobody_can_read_is_not_kept() -> None:
    room, bad = Room(), [True]
    publication = toys.publication()
    room.ledger.submit(publication)

    class BabblesOnce:
        async def send(self, call: Any, errand: Any, *, not_after: float | None = None) -> Outcome:
            outcome = await room.platform.send(call, errand, not_after=not_after)
            return Reply(200, {}, b"{}") if call.name == "create container" and bad and bad.pop() else outcome

    stage = room.stage(publication, "container", BabblesOnce())
    await carry_out(stage, Plan())
    assert not await verdict(stage, State.PUBLISHED, 1) and len(room.platform.containers) == 2
