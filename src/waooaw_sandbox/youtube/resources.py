"""Videos, channels and playlist items as JSON resources: only the parts asked for, 64-bit numbers as strings."""

import hashlib
import json
from datetime import datetime

from waooaw_sandbox.clock import iso_seconds
from waooaw_sandbox.kit import Call, Json
from waooaw_sandbox.youtube.people import Account, Channel
from waooaw_sandbox.youtube.state import Playlist, State, Video

OWNER_ONLY = frozenset({"fileDetails", "processingDetails", "suggestions"})
SIZES = {"default": ("default", 120, 90), "medium": ("mqdefault", 320, 180), "high": ("hqdefault", 480, 360)}
PROCESSING = {"uploaded": "processing", "processed": "succeeded", "failed": "failed", "rejected": "terminated"}


def etag(value: object) -> str:
    return hashlib.sha256(json.dumps(value, default=str, sort_keys=True).encode()).hexdigest()[:27]


def only(resource: Json, parts: frozenset[str]) -> Json:
    """The resource without the parts that were not asked for."""
    kept = {name: value for name, value in resource.items() if name in {"kind", "id"} | parts}
    return {"kind": kept.pop("kind"), "etag": etag(kept), **kept}


def listing(kind: str, items: list[Json], total: int | None = None, page: int | None = None) -> Json:
    count = len(items) if total is None else total
    info = {"totalResults": count, "resultsPerPage": len(items) if page is None else page}
    return {"kind": kind, "etag": etag(items), "pageInfo": info, "items": items}


def thumbnails(call: Call, video_id: str) -> Json:
    return {
        name: {"url": call.url("i.ytimg.com", f"/vi/{video_id}/{file}.jpg"), "width": width, "height": height}
        for name, (file, width, height) in SIZES.items()
    }


def video_resource(state: State, call: Call, video: Video, parts: frozenset[str], *, owner: bool) -> Json:
    now = state.clock.now()
    snippet = video.snippet
    resource: Json = {
        "kind": "youtube#video",
        "id": video.id,
        "snippet": {
            "publishedAt": iso_seconds(video.published_at(now)),
            "channelId": video.channel.id,
            "channelTitle": video.channel.title,
            "thumbnails": thumbnails(call, video.id),
            "liveBroadcastContent": "none",
            "localized": {"title": snippet["title"], "description": snippet["description"]},
        }
        | snippet,
        "status": status_part(video, now, owner=owner),
        "contentDetails": {"duration": "PT3S" if video.upload_status(now) == "processed" else "P0D", "dimension": "2d"},
        "statistics": statistics(video),
    }
    if owner:
        resource |= owner_parts(video, now)
    return only(resource, parts)


def status_part(video: Video, now: datetime, *, owner: bool) -> Json:
    state = video.upload_status(now)
    status = video.status | {"uploadStatus": state, "privacyStatus": video.privacy(now)}
    status["madeForKids"] = bool(status.get("selfDeclaredMadeForKids", False))
    if not owner:
        status.pop("selfDeclaredMadeForKids", None)
    if video.publish_at is not None and now < video.publish_at:
        status["publishAt"] = iso_seconds(video.publish_at)
    reason = {"failed": "failureReason", "rejected": "rejectionReason"}.get(state)
    return status | ({reason: video.outcome_reason} if reason else {})


def owner_parts(video: Video, now: datetime) -> Json:
    state = video.upload_status(now)
    processing: Json = {"processingStatus": PROCESSING[state]}
    if state == "uploaded":
        left = int((video.processed_at - now).total_seconds() * 1000)
        processing["processingProgress"] = {"partsTotal": "100", "partsProcessed": "50", "timeLeftMs": str(left)}
    if state == "failed":
        processing["processingFailureReason"] = "transcodeFailed"
    file = {"fileName": video.file_name, "fileSize": str(video.size), "fileType": "video"}
    return {"processingDetails": processing, "fileDetails": file, "suggestions": {}}


def statistics(video: Video) -> Json:
    """Numbers that differ from video to video and stay the same for each."""
    views = int(hashlib.sha256(video.id.encode()).hexdigest()[:4], 16)
    return {
        "viewCount": str(views),
        "likeCount": str(views // 20),
        "favoriteCount": "0",
        "commentCount": str(views // 100),
    }


def channel_resource(state: State, call: Call, account: Account, channel: Channel, parts: frozenset[str]) -> Json:
    now = state.clock.now()
    public = [v for v in state.videos.values() if v.channel is channel and v.visible(now)]
    picture = {"url": call.url("i.ytimg.com", f"/channel/{channel.id}.jpg"), "width": 88, "height": 88}
    resource: Json = {
        "kind": "youtube#channel",
        "id": channel.id,
        "snippet": {
            "title": channel.title,
            "description": "",
            "customUrl": channel.handle,
            "publishedAt": "2019-03-01T09:00:00Z",
            "thumbnails": {"default": picture},
        },
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": channel.uploads}},
        "statistics": {
            "viewCount": "48210",
            "subscriberCount": "1240",
            "hiddenSubscriberCount": False,
            "videoCount": str(len(public)),
        },
        "status": {
            "privacyStatus": "public",
            "isLinked": True,
            "longUploadsStatus": account.long_uploads,
            "madeForKids": False,
        },
    }
    return only(resource, parts)


def playlist_resource(call: Call, playlist: Playlist, channel: Channel, parts: frozenset[str]) -> Json:
    resource: Json = {
        "kind": "youtube#playlist",
        "id": playlist.id,
        "snippet": {
            "publishedAt": iso_seconds(playlist.made_at),
            "channelId": channel.id,
            "channelTitle": channel.title,
            "title": playlist.title,
            "description": "",
        },
        "status": {"privacyStatus": "public"},
        "contentDetails": {"itemCount": len(playlist.items)},
    }
    return only(resource, parts)
