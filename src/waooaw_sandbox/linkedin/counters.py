"""The daily counters: per endpoint one for the app and one per member, both empty again at midnight UTC (contract linkedin 1.9).

A call that the app's counter refuses is refused to everybody. There is no Retry-After; the scope stands in the message.
"""

from dataclasses import dataclass, field
from datetime import UTC

from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.kit import Json
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.linkedin.errors import refuse

TIER_APP, TIER_MEMBER = 500, 100


@dataclass
class Counters:
    clock: SandboxClock
    knobs: Knobs
    used: dict[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])

    def today(self) -> str:
        return self.clock.now().astimezone(UTC).date().isoformat()

    def charge(self, endpoint: str, member: str) -> None:
        """Count one call, or refuse it."""
        for who, limit, variant in (
            ("app", self.app_limit(), "application"),
            (member, self.member_limit(endpoint), self.knobs.word("member_throttle_word")),
        ):
            if limit and self.used.get((self.today(), endpoint, who), 0) >= limit:
                raise refuse("TOO_MANY_REQUESTS", variant)
        for who in ("app", member):
            key = (self.today(), endpoint, who)
            self.used[key] = self.used.get(key, 0) + 1

    def app_limit(self) -> int:
        return TIER_APP if self.knobs.flag("development_tier") else self.knobs.count("app_calls_per_day")

    def member_limit(self, endpoint: str) -> int:
        if self.knobs.flag("development_tier"):
            return TIER_MEMBER
        return self.knobs.count("member_posts_per_day" if endpoint == "posts.create" else "member_calls_per_day")

    def describe(self) -> Json:
        """What was used today, by endpoint and by whom."""
        today: Json = {}
        for (day, endpoint, who), count in sorted(self.used.items()):
            if day == self.today():
                today.setdefault(endpoint, {})[who] = count
        return today
