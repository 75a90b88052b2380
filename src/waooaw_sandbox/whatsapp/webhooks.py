"""What webhooks say: statuses of what was sent, what people write in, templates that changed (contract 2.7)."""

from datetime import datetime
from typing import Any

from waooaw_sandbox.kit import Json
from waooaw_sandbox.whatsapp.courier import Notice
from waooaw_sandbox.whatsapp.errors import webhook_error
from waooaw_sandbox.whatsapp.objects import Inbound, Message, Template
from waooaw_sandbox.whatsapp.people import Person, Sender
from waooaw_sandbox.whatsapp.state import WhatsApp


def seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def metadata(sender: Sender) -> Json:
    return {"display_phone_number": sender.number, "phone_number_id": sender.phone_id}


def contact(wa: WhatsApp, person: Person, *, hidden: bool) -> Json:
    """Who it is. One who hides the number is a user name and a business-scoped id."""
    profile: Json = {"name": person.name}
    if hidden:
        return {"profile": profile | {"username": person.name.lower().replace(" ", ".")}, "user_id": person.user_id}
    scoped = {"user_id": person.user_id} if wa.knobs.word("webhook_shape") == "bsuid" else {}
    return {"profile": profile, "wa_id": person.wa_id} | scoped


def notice(sender: Sender, field: str, value: Json, **more: Any) -> Notice:
    phone_id = sender.phone_id if field == "messages" else None
    return Notice(waba_id=sender.waba_id, phone_id=phone_id, field=field, value=value, **more)


# --- statuses -----------------------------------------------------------------------------------------------------------------


def status_value(wa: WhatsApp, message: Message, status: str, at: datetime, *, hidden: bool = False) -> Json:
    """A change with one status; `hidden` leaves the number out."""
    person, scoped = message.person, wa.knobs.word("webhook_shape") == "bsuid"
    hidden = hidden or person.hidden
    told: Json = {"id": message.wamid, "status": status, "timestamp": seconds(at)}
    if not hidden:
        told["recipient_id"] = person.wa_id
    if scoped and (status != "failed" or hidden):
        told["recipient_user_id"] = person.user_id
    if status in ("sent", "delivered"):
        told |= conversation(wa, message) | {"pricing": pricing(wa, message)}
    if status == "failed" and message.error:
        told["errors"] = [webhook_error(message.error, message.details)]
    if message.callback_data is not None:
        told["biz_opaque_callback_data"] = message.callback_data
    with_contacts = wa.knobs.flag("failed_contacts") if status == "failed" else scoped or hidden
    contacts = {"contacts": [contact(wa, person, hidden=hidden)]} if with_contacts else {}
    return {"messaging_product": "whatsapp", "metadata": metadata(message.sender)} | contacts | {"statuses": [told]}


def category(message: Message) -> str:
    return message.template.category.lower() if message.template else "service"


def pricing(wa: WhatsApp, message: Message) -> Json:
    free = message.in_window and category(message) in ("service", "utility") and not wa.knobs.flag("charge_service")
    kind = "free_customer_service" if free else "regular"
    return {"billable": not free, "pricing_model": "PMP", "category": category(message), "type": kind}


def conversation(wa: WhatsApp, message: Message) -> Json:
    if not wa.knobs.flag("conversation_object"):
        return {}
    return {"conversation": {"id": f"conv-{message.wamid[-24:]}", "origin": {"type": category(message)}}}


# --- the other direction ------------------------------------------------------------------------------------------------------


def inbound_value(wa: WhatsApp, inbound: Inbound) -> Json:
    person, hidden = inbound.person, inbound.person.hidden
    told: Json = {"id": inbound.wamid, "timestamp": seconds(inbound.at), "type": inbound.kind}
    if not hidden:
        told["from"] = person.wa_id
    if hidden or wa.knobs.word("webhook_shape") == "bsuid":
        told["from_user_id"] = person.user_id
    if inbound.reply_to:
        told["context"] = {"from": inbound.sender.number, "id": inbound.reply_to}
    if inbound.payload:
        told[inbound.kind] = inbound.payload
    return {
        "messaging_product": "whatsapp",
        "metadata": metadata(inbound.sender),
        "contacts": [contact(wa, person, hidden=hidden)],
        "messages": [told],
    }


def template_value(template: Template, event: str) -> Json:
    return {
        "event": event,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": template.rejected_reason,
    }
