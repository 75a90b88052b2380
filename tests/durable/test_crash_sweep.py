"""One post, whatever goes wrong, wherever: the toys on the ledger in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from durable import toys
from durable.sweep import Case, Fault, Stage, SteppingClock, sweep
from waooaw_social.core.publication import State
from waooaw_social.durable.memory import MemoryInbox, MemoryLedger
from waooaw_social.durable.ports import Done

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
