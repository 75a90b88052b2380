"""What the way out needs from others, and what it answers.

The gateway has three answers, and they are the whole of what the runner knows about a wire: a `Reply` (an acceptance, or a no that
nobody can cure), `NotSent` (certainly not done) and `Unknown` (perhaps done). The ports below are filled by `storage`, `resolver.py`
and `media.py`, or by honest twins in memory. As long as the vocabulary is: one page for one room.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from waooaw_social.core.account import Account
from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId, Platform
from waooaw_social.core.post import MediaFile
from waooaw_social.core.refusal import Cure, Refusal
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Cost, Reply
from waooaw_social.platforms.manifest import Bucket


@dataclass(frozen=True, kw_only=True)
class NotSent:
    """Certainly not done. Ask again in `retry_in` seconds, or when `until` has been cured."""

    why: str
    retry_in: float | None = None
    """Seconds; None and no cure: soon, by the caller's own schedule."""
    until: Cure | None = None
    refusal: Refusal | None = None
    """What the platform said, if it said something."""
    held_back: bool = False
    """By us: a quota, a resting platform. Nobody was asked."""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Perhaps done: nobody answered, or what was answered cannot be relied on."""

    why: str
    retry_in: float | None = None
    refusal: Refusal | None = None


Outcome: TypeAlias = Reply | NotSent | Unknown


class Purpose(StrEnum):
    """What a call is for. Publishing has a part of every quota to itself."""

    PUBLISH = "publish"
    ANALYTICS = "analytics"


@dataclass(frozen=True, kw_only=True)
class Errand:
    """On whose behalf a call goes out. Carries no token."""

    customer_id: CustomerId
    credential_ref: CredentialRef
    platform: Platform
    posting_identity: str | None = None
    """For whom the publication was accepted. A connection that has come to speak for somebody else publishes nothing; None: whoever it is."""
    progress: Callable[[int, int], None] | None = None
    """Told (bytes sent, bytes in all) while a file goes up."""
    agent_id: AgentId | None = None
    """Whose budget it is, beside the customer's."""
    purpose: Purpose = Purpose.PUBLISH
    retried: Callable[[float], None] | None = None
    """Told the seconds waited before each repeat of a call."""
    meanwhile: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    """Entered while an upload waits for its place: others may have the worker's hand as long."""


def errand_of(
    account: Account, progress: Callable[[int, int], None] | None = None, agent_id: AgentId | None = None
) -> Errand:
    """The errand of a publication: for the account that it was accepted for."""
    return Errand(
        customer_id=account.customer_id,
        credential_ref=account.credential_ref,
        platform=account.platform,
        posting_identity=account.posting_identity,
        progress=progress,
        agent_id=agent_id,
    )


@dataclass(frozen=True, kw_only=True)
class FileRange:
    """Where the transport reads a body from: `length` bytes of the file at `path` from `offset` on, with the rest of its form around them."""

    path: Path
    offset: int
    length: int
    before: bytes = b""
    after: bytes = b""


# --- what the transport raises ------------------------------------------------------------------------------------------------


class NotWritten(Exception):
    """Certainly no byte of the request left: refused, unresolved, no TLS, or one of the two below."""


class TooLate(NotWritten):
    """`not_after` had passed when the connection was ready: the send window is over."""


class Saturated(NotWritten):
    """Our own pool had no connection free in time. Not the platform's fault, and never counted against it."""


class Lost(Exception):
    """Something may have left, and no whole reply came back: timeout, reset, cut body."""


# --- tokens -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ResolvedSocialCredentials:
    """One credential, lent by CP. The tokens are boxed: `credentials.access_token.open()` says aloud that they leave the box."""

    customer_id: CustomerId
    credential_ref: CredentialRef
    platform: Platform
    posting_identity: str | None
    access_token: Secret
    refresh_token: Secret | None
    expires_at: datetime | None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    version: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class RefreshLease:
    """CP's answer to "may I refresh?": only one in the fleet may, until `until`. `version` is the credential's newest."""

    granted: bool
    until: datetime
    version: int


class CredentialUnknown(Exception):
    """CP knows no such credential of this customer."""


class CredentialsUnavailable(Exception):
    """CP cannot be asked just now, or refuses our key: nothing is said about the credential. `retry_in` is in seconds."""

    def __init__(self, why: str, retry_in: float = 5.0, until: Cure | None = None) -> None:
        super().__init__(why)
        self.retry_in = retry_in
        self.until = until


class StaleVersion(Exception):
    """Somebody wrote a newer token first: adopt theirs."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the credential is at version {version}")
        self.version = version


class TokenSource(Protocol):
    """Lends tokens and takes refreshed ones back."""

    async def resolve(
        self, *, customer_id: CustomerId, credential_ref: CredentialRef, fresh: bool = False
    ) -> ResolvedSocialCredentials:
        """The credential; `fresh` goes past the cache. Raises `CredentialUnknown`, `CredentialsUnavailable`."""
        ...

    async def refresh_lease(
        self, *, customer_id: CustomerId, credential_ref: CredentialRef, version: int
    ) -> RefreshLease: ...

    async def update_access_token(
        self,
        *,
        customer_id: CustomerId,
        credential_ref: CredentialRef,
        new_access_token: str | Secret,
        new_refresh_token: str | Secret | None = None,
        expires_at: datetime | None = None,
        expected_version: int | None = None,
    ) -> int:
        """Store a refreshed token, compare-and-swap on `expected_version`. Returns the new version; raises `StaleVersion`."""
        ...

    def drop(self, *, customer_id: CustomerId, credential_ref: CredentialRef) -> None:
        """Forget what is cached: the platform did not like it."""
        ...


# --- quota, breaker, media ----------------------------------------------------------------------------------------------------


class QuotaStore(Protocol):
    """Counts what is used of a bucket, a day's quota or a rate alike, for the whole fleet."""

    async def take(self, bucket: Bucket, scope: str, units: int) -> float | None:
        """Reserve `units`. None: granted. Otherwise the seconds until the bucket is refilled."""
        ...

    async def give_back(self, bucket: Bucket, scope: str, units: int) -> None:
        """What was reserved never left."""
        ...

    async def block(self, bucket: Bucket, scope: str, seconds: float) -> None:
        """The platform says the bucket is empty, whatever we counted: nobody asks again for so long. Never shortens a block."""
        ...

    async def blocked(self, bucket: Bucket, scope: str) -> float | None:
        """Seconds for which the bucket is still blocked; None: it is not."""
        ...

    async def used(self, bucket: Bucket, scope: str) -> int: ...


class Health(StrEnum):
    """What a call says about the platform, not about the call."""

    WELL = "well"
    FAULT = "fault"
    """It failed, and nobody else is to blame: 5xx, timeout, reset, no connection."""
    NO_WORD = "no word"
    """429, our own saturation, a call that was cancelled or never left."""


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """The right to make one call. With a `probe` it is the only one in the fleet; report it in any case."""

    platform: Platform
    family: str
    probe: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resting:
    """Nothing is sent for so many seconds."""

    seconds: float
    frozen: bool = False
    """By an operator, not by the breaker."""


Admission: TypeAlias = Admitted | Resting


class BreakerStore(Protocol):
    """Remembers, for the whole fleet, which families of endpoints are resting."""

    async def admit(self, platform: Platform, family: str) -> Admission:
        """Whether a call may leave now."""
        ...

    async def report(self, admitted: Admitted, health: Health) -> None:
        """The call came back, or will not."""
        ...


class Meter(Protocol):
    """Is told of every call that left, once."""

    def called(self, *, platform: Platform, name: str, answer: str, seconds: float, cost: Cost | None) -> None:
        """`answer` is a status or one of `not_written`, `lost`."""
        ...


class MediaStore(Protocol):
    """Where fetched files lie on this machine."""

    async def path(self, file: MediaFile) -> Path:
        """The file's place on disk, byte for byte what `file.sha256` names. Raises `MediaMissing`."""
        ...


class MediaMissing(Exception):
    """The bytes are not here, and could not be brought here again."""

    def __init__(self, why: str, retry_in: float = 30.0) -> None:
        super().__init__(why)
        self.retry_in = retry_in
