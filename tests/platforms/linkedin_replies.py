"""Scripted answers of LinkedIn, and the publications that ask for them."""

import json
from collections.abc import Mapping
from typing import Any

from platforms.script import Played, play
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content, MediaFile, MediaUrl, Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Call, Reply, Visible
from waooaw_social.platforms.linkedin import kit
from waooaw_social.platforms.linkedin.manifest import LINKEDIN

ORGANIZATION, MEMBER = "urn:li:organization:7", "urn:li:person:ab-1"
PICTURE, VIDEO = MediaUrl("https://x/a.jpg"), MediaUrl("https://x/a.mp4")
PICTURE_FILE = MediaFile(sha256="aa", size=1000, content_type="image/jpeg", width=640, height=640)
VIDEO_FILE = MediaFile(sha256="bb", size=100_000, content_type="video/mp4", duration=4.0)
SHARE = "urn:li:share:1"


def ok(body: Any = None, status: int = 200, **headers: str) -> Reply:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, told, json.dumps(body).encode() if body is not None else b"")


def no(status: int, code: str = "", message: str = "no", service: int | None = None) -> Reply:
    body = {"status": status, "message": message} | ({"code": code} if code else {})
    return ok(body | ({"serviceErrorCode": service} if service else {}), status)


def wrong_input(code: str, message: str = "no", path: str = "/commentary", status: int = 400) -> Reply:
    error = {"description": message, "input": {"inputPath": {"fieldPath": path}}, "code": code}
    kind = "com.linkedin.common.error.BadRequest"
    return ok({"errorDetailType": kind, "message": message, "errorDetails": {"inputErrors": [error]}, "status": status}, status)  # fmt: skip


def role(role: str = "ADMINISTRATOR", state: str = "APPROVED", **more: Any) -> Reply:
    row = {"organization": ORGANIZATION, "role": role, "roleAssignee": MEMBER, "state": state} | more
    return ok({"elements": [row], "paging": {"start": 0, "count": 100, "links": []}})


ROLE = role()
FORBIDDEN = no(403, "ACCESS_DENIED", "Not enough permissions to access: x.GET.20260901", 100)
POSTED = ok(status=201, x_restli_id=SHARE)
AVAILABLE = ok({"status": "AVAILABLE"})


def listed(*posts: Mapping[str, Any], more: bool = False) -> Reply:
    links = [{"rel": "next", "href": "/rest/posts?start=50", "type": "application/json"}] if more else []
    return ok({"elements": list(posts), "paging": {"start": 0, "count": 50, "links": links}})


def post(urn: str = SHARE, commentary: str = "Hello", at: float = 1001.0, **more: Any) -> dict[str, Any]:
    return {"id": urn, "commentary": commentary, "createdAt": int(at * 1000), "author": ORGANIZATION} | more


def publication(format: str, identity: str | None = "7", metadata: Mapping[str, str] | None = None, **said: Any) -> Publication:  # fmt: skip
    account = Account(
        customer_id=CustomerId("C"), credential_ref=CredentialRef("R"), platform=LINKEDIN, posting_identity=identity,
        metadata=metadata or {},
    )  # fmt: skip
    return Publication(id=PublicationId("p"), account=account, format=format, content=Content(**said))


def publish(wanted: Publication, *replies: Any, file: MediaFile | None = None) -> Played[Published]:
    return play(kit().publish(wanted), list(replies), file=file)


def visible(played: Played[Any]) -> Call[Any]:
    """The last call that publishes."""
    return [call for call in played.calls if isinstance(call.if_repeated, Visible)][-1]


def body(call: Call[Any]) -> Any:
    assert isinstance(call.request.body, bytes)
    return json.loads(call.request.body)
