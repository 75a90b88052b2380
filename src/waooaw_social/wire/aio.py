"""httpx2 requests on aiohttp's connection pool. Only `transport.py` and its neighbour pool use it.

aiohttp repeats a GET, a PUT or a DELETE by itself where a kept connection breaks; here it may not, a middleware sees to that. A full pool
is our own wait, before aiohttp is asked, so that our saturation is never taken for a platform that cannot be reached. A `Line` is asked once, in the same turn of the event loop in which the first byte is handed to the socket.
(Longer than 250 lines: the classes of an adapter are read together or not at all.)
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol, TypeAlias, cast

import aiohttp
import httpx2
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from yarl import URL

from waooaw_social.wire.sockets import socket_options

_BROKEN = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)
_UNREACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientSSLError)


Body: TypeAlias = bytes | AsyncIterable[bytes]


class Line(Protocol):
    """Told of the one moment that matters: a connection is there, and the next thing is the first byte."""

    def first_byte(self, transport: asyncio.BaseTransport | None) -> None:
        """Raise, and nothing is written."""
        ...


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """A transport for any httpx2 client. `addresses`, where given, are the only ones dialled, whatever the host's name."""

    def __init__(
        self,
        *,
        verify: ssl.SSLContext | bool = True,
        limit: int = 100,
        keepalive: float = 15.0,
        user_timeout: float = 30.0,
        addresses: Sequence[str] | None = None,
    ) -> None:
        self._verify = verify
        self._keepalive = keepalive
        self._options = socket_options(user_timeout)
        self._resolver = None if addresses is None else _Pinned(addresses)
        self._slots = asyncio.Semaphore(limit)
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: Body,
        waits: Mapping[str, float | None],
        line: Line | None = None,
    ) -> "Incoming":
        """The exchange itself, without httpx2's models around it. Raises httpx2's errors, and whatever `line` raises."""
        await self._take_slot(waits.get("pool"))
        outgoing = _Outgoing(body, line) if body else None
        try:
            response = await self._open_session().request(
                method,
                URL(url, encoded=True),
                data=outgoing,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=waits.get("connect"), sock_read=waits.get("read")
                ),
                trace_request_ctx=None if outgoing else line,
            )
        except BaseException as error:
            self._slots.release()
            _abandon(outgoing)
            if isinstance(error, aiohttp.ClientError | OSError | TimeoutError | _Broke):
                raise _translated(error) from None
            raise
        return Incoming(response, outgoing, self._slots.release)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers.raw
            if name.lower() not in (b"host", b"transfer-encoding")
        ]
        bare = request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers
        incoming = await self.ask(
            request.method,
            str(request.url),
            headers,
            b"" if bare else cast("AsyncIterable[bytes]", request.stream),
            request.extensions.get("timeout", {}),
        )
        return httpx2.Response(
            incoming.status, headers=incoming.headers, stream=incoming, extensions={"http_version": b"HTTP/1.1"}
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _take_slot(self, seconds: float | None) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise httpx2.PoolTimeout("no connection of the pool became free") from None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_bare_request)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._verify,
                    limit=0,
                    keepalive_timeout=self._keepalive,
                    resolver=self._resolver,
                    use_dns_cache=self._resolver is None,
                    socket_factory=self._make_socket,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                trust_env=False,
                trace_configs=[trace],
                middlewares=(_never_again,),
                max_line_size=65536,
                max_field_size=65536,
            )
        return self._session

    def _make_socket(self, address: tuple[Any, ...]) -> socket.socket:
        made = socket.socket(*address[:3])
        made.setblocking(False)
        for option in self._options:
            made.setsockopt(*option)
        return made


async def _bare_request(_: aiohttp.ClientSession, context: Any, __: aiohttp.TraceRequestHeadersSentParams) -> None:
    # Without a body the headers are written by the very next statement. (The trace of a connection being created would be
    # earlier, and an error raised there leaks the connection.)
    line: Line | None = context.trace_request_ctx
    if line is not None:
        line.first_byte(None)


class _Broke(Exception):
    """A connection broke, told in a way that aiohttp does not know and therefore does not answer by sending again."""


async def _never_again(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except _UNREACHED:
        raise
    except _BROKEN as error:
        raise _Broke(_name(error)) from None


class _Outgoing(aiohttp.Payload):
    """A body, whole or streamed. Its first piece and the headers leave in one write."""

    def __init__(self, body: Body, line: Line | None) -> None:
        super().__init__(None)
        self._size = len(body) if isinstance(body, bytes) else None
        self._body = body
        self._line = line
        self.transport: asyncio.WriteTransport | None = None
        self.done = False

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a body on its way out has no text")

    async def write(self, writer: AbstractStreamWriter) -> None:
        self.transport = writer.transport
        if isinstance(self._body, bytes):
            await self._write(writer, self._body)
        else:
            async with aclosing(cast("AsyncGenerator[bytes, None]", aiter(self._body))) as pieces:
                async for piece in pieces:
                    await self._write(writer, piece)
        if self._line is not None:  # a stream of nothing: what leaves now are the headers
            await self._write(writer, b"")
        self.done = True

    async def _write(self, writer: AbstractStreamWriter, piece: bytes) -> None:
        if self._line is not None:
            self._line.first_byte(self.transport)
            self._line = None
        await writer.write(piece)


class Incoming(httpx2.AsyncByteStream):
    """A reply whose body is still to be read. Closing it gives the connection back, or resets it where something is left over in
    either direction."""

    def __init__(
        self, response: aiohttp.ClientResponse, outgoing: _Outgoing | None, release: Callable[[], None]
    ) -> None:
        self.status = response.status
        self.headers = response.raw_headers
        self._response = response
        self._outgoing = outgoing
        self._release: Callable[[], None] | None = release

    async def __aiter__(self) -> AsyncGenerator[bytes, None]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _translated(error) from None

    async def aclose(self) -> None:
        release, self._release = self._release, None
        if release is None:
            return
        release()
        if self._outgoing is not None and not self._outgoing.done:
            _abandon(self._outgoing)
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class _Pinned(AbstractResolver):
    """Knows one answer: the addresses that were checked."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        return


def _abandon(outgoing: _Outgoing | None) -> None:
    # `close` would first deliver what is buffered, however long that takes; `abort` does not.
    if outgoing is not None and outgoing.transport is not None:
        outgoing.transport.abort()


def _translated(error: BaseException) -> httpx2.TransportError:
    match error:
        case aiohttp.ConnectionTimeoutError():
            kind = httpx2.ConnectTimeout
        case aiohttp.ClientConnectorError() | aiohttp.ClientSSLError():
            kind = httpx2.ConnectError
        case aiohttp.InvalidURL():
            kind = httpx2.UnsupportedProtocol
        case TimeoutError():
            kind = httpx2.ReadTimeout
        case aiohttp.ClientPayloadError() | aiohttp.ClientResponseError():
            kind = httpx2.RemoteProtocolError
        case _:
            kind = httpx2.ReadError
    return kind(_name(error))


def _name(error: BaseException) -> str:
    # Never the library's own text, which may hold the URL.
    if isinstance(error, _Broke):
        return str(error)
    number: object = getattr(error, "errno", None)
    symbol = errno.errorcode.get(number) if isinstance(number, int) else None
    return f"{type(error).__name__} {symbol}" if symbol else type(error).__name__
