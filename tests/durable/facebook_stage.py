"""Facebook's stage: every shape that a Page's post can have, on the first seeded Page."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from durable.platform_stage import House, Played, open_house, platform_stage, publication_of
from durable.sweep import SteppingClock
from waooaw_social.core.post import Content, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.registry import kits

KITS = kits()
PHOTO, OTHER_PHOTO = MediaUrl("https://example.com/cake.jpg"), MediaUrl("https://example.com/wide.jpg")
VIDEO = MediaUrl("https://example.com/cake.mp4")
SIZE, CHUNK = 250_000, 100_000
"""Bytes. A chunked upload has three chunks."""

SHAPES: Mapping[str, tuple[str, Content]] = {
    "text": ("text", Content(text="Good  morning,\nall")),
    "link": ("text", Content(link="https://example.com/menu")),
    "photo": ("photos", Content(text="A cake", images=(PHOTO,))),
    "photos": ("photos", Content(text="Two cakes", images=(PHOTO, OTHER_PHOTO))),
    "video": ("video", Content(title="A cake", description="How it is baked", video=VIDEO)),
    "reel": ("reel", Content(description="Baked in a minute", video=VIDEO)),
    "photo story": ("story", Content(images=(PHOTO,))),
    "video story": ("story", Content(video=VIDEO)),
}
"""Name of the shape -> format and content."""


@asynccontextmanager
async def open_facebook(folder: Path, **knobs: Any) -> AsyncIterator[House]:
    given = {f"facebook.{name}": value for name, value in ({"chunk_bytes": CHUNK} | knobs).items()}
    async with open_house(folder, knobs=given) as house:
        house.media.add(PHOTO, await house.sample("square.jpg"), "image/jpeg", width=640, height=640)
        house.media.add(OTHER_PHOTO, await house.sample("wide.jpg"), "image/jpeg", width=1080, height=608)
        data = bytes(range(250)) * (SIZE // 250)
        house.media.add(VIDEO, data, "video/mp4", width=270, height=480, duration=3.0)
        yield house


@asynccontextmanager
async def facebook_stage(house: House, store: Any, clock: SteppingClock, shape: str) -> AsyncIterator[Played]:
    """The first seeded Page, and one publication in this shape, accepted and due."""
    seeded = await house.account("facebook", "hazel")
    async with platform_stage(house, store, clock, KITS, seeded, publication_for(seeded, shape)) as stage:
        stage.seen = lambda: seen(house, seeded)
        if clock.offset:  # a store that outlives its stages has moved on; the sandbox was reset, and its clock with it
            await house.order("clock", {"advance": clock.offset})
        yield stage


async def seen(house: House, seeded: Mapping[str, Any]) -> list[str]:
    """What followers see, by the ids that we record: of a video or reel the video's own, of all else the post's."""
    posts = await house.ask(f"audience/facebook/{seeded['account']}")
    return [post["video_id"] if post["kind"] in {"video", "reel"} else post["id"] for post in posts]


def publication_for(seeded: Mapping[str, Any], shape: str, name: str = "p1", **metadata: str) -> Publication:
    format, content = SHAPES[shape]
    return publication_of(seeded, format, content, name, **metadata)
