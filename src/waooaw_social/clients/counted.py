"""One call of a client, one usage event: what it posted, how long it took, how often it had to repeat itself, how it ended.

The gateway tells of each repeat, its meter of each send; which client call a send belongs to is known by the task that makes it, so that
calls of one client side by side are counted apart. A visible call is no matter of the gateway's: it was sent again if it left twice.
"""

from collections import Counter
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from waooaw_social.core.clock import Clock
from waooaw_social.core.events import PlatformPostEvent, PostingStatus, length_of
from waooaw_social.core.ids import Platform
from waooaw_social.core.post import Content, SocialPostResult
from waooaw_social.core.refusal import SocialPlatformError
from waooaw_social.metrics.collector import PlatformMetricsCollector, fields_of
from waooaw_social.metrics.timer import report
from waooaw_social.wire.ports import Cost


@dataclass
class Tally:
    """The sends of one call of a client."""

    repeats: int = 0
    """By the gateway, of what may be repeated."""
    waited: float = 0.0
    """Seconds before those."""
    in_doubt: bool = False
    """Something may have gone out when the call was given up."""
    sends: Counter[str] = field(default_factory=Counter[str])
    """How often each call left, by its name."""
    visible: frozenset[str] = frozenset()
    """The names of those that are seen by an audience."""

    def repeated(self, waited: float) -> None:
        self.repeats += 1
        self.waited += waited

    @property
    def retry_count(self) -> int:
        """Sends after the first, of whichever call had to be repeated. What is asked anew after a wait is no repeat."""
        return self.repeats + sum(max(0, self.sends[name] - 1) for name in self.visible)


_tally: ContextVar[Tally | None] = ContextVar("waooaw_tally", default=None)


@dataclass
class CallMeter:
    """Fills the gateway's `Meter`: how many calls left, and what they cost."""

    calls: int = 0
    quota: dict[str, int] = field(default_factory=dict[str, int])

    def called(self, *, platform: Platform, name: str, answer: str, seconds: float, cost: Cost | None) -> None:
        if answer == "not_written":
            return
        if tally := _tally.get():
            tally.sends[name] += 1
        self.calls += 1
        if cost:
            self.quota[cost.bucket] = self.quota.get(cost.bucket, 0) + cost.units


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What is known of a client's call before it is made."""

    platform: Platform
    customer_id: str
    credential_ref: str
    format: str
    content: Content

    async def run(
        self,
        post: Callable[[Tally], Coroutine[Any, Any, SocialPostResult]],
        *,
        clock: Clock,
        max_retries: int,
        to: PlatformMetricsCollector,
    ) -> SocialPostResult:
        """Make the call, and report what became of it, whatever it raises."""
        tally, started = Tally(), clock.monotonic()
        token = _tally.set(tally)
        ended: dict[str, Any] = {}
        try:
            result = await post(tally)
            ended = {"status": PostingStatus.SUCCESS.value, "post_id": result.post_id, "post_url": result.post_url}
            return result
        except BaseException as error:
            ended = dict(fields_of(error)) | (
                GIVEN_UP if tally.in_doubt and not isinstance(error, SocialPlatformError) else {}
            )
            raise
        finally:
            _tally.reset(token)
            ended["max_retries"] = max_retries
            report(self._event(tally, ended, clock, clock.monotonic() - started), to)

    def _event(self, tally: Tally, ended: dict[str, Any], clock: Clock, seconds: float) -> PlatformPostEvent:
        return PlatformPostEvent(
            **ended,
            platform=self.platform,
            customer_id=self.customer_id,
            credential_ref=self.credential_ref,
            timestamp=clock.now().isoformat(),
            duration_ms=round(seconds * 1000),
            retry_count=tally.retry_count,
            content_type=self.format,
            content_length=length_of(self.content),
        )


GIVEN_UP = {"status": PostingStatus.UNRESOLVED.value, "error_code": "unresolved"}
"""A caller that goes away while something may be out leaves a doubt, not a failure."""
