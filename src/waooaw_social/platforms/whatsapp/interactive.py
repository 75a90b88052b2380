"""What an interactive message must look like: reply buttons, a list, a link (contract 2.2). One table of texts, and what a table cannot say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from waooaw_social.core.refusal import Refusal
from waooaw_social.platforms.whatsapp.replies import record, records

FIELD = "options.interactive"


@dataclass(frozen=True)
class Text:
    """A text at a path, of 1 to `most` characters, that must be there unless it is optional."""

    path: str
    most: int
    optional: bool = False


FOOTER = Text("footer.text", 60, optional=True)
HEADER = Text("header.text", 60, optional=True)
TEXTS: Mapping[str, tuple[Text, ...]] = {
    "button": (
        Text("body.text", 1024),
        HEADER,
        FOOTER,
        Text("action.buttons[].reply.id", 256),
        Text("action.buttons[].reply.title", 20),
    ),
    "list": (
        Text("body.text", 4096),
        HEADER,
        FOOTER,
        Text("action.button", 20),
        Text("action.sections[].title", 24, optional=True),
        Text("action.sections[].rows[].id", 200),
        Text("action.sections[].rows[].title", 24),
        Text("action.sections[].rows[].description", 72, optional=True),
    ),
    "cta_url": (
        Text("body.text", 1024),
        HEADER,
        FOOTER,
        Text("action.parameters.display_text", 20),
        Text("action.parameters.url", 2000),
    ),
    "location_request_message": (Text("body.text", 1024),),
}
COUNTS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "button": (("action.buttons[]", 3),),
    "list": (("action.sections[]", 10), ("action.sections[].rows[]", 10)),
}
"""At least one, and at most so many."""
DISTINCT: Mapping[str, tuple[str, ...]] = {
    "button": ("action.buttons[].reply.id", "action.buttons[].reply.title"),
    "list": ("action.sections[].rows[].id",),
}


def problems_of(interactive: Mapping[str, Any]) -> Iterator[Refusal]:
    """Everything that is wrong with it. A kind that is not in the tables is the platform's to judge."""
    kind = interactive.get("type")
    if not isinstance(kind, str) or not kind:
        yield _no("The kind of the message is missing: button, list or cta_url.", f"{FIELD}.type")
        return
    for text in TEXTS.get(kind, ()):
        yield from _texts(interactive, text)
    for path, most in COUNTS.get(kind, ()):
        count = sum(1 for _ in found(interactive, path))
        if not 1 <= count <= most:
            yield _no(f"There have to be 1 to {most}; there are {count}.", f"{FIELD}.{path}")
    for path in DISTINCT.get(kind, ()):
        values = list(found(interactive, path))
        if len(values) != len(set(map(str, values))):
            yield _no("Each has to be another one.", f"{FIELD}.{path}")
    if kind == "list":
        yield from _sections(interactive)
    yield from _header(interactive, kind)


def found(value: Any, path: str) -> Iterator[Any]:
    """Everything at a path such as `action.buttons[].reply.id`; None where a step is missing."""
    step, _, rest = path.partition(".")
    below = record(value).get(step.removesuffix("[]"))
    if not step.endswith("[]"):
        yield from found(below, rest) if rest else iter([below])
        return
    for item in cast("list[Any]", below) if isinstance(below, list) else []:
        yield from found(item, rest) if rest else iter([item])


def _texts(interactive: Mapping[str, Any], text: Text) -> Iterator[Refusal]:
    for value in found(interactive, text.path):
        if value is None or value == "":
            if not text.optional:
                yield _no("A text is missing.", f"{FIELD}.{text.path}")
        elif not isinstance(value, str):
            yield _no("This is no text.", f"{FIELD}.{text.path}")
        elif len(value) > text.most:
            yield _no(f"This has at most {text.most} characters; it has {len(value)}.", f"{FIELD}.{text.path}")


def _sections(interactive: Mapping[str, Any]) -> Iterator[Refusal]:
    sections = records(record(interactive.get("action")).get("sections"))
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        yield _no("With several sections, each has a title.", f"{FIELD}.action.sections[].title")
    if not all(records(section.get("rows")) for section in sections):
        yield _no("Each section has rows.", f"{FIELD}.action.sections[].rows")


def _header(interactive: Mapping[str, Any], kind: str) -> Iterator[Refusal]:
    header = record(interactive.get("header"))
    if kind == "list" and header and header.get("type") != "text":
        yield _no("A list has a text above it, or nothing.", f"{FIELD}.header")


def _no(message: str, field: str) -> Refusal:
    return Refusal(code="invalid_interactive", message=message, field=field)
