"""The shapes of Plant's API: what comes in, strict and nothing extra, and what a customer sees of a publication. As long as the
API has shapes.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from waooaw_social.core.post import Content, Item, MediaUrl, Message

Word = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\x20-\x7e]+$")]
HttpsUrl = Annotated[str, StringConstraints(min_length=8, max_length=4096, pattern=r"^https?://[^\s]+$")]

OPTION_LIMIT = 4096
"""Characters of an option's value; a number has fewer."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


def _short(options: dict[str, str | bool | int]) -> dict[str, str | bool | int]:
    """Half a surrogate is no text, and could not be answered with: pydantic looks for it in limited texts only."""
    for name, value in options.items():
        if not name or len(name) > 256 or not _text(name):
            raise ValueError("the name of an option is a text of 1 to 256 characters")
        if len(value) > OPTION_LIMIT if isinstance(value, str) else abs(value) >= 2**63:
            raise ValueError("the value of an option is too long")
        if not _text(str(value)):
            raise ValueError("the value of an option is no text")
    return options


def _text(letters: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in letters)


class ItemBody(_Strict):
    """One of several media: an image or a video."""

    image_url: HttpsUrl | None = None
    video_url: HttpsUrl | None = None
    alt_text: Annotated[str, Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "ItemBody":
        if (self.image_url is None) == (self.video_url is None):
            raise ValueError("an item has an image_url or a video_url")
        return self


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
    items: Annotated[list[ItemBody], Field(max_length=20)] = Field(
        default_factory=list[ItemBody], description="Images and videos in one post, in their order."
    )
    cover_url: HttpsUrl | None = Field(None, description="The picture that a video is shown by before it plays.")
    link: HttpsUrl | None = Field(None, description="An address that the post is about.")
    privacy: Word = "public"
    options: Annotated[dict[str, str | bool | int], AfterValidator(_short)] = Field(
        default_factory=dict[str, str | bool | int]
    )


class MessageBody(ContentBody):
    """One of several messages to each recipient."""

    format: Word | None = Field(None, description="Where it is another one than the target's.")


class AddressedBody(ContentBody):
    """What is said to followers; or, where a platform writes to people, to whom, and one message or several."""

    recipients: Annotated[list[Word], Field(max_length=1000)] = Field(
        default_factory=list[str], description="WhatsApp: phone numbers or user ids. Each has a publication of its own."
    )
    messages: Annotated[list[MessageBody], Field(max_length=10)] = Field(
        default_factory=list[MessageBody], description="WhatsApp: one after the other, to each recipient."
    )


class TargetBody(_Strict):
    """One account, and the shape that the content takes there."""

    credential_ref: Word
    format: Word = Field(
        description="For YouTube: short, video, text. For Instagram: image, carousel, reel, story. For Facebook: text, photos, video, reel, story. "
        "For LinkedIn: text, images, video, document, article, poll, reshare."
    )


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
    content: AddressedBody
    targets: Annotated[list[TargetBody], Field(min_length=1, max_length=50)]


class Accepted(BaseModel):
    id: str
    state: str


class AcceptedList(BaseModel):
    order_id: str
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
    order_id: str | None
    follows: str | None = Field(description="The publication that has to have ended before this one goes.")
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


def content_of(said: ContentBody) -> Content:
    """The body as the house knows it."""
    return Content(
        text=said.text,
        title=said.title,
        description=said.description,
        tags=tuple(said.tags),
        video=_source(said.video_url),
        images=tuple(MediaUrl(url) for url in said.image_urls),
        items=tuple(_item(item) for item in said.items),
        cover=_source(said.cover_url),
        link=said.link,
        privacy=said.privacy,
        options=said.options,
    )


def addressed(said: AddressedBody) -> Content:
    """The same, with its recipients and messages."""
    messages = tuple(Message(content=content_of(one), format=one.format) for one in said.messages)
    return replace(content_of(said), recipients=tuple(said.recipients), messages=messages)


def _item(said: ItemBody) -> Item:
    kind, url = ("image", said.image_url) if said.image_url else ("video", said.video_url or "")
    return Item(kind=kind, source=MediaUrl(url), alt_text=said.alt_text)


def _source(url: str | None) -> MediaUrl | None:
    return MediaUrl(url) if url else None


def view(row: Any) -> PublicationView:
    """A row of storage as its customer sees it."""
    waiting = row["ended_at"] is None
    progress = Progress(bytes_sent=row["bytes_sent"], bytes_total=row["bytes_total"]) if row["bytes_total"] else None
    return PublicationView(
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
