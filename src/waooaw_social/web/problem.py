"""What goes wrong, as `application/problem+json` (RFC 9457): what, where, whether to repeat, what to do.

Nothing that came in is echoed: it may be a token.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}|[0-9]{1,9}")


@dataclasses.dataclass(kw_only=True, eq=False)
class Problem(Exception):
    """An answer that is not what was asked for. Fields that are None are left out."""

    status: int
    code: str
    detail: str
    retryable: bool = False
    retry_after: float | None = None
    platform: str | None = None
    platform_code: str | None = None
    stage: str | None = None
    field: str | None = None
    remediation: str | None = None
    errors: Sequence[Mapping[str, Any]] | None = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])

    def body(self) -> dict[str, Any]:
        """Described by `PROBLEM_SCHEMA`."""
        named = ("platform", "platform_code", "stage", "field", "remediation", "errors", "retry_after")
        extra = {name: getattr(self, name) for name in named if getattr(self, name) is not None}
        return {
            "type": f"urn:waooaw:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "retryable": self.retryable,
        } | extra

    def response(self) -> JSONResponse:
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["retry-after"] = str(max(1, round(self.retry_after)))
        return JSONResponse(self.body(), self.status, headers, media_type="application/problem+json")


_TEXTS = ("type", "title", "detail", "code", "platform", "platform_code", "stage", "field", "remediation")
PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "retryable"],
    "properties": {name: {"type": "string"} for name in _TEXTS}
    | {"status": {"type": "integer"}, "retryable": {"type": "boolean"}, "retry_after": {"type": "number"}}
    | {"errors": {"type": "array", "items": {"type": "object"}}},
}


def described(problems: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for these statuses and sentences."""
    content = {"application/problem+json": {"schema": dict(PROBLEM_SCHEMA)}}
    return {status: {"description": text, "content": content} for status, text in problems.items()}


def unauthorized(detail: str = "A valid API key is required: Authorization: Bearer …") -> Problem:
    return Problem(status=401, code="unauthorized", detail=detail, headers={"www-authenticate": "Bearer"})


def not_found(what: str) -> Problem:
    return Problem(status=404, code="not_found", detail=f"There is no such {what}.")


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """What pydantic found: where, and what is wrong, never what was sent."""
    told = [{"field": _where(error), "message": _message(error)} for error in errors]
    detail = "; ".join(f"{one['field'] or 'body'}: {one['message']}" for one in told)
    return Problem(
        status=422, code="invalid_request", detail=detail, errors=told, remediation="Correct the named fields."
    )


def _where(error: Mapping[str, Any]) -> str:
    """The field's name, as far as it is ours. A name that the caller made up may be a token in the wrong place."""
    made_up = error["type"] == "extra_forbidden"
    parts = [str(part) for part in error["loc"] if part != "body"]
    ours = [part if FIELD.fullmatch(part) else "…" for part in (parts[:-1] if made_up else parts)]
    return ".".join([*ours, "…"] if made_up else ours)


def _message(error: Mapping[str, Any]) -> str:
    """Pydantic's words. Those about a union's tag quote what was sent."""
    return "This kind is not known." if error["type"] == "union_tag_invalid" else str(error["msg"])
