"""What the imitated LinkedIn remembers: posts, media assets with their upload URLs, and the people they belong to.

What time changes (processed, published, listed) is not stored but asked of the clock. Uploaded bytes lie in files under the data
directory; their hash is computed when somebody asks for it.
"""

import asyncio
import hashlib
import random
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from waooaw_sandbox.kit import Json, World
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.linkedin.counters import Counters
from waooaw_sandbox.linkedin.little import Little, read
from waooaw_sandbox.linkedin.people import Account, People, word
from waooaw_sandbox.linkedin.settings import KNOBS

PREFIXES = {"image": "C5622AQ", "video": "C5F10AQ", "document": "C5D10AQ"}


@dataclass
class Part:
    """Bytes `first` to `last` of a video. An `etag` means that they arrived."""

    first: int
    last: int
    etag: str | None = None


@dataclass(kw_only=True)
class Asset:
    """An image, a video or a document. `ready_at` is None until its bytes are complete."""

    id: str
    kind: str
    owner: str
    path: Path
    made_at: datetime
    known_at: datetime
    secret: str
    expires_at: datetime
    size: int = 0
    content_type: str = "application/octet-stream"
    parts: list[Part] = field(default_factory=list[Part])
    upload_token: str = ""
    ready_at: datetime | None = None
    failure: str | None = None
    stuck: bool = False
    sha256: str | None = None

    @property
    def urn(self) -> str:
        return f"urn:li:{self.kind}:{self.id}"

    def status(self, now: datetime) -> str:
        if self.ready_at is None:
            return "WAITING_UPLOAD"
        if self.stuck or now < self.ready_at:
            return "PROCESSING"
        return "PROCESSING_FAILED" if self.failure else "AVAILABLE"

    async def hash(self) -> str | None:
        """None as long as bytes are missing."""
        if self.sha256 is None and self.ready_at is not None:
            self.sha256 = await asyncio.to_thread(sha256_of, self.path)
        return self.sha256


@dataclass(kw_only=True)
class Post:
    """`sent` is the body of its creation, as edited since; `public_at` the earliest moment that a reader can see it."""

    urn: str
    author: str
    kind: str
    sent: Json
    text: Little
    assets: list[Asset]
    made_at: datetime
    public_at: datetime
    modified_at: datetime
    known_at: datetime
    listed_at: datetime
    first_commentary: str
    edited: bool = False
    deleted: bool = False

    def lifecycle(self, now: datetime) -> str:
        states = {asset.status(now) for asset in self.assets}
        if "PROCESSING_FAILED" in states:
            return "PUBLISH_FAILED"
        return "PUBLISHED" if states <= {"AVAILABLE"} and now >= self.public_at else "PUBLISH_REQUESTED"

    def published_at(self) -> datetime:
        return max([self.public_at, *(a.ready_at for a in self.assets if a.ready_at)])

    def in_feed(self, now: datetime) -> bool:
        """Would a follower see it?"""
        shown = self.sent["distribution"]["feedDistribution"] == "MAIN_FEED"
        return shown and not self.deleted and self.lifecycle(now) == "PUBLISHED"


class State:
    def __init__(self, world: World, start: Mapping[str, Any]) -> None:
        self.clock = world.clock
        self.knobs = Knobs(KNOBS, dict(start))
        self.people = People(self.clock, self.knobs)
        self.folder = world.data_dir / "linkedin"
        self.reset()

    def reset(self) -> None:
        self.people.reset()
        self.counters = Counters(self.clock, self.knobs)
        self.posts: dict[str, Post] = {}
        self.assets: dict[str, Asset] = {}
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)

    def later(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    def read_text(self, commentary: str) -> Little:
        return read(commentary, self.people.mentionable, keep_cut=self.knobs.word("read_back") == "whole")

    def new_urn(self, kind: str) -> str:
        """Nineteen digits that begin with the time, as the real ones do."""
        while True:
            number = (int(self.clock.now().timestamp() * 1000) << 22) + random.getrandbits(22)
            urn = f"urn:li:{kind}:{number}"
            if urn not in self.posts:
                return urn

    def new_asset(self, kind: str, owner: str, shy: float = 0) -> Asset:
        path = self.folder / word(20)
        path.touch()
        asset = Asset(
            id=PREFIXES[kind] + word(16),
            kind=kind,
            owner=owner,
            path=path,
            made_at=self.clock.now(),
            known_at=self.later(shy),
            secret="AQ" + word(40),
            expires_at=self.later(self.knobs.number("upload_url_seconds")),
        )
        self.assets[asset.urn] = asset
        return asset

    def posts_by(self, *authors: str) -> list[Post]:
        """Oldest first, the deleted ones too."""
        return [post for post in self.posts.values() if post.author in authors]

    def identities(self, account: Account) -> set[str]:
        """Every URN that the member ever acts for."""
        return {account.urn, *(role.organization.urn for role in self.people.roles if role.account is account)}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
