"""What stands before Plant: its API, the platforms' webhooks, `/metrics`, on one listener."""

import structlog

from waooaw_social.clients.environment import oauth_clients
from waooaw_social.core.secret import Secret
from waooaw_social.main.parts import Plant, agent_keys
from waooaw_social.main.scraping import PlantScrape, apps_of, offer_metrics
from waooaw_social.plant import api as plant_api
from waooaw_social.plant import webhooks as plant_webhooks
from waooaw_social.plant.door import Limiter
from waooaw_social.plant.health import add_readiness
from waooaw_social.plant.media import MediaDesk
from waooaw_social.plant.planning import Planning
from waooaw_social.plant.publishing import Publishing
from waooaw_social.plant.quotas_api import Quotas, mount_quotas
from waooaw_social.plant.usage_api import Prices, UsagePage
from waooaw_social.serving import Listener, Process
from waooaw_social.storage.plant.changing import SqlChanges
from waooaw_social.storage.plant.listing import SqlListing
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.storage.plant.quota import SqlQuota
from waooaw_social.storage.plant.settling import SqlSettling
from waooaw_social.storage.plant.usage import SqlUsage

log = structlog.get_logger(__name__)


def add_api(parts: Plant, process: Process, host: str, port: int) -> None:
    """Plant's API and the platforms' webhooks on one listener; what webhooks said is read in the same process."""
    public, webhooks = plant_api.create_app(_desk(parts)), _webhooks(parts)
    add_readiness(public, parts.publications.standing)
    mount_quotas(public, _quotas(parts))
    offer_metrics(public, _scrape(parts), parts.settings)
    app = plant_webhooks.beside(public, plant_webhooks.create_app(webhooks))
    process.listeners.append(Listener(app=app, host=host, port=port))
    process.tasks.append(webhooks.run)


def _quotas(parts: Plant) -> Quotas:
    return Quotas(
        quota=SqlQuota(db=parts.db, clock=parts.clock),
        breaker=parts.breaker(),
        kits=parts.kits,
        clock=parts.clock,
        apps=tuple(sorted(apps_of(parts.settings))),
    )


def _scrape(parts: Plant) -> PlantScrape:
    usage, quota = SqlUsage(db=parts.db), SqlQuota(db=parts.db, clock=parts.clock)
    return PlantScrape(usage=usage, quota=quota, kits=parts.kits, apps=apps_of(parts.settings), clock=parts.clock)


def _webhooks(parts: Plant) -> plant_webhooks.Webhooks:
    clients, speaking = oauth_clients(parts.settings), [kit for kit in parts.kits.values() if kit.hears]
    told_by = {kit.app({}): clients.get(kit.app({})) for kit in speaking}
    verify_token = Secret(parts.settings.meta_webhook_verify_token.get_secret_value())
    if not verify_token:
        log.warning("webhooks_refused", lacks="META_WEBHOOK_VERIFY_TOKEN", so="nobody can subscribe to /webhooks/meta")
    for app in [app for app, client in told_by.items() if client is None or not client.client_secret]:
        log.warning("webhooks_refused", lacks=f"the {app} app's id and secret", so="every webhook counts as forged")
    return plant_webhooks.Webhooks(
        store=parts.inbox,
        ledger=parts.ledger,
        readers={about: hear for kit in speaking for about, hear in kit.hears.items()},
        secrets=[client.client_secret for client in told_by.values() if client],
        verify_token=verify_token,
        wake=parts.wake.set,
    )


def _desk(parts: Plant) -> plant_api.Desk:
    media = MediaDesk(store=SqlMedia(db=parts.db), folder=parts.media_folder())
    publishing = Publishing(
        store=parts.publications,
        tokens=parts.resolver,
        kits=parts.kits,
        media=media,
        clock=parts.clock,
        wake=parts.wake.set,
    )
    clients = {name: client.client_id for name, client in oauth_clients(parts.settings).items()}
    quota = SqlQuota(db=parts.db, clock=parts.clock)
    return plant_api.Desk(
        keys=agent_keys(parts.db),
        limiter=Limiter(a_minute=parts.settings.agent_requests_per_minute, monotonic=parts.clock.monotonic),
        publishing=publishing,
        planning=Planning(publishing=publishing, quota=quota, clients=clients),
        store=parts.publications,
        listing=SqlListing(db=parts.db),
        changes=SqlChanges(db=parts.db, prepare_ahead=parts.settings.prepare_ahead_seconds),
        settling=SqlSettling(db=parts.db, tell=parts.ledger.tell),
        usage=UsagePage(usage=SqlUsage(db=parts.db), prices=Prices(table=parts.settings.prices())),
        media=media,
        largest_upload=parts.settings.fetch_max_bytes,
        wake=parts.wake.set,
    )
