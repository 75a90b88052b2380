"""Sending: `POST /{phone-number-id}/messages`: shape, recipient, rates, window, template, file (contract 2.10).

200 means accepted. What keeps a message from its recipient is told later by a `failed` status, or answered, as the
knobs want it.
"""

from dataclasses import dataclass, field
from typing import Any

from waooaw_sandbox.kit import Json, Refused
from waooaw_sandbox.whatsapp import shape
from waooaw_sandbox.whatsapp.afterwards import plan, tell
from waooaw_sandbox.whatsapp.composed import compose
from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.gate import Visit
from waooaw_sandbox.whatsapp.media import Attached, attach
from waooaw_sandbox.whatsapp.objects import Inbound, Message, Template
from waooaw_sandbox.whatsapp.people import Person, digits_of
from waooaw_sandbox.whatsapp.recipients import obstacle, recipient_of
from waooaw_sandbox.whatsapp.templates import usable
from waooaw_sandbox.whatsapp.values import record, structured, text_of

MEDIA_KINDS = ("image", "video", "document", "audio", "sticker")
REACTION_DAYS = 30


@dataclass
class Draft:
    """What the call asks for, while it is examined. `files` is what there is to attach."""

    kind: str
    payload: Any
    text: str = ""
    template: Template | None = None
    extra: Json = field(default_factory=dict[str, Any])
    files: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])


async def send(visit: Visit) -> Json:
    try:
        return await accepted(visit)
    except Refused as refused:
        count_refusal(visit, refused)
        raise


def count_refusal(visit: Visit, refused: Refused) -> None:
    error = record(record(refused.answer.body).get("error"))
    visit.wa.meters.gauge(visit.sender.phone_id).refused[str(error.get("code"))] += 1


async def accepted(visit: Visit) -> Json:
    wa, sender = visit.wa, visit.sender
    able(visit)
    draft = drafted(visit)
    person = recipient_of(visit, draft.template)
    wa.meters.check_throughput(sender)
    wa.meters.check_pair(sender.phone_id, person.wa_id)
    in_window = wa.window_open(sender, person)
    composed(visit, draft)
    error = obstacle(visit, person, draft.template, in_window)
    wa.meters.count(sender.phone_id)
    wa.meters.count_pair(sender.phone_id, person.wa_id)
    attached = await attachment(visit, draft) if error is None else Attached()
    message = Message(
        wamid=wa.new_wamid(person), sender=sender, person=person, kind=draft.kind, payload=draft.payload, text=draft.text,
        accepted_at=wa.clock.now(), callback_data=callback_data(visit), template=draft.template, in_window=in_window,
        reply_to=text_of(record(visit.values.get("context")).get("message_id")) or None, file=attached.blob,
        extra=draft.extra, error=error or attached.error or reaction_error(visit, draft), details=attached.details,
    )  # fmt: skip
    if fault := visit.call.fault("fails"):
        message.error, message.details = str(fault.parameters["code"]), ""
    held = hold(visit, message)
    if draft.template is not None and not in_window and message.error is None:
        wa.meters.count_reached(sender, person.wa_id)
    wa.messages[message.wamid] = message
    plan(wa, message, held=held)
    await tell(wa, message, visit.call)
    return reply(visit, message, held)


def able(visit: Visit) -> None:
    """May this number send at all?"""
    sender = visit.sender
    if not sender.registered:
        raise refuse("133010", "The account is not registered.")
    if sender.refuses is not None:
        raise refuse(sender.refuses)


def drafted(visit: Visit) -> Draft:
    if visit.text("messaging_product") != "whatsapp":
        raise refuse("100", "The parameter messaging_product is required.")
    if visit.text("recipient_type", "individual") != "individual":
        raise refuse("131009", "Only recipient_type individual is played.")
    kind = visit.text("type", "text")
    payload = structured(visit.values.get(kind))
    shape.check(kind, payload, visit.knobs)
    callback_data(visit)
    draft = Draft(kind, payload)
    given = record(payload)
    if kind == "template":
        draft.template = usable(visit, text_of(given["name"]), text_of(record(given["language"]).get("code")))
    return draft


def callback_data(visit: Visit) -> str | None:
    given = visit.values.get("biz_opaque_callback_data")
    most = visit.knobs.count("callback_data_characters")
    if given is not None and len(str(given)) > most:
        raise refuse("100", f"Param biz_opaque_callback_data must be at most {most} characters long.")
    return None if given is None else str(given)


def composed(visit: Visit, draft: Draft) -> None:
    """What the recipient reads, and which files come with it."""
    given = record(draft.payload)
    if draft.template is not None:
        made = compose(draft.template, given.get("components"), visit.knobs)
        draft.text, draft.files = made.text, made.files
        draft.extra = {"header": made.header, "footer": made.footer, "buttons": made.buttons}
    elif draft.kind in MEDIA_KINDS:
        draft.text, draft.files = text_of(given.get("caption")), [(draft.kind, given)]
    elif draft.kind == "interactive":
        header = record(given.get("header"))
        draft.text = text_of(record(given.get("body")).get("text"))
        if header.get("type") in MEDIA_KINDS:
            draft.files = [(text_of(header["type"]), record(header[text_of(header["type"])]))]
    else:
        draft.text = text_of(given.get("body")) or text_of(given.get("emoji"))


async def attachment(visit: Visit, draft: Draft) -> Attached:
    for kind, payload in draft.files:
        return await attach(visit, kind, payload)
    return Attached()


def reaction_error(visit: Visit, draft: Draft) -> str | None:
    """A reaction to something that is not there, or too old, fails later."""
    if draft.kind != "reaction":
        return None
    target = visit.wa.find(text_of(record(draft.payload).get("message_id")), visit.sender)
    if target is None or (isinstance(target, Message) and target.kind == "reaction"):
        return "131009"
    at = target.at if isinstance(target, Inbound) else target.accepted_at
    return "131009" if (visit.now - at).days >= REACTION_DAYS else None


def hold(visit: Visit, message: Message) -> float:
    """Seconds a template message is held; at their end it goes, or fails because the template was paused."""
    pacing = visit.knobs.word("pacing")
    if message.template is None or pacing == "off":
        return 0
    if pacing == "paused" and message.error is None:
        message.error = "132015"
    return visit.knobs.number("pacing_seconds")


def reply(visit: Visit, message: Message, held: float) -> Json:
    person: Person = message.person
    given = visit.text("to") or visit.text("recipient")
    contact: Json = {"input": given} | ({} if person.hidden else {"wa_id": person.wa_id})
    if visit.knobs.word("webhook_shape") == "bsuid" and (person.hidden or not digits_of(visit.text("to"))):
        contact["user_id"] = person.user_id
    told: Json = {"id": message.wamid}
    if message.template is not None and visit.knobs.flag("message_status"):
        told["message_status"] = "held_for_quality_assessment" if held else "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [told]}


async def mark_read(visit: Visit) -> Json:
    """A read receipt for what somebody wrote in, and perhaps a typing indicator. It is not a message."""
    if visit.text("messaging_product") != "whatsapp":
        raise refuse("100", "The parameter messaging_product is required.")
    if not visit.text("message_id"):
        raise refuse("131008", "The parameter message_id is required.")
    found = visit.wa.find(visit.text("message_id"), visit.sender)
    if not isinstance(found, Inbound):
        raise refuse("131009", "Parameter message_id is not the id of a message somebody sent to this number.")
    found.read = True
    return {"success": True}


async def send_marketing(visit: Visit) -> Json:
    """`/marketing_messages`: the same, for marketing templates only."""
    visit.values.setdefault("type", "template")
    given = record(visit.values.get("template"))
    found = usable(visit, text_of(given.get("name")), text_of(record(given.get("language")).get("code")))
    if visit.text("type") != "template" or found.category != "MARKETING":
        raise refuse("134100", "Only marketing templates can be sent here.")
    return await send(visit)
