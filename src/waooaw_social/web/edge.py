"""The outermost layer of both HTTP faces: request ids, bearer keys, a limit of size, one log line a request, no traceback outside.

What went wrong inside is told to the log, and to the caller only as the request's id.
"""

import re
import secrets
import time
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi.telemetry import TelemetryConfig
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from waooaw_social.web.problem import Problem

log = structlog.get_logger("waooaw.http")

OURS = re.compile(r"[a-z0-9._-]{0,32}")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""For every FastAPI application: its own telemetry, which a variable of the environment switches on, quotes queries and errors."""
BODY_LIMIT = 256 * 1024
"""Bytes. Media do not travel in these bodies."""


def bearer(request: Request) -> str | None:
    """The key of an Authorization header, if there is one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def request_id(request: Request) -> str:
    return cast("str", request.scope["state"]["request_id"])


def tell(request: Request, **what: str | None) -> None:
    """Say more in the request's log line: ids, nothing that a customer wrote."""
    told = request.scope["state"].setdefault("told", {})
    told |= {name: value for name, value in what.items() if value is not None}


def add_headers(request: Request, headers: Mapping[str, str]) -> None:
    """Headers for the answer to this request, whatever it will be."""
    request.scope["state"].setdefault("headers", {}).update(headers)


def equip(
    app: Starlette, *, service: str, body_limit: int = BODY_LIMIT, larger: Mapping[str, int] | None = None
) -> None:
    """Give an application what this file promises. FastAPI applications are Starlette's, and have validation errors on top.

    `larger` are limits of paths that take more.
    """
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(_TooLarge, _too_large)
    app.add_middleware(Edge, service=service, body_limit=body_limit, larger=larger or {})


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

    def __init__(self, app: ASGIApp, *, service: str, body_limit: int, larger: Mapping[str, int]) -> None:
        self._app, self._service, self._limit, self._larger = app, service, body_limit, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        inner = "request_id" in state
        this = state["request_id"] if inner else _id_of(scope)
        state["request_id"] = this
        answer = _Answer(send, None if inner else this, state)
        limit = self._larger.get(scope["path"], self._limit)
        started = time.perf_counter()
        try:
            await self._app(scope, _limited(receive, limit, self._announced(scope)), answer)
        except Exception as error:
            what = {"error": type(error).__name__, "frames": _frames(error)}
            log.error("request_failed", service=self._service, request_id=this, **what)  # noqa: TRY400 - see _frames
            await answer.instead(_inside(this), scope, receive)
        finally:
            if not inner:
                told = {"method": scope["method"], "path": _shown(scope["path"]), "status": answer.status}
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                told |= state.get("told", {})
                log.info("request", service=self._service, request_id=this, **told, ms=milliseconds)

    def _announced(self, scope: Scope) -> int:
        length = Request(scope).headers.get("content-length", "0")
        return int(length) if length.isdecimal() else 0


def _id_of(scope: Scope) -> str:
    given = Request(scope).headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _shown(path: str) -> str:
    """The path as far as it is ours: what does not look like a word or an id may be a token in the wrong place."""
    return "/".join(part if OURS.fullmatch(part) else "…" for part in path.split("/"))


def _frames(error: BaseException) -> list[str]:
    """Where it happened, and not what it said or held: an error's text and a frame's locals may be tokens, however logs are rendered."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{_place(frame.filename)}:{frame.lineno}" for frame in frames]


def _place(file: str) -> str:
    """A file by its package: where it lies on this machine is nobody's business."""
    return re.split(r"/(?:src|site-packages)/", file)[-1]


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
    """Adds the request's id and what else was asked for to the answer, and remembers whether one has begun."""

    def __init__(self, send: Send, this: str | None, state: Mapping[str, Any]) -> None:
        self._send, self._this, self._state, self.status = send, this, state, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._this is not None:
                more = {"x-request-id": self._this} | self._state.get("headers", {})
                added = [(name.encode(), value.encode()) for name, value in more.items()]
                message["headers"] = [*message.get("headers", []), *added]
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
