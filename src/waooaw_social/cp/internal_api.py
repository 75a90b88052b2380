"""CP's internal API, for Plant alone: lends tokens, takes refreshed ones, grants the right to refresh.

Bare Starlette, because it is small and hot. Authenticated by `X-Plant-Internal-Key`, compared in constant time. An unknown credential and
another customer's are one answer, to the byte.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from waooaw_social.core.secret import Secret
from waooaw_social.cp.vault import Vault
from waooaw_social.storage.cp.credentials import Actor, NewToken, NoSuchCredential, Opened, Stale
from waooaw_social.web.edge import equip, request_id
from waooaw_social.web.problem import Problem, invalid

PLANT = "plant"
HEADER = "x-plant-internal-key"
PATH = "/api/internal"

Body = TypeVar("Body", bound=BaseModel)
Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _written(value: object) -> object:
    """A number would be taken for seconds since 1970, also where it stands in quotes."""
    if not isinstance(value, str) or not re.match(r"(19[7-9]|2\d\d)\d-", value):
        raise ValueError("a time is written like 2026-11-21T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written)]
"""A time with an offset, in a century that a database can hold."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Which(_Strict):
    customer_id: Name
    credential_ref: Name


class UpdateToken(Which):
    new_access_token: Annotated[SecretStr, Field(min_length=1, max_length=8192)]
    new_refresh_token: Annotated[SecretStr, Field(max_length=8192)] | None = None
    expires_at: Moment | None = None
    expected_version: int | None = None


class RefreshLease(Which):
    version: int | None = None


def internal_app(vault: Vault, *, internal_key: Secret) -> Starlette:
    """Everything under `/api/internal`; mounted there, or on a listener of its own by `internal_service`."""
    if not internal_key:
        raise ValueError("an empty internal key would let everybody in")

    async def resolve(asked: Which, actor: Actor) -> Response:
        return JSONResponse(
            _lent(await vault.resolve(asked.customer_id, asked.credential_ref, actor)), headers=NO_STORE
        )

    async def update_token(asked: UpdateToken, actor: Actor) -> Response:
        try:
            version = await vault.update(asked.customer_id, asked.credential_ref, _new(asked), actor)
        except Stale as stale:
            return JSONResponse({"version": stale.version}, 409)
        return JSONResponse({"version": version})

    async def refresh_lease(asked: RefreshLease, actor: Actor) -> Response:
        lease = await vault.lease(asked.customer_id, asked.credential_ref, asked.version, actor)
        return JSONResponse({"granted": lease.granted, "until": lease.until, "version": lease.version})

    app = Starlette(
        routes=[
            Route("/plant/credentials/resolve", guarded(internal_key, Which, resolve), methods=["POST"]),
            Route(
                "/plant/credentials/update-token", guarded(internal_key, UpdateToken, update_token), methods=["POST"]
            ),
            Route(
                "/plant/credentials/refresh-lease", guarded(internal_key, RefreshLease, refresh_lease), methods=["POST"]
            ),
        ]
    )
    equip(app, service="cp-internal")
    return app


def guarded(
    internal_key: Secret, read: type[Body], act: Callable[[Body, Actor], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for Plant alone: the key first, then the body, then the act."""

    async def endpoint(request: Request) -> Response:
        if Secret(request.headers.get(HEADER, "")) != internal_key:
            raise Problem(status=403, code="forbidden", detail="The internal key is wrong or missing.")
        try:
            asked = read.model_validate_json(await request.body())
        except ValidationError as error:
            raise invalid(error.errors(include_url=False, include_input=False)) from None
        try:
            return await act(asked, Actor(name=PLANT, request_id=request_id(request)))
        except NoSuchCredential:
            raise _unknown() from None

    return endpoint


def internal_service(vault: Vault, *, internal_key: Secret) -> Starlette:
    """The internal API with a listener of its own (`CP_INTERNAL_BIND`)."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes = [Mount(PATH, internal_app(vault, internal_key=internal_key)), Route("/healthz", healthz)]
    app = Starlette(routes=routes)
    equip(app, service="cp-internal")
    return app


NO_STORE = {"cache-control": "no-store"}


def _unknown() -> Problem:
    """Its field tells it apart from the 404 of an address that is not served here."""
    return Problem(status=404, code="not_found", detail="There is no such credential.", field="credential_ref")


def _lent(opened: Opened) -> dict[str, object]:
    stored, refresh = opened.stored, opened.refresh_token
    return {
        "credential_ref": stored.credential_ref,
        "customer_id": stored.customer_id,
        "platform": stored.platform,
        "posting_identity": stored.posting_identity,
        "access_token": opened.access_token.open(),
        "refresh_token": refresh.open() if refresh else None,
        "expires_at": _iso(stored.expires_at),
        "metadata": dict(stored.metadata),
        "version": stored.version,
        "created_at": _iso(stored.created_at),
        "updated_at": _iso(stored.updated_at),
    }


def _new(asked: UpdateToken) -> NewToken:
    refresh = asked.new_refresh_token.get_secret_value() if asked.new_refresh_token else ""
    return NewToken(
        access_token=Secret(asked.new_access_token.get_secret_value()),
        refresh_token=Secret(refresh) if refresh else None,
        expires_at=asked.expires_at,
        expected_version=asked.expected_version,
    )


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
