"""Plant's door: whose key it is, what it may, how far it reaches, and how often it may ask.

The limit is a bucket for each key in each process: full at first, refilled evenly. Every answer says in `RateLimit` what is left; one that
finds it empty is 429. It keeps one agent from starving the others, and is no quota of a platform's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from waooaw_social.core.ids import CustomerId
from waooaw_social.storage.api_keys import ApiKey, ApiKeys
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.web.edge import add_headers, bearer, tell
from waooaw_social.web.problem import Problem, unauthorized

DRAFT, PUBLISH, READ, CANCEL = "draft", "publish", "read", "cancel"
SCOPES = frozenset({DRAFT, PUBLISH, READ, CANCEL})
MINUTE = 60.0
MOST_KEYS = 10_000
"""Keys whose buckets are remembered; a forgotten one is full again."""

_described = HTTPBearer(
    auto_error=False, scheme_name="AgentKey", description="`api-keys create --customer … --agent …`"
)


@dataclass(kw_only=True)
class Limiter:
    """So many requests a minute for each key. `monotonic` is in seconds."""

    a_minute: int
    monotonic: Callable[[], float]
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def take(self, key: str) -> tuple[float, float]:
        """What is left after this request, below zero where it is one too many; and the seconds until the next is welcome."""
        now, rate = self.monotonic(), self.a_minute / MINUTE
        left, at = self._buckets.pop(key, (float(self.a_minute), now))
        left = min(float(self.a_minute), left + (now - at) * rate)
        granted = left >= 1.0
        self._buckets[key] = (left - 1.0 if granted else left, now)
        if len(self._buckets) > MOST_KEYS:
            del self._buckets[next(iter(self._buckets))]
        after = left - 1.0
        return after, max(0.0, (1.0 - (after if granted else left)) / rate)


async def agent(request: Request, _: Annotated[object, Depends(_described)]) -> ApiKey:
    """The agent whose key came with the request."""
    keys: ApiKeys = request.app.state.keys
    key = bearer(request)
    found = await keys.find(key) if key else None
    if found is None:
        raise unauthorized()
    tell(request, key=found.id, agent=found.agent_id)
    limiter: Limiter = request.app.state.limiter
    left, wait = limiter.take(found.id)
    add_headers(request, {
        "ratelimit-policy": f'"key";q={limiter.a_minute};w={MINUTE:.0f}',
        "ratelimit": f'"key";r={max(0, int(left))};t={wait:.0f}',
    })  # fmt: skip
    if left < 0:
        raise Problem(
            status=429,
            code="too_many_requests",
            detail=f"This API key may ask {limiter.a_minute} times a minute.",
            retryable=True,
            retry_after=wait,
            remediation="Wait as long as Retry-After says. One order can name many targets, and a list can show many publications.",
        )
    return found


Agent = Annotated[ApiKey, Depends(agent)]


def may(who: ApiKey, scope: str) -> None:
    if scope not in who.scopes:
        raise Problem(status=403, code="missing_scope", detail=f"This API key may not {scope}.")


def may_write(who: ApiKey, *, draft: bool) -> None:
    """Whoever may publish may make drafts too; whoever may only draft, only drafts."""
    may(who, DRAFT if draft and PUBLISH not in who.scopes else PUBLISH)


def reach_of(who: ApiKey) -> Reach:
    return Reach(customer_id=CustomerId(who.customer_id), accounts=who.credential_refs)
