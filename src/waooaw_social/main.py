"""The only file that knows everybody: makes the services out of the settings. Wiring by hand, top to bottom.

Each service is an async context manager that gives what is to be served or done; `serving.run` runs any of them in one
process. As long as the list of what there is to wire.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import structlog

from waooaw_social.clients.environment import fetch_limits, oauth_clients
from waooaw_social.core.secret import Secret
from waooaw_social.cp import api as cp_api
from waooaw_social.cp.internal_api import internal_service
from waooaw_social.cp.vault import Vault
from waooaw_social.durable.audit import audit_some
from waooaw_social.durable.ports import Delays
from waooaw_social.durable.runner import Runner
from waooaw_social.durable.worker import Worker
from waooaw_social.metrics import NoMeter, PlatformMetricsCollector, PrometheusMeter
from waooaw_social.metrics.prometheus import expect_posts
from waooaw_social.plant import api as plant_api
from waooaw_social.plant.publishing import Publishing
from waooaw_social.plant.usage_api import Prices, UsagePage
from waooaw_social.platforms.kit import Kits
from waooaw_social.platforms.registry import kits
from waooaw_social.scraping import CPScrape, PlantScrape, apps_of, log_post, offer_metrics
from waooaw_social.serving import Listener
from waooaw_social.settings import Settings
from waooaw_social.storage.api_keys import ApiKeys
from waooaw_social.storage.cp import tables as cp_tables
from waooaw_social.storage.cp.credentials import Credentials
from waooaw_social.storage.db import Database, Url
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.plant import tables as plant_tables
from waooaw_social.storage.plant.inbox import SqlInbox
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.lock import OneWorker
from waooaw_social.storage.plant.publications import SqlPublications
from waooaw_social.storage.plant.quota import SqlQuota
from waooaw_social.storage.plant.usage import SqlUsage
from waooaw_social.storage.seal import KeyRing, Sealer
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.clock import RemoteClock, SystemClock
from waooaw_social.wire.fetch import Fetcher
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.resolver import CPSocialCredentialResolver
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport

log = structlog.get_logger(__name__)

CUSTOMER_KEY, AGENT_KEY = "cpk", "plk"
HOUSEKEEPING = 3600.0
"""Seconds between two rounds of shredding and sweeping."""
RETRYING_KEPT = 30 * 24 * 3600.0
"""Seconds for which the usage events of attempts stay that were tried again; those of endings stay for good."""
REPLIES_KEPT = 30 * 24 * 3600.0
MEDIA_KEPT = 2 * 24 * 3600.0

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
async def cp(settings: Settings, clock: Clock, host: str, port: int) -> AsyncGenerator[list[Listener]]:
    """CP: its public API, and the internal one beside it or on a listener of its own."""
    async with opened(settings.cp_database(), "cp", clock) as db:
        vault = Vault(
            credentials=Credentials(
                db=db, sealer=Sealer(KeyRing(settings.cp_platform_credentials_secret.get_secret_value()))
            ),
            keys=customer_keys(db),
        )
        key = Secret(settings.plant_internal_api_key.get_secret_value())
        apart = settings.cp_internal_bind
        public = cp_api.create_app(vault, internal_key=key, internal_here=apart is None)
        offer_metrics(public, CPScrape(db=db), settings)
        listeners = [Listener(app=public, host=host, port=port)]
        if apart:
            there, _, at = apart.rpartition(":")
            listeners.append(Listener(app=internal_service(vault, internal_key=key), host=there, port=int(at)))
        yield listeners


@asynccontextmanager
async def plant(settings: Settings, clock: Clock) -> AsyncGenerator["Plant"]:
    """Plant's parts: its API and its worker are made of them."""
    known = kits(limits=settings.quota_limits(), features=settings.features())
    check_delays(known, delays_of(settings))
    async with AsyncExitStack() as stack:
        db = await stack.enter_async_context(opened(settings.plant_database(), "plant", clock))
        resolver = CPSocialCredentialResolver(
            cp_base_url=settings.cp_backend_url, internal_api_key=settings.plant_internal_api_key.get_secret_value()
        )
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
            publications=SqlPublications(db=db, ledger=ledger),
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
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def api(self, host: str, port: int) -> Listener:
        publishing = Publishing(store=self.publications, tokens=self.resolver, kits=self.kits, wake=self.wake.set)
        usage = SqlUsage(db=self.db)
        page = UsagePage(usage=usage, prices=Prices(table=self.settings.prices()))
        app = plant_api.create_app(publishing, agent_keys(self.db), page)
        quota = SqlQuota(db=self.db, clock=self.clock)
        apps = apps_of(self.settings)
        offer_metrics(
            app, PlantScrape(usage=usage, quota=quota, kits=self.kits, apps=apps, clock=self.clock), self.settings
        )
        return Listener(app=app, host=host, port=port)

    async def work(self, stop: asyncio.Event) -> None:
        """Run the worker until `stop`."""
        transport = Transport(origin=self.settings.platform_origin, kind=self.settings.http_transport)
        media = MediaFolder(
            folder=self.settings.var / "media",
            fetcher=Fetcher(allow_origins=self.settings.fetch_allow_origins),
            limits=fetch_limits(self.settings),
        )
        async with contextlib.AsyncExitStack() as stack:
            if self.db.sqlite:
                stack.enter_context(OneWorker(Url(self.settings.plant_database()).path))
            stack.push_async_callback(transport.aclose)
            worker = self._worker(transport, media)
            housekeeping = asyncio.create_task(self._keep_house(media, worker))
            stack.callback(housekeeping.cancel)
            await worker.run(stop)

    def _worker(self, transport: Transport, media: MediaFolder) -> Worker:
        tokens = Tokens(
            source=self.resolver,
            transport=transport,
            kits=self.kits,
            clients=oauth_clients(self.settings),
            clock=self.clock,
        )
        gateway = Gateway(
            transport=transport,
            tokens=tokens,
            quota=SqlQuota(db=self.db, clock=self.clock),
            breaker=NoBreaker(),
            media=media,
            meter=PrometheusMeter() if self.settings.enable_metrics_collection else NoMeter(),
            kits=self.kits,
            clock=self.clock,
        )
        runner = Runner(
            ledger=self.ledger,
            gateway=gateway,
            files=media,
            inbox=SqlInbox(db=self.db),
            clock=self.clock,
            delays=delays_of(self.settings),
        )
        return Worker(
            name=f"{socket.gethostname()}-{os.getpid()}",
            publications=self.publications,
            runner=runner,
            flow_of=lambda publication: self.kits[publication.account.platform].publish(publication),
            lease=self.settings.lease_seconds,
            concurrency=self.settings.worker_concurrency,
            wake=self.wake,
        )

    async def _keep_house(self, media: MediaFolder, worker: Worker) -> None:
        while True:
            for kit in self.kits.values():
                left = kit.manifest.sunset_near(self.clock.now().date())
                if left is not None:
                    log.warning(
                        "version_sunset", platform=kit.manifest.platform, version=kit.manifest.api_version, days=left
                    )
            try:
                shredded = await self.ledger.shred(older_than=REPLIES_KEPT)
                forgotten = await self.publications.forget_orders()
                await SqlUsage(db=self.db).forget_retrying(older_than=RETRYING_KEPT)
                swept = await asyncio.to_thread(media.sweep, older_than=MEDIA_KEPT)
                alike = await audit_some(worker.runner, self.publications, worker.flow_of)
                log.info(
                    "house_kept",
                    alike=len(alike),
                    replies_shredded=shredded,
                    keys_forgotten=forgotten,
                    files_removed=swept,
                )
            except Exception as error:  # the next round does it
                log.warning("house_not_kept", error=type(error).__name__)
            await asyncio.sleep(HOUSEKEEPING)


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
async def opened(url: str, room: Any, clock: Clock) -> AsyncGenerator[Database]:
    """A migrated, open database."""
    await migrate(url, room)
    db = await Database.open(url, clock_offset=lambda: clock.offset)
    try:
        yield db
    finally:
        await db.close()
