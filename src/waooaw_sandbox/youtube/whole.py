"""videos.insert in one request: `uploadType=media` (bytes only) and `multipart` (JSON, then bytes). Not restartable."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

from aiohttp import BodyPartReader, MultipartReader

from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.youtube.errors import refuse
from waooaw_sandbox.youtube.gate import Caller, parts_of
from waooaw_sandbox.youtube.metadata import new_video
from waooaw_sandbox.youtube.people import word
from waooaw_sandbox.youtube.state import Session, State
from waooaw_sandbox.youtube.upload import check_channel_limit, checked_slug, finish


async def insert_whole(state: State, call: Call, caller: Caller) -> Answer:
    parts = parts_of(call)
    check_channel_limit(state, caller)
    resource: Json = {"snippet": {"title": "unknown"}}
    kind, pieces = call.request.content_type, call.chunks()
    if kind == "multipart/related":
        resource, kind, pieces = await two_parts(call)
    session = Session(
        id=word(20),
        account=caller.account,
        channel=caller.own_channel,
        metadata=new_video(resource),
        parts=parts,
        total=None,
        content_type=kind,
        file_name=checked_slug(call.request.headers.get("Slug")),
        path=state.new_file(),
        made_at=state.clock.now(),
    )
    session.received = await store(session.path, pieces)
    if not session.received:
        raise refuse("mediaBodyRequired")
    return finish(state, session, call)


async def two_parts(call: Call) -> tuple[Json, str, AsyncIterator[bytes]]:
    reader = MultipartReader(call.request.headers, call.request.content)
    first, second = await reader.next(), None
    if isinstance(first, BodyPartReader):
        text = await first.text()
        second = await reader.next()
    if not isinstance(second, BodyPartReader):
        raise refuse("mediaBodyRequired")
    try:
        resource = json.loads(text)  # pyright: ignore[reportPossiblyUnboundVariable]
    except ValueError:
        raise refuse("parseError") from None
    return cast(Json, resource), second.headers.get("Content-Type", "application/octet-stream"), pieces_of(second)


async def pieces_of(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(1024 * 1024):
        yield bytes(piece)


async def store(path: Path, pieces: AsyncIterator[bytes]) -> int:
    size = 0
    file = os.open(path, os.O_WRONLY)
    try:
        async for piece in pieces:
            size += os.write(file, piece)
    finally:
        os.close(file)
    return size
