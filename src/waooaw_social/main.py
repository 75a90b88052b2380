"""The only file that knows everybody: makes the services out of the settings. Wiring by hand, top to bottom.

Each service is an async context manager that gives what is to be served or done; `serving.run` runs any of them in one process. Long, because
everybody is named once.
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

from waooaw_social.clients.environment import (
    budgets,
    fetch_limits,
    internal_trust,
    oauth_clients,
    resolver_of,
    retry_policy,
)
from waooaw_social.core.ids import Platform
from waooaw_social.core.secret import Secret
from waooaw_social.cp import api as cp_api
from waooaw_social.cp.internal_api import internal_service
from waooaw_social.cp.vault import Vault
from waooaw_social.durable.audit import audit_some
from waooaw_social.durable.ports import Delays
from waooaw_social.durable.runner import Runner
from waooaw_social.durable.watching import Watching
from waooaw_social.durable.worker import Worker
from waooaw_social.metrics import NoMeter, PlatformMetricsCollector, PrometheusMeter
from waooaw_social.metrics.prometheus import BREAKER, expect_posts
from waooaw_social.plant import api as plant_api
from waooaw_social.plant import webhooks as plant_webhooks
from waooaw_social.plant.door import Limiter
from waooaw_social.plant.health import add_readiness
from waooaw_social.plant.media import MediaDesk
from waooaw_social.plant.planning import Planning
from waooaw_social.plant.publishing import Publishing
from waooaw_social.plant.quotas_api import Quotas, mount_quotas
from waooaw_social.plant.usage_api import Prices, UsagePage
from waooaw_social.platforms.kit import Kits
from waooaw_social.platforms.registry import kits
from waooaw_social.scraping import CPScrape, PlantScrape, apps_of, log_post, offer_metrics
from waooaw_social.serving import Listener, Process
from waooaw_social.settings import Settings
from waooaw_social.storage.api_keys import ApiKeys
from waooaw_social.storage.cp import tables as cp_tables
from waooaw_social.storage.cp.credentials import Credentials
from waooaw_social.storage.db import Database, Url
from waooaw_social.storage.migrate import check_tables, migrate
from waooaw_social.storage.plant import bell
from waooaw_social.storage.plant import tables as plant_tables
from waooaw_social.storage.plant.breaker import SqlBreaker
from waooaw_social.storage.plant.changing import SqlChanges
from waooaw_social.storage.plant.connections import SqlConnections
from waooaw_social.storage.plant.inbox import SqlInbox
from waooaw_social.storage.plant.journal import Journal
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.listing import SqlListing
from waooaw_social.storage.plant.lock import OneWorker
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.storage.plant.publications import SqlPublications
from waooaw_social.storage.plant.quota import SqlQuota
from waooaw_social.storage.plant.settling import SqlSettling
from waooaw_social.storage.plant.usage import SqlUsage
from waooaw_social.storage.seal import KeyRing, Sealer
from waooaw_social.wire.breaker import WORST, State
from waooaw_social.wire.clock import RemoteClock, SystemClock
from waooaw_social.wire.fetch import Fetcher
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.quota import Warnings
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
TOLD_KEPT = 35 * 24 * 3600.0
"""Seconds for which it is remembered what platforms told by themselves: a message may be delivered 30 days after it was sent."""

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
    async with opened(settings.cp_database(), "cp", clock, settings) as db:
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
            internal_trust(settings)  # says what is wrong with the files before anything listens
            there, _, at = apart.rpartition(":")
            alone = internal_service(vault, internal_key=key)
            listeners.append(Listener(app=alone, host=there, port=int(at), tls=settings.internal_tls()))
        yield listeners


@asynccontextmanager
async def plant(settings: Settings, clock: Clock) -> AsyncGenerator["Plant"]:
    """Plant's parts: its API and its worker are made of them."""
    known = kits(limits=settings.quota_limits(), features=settings.features())
    check_delays(known, delays_of(settings))
    async with AsyncExitStack() as stack:
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
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def api(self, process: Process, host: str, port: int) -> None:
        """Plant's API and the platforms' webhooks on one listener; what webhooks said is read in the same process."""
        public, webhooks = plant_api.create_app(self._desk()), self._webhooks()
        add_readiness(public, self.publications.standing)
        mount_quotas(public, self._quotas())
        offer_metrics(public, self._scrape(), self.settings)
        app = plant_webhooks.beside(public, plant_webhooks.create_app(webhooks))
        process.listeners.append(Listener(app=app, host=host, port=port))
        process.tasks.append(webhooks.run)

    def _quotas(self) -> Quotas:
        return Quotas(
            quota=SqlQuota(db=self.db, clock=self.clock),
            breaker=self.breaker(),
            kits=self.kits,
            clock=self.clock,
            apps=tuple(sorted(apps_of(self.settings))),
        )

    def _scrape(self) -> PlantScrape:
        usage, quota = SqlUsage(db=self.db), SqlQuota(db=self.db, clock=self.clock)
        return PlantScrape(usage=usage, quota=quota, kits=self.kits, apps=apps_of(self.settings), clock=self.clock)

    def breaker(self) -> SqlBreaker:
        """The fleet's circuits, and an operator's freezes, as this process sees them."""
        told = breaker_gauge if self.settings.enable_metrics_collection else untold
        return SqlBreaker(db=self.db, clock=self.clock, by_itself=self.settings.enable_circuit_breaker, told=told)

    def _webhooks(self) -> plant_webhooks.Webhooks:
        clients, speaking = oauth_clients(self.settings), [kit for kit in self.kits.values() if kit.hears]
        told_by = {kit.app({}): clients.get(kit.app({})) for kit in speaking}
        verify_token = Secret(self.settings.meta_webhook_verify_token.get_secret_value())
        if not verify_token:
            log.warning(
                "webhooks_refused", lacks="META_WEBHOOK_VERIFY_TOKEN", so="nobody can subscribe to /webhooks/meta"
            )
        for app in [app for app, client in told_by.items() if client is None or not client.client_secret]:
            log.warning("webhooks_refused", lacks=f"the {app} app's id and secret", so="every webhook counts as forged")
        return plant_webhooks.Webhooks(
            store=self.inbox,
            ledger=self.ledger,
            readers={about: hear for kit in speaking for about, hear in kit.hears.items()},
            secrets=[client.client_secret for client in told_by.values() if client],
            verify_token=verify_token,
            wake=self.wake.set,
        )

    def _desk(self) -> plant_api.Desk:
        media = MediaDesk(store=SqlMedia(db=self.db), folder=self._media_folder())
        publishing = Publishing(
            store=self.publications,
            tokens=self.resolver,
            kits=self.kits,
            media=media,
            clock=self.clock,
            wake=self.wake.set,
        )
        clients = {name: client.client_id for name, client in oauth_clients(self.settings).items()}
        quota = SqlQuota(db=self.db, clock=self.clock)
        return plant_api.Desk(
            keys=agent_keys(self.db),
            limiter=Limiter(a_minute=self.settings.agent_requests_per_minute, monotonic=self.clock.monotonic),
            publishing=publishing,
            planning=Planning(publishing=publishing, quota=quota, clients=clients),
            store=self.publications,
            listing=SqlListing(db=self.db),
            changes=SqlChanges(db=self.db, prepare_ahead=self.settings.prepare_ahead_seconds),
            settling=SqlSettling(db=self.db, tell=self.ledger.tell),
            usage=UsagePage(usage=SqlUsage(db=self.db), prices=Prices(table=self.settings.prices())),
            media=media,
            largest_upload=self.settings.fetch_max_bytes,
            wake=self.wake.set,
        )

    def _media_folder(self) -> MediaFolder:
        """One folder for what is uploaded and what is fetched, of the API and the worker alike."""
        return MediaFolder(
            folder=self.settings.var / "media",
            fetcher=Fetcher(allow_origins=self.settings.fetch_allow_origins),
            limits=fetch_limits(self.settings),
            uploads=SqlMedia(db=self.db),
        )

    async def work(self, stop: asyncio.Event) -> None:
        """Run the worker until `stop`."""
        transport = Transport(origin=self.settings.platform_origin, kind=self.settings.http_transport)
        media = self._media_folder()
        async with contextlib.AsyncExitStack() as stack:
            if self.db.sqlite:
                stack.enter_context(OneWorker(Url(self.settings.plant_database()).path))
            stack.push_async_callback(transport.aclose)
            told, journal = Warnings(clock=self.clock), Journal(self.settings.var / "quota")
            quota = SqlQuota(db=self.db, clock=self.clock, journal=journal, told=told)
            worker = self._worker(transport, media, quota)
            giving_back = asyncio.create_task(quota.run())
            stack.push_async_callback(ended, giving_back)
            housekeeping = asyncio.create_task(self._keep_house(media, worker))
            stack.callback(housekeeping.cancel)
            if self.settings.connection_check_hours:
                watching = asyncio.create_task(self._watching(worker).run())
                stack.push_async_callback(ended, watching)
            listening = asyncio.create_task(bell.listen(Url(self.settings.plant_database()), self.wake.set))
            stack.callback(listening.cancel)
            await worker.run(stop)

    def _worker(self, transport: Transport, media: MediaFolder, quota: SqlQuota) -> Worker:
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
            quota=quota,
            breaker=self.breaker(),
            media=media,
            meter=PrometheusMeter() if self.settings.enable_metrics_collection else NoMeter(),
            kits=self.kits,
            clock=self.clock,
            retry=retry_policy(self.settings),
            budgets=budgets(self.settings),
        )
        runner = Runner(
            ledger=self.ledger,
            gateway=gateway,
            files=media,
            inbox=self.inbox,
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

    def _watching(self, worker: Worker) -> Watching:
        return Watching(
            connections=SqlConnections(db=self.db),
            gateway=worker.runner.gateway,
            kits=self.kits,
            clock=self.clock,
            within=self.settings.connection_check_hours * 3600.0,
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
                await SqlQuota(db=self.db, clock=self.clock).sweep()
                await SqlUsage(db=self.db).forget_retrying(older_than=RETRYING_KEPT)
                untold = await self.inbox.forget(older_than=TOLD_KEPT)
                uploads = SqlMedia(db=self.db)
                unused = await uploads.forget(older_than=MEDIA_KEPT)
                kept = await uploads.files()
                swept = await asyncio.to_thread(media.sweep, older_than=MEDIA_KEPT, keep=kept)
                alike = await audit_some(worker.runner, self.publications, worker.flow_of)
                log.info(
                    "house_kept",
                    alike=len(alike),
                    replies_shredded=shredded,
                    keys_forgotten=forgotten,
                    told_forgotten=untold,
                    media_forgotten=unused,
                    files_removed=swept,
                )
            except Exception as error:  # the next round does it
                log.warning("house_not_kept", error=type(error).__name__)
            await asyncio.sleep(HOUSEKEEPING)


async def ended(task: "asyncio.Task[None]") -> None:
    """Stop a task, and wait for what it does last."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


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
