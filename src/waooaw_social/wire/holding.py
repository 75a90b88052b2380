"""What holds a call back before it leaves: a bucket that is blocked, one that is empty, a budget; and a platform that rests.

What a call takes is reserved before it leaves, and given back if it did not. Publishing keeps a part of every day's quota to itself, and
no customer and no agent takes more of it than their share.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from waooaw_social.core.clock import Clock
from waooaw_social.core.refusal import Reaction, Refusal, Scope
from waooaw_social.platforms.manifest import Bucket, Manifest
from waooaw_social.wire.ports import BreakerStore, NotSent, Purpose, QuotaStore, Resting
from waooaw_social.wire.quota import day_of
from waooaw_social.wire.way import Way

Claim: TypeAlias = tuple[Bucket, str, int]
"""A bucket, whose, and how many units of it."""

SHORT_WAIT = 1.0
"""Seconds for a rate to come round that are slept rather than parked: a park costs a run from the top."""
TRIES = 50
"""How often a short wait is waited, where others were quicker."""
MARGIN = 1.0
"""Seconds of the send window that a wait leaves to the sending."""
FROZEN_AGAIN = 60.0
"""Seconds after which it is asked whether an operator has thawed a platform."""


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """Shares of every counted day's quota, each from 0 to 1."""

    customer: float = 1.0
    """That one customer may use."""
    agent: float = 1.0
    """That one agent may use."""
    publishing: float = 0.2
    """That only publishing may use."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Quota and breaker, as the gateway asks them."""

    quota: QuotaStore
    breaker: BreakerStore
    clock: Clock
    budgets: Budgets

    async def held_back(self, way: Way, not_after: float | None) -> NotSent | None:
        """Why the call may not leave now. None: it may, and what it costs has been taken."""
        manifest, cost = way.kit.manifest, way.call.cost
        for name in (*manifest.gates, *(cost.within if cost else ())):
            bucket = way.bucket(name)
            wait = await self.quota.blocked(bucket, way.owner(bucket))
            if wait is not None:
                return not_yet(manifest, bucket, wait, self.clock)
        taken: list[Claim] = []
        for claim in self.claims(way):
            wait = await self._take(claim, not_after)
            if wait is not None:
                await self._give_back(taken)
                return not_yet(manifest, claim[0], wait, self.clock)
            taken.append(claim)
        return None

    def claims(self, way: Way) -> Iterator[Claim]:
        """What the call takes, of whom. The narrowest first: who has used up a share touches nobody else's."""
        call, errand = way.call, way.errand
        for cost in (call.cost, *call.rates) if call.cost else call.rates:
            bucket = way.bucket(cost.bucket)
            owner, units = way.owner(bucket, cost.of), cost.units
            if bucket.limit is not None and bucket.per is None:
                budgets = self.budgets
                if errand.agent_id and budgets.agent < 1:
                    yield (
                        share(bucket, budgets.agent, "agent"),
                        f"{owner}/{errand.customer_id}/{errand.agent_id}",
                        units,
                    )
                if budgets.customer < 1:
                    yield share(bucket, budgets.customer, "customer"), f"{owner}/{errand.customer_id}", units
                if errand.purpose is not Purpose.PUBLISH:
                    bucket = replace(bucket, limit=int(bucket.limit * (1 - budgets.publishing)))
            yield bucket, owner, units

    async def exhausted(self, way: Way, refusal: Refusal) -> NotSent:
        """The platform's own count decides: nobody asks again before the bucket is refilled."""
        bucket = way.bucket(refusal.bucket or "")
        left = refusal.retry_after if refusal.retry_after is not None else day_of(bucket, self.clock.now()).left
        await self.block(way, bucket.name, left)
        return NotSent(why=refusal.message, retry_in=left, refusal=replace(refusal, retry_after=left))

    async def block(self, way: Way, name: str, seconds: float) -> None:
        """Nobody draws on the bucket for so long."""
        bucket = way.bucket(name)
        await self.quota.block(bucket, way.owner(bucket), seconds)

    async def give_back(self, way: Way) -> None:
        """The call did not leave."""
        await self._give_back(self.claims(way))

    def resting(self, manifest: Manifest, resting: Resting) -> NotSent:
        """It has failed too often, or an operator has frozen it."""
        until = f"{self.clock.now() + timedelta(seconds=resting.seconds):%Y-%m-%d %H:%M:%S} UTC"
        refusal = replace(
            FROZEN if resting.frozen else RESTING,
            message=(FROZEN if resting.frozen else RESTING).message.format(title=manifest.title, until=until),
            retry_after=resting.seconds,
        )
        wait = min(resting.seconds, FROZEN_AGAIN) if resting.frozen else resting.seconds
        return NotSent(why=refusal.message, retry_in=wait, refusal=refusal, held_back=True)

    async def _take(self, claim: Claim, not_after: float | None) -> float | None:
        bucket, owner, units = claim
        wait = await self.quota.take(bucket, owner, units)
        for _ in range(TRIES):
            if wait is None or bucket.per is None or wait > SHORT_WAIT:
                return wait
            if not_after is not None and self.clock.monotonic() + wait > not_after - MARGIN:
                return wait
            await self.clock.sleep(wait)
            wait = await self.quota.take(bucket, owner, units)
        return wait

    async def _give_back(self, claims: "Iterator[Claim] | list[Claim]") -> None:
        for bucket, owner, units in claims:
            if bucket.limit is not None:
                await self.quota.give_back(bucket, owner, units)


def share(bucket: Bucket, part: float, whose: str) -> Bucket:
    """A part of a day's quota as a bucket of its own."""
    return replace(bucket, name=f"{bucket.name} of one {whose}", limit=int((bucket.limit or 0) * part))


def not_yet(manifest: Manifest, bucket: Bucket, wait: float, clock: Clock) -> NotSent:
    """The bucket is empty, or the platform wants silence."""
    message = f"{manifest.title} wants fewer calls just now ('{bucket.name}')."
    used_up = bucket.limit is not None and bucket.per is None
    if used_up:
        back = f"{clock.now() + timedelta(seconds=wait):%Y-%m-%d %H:%M} UTC"
        whose = "The app's" if bucket.scope is Scope.APP else "The account's"
        message = f"{whose} {manifest.title} quota '{bucket.name}' is used up for today ({bucket.limit}); it goes on at {back}."
    refusal = Refusal(
        code="quota_exhausted" if used_up else "rate_limited",
        message=message,
        reaction=Reaction.EXHAUSTED,
        scope=bucket.scope,
        bucket=bucket.name,
        retry_after=wait,
    )
    return NotSent(why=refusal.message, retry_in=wait, refusal=refusal, held_back=True)


RESTING = Refusal(
    code="platform_resting",
    message="{title} has failed too often; it is left alone until {until}.",
    reaction=Reaction.NOT_DONE,
    scope=Scope.PLATFORM,
)
FROZEN = Refusal(
    code="platform_frozen",
    message="An operator has frozen {title} until {until}; nothing is sent to it.",
    reaction=Reaction.NOT_DONE,
    scope=Scope.PLATFORM,
    remediation="Nothing needs to be done: a publication goes on by itself then, or as soon as an operator thaws the platform.",
)
HELD_CODES = frozenset({RESTING.code, FROZEN.code})
"""By which whoever waits knows that the platform was not asked."""
