"""One block of a caller's code, one usage event: how long it took and how it ended.

Inside the block a client's own event goes into the block's; outside of one, each call of a client is an event of its own. The block's word
counts (`set_success`, `set_failure`, `set_retrying`), then an error that leaves it. A block that says nothing is never a success.
"""

import time
from collections.abc import Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

from waooaw_social.core.events import PlatformPostEvent, PostingStatus
from waooaw_social.core.refusal import SocialPlatformError
from waooaw_social.metrics.collector import PlatformMetricsCollector, event_of, fields_of, get_metrics_collector, stamp

DOUBT = "unresolved"
"""The error code of a `SocialOutcomeUnknown`: who reports it as a failure has told of a doubt all the same."""
NOT_REPORTED = {
    "status": PostingStatus.FAILED.value,
    "error_code": "not_reported",
    "error_message": "The block ended without saying how.",
    "is_transient": False,
}


class TimedPlatformCall:
    """Times a block and reports it as one `PlatformPostEvent`. Use it with `async with`, once.

    Left without a word it is `retrying` if a transient `SocialPlatformError` passed through a client's call inside it, `unresolved` if a
    `SocialOutcomeUnknown` did, else `failed` with `not_reported`.
    """

    def __init__(
        self,
        *,
        customer_id: str,
        agent_id: str,
        platform: str,
        credential_ref: str = "",
        content_type: str | None = None,
        content_length: int | None = None,
        correlation_id: str = "",
        metadata: Mapping[str, Any] | None = None,
        collector: PlatformMetricsCollector | None = None,
    ) -> None:
        self._of = {
            "customer_id": customer_id,
            "agent_id": agent_id,
            "platform": platform,
            "correlation_id": correlation_id,
        }
        self._given = {
            "credential_ref": credential_ref or None,
            "content_type": content_type,
            "content_length": content_length,
        }
        self._metadata = dict(metadata or {})
        self._collector = collector or get_metrics_collector()
        self._word: Mapping[str, Any] | None = None
        self._heard: list[PlatformPostEvent] = []
        self._started = 0.0
        self._before: Token[TimedPlatformCall | None] | None = None
        self.event: PlatformPostEvent | None = None
        """What was reported; None before the block's end."""

    def set_success(self, post_id: str | None = None, post_url: str | None = None) -> None:
        """It is out."""
        self._word = {"status": PostingStatus.SUCCESS.value, "post_id": post_id, "post_url": post_url}

    def set_failure(
        self,
        error_code: str,
        error_message: str,
        is_transient: bool = False,
        retry_count: int | None = None,
        max_retries: int | None = None,
    ) -> None:
        """It is not out. With the error code of a `SocialOutcomeUnknown` nobody knows, and the event says so."""
        status = PostingStatus.UNRESOLVED if error_code == DOUBT else PostingStatus.FAILED
        self._word = _problem(status, error_code, error_message, is_transient, retry_count, max_retries)

    def set_retrying(
        self,
        error_code: str | None = None,
        error_message: str | None = None,
        retry_count: int | None = None,
        max_retries: int | None = None,
    ) -> None:
        """It is not out yet, and will be tried again."""
        self._word = _problem(PostingStatus.RETRYING, error_code, error_message, True, retry_count, max_retries)

    async def __aenter__(self) -> Self:
        self._started = time.monotonic()
        self._before = _current.set(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            _current.reset(self._before)
        self.event = self._event(error)
        self._collector.record(self.event)

    # --- the event --------------------------------------------------------------------------------------------------------

    def hear(self, event: PlatformPostEvent) -> bool:
        """Take a client's own event into this one. False: the block is over, and it stands for itself."""
        if self.event is not None:
            return False
        self._heard.append(event)
        return True

    def _event(self, error: BaseException | None) -> PlatformPostEvent:
        last = self._heard[-1] if self._heard else PlatformPostEvent()
        told = {name: value for name, value in (self._word or self._unsaid(error)).items() if value is not None}
        found: dict[str, Any] = {
            "credential_ref": last.credential_ref,
            "content_type": last.content_type,
            "content_length": last.content_length,
            "post_id": last.post_id,
            "post_url": last.post_url,
            "retry_count": sum(event.retry_count for event in self._heard),
            "max_retries": last.max_retries,
        }
        given = {name: value for name, value in self._given.items() if value is not None}
        timed = {"timestamp": stamp(), "duration_ms": round((time.monotonic() - self._started) * 1000)}
        metadata = {**last.metadata, **self._metadata}
        return event_of({**found, **given, **self._of, **told, **timed, "metadata": metadata})

    def _unsaid(self, error: BaseException | None) -> Mapping[str, Any]:
        """How a block ended that did not say it. A doubt is not covered up by an error that has nothing to do with it."""
        if isinstance(error, SocialPlatformError):
            return fields_of(error)
        for status in (PostingStatus.UNRESOLVED, PostingStatus.RETRYING):
            passed = next((event for event in reversed(self._heard) if event.status == status), None)
            if passed and (error is None or status is PostingStatus.UNRESOLVED):
                told = ("status", "error_code", "error_message", "is_transient")
                return {name: getattr(passed, name) for name in told}
        return NOT_REPORTED if error is None else fields_of(error)


_current: ContextVar[TimedPlatformCall | None] = ContextVar("waooaw_timed_platform_call", default=None)


def report(event: PlatformPostEvent, collector: PlatformMetricsCollector) -> None:
    """A client's own event: into the block that it happened in, or for itself."""
    timer = _current.get()
    if timer is None or not timer.hear(event):
        collector.record(event)


def _problem(
    status: PostingStatus,
    error_code: str | None,
    error_message: str | None,
    is_transient: bool,
    retry_count: int | None,
    max_retries: int | None,
) -> Mapping[str, Any]:
    return {
        "status": status.value,
        "error_code": error_code,
        "error_message": error_message,
        "is_transient": is_transient,
        "retry_count": retry_count,
        "max_retries": max_retries,
    }
