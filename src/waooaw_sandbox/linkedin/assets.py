"""Images, videos and documents as objects: initialize, finalize, status (contract linkedin 1.6). Their bytes arrive in `uploads.py`.

An asset is owned by the URN it was initialized for, and only that author can post it. Finalizing with ETags that are not the parts'
own, in order, ends in PROCESSING_FAILED.
"""

from waooaw_sandbox.kit import Answer, Json
from waooaw_sandbox.linkedin.ask import Ask, Method
from waooaw_sandbox.linkedin.errors import refuse
from waooaw_sandbox.linkedin.posts import check_author
from waooaw_sandbox.linkedin.state import Asset, Part, millis

UPLOAD_HOST = "www.linkedin.com"
MEDIA_HOST = "media.licdn.com"
NAMES = {"image": "uploaded-image", "document": "uploaded-document", "video": "uploadedVideo"}


def initialize(kind: str) -> Method:
    async def do(ask: Ask) -> Answer:
        given = await request_of(ask, "initializeUploadRequest")
        owner = given.get("owner")
        if not isinstance(owner, str):
            raise refuse("SCHEMA", "required", field="/initializeUploadRequest/owner")
        check_author(ask, owner)
        size = checked_size(ask, given) if kind == "video" else 0
        shy = ask.call.fault("fresh_forbidden")
        asset = ask.state.new_asset(kind, owner, float(shy.parameters["seconds"]) if shy else 0)
        asset.size = size
        return Answer(200, {"value": opened_video(ask, asset, given) if kind == "video" else opened(ask, asset)})

    return do


async def request_of(ask: Ask, name: str) -> Json:
    given = (await ask.body()).get(name)
    if not isinstance(given, dict):
        raise refuse("SCHEMA", "required", field=f"/{name}")
    return Json(given)  # pyright: ignore[reportUnknownArgumentType]


def checked_size(ask: Ask, given: Json) -> int:
    size, path = given.get("fileSizeBytes"), "/initializeUploadRequest/fileSizeBytes"
    if not isinstance(size, int) or isinstance(size, bool):
        raise refuse("SCHEMA", "required", field=path)
    if size <= 0 or size > ask.state.knobs.count("video_bytes"):
        raise refuse("INVALID_VALUE_FOR_FIELD", field=path, text="is out of range")
    return size


def opened(ask: Ask, asset: Asset) -> Json:
    return {
        "uploadUrlExpiresAt": millis(asset.expires_at),
        "uploadUrl": upload_url(ask, asset, "0"),
        asset.kind: asset.urn,
    }


def opened_video(ask: Ask, asset: Asset, given: Json) -> Json:
    step = max(ask.state.knobs.count("part_bytes"), 1)
    asset.parts = [Part(first, min(first + step, asset.size) - 1) for first in range(0, asset.size, step)]
    asset.upload_token = ask.state.knobs.word("upload_token")
    extras = {name: given.get(f"upload{name.capitalize()}") is True for name in ("captions", "thumbnail")}
    return {
        "uploadUrlsExpireAt": millis(asset.expires_at),
        "video": asset.urn,
        "uploadInstructions": [
            {"uploadUrl": upload_url(ask, asset, str(n)), "firstByte": part.first, "lastByte": part.last}
            for n, part in enumerate(asset.parts)
        ],
        "uploadToken": asset.upload_token,
    } | {f"{name}UploadUrl": upload_url(ask, asset, name) for name, asked in extras.items() if asked}


def upload_url(ask: Ask, asset: Asset, piece: str) -> str:
    """The secret stands in the query, as in the real ones."""
    path = f"/dms-uploads/sp/{asset.id}/{NAMES[asset.kind]}/{piece}?m={asset.secret}&sync=0&v=beta"
    foreign = ask.call.fault("foreign_upload_url")
    return f"https://{foreign.parameters['host']}{path}" if foreign else ask.call.url(UPLOAD_HOST, path)


async def finalize(ask: Ask) -> Answer:
    given = await request_of(ask, "finalizeUploadRequest")
    asset = ask.state.assets.get(str(given.get("video")))
    etags = given.get("uploadedPartIds")
    if asset is None or asset.kind != "video":
        raise refuse("INVALID_VIDEO_ID", field="/finalizeUploadRequest/video", urn=str(given.get("video")))
    if not ask.may_write(asset.owner):
        raise ask.denied()
    if not isinstance(etags, list):
        raise refuse("SCHEMA", "required", field="/finalizeUploadRequest/uploadedPartIds")
    if given.get("uploadToken", "") != asset.upload_token:
        path = "/finalizeUploadRequest/uploadToken"
        raise refuse("INVALID_VALUE_FOR_FIELD", field=path, text="is not that of the upload")
    shown = [str(etag).strip('"') for etag in etags]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if asset.ready_at is None:
        complete(ask, asset, shown)
    return Answer(200, {})


def complete(ask: Ask, asset: Asset, etags: list[str]) -> None:
    """Processing begins; how it ends is known already."""
    asset.ready_at = ask.state.later(ask.state.knobs.number("video_seconds"))
    asset.content_type = "video/mp4"
    if etags != [part.etag for part in asset.parts]:
        asset.failure = "The uploaded parts do not match the upload instructions"
    elif asset.path.stat().st_size != asset.size:
        asset.failure = "The upload is incomplete"
    elif asset.size < ask.state.knobs.count("least_video_bytes"):
        asset.failure = "The video is too small"
    failing = ask.call.fault("processing_failed")
    if failing:
        asset.failure = str(failing.parameters["text"])
    asset.stuck = ask.call.fault("stuck_processing") is not None


def get(kind: str) -> Method:
    async def do(ask: Ask) -> Answer:
        asset = ask.state.assets.get(ask.keys["urn"])
        if asset is None or asset.kind != kind:
            raise refuse("NOT_FOUND")
        if not may_see(ask, asset) or ask.state.clock.now() < asset.known_at:
            raise refuse("ACCESS_DENIED", "asset", kind=kind)
        return Answer(200, described(ask, asset))

    return do


def may_see(ask: Ask, asset: Asset) -> bool:
    if asset.owner != ask.member.urn:
        return ask.may_write(asset.owner) or ask.may_read(asset.owner)
    allowed = ask.state.knobs.word("member_asset_reads")
    return allowed == "all" or (allowed == "no_images" and asset.kind != "image") or ask.may_read(asset.owner)


def described(ask: Ask, asset: Asset) -> Json:
    status = asset.status(ask.state.clock.now())
    body: Json = {"id": asset.urn, "owner": asset.owner, "status": status}
    if status == "AVAILABLE":
        body["downloadUrl"] = ask.call.url(MEDIA_HOST, f"/dms/{asset.kind}/{asset.id}")
        body["downloadUrlExpiresAt"] = millis(ask.state.later(3600))
    if asset.kind == "video":
        if status == "AVAILABLE":
            body["duration"] = 3000
        if status == "PROCESSING_FAILED":
            body["processingFailureReason"] = asset.failure
    return body
