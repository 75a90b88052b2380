"""What a customer sees: of an accepted order, of a publication and every attempt at it, of a medium."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from waooaw_social.core.publication import WAITING
from waooaw_social.core.refusal import Cure
from waooaw_social.plant.timeline import says
from waooaw_social.storage.plant.media import Medium


class Accepted(BaseModel):
    """One publication of an order."""

    id: str
    state: str


class AcceptedList(BaseModel):
    """An order that is kept: one publication for each target, in their order; where people are written to, one for each message to each."""

    order_id: str
    publications: list[Accepted]


class Progress(BaseModel):
    """How much of a file is up."""

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
    says: str = Field(description="The same in plain words.")


class SettledView(BaseModel):
    """What a person decided about an unresolved publication."""

    decision: str
    settled_at: datetime
    by_key: str
    by_agent: str | None
    by_person: str | None
    post_id: str | None
    note: str | None


class ConnectionView(BaseModel):
    """What a look at the account found that only the customer can cure."""

    code: str = Field(description="needs_reconnect")
    reason: str = Field(description="Why, for programs; one of those that stand in error.code, too.")
    message: str
    remediation: str | None
    checked_at: datetime


class PublicationSummary(BaseModel):
    """Where a publication stands."""

    id: str
    order_id: str | None
    follows: str | None = Field(description="The publication that has to have ended before this one goes.")
    state: str
    platform: str
    credential_ref: str
    format: str
    agent_id: str | None
    correlation_id: str | None
    created_at: datetime
    publish_at: datetime | None = Field(description="Its time; null: as soon as it is accepted.")
    late_by_most: float | None = Field(description="Seconds; null: the service's default.")
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
    connection: ConnectionView | None = Field(
        description="What would keep it from going out, found hours before its time; null: nothing that is known."
    )


class PublicationView(PublicationSummary):
    """Where a publication stands, and how it came there."""

    content: dict[str, Any] = Field(description="What was accepted.")
    attempts: list[AttemptView]
    settled: list[SettledView]


class PublicationPage(BaseModel):
    """A page of a list."""

    publications: list[PublicationSummary]
    next_cursor: str | None = Field(description="Names the next page; null: this is the last.")


class MediumView(BaseModel):
    """A file that was brought here, and what was found in it."""

    media_id: str
    size: int = Field(description="Bytes.")
    content_type: str = Field(description="By its first bytes.")
    width: int | None
    height: int | None
    duration: float | None = Field(description="Seconds.")
    created_at: datetime


def view(row: Any) -> PublicationView:
    """A row of storage as its customer sees it."""
    return PublicationView(
        **summary(row).model_dump(),
        content=_content(row["content"]),
        attempts=[_attempt(entry) for entry in row["attempts"]],
        settled=[_settled(one) for one in row["settled"]],
    )


def summary(row: Any) -> PublicationSummary:
    """The same without what was accepted and what was done about it."""
    ended, waiting = row["ended_at"] is not None, row["state"] in WAITING
    progress = Progress(bytes_sent=row["bytes_sent"], bytes_total=row["bytes_total"]) if row["bytes_total"] else None
    return PublicationSummary(
        id=row["id"],
        order_id=row["order_id"],
        follows=row["follows"],
        state=row["state"],
        platform=row["platform"],
        credential_ref=row["credential_ref"],
        format=row["format"],
        agent_id=row["agent_id"],
        correlation_id=row["correlation_id"],
        created_at=_time(row["created_at"]),
        publish_at=_time(row["publish_at"]) if row["publish_at"] is not None else None,
        late_by_most=row["late_by_most"],
        next_step_at=_time(row["due_at"]) if waiting else None,
        ended_at=_time(row["ended_at"]) if ended else None,
        why=row["why"],
        error=row["refusal"],
        post_id=row["post_id"],
        post_url=row["post_url"],
        notes=row["notes"] or [],
        progress=progress,
        connection=_connection(row["problem"], row["checked_at"]),
    )


def _connection(problem: Mapping[str, str] | None, checked_at: float | None) -> ConnectionView | None:
    if problem is None or checked_at is None:
        return None
    return ConnectionView(
        code=Cure.RECONNECT,
        reason=problem["code"],
        message=problem["message"],
        remediation=problem.get("remediation"),
        checked_at=_time(checked_at),
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
        says=says(entry),
    )


def _settled(one: Any) -> SettledView:
    return SettledView(
        decision=one["decision"],
        settled_at=_time(one["settled_at"]),
        by_key=one["api_key"],
        by_agent=one["agent_id"],
        by_person=one["person"],
        post_id=one["post_id"],
        note=one["note"],
    )


def medium_view(medium: Medium) -> MediumView:
    file = medium.file
    return MediumView(
        media_id=medium.id,
        size=file.size,
        content_type=file.content_type,
        width=file.width,
        height=file.height,
        duration=file.duration,
        created_at=_time(medium.created_at),
    )


def _content(kept: Mapping[str, Any]) -> dict[str, Any]:
    """As an order says it: `media_id` is the outside's word for an id of ours."""
    fields = dict(kept)
    for name in {"video", "cover"} & fields.keys():
        fields[name] = _source(fields[name])
    if "images" in fields:
        fields["images"] = [_source(image) for image in fields["images"]]
    if "items" in fields:
        fields["items"] = [{**item, "source": _source(item["source"])} for item in fields["items"]]
    return fields


def _source(kept: Mapping[str, str]) -> dict[str, str]:
    return {"media_id": kept["id"]} if "id" in kept else {"url": _without_secrets(kept["url"])}


def _without_secrets(url: str) -> str:
    """A URL as far as it is shown again: what signs it, or logs in with it, stays with whoever gave it."""
    scheme, _, rest = url.partition("://")
    place, question, _ = rest.partition("#")[0].partition("?")
    authority, slash, path = place.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}{'?…' if question else ''}"


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
