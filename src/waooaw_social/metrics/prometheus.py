"""What is counted where it happens, each name in this one place. Labels are few and closed: platform, call, answer; never an id, never a text.

CP counts into a registry of its own: in one process with Plant, each still shows its own.
"""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from waooaw_social.core.events import PlatformPostEvent, PostingStatus
from waooaw_social.core.ids import Platform
from waooaw_social.platforms.call import Cost
from waooaw_social.platforms.registry import kits

REGISTRY = CollectorRegistry()
CP_REGISTRY = CollectorRegistry()

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
BREAKER = Gauge(
    "waooaw_breaker_state",
    "The circuit breaker of a family of calls: 0 closed, 1 half open, 2 open.",
    ["platform", "family"],
    registry=REGISTRY,
)

POSTS = Counter(
    "waooaw_posts_total",
    "Attempts to publish, by how they ended; retrying ones are tried again.",
    ["platform", "status"],
    registry=REGISTRY,
)
POST_SECONDS = Histogram(
    "waooaw_post_seconds",
    "How long an attempt to publish took.",
    ["platform"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
    registry=REGISTRY,
)
RETRIES = Counter(
    "waooaw_post_retries_total",
    "Sends after the first, of calls that had to be repeated.",
    ["platform"],
    registry=REGISTRY,
)
LATENESS = Histogram(
    "waooaw_post_late_seconds",
    "How long after its time a post was out; one without a time is due when it is accepted.",
    ["platform"],
    buckets=(1, 5, 15, 30, 60, 120, 300, 900, 3600, 14400, 86400),
    registry=REGISTRY,
)

RESOLVES = Counter(
    "waooaw_cp_resolves_total", "Credentials that Plant asked for: lent or unknown.", ["outcome"], registry=CP_REGISTRY
)
REFRESHES = Counter(
    "waooaw_cp_refreshes_total",
    "The right to refresh a token, granted or denied; and what came of it, stored or stale.",
    ["outcome"],
    registry=CP_REGISTRY,
)

LATE = "late_seconds"
"""The name in an event's metadata under which a success tells how late it was."""


def expect_posts() -> None:
    """Begin every count of posts at zero: Prometheus sees no rise in a series that appears with its first event."""
    for platform in _platforms():
        RETRIES.labels(platform)
        POST_SECONDS.labels(platform)
        LATENESS.labels(platform)
        for status in PostingStatus:
            POSTS.labels(platform, status.value)


def count_post(event: PlatformPostEvent) -> None:
    """One event more. A platform or status that is none of ours is counted as `other`: a caller's words make no new series."""
    platform = event.platform if event.platform in _platforms() else "other"
    POSTS.labels(platform, event.status if event.status in set(PostingStatus) else "other").inc()
    POST_SECONDS.labels(platform).observe(event.duration_ms / 1000)
    if event.retry_count > 0:
        RETRIES.labels(platform).inc(event.retry_count)
    if LATE in event.metadata:
        LATENESS.labels(platform).observe(max(0.0, float(event.metadata[LATE])))


@cache
def _platforms() -> frozenset[str]:
    return frozenset(kits())


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
