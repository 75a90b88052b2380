"""What recipients see: the truth for the control API, and a chat page each, where a person may also write back."""

from html import escape
from urllib.parse import parse_qs

from aiohttp import web

from waooaw_sandbox.clock import iso, iso_seconds
from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.pages import page
from waooaw_sandbox.whatsapp.inbox import received
from waooaw_sandbox.whatsapp.objects import Inbound, Message
from waooaw_sandbox.whatsapp.orders import find
from waooaw_sandbox.whatsapp.people import Person, Sender
from waooaw_sandbox.whatsapp.state import WhatsApp
from waooaw_sandbox.whatsapp.values import listed, record, text_of

HOST = "web.whatsapp.com"


async def audience(wa: WhatsApp, name: str, origin: str, *, hidden: bool) -> list[Json]:
    """Every accepted message, oldest first, whatever the webhooks said; those that fail only with `hidden`."""
    sender = find(wa, name)
    sent = [m for m in wa.messages.values() if m.sender is sender and (hidden or m.error is None)]
    return [await seen(wa, message, origin) for message in sent]


async def seen(wa: WhatsApp, message: Message, origin: str) -> Json:
    return {
        "id": message.wamid,
        "to": f"+{message.person.wa_id}",
        "kind": message.kind,
        "text": message.text,
        "media": [await message.file.seen()] if message.file else [],
        "published_at": iso(message.accepted_at),
        "status": message.status(wa.clock.now()),
        "url": f"{origin}/{HOST}/{message.sender.phone_id}/{message.person.wa_id}",
        "error": int(message.error) if message.error else None,
        "template": message.template.name if message.template else None,
        "reply_to": message.reply_to,
        "callback_data": message.callback_data,
        "payload": message.payload,
    } | message.extra


# --- the page -----------------------------------------------------------------------------------------------------------------


def both(wa: WhatsApp, call: Call) -> tuple[Sender, Person] | None:
    sender, person = wa.sender(call.found["phone"]), wa.persons.get(call.found["person"])
    return (sender, person) if sender is not None and person is not None else None


async def show(wa: WhatsApp, call: Call) -> Answer:
    found = both(wa, call)
    if found is None:
        return Answer(404, page("No such chat", '<div class="card"><h1>No such chat</h1></div>'), "text/html")
    sender, person = found
    bubbles = "".join(
        bubble(wa, call, one) for one in wa.chat(sender, person) if isinstance(one, Inbound) or not one.error
    )
    window = "open" if wa.window_open(sender, person) else "closed"
    form = '<form method="post"><input name="text" required> <button class="main">Write back</button></form>'
    title = f"<h1>{escape(person.name)} and {escape(sender.title)}</h1>"
    content = f"{title}{bubbles}<p class='quiet'>The window is {window}.</p>{form}"
    return Answer(200, page(f"{person.name} · {sender.title}", content), "text/html")


def bubble(wa: WhatsApp, call: Call, one: Message | Inbound) -> str:
    if isinstance(one, Inbound):
        who, at, text = one.person.name, one.at, text_of(one.payload.get("body")) or one.kind
        return (
            f'<div class="card"><p class="quiet">{escape(who)} · {iso_seconds(at)}</p><pre>{escape(text)}</pre></div>'
        )
    head = f"{escape(one.sender.title)} · {iso_seconds(one.accepted_at)} · {one.status(wa.clock.now())}"
    media = shown_file(call, one)
    texts = (text_of(one.extra.get("header")), one.text or one.kind, text_of(one.extra.get("footer")))
    text = "\n".join(line for line in texts if line)
    buttons = " ".join(f"<button disabled>{escape(label)}</button>" for label in labels(one))
    return f'<div class="card"><p class="quiet">{head}</p>{media}<pre>{escape(text)}</pre>{buttons}</div>'


def shown_file(call: Call, message: Message) -> str:
    if message.file is None:
        return ""
    url = call.url(HOST, f"/media/{message.wamid.removeprefix('wamid.').replace('/', '_')}")
    if message.file.content_type.startswith("image/"):
        return f'<img src="{url}" alt="">'
    if message.file.content_type.startswith("video/"):
        return f'<video src="{url}" controls muted playsinline></video>'
    return f'<p><a href="{url}">{escape(message.file.name or message.kind)}</a></p>'


def labels(message: Message) -> list[str]:
    given = record(record(message.payload).get("action"))
    replies = [text_of(record(record(b).get("reply")).get("title")) for b in listed(given.get("buttons"))]
    template = [text_of(record(b).get("text")) for b in listed(message.extra.get("buttons"))]
    link = text_of(record(given.get("parameters")).get("display_text"))
    return [label for label in (*replies, *template, text_of(given.get("button")), link) if label]


async def write_back(wa: WhatsApp, call: Call) -> Answer:
    found, form = both(wa, call), parse_qs((await call.read()).decode("utf-8", "replace"))
    if found is not None and form.get("text"):
        received(wa, *found, "text", {"body": form["text"][0]})
    return Answer(303, headers={"Location": call.url(HOST, call.path)})


async def file(wa: WhatsApp, call: Call) -> Answer | web.StreamResponse:
    found = wa.messages.get("wamid." + call.found["id"].replace("_", "/"))
    if found is None or found.file is None:
        return Answer(404)
    return web.FileResponse(found.file.path, headers={"Content-Type": found.file.content_type})
