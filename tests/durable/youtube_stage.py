"""YouTube's stage: a Short and a community post, of the first seeded account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from durable.platform_stage import House, Played, open_house, platform_stage, publication_of
from durable.sweep import SteppingClock
from waooaw_social.core.post import Content, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.youtube.manifest import COMMUNITY_POSTS, PIECE

SIZE = 2 * PIECE + 1000
KITS = kits(features=frozenset({COMMUNITY_POSTS}))
FORMATS = ("short", "text")
VIDEO = MediaUrl("https://example.com/cat.mp4")


@asynccontextmanager
async def open_youtube(folder: Path, *, community_posts: bool = True) -> AsyncIterator[House]:
    async with open_house(folder, community_posts=community_posts) as house:
        house.media.add(VIDEO, bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256), "video/mp4")
        yield house


@asynccontextmanager
async def youtube_stage(house: House, store: Any, clock: SteppingClock, format: str) -> AsyncIterator[Played]:
    """The first seeded account, and one publication in `format`, accepted and due."""
    seeded = await house.account("youtube", "hazel")
    async with platform_stage(house, store, clock, KITS, seeded, publication_for(seeded, format)) as stage:
        yield stage


def publication_for(seeded: Any, format: str, name: str = "p1") -> Publication:
    return publication_of(seeded, format, Content(title="A cat", text="hello", video=VIDEO), name)
