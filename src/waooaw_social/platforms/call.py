"""A platform call as a value, and a flow as a generator of them. Nothing here does I/O.

A flow yields steps and is sent back what their readers make of the replies; a runner drives it. Every call says, by its type, what a
second sending would cost: `Harmless`, `Wasteful` or `Visible`. A visible call cannot be built without the way to find out whether it
happened. A flow that was interrupted is started again from its top: recorded writes answer at once, reads tell the present truth.
The file is longer than others: it is the whole vocabulary that flows are written in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar, cast

from waooaw_social.core.ids import Audience, RemoteId
from waooaw_social.core.post import MediaFile, MediaSource, Published
from waooaw_social.core.refusal import Refusal, Refused

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """`length` bytes of a file from `offset` on, streamed from disk and never held whole."""

    file: MediaFile
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Form:
    """A file within a form (multipart): streamed likewise, and within a visible call small and held whole."""

    before: bytes
    file: Piece
    after: bytes


Body: TypeAlias = bytes | Piece | Form


@dataclass(frozen=True, kw_only=True)
class Request:
    """What goes over the wire, without the token: the gateway signs it last."""

    method: str
    url: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Body = b""
    signature: str = ""
    """Which of its platform's ways to sign it; empty: the usual one."""

    def __repr__(self) -> str:
        # A URL or a body may hold an upload session or a token: what is printed is the method and the host.
        return f"Request({self.method} {'/'.join(self.url.split('/', 3)[:3])}/…)"


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers with lower-case names, body. This is what the ledger keeps, sealed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes = field(default=b"", repr=False)

    def json(self) -> Mapping[str, Any]:
        """The body as a JSON object; empty where it is none (HTML, plain text, cut off)."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


class Verdict(StrEnum):
    """What a reconcile says when it found no reply to adopt."""

    ABSENT = "absent"
    """Certainly not there: it may be sent again."""
    LATER = "later"
    """Cannot be told yet: look again, until patience ends."""
    UNSURE = "unsure"
    """Never to be told by looking: a person decides."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a reconcile is told, because only the ledger knows it."""

    first_sent_at: float
    """When we first may have sent it: seconds since 1970."""
    age: float
    """Seconds since the attempt in doubt was begun."""
    looks: int
    """How many looks there were before this one."""
    taken: frozenset[RemoteId]
    """Posts of this audience that are already some publication's."""


@dataclass(frozen=True)
class Harmless:
    """A second sending costs nothing: status, progress, a chunk that completes nothing. Not recorded; after a lost reply ask again."""

    repeatable: bool = True
    """False: do not just send it again. The flow is told (`Interrupted`) and asks where it stands first."""
    kept_for: float = 0.0
    """Seconds for which an answer serves whoever asks the same for the same credential, in this process."""


@dataclass(frozen=True, kw_only=True)
class Wasteful:
    """A second sending leaves litter nobody sees: a container, an upload session. Recorded before its next use."""

    good_for: float
    """Seconds for which the platform keeps what was made."""


@dataclass(frozen=True, kw_only=True)
class Visible:
    """A second sending is a second post. Recorded before and after; after a lost reply it is reconciled, never repeated blindly."""

    reconcile: Callable[[Asked], Flow[Reply | Verdict]]
    published: Callable[[Reply], Published | None]
    """What went out, by the reply alone; None in a reply that says that nothing did."""
    noes_lie: bool = False
    """Whether a no may hide that it was done: then `reconcile` is asked once before it is believed."""
    ends: bool = True
    """The last visible call of its flow: its reply and the publication's end share one commit. What follows are details."""
    audience: Audience | None = None
    """Set where `reconcile` goes by resemblance: at most one attempt in doubt per audience."""
    look_again: float = 30.0
    """Seconds between two looks while a reconcile says LATER."""
    patience: float = 600.0
    """Seconds from the first look on, after which LATER becomes UNSURE."""


IfRepeated: TypeAlias = Harmless | Wasteful | Visible

OK: frozenset[int] = frozenset({200, 201, 202, 204})


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a call takes from a quota bucket of its manifest."""

    bucket: str
    units: int
    within: tuple[str, ...] = ()
    """Other buckets that hold this call back while the platform wants silence there: an account's beside the app's."""
    of: str = ""
    """Whose part of the owner's bucket: a recipient, where the rate is per pair. It is kept as a digest."""


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T]):
    """One request to a platform, with all that is needed to understand what comes back.

    >>> media = yield from publish_container(reel, container)   # a Call is iterable, so that flows read like code
    """

    name: str
    """Unique within a flow for what is recorded: `open session 1`, `complete upload 1`."""
    request: Request
    read: Callable[[Reply], T]
    explain: Callable[[Reply], Refusal]
    """What a reply means that is not among `answers`."""
    if_repeated: IfRepeated
    answers: frozenset[int] = OK
    """Statuses that are an answer to this call, and not an error."""
    cost: Cost | None = None
    rates: tuple[Cost, ...] = ()
    """What it takes beside `cost`: of rates, which fill up again within seconds."""
    recognise: Callable[[Reply], bool] | None = None
    """Where the status alone does not tell an answer from an error, this does, instead of `answers`."""

    def answered(self, reply: Reply) -> bool:
        """Whether the reply is an answer to this call, and not an error."""
        return self.recognise(reply) if self.recognise else reply.status in self.answers

    def understand(self, reply: Reply) -> T:
        """What the reply says. Raises `Refused` where it is a no."""
        if not self.answered(reply):
            raise Refused(self.explain(reply))
        return self.read(reply)

    def __repr__(self) -> str:
        return f"Call({self.name!r}, {type(self.if_repeated).__name__})"

    def __iter__(self) -> Flow[T]:
        value: T = yield self
        return value


@dataclass(frozen=True)
class Pause:
    seconds: float
    why: str = "the platform needs time"


@dataclass(frozen=True)
class UntilDue:
    """Wait until the publication's own time. What comes before may be prepared early."""


@dataclass(frozen=True)
class Heard:
    """The newest thing the platform told us by itself under this key, or None. A read like any other."""

    key: str


@dataclass(frozen=True)
class Fetch:
    """Bring a customer's file here. Its description is recorded, so that a later run speaks of the same bytes."""

    name: str
    source: MediaSource


Step: TypeAlias = "Call[Any] | Pause | UntilDue | Heard | Fetch"
Flow: TypeAlias = Generator[Step, Any, T]


class Interrupted(Exception):
    """Thrown into a flow at a Harmless call that must not just be repeated: no usable reply. Ask where things stand, then go on."""

    def __init__(self, why: str, retry_in: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_in = retry_in


def pause(seconds: float, why: str = "the platform needs time") -> Flow[None]:
    """Let go of the worker for so long; the flow may be started again from its top afterwards."""
    yield Pause(seconds, why)


def until_due() -> Flow[None]:
    """Stand before a visible call: everything above may be done ahead of time."""
    yield UntilDue()


def heard(key: str) -> Flow[Mapping[str, Any] | None]:
    """What a webhook said under this key, or None."""
    value: Mapping[str, Any] | None = yield Heard(key)
    return value


def fetch(name: str, source: MediaSource) -> Flow[MediaFile]:
    """A customer's file, here on disk."""
    file: MediaFile = yield Fetch(name, source)
    return file


def or_none(flow: Call[T] | Flow[T]) -> Flow[T | None]:
    """A detail that comes after publication: where it fails, it is left out."""
    try:
        return (yield from flow)
    except (Refused, Interrupted):
        return None
