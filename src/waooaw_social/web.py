"""What the HTTP faces of both services share: problems, request ids, bearer keys, a limit of size, one log line a request.

Every error leaves as `application/problem+json` (RFC 9457): what, where, whether to repeat, what to do. Nothing that came in is echoed: it may
be a token. What went wrong inside is told to the log, and to the caller only as the request's id.
"""

import dataclasses
import re
import secrets
import time
import traceback
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
FIELD = re.compile(r"[a-z][a-z0-9_]{0,31}|[0-9]{1,9}")
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
    app.add_exception_handler(_TooLarge, _too_large)
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
    """The outermost layer: an id for the request, a limit for its body, a log line, and no traceback for the caller.

    Of two, one mounted in the other, the outer one gives the id and writes the line; the inner one still catches what goes wrong.
    """

    def __init__(self, app: ASGIApp, *, service: str, body_limit: int) -> None:
        self._app, self._service, self._limit = app, service, body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        inner = "request_id" in state
        this = state["request_id"] if inner else _id_of(scope)
        state["request_id"] = this
        answer = _Answer(send, None if inner else this)
        started = time.perf_counter()
        try:
            await self._app(scope, _limited(receive, self._limit, self._announced(scope)), answer)
        except Exception as error:
            what = {"error": type(error).__name__, "frames": _frames(error)}
            log.error("request_failed", service=self._service, request_id=this, **what)  # noqa: TRY400 - see _frames
            await answer.instead(_inside(this), scope, receive)
        finally:
            if not inner:
                told = {"method": scope["method"], "path": scope["path"], "status": answer.status}
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                log.info("request", service=self._service, request_id=this, **told, ms=milliseconds)

    def _announced(self, scope: Scope) -> int:
        length = Request(scope).headers.get("content-length", "0")
        return int(length) if length.isdecimal() else 0


def _id_of(scope: Scope) -> str:
    given = Request(scope).headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _frames(error: BaseException) -> list[str]:
    """Where it happened, and not what it said or held: an error's text and a frame's locals may be tokens, however logs are rendered."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rpartition('/src/')[2]}:{frame.lineno}" for frame in frames]


class _TooLarge(HTTPException):
    """An HTTPException, because FastAPI makes 400 of any other error that comes up while it reads a body."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


async def _too_large(_: Request, error: Exception) -> Response:
    detail = f"The body has more than {cast('_TooLarge', error).limit} bytes."
    return Problem(status=413, code="too_large", detail=detail).response()


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

    def __init__(self, send: Send, this: str | None) -> None:
        self._send, self._this, self.status = send, this, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._this is not None:
                message["headers"] = [*message.get("headers", []), (b"x-request-id", self._this.encode())]
        await self._send(message)

    async def instead(self, problem: Problem, scope: Scope, receive: Receive) -> None:
        if not self.status:
            await problem.response()(scope, receive, self)


def _limited(receive: Receive, limit: int, announced: int) -> Receive:
    """A body that is announced as too large is not read; one without a Content-Length is counted as it comes."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        if announced > limit:
            raise _TooLarge(limit)
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] == "http.request" and seen > limit:
            raise _TooLarge(limit)
        return message

    return counted
