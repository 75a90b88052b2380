"""An `InstagramClient` as its users have it, on the sandbox behind a real socket. Time is stepped for both of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from clients.stage import DELAYS, follow
from durable.instagram_stage import KITS, SEEDED, publication_for
from durable.platform_stage import House, MemoryTokens, credentials_for
from durable.sweep import SteppingClock
from waooaw_social.clients.client import CallMeter, Wiring
from waooaw_social.clients.instagram import InstagramClient
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.instagram.manifest import INSTAGRAM
from waooaw_social.platforms.kit import OAuthClient
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.quota import MemoryQuota
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport


@dataclass
class Set:
    """A client on stage, and what stands around it."""

    client: InstagramClient
    house: House
    clock: SteppingClock
    account: dict[str, Any]
    source: MemoryTokens

    async def seen(self) -> list[dict[str, Any]]:
        return await self.house.ask(f"audience/instagram/{self.account['account']}")

    async def routes(self) -> list[str]:
        """What the platform was asked, in order."""
        return [call["route"] for call in await self.house.ask("calls?platform=instagram")]

    async def fault(self, fault: str, **order: Any) -> None:
        await self.house.order("faults", {"platform": "instagram", "fault": fault, **order})

    async def turn(self, **state: Any) -> None:
        await self.house.order(f"accounts/instagram/{self.account['account']}", state)

    async def knob(self, **knobs: Any) -> None:
        await self.house.order("knobs/instagram", knobs)


@asynccontextmanager
async def on_stage(
    house: House, *, login: str = "facebook", deadline: float = 1800.0, media: Any = None, **credentials: Any
) -> AsyncIterator[Set]:
    """A fresh sandbox and a client for the account with this login. `credentials` replaces fields of what CP would lend."""
    await house.order("reset")
    clock = await follow(house)
    account = await house.account("instagram", SEEDED[login])
    lent = replace(credentials_for(account, publication_for(account, "image")), **credentials)
    source, files = MemoryTokens(lent), media or house.media
    transport, meter = Transport(origin=house.base, monotonic=clock.monotonic), CallMeter()
    app = OAuthClient(client_id=account["app_id"], client_secret=Secret(account["app_secret"]))
    tokens = Tokens(source=source, transport=transport, kits=KITS, clients={login: app}, clock=clock)
    gateway = Gateway(
        transport=transport, tokens=tokens, quota=MemoryQuota(clock=clock), breaker=NoBreaker(), media=files,
        meter=meter, kits=KITS, clock=clock,
    )  # fmt: skip
    wiring = Wiring(
        kit=KITS[INSTAGRAM], gateway=gateway, files=files, clock=clock, meter=meter, delays=DELAYS
    )  # fmt: skip
    async with InstagramClient(customer_id="CUST-1", wired=wiring, deadline=deadline) as client:
        yield Set(client, house, clock, account, source)
