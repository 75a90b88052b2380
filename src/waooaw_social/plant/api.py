"""Plant's API: an agent's key in, publications accepted and shown. An id of another customer's is an id that does not exist."""

from functools import partial
from typing import Annotated

from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.responses import JSONResponse

from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId
from waooaw_social.plant import usage_api
from waooaw_social.plant.models import Accepted, AcceptedList, PublicationsBody, PublicationView, content_of, view
from waooaw_social.plant.publishing import NotAccepted, Publishing, Target, Wanted
from waooaw_social.storage.api_keys import ApiKey, ApiKeys
from waooaw_social.storage.plant.publications import KeyReused
from waooaw_social.web.edge import bearer, equip
from waooaw_social.web.problem import Problem, described, invalid, not_found, unauthorized
from waooaw_social.wire.ports import CredentialsUnavailable, CredentialUnknown

PUBLISH, READ = "publish", "read"
SCOPES = frozenset({PUBLISH, READ})

IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=255, description="Of your own making, one per order.")
]

PROBLEMS = described(
    {
        400: "The body cannot be read at all.",
        401: "The API key is missing or unknown.",
        403: "The API key lacks a scope.",
        404: "There is no such customer, credential or publication for this key.",
        413: "The body is too large; media do not travel in it.",
        422: "Something in the order cannot be published; every problem is named.",
        503: "The credentials cannot be read just now; try again with the same Idempotency-Key.",
    }
)
_described = HTTPBearer(
    auto_error=False, scheme_name="AgentKey", description="`api-keys create --customer … --agent …`"
)


def create_app(publishing: Publishing, keys: ApiKeys, usage: usage_api.UsagePage) -> FastAPI:
    """The public app."""
    app = FastAPI(title="waooaw-social Plant", version="1", redoc_url=None)
    equip(app, service="plant")
    app.add_exception_handler(RequestValidationError, _invalid)
    app.state.publishing, app.state.keys = publishing, keys
    app.add_api_route(
        "/api/v1/publications",
        submit,
        methods=["POST"],
        status_code=202,
        responses=PROBLEMS,
        summary="Publish on one or more accounts",
    )
    app.add_api_route(
        "/api/v1/publications/{publication_id}",
        show,
        methods=["GET"],
        responses=PROBLEMS,
        summary="Where a publication stands",
    )
    app.include_router(usage_api.router(Depends(agent), partial(_may, scope=READ), usage, PROBLEMS))
    app.add_api_route("/healthz", healthz, methods=["GET"], summary="Whether this process answers")
    return app


async def agent(request: Request, _: Annotated[object, Depends(_described)]) -> ApiKey:
    """The agent whose key came with the request."""
    keys: ApiKeys = request.app.state.keys
    key = bearer(request)
    found = await keys.find(key) if key else None
    if found is None:
        raise unauthorized()
    return found


Agent = Annotated[ApiKey, Depends(agent)]


async def submit(body: PublicationsBody, idempotency_key: IdempotencyKey, who: Agent, request: Request) -> AcceptedList:
    """Accepted means kept: it survives any crash from here on. The same key and body give the same answer again."""
    _may(who, PUBLISH)
    if body.customer_id != who.customer_id or (who.agent_id and body.agent_id != who.agent_id):
        raise not_found("customer or agent")
    publishing: Publishing = request.app.state.publishing
    try:
        accepted = await publishing.submit(_wanted(body, idempotency_key, who))
    except NotAccepted as no:
        raise _not_accepted(no) from None
    except CredentialUnknown:
        detail = "One of the credential_refs is none of this customer's."
        raise Problem(status=404, code="unknown_credential", detail=detail, field="targets.credential_ref") from None
    except CredentialsUnavailable as away:
        detail = "The credentials cannot be read just now; nothing was accepted."
        raise Problem(
            status=503,
            code="credentials_unavailable",
            detail=detail,
            retryable=True,
            retry_after=away.retry_in,
            remediation="Send the same request again with the same Idempotency-Key.",
        ) from None
    except KeyReused:
        detail = "This Idempotency-Key was used for another order."
        raise Problem(
            status=422, code="idempotency_key_reused", detail=detail, remediation="Use a new key for a new order."
        ) from None
    return AcceptedList(publications=[Accepted(id=i, state=state.value) for i, state in accepted])


async def show(publication_id: str, who: Agent, request: Request) -> PublicationView:
    _may(who, READ)
    publishing: Publishing = request.app.state.publishing
    row = await publishing.show(CustomerId(who.customer_id), publication_id)
    if row is None:
        raise not_found("publication")
    return view(row)


async def healthz() -> dict[str, str]:
    return {"status": "ok"}


def _wanted(body: PublicationsBody, idempotency_key: str, who: ApiKey) -> Wanted:
    targets = [Target(credential_ref=CredentialRef(t.credential_ref), format=t.format) for t in body.targets]
    return Wanted(
        customer_id=CustomerId(body.customer_id),
        agent_id=AgentId(body.agent_id),
        correlation_id=body.correlation_id,
        content=content_of(body.content),
        targets=targets,
        idempotency_key=idempotency_key,
        api_key=who.id,
        body=body.model_dump(),
    )


def _not_accepted(no: NotAccepted) -> Problem:
    errors = [
        {"field": f"targets.{p.target}: {p.refusal.field}", "code": p.refusal.code, "message": p.refusal.message}
        | ({"remediation": p.refusal.remediation} if p.refusal.remediation else {})
        for p in no.problems
    ]
    first = no.problems[0]
    return Problem(
        status=422,
        code=first.refusal.code,
        detail=" ".join(dict.fromkeys(p.refusal.message for p in no.problems)),
        platform=first.platform,
        stage="check",
        field=first.refusal.field,
        remediation=first.refusal.remediation or None,
        errors=errors,
    )


def _may(who: ApiKey, scope: str) -> None:
    if scope not in who.scopes:
        raise Problem(status=403, code="missing_scope", detail=f"This API key may not {scope}.")


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    if any(one["loc"][0] == "header" for one in error.errors()):
        return KEY_REQUIRED.response()
    return invalid(error.errors()).response()


KEY_REQUIRED = Problem(
    status=422,
    code="idempotency_key_required",
    detail="An order needs an Idempotency-Key header of 1 to 255 characters.",
    field="Idempotency-Key",
    remediation="Make one up for each order, and send the same one again when you repeat it.",
)
