"""Templates: what a message gives them, and whether it is what they want (contract 2.2, 2.3), known before anything is sent.

A message names the template and its language and gives the body's parameters as a list, or by their names; anything else (header, buttons,
cards) as components in Meta's own grammar.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from waooaw_social.core.refusal import Refusal
from waooaw_social.platforms.whatsapp.errors import TEMPLATE_MISSING
from waooaw_social.platforms.whatsapp.media import HEADERS
from waooaw_social.platforms.whatsapp.replies import Template, record, records

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?")
VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
UNSENDABLE = re.compile(r"[\n\r\t]| {5,}")
"""In a parameter's text (132018)."""
WAITING = frozenset({"PAUSED"})
"""Ends by itself (2.3)."""
NOT_SENDABLE = frozenset(
    {"PENDING", "REJECTED", "DISABLED", "IN_APPEAL", "LIMIT_EXCEEDED", "ARCHIVED", "PENDING_DELETION", "DELETED"}
)
NEEDS_PARAMETER = {"COPY_CODE": "coupon_code", "OTP": "text", "URL": "text"}
FIELD = "options.template_params"

Parameters = list[Any] | Mapping[str, Any]


def components_of(given: list[Any], parameters: Parameters | None) -> list[Mapping[str, Any]]:
    """The components of a message: those that were given, and the body made of its parameters."""
    components = list(records(given))
    if parameters:
        components.append({"type": "body", "parameters": [*_parameters(parameters)]})
    return components


def with_header(components: list[Mapping[str, Any]], kind: str, medium: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A file at the template's head."""
    return [{"type": "header", "parameters": [{"type": kind, kind: medium}]}, *components]


def _parameters(given: Parameters) -> Iterator[Mapping[str, Any]]:
    """Texts and numbers are texts; an object is a parameter in Meta's own grammar (currency, date_time)."""
    rows = given.items() if isinstance(given, Mapping) else ((None, value) for value in given)
    for name, value in rows:
        parameter = record(value) if isinstance(value, Mapping) else {"type": "text", "text": str(value)}
        yield {**parameter, "parameter_name": name} if name is not None else parameter


# --- is it what the template wants? -------------------------------------------------------------------------------------------


def problem_of(
    listed: tuple[Template, ...], name: str, language: str, given: list[Mapping[str, Any]]
) -> Refusal | None:
    """Why this message would be refused. None: as far as the listing tells, it would not."""
    found = next((one for one in listed if (one.name, one.language) == (name, language)), None)
    if found is None:
        languages = ", ".join(sorted(one.language for one in listed if one.name == name))
        has = f"It exists in {languages}." if languages else "There is none of this name."
        message = f"The template {name} does not exist in {language}."
        field = "options.language_code" if languages else "options.template_name"
        return Refusal(code=TEMPLATE_MISSING, message=message, field=field, remediation=has)
    if found.status in NOT_SENDABLE:
        message = f"The template {name} is {found.status.lower().replace('_', ' ')}."
        remediation = "Wait until Meta has approved it, or use another one."
        return Refusal(
            code="template_not_approved", message=message, field="options.template_name", remediation=remediation
        )
    return next(_mismatches(found, given), None)


def is_paused(listed: tuple[Template, ...], name: str, language: str) -> bool:
    return any(one.status in WAITING for one in listed if (one.name, one.language) == (name, language))


def _mismatches(template: Template, given: list[Mapping[str, Any]]) -> Iterator[Refusal]:
    for wanted in template.components:
        kind = str(wanted.get("type", "")).upper()
        if kind == "BODY":
            yield from _variables(template, "body", str(wanted.get("text") or ""), _of(given, "body"))
        elif kind == "HEADER":
            yield from _header(template, wanted, _of(given, "header"))
        elif kind == "BUTTONS":
            yield from _buttons(wanted, given)


def _of(given: list[Mapping[str, Any]], kind: str) -> tuple[Mapping[str, Any], ...]:
    """The parameters that the message has for one component."""
    return tuple(p for one in given if _is(one, kind) for p in records(one.get("parameters")))


def _is(component: Mapping[str, Any], kind: str) -> bool:
    return str(component.get("type", "")).lower() == kind


def _variables(
    template: Template, where: str, text: str, given: tuple[Mapping[str, Any], ...]
) -> Iterator[Refusal]:  # fmt: skip
    wanted = list(dict.fromkeys(VARIABLE.findall(text)))
    if template.named:
        names = {str(parameter.get("parameter_name", "")) for parameter in given}
        if names != set(wanted):
            shown = ", ".join(wanted) or "none"
            yield _wrong(
                f"The template's {where} has the parameters {shown}; given were {', '.join(sorted(names)) or 'none'}."
            )
    elif len(given) != len(wanted):
        yield _wrong(f"The template's {where} has {len(wanted)} parameters; given were {len(given)}.")


def _header(template: Template, wanted: Mapping[str, Any], given: tuple[Mapping[str, Any], ...]) -> Iterator[Refusal]:
    format = str(wanted.get("format") or "TEXT").lower()
    if format == "text":
        yield from _variables(template, "header", str(wanted.get("text") or ""), given)
    elif [parameter.get("type") for parameter in given] != [format]:
        what = f"a {format}" if format in HEADERS else format
        message = f"The template has {what} at its head, and the message does not give it."
        yield Refusal(
            code="template_parameters", message=message, field="media", remediation="Give it with the message."
        )


def _buttons(wanted: Mapping[str, Any], given: list[Mapping[str, Any]]) -> Iterator[Refusal]:
    filled = {str(one.get("index")) for one in given if _is(one, "button") and records(one.get("parameters"))}
    for index, button in enumerate(records(wanted.get("buttons"))):
        kind = str(button.get("type", "")).upper()
        variable = kind in {"COPY_CODE", "OTP"} or (
            kind == "URL" and bool(VARIABLE.search(str(button.get("url") or "")))
        )
        if variable and str(index) not in filled:
            yield _wrong(f"The template's button {index} ({kind}) wants a {NEEDS_PARAMETER[kind]} parameter.")


def _wrong(message: str) -> Refusal:
    return Refusal(code="template_parameters", message=message, field=FIELD, remediation="Give just these parameters.")


def text_problems(name: object, language: object, components: list[Any], parameters: Parameters) -> Iterator[Refusal]:
    """What is wrong with the words alone."""
    values = parameters.values() if isinstance(parameters, Mapping) else parameters
    if any(isinstance(value, str) and (not value or UNSENDABLE.search(value)) for value in values):
        message = (
            "A parameter's text is not empty, and has no line breaks, no tabs, and no more than four spaces in a row."
        )
        yield Refusal(code="template_parameters", field=FIELD, message=message)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield Refusal(
            code="invalid_template_name",
            field="options.template_name",
            message="A template's name has small letters, digits and underscores.",
        )
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        message = "A language is a code such as en or pt_BR."
        yield Refusal(code="invalid_language", field="options.language_code", message=message)
    if any(not isinstance(one, Mapping) or not cast("Mapping[str, Any]", one).get("type") for one in components):
        message = "Each component is an object with a type: header, body or button."
        yield Refusal(code="invalid_components", field="options.components", message=message)
