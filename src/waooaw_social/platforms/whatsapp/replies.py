"""Readers of WhatsApp's answers: what was accepted, what the number is, which templates there are (contract 2.2, 2.3, 2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Published
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.graph.calls import Fields, rows_of, text_of

HELD = {
    "held_for_quality_assessment": "WhatsApp holds it back until the template's first messages have been judged.",
    "paused": "WhatsApp has paused the template; the message waits or fails.",
}
"""`message_status` of a template's message that is not on its way yet (2.2)."""

FAILED_SINCE = "failed_since"
"""Not WhatsApp's: with it a reply that is made of a status says that the message has failed since."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A phone number that sends."""

    id: str
    name: str
    shown: str
    quality: str
    status: str
    throughput: str
    limit: str
    can_send: str
    """AVAILABLE, LIMITED, BLOCKED, or empty where it is not told."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """One template in one language. `components` are as Meta lists them."""

    id: str
    name: str
    language: str
    status: str
    category: str
    components: tuple[Mapping[str, Any], ...]
    named: bool
    """Whether its parameters have names, and not numbers."""


def record(value: Any) -> Mapping[str, Any]:
    """The value, if it is an object; else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def records(value: Any) -> tuple[Mapping[str, Any], ...]:
    """The objects in a list; none where it is no list."""
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    return tuple(cast("Mapping[str, Any]", one) for one in listed if isinstance(one, Mapping))


def wamid_of(reply: Reply) -> str:
    """The message's id. An answer without one is no answer."""
    (message, *_) = records(reply.json()["messages"])
    return text_of(message["id"])


def published_of(reply: Reply) -> Published:
    """What was accepted. That is not yet sent: what becomes of it is told by webhooks."""
    (message, *_) = records(reply.json()["messages"])
    status, failed = str(message.get("message_status", "")), reply.json().get(FAILED_SINCE)
    held = (HELD[status],) if status in HELD else ()
    return Published(post_id=RemoteId(wamid_of(reply)), notes=(*held, *((str(failed),) if failed else ())))


def read_success(reply: Reply) -> bool:
    return reply.json()["success"] is True


def read_number(reply: Reply) -> Number:
    told = reply.json()
    return Number(
        id=text_of(told["id"]),
        name=str(told.get("verified_name") or ""),
        shown=str(told.get("display_phone_number") or ""),
        quality=str(told.get("quality_rating") or ""),
        status=str(told.get("status") or ""),
        throughput=str(record(told.get("throughput")).get("level") or ""),
        limit=str(told.get("whatsapp_business_manager_messaging_limit") or ""),
        can_send=str(record(told.get("health_status")).get("can_send_message") or ""),
    )


@dataclass(frozen=True, kw_only=True)
class Page:
    """Templates of one page, and where the next one begins; None: there is none."""

    templates: tuple[Template, ...]
    after: str | None


def read_templates(reply: Reply) -> Page:
    paging = record(reply.json().get("paging"))
    after = record(paging.get("cursors")).get("after") if "next" in paging else None
    return Page(
        templates=tuple(_template(row) for row in rows_of(reply)), after=after if isinstance(after, str) else None
    )


def _template(row: Fields) -> Template:
    return Template(
        id=text_of(row["id"]),
        name=str(row["name"]),
        language=str(row["language"]),
        status=str(row.get("status") or ""),
        category=str(row.get("category") or ""),
        components=records(row.get("components")),
        named=str(row.get("parameter_format") or "").upper() == "NAMED",
    )
