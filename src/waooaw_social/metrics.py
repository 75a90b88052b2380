"""What is counted, each name in this one place. Labels are few and closed: platform, call, answer; never an id, never a text."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from waooaw_social.core.ids import Platform
from waooaw_social.platforms.call import Cost

REGISTRY = CollectorRegistry()

CALLS = Counter(
    "waooaw_platform_calls_total",
    "Calls that were tried, by what came of them.",
    ["platform", "call", "answer"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "waooaw_platform_call_seconds",
    "How long platforms take to answer.",
    ["platform", "call"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
    registry=REGISTRY,
)
QUOTA = Counter("waooaw_quota_units_total", "Quota that calls have used.", ["platform", "bucket"], registry=REGISTRY)

OLDEST_DUE = Gauge(
    "waooaw_oldest_due_seconds",
    "For how long the oldest publication has been due, or its lease over, with nobody claiming it.",
    registry=REGISTRY,
)
UNRESOLVED = Gauge(
    "waooaw_unresolved_publications",
    "Publications of which nobody can tell whether they went out; a person settles them.",
    registry=REGISTRY,
)
BREAKER = Gauge(
    "waooaw_breaker_state",
    "0 closed, 1 half open, 2 open; of the family * 2: frozen by an operator.",
    ["platform", "family"],
    registry=REGISTRY,
)
QUOTA_LEFT = Gauge(
    "waooaw_quota_left", "Units of the app's day that nobody holds.", ["platform", "bucket"], registry=REGISTRY
)


class PrometheusMeter:
    """Fills the gateway's `Meter`. A call's ordinal is no label: `open session 1` and `open session 2` are one name."""

    def called(self, *, platform: Platform, name: str, answer: str, seconds: float, cost: Cost | None) -> None:
        call = name.rstrip("0123456789 ")
        CALLS.labels(platform, call, answer).inc()
        SECONDS.labels(platform, call).observe(seconds)
        if cost and answer != "not_written":
            QUOTA.labels(platform, cost.bucket).inc(cost.units)


class NoMeter:
    """`ENABLE_METRICS_COLLECTION=false`."""

    def called(self, *, platform: Platform, name: str, answer: str, seconds: float, cost: Cost | None) -> None:
        return None
