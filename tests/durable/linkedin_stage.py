"""LinkedIn's stage: every shape that a post can have, by the seeded organization or the seeded member."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from durable.platform_stage import House, Played, open_house, platform_stage, publication_of
from durable.sweep import SteppingClock
from waooaw_social.core.post import Content, Item, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.linkedin.manifest import VERSION
from waooaw_social.platforms.registry import kits

KITS = kits()
PICTURE, OTHER_PICTURE = MediaUrl("https://example.com/cake.jpg"), MediaUrl("https://example.com/wide.jpg")
VIDEO, DOCUMENT = MediaUrl("https://example.com/cake.mp4"), MediaUrl("https://example.com/cake.pdf")
SIZE, PART = 250_000, 100_000
"""Bytes. A video has three parts, the last one shorter."""
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20
PARENT = "parent"

SHAPES: Mapping[str, tuple[str, Content]] = {
    "text": ("text", Content(text="Good  morning,\nall (of you) #bakery c:\\cakes")),
    "link": ("text", Content(text="Our menu", link="https://example.com/menu_(new)")),
    "image": ("images", Content(text="A cake", items=(Item(kind="image", source=PICTURE, alt_text="A round cake"),))),
    "images": ("images", Content(text="Two cakes", images=(PICTURE, OTHER_PICTURE))),
    "video": ("video", Content(text="How it is baked", title="A cake", video=VIDEO)),
    "document": (
        "document",
        Content(text="The recipe", title="A cake", items=(Item(kind="document", source=DOCUMENT),)),
    ),
    "article": (
        "article",
        Content(text="Read", link="https://example.com/a", title="Why", description="Because", cover=PICTURE),
    ),
    "poll": ("poll", Content(text="Vote", options={"poll_question": "Tea?", "poll_answers": '["Yes", "No (thanks)"]'})),
    "reshare": ("reshare", Content(text="Look", options={"parent": PARENT})),
}
"""Name of the shape -> format and content."""


@asynccontextmanager
async def open_linkedin(folder: Path, **knobs: Any) -> AsyncIterator[House]:
    given = {f"linkedin.{name}": value for name, value in ({"part_bytes": PART} | knobs).items()}
    async with open_house(folder, knobs=given) as house:
        house.media.add(PICTURE, await house.sample("square.jpg"), "image/jpeg", width=640, height=640)
        house.media.add(OTHER_PICTURE, await house.sample("wide.jpg"), "image/jpeg", width=1080, height=608)
        data = bytes(range(250)) * (SIZE // 250)
        house.media.add(VIDEO, data, "video/mp4", width=270, height=480, duration=3.0)
        house.media.add(DOCUMENT, PDF, "application/pdf")
        yield house


@asynccontextmanager
async def linkedin_stage(
    house: House, store: Any, clock: SteppingClock, shape: str, account: str = "hazel"
) -> AsyncIterator[Played]:
    """One publication in this shape, accepted and due; of hazel's organization, or of ridge, a member."""
    await house.order("reset")
    seeded = await house.account("linkedin", account)
    said = publication_for(seeded, shape)
    async with platform_stage(house, store, clock, KITS, seeded, said) as stage:
        if clock.offset:  # a store that outlives its stages has moved on; the sandbox was reset, and its clock with it
            await house.order("clock", {"advance": clock.offset})
        parent = await posted(house, seeded, "Somebody said this before") if shape == "reshare" else ""
        stage.flow = lambda publication: KITS[said.account.platform].publish(with_parent(publication, parent))
        everybody = stage.seen

        async def seen() -> list[str]:
            # A zombie that sends a document once more has it processed once more: two seconds later it is shown again.
            await clock.advance(5.0)
            return [post for post in await everybody() if post != parent]

        stage.seen = seen
        yield stage


def publication_for(seeded: Mapping[str, Any], shape: str, name: str = "p1", **metadata: str) -> Publication:
    format, content = SHAPES[shape]
    return publication_of(seeded, format, content, name, author_kind=seeded["author_kind"], **metadata)


def with_parent(publication: Publication, parent: str) -> Publication:
    """A reshare of a post that is there; its URN is known only on stage."""
    options = publication.content.options
    if "parent" not in options:
        return publication
    return replace(publication, content=replace(publication.content, options={**options, "parent": parent}))


async def posted(house: House, seeded: Mapping[str, Any], text: str) -> str:
    """A post that we have nothing to do with."""
    body = {
        "author": seeded["posting_identity"],
        "commentary": text,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED"},
        "lifecycleState": "PUBLISHED",
    }
    headers = {"Authorization": f"Bearer {seeded['access_token']}", "LinkedIn-Version": VERSION}
    headers |= {"Content-Type": "application/json", "X-Restli-Protocol-Version": "2.0.0"}
    url = f"{house.base}/api.linkedin.com/rest/posts"
    response = await house.client.post(url, content=json.dumps(body), headers=headers)
    assert response.status_code == 201, response.text
    return response.headers["x-restli-id"]
