"""A `YouTubeClient` as its users have it, a real CP, and the sandbox, all on sockets of their own; time is stepped.

Nothing is taken from the environment, so that it runs inside of a container of a running house too.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clients.stage import follow, real_media, wired
from cp.portal import INTERNAL_KEY, Portal, portal
from durable.platform_stage import House
from durable.sweep import SteppingClock
from durable.youtube_stage import open_youtube
from waooaw_social import CPSocialCredentialResolver, YouTubeClient


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A customer's channel, connected in CP under `ref`."""

    client: YouTubeClient
    house: House
    cp: Portal
    clock: SteppingClock
    ref: str
    account: dict[str, Any]

    @property
    def video(self) -> str:
        return f"{self.house.base}/_sandbox/media/sample.mp4"

    async def audience(self) -> list[dict[str, Any]]:
        return await self.house.ask(f"audience/youtube/{self.account['account']}")

    async def routes(self) -> list[str]:
        """What YouTube was asked, in order."""
        return [call["route"] for call in await self.house.ask("calls?platform=youtube")]

    async def fails(self, route: str, *, times: int = 1, **how: Any) -> None:
        """YouTube answers so on this route; `times` 0: always."""
        fault = "error" if "reason" in how else "status"
        order = {"platform": "youtube", "fault": fault, "route": route, "times": times, **how}
        await self.house.order("faults", order)

    async def becomes(self, **state: Any) -> None:
        await self.house.order(f"accounts/youtube/{self.account['account']}", state)

    async def stored(self) -> dict[str, Any]:
        """The credential as CP lends it now."""
        return (await self.cp.plant("resolve", {"customer_id": "CUST-1", "credential_ref": self.ref})).json()


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[Channel]:
    async with open_youtube(tmp_path) as house, portal(tmp_path) as cp:
        clock, account = await follow(house), await house.account("youtube", "hazel")
        ref = await cp.connected(
            posting_identity=account["posting_identity"],
            access_token=account["access_token"],
            refresh_token=account["refresh_token"],
            expires_at=(clock.now() + timedelta(hours=1)).isoformat(),
        )
        resolver = CPSocialCredentialResolver(cp_base_url=cp.internal, internal_api_key=INTERNAL_KEY)
        wiring = wired(house, clock, resolver, account, media=real_media(house, tmp_path / "spool"))
        async with YouTubeClient(resolver, "CUST-1", wired=wiring) as client:
            yield Channel(client=client, house=house, cp=cp, clock=clock, ref=ref, account=account)
        await resolver.aclose()
