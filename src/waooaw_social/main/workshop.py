"""Plant's worker, and what runs beside it: the bell, quotas that go back, housekeeping."""

import asyncio
import contextlib
import os
import socket

import structlog

from waooaw_social.clients.environment import (
    budgets,
    oauth_clients,
    retry_policy,
)
from waooaw_social.durable.audit import audit_some
from waooaw_social.durable.hands import RESTING
from waooaw_social.durable.runner import Runner
from waooaw_social.durable.watching import Watching
from waooaw_social.durable.worker import Worker
from waooaw_social.main.parts import Plant, delays_of
from waooaw_social.metrics import NoMeter, PrometheusMeter
from waooaw_social.settings import Settings
from waooaw_social.storage.db import Url
from waooaw_social.storage.plant import bell
from waooaw_social.storage.plant.connections import SqlConnections
from waooaw_social.storage.plant.journal import Journal
from waooaw_social.storage.plant.lock import OneWorker
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.storage.plant.quota import SqlQuota
from waooaw_social.storage.plant.usage import SqlUsage
from waooaw_social.wire.bounds import Pace, Places
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.quota import Warnings
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport

log = structlog.get_logger(__name__)

HOUSEKEEPING = 3600.0
"""Seconds between two rounds of shredding and sweeping."""
RETRYING_KEPT = 30 * 24 * 3600.0
"""Seconds for which the usage events of attempts stay that were tried again; those of endings stay for good."""
REPLIES_KEPT = 30 * 24 * 3600.0
MEDIA_KEPT = 2 * 24 * 3600.0
TOLD_KEPT = 35 * 24 * 3600.0
"""Seconds for which it is remembered what platforms told by themselves: a message may be delivered 30 days after it was sent."""


async def work(parts: Plant, stop: asyncio.Event) -> None:
    """Run the worker until `stop`."""
    pace = Pace(parts.settings.upload_bytes_per_second)
    transport = Transport(origin=parts.settings.platform_origin, kind=parts.settings.http_transport, pace=pace)
    media = parts.media_folder()
    async with contextlib.AsyncExitStack() as stack:
        if parts.db.sqlite:
            stack.enter_context(OneWorker(Url(parts.settings.plant_database()).path))
        stack.push_async_callback(transport.aclose)
        told, journal = Warnings(clock=parts.clock), Journal(parts.settings.var / "quota")
        quota = SqlQuota(db=parts.db, clock=parts.clock, journal=journal, told=told)
        worker = _worker(parts, transport, media, quota)
        giving_back = asyncio.create_task(quota.run())
        stack.push_async_callback(ended, giving_back)
        housekeeping = asyncio.create_task(_keep_house(parts, media, worker))
        stack.callback(housekeeping.cancel)
        if parts.settings.connection_check_hours:
            watching = asyncio.create_task(_watching(parts, worker).run())
            stack.push_async_callback(ended, watching)
        listening = asyncio.create_task(bell.listen(Url(parts.settings.plant_database()), parts.wake.set))
        stack.callback(listening.cancel)
        await worker.run(stop)


def _worker(parts: Plant, transport: Transport, media: MediaFolder, quota: SqlQuota) -> Worker:
    tokens = Tokens(
        source=parts.resolver,
        transport=transport,
        kits=parts.kits,
        clients=oauth_clients(parts.settings),
        clock=parts.clock,
    )
    gateway = Gateway(
        transport=transport,
        tokens=tokens,
        quota=quota,
        breaker=parts.breaker(),
        media=media,
        meter=PrometheusMeter() if parts.settings.enable_metrics_collection else NoMeter(),
        kits=parts.kits,
        clock=parts.clock,
        retry=retry_policy(parts.settings),
        budgets=budgets(parts.settings),
        uploads=uploads(parts.settings),
        traces=parts.traces,
    )
    runner = Runner(
        ledger=parts.ledger,
        gateway=gateway,
        files=media,
        inbox=parts.inbox,
        clock=parts.clock,
        delays=delays_of(parts.settings),
    )
    return Worker(
        name=f"{socket.gethostname()}-{os.getpid()}",
        publications=parts.publications,
        runner=runner,
        flow_of=lambda publication: parts.kits[publication.account.platform].publish(publication),
        lease=parts.settings.lease_seconds,
        concurrency=parts.settings.worker_concurrency,
        wake=parts.wake,
        traces=parts.traces,
    )


def uploads(settings: Settings) -> Places:
    """Half of the runs that a worker can hold may wait for a place; the other half is for posts that need none."""
    return Places(settings.uploads_at_once, waiting=max(1, settings.worker_concurrency * RESTING // 2))


def _watching(parts: Plant, worker: Worker) -> Watching:
    return Watching(
        connections=SqlConnections(db=parts.db),
        gateway=worker.runner.gateway,
        kits=parts.kits,
        clock=parts.clock,
        within=parts.settings.connection_check_hours * 3600.0,
    )


async def _keep_house(parts: Plant, media: MediaFolder, worker: Worker) -> None:
    while True:
        for kit in parts.kits.values():
            left = kit.manifest.sunset_near(parts.clock.now().date())
            if left is not None:
                log.warning(
                    "version_sunset", platform=kit.manifest.platform, version=kit.manifest.api_version, days=left
                )
        try:
            shredded = await parts.ledger.shred(older_than=REPLIES_KEPT)
            forgotten = await parts.publications.forget_orders()
            await SqlQuota(db=parts.db, clock=parts.clock).sweep()
            await SqlUsage(db=parts.db).forget_retrying(older_than=RETRYING_KEPT)
            untold = await parts.inbox.forget(older_than=TOLD_KEPT)
            uploads = SqlMedia(db=parts.db)
            unused = await uploads.forget(older_than=MEDIA_KEPT)
            kept = await uploads.files()
            swept = await asyncio.to_thread(media.sweep, older_than=MEDIA_KEPT, keep=kept)
            alike = await audit_some(worker.runner, parts.publications, worker.flow_of)
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
