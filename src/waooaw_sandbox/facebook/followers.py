"""What a follower of a Page sees: the truth for the control API, and pages for a browser."""

from html import escape

from aiohttp import web

from waooaw_sandbox.clock import iso, iso_seconds
from waooaw_sandbox.facebook.objects import WWW, Photo, Post, Video
from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.meta.accounts import find
from waooaw_sandbox.meta.state import Blob, Meta
from waooaw_sandbox.pages import page

NOBODY = (
    '<div class="card"><h1>This content isn\'t available right now</h1><p>It was deleted, or it never was.</p></div>'
)


async def audience(meta: Meta, name: str, origin: str, *, hidden: bool) -> list[Json]:
    """Oldest first; `hidden` adds scheduled posts, drafts and failed videos. A story stays here after its day, marked `ended`."""
    account, now = find(meta, "facebook", name), meta.clock.now()
    pages = {p.id for p in account.pages}
    posts = [
        p for p in meta.nodes.values() if isinstance(p, Post) and p.identity in pages and (hidden or p.public(now))
    ]
    return [await seen(meta, post, origin) for post in sorted(posts, key=Post.public_at)]


async def seen(meta: Meta, post: Post, origin: str) -> Json:
    now = meta.clock.now()
    blobs = [photo.blob for photo in post.photos] + ([post.video.blob] if post.video and post.video.blob else [])
    ended = {"ended": post.ended(now)} if post.kind == "story" else {}
    visibility = "public" if post.public(now) else "scheduled" if post.scheduled(now) else "hidden"
    return {
        "id": post.id,
        "kind": post.kind,
        "text": post.message,
        "link": post.link,
        "url": f"{origin}/{WWW}{post.path()}",
        "published_at": iso(post.public_at()),
        "visibility": visibility,
        "page_id": post.identity,
        "media": [await blob.seen() for blob in blobs],
        "photo_ids": [photo.id for photo in post.photos],
        "video_id": post.video.id if post.video else None,
        "title": post.video.title if post.video else None,
    } | ended


def shown(call: Call, post: Post) -> str:
    photos = "".join(f'<img src="{call.url(WWW, f"/media/{p.id}")}" alt="{escape(p.alt_text)}">' for p in post.photos)
    video = ""
    if post.video is not None:
        video = (
            f'<video src="{call.url(WWW, f"/media/{post.video.id}")}" controls autoplay loop muted playsinline></video>'
        )
    link = f'<p><a href="{escape(post.link)}">{escape(post.link)}</a></p>' if post.link else ""
    return f"{photos}{video}<pre>{escape(post.message)}</pre>{link}"


def not_there() -> Answer:
    return Answer(404, page("Not available", NOBODY), content_type="text/html")


def title_of(meta: Meta, post: Post) -> str:
    account = meta.account_of("facebook", post.identity)
    return next((p.name for p in account.pages if p.id == post.identity), "") if account else ""


async def post(meta: Meta, platform: str, call: Call) -> Answer:
    """`/{page}/posts/…`, `/reel/…`, `/stories/…` and `/photo/…`."""
    now, found = meta.clock.now(), call.found
    keys = {found.get("id", ""), f"{found.get('page', '')}_{found.get('id', '')}"}
    posts = [
        p
        for p in meta.nodes.values()
        if isinstance(p, Post)
        and (p.id in keys or (p.video and p.video.id in keys) or any(photo.id in keys for photo in p.photos))
    ]
    if not posts or not posts[0].public(now) or posts[0].ended(now):
        return not_there()
    name = title_of(meta, posts[0])
    when = f"<span class='quiet'>{iso_seconds(posts[0].public_at())} · {posts[0].kind}</span>"
    back = f'<a href="{call.url(WWW, f"/{posts[0].identity}")}"><b>{escape(name)}</b></a>'
    content = f'<div class="card"><p>{back} {when}</p>{shown(call, posts[0])}</div>'
    return Answer(200, page(name, content), content_type="text/html")


async def profile(meta: Meta, platform: str, call: Call) -> Answer:
    wanted, now = call.found["page"], meta.clock.now()
    pages = [p for a in meta.people[platform].accounts.values() for p in a.pages if wanted in (p.id, p.username)]
    if not pages:
        return not_there()
    posts = [p for p in meta.of(Post, pages[0].id) if p.public(now) and not p.ended(now)]
    cards = "".join(
        f'<div class="card"><a href="{call.url(WWW, p.path())}">{iso_seconds(p.public_at())}</a>{shown(call, p)}</div>'
        for p in sorted(posts, key=Post.public_at, reverse=True)
    )
    return Answer(200, page(pages[0].name, f"<h1>{escape(pages[0].name)}</h1>{cards}"), content_type="text/html")


async def media_file(meta: Meta, platform: str, call: Call) -> Answer | web.StreamResponse:
    node = meta.nodes.get(call.found["id"])
    blob: Blob | None = node.blob if isinstance(node, (Photo, Video)) else None
    if blob is None:
        return not_there()
    return web.FileResponse(blob.path, headers={"Content-Type": blob.content_type})


async def picture(meta: Meta, platform: str, call: Call) -> Answer:
    dot = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4.5" cy="4.5" r="4" fill="#26c"/></svg>'
    )
    return Answer(200, dot, content_type="image/svg+xml")
