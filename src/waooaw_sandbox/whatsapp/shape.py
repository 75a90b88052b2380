"""What a message must look like: one table of rules by kind (contract 2.2), and the few things a table cannot say.

A missing value is 131008, a wrong one 131009, one that is too long 100 (a knob), a kind that does not exist or is not
played 131051.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from waooaw_sandbox.kit import Json, Refused
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.values import at, listed, record, text_of


@dataclass(frozen=True)
class Rule:
    """A text at a path, of 1 to `most` characters, that must be there unless it is optional."""

    path: str
    most: int = 4096
    optional: bool = False


ANY_MEDIA = (Rule("id", optional=True), Rule("link", optional=True))
CAPTIONED = (*ANY_MEDIA, Rule("caption", 1024, optional=True))
BUTTONS = (Rule("action.buttons[].reply.id", 256), Rule("action.buttons[].reply.title", 20))
FRAME = (Rule("header.text", 60, optional=True), Rule("footer.text", 60, optional=True))
ROWS = (
    Rule("action.button", 20),
    Rule("action.sections[].title", 24, optional=True),
    Rule("action.sections[].rows[].id", 200),
    Rule("action.sections[].rows[].title", 24),
    Rule("action.sections[].rows[].description", 72, optional=True),
)
LINK = (Rule("action.parameters.display_text", 20), Rule("action.parameters.url", 2000))

RULES: dict[str, tuple[Rule, ...]] = {
    "text": (Rule("body", 4096),),
    "image": CAPTIONED,
    "video": CAPTIONED,
    "document": (*CAPTIONED, Rule("filename", 240, optional=True)),
    "audio": ANY_MEDIA,
    "sticker": ANY_MEDIA,
    "location": (Rule("name", 1000, optional=True), Rule("address", 1000, optional=True)),
    "reaction": (Rule("message_id", 512),),
    "template": (Rule("name", 512), Rule("language.code", 16)),
    "contacts": (),
    "interactive": (Rule("type", 64),),
    "interactive.button": (Rule("body.text", 1024), *FRAME, *BUTTONS),
    "interactive.list": (Rule("body.text", 4096), *FRAME, *ROWS),
    "interactive.cta_url": (Rule("body.text", 1024), *FRAME, *LINK),
    "interactive.location_request_message": (Rule("body.text", 1024),),
}


@dataclass
class Shape:
    """One message under examination."""

    kind: str
    payload: Any
    knobs: Knobs

    def missing(self, where: str) -> Refused:
        return refuse("131008", f"Parameter {self.kind}{where} is required.")

    def wrong(self, where: str, why: str) -> Refused:
        return refuse("131009", f"Parameter {self.kind}{where} {why}")

    def too_long(self, where: str, most: int) -> Refused:
        details = f"Param {self.kind}{where} must be at most {most} characters long."
        return refuse(self.knobs.word("too_long_reason"), details)

    def obey(self, rules: tuple[Rule, ...]) -> None:
        for rule in rules:
            for where, found in at(self.payload, rule.path):
                if found is None or found == "":
                    if not rule.optional:
                        raise self.missing(where)
                elif not isinstance(found, str):
                    raise self.wrong(where, "must be a string.")
                elif len(found) > rule.most:
                    raise self.too_long(where, rule.most)

    def distinct(self, path: str) -> None:
        values = [found for _, found in at(self.payload, path)]
        if len(values) != len(set(values)):
            raise self.wrong(f" at {path}", "must be unique.")

    def between(self, path: str, least: int, most: int) -> None:
        """How many there are of something."""
        count = sum(1 for _ in at(self.payload, path))
        if not least <= count <= most:
            raise self.wrong(f" at {path}", f"has {count} items; {least} to {most} are allowed.")


def check(kind: str, payload: Any, knobs: Knobs) -> None:
    """Refuse what the platform would refuse at once."""
    shape = Shape(kind, payload, knobs)
    if kind not in RULES or "." in kind:
        raise refuse("131051", f"Message type {kind!r} is not supported.")
    if payload is None or payload == {} or payload == []:
        raise shape.missing("")
    shape.obey(RULES[kind])
    if kind in EXTRAS:
        EXTRAS[kind](shape)


# --- what a table cannot say --------------------------------------------------------------------------------------------------


def check_media(shape: Shape) -> None:
    given = record(shape.payload)
    if bool(given.get("id")) == bool(given.get("link")):
        raise refuse("100", f"Exactly one of {shape.kind}['id'] and {shape.kind}['link'] must be given.")
    if given.get("link") and not text_of(given.get("link")).startswith(("http://", "https://")):
        raise shape.wrong("['link']", "is not a valid URI.")
    if "caption" in given and shape.kind in ("audio", "sticker"):
        raise refuse("100", f"Unexpected key \"caption\" on param \"{shape.kind}\".")  # fmt: skip


def check_location(shape: Shape) -> None:
    for name, most in (("latitude", 90), ("longitude", 180)):
        value: Any = record(shape.payload).get(name)
        if value is None:
            raise shape.missing(f"['{name}']")
        try:
            fits = abs(float(value)) <= most
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise shape.wrong(f"['{name}']", f"must be a number from -{most} to {most}.")


def check_contacts(shape: Shape) -> None:
    contacts = listed(shape.payload)
    if not contacts:
        raise shape.wrong("", "must be a list of contacts.")
    if len(contacts) > shape.knobs.count("contacts_most"):
        raise shape.wrong("", f"has more than {shape.knobs.count('contacts_most')} contacts.")
    for number, contact in enumerate(contacts):
        name = record(record(contact).get("name"))
        if not name.get("formatted_name"):
            raise shape.missing(f"[{number}]['name']['formatted_name']")
        if not any(value for key, value in name.items() if key != "formatted_name"):
            raise shape.wrong(f"[{number}]['name']", "needs one more part of the name beside formatted_name.")


def check_reaction(shape: Shape) -> None:
    if not isinstance(record(shape.payload).get("emoji"), str):
        raise shape.missing("['emoji']")


def check_interactive(shape: Shape) -> None:
    given = record(shape.payload)
    kind = f"interactive.{given.get('type')}"
    if kind not in RULES:
        raise refuse("131051", f"Interactive type {given.get('type')!r} is not supported.")
    shape.obey(RULES[kind])
    check_header(shape, record(given.get("header")))
    if kind == "interactive.button":
        shape.between("action.buttons[]", 1, 3)
        shape.distinct("action.buttons[].reply.id")
        shape.distinct("action.buttons[].reply.title")
    elif kind == "interactive.list":
        check_list(shape, given)
    elif kind == "interactive.cta_url" and record(given.get("action")).get("name") != "cta_url":
        raise shape.wrong("['action']['name']", "must be cta_url.")


def check_list(shape: Shape, given: Json) -> None:
    shape.between("action.sections[]", 1, 10)
    shape.between("action.sections[].rows[]", 1, 10)
    shape.distinct("action.sections[].rows[].id")
    sections = [record(section) for section in listed(record(given.get("action")).get("sections"))]
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        raise shape.missing("['action']['sections']['title']")
    if not all(listed(section.get("rows")) for section in sections):
        raise shape.missing("['action']['sections']['rows']")


def check_header(shape: Shape, header: Json) -> None:
    if not header:
        return
    kind = text_of(header.get("type"))
    allowed = ("text",) if record(shape.payload).get("type") == "list" else ("text", "image", "video", "document")
    if kind not in allowed:
        raise shape.wrong("['header']['type']", f"must be one of {', '.join(allowed)}.")
    if kind == "text" and not header.get("text"):
        raise shape.missing("['header']['text']")
    if kind != "text":
        check_media(Shape(kind, header.get(kind), shape.knobs))


EXTRAS: dict[str, Callable[[Shape], None]] = {
    **dict.fromkeys(("image", "video", "document", "audio", "sticker"), check_media),
    "location": check_location,
    "contacts": check_contacts,
    "reaction": check_reaction,
    "interactive": check_interactive,
}
