"""Instagram's stage: every format, with either login, of the seeded accounts. Instagram fetches by URL from the sandbox's own samples."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from durable.platform_stage import House, Played, open_house, platform_stage, publication_of
from durable.sweep import SteppingClock
from waooaw_social.core.post import Content, Item, MediaPath, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.registry import kits

KITS = kits()
HOST = "https://media.example.com"
SQUARE, WIDE = MediaUrl(f"{HOST}/square.jpg"), MediaUrl(f"{HOST}/wide.jpg")
VIDEO = MediaUrl(f"{HOST}/bytes/3000.mp4")
FILE = MediaPath(Path("here/cat.mp4"))
FILE_SIZE = 700_000
SEEDED = {"facebook": "hazel", "instagram": "ridge"}
"""Login to the account that is seeded with it."""

CONTENTS: dict[str, tuple[str, Content]] = {
    "image": ("image", Content(text="A cat #cat", images=(SQUARE,))),
    "carousel": (
        "carousel",
        Content(
            text="Two cats",
            items=(Item(kind="image", source=SQUARE, alt_text="a cat"), Item(kind="video", source=VIDEO)),
        ),
    ),
    "reel": ("reel", Content(text="A cat moves", video=VIDEO)),
    "upload": ("reel", Content(text="A cat moves", video=FILE)),
    "story": ("story", Content(images=(WIDE,))),
    "video story": ("story", Content(video=VIDEO)),
}
"""What the sweeps call it, to the format and the content."""


@asynccontextmanager
async def open_instagram(folder: Path) -> AsyncIterator[House]:
    async with open_house(folder) as house:
        house.media.add(SQUARE, b"\xff\xd8\xff square", "image/jpeg", width=640, height=640)
        house.media.add(WIDE, b"\xff\xd8\xff wide", "image/jpeg", width=1080, height=608)
        house.media.add(VIDEO, b"video", "video/mp4", width=270, height=480, duration=3.0)
        data = bytes(range(256)) * (FILE_SIZE // 256 + 1)
        house.media.add(FILE, data[:FILE_SIZE], "video/mp4", width=270, height=480, duration=3.0)
        yield house


@asynccontextmanager
async def instagram_stage(
    house: House, store: Any, clock: SteppingClock, what: str, login: str = "facebook"
) -> AsyncIterator[Played]:
    """One publication of the account with this login, accepted and due."""
    seeded = await house.account("instagram", SEEDED[login])
    async with platform_stage(house, store, clock, KITS, seeded, publication_for(seeded, what)) as stage:
        if clock.offset:  # a store that is used again has a clock that has gone on; the sandbox's was reset
            await house.order("clock", {"advance": clock.offset})
        yield stage


def publication_for(seeded: Any, what: str, name: str = "p1") -> Publication:
    format, said = CONTENTS[what]
    return publication_of(seeded, format, said, name, login=seeded["login"])
