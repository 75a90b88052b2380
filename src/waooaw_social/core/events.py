"""A usage event: what became of one attempt to publish, for whoever bills, watches or explains it. A noun; who collects it is `metrics`.

Field names and status words are the field's own. It holds ids and an error's words, never a token and never what was published.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from waooaw_social.core.post import Content
from waooaw_social.core.publication import State


class PostingStatus(StrEnum):
    """What became of an attempt to publish."""

    SUCCESS = "success"
    FAILED = "failed"
    RETRYING = "retrying"
    """Not out, and somebody will or should try again."""
    UNRESOLVED = "unresolved"
    """Nobody could tell whether it went out: neither a success nor a failure."""


STATUS_OF: Mapping[State, PostingStatus] = {
    State.PUBLISHED: PostingStatus.SUCCESS,
    State.REFUSED: PostingStatus.FAILED,
    State.MISSED: PostingStatus.FAILED,
    State.PARKED: PostingStatus.RETRYING,
    State.UNRESOLVED: PostingStatus.UNRESOLVED,
}
"""The event that a publication's state leaves; the others, `cancelled` among them, leave none."""


@dataclass(frozen=True, kw_only=True)
class PlatformPostEvent:
    """One attempt to publish one post."""

    event_type: str = "platform_post"
    correlation_id: str = ""
    customer_id: str = ""
    agent_id: str = ""
    platform: str = ""
    credential_ref: str = ""
    status: str = ""
    """One of `PostingStatus`."""
    timestamp: str = ""
    """When it was over: ISO 8601, UTC."""
    duration_ms: int = 0
    post_id: str | None = None
    post_url: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    is_transient: bool | None = None
    retry_count: int = 0
    """Sends after the first, of whichever call had to be repeated."""
    max_retries: int | None = None
    """Of one call; None where it is not known."""
    content_type: str | None = None
    """The format: `short`, `reel`, `text`, …"""
    content_length: int | None = None
    """Characters of its text; where it has none, of its title and description."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_dict(self) -> dict[str, Any]:
        """For JSON. What is None is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def length_of(content: Content) -> int:
    """Characters of what is said."""
    return len(content.text or "") or len(content.title or "") + len(content.description or "")
