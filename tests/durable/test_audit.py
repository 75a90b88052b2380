"""What was sent more than once in doubt is looked at once more; a likeness is told, and nothing is deleted."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from durable import toys
from durable.stores import open_store
from durable.sweep import DELAYS, SteppingClock
from waooaw_social.durable.audit import OLD_ENOUGH, audit_some
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.runner import Runner
from waooaw_social.wire.ports import Errand, NotSent, Outcome, Unknown

pytestmark = pytest.mark.anyio


class LosesOnce:
    """The first post is lost without a trace; it appears after all, `after` seconds later, if that is set."""

    def __init__(self, platform: toys.ToyPlatform) -> None:
        self.platform, self.lost, self.away = platform, 0, False

    async def send(self, call: Any, errand: Errand, *, not_after: float | None = None) -> Outcome:
        if self.away:
            return NotSent(why="away", retry_in=60.0)
        if call.name == "post" and not self.lost:
            self.lost += 1
            return Unknown(why="lost")
        return await self.platform.send(call, errand, not_after=not_after)


class Room:
    def __init__(self, store: Any, clock: SteppingClock) -> None:
        self.store, self.clock = store, clock
        self.platform = toys.ToyPlatform(clock)
        self.gateway = LosesOnce(self.platform)
        self.runner = Runner(
            ledger=store, gateway=self.gateway, files=None, inbox=MemoryInbox(), clock=clock, delays=DELAYS
        )  # type: ignore[arg-type]

    async def publish(self) -> None:
        """Sent, lost, looked for, sent again."""
        await self.store.accept(toys.publication())
        for _ in range(3):
            for claim in await self.store.claim("w", lease=30.0, most=1):
                account = claim.publication.account
                errand = Errand(
                    customer_id=account.customer_id, credential_ref=account.credential_ref, platform=toys.TOY
                )
                await self.runner.advance(claim, toys.feed(claim.publication), errand)
            await self.clock.advance(61.0)
        assert len(self.platform.live) == 1

    def appears(self) -> None:
        """The first one, which everybody had given up."""
        self.platform.live.append({**self.platform.live[0], "id": "m2"})

    async def audit(self) -> Any:
        return await audit_some(self.runner, self.store, toys.feed)

    async def notes(self) -> list[str]:
        row = await self.store.show("CUST-1", "p1")
        return row["notes"] or []


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock = SteppingClock()
    async with open_store("sqlite", clock, tmp_path) as store:
        room = Room(store, clock)
        await room.publish()
        yield room


async def test_a_likeness_that_appears_late_is_told_and_left_alone(room: Room) -> None:
    room.appears()
    assert await room.audit() == [] and await room.notes() == []  # too early
    await room.clock.advance(OLD_ENOUGH)
    assert await room.audit() == ["p1"]
    assert "m2" in (await room.notes())[0] and len(room.platform.live) == 2
    assert await room.audit() == []  # once


async def test_without_a_likeness_there_is_nothing_to_tell(room: Room) -> None:
    await room.clock.advance(OLD_ENOUGH)
    sent = len(room.platform.sent)
    assert await room.audit() == [] and await room.notes() == []
    assert room.platform.sent[sent:] == ["recent"], "an audit reads, and sends nothing else"


async def test_what_cannot_be_asked_is_asked_in_the_next_round(room: Room) -> None:
    room.appears()
    await room.clock.advance(OLD_ENOUGH)
    room.gateway.away = True
    assert await room.audit() == []
    room.gateway.away = False
    assert await room.audit() == ["p1"]


async def test_another_publications_post_is_no_likeness(room: Room) -> None:
    await room.store.accept(toys.publication("p2"))
    room.gateway.lost = 0
    for _ in range(4):
        for claim in await room.store.claim("w", lease=30.0, most=1):
            account = claim.publication.account
            errand = Errand(customer_id=account.customer_id, credential_ref=account.credential_ref, platform=toys.TOY)
            await room.runner.advance(claim, toys.feed(claim.publication), errand)
        await room.clock.advance(61.0)
    assert len(room.platform.live) == 2
    await room.clock.advance(OLD_ENOUGH)
    assert await room.audit() == []
