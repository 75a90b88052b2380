"""Quotas and rates, counted by us before the platform does: so many units until midnight in the bucket's zone, or within a sliding window.

`MemoryQuota` counts for one process; `storage/plant/quota.py` for the fleet. Both ask `day_of` when a day ends, so that a day of 23 or 25
hours is one, and `pace_of` how a rate is kept (GCRA: one number per bucket, the time at which it would be empty).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import structlog

from waooaw_social.core.clock import Clock
from waooaw_social.core.refusal import Scope
from waooaw_social.platforms.manifest import Bucket

log = structlog.get_logger(__name__)

NEAR = (95, 80)
"""Percent of a day's quota at which somebody is told, once a day each."""


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


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a rate of `limit` units within `per` seconds is kept, also by the platform's own sliding count."""

    step: float
    """Seconds that a unit takes to come back."""
    burst: int
    """Units that may go at once."""
    fresh: float
    """Seconds for which a unit that was taken may still be used. Later it could meet those of the next window."""


@lru_cache(maxsize=256)
def pace_of(bucket: Bucket) -> Pace:
    """A tenth may go at once. In `per + fresh` seconds at most `limit` units are handed out: the burst, and one a step."""
    if bucket.limit is None or bucket.per is None or bucket.limit < 1:
        raise ValueError(f"{bucket.name} is no rate")
    burst, fresh = max(1, bucket.limit // 10), min(bucket.per / 10, 0.25)
    step = (bucket.per + fresh) / (bucket.limit - burst + 1)
    return Pace(step=step * 1.001, burst=burst, fresh=fresh)  # a thousandth for what clocks and floats are apart


def paced(tat: float, now: float, units: int, pace: Pace) -> tuple[float, float]:
    """GCRA: when the bucket would be empty after `units` more, and the seconds to wait before they may go; not above zero: now."""
    after = max(tat, now) + units * pace.step
    return after, after - now - pace.burst * pace.step


Told = Callable[[Bucket, str, int], None]
"""Told how much of a day's bucket is used, when that is known anew: the bucket, whose it is, units."""


def untold(bucket: Bucket, scope: str, used: int) -> None:
    """For whoever keeps no metrics."""


@dataclass(kw_only=True)
class Warnings:
    """Fills `Told`: says once a day that a quota is nearly used up."""

    clock: Clock
    _said: dict[tuple[str, str, int], str] = field(default_factory=dict[tuple[str, str, int], str])

    def __call__(self, bucket: Bucket, scope: str, used: int) -> None:
        if not bucket.limit:
            return
        percent = next((p for p in NEAR if used * 100 >= bucket.limit * p), None)
        if percent is None:
            return
        today = day_of(bucket, self.clock.now()).name
        if self._said.get((bucket.name, scope, percent)) != today:
            self._said[(bucket.name, scope, percent)] = today
            whose = scope if bucket.scope is Scope.APP else bucket.scope.value
            log.warning("quota_near", bucket=bucket.name, of=whose, percent=percent, used=used, limit=bucket.limit)


@dataclass(kw_only=True)
class MemoryQuota:
    """Fills `QuotaStore` for one process."""

    clock: Clock
    told: Told = untold
    _used: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    _empty_at: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    _blocked: dict[tuple[str, str], datetime] = field(default_factory=dict[tuple[str, str], datetime])

    async def take(self, bucket: Bucket, scope: str, units: int) -> float | None:
        blocked = await self.blocked(bucket, scope)
        if blocked is not None:
            return blocked
        if bucket.per is not None:
            return self._paced(bucket, scope, units)
        day = day_of(bucket, self.clock.now())
        key = (bucket.name, scope, day.name)
        used = self._used.get(key, 0) + units
        if bucket.limit is not None and used > bucket.limit:
            return day.left
        if key not in self._used:  # a new day: those before are over
            self._used = {k: n for k, n in self._used.items() if k[:2] != key[:2]}
        self._used[key] = used
        self.told(bucket, scope, used)
        return None

    async def give_back(self, bucket: Bucket, scope: str, units: int) -> None:
        if bucket.per is not None:
            return  # within seconds it comes back by itself
        key = (bucket.name, scope, day_of(bucket, self.clock.now()).name)
        if key in self._used:
            self._used[key] = max(0, self._used[key] - units)

    async def block(self, bucket: Bucket, scope: str, seconds: float) -> None:
        until, key = self.clock.now() + timedelta(seconds=seconds), (bucket.name, scope)
        self._blocked[key] = max(until, self._blocked.get(key, until))

    async def blocked(self, bucket: Bucket, scope: str) -> float | None:
        until = self._blocked.get((bucket.name, scope))
        left = (until - self.clock.now()).total_seconds() if until else 0.0
        return left if left > 0 else None

    async def used(self, bucket: Bucket, scope: str) -> int:
        return self._used.get((bucket.name, scope, day_of(bucket, self.clock.now()).name), 0)

    def _paced(self, bucket: Bucket, scope: str, units: int) -> float | None:
        now, key = self.clock.now().timestamp(), (bucket.name, scope)
        after, wait = paced(self._empty_at.get(key, 0.0), now, units, pace_of(bucket))
        if wait > 0:
            return wait
        if len(self._empty_at) >= MANY:
            self._empty_at = {k: at for k, at in self._empty_at.items() if at > now}
        self._empty_at[key] = after
        return None


MANY = 10_000
"""Rates that are remembered before those are forgotten that have filled up again: there is one per recipient."""
