"""videos.list, update, delete, batchGetStats, and thumbnails.set (contract youtube 3.3 and 4)."""

from datetime import datetime

from waooaw_sandbox.clock import iso_seconds
from waooaw_sandbox.kit import Answer, Call
from waooaw_sandbox.youtube.errors import refuse
from waooaw_sandbox.youtube.gate import Caller, parts_of
from waooaw_sandbox.youtube.metadata import new_snippet, new_status
from waooaw_sandbox.youtube.resources import OWNER_ONLY, etag, listing, statistics, thumbnails, video_resource
from waooaw_sandbox.youtube.state import State, Video

MOST_IDS = 50
THUMBNAIL_BYTES = 50 * 1024 * 1024
IMAGES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


def asked_ids(call: Call) -> list[str]:
    ids = [i.strip() for value in call.request.query.getall("id", []) for i in value.split(",")]
    if not any(ids):
        raise refuse("missingRequiredParameter", location="parameters.id")
    if len(ids) > MOST_IDS:
        raise refuse("invalidFilters")
    return [i for i in ids if i]


def listed(state: State, ids: list[str], caller: Caller) -> list[Video]:
    """Those that exist, are known to listings, and may be seen by the caller; the others are just not there."""
    now = state.clock.now()
    found = [state.videos[i] for i in ids if i in state.videos]
    return [
        v
        for v in found
        if v.listed_at <= now and (v.channel is caller.channel or v.privacy(now) in ("public", "unlisted"))
    ]


def own_video(state: State, video_id: str | None, caller: Caller) -> Video:
    video = state.videos.get(video_id or "")
    if video is None or video.listed_at > state.clock.now():
        raise refuse("videoNotFound")
    if video.channel is not caller.own_channel:
        raise refuse("forbidden")
    return video


async def list_videos(state: State, call: Call, caller: Caller) -> Answer:
    parts = parts_of(call)
    videos = listed(state, asked_ids(call), caller)
    if parts & OWNER_ONLY and any(v.channel is not caller.channel for v in videos):
        raise refuse("forbidden")
    items = [video_resource(state, call, v, parts, owner=v.channel is caller.channel) for v in videos]
    return Answer(200, listing("youtube#videoListResponse", items))


async def update_video(state: State, call: Call, caller: Caller) -> Answer:
    """Every mutable field of each named part is replaced: what is not resent is at its default, a schedule is gone."""
    parts, resource = parts_of(call), await call.json()
    if resource is None:
        raise refuse("parseError")
    video = own_video(state, resource.get("id"), caller)
    snippet = new_snippet(resource, updating=True) if "snippet" in parts else video.snippet
    if "status" in parts:
        now = state.clock.now()
        before = video.privacy(now)
        status = new_status(resource, was_public=before == "public")
        publish_at: datetime | None = status.pop("publishAt", None)
        if call.fault("wrong_privacy") or video.account.force_private:
            status["privacyStatus"], publish_at = "private", None
        # the time at which it was made public, if that was not at its upload
        opened_at = now if before != "public" else video.published_at(now)
        video.status, video.publish_at, video.opened_at = status, publish_at, opened_at
    video.snippet = snippet
    return Answer(200, video_resource(state, call, video, parts, owner=True))


async def delete_video(state: State, call: Call, caller: Caller) -> Answer:
    video = own_video(state, asked_ids(call)[0], caller)
    del state.videos[video.id]
    video.path.unlink(missing_ok=True)
    return Answer(204)


async def batch_get_stats(state: State, call: Call, caller: Caller) -> Answer:
    parts = parts_of(call)
    items = [
        {
            "kind": "youtube#videoStats",
            "etag": etag(v.id),
            "id": v.id,
            "statistics": {k: n for k, n in statistics(v).items() if k != "favoriteCount"},
            "snippet": {"publishTime": iso_seconds(v.published_at(state.clock.now()))},
            "contentDetails": {"duration": "3s"},
        }
        for v in listed(state, asked_ids(call), caller)
    ]
    shown = [{k: value for k, value in item.items() if k in {"kind", "etag", "id"} | parts} for item in items]
    return Answer(200, {"kind": "youtube#batchGetStatsResponse", "etag": etag(shown), "items": shown})


async def set_thumbnail(state: State, call: Call, caller: Caller) -> Answer:
    video = own_video(state, call.query.get("videoId"), caller)
    if not caller.account.phone_verified:
        raise refuse("forbidden")
    image = await call.read()
    if not image:
        raise refuse("mediaBodyRequired")
    kinds = [kind for magic, kind in IMAGES if image.startswith(magic)]
    if not kinds or len(image) > THUMBNAIL_BYTES:
        raise refuse("invalidImage")
    video.thumbnail = (image, kinds[0])
    items = [thumbnails(call, video.id)]
    return Answer(200, {"kind": "youtube#thumbnailSetResponse", "etag": etag(len(image)), "items": items})
