"""Scripted answers of a Page, and the publications that ask for them."""

import json
from collections.abc import Mapping
from typing import Any

from platforms.script import Played, play
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content, MediaFile, MediaUrl, Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Call, Form, Reply, Visible
from waooaw_social.platforms.facebook import kit
from waooaw_social.platforms.facebook.manifest import FACEBOOK

PAGE = "7"
SIZE = 250
VIDEO_FILE = MediaFile(sha256="aa", size=SIZE, content_type="video/mp4", width=270, height=480, duration=3.0)
PHOTO_FILE = MediaFile(sha256="bb", size=1000, content_type="image/jpeg", width=640, height=640)
PHOTO, VIDEO = MediaUrl("https://x/a.jpg"), MediaUrl("https://x/a.mp4")


def ok(body: Any, status: int = 200) -> Reply:
    return Reply(status, {}, json.dumps(body).encode())


def no(code: int, subcode: int | None = None, message: str = "no", status: int = 400, **more: Any) -> Reply:
    error = {"message": message, "code": code} | ({"error_subcode": subcode} if subcode else {}) | more
    return ok({"error": error}, status)


ME = ok({"id": PAGE, "name": "Cakes"})
POSTED = ok({"id": "7_1"})
LINKED = ok({"permalink_url": "https://www.facebook.com/7/posts/1"})
FINISHED = ok({"success": True})
UNKNOWN_OBJECT = no(100, 33)
NOTHING = ok({"data": []})


def state(
    overall: str = "upload_complete", uploading: str = "complete", held: int | None = None, **publishing: Any
) -> Reply:
    phase = {"status": uploading} | ({} if held is None else {"bytes_transferred": held})
    told = {
        "video_status": overall,
        "uploading_phase": phase,
        "publishing_phase": {"status": "not_started"} | publishing,
    }
    return ok({"id": "v1", "status": told})


def publication(
    format: str, identity: str | None = PAGE, metadata: Mapping[str, str] | None = None, **said: Any
) -> Publication:
    account = Account(
        customer_id=CustomerId("C"), credential_ref=CredentialRef("R"), platform=FACEBOOK, posting_identity=identity,
        metadata=metadata or {},
    )  # fmt: skip
    return Publication(id=PublicationId("p"), account=account, format=format, content=Content(**said))


def publish(wanted: Publication, *replies: Any, file: MediaFile | None = None) -> Played[Published]:
    return play(kit().publish(wanted), list(replies), file=file)


def code_of(played: Played[Any]) -> str:
    assert played.refused, played.names
    return played.refused.refusal.code


def visible(played: Played[Any]) -> Call[Any]:
    """The one call that publishes."""
    (call,) = [call for call in played.calls if isinstance(call.if_repeated, Visible)]
    return call


def fields(call: Call[Any]) -> Any:
    """A JSON body, or the text of a form."""
    body = call.request.body
    if isinstance(body, Form):
        return body.before.decode()
    assert isinstance(body, bytes)
    return json.loads(body) if body.startswith(b"{") else body.decode()
