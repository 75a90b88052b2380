"""What a post may hold beside its text, one check per kind (contract linkedin 1.4): limits, owners, and whether assets are ready.

A check gets the part of the body that is its own and answers the assets that the post will show. Bodies have passed the schema.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from waooaw_sandbox.kit import Json, Refused
from waooaw_sandbox.linkedin.errors import refuse
from waooaw_sandbox.linkedin.little import length
from waooaw_sandbox.linkedin.state import Asset, State

ALT_TEXT, QUESTION, OPTION = 4086, 140, 30
INVALID = {"image": "INVALID_IMAGE_ID", "video": "INVALID_VIDEO_ID", "document": "INVALID_DOCUMENT_ID"}
URN = re.compile(r"urn:li:(\w+):[\w-]+")

Found = tuple[str, list[Asset]]
"""The kind a follower would call it, and what it shows."""


def content_of(state: State, sent: Json) -> Found:
    content: Json = sent.get("content", {})
    for name, check in KINDS.items():
        if name in content:
            return check(state, sent["author"], content[name])
    if content:
        raise not_for(f"/content/{next(iter(content))}", "is for sponsored or other posts only")
    return ("reshare" if "reshareContext" in sent else "text"), []


def media(state: State, author: str, given: Json) -> Found:
    asset = asset_of(state, author, given["id"], "/content/media/id", ("image", "video", "document"))
    limit(given.get("altText", ""), ALT_TEXT, "/content/media/altText")
    if asset.kind == "document" and not given.get("title", "").strip():
        raise refuse("MISSING_FIELD", field="/content/media/title")
    return asset.kind, [asset]


def multi_image(state: State, author: str, given: Json) -> Found:
    images: list[Json] = given["images"]
    if not 2 <= len(images) <= 20:
        raise not_for("/content/multiImage/images", "takes 2 to 20 images")
    for number, image in enumerate(images):
        limit(image.get("altText", ""), ALT_TEXT, f"/content/multiImage/images/{number}/altText")
    paths = (f"/content/multiImage/images/{number}/id" for number in range(len(images)))
    return "multi_image", [
        asset_of(state, author, i["id"], path, ("image",)) for i, path in zip(images, paths, strict=False)
    ]


def article(state: State, author: str, given: Json) -> Found:
    if not is_url(str(given["source"])):
        raise not_for("/content/article/source", "is not a URL")
    if not given["title"].strip():
        raise refuse("INVALID_VALUE_BLANK_FIELD", field="/content/article/title")
    for name in ("title", "description"):
        limit(given.get(name, ""), state.knobs.count(f"article_{name}_characters"), f"/content/article/{name}")
    if "thumbnail" not in given:
        return "article", []
    return "article", [asset_of(state, author, given["thumbnail"], "/content/article/thumbnail", ("image",))]


def poll(state: State, author: str, given: Json) -> Found:
    options: list[Json] = given["options"]
    limit(given["question"], QUESTION, "/content/poll/question")
    if not given["question"].strip():
        raise refuse("INVALID_VALUE_BLANK_FIELD", field="/content/poll/question")
    if not 2 <= len(options) <= 4:
        raise not_for("/content/poll/options", "takes 2 to 4 options")
    for number, option in enumerate(options):
        limit(option["text"], OPTION, f"/content/poll/options/{number}/text")
        if not option["text"].strip():
            raise refuse("INVALID_VALUE_BLANK_FIELD", field=f"/content/poll/options/{number}/text")
    return "poll", []


KINDS: dict[str, Callable[[State, str, Json], Found]] = {
    "media": media,
    "multiImage": multi_image,
    "article": article,
    "poll": poll,
}


def asset_of(state: State, author: str, urn: str, path: str, kinds: tuple[str, ...]) -> Asset:
    """The author's own asset, fit to be posted."""
    found = URN.fullmatch(urn)
    if found is None or found[1] not in kinds:
        raise refuse("INVALID_URN_TYPE" if found else "INVALID_URN_ID", field=path)
    asset = state.assets.get(urn)
    if asset is None or asset.owner != author:
        raise refuse(INVALID[found[1]], field=path, urn=urn)
    now = state.clock.now()
    if now < asset.known_at:
        raise refuse("ACCESS_DENIED", "asset", kind=asset.kind)
    status = asset.status(now)
    if status == "PROCESSING_FAILED":
        raise refuse("MEDIA_ASSET_PROCESSING_FAILED", field=path, urn=urn)
    if status != "AVAILABLE" and state.knobs.word("post_before_available") == "refuse":
        raise refuse("MEDIA_ASSET_WAITING_UPLOAD", field=path, urn=urn)
    return asset


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def limit(text: str, most: int, path: str) -> None:
    if length(text, "utf16") > most:
        raise refuse("FIELD_LENGTH_TOO_LONG", field=path)


def not_for(path: str, message: str) -> Refused:
    return refuse("INVALID_VALUE_FOR_FIELD", field=path, text=message)
