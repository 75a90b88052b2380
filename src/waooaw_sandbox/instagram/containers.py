"""`POST /{ig-user}/media`: what is asked is checked, the media really fetched and looked at, and a container made (contract meta C1).

An image is fetched during the call, so its errors are this call's. A video's are seen later, as the container's ERROR.
"""

import re
from datetime import timedelta

from waooaw_sandbox.instagram import settings
from waooaw_sandbox.instagram.objects import Container
from waooaw_sandbox.instagram.rules import check_texts
from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.errors import IG_HOST, UPLOAD_HOST
from waooaw_sandbox.meta.fetch import Unfetched, fetch
from waooaw_sandbox.meta.pictures import Picture, picture_in, video_seconds
from waooaw_sandbox.meta.rupload import Upload
from waooaw_sandbox.meta.state import Blob

DAY = timedelta(days=1)
KINDS = ("", "IMAGE", "VIDEO", "REELS", "STORIES", "CAROUSEL")
VIDEO_ERROR = "Error: Media upload has failed with error code {subcode}"
SHORTEST, LONGEST = 3, 15 * 60


async def create(ask: Ask) -> Json:
    refuse_me(ask)
    identity, kind = ask.identity(), kind_of(ask)
    check_texts(ask, kind)
    made = [c for c in ask.meta.of(Container, identity) if ask.now - c.made_at < DAY]
    if len(made) >= ask.knobs.count("containers_per_day"):
        raise ask.refused(ask.knobs.word("container_cap_reason"))
    container = Container(
        id=ask.meta.new_id(start="179"),
        platform="instagram",
        identity=identity,
        made_at=ask.now,
        kind=kind,
        video=kind in ("VIDEO", "REELS") or (kind == "STORIES" and not ask.text("image_url")),
        child=ask.flag("is_carousel_item"),
        values=dict(ask.values),
        expires_at=ask.meta.later(ask.knobs.number("container_seconds")),
    )
    await fill(ask, container)
    error = ask.call.fault("container_error")
    if error:
        container.error = str(error.parameters["text"]).replace("{subcode}", str(error.parameters["subcode"]))
    container.stuck = ask.call.fault("stuck_container") is not None
    answer: Json = {"id": ask.meta.keep(container).id}
    if container.upload is not None:
        answer["uri"] = ask.url(UPLOAD_HOST, f"/ig-api-upload/{ask.version}/{container.id}")
    return ask.created(container, answer)


def refuse_me(ask: Ask) -> None:
    """`me` is for reading where Instagram's own host is asked."""
    if ask.host == IG_HOST and ask.call.found.get("id") == "me":
        raise ask.refused("100", "Unsupported request - method type: post")


def kind_of(ask: Ask) -> str:
    given, child = ask.text("media_type").upper(), ask.flag("is_carousel_item")
    if given not in KINDS:
        raise ask.refused("100/2207023")
    if given == "VIDEO" and not child:
        raise ask.refused("100", "The VIDEO value for media_type is no longer supported. Use the REELS media type.")
    if child and given in ("REELS", "STORIES", "CAROUSEL"):
        raise ask.refused("100", f"{given} cannot be a carousel item.")
    return given or "IMAGE"


async def fill(ask: Ask, container: Container) -> None:
    """The content: children, bytes to come, a picture, or a video."""
    if container.kind == "CAROUSEL":
        container.children = children(ask)
        container.ready_at = ask.meta.later(ask.knobs.number("carousel_seconds"))
    elif ask.text("upload_type") == "resumable":
        open_upload(ask, container)
    elif container.video:
        await fetch_video(ask, container)
    else:
        container.blob = await fetch_image(ask, "image_url", free_ratio=container.kind == "STORIES")
        container.ready_at = ask.meta.later(ask.knobs.number("image_seconds"))
    if container.kind == "REELS" and ask.text("cover_url"):
        container.cover = await fetch_image(ask, "cover_url", free_ratio=True)


def children(ask: Ask) -> list[Container]:
    ids = [str(child) for child in ask.items("children")]
    if len(ids) not in settings.CHILDREN:
        raise ask.refused("100/2207028")
    found = [ask.node(Container, child, fresh=True) for child in ids]
    for child in found:
        if not child.child or child.status(ask.now) in ("EXPIRED", "ERROR", "PUBLISHED"):
            raise ask.refused("100", f"Child {child.id} cannot be used in a carousel.")
    return found


def open_upload(ask: Ask, container: Container) -> None:
    if ask.token.of_instagram_login and not ask.knobs.flag("resumable_on_instagram_login"):
        raise ask.refused("100", "Param upload_type is not supported with this login.")
    if not container.video:
        raise ask.refused("100", "Resumable upload is for videos.")
    container.upload = Upload(path=ask.meta.new_file("instagram"))


async def fetch_video(ask: Ask, container: Container) -> None:
    url = ask.text("video_url")
    if not url:
        raise ask.refused("100", "The parameter video_url is required.")
    got = await fetch(ask, url, most=settings.REEL_BYTES + 1)
    container.ready_at = ask.meta.later(ask.knobs.number("video_seconds"))
    if isinstance(got, Unfetched):
        container.error = VIDEO_ERROR.format(subcode=2207003 if got.slow else 2207077)
        return
    container.blob = got
    container.error = flaw_of_video(ask, container.kind, got)
    offset = ask.text("thumb_offset", "0")
    seconds = video_seconds(got.path)
    if not re.fullmatch(r"-?\d+", offset) or int(offset) < 0 or (seconds and int(offset) > seconds * 1000):
        raise ask.refused("1/2207057")


def flaw_of_video(ask: Ask, kind: str, blob: Blob) -> str | None:
    if blob.size > (settings.STORY_BYTES if kind == "STORIES" else settings.REEL_BYTES) or blob.content_type.startswith(
        ("text/", "image/")
    ):
        return VIDEO_ERROR.format(subcode=2207026)
    if ask.knobs.flag("strict_video"):
        seconds = video_seconds(blob.path)
        if seconds is None or not SHORTEST <= round(seconds, 1) <= LONGEST:
            return VIDEO_ERROR.format(subcode=2207026)
    return None


async def fetch_image(ask: Ask, name: str, *, free_ratio: bool) -> Blob:
    url = ask.text(name)
    if not url:
        raise ask.refused("100", f"The parameter {name} is required.")
    got = await fetch(ask, url, most=settings.IMAGE_BYTES + 1)
    if isinstance(got, Unfetched):
        raise ask.refused("-2/2207003" if got.slow else "9004/2207052")
    if got.size > settings.IMAGE_BYTES:
        raise ask.refused("36000/2207004")
    picture = picture_in(got.path)
    reason = flaw_of_image(ask, picture, free_ratio)
    if reason is not None:
        raise ask.refused(reason)
    got.content_type = f"image/{picture.kind}" if picture else got.content_type
    return got


def flaw_of_image(ask: Ask, picture: Picture | None, free_ratio: bool) -> str | None:
    if picture is None:
        return "9004/2207052"
    if picture.kind != "jpeg" and not (picture.kind == "png" and ask.knobs.flag("png_accepted")):
        return "36001/2207005"
    low, high = settings.NARROWEST - settings.RATIO_SLACK, settings.WIDEST + settings.RATIO_SLACK
    return None if free_ratio or low <= picture.ratio <= high else "36003/2207009"
