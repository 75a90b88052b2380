"""One call to the API, admitted: whose token it shows, which version it speaks, what its path and query say.

`admit` checks in this order: token, version, syntax, headers, counters, scopes. Which order the real one keeps is not known. What the
member may do for an author is asked later, by `may_write` and `may_read`, when the body or the object has told the author.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from aiohttp import web

from waooaw_sandbox.kit import Answer, Call, Handler, Json, Refused, Route, pattern
from waooaw_sandbox.linkedin import restli, versions
from waooaw_sandbox.linkedin.errors import api_error, refuse, traces
from waooaw_sandbox.linkedin.people import AccessToken, Account, Organization
from waooaw_sandbox.linkedin.scopes import POSTING_ROLES
from waooaw_sandbox.linkedin.settings import METHODS
from waooaw_sandbox.linkedin.state import State

API_HOST = "api.linkedin.com"


@dataclass(frozen=True)
class RestRoute(Route):
    """A route whose path is matched as it was sent, and whose GET may come as a POST that carries the query."""

    def place(self, request: web.Request, host: str, path: str) -> Mapping[str, str] | None:
        if restli.method_of(request) != self.method or host not in self.hosts:
            return None
        found = pattern(self.path).fullmatch(restli.raw_path(request, host))
        return None if found is None else found.groupdict()


@dataclass(frozen=True)
class Ask:
    state: State
    call: Call
    token: AccessToken
    version: str
    query: Mapping[str, restli.Value]
    keys: Mapping[str, str]

    @property
    def member(self) -> Account:
        return self.token.account

    def text(self, name: str, default: str = "") -> str:
        return restli.text_of(self.query, name, default)

    async def body(self) -> Json:
        """The body, which must be a JSON object."""
        value = await self.call.json()
        if value is None:
            raise refuse("ILLEGAL_ARGUMENT")
        return value

    def denied(self) -> Refused:
        return Refused(denial(self.call.route, self.version))

    def paging(self) -> tuple[int, int]:
        start, count = self.text("start", "0"), self.text("count", "10")
        if not (start.isdigit() and count.isdigit()) or not 0 < int(count) <= 100:
            raise refuse("PARAM_INVALID")
        return int(start), int(count)

    # --- for whom -------------------------------------------------------------------------------------------------------------

    def role_in(self, urn: str) -> tuple[Organization | None, str | None]:
        organization = self.state.people.organization(urn)
        role = self.state.people.role(self.member, organization) if organization else None
        return organization, role.role if role else None

    def may_write(self, urn: str) -> bool:
        if urn == self.member.urn:
            return "w_member_social" in self.token.scopes
        _, role = self.role_in(urn)
        return role in POSTING_ROLES and "w_organization_social" in self.token.scopes

    def may_read(self, urn: str) -> bool:
        if urn == self.member.urn:
            return "r_member_social" in self.token.scopes
        _, role = self.role_in(urn)
        return role is not None and "r_organization_social" in self.token.scopes


Method: TypeAlias = Callable[[Ask], Awaitable[Answer]]


def denial(route: str, version: str) -> Answer:
    method = METHODS[route]
    dated = f"{version.partition('.')[0]}01" if method.versioned else "NO_VERSION"
    return api_error("ACCESS_DENIED", resource=method.resource, verb=method.verb, dated=dated)


def guarded(state: State, method: Method) -> Handler:
    """A route's handler around a method: admitted first, and every answer with its traces."""

    async def handle(call: Call) -> Answer:
        try:
            answer = await method(admit(state, call))
        except Refused as refused:
            answer = refused.answer
        return replace(answer, headers=traces() | dict(answer.headers))

    return handle


def admit(state: State, call: Call) -> Ask:
    needs = METHODS[call.route]
    token = token_of(state, call)
    version = checked_version(state, call) if needs.versioned else ""
    ask = Ask(state, call, token, version, query_of(state, call), keys_of(call))
    check_headers(call)
    state.counters.charge(call.route, token.account.name)
    if needs.scopes is not None and not needs.scopes & set(token.scopes):
        raise ask.denied()
    return ask


def token_of(state: State, call: Call) -> AccessToken:
    scheme, _, shown = call.request.headers.get("Authorization", "").partition(" ")
    bare = "bare" if state.knobs.word("unauthorized_body") == "bare" else None
    if scheme.lower() != "bearer" or not shown.strip():
        raise refuse("EMPTY_ACCESS_TOKEN", "401" if state.knobs.count("empty_token_code") == 401 else None)
    token = state.people.tokens.get(shown.strip())
    now = state.clock.now()
    if token is None:
        raise refuse("INVALID_ACCESS_TOKEN", bare)
    if token.dead or now < token.known_at:
        raise refuse("REVOKED_ACCESS_TOKEN", bare)
    if token.expires_at <= now:
        raise refuse("EXPIRED_ACCESS_TOKEN", bare)
    return token


def checked_version(state: State, call: Call) -> str:
    version = call.request.headers.get("LinkedIn-Version", "").strip()
    if not version:
        raise refuse("VERSION_MISSING")
    if not versions.active(state.knobs, version, state.clock.now()):
        raise refuse("NONEXISTENT_VERSION", version=version)
    return version


def query_of(state: State, call: Call) -> dict[str, restli.Value]:
    raw = restli.raw_query(call.request)
    if call.request.headers.get("X-Restli-Protocol-Version") == "2.0.0":
        try:
            return restli.parse_query(raw)
        except restli.Malformed:
            raise refuse("PARAM_INVALID") from None
    strict = state.knobs.word("without_protocol")
    if strict == "refuse" or (strict == "refuse_lists" and restli.structured(raw)):
        raise refuse("PARAM_INVALID")
    return restli.parse_query(raw) if restli.structured(raw) else restli.plain_query(raw)


def keys_of(call: Call) -> dict[str, str]:
    """The path's keys, decoded. A URN whose colons are raw is refused."""
    try:
        return {name: restli.parse_key(raw) for name, raw in call.found.items()}
    except restli.Malformed:
        raise refuse("ILLEGAL_ARGUMENT", "path") from None


def check_headers(call: Call) -> None:
    headers = call.request.headers
    if call.request.method != "POST":
        return
    if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        raise refuse("LENGTH_REQUIRED")
    expected = "application/x-www-form-urlencoded" if restli.tunnelled(call.request) else "application/json"
    if call.request.content_type != expected:
        raise refuse("UNSUPPORTED_MEDIA_TYPE")
