"""Media over HTTP: a file's bytes as the body, or a URL to fetch. The answer names it; publications name it by `media_id`."""

from typing import Any

import structlog
from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect

from waooaw_social.core.ids import CustomerId
from waooaw_social.core.refusal import Refused
from waooaw_social.plant.bodies import FetchBody
from waooaw_social.plant.door import READ, Agent, may, may_write
from waooaw_social.plant.media import MediaDesk
from waooaw_social.plant.problems import PROBLEMS, refused
from waooaw_social.plant.views import MediumView, medium_view
from waooaw_social.storage.api_keys import ApiKey
from waooaw_social.storage.plant.media import Medium
from waooaw_social.web.edge import request_id
from waooaw_social.web.problem import Problem, not_found
from waooaw_social.wire.ports import MediaMissing

UPLOADS = "/api/v1/media"
BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The bytes of one image, video, audio file or document. What they are is read off them; the Content-Type is not believed.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

log = structlog.get_logger(__name__)


def add_routes(app: FastAPI) -> None:
    app.add_api_route(
        UPLOADS, upload, methods=["POST"], status_code=201, responses=PROBLEMS, openapi_extra=BYTES, summary="Upload a file"
    )  # fmt: skip
    app.add_api_route(
        f"{UPLOADS}/fetch", fetch, methods=["POST"], status_code=201, responses=PROBLEMS, summary="Have a file fetched"
    )
    app.add_api_route(
        f"{UPLOADS}/{{media_id}}", show, methods=["GET"], responses=PROBLEMS, summary="What was found in a file"
    )


async def upload(who: Agent, request: Request) -> MediumView:
    """Streamed to disk, whole or not at all. Kept while a publication needs it, and two days after its last use."""
    may_write(who, draft=True)
    try:
        medium = await _desk(request).receive(CustomerId(who.customer_id), request.stream())
    except Refused as no:
        raise refused(no.refusal, stage="upload") from None
    except ClientDisconnect:
        raise Problem(status=400, code="cut_short", detail="The upload ended before its end.", retryable=True) from None
    return _kept(medium, who, request)


async def fetch(body: FetchBody, who: Agent, request: Request) -> MediumView:
    """The same for a file at an https URL that everybody can read. It is fetched once, now."""
    may_write(who, draft=True)
    try:
        medium = await _desk(request).bring(CustomerId(who.customer_id), body.url)
    except Refused as no:
        raise refused(no.refusal, stage="fetch") from None
    except MediaMissing as missing:
        remediation = "Try again, or upload the file."
        raise Problem(
            status=422,
            code="url_unreachable",
            detail=str(missing),
            stage="fetch",
            retryable=True,
            retry_after=missing.retry_in,
            field="url",
            remediation=remediation,
        ) from None
    return _kept(medium, who, request)


async def show(media_id: str, who: Agent, request: Request) -> MediumView:
    may(who, READ)
    medium = await _desk(request).show(CustomerId(who.customer_id), media_id)
    if medium is None:
        raise not_found("medium")
    return medium_view(medium)


def _desk(request: Request) -> MediaDesk:
    return request.app.state.media


def _kept(medium: Medium, who: ApiKey, request: Request) -> MediumView:
    told = {"key": who.id, "agent": who.agent_id, "request_id": request_id(request)}
    log.info("medium_kept", medium=medium.id, size=medium.file.size, content_type=medium.file.content_type, **told)
    return medium_view(medium)
