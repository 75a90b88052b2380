"""Reads a URL that a customer supplied, in the one way it can be read. What could be read in two ways is refused.

Nothing here asks anybody; whether a host may be asked is `fetch.py`'s to decide. No message repeats the URL: it may hold a signature.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from waooaw_social.wire.addresses import literal

LONGEST = 8192
"""Characters of a URL. Signed ones of large clouds stay below a quarter of it."""

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?)(?::(?P<port>[0-9]{1,5}))?")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")


class FetchRefused(Exception):
    """The file cannot be had. `retryable`: it may be had later, as it is."""

    def __init__(self, code: str, message: str, *, retryable: bool = False, remediation: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retryable = retryable
        self.remediation = remediation


@dataclass(frozen=True)
class Target:
    """Where a URL leads. `address` is set where the host is no name."""

    scheme: str
    host: str
    port: int
    rest: str
    address: str | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.rest}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def read_url(url: str) -> Target:
    """Raises `FetchRefused`."""
    found = _URL.fullmatch(url)
    if found is None or len(url) > LONGEST or _UNPRINTABLE.search(url):
        raise _invalid("This is not a URL.")
    scheme, authority = found["scheme"].lower(), found["authority"]
    if scheme not in ("https", "http"):
        raise FetchRefused("url_not_https", "Files are fetched over https only.", remediation="Give an https URL.")
    if "@" in authority:
        raise _invalid("The URL holds a user name or a password before its host.")
    parts = _AUTHORITY.fullmatch(_in_ascii(authority).lower())
    port = int((parts and parts["port"]) or (443 if scheme == "https" else 80))
    if parts is None or not 0 < port < 65536:
        raise _invalid("The URL's host is not a valid name.")
    address = _literal(parts["host"])
    host = parts["host"].rstrip(".") if address is None else f"[{address}]" if ":" in address else address
    rest = quote(found["rest"], safe="".join(map(chr, range(0x21, 0x7F))))
    return Target(scheme, host, port, rest if rest.startswith("/") else f"/{rest}", address)


def _in_ascii(authority: str) -> str:
    """An international name as the DNS knows it. Folds look-alikes (full-width digits, for instance) before anything is compared."""
    host, colon, port = authority, "", ""
    if re.search(r":[0-9]*$", authority):
        host, colon, port = authority.rpartition(":")
    try:
        return authority if authority.isascii() else f"{host.encode('idna').decode('ascii')}{colon}{port}"
    except UnicodeError:
        raise _invalid("The URL's host is not a valid name.") from None


def _literal(host: str) -> str | None:
    try:
        return literal(host)
    except ValueError:
        raise _invalid("The URL's host is not a valid address.") from None


def _invalid(message: str) -> FetchRefused:
    return FetchRefused("url_invalid", message, remediation="Give a plain https URL, as a browser shows it.")
