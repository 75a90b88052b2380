"""How Meta gets media from a URL: one GET as its crawler makes it, redirects followed, into a file (contract meta C7).

A failure is a value, not an exception, because each caller answers it differently.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import aiohttp

from waooaw_sandbox.meta.state import Blob, Meta

if TYPE_CHECKING:
    from waooaw_sandbox.meta.ask import Ask

CRAWLER = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
PIECE = 256 * 1024
SAMPLE_HOST = "media.example.com"
"""Its paths are the sandbox's own samples, for clients that refuse addresses on loopback."""


@dataclass(frozen=True)
class Unfetched:
    """`slow`: it did not come in time. `partial`: it came as 206, where that is not wanted."""

    why: str
    slow: bool = False
    partial: bool = False


async def fetch(ask: "Ask", url: str, *, most: int, range_knob: str = "fetch_range") -> Blob | Unfetched:
    """The bytes at `url`; `most` is where reading stops."""
    knobs = ask.knobs
    try:
        parts = urlsplit(url)
    except ValueError:
        return Unfetched("no address")
    if parts.hostname == SAMPLE_HOST:
        url = f"{ask.call.origin}/_sandbox/media{parts.path}"
    if parts.scheme not in ("http", "https") or not url.isascii():
        return Unfetched("not a public http(s) address")
    headers = {"User-Agent": CRAWLER, "Accept": "*/*"} | ({"Range": "bytes=0-"} if knobs.flag(range_knob) else {})
    timeout = aiohttp.ClientTimeout(total=knobs.number("fetch_seconds"))
    try:
        async with aiohttp.ClientSession(timeout=timeout, headers=headers) as http:
            if knobs.flag("robots") and not await allowed(http, url):
                return Unfetched("robots.txt forbids it")
            async with http.get(url) as reply:
                if reply.status not in (200, 206):
                    return Unfetched(f"it answered {reply.status}")
                if reply.status == 206 and range_knob != "fetch_range":
                    return Unfetched("it answered 206", partial=True)
                return await kept(ask.meta, ask.platform, reply, most)
    except TimeoutError:
        return Unfetched("it took too long", slow=True)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Unfetched(type(error).__name__)


async def kept(meta: Meta, platform: str, reply: aiohttp.ClientResponse, most: int) -> Blob:
    path, size = meta.new_file(platform), 0
    with path.open("wb") as out:
        async for piece in reply.content.iter_chunked(PIECE):
            size += out.write(piece)
            if size > most:
                break
    return Blob(path=path, size=size, content_type=reply.content_type, name=reply.url.name)


async def allowed(http: aiohttp.ClientSession, url: str) -> bool:
    parts = urlsplit(url)
    async with http.get(f"{parts.scheme}://{parts.netloc}/robots.txt") as reply:
        if reply.status != 200:
            return True
        rules = RobotFileParser()
        rules.parse((await reply.text()).splitlines())
        return await asyncio.to_thread(rules.can_fetch, "facebookexternalhit", url)
