"""YouTube's stage: a Short and a community post, of the first seeded account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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
AHEAD = 60.0
"""Seconds before its time at which a video that is due later may be prepared."""
LEAD = AHEAD + 10.0
"""Seconds from the start of its scene to its time."""


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


@asynccontextmanager
async def later_stage(house: House, store: Any, clock: SteppingClock) -> AsyncIterator[Played]:
    """The same with a Short that is due later. One that is seen before its time is seen as another one."""
    seeded = await house.account("youtube", "hazel")
    publication = due_in(clock, LEAD, publication_for(seeded, "short"))
    async with platform_stage(house, store, clock, KITS, seeded, publication) as stage:
        due = await due_there(stage)

        async def seen() -> list[str]:
            posts = await house.ask("audience/youtube/hazel")
            return [post["id"] if published_at(post) >= due else f"{post['id']} too early" for post in posts]

        yield replace(stage, seen=seen)


async def due_there(stage: Played) -> datetime:
    """The publication's time by the sandbox's clock; both clocks run on while they are read, so this is the earliest that it can be."""
    publish_at = stage.publication.publish_at
    assert publish_at
    there = await platform_time(stage.house)
    return there + (publish_at - datetime.now(UTC) - timedelta(seconds=stage.clock.offset))


async def platform_time(house: House) -> datetime:
    return datetime.fromisoformat((await house.ask("clock"))["now"])


def published_at(post: Any) -> datetime:
    return datetime.fromisoformat(post["published_at"])


def due_in(clock: SteppingClock, seconds: float, publication: Publication) -> Publication:
    # from the moment that it is on a database's clock: a stage that was opened long ago has not stopped that
    return replace(publication, publish_at=datetime.now(UTC) + timedelta(seconds=clock.offset + seconds))


def publication_for(seeded: Any, format: str, name: str = "p1") -> Publication:
    return publication_of(seeded, format, Content(title="A cat", text="hello", video=VIDEO), name)
