"""`fields=` and pages of lists: which part of an object is shown, and how a long list is cut (contract meta A4).

Names that an object does not have are left out silently. `paging.next` repeats the access token, because Meta's does.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from waooaw_sandbox.kit import Json

if TYPE_CHECKING:
    from waooaw_sandbox.meta.ask import Ask

MOST = 100


def stamp(moment: datetime) -> str:
    """`2019-04-05T07:56:32+0000`: no colon in the offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass(frozen=True)
class Wanted:
    name: str
    below: str


def wanted(text: str) -> list[Wanted]:
    """`id,ig{id,username},likes.limit(0).summary(true)` as names with what is asked below each."""
    pieces, depth, start = list[str](), 0, 0
    for at, letter in enumerate(text + ","):
        depth += (letter in "{(") - (letter in "})")
        if letter == "," and depth == 0:
            pieces.append(text[start:at].strip())
            start = at + 1
    found = [re.fullmatch(r"(\w+)([^{]*)(?:\{(.*)\})?", piece, re.DOTALL) for piece in pieces if piece]
    return [Wanted(match[1], match[3] or "") for match in found if match]


def select(node: Mapping[str, Any], fields: str) -> Json:
    """The asked-for fields that there are, and always the id."""
    chosen: Json = {}
    for want in wanted(fields):
        if want.name in node and node[want.name] is not None:
            chosen[want.name] = narrowed(node[want.name], want.below)
    if "id" in node:
        chosen["id"] = node["id"]
    return chosen


class Reference(dict[str, Any]):
    """Another object inside of one: only its id is shown, unless more is asked for."""


def narrowed(value: Any, below: str) -> Any:
    if not below:
        return {"id": value["id"]} if isinstance(value, Reference) else value
    if isinstance(value, list):
        return [narrowed(item, below) for item in cast(list[Any], value)]
    if not isinstance(value, dict):
        return value
    inner = cast(Json, value)
    return {"data": narrowed(inner["data"], below)} if "data" in inner else select(inner, below)


def paged(ask: "Ask", rows: Sequence[Json], default_limit: int = 25) -> Json:
    """One page of `rows`, with cursors and the addresses of its neighbours."""
    limit = max(min(int(ask.number("limit", default_limit)), MOST), 1)
    start = position(ask.text("after"), 0) if ask.text("after") else 0
    if ask.text("before"):
        start = max(position(ask.text("before"), 0) - limit, 0)
    shown = list(rows[start : start + limit])
    if not shown:
        return {"data": []}
    end = start + len(shown)
    paging: Json = {"cursors": {"before": cursor(start), "after": cursor(end)}}
    if end < len(rows):
        paging["next"] = address(ask, {"after": cursor(end)})
    if start > 0:
        paging["previous"] = address(ask, {"before": cursor(start)})
    return {"data": shown, "paging": paging}


def address(ask: "Ask", change: Mapping[str, str]) -> str:
    kept = {name: str(value) for name, value in ask.values.items() if name not in ("after", "before", "method")}
    query = urlencode({"access_token": ask.token.token} | kept | dict(change))
    return f"{ask.call.url(ask.call.host, ask.call.path)}?{query}"


def cursor(at: int) -> str:
    return base64.urlsafe_b64encode(f"sandbox:{at}".encode()).decode().rstrip("=")


def position(text: str, otherwise: int) -> int:
    try:
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().removeprefix("sandbox:"))
    except ValueError:
        return otherwise


def moment(text: str) -> datetime | None:
    """A unix time or an ISO date, as `since`, `until` and schedules take them."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return None
    return given if given.tzinfo else given.replace(tzinfo=UTC)
