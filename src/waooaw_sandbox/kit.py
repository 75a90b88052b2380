"""What a platform is made of: routes, calls and answers.

A platform is an object with the attributes of `Platform`; its handlers take a `Call` and return an `Answer`, a value that is not yet
on the wire. That is what lets one place (`serve.py`) drop, delay or falsify any answer of any platform. A handler may also raise
`Refused` with an answer, raise `Dropped` to have the connection reset, or return an aiohttp response where it must stream one.
"""

import json as jsonlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast
from urllib.parse import parse_qsl

from aiohttp import web

from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.knobs import Knobs

if TYPE_CHECKING:
    from waooaw_sandbox.calls import CallLog
    from waooaw_sandbox.faults import Fault, FaultBoard, FaultKind

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as a value. A `body` of None is an empty one; a dict is JSON; text and bytes go as they are."""

    status: int = 200
    body: Json | str | bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def response(self) -> web.Response:
        if self.body is None:
            return web.Response(status=self.status, headers=self.headers)
        if self.content_type == "application/json; charset=UTF-8":
            return web.Response(
                status=self.status,
                body=self.body if isinstance(self.body, bytes) else as_text(self.body).encode(),
                headers={"Content-Type": self.content_type, **self.headers},
            )
        if isinstance(self.body, bytes):
            return web.Response(
                status=self.status, body=self.body, content_type=self.content_type, headers=self.headers
            )
        text = as_text(self.body)
        return web.Response(
            status=self.status, text=text, content_type=self.content_type, charset="utf-8", headers=self.headers
        )


def as_text(body: Json | str) -> str:
    return body if isinstance(body, str) else jsonlib.dumps(body, indent=2, ensure_ascii=False)


class Refused(Exception):
    """A handler's way to say no from anywhere."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Dropped(Exception):
    """The connection is to be reset, now."""


@dataclass(kw_only=True)
class Call:
    """One request to a platform. `found` holds what the route's path pattern captured, `faults` what was armed for this call."""

    request: web.Request
    route: str
    host: str
    path: str
    found: Mapping[str, str]
    faults: "Mapping[str, Fault]"
    buffered: bytes | None = None

    @property
    def origin(self) -> str:
        """Where the client reached us; every URL in a reply begins with it."""
        return f"http://{self.request.host}"

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def url(self, host: str, path: str) -> str:
        return f"{self.origin}/{host}{path}"

    def fault(self, name: str) -> "Fault | None":
        return self.faults.get(name)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. A cut connection raises."""
        if self.buffered is not None:
            yield self.buffered
            return
        if head := head_of(self.request):
            yield head
        async for piece in self.request.content.iter_any():
            yield piece

    async def read(self) -> bytes:
        if self.buffered is None:
            self.buffered = head_of(self.request) + await self.request.content.read()
        return self.buffered

    async def form(self) -> dict[str, str]:
        text = (await self.read()).decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True))

    async def json(self) -> Json | None:
        """The body as a JSON object, or None where it is none."""
        try:
            value = jsonlib.loads(await self.read() or b"{}")
        except ValueError:
            return None
        return cast(Json, value) if isinstance(value, dict) else None


HEAD: web.RequestKey[bytes] = web.RequestKey("head", bytes)
"""The beginning of a body that was read to find the route."""


def head_of(request: web.Request) -> bytes:
    return request.get(HEAD, b"")


Handler: TypeAlias = Callable[[Call], Awaitable[Answer | web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    """One row of a platform's table. `path` may hold `{names}`; `when` looks at the request where method and path do not decide.

    With `peeks` it also finds the beginning of the body there, by `head_of(request)`.
    """

    name: str
    method: str
    hosts: Collection[str]
    path: str
    handler: Handler
    when: Callable[[web.Request], bool] | None = None
    peeks: bool = False

    def place(self, request: web.Request, host: str, path: str) -> Mapping[str, str] | None:
        """What the path's names stand for, if method, host and path fit."""
        if request.method != self.method or host not in self.hosts:
            return None
        found = pattern(self.path).fullmatch(path)
        return None if found is None else found.groupdict()

    def match(self, request: web.Request, host: str, path: str) -> Mapping[str, str] | None:
        found = self.place(request, host, path)
        return None if found is None or (self.when is not None and not self.when(request)) else found


_patterns: dict[str, re.Pattern[str]] = {}


def pattern(path: str) -> re.Pattern[str]:
    """`/watch/{id}` as a regular expression."""
    if path not in _patterns:
        pieces = re.split(r"\{(\w+)\}", path)
        _patterns[path] = re.compile(
            "".join(f"(?P<{p}>[^/]+)" if i % 2 else re.escape(p) for i, p in enumerate(pieces))
        )
    return _patterns[path]


class Platform(Protocol):
    """A platform to the rest of the sandbox. `build` functions in `registry.py` make them."""

    @property
    def name(self) -> str: ...
    @property
    def routes(self) -> Sequence[Route]: ...
    @property
    def fault_kinds(self) -> "Sequence[FaultKind]": ...
    @property
    def knobs(self) -> Knobs: ...
    def reset(self) -> None: ...
    def accounts(self) -> list[Json]:
        """One object per connected account, ready for use by a client."""
        ...

    def turn_account(self, account: str, changes: Json) -> Json:
        """Change one account (documented per platform); return its new description."""
        ...

    async def audience(self, account: str, origin: str, *, hidden: bool) -> list[Json]:
        """What a follower sees, oldest first; with `hidden` also what only the owner does."""
        ...

    def reasons(self, route: str) -> Collection[str]:
        """The error reasons that `error` can raise on this route."""
        ...

    def variants(self, reason: str) -> Collection[str]:
        """The messages a reason can have, where there are several."""
        ...

    def error(self, call: Call, reason: str, variant: str | None, status: int | None) -> Answer:
        """The platform's exact envelope for a reason."""
        ...

    def failure(self, call: Call, status: int, message: str) -> Answer:
        """The platform's envelope for a bare status."""
        ...

    def unknown(self, path: str) -> Answer:
        """What it answers for a path it does not serve."""
        ...

    def report(self) -> Json:
        """What else it has to say beside its knobs: quota, for instance."""
        ...


@dataclass(kw_only=True)
class World:
    """Everything one running sandbox holds."""

    clock: SandboxClock
    faults: "FaultBoard"
    calls: "CallLog"
    data_dir: Path
    platforms: dict[str, Platform]
