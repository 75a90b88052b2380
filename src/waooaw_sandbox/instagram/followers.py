"""What a follower of an Instagram account sees: the truth for the control API, and pages for a browser."""

from html import escape

from aiohttp import web

from waooaw_sandbox.clock import iso, iso_seconds
from waooaw_sandbox.instagram.objects import WWW, Media
from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.meta.accounts import find
from waooaw_sandbox.meta.state import Meta
from waooaw_sandbox.pages import page

KINDS = {"REELS": "reel", "STORY": "story"}
NOBODY = '<div class="card"><h1>Sorry, this page isn\'t available.</h1><p>The link may be broken.</p></div>'


async def audience(meta: Meta, name: str, origin: str, *, hidden: bool) -> list[Json]:
    """Oldest first; a story stays here after its day, marked `ended`. Deleted posts are gone."""
    account = find(meta, "instagram", name)
    return [await seen(meta, media, origin) for media in meta.of(Media, account.ig_id) if not media.child]


async def seen(meta: Meta, media: Media, origin: str) -> Json:
    parts = media.children or [media]
    ended = {"ended": media.ended(meta.clock.now())} if media.product == "STORY" else {}
    return {
        "id": media.id,
        "kind": KINDS.get(media.product, "carousel" if media.children else "image"),
        "text": media.caption,
        "url": f"{origin}/{WWW}{media.path()}",
        "published_at": iso(media.made_at),
        "visibility": "public",
        "media": [await part.blob.seen() for part in parts if part.blob],
        "container": media.container.id,
        "cover": await media.cover.seen() if media.cover else None,
        "alt_text": media.container.values.get("alt_text"),
    } | ended


def shown(call: Call, media: Media) -> str:
    return "".join(tag(call, part) for part in media.children or [media])


def tag(call: Call, media: Media) -> str:
    url = call.url(WWW, f"/media/{media.id}")
    if media.kind == "VIDEO":
        return f'<video src="{url}" controls autoplay loop muted playsinline></video>'
    return f'<img src="{url}" alt="{escape(str(media.container.values.get("alt_text") or ""))}">'


async def post(meta: Meta, platform: str, call: Call) -> Answer:
    """`/p/…`, `/reel/…` and `/stories/…`."""
    wanted = call.found.get("shortcode") or call.found.get("id")
    found = [m for m in meta.nodes.values() if isinstance(m, Media) and wanted in (m.shortcode, m.id) and not m.child]
    if not found or found[0].ended(meta.clock.now()):
        return Answer(404, page("Page not found", NOBODY), content_type="text/html")
    media = found[0]
    content = (
        f'<div class="card">{shown(call, media)}<p><a href="{call.url(WWW, f"/{media.username}/")}">'
        f"<b>{escape(media.username)}</b></a> <span class='quiet'>{iso_seconds(media.made_at)} · "
        f"{KINDS.get(media.product, 'post')}</span></p><pre>{escape(media.caption)}</pre></div>"
    )
    return Answer(200, page(f"{media.username} on Instagram", content), content_type="text/html")


async def profile(meta: Meta, platform: str, call: Call) -> Answer:
    accounts = [a for a in meta.people[platform].accounts.values() if a.username == call.found["username"]]
    if not accounts:
        return Answer(404, page("Page not found", NOBODY), content_type="text/html")
    now = meta.clock.now()
    posts = [m for m in meta.of(Media, accounts[0].ig_id) if not m.child and not m.ended(now)]
    cards = "".join(
        f'<div class="card"><a href="{call.url(WWW, m.path())}">{shown(call, m)}</a><pre>{escape(m.caption)}</pre></div>'
        for m in reversed(posts)
    )
    content = f"<h1>{escape(accounts[0].title)}</h1><p class='quiet'>@{accounts[0].username}</p>{cards}"
    return Answer(200, page(accounts[0].title, content), content_type="text/html")


async def media_file(meta: Meta, platform: str, call: Call) -> Answer | web.StreamResponse:
    media = meta.nodes.get(call.found["id"])
    blob = None
    if isinstance(media, Media):
        blob = media.cover if "cover" in call.query and media.cover else media.blob
    if blob is None:
        return Answer(404, page("Page not found", NOBODY), content_type="text/html")
    return web.FileResponse(blob.path, headers={"Content-Type": blob.content_type})


async def picture(meta: Meta, platform: str, call: Call) -> Answer:
    dot = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4.5" cy="4.5" r="4" fill="#c39"/></svg>'
    )
    return Answer(200, dot, content_type="image/svg+xml")
