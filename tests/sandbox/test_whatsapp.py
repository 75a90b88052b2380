"""WhatsApp's Cloud API as its documentation describes it: messages of every kind, windows, templates, files, limits, tokens."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

GRAPH = "/graph.facebook.com/v26.0"
HOUR, DAY = 3600, 86_400


@dataclass
class Business:
    """One seeded sender, its token on every call."""

    sandbox: Sandbox
    account: dict[str, Any]

    @property
    def id(self) -> str:
        return self.account["posting_identity"]

    @property
    def known(self) -> str:
        return self.account["recipients"]["in_window"][0]

    @property
    def stranger(self) -> str:
        return self.account["recipients"]["out_of_window"][0]

    async def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token or self.account['access_token']}"} | more.pop("headers", {})
        url = path if path.startswith("http") else GRAPH + path
        status, body, _ = await self.sandbox.ask(method, url, headers=headers, **more)
        return status, body

    async def get(self, path: str, **query: str) -> Any:
        status, body = await self.call("GET", path, params=query)
        assert status == 200, body
        return body

    async def post(self, path: str, **values: Any) -> Any:
        status, body = await self.call("POST", path, json=values)
        assert status == 200, body
        return body

    def message(self, kind: str, payload: Any, to: str | None, more: dict[str, Any]) -> dict[str, Any]:
        return {"messaging_product": "whatsapp", "to": to or self.known, "type": kind, kind: payload} | more

    async def send(self, kind: str, payload: Any, to: str | None = None, **more: Any) -> str:
        """The wamid."""
        status, body = await self.call("POST", f"/{self.id}/messages", json=self.message(kind, payload, to, more))
        assert status == 200, body
        return body["messages"][0]["id"]

    async def text(self, body: str = "Hello", to: str | None = None, **more: Any) -> str:
        return await self.send("text", {"body": body}, to, **more)

    async def template(self, name: str, *components: Any, to: str | None = None, language: str = "en") -> str:
        payload = {"name": name, "language": {"code": language}, "components": list(components)}
        return await self.send("template", payload, to or self.stranger)

    async def refused(self, kind: str, payload: Any, to: str | None = None, **more: Any) -> tuple[int, int]:
        """(HTTP status, code) of a send that must be refused."""
        status, body = await self.call("POST", f"/{self.id}/messages", json=self.message(kind, payload, to, more))
        assert status >= 400, body
        assert body["error"]["error_data"]["messaging_product"] == "whatsapp"
        return status, body["error"]["code"]

    async def upload(self, data: bytes, content_type: str, name: str = "file") -> tuple[int, Any]:
        form = aiohttp.FormData({"messaging_product": "whatsapp", "type": content_type})
        form.add_field("file", data, filename=name, content_type=content_type)
        return await self.call("POST", f"/{self.id}/media", data=form)

    # --- the sandbox about this account -----------------------------------------------------------------------------------

    async def turn(self, **changes: Any) -> dict[str, Any]:
        path = f"/accounts/whatsapp/{self.account['account']}"
        self.account = await self.sandbox.control("POST", path, changes)
        return self.account

    async def knob(self, **knobs: Any) -> Any:
        return await self.sandbox.control("POST", "/knobs/whatsapp", knobs)

    async def report(self) -> Any:
        return await self.sandbox.control("GET", "/knobs/whatsapp")

    async def meter(self) -> dict[str, Any]:
        return (await self.report())["meters"]["numbers"][self.id]

    async def arm(self, fault: str, route: str = "messages.send", **more: Any) -> None:
        await self.sandbox.control("POST", "/faults", {"platform": "whatsapp", "route": route, "fault": fault} | more)

    async def seen(self, hidden: bool = False) -> list[dict[str, Any]]:
        path = f"/audience/whatsapp/{self.account['account']}" + ("?include=hidden" if hidden else "")
        return await self.sandbox.control("GET", path)

    async def advance(self, seconds: float) -> None:
        await self.sandbox.advance(seconds)


async def business(sandbox: Sandbox, name: str = "hazel") -> Business:
    accounts = await sandbox.control("GET", "/accounts")
    return Business(sandbox, next(a for a in accounts if (a["platform"], a["account"]) == ("whatsapp", name)))


@dataclass
class Receiver:
    """A real server that takes webhooks as an app should: raw bytes first, signature checked over them."""

    url: str = ""
    token: str = "verify-me"
    posts: list[tuple[bytes, bool]] = field(default_factory=list)
    """Body and whether its signature was right."""
    signatures: list[str | None] = field(default_factory=list)
    handshakes: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses for the next posts; 200 when there are none left."""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        expected = "sha256=" + hmac.new(b"sandbox-facebook-app-secret", raw, hashlib.sha256).hexdigest()
        right = hmac.compare_digest(request.headers.get("X-Hub-Signature-256", ""), expected)
        async with self.changed:
            self.posts.append((raw, right))
            self.signatures.append(request.headers.get("X-Hub-Signature-256"))
            self.changed.notify_all()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def verify(self, request: web.Request) -> web.Response:
        self.handshakes.append(dict(request.query))
        if request.query.get("hub.verify_token") != self.token:
            return web.Response(status=403)
        return web.Response(text=request.query["hub.challenge"])

    async def heard(self, count: int) -> None:
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: len(self.posts) >= count), 20)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Of the rightly signed ones, in order."""
        bodies = [json.loads(raw) for raw, right in self.posts if right]
        return [change for body in bodies for entry in body["entry"] for change in entry["changes"]]

    @property
    def statuses(self) -> list[tuple[str, str]]:
        return [(s["id"], s["status"]) for c in self.changes for s in c["value"].get("statuses", [])]


@asynccontextmanager
async def receiver() -> AsyncGenerator[Receiver]:
    it = Receiver()
    app = web.Application()
    app.router.add_get("/hook", it.verify)
    app.router.add_post("/hook", it.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        it.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield it
    finally:
        await runner.cleanup()


def parameters(kind: str, *texts: str) -> dict[str, Any]:
    return {"type": kind, "parameters": [{"type": "text", "text": text} for text in texts]}


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Business:
    return await business(sandbox)


# --- messages -----------------------------------------------------------------------------------------------------------------


async def test_a_text_is_accepted_and_the_recipient_sees_it(hazel: Business):
    order = hazel.message(
        "text", {"body": "Grüße 🌿", "preview_url": True}, None, {"biz_opaque_callback_data": "job-42"}
    )
    status, body = await hazel.call("POST", f"/{hazel.id}/messages", json=order)
    assert status == 200
    assert set(body) == {"messaging_product", "contacts", "messages"}
    assert body["contacts"] == [{"input": hazel.known, "wa_id": hazel.known.lstrip("+")}]
    assert body["messages"][0]["id"].startswith("wamid.")
    assert "message_status" not in body["messages"][0]
    [seen] = await hazel.seen()
    assert (seen["id"], seen["to"], seen["kind"], seen["text"]) == (
        body["messages"][0]["id"],
        hazel.known,
        "text",
        "Grüße 🌿",
    )
    assert seen["callback_data"] == "job-42"
    assert "Grüße 🌿" in (await hazel.sandbox.ask("GET", seen["url"]))[1]


async def test_the_same_request_twice_sends_twice(hazel: Business):
    assert await hazel.text("Once") != await hazel.text("Once")
    assert [m["text"] for m in await hazel.seen()] == ["Once", "Once"]


BUTTON = {"type": "reply", "reply": {"id": "yes", "title": "Yes"}}
LIST = {
    "button": "Choose",
    "sections": [{"title": "Bread", "rows": [{"id": "rye", "title": "Rye", "description": "Dark"}]}],
}
CARD = {"name": {"formatted_name": "Ada L", "first_name": "Ada"}, "phones": [{"phone": "+12025550199", "type": "WORK"}]}

GOOD: dict[str, tuple[str, Any]] = {
    "the longest text": ("text", {"body": "x" * 4096}),
    "buttons": ("interactive", {"type": "button", "body": {"text": "Sure?"}, "action": {"buttons": [BUTTON]}}),
    "list": ("interactive", {"type": "list", "body": {"text": "Bread"}, "footer": {"text": "f"}, "action": LIST}),
    "link": (
        "interactive",
        {
            "type": "cta_url",
            "body": {"text": "Shop"},
            "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://example.com"}},
        },
    ),
    "location": ("location", {"latitude": 52.5, "longitude": "13.4", "name": "Bakery", "address": "Oak St 1"}),
    "contacts": ("contacts", [CARD]),
}


@pytest.mark.parametrize("what", GOOD)
async def test_every_kind_arrives(hazel: Business, what: str):
    kind, payload = GOOD[what]
    wamid = await hazel.send(kind, payload)
    [seen] = await hazel.seen()
    assert (seen["id"], seen["kind"], seen["payload"]) == (wamid, kind, payload)


def buttons(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"type": "button", "body": {"text": "Sure?"}, "action": {"buttons": list(rows)}} | more


def reply(number: int, title: str | None = None) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": f"id{number}", "title": title or f"Title {number}"}}


def rows(count: int, sections: int = 1, **more: Any) -> dict[str, Any]:
    made = [{"id": f"r{n}", "title": f"Row {n}"} | more for n in range(count)]
    return {
        "type": "list",
        "body": {"text": "b"},
        "action": {
            "button": "Go",
            "sections": [{"title": f"S{n}", "rows": made[n::sections]} for n in range(sections)],
        },
    }


BAD: dict[str, tuple[str, Any, int]] = {
    "no body": ("text", {}, 131008),
    "empty body": ("text", {"body": ""}, 131008),
    "body of no text": ("text", {"body": 5}, 131009),
    "body too long": ("text", {"body": "x" * 4097}, 100),
    "unknown kind": ("hologram", {"body": "x"}, 131051),
    "a kind that is not played": ("interactive", {"type": "flow"}, 131051),
    "id and link": ("image", {"id": "1", "link": "https://example.com/a.jpg"}, 100),
    "neither id nor link": ("image", {"caption": "c"}, 100),
    "a link that is none": ("image", {"link": "ftp://example.com/a.jpg"}, 131009),
    "caption too long": ("image", {"link": "https://example.com/a.jpg", "caption": "x" * 1025}, 100),
    "audio with a caption": ("audio", {"link": "https://example.com/a.ogg", "caption": "c"}, 100),
    "an unknown media id": ("image", {"id": "123"}, 131009),
    "four buttons": ("interactive", buttons(*map(reply, range(4))), 131009),
    "no button": ("interactive", buttons(), 131009),
    "two buttons alike": ("interactive", buttons(reply(1, "Same"), reply(2, "Same")), 131009),
    "a button too long": ("interactive", buttons(reply(1, "x" * 21)), 100),
    "a footer too long": ("interactive", buttons(reply(1), footer={"text": "x" * 61}), 100),
    "a body too long": ("interactive", buttons(reply(1), body={"text": "x" * 1025}), 100),
    "eleven rows": ("interactive", rows(11), 131009),
    "eleven sections": ("interactive", rows(11, 11), 131009),
    "a row too long": ("interactive", rows(1, description="x" * 73), 100),
    "latitude beyond the pole": ("location", {"latitude": 91, "longitude": 0}, 131009),
    "no longitude": ("location", {"latitude": 1}, 131008),
    "a contact without a name": ("contacts", [{"name": {}}], 131008),
    "a reaction without emoji": ("reaction", {"message_id": "wamid.x"}, 131008),
    "a template without a language": ("template", {"name": "greeting"}, 131008),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_does_not_fit_is_refused_and_nobody_sees_it(hazel: Business, what: str):
    kind, payload, code = BAD[what]
    assert await hazel.refused(kind, payload) == (400, code)
    assert await hazel.seen(hidden=True) == []


async def test_whom_it_is_for_is_examined(hazel: Business):
    text = {"body": "x"}
    assert await hazel.refused("text", text, "12") == (400, 131009)
    assert await hazel.refused("text", text, "not a number") == (400, 131009)
    assert await hazel.refused("text", text, hazel.account["phone_number"]) == (400, 131021)
    await hazel.turn(allow_list=[hazel.stranger])
    assert await hazel.refused("text", text) == (400, 131030)
    status, body = await hazel.call("POST", f"/{hazel.id}/messages", json={"to": hazel.known, "text": text})
    assert (status, body["error"]["code"]) == (400, 100)
    assert await hazel.refused("text", text, biz_opaque_callback_data="x" * 513) == (400, 100)


async def test_an_id_may_differ_from_the_number_and_a_scoped_id_will_do(hazel: Business):
    await hazel.turn(inbound={"from": "+52 55 1234 5678", "text": "Hola"})
    status, body = await hazel.call(
        "POST", f"/{hazel.id}/messages", json=hazel.message("text", {"body": "Hola"}, "+525512345678", {})
    )
    assert (status, body["contacts"]) == (200, [{"input": "+525512345678", "wa_id": "5215512345678"}])
    await hazel.turn(recipient={"number": hazel.known, "hidden": True})
    _, body = await hazel.call("POST", f"/{hazel.id}/messages", json=hazel.message("text", {"body": "x"}, None, {}))
    [contact] = body["contacts"]
    assert set(contact) == {"input", "user_id"}
    order = {"messaging_product": "whatsapp", "recipient": contact["user_id"], "type": "text", "text": {"body": "y"}}
    status, body = await hazel.call("POST", f"/{hazel.id}/messages", json=order)
    assert (status, body["contacts"][0]["user_id"]) == (200, contact["user_id"])
    assert [m["text"] for m in await hazel.seen()] == ["Hola", "x", "y"]


async def test_a_reaction_and_a_read_receipt_point_at_messages(hazel: Business):
    wrote = await hazel.turn(inbound={"from": hazel.known, "text": "Hi"})
    [heard] = wrote["inbound_ids"]
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": heard}
    assert await hazel.post(f"/{hazel.id}/messages", **receipt, typing_indicator={"type": "text"}) == {"success": True}
    status, body = await hazel.call("POST", f"/{hazel.id}/messages", json=receipt | {"message_id": "wamid.no"})
    assert (status, body["error"]["code"]) == (400, 131009)
    assert await hazel.seen() == []
    await hazel.send("reaction", {"message_id": heard, "emoji": "👍"})
    await hazel.send("reaction", {"message_id": "wamid.no", "emoji": "👍"})
    await hazel.advance(5)
    assert [(m["text"], m["status"], m["error"]) for m in await hazel.seen(hidden=True)] == [
        ("👍", "sent", None),
        ("👍", "failed", 131009),
    ]
    routes = [c["route"] for c in await hazel.sandbox.control("GET", "/calls?platform=whatsapp")]
    assert routes == ["messages.read", "messages.read", "messages.send", "messages.send"]


# --- windows ------------------------------------------------------------------------------------------------------------------


async def test_outside_of_the_window_only_templates_go(hazel: Business):
    assert await hazel.refused("text", {"body": "x"}, hazel.stranger) == (400, 131047)
    await hazel.template("greeting", parameters("body", "Ada"))
    await hazel.turn(inbound={"from": hazel.stranger, "text": "Who is this?"})
    await hazel.text("Hazel", hazel.stranger)
    await hazel.advance(24 * HOUR)
    assert await hazel.refused("text", {"body": "x"}, hazel.stranger) == (400, 131047)
    assert [m["text"] for m in await hazel.seen()] == ["Hello Ada, we have news for you.", "Hazel"]


async def test_the_window_may_be_told_by_webhook_instead(hazel: Business):
    await hazel.knob(window_answer="webhook")
    await hazel.text("Too late", hazel.stranger)
    await hazel.advance(2)
    [message] = await hazel.seen(hidden=True)
    assert (message["status"], message["error"]) == ("failed", 131047)
    assert await hazel.seen() == []


async def test_an_order_that_makes_no_sense_is_told_what_does(hazel: Business):
    orders: list[dict[str, Any]] = [
        {"inbound": {"text": "from nobody"}},
        {"open_window": ["nobody"]},
        {"recipient": {"number": hazel.known, "state": "asleep"}},
        {"template": {"name": "unknown", "status": "PAUSED"}},
        {"tier": "TIER_9"},
        {"refuses": 1},
        {"mood": "good"},
    ]
    answers = [await hazel.sandbox.ask("POST", "/_sandbox/accounts/whatsapp/hazel", json=order) for order in orders]
    assert [status for status, _, _ in answers] == [400, 400, 400, 400, 400, 200, 400]
    assert [("available" in body) for _, body, _ in answers] == [False, False, True, True, True, False, True]


async def test_windows_are_opened_and_closed_by_order(hazel: Business):
    await hazel.turn(open_window=[hazel.stranger], close_window=[hazel.known])
    await hazel.text("x", hazel.stranger)
    assert await hazel.refused("text", {"body": "x"}) == (400, 131047)


# --- templates ----------------------------------------------------------------------------------------------------------------


async def test_a_template_arrives_with_its_parameters_in_it(hazel: Business):
    link = {"link": f"{hazel.sandbox.base}/_sandbox/media/sample.jpg"}
    await hazel.template(
        "spring_offer",
        {"type": "header", "parameters": [{"type": "image", "image": link}]},
        parameters("body", "Ada"),
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "may"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "1",
            "parameters": [{"type": "payload", "payload": "no"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": 2,
            "parameters": [{"type": "coupon_code", "coupon_code": "SPRING"}],
        },
    )
    named = {
        "type": "body",
        "parameters": [
            {"type": "text", "parameter_name": "day", "text": "Friday"},
            {"type": "text", "parameter_name": "first_name", "text": "Ada"},
        ],
    }
    await hazel.template("named_greeting", named)
    offer, greeting = await hazel.seen()
    assert offer["text"] == "Ada, spring is here."
    assert offer["buttons"][0]["url"] == "https://example.com/offers/may"
    assert offer["buttons"][1]["payload"] == "no"
    assert offer["media"][0]["content_type"] == "image/jpeg"
    assert greeting["text"] == "Hi Ada, see you on Friday."


CODE_BUTTON = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "123456"}]}
WRONG: dict[str, tuple[str, str, list[Any], tuple[int, int]]] = {
    "too few": ("order_update", "en", [parameters("header", "1"), parameters("body", "Ada")], (400, 132000)),
    "too many": ("greeting", "en", [parameters("body", "a", "b")], (400, 132000)),
    "none at all": ("greeting", "en", [], (400, 132000)),
    "another language": ("greeting", "fr", [parameters("body", "a")], (404, 132001)),
    "another name": ("nobody_made_this", "en", [], (404, 132001)),
    "not yet approved": ("pending_offer", "en", [], (404, 132001)),
    "rejected": ("rejected_offer", "en", [], (404, 132001)),
    "paused": ("paused_offer", "en", [], (400, 132015)),
    "disabled": ("disabled_offer", "en", [], (400, 132016)),
    "too long": ("greeting", "en", [parameters("body", "x" * 1024)], (400, 132005)),
    "a line break": ("greeting", "en", [parameters("body", "a\nb")], (400, 132018)),
    "an empty one": ("greeting", "en", [parameters("body", "")], (400, 131008)),
    "a picture in the body": ("greeting", "en", [{"type": "body", "parameters": [{"type": "image"}]}], (400, 132012)),
    "no header": ("spring_offer", "en", [parameters("body", "a")], (400, 132012)),
    "text where a picture goes": (
        "spring_offer",
        "en",
        [parameters("header", "a"), parameters("body", "a")],
        (400, 132012),
    ),
    "unnamed": ("named_greeting", "en", [parameters("body", "a", "b")], (400, 132012)),
    "no code for the button": ("login_code", "en", [parameters("body", "1")], (400, 131008)),
    "a button that is not there": ("greeting", "en", [parameters("body", "a"), CODE_BUTTON], (400, 132018)),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_template_that_does_not_fit_is_refused(hazel: Business, what: str):
    name, language, components, refusal = WRONG[what]
    payload = {"name": name, "language": {"code": language}, "components": components}
    assert await hazel.refused("template", payload, hazel.stranger) == refusal
    assert await hazel.seen(hidden=True) == []


async def test_templates_are_listed_filtered_and_paged(hazel: Business):
    waba = hazel.account["waba_id"]
    page = await hazel.get(f"/{waba}/message_templates", fields="name,status,language", limit="4")
    assert set(page["data"][0]) == {"name", "status", "language", "id"}
    names: list[str] = []
    while page is not None:
        names += [row["name"] for row in page["data"]]
        following = page["paging"].get("next")
        page = (await hazel.call("GET", following))[1] if following else None
    assert len(names) == 11
    assert set(names) == set(hazel.account["templates"])
    found = await hazel.get(f"/{waba}/message_templates", name="order_update", language="de", status="APPROVED")
    assert [row["language"] for row in found["data"]] == ["de"]
    assert found["data"][0]["components"][1]["type"] == "BODY"


async def test_a_template_is_reviewed_on_the_clock_and_can_be_deleted(hazel: Business):
    waba = f"/{hazel.account['waba_id']}/message_templates"
    body = {"type": "BODY", "text": "Hi {{1}}, bye.", "example": {"body_text": [["Ada"]]}}
    order = {"name": "fresh_bread", "language": "en", "category": "UTILITY", "components": [body]}
    made = await hazel.post(waba, **order)
    assert (made["status"], made["category"]) == ("PENDING", "UTILITY")
    status, again = await hazel.call("POST", waba, json=order)
    assert (status, again["error"]["error_subcode"]) == (400, 2388024)
    payload = {"name": "fresh_bread", "language": {"code": "en"}, "components": [parameters("body", "Ben")]}
    assert await hazel.refused("template", payload, hazel.stranger) == (404, 132001)
    await hazel.advance(60)
    assert (await hazel.get(f"/{made['id']}", fields="status"))["status"] == "APPROVED"
    await hazel.send("template", payload, hazel.stranger)
    status, body = await hazel.call("DELETE", waba, params={"name": "fresh_bread"})
    assert (status, body) == (200, {"success": True})
    assert (await hazel.call("GET", f"/{made['id']}"))[0] == 400


async def test_a_new_template_may_be_held_first(hazel: Business):
    await hazel.knob(pacing="paused", pacing_seconds=60)
    order = hazel.message("template", {"name": "hello_world", "language": {"code": "en_US"}}, hazel.stranger, {})
    _, body = await hazel.call("POST", f"/{hazel.id}/messages", json=order)
    assert body["messages"][0]["message_status"] == "held_for_quality_assessment"
    await hazel.advance(30)
    assert [m["status"] for m in await hazel.seen(hidden=True)] == ["accepted"]
    await hazel.advance(31)
    assert [(m["status"], m["error"]) for m in await hazel.seen(hidden=True)] == [("failed", 132015)]


async def test_the_marketing_api_takes_marketing_only(hazel: Business):
    body = hazel.message("template", {"name": "greeting", "language": {"code": "en"}, "components": [parameters("body", "A")]}, hazel.stranger, {})  # fmt: skip
    assert (await hazel.post(f"/{hazel.id}/marketing_messages", **body))["messages"][0]["id"]
    body["template"] = {"name": "hello_world", "language": {"code": "en_US"}}
    status, answer = await hazel.call("POST", f"/{hazel.id}/marketing_messages", json=body)
    assert (status, answer["error"]["code"]) == (400, 134100)


# --- files --------------------------------------------------------------------------------------------------------------------


async def test_a_file_is_uploaded_sent_read_back_and_deleted(hazel: Business):
    data = bytes(range(256)) * 50
    status, made = await hazel.upload(data, "image/jpeg", "cake.jpg")
    assert (status, set(made)) == (200, {"id"})
    await hazel.send("image", {"id": made["id"], "caption": "A cake"})
    [seen] = await hazel.seen()
    digest = hashlib.sha256(data).hexdigest()
    assert seen["text"] == "A cake"
    assert seen["media"] == [{"bytes": len(data), "sha256": digest, "content_type": "image/jpeg"}]
    info = await hazel.get(f"/{made['id']}")
    assert (info["mime_type"], info["sha256"], info["file_size"]) == ("image/jpeg", digest, str(len(data)))
    headers = {"Authorization": f"Bearer {hazel.account['access_token']}"}
    async with hazel.sandbox.http.get(info["url"], headers=headers) as reply_:
        assert (reply_.status, await reply_.read()) == (200, data)
    assert (await hazel.sandbox.ask("GET", info["url"]))[0] == 401
    await hazel.advance(301)
    assert (await hazel.call("GET", info["url"]))[0] == 404
    assert (await hazel.call("DELETE", f"/{made['id']}"))[1] == {"success": True}
    assert (await hazel.call("GET", f"/{made['id']}"))[0] == 400


async def test_a_file_belongs_to_one_number_and_lives_30_days(sandbox: Sandbox, hazel: Business):
    ridge = await business(sandbox, "ridge")
    _, made = await hazel.upload(b"x" * 10, "application/pdf", "menu.pdf")
    assert await ridge.refused("document", {"id": made["id"]}) == (400, 131009)
    assert (await ridge.call("GET", f"/{made['id']}"))[0] == 400
    assert await hazel.refused("image", {"id": made["id"]}) == (400, 131053)
    await hazel.send("document", {"id": made["id"], "filename": "menu.pdf"})
    await hazel.advance(30 * DAY)
    await hazel.turn(open_window=[hazel.known])
    assert await hazel.refused("document", {"id": made["id"]}) == (400, 131009)


async def test_files_of_the_wrong_kind_or_size_are_refused(hazel: Business):
    for data, kind, code in (
        (b"x", "application/zip", 100),
        (b"", "image/png", 131053),
        (b"x" * 600_000, "image/webp", 131053),
    ):
        status, body = await hazel.upload(data, kind)
        assert (status, body["error"]["code"]) == (400, code)


async def test_a_link_is_fetched_and_a_bad_one_fails_later(hazel: Business):
    media = f"{hazel.sandbox.base}/_sandbox/media"
    for name in ("sample.jpg", "html", "nothing.jpg"):
        await hazel.send("image", {"link": f"{media}/{name}"})
    await hazel.advance(5)
    seen = await hazel.seen(hidden=True)
    assert [(m["status"], m["error"]) for m in seen] == [("read", None), ("failed", 131053), ("failed", 131052)]
    async with hazel.sandbox.http.get(f"{media}/sample.jpg") as reply_:
        assert seen[0]["media"][0]["sha256"] == hashlib.sha256(await reply_.read()).hexdigest()


# --- limits -------------------------------------------------------------------------------------------------------------------


async def test_a_burst_to_one_person_borrows_from_the_future(hazel: Business):
    await hazel.knob(pair_burst=3, pair_seconds=600)
    for _ in range(3):
        await hazel.text()
    assert await hazel.refused("text", {"body": "x"}) == (400, 131056)
    await hazel.text(to=hazel.account["recipients"]["in_window"][1])
    await hazel.advance(1790)
    assert await hazel.refused("text", {"body": "x"}) == (400, 131056)
    await hazel.advance(11)
    await hazel.text()
    meter = await hazel.meter()
    assert (meter["accepted"], meter["refused"], meter["peak_pair_burst"]) == (5, {"131056": 2}, 3)


async def test_a_number_that_sends_too_fast_is_refused(hazel: Business):
    await hazel.knob(messages_per_second=2, pair_seconds=0)
    answers = [await hazel.call("POST", f"/{hazel.id}/messages", json=hazel.message("text", {"body": "x"}, None, {})) for _ in range(6)]  # fmt: skip
    assert [status for status, _ in answers[:3]] == [200, 200, 400]
    assert answers[2][1]["error"]["code"] == 130429
    meter = await hazel.meter()
    assert meter["peak_per_second"] == 2
    assert meter["refused"]["130429"] >= 1
    await hazel.advance(1)
    await hazel.text()


async def test_the_messaging_limit_counts_people_outside_of_windows(hazel: Business):
    await hazel.turn(tier="TIER_250")
    await hazel.knob(messages_per_second=0)
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    for number in range(250):
        await hazel.send("template", template, f"+1303555{number:04d}")
    assert await hazel.refused("template", template, "+13035559999") == (400, 131048)
    await hazel.send("template", template)
    await hazel.send("template", template, "+13035550000")
    assert (await hazel.report())["meters"]["reached_today"] == {hazel.account["business_id"]: 250}
    await hazel.advance(DAY)
    await hazel.send("template", template, "+13035559999")


async def test_management_calls_have_a_limit_and_a_header(hazel: Business):
    await hazel.knob(management_calls_registered=2)
    path, token = f"{GRAPH}/{hazel.id}", {"Authorization": f"Bearer {hazel.account['access_token']}"}
    _, _, headers = await hazel.sandbox.ask("GET", path, headers=token)
    usage = json.loads(headers["x-business-use-case-usage"])
    assert usage[hazel.account["waba_id"]][0]["call_count"] == 50
    await hazel.get(f"/{hazel.id}")
    status, body = await hazel.call("GET", f"/{hazel.id}")
    assert (status, body["error"]["code"]) == (400, 80008)
    await hazel.text()


@pytest.mark.parametrize(
    ("state", "template", "code"),
    [("absent", False, 131026), ("blocked", False, 130403), ("capped", True, 131049), ("opted_out", True, 131050), ("experiment", True, 130472)],
)  # fmt: skip
async def test_what_a_recipient_is_decides_what_becomes_of_it(hazel: Business, state: str, template: bool, code: int):
    await hazel.turn(recipient={"number": hazel.known, "state": state})
    if template:
        await hazel.text("Not marketing")
        await hazel.template("greeting", parameters("body", "Ada"), to=hazel.known)
    else:
        await hazel.text()
    await hazel.advance(5)
    last = (await hazel.seen(hidden=True))[-1]
    assert (last["status"], last["error"]) == ("failed", code)
    await hazel.knob(failure_answer="sync")
    kind, payload = ("template", {"name": "greeting", "language": {"code": "en"}, "components": [parameters("body", "A")]}) if template else ("text", {"body": "x"})  # fmt: skip
    assert (await hazel.refused(kind, payload))[1] == code


# --- numbers and tokens -------------------------------------------------------------------------------------------------------


async def test_a_number_tells_what_it_is(hazel: Business):
    await hazel.turn(quality="YELLOW", tier="TIER_10K", throughput="HIGH")
    fields = "verified_name,quality_rating,throughput,status,whatsapp_business_manager_messaging_limit,health_status"
    number = await hazel.get(f"/{hazel.id}", fields=fields)
    assert (number["quality_rating"], number["throughput"]) == ("YELLOW", {"level": "HIGH"})
    assert number["whatsapp_business_manager_messaging_limit"] == "TIER_10K"
    assert number["health_status"]["can_send_message"] == "AVAILABLE"
    listed = await hazel.get(f"/{hazel.account['waba_id']}/phone_numbers")
    assert [row["id"] for row in listed["data"]] == [hazel.id]
    owned = await hazel.get(f"/{hazel.account['business_id']}/owned_whatsapp_business_accounts")
    assert [row["id"] for row in owned["data"]] == [hazel.account["waba_id"]]


async def test_a_number_must_be_registered(hazel: Business):
    assert await hazel.post(f"/{hazel.id}/deregister") == {"success": True}
    assert await hazel.refused("text", {"body": "x"}) == (400, 133010)
    wrong = {"messaging_product": "whatsapp", "pin": "000000"}
    status, body = await hazel.call("POST", f"/{hazel.id}/register", json=wrong)
    assert (status, body["error"]["code"]) == (400, 133005)
    await hazel.post(f"/{hazel.id}/register", messaging_product="whatsapp", pin="123456")
    await hazel.text()
    await hazel.knob(registrations=2)
    status, body = await hazel.call("POST", f"/{hazel.id}/register", json=wrong)
    assert body["error"]["code"] == 133016


@pytest.mark.parametrize(("code", "status"), [(131031, 403), (131042, 400), (131057, 500), (368, 403), (131048, 400)])
async def test_an_account_in_trouble_is_refused_everything(hazel: Business, code: int, status: int):
    await hazel.turn(refuses=code)
    assert await hazel.refused("text", {"body": "x"}) == (status, code)
    await hazel.turn(refuses=None)
    await hazel.text()


async def test_a_token_reaches_its_own_business_only(sandbox: Sandbox, hazel: Business):
    ridge = await business(sandbox, "ridge")
    order = hazel.message("text", {"body": "x"}, ridge.known, {})
    for path in (f"/{ridge.id}/messages", "/123456/messages"):
        status, body = await hazel.call("POST", path, json=order)
        assert (status, body["error"]["code"], body["error"]["error_subcode"]) == (400, 100, 33)
    status, body = await hazel.call("GET", f"/{ridge.account['waba_id']}/message_templates")
    assert (status, body["error"]["code"]) == (400, 100)
    status, body = await hazel.call("POST", f"/{hazel.id}/messages", token="nonsense", json=order)
    assert (status, body["error"]["code"]) == (401, 190)
    status, body, _ = await sandbox.ask("POST", f"{GRAPH}/{hazel.id}/messages", json=order)
    assert (status, body["error"]["code"]) == (403, 200)
    await hazel.turn(scopes=["whatsapp_business_management"])
    assert await hazel.refused("text", {"body": "x"}) == (403, 10)
    assert await ridge.seen(hidden=True) == []


async def test_tokens_end_are_exchanged_before_and_described(hazel: Business):
    app = f"{hazel.account['app_id']}|{hazel.account['app_secret']}"
    status, body = await hazel.call(
        "GET", "/debug_token", token=app, params={"input_token": hazel.account["access_token"]}
    )
    data = body["data"]
    assert (status, data["is_valid"], data["expires_at"], data["type"]) == (200, True, 0, "SYSTEM_USER")
    assert data["granular_scopes"][0] == {
        "scope": "whatsapp_business_messaging",
        "target_ids": [hazel.account["waba_id"]],
    }
    secret = {"client_id": hazel.account["app_id"], "client_secret": hazel.account["app_secret"]}
    exchange = secret | {"grant_type": "fb_exchange_token", "set_token_expires_in_60_days": "true"}
    old = hazel.account["access_token"]
    _, new = await hazel.call("GET", "/oauth/access_token", params=exchange | {"fb_exchange_token": old})
    assert 5_183_900 < new["expires_in"] <= 5_183_944
    hazel.account["access_token"] = new["access_token"]
    await hazel.text()
    await hazel.advance(61 * DAY)
    status, body = await hazel.call("GET", f"/{hazel.id}")
    assert (status, body["error"]["code"], body["error"]["error_subcode"]) == (401, 190, 463)
    status, body = await hazel.call(
        "GET", "/oauth/access_token", params=exchange | {"fb_exchange_token": new["access_token"]}
    )
    assert (status, body["error"]["code"]) == (401, 190)
    assert (await hazel.call("GET", f"/{hazel.id}", token=old))[0] == 200
    await hazel.call("GET", "/oauth/revoke", token=app, params=secret | {"revoke_token": old})
    assert (await hazel.call("GET", f"/{hazel.id}", token=old))[0] == 401


async def test_the_dialog_gives_a_code_and_the_code_a_business_token(hazel: Business):
    query = {
        "client_id": hazel.account["app_id"],
        "redirect_uri": "http://127.0.0.1:1/back",
        "scope": "whatsapp_business_messaging,whatsapp_business_management",
        "state": "s",
    }
    dialog = "/www.facebook.com/v26.0/dialog/oauth"
    status, shown, _ = await hazel.sandbox.ask("GET", dialog, params=query)
    assert (status, "Hazel Bakes" in shown) == (200, True)
    form = {"decision": "approve", "account": "hazel", "scope": "whatsapp_business_messaging"}
    status, _, headers = await hazel.sandbox.ask("POST", dialog, params=query, data=form)
    assert status == 302
    code = headers["Location"].partition("code=")[2].partition("&")[0]
    secret = {"client_id": hazel.account["app_id"], "client_secret": hazel.account["app_secret"], "code": code}
    status, body, _ = await hazel.sandbox.ask("GET", f"{GRAPH}/oauth/access_token", params=secret)
    assert (status, "expires_in" in body) == (200, False)
    hazel.account["access_token"] = body["access_token"]
    await hazel.text()
    status, body, _ = await hazel.sandbox.ask("GET", f"{GRAPH}/oauth/access_token", params=secret)
    assert (status, body["error"]["error_subcode"]) == (400, 36009)


STATUS: dict[str, dict[str, Any]] = {"status_but_done": {"status": 503}, "190/463": {"status": 401}}


# --- faults -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status"),
    [("publish_then_500", 500), ("publish_then_504", 504), ("html_502", 502), ("status_but_done", 503)],
)
async def test_a_failing_answer_does_not_mean_that_nobody_got_it(hazel: Business, fault: str, status: int):
    await hazel.arm(fault, **STATUS.get(fault, {}))
    answered, body = await hazel.call(
        "POST", f"/{hazel.id}/messages", json=hazel.message("text", {"body": "x"}, None, {})
    )
    assert answered == status
    assert fault != "publish_then_500" or body["error"]["code"] == 131000
    assert len(await hazel.seen()) == 1


@pytest.mark.parametrize(("fault", "seen"), [("lost_reply", 1), ("publish_then_drop", 1), ("lost_request", 0)])
async def test_a_lost_connection_tells_nothing(hazel: Business, fault: str, seen: int):
    await hazel.arm(fault)
    with pytest.raises(aiohttp.ClientError):
        await hazel.text()
    assert len(await hazel.seen()) == seen


@pytest.mark.parametrize(
    ("reason", "status"), [("131056", 400), ("131016", 500), ("132001", 404), ("190/463", 401), ("0", 401)]
)
async def test_any_error_of_the_table_can_be_ordered(hazel: Business, reason: str, status: int):
    await hazel.arm("error", reason=reason, **STATUS.get(reason, {}))
    answered, body = await hazel.call(
        "POST", f"/{hazel.id}/messages", json=hazel.message("text", {"body": "x"}, None, {})
    )
    assert (answered, str(body["error"]["code"])) == (status, reason.partition("/")[0])
    assert await hazel.seen(hidden=True) == []


async def test_the_call_list_tells_no_secrets_and_a_reset_forgets_all(sandbox: Sandbox, hazel: Business):
    await hazel.turn(quality="RED")
    await hazel.text("secret words")
    told = json.dumps(await sandbox.control("GET", "/calls"))
    assert "messages.send" in told
    assert "secret words" not in told
    assert hazel.account["access_token"] not in told
    before = hazel.account["access_token"]
    await sandbox.control("POST", "/reset")
    again = await business(sandbox)
    assert (again.account["quality"], again.account["access_token"]) == ("GREEN", before)
    assert await again.seen(hidden=True) == []
    await again.text()
