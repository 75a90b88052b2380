"""Instagram's answers as the contract shows them, and publications to ask for."""

import json
from pathlib import Path
from typing import Any

from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content, Item, MediaFile, MediaPath, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.instagram.manifest import INSTAGRAM

ACCOUNT, MADE, MEDIA = "17841400000000001", "17900000000000001", "18000000000000001"
JPEG = MediaUrl("https://x/cat.jpg")
VIDEO = MediaUrl("https://x/cat.mp4")
FILE = MediaFile(sha256="00", size=1000, content_type="")
CONTENTS = {
    "image": Content(text="A cat", images=(JPEG,)),
    "carousel": Content(text="A cat", items=(Item(kind="image", source=JPEG, alt_text="one"), Item(kind="video", source=VIDEO))),
    "reel": Content(text="A cat", video=VIDEO),
    "story": Content(images=(JPEG,)),
}  # fmt: skip


def ok(body: Any, **headers: str) -> Reply:
    return Reply(200, headers, json.dumps(body).encode())


def no(code: int, subcode: int | None = None, message: str = "no", status: int = 400) -> Reply:
    error = {"message": message, "code": code} | ({"error_subcode": subcode} if subcode else {})
    return Reply(status, {}, json.dumps({"error": error}).encode())


WHO = ok({"id": ACCOUNT, "username": "cats"})
FINISHED = ok({"status_code": "FINISHED", "status": "Finished: ready", "id": MADE})
IN_PROGRESS = ok({"status_code": "IN_PROGRESS", "status": "In Progress", "id": MADE})
PUBLISHED = ok({"status_code": "PUBLISHED", "status": "Published", "id": MADE})
EXPIRED = ok({"status_code": "EXPIRED", "status": "Expired", "id": MADE})
MISSING = no(100, 33)
ROOM = ok({"data": [{"quota_usage": 2, "config": {"quota_total": 50, "quota_duration": 86400}}]})
OUT = ok({"id": MEDIA})
LINK = ok({"permalink": "https://www.instagram.com/p/abc/", "id": MEDIA})


def made(id: str = MADE, **more: Any) -> Reply:
    return ok({"id": id, **more})


def failed(subcode: int) -> Reply:
    return ok(
        {"status_code": "ERROR", "status": f"Error: Media upload has failed with error code {subcode}", "id": MADE}
    )


def listed(*rows: dict[str, Any]) -> Reply:
    return ok({"data": list(rows)})


def row(id: str = MEDIA, **changed: Any) -> dict[str, Any]:
    """A post of the listing that looks like ours, made at second 1000."""
    usual = {"caption": "A cat", "media_type": "IMAGE", "media_product_type": "FEED"}
    return {"id": id, "timestamp": "1970-01-01T00:16:40+0000", **usual, **changed}


def publication(format: str = "image", *, login: str = "facebook", identity: str | None = ACCOUNT, **content: Any) -> Publication:  # fmt: skip
    account = Account(
        customer_id=CustomerId("C"), credential_ref=CredentialRef("R"), platform=INSTAGRAM, posting_identity=identity,
        metadata={"login": login},
    )  # fmt: skip
    usual = CONTENTS.get(format, CONTENTS["image"])
    fields = {"text": usual.text, "images": usual.images, "items": usual.items, "video": usual.video} | content
    return Publication(id=PublicationId("p"), account=account, format=format, content=Content(**fields))


def uploaded(**content: Any) -> Publication:
    return publication("reel", video=MediaPath(Path("cat.mp4")), **content)
