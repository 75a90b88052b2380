"""People write in: that opens the window, and is told by webhook. By the control API, or typed into the chat page."""

from typing import Any

from waooaw_sandbox.kit import Json
from waooaw_sandbox.media import content
from waooaw_sandbox.meta.state import Blob
from waooaw_sandbox.problem import Problem
from waooaw_sandbox.whatsapp.media import keep
from waooaw_sandbox.whatsapp.objects import Inbound
from waooaw_sandbox.whatsapp.people import Person, Sender, digits_of
from waooaw_sandbox.whatsapp.settings import MEDIA
from waooaw_sandbox.whatsapp.state import WhatsApp
from waooaw_sandbox.whatsapp.values import record, text_of
from waooaw_sandbox.whatsapp.webhooks import inbound_value, notice

SAMPLE_TYPES = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/ogg",
    "document": "application/pdf",
    "sticker": "image/webp",
}


def write_in(wa: WhatsApp, sender: Sender, order: Json) -> Inbound:
    """`from`, and either `text` or a `type` with its payload under its own name; `context` is the wamid it replies to.

    A file is `{"type": "image", "bytes": 1000, "content_type": "image/png"}`: so many pseudo-random bytes.
    """
    person = someone(wa, order.get("from"))
    kind = text_of(order.get("type")) or "text"
    payload = dict(record(order.get(kind)))
    if kind == "text":
        payload = payload or {"body": text_of(order.get("text"))}
    elif kind in MEDIA and "id" not in payload:
        payload |= made_file(wa, sender, kind, order)
    return received(wa, sender, person, kind, payload, text_of(order.get("context")) or None)


def someone(wa: WhatsApp, number: Any) -> Person:
    if not isinstance(number, str) or not digits_of(number):
        raise Problem(f"somebody is named by a phone number like '+12025550111', not {number!r}")
    return wa.person(number)


def made_file(wa: WhatsApp, sender: Sender, kind: str, order: Json) -> Json:
    size: Any = order.get("bytes", 1000)
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= MEDIA[kind][1]:
        raise Problem(f"'bytes' takes 1 to {MEDIA[kind][1]} for {kind}, not {size!r}")
    path = wa.meta.new_file(sender.platform)
    path.write_bytes(b"".join(content(size, b"", 0, size - 1)))
    content_type = text_of(order.get("content_type")) or SAMPLE_TYPES[kind]
    media = keep(wa, sender.phone_id, Blob(path=path, size=size, content_type=content_type), "inbound_media_seconds")
    caption = {"caption": order["caption"]} if order.get("caption") else {}
    return {"id": media.id, "mime_type": content_type} | caption


def received(
    wa: WhatsApp, sender: Sender, person: Person, kind: str, payload: Json, reply_to: str | None = None
) -> Inbound:
    made = Inbound(
        wamid=wa.new_wamid(person), sender=sender, person=person, kind=kind, payload=payload, at=wa.clock.now(),
        reply_to=reply_to,
    )  # fmt: skip
    wa.inbound[made.wamid] = made
    wa.open_window(sender, person)
    wa.meters.count(sender.phone_id, inbound=True)
    wa.post.add(made.at, notice(sender, "messages", inbound_value(wa, made)))
    return made
