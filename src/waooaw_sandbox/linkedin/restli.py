"""Rest.li 2.0.0 URL syntax, parsed as strictly as the contract's 1.12 tells it: `List(…)`, `(name:value,…)` and encoded values.

In a value the characters `( ) , :` must be percent-encoded; raw ones are structure, and structure where none belongs is refused.
`fields` is the exception: its commas are raw. Paths and queries are read as they were sent, before anybody decodes them.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import unquote

from aiohttp import web

from waooaw_sandbox.kit import head_of

Value: TypeAlias = "str | list[Value] | dict[str, Value]"

TOKEN = re.compile(r"List\(|[(),:]|[^(),:]+")
PLAIN = frozenset({"fields", "projection"})
"""Parameters that keep the syntax of 1.0."""


class Malformed(Exception):
    """It is not Rest.li 2.0.0."""


def raw_path(request: web.Request, host: str) -> str:
    """The path behind the host, still encoded."""
    return request.raw_path.partition("?")[0].removeprefix(f"/{host}")


def tunnelled(request: web.Request) -> bool:
    return request.method == "POST" and request.headers.get("X-HTTP-Method-Override", "").upper() == "GET"


def method_of(request: web.Request) -> str:
    return "GET" if tunnelled(request) else request.method


def raw_query(request: web.Request) -> str:
    """What stands behind the question mark, or in the body of a GET that was too long for a URL."""
    if tunnelled(request):
        return head_of(request).decode("utf-8", "replace")
    return request.raw_path.partition("?")[2]


def names_in(raw: str) -> frozenset[str]:
    return frozenset(unquote(pair.partition("=")[0]) for pair in raw.split("&") if pair)


def one_of(raw: str, name: str) -> str | None:
    """A simple parameter, without parsing the others."""
    pairs = (pair.partition("=") for pair in raw.split("&"))
    return next((unquote(value) for key, _, value in pairs if key == name), None)


def parse_query(raw: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for pair in filter(None, raw.split("&")):
        name, _, value = pair.partition("=")
        key = unquote(name)
        found[key] = unquote(value) if key in PLAIN else parse(value)
    return found


def plain_query(raw: str) -> dict[str, Value]:
    """The same by the rules of 1.0, which knows no lists of this kind: every value is text."""
    return {unquote(name): unquote(value) for name, _, value in (p.partition("=") for p in raw.split("&") if p)}


def structured(raw: str) -> bool:
    """Does any value use the syntax that only 2.0.0 has?"""
    return any(pair.partition("=")[2].startswith(("List(", "(")) for pair in raw.split("&"))


def parse(text: str) -> Value:
    tokens = TOKEN.findall(text)
    value, rest = take(tokens)
    if rest:
        raise Malformed(f"unexpected {rest[0]!r}")
    return value


def parse_key(text: str) -> str:
    """A path key: one encoded value."""
    value = parse(text)
    if not isinstance(value, str):
        raise Malformed("a compound key")
    return value


def take(tokens: list[str]) -> tuple[Value, list[str]]:
    """The value that the tokens begin with, and what follows it."""
    match tokens:
        case ["List(", *rest]:
            return take_items(rest)
        case ["(", *rest]:
            return take_fields(rest)
        case [] | [")" | "," | ":", *_]:
            return "", tokens
        case [word, *rest]:
            return "" if word == "''" else unquote(word), rest
        case _:
            raise Malformed("nothing to read")


def take_items(tokens: list[str]) -> tuple[list[Value], list[str]]:
    items: list[Value] = []
    if tokens[:1] == [")"]:
        return items, tokens[1:]
    while True:
        value, tokens = take(tokens)
        items.append(value)
        match tokens:
            case [",", *tokens]:
                continue
            case [")", *rest]:
                return items, rest
            case _:
                raise Malformed("a list that does not end")


def take_fields(tokens: list[str]) -> tuple[dict[str, Value], list[str]]:
    fields: dict[str, Value] = {}
    if tokens[:1] == [")"]:
        return fields, tokens[1:]
    while True:
        name, tokens = take(tokens)
        if not isinstance(name, str) or tokens[:1] != [":"]:
            raise Malformed("a field without a name")
        value, tokens = take(tokens[1:])
        fields[name] = value
        match tokens:
            case [",", *tokens]:
                continue
            case [")", *rest]:
                return fields, rest
            case _:
                raise Malformed("a record that does not end")


def text_of(query: Mapping[str, Value], name: str, default: str = "") -> str:
    value = query.get(name, default)
    return value if isinstance(value, str) else default


def list_of(query: Mapping[str, Value], name: str) -> list[str]:
    value = query.get(name, [])
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
