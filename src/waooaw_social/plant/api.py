"""Plant's API: an agent's key in, publications accepted and shown. An id of another customer's is an id that does not exist.

This file joins the parts: orders, publications, media, usage; each has its routes in a file of its own, and `door.py` stands before all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError

from waooaw_social.plant import media_api, orders_api, publications_api, usage_api
from waooaw_social.plant.door import READ, Limiter, agent, may
from waooaw_social.plant.media import MediaDesk
from waooaw_social.plant.planning import Planning
from waooaw_social.plant.problems import PROBLEMS, unreadable
from waooaw_social.plant.publishing import Publishing
from waooaw_social.storage.api_keys import ApiKeys
from waooaw_social.storage.plant.changing import SqlChanges
from waooaw_social.storage.plant.listing import SqlListing
from waooaw_social.storage.plant.publications import SqlPublications
from waooaw_social.storage.plant.settling import SqlSettling
from waooaw_social.web.edge import NO_TELEMETRY, equip


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Everything that stands behind the API."""

    keys: ApiKeys
    limiter: Limiter
    publishing: Publishing
    planning: Planning
    store: SqlPublications
    listing: SqlListing
    changes: SqlChanges
    settling: SqlSettling
    usage: usage_api.UsagePage
    media: MediaDesk
    largest_upload: int
    """Bytes."""
    wake: Callable[[], None] = lambda: None
    """Called when something may be due now."""


def create_app(desk: Desk) -> FastAPI:
    """The public app."""
    app = FastAPI(title="waooaw-social Plant", version="1", redoc_url=None, telemetry=NO_TELEMETRY)
    equip(app, service="plant", larger={media_api.UPLOADS: desk.largest_upload})
    app.add_exception_handler(RequestValidationError, unreadable)
    state = app.state
    state.keys, state.limiter, state.wake, state.in_flight = desk.keys, desk.limiter, desk.wake, orders_api.InFlight()
    state.publishing, state.planning, state.media = desk.publishing, desk.planning, desk.media
    state.store, state.listing, state.changes = desk.store, desk.listing, desk.changes
    state.settling = desk.settling
    for part in (orders_api, publications_api, media_api):
        part.add_routes(app)
    app.include_router(usage_api.router(Depends(agent), partial(may, scope=READ), desk.usage, PROBLEMS))
    app.add_api_route("/healthz", healthz, methods=["GET"], summary="Whether this process answers")
    return app


async def healthz() -> dict[str, str]:
    return {"status": "ok"}
