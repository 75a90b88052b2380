"""The one guard for URLs that customers supply: nobody makes us speak to a machine that they could not speak to themselves.

https only; the host is resolved once, every address it has must be public, and one of those is dialled, while TLS still asks for the
host's name. Each redirect goes through the same gate. Sizes, time and kinds are limited, nothing is unpacked, and no cookie or secret
goes along. The only exception are exact origins named at start (the sandbox); redirects from there are checked like any other.
What is refused says why and what to do, and names the host only: a query may hold somebody's signature.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urljoin

from waooaw_social.wire.addresses import is_public
from waooaw_social.wire.customer_url import FetchRefused, Target, read_url
from waooaw_social.wire.landing import Landing
from waooaw_social.wire.sniff import ANYTHING, HEAD, matches, sniff
from waooaw_social.wire.transport import USER_AGENT, ClientError, Headers, open_pinned

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address of a host, for a port. Raises `OSError` where there is none."""

MAX_REDIRECTS = 5
CHECK_SECONDS = 5.0

_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": USER_AGENT}
_TRY_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, kw_only=True)
class FetchLimits:
    """How much of what is brought here, and for how long."""

    max_bytes: int
    seconds: float
    """For the whole of it, redirects included."""
    content_types: frozenset[str]
    """`video/mp4`, or `video/*`."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A file that lies here, whole. `content_type` is what its first bytes say; where they say nothing, what the server said."""

    path: Path
    size: int
    sha256: str
    content_type: str


class Fetcher:
    """Brings files here, and checks URLs before anything is brought. Holds no connection open."""

    def __init__(
        self,
        *,
        allow_origins: frozenset[str] = frozenset(),
        resolve: Resolve | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._allowed = frozenset(read_url(origin).origin for origin in allow_origins)
        self._resolve = resolve or _system_resolve
        self._verify = verify

    async def check(self, url: str) -> None:
        """Would `url` be asked at all? Resolves the host and asks nobody else. Raises `FetchRefused`."""
        target = self._permitted(url)
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._addresses(target)
        except TimeoutError:
            raise _unreachable(target.host, "its name could not be resolved in time") from None

    async def fetch(self, url: str, into: Path, limits: FetchLimits) -> Fetched:
        """Bring the file to `into`: whole, or not at all. Raises `FetchRefused`."""
        host = "The host"
        try:
            async with asyncio.timeout(limits.seconds):
                for _ in range(MAX_REDIRECTS + 1):
                    target = self._permitted(url)
                    host = target.host
                    addresses = await self._addresses(target)
                    async with open_pinned(target.url, addresses=addresses, headers=_HEADERS, verify=self._verify) as (
                        status,
                        headers,
                        body,
                    ):
                        if status in (301, 302, 303, 307, 308) and "location" in headers:
                            url = urljoin(target.url, headers["location"])
                            continue
                        _accept(host, status, headers, limits)
                        return await _land(host, headers, body, into, limits)
        except TimeoutError:
            raise FetchRefused(
                "url_timeout",
                f"{host} did not deliver the file within {limits.seconds:g} seconds.",
                retryable=True,
                remediation="Host the file where it can be downloaded faster, or upload it as media.",
            ) from None
        except ClientError as error:
            raise _unreachable(host, str(error)) from None
        raise FetchRefused(
            "url_too_many_redirects",
            f"{host} redirects more than {MAX_REDIRECTS} times.",
            remediation="Give the final URL of the file.",
        )

    def _permitted(self, url: str) -> Target:
        target = read_url(url)
        if target.origin in self._allowed:
            return target
        if target.scheme != "https":
            raise FetchRefused(
                "url_not_https", f"{target.host} is asked over https only.", remediation="Give an https URL."
            )
        if target.port != 443:
            raise FetchRefused(
                "url_port", f"{target.host} is asked on port 443 only.", remediation="Give a URL without a port."
            )
        return target

    async def _addresses(self, target: Target) -> Sequence[str]:
        """What may be dialled. One address that is not public spoils them all: which one is dialled would be luck."""
        if target.address is not None:
            addresses: Sequence[str] = [target.address]
        else:
            try:
                addresses = list(dict.fromkeys(await self._resolve(target.host, target.port)))
            except (OSError, UnicodeError):
                addresses = []
        if not addresses:
            raise _unreachable(target.host, "its name is not known")
        if target.origin not in self._allowed and not all(map(is_public, addresses)):
            raise FetchRefused(
                "url_private_address",
                f"{target.host} is not a public internet address.",
                remediation="Host the file where everybody can download it, or upload it as media.",
            )
        return addresses


def _accept(host: str, status: int, headers: Headers, limits: FetchLimits) -> None:
    """What can be told before the body is read."""
    if status != 200:
        raise FetchRefused(
            "url_status",
            f"{host} answered with status {status} instead of the file.",
            retryable=status in _TRY_LATER,
            remediation="Check that the URL works in a private browser window; it must need no login and must not have expired.",
        )
    if headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise _wrong(f"{host} sends the file packed, which was not asked for.")
    declared = _declared(headers)
    if declared not in ANYTHING and not matches(declared, limits.content_types):
        raise _wrong(f"{host} says that this is {declared[:80]}.")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.max_bytes:
        raise _too_large(host, limits)


async def _land(host: str, headers: Headers, body: AsyncIterator[bytes], into: Path, limits: FetchLimits) -> Fetched:
    with Landing(into) as landing:
        head, kind = b"", ""
        async for chunk in body:
            if landing.size + len(chunk) > limits.max_bytes:
                raise _too_large(host, limits)
            if not kind:
                head += chunk[:HEAD]
                if len(head) >= HEAD:
                    kind = _kind(host, head, headers, limits)
            await landing.add(chunk)
        if not landing.size:
            raise FetchRefused("url_empty", f"{host} sent an empty file.", remediation="Check the file and the URL.")
        kind = kind or _kind(host, head, headers, limits)
        sha256 = await landing.settle()
        return Fetched(path=into, size=landing.size, sha256=sha256, content_type=kind)


OFFICE = "application/vnd.openxmlformats-officedocument."
"""How the types of Word's, Excel's and PowerPoint's newer documents begin."""


def _kind(host: str, head: bytes, headers: Headers, limits: FetchLimits) -> str:
    """The bytes outrank the label: an error page that is served as a video is an error page."""
    declared = _declared(headers)
    kind = sniff(head) or ("" if declared in ANYTHING else declared)
    if kind == "application/zip" and declared.startswith(OFFICE):
        kind = declared  # a zip is all that the first bytes of such a document show
    if not matches(kind, limits.content_types):
        raise _wrong(f"{host} sent {kind or 'something that is not recognised'}.")
    return kind


def _declared(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _unreachable(host: str, why: str) -> FetchRefused:
    return FetchRefused(
        "url_unreachable",
        f"{host} could not be reached, or stopped answering ({why}).",
        retryable=True,
        remediation="Check the host's name and that it serves the file to everybody.",
    )


def _wrong(message: str) -> FetchRefused:
    return FetchRefused(
        "url_wrong_type", message, remediation="Give the URL of the file itself, not of a page that shows it."
    )


def _too_large(host: str, limits: FetchLimits) -> FetchRefused:
    return FetchRefused(
        "url_too_large",
        f"The file at {host} is larger than {limits.max_bytes:,} bytes.",
        remediation="Make the file smaller.",
    )


async def _system_resolve(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
