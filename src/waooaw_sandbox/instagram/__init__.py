"""Instagram, imitated: both logins, containers that become media, and what followers see.

The table of routes, and the platform as the rest of the sandbox sees it. Grammar, tokens and logins are in `meta/`.
"""

from collections.abc import Mapping
from typing import Any

from waooaw_sandbox.instagram import containers, followers, publish
from waooaw_sandbox.instagram.objects import WWW, Container, Media, describe_container, describe_media
from waooaw_sandbox.instagram.settings import DELETE, EDIT, FAULTS, KNOBS, PUBLISH, READ, UPLOAD
from waooaw_sandbox.kit import Answer, Json, Route, World
from waooaw_sandbox.meta import consent, identity, oauth
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.errors import CODE_HOST, IG_HOST, UPLOAD_HOST
from waooaw_sandbox.meta.gate import NOTHING
from waooaw_sandbox.meta.platform import GRAPH_HOST, MetaPlatform
from waooaw_sandbox.meta.route import GraphRoute, belongs_to, names_a
from waooaw_sandbox.meta.rupload import receive_for
from waooaw_sandbox.meta.state import Node

HOSTS = (GRAPH_HOST, IG_HOST)


class Instagram(MetaPlatform):
    name = "instagram"
    fault_kinds = FAULTS

    def __init__(self, world: World, start: Mapping[str, Any]) -> None:
        super().__init__(world, KNOBS, start)
        self.meta.describers |= {Container: describe_container, Media: describe_media}
        self.meta.default_fields |= {Container: "id", Media: "id"}
        self.routes = routes(self)

    async def audience(self, account: str, origin: str, *, hidden: bool) -> list[Json]:
        return await followers.audience(self.meta, account, origin, hidden=hidden)


def build(world: World, start: Mapping[str, Any]) -> Instagram:
    return Instagram(world, start)


async def upload(ask: Ask) -> Json | Answer:
    container = ask.node(Container, fresh=True)
    return await receive_for(ask, container, container)


def routes(it: Instagram) -> list[Route]:
    """Every route, in the order they are tried. Faults and the call list use these names."""
    mine = belongs_to(it.meta, it.name)
    page = (WWW,)

    def plain(name: str, method: str, path: str, do: Any, *hosts: str) -> Route:
        return GraphRoute(name=name, method=method, hosts=hosts, path=path, handler=it.plain(do))

    def get(name: str, kind: type[Node]) -> Route:
        return it.edge(name, "GET", "/{id}", identity.get_object, READ, *HOSTS, mine=names_a(it.meta, kind))

    return [
        plain("oauth.consent", "GET", "/oauth/authorize", consent.show, WWW, CODE_HOST),
        plain("oauth.decide", "POST", "/oauth/authorize", consent.decide, WWW, CODE_HOST),
        plain("oauth.code", "POST", "/oauth/access_token", oauth.instagram_code, CODE_HOST),
        plain("oauth.long", "GET", "/access_token", oauth.instagram_long, IG_HOST),
        plain("oauth.refresh", "GET", "/refresh_access_token", oauth.instagram_refresh, IG_HOST),
        it.edge("media.create", "POST", "/{id}/media", containers.create, PUBLISH, *HOSTS),
        it.edge("media.list", "GET", "/{id}/media", publish.list_media, READ, *HOSTS),
        it.edge("media_publish", "POST", "/{id}/media_publish", publish.publish, PUBLISH, *HOSTS),
        it.edge("stories.list", "GET", "/{id}/stories", publish.list_stories, READ, *HOSTS, mine=mine),
        it.edge("publishing_limit", "GET", "/{id}/content_publishing_limit", publish.publishing_limit, PUBLISH, *HOSTS),
        it.edge("media.children", "GET", "/{id}/children", publish.list_children, READ, *HOSTS),
        it.edge("rupload.upload", "POST", "/ig-api-upload/{version}/{id}", upload, UPLOAD, UPLOAD_HOST),
        *it.shared_routes(HOSTS),
        get("container.get", Container),
        get("media.get", Media),
        it.edge("object.get", "GET", "/{id}", identity.get_object, NOTHING, *HOSTS, mine=mine),
        it.edge("media.update", "POST", "/{id}", publish.update, EDIT, *HOSTS, mine=mine),
        it.edge("media.delete", "DELETE", "/{id}", publish.delete, DELETE, *HOSTS, mine=mine),
        plain("www.post", "GET", "/p/{shortcode}", followers.post, *page),
        plain("www.post", "GET", "/reel/{shortcode}", followers.post, *page),
        plain("www.post", "GET", "/stories/{username}/{id}", followers.post, *page),
        plain("www.media", "GET", "/media/{id}", followers.media_file, *page),
        plain("www.picture", "GET", "/picture/{username}", followers.picture, *page),
        plain("www.profile", "GET", "/{username}", followers.profile, *page),
    ]
