"""The frozen shape of a platform's facts. What differs between platforms stands in their manifests, as typed values and not as `if`s.

Each fact names the section of the contract it comes from. What could not be verified is a setting or a default, never an assertion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from waooaw_social.core.ids import Platform
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Scope
from waooaw_social.platforms.call import Reply

MESSAGE_LIMIT = 500
"""Characters of a platform's message that are shown; some answer with whole pages."""
SUNSET_WARNING = 90
"""Days."""


@dataclass(frozen=True, kw_only=True)
class Says:
    """A platform's error in its own words, read out of whatever envelope it uses."""

    status: int
    reason: str = ""
    subcode: str = ""
    message: str = ""
    detail: str = ""
    """What only this platform's own rows look at."""
    retry_after: float | None = None


@dataclass(frozen=True, kw_only=True)
class ErrorRow:
    """One row of an error table: which answers it is about, and what they mean."""

    code: str
    """Ours, stable, shown to users."""
    reaction: Reaction
    statuses: frozenset[int] = frozenset()
    """Empty: any status (where the documents disagree, the reason decides)."""
    reasons: frozenset[str] = frozenset()
    """Empty: any reason."""
    subcodes: frozenset[str] = frozenset()
    """Empty: any subcode, also none."""
    says: Callable[[Says], bool] | None = None
    """Where the reason alone is ambiguous."""
    scope: Scope = Scope.REQUEST
    cure: Cure | None = None
    bucket: str | None = None
    retry_after: float | None = None
    field: str | None = None
    means: str = ""
    """For people; empty: the platform's own message."""
    remediation: str = ""
    source: str

    def matches(self, says: Says) -> bool:
        return (
            (not self.statuses or says.status in self.statuses)
            and (not self.reasons or says.reason in self.reasons)
            and (not self.subcodes or says.subcode in self.subcodes)
            and (self.says is None or self.says(says))
        )


def explain_by(table: tuple[ErrorRow, ...], says: Says) -> Refusal:
    """The first row that matches. A table ends with a row that matches everything."""
    row = next(row for row in table if row.matches(says))
    return Refusal(
        code=row.code,
        message=(row.means or says.message or f"HTTP {says.status}")[:MESSAGE_LIMIT],
        reaction=row.reaction,
        scope=row.scope,
        cure=row.cure,
        retry_after=says.retry_after if says.retry_after is not None else row.retry_after,
        bucket=row.bucket,
        platform_code="/".join(part for part in (says.reason, says.subcode) if part) or None,
        status=says.status,
        field=row.field,
        remediation=row.remediation,
    )


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """What is counted, or held back, together: a day's quota of an app, a rate, or the calls for one account."""

    name: str
    limit: int | None = None
    """Units a day, or within `per`; None: we do not count it, the platform says when to wait."""
    per: float | None = None
    """Seconds of a rate's window, which slides (GCRA). None: a calendar day."""
    zone: str = "UTC"
    """Where the day ends at midnight."""
    scope: Scope = Scope.APP
    """Whose it is: APP (all customers together) or ACCOUNT; a cost may name a part of it, a recipient for instance."""
    setting: str | None = None
    """The environment variable that overrides `limit`."""
    warn: str = ""
    source: str


@dataclass(frozen=True, kw_only=True)
class Family:
    """Endpoints that fail together, and apart from the platform's others: found by host, or by the calls' names without their ordinals."""

    name: str
    hosts: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()


ORDINALS = "0123456789 "
MAIN = "api"
"""The family of whatever is in no other."""


@dataclass(frozen=True, kw_only=True)
class Slow:
    """A reply's headers ask for slowness, before the platform refuses: hold a bucket's calls back for so many seconds."""

    bucket: str
    seconds: float


def silent(_: Reply) -> tuple[Slow, ...]:
    """For a platform whose replies say nothing about usage."""
    return ()


@dataclass(frozen=True, kw_only=True)
class OAuthFacts:
    """Where and how the platform hands out tokens."""

    authorize_url: str
    token_url: str
    revoke_url: str | None
    scopes: tuple[str, ...]
    authorize_params: Mapping[str, str] = field(default_factory=dict[str, str])
    pkce: bool = True
    client_settings: tuple[str, str]
    """The environment variables that hold the client's id and secret."""


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How late the platform may act and show. Both enter the reconcile delay."""

    acting: float
    """Seconds between its receiving a request and carrying it out, at the worst we believe."""
    listing: float
    """Seconds until something published shows in its listings, likewise."""
    source: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a platform is."""

    platform: Platform
    title: str
    hosts: frozenset[str]
    """The only hosts that ever see a token of this platform."""
    api_version: str
    sunset: date | None
    oauth: OAuthFacts
    formats: tuple[str, ...]
    buckets: tuple[Bucket, ...]
    families: tuple[Family, ...] = ()
    """Endpoints with a circuit breaker of their own, beside that of all the others."""
    gates: tuple[str, ...] = ()
    """Buckets that hold back every call, reads too, while the platform wants silence."""
    usage: Callable[[Reply], tuple[Slow, ...]] = silent
    """What a reply's headers say about how near the limits are."""
    lag: Lag
    secret_fields: frozenset[str]
    """Field names whose values never leave the gateway in a result."""
    errors: tuple[ErrorRow, ...]
    says: Callable[[Reply], Says]
    """Reads an error out of the platform's envelope."""
    request_timeout: float = 30.0
    """Total seconds for an API call."""
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def explain(self, reply: Reply) -> Refusal:
        """What a reply means that is no answer."""
        return explain_by(self.errors, self.says(reply))

    def family_of(self, host: str, call: str) -> str:
        """The family of a call, by where it goes and what it is called."""
        name = call.rstrip(ORDINALS)
        return next((f.name for f in self.families if host in f.hosts or name in f.calls), MAIN)

    def sunset_near(self, today: date) -> int | None:
        """Days until the pinned version is retired, once they are few; negative when it has been."""
        left = (self.sunset - today).days if self.sunset else None
        return left if left is not None and left <= SUNSET_WARNING else None

    def with_limits(self, limits: Mapping[str, int]) -> "Manifest":
        """The same platform with quota limits from the settings: real projects have other limits than the documents say."""
        buckets = tuple(replace(b, limit=limits.get(b.setting or "", b.limit)) for b in self.buckets)
        return replace(self, buckets=buckets)
