"""Every way a platform says no, on one page.

A platform's error table turns its codes into a `Refusal`: what it means, whose problem it is, what to do. `Refused` carries one through
a flow. The two exceptions at the end are what a library caller sees; their `is_transient` is true only if nothing can have gone out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from waooaw_social.core.ids import Platform


class Reaction(StrEnum):
    """What the gateway makes of a no."""

    REFUSED = "refused"
    """A no that nobody can cure by waiting: recorded, and the flow is told."""
    TAKEN = "taken"
    """A no because it is there, or used up, already: by an attempt of our own, if one may have gone out; by somebody else otherwise."""
    REFRESH = "refresh"
    """The access token is stale: refresh it once and ask again."""
    CURE = "cure"
    """Somebody can cure it (reconnect, configuration, deploy): wait for that."""
    THROTTLE = "throttle"
    """Too fast: wait as long as the platform says, or as long as the table says."""
    EXHAUSTED = "exhausted"
    """A quota is used up: wait until it is refilled."""
    NOT_DONE = "not_done"
    """Certainly not done, and asking again is right."""
    UNKNOWN = "unknown"
    """Perhaps done: on anything but a read, look before repeating."""


class Cure(StrEnum):
    """Who has to act before asking again can help."""

    RECONNECT = "needs_reconnect"
    OPERATOR = "needs_operator"
    DEPLOY = "needs_deploy"


class Scope(StrEnum):
    """What else the same no would hit: how far a wait or a freeze must reach."""

    REQUEST = "request"
    CREDENTIAL = "credential"
    ACCOUNT = "account"
    APP = "app"
    PLATFORM = "platform"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A platform's no, understood."""

    code: str
    """Ours, stable, for programs: `quota_exhausted`, `invalid_title`, …"""
    message: str
    """For people, redacted: what went wrong."""
    reaction: Reaction = Reaction.REFUSED
    scope: Scope = Scope.REQUEST
    cure: Cure | None = None
    retry_after: float | None = None
    """Seconds, where the platform or its table says so."""
    bucket: str | None = None
    """The quota bucket that is empty, where `reaction` is EXHAUSTED."""
    platform_code: str | None = None
    status: int | None = None
    field: str | None = None
    remediation: str = ""
    """What to do about it, in one sentence; where nobody has said more, what its reaction and its field say."""

    def __post_init__(self) -> None:
        if not self.remediation:
            usual = f"Correct {self.field}, and send it anew." if self.field else USUAL[self.reaction]
            waits = self.reaction not in {Reaction.REFUSED, Reaction.TAKEN, Reaction.CURE}
            object.__setattr__(self, "remediation", USUAL[self.reaction] if waits else usual)


LIBRARY = "A caller of the library tries again after `retry_after` seconds."
USUAL: Mapping[Reaction, str] = {
    Reaction.REFUSED: "The same would be refused again: change what the message names, or ask whoever runs this service.",
    Reaction.TAKEN: "Look at the account: what is there already need not be sent again.",
    Reaction.REFRESH: f"Nothing needs to be done: the token is refreshed, and it goes on by itself. {LIBRARY}",
    Reaction.CURE: "Ask whoever runs this service; it goes on by itself afterwards.",
    Reaction.THROTTLE: f"Nothing needs to be done: a publication goes on by itself as soon as the platform allows. {LIBRARY}",
    Reaction.EXHAUSTED: f"Nothing needs to be done: a publication goes on by itself when the quota is refilled. {LIBRARY}",
    Reaction.NOT_DONE: f"Nothing needs to be done: a publication is tried again by itself. {LIBRARY}",
    Reaction.UNKNOWN: "Do not send it anew by hand: what may have gone out is looked for first, and it goes on by itself.",
}
"""What to do about a no of which nobody has said more."""


class Refused(Exception):
    """Raised by readers and flows: the answer is no."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.message}")
        self.refusal = refusal

    @classmethod
    def content(cls, code: str, message: str, *, field: str, remediation: str = "") -> "Refused":
        """What the customer sent cannot be published as it is; no call was made."""
        return cls(Refusal(code=code, message=message, field=field, remediation=remediation))


class SocialPlatformError(Exception):
    """A call of the library that did not publish.

    `is_transient` is true only if nothing can have gone out and asking again may help; `retry_after` is in seconds.
    """

    def __init__(
        self,
        message: str,
        platform: str,
        error_code: str = "error",
        is_transient: bool = False,
        retry_after: float | None = None,
        *,
        platform_code: str | None = None,
        field: str | None = None,
        remediation: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.platform = platform
        self.error_code = error_code
        self.is_transient = is_transient
        self.retry_after = retry_after
        self.platform_code = platform_code
        self.field = field
        self.remediation = remediation

    def __str__(self) -> str:
        advice = f" {self.remediation}" if self.remediation else ""
        return f"[{self.platform}/{self.error_code}] {self.message}{advice}"

    @classmethod
    def of(cls, refusal: Refusal, platform: Platform) -> "SocialPlatformError":
        """The exception for a refusal: transient exactly where waiting alone may cure it."""
        waiting_helps = refusal.reaction in {Reaction.THROTTLE, Reaction.EXHAUSTED, Reaction.NOT_DONE, Reaction.UNKNOWN}
        return cls(
            refusal.message,
            platform,
            refusal.code,
            waiting_helps,
            refusal.retry_after,
            platform_code=refusal.platform_code,
            field=refusal.field,
            remediation=refusal.remediation,
        )


class SocialOutcomeUnknown(SocialPlatformError):
    """It may have gone out, and nobody could tell. Never repeat it blindly: look at the account first."""

    def __init__(self, message: str, platform: str, *, tried_at: datetime, how_to_settle: str) -> None:
        super().__init__(message, platform, "unresolved", False, remediation=how_to_settle)
        self.tried_at = tried_at
        self.how_to_settle = how_to_settle
