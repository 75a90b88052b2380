"""A template with its parameters in it: do they fit what it was made with, and what does the recipient read?

Contract 2.3 and 2.6: another number of them is 132000, another format 132012, a text that must not be 132018, too long
a result 132005.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from waooaw_sandbox.kit import Json
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.objects import Template
from waooaw_sandbox.whatsapp.values import listed, record, text_of

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
FORBIDDEN = re.compile(r"[\n\t]| {5,}")
FILES = ("image", "video", "document")
NEEDS: dict[str, tuple[str, str, str]] = {
    "URL": ("url", "text", "text"),
    "OTP": ("url", "text", "text"),
    "COPY_CODE": ("copy_code", "coupon_code", "coupon_code"),
}
"""By kind of button: sub_type, the parameter's type, and the key its value is under."""


@dataclass
class Composed:
    """`files` are media of the header, by kind; `buttons` what is shown below."""

    text: str
    header: str = ""
    footer: str = ""
    files: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    buttons: list[Json] = field(default_factory=list[Json])


def compose(template: Template, given: Any, knobs: Knobs) -> Composed:
    components = [record(component) for component in listed(given)]
    kinds = [text_of(component.get("type")).lower() for component in components]
    strange = sorted(set(kinds) - {"header", "body", "button", "footer", "carousel", "limited_time_offer"})
    if strange:
        raise refuse("131009", f"Component type {strange[0]!r} is not one.")
    parameters = {kind: parameters_of(components, kind) for kind in ("header", "body")}
    body = filled(template, "body", text_of(template.component("BODY").get("text")), parameters["body"])
    if len(body) > knobs.count("hydrated_characters"):
        raise refuse("132005", f"The body is {len(body)} characters long.")
    made = Composed(body, footer=text_of(template.component("FOOTER").get("text")))
    fill_header(template, made, parameters["header"])
    fill_buttons(template, made, [c for c in components if text_of(c.get("type")).lower() == "button"])
    return made


def parameters_of(components: list[Json], kind: str) -> list[Json]:
    found = [c for c in components if text_of(c.get("type")).lower() == kind]
    return [record(p) for component in found for p in listed(component.get("parameters"))]


def filled(template: Template, where: str, text: str, parameters: list[Json]) -> str:
    """The text with each variable replaced, in order or by name."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    if len(parameters) != len(names):
        count = f"({len(parameters)}) does not match the expected number of params ({len(names)})"
        raise refuse("132000", f"{where}: number of localizable_params {count}")
    keys = [text_of(p.get("parameter_name")) for p in parameters] if template.parameter_format == "NAMED" else names
    if set(keys) != set(names):
        raise refuse("132012", f"{where}: parameter_name must be each of {', '.join(names)}")
    shown = {key: value_of(where, parameter) for key, parameter in zip(keys, parameters, strict=True)}
    return VARIABLE.sub(lambda match: shown[match[1]], text)


def value_of(where: str, parameter: Json) -> str:
    kind = text_of(parameter.get("type"))
    if kind in ("currency", "date_time"):
        shown = text_of(record(parameter.get(kind)).get("fallback_value"))
    elif kind == "text":
        shown = text_of(parameter.get("text"))
    else:
        raise refuse("132012", f"{where}: Format mismatch, expected TEXT, received {kind.upper() or 'UNKNOWN'}")
    if not shown:
        raise refuse("131008", f"{where}: Parameter of type {kind} is missing its value")
    if FORBIDDEN.search(shown):
        raise refuse(
            "132018", f"{where}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        )
    return shown


def fill_header(template: Template, made: Composed, parameters: list[Json]) -> None:
    header = template.component("HEADER")
    kind = text_of(header.get("format")).lower()
    if kind in ("", "text"):
        made.header = filled(template, "header", text_of(header.get("text")), parameters)
        return
    received = text_of(parameters[0].get("type")) if parameters else "unknown"
    if len(parameters) != 1 or received != kind:
        details = f"header: Format mismatch, expected {kind.upper()}, received {received.upper()}"
        raise refuse("132012", details)
    value = record(parameters[0].get(kind))
    if kind in FILES:
        if bool(value.get("id")) == bool(value.get("link")):
            raise refuse("132012", f"header: exactly one of id and link must be given for {kind}")
        made.files.append((kind, value))


def fill_buttons(template: Template, made: Composed, given: list[Json]) -> None:
    rows = [record(row) for row in listed(template.component("BUTTONS").get("buttons"))]
    by_index = {str(component.get("index", "")): component for component in given}
    strange = sorted(set(by_index) - {str(index) for index in range(len(rows))})
    if strange:
        raise refuse("132018", f"buttons: there is no button at index {strange[0] or 'none'}")
    for index, row in enumerate(rows):
        made.buttons.append(filled_button(index, row, by_index.get(str(index), {})))


def filled_button(index: int, row: Json, component: Json) -> Json:
    kind, url = text_of(row.get("type")).upper(), text_of(row.get("url"))
    shown: Json = {"type": kind, "text": text_of(row.get("text"))}
    parameters = [record(p) for p in listed(component.get("parameters"))]
    sub_type = text_of(component.get("sub_type")).lower()
    if kind == "QUICK_REPLY":
        payload = text_of(parameters[0].get("payload")) if parameters else ""
        return shown | {"payload": payload or shown["text"]}
    wanted = NEEDS.get(kind)
    if wanted is None or (kind == "URL" and not VARIABLE.search(url)):
        return shown | ({"url": url} if url else {})
    if len(parameters) != 1:
        raise refuse("131008", f"buttons: Button at index {index} of type {kind} requires a parameter")
    expected, type_, key = wanted
    if sub_type != expected or text_of(parameters[0].get("type")) != type_:
        raise refuse("132018", f"buttons: Button at index {index} takes sub_type {expected} with a {type_} parameter")
    value = text_of(parameters[0].get(key))
    if not value:
        raise refuse("131008", f"buttons: Button at index {index} is missing its {key}")
    return shown | ({"url": VARIABLE.sub(lambda _: value, url)} if url else {"code": value})
