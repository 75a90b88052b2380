"""Templates of a WABA: list, create, edit, delete, unpause, archive; and which of them may be sent (contract 2.3)."""

import re
from datetime import timedelta
from typing import Any

from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.fields import paged, select
from waooaw_sandbox.whatsapp.composed import VARIABLE
from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.gate import Visit
from waooaw_sandbox.whatsapp.objects import Template
from waooaw_sandbox.whatsapp.people import NAME, Sender
from waooaw_sandbox.whatsapp.state import WhatsApp
from waooaw_sandbox.whatsapp.values import listed, record, text_of
from waooaw_sandbox.whatsapp.webhooks import notice, template_value

CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
ALL_FIELDS = "id,name,status,category,language,components,parameter_format,quality_score,rejected_reason"
UNSENDABLE = {"PAUSED": "132015", "DISABLED": "132016"}
SENDABLE = ("APPROVED", "FLAGGED", "REINSTATED")
MOST = {"HEADER": (60, 2388040), "BODY": (1024, 2388040), "FOOTER": (60, 2388040)}
"""Longest text by component, and the subcode beyond it."""


def of_waba(wa: WhatsApp, sender: Sender) -> list[Template]:
    return wa.meta.of(Template, sender.waba_id)


def usable(visit: Visit, name: str, language: str) -> Template:
    """The template, if it may be sent now."""
    now = visit.now
    found = [t for t in of_waba(visit.wa, visit.sender) if t.name == name and t.language == language]
    status = found[0].status(now) if found else "ABSENT"
    if status in UNSENDABLE:
        raise refuse(UNSENDABLE[status], f"template name ({name}) is {status.lower()}")
    if status not in SENDABLE:
        raise refuse("132001", f"template name ({name}) does not exist in {language}")
    return found[0]


def describe(visit: Visit, template: Template) -> Json:
    return {
        "id": template.id,
        "name": template.name,
        "status": template.status(visit.now),
        "category": template.category,
        "language": template.language,
        "components": template.components,
        "parameter_format": template.parameter_format,
        "quality_score": {"score": template.quality, "date": int(template.made_at.timestamp())},
        "rejected_reason": template.rejected_reason,
    }


def own(visit: Visit) -> Template:
    return visit.node(Template)


async def list_all(visit: Visit) -> Json:
    """Filtered by name (a part of it), language, category and status."""
    rows = [describe(visit, template) for template in of_waba(visit.wa, visit.sender)]
    for key in ("language", "category", "status"):
        wanted = [word.upper() for word in visit.items(key)]
        rows = [row for row in rows if not wanted or str(row[key]).upper() in wanted]
    rows = [row for row in rows if visit.text("name") in row["name"]]
    fields = visit.text("fields") or ALL_FIELDS
    return paged(visit, [select(row, fields) for row in rows]) | summary(visit, len(rows))


def summary(visit: Visit, found: int) -> Json:
    """Counts, where `summary` asks for them."""
    if not visit.text("summary"):
        return {}
    figures = {
        "total_count": found,
        "message_template_count": len(of_waba(visit.wa, visit.sender)),
        "message_template_limit": visit.knobs.count("templates_most"),
        "are_translations_complete": True,
    }
    return {"summary": {name: value for name, value in figures.items() if name in visit.items("summary")}}


async def get_one(visit: Visit) -> Json:
    return select(describe(visit, own(visit)), visit.text("fields") or ALL_FIELDS)


async def create(visit: Visit) -> Json:
    name, language, category = (visit.text(key) for key in ("name", "language", "category"))
    if not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise refuse("100", "Param name must be lowercase letters, digits and underscores, at most 512.")
    if category.upper() not in CATEGORIES or not language:
        raise refuse("100", f"Param category must be one of {', '.join(CATEGORIES)}, and language is required.")
    existing = of_waba(visit.wa, visit.sender)
    if len(existing) >= visit.knobs.count("templates_most"):
        raise refuse("100", "The limit of templates is reached.", subcode=2388019)
    if any(t.name == name and t.language == language for t in existing):
        raise refuse("100", "There is already content in this language for this template.", subcode=2388024)
    style = visit.text("parameter_format", "POSITIONAL").upper()
    components = checked(visit.items("components"))
    made = Template(
        id=visit.meta.new_id(length=16), platform=NAME, identity=visit.sender.waba_id, made_at=visit.now, name=name,
        language=language, category=category.upper(), components=components, parameter_format=style,
    )  # fmt: skip
    review(visit, visit.meta.keep(made))
    return {"id": made.id, "status": "PENDING", "category": made.category}


def checked(given: list[Any]) -> list[Json]:
    """Components that the platform would take for review."""
    components = [record(component) for component in given]
    kinds = [text_of(c.get("type")).upper() for c in components]
    if "BODY" not in kinds:
        raise refuse("100", "Param components must have a BODY.")
    for kind, component in zip(kinds, components, strict=True):
        component["type"] = kind
        text = text_of(component.get("text"))
        most, subcode = MOST.get(kind, (1024, 2388040))
        if len(text) > most:
            raise refuse("100", f"{kind} may have {most} characters.", subcode=subcode)
        if VARIABLE.search(text) and "example" not in component:
            raise refuse("100", f"{kind} with variables needs an example.", subcode=2388043)
        if kind == "BODY" and (VARIABLE.match(text) or VARIABLE.fullmatch(text[text.rfind("{{") :])):
            raise refuse("100", "A variable cannot begin or end the body.", subcode=2388299)
        if kind == "BUTTONS" and not 1 <= len(listed(component.get("buttons"))) <= 10:
            raise refuse("100", "1 to 10 buttons are allowed.")
    return components


def review(visit: Visit, template: Template) -> None:
    """Pending until it is decided; the decision is told by webhook."""
    template.state, template.outcome = "PENDING", visit.knobs.word("review_outcome")
    template.rejected_reason = "INVALID_FORMAT" if template.outcome == "REJECTED" else "NONE"
    template.decided_at = visit.meta.later(visit.knobs.number("review_seconds"))
    tell(visit.wa, visit.sender, template, template.outcome, visit.knobs.number("review_seconds"))


def tell(wa: WhatsApp, sender: Sender, template: Template, event: str, seconds: float = 0) -> None:
    told = notice(sender, "message_template_status_update", template_value(template, event))
    wa.post.add(wa.meta.later(seconds), told)


async def edit(visit: Visit) -> Json:
    """An approved one once a day and ten times a month; it goes back to review."""
    template = own(visit)
    recent = [at for at in template.edits if visit.now - at < timedelta(days=30)]
    if template.status(visit.now) == "APPROVED" and (
        len(recent) >= 10 or any(visit.now - at < timedelta(days=1) for at in recent)
    ):
        raise refuse("100", "An approved template can be edited once in 24 hours and ten times in 30 days.")
    if visit.items("components"):
        template.components = checked(visit.items("components"))
    template.category = visit.text("category", template.category).upper()
    template.edits = [*recent, visit.now]
    review(visit, template)
    return {"success": True}


async def delete(visit: Visit) -> Json:
    """By name, all languages; with `hsm_id` only that one."""
    name, number = visit.text("name"), visit.text("hsm_id")
    found = [t for t in of_waba(visit.wa, visit.sender) if t.name == name and number in ("", t.id)]
    if not found:
        raise refuse("100", "Message template not found.", subcode=2593002)
    for template in found:
        del visit.meta.nodes[template.id]
    return {"success": True}


async def unpause(visit: Visit) -> Json:
    template = own(visit)
    if template.state != "PAUSED":
        return {"success": False, "reason": "The template is not paused."}
    template.state = "APPROVED"
    tell(visit.wa, visit.sender, template, "REINSTATED")
    return {"success": True}


async def archive(visit: Visit) -> Json:
    """And back: the last word of the path says which."""
    back = visit.call.path.endswith("/unarchive")
    wanted, done = visit.items("hsm_ids"), list[str]()
    for template in of_waba(visit.wa, visit.sender):
        if template.id in wanted:
            template.state = "APPROVED" if back else "ARCHIVED"
            done.append(template.id)
    failed = {number: "not found" for number in wanted if number not in done}
    return {"unarchived_templates" if back else "archived_templates": done, "failed_templates": failed}
