"""Media for posts: small real samples, byte streams of any size, and a few hostile answers for those who fetch URLs.

`bytes/{n}.mp4` is n pseudo-random bytes, the same for the same n, made while they are sent; `video/{n}.mp4` is the sample video
padded to exactly n bytes, so it still plays. Nothing here touches a platform's state.
"""

import asyncio
import hashlib
import random
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import lru_cache
from pathlib import Path

from aiohttp import web

from waooaw_sandbox.kit import World
from waooaw_sandbox.samples import MAKERS, ExtraMissing, sample

CELL = 256 * 1024
"""Every cell of the stream begins with its number, so that swapped or repeated pieces change the hash."""


def add_routes(app: web.Application, world: World) -> None:
    def route(path: str, handler: Callable[[World, web.Request], Awaitable[web.StreamResponse]]) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(world, request)
            except ExtraMissing as missing:
                return web.json_response({"status": 503, "detail": str(missing)}, status=503)

        app.router.add_get(path, answer)

    route("/_sandbox/media/{kind:bytes|video}/{size:[0-9]+}.{ending:mp4|sha256}", stream_or_sum)
    route("/_sandbox/media/redirect", redirect)
    route("/_sandbox/media/slow", slow)
    route("/_sandbox/media/endless", endless)
    route("/_sandbox/media/html", html)
    route("/_sandbox/media/{name}", sample_file)


async def sample_file(world: World, request: web.Request) -> web.StreamResponse:
    name = request.match_info["name"]
    if name not in MAKERS:
        return web.json_response({"status": 404, "detail": f"no {name} here", "available": list(MAKERS)}, status=404)
    return web.FileResponse(await asyncio.to_thread(sample, world.data_dir, name))


# --- byte streams -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def filler(seed: int) -> bytes:
    return random.Random(f"sandbox {seed}").randbytes(CELL)


def content(size: int, prefix: bytes, first: int, last: int) -> Iterator[bytes]:
    """Bytes `first` to `last` (both included) of the stream of `size`, in pieces of at most one cell."""
    if first < len(prefix):
        yield prefix[first : last + 1]
        first = len(prefix)
    block = filler(size)
    while first <= last:
        cell, offset = divmod(first, CELL)
        stamp = f"{size:020d}{cell:012d}".encode()
        piece = (stamp + block[len(stamp) :])[offset : offset + last - first + 1]
        yield piece
        first += len(piece)


@lru_cache(maxsize=64)
def sha256_of(size: int, prefix: bytes) -> str:
    digest = hashlib.sha256()
    for piece in content(size, prefix, 0, size - 1):
        digest.update(piece)
    return digest.hexdigest()


def playable_prefix(data_dir: Path, size: int) -> bytes:
    """The sample video, and the head of a `free` box that swallows all that follows."""
    video = sample(data_dir, "sample.mp4").read_bytes()
    if size < len(video) + 16:
        raise web.HTTPBadRequest(text=f"the sample alone is {len(video)} bytes; ask for at least {len(video) + 16}")
    return video + (1).to_bytes(4, "big") + b"free" + (size - len(video)).to_bytes(8, "big")


async def stream_or_sum(world: World, request: web.Request) -> web.StreamResponse:
    size = int(request.match_info["size"])
    playable = request.match_info["kind"] == "video"
    prefix = await asyncio.to_thread(playable_prefix, world.data_dir, size) if playable else b""
    if request.match_info["ending"] == "sha256":
        return web.Response(text=await asyncio.to_thread(sha256_of, size, prefix))
    span = wanted(request.headers.get("Range"), size)
    if span is None:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = span
    partial = "Range" in request.headers
    response = web.StreamResponse(status=206 if partial else 200, headers={"Accept-Ranges": "bytes"})
    response.content_type = "video/mp4"
    response.content_length = last - first + 1
    if partial:
        response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    await response.prepare(request)
    if request.method != "HEAD":
        for piece in content(size, prefix, first, last):
            await response.write(piece)
    await response.write_eof()
    return response


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte asked for; None if they are not there."""
    if header is None:
        return 0, size - 1
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    head, tail = found.groups()
    first = int(head) if head else max(size - int(tail), 0)
    last = min(int(tail), size - 1) if head and tail else size - 1
    return (first, last) if first <= last else None


# --- hostile ones -------------------------------------------------------------------------------------------------------------


async def redirect(world: World, request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": request.query.get("to", "/_sandbox/media/sample.jpg")})


async def slow(world: World, request: web.Request) -> web.StreamResponse:
    """One byte a second, a hundred of them."""
    response = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "image/jpeg"})
    await response.prepare(request)
    for _ in range(100):
        await response.write(b"\xff")
        await asyncio.sleep(1)
    return response


async def endless(world: World, request: web.Request) -> web.StreamResponse:
    """No length, no end."""
    response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    while True:
        await response.write(filler(0))


async def html(world: World, request: web.Request) -> web.StreamResponse:
    return web.Response(text="<!DOCTYPE html><p>This is a page, not a picture.", content_type="text/html")
