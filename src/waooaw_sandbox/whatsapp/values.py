"""Loosely typed JSON, read without trust: a dict or an empty one, a list or an empty one, and values by a path."""

from collections.abc import Iterator
from typing import Any, cast

from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.multipart import structure


def record(value: Any) -> Json:
    value = structure(value)
    return cast(Json, value) if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    value = structure(value)
    return cast(list[Any], value) if isinstance(value, list) else []


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def at(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Everything that `action.buttons[].reply.id` finds, with where; None where a step is missing."""
    step, _, rest = path.partition(".")
    name, many = step.removesuffix("[]"), step.endswith("[]")
    below = record(value).get(name)
    if not many:
        yield from ((f"['{name}']{where}", found) for where, found in (at(below, rest) if rest else [("", below)]))
        return
    for number, item in enumerate(listed(below)):
        inner = at(item, rest) if rest else iter([("", item)])
        yield from ((f"['{name}'][{number}]{where}", found) for where, found in inner)


def structured(value: Any) -> Any:
    """A dict or list, also where it came as JSON in a form."""
    return structure(value)
