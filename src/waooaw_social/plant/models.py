"""The shapes of Plant's orders: what comes in, strict and nothing extra. What goes out is in `views.py`.

Longer than others: it is the whole vocabulary of an order.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from waooaw_social.core.post import Content, Item, MediaId, MediaSource, MediaUrl, Message
from waooaw_social.plant.times import MOMENT, Fold, moment_of

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


class MediaRef(_Strict):
    """A file: one that was uploaded (`POST /api/v1/media`), or one at an https URL."""

    media_id: Word | None = None
    url: HttpsUrl | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "MediaRef":
        _only_one(self, "media_id", "url")
        if self.media_id is None and self.url is None:
            raise ValueError("a file is named by media_id or by url")
        return self


ITEM_KINDS = ("image", "video", "audio", "document", "sticker")
"""What an item may be."""


class ItemBody(_Strict):
    """One of several media. Not every platform takes every kind."""

    image_url: HttpsUrl | None = None
    video_url: HttpsUrl | None = None
    audio_url: HttpsUrl | None = None
    document_url: HttpsUrl | None = None
    sticker_url: HttpsUrl | None = None
    image: MediaRef | None = None
    video: MediaRef | None = None
    audio: MediaRef | None = None
    document: MediaRef | None = None
    sticker: MediaRef | None = None
    alt_text: Annotated[str, Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "ItemBody":
        if len(self.sources()) != 1:
            names = ", ".join(f"{kind}_url, {kind}" for kind in ITEM_KINDS)
            raise ValueError(f"an item has one of {names}")
        return self

    def sources(self) -> list[tuple[str, MediaSource]]:
        """What it names, each with its kind."""
        urls = [(kind, getattr(self, f"{kind}_url")) for kind in ITEM_KINDS]
        refs = [(kind, getattr(self, kind)) for kind in ITEM_KINDS]
        return [(kind, MediaUrl(url)) for kind, url in urls if url] + [(kind, _named(ref)) for kind, ref in refs if ref]


Text = Annotated[str, Field(max_length=65536)]
Title = Annotated[str, Field(max_length=1024)]
Tags = Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=500)]
Urls = Annotated[list[HttpsUrl], Field(max_length=20)]
Items = Annotated[list[ItemBody], Field(max_length=20)]
Refs = Annotated[list[MediaRef], Field(max_length=20)]
Options = Annotated[dict[str, str | bool | int], AfterValidator(_short)]


class ContentBody(_Strict):
    """What is to be said. A platform takes the parts that it knows."""

    text: Text | None = None
    title: Title | None = None
    description: Text | None = None
    tags: Tags = Field(default_factory=list[str])
    video_url: HttpsUrl | None = Field(None, description="An https URL; fetched through a guard.")
    image_urls: Urls = Field(default_factory=list[str])
    items: Items = Field(default_factory=list[ItemBody], description="Files of one post or message, in their order.")
    cover_url: HttpsUrl | None = Field(None, description="The picture that a video is shown by before it plays.")
    video: MediaRef | None = Field(None, description="In place of video_url, where the file was uploaded first.")
    images: Refs = Field(default_factory=list[MediaRef], description="In place of image_urls, or after them.")
    cover: MediaRef | None = Field(None, description="In place of cover_url.")
    link: HttpsUrl | None = Field(None, description="An address that the post is about.")
    privacy: Word = "public"
    options: Options = Field(default_factory=dict[str, str | bool | int])

    @model_validator(mode="after")
    def _once(self) -> "ContentBody":
        _only_one(self, "video", "video_url")
        _only_one(self, "cover", "cover_url")
        return self


class OverridesBody(_Strict):
    """Fields of the content that are different for one account. A null takes a field away."""

    text: Text | None = None
    title: Title | None = None
    description: Text | None = None
    tags: Tags | None = None
    video_url: HttpsUrl | None = None
    image_urls: Urls | None = None
    items: Items | None = None
    cover_url: HttpsUrl | None = None
    video: MediaRef | None = None
    images: Refs | None = None
    cover: MediaRef | None = None
    link: HttpsUrl | None = None
    privacy: Word | None = None
    options: Options | None = None

    @model_validator(mode="after")
    def _once(self) -> "OverridesBody":
        _only_one(self, "video", "video_url")
        _only_one(self, "cover", "cover_url")
        return self


WIDEST = 3600
"""Seconds. Who wants more wants several times."""


class WhenBody(_Strict):
    """When: a moment with an offset, or what a clock on the wall shows in a zone. Neither: as soon as it is accepted."""

    publish_at: Annotated[str, StringConstraints(max_length=40, pattern=MOMENT)] | None = Field(
        None, description="RFC 3339 with an offset; or without one, together with time_zone."
    )
    time_zone: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="An IANA zone. A time that it skips comes an hour later."
    )
    fold: Fold | None = Field(None, description="Which one of an hour that the zone shows twice. Default: the first.")
    spread: Annotated[float, Field(ge=0, le=WIDEST, allow_inf_nan=False)] = Field(
        0.0,
        description="Seconds after publish_at over which publications for the same moment are spread, each at its own.",
    )

    @model_validator(mode="after")
    def _readable(self) -> "WhenBody":
        if self.publish_at is None and (self.time_zone is not None or self.fold is not None or self.spread):
            raise ValueError("time_zone, fold and spread are about a publish_at")
        self.moment()
        return self

    def moment(self) -> datetime | None:
        return moment_of(self.publish_at, self.time_zone, self.fold) if self.publish_at is not None else None


LATEST = 366 * 24 * 3600
"""Seconds. Whoever wants more wants "however late"."""


class LatePolicyBody(_Strict):
    """What to do when it cannot go out at its time: go out late, up to a bound; after that it is `missed`."""

    late_by_most: Annotated[float, Field(ge=0, le=LATEST, allow_inf_nan=False)] = Field(
        description="Seconds after its time in which it may still go out."
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
        "For LinkedIn: text, images, video, document, article, poll, reshare. For WhatsApp: text, image, video, audio, document, sticker, "
        "location, contacts, reaction, interactive, template."
    )
    overrides: OverridesBody | None = None


class PublicationsBody(WhenBody):
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
    late_policy: LatePolicyBody | None = Field(None, description="Default: a setting of the service's.")
    draft: bool = Field(False, description="Keep it until somebody submits it.")
    dry_run: bool = Field(False, description="Accept nothing; answer with what would be done, and with every problem.")


def _only_one(body: BaseModel, one: str, other: str) -> None:
    if getattr(body, one) is not None and getattr(body, other) is not None:
        raise ValueError(f"{one} and {other} name the same thing: give one of them")


REPLACES = {"video": "video_url", "images": "image_urls", "cover": "cover_url"}
"""Two ways to name one thing: whoever overrides one of them overrides both."""


def overridden(content: AddressedBody, overrides: OverridesBody | None) -> AddressedBody:
    """The content as one account gets it."""
    if overrides is None:
        return content
    said = overrides.model_dump(exclude_unset=True)
    fields = content.model_dump(exclude_unset=True)
    for one, other in REPLACES.items():
        if one in said or other in said:
            fields = {name: value for name, value in fields.items() if name not in {one, other}}
    new = {name: value for name, value in said.items() if value is not None}
    kept = {name: value for name, value in fields.items() if name not in said}
    return AddressedBody.model_validate(kept | new)


def content_of(said: ContentBody) -> Content:
    """The body as the house knows it."""
    return Content(
        text=said.text,
        title=said.title,
        description=said.description,
        tags=tuple(said.tags),
        video=_source(said.video_url, said.video),
        images=(*(MediaUrl(url) for url in said.image_urls), *(_named(image) for image in said.images)),
        items=tuple(_item(item) for item in said.items),
        cover=_source(said.cover_url, said.cover),
        link=said.link,
        privacy=said.privacy,
        options=said.options,
    )


def addressed(said: AddressedBody) -> Content:
    """The same, with its recipients and messages."""
    messages = tuple(Message(content=content_of(one), format=one.format) for one in said.messages)
    return replace(content_of(said), recipients=tuple(said.recipients), messages=messages)


def _item(said: ItemBody) -> Item:
    ((kind, source),) = said.sources()
    return Item(kind=kind, source=source, alt_text=said.alt_text)


def _source(url: str | None, named: MediaRef | None) -> MediaSource | None:
    return _named(named) if named else MediaUrl(url) if url else None


def _named(said: MediaRef) -> MediaSource:
    return MediaId(said.media_id) if said.media_id else MediaUrl(said.url or "")
