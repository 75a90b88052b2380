"""Which host a URL really speaks to, and where it is found when all platforms live behind one origin.

With an origin (the sandbox), `https://HOST/PATH` is found at `ORIGIN/HOST/PATH`. A token is given to a host by what `host_of` says, so
the parser here is strict on purpose: a URL that two parsers could read in two ways (userinfo, backslashes, dot segments, an empty first
segment, odd characters) belongs to no host and goes nowhere.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>(?:[/?][!-\[\]-~]*)?)",
    re.IGNORECASE,
)
_SEGMENT = re.compile(
    r"/(?P<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?(?::[0-9]{1,5})?)(?P<rest>(?:[/?].*)?)", re.IGNORECASE
)
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_DEFAULT_PORTS = {"https": 443, "http": 80}


class NotOurs(ValueError):
    """No URL that may be asked: plain http, or one that can be read in two ways. Its text names no part of the URL."""


class Origin:
    """The mapping of one transport. Without an origin every https URL is its own place."""

    def __init__(self, origin: str | None = None) -> None:
        self._base: str | None = None
        self._key: tuple[str, str, int] | None = None
        if origin is not None:
            scheme, host, port, rest = _split(origin)
            if rest not in ("", "/"):
                raise ValueError("an origin is scheme://host:port and nothing more")
            self._key = (scheme, host, port)
            self._base = origin.rstrip("/")

    def place(self, url: str, params: Mapping[str, str] | None = None) -> str:
        """Where to send a request for `url`: mapped once, left alone where it is mapped already. Raises `NotOurs`."""
        scheme, host, port, rest = _split(url)
        rest = _with_params(rest, params)
        if self._base is None:
            if scheme != "https":
                raise NotOurs("only https URLs are asked")
            return f"https://{_authority(host, port)}{rest}"
        if (scheme, host, port) == self._key:
            return f"{self._base}{rest}"
        if scheme != "https":
            raise NotOurs("only https URLs, and those under the configured origin, are asked")
        return f"{self._base}/{_authority(host, port)}{rest}"

    def host_of(self, url: str) -> str:
        """The platform's host, lower-case, with its port only where that is not 443. Empty where it cannot be told for certain."""
        try:
            scheme, host, port, rest = _split(url)
        except NotOurs:
            return ""
        if (scheme, host, port) == self._key:
            found = _SEGMENT.fullmatch(rest)
            return found["host"].lower().removesuffix(":443") if found else ""
        return (
            _authority(host, port) if scheme == "https" and host[0] != "[" else ""
        )  # no platform is a bare IPv6 address


def _split(url: str) -> tuple[str, str, int, str]:
    """Scheme, host, port, and everything from the path on."""
    found = _URL.fullmatch(url)
    if found is None:
        raise NotOurs("the URL is not one that can be read in one way only")
    scheme, rest = found["scheme"].lower(), found["rest"]
    port = int(found["port"] or _DEFAULT_PORTS[scheme])
    # A client library resolves dot segments before it sends; under an origin that would change the host behind our back.
    if not 0 < port < 65536 or "#" in rest or _DOTS.search(rest.partition("?")[0]):
        raise NotOurs("the URL is not one that can be read in one way only")
    return scheme, found["host"].lower(), port, rest or "/"


def _authority(host: str, port: int) -> str:
    return host if port == 443 else f"{host}:{port}"


def _with_params(rest: str, params: Mapping[str, str] | None) -> str:
    if rest.startswith("?"):
        rest = f"/{rest}"
    if not params:
        return rest
    return f"{rest}{'&' if '?' in rest else '?'}{urlencode(params, quote_via=quote)}"
