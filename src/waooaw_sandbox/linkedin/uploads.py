"""The bytes of images, documents and videos, put to the URLs that `assets.py` gave out (contract linkedin 1.6).

An image or a document comes in one PUT and needs the token; a video's parts need none, and each is answered with an ETag. Bytes go
from the socket to a file as they come; a call that is cut leaves its part as if it had never been sent.
"""

import os
from pathlib import Path

from waooaw_sandbox.kit import Answer, Call, Dropped
from waooaw_sandbox.linkedin.ask import token_of
from waooaw_sandbox.linkedin.errors import refuse, traces
from waooaw_sandbox.linkedin.files import kind_of_file, pixels
from waooaw_sandbox.linkedin.people import word
from waooaw_sandbox.linkedin.state import Asset, Part, State

SECONDS = {"image": "image_seconds", "document": "document_seconds"}
BYTES = {"image": "image_bytes", "document": "document_bytes"}


async def put_file(state: State, call: Call) -> Answer:
    """The whole of an image or a document."""
    asset = asset_at(state, call)
    if state.knobs.flag("upload_needs_token"):
        token_of(state, call)
    check_url(state, call, asset)
    arriving = asset.path.with_suffix(f".{word(8)}")
    arriving.touch()
    try:
        asset.size = await receive(call, arriving, 0)
        arriving.replace(asset.path)
    finally:
        arriving.unlink(missing_ok=True)
    asset.content_type = kind_of_file(asset.path) or "application/octet-stream"
    asset.sha256 = None
    asset.failure = fault_of(state, asset)
    asset.ready_at = state.later(state.knobs.number(SECONDS[asset.kind]))
    failing = call.fault("processing_failed")
    if failing:
        asset.failure = str(failing.parameters["text"])
    asset.stuck = call.fault("stuck_processing") is not None
    return Answer(201, headers=traces())


def fault_of(state: State, asset: Asset) -> str | None:
    """Why these bytes cannot be shown, if they cannot."""
    if asset.size > state.knobs.count(BYTES[asset.kind]):
        return "The file is too large"
    if not state.knobs.flag("look_at_files"):
        return None
    if not asset.content_type.startswith("image/" if asset.kind == "image" else "application/"):
        return "The file is of no known kind"
    if asset.content_type == "application/octet-stream":
        return "The file is of no known kind"
    if asset.kind == "image" and pixels(asset.path) > state.knobs.count("image_pixels"):
        return "The image has too many pixels"
    return None


async def put_part(state: State, call: Call) -> Answer:
    """One part of a video. Sent again, it replaces what was sent before."""
    asset = asset_at(state, call)
    number = call.found["piece"]
    if not number.isdigit() or int(number) >= len(asset.parts):
        raise refuse("RESOURCE_NOT_FOUND")
    check_url(state, call, asset)
    part = asset.parts[int(number)]
    if call.request.content_length != part.last - part.first + 1:
        raise refuse("INVALID_UPLOAD", text=f"bytes {part.first} to {part.last} were expected")
    if call.fault("part_lost"):
        await drain(call)
    else:
        await receive(call, asset.path, part.first)
    return Answer(200, headers=traces() | etag_headers(state, call, part))


def etag_headers(state: State, call: Call, part: Part) -> dict[str, str]:
    part.etag = f"/ambry-video/signedId/{word(40)}"
    shown = f"/ambry-video/signedId/{word(40)}" if call.fault("wrong_etag") else part.etag
    if call.fault("part_lost"):
        part.etag = None
    if call.fault("etag_missing"):
        return {}
    return {"ETag": f'"{shown}"' if state.knobs.flag("etag_quotes") else shown}


async def put_extra(state: State, call: Call) -> Answer:
    """Captions or a thumbnail of a video: taken and not shown."""
    check_url(state, call, asset_at(state, call))
    await drain(call)
    return Answer(201, headers=traces())


def asset_at(state: State, call: Call) -> Asset:
    found = [a for a in state.assets.values() if a.id == call.found["id"] and a.secret == call.query.get("m")]
    if not found:
        raise refuse("RESOURCE_NOT_FOUND")
    return found[0]


def check_url(state: State, call: Call, asset: Asset) -> None:
    if call.fault("expired_upload_url"):
        asset.expires_at = state.clock.now()
    if asset.expires_at <= state.clock.now():
        raise refuse("EXPIRED_UPLOAD_URL", status=state.knobs.count("expired_url_status"))


async def receive(call: Call, path: Path, offset: int) -> int:
    """Write the body from `offset` on; its length."""
    reset = call.fault("reset_mid_upload")
    limit = int(reset.parameters["after_bytes"]) if reset else None
    taken = 0
    file = os.open(path, os.O_WRONLY)
    try:
        os.lseek(file, offset, os.SEEK_SET)
        async for piece in call.chunks():
            if limit is not None and taken + len(piece) >= limit:
                raise Dropped
            taken += os.write(file, piece)
    finally:
        os.close(file)
    if limit is not None:
        raise Dropped
    return taken


async def drain(call: Call) -> None:
    async for _ in call.chunks():
        pass
