"""What holds a call back before it leaves: a resting platform, a bucket that is blocked, a bucket that is empty."""

from dataclasses import dataclass, replace

from waooaw_social.core.clock import Clock
from waooaw_social.core.refusal import Reaction, Refusal, Scope
from waooaw_social.platforms.manifest import Bucket, Manifest
from waooaw_social.wire.ports import BreakerStore, NotSent, QuotaStore
from waooaw_social.wire.quota import day_of
from waooaw_social.wire.way import Way


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Quota and breaker, as the gateway asks them."""

    quota: QuotaStore
    breaker: BreakerStore
    clock: Clock

    async def held_back(self, way: Way) -> NotSent | None:
        """Why the call may not leave now. None: it may, and what it costs has been taken."""
        manifest, cost = way.kit.manifest, way.call.cost
        resting = await self.breaker.admit(manifest.platform)
        if resting is not None:
            refusal = replace(RESTING, retry_after=resting)
            return NotSent(why=refusal.message, retry_in=resting, refusal=refusal)
        for name in (*manifest.gates, *(cost.within if cost else ())):
            bucket = way.bucket(name)
            wait = await self.quota.blocked(bucket, way.owner(bucket))
            if wait is not None:
                return not_yet(manifest, bucket, wait)
        if cost is None:
            return None
        bucket = way.bucket(cost.bucket)
        wait = await self.quota.take(bucket, way.owner(bucket), cost.units)
        return None if wait is None else not_yet(manifest, bucket, wait)

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
        cost = way.call.cost
        if cost:
            bucket = way.bucket(cost.bucket)
            await self.quota.give_back(bucket, way.owner(bucket), cost.units)


def not_yet(manifest: Manifest, bucket: Bucket, wait: float) -> NotSent:
    """The bucket is empty, or the platform wants silence."""
    message = f"{manifest.title} wants fewer calls just now ('{bucket.name}')."
    if bucket.limit is not None:
        message = f"The app's {manifest.title} quota '{bucket.name}' is used up for today ({bucket.limit})."
    code = "rate_limited" if bucket.limit is None else "quota_exhausted"
    refusal = Refusal(
        code=code,
        message=message,
        reaction=Reaction.EXHAUSTED,
        scope=bucket.scope,
        bucket=bucket.name,
        retry_after=wait,
    )
    return NotSent(why=refusal.message, retry_in=wait, refusal=refusal)


RESTING = Refusal(
    code="platform_resting",
    message="The platform has failed too often; it is left alone for a moment.",
    reaction=Reaction.NOT_DONE,
    scope=Scope.PLATFORM,
)
