"""What Plant's API and its worker are made of, and how a database, a clock, keys and delays come out of the settings."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from waooaw_social.clients.environment import (
    fetch_limits,
    resolver_of,
)
from waooaw_social.core.ids import Platform
from waooaw_social.durable.ports import Delays
from waooaw_social.main.scraping import log_post
from waooaw_social.main.tracing import traces_of
from waooaw_social.metrics import PlatformMetricsCollector
from waooaw_social.metrics.prometheus import BREAKER, expect_posts
from waooaw_social.metrics.traces import Traces
from waooaw_social.platforms.kit import Kits
from waooaw_social.platforms.registry import kits
from waooaw_social.settings import Settings
from waooaw_social.storage.api_keys import ApiKeys
from waooaw_social.storage.cp import tables as cp_tables
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import check_tables, migrate
from waooaw_social.storage.plant import tables as plant_tables
from waooaw_social.storage.plant.breaker import SqlBreaker
from waooaw_social.storage.plant.inbox import SqlInbox
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.storage.plant.publications import SqlPublications
from waooaw_social.storage.seal import KeyRing, Sealer
from waooaw_social.wire.bounds import Places
from waooaw_social.wire.breaker import WORST, State
from waooaw_social.wire.clock import RemoteClock, SystemClock
from waooaw_social.wire.fetch import Fetcher
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.resolver import CPSocialCredentialResolver

CUSTOMER_KEY, AGENT_KEY = "cpk", "plk"

Clock: TypeAlias = SystemClock | RemoteClock


@asynccontextmanager
async def clock_of(settings: Settings) -> AsyncGenerator[Clock]:
    if settings.clock_url is None:
        yield SystemClock()
        return
    clock = RemoteClock(settings.clock_url)
    await clock.start()
    try:
        yield clock
    finally:
        await clock.aclose()


@asynccontextmanager
async def plant(settings: Settings, clock: Clock) -> AsyncGenerator["Plant"]:
    """Plant's parts: its API and its worker are made of them."""
    known = kits(limits=settings.quota_limits(), features=settings.features())
    check_delays(known, delays_of(settings))
    async with AsyncExitStack() as stack:
        traces = stack.enter_context(traces_of(settings))
        db = await stack.enter_async_context(opened(settings.plant_database(), "plant", clock, settings))
        resolver = resolver_of(settings)
        stack.push_async_callback(resolver.aclose)
        events = PlatformMetricsCollector(on_event=log_post, collecting=settings.enable_metrics_collection)
        sealer = Sealer(KeyRing(settings.plant_ledger_secret.get_secret_value()))
        ledger = SqlLedger(db=db, sealer=sealer, tell=events.record)
        expect_posts()
        yield Plant(
            settings=settings,
            clock=clock,
            db=db,
            kits=known,
            resolver=resolver,
            ledger=ledger,
            publications=SqlPublications(db=db, ledger=ledger, prepare_ahead=settings.prepare_ahead_seconds),
            inbox=SqlInbox(db=db),
            probes=Places(settings.probes_at_once),
            traces=traces,
        )


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What Plant's API and its worker share."""

    settings: Settings
    clock: Clock
    db: Database
    kits: Kits
    resolver: CPSocialCredentialResolver
    ledger: SqlLedger
    publications: SqlPublications
    inbox: SqlInbox
    probes: Places
    """One bound for the API and the worker, where they are one process."""
    traces: Traces
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def breaker(self) -> SqlBreaker:
        """The fleet's circuits, and an operator's freezes, as this process sees them."""
        told = breaker_gauge if self.settings.enable_metrics_collection else untold
        return SqlBreaker(db=self.db, clock=self.clock, by_itself=self.settings.enable_circuit_breaker, told=told)

    def media_folder(self) -> MediaFolder:
        """One folder for what is uploaded and what is fetched, of the API and the worker alike."""
        return MediaFolder(
            folder=self.settings.var / "media",
            fetcher=Fetcher(allow_origins=self.settings.fetch_allow_origins),
            limits=fetch_limits(self.settings),
            uploads=SqlMedia(db=self.db),
            probes=self.probes,
        )


def breaker_gauge(platform: Platform, family: str, state: State) -> None:
    BREAKER.labels(platform, family).set(WORST[state])


def untold(platform: Platform, family: str, state: State) -> None:
    """`ENABLE_METRICS_COLLECTION=false`."""


def customer_keys(db: Database) -> ApiKeys:
    return ApiKeys(db=db, table=cp_tables.api_keys, prefix=CUSTOMER_KEY)


def agent_keys(db: Database) -> ApiKeys:
    return ApiKeys(db=db, table=plant_tables.api_keys, prefix=AGENT_KEY)


def delays_of(settings: Settings) -> Delays:
    return Delays(send_window=settings.send_window_seconds, reconcile=settings.reconcile_delay_seconds)


class DelayTooShort(Exception):
    """A look would come before the platform can tell: that doubles posts."""


def check_delays(known: Kits, delays: Delays) -> None:
    """Refuse to start with a reconcile delay that a platform's own lag outlasts."""
    for kit in known.values():
        lag = kit.manifest.lag.acting + kit.manifest.lag.listing
        if not delays.enough_for(request_timeout=kit.manifest.request_timeout, lag=lag):
            need = delays.send_window + kit.manifest.request_timeout + lag + delays.clock_error
            raise DelayTooShort(f"RECONCILE_DELAY_SECONDS is {delays.reconcile:g}; {kit.manifest.title} needs {need:g}")


@asynccontextmanager
async def opened(url: str, room: Any, clock: Clock, settings: Settings) -> AsyncGenerator[Database]:
    """An open database with the tables that we know: brought up to date, or only looked at (`MIGRATE_AT_START`)."""
    await (migrate if settings.migrate_at_start else check_tables)(url, room)
    db = await Database.open(url, clock_offset=lambda: clock.offset)
    try:
        yield db
    finally:
        await db.close()
