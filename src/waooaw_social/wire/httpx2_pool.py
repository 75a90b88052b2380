"""httpx2's own connection pool, asked in the same way as aiohttp's. Behind a setting, for whoever wants no aiohttp in the way.

It is slower, writes headers and body separately, and hears the answer to an upload only when it has written everything: an early refusal
is then lost, where aiohttp's pool would have heard it.
"""

import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import httpx2

from waooaw_social.wire.aio import Body, Line
from waooaw_social.wire.sockets import socket_options


class Httpx2Pool:
    """httpx2's own pool, asked in the same way as aiohttp's."""

    def __init__(self, *, verify: ssl.SSLContext | bool, limit: int, user_timeout: float) -> None:
        self._transport = httpx2_transport(verify=verify, limit=limit, user_timeout=user_timeout)
        self.aclose = self._transport.aclose

    async def ask(
        self,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: Body,
        waits: Mapping[str, float | None],
        line: Line,
    ) -> "Httpx2Answer":
        async def trace(event: str, _: dict[str, Any]) -> None:
            if event == "http11.send_request_headers.started":
                line.first_byte(None)

        extensions = {"timeout": waits, "trace": trace}
        request = httpx2.Request(method, url, headers=list(headers), content=body or None, extensions=extensions)
        return Httpx2Answer(await self._transport.handle_async_request(request))


class Httpx2Answer:
    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers.raw
        self.aclose = response.aclose
        self._chunks = response.aiter_raw

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks()


def httpx2_transport(*, verify: ssl.SSLContext | bool, limit: int, user_timeout: float) -> httpx2.AsyncHTTPTransport:
    return httpx2.AsyncHTTPTransport(
        verify=verify,
        trust_env=False,
        limits=httpx2.Limits(max_connections=limit, max_keepalive_connections=limit, keepalive_expiry=15.0),
        socket_options=socket_options(user_timeout),
    )
