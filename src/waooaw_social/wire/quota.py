"""Daily quotas, counted by us before the platform does: so many units until midnight in the bucket's zone.

`MemoryQuota` counts for one process; `storage/plant/quota.py` for the fleet. Both ask `day_of` when a day ends, so that a day of 23 or 25
hours is one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from waooaw_social.core.clock import Clock
from waooaw_social.platforms.manifest import Bucket


@dataclass(frozen=True, kw_only=True)
class Day:
    """A quota's day: its name, and the seconds that are left of it."""

    name: str
    left: float


def day_of(bucket: Bucket, now: datetime) -> Day:
    """The day of `now` where the bucket lives."""
    zone = ZoneInfo(bucket.zone)
    here = now.astimezone(zone)
    midnight = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), tzinfo=zone)
    return Day(name=here.date().isoformat(), left=midnight.timestamp() - now.timestamp())


@dataclass(kw_only=True)
class MemoryQuota:
    """Fills `QuotaStore` for one process."""

    clock: Clock
    _used: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    _blocked: dict[tuple[str, str], datetime] = field(default_factory=dict[tuple[str, str], datetime])

    async def take(self, bucket: Bucket, scope: str, units: int) -> float | None:
        blocked = await self.blocked(bucket, scope)
        if blocked is not None:
            return blocked
        day = day_of(bucket, self.clock.now())
        key = (bucket.name, scope, day.name)
        if bucket.limit is not None and self._used.get(key, 0) + units > bucket.limit:
            return day.left
        self._used[key] = self._used.get(key, 0) + units
        return None

    async def give_back(self, bucket: Bucket, scope: str, units: int) -> None:
        key = (bucket.name, scope, day_of(bucket, self.clock.now()).name)
        self._used[key] = max(0, self._used.get(key, 0) - units)

    async def block(self, bucket: Bucket, scope: str, seconds: float) -> None:
        until, key = self.clock.now() + timedelta(seconds=seconds), (bucket.name, scope)
        self._blocked[key] = max(until, self._blocked.get(key, until))

    async def blocked(self, bucket: Bucket, scope: str) -> float | None:
        until = self._blocked.get((bucket.name, scope))
        left = (until - self.clock.now()).total_seconds() if until else 0.0
        return left if left > 0 else None

    async def used(self, bucket: Bucket, scope: str) -> int:
        return self._used.get((bucket.name, scope, day_of(bucket, self.clock.now()).name), 0)
