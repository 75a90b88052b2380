"""Takes usage events and adds them up per platform, for as long as the process lives.

A library caller asks it for a summary; `on_event` passes each event on, to a log or a queue of the caller's. Counting never fails a post:
what `on_event` raises is logged and forgotten.
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from waooaw_social.core.events import PlatformPostEvent, PostingStatus
from waooaw_social.core.refusal import SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.metrics.prometheus import count_post

log = logging.getLogger("waooaw_social.metrics")


class PlatformMetricsCollector:
    """Adds up attempts to publish. May be used from any thread."""

    def __init__(self, *, on_event: Callable[[PlatformPostEvent], None] | None = None, collecting: bool = True) -> None:
        """`on_event` is told of every event. `collecting` False (`ENABLE_METRICS_COLLECTION`): nothing is kept or passed on."""
        self.collecting = collecting
        self._on_event = on_event
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._milliseconds: Counter[str] = Counter()

    def record(self, event: PlatformPostEvent) -> None:
        """Take one event."""
        if not self.collecting:
            return
        with self._lock:
            self._counts[event.platform, event.status] += 1
            self._milliseconds[event.platform] += event.duration_ms
        count_post(event)
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception as error:  # a post that went out has not failed because a log did
            log.warning("on_event failed: %s", type(error).__name__)

    async def log_post_attempt(self, event: PlatformPostEvent | None = None, **fields: Any) -> None:
        """Take one event, or the fields of one (`customer_id`, `agent_id`, `platform`, `status`, `duration_ms`, …).

        Raises `TypeError` for a field that an event does not have.
        """
        self.record(event or event_of({"timestamp": stamp(), **fields}))

    def get_metrics_summary(self) -> dict[str, dict[str, float]]:
        """Per platform: `total_posts`, one count for each status, `success_rate_pct` and `avg_duration_ms`.

        The rate is successes among attempts that ended, so without retrying ones; 0 while none has ended.
        """
        with self._lock:
            platforms = sorted({platform for platform, _ in self._counts})
            return {platform: self._summary(platform) for platform in platforms}

    def reset_metrics(self) -> None:
        """Forget what was added up. Prometheus's counters go on: they only rise."""
        with self._lock:
            self._counts.clear()
            self._milliseconds.clear()

    def _summary(self, platform: str) -> dict[str, float]:
        total = sum(count for (of, _), count in self._counts.items() if of == platform)
        success, retrying = (
            self._counts[platform, status] for status in (PostingStatus.SUCCESS, PostingStatus.RETRYING)
        )
        ended = total - retrying
        return {
            "total_posts": total,
            "successful_posts": success,
            "failed_posts": self._counts[platform, PostingStatus.FAILED],
            "retrying_posts": retrying,
            "unresolved_posts": self._counts[platform, PostingStatus.UNRESOLVED],
            "success_rate_pct": round(100 * success / ended, 2) if ended else 0.0,
            "avg_duration_ms": round(self._milliseconds[platform] / total, 2) if total else 0.0,
        }


_default = PlatformMetricsCollector()


def get_metrics_collector() -> PlatformMetricsCollector:
    """The process's own collector: where clients and timers report that were given no other."""
    return _default


def event_of(fields: Mapping[str, Any]) -> PlatformPostEvent:
    """An event of fields by their names. Raises `TypeError` for a name that an event does not have."""
    return PlatformPostEvent(**fields)


def stamp() -> str:
    return datetime.now(UTC).isoformat()


def fields_of(error: BaseException) -> Mapping[str, Any]:
    """What an event says of an error. Of one that is none of ours its type only: its text may quote anything."""
    match error:
        case SocialOutcomeUnknown():
            status = PostingStatus.UNRESOLVED
        case SocialPlatformError(is_transient=True):
            status = PostingStatus.RETRYING
        case SocialPlatformError():
            status = PostingStatus.FAILED
        case asyncio.CancelledError():
            return {"status": PostingStatus.FAILED.value, "error_code": "cancelled", "is_transient": False}
        case _:
            return {"status": PostingStatus.FAILED.value, "error_code": type(error).__name__, "is_transient": False}
    told = {"error_code": error.error_code, "error_message": error.message, "is_transient": error.is_transient}
    return {"status": status.value, **told}
