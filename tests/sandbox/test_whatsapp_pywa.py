"""pywa, a client library we did not write, unchanged against the sandbox: what it understands, we imitate well enough.

It takes an `httpx.Client` of one's own; ours has a transport that sends `https://HOST/PATH` to the sandbox, as the product's does.
"""

# Optional arguments of pywa are typed loosely.
# pyright: reportPrivateImportUsage=false, reportMissingTypeArgument=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pywa import WhatsApp, errors, types
from pywa.types import templates as t

from sandbox.test_whatsapp import DAY, Business, Receiver, business, receiver
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio


class ToSandbox(httpx.HTTPTransport):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = httpx.URL(base)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != self.base.host:
            path = f"/{request.url.host}".encode() + request.url.raw_path
            request.headers["Host"] = self.base.netloc.decode()
            request.url = request.url.copy_with(scheme="http", host=self.base.host, port=self.base.port, raw_path=path)
        return super().handle_request(request)


def client(it: Business, **more: Any) -> WhatsApp:
    session = httpx.Client(transport=ToSandbox(it.sandbox.base))
    account = it.account
    return WhatsApp(
        phone_id=account["posting_identity"], token=account["access_token"], session=session, waba_id=account["waba_id"],
        app_id=account["app_id"], app_secret=account["app_secret"], business_portfolio_id=account["business_id"], **more,
    )  # fmt: skip


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Business:
    return await business(sandbox)


@pytest.fixture
async def hook(anyio_backend: str) -> AsyncIterator[Receiver]:
    async with receiver() as it:
        yield it


async def test_it_sends_every_kind(hazel: Business):
    wa, to = client(hazel), hazel.known
    media = f"{hazel.sandbox.base}/_sandbox/media"

    def use() -> list[str]:
        first = wa.send_message(to=to, text="Sent by pywa", preview_url=True, tracker="job-1")
        sent = [
            first,
            wa.send_image(to=to, image=f"{media}/sample.jpg", caption="A cake"),
            wa.send_video(to=to, video=f"{media}/sample.mp4"),
            wa.send_document(to=to, document=b"%PDF-1.4", filename="menu.pdf", mime_type="application/pdf"),
            wa.send_audio(to=to, audio=b"OggS", mime_type="audio/ogg"),
            wa.send_sticker(to=to, sticker=b"RIFF", mime_type="image/webp"),
            wa.send_location(to=to, latitude=52.5, longitude=13.4, name="Bakery", address="Oak St 1"),
            wa.send_contact(
                to=to, contact=types.Contact(name=types.Contact.Name(formatted_name="Ada L", first_name="Ada"))
            ),
            wa.send_message(
                to=to, text="Sure?", buttons=[types.Button("Yes", "y"), types.Button("No", "n")], footer="f", header="h"
            ),
            wa.send_message(
                to=to,
                text="Bread",
                buttons=types.SectionList("Choose", [types.Section("All", [types.SectionRow("Rye", "rye", "Dark")])]),
            ),
            wa.send_message(to=to, text="Shop", buttons=types.URLButton("Open", "https://example.com")),
            wa.send_reaction(to=to, emoji="🥐", message_id=first.id),
        ]
        return [str(message.id) for message in sent]

    ids = await asyncio.to_thread(use)
    seen = await hazel.seen()
    assert [m["id"] for m in seen] == ids
    kinds = [
        "text",
        "image",
        "video",
        "document",
        "audio",
        "sticker",
        "location",
        "contacts",
        *["interactive"] * 3,
        "reaction",
    ]
    assert [m["kind"] for m in seen] == kinds
    assert (seen[0]["text"], seen[0]["callback_data"]) == ("Sent by pywa", "job-1")
    assert seen[3]["media"][0]["sha256"] == hashlib.sha256(b"%PDF-1.4").hexdigest()


async def test_it_keeps_files(hazel: Business):
    wa = client(hazel)

    def use() -> tuple[Any, bytes, bool]:
        made = wa.upload_media(media=b"x" * 5000, mime_type="image/jpeg", filename="cake.jpg")
        found = wa.get_media_url(made.id)
        data = wa.get_media_bytes(url=found.url)
        return found, data, bool(wa.delete_media(media_id=made.id))

    found, data, deleted = await asyncio.to_thread(use)
    assert (found.mime_type, int(found.file_size), deleted) == ("image/jpeg", 5000, True)
    assert data == b"x" * 5000


async def test_it_lists_creates_and_sends_templates(hazel: Business):
    wa = client(hazel)
    body = t.BodyText("Hi {{name}}, see you on {{day}}!", name="Ada", day="Monday")
    made = t.Template(
        name="see_you", language=t.TemplateLanguage.ENGLISH, category=t.TemplateCategory.UTILITY, components=[body],
        parameter_format=t.ParamFormat.NAMED,
    )  # fmt: skip

    def create() -> Any:
        return wa.create_template(template=made)

    def use() -> tuple[set[str], Any]:
        names = {template.name for template in wa.get_templates()}
        sent = wa.send_template(
            to=hazel.stranger, name="see_you", language=t.TemplateLanguage.ENGLISH, params=[body.params(name="Eva", day="Friday")]
        )  # fmt: skip
        return names, sent

    created = await asyncio.to_thread(create)
    assert created.status == t.TemplateStatus.PENDING
    await hazel.advance(60)
    names, sent = await asyncio.to_thread(use)
    assert names == {*hazel.account["templates"], "see_you"}
    [seen] = await hazel.seen()
    assert (seen["id"], seen["text"]) == (sent.id, "Hi Eva, see you on Friday!")


async def test_it_reads_the_number_and_marks_as_read(hazel: Business):
    [heard] = (await hazel.turn(inbound={"from": hazel.known, "text": "Hi"}))["inbound_ids"]
    wa = client(hazel)

    def use() -> tuple[Any, bool, bool]:
        number = wa.get_business_phone_number()
        return number, bool(wa.mark_message_as_read(heard)), bool(wa.indicate_typing(heard))

    number, read, typing = await asyncio.to_thread(use)
    assert (number.id, number.verified_name, read, typing) == (hazel.id, "Hazel Bakes", True, True)


ERRORS: tuple[tuple[str, type[errors.WhatsAppError]], ...] = (
    ("131047", errors.ReEngagementMessage),
    ("131026", errors.MessageUndeliverable),
    ("131056", errors.TooManyMessages),
    ("132001", errors.TemplateNotExists),
    ("131042", errors.BusinessPaymentIssue),
    ("131031", errors.AccountLocked),
    ("0", errors.AuthException),
)


async def test_it_knows_the_errors_by_name(hazel: Business):
    wa = client(hazel)

    def use(kind: type[errors.WhatsAppError]) -> int:
        with pytest.raises(kind) as caught:
            wa.send_message(to=hazel.known, text="x")
        return caught.value.code

    for code, kind in ERRORS:
        await hazel.arm("error", reason=code)
        assert await asyncio.to_thread(use, kind) == int(code)

    def too_late() -> None:
        with pytest.raises(errors.ReEngagementMessage):
            wa.send_message(to=hazel.stranger, text="x")

    await asyncio.to_thread(too_late)
    assert await hazel.seen(hidden=True) == []


async def test_it_subscribes_and_understands_what_it_is_told(hazel: Business, hook: Receiver):
    wa = client(hazel, server=None, verify_token=hook.token)
    statuses: list[types.MessageStatus] = []
    messages: list[types.Message] = []
    wa.on_message_status()(lambda _, status: statuses.append(status))
    wa.on_message()(lambda _, message: messages.append(message))

    def use() -> str:
        app = wa.api.get_app_access_token(int(hazel.account["app_id"]), hazel.account["app_secret"])["access_token"]
        done = wa.api.set_app_callback_url(int(hazel.account["app_id"]), app, hook.url, hook.token, ("messages",))
        assert done == {"success": True}
        return str(wa.send_message(to=hazel.known, text="x", tracker="job-7").id)

    wamid = await asyncio.to_thread(use)
    assert hook.handshakes[0]["hub.verify_token"] == hook.token
    await hazel.advance(5)
    await hazel.turn(inbound={"from": hazel.stranger, "text": "Zwei Brote, bitte – und Käse"})
    await hook.heard(4)

    def read() -> None:
        for raw, _ in hook.posts:
            header = "sha256=" + hashlib.sha256(raw).hexdigest()
            assert wa.webhook_update_validator(raw, header) is not None
            wa.webhook_update_handler(raw)

    await asyncio.to_thread(read)
    assert [status.status.value for status in statuses] == ["sent", "delivered", "read"]
    assert {(status.id, status.tracker) for status in statuses} == {(wamid, "job-7")}
    assert [(m.text, m.from_user.wa_id) for m in messages] == [
        ("Zwei Brote, bitte – und Käse", hazel.stranger.lstrip("+"))
    ]


async def test_its_validator_agrees_with_our_signatures(hazel: Business, hook: Receiver):
    wa = client(hazel, verify_token=hook.token)
    await hazel.turn(subscribe={"callback_url": hook.url, "verify_token": hook.token})
    await hazel.knob(reach="sent")
    await hazel.arm("webhook_forged")
    await hazel.text("ü")
    await hook.heard(2)
    refusals = [
        wa.webhook_update_validator(raw, header) for (raw, _), header in zip(hook.posts, hook.signatures, strict=True)
    ]
    assert refusals == [("Forbidden", 403), None]
    assert json.loads(hook.posts[1][0])["object"] == "whatsapp_business_account"


async def test_it_uploads_an_example_in_pieces(hazel: Business):
    wa, data = client(hazel), b"x" * 1000

    def use() -> tuple[str, int, dict[str, Any]]:
        session = wa.api.create_upload_session(hazel.account["app_id"], "a.jpg", len(data), "image/jpeg")["id"]
        with pytest.raises(errors.WhatsAppError):
            wa.api.upload_file(session, data, file_offset=5)
        offset = wa.api.get_upload_session(session)["file_offset"]
        return session, offset, wa.api.upload_file(session, data)

    session, offset, done = await asyncio.to_thread(use)
    assert session.startswith("upload:")
    assert (offset, set(done)) == (0, {"h"})


async def test_a_token_that_has_ended_is_an_error_it_knows(hazel: Business):
    await hazel.turn(expires_in=DAY)
    await hazel.advance(DAY + 1)
    wa = client(hazel)

    def use() -> int:
        with pytest.raises(errors.ExpiredAccessToken) as caught:
            wa.send_message(to=hazel.known, text="x")
        return caught.value.code

    assert await asyncio.to_thread(use) == 190
