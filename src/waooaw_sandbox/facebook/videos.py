"""Videos, reels and video stories: opened, filled, and finished, or all in one call (contract meta D3 to D5).

The call that finishes an upload is the one that publishes. Offsets of the chunked upload are strings, as Meta's are.
"""

import os
import shutil
from datetime import timedelta

from waooaw_sandbox.facebook import settings
from waooaw_sandbox.facebook.objects import Post, UploadSession, Video
from waooaw_sandbox.facebook.posts import check_message, new_post, timing
from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.errors import UPLOAD_HOST
from waooaw_sandbox.meta.fetch import Unfetched, fetch
from waooaw_sandbox.meta.people import word
from waooaw_sandbox.meta.rupload import LARGEST, Upload
from waooaw_sandbox.meta.state import Blob

DAY = timedelta(days=1)


def new_video(ask: Ask, purpose: str) -> Video:
    video = Video(
        id=ask.meta.new_id(length=16),
        platform="facebook",
        identity=ask.page().id,
        made_at=ask.now,
        purpose=purpose,
        title=ask.text("title"),
        description=ask.text("description"),
    )
    return ask.meta.keep(video)


# --- /videos ------------------------------------------------------------------------------------------------------------------


async def post_video(ask: Ask) -> Json:
    """Whatever phase the parameters name; without one, the whole video at once."""
    ask.page()
    phases = {"start": start_chunks, "transfer": transfer, "finish": finish_chunks, "cancel": cancel}
    phase = ask.text("upload_phase")
    if not phase:
        return await whole(ask)
    if phase not in phases:
        raise ask.invalid("Param upload_phase must be one of {start, transfer, finish, cancel}")
    return phases[phase](ask)


async def whole(ask: Ask) -> Json:
    check_message(ask, ask.page().id, ask.text("description"))
    published, scheduled_at = timing(ask)
    blob = await bytes_of(ask)
    video = new_video(ask, "video")
    video.blob = blob
    video.uploaded(ask)
    post = new_post(ask, "video", video.description, published=published, scheduled_at=scheduled_at, video=video)
    ask.delay(post)
    return ask.created(video, {"id": video.id})


async def bytes_of(ask: Ask) -> Blob:
    """By address, by handle of a finished upload, or as a file."""
    if ask.text("fbuploader_video_file_chunk"):
        handle = ask.text("fbuploader_video_file_chunk")
        found = [n for n in ask.meta.nodes.values() if isinstance(n, UploadSession) and n.handle == handle]
        if not found or not found[0].upload.complete or not ask.token.reaches(ask.page().id):
            raise ask.refused("6000")
        return found[0].upload.blob(found[0].content_type)
    if ask.text("file_url"):
        got = await fetch(ask, ask.text("file_url"), most=LARGEST)
        if isinstance(got, Unfetched) or got.content_type.startswith(("text/", "image/")):
            raise ask.refused("6000", "(#6000) Unable to fetch video file from URL.")
        return got
    blob = ask.files.get("source") or next(iter(ask.files.values()), None)
    if blob is None or not blob.size:
        raise ask.refused("6000")
    return blob


def start_chunks(ask: Ask) -> Json:
    size = int(ask.number("file_size"))
    if size <= 0:
        raise ask.invalid("Param file_size must be an integer greater than 0")
    video = new_video(ask, "video")
    video.session, video.upload = ask.meta.new_id(length=16), Upload(path=ask.meta.new_file("facebook"), total=size)
    ask.delay(video)
    return {"video_id": video.id, "upload_session_id": video.session} | offsets(ask, video.upload)


def offsets(ask: Ask, upload: Upload) -> Json:
    end = min(upload.received + ask.knobs.count("chunk_bytes"), upload.total or 0)
    return {"start_offset": str(upload.received), "end_offset": str(end)}


def session_of(ask: Ask) -> tuple[Video, Upload]:
    for video in ask.meta.of(Video, ask.page().id):
        if video.session and video.session == ask.text("upload_session_id") and video.upload:
            return video, video.upload
    raise ask.refused("6000/1363041")


def transfer(ask: Ask) -> Json:
    video, upload = session_of(ask)
    chunk = ask.files.get("video_file_chunk") or next(iter(ask.files.values()), None)
    if chunk is None:
        raise ask.invalid("The parameter video_file_chunk is required.")
    beyond = upload.received + chunk.size > (upload.total or 0)
    if ask.text("start_offset") != str(upload.received) or beyond:
        raise ask.refused("6000/1363037", data=offsets(ask, upload))
    with upload.path.open("ab") as out, chunk.path.open("rb") as file:
        shutil.copyfileobj(file, out)
    upload.received += chunk.size
    partial = ask.call.fault("partial_upload")
    if partial:
        upload.received -= max(chunk.size - int(partial.parameters["keep"]), 0)
        os.truncate(upload.path, upload.received)
    if upload.complete:
        video.uploaded(ask)
    return offsets(ask, upload)


def finish_chunks(ask: Ask) -> Json:
    video, upload = session_of(ask)
    if not upload.complete:
        raise ask.refused("6000/1363130")
    if video.post is not None:
        return finished_again(ask, video)
    published, scheduled_at = timing(ask)
    video.title, video.description = ask.text("title") or video.title, ask.text("description") or video.description
    post = new_post(ask, "video", video.description, published=published, scheduled_at=scheduled_at, video=video)
    ask.delay(post)
    return {"success": True}


def cancel(ask: Ask) -> Json:
    video, _ = session_of(ask)
    if video.post is None:
        del ask.meta.nodes[video.id]
    return {"success": True}


def finished_again(ask: Ask, video: Video) -> Json:
    if ask.knobs.word("double_finish") == "error":
        raise ask.refused("6000/1363041")
    return {"success": True}


# --- reels and video stories --------------------------------------------------------------------------------------------------


async def reel(ask: Ask) -> Json:
    return in_phases(ask, "reel")


async def story(ask: Ask) -> Json:
    return in_phases(ask, "story")


def in_phases(ask: Ask, purpose: str) -> Json:
    ask.page()
    match ask.text("upload_phase").lower():
        case "start":
            video = new_video(ask, purpose)
            video.upload = Upload(path=ask.meta.new_file("facebook"))
            ask.delay(video)
            address = ask.url(UPLOAD_HOST, f"/video-upload/{ask.version}/{video.id}")
            return {"video_id": video.id, "upload_url": address}
        case "finish":
            unread = ask.call.request.content_type == "application/json" and not ask.knobs.flag("json_reels")
            if unread or not ask.text("video_id"):
                raise ask.invalid("Missing parameter: video_id")
            video = ask.node(Video, ask.text("video_id"), fresh=True)
            if video.purpose != purpose:
                raise ask.missing(video.id)
            return finish(ask, video)
        case _:
            raise ask.invalid("Param upload_phase must be one of {START, FINISH}")


def finish(ask: Ask, video: Video) -> Json:
    if video.post is not None:
        return answer_for(ask, video, finished_again(ask, video))
    if video.blob is None:
        raise ask.refused("6000/1363130")
    state = (ask.text("video_state") or "PUBLISHED").upper()
    if video.purpose == "reel" and state == "PUBLISHED":
        check_cap(ask, video)
    video.description = ask.text("description") or video.description
    video.title, video.state = ask.text("title") or video.title, state
    ask.values["published"] = state == "PUBLISHED"
    published, scheduled_at = timing(ask, settings.REEL_LATEST)
    if state == "SCHEDULED" and scheduled_at is None:
        raise ask.invalid("The specified scheduled publish time is invalid.")
    post = new_post(ask, video.purpose, video.description, published=published, scheduled_at=scheduled_at, video=video)
    ask.delay(post)
    return answer_for(ask, video, {"success": True})


def check_cap(ask: Ask, video: Video) -> None:
    reels = [p for p in ask.meta.of(Post, video.identity) if p.kind == "reel" and ask.now - p.made_at < DAY]
    if len(reels) >= ask.knobs.count("reels_per_day"):
        raise ask.refused(ask.knobs.word("reel_cap_reason"))


def answer_for(ask: Ask, video: Video, answer: Json) -> Json:
    if video.post is not None and video.purpose == "story":
        numeric = ask.knobs.flag("numeric_story_post_id")
        return answer | {"post_id": int(video.post.id) if numeric else video.post.id}
    if video.post is not None and ask.knobs.flag("finish_post_id"):
        return answer | {"post_id": video.post.id}
    return answer


# --- /app/uploads and /upload: ------------------------------------------------------------------------------------------------


def new_session(ask: Ask) -> UploadSession:
    return UploadSession(
        id="upload:" + word(40),
        platform="facebook",
        identity=ask.account.user_id,
        made_at=ask.now,
        upload=Upload(path=ask.meta.new_file("facebook"), total=int(ask.number("file_length"))),
        content_type=ask.text("file_type", "video/mp4"),
        name=ask.text("file_name"),
        handle="2:" + word(60),
    )
