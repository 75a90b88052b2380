"""What the platform remembers: files, templates, and messages in both directions."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.rupload import Upload
from waooaw_sandbox.meta.state import Blob, Node
from waooaw_sandbox.whatsapp.people import Person, Sender

ORDER = ("accepted", "sent", "delivered", "read")


@dataclass(kw_only=True)
class NumberNode(Node):
    """A phone number as an object of the Graph API."""

    sender: Sender


@dataclass(kw_only=True)
class WabaNode(Node):
    sender: Sender


@dataclass(kw_only=True)
class Media(Node):
    """A file of one number. `address` is the newest one handed out, with its end."""

    blob: Blob
    ends_at: datetime
    addresses: dict[str, datetime] = field(default_factory=dict[str, datetime])


@dataclass(kw_only=True)
class UploadSession(Node):
    """What `/{app-id}/uploads` opens; `handle` stands for the bytes once they are all in."""

    upload: Upload
    handle: str


@dataclass(kw_only=True)
class Template(Node):
    """`decided_at` is when a pending one gets its `outcome`."""

    name: str
    language: str
    category: str
    components: list[Json]
    parameter_format: str = "POSITIONAL"
    state: str = "APPROVED"
    decided_at: datetime | None = None
    outcome: str = "APPROVED"
    rejected_reason: str = "NONE"
    quality: str = "UNKNOWN"
    edits: list[datetime] = field(default_factory=list[datetime])

    def status(self, now: datetime) -> str:
        decided = self.state == "PENDING" and self.decided_at is not None and self.decided_at <= now
        return self.outcome if decided else self.state

    def component(self, kind: str) -> Json:
        return next((c for c in self.components if str(c.get("type", "")).upper() == kind), dict[str, Any]())


@dataclass(kw_only=True)
class Message:
    """`timeline` is what becomes of it and when; `error` is the code of a `failed` at its end."""

    wamid: str
    sender: Sender
    person: Person
    kind: str
    payload: object
    text: str
    accepted_at: datetime
    callback_data: str | None = None
    template: Template | None = None
    in_window: bool = False
    reply_to: str | None = None
    file: Blob | None = None
    extra: Json = field(default_factory=dict[str, object])
    timeline: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])
    error: str | None = None
    details: str = ""

    def status(self, now: datetime) -> str:
        passed = [status for moment, status in self.timeline if moment <= now]
        return passed[-1] if passed else "accepted"


@dataclass(kw_only=True)
class Inbound:
    """What somebody wrote in."""

    wamid: str
    sender: Sender
    person: Person
    kind: str
    payload: Json
    at: datetime
    reply_to: str | None = None
    read: bool = False
