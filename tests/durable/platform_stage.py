"""A stage with the real gateway, the real transport and one of the sandbox's platforms behind a real socket. Time is stepped for all of them."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from durable.stores import emptied, open_store
from durable.sweep import Stage, SteppingClock
from waooaw_sandbox.app import Options, running
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, Platform, PublicationId
from waooaw_social.core.post import Content, MediaFile, MediaPath, MediaSource, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.core.secret import Secret
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.platforms.kit import Kits, OAuthClient
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.ports import RefreshLease, ResolvedSocialCredentials, StaleVersion
from waooaw_social.wire.quota import MemoryQuota
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Client, Transport, api_client


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
        token, version = new["new_access_token"], self.credentials.version + 1
        boxed = token if isinstance(token, Secret) else Secret(token)
        self.credentials = replace(
            self.credentials, access_token=boxed, expires_at=new.get("expires_at"), version=version
        )
        return version

    def drop(self, *, customer_id: str, credential_ref: str) -> None:
        return None


@dataclass
class SomeFiles:
    """Fills `Files` and `MediaStore` with files that are always here, each by the URL or path it came from."""

    folder: Path
    known: dict[str, MediaFile] = field(default_factory=dict[str, MediaFile])

    def add(self, source: MediaSource, data: bytes, content_type: str, **probed: Any) -> MediaFile:
        sha256 = hashlib.sha256(data).hexdigest()
        (self.folder / sha256).write_bytes(data)
        file = MediaFile(sha256=sha256, size=len(data), content_type=content_type, **probed)
        self.known[_place(source)] = file
        return file

    async def bring(self, source: MediaSource) -> MediaFile:
        return self.known[_place(source)]

    async def holds(self, file: MediaFile) -> bool:
        return True

    async def path(self, file: MediaFile) -> Path:
        return self.folder / file.sha256


def _place(source: MediaSource) -> str:
    match source:
        case MediaUrl(url):
            return url
        case MediaPath(path):
            return str(path)
        case _:
            raise AssertionError(source)


class NoMeter:
    def called(self, **_: Any) -> None:
        return None


@dataclass
class House:
    """What is expensive to start, shared by the cases of a sweep."""

    base: str
    client: Client
    media: SomeFiles

    async def order(self, what: str, body: Any = None) -> Any:
        response = await self.client.post(f"{self.base}/_sandbox/{what}", json=body)
        assert response.status_code < 300, response.text
        return response.json()

    async def ask(self, what: str) -> Any:
        return (await self.client.get(f"{self.base}/_sandbox/{what}")).json()

    async def account(self, platform: str, name: str) -> dict[str, Any]:
        """A seeded account, as it is now."""
        every = await self.ask("accounts")
        return next(one for one in every if (one["platform"], one["account"]) == (platform, name))

    async def sample(self, name: str) -> bytes:
        """One of the sandbox's own files."""
        response = await self.client.get(f"{self.base}/_sandbox/media/{name}")
        assert response.status_code == 200, response.text
        return response.content


@asynccontextmanager
async def open_house(folder: Path, **options: Any) -> AsyncIterator[House]:
    files = folder / "files"
    files.mkdir()
    async with running(Options(data_dir=folder / "sandbox", **options)) as base, api_client(timeout=30.0) as client:
        yield House(base, client, SomeFiles(files))


@dataclass
class Played(Stage):
    """A stage, and what the sandbox adds to it."""

    account: Any = None
    house: Any = None
    transport: Any = None


@asynccontextmanager
async def platform_stage(
    house: House, store: Any, clock: SteppingClock, known: Kits, seeded: Mapping[str, Any], publication: Publication
) -> AsyncIterator[Played]:
    """A publication of a seeded account, accepted and due, before a sandbox that was reset."""
    await house.order("reset")

    async def follow(seconds: float) -> None:
        if seconds > 0:
            await house.order("clock", {"advance": seconds})

    clock.on_advance.append(follow)
    kit = known[publication.account.platform]
    transport = Transport(origin=house.base, monotonic=clock.monotonic)
    app = OAuthClient(client_id=seeded["app_id"], client_secret=Secret(seeded["app_secret"]))
    tokens = Tokens(
        source=MemoryTokens(credentials_for(seeded, publication)),
        transport=transport,
        kits=known,
        clients={kit.app(publication.account.metadata): app},
        clock=clock,
    )
    gateway = Gateway(
        transport=transport,
        tokens=tokens,
        quota=MemoryQuota(clock=clock),
        breaker=NoBreaker(),
        media=house.media,
        meter=NoMeter(),
        kits=known,
        clock=clock,
    )
    await store.accept(publication)

    async def seen() -> list[str]:
        return [post["id"] for post in await house.ask(f"audience/{seeded['platform']}/{seeded['account']}")]

    yield Played(
        clock=clock,
        store=store,
        gateway=gateway,
        files=house.media,
        inbox=MemoryInbox(),
        publication=publication,
        flow=kit.publish,
        state=lambda: store.where(publication),
        seen=seen,
        account=seeded,
        house=house,
        transport=transport,
    )
    await transport.aclose()


StageOf: TypeAlias = Callable[[Any, SteppingClock], AbstractAsyncContextManager[Played]]
"""A store and a clock to a stage."""


def in_memory(stage_of: StageOf, *, prepare_ahead: float = 0.0) -> Callable[[], AbstractAsyncContextManager[Played]]:
    """A fresh stage for each case, on a fresh ledger in memory."""

    @asynccontextmanager
    async def fresh() -> AsyncIterator[Played]:
        clock = SteppingClock()
        async with open_store("memory", clock, "", prepare_ahead) as store, stage_of(store, clock) as stage:
            yield stage

    return fresh


@asynccontextmanager
async def in_database(
    kind: str, folder: Path, request: pytest.FixtureRequest, stage_of: StageOf, *, prepare_ahead: float = 0.0
) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[Played]]]:
    """A fresh stage for each case, on one real database that is emptied before it."""
    place: Any = folder if kind == "sqlite" else request.getfixturevalue("postgres_url")
    clock = SteppingClock()
    async with open_store(kind, clock, place, prepare_ahead) as store:

        @asynccontextmanager
        async def fresh() -> AsyncIterator[Played]:
            await emptied(store)
            clock.on_advance.clear()
            async with stage_of(store, clock) as stage:
                yield stage

        yield fresh


def publication_of(
    seeded: Mapping[str, Any], format: str, content: Content, name: str = "p1", **metadata: str
) -> Publication:
    account = Account(
        customer_id=CustomerId("CUST-1"),
        credential_ref=CredentialRef("CRED-1"),
        platform=Platform(seeded["platform"]),
        posting_identity=seeded["posting_identity"],
        metadata=metadata,
    )
    return Publication(id=PublicationId(name), account=account, format=format, content=content)


def credentials_for(seeded: Mapping[str, Any], publication: Publication) -> ResolvedSocialCredentials:
    refresh = seeded.get("refresh_token")
    return ResolvedSocialCredentials(
        customer_id=publication.account.customer_id,
        credential_ref=publication.account.credential_ref,
        platform=publication.account.platform,
        posting_identity=seeded["posting_identity"],
        access_token=Secret(seeded["access_token"]),
        refresh_token=Secret(refresh) if refresh else None,
        expires_at=None,
        metadata=publication.account.metadata,
    )
