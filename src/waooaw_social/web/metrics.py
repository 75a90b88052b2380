"""`/metrics` for Prometheus: shown to whoever has `METRICS_TOKEN`, and nowhere else.

Agents' and customers' keys open nothing here: what is shown is about all customers together. Without a token an API does not serve the
address at all; a listener of its own (`METRICS_BIND`) may do without one on this machine alone.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from waooaw_social.core.secret import Secret
from waooaw_social.metrics.gauges import CONTENT_TYPE
from waooaw_social.web.edge import bearer, equip
from waooaw_social.web.problem import unauthorized

Scrape: TypeAlias = Callable[[], Awaitable[bytes]]
"""What is shown, read anew."""


def add_metrics(app: Starlette, scrape: Scrape, token: Secret | None) -> None:
    """Serve `/metrics` in `app`. `token` None: to everybody who reaches it."""

    async def metrics(request: Request) -> Response:
        if token is not None and Secret(bearer(request) or "") != token:
            raise unauthorized("The metrics need their own token: Authorization: Bearer … (METRICS_TOKEN).")
        return Response(await scrape(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    app.add_route("/metrics", metrics, methods=["GET"])


def metrics_service(scrape: Scrape, token: Secret | None) -> Starlette:
    """A listener's application that serves nothing else."""
    app = Starlette()
    equip(app, service="metrics")
    add_metrics(app, scrape, token)
    return app
