"""What the HTTP faces of both services share: problems, request ids, bearer keys, a limit of size, one log line a request.

Every error leaves as `application/problem+json` (RFC 9457): what, where, whether to repeat, what to do. Nothing that came in is echoed: it may
be a token. What went wrong inside is told to the log, and to the caller only as the request's id.
"""

import dataclasses
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("waooaw.http")

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
BODY_LIMIT = 256 * 1024
"""Bytes. Media do not travel in these bodies."""


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


def unauthorized(detail: str = "A valid API key is required: Authorization: Bearer …") -> Problem:
    return Problem(status=401, code="unauthorized", detail=detail, headers={"www-authenticate": "Bearer"})


def not_found(what: str) -> Problem:
    return Problem(status=404, code="not_found", detail=f"There is no such {what}.")


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """What pydantic found: where, and what is wrong, never what was sent."""
    told = [
        {"field": ".".join(str(part) for part in error["loc"] if part != "body"), "message": str(error["msg"])}
        for error in errors
    ]
    detail = "; ".join(f"{one['field'] or 'body'}: {one['message']}" for one in told)
    return Problem(
        status=422, code="invalid_request", detail=detail, errors=told, remediation="Correct the named fields."
    )


def bearer(request: Request) -> str | None:
    """The key of an Authorization header, if there is one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def request_id(request: Request) -> str:
    return cast("str", request.scope["state"]["request_id"])


def equip(app: Starlette, *, service: str, body_limit: int = BODY_LIMIT) -> None:
    """Give an application what this file promises. FastAPI applications are Starlette's, and have validation errors on top."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_middleware(Edge, service=service, body_limit=body_limit)


async def _problem(_: Request, error: Exception) -> Response:
    return cast("Problem", error).response()


async def _http_exception(_: Request, error: Exception) -> Response:
    said = cast("HTTPException", error)
    codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 400: "bad_request"}
    detail = HTTPStatus(said.status_code).phrase
    problem = Problem(
        status=said.status_code, code=codes.get(said.status_code, "error"), detail=detail, headers=said.headers or {}
    )
    return problem.response()


class Edge:
    """The outermost layer: an id for the request, a limit for its body, a log line, and no traceback for the caller."""

    def __init__(self, app: ASGIApp, *, service: str, body_limit: int) -> None:
        self._app, self._service, self._limit = app, service, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Request(scope).headers.get("x-request-id", "")
        this = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = this
        answer = _Answer(send, this)
        started = time.perf_counter()
        try:
            limit = -1 if self._too_large(scope) else self._limit
            await self._app(scope, _limited(receive, limit), answer)
        except _TooLarge:
            await answer.instead(_too_large(self._limit), scope, receive)
        except Exception as error:
            log.exception("request_failed", service=self._service, request_id=this, error=type(error).__name__)
            await answer.instead(_inside(this), scope, receive)
        finally:
            told = {"method": scope["method"], "path": scope["path"], "status": answer.status}
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            log.info("request", service=self._service, request_id=this, **told, ms=milliseconds)

    def _too_large(self, scope: Scope) -> bool:
        length = Request(scope).headers.get("content-length", "0")
        return length.isdigit() and int(length) > self._limit


class _TooLarge(Exception):
    pass


def _too_large(limit: int) -> Problem:
    return Problem(status=413, code="too_large", detail=f"A request has at most {limit} bytes.")


def _inside(this: str) -> Problem:
    return Problem(
        status=500,
        code="internal_error",
        detail=f"Something went wrong here; the log knows it as request {this}.",
        retryable=True,
        remediation="Try again; with an Idempotency-Key nothing happens twice.",
    )


class _Answer:
    """Adds the request's id to the answer, and remembers whether one has begun."""

    def __init__(self, send: Send, this: str) -> None:
        self._send, self._this, self.status = send, this, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", []), (b"x-request-id", self._this.encode())]
        await self._send(message)

    async def instead(self, problem: Problem, scope: Scope, receive: Receive) -> None:
        if not self.status:
            await problem.response()(scope, receive, self)


def _limited(receive: Receive, limit: int) -> Receive:
    """A body without a Content-Length is counted as it comes."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] == "http.request" and seen > limit:
            raise _TooLarge
        return message

    return counted
