"""What the imitated YouTube remembers: videos, upload sessions, playlists, community posts, and the people they belong to.

States that time changes (processed, published, listed) are not stored but asked of the clock. Uploaded bytes lie in files under the
data directory and are never held in memory; their hash is computed when somebody asks for it.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from waooaw_sandbox.kit import Answer, Json, World
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.youtube.people import Account, Channel, People, word
from waooaw_sandbox.youtube.quota import Quota
from waooaw_sandbox.youtube.settings import KNOBS


@dataclass(kw_only=True)
class Video:
    """`snippet` and `status` hold what the owner may set; `lag` is how long listings do not know it."""

    id: str
    account: Account
    channel: Channel
    snippet: Json
    status: Json
    path: Path
    size: int
    content_type: str
    file_name: str
    made_at: datetime
    processed_at: datetime
    listed_at: datetime
    outcome: str
    outcome_reason: str
    publish_at: datetime | None
    opened_at: datetime | None = None
    thumbnail: tuple[bytes, str] | None = None
    sha256: str | None = None

    def upload_status(self, now: datetime) -> str:
        return "uploaded" if now < self.processed_at else self.outcome

    def privacy(self, now: datetime) -> str:
        scheduled = self.publish_at is not None and now >= self.publish_at
        return "public" if scheduled else str(self.status["privacyStatus"])

    def published_at(self, now: datetime) -> datetime:
        scheduled = self.publish_at is not None and now >= self.publish_at
        if scheduled and self.publish_at:
            return max(self.publish_at, self.made_at)
        return self.opened_at if self.opened_at and self.privacy(now) == "public" else self.made_at

    def visible(self, now: datetime) -> bool:
        """Would a follower see it?"""
        return self.privacy(now) == "public" and self.upload_status(now) in ("uploaded", "processed")

    async def hash(self) -> str | None:
        """None where the bytes were not kept."""
        if self.sha256 is None and self.path.stat().st_size == self.size:
            self.sha256 = await asyncio.to_thread(sha256_of, self.path)
        return self.sha256


@dataclass(kw_only=True)
class Session:
    """An upload session. `received` bytes are safe; `writer` is the call that may still add to them."""

    id: str
    account: Account
    channel: Channel
    metadata: Json
    parts: frozenset[str]
    total: int | None
    content_type: str
    file_name: str
    path: Path
    made_at: datetime
    received: int = 0
    arrived: int = 0
    writer: object | None = None
    final: Answer | None = None
    poisoned: bool = False
    gone: int | None = None


@dataclass(kw_only=True)
class Playlist:
    id: str
    account: Account
    title: str
    made_at: datetime
    items: list[tuple[str, str, datetime]] = field(default_factory=list[tuple[str, str, datetime]])


@dataclass(kw_only=True)
class CommunityPost:
    id: str
    account: Account
    channel: Channel
    text: str
    image_url: str | None
    made_at: datetime
    listed_at: datetime


class State:
    def __init__(self, world: World, start: Mapping[str, Any]) -> None:
        self.clock = world.clock
        self.knobs = Knobs(KNOBS, dict(start))
        self.people = People(self.clock, self.knobs)
        self.folder = world.data_dir / "youtube"
        self.reset()

    def reset(self) -> None:
        self.people.reset()
        self.quota = Quota(self.clock, self.knobs)
        self.videos: dict[str, Video] = {}
        self.sessions: dict[str, Session] = {}
        self.playlists: dict[str, Playlist] = {}
        self.posts: list[CommunityPost] = []
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)

    def new_file(self) -> Path:
        path = self.folder / word(20)
        path.touch()
        return path

    def videos_of(self, channel: Channel) -> list[Video]:
        """Newest first, as the uploads playlist has them; what is not listed yet is missing."""
        now = self.clock.now()
        return [v for v in reversed(self.videos.values()) if v.channel is channel and v.listed_at <= now]

    def commit(self, session: Session, *, private: bool = False, lag: float | None = None) -> Video:
        """The upload is complete: a video exists from now on."""
        now = self.clock.now()
        status = dict(session.metadata["status"])
        publish_at: datetime | None = status.pop("publishAt", None)
        if private or session.account.force_private:
            status["privacyStatus"], publish_at = "private", None
        outcome = self.knobs.word("processing_outcome")
        reasons = {"failed": "failure_reason", "rejected": "rejection_reason"}
        seconds = self.knobs.number("listing_lag_seconds") if lag is None else lag
        video = Video(
            id=word(11),
            account=session.account,
            channel=session.channel,
            snippet=session.metadata["snippet"],
            status=status,
            path=session.path,
            size=session.received,
            content_type=session.content_type,
            file_name=session.file_name,
            made_at=now,
            processed_at=now + timedelta(seconds=self.knobs.number("processing_seconds")),
            listed_at=now + timedelta(seconds=seconds),
            outcome=outcome,
            outcome_reason=self.knobs.word(reasons[outcome]) if outcome in reasons else "",
            publish_at=publish_at,
        )
        self.videos[video.id] = video
        return video


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
