"""A `YouTubeClient` as its users have it, on the sandbox behind a real socket. Time is stepped for both of them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from durable.platform_stage import House, MemoryTokens, credentials_for
from durable.sweep import SteppingClock
from durable.youtube_stage import VIDEO as VIDEO_SOURCE
from durable.youtube_stage import publication_for
from waooaw_social.clients.client import CallMeter, Wiring
from waooaw_social.clients.youtube import YouTubeClient
from waooaw_social.core.refusal import SocialPlatformError
from waooaw_social.core.secret import Secret
from waooaw_social.durable.ports import Delays
from waooaw_social.platforms.kit import OAuthClient
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.youtube.manifest import COMMUNITY_POSTS, YOUTUBE
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.ports import TokenSource
from waooaw_social.wire.quota import MemoryQuota
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport

DELAYS = Delays(send_window=5.0, reconcile=60.0)
VIDEO = "https://example.com/cat.mp4"
LIMITS = FetchLimits(max_bytes=64 * 1024**2, seconds=20.0, content_types=frozenset({"video/*"}))


class CountingMedia:
    """One file that is here already, whoever names whatever: nothing is fetched, nothing probed."""

    def __init__(self, house: House, **probed: Any) -> None:
        file = house.media.known[VIDEO_SOURCE.url]
        self.at, self.file = house.media.folder / file.sha256, replace(file, **probed)
        self.brought: list[Any] = []

    async def bring(self, source: Any) -> Any:
        self.brought.append(source)
        return self.file

    async def holds(self, file: Any) -> bool:
        return True

    async def path(self, file: Any) -> Path:
        return self.at


@dataclass
class Set:
    """A client on stage, and what stands around it."""

    client: YouTubeClient
    house: House
    clock: SteppingClock
    account: dict[str, Any]
    source: Any
    media: Any
    wiring: Wiring

    async def short(self, title: str = "A cat", **more: Any) -> Any:
        return await self.client.post_short("CRED-1", VIDEO, title, **more)

    async def seen(self, *, hidden: bool = False) -> list[dict[str, Any]]:
        return await self.house.ask(f"audience/youtube/{self.account['account']}{'?include=hidden' * hidden}")

    async def routes(self) -> list[str]:
        """What the platform was asked, in order."""
        return [call["route"] for call in await self.house.ask("calls?platform=youtube")]

    async def fault(self, fault: str, **order: Any) -> None:
        await self.house.order("faults", {"platform": "youtube", "fault": fault, **order})

    async def turn(self, **state: Any) -> None:
        await self.house.order(f"accounts/youtube/{self.account['account']}", state)

    async def knob(self, **knobs: Any) -> None:
        await self.house.order("knobs/youtube", knobs)


async def follow(house: House) -> SteppingClock:
    """A clock whose every step the sandbox takes too."""
    clock = SteppingClock()

    async def step(seconds: float) -> None:
        if seconds > 0:
            await house.order("clock", {"advance": seconds})

    clock.on_advance.append(step)
    return clock


def wired(
    house: House, clock: SteppingClock, source: TokenSource, account: Mapping[str, Any], *,
    community: bool = True, media: Any = None, limits: Mapping[str, int] | None = None, secret: str = "",
) -> Wiring:  # fmt: skip
    known = kits(limits=limits or {}, features=frozenset({COMMUNITY_POSTS} if community else ()))
    transport, meter, files = Transport(origin=house.base, monotonic=clock.monotonic), CallMeter(), media or house.media
    oauth = OAuthClient(client_id=account["app_id"], client_secret=Secret(secret or account["app_secret"]))
    tokens = Tokens(source=source, transport=transport, kits=known, clients={YOUTUBE: oauth}, clock=clock)
    gateway = Gateway(
        transport=transport, tokens=tokens, quota=MemoryQuota(clock=clock), breaker=NoBreaker(), media=files,
        meter=meter, kits=known, clock=clock,
    )  # fmt: skip
    return Wiring(kit=known[YOUTUBE], gateway=gateway, files=files, clock=clock, meter=meter, delays=DELAYS)


@asynccontextmanager
async def on_stage(
    house: House, *, deadline: float = 1200.0, credentials: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[Set]:
    """A fresh sandbox and a client for its first account. `credentials` replaces fields of what CP would lend."""
    await house.order("reset")
    clock = await follow(house)
    account = (await house.ask("accounts"))[0]
    lent = replace(credentials_for(account, publication_for(account, "short")), **(credentials or {}))
    source = options.pop("source", None) or MemoryTokens(lent)
    wiring = wired(house, clock, source, account, **options)
    async with YouTubeClient(customer_id="CUST-1", wired=wiring, deadline=deadline) as client:
        yield Set(client, house, clock, account, source, wiring.files, wiring)


def real_media(house: House, folder: Path) -> MediaFolder:
    """The folder that fetches, hashes and probes; the sandbox is the one private place that it may ask."""
    return MediaFolder(folder=folder, fetcher=Fetcher(allow_origins=frozenset({house.base})), limits=LIMITS)


async def refused(call: Any) -> SocialPlatformError:
    try:
        result = await call
    except SocialPlatformError as error:
        return error
    raise AssertionError(f"it was not refused: {result!r}")
