"""What is read at a scrape, for each service: out of its storage, its settings and the manifests. Part of `main`: it knows both sides."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import structlog

from waooaw_social.clients.environment import oauth_clients
from waooaw_social.core.clock import Clock
from waooaw_social.core.events import PlatformPostEvent
from waooaw_social.core.refusal import Scope
from waooaw_social.core.secret import Secret
from waooaw_social.metrics.gauges import Reading, exposition
from waooaw_social.metrics.prometheus import CP_REGISTRY, REGISTRY
from waooaw_social.platforms.kit import Kits
from waooaw_social.serving import Listener
from waooaw_social.settings import Settings
from waooaw_social.storage.cp.ages import token_ages
from waooaw_social.storage.db import Database
from waooaw_social.storage.plant.usage import SqlUsage
from waooaw_social.web.metrics import Scrape, add_metrics, metrics_service
from waooaw_social.wire.ports import QuotaStore

log = structlog.get_logger(__name__)


async def worker_scrape() -> bytes:
    """What this process has counted."""
    return exposition(REGISTRY)


@dataclass(frozen=True, kw_only=True)
class CPScrape:
    """What CP has counted, and its tokens' ages."""

    db: Database

    async def __call__(self) -> bytes:
        readings: list[Reading] = []
        for of in await token_ages(self.db):
            states = {"lasting": of.lasting, "ends_soon": of.ends_soon, "ended": of.ended}
            for state, count in states.items():
                readings.append(Reading(name="waooaw_cp_tokens", labels=(of.platform, state), value=count))
            readings.append(Reading(name="waooaw_cp_token_age_seconds", labels=(of.platform,), value=of.oldest))
        return exposition(CP_REGISTRY, readings)


@dataclass(frozen=True, kw_only=True)
class PlantScrape:
    """What this process has counted, and what stands in the database for the whole fleet."""

    usage: SqlUsage
    quota: QuotaStore
    kits: Kits
    apps: frozenset[str]
    """The ids of our OAuth clients: an app's quota is counted by them."""
    clock: Clock

    async def __call__(self) -> bytes:
        unresolved, oldest = await self.usage.unresolved(), await self.usage.oldest_due()
        readings = [*self._versions()]
        for platform in self.kits:
            unknown, age = float(unresolved.get(platform, 0)), oldest.get(platform, 0.0)
            readings.append(Reading(name="waooaw_posts_unresolved", labels=(platform,), value=unknown))
            readings.append(Reading(name="waooaw_oldest_due_seconds", labels=(platform,), value=age))
        readings += [reading async for reading in self._quotas()]
        return exposition(REGISTRY, readings)

    def _versions(self) -> Iterator[Reading]:
        today = self.clock.now().date()
        for kit in self.kits.values():
            if kit.manifest.sunset:
                labels = (str(kit.manifest.platform), kit.manifest.api_version)
                left = (kit.manifest.sunset - today).days
                yield Reading(name="waooaw_version_days_left", labels=labels, value=left)

    async def _quotas(self) -> AsyncIterator[Reading]:
        """Of the app's own buckets that have a limit. Accounts' buckets would be as many series as there are customers."""
        for kit in self.kits.values():
            for bucket in kit.manifest.buckets:
                if bucket.limit is None or bucket.scope is not Scope.APP:
                    continue
                used = sum([await self.quota.used(bucket, client) for client in sorted(self.apps)])
                labels = (str(kit.manifest.platform), bucket.name)
                yield Reading(name="waooaw_quota_limit_units", labels=labels, value=bucket.limit)
                yield Reading(name="waooaw_quota_left_units", labels=labels, value=max(0, bucket.limit - used))


def offer_metrics(app: Any, scrape: Scrape, settings: Settings) -> None:
    """`/metrics` beside an API: for who has the token, and not at all where there is none."""
    token = metrics_token(settings)
    if token is not None and settings.enable_metrics_collection:
        add_metrics(app, scrape, token)


def metrics_token(settings: Settings) -> Secret | None:
    return Secret(settings.metrics_token.get_secret_value()) if settings.metrics_token else None


def log_post(event: PlatformPostEvent) -> None:
    """One line for each attempt that ended: ids and codes, no text of anybody's."""
    left_out = {"error_message", "metadata", "event_type", "timestamp"}
    told = {name: value for name, value in event.to_dict().items() if name not in left_out}
    log.info("platform_post", publication=event.metadata.get("publication"), **told)


def worker_metrics(settings: Settings) -> list[Listener]:
    """A worker's own `/metrics`, where `METRICS_BIND` asks for it."""
    if not (settings.metrics_bind and settings.enable_metrics_collection):
        return []
    host, _, port = settings.metrics_bind.rpartition(":")
    app = metrics_service(worker_scrape, metrics_token(settings))
    return [Listener(app=app, host=host.strip("[]"), port=int(port))]


def apps_of(settings: Settings) -> frozenset[str]:
    return frozenset(client.client_id for client in oauth_clients(settings).values())
