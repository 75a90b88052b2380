"""Posts, photos, videos and upload sessions: what a Page keeps, and how the clock changes it (contract meta D).

A post is before the audience when it is published or its scheduled moment has come. A photo's and a video's id is not the post's.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.fields import stamp
from waooaw_sandbox.meta.people import APP_NAME, FACEBOOK_APP
from waooaw_sandbox.meta.rupload import Upload
from waooaw_sandbox.meta.state import Blob, Node

WWW = "www.facebook.com"
STATUS_TYPES = {"photo": "added_photos", "video": "added_video", "reel": "added_video", "link": "shared_story"}
SPELLINGS = {"live": ("complete", "bytes_transferred"), "docs": ("completed", "bytes_transfered")}


@dataclass(kw_only=True)
class Post(Node):
    """`kind` is status, link, photo, video, reel or story. A draft is neither published nor scheduled."""

    kind: str
    message: str = ""
    link: str | None = None
    published: bool = True
    scheduled_at: datetime | None = None
    photos: list["Photo"] = field(default_factory=list["Photo"])
    video: "Video | None" = None
    updated_at: datetime | None = None

    def public(self, now: datetime) -> bool:
        failed = self.video is not None and self.video.error is not None
        return not failed and (self.published or (self.scheduled_at is not None and self.scheduled_at <= now))

    def scheduled(self, now: datetime) -> bool:
        return not self.published and self.scheduled_at is not None and self.scheduled_at > now

    def public_at(self) -> datetime:
        return self.made_at if self.published or self.scheduled_at is None else self.scheduled_at

    def ended(self, now: datetime) -> bool:
        return self.kind == "story" and self.made_at + timedelta(days=1) <= now

    def path(self) -> str:
        if self.kind == "story":
            return f"/stories/{self.identity}/{self.id}/"
        if self.video is not None:
            return f"/reel/{self.video.id}/"
        return f"/{self.identity}/posts/{self.id.partition('_')[2]}/"


@dataclass(kw_only=True)
class Photo(Node):
    blob: Blob
    caption: str
    alt_text: str
    ends_at: datetime
    post: Post | None = None


@dataclass(kw_only=True)
class Video(Node):
    """`purpose` is video, reel or story. `post` exists once it was finished; `session` names the chunked upload."""

    purpose: str
    title: str = ""
    description: str = ""
    session: str = ""
    upload: Upload | None = None
    blob: Blob | None = None
    ready_at: datetime | None = None
    error: str | None = None
    post: Post | None = None
    state: str = ""

    def uploaded(self, ask: Ask) -> None:
        if self.upload is not None:
            self.blob = self.upload.blob()
        self.ready_at = ask.meta.later(ask.knobs.number("video_seconds"))
        fault = ask.call.fault("video_error")
        self.error = str(fault.parameters["message"]) if fault else None

    def ready(self, now: datetime) -> bool:
        return self.ready_at is not None and self.ready_at <= now


@dataclass(kw_only=True)
class UploadSession(Node):
    """What `/app/uploads` opens; `handle` stands for the bytes once they are all in."""

    upload: Upload
    content_type: str
    name: str
    handle: str


def describe_post(ask: Ask, post: Post) -> Json:
    now = ask.now
    shown: Json = {
        "id": post.id,
        "message": post.message or None,
        "created_time": stamp(post.public_at()),
        "updated_time": stamp(post.updated_at or post.public_at()),
        "permalink_url": ask.url(WWW, post.path()),
        "status_type": STATUS_TYPES.get(post.kind, "mobile_status_update"),
        "is_published": post.public(now),
        "application": {"id": FACEBOOK_APP[0], "name": APP_NAME, "link": "", "namespace": "sandbox"},
        "from": {"id": post.identity, "name": ask.account.title},
        "attachments": {"data": attachments(ask, post)},
        "shares": None,
    }
    none: Json = {"data": [], "summary": {"total_count": 0}}
    shown |= {"reactions": none, "comments": none, "likes": none}
    if post.scheduled_at is not None:
        shown["scheduled_publish_time"] = int(post.scheduled_at.timestamp())
    first = post.photos[0] if post.photos else post.video
    if first is not None:
        shown["full_picture"] = ask.url(WWW, f"/media/{first.id}")
    if post.video:
        shown["object_id"] = post.video.id
    return shown


def attachments(ask: Ask, post: Post) -> list[Json]:
    if post.video is not None:
        url = ask.url(WWW, f"/reel/{post.video.id}/")
        return [
            {"media_type": "video", "target": {"id": post.video.id, "url": url}, "type": "video_inline", "url": url}
        ]
    if post.link:
        return [{"media_type": "link", "target": {"url": post.link}, "type": "share", "unshimmed_url": post.link}]
    rows = [{"media_type": "photo", "target": {"id": photo.id}, "type": "photo"} for photo in post.photos]
    if len(rows) < 2:
        return rows
    return [{"media_type": "album", "target": {"id": post.id}, "type": "album", "subattachments": {"data": rows}}]


def describe_photo(ask: Ask, photo: Photo) -> Json:
    url = ask.url(WWW, f"/media/{photo.id}")
    return {
        "id": photo.id,
        "name": photo.caption or None,
        "created_time": stamp(photo.made_at),
        "updated_time": stamp(photo.made_at),
        "alt_text": photo.alt_text or None,
        "link": ask.url(WWW, f"/photo/{photo.id}/"),
        "picture": url,
        "images": [{"source": url, "width": 0, "height": 0}],
        "from": {"id": photo.identity, "name": ask.account.title},
        "page_story_id": photo.post.id if photo.post else None,
        "published": photo.post is not None and photo.post.public(ask.now),
    }


def describe_video(ask: Ask, video: Video) -> Json:
    return {
        "id": video.id,
        "title": video.title or None,
        "description": video.description or None,
        "created_time": stamp(video.made_at),
        "updated_time": stamp(video.made_at),
        "permalink_url": f"/reel/{video.id}/",
        "post_id": video.post.id if video.post else None,
        "published": video.post is not None and video.post.public(ask.now),
        "source": ask.url(WWW, f"/media/{video.id}") if video.blob else None,
        "length": 3.0,
        "status": video_status(ask, video),
        "from": {"id": video.identity, "name": ask.account.title},
    }


def video_status(ask: Ask, video: Video) -> Json:
    """In one of two spellings, because the docs and the live body differ."""
    word, counter = SPELLINGS[ask.knobs.word("status_spelling")]
    here, ready = video.blob is not None, video.ready(ask.now)
    overall = "uploading" if not here else "ready" if ready else "processing" if video.post else "upload_complete"
    processing: Json = {"status": word if ready else "in_progress" if here and video.post else "not_started"}
    if video.error and ready:
        overall = "error"
        processing = {
            "status": "error",
            "error": {"message": video.error},
            "errors": [{"code": 1363008, "message": video.error}],
        }
    received = video.upload.received if video.upload else video.blob.size if video.blob else 0
    publishing: Json = {"status": word if ready and video.post and not video.error else "not_started"}
    if video.post:
        state = "published" if video.post.public(ask.now) else "scheduled" if video.post.scheduled_at else "draft"
        publishing |= {"publish_status": state, "publish_time": int(video.post.public_at().timestamp())}
    return {
        "video_status": overall,
        "processing_progress": 100 if ready else 0,
        "uploading_phase": {"status": word if here else "in_progress", counter: received},
        "processing_phase": processing,
        "publishing_phase": publishing,
        "copyright_check_status": {"status": word if ready else "in_progress"},
    }  # fmt: skip
