"""What LinkedIn's replies say (contract linkedin_whatsapp 1.4, 1.6, 1.7): readers, and what they read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, TypeAlias, cast

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Published
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.linkedin.manifest import POST_URL

Fields: TypeAlias = Mapping[str, Any]
ID_HEADERS = ("x-restli-id", "x-linkedin-id")


def urn_of(reply: Reply) -> str:
    """The URN of what was posted stands in a header, and the body is empty. Raises where nothing is named."""
    urn = next((reply.headers[name] for name in ID_HEADERS if reply.headers.get(name)), "")
    if not urn.startswith("urn:li:"):
        raise ValueError("an answer that does not name the post")
    return urn


def naming(urn: str) -> Reply:
    """The answer that LinkedIn might have given."""
    return Reply(201, {ID_HEADERS[0]: urn})


def went_out(reply: Reply) -> Published:
    urn = urn_of(reply)
    return Published(post_id=RemoteId(urn), post_url=f"{POST_URL}/{urn}/")


# --- media --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Part:
    """Bytes `first` to `last`, both included, and where they go."""

    url: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An asset that waits for its bytes."""

    urn: str
    parts: tuple[Part, ...] = ()
    url: str = ""
    """Where the whole of an image or a document goes."""
    token: str = ""


class State(StrEnum):
    WAITING_UPLOAD = "WAITING_UPLOAD"
    PROCESSING = "PROCESSING"
    AVAILABLE = "AVAILABLE"
    PROCESSING_FAILED = "PROCESSING_FAILED"
    UNTOLD = "UNTOLD"
    """Ours: this token may not look (1.6). The post itself will tell."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    state: State
    why: str = ""
    at: float | None = None
    """When this was true, by the platform's clock."""


def read_opened(reply: Reply, kind: str) -> Opened:
    value = cast("Fields", reply.json()["value"])
    rows = cast("Sequence[Fields]", value.get("uploadInstructions") or ())
    parts = tuple(
        Part(url=str(row["uploadUrl"]), first=int(row["firstByte"]), last=int(row["lastByte"])) for row in rows
    )
    url = str(value.get("uploadUrl", ""))
    if not parts and not url:
        raise ValueError("an upload without an address")
    return Opened(urn=text_of(value[kind]), parts=parts, url=url, token=str(value.get("uploadToken") or ""))


def read_etag(reply: Reply) -> str:
    """Passed on unchanged: whether quotes belong to it is not known (1.6)."""
    if not reply.headers.get("etag"):
        raise ValueError("a part without an ETag")
    return reply.headers["etag"]


def read_asset(reply: Reply) -> Asset:
    if reply.status == 403:
        return Asset(state=State.UNTOLD)
    body = reply.json()
    return Asset(state=State(str(body["status"])), why=str(body.get("processingFailureReason", "")), at=date_of(reply))


# --- posts --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Post:
    """A post as it is listed."""

    urn: str
    created_at: float
    commentary: str
    """Little text, as LinkedIn writes it."""
    kind: str
    """media, article, poll, reshare, text, or what we do not publish."""
    assets: frozenset[str]
    about: str
    """An article's address, a poll's question, or the post that is reshared."""


@dataclass(frozen=True, kw_only=True)
class Listing:
    posts: tuple[Post, ...]
    whole: bool
    """Whether there is no further page."""


def read_listing(reply: Reply) -> Listing | None:
    """None where this token may not read the author's posts (1.2: members')."""
    if reply.status == 403:
        return None
    body = reply.json()
    rows = [cast("Fields", row) for row in cast("list[Any]", body["elements"]) if isinstance(row, dict)]
    paging = cast("Fields", body.get("paging") or {})
    links = cast("Sequence[Fields]", paging.get("links") or ())
    return Listing(posts=tuple(map(read_post, rows)), whole=not any(link.get("rel") == "next" for link in links))


def read_post(row: Fields) -> Post:
    kind, about = what_of(row)
    return Post(
        urn=text_of(row["id"]),
        created_at=float(row["createdAt"]) / 1000,
        commentary=str(row.get("commentary") or ""),
        kind=kind,
        assets=frozenset(_assets(_shown(row)[1])),
        about=about,
    )


def what_of(post: Fields) -> tuple[str, str]:
    """Of a post as it is sent or read: its kind, and what it is about."""
    kind, shown = _shown(post)
    context = cast("Fields", post.get("reshareContext") or {})
    about = shown.get("source") or shown.get("question") or context.get("parent") or ""
    return {"multiImage": "media"}.get(kind, kind) or ("reshare" if context else "text"), str(about)


def _shown(post: Fields) -> tuple[str, Fields]:
    content = cast("Fields", post.get("content") or {})
    kind = next(iter(content), "")
    return kind, cast("Fields", content[kind]) if kind else {}


def _assets(shown: Fields) -> list[str]:
    images = cast("Sequence[Fields]", shown.get("images") or ())
    return [str(one["id"]) for one in (shown, *images) if one.get("id")]


def read_lifecycle(reply: Reply) -> str:
    return str(reply.json().get("lifecycleState", ""))


# --- people -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Role:
    organization: str
    role: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The member's own rows in access control lists."""

    rows: tuple[Role, ...]
    whole: bool
    """Whether there is no further page."""

    def among(self, organization: str) -> tuple[Role, ...]:
        return tuple(row for row in self.rows if row.organization == organization)


def read_roles(reply: Reply) -> Roles:
    """The organization has had three names (1.7)."""
    body = reply.json()
    rows = [cast("Fields", row) for row in cast("list[Any]", body["elements"]) if isinstance(row, dict)]
    links = cast("Sequence[Fields]", cast("Fields", body.get("paging") or {}).get("links") or ())
    named = ("organization", "organizationTarget", "organizationalTarget")
    return Roles(
        rows=tuple(
            Role(
                organization=str(next((row[name] for name in named if row.get(name)), "")),
                role=str(row.get("role", "")),
                state=str(row.get("state", "")),
            )
            for row in rows
        ),
        whole=not any(link.get("rel") == "next" for link in links),
    )


@dataclass(frozen=True, kw_only=True)
class Member:
    id: str
    name: str


def read_member(reply: Reply) -> Member:
    return Member(id=text_of(reply.json()["sub"]), name=str(reply.json().get("name", "")))


def read_name(reply: Reply) -> str:
    return str(reply.json().get("localizedName", ""))


# --- helpers ------------------------------------------------------------------------------------------------------------------


def text_of(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text is expected")
    return value


def date_of(reply: Reply) -> float | None:
    """Seconds since 1970 by the reply's own `Date`."""
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
