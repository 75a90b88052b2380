"""A message as an agent said it, read: JSON in options unpacked, coordinates as numbers, and whatever cannot be read told as a problem.

Options hold texts, numbers and truths only, so what has more shape (components, contacts, an interactive message) stands in them as JSON.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from waooaw_social.core.post import Content
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal
from waooaw_social.platforms.whatsapp import templates
from waooaw_social.platforms.whatsapp.media import HEADERS, KINDS, media_of
from waooaw_social.platforms.whatsapp.replies import record

COMMON_OPTIONS = frozenset({"to", "on_silence", "silence_seconds", "regardless_of_window"})
ABOUT = frozenset({"reply_to"})
OPTIONS: Mapping[str, frozenset[str]] = {
    "text": ABOUT | {"preview_url"},
    "image": ABOUT | {"by_link"},
    "video": ABOUT | {"by_link"},
    "audio": ABOUT | {"by_link", "voice"},
    "document": ABOUT | {"by_link", "filename"},
    "sticker": ABOUT | {"by_link"},
    "location": ABOUT | {"latitude", "longitude", "name", "address"},
    "contacts": ABOUT | {"contacts"},
    "reaction": frozenset({"message_id"}),
    "interactive": ABOUT | {"by_link", "interactive"},
    "template": frozenset({"by_link", "template_name", "language_code", "template_params", "components"}),
}
"""What a format knows beside its content and `COMMON_OPTIONS`."""
JSON_OPTIONS: Mapping[str, tuple[type, ...]] = {
    "contacts": (list,),
    "interactive": (dict,),
    "template_params": (list, dict),
    "components": (list,),
}
TRUTHS = frozenset({"preview_url", "by_link", "voice", "regardless_of_window"})


def shaped(content: Content, option: str) -> Any:
    """What an option says in JSON; None where it says nothing. Raises `ValueError` for what is no such JSON."""
    text = content.options.get(option)
    if text is None or text == "":
        return None
    value = json.loads(text) if isinstance(text, str) else text
    if not isinstance(value, JSON_OPTIONS[option]):
        raise ValueError("JSON of another shape")  # noqa: TRY004 - as of text that is no JSON
    return value


def listed(content: Content, option: str) -> list[Any]:
    """The same for an option that is a list; an empty one where it says nothing."""
    return cast("list[Any]", shaped(content, option) or [])


def fields_of(publication: Publication, medium: Mapping[str, Any] | None) -> dict[str, Any]:
    """The message's own fields, of words that `check` has passed. `medium` is the file, as `{id}` or `{link}`, if there is one."""
    content, kind = publication.content, publication.format
    payload = _PAYLOADS[kind](content, medium) if kind in _PAYLOADS else _file(kind, content, medium)
    about = content.options.get("reply_to")
    return {"type": kind, kind: payload, "context": {"message_id": about} if about else None}


def template_of(content: Content) -> tuple[str, str, list[Mapping[str, Any]]]:
    """Name, language and components of a template's message, without the file at its head."""
    components = templates.components_of(listed(content, "components"), shaped(content, "template_params") or None)
    return str(content.options["template_name"]), str(content.options.get("language_code") or "en"), components


def header_of(content: Content) -> str | None:
    """The kind of the file above an interactive message or a template."""
    media = media_of(content)
    return media[0][0] if media and media[0][0] in HEADERS else None


def coordinate(content: Content, name: str) -> float:
    """Degrees. Raises `ValueError`, `KeyError`."""
    return float(content.options[name])


# --- one function a format ----------------------------------------------------------------------------------------------------


def _text(content: Content, _: Any) -> dict[str, Any]:
    preview = content.options.get("preview_url", True)
    return {"body": content.text, "preview_url": bool(preview)}


def _file(kind: str, content: Content, medium: Mapping[str, Any] | None) -> dict[str, Any]:
    caption = {"caption": content.text} if content.text and KINDS[kind].caption else {}
    more = {name: content.options[name] for name in ("filename", "voice") if name in content.options}
    return {**(medium or {}), **caption, **more}


def _location(content: Content, _: Any) -> dict[str, Any]:
    told = {name: content.options[name] for name in ("name", "address") if content.options.get(name)}
    return {"latitude": coordinate(content, "latitude"), "longitude": coordinate(content, "longitude"), **told}


def _interactive(content: Content, medium: Mapping[str, Any] | None) -> dict[str, Any]:
    interactive = dict(record(shaped(content, "interactive")))
    kind = header_of(content)
    return {**interactive, "header": {"type": kind, kind: medium}} if kind and medium else interactive


def _template(content: Content, medium: Mapping[str, Any] | None) -> dict[str, Any]:
    name, language, components = template_of(content)
    kind = header_of(content)
    filled = templates.with_header(components, kind, medium) if kind and medium else components
    return {"name": name, "language": {"code": language}} | ({"components": filled} if filled else {})


def _contacts(content: Content, _: Any) -> list[Any]:
    return listed(content, "contacts")


def _reaction(content: Content, _: Any) -> dict[str, Any]:
    return {"message_id": content.options["message_id"], "emoji": content.text or ""}


_PAYLOADS: Mapping[str, Callable[[Content, Mapping[str, Any] | None], Any]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": _interactive,
    "template": _template,
}


# --- what cannot be read ------------------------------------------------------------------------------------------------------


def unreadable(publication: Publication) -> Iterator[Refusal]:
    """Options that nobody knows, that are of another kind, or that are no JSON."""
    content = publication.content
    known = OPTIONS.get(publication.format, frozenset()) | COMMON_OPTIONS
    for name in sorted(set(content.options) - known):
        message = f"WhatsApp has no option of this name for {publication.format}; it has {', '.join(sorted(known))}."
        yield Refusal(code="unknown_option", field=f"options.{name}", message=message)
    for name in sorted(set(content.options) & known):
        value = content.options[name]
        if name in JSON_OPTIONS and not _can_be_read(content, name):
            yield Refusal(
                code="invalid_json", field=f"options.{name}", message=f"The value is {_shape(name)}, as JSON."
            )
        if name in TRUTHS and not isinstance(value, bool):
            yield Refusal(code="invalid_option", field=f"options.{name}", message="The value is true or false.")


def _can_be_read(content: Content, option: str) -> bool:
    try:
        shaped(content, option)
    except ValueError:
        return False
    return True


def _shape(option: str) -> str:
    return " or ".join({list: "a list", dict: "an object"}[kind] for kind in JSON_OPTIONS[option])
