"""YouTube's requests. What their replies say is in `replies.py`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import MediaFile
from waooaw_social.platforms.call import OK, Call, Cost, Harmless, IfRepeated, Piece, Reply, Request, Visible, Wasteful
from waooaw_social.platforms.youtube.errors import GENERAL, UPLOADS
from waooaw_social.platforms.youtube.manifest import API, MANIFEST, SESSION_GOOD_FOR, UPLOAD
from waooaw_social.platforms.youtube.replies import (
    SESSION_GONE,
    Channel,
    Progress,
    Session,
    Video,
    items,
    progress_of,
    read_channel,
    read_session,
    read_upload_ids,
    read_videos,
)

T = TypeVar("T")

SESSION_ANSWERS = frozenset({200, 201, 308}) | SESSION_GONE
FOR_EVER = float("inf")
"""How long a video, and what was once seen, is good for."""


def my_channel() -> Call[Channel]:
    """The channel of the token: whom we are about to speak for. 1 unit."""
    return _get("my channel", "channels", read_channel, part="id,snippet,contentDetails,status", mine="true")


def videos(
    ids: tuple[str, ...], *, parts: str = "snippet,status,contentDetails,fileDetails"
) -> Call[tuple[Video, ...]]:
    """Up to 50 videos by id; unknown ids are left out of the answer. 1 unit."""
    return _get("videos", "videos", read_videos, part=parts, id=",".join(ids))


def uploads(channel: Channel) -> Call[tuple[str, ...]]:
    """The ids of the newest 50 uploads. 1 unit."""
    return _get(
        "uploads", "playlistItems", read_upload_ids, part="contentDetails", playlistId=channel.uploads, maxResults="50"
    )


def recorded(name: str, read: Call[T]) -> Call[T]:
    """A read that writes are built on: every later run sees what the first one saw."""
    return replace(read, name=name, if_repeated=Wasteful(good_for=FOR_EVER))


def open_session(
    name: str,
    resource: Mapping[str, Any],
    file: MediaFile,
    *,
    notify: bool,
    file_name: str = "",
    good_for: float = SESSION_GOOD_FOR,
) -> Call[Session]:
    """Start a resumable upload. No video exists yet; one of the day's uploads is spent. `file_name` is shown to the owner only."""
    headers = {
        "content-type": "application/json; charset=UTF-8",
        "x-upload-content-length": str(file.size),
        "x-upload-content-type": file.content_type,
    } | ({"slug": file_name} if file_name else {})
    params = {"uploadType": "resumable", "part": ",".join(resource), "notifySubscribers": str(notify).lower()}
    request = Request(
        method="POST", url=f"{UPLOAD}/videos", params=params, headers=headers, body=json.dumps(resource).encode()
    )
    return _call(name, request, read_session, Wasteful(good_for=good_for), cost=Cost(bucket=UPLOADS, units=1))


def held(session: Session, size: int) -> Call[Progress]:
    """How much does the session hold? Or the answer that it ended with."""
    request = Request(method="PUT", url=session.uri, headers={"content-range": f"bytes */{size}"})
    return _call("how much is held", request, progress_of(session), Harmless(), answers=SESSION_ANSWERS)


def send_chunk(session: Session, file: MediaFile, offset: int, length: int) -> Call[Progress]:
    """A chunk that does not complete the upload. After a lost reply: ask how much is held, do not just send it again."""
    request = _put(session, file, offset, length)
    return _call("send chunk", request, progress_of(session), Harmless(repeatable=False), answers=SESSION_ANSWERS)


def complete(
    name: str, session: Session, file: MediaFile, offset: int, if_repeated: Visible | Wasteful, *, blindly: bool = False
) -> Call[Progress]:
    """The last piece: with it, the video exists. 308 means that YouTube has not got everything, so nothing is out.

    That is no answer where the session can be asked what it has got; it is one where it cannot (`blindly`).
    """
    request = _put(session, file, offset, file.size - offset)
    answers = SESSION_ANSWERS if blindly else SESSION_ANSWERS - {308}
    return _call(name, request, progress_of(session), if_repeated, answers=answers)


def publish_video(video: RemoteId, status: Mapping[str, Any], visible: Visible) -> Call[Reply]:
    """Give a video this whole part `status`: what is left out of it is reset (3.3). 50 units."""
    request = Request(
        method="PUT",
        url=f"{API}/videos",
        params={"part": "status"},
        headers={"content-type": "application/json; charset=UTF-8"},
        body=json.dumps({"id": video, "status": status}).encode(),
    )
    return _call("publish video", request, lambda reply: reply, visible, cost=Cost(bucket=GENERAL, units=50))


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
    return _get("community posts", "communityPosts", items, part="snippet", mine="true", maxResults="50")


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
    body = Piece(file=file, offset=offset, length=length) if length else b""
    return Request(method="PUT", url=session.uri, headers=headers, body=body)
