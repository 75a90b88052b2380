"""Requests in Graph's grammar and the readers of their replies. A platform binds them to its own error rows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from waooaw_social.platforms.call import OK, Body, Call, Cost, Harmless, IfRepeated, Reply, Request
from waooaw_social.platforms.graph.errors import explains
from waooaw_social.platforms.manifest import ErrorRow

T = TypeVar("T")

Fields = Mapping[str, Any]
JSON = {"content-type": "application/json"}
OAUTH = "oauth"
"""The signature that rupload wants (A3)."""
AS_APP = "as app"
"""The signature of a question about a token (B4)."""


@dataclass(frozen=True)
class Grammar:
    """Graph's calls with one platform's own error rows."""

    errors: tuple[ErrorRow, ...]

    def get(
        self,
        name: str,
        url: str,
        read: Callable[[Reply], T],
        *,
        kept_for: float = 0.0,
        signature: str = "",
        **params: str,
    ) -> Call[T]:
        """A read."""
        request = Request(method="GET", url=url, params=params, signature=signature)
        return self.call(name, request, read, Harmless(kept_for=kept_for))

    def post(
        self,
        name: str,
        url: str,
        fields: Fields,
        read: Callable[[Reply], T],
        if_repeated: IfRepeated,
        *,
        cost: Cost | None = None,
        recognise: Callable[[Reply], bool] | None = None,
    ) -> Call[T]:
        """A write, with its fields as JSON; those that are None are left out."""
        body = json.dumps({field: value for field, value in fields.items() if value is not None}).encode()
        request = Request(method="POST", url=url, headers=JSON, body=body)
        return self.call(name, request, read, if_repeated, cost=cost, recognise=recognise)

    def upload(
        self, name: str, url: str, body: Body, headers: Mapping[str, str], read: Callable[[Reply], T]
    ) -> Call[T]:
        """Bytes for rupload. After a lost reply it is asked how much is there: it does not just take them again."""
        headers = {"content-type": "application/octet-stream", **headers}
        request = Request(method="POST", url=url, headers=headers, body=body, signature=OAUTH)
        return self.call(name, request, read, Harmless(repeatable=False))

    def call(
        self,
        name: str,
        request: Request,
        read: Callable[[Reply], T],
        if_repeated: IfRepeated,
        *,
        cost: Cost | None = None,
        recognise: Callable[[Reply], bool] | None = None,
    ) -> Call[T]:
        return Call(
            name=name, request=request, read=read, explain=explains(self.errors, if_repeated), if_repeated=if_repeated, cost=cost,
            recognise=recognise or answered,
        )  # fmt: skip


def answered(reply: Reply) -> bool:
    """Some noes come with 200 (A5)."""
    body = reply.json()
    return reply.status in OK and body.get("success") is not False and "error" not in body


def id_of(reply: Reply) -> str:
    """The id of what was made. An answer without one is no answer."""
    return text_of(reply.json()["id"])


def text_of(value: Any) -> str:
    """Ids come as strings, and sometimes as numbers (D5)."""
    if not isinstance(value, str | int) or value == "":
        raise ValueError("an id is expected")
    return str(value)


def rows_of(reply: Reply) -> tuple[Fields, ...]:
    """The rows of a listing's first page."""
    rows = reply.json()["data"]
    return tuple(cast("Fields", row) for row in cast("list[Any]", rows) if isinstance(row, dict))


def is_whole(reply: Reply) -> bool:
    """Whether a listing has no further page."""
    paging = reply.json().get("paging")
    return not (isinstance(paging, dict) and "next" in cast("Fields", paging))


def timestamp(text: str) -> float:
    """Seconds since 1970 of `2019-04-05T07:56:32+0000` (A4); 0 where there is none."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").timestamp() if text else 0.0
