"""Routes of a host that two platforms share: the version is optional, and whose call it is depends on the object or the token.

An edge that only one platform has is that platform's. For `/{id}`, `/me`, `debug_token` and the like, the object's platform decides,
else the token's, else Facebook's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from waooaw_sandbox.kit import Route, head_of
from waooaw_sandbox.meta.errors import IG_HOST
from waooaw_sandbox.meta.multipart import peeked
from waooaw_sandbox.meta.state import Meta, Node

VERSION = re.compile(r"/(v\d+\.\d+)(?=/|$)")
NAMING = ("input_token", "fb_exchange_token", "access_token")
"""Parameters that hold a token, the telling ones first."""


@dataclass(frozen=True, kw_only=True)
class GraphRoute(Route):
    mine: Callable[[web.Request, Mapping[str, str]], bool] | None = None

    def place(self, request: web.Request, host: str, path: str) -> Mapping[str, str] | None:
        version = VERSION.match(path)
        rest = path[version.end() :] if version else path
        found = super().place(request, host, rest.rstrip("/") or "/")
        return None if found is None else dict(found) | ({"version": version[1]} if version else {})

    def match(self, request: web.Request, host: str, path: str) -> Mapping[str, str] | None:
        found = super().match(request, host, path)
        return None if found is None or (self.mine is not None and not self.mine(request, found)) else found


def belongs_to(meta: Meta, platform: str) -> Callable[[web.Request, Mapping[str, str]], bool]:
    def mine(request: web.Request, found: Mapping[str, str]) -> bool:
        return owner(meta, request, found.get("id", "me")) == platform

    return mine


def names_a(meta: Meta, kind: type[Node]) -> Callable[[web.Request, Mapping[str, str]], bool]:
    """Does the id in the path belong to an object of this kind?"""

    def mine(request: web.Request, found: Mapping[str, str]) -> bool:
        return isinstance(meta.nodes.get(found["id"]), kind)

    return mine


def owner(meta: Meta, request: web.Request, node_id: str) -> str:
    host = request.match_info["upstream"].partition("/")[0]
    if host == IG_HOST:
        return "instagram"
    if node_id in meta.nodes:
        return meta.nodes[node_id].platform
    shown = [request.query.get(name) or peeked(head_of(request), name) for name in NAMING]
    shown.append(request.headers.get("Authorization", "").partition(" ")[2].strip())
    tokens = (meta.token(text) for text in shown if text)
    platform = next((token.account.platform for token in tokens if token is not None), None)
    code = request.query.get("code") or peeked(head_of(request), "code")
    codes = [name for name, people in meta.people.items() if code in people.codes]
    if codes:
        return codes[0]
    if platform is None and any(a.ig_id == node_id for a in meta.people["instagram"].accounts.values()):
        return "instagram"
    return platform or "facebook"


def in_phase(*names: str | None) -> Callable[[web.Request], bool]:
    """Is this call the phase of an upload? None is a call without one."""

    def when(request: web.Request) -> bool:
        return (request.query.get("upload_phase") or peeked(head_of(request), "upload_phase")) in names

    return when


def unpublished(request: web.Request) -> bool:
    """Does the call ask for something that nobody is to see, now or at a set time?"""
    given = {
        name: request.query.get(name) or peeked(head_of(request), name)
        for name in ("published", "scheduled_publish_time")
    }
    return (given["published"] or "").lower() in ("false", "0", "no") and not given["scheduled_publish_time"]
