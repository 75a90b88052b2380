"""What the runner and the worker need from storage: a ledger, the publications, an inbox, the files.

Every method is one durable transaction. `begin`, `keep`, `looked`, `park` and `end` are fenced by the lease's epoch: whoever lost the
lease gets `Fenced` (or False) and must stop. `complete` is not fenced: a reply that was heard is recorded, whoever heard it.
`memory.py` and `storage/plant` fill these ports alike; one test suite runs on both. Long, because
it is the vocabulary of two rooms on one page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from waooaw_social.core.ids import Audience, CustomerId, PublicationId, RemoteId
from waooaw_social.core.post import MediaFile, MediaSource, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Cure, Refusal
from waooaw_social.platforms.call import Reply


class Fenced(Exception):
    """The lease is somebody else's by now: stop, and touch nothing."""


class Moved(Exception):
    """The ledger is not as this run looked it up: start over from the top."""


class AudienceBusy(Moved):
    """Another publication of this audience is in doubt, `for_so_long` seconds by now; this one waits its turn."""

    def __init__(self, for_so_long: float) -> None:
        super().__init__("another publication of this audience is in doubt")
        self.for_so_long = for_so_long


class EntryState(StrEnum):
    """What became of one attempt."""

    OPEN = "open"
    """Begun, and nobody knows yet: in doubt."""
    ANSWERED = "answered"
    REFUSED = "refused"
    """Answered, and nothing went out."""
    ABSENT = "absent"
    """A reconcile found nothing, and a later attempt was begun."""
    ABANDONED = "abandoned"
    """Certainly not sent."""
    UNRESOLVED = "unresolved"
    STALE = "stale"
    """Its container or session has outlived what the platform promises: made anew."""


SURELY_NOT_OUT = frozenset({EntryState.ABANDONED, EntryState.REFUSED})
"""What certainly put nothing before anybody. Absent is not among them: nobody saw it, which is a belief; nor is stale, which may have
been absent before."""


class HeardBy(StrEnum):
    """How an answer reached us."""

    REPLY = "reply"
    LATE = "late"
    RECONCILE = "reconcile"
    WEBHOOK = "webhook"
    PERSON = "person"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One attempt at one recorded call, as it was looked up with the claim."""

    name: str
    attempt: int
    state: EntryState
    visible: bool
    begun_at: float
    """Seconds since 1970 on the ledger's clock."""
    age: float
    """Seconds since `begun_at`, when it was looked up."""
    reply: Reply | None = None
    looks: int = 0
    looked_for: float | None = None
    """Seconds since the first look at this doubt; None before it."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to drive one publication, until somebody else claims it with a higher epoch."""

    publication_id: PublicationId
    epoch: int


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A publication that is ours to drive, and all that the ledger knows of it."""

    lease: Lease
    publication: Publication
    due_in: float = 0.0
    """Seconds until its own time (its `publish_at`, or when it was accepted), by the ledger's clock; not above zero when it is due."""
    entries: tuple[Entry, ...] = ()
    """In the order in which they were recorded."""
    late_by: float | None = None
    """Set when it was taken over from a worker that let its lease run out: for how long nobody had it."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One committed intent to make a visible call."""

    publication_id: PublicationId
    name: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was heard about an attempt. `published` is None where it says that nothing went out."""

    attempt: Attempt
    reply: Reply
    published: Published | None
    heard_by: HeardBy


class Completion(StrEnum):
    """What recording an answer did."""

    RECORDED = "recorded"
    KNOWN = "known"
    """It was there already."""
    OWNED = "owned"
    """This remote id is another publication's: look again."""
    DOUBLE = "double"
    """A second success with another id: proof that it went out twice. Recorded, and an alarm."""


# --- how a run ends -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """How often this run repeated calls that may be repeated, and how long it waited for that."""

    retry_count: int = 0
    retry_wait: float = 0.0
    """Seconds."""


NONE = Repeats()


@dataclass(frozen=True, kw_only=True)
class Done:
    published: Published
    reply: Reply | None = None
    """The platform's answer, for a library caller; None where it was recorded by an earlier run."""
    repeats: Repeats = NONE


@dataclass(frozen=True, kw_only=True)
class Failed:
    refusal: Refusal
    repeats: Repeats = NONE


@dataclass(frozen=True, kw_only=True)
class Parked:
    """Put back, with a time and a reason."""

    seconds: float
    why: str
    until: Cure | None = None
    in_doubt: bool = False
    """Something may have gone out already."""
    refusal: Refusal | None = None
    repeats: Repeats = NONE


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """Nobody can tell: a person decides."""

    name: str
    why: str
    tried_at: float
    how_to_settle: str
    repeats: Repeats = NONE


@dataclass(frozen=True, kw_only=True)
class Missed:
    """Too late by its own late policy, and nothing of it went out."""

    why: str
    repeats: Repeats = NONE


@dataclass(frozen=True, kw_only=True)
class Overtaken:
    """Somebody else holds the lease; this run leaves no trace."""


Ending: TypeAlias = Done | Failed | Parked | Undecided | Missed | Overtaken

TAKEN_MARGIN = 3600.0
"""Seconds before a doubt's first attempt for which `taken` still counts: more than any platform's times and ours may be apart."""

DOUBT_AFTER: Mapping[type, EntryState] = {
    Done: EntryState.ABSENT,
    Failed: EntryState.ABSENT,
    Undecided: EntryState.UNRESOLVED,
}
"""What an end makes of attempts that are open still: none of them may hold its audience any longer. Who failed has looked for them; where
an answer to an earlier attempt ends it, the audit looks for the later one."""


# --- the ports ----------------------------------------------------------------------------------------------------------------


class Ledger(Protocol):
    """Writes recorded by name, and the publication's end."""

    async def begin(self, lease: Lease, name: str, *, audience: Audience | None, seen: Sequence[Entry]) -> Attempt:
        """Commit the intent to send. Raises `Fenced`, `Moved` or `AudienceBusy`; after any error at all: do not send."""
        ...

    async def abandon(self, attempt: Attempt) -> None:
        """This attempt certainly did not leave. An earlier one that it stood for is in doubt again."""
        ...

    async def complete(self, answer: Answer) -> Completion:
        """Record what was heard, by attempt. A success outranks everything, wakes a parked publication and reopens an ended one."""
        ...

    async def keep(
        self, lease: Lease, name: str, reply: Reply, *, seen: Sequence[Entry], stale: Sequence[str] = ()
    ) -> None:
        """Record a wasteful call's reply; the first one wins (`Moved`). `stale` names what must be made anew with it."""
        ...

    async def looked(self, lease: Lease, name: str, attempt: int, *, told: bool) -> None:
        """A look ended with LATER; `told` where the platform answered and there was nothing yet."""
        ...

    async def taken(self, audience: Audience, since: float) -> frozenset[RemoteId]:
        """Remote ids of this audience that are some publication's, begun after `since` (with a margin)."""
        ...

    async def park(self, lease: Lease, parked: Parked, answer: Answer | None = None) -> bool:
        """Put it back. False if fenced; `answer` is recorded all the same, in the same commit."""
        ...

    async def end(
        self, lease: Lease, ending: Done | Failed | Undecided | Missed, answer: Answer | None = None
    ) -> Completion | None:
        """The publication's end, in one commit with the last reply. None if fenced (the answer is recorded all the same)."""
        ...

    async def detail(self, publication_id: PublicationId, published: Published) -> None:
        """What came after: a link, a note. Cannot undo the end."""
        ...


NOTHING_HELD: Mapping[CustomerId, int] = {}


class Publications(Protocol):
    """The worker's side of the same store."""

    async def claim(
        self,
        worker: str,
        *,
        lease: float,
        most: int,
        held: Mapping[CustomerId, int] = NOTHING_HELD,
        each: int | None = None,
    ) -> list[Claim]:
        """Up to `most` publications that are due, or whose holder let `lease` seconds run out. Their epoch goes up by one.

        What is due is shared out by customers, whoever has how much. No customer gets more than `each` together with what it has `held`.
        """
        ...

    async def seen(self, worker: str) -> None:
        """This worker is there, and its claims are answered."""
        ...

    async def renew(self, worker: str, *, lease: float, held: Mapping[PublicationId, tuple[int, int] | None]) -> None:
        """One statement for all that this worker holds; the values are progress: (bytes sent, bytes in all)."""
        ...


class Inbox(Protocol):
    """What platforms told us by themselves (webhooks)."""

    async def newest(self, key: str) -> Mapping[str, Any] | None: ...


class Files(Protocol):
    """Brings customers' files here."""

    async def bring(self, source: MediaSource) -> MediaFile:
        """Raises `Refused` where the source cannot be had as it is, `MediaMissing` where it may be had later."""
        ...

    async def holds(self, file: MediaFile) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Delays:
    """The times that keep a repeat safe. `check` is asserted for every manifest when a service starts."""

    send_window: float = 5.0
    """Seconds from before `begin` to the last moment at which a visible call's first byte may leave."""
    reconcile: float = 120.0
    """Seconds from `begun_at` on before a doubt may be looked at."""
    clock_error: float = 2.0
    short_pause: float = 20.0
    """Shorter waits are slept, longer ones are parked."""
    wait_for_due: float = 5.0
    """So long before its time a prepared post is in a worker's hands again, and waits there."""
    recheck: float = 300.0
    """How often a publication that waits for a cure asks whether it has come."""
    doubts: int = 6
    """Give up after so many attempts that ended in doubt; abandoned ones do not count."""

    def enough_for(self, *, request_timeout: float, lag: float) -> bool:
        """Whether a doubt of this age can be looked at: window, timeout, the platform's lag and clock error fit into the delay."""
        return self.reconcile >= self.send_window + request_timeout + lag + self.clock_error
