"""What a follower sees: the truth for the control API, and pages of posts, organizations and members for a browser."""

from html import escape

from aiohttp import web

from waooaw_sandbox.clock import iso, iso_seconds
from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.linkedin.assets import MEDIA_HOST
from waooaw_sandbox.linkedin.people import Account
from waooaw_sandbox.linkedin.state import Asset, Post, State
from waooaw_sandbox.pages import page

WWW = "www.linkedin.com"
NOBODY = '<div class="card"><h1>This post cannot be displayed</h1><p>It was deleted, or it never was.</p></div>'


async def audience(state: State, account: Account, origin: str, *, hidden: bool) -> list[Json]:
    """Oldest first; `hidden` adds what is not published (yet) and what is kept out of the feed."""
    now = state.clock.now()
    posts = state.posts_by(*state.identities(account))
    visible = [p for p in posts if not p.deleted and (hidden or p.in_feed(now))]
    return [await seen(state, post, origin) for post in sorted(visible, key=lambda post: post.made_at)]


async def seen(state: State, post: Post, origin: str) -> Json:
    """`text` is what a reader sees; `cut` says that something unescaped ended it early."""
    content: Json = post.sent.get("content", {})
    lifecycle = post.lifecycle(state.clock.now())
    article: Json = content.get("article", {})
    return {
        "id": post.urn,
        "kind": post.kind,
        "author": post.author,
        "text": post.text.visible,
        "cut": post.text.cut,
        "mentions": list(post.text.mentions),
        "hashtags": list(post.text.hashtags),
        "title": article.get("title") or content.get("media", {}).get("title"),
        "description": article.get("description"),
        "link": article.get("source"),
        "poll": content.get("poll"),
        "parent": post.sent.get("reshareContext", {}).get("parent"),
        "url": f"{origin}/{WWW}/feed/update/{post.urn}/",
        "published_at": iso(post.published_at()),
        "visibility": post.sent["visibility"],
        "lifecycle": lifecycle,
        "in_feed": post.in_feed(state.clock.now()),
        "media": [await shown_asset(asset, alt, origin) for asset, alt in zip(post.assets, alts(post), strict=True)],
    }


async def shown_asset(asset: Asset, alt: str, origin: str) -> Json:
    return {
        "asset": asset.urn,
        "bytes": asset.size,
        "sha256": await asset.hash(),
        "content_type": asset.content_type,
        "alt_text": alt,
        "url": media_url(asset, origin),
    }


def media_url(asset: Asset, origin: str) -> str:
    return f"{origin}/{MEDIA_HOST}/dms/{asset.kind}/{asset.id}"


def alts(post: Post) -> list[str]:
    content: Json = post.sent.get("content", {})
    images: list[Json] = content.get("multiImage", {}).get("images") or [content.get("media", {})]
    return [str(image.get("altText", "")) for image in images][: len(post.assets)]


# --- pages --------------------------------------------------------------------------------------------------------------------


async def post_page(state: State, call: Call) -> Answer:
    post = state.posts.get(call.found["urn"])
    if post is None or post.deleted or post.lifecycle(state.clock.now()) != "PUBLISHED":
        return Answer(404, page("Not available", NOBODY), content_type="text/html")
    return Answer(200, page(state.people.name_of(post.author), card(state, call, post)), content_type="text/html")


async def profile(state: State, call: Call) -> Answer:
    """`/company/{id or vanity name}` and `/in/{vanity name}`."""
    wanted = call.found["name"]
    people = state.people
    urns = [o.urn for o in people.organizations.values() if wanted in (o.id, o.vanity)]
    if call.path.startswith("/in/"):
        urns = [a.urn for a in people.accounts.values() if wanted in (a.id, a.vanity)]
    if not urns:
        return Answer(404, page("Not available", NOBODY), content_type="text/html")
    now, name = state.clock.now(), people.name_of(urns[0])
    posts = [post for post in reversed(state.posts_by(urns[0])) if post.in_feed(now)]
    content = f"<h1>{escape(name)}</h1>" + "".join(card(state, call, post) for post in posts)
    return Answer(200, page(name, content), content_type="text/html")


def card(state: State, call: Call, post: Post) -> str:
    link = call.url(WWW, f"/feed/update/{post.urn}/")
    head = (
        f"<p><b>{escape(state.people.name_of(post.author))}</b> "
        f"<a class='quiet' href='{link}'>{iso_seconds(post.published_at())}</a></p><pre>{escape(post.text.visible)}</pre>"
    )
    media = "".join(
        media_html(asset, media_url(asset, call.origin), alt)
        for asset, alt in zip(post.assets, alts(post), strict=True)
    )
    return f'<div class="card">{head}{media}{extra(state, call, post)}</div>'


def media_html(asset: Asset, url: str, alt: str) -> str:
    match asset.kind:
        case "image":
            return f'<img src="{url}" alt="{escape(alt)}">'
        case "video":
            return f'<video src="{url}" controls autoplay loop muted playsinline></video>'
        case _:
            return f'<p><a href="{url}">Document, {asset.size} bytes</a></p>'


def extra(state: State, call: Call, post: Post) -> str:
    """An article's card, a poll's question, or the post that is reshared."""
    content: Json = post.sent.get("content", {})
    if "article" in content:
        article = content["article"]
        return f'<p><a href="{escape(article["source"])}">{escape(article["title"])}</a></p>'
    if "poll" in content:
        options = "".join(f"<li>{escape(option['text'])}</li>" for option in content["poll"]["options"])
        return f"<p>{escape(content['poll']['question'])}</p><ul>{options}</ul>"
    parent = state.posts.get(post.sent.get("reshareContext", {}).get("parent", ""))
    return card(state, call, parent) if parent is not None and not parent.deleted else ""


async def media_file(state: State, call: Call) -> Answer | web.StreamResponse:
    asset = state.assets.get(f"urn:li:{call.found['kind']}:{call.found['id']}")
    if asset is None or asset.status(state.clock.now()) != "AVAILABLE":
        return Answer(404, "Not found", content_type="text/plain")
    return web.FileResponse(asset.path, headers={"Content-Type": asset.content_type})
