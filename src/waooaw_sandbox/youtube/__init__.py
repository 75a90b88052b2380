"""YouTube and Google's OAuth, imitated: the table of routes, and the platform as the rest of the sandbox sees it.

The facts come from Google's documentation and from real answers; where they could not be verified there is a knob (`settings.py`).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from aiohttp import web

from waooaw_sandbox.faults import FaultKind
from waooaw_sandbox.kit import Answer, Call, Handler, Json, Route, World
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.youtube import accounts, consent, listings, oauth, pages, upload, videos, whole
from waooaw_sandbox.youtube.errors import API, TOKEN, api_error, api_failure, token_error, unknown_path
from waooaw_sandbox.youtube.gate import Method, guarded
from waooaw_sandbox.youtube.settings import FAULTS
from waooaw_sandbox.youtube.span import span_of
from waooaw_sandbox.youtube.state import State

API_HOSTS = ("www.googleapis.com", "youtube.googleapis.com")
V3 = "/youtube/v3"
UPLOAD = "/upload/youtube/v3"


class YouTube:
    name = "youtube"
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
        return await accounts.audience(self.state, account, origin, hidden=hidden)

    def reasons(self, route: str) -> Collection[str]:
        if route in ("oauth.token", "oauth.revoke"):
            return TOKEN
        return () if route.startswith(("oauth.", "www.")) else API

    def error(self, call: Call, reason: str, variant: str | None, status: int | None) -> Answer:
        if call.route.startswith("oauth."):
            return token_error(reason, variant, status=status)
        return api_error(reason, variant, status=status)

    def variants(self, reason: str) -> Collection[str]:
        return [name for table in (API, TOKEN) for name in table.get(reason, {}) if name]

    def failure(self, call: Call, status: int, message: str) -> Answer:
        if call.route.startswith("oauth."):
            return Answer(status, {"error": "internal_failure", "error_description": message})
        return api_failure(status, message)

    def unknown(self, path: str) -> Answer:
        return unknown_path(path)

    def report(self) -> Json:
        return {"quota": self.state.quota.describe()}


def build(world: World, start: Mapping[str, Any]) -> YouTube:
    return YouTube(world, start)


def routes(state: State) -> list[Route]:
    """Every route, in the order they are tried: one table, hence its length. Faults and the call list use these names."""

    def plain(handler: Callable[[State, Call], Awaitable[Answer | web.StreamResponse]]) -> Handler:
        return partial(handler, state)

    def api(name: str, method: str, path: str, do: Method, when: Callable[[web.Request], bool] | None = None) -> Route:
        return Route(name, method, API_HOSTS, path, guarded(state, do), when)

    def community(request: web.Request) -> bool:
        return state.knobs.flag("community_posts")

    put = plain(upload.put)
    return [
        Route("oauth.consent", "GET", ("accounts.google.com",), "/o/oauth2/v2/auth", plain(consent.show)),
        Route("oauth.decide", "POST", ("accounts.google.com",), "/o/oauth2/v2/auth", plain(consent.decide)),
        Route("oauth.token", "POST", ("oauth2.googleapis.com",), "/token", plain(oauth.token)),
        Route("oauth.revoke", "POST", ("oauth2.googleapis.com",), "/revoke", plain(oauth.revoke)),
        *(
            route
            for path in (UPLOAD + "/videos", "/resumable" + UPLOAD + "/videos")
            for route in (
                api("videos.insert", "POST", path, upload.open_session, resumable),
                api("videos.insert_whole", "POST", path, whole.insert_whole, lambda request: not resumable(request)),
                Route("upload.query", "PUT", API_HOSTS, path, put, lambda request: kind_of_put(request) == "query"),
                Route("upload.final", "PUT", API_HOSTS, path, put, lambda request: kind_of_put(request) == "final"),
                Route("upload.chunk", "PUT", API_HOSTS, path, put),
            )
        ),
        api("thumbnails.set", "POST", UPLOAD + "/thumbnails/set", videos.set_thumbnail),
        api("channels.list", "GET", V3 + "/channels", listings.list_channels),
        api("videos.list", "GET", V3 + "/videos", videos.list_videos),
        api("videos.update", "PUT", V3 + "/videos", videos.update_video),
        api("videos.delete", "DELETE", V3 + "/videos", videos.delete_video),
        api("videos.batchGetStats", "GET", V3 + "/videos:batchGetStats", videos.batch_get_stats),
        api("search.list", "GET", V3 + "/search", listings.search),
        api("playlistItems.list", "GET", V3 + "/playlistItems", listings.list_items),
        api("playlistItems.insert", "POST", V3 + "/playlistItems", listings.insert_item),
        api("playlists.list", "GET", V3 + "/playlists", listings.list_playlists),
        api("playlists.insert", "POST", V3 + "/playlists", listings.insert_playlist),
        api("communityPosts.insert", "POST", V3 + "/communityPosts", listings.insert_post, community),
        api("communityPosts.list", "GET", V3 + "/communityPosts", listings.list_posts, community),
        Route("www.watch", "GET", (pages.WWW,), "/watch", plain(pages.watch)),
        Route("www.watch", "GET", (pages.WWW,), "/shorts/{id}", plain(pages.watch)),
        Route("www.media", "GET", (pages.WWW,), "/media/{id}", plain(pages.media)),
        Route("www.post", "GET", (pages.WWW,), "/post/{id}", plain(pages.post)),
        Route("www.channel", "GET", (pages.WWW,), "/channel/{channel}", plain(pages.channel)),
        Route("www.channel", "GET", (pages.WWW,), "/{channel}", plain(pages.channel)),
        Route("www.thumbnail", "GET", ("i.ytimg.com",), "/vi/{id}/{size}", plain(pages.thumbnail)),
        Route("www.thumbnail", "GET", ("i.ytimg.com",), "/channel/{picture}", plain(pages.thumbnail)),
    ]


def resumable(request: web.Request) -> bool:
    return request.query.get("uploadType") == "resumable"


def kind_of_put(request: web.Request) -> str:
    """A question, the bytes that complete the file, or bytes that do not."""
    span = span_of(request.headers.get("Content-Range"), request.content_length or 0)
    if span is None:
        return "chunk"
    if span.query:
        return "query"
    return "final" if span.total is not None and span.last + 1 == span.total else "chunk"
