"""What `instagram` and `facebook` have in common as platforms of the sandbox; each adds its routes, knobs, faults and audience."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from waooaw_sandbox.faults import FaultKind
from waooaw_sandbox.kit import Answer, Call, Handler, Json, Route, World
from waooaw_sandbox.knobs import Knob, Knobs
from waooaw_sandbox.meta import accounts, consent, identity, oauth
from waooaw_sandbox.meta.errors import (
    CODE,
    CODE_HOST,
    GRAPH,
    RUPLOAD,
    UPLOAD_HOST,
    bare,
    code_error,
    graph_error,
    unknown_path,
    upload_error,
)
from waooaw_sandbox.meta.gate import NOTHING, Method, Need, guarded, headed
from waooaw_sandbox.meta.route import GraphRoute, belongs_to
from waooaw_sandbox.meta.state import Meta

GRAPH_HOST = "graph.facebook.com"
VIDEO_HOST = "graph-video.facebook.com"


class MetaPlatform:
    """Half of a `kit.Platform`: everything but `name`, `fault_kinds`, `routes` and `audience`."""

    name: str
    fault_kinds: Sequence[FaultKind]

    def __init__(self, world: World, own_knobs: Sequence[Knob], start: Mapping[str, Any]) -> None:
        self.meta = shared(world)
        self.meta.join(self.name, Knobs(tuple(own_knobs), dict(start)))

    @property
    def knobs(self) -> Knobs:
        return self.meta.knobs[self.name]

    def reset(self) -> None:
        self.meta.reset(self.name)

    def accounts(self) -> list[Json]:
        people = self.meta.people[self.name]
        return [accounts.describe(self.meta, account) for account in people.accounts.values()]

    def turn_account(self, account: str, changes: Json) -> Json:
        return accounts.turn(self.meta, self.name, account, changes)

    def reasons(self, route: str) -> Collection[str]:
        if route == "oauth.code":
            return CODE
        if route.startswith("rupload."):
            return RUPLOAD
        return () if route.startswith(("oauth.consent", "oauth.decide", "www.")) else GRAPH

    def variants(self, reason: str) -> Collection[str]:
        return ()

    def error(self, call: Call, reason: str, variant: str | None, status: int | None) -> Answer:
        if call.host == CODE_HOST:
            return code_error(reason, status or 400)
        if call.host == UPLOAD_HOST:
            return upload_error(reason, status=status or 400)
        now = self.meta.clock.now().strftime("%A, %d-%b-%y %H:%M:%S PST")
        method, node_id = call.request.method.lower(), call.found.get("id", "me")
        answer = graph_error(call.host, reason, status=status, method=method, id=node_id, when=now, now=now)
        return headed(self.meta, self.name, call, answer, {})

    def failure(self, call: Call, status: int, message: str) -> Answer:
        return headed(self.meta, self.name, call, bare(call.host, status, message), {})

    def unknown(self, path: str) -> Answer:
        return unknown_path(path)

    def report(self) -> Json:
        return {"usage": {key: len(calls) for key, calls in self.meta.usage.calls.items()}}

    # --- rows of a route table ------------------------------------------------------------------------------------------------

    def edge(
        self, name: str, method: str, path: str, do: Method, need: Need = NOTHING, *hosts: str, **more: Any
    ) -> GraphRoute:
        """A route with a guard; `more` is `when`, `peeks`, `mine`."""
        handler = guarded(self.meta, self.name, do, need)
        return GraphRoute(name=name, method=method, hosts=hosts or (GRAPH_HOST,), path=path, handler=handler, **more)

    def plain(self, handler: Any) -> Handler:
        return partial(handler, self.meta, self.name)

    def shared_routes(self, hosts: tuple[str, ...]) -> list[Route]:
        """What both platforms serve, each for its own people and objects."""
        mine = belongs_to(self.meta, self.name)

        def own(name: str, method: str, path: str, do: Method) -> Route:
            return self.edge(name, method, path, do, NOTHING, *hosts, mine=mine, peeks=method == "POST")

        def token(name: str, method: str, path: str, handler: Any) -> Route:
            hosts, do = (GRAPH_HOST,), self.plain(handler)
            return GraphRoute(
                name=name, method=method, hosts=hosts, path=path, handler=do, mine=mine, peeks=method == "POST"
            )

        def dialog(name: str, method: str, handler: Any) -> Route:
            hosts, do = ("www.facebook.com",), self.plain(handler)
            return GraphRoute(
                name=name, method=method, hosts=hosts, path="/dialog/oauth", handler=do, when=self.asks_me
            )

        return [
            dialog("oauth.consent", "GET", consent.show),
            dialog("oauth.decide", "POST", consent.decide),
            token("oauth.token", "GET", "/oauth/access_token", oauth.facebook_token),
            token("oauth.token", "POST", "/oauth/access_token", oauth.facebook_token),
            token("debug_token", "GET", "/debug_token", oauth.debug_token),
            own("pages.list", "GET", "/{id}/accounts", identity.list_pages),
            own("businesses.list", "GET", "/{id}/businesses", identity.list_businesses),
            own("pages.list", "GET", "/{id}/owned_pages", identity.list_owned_pages),
            own("pages.list", "GET", "/{id}/client_pages", identity.list_owned_pages),
            own("system_tokens.create", "POST", "/{id}/system_user_access_tokens", identity.make_system_token),
            own("permissions.list", "GET", "/{id}/permissions", identity.list_permissions),
            own("permissions.delete", "DELETE", "/{id}/permissions", identity.drop_permissions),
            own("permissions.delete", "DELETE", "/{id}/permissions/{permission}", identity.drop_permissions),
        ]

    def asks_me(self, request: Any) -> bool:
        """A dialog that asks for Instagram permissions is Instagram's."""
        return ("instagram_" in request.query.get("scope", "")) == (self.name == "instagram")


def shared(world: World) -> Meta:
    """The one Meta behind both platforms of this sandbox."""
    for platform in world.platforms.values():
        if isinstance(platform, MetaPlatform):
            return platform.meta
    return Meta(world)
