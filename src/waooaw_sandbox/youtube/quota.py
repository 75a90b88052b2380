"""The project's daily quota: four independent buckets that refill at midnight in California (contract youtube 6).

A bucket that is empty refuses with the body the real one gives; the bodies are in `errors.py`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from waooaw_sandbox.clock import SandboxClock, iso
from waooaw_sandbox.kit import Json, Refused
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.youtube.errors import api_error

PACIFIC = ZoneInfo("America/Los_Angeles")

REFUSALS: dict[str, tuple[str, str | None]] = {
    "units": ("quotaExceeded", None),
    "uploads": ("rateLimitExceeded", "per_day"),
    "searches": ("rateLimitExceeded", "search_per_day"),
    "stats": ("rateLimitExceeded", "stats_per_day"),
}


@dataclass
class Quota:
    clock: SandboxClock
    knobs: Knobs
    used: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def charge(self, bucket: str, cost: int) -> None:
        """Take `cost` from today's bucket, or refuse."""
        key = (self.day(), bucket)
        spent = self.used.get(key, 0)
        if spent + cost > self.knobs.count(f"{bucket}_per_day"):
            refusal = api_error(*REFUSALS[bucket])
            seconds = self.knobs.count("retry_after_on_quota")
            headers = {"Retry-After": str(seconds)} if seconds else {}
            raise Refused(replace(refusal, headers=headers))
        self.used[key] = spent + cost

    def give_back(self, bucket: str, cost: int) -> None:
        key = (self.day(), bucket)
        self.used[key] = max(self.used.get(key, 0) - cost, 0)

    def day(self) -> str:
        return self.clock.now().astimezone(PACIFIC).date().isoformat()

    def describe(self) -> Json:
        day = self.day()
        today = self.clock.now().astimezone(PACIFIC).date()
        midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), tzinfo=PACIFIC)
        buckets = {
            name: {"limit": self.knobs.count(f"{name}_per_day"), "used": self.used.get((day, name), 0)}
            for name in REFUSALS
        }
        return {"day": day, "resets_at": iso(midnight), "buckets": buckets}
