"""WhatsApp's stage: a seeded number that writes to somebody who wrote in, and a door for the sandbox's own webhooks, on a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cp.portal import served
from durable.platform_stage import House, Played, open_house, platform_stage, publication_of
from durable.sweep import SteppingClock
from waooaw_social.core.post import Content, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.core.secret import Secret
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.plant.webhooks import PATH, Webhooks, create_app
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.told import Told
from waooaw_social.platforms.whatsapp.webhook import OBJECT, hear
from waooaw_social.storage.plant.inbox import SqlInbox

KITS = kits()
PICTURE = MediaUrl("https://example.com/cake.jpg")
WAIT = 300
"""Seconds of silence after which it is what it is; short, so that a sweep is short."""
BUTTONS = {
    "type": "button",
    "body": {"text": "Tea?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
}
SHAPES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "text": ("text", {"text": "Your cake is ready"}),
    "urgent text": ("text", {"text": "Your code is 1234", "on_silence": "resend"}),
    "picture": ("image", {"text": "Your cake", "images": (PICTURE,)}),
    "buttons": ("interactive", {"interactive": json.dumps(BUTTONS)}),
    "template": ("template", {"template_name": "greeting", "template_params": '["Ada"]'}),
}
"""Name of the shape -> format and what is said."""


class MemoryDeliveries:
    """Fills the door's `Store` on an inbox in memory. It knows no attempts: a proof waits in the inbox for the next look."""

    def __init__(self, inbox: MemoryInbox) -> None:
        self.inbox, self.kept = inbox, dict[str, str]()

    async def tell(self, told: Sequence[Told]) -> None:
        await self.inbox.tell(told)

    async def keep(self, delivery: str, body: str) -> None:
        self.kept[delivery] = body

    async def left(self) -> list[str]:
        return list(self.kept)

    async def bodies(self, deliveries: Sequence[str]) -> Mapping[str, str]:
        return {one: self.kept[one] for one in deliveries if one in self.kept}

    async def done_with(self, deliveries: Sequence[str]) -> None:
        for one in deliveries:
            self.kept.pop(one, None)

    async def doubts(self, call: str, ids: Sequence[Any]) -> Mapping[Any, Any]:
        return {}


@dataclass
class WhatsAppPlayed:
    """What the stage adds: who is written to, and the door."""

    webhooks: Webhooks
    url: str
    account: Mapping[str, Any]
    house: House
    posted: list[int] = field(default_factory=list[int])

    async def turn(self, **orders: Any) -> Any:
        return await self.house.order(f"accounts/whatsapp/{self.account['account']}", orders)

    async def subscribe(self) -> None:
        await self.turn(subscribe={"callback_url": self.url, "verify_token": "verify-me"})


@asynccontextmanager
async def open_whatsapp(folder: Path, **knobs: Any) -> AsyncIterator[House]:
    async with open_house(folder, knobs={f"whatsapp.{name}": value for name, value in knobs.items()}) as house:
        house.media.add(PICTURE, await house.sample("square.jpg"), "image/jpeg", width=640, height=640)
        yield house


@asynccontextmanager
async def whatsapp_stage(
    house: House, store: Any, clock: SteppingClock, shape: str, *, subscribed: bool = True, **more: Any
) -> AsyncIterator[tuple[Played, WhatsAppPlayed]]:
    """One message in this shape, accepted and due; and, unless it is not subscribed, every webhook of it."""
    seeded = await house.account("whatsapp", "hazel")
    said = publication_for(seeded, shape, **more)
    inbox: Any = SqlInbox(db=store.db) if hasattr(store, "db") else MemoryInbox(clock)
    secret = Secret(seeded["app_secret"])
    webhooks = Webhooks(
        store=inbox if isinstance(inbox, SqlInbox) else MemoryDeliveries(inbox),
        ledger=store,
        readers={OBJECT: hear},
        secrets=[secret],
        verify_token=Secret("verify-me"),
    )
    stop = asyncio.Event()
    async with platform_stage(house, store, clock, KITS, seeded, said) as stage, served(create_app(webhooks)) as at:
        stage.inbox = inbox
        played = WhatsAppPlayed(webhooks, at + PATH, seeded, house)
        if subscribed:
            await played.subscribe()
        reading = asyncio.create_task(webhooks.run(stop))
        try:
            yield stage, played
        finally:
            stop.set()
            await reading


def publication_for(
    seeded: Mapping[str, Any], shape: str, name: str = "p1", to: str | None = None, **more: Any
) -> Publication:
    format, said = SHAPES[shape]
    given = {**said, **more}
    fields = {field: given.pop(field) for field in list(given) if field in Content.__dataclass_fields__}
    options = {"to": to or seeded["recipients"]["in_window"][0], "silence_seconds": WAIT, **given}
    content = Content(options=options, **fields)
    return publication_of(seeded, format, content, name, waba_id=seeded["waba_id"])
