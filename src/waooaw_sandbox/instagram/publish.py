"""`media_publish`, the quota, listings, and what can be done to a media afterwards (contract meta C4 to C6)."""

from datetime import timedelta

from waooaw_sandbox.instagram.containers import refuse_me
from waooaw_sandbox.instagram.objects import Container, Media
from waooaw_sandbox.kit import Json, Refused
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.errors import IG_HOST
from waooaw_sandbox.meta.fields import moment, paged, select
from waooaw_sandbox.meta.people import word

DAY = timedelta(days=1)
DEFAULT_FIELDS = "id"
PRODUCTS = {"REELS": "REELS", "STORIES": "STORY"}


async def publish(ask: Ask) -> Json:
    """Put a FINISHED container before the audience, once."""
    refuse_me(ask)
    identity = ask.identity()
    container = ask.meta.nodes.get(ask.need("creation_id"))
    if not isinstance(container, Container) or container.identity != identity:
        raise ask.refused("24/2207006")
    if container.child:
        raise ask.refused("100", "A carousel item cannot be published by itself.")
    status = container.status(ask.now)
    if container.media is not None:
        return again(ask, container.media)
    if status == "EXPIRED":
        raise ask.refused("24/2207008")
    if status != "FINISHED":
        raise ask.refused("9007/2207027")
    if used(ask, identity) >= total(ask):
        raise ask.refused("9/2207042")
    media = made_public(ask, container)
    return ask.created(media, {"id": media.id})


def again(ask: Ask, media: Media) -> Json:
    """Nobody knows what Meta says to a second publish: the knob does."""
    match ask.knobs.word("double_publish"):
        case "a":
            raise ask.refused("9007/2207027")
        case "b":
            raise ask.refused("24/2207006")
        case _:
            return {"id": media.id}


def made_public(ask: Ask, container: Container, *, child: bool = False) -> Media:
    media = Media(
        id=ask.meta.new_id(start="180"),
        platform="instagram",
        identity=container.identity,
        made_at=ask.now,
        account_name=ask.account.name,
        username=ask.account.username,
        kind="CAROUSEL_ALBUM" if container.kind == "CAROUSEL" else "VIDEO" if container.video else "IMAGE",
        product=PRODUCTS.get(container.kind, "FEED"),
        caption="" if container.kind == "STORIES" or child else str(container.values.get("caption") or ""),
        shortcode=word(11),
        container=container,
        blob=container.blob,
        cover=container.cover,
        child=child,
    )
    media.children = [made_public(ask, below, child=True) for below in container.children]
    container.media = ask.meta.keep(media)
    return media


def used(ask: Ask, identity: str, since: float | None = None) -> int:
    start = ask.now - DAY if since is None else ask.now - timedelta(seconds=since)
    return sum(1 for m in ask.meta.of(Media, identity) if not m.child and m.made_at > start)


def total(ask: Ask) -> int:
    return ask.knobs.count("quota_total") if ask.account.quota_total is None else ask.account.quota_total


async def publishing_limit(ask: Ask) -> Json:
    identity, since = ask.identity(), None
    if ask.text("since"):
        start = moment(ask.text("since"))
        if start is None or ask.now - start > DAY:
            raise ask.invalid("since must be within the last 24 hours")
        since = (ask.now - start).total_seconds()
    row = {
        "quota_usage": used(ask, identity, since),
        "config": {"quota_total": total(ask), "quota_duration": int(DAY.total_seconds())},
    }
    return {"data": [select(row, ask.text("fields") or "quota_usage")]}


# --- reading ------------------------------------------------------------------------------------------------------------------


def listed(ask: Ask, *, stories: bool) -> list[Media]:
    """Newest first, between `since` and `until`, without what listings do not know yet."""
    since, until = moment(ask.text("since", "0")), moment(ask.text("until", "99999999999"))
    return [
        m
        for m in reversed(ask.meta.of(Media, ask.identity()))
        if (m.product == "STORY") == stories
        and not m.child
        and not m.deleted
        and not m.ended(ask.now)
        and m.listed_at <= ask.now
        and (since is None or m.made_at.timestamp() >= int(since.timestamp()))
        and (until is None or m.made_at.timestamp() <= int(until.timestamp()) + 1)
    ]


async def list_media(ask: Ask) -> Json:
    return rows(ask, listed(ask, stories=False))


async def list_stories(ask: Ask) -> Json:
    return rows(ask, listed(ask, stories=True))


def rows(ask: Ask, media: list[Media]) -> Json:
    return paged(ask, [ask.shown(m, DEFAULT_FIELDS) for m in media])


async def list_children(ask: Ask) -> Json:
    return {"data": [ask.shown(child, DEFAULT_FIELDS) for child in living(ask).children]}


# --- changing -----------------------------------------------------------------------------------------------------------------


def living(ask: Ask) -> Media:
    media = ask.node(Media)
    if media.deleted:
        raise ask.missing()
    return media


async def update(ask: Ask) -> Json:
    media = living(ask)
    if not ask.text("comment_enabled"):
        raise ask.refused("100", "The parameter comment_enabled is required.")
    media.comments_open = ask.flag("comment_enabled")
    return {"success": True}


async def delete(ask: Ask) -> Json:
    if ask.host == IG_HOST:
        raise Refused(ask.missing().answer)
    media = living(ask)
    del ask.meta.nodes[media.id]
    media.deleted = True
    return {"success": True, "deleted_id": media.id}
