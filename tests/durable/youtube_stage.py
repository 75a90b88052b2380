"""A stage with the real gateway, the real transport and the sandbox's YouTube behind a real socket. Time is stepped for all of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from durable.sweep import Stage, SteppingClock
from waooaw_sandbox.app import Options, running
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, Platform, PublicationId
from waooaw_social.core.post import Content, MediaFile, MediaSource, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.core.secret import Secret
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.platforms.kit import OAuthClient
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.youtube.manifest import COMMUNITY_POSTS, PIECE, YOUTUBE
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.ports import RefreshLease, ResolvedSocialCredentials, StaleVersion
from waooaw_social.wire.quota import MemoryQuota
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Client, Transport, api_client

SIZE = 2 * PIECE + 1000
KITS = kits(features=frozenset({COMMUNITY_POSTS}))
FORMATS = ("short", "text")


class MemoryTokens:
    """A `TokenSource` for one credential: what CP does, without CP."""

    def __init__(self, credentials: ResolvedSocialCredentials) -> None:
        self.credentials = credentials

    async def resolve(self, *, customer_id: str, credential_ref: str, fresh: bool = False) -> ResolvedSocialCredentials:
        return self.credentials

    async def refresh_lease(self, *, customer_id: str, credential_ref: str, version: int) -> RefreshLease:
        return RefreshLease(granted=True, until=datetime.now(UTC), version=self.credentials.version)

    async def update_access_token(self, *, expected_version: int | None = None, **new: Any) -> int:
        if expected_version not in {None, self.credentials.version}:
            raise StaleVersion(self.credentials.version)
        from dataclasses import replace

        token, version = new["new_access_token"], self.credentials.version + 1
        boxed = token if isinstance(token, Secret) else Secret(token)
        self.credentials = replace(
            self.credentials, access_token=boxed, expires_at=new.get("expires_at"), version=version
        )
        return version

    def drop(self, *, customer_id: str, credential_ref: str) -> None:
        return None


@dataclass(frozen=True)
class OneFile:
    """Fills `Files` and `MediaStore` with one file that is always here."""

    at: Path
    file: MediaFile

    async def bring(self, source: MediaSource) -> MediaFile:
        return self.file

    async def holds(self, file: MediaFile) -> bool:
        return True

    async def path(self, file: MediaFile) -> Path:
        return self.at


class NoMeter:
    def called(self, **_: Any) -> None:
        return None


@dataclass
class House:
    """What is expensive to start, shared by the cases of a sweep."""

    base: str
    client: Client
    media: OneFile

    async def order(self, what: str, body: Any = None) -> Any:
        response = await self.client.post(f"{self.base}/_sandbox/{what}", json=body)
        assert response.status_code < 300, response.text
        return response.json()

    async def ask(self, what: str) -> Any:
        return (await self.client.get(f"{self.base}/_sandbox/{what}")).json()


@asynccontextmanager
async def open_house(folder: Path, *, community_posts: bool = True) -> AsyncIterator[House]:
    path = folder / "video.mp4"
    path.write_bytes(bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256))
    file = MediaFile(sha256="a" * 64, size=SIZE, content_type="video/mp4")
    options = Options(community_posts=community_posts, data_dir=folder / "sandbox")
    async with running(options) as base, api_client(timeout=30.0) as client:
        yield House(base, client, OneFile(path, file))


@dataclass
class Played(Stage):
    """A stage, and what only this platform has."""

    account: Any = None
    house: Any = None
    transport: Any = None


@asynccontextmanager
async def youtube_stage(house: House, store: Any, clock: SteppingClock, format: str) -> AsyncIterator[Played]:
    """The first seeded account, and one publication in `format`, accepted and due."""
    await house.order("reset")

    async def follow(seconds: float) -> None:
        if seconds > 0:
            await house.order("clock", {"advance": seconds})

    clock.on_advance.append(follow)
    seeded = (await house.ask("accounts"))[0]
    transport = Transport(origin=house.base, monotonic=clock.monotonic)
    publication = publication_for(seeded, format)
    tokens = Tokens(
        source=MemoryTokens(credentials_for(seeded, publication)),
        transport=transport,
        kits=KITS,
        clients={YOUTUBE: OAuthClient(client_id=seeded["app_id"], client_secret=Secret(seeded["app_secret"]))},
        clock=clock,
    )
    gateway = Gateway(
        transport=transport,
        tokens=tokens,
        quota=MemoryQuota(clock=clock),
        breaker=NoBreaker(),
        media=house.media,
        meter=NoMeter(),
        kits=KITS,
        clock=clock,
    )
    await store.accept(publication)

    async def seen() -> list[str]:
        return [post["id"] for post in await house.ask(f"audience/youtube/{seeded['account']}")]

    yield Played(
        clock=clock,
        store=store,
        gateway=gateway,
        files=house.media,
        inbox=MemoryInbox(),
        publication=publication,
        flow=KITS[YOUTUBE].publish,
        state=lambda: store.where(publication),
        seen=seen,
        account=seeded,
        house=house,
        transport=transport,
    )
    await transport.aclose()


def publication_for(seeded: Any, format: str, name: str = "p1") -> Publication:
    account = Account(
        customer_id=CustomerId("CUST-1"),
        credential_ref=CredentialRef("CRED-1"),
        platform=Platform("youtube"),
        posting_identity=seeded["posting_identity"],
    )
    content = Content(title="A cat", text="hello", video=MediaUrl("https://example.com/cat.mp4"))
    return Publication(id=PublicationId(name), account=account, format=format, content=content)


def credentials_for(seeded: Any, publication: Publication) -> ResolvedSocialCredentials:
    return ResolvedSocialCredentials(
        customer_id=publication.account.customer_id,
        credential_ref=publication.account.credential_ref,
        platform=YOUTUBE,
        posting_identity=seeded["posting_identity"],
        access_token=Secret(seeded["access_token"]),
        refresh_token=Secret(seeded["refresh_token"]),
        expires_at=None,
    )
