"""LinkedIn's requests. A URN in a path or a query is encoded (contract linkedin_whatsapp 1.12); in a body it stands as it is.

Bytes of a video go without the token: their URLs are secrets of their own (1.6). What the replies say is in `replies.py`.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from waooaw_social.core.post import MediaFile
from waooaw_social.platforms.call import (
    OK,
    Call,
    Cost,
    Harmless,
    IfRepeated,
    Piece,
    Reply,
    Request,
    Visible,
    Wasteful,
)
from waooaw_social.platforms.linkedin.errors import (
    ACLS,
    CREATE,
    DELETE,
    FINDER,
    ORGANIZATIONS,
    READ,
    USERINFO,
    app_bucket,
    explains,
    member_bucket,
)
from waooaw_social.platforms.linkedin.manifest import API, LISTED, UPLOAD_GOOD_FOR, USERINFO_URL, VERSION
from waooaw_social.platforms.linkedin.replies import (
    Asset,
    Listing,
    Member,
    Opened,
    Part,
    Roles,
    date_of,
    read_asset,
    read_etag,
    read_lifecycle,
    read_listing,
    read_member,
    read_name,
    read_opened,
    read_roles,
    urn_of,
)
from waooaw_social.platforms.linkedin.tokens import UNSIGNED

T = TypeVar("T")
BYTES = {"content-type": "application/octet-stream"}
TOLD_OR_FORBIDDEN = OK | {403}
"""For reads that not every token may make: that it may not is an answer, too."""


# --- reading ------------------------------------------------------------------------------------------------------------------


def member() -> Call[Member]:
    """Whose token it is. Needs the scope `profile`."""
    return _rest("member", USERINFO, Request(method="GET", url=USERINFO_URL), "GET", read_member, Harmless())


def roles(kept_for: float = 0.0) -> Call[Roles]:
    """The member's own roles in organizations (1.7), at most a hundred of them."""
    params = {"q": "roleAssignee", "count": "100", "start": "0"}
    request = Request(method="GET", url=f"{API}/organizationAcls", params=params)
    return _rest("roles", ACLS, request, "FINDER", read_roles, Harmless(kept_for=kept_for))


def organization_name(organization: str) -> Call[str]:
    number = organization.rpartition(":")[2]
    request = Request(method="GET", url=f"{API}/organizations/{number}")
    return _rest("organization", ORGANIZATIONS, request, "GET", read_name, Harmless())


def posts_of(author: str, *, unpublished: bool = False) -> Call[Listing | None]:
    """The author's newest posts; None where the token may not read them (1.4)."""
    params = {"q": "author", "author": author, "count": str(LISTED), "start": "0", "sortBy": "CREATED"}
    params |= {"viewContext": "AUTHOR"} if unpublished else {}
    request = Request(method="GET", url=f"{API}/posts", params=params)
    return _rest("posts", FINDER, request, "FINDER", read_listing, Harmless(), answers=TOLD_OR_FORBIDDEN)


def lifecycle(urn: str) -> Call[str]:
    """Whether a post is published already (1.4: a video may take its time)."""
    request = Request(method="GET", url=f"{API}/posts/{_key(urn)}", params={"viewContext": "AUTHOR"})
    return _rest("post", READ, request, "GET", read_lifecycle, Harmless())


def asset(kind: str, urn: str) -> Call[Asset]:
    """How far an upload is. A member's token may not look at images (1.6)."""
    request = Request(method="GET", url=f"{API}/{kind}s/{_key(urn)}")
    return _rest("asset", f"{kind}s", request, "GET", read_asset, Harmless(), answers=TOLD_OR_FORBIDDEN)


# --- making -------------------------------------------------------------------------------------------------------------------


def open_upload(name: str, kind: str, author: str, **more: Any) -> Call[Opened]:
    """An asset that is the author's, and where its bytes go. Nobody sees it."""
    body = {"initializeUploadRequest": {"owner": author, **more}}
    return _action(name, kind, "initializeUpload", body, partial(read_opened, kind=kind))


def send_file(name: str, kind: str, opened: Opened, file: MediaFile) -> Call[float | None]:
    """The whole of an image or a document. When it was there, by the platform's clock."""
    request = Request(method="PUT", url=opened.url, headers=BYTES, body=Piece(file=file, offset=0, length=file.size))
    return _bytes(name, kind, request, date_of)


def send_part(name: str, part: Part, file: MediaFile) -> Call[str]:
    """One part of a video; LinkedIn does not tell later which ones it has, so each answer is recorded. Its ETag."""
    piece = Piece(file=file, offset=part.first, length=part.last - part.first + 1)
    request = Request(method="PUT", url=part.url, headers=BYTES, body=piece, signature=UNSIGNED)
    return _bytes(name, "video", request, read_etag)


def finalize(name: str, opened: Opened, etags: list[str]) -> Call[float | None]:
    """Put the parts of a video together, in their order. When that was, by the platform's clock."""
    given = {"video": opened.urn, "uploadToken": opened.token, "uploadedPartIds": etags}
    return _action(name, "video", "finalizeUpload", {"finalizeUploadRequest": given}, date_of)


def create_post(name: str, body: Mapping[str, Any], visible: Visible) -> Call[str]:
    """The post's URN."""
    request = Request(method="POST", url=f"{API}/posts", headers=_json(), body=json.dumps(body).encode())
    return _rest(name, CREATE, request, "CREATE", urn_of, visible)


def delete(urn: str) -> Call[int]:
    """Take a post away. A second time it is gone already, and that is no error (1.4)."""
    request = Request(method="DELETE", url=f"{API}/posts/{_key(urn)}")
    return _rest("delete post", DELETE, request, "DELETE", lambda reply: reply.status, Harmless())


# --- helpers ------------------------------------------------------------------------------------------------------------------


def _key(urn: str) -> str:
    return quote(urn, safe="")


def _json() -> dict[str, str]:
    return {"content-type": "application/json"}


def _action(name: str, kind: str, action: str, body: Mapping[str, Any], read: Callable[[Reply], T]) -> Call[T]:
    request = Request(
        method="POST", url=f"{API}/{kind}s", params={"action": action}, headers=_json(), body=json.dumps(body).encode()
    )
    return _rest(name, f"{kind}s", request, "ACTION", read, Wasteful(good_for=UPLOAD_GOOD_FOR))


def _bytes(name: str, kind: str, request: Request, read: Callable[[Reply], T]) -> Call[T]:
    wasteful = Wasteful(good_for=UPLOAD_GOOD_FOR)
    return Call(name=name, request=request, read=read, explain=explains(f"{kind}s", wasteful), if_repeated=wasteful)


def _rest(
    name: str, endpoint: str, request: Request, method: str, read: Callable[[Reply], T], if_repeated: IfRepeated, *,
    answers: frozenset[int] = OK,
) -> Call[T]:  # fmt: skip
    headers = {
        **request.headers,
        "linkedin-version": VERSION,
        "x-restli-protocol-version": "2.0.0",
        "x-restli-method": method,
    }
    asked = Request(method=request.method, url=request.url, params=request.params, headers=headers, body=request.body)
    return Call(
        name=name, request=asked, read=read, explain=explains(endpoint, if_repeated), if_repeated=if_repeated, answers=answers,
        cost=Cost(bucket=app_bucket(endpoint), units=1, within=(member_bucket(endpoint),)),
    )  # fmt: skip
