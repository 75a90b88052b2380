"""What an agent wants published: the content, the media it names, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from waooaw_social.core.ids import RemoteId

ADDRESSEE = "to"
"""The option that says to whom, where a platform writes to people and not to followers."""


@dataclass(frozen=True)
class MediaUrl:
    """An https URL that a customer supplied. Fetched only through the guard in `wire/fetch.py`."""

    url: str


@dataclass(frozen=True)
class MediaPath:
    """A file on this machine, given by a library caller as a `pathlib.Path`. A string never becomes one."""

    path: Path


@dataclass(frozen=True)
class MediaId:
    """A file that was uploaded to Plant first."""

    id: str


MediaSource = MediaUrl | MediaPath | MediaId


@dataclass(frozen=True, kw_only=True)
class MediaFile:
    """A file that lies here, ready to be sent. `sha256` names the bytes; the rest is what a probe found."""

    sha256: str
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    """Seconds; None where nothing here can probe."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One of several media in one post, in their order."""

    kind: str
    """`image`, `video`, `audio`, `document` or `sticker`."""
    source: MediaSource
    alt_text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Content:
    """What is to be said. A platform takes the parts it knows and refuses what it cannot carry."""

    text: str | None = None
    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    video: MediaSource | None = None
    images: tuple[MediaSource, ...] = ()
    items: tuple[Item, ...] = ()
    """Images and videos mixed, where a platform can show them together; otherwise `images` and `video` say it."""
    cover: MediaSource | None = None
    """The picture that a video is shown by before it plays."""
    link: str | None = None
    """An address that the post is about. Ours never fetch it."""
    privacy: str = "public"
    options: Mapping[str, str | bool | int] = field(default_factory=dict[str, str | bool | int])
    """What only one platform knows, by its own field names."""
    recipients: tuple[str, ...] = ()
    """Of an order: to whom, where a platform writes to people. Each becomes a publication of its own, or several."""
    messages: tuple["Message", ...] = ()
    """Of an order: what each of them gets, one after the other."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """One of several messages in an order."""

    content: Content
    format: str | None = None
    """None: the target's."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """It is out. Links and checks are details that came after and could not undo it."""

    post_id: RemoteId
    post_url: str | None = None
    notes: tuple[str, ...] = ()
    """What a person should know: for instance that the platform chose another privacy than the one asked for."""


@dataclass(frozen=True, kw_only=True)
class SocialPostResult:
    """What a library call returns. `raw_response` is the platform's answer after redaction."""

    success: bool
    platform: str
    post_id: str | None = None
    post_url: str | None = None
    posted_at: datetime | None = None
    raw_response: Mapping[str, object] | None = None
    error_code: str | None = None
    error_message: str | None = None
    is_transient: bool = False
    retry_after: float | None = None
    notes: tuple[str, ...] = ()
    retry_count: int = 0
    """How often a call was repeated on the way."""
    max_retries: int = 0
    """How often any one call may be."""
    retry_wait: float = 0.0
    """Seconds waited for the repeats."""
