"""`rupload.facebook.com`: bytes of a video into an object that was opened elsewhere (contract meta C2 and D4).

The object is an Instagram container or a Facebook video; both have an `Upload`. Bytes that arrived are kept, whatever becomes of the
request, and are counted from `offset`: sending from anywhere else is refused with the place to go on from.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from waooaw_sandbox.kit import Call, Dropped, Json, Refused
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.errors import upload_error
from waooaw_sandbox.meta.fetch import Unfetched, fetch
from waooaw_sandbox.meta.state import Blob, Node

LARGEST = 2 * 1024**3
PARTIAL = "Partial request (did not match length of file)"


@dataclass(kw_only=True)
class Upload:
    """`received` bytes are in the file; `total` is known from the first request on."""

    path: Path
    total: int | None = None
    received: int = 0
    failed: str | None = None
    writer: object = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        return self.total is not None and self.received >= self.total

    def blob(self, content_type: str = "video/mp4") -> Blob:
        return Blob(path=self.path, size=self.received, content_type=content_type)


class Uploadable(Protocol):
    upload: Upload | None

    def uploaded(self, ask: Ask) -> None:
        """The last byte is in."""
        ...


async def receive_for(ask: Ask, node: Node, target: Uploadable) -> Json:
    """The POST of bytes, or of a `file_url` in a header, to the object's upload address."""
    if not ask.call.request.headers.get("Authorization", "").lower().startswith("oauth "):
        raise Refused(upload_error("ProcessingFailedError", status=401))
    upload = target.upload
    if upload is None or upload.complete:
        raise Refused(upload_error("ProcessingFailedError"))
    url = ask.call.request.headers.get("file_url")
    if url:
        await take_url(ask, upload, url)
    else:
        await take_body(ask, upload)
    if not upload.complete:
        if ask.knobs.word("partial_answer") == "error":
            raise Refused(upload_error("PartialRequestError", detail=PARTIAL, bytes_transfered=upload.received))
        return {"success": True, "bytes_transferred": upload.received}
    target.uploaded(ask)
    return {"success": True, "message": "Upload successful. Processing begins."}


async def take_url(ask: Ask, upload: Upload, url: str) -> None:
    got = await fetch(ask, url, most=LARGEST)
    if isinstance(got, Unfetched):
        upload.failed = got.why
        raise Refused(upload_error("ProcessingFailedError"))
    upload.path, upload.total, upload.received = got.path, got.size, got.size


async def take_body(ask: Ask, upload: Upload) -> None:
    headers = ask.call.request.headers
    offset, size = headers.get("offset", ""), headers.get("file_size", "")
    if not offset.isdigit() or not size.isdigit() or int(size) == 0:
        raise Refused(upload_error("ProcessingFailedError"))
    if upload.total not in (None, int(size)):
        raise Refused(upload_error("ProcessingFailedError"))
    if int(offset) != upload.received:
        raise Refused(upload_error("OffsetInvalidError", bytes_transfered=upload.received))
    if upload.received + (ask.call.request.content_length or 0) > int(size):
        raise Refused(upload_error("ProcessingFailedError"))
    upload.total = int(size)
    await write(ask.call, upload)


async def write(call: Call, upload: Upload) -> None:
    """Append the body. A later request takes over from one that still writes, and a cut one keeps what came."""
    reset, partial = call.fault("reset_mid_upload"), call.fault("partial_upload")
    start, upload.writer = upload.received, call
    limit = int(reset.parameters["after_bytes"]) if reset else None
    file = os.open(upload.path, os.O_WRONLY)
    try:
        os.lseek(file, start, os.SEEK_SET)
        async for piece in pieces(call, limit):
            if upload.writer is not call:
                raise Dropped
            upload.received += os.write(file, piece)
        if partial:
            upload.received = min(start + int(partial.parameters["keep"]), upload.received)
            os.ftruncate(file, upload.received)
    finally:
        os.close(file)
    if reset:
        raise Dropped


async def pieces(call: Call, limit: int | None) -> AsyncIterator[bytes]:
    """The body, ending after `limit` bytes."""
    taken = 0
    async for piece in call.chunks():
        shown = piece if limit is None else piece[: limit - taken]
        taken += len(shown)
        yield shown
        if limit is not None and taken >= limit:
            return
