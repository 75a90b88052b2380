"""The limits of contract 2.5, counted on the sandbox's clock, and what the counters have seen.

Throughput per number (in and out together), the pair rate, the portfolio's messaging limit, and management calls per
WABA. A message is counted when it is accepted, a refusal by its code, so a test can ask whether anybody ever went too
fast.
"""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.kit import Json
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.people import Sender

DAY = 86_400
TIERS: dict[str, float] = {
    "TIER_250": 250,
    "TIER_2K": 2_000,
    "TIER_10K": 10_000,
    "TIER_100K": 100_000,
    "TIER_UNLIMITED": float("inf"),
}


@dataclass
class Pair:
    """A burst borrows from the future: until `paid_at` nothing more goes, except within the burst's own interval."""

    began_at: datetime
    paid_at: datetime
    count: int = 0
    peak: int = 0


@dataclass
class Gauge:
    """One number's."""

    recent: deque[datetime] = field(default_factory=deque[datetime])
    accepted: int = 0
    inbound: int = 0
    peak_per_second: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])


@dataclass
class Meters:
    clock: SandboxClock
    knobs: Knobs
    gauges: dict[str, Gauge] = field(default_factory=dict[str, Gauge])
    pairs: dict[tuple[str, str], Pair] = field(default_factory=dict[tuple[str, str], Pair])
    reached: dict[str, dict[str, datetime]] = field(default_factory=dict[str, dict[str, datetime]])
    managed: dict[str, deque[datetime]] = field(default_factory=dict[str, deque[datetime]])

    def gauge(self, phone_id: str) -> Gauge:
        return self.gauges.setdefault(phone_id, Gauge())

    # --- throughput -----------------------------------------------------------------------------------------------------------

    def last_second(self, phone_id: str) -> deque[datetime]:
        recent, now = self.gauge(phone_id).recent, self.clock.now()
        while recent and (now - recent[0]).total_seconds() >= 1:
            recent.popleft()
        return recent

    def check_throughput(self, sender: Sender) -> None:
        fast = sender.throughput == "HIGH"
        most = self.knobs.count("messages_per_second_high" if fast else "messages_per_second")
        if most and len(self.last_second(sender.phone_id)) >= most:
            raise refuse("130429", f"Message failed to send because this number sent {most} messages in a second.")

    def count(self, phone_id: str, *, inbound: bool = False) -> None:
        gauge, recent = self.gauge(phone_id), self.last_second(phone_id)
        recent.append(self.clock.now())
        gauge.peak_per_second = max(gauge.peak_per_second, len(recent))
        if inbound:
            gauge.inbound += 1
        else:
            gauge.accepted += 1

    # --- one number to one person ---------------------------------------------------------------------------------------------

    def check_pair(self, phone_id: str, wa_id: str) -> None:
        pair, now = self.pairs.get((phone_id, wa_id)), self.clock.now()
        if pair is None or now >= pair.paid_at:
            return
        in_burst = (now - pair.began_at).total_seconds() < self.knobs.number("pair_seconds")
        if not in_burst or pair.count >= self.knobs.count("pair_burst"):
            raise refuse(
                "131056", "Too many messages sent from this phone number to the same phone number in a short time."
            )

    def count_pair(self, phone_id: str, wa_id: str) -> None:
        now, step = self.clock.now(), timedelta(seconds=self.knobs.number("pair_seconds"))
        pair = self.pairs.setdefault((phone_id, wa_id), Pair(now, now))
        if now >= pair.paid_at:
            pair.began_at, pair.paid_at, pair.count = now, now, 0
        pair.count += 1
        pair.paid_at += step
        pair.peak = max(pair.peak, pair.count)

    # --- one portfolio in a day -----------------------------------------------------------------------------------------------

    def reached_today(self, business: str) -> dict[str, datetime]:
        """Who got a template outside of a window in the last 24 hours."""
        now = self.clock.now()
        kept = {w: at for w, at in self.reached.get(business, {}).items() if (now - at).total_seconds() < DAY}
        self.reached[business] = kept
        return kept

    def over_tier(self, sender: Sender, wa_id: str) -> bool:
        reached = self.reached_today(sender.business)
        return wa_id not in reached and len(reached) >= TIERS[sender.tier]

    def count_reached(self, sender: Sender, wa_id: str) -> None:
        self.reached.setdefault(sender.business, {})[wa_id] = self.clock.now()

    # --- management calls -----------------------------------------------------------------------------------------------------

    def manage(self, sender: Sender) -> dict[str, str]:
        """Count a management call; the header to show. Over the limit it is refused with 80008."""
        calls, now = self.managed.setdefault(sender.waba_id, deque[datetime]()), self.clock.now()
        while calls and (now - calls[0]).total_seconds() >= 3600:
            calls.popleft()
        most = self.knobs.count("management_calls_registered" if sender.registered else "management_calls")
        calls.append(now)
        percent = min(len(calls) * 100 // max(most, 1), 100)
        if most and len(calls) > most:
            raise refuse(self.knobs.word("management_reason"))
        figures = {"call_count": percent, "total_cputime": 1, "total_time": 1, "estimated_time_to_regain_access": 0}
        return {"x-business-use-case-usage": json.dumps({sender.waba_id: [{"type": "whatsapp"} | figures]})}

    def report(self) -> Json:
        return {
            "numbers": {
                phone: {
                    "accepted": gauge.accepted,
                    "inbound": gauge.inbound,
                    "peak_per_second": gauge.peak_per_second,
                    "refused": dict(gauge.refused),
                    "peak_pair_burst": max((p.peak for (n, _), p in self.pairs.items() if n == phone), default=0),
                }
                for phone, gauge in self.gauges.items()
            },
            "reached_today": {business: len(self.reached_today(business)) for business in list(self.reached)},
            "management_calls": {waba: len(calls) for waba, calls in self.managed.items()},
        }
