"""What YouTube's replies say: the few fields that we use, as nouns, and the readers that take them out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, cast

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.call import OK, Reply

SESSION_GONE = frozenset({404, 410})


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
    file_name: str
    """Of the file that was uploaded; empty where YouTube does not say."""
    resource: Mapping[str, Any]


def resource_of(reply: Reply) -> RemoteId | None:
    """The id in a final answer; None in one that says that the session is gone."""
    return RemoteId(str(reply.json()["id"])) if reply.status in OK else None


def items(reply: Reply) -> tuple[Mapping[str, Any], ...]:
    items = reply.json().get("items")
    return tuple(cast("list[Mapping[str, Any]]", items)) if isinstance(items, list) else ()


def read_channel(reply: Reply) -> Channel:
    item = next(iter(items(reply)), None)
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


def read_session(reply: Reply) -> Session:
    return Session(reply.headers["location"])


def progress_of(session: Session) -> Callable[[Reply], Progress]:
    def read(reply: Reply) -> Progress:
        if reply.status in SESSION_GONE:
            return Gone()
        if reply.status in OK:
            return Whole(reply)
        there = Session(reply.headers.get("location", session.uri))
        last = reply.headers.get("range", "").rpartition("-")[2]
        return Held(offset=int(last) + 1 if last.isdigit() else 0, session=there)

    return read


def read_videos(reply: Reply) -> tuple[Video, ...]:
    return tuple(_video(item) for item in items(reply))


def _video(item: Mapping[str, Any]) -> Video:
    snippet, file = item.get("snippet", {}), item.get("fileDetails", {})
    size = file.get("fileSize")
    return Video(
        id=RemoteId(str(item["id"])),
        title=str(snippet.get("title", "")),
        privacy=str(item.get("status", {}).get("privacyStatus", "")),
        published_at=timestamp(str(snippet.get("publishedAt", ""))),
        size=int(size) if size else None,
        file_name=str(file.get("fileName", "")),
        resource=item,
    )


def read_upload_ids(reply: Reply) -> tuple[str, ...]:
    return tuple(str(item["contentDetails"]["videoId"]) for item in items(reply))


def timestamp(text: str) -> float:
    """Seconds since 1970 of an ISO time; 0 where there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
