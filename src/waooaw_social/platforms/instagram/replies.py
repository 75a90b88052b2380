"""What Instagram's replies say: values of the few fields that we use, and the readers that make them (contract meta B2, C).

A container's status is answered with 100/33 for a while where it is fresh, or where Meta has a bad day: that is no answer about it, and
is read as such.
"""

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, cast

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Published
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.graph.calls import Fields, answered, id_of, rows_of, text_of, timestamp
from waooaw_social.platforms.graph.errors import says

UNADDRESSED = "container:"
"""Begins the id of a post that is out, and whose own id Instagram does not tell."""
NO_ADDRESS = "It is out, but Instagram does not tell under which id or address: look at the account."
NOTHING: Fields = {}


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """The Instagram account that we are about to speak for, and where its calls go."""

    id: str
    username: str
    api: str
    account_type: str = ""
    ids: frozenset[str] = frozenset()
    """All ids that name it: Instagram Login has two (B2)."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """What is prepared, and nobody sees yet. `made_at` is the platform's own time, in seconds since 1970; None where it did not say."""

    id: str
    uri: str
    """Where a video's bytes go; empty where Instagram fetches it itself."""
    made_at: float | None


class Code(StrEnum):
    """Where a container stands (C3)."""

    IN_PROGRESS = "IN_PROGRESS"
    FINISHED = "FINISHED"
    PUBLISHED = "PUBLISHED"
    ERROR = "ERROR"
    EXPIRED = "EXPIRED"
    UNREADABLE = "UNREADABLE"
    """100/33, or a word that nobody knows: no answer."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What a container's status says."""

    code: Code
    text: str
    held: int | None = None
    """Bytes of its video that are there, where that was asked and is said."""
    whole: bool = False
    """Every byte is there."""
    at: float | None = None
    """When it was said, by the platform's clock."""


@dataclass(frozen=True, kw_only=True)
class Media:
    """A post as the account's listing shows it."""

    id: RemoteId
    caption: str
    kind: str
    product: str
    children: int
    at: float


@dataclass(frozen=True, kw_only=True)
class Room:
    """How much of the publishing limit is used. `most` is None where Instagram does not say."""

    used: int
    most: int | None


def read_me(reply: Reply, api: str) -> Speaker:
    """The documents put it into `data`, practice does not (B2)."""
    body = reply.json()
    data = body.get("data")
    return read_speaker(cast("Fields", cast("list[Any]", data)[0]) if isinstance(data, list) else body, api)


def read_speaker(told: Fields, api: str) -> Speaker:
    ids = [text_of(told[name]) for name in ("user_id", "id") if told.get(name)]
    return Speaker(
        id=ids[0],
        username=str(told.get("username", "")),
        api=api,
        account_type=str(told.get("account_type", "")),
        ids=frozenset(ids),
    )


def read_page(reply: Reply, api: str) -> Speaker | None:
    account = _fields(reply.json(), "instagram_business_account")
    return read_speaker(account, api) if account else None


def is_missing(reply: Reply) -> bool:
    said = says(reply)
    return (said.reason, said.subcode) == ("100", "33")


def read_state(reply: Reply) -> State:
    body = reply.json()
    word = str(body.get("status_code", "")).upper()
    code = Code(word) if word in Code.__members__ else Code.UNREADABLE
    if answered(reply) and "status_code" not in body:
        raise ValueError("a status without a status")
    # The shape of `video_status` is not documented; all spellings that Facebook uses are understood (C2, D4).
    phase = _fields(_fields(body, "video_status"), "uploading_phase")
    whole = phase.get("status") in {"complete", "completed"}
    return State(code=code, text=str(body.get("status", "")), held=_first_count(phase), whole=whole, at=date_of(reply))


def read_room(reply: Reply) -> Room:
    row = next(iter(rows_of(reply)), NOTHING)
    most = _fields(row, "config").get("quota_total")
    used = row.get("quota_usage")
    return Room(used=used if isinstance(used, int) else 0, most=most if isinstance(most, int) else None)


def read_listing(reply: Reply) -> tuple[Media, ...]:
    return tuple(_media(row) for row in rows_of(reply))


def _media(row: Fields) -> Media:
    children = _fields(row, "children").get("data")
    return Media(
        id=RemoteId(text_of(row["id"])),
        caption=str(row.get("caption") or ""),
        kind=str(row.get("media_type") or ""),
        product=str(row.get("media_product_type") or ""),
        children=len(cast("list[Any]", children)) if isinstance(children, list) else 0,
        at=timestamp(str(row.get("timestamp") or "")),
    )


def read_permalink(reply: Reply) -> str | None:
    url = reply.json().get("permalink")
    return url if isinstance(url, str) and url else None


def told_offset(reply: Reply) -> int | None:
    """Bytes that rupload says it holds, in a no that means "go on from there", or in a yes to a part of them."""
    body = reply.json()
    debug = _fields(body, "debug_info")
    if debug and debug.get("type") not in {"OffsetInvalidError", "PartialRequestError"}:
        return None
    try:
        inner: Any = json.loads(str(debug.get("message", "")))
    except ValueError:
        inner = NOTHING
    places = (body, debug, cast("Fields", inner) if isinstance(inner, dict) else NOTHING)
    return next((count for count in map(_first_count, places) if count is not None), None)


def _first_count(place: Fields) -> int | None:
    counts = (place.get(name) for name in ("bytes_transferred", "bytes_transfered"))
    return next((int(c) for c in counts if not isinstance(c, bool) and isinstance(c, str | int) and str(c).isdecimal()), None)  # fmt: skip


def _fields(row: Fields, name: str) -> Fields:
    value = row.get(name)
    return cast("Fields", value) if isinstance(value, dict) else NOTHING


def date_of(reply: Reply) -> float | None:
    """When the platform answered, by its own clock."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def went_out(reply: Reply) -> Published | None:
    """What `media_publish`, or a look for what it did, says is out."""
    if not answered(reply):
        return None
    post = id_of(reply)
    notes = (NO_ADDRESS,) if post.startswith(UNADDRESSED) else ()
    return Published(post_id=RemoteId(post), notes=notes)
