"""YouTube's requests and the readers of their replies. Each reads the few fields that we use, and no more."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, cast

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import MediaFile
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.call import OK, Call, Cost, Harmless, IfRepeated, Piece, Reply, Request, Visible, Wasteful
from waooaw_social.platforms.youtube.errors import GENERAL, UPLOADS
from waooaw_social.platforms.youtube.manifest import API, MANIFEST, SESSION_GOOD_FOR, UPLOAD

T = TypeVar("T")

SESSION_GONE = frozenset({404, 410})
SESSION_ANSWERS = frozenset({200, 201, 308}) | SESSION_GONE


@dataclass(frozen=True, kw_only=True)
class Channel:
    """The channel that a token speaks for."""

    id: str
    title: str
    uploads: str
    """Its playlist of uploads: read, never computed from the id."""
    long_uploads: str


@dataclass(frozen=True)
class Session:
    """A resumable upload. Its URI grants uploading: a secret."""

    uri: str

    def __repr__(self) -> str:
        return "Session(********)"


@dataclass(frozen=True, kw_only=True)
class Held:
    """The session waits for more: it holds everything before `offset`."""

    offset: int
    session: Session


@dataclass(frozen=True)
class Whole:
    """The session has ended with a video, and repeats its last answer."""

    reply: Reply


@dataclass(frozen=True)
class Gone:
    """The session is no more, whatever became of it."""


@dataclass(frozen=True)
class Mute:
    """The session refuses to be asked. What is in it can only be told by the channel's uploads."""

    refusal: Refusal


Progress: TypeAlias = Held | Whole | Gone | Mute


@dataclass(frozen=True, kw_only=True)
class Video:
    """A video as its owner sees it."""

    id: RemoteId
    title: str
    privacy: str
    published_at: float
    size: int | None
    """None where YouTube does not say (yet)."""
    resource: Mapping[str, Any]


def my_channel() -> Call[Channel]:
    """The channel of the token: whom we are about to speak for. 1 unit."""
    return _get("my channel", "channels", _read_channel, part="id,snippet,contentDetails,status", mine="true")


def videos(
    ids: tuple[str, ...], *, parts: str = "snippet,status,contentDetails,fileDetails"
) -> Call[tuple[Video, ...]]:
    """Up to 50 videos by id; unknown ids are left out of the answer. 1 unit."""
    return _get("videos", "videos", _read_videos, part=parts, id=",".join(ids))


def uploads(channel: Channel) -> Call[tuple[str, ...]]:
    """The ids of the newest 50 uploads. 1 unit."""
    return _get(
        "uploads", "playlistItems", _read_upload_ids, part="contentDetails", playlistId=channel.uploads, maxResults="50"
    )


def open_session(name: str, resource: Mapping[str, Any], file: MediaFile, *, notify: bool) -> Call[Session]:
    """Start a resumable upload. No video exists yet; one of the day's uploads is spent."""
    headers = {
        "content-type": "application/json; charset=UTF-8",
        "x-upload-content-length": str(file.size),
        "x-upload-content-type": file.content_type,
    }
    params = {"uploadType": "resumable", "part": ",".join(resource), "notifySubscribers": str(notify).lower()}
    request = Request(
        method="POST", url=f"{UPLOAD}/videos", params=params, headers=headers, body=json.dumps(resource).encode()
    )
    return _call(name, request, _read_session, Wasteful(good_for=SESSION_GOOD_FOR), cost=Cost(bucket=UPLOADS, units=1))


def held(session: Session, size: int) -> Call[Progress]:
    """How much does the session hold? Or the answer that it ended with."""
    request = Request(method="PUT", url=session.uri, headers={"content-range": f"bytes */{size}"})
    return _call("how much is held", request, _progress_of(session), Harmless(), answers=SESSION_ANSWERS)


def send_chunk(session: Session, file: MediaFile, offset: int, length: int) -> Call[Progress]:
    """A chunk that does not complete the upload. After a lost reply: ask how much is held, do not just send it again."""
    request = _put(session, file, offset, length)
    return _call("send chunk", request, _progress_of(session), Harmless(repeatable=False), answers=SESSION_ANSWERS)


def complete(
    name: str, session: Session, file: MediaFile, offset: int, visible: Visible, *, blindly: bool = False
) -> Call[Progress]:
    """The last piece: with it, the video exists. 308 means that YouTube has not got everything, so nothing is out.

    That is no answer where the session can be asked what it has got; it is one where it cannot (`blindly`).
    """
    request = _put(session, file, offset, file.size - offset)
    answers = SESSION_ANSWERS if blindly else SESSION_ANSWERS - {308}
    return _call(name, request, _progress_of(session), visible, answers=answers)


def create_community_post(resource: Mapping[str, Any], visible: Visible) -> Call[Mapping[str, Any]]:
    """A community post, at an address that the public API does not have (5). 50 units, the cost of the old bulletins."""
    request = Request(
        method="POST",
        url=f"{API}/communityPosts",
        params={"part": "snippet"},
        headers={"content-type": "application/json; charset=UTF-8"},
        body=json.dumps(resource).encode(),
    )
    return _call("create community post", request, Reply.json, visible, cost=Cost(bucket=GENERAL, units=50))


def community_posts() -> Call[tuple[Mapping[str, Any], ...]]:
    """The channel's newest community posts. 1 unit."""
    return _get("community posts", "communityPosts", _items, part="snippet", mine="true", maxResults="50")


def resource_of(reply: Reply) -> RemoteId | None:
    """The id in a final answer; None in one that says that the session is gone."""
    return RemoteId(str(reply.json()["id"])) if reply.status in OK else None


# --- helpers ------------------------------------------------------------------------------------------------------------------


def _call(
    name: str,
    request: Request,
    read: Callable[[Reply], T],
    if_repeated: IfRepeated,
    *,
    answers: frozenset[int] = OK,
    cost: Cost | None = None,
) -> Call[T]:
    return Call(
        name=name,
        request=request,
        read=read,
        explain=MANIFEST.explain,
        if_repeated=if_repeated,
        answers=answers,
        cost=cost,
    )


def _get(name: str, path: str, read: Callable[[Reply], T], **params: str) -> Call[T]:
    request = Request(method="GET", url=f"{API}/{path}", params=params)
    return _call(name, request, read, Harmless(), cost=Cost(bucket=GENERAL, units=1))


def _put(session: Session, file: MediaFile, offset: int, length: int) -> Request:
    # An empty rest is asked about as a status query is: everything is there, and the session has not ended yet.
    span = f"{offset}-{offset + length - 1}" if length else "*"
    headers = {"content-type": file.content_type, "content-range": f"bytes {span}/{file.size}"}
    return Request(method="PUT", url=session.uri, headers=headers, body=Piece(file=file, offset=offset, length=length))


def _items(reply: Reply) -> tuple[Mapping[str, Any], ...]:
    items = reply.json().get("items")
    return tuple(cast("list[Mapping[str, Any]]", items)) if isinstance(items, list) else ()


def _read_channel(reply: Reply) -> Channel:
    item = next(iter(_items(reply)), None)
    if item is None:
        # No channel: either no items or 401 youtubeSignupRequired (section 2); both end in the same words.
        raise Refused(
            Refusal(
                code="no_channel",
                message="This Google account has no YouTube channel.",
                remediation="Create a channel, then connect the account again.",
            )
        )
    return Channel(
        id=str(item["id"]),
        title=str(item.get("snippet", {}).get("title", "")),
        uploads=str(item.get("contentDetails", {}).get("relatedPlaylists", {}).get("uploads", "")),
        long_uploads=str(item.get("status", {}).get("longUploadsStatus", "")),
    )


def _read_session(reply: Reply) -> Session:
    return Session(reply.headers["location"])


def _progress_of(session: Session) -> Callable[[Reply], Progress]:
    def read(reply: Reply) -> Progress:
        if reply.status in SESSION_GONE:
            return Gone()
        if reply.status in OK:
            return Whole(reply)
        there = Session(reply.headers.get("location", session.uri))
        last = reply.headers.get("range", "").rpartition("-")[2]
        return Held(offset=int(last) + 1 if last.isdigit() else 0, session=there)

    return read


def _read_videos(reply: Reply) -> tuple[Video, ...]:
    return tuple(_video(item) for item in _items(reply))


def _video(item: Mapping[str, Any]) -> Video:
    snippet, size = item.get("snippet", {}), item.get("fileDetails", {}).get("fileSize")
    return Video(
        id=RemoteId(str(item["id"])),
        title=str(snippet.get("title", "")),
        privacy=str(item.get("status", {}).get("privacyStatus", "")),
        published_at=timestamp(str(snippet.get("publishedAt", ""))),
        size=int(size) if size else None,
        resource=item,
    )


def _read_upload_ids(reply: Reply) -> tuple[str, ...]:
    return tuple(str(item["contentDetails"]["videoId"]) for item in _items(reply))


def timestamp(text: str) -> float:
    """Seconds since 1970 of an ISO time; 0 where there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
