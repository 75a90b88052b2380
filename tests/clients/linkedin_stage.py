"""A `LinkedInClient` as its users have it, on the sandbox behind a real socket. Time is stepped for both of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from clients.stage import DELAYS, follow
from durable.linkedin_stage import KITS, publication_for
from durable.platform_stage import House, MemoryTokens, credentials_for
from durable.sweep import SteppingClock
from waooaw_social.clients.client import CallMeter, Wiring
from waooaw_social.clients.linkedin import LinkedInClient
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.kit import OAuthClient
from waooaw_social.platforms.linkedin.manifest import LINKEDIN
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.quota import MemoryQuota
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport


@dataclass
class Set:
    """A client on stage, and what stands around it."""

    client: LinkedInClient
    house: House
    clock: SteppingClock
    account: dict[str, Any]

    async def seen(self) -> list[dict[str, Any]]:
        return await self.house.ask(f"audience/linkedin/{self.account['account']}")

    async def routes(self) -> list[str]:
        """What the platform was asked, in order."""
        return [call["route"] for call in await self.house.ask("calls?platform=linkedin")]

    async def fault(self, fault: str, **order: Any) -> None:
        await self.house.order("faults", {"platform": "linkedin", "fault": fault, **order})

    async def knob(self, **knobs: Any) -> None:
        await self.house.order("knobs/linkedin", knobs)

    async def turn(self, **state: Any) -> None:
        await self.house.order(f"accounts/linkedin/{self.account['account']}", state)


def wired(
    house: House,
    clock: SteppingClock,
    source: MemoryTokens,
    account: Mapping[str, Any],
    *,
    media: Any = None,
    kind: Any = "aiohttp",
) -> Wiring:
    transport, meter, files = (
        Transport(origin=house.base, monotonic=clock.monotonic, kind=kind),
        CallMeter(),
        media or house.media,
    )
    app = OAuthClient(client_id=account["app_id"], client_secret=Secret(account["app_secret"]))
    tokens = Tokens(source=source, transport=transport, kits=KITS, clients={LINKEDIN: app}, clock=clock)
    gateway = Gateway(
        transport=transport, tokens=tokens, quota=MemoryQuota(clock=clock), breaker=NoBreaker(), media=files,
        meter=meter, kits=KITS, clock=clock,
    )  # fmt: skip
    return Wiring(kit=KITS[LINKEDIN], gateway=gateway, files=files, clock=clock, meter=meter, delays=DELAYS)


@asynccontextmanager
async def on_stage(
    house: House,
    name: str = "hazel",
    *,
    deadline: float = 1800.0,
    media: Any = None,
    kind: Any = "aiohttp",
    **credentials: Any,
) -> AsyncIterator[Set]:
    """A fresh sandbox and a client for hazel's organization, or for ridge, a member. `credentials` replaces fields of what CP would lend; a text for a token is boxed."""
    await house.order("reset")
    clock = await follow(house)
    account = await house.account("linkedin", name)
    given = {name: Secret(value) if name.endswith("_token") else value for name, value in credentials.items()}
    lent = replace(credentials_for(account, publication_for(account, "text")), **given)
    wiring = wired(house, clock, MemoryTokens(lent), account, media=media, kind=kind)
    async with LinkedInClient(customer_id="CUST-1", wired=wiring, deadline=deadline) as client:
        yield Set(client, house, clock, account)
