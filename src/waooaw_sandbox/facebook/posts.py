"""`/feed`, listings, edits and deletion (contract meta D1 and D6)."""

from datetime import datetime, timedelta
from typing import Any, cast

from waooaw_sandbox.facebook import settings
from waooaw_sandbox.facebook.objects import Photo, Post, Video
from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.fetch import Unfetched, fetch
from waooaw_sandbox.meta.fields import moment, paged
from waooaw_sandbox.meta.people import digits

LINK_PAGE = 2 * 1024 * 1024


async def post_to_feed(ask: Ask) -> Json:
    page, message, link = ask.page(), ask.text("message"), ask.text("link")
    photos = attached(ask)
    if not message and not link and not photos:
        raise ask.invalid("Requires one of the params: message, link, attached_media")
    check_message(ask, page.id, message)
    if link:
        await check_link(ask, link)
    published, scheduled_at = timing(ask)
    kind = "photo" if photos else "link" if link else "status"
    post = new_post(ask, kind, message, published=published, scheduled_at=scheduled_at, photos=photos)
    post.link = link or None
    return ask.created(post, {"id": post.id})


def new_post(
    ask: Ask,
    kind: str,
    message: str,
    *,
    published: bool = True,
    scheduled_at: datetime | None = None,
    photos: list[Photo] | None = None,
    video: Video | None = None,
) -> Post:
    page = ask.page()
    number = digits(15, start="122")
    post = Post(
        id=number if kind == "story" else f"{page.id}_{number}",
        platform="facebook",
        identity=page.id,
        made_at=ask.now,
        kind=kind,
        message=message,
        published=published,
        scheduled_at=scheduled_at,
        photos=photos or [],
        video=video,
    )
    for photo in post.photos:
        photo.post = post
    if video is not None:
        video.post = post
    return ask.meta.keep(post)


def attached(ask: Ask) -> list[Photo]:
    """Unpublished photos of this Page that no other post has."""
    found: list[Photo] = []
    for item in ask.items("attached_media"):
        photo = ask.node(Photo, photo_id(item), fresh=True)
        if photo.post is not None or photo in found:
            raise ask.refused("100/1366051")
        if photo.ends_at <= ask.now:
            raise ask.missing(photo.id)
        found.append(photo)
    return found


def photo_id(item: Any) -> str:
    return str(cast(Json, item).get("media_fbid", "")) if isinstance(item, dict) else str(item)


def check_message(ask: Ask, page_id: str, message: str) -> None:
    if len(message) > ask.knobs.count("message_characters"):
        raise ask.invalid("The message is too long")
    window = timedelta(seconds=ask.knobs.number("duplicate_window_seconds"))
    same = [p for p in ask.meta.of(Post, page_id) if p.message == message and message and ask.now - p.made_at < window]
    if same or ask.call.fault("duplicate_506"):
        raise ask.refused("506")


async def check_link(ask: Ask, link: str) -> None:
    if not link.startswith(("http://", "https://")):
        raise ask.refused("100/2061006")
    if link.split("/")[2].endswith("facebook.com"):
        raise ask.refused("100/1609008")
    if ask.knobs.flag("scrape_links") and isinstance(await fetch(ask, link, most=LINK_PAGE), Unfetched):
        raise ask.refused("1609005")


def timing(ask: Ask, latest: int = settings.LATEST) -> tuple[bool, datetime | None]:
    """(published, scheduled for)."""
    published, given = ask.flag("published", default=True), ask.text("scheduled_publish_time")
    if not given:
        return published, None
    at = moment(given)
    if published:
        raise ask.invalid("You cannot specify a scheduled publish time on a published post")
    ahead = (at - ask.now).total_seconds() if at else 0
    if not settings.EARLIEST <= ahead <= latest:
        raise ask.invalid("The specified scheduled publish time is invalid.")
    return False, at


# --- reading ------------------------------------------------------------------------------------------------------------------


def between(ask: Ask, at: datetime) -> bool:
    since, until = moment(ask.text("since", "0")), moment(ask.text("until", "99999999999"))
    return (since is None or at.timestamp() >= int(since.timestamp())) and (
        until is None or at.timestamp() <= int(until.timestamp()) + 1
    )


async def list_posts(ask: Ask) -> Json:
    """`/feed`, `/posts` and `/published_posts`: newest first, without what listings do not know yet."""
    page = ask.page()
    posts = [
        p
        for p in ask.meta.of(Post, page.id)
        if p.kind != "story" and p.public(ask.now) and p.listed_at <= ask.now and between(ask, p.public_at())
    ]
    posts.sort(key=Post.public_at)
    return paged(ask, [ask.shown(p, "id,message,created_time") for p in reversed(posts)])


async def list_scheduled(ask: Ask) -> Json:
    posts = [p for p in ask.meta.of(Post, ask.page().id) if p.scheduled(ask.now) and p.listed_at <= ask.now]
    return paged(ask, [ask.shown(p, "id,message,created_time") for p in reversed(posts)])


async def list_videos(ask: Ask) -> Json:
    return paged(ask, [ask.shown(v, "id,description,updated_time") for v in videos(ask, ("video", "reel"))])


async def list_reels(ask: Ask) -> Json:
    return paged(ask, [ask.shown(v, "id,description,updated_time") for v in videos(ask, ("reel",))])


def videos(ask: Ask, purposes: tuple[str, ...]) -> list[Video]:
    found = ask.meta.of(Video, ask.page().id)
    return [
        v
        for v in reversed(found)
        if v.purpose in purposes
        and v.post
        and v.post.public(ask.now)
        and v.post.listed_at <= ask.now
        and between(ask, v.post.public_at())
    ]


async def list_photos(ask: Ask) -> Json:
    found = [
        p for p in ask.meta.of(Photo, ask.page().id) if p.post and p.post.public(ask.now) and p.post.kind == "photo"
    ]
    shown = [p for p in reversed(found) if p.post and p.post.listed_at <= ask.now]
    return paged(ask, [ask.shown(p, "id,name,created_time") for p in shown])


async def list_stories(ask: Ask) -> Json:
    wanted = ask.text("status").upper()
    rows: list[Json] = []
    for post in reversed([p for p in ask.meta.of(Post, ask.page().id) if p.kind == "story" and p.listed_at <= ask.now]):
        status = "ARCHIVED" if post.ended(ask.now) else "PUBLISHED"
        if wanted in ("", status) and post.public(ask.now) and between(ask, post.made_at):
            media = post.video or post.photos[0]
            rows.append(
                {
                    "post_id": post.id,
                    "status": status,
                    "creation_time": str(int(post.made_at.timestamp())),
                    "media_type": "video" if post.video else "photo",
                    "media_id": media.id,
                    "url": ask.describe(post)["permalink_url"],
                }
            )
    return paged(ask, rows)


# --- changing -----------------------------------------------------------------------------------------------------------------


async def update(ask: Ask) -> Json:
    """Message, schedule, or publishing a draft; title and description of a video, name of a photo."""
    node = ask.node(Post) if isinstance(ask.meta.nodes.get(ask.id), Post) else None
    if node is None:
        return update_media(ask)
    if ask.text("message"):
        check_message(ask, node.identity, ask.text("message"))
        node.message = ask.text("message")
    if ask.text("scheduled_publish_time"):
        ask.values["published"] = False
        _, node.scheduled_at = timing(ask)
    if ask.flag("is_published") and not node.public(ask.now):
        node.published, node.made_at = True, ask.now
        ask.delay(node)
    photos = attached(ask)
    if photos:
        node.photos = photos
        for photo in photos:
            photo.post = node
    node.updated_at = ask.now
    return {"success": True}


def update_media(ask: Ask) -> Json:
    kept = ask.meta.nodes.get(ask.id)
    if isinstance(kept, Photo):
        photo = ask.node(Photo)
        photo.caption = ask.text("name") or photo.caption
    else:
        video = ask.node(Video)
        video.title, video.description = ask.text("title") or video.title, ask.text("description") or video.description
        if video.post:
            video.post.message = video.description
    return {"success": True}


async def delete(ask: Ask) -> Json:
    """A post takes its photos and video with it; a photo or video its post, where it is the only thing there."""
    node = next((ask.node(kind) for kind in (Post, Photo, Video) if isinstance(ask.meta.nodes.get(ask.id), kind)), None)
    if node is None:
        raise ask.missing()
    post = node if isinstance(node, Post) else node.post
    gone: list[Post | Photo | Video] = [node]
    if isinstance(node, Photo) and post is not None and len(post.photos) > 1:
        post.photos.remove(node)
    elif post is not None:
        gone += [post, *post.photos, *([post.video] if post.video else [])]
    for one in gone:
        ask.meta.nodes.pop(one.id, None)
    return {"success": True}
