"""The noes of Plant's API: which statuses there are, and every no of the rooms below as a problem."""

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from waooaw_social.core.refusal import Refusal
from waooaw_social.plant.publishing import NotAccepted, TargetProblem
from waooaw_social.web.problem import Problem, described, invalid
from waooaw_social.wire.ports import CredentialsUnavailable

PROBLEMS = described(
    {
        400: "The body cannot be read at all.",
        401: "The API key is missing or unknown.",
        403: "The API key lacks a scope.",
        404: "There is no such customer, credential, publication or medium for this key.",
        409: "Not as things stand: too late, nothing to decide, or the same order is being taken just now.",
        413: "The body is too large; media do not travel in orders.",
        422: "Something in the request cannot be done; every problem is named.",
        429: "Too many requests with this key; `Retry-After` says when the next is welcome.",
        503: "The credentials cannot be read just now; try again with the same Idempotency-Key.",
    }
)


def told(problems: list[TargetProblem]) -> list[dict[str, str]]:
    """Every problem of every target, as an API says it."""
    return [
        {"field": f"targets.{p.target}: {p.refusal.field}", "code": p.refusal.code, "message": p.refusal.message}
        | ({"remediation": p.refusal.remediation} if p.refusal.remediation else {})
        for p in problems
    ]


def not_accepted(no: NotAccepted) -> Problem:
    first = no.problems[0]
    return Problem(
        status=422,
        code=first.refusal.code,
        detail=" ".join(dict.fromkeys(p.refusal.message for p in no.problems)),
        platform=first.platform,
        stage="check",
        field=first.refusal.field,
        remediation=first.refusal.remediation or None,
        errors=told(list(no.problems)),
    )


def refused(no: Refusal, *, stage: str) -> Problem:
    """A refusal about one thing."""
    return Problem(
        status=422,
        code=no.code,
        detail=no.message,
        stage=stage,
        field=no.field,
        platform_code=no.platform_code,
        remediation=no.remediation or None,
    )


def away(error: CredentialsUnavailable) -> Problem:
    return Problem(
        status=503,
        code="credentials_unavailable",
        detail="The credentials cannot be read just now; nothing was accepted.",
        retryable=True,
        retry_after=error.retry_in,
        remediation="Send the same request again with the same Idempotency-Key.",
    )


def unknown_credential() -> Problem:
    detail = "One of the credential_refs is none of this customer's."
    return Problem(status=404, code="unknown_credential", detail=detail, field="targets.credential_ref")


def unknown_media() -> Problem:
    return Problem(
        status=404,
        code="unknown_media",
        detail="One of the media_ids is none of this customer's, or is kept no longer.",
        field="content.media_id",
        remediation="Upload the file again, and name the new id.",
    )


def key_reused() -> Problem:
    detail = "This Idempotency-Key was used for another order."
    return Problem(
        status=422, code="idempotency_key_reused", detail=detail, remediation="Use a new key for a new order."
    )


def in_flight() -> Problem:
    return Problem(
        status=409,
        code="idempotency_key_in_flight",
        detail="The same order is being taken just now.",
        retryable=True,
        retry_after=1.0,
        remediation="Send the same request again with the same Idempotency-Key.",
    )


def too_late(state: str) -> Problem:
    return Problem(
        status=409,
        code="too_late",
        detail=f"It may be out already, or it is: the publication is {state}.",
        stage="publish",
        remediation="See the publication's attempts for what was sent. An unresolved one is settled with …/resolve.",
    )


def has_ended(state: str) -> Problem:
    return Problem(
        status=409,
        code="already_ended",
        detail=f"The publication has ended: it is {state}, and nothing of it is out.",
        remediation="Submit a new publication.",
    )


async def unreadable(_: Request, error: Exception) -> JSONResponse:
    """What FastAPI found wrong with a request."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["loc"] == ("header", "Idempotency-Key") for one in found):
        return KEY_REQUIRED.response()
    return invalid([one | {"loc": one["loc"][1:]} if one["loc"][0] == "query" else one for one in found]).response()


KEY_REQUIRED = Problem(
    status=422,
    code="idempotency_key_required",
    detail="An order needs an Idempotency-Key header of 1 to 255 characters.",
    field="Idempotency-Key",
    remediation="Make one up for each order, and send the same one again when you repeat it.",
)
