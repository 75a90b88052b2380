"""Orders over HTTP: accepted, tried out, or checked. The same key and body are one order, however often they come."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, Header, Request
from starlette.responses import JSONResponse

from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId
from waooaw_social.plant.door import Agent, may_write
from waooaw_social.plant.models import PublicationsBody, addressed, overridden
from waooaw_social.plant.planning import Plan, Planning
from waooaw_social.plant.problems import (
    PROBLEMS,
    away,
    in_flight,
    key_reused,
    not_accepted,
    unknown_credential,
    unknown_media,
)
from waooaw_social.plant.publishing import NotAccepted, Publishing, Target, Wanted
from waooaw_social.plant.views import Accepted, AcceptedList
from waooaw_social.storage.api_keys import ApiKey
from waooaw_social.storage.plant.media import UnknownMedia
from waooaw_social.storage.plant.publications import KeyReused
from waooaw_social.web.edge import request_id, tell
from waooaw_social.web.problem import not_found
from waooaw_social.wire.ports import CredentialsUnavailable, CredentialUnknown

log = structlog.get_logger(__name__)

IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=255, description="Of your own making, one per order.")
]


@dataclass
class InFlight:
    """Orders that this process is taking just now. Between processes the database decides, and both get the same answer."""

    _taking: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict[tuple[str, str], dict[str, Any]])

    @contextmanager
    def one(self, api_key: str, idempotency_key: str, body: dict[str, Any]) -> Generator[None]:
        """A key is one customer's. Raises a problem where the same Idempotency-Key is being taken already."""
        name = (api_key, idempotency_key)
        if name in self._taking:
            raise in_flight() if self._taking[name] == body else key_reused()
        self._taking[name] = body
        try:
            yield
        finally:
            del self._taking[name]


def add_routes(app: FastAPI) -> None:
    orders = "/api/v1/publications"
    planned = {200: {"model": Plan, "description": "dry_run: what would be done. Nothing was accepted."}}
    app.add_api_route(
        orders,
        submit,
        methods=["POST"],
        status_code=202,
        response_model=AcceptedList,
        responses=PROBLEMS | planned,
        summary="Publish on one or more accounts",
    )
    app.add_api_route(
        f"{orders}/validate",
        validate,
        methods=["POST"],
        responses=PROBLEMS,
        summary="What would be done, and everything that is wrong with it",
    )


async def submit(body: PublicationsBody, idempotency_key: IdempotencyKey, who: Agent, request: Request) -> Any:
    """Accepted means kept: it survives any crash from here on. The same key and body give the same answer again."""
    wanted = _wanted(body, idempotency_key, who, request)
    if body.dry_run:
        return JSONResponse((await _plan(wanted, request)).model_dump(mode="json"))
    publishing: Publishing = request.app.state.publishing
    flight: InFlight = request.app.state.in_flight
    with flight.one(who.id, idempotency_key, dict(wanted.body)):
        try:
            accepted = await publishing.submit(wanted)
        except NotAccepted as no:
            raise not_accepted(no) from None
        except CredentialUnknown:
            raise unknown_credential() from None
        except CredentialsUnavailable as error:
            raise away(error) from None
        except UnknownMedia:
            raise unknown_media() from None
        except KeyReused:
            raise key_reused() from None
    told = {"agent": body.agent_id, "correlation": body.correlation_id, "request_id": request_id(request)}
    log.info(
        "order_accepted",
        order=accepted.order_id,
        publications=[i for i, _ in accepted.publications],
        draft=body.draft,
        **told,
    )
    publications = [Accepted(id=i, state=state.value) for i, state in accepted.publications]
    return AcceptedList(order_id=accepted.order_id, publications=publications)


async def validate(body: PublicationsBody, who: Agent, request: Request) -> Plan:
    """The same checks as for an order, whose problems are the answer. Nothing is accepted."""
    return await _plan(_wanted(body, "", who, request), request)


async def _plan(wanted: Wanted, request: Request) -> Plan:
    planning: Planning = request.app.state.planning
    try:
        return await planning.plan(wanted)
    except CredentialUnknown:
        raise unknown_credential() from None
    except CredentialsUnavailable as error:
        raise away(error) from None
    except UnknownMedia:
        raise unknown_media() from None


def _wanted(body: PublicationsBody, idempotency_key: str, who: ApiKey, request: Request) -> Wanted:
    """The order, as far as this key may give it."""
    tell(request, agent=body.agent_id, correlation=body.correlation_id)
    may_write(who, draft=body.draft)
    if body.customer_id != who.customer_id or (who.agent_id and body.agent_id != who.agent_id):
        raise not_found("customer or agent")
    if who.credential_refs is not None and {t.credential_ref for t in body.targets} - who.credential_refs:
        raise unknown_credential()
    targets = [
        Target(
            credential_ref=CredentialRef(target.credential_ref),
            format=target.format,
            content=addressed(overridden(body.content, target.overrides)) if target.overrides else None,
        )
        for target in body.targets
    ]
    return Wanted(
        customer_id=CustomerId(body.customer_id),
        agent_id=AgentId(body.agent_id),
        correlation_id=body.correlation_id,
        content=addressed(body.content),
        targets=targets,
        idempotency_key=idempotency_key,
        api_key=who.id,
        body=body.model_dump(),
        publish_at=body.moment(),
        late_by_most=body.late_policy.late_by_most if body.late_policy else None,
        spread=body.spread,
        draft=body.draft,
    )
