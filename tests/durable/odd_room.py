"""A room for what seldom happens: the toy platform behind a gateway that answers as a test says, and whoever drives what is due."""

from dataclasses import dataclass, field
from typing import Any

from durable import toys
from durable.sweep import DELAYS, SteppingClock
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.ports import Ending, Undecided
from waooaw_social.durable.runner import Runner
from waooaw_social.platforms.call import Call
from waooaw_social.wire.ports import Errand, Outcome, Unknown


@dataclass
class Odd:
    """The toy platform behind a gateway that answers as `told` says: by a call's name, one after the other; then as the toy does."""

    inner: toys.ToyPlatform
    told: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    sent: list[str] = field(default_factory=list[str])

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        self.sent.append(call.name)
        answers = self.told.get(call.name, [])
        if not answers:
            return await self.inner.send(call, errand, not_after=not_after)
        answer = answers.pop(0)
        if answer is LOST_REPLY:
            await self.inner.send(call, errand, not_after=not_after)
            return LOST_REPLY
        if isinstance(answer, Exception):
            raise answer
        return answer


LOST_REPLY, LOST_REQUEST = Unknown(why="the reply was lost"), Unknown(why="the request was lost")
NO = Refusal(code="toy_no", message="no")
UNDECIDED = Undecided(name="post", why="nobody knows", tried_at=0.0, how_to_settle="look")


@dataclass
class Room:
    """A store, a platform, and whoever drives what is due."""

    store: Any
    clock: SteppingClock
    gateway: Odd
    ends: list[Ending] = field(default_factory=list[Ending])

    async def drive(self, flow: Any) -> Ending | None:
        """One claim, driven to its ending; None where nothing is due."""
        claims = await self.store.claim("w", lease=30.0, most=1)
        if not claims:
            return None
        runner = Runner(
            ledger=self.store,
            gateway=self.gateway,
            files=None,  # type: ignore[arg-type]
            inbox=MemoryInbox(),
            clock=self.clock,
            delays=DELAYS,
        )
        account = claims[0].publication.account
        errand = Errand(
            customer_id=account.customer_id, credential_ref=account.credential_ref, platform=account.platform
        )
        return await runner.advance(claims[0], flow(claims[0].publication), errand)

    async def drive_for(self, flow: Any, seconds: float) -> None:
        """Whatever comes due in so many seconds."""
        until = self.clock.offset + seconds
        while self.clock.offset < until:
            if await self.drive(flow) is None:
                await self.clock.advance(1.0)

    def live(self, publication: Publication) -> list[str]:
        return [post["id"] for post in self.gateway.inner.live if post["by"] == publication.id]
