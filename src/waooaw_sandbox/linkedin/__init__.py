"""LinkedIn, imitated: the table of routes, and the platform as the rest of the sandbox sees it.

The facts are contract linkedin 1; where they could not be verified there is a knob (`settings.py`).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web

from waooaw_sandbox.faults import FaultKind
from waooaw_sandbox.kit import Answer, Call, Handler, Json, Route, World
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.linkedin import (
    accounts,
    assets,
    consent,
    followers,
    oauth,
    organizations,
    posts,
    reading,
    restli,
    uploads,
)
from waooaw_sandbox.linkedin.ask import API_HOST, Method, RestRoute, denial, guarded
from waooaw_sandbox.linkedin.assets import MEDIA_HOST, UPLOAD_HOST
from waooaw_sandbox.linkedin.errors import API, TOKEN, api_error, api_failure, token_error
from waooaw_sandbox.linkedin.settings import FAULTS, METHODS
from waooaw_sandbox.linkedin.state import State

WWW = followers.WWW
TOKEN_ROUTES = frozenset({"oauth.token", "oauth.introspect", "oauth.revoke"})


class LinkedIn:
    name = "linkedin"
    fault_kinds: Sequence[FaultKind] = FAULTS

    def __init__(self, world: World, start: Mapping[str, Any]) -> None:
        self.state = State(world, start)
        self.routes: Sequence[Route] = routes(self.state)

    @property
    def knobs(self) -> Knobs:
        return self.state.knobs

    def reset(self) -> None:
        self.state.reset()

    def accounts(self) -> list[Json]:
        return [accounts.describe(self.state, account) for account in self.state.people.accounts.values()]

    def turn_account(self, account: str, changes: Json) -> Json:
        return accounts.turn(self.state, account, changes)

    async def audience(self, account: str, origin: str, *, hidden: bool) -> list[Json]:
        return await followers.audience(self.state, accounts.find(self.state, account), origin, hidden=hidden)

    def reasons(self, route: str) -> Collection[str]:
        if route in TOKEN_ROUTES:
            return TOKEN
        return () if route.startswith(("oauth.", "www.")) else API

    def error(self, call: Call, reason: str, variant: str | None, status: int | None) -> Answer:
        if call.route in TOKEN_ROUTES:
            return token_error(reason, variant, status=status)
        if reason == "ACCESS_DENIED" and variant is None and call.route in METHODS:
            answer = denial(call.route, call.request.headers.get("LinkedIn-Version", "202609"))
            return replace(answer, status=status or answer.status)
        return api_error(reason, variant, status=status)

    def variants(self, reason: str) -> Collection[str]:
        return [name for table in (API, TOKEN) for name in table.get(reason, {}) if name]

    def failure(self, call: Call, status: int, message: str) -> Answer:
        if call.route in TOKEN_ROUTES:
            return Answer(status, {"error": "server_error", "error_description": message})
        return api_failure(status, message)

    def unknown(self, path: str) -> Answer:
        return api_error("RESOURCE_NOT_FOUND")

    def report(self) -> Json:
        return {"calls_today": self.state.counters.describe()}


def build(world: World, start: Mapping[str, Any]) -> LinkedIn:
    return LinkedIn(world, start)


def asking(**expected: str) -> Callable[[web.Request], bool]:
    """Does the query say so?"""

    def when(request: web.Request) -> bool:
        raw = restli.raw_query(request)
        return all(restli.one_of(raw, name) == value for name, value in expected.items())

    return when


def several(request: web.Request) -> bool:
    return "ids" in restli.names_in(restli.raw_query(request))


def routes(state: State) -> list[Route]:
    """Every route, in the order they are tried: one table, hence its length. Faults and the call list use these names."""

    def plain(handler: Callable[[State, Call], Awaitable[Answer | web.StreamResponse]]) -> Handler:
        return partial(handler, state)

    def rest(name: str, method: str, path: str, do: Method, when: Callable[[web.Request], bool] | None = None) -> Route:
        return RestRoute(name, method, (API_HOST,), path, guarded(state, do), when, peeks=method == "GET")

    opening, finalizing = asking(action="initializeUpload"), asking(action="finalizeUpload")
    upload = "/dms-uploads/sp/{id}"
    return [
        Route("oauth.consent", "GET", (WWW,), "/oauth/v2/authorization", plain(consent.show)),
        Route("oauth.decide", "POST", (WWW,), "/oauth/v2/authorization", plain(consent.decide)),
        Route("oauth.token", "POST", (WWW,), "/oauth/v2/accessToken", plain(oauth.token)),
        Route("oauth.introspect", "POST", (WWW,), "/oauth/v2/introspectToken", plain(oauth.introspect)),
        Route("oauth.revoke", "POST", (WWW,), "/oauth/v2/revoke", plain(oauth.revoke)),
        rest("userinfo.get", "GET", "/v2/userinfo", organizations.userinfo),
        rest("me.get", "GET", "/v2/me", organizations.me),
        rest("posts.create", "POST", "/rest/posts", posts.create),
        rest("posts.batch_get", "GET", "/rest/posts", reading.batch_get, several),
        rest("posts.list", "GET", "/rest/posts", reading.by_author, asking(q="author")),
        rest("posts.get", "GET", "/rest/posts/{urn}", reading.get),
        rest("posts.update", "POST", "/rest/posts/{urn}", posts.update),
        rest("posts.delete", "DELETE", "/rest/posts/{urn}", posts.delete),
        rest("images.initialize", "POST", "/rest/images", assets.initialize("image"), opening),
        rest("images.get", "GET", "/rest/images/{urn}", assets.get("image")),
        rest("videos.initialize", "POST", "/rest/videos", assets.initialize("video"), opening),
        rest("videos.finalize", "POST", "/rest/videos", assets.finalize, finalizing),
        rest("videos.get", "GET", "/rest/videos/{urn}", assets.get("video")),
        rest("documents.initialize", "POST", "/rest/documents", assets.initialize("document"), opening),
        rest("documents.get", "GET", "/rest/documents/{urn}", assets.get("document")),
        rest("organizationAcls.list", "GET", "/rest/organizationAcls", organizations.acls),
        rest("organizations.list", "GET", "/rest/organizations", organizations.by_vanity_name, asking(q="vanityName")),
        rest("organizations.get", "GET", "/rest/organizations/{id}", organizations.get),
        rest("organizationsLookup.list", "GET", "/rest/organizationsLookup", organizations.lookup, several),
        rest("networkSizes.get", "GET", "/rest/networkSizes/{urn}", organizations.network_size),
        rest(
            "shareStatistics.list",
            "GET",
            "/rest/organizationalEntityShareStatistics",
            organizations.share_statistics,
            asking(q="organizationalEntity"),
        ),
        rest("socialActions.get", "GET", "/rest/socialActions/{urn}", organizations.social_actions),
        Route("upload.file", "PUT", (UPLOAD_HOST,), upload + "/uploaded-image/0", plain(uploads.put_file)),
        Route("upload.file", "PUT", (UPLOAD_HOST,), upload + "/uploaded-document/0", plain(uploads.put_file)),
        Route("upload.extra", "PUT", (UPLOAD_HOST,), upload + "/uploadedVideo/captions", plain(uploads.put_extra)),
        Route("upload.extra", "PUT", (UPLOAD_HOST,), upload + "/uploadedVideo/thumbnail", plain(uploads.put_extra)),
        Route("upload.part", "PUT", (UPLOAD_HOST,), upload + "/uploadedVideo/{piece}", plain(uploads.put_part)),
        Route("www.post", "GET", (WWW,), "/feed/update/{urn}/", plain(followers.post_page)),
        Route("www.post", "GET", (WWW,), "/feed/update/{urn}", plain(followers.post_page)),
        Route("www.profile", "GET", (WWW,), "/company/{name}", plain(followers.profile)),
        Route("www.profile", "GET", (WWW,), "/in/{name}", plain(followers.profile)),
        Route("www.media", "GET", (MEDIA_HOST,), "/dms/{kind}/{id}", plain(followers.media_file)),
    ]
