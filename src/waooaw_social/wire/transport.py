"""One exchange over HTTP: a request, sent at most once, and the whole reply or one of four words about what is certain.

Nothing is repeated or followed, no cookie is kept, nothing is unpacked. What is raised names the host and never a path, a query or a
header, for an upload URL is a secret; it is raised outside of every `except`, so that no library's error hangs on it. This file and
its two pools (`aio.py`, `httpx2_pool.py`) are the only ones that import an HTTP client.
"""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

import httpx2

from waooaw_social.platforms.call import Reply, Request
from waooaw_social.wire.aio import AiohttpTransport
from waooaw_social.wire.bounds import Pace
from waooaw_social.wire.httpx2_pool import Httpx2Pool, httpx2_transport
from waooaw_social.wire.origin import NotOurs, Origin
from waooaw_social.wire.pieces import PIECE, FileChanged, Paced, Source, at_once
from waooaw_social.wire.ports import FileRange, Lost, NotWritten, Saturated, TooLate
from waooaw_social.wire.sockets import hung_up

Kind = Literal["aiohttp", "httpx2"]
Verify: TypeAlias = ssl.SSLContext | bool

Client: TypeAlias = httpx2.AsyncClient
Headers: TypeAlias = httpx2.Headers
ClientError: TypeAlias = httpx2.HTTPError
"""What a `Client` raises; here so that nobody else imports the library."""

REPLY_LIMIT = 16 * 1024 * 1024
"""Bytes of a reply that are read. No platform answers with a tenth of it; a reply beyond is no reply."""
POOL_WAIT = 5.0
"""Seconds to wait for a connection of a full pool. Longer would eat the send window of who waits."""
USER_TIMEOUT = 30.0
"""Seconds after which the kernel gives up what nobody acknowledges: the longest timeout of an API call."""
USER_AGENT = "waooaw-social"

_METHOD = re.compile(r"[A-Z]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


def boottime() -> float:
    """Seconds on the clock that `not_after` is measured on. It goes on while the machine sleeps, where the system has such a clock."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


def api_client(*, timeout: float, verify: Verify = True, kind: Kind = "aiohttp") -> Client:
    """A client for our own services: no redirects, no proxy from the environment. Close it with `aclose()`."""
    make = AiohttpTransport if kind == "aiohttp" else httpx2_transport
    transport = make(verify=verify, limit=100, user_timeout=USER_TIMEOUT)
    return httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)


@asynccontextmanager
async def open_pinned(
    url: str, *, addresses: Sequence[str], headers: dict[str, str], verify: Verify = True
) -> AsyncGenerator[tuple[int, httpx2.Headers, AsyncIterator[bytes]], None]:
    """GET `url` from exactly these addresses, TLS verified against the host's name. Gives status, headers and raw bytes.

    No clock of its own: put a timeout around it. Raises `ClientError`.
    """
    async with httpx2.AsyncClient(
        transport=AiohttpTransport(verify=verify, addresses=addresses),
        timeout=None,
        follow_redirects=False,
        trust_env=False,
    ) as client:
        client.headers.clear()
        async with client.stream("GET", url, headers=headers) as response:
            yield response.status_code, response.headers, response.aiter_raw()


class Transport:
    """The way to the platforms. One pool, made when it is first used."""

    def __init__(
        self, *, origin: str | None = None, kind: Kind = "aiohttp", verify: Verify = True, limit: int = 100,
        pool_wait: float = POOL_WAIT, monotonic: Callable[[], float] | None = None, pace: Pace | None = None,
    ) -> None:  # fmt: skip
        """`monotonic` is the clock of `not_after`, the one that its callers go by; None: `boottime`. Files go up at `pace`."""
        self._pace = pace or Pace()
        self._origin = Origin(origin)
        self._monotonic = monotonic or boottime
        self._pool_wait = pool_wait
        pool = AiohttpTransport if kind == "aiohttp" else Httpx2Pool
        self._make = lambda: pool(verify=verify, limit=limit, user_timeout=USER_TIMEOUT)
        self._pool: AiohttpTransport | Httpx2Pool | None = None

    def host_of(self, url: str) -> str:
        """The platform's host that this URL speaks to, whatever the origin; empty where it cannot be told for certain."""
        return self._origin.host_of(url)

    async def send(
        self,
        request: Request,
        *,
        body: bytes | FileRange,
        timeout: float,
        not_after: float | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Reply:
        """Send a signed request once and read the whole reply. `body` takes the place of the request's own.

        `timeout` is in seconds: of the whole exchange; for a file, between two pieces, and for the answer after the last; what a piece
        waits for our own pace is not counted. `not_after`
        (on the clock of `boottime`) is checked when a connection is there, directly before the first byte.

        Raises `NotWritten`, `TooLate`, `Saturated` where certainly nothing left, and `Lost` in every other case.
        """
        line = _Line(not_after, self._monotonic)
        source: Source | None = None
        try:
            async with asyncio.timeout(timeout) as clock:
                content: bytes | Source
                if isinstance(body, FileRange):
                    paced, piece = _with_the_clock_stopped(clock, timeout, self._pace), self._pace.piece(PIECE)
                    content = source = Source.open(body, _while_it_moves(clock, timeout, progress), paced, piece)
                else:
                    content = body
                return await self._exchange(request, content, timeout, line)
        except Exception as error:
            failure = line.verdict(error, self.host_of(request.url))
        finally:
            if source is not None:
                await source.aclose()
        raise failure

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    async def _exchange(self, request: Request, content: bytes | Source, timeout: float, line: "_Line") -> Reply:
        url = self._origin.place(request.url, request.params)
        headers = _headers(request, content)
        # The wait for the pool ends before the whole exchange does, so that a full pool is told apart from a platform that is away.
        waits = {"pool": min(self._pool_wait, timeout / 2)}
        if self._pool is None:
            self._pool = self._make()
        answer = await self._pool.ask(request.method, url, headers.items(), content, waits, line)
        try:
            body = bytearray()
            async for chunk in answer:
                body += chunk
                if len(body) > REPLY_LIMIT:
                    raise _Unreadable("a reply larger than any platform's")
        finally:
            await answer.aclose()
        told: dict[str, str] = {}
        for raw_name, raw_value in answer.headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            told[name] = f"{told[name]}, {value}" if name in told else value
        told.pop("set-cookie", None)
        if told.get("content-encoding", "identity") != "identity":
            raise _Unreadable("a packed reply, which was not asked for")
        return Reply(answer.status, told, bytes(body))


def _headers(request: Request, content: bytes | Source) -> dict[str, str]:
    headers = {"user-agent": USER_AGENT, "accept-encoding": "identity"}
    headers |= {name.lower(): value for name, value in request.headers.items()}
    length = content.length if isinstance(content, Source) else len(content)
    if length or request.method in ("POST", "PUT", "PATCH"):
        headers["content-length"] = str(length)
    if not _METHOD.fullmatch(request.method) or not all(
        _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value) for name, value in headers.items()
    ):
        raise NotWritten("the method or a header is not one that HTTP knows")
    return headers


class _Unreadable(Exception):
    """The reply came, and cannot be used."""


class _Line:
    """Knows of one exchange whether its first byte may have left."""

    def __init__(self, not_after: float | None, monotonic: Callable[[], float]) -> None:
        self._not_after, self._monotonic = not_after, monotonic
        self._refused: NotWritten | None = None
        self._written = False

    def first_byte(self, transport: asyncio.BaseTransport | None) -> None:
        """Called once, directly before the write. Raises, and remembers, why it must not happen."""
        if hung_up(transport):
            self._refused = NotWritten("the connection was gone before the first byte")
        elif self._not_after is not None and self._monotonic() > self._not_after:
            self._refused = TooLate("the send window was over when the connection was ready")
        if self._refused is not None:
            raise self._refused
        self._written = True

    def verdict(self, error: Exception, host: str) -> NotWritten | Lost:
        """What is certain after this error. In doubt: lost."""
        where = host or "the host"
        refused = self._refused or (error if isinstance(error, NotWritten) else None)
        if refused is not None:
            return type(refused)(f"{where}: {refused}")
        what = str(error) if isinstance(error, NotOurs | FileChanged | _Unreadable) else type(error).__name__
        if self._written:
            return Lost(f"{where}: {what} after the request had begun")
        if isinstance(error, httpx2.PoolTimeout):
            return Saturated(f"{where}: no connection of our own pool became free in time")
        return NotWritten(f"{where}: {what} before the first byte")


def _while_it_moves(
    clock: asyncio.Timeout, seconds: float, progress: Callable[[int], None] | None
) -> Callable[[int], None]:
    """Winds the clock up again with every piece: an upload may take hours, but it may not stand still."""
    now = asyncio.get_running_loop().time
    wound = now()

    def moved(sent: int) -> None:
        nonlocal wound
        at = now()
        # Not for every one of thousands of pieces a second: a timer costs as much as the rest of a piece's bookkeeping.
        if at - wound > seconds / 100 and not clock.expired():
            clock.reschedule(at + seconds)
            wound = at
        if progress is not None:
            progress(sent)

    return moved


def _with_the_clock_stopped(clock: asyncio.Timeout, seconds: float, pace: Pace) -> Paced:
    """Nobody but ourselves is slow while a piece waits for our pace: that must not look like a platform that stands still."""
    if pace.bytes_per_second is None:
        return at_once

    async def paced(size: int) -> None:
        if clock.expired():
            return
        clock.reschedule(None)
        await pace.take(size)
        clock.reschedule(asyncio.get_running_loop().time() + seconds)

    return paced
