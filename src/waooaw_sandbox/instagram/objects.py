"""Containers and media: what Instagram keeps, and how the clock changes it (contract meta C3 and C5).

A container's status is asked of the clock, not stored: IN_PROGRESS until its processing is over, then FINISHED or ERROR, PUBLISHED by
`media_publish`, EXPIRED a day after it was made. The media it becomes has an id of its own.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.fields import stamp
from waooaw_sandbox.meta.rupload import Upload
from waooaw_sandbox.meta.state import Blob, Node

TEXTS = {
    "IN_PROGRESS": "In Progress: Media is still being processed.",
    "FINISHED": "Finished: Media has been uploaded and it is ready to be published.",
    "PUBLISHED": "Published: Media has been published.",
    "EXPIRED": "Expired: The container was not published within 24 hours and has expired.",
}
WWW = "www.instagram.com"


@dataclass(kw_only=True)
class Container(Node):
    """`ready_at` is None while bytes are awaited, or for ever; `error` is the text it fails with; `values` is what was asked for."""

    kind: str
    video: bool
    child: bool
    values: Json
    expires_at: datetime
    ready_at: datetime | None = None
    error: str | None = None
    blob: Blob | None = None
    cover: Blob | None = None
    upload: Upload | None = None
    children: list["Container"] = field(default_factory=list["Container"])
    media: "Media | None" = None
    stuck: bool = False

    def status(self, now: datetime) -> str:
        if self.media is not None:
            return "PUBLISHED"
        processed = self.ready_at is not None and self.ready_at <= now and not self.stuck
        if processed and self.error:
            return "ERROR"
        if self.expires_at <= now:
            return "EXPIRED"
        if not processed:
            return "IN_PROGRESS"
        below = {child.status(now) for child in self.children}
        return next((s for s in ("ERROR", "EXPIRED", "IN_PROGRESS") if s in below), "FINISHED")

    def uploaded(self, ask: Ask) -> None:
        if self.upload is not None:
            self.blob = self.upload.blob()
        self.ready_at = ask.meta.later(ask.knobs.number("video_seconds"))


@dataclass(kw_only=True)
class Media(Node):
    """Before the audience. `product` is FEED, REELS or STORY."""

    account_name: str
    username: str
    kind: str
    product: str
    caption: str
    shortcode: str
    container: Container
    blob: Blob | None
    cover: Blob | None
    children: list["Media"] = field(default_factory=list["Media"])
    comments_open: bool = True
    child: bool = False
    deleted: bool = False

    def ended(self, now: datetime) -> bool:
        """A story of more than a day ago."""
        return self.product == "STORY" and self.made_at + timedelta(days=1) <= now

    def path(self) -> str:
        if self.product == "STORY":
            return f"/stories/{self.username}/{self.id}/"
        return f"/{'reel' if self.product == 'REELS' else 'p'}/{self.shortcode}/"


def describe_container(ask: Ask, container: Container) -> Json:
    """The caption and the like cannot be read from a container, nor can the media it became."""
    status = container.status(ask.now)
    shown: Json = {
        "id": container.id,
        "status_code": status,
        "status": container.error if status == "ERROR" else TEXTS[status],
        "copyright_check_status": {"status": "completed" if status != "IN_PROGRESS" else "in_progress", "matches_found": False},
    }  # fmt: skip
    if container.upload is not None:
        done = container.upload.complete
        shown["video_status"] = {
            "uploading_phase": {
                "status": "complete" if done else "in_progress",
                "bytes_transferred": container.upload.received,
            },
            "processing_phase": {
                "status": "complete"
                if status in ("FINISHED", "PUBLISHED")
                else "in_progress"
                if done
                else "not_started"
            },
        }
    return shown


def describe_media(ask: Ask, media: Media) -> Json:
    url = ask.url(WWW, f"/media/{media.id}")
    shown: Json = {
        "id": media.id,
        "caption": media.caption or None,
        "alt_text": media.container.values.get("alt_text") or None,
        "media_type": media.kind,
        "media_product_type": media.product,
        "media_url": url if media.blob else None,
        "thumbnail_url": f"{url}?cover=1" if media.kind == "VIDEO" else None,
        "timestamp": stamp(media.made_at),
        "username": media.username,
        "owner": {"id": media.identity},
    }
    if media.children:
        shown["children"] = {"data": [describe_media(ask, child) for child in media.children]}
    if media.child:
        return shown
    return shown | {
        "permalink": ask.url(WWW, media.path()),
        "shortcode": media.shortcode,
        "is_comment_enabled": media.comments_open,
        "is_shared_to_feed": media.product == "FEED" or str(media.container.values.get("share_to_feed", True)).lower() != "false",
        "comments_count": 0,
        "like_count": 0,
    }  # fmt: skip
