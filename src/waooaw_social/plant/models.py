"""The shapes of Plant's API: what comes in, strict and nothing extra, and what a customer sees of a publication."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Word = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\x20-\x7e]+$")]
HttpsUrl = Annotated[str, StringConstraints(min_length=8, max_length=4096, pattern=r"^https?://[^\s]+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class ContentBody(_Strict):
    """What is to be said. A platform takes the parts that it knows."""

    text: Annotated[str, Field(max_length=65536)] | None = None
    title: Annotated[str, Field(max_length=1024)] | None = None
    description: Annotated[str, Field(max_length=65536)] | None = None
    tags: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=500)] = Field(
        default_factory=list[str]
    )
    video_url: HttpsUrl | None = Field(None, description="An https URL; fetched through a guard.")
    image_urls: Annotated[list[HttpsUrl], Field(max_length=20)] = Field(default_factory=list[str])
    privacy: Word = "public"
    options: dict[str, str | bool | int] = Field(default_factory=dict[str, str | bool | int])


class TargetBody(_Strict):
    """One account, and the shape that the content takes there."""

    credential_ref: Word
    format: Word = Field(description="For YouTube: short, video or text.")


class PublicationsBody(_Strict):
    """One order: the same content for one or more accounts. All of them are accepted, or none."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "customer_id": "CUST-1",
                    "agent_id": "AGENT-1",
                    "content": {"title": "A cat", "video_url": "https://example.com/cat.mp4"},
                    "targets": [{"credential_ref": "CRED-…", "format": "short"}],
                }
            ]
        },
    )

    customer_id: Word
    agent_id: Word
    correlation_id: Word | None = None
    content: ContentBody
    targets: Annotated[list[TargetBody], Field(min_length=1, max_length=50)]


class Accepted(BaseModel):
    id: str
    state: str


class AcceptedList(BaseModel):
    publications: list[Accepted]


class Progress(BaseModel):
    bytes_sent: int
    bytes_total: int


class AttemptView(BaseModel):
    """One recorded call: what was asked, and what became of it."""

    call: str
    attempt: int
    visible: bool
    state: str
    begun_at: datetime
    answered_at: datetime | None
    heard_by: str | None
    looks: int


class PublicationView(BaseModel):
    """Where a publication stands, and how it came there."""

    id: str
    state: str
    platform: str
    credential_ref: str
    format: str
    agent_id: str | None
    correlation_id: str | None
    created_at: datetime
    next_step_at: datetime | None
    ended_at: datetime | None
    why: str | None = Field(description="Why it waits, or why it ended as it did, for people.")
    error: dict[str, Any] | None = Field(
        description="What the platform said, understood: code, message, remediation, …"
    )
    post_id: str | None
    post_url: str | None
    notes: list[str]
    progress: Progress | None
    attempts: list[AttemptView]


def view(row: Any) -> PublicationView:
    """A row of storage as its customer sees it."""
    waiting = row["ended_at"] is None
    progress = Progress(bytes_sent=row["bytes_sent"], bytes_total=row["bytes_total"]) if row["bytes_total"] else None
    return PublicationView(
        id=row["id"],
        state=row["state"],
        platform=row["platform"],
        credential_ref=row["credential_ref"],
        format=row["format"],
        agent_id=row["agent_id"],
        correlation_id=row["correlation_id"],
        created_at=_time(row["created_at"]),
        next_step_at=_time(row["due_at"]) if waiting else None,
        ended_at=None if waiting else _time(row["ended_at"]),
        why=row["why"],
        error=row["refusal"],
        post_id=row["post_id"],
        post_url=row["post_url"],
        notes=row["notes"] or [],
        progress=progress,
        attempts=[_attempt(entry) for entry in row["attempts"]],
    )


def _attempt(entry: Any) -> AttemptView:
    answered = entry["answered_at"]
    return AttemptView(
        call=entry["name"],
        attempt=entry["attempt"],
        visible=entry["visible"],
        state=entry["state"],
        begun_at=_time(entry["begun_at"]),
        answered_at=_time(answered) if answered is not None else None,
        heard_by=entry["heard_by"],
        looks=entry["looks"],
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
