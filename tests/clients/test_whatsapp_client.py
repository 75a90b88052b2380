"""WhatsApp's library face, on the sandbox with its real webhooks: every kind of message, every lost answer, and what became of it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from clients.stage import DELAYS, follow, refused
from cp.portal import served
from durable.platform_stage import House, MemoryTokens, credentials_for
from durable.sweep import SteppingClock
from durable.whatsapp_stage import PICTURE, open_whatsapp, publication_for
from waooaw_social.clients.client import CallMeter, Wiring
from waooaw_social.clients.whatsapp import WhatsAppClient
from waooaw_social.core.post import MediaUrl
from waooaw_social.core.refusal import SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.core.secret import Secret
from waooaw_social.plant.webhooks import signature_of
from waooaw_social.platforms.kit import OAuthClient
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.whatsapp.manifest import WHATSAPP
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.gateway import Gateway
from waooaw_social.wire.quota import MemoryQuota
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport

pytestmark = pytest.mark.anyio
SEND = "messages.send"
FILES = {"video": "video/mp4", "audio": "audio/ogg", "document": "application/pdf", "sticker": "image/webp"}


def url_of(kind: str) -> str:
    return PICTURE.url if kind == "image" else f"https://example.com/file.{kind}"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_whatsapp(tmp_path) as opened:
        for kind, content_type in FILES.items():
            data = await opened.sample("sample.mp4") if kind == "video" else b"x" * 1000
            opened.media.add(MediaUrl(url_of(kind)), data, content_type)
        yield opened


@dataclass
class Set:
    client: WhatsAppClient
    house: House
    clock: SteppingClock
    account: dict[str, Any]
    told: list[tuple[bytes, str]]

    @property
    def to(self) -> str:
        return self.account["recipients"]["in_window"][0]

    async def seen(self, *, hidden: bool = False) -> list[dict[str, Any]]:
        return await self.house.ask(f"audience/whatsapp/hazel{'?include=hidden' * hidden}")

    async def fault(self, fault: str, **order: Any) -> None:
        await self.house.order("faults", {"platform": "whatsapp", "fault": fault, **order})

    async def turn(self, **orders: Any) -> Any:
        return await self.house.order("accounts/whatsapp/hazel", orders)

    async def routes(self) -> list[str]:
        return [call["route"] for call in await self.house.ask("calls?platform=whatsapp")]


@asynccontextmanager
async def on_stage(
    house: House, *, deadline: float = 3600.0, webhooks: bool = True, **metadata: str
) -> AsyncIterator[Set]:
    """A fresh sandbox and a client for its first number; `webhooks`: and everything that is told goes to it."""
    await house.order("reset")
    clock, account, known = await follow(house), await house.account("whatsapp", "hazel"), kits()
    metadata = {"waba_id": account["waba_id"]} | metadata
    lent = credentials_for(account, publication_for(account, "text"))
    source = MemoryTokens(replace(lent, metadata=metadata))
    transport, meter = Transport(origin=house.base, monotonic=clock.monotonic), CallMeter()
    app = OAuthClient(client_id=account["app_id"], client_secret=Secret(account["app_secret"]))
    tokens = Tokens(source=source, transport=transport, kits=known, clients={"facebook": app}, clock=clock)
    gateway = Gateway(
        transport=transport, tokens=tokens, quota=MemoryQuota(clock=clock), breaker=NoBreaker(), media=house.media,
        meter=meter, kits=known, clock=clock,
    )  # fmt: skip
    wired = Wiring(kit=known[WHATSAPP], gateway=gateway, files=house.media, clock=clock, meter=meter, delays=DELAYS)
    async with WhatsAppClient(customer_id="CUST-1", wired=wired, deadline=deadline) as client:
        stage = Set(client, house, clock, account, [])
        async with served(receiver(stage)) as at:
            if webhooks:
                await stage.turn(subscribe={"callback_url": at + "/hook", "verify_token": "x"})
            yield stage


def receiver(stage: Set) -> Starlette:
    async def shake_hands(request: Request) -> Response:
        return PlainTextResponse(request.query_params["hub.challenge"])

    async def take(request: Request) -> Response:
        told = await request.body(), request.headers.get("x-hub-signature-256", "")
        try:
            await stage.client.receive_webhook(*told)
        except SocialPlatformError:
            return Response(status_code=403)
        stage.told.append(told)
        return Response()

    return Starlette(routes=[Route("/hook", shake_hands), Route("/hook", take, methods=["POST"])])


Method = Callable[[Set], Awaitable[Any]]
ROWS = [{"title": "Cakes", "rows": [{"id": "1", "title": "Apple", "description": "with cream"}]}]
URL_BUTTON = {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "spring"}]}
CODE_BUTTON = {"type": "button", "sub_type": "copy_code", "index": "2", "parameters": [{"type": "coupon_code", "coupon_code": "S25"}]}  # fmt: skip
CONTACT = {"name": {"formatted_name": "Ada L", "first_name": "Ada"}, "phones": [{"phone": "+15550100"}]}
METHODS: dict[str, Method] = {
    "text": lambda s: s.client.post_text("CRED-1", "hi", to=s.to),
    "captioned": lambda s: s.client.post_text("CRED-1", "hi", PICTURE.url, to=s.to),
    **{kind: lambda s, k=kind: s.client.send_media("CRED-1", k, url_of(k), to=s.to) for kind in (*FILES, "image")},
    "template": lambda s: s.client.send_template_message("CRED-1", "greeting", ["Ada"], to=s.to),
    "named": lambda s: s.client.send_template_message("CRED-1", "named_greeting", {"first_name": "Ada", "day": "Monday"}, to=s.to),
    "offer": lambda s: s.client.send_template_message("CRED-1", "spring_offer", ["Ada"], to=s.to, header=PICTURE, components=[URL_BUTTON, CODE_BUTTON]),
    "buttons": lambda s: s.client.send_buttons("CRED-1", "Tea?", {"y": "Yes", "n": "No"}, footer="f", header=PICTURE, to=s.to),
    "list": lambda s: s.client.send_list("CRED-1", "Cake?", "Choose", ROWS, to=s.to),
    "link": lambda s: s.client.send_link("CRED-1", "See", "Open", "https://example.com", to=s.to),
    "location": lambda s: s.client.send_location("CRED-1", 51.5, -0.12, "Us", to=s.to),
    "contacts": lambda s: s.client.send_contacts("CRED-1", [CONTACT], to=s.to),
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
async def test_every_kind_of_message_arrives_and_says_how_far_it_got(house: House, method: str) -> None:
    async with on_stage(house) as stage:
        result = await METHODS[method](stage)
        (message,) = await stage.seen()
        assert result.success and result.post_id == message["id"] and message["to"] == stage.to
        assert message["callback_data"].startswith("w1:lib-")
        await stage.clock.advance(30.0)
        while (status := await stage.client.get_message_status("CRED-1", result.post_id)).status != "read":
            await stage.clock.advance(1.0)
        assert status.source == "webhook" and status.at and status.error_code is None


async def test_a_reaction_and_a_read_receipt(house: House) -> None:
    async with on_stage(house) as stage:
        (wamid,) = (await stage.turn(inbound={"from": stage.to, "text": "hello"}))["inbound_ids"]
        assert (await stage.client.send_reaction("CRED-1", wamid, "👍", to=stage.to)).success
        assert await stage.client.mark_read("CRED-1", wamid, typing=True) is True
        assert [message["kind"] for message in await stage.seen()] == ["reaction"]


async def test_without_webhooks_a_sent_message_is_accepted_and_nobody_knows_more(house: House) -> None:
    async with on_stage(house, webhooks=False, default_recipient="+12025550111") as stage:
        result = await stage.client.post_text("CRED-1", "hi")
        status = await stage.client.get_message_status("CRED-1", result.post_id or "")
        assert (status.status, status.source) == ("accepted", "send reply")
        unknown = await refused(stage.client.get_message_status("CRED-1", "wamid.X=="))
        assert (unknown.error_code, unknown.is_transient) == ("unknown_message", False)


async def test_a_message_that_fails_later_says_why(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.fault("fails", route=SEND, code="131026")
        result = await METHODS["text"](stage)
        while (status := await stage.client.get_message_status("CRED-1", result.post_id)).status != "failed":
            await stage.clock.advance(1.0)
        assert status.error_code == "undeliverable" and status.remediation


async def test_a_forged_webhook_is_refused_and_a_replayed_one_changes_nothing(house: House) -> None:
    async with on_stage(house) as stage:
        result = await METHODS["text"](stage)
        while not stage.told:
            await stage.clock.advance(1.0)
        await stage.clock.advance(30.0)
        before = await stage.client.get_message_status("CRED-1", result.post_id)
        body, signature = stage.told[0]
        assert await stage.client.receive_webhook(body, signature) == 2
        assert await stage.client.get_message_status("CRED-1", result.post_id) == before
        for wrong in ("", "sha256=" + "0" * 64, signature_of(body, Secret("another"))):
            error = await refused(stage.client.receive_webhook(body, wrong))
            assert (error.error_code, error.is_transient) == ("forged_webhook", False)
        secret = Secret(stage.account["app_secret"])
        for junk in (b"", b"[]", b"{", json.dumps({"object": "page"}).encode()):
            assert await stage.client.receive_webhook(junk, signature_of(junk, secret)) == 0


# --- lost answers -------------------------------------------------------------------------------------------------------------

LOST: list[dict[str, Any]] = [
    {"fault": "lost_request"},
    {"fault": "lost_reply"},
    {"fault": "publish_then_504"},
    {"fault": "status_but_done", "status": 500},
    {"fault": "status", "status": 500},
    {"fault": "error", "reason": "130429"},
    {"fault": "error", "reason": "131056"},
    {"fault": "error", "reason": "190"},
    {"fault": "error", "reason": "131016"},
]


async def obedient(stage: Set, method: str) -> tuple[str, list[str]]:
    """What a caller who obeys `is_transient` ends with, and everything that contradicts the promise."""
    for _ in range(4):
        try:
            result = await METHODS[method](stage)
        except SocialOutcomeUnknown as unknown:
            return "unknown", [] if not unknown.is_transient and unknown.how_to_settle else [repr(unknown)]
        except SocialPlatformError as error:
            if seen := await stage.seen():
                return "refused", [f"{error} (transient: {error.is_transient}), but {len(seen)} arrived"]
            if not error.is_transient:
                return "refused", []
            await stage.clock.advance(error.retry_after or 60.0)
        else:
            seen = [message["id"] for message in await stage.seen()]
            return "sent", [] if seen == [result.post_id] else [f"sent as {result.post_id}, arrived as {seen}"]
    return "gave up", []


@pytest.mark.parametrize("webhooks", [True, False])
@pytest.mark.parametrize("deadline", [0.0, 3600.0])
async def test_whoever_obeys_sends_one_message_whatever_gets_lost(
    house: House, webhooks: bool, deadline: float
) -> None:
    ends: dict[str, int] = {}
    wrong: list[str] = []
    methods = list(METHODS) if webhooks and deadline else ["text", "image", "template"]
    for method in methods:
        for fault in LOST:
            async with on_stage(house, webhooks=webhooks, deadline=deadline) as stage:
                await stage.fault(**{"route": SEND, **fault})
                end, problems = await obedient(stage, method)
                if len(await stage.seen()) > 1:
                    problems.append("more than one arrived")
                ends[end] = ends.get(end, 0) + 1
                wrong += [f"{method}, {fault}: {problem}" for problem in problems]
    assert not wrong, "\n".join(wrong)
    assert ends["unknown"] >= 3 * len(methods) and ends["sent"] >= 2 * len(methods)
    assert not (webhooks and deadline) or ends["sent"] >= 5 * len(methods)


async def test_what_silence_means_is_the_callers_to_say(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.fault("lost_request", route=SEND)
        with pytest.raises(SocialOutcomeUnknown):
            await stage.client.post_text("CRED-1", "offer", to=stage.to)
        await stage.fault("lost_request", route=SEND)
        assert (await stage.client.post_text("CRED-1", "code 1234", to=stage.to, on_silence="resend")).success
        assert [message["text"] for message in await stage.seen()] == ["code 1234"]


# --- refusals and connections -------------------------------------------------------------------------------------------------


async def test_what_cannot_be_sent_is_refused_and_nobody_is_asked(house: House) -> None:
    async with on_stage(house) as stage:
        for call, code in (
            (stage.client.post_text("CRED-1", "x" * 4097, to=stage.to), "text_too_long"),
            (stage.client.post_text("CRED-1", "x", to="5550100"), "invalid_recipient"),
            (stage.client.post_text("CRED-1", "x"), "recipient_required"),
            (stage.client.send_buttons("CRED-1", "x", {}, to=stage.to), "invalid_interactive"),
        ):
            error = await refused(call)
            assert (error.error_code, error.is_transient) == (code, False)
        assert await stage.routes() == []


@pytest.mark.parametrize(
    ("name", "params", "language", "code"),
    [
        ("nothing_here", [], "en", "template_missing"),
        ("greeting", ["Ada"], "de", "template_missing"),
        ("greeting", [], "en", "template_parameters"),
        ("pending_offer", [], "en", "template_not_approved"),
        ("rejected_offer", [], "en", "template_not_approved"),
        ("spring_offer", ["Ada"], "en", "template_parameters"),
    ],
)
async def test_a_template_is_looked_up_before_it_is_sent(
    house: House, name: str, params: list[str], language: str, code: str
) -> None:
    async with on_stage(house) as stage:
        error = await refused(stage.client.send_template_message("CRED-1", name, params, language, to=stage.to))
        assert (error.error_code, error.is_transient) == (code, False) and await stage.routes() == ["templates.list"]


async def test_templates_are_listed_with_their_states(house: House) -> None:
    async with on_stage(house) as stage:
        listed = {(one.name, one.language): one.status for one in await stage.client.list_templates("CRED-1")}
        assert listed["greeting", "en"] == "APPROVED" and listed["paused_offer", "en"] == "PAUSED" and len(listed) == 11


async def test_outside_of_the_window_a_text_is_refused_and_a_template_arrives(house: House) -> None:
    async with on_stage(house) as stage:
        to = stage.account["recipients"]["out_of_window"][0]
        error = await refused(stage.client.post_text("CRED-1", "hi", to=to))
        assert (error.error_code, error.is_transient) == ("outside_window", False)
        assert (await stage.client.send_template_message("CRED-1", "greeting", ["Ada"], to=to)).success


async def test_a_connection_is_looked_at_and_its_token_needs_no_refresh(house: House) -> None:
    async with on_stage(house) as stage:
        assert await stage.client.validate_credentials("CRED-1") is True
        report = await stage.client.inspect_credentials("CRED-1")
        assert report.identity == stage.account["posting_identity"] and report.facts["quality"] == "GREEN"
        assert await stage.client.refresh_token("CRED-1") == stage.account["access_token"]
        await stage.turn(scopes=["whatsapp_business_messaging"])
        assert (await refused(stage.client.validate_credentials("CRED-1"))).error_code == "missing_permission"
        await stage.turn(revoked=True)
        assert (await refused(stage.client.validate_credentials("CRED-1"))).error_code == "needs_reconnect"
