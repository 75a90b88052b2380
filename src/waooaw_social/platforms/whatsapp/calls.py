"""WhatsApp's requests (contract 2.1 to 2.5). Only `send` is seen by anybody."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from waooaw_social.core.post import MediaFile, Published
from waooaw_social.platforms.call import Call, Cost, Harmless, Piece, Request, Visible, Wasteful
from waooaw_social.platforms.graph.calls import Grammar, id_of
from waooaw_social.platforms.graph.facts import ACCOUNT_CALLS, API, PUBLISHING
from waooaw_social.platforms.graph.forms import form_with_file
from waooaw_social.platforms.whatsapp.callback import FIELD, MARKED
from waooaw_social.platforms.whatsapp.errors import OWN
from waooaw_social.platforms.whatsapp.manifest import MEDIA_GOOD_FOR, PAIR, TEMPLATES_KEPT, THROUGHPUT
from waooaw_social.platforms.whatsapp.media import file_name
from waooaw_social.platforms.whatsapp.replies import (
    Number,
    Page,
    published_of,
    read_number,
    read_success,
    read_templates,
)

GRAPH = Grammar(OWN)
SEND_MESSAGE = "send message"
"""The name of the one visible call, by which a webhook finds the attempt that it proves."""
PRODUCT = {"messaging_product": "whatsapp"}
NUMBER_FIELDS = "verified_name,display_phone_number,quality_rating,status,throughput,health_status,whatsapp_business_manager_messaging_limit"
TEMPLATE_FIELDS = "id,name,status,category,language,components,parameter_format,rejected_reason"


def send(number: str, recipient: str, message: Mapping[str, Any], mark: str, visible: Visible) -> Call[Published]:
    """A message to one recipient, whose one spelling paces the pair. 200 means accepted, not sent (2.2)."""
    fields = {**PRODUCT, "recipient_type": "individual", **message, FIELD: mark}
    call = GRAPH.post(
        SEND_MESSAGE, f"{API}/{number}/messages", fields, published_of, visible, cost=Cost(bucket=PUBLISHING, units=1)
    )
    rates = (Cost(bucket=PAIR, units=1, of=recipient), Cost(bucket=THROUGHPUT, units=1))
    return replace(call, request=replace(call.request, signature=MARKED), rates=rates)


def mark_read(number: str, message_id: str, *, typing: bool) -> Call[bool]:
    """Say that a message was read, and that an answer is being written. Not a message: saying it twice changes nothing (2.2)."""
    fields = {**PRODUCT, "status": "read", "message_id": message_id}
    typing_too = {"typing_indicator": {"type": "text"}} if typing else {}
    return GRAPH.post("mark read", f"{API}/{number}/messages", {**fields, **typing_too}, read_success, Harmless())


def upload(number: str, kind: str, file: MediaFile) -> Call[str]:
    """A file that messages of this number may use for 30 days (2.4)."""
    fields = {**PRODUCT, "type": file.content_type}
    whole = Piece(file=file, offset=0, length=file.size)
    request = form_with_file(f"{API}/{number}/media", fields, "file", whole, file_name(kind, file))
    return GRAPH.call("upload media", request, id_of, Wasteful(good_for=MEDIA_GOOD_FOR))


def number(number: str) -> Call[Number]:
    """What the number is, and how it fares (2.5)."""
    return GRAPH.get("number", f"{API}/{number}", read_number, fields=NUMBER_FIELDS)


def templates_named(waba: str, name: str) -> Call[Page]:
    """A template in all of its languages (2.3)."""
    return _templates(waba, "template", name=name, limit="100")


def templates(waba: str, after: str | None) -> Call[Page]:
    """A page of all templates."""
    return _templates(waba, "templates", limit="100", **({"after": after} if after else {}))


def _templates(waba: str, called: str, **params: str) -> Call[Page]:
    asked = {"fields": TEMPLATE_FIELDS, **params}
    request = Request(method="GET", url=f"{API}/{waba}/message_templates", params=asked)
    cost = Cost(bucket=ACCOUNT_CALLS, units=1)
    return GRAPH.call(called, request, read_templates, Harmless(kept_for=TEMPLATES_KEPT), cost=cost)
