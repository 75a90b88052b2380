"""WhatsApp's Cloud API, imitated: messages of every kind, windows, templates, files, limits, and real webhooks.

The table of routes, and the platform as the rest of the sandbox sees it. Grammar and errors of tokens are Graph's, in
`meta/`.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from waooaw_sandbox.kit import Answer, Call, Json, Route, World, head_of
from waooaw_sandbox.meta import consent
from waooaw_sandbox.meta.errors import GRAPH
from waooaw_sandbox.meta.gate import headed
from waooaw_sandbox.meta.multipart import peeked
from waooaw_sandbox.meta.platform import GRAPH_HOST, MetaPlatform
from waooaw_sandbox.meta.route import GraphRoute, belongs_to, names_a
from waooaw_sandbox.whatsapp import chat, media, messages, numbers, orders, templates, tokens
from waooaw_sandbox.whatsapp.errors import TABLE, wa_error
from waooaw_sandbox.whatsapp.gate import (
    BYTES,
    FILES,
    MANAGING,
    NOTHING,
    SENDING,
    TEMPLATES,
    Method,
    Need,
    Visit,
    guarded,
)
from waooaw_sandbox.whatsapp.objects import Media, NumberNode, Template, UploadSession, WabaNode
from waooaw_sandbox.whatsapp.people import NAME
from waooaw_sandbox.whatsapp.settings import FAULTS, KNOBS
from waooaw_sandbox.whatsapp.state import WhatsApp

TEMPLATE_HOST, DIALOG_HOST = "api.facebook.com", "www.facebook.com"
Mine = Callable[[web.Request, Mapping[str, str]], bool]


class WhatsAppPlatform(MetaPlatform):
    name = NAME
    fault_kinds = FAULTS

    def __init__(self, world: World, start: Mapping[str, Any]) -> None:
        super().__init__(world, KNOBS, start)
        self.wa = WhatsApp(self.meta)
        self.routes = routes(self)

    def reset(self) -> None:
        super().reset()
        self.wa.reset()

    def accounts(self) -> list[Json]:
        return [orders.describe(self.wa, sender) for sender in self.wa.people.senders.values()]

    def turn_account(self, account: str, changes: Json) -> Json:
        return orders.turn(self.wa, account, changes)

    async def audience(self, account: str, origin: str, *, hidden: bool) -> list[Json]:
        return await chat.audience(self.wa, account, origin, hidden=hidden)

    def reasons(self, route: str) -> Collection[str]:
        if route.startswith(("www.", "oauth.consent", "oauth.decide")):
            return ()
        return {*TABLE, *(reason for reason in GRAPH if reason.startswith(("190", "100/33")))}

    def error(self, call: Call, reason: str, variant: str | None, status: int | None) -> Answer:
        if reason not in TABLE:
            return super().error(call, reason, variant, status)
        return headed(self.meta, NAME, call, wa_error(reason, status=status), {})

    def report(self) -> Json:
        return {"meters": self.wa.meters.report(), "webhooks": self.wa.post.report()}

    # --- rows of the route table ----------------------------------------------------------------------------------------------

    def call(self, name: str, method: str, path: str, do: Method, need: Need, **more: Any) -> GraphRoute:
        """A route with a guard, for what is WhatsApp's unless `mine` says otherwise."""
        more = {"mine": belongs_to(self.meta, NAME), "hosts": (GRAPH_HOST,)} | more
        return GraphRoute(name=name, method=method, path=path, handler=guarded(self.wa, do, need), **more)

    def open(self, name: str, method: str, host: str, path: str, do: Any, **more: Any) -> GraphRoute:
        """A route that looks after itself."""
        return GraphRoute(name=name, method=method, hosts=(host,), path=path, handler=partial(do, self.wa), **more)


def build(world: World, start: Mapping[str, Any]) -> WhatsAppPlatform:
    return WhatsAppPlatform(world, start)


def reads(request: web.Request) -> bool:
    """Is it a read receipt, by the beginning of its body?"""
    return peeked(head_of(request), "status") == "read"


def asks_for_whatsapp(request: web.Request) -> bool:
    return "whatsapp_" in request.query.get("scope", "")


async def get_object(visit: Visit) -> Json:
    """The system user; whatever else is not there."""
    if visit.id != visit.account.user_id:
        raise visit.missing()
    return {"id": visit.account.user_id, "name": f"{visit.account.title} system user"}


def routes(it: WhatsAppPlatform) -> list[Route]:
    """Every route, in the order they are tried. Faults and the call list use these names."""
    return [*of_messages(it), *of_files(it), *of_templates(it), *of_numbers(it), *of_tokens(it), *of_people(it)]


def of_messages(it: WhatsAppPlatform) -> list[Route]:
    anybodys: Json = {"mine": None, "peeks": True}
    return [
        it.call("messages.read", "POST", "/{id}/messages", messages.mark_read, SENDING, when=reads, **anybodys),
        it.call("messages.send", "POST", "/{id}/messages", messages.send, SENDING, **anybodys),
        it.call("marketing.send", "POST", "/{id}/marketing_messages", messages.send_marketing, SENDING, mine=None),
    ]


def of_files(it: WhatsAppPlatform) -> list[Route]:
    a_file: Mine = names_a(it.meta, Media)

    def opened(request: web.Request, found: Mapping[str, str]) -> bool:
        return isinstance(it.meta.nodes.get("upload:" + found["session"]), UploadSession)

    return [
        it.call("media.upload", "POST", "/{id}/media", media.upload, SENDING),
        it.call("media.get", "GET", "/{id}", media.info, FILES, mine=a_file),
        it.call("media.delete", "DELETE", "/{id}", media.delete, FILES, mine=a_file),
        it.open("media.download", "GET", media.HOST, media.PLACE, media.download),
        it.call("uploads.open", "POST", "/{id}/uploads", media.open_session, NOTHING),
        it.call("uploads.send", "POST", "/upload:{session}", media.send_bytes, BYTES, mine=opened),
        it.call("uploads.status", "GET", "/upload:{session}", media.session_status, NOTHING, mine=opened),
    ]


def of_templates(it: WhatsAppPlatform) -> list[Route]:
    one, listing = "/{id}", "/{id}/message_templates"
    a_template: Mine = names_a(it.meta, Template)
    elsewhere: Json = {"hosts": (TEMPLATE_HOST,)}
    return [
        it.call("templates.list", "GET", listing, templates.list_all, MANAGING),
        it.call("templates.create", "POST", listing, templates.create, MANAGING),
        it.call("templates.delete", "DELETE", listing, templates.delete, MANAGING),
        it.call("templates.get", "GET", one, templates.get_one, TEMPLATES, mine=a_template),
        it.call("templates.edit", "POST", one, templates.edit, TEMPLATES, mine=a_template),
        it.call("templates.unpause", "POST", "/{id}/unpause", templates.unpause, TEMPLATES, mine=a_template),
        it.call("templates.archive", "POST", listing + "/archive", templates.archive, MANAGING, **elsewhere),
        it.call("templates.archive", "POST", listing + "/unarchive", templates.archive, MANAGING, **elsewhere),
    ]


def of_numbers(it: WhatsAppPlatform) -> list[Route]:
    a_number, a_waba = names_a(it.meta, NumberNode), names_a(it.meta, WabaNode)
    app = "/{id}/subscriptions"
    return [
        it.call("number.get", "GET", "/{id}", numbers.get_number, MANAGING, mine=a_number),
        it.call("number.update", "POST", "/{id}", numbers.change_number, MANAGING, mine=a_number),
        it.call("number.register", "POST", "/{id}/register", numbers.register, MANAGING),
        it.call("number.deregister", "POST", "/{id}/deregister", numbers.deregister, MANAGING),
        it.call("numbers.list", "GET", "/{id}/phone_numbers", numbers.list_numbers, MANAGING),
        it.call("waba.get", "GET", "/{id}", numbers.get_waba, MANAGING, mine=a_waba),
        it.call("wabas.list", "GET", "/{id}/owned_whatsapp_business_accounts", numbers.list_wabas, TEMPLATES),
        it.call("wabas.list", "GET", "/{id}/client_whatsapp_business_accounts", numbers.list_wabas, TEMPLATES),
        it.call("subscribed_apps.set", "POST", "/{id}/subscribed_apps", numbers.subscribe_waba, MANAGING),
        it.call("subscribed_apps.list", "GET", "/{id}/subscribed_apps", numbers.list_subscribed, MANAGING),
        it.call("subscribed_apps.delete", "DELETE", "/{id}/subscribed_apps", numbers.unsubscribe_waba, MANAGING),
        it.open("subscriptions.set", "POST", GRAPH_HOST, app, numbers.app_subscriptions),
        it.open("subscriptions.list", "GET", GRAPH_HOST, app, numbers.app_subscriptions),
        it.open("subscriptions.delete", "DELETE", GRAPH_HOST, app, numbers.app_subscriptions),
    ]


def of_tokens(it: WhatsAppPlatform) -> list[Route]:
    mine, dialog = belongs_to(it.meta, NAME), "/dialog/oauth"
    exchange = "/oauth/access_token"
    return [
        GraphRoute(
            name="oauth.consent", method="GET", hosts=(DIALOG_HOST,), path=dialog,
            handler=it.plain(consent.show), when=asks_for_whatsapp,
        ),
        it.open("oauth.decide", "POST", DIALOG_HOST, dialog, tokens.decide, when=asks_for_whatsapp),
        it.open("oauth.token", "GET", GRAPH_HOST, exchange, tokens.exchange, mine=mine),
        it.open("oauth.token", "POST", GRAPH_HOST, exchange, tokens.exchange, mine=mine, peeks=True),
        it.open("oauth.revoke", "GET", GRAPH_HOST, "/oauth/revoke", tokens.revoke),
        it.open("debug_token", "GET", GRAPH_HOST, "/debug_token", tokens.debug_token, mine=mine),
        it.call("system_tokens.create", "POST", "/{id}/access_tokens", tokens.make_system_token, NOTHING),
        it.call("object.get", "GET", "/{id}", get_object, NOTHING),
    ]  # fmt: skip


def of_people(it: WhatsAppPlatform) -> list[Route]:
    one_chat = "/{phone}/{person}"
    return [
        it.open("www.media", "GET", chat.HOST, "/media/{id}", chat.file),
        it.open("www.chat", "GET", chat.HOST, one_chat, chat.show),
        it.open("www.write", "POST", chat.HOST, one_chat, chat.write_back),
    ]
