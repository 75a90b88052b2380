"""What a Page's replies say: values of the few fields that we use, and the readers that make them (contract meta D).

A listing with something attached, a status object and a wrong offset are spelled in more ways than one; that is known here only.
The file is long because the replies are many; each reader is short.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from waooaw_social.core.post import MediaFile
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.facebook.errors import NO_SESSION, WRONG_OFFSET, WRONG_OFFSET_TYPES
from waooaw_social.platforms.graph.calls import Fields, id_of, is_whole, rows_of, text_of, timestamp

NOTHING: Fields = {}


@dataclass(frozen=True, kw_only=True)
class Page:
    """Whom the token speaks for: a Page, or a person where it should not."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post as a listing shows it."""

    id: str
    message: str
    created_at: float
    """Seconds since 1970."""
    due_at: float
    """Seconds since 1970 for which it is scheduled; 0 for none."""
    app: str
    kinds: frozenset[str]
    """Of what is attached: photo, album, video_inline, share …"""
    targets: frozenset[str]
    """Ids of the photos and videos in it."""
    links: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The first page of a Page's posts, newest first."""

    posts: tuple[Post, ...]
    whole: bool
    """There is no further page."""


@dataclass(frozen=True, kw_only=True)
class Story:
    post: str
    media: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A video that is being sent, and whose id is known before anybody sees it."""

    video: str
    address: str
    """Where bytes go (rupload)."""
    session: str
    """By which a chunked upload is continued."""
    wanted: int = 0
    """Bytes of a chunk that it asks for at first."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Everything before `offset` is there; the platform wants `wanted` more bytes, 0 where it does not say."""

    offset: int
    wanted: int = 0


@dataclass(frozen=True)
class Gone:
    """The upload is no more, whatever became of it."""


Progress: TypeAlias = Held | Gone


@dataclass(frozen=True, kw_only=True)
class VideoState:
    """What a video's own status says. All spellings of the documents and of live bodies are understood (D4)."""

    uploaded: bool
    held: int | None
    """Bytes that are there; None where it does not say."""
    failed: str | None
    """Why it will never be shown."""
    out: bool
    """Its publication was accepted: before the audience, or scheduled."""
    post: str | None


def read_page(reply: Reply) -> Page:
    return Page(id=id_of(reply), name=str(reply.json().get("name", "")))


def read_listing(reply: Reply) -> Listing:
    return Listing(posts=tuple(_post(row) for row in rows_of(reply)), whole=is_whole(reply))


def _post(row: Fields) -> Post:
    attached = _attached(row)
    targets = [_fields(one, "target") for one in attached]
    links = [str(one.get("unshimmed_url", "")) for one in attached] + [str(one.get("url", "")) for one in targets]
    return Post(
        id=text_of(row["id"]),
        message=str(row.get("message") or ""),
        created_at=timestamp(str(row.get("created_time") or "")),
        due_at=float(row.get("scheduled_publish_time") or 0),
        app=str(_fields(row, "application").get("id", "")),
        kinds=frozenset(str(one.get("type", "")) for one in attached),
        targets=frozenset(str(one["id"]) for one in targets if one.get("id")),
        links=frozenset(filter(None, links)),
    )


def _attached(row: Fields) -> list[Fields]:
    """What is attached, and what is in it where that is an album."""
    rows = _data(row, "attachments")
    return rows + [inner for one in rows for inner in _data(one, "subattachments")]


def _data(row: Fields, name: str) -> list[Fields]:
    found = _fields(row, name).get("data")
    return [cast("Fields", one) for one in cast("list[Any]", found) if isinstance(one, dict)] if isinstance(found, list) else []  # fmt: skip


def _fields(row: Fields, name: str) -> Fields:
    value = row.get(name)
    return cast("Fields", value) if isinstance(value, dict) else NOTHING


def read_stories(reply: Reply) -> tuple[Story, ...]:
    return tuple(
        Story(post=text_of(row["post_id"]), media=str(row.get("media_id", "")), url=str(row.get("url", "")))
        for row in rows_of(reply)
    )


def read_page_story(reply: Reply) -> str | None:
    post = reply.json().get("page_story_id")
    return str(post) if post else None


def read_is_out(reply: Reply) -> bool:
    return reply.json().get("is_published") is True or bool(reply.json().get("scheduled_publish_time"))


def read_permalink(reply: Reply) -> str | None:
    url = reply.json().get("permalink_url")
    if not isinstance(url, str) or not url:
        return None
    return f"https://www.facebook.com{url}" if url.startswith("/") else url


def read_upload(reply: Reply) -> Upload:
    told = reply.json()
    return Upload(
        video=text_of(told["video_id"]),
        address=str(told.get("upload_url", "")),
        session=str(told.get("upload_session_id", "")),
        wanted=_first_count([told.get("end_offset")]) or 0,
    )


def held_after(file: MediaFile) -> Callable[[Reply], Held]:
    """Where the upload stands: whole after a yes, else where a no says."""

    def read(reply: Reply) -> Held:
        told = told_offset(reply)
        return Held(offset=file.size if told is None else told)

    return read


def told_offset(reply: Reply) -> int | None:
    """Bytes that rupload says it holds (D4); its message may be JSON. A yes may say it too, of a part."""
    body = reply.json()
    debug = _fields(body, "debug_info")
    if debug and debug.get("type") not in WRONG_OFFSET_TYPES:
        return None
    message = debug.get("message")
    try:
        inner: Any = json.loads(message) if isinstance(message, str) else None
    except ValueError:
        inner = None
    places = [body, debug, cast("Fields", inner) if isinstance(inner, dict) else NOTHING]
    counts = [place.get(name) for place in places for name in ("bytes_transfered", "bytes_transferred")]
    return _first_count(counts)


def read_chunk(reply: Reply) -> Progress:
    if subcode_of(reply) == NO_SESSION:
        return Gone()
    place = place_of(reply) or reply.json()
    begin = int(place["start_offset"])
    return Held(offset=begin, wanted=max(0, int(place["end_offset"]) - begin))


def place_of(reply: Reply) -> Fields:
    """Where a chunked upload goes on, from the no to a wrong offset."""
    if subcode_of(reply) != WRONG_OFFSET:
        return NOTHING
    place = _fields(_fields(reply.json(), "error"), "error_data")
    return place if _is_count(place.get("start_offset")) and _is_count(place.get("end_offset")) else NOTHING


def subcode_of(reply: Reply) -> str:
    return str(_fields(reply.json(), "error").get("error_subcode", ""))


def _first_count(values: list[Any]) -> int | None:
    return next((int(str(value)) for value in values if _is_count(value)), None)


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, str | int) and str(value).isdecimal()


def read_state(reply: Reply) -> VideoState:
    status = _fields(reply.json(), "status")
    phases = {name: _fields(status, f"{name}_phase") for name in ("uploading", "processing", "publishing")}
    overall, publishing = str(status.get("video_status", "")), phases["publishing"]
    counts = [phases["uploading"].get(name) for name in ("bytes_transferred", "bytes_transfered")]
    post = reply.json().get("post_id")
    return VideoState(
        uploaded=phases["uploading"].get("status") in COMPLETE or overall in UPLOADED,
        held=_first_count(counts),
        failed=_failure(overall, phases),
        out=publishing.get("status") in COMPLETE or publishing.get("publish_status") in {"published", "scheduled"},
        post=str(post) if post else None,
    )


def _failure(overall: str, phases: Mapping[str, Fields]) -> str | None:
    for phase in phases.values():
        errors = phase.get("errors")
        rows = [phase.get("error"), *(cast("list[Any]", errors) if isinstance(errors, list) else ())]
        for row in rows:
            if isinstance(row, dict):
                return str(cast("Fields", row).get("message", "")) or overall
    return overall if overall in FAILED else None


COMPLETE = frozenset({"complete", "completed"})
UPLOADED = frozenset({"upload_complete", "processing", "ready"})
FAILED = frozenset({"upload_failed", "error", "expired"})


def story_id_of(reply: Reply) -> str:
    """A story's post id, which may be a number (D5)."""
    return text_of(reply.json()["post_id"])


def read_success(reply: Reply) -> bool:
    """`{"success": true}`; anything else is no answer."""
    if reply.json().get("success") is not True:
        raise ValueError("an answer that does not say that it succeeded")
    return True
