"""A video that is due later: uploaded whole and private ahead of its time, and switched on the second (contract youtube 3.3, 4.1, 8).

Nobody sees a private video, so completing its upload is wasteful, not visible: after a lost reply its session is asked, and where that is gone,
the channel's uploads are looked through once for a file of our own name. What is visible is the switch alone: `videos.update` with the
whole part `status`, because YouTube resets what is left out. It is about one id, so that no audience is held while it is in doubt.
Nothing is deleted here: what is cancelled, changed or missed after its upload leaves a private video on the channel.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import MediaFile, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, Visible, Wasteful, pause, until_due
from waooaw_social.platforms.youtube import calls, upload
from waooaw_social.platforms.youtube.calls import FOR_EVER
from waooaw_social.platforms.youtube.replies import Channel, Held, Mute, Progress, Session, Video, Whole

PRIVATE = "private"
SETTABLE = ("embeddable", "license", "publicStatsViewable", "selfDeclaredMadeForKids", "containsSyntheticMedia")
"""What an owner may set of the part `status`, beside the privacy and a time of YouTube's own (3.3)."""
ENDED_BADLY = {
    "failed": ("processing_failed", "YouTube could not process the video", "Try another encoding."),
    "rejected": ("video_rejected", "YouTube has rejected the video", "YouTube Studio says more about it."),
    "deleted": (
        "video_deleted",
        "The private video was deleted before its time",
        "Publish it anew if that was a slip.",
    ),
}
UNLISTED_YET = (15.0,) * 20
"""Seconds between looks for a new video that YouTube does not list yet: together five minutes, as has been reported (8)."""
ENDINGS = {"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm"}
LOOKS = 3
"""Looks after which a video that is not listed is believed to be out of everybody's sight."""


def is_due_later(publication: Publication) -> bool:
    """What stays private needs no switch."""
    return publication.publish_at is not None and publication.content.privacy != PRIVATE


def publish(publication: Publication) -> Flow[Published]:
    """Upload a video or a Short; ahead and private if it is due later."""
    if not is_due_later(publication):
        return (yield from upload.publish(publication))
    file, channel = yield from upload.prepared(publication)
    video = yield from stored(publication, file, channel)
    status = yield from status_to_be(publication, video)
    yield from until_due()
    visible = Visible(
        reconcile=lambda asked: is_it_out(asked, video),
        published=switched(publication),
        noes_lie=True,
        look_again=200.0,
    )
    reply = yield from calls.publish_video(video, status, visible)
    return switched(publication)(reply) or upload.never()


def stored(publication: Publication, file: MediaFile, channel: Channel) -> Flow[RemoteId]:
    """The private video, through as many sessions as it takes."""
    asked = upload.resource_of(publication)
    resource = {**asked, "status": {**asked["status"], "privacyStatus": PRIVATE}}
    notify = upload.notifies(publication)
    for number in range(1, upload.SESSIONS + 1):
        name = name_of(publication, resource, file, number)
        session = yield from calls.open_session(
            f"open private session {number}", resource, file, notify=notify, file_name=name, good_for=FOR_EVER
        )
        progress = yield from upload.fill(session, file)
        kept = yield from store(number, file, session, progress)
        if isinstance(kept, Whole):
            return RemoteId(str(kept.reply.json()["id"]))
        if isinstance(kept, Held) and isinstance(progress, Mute):
            raise Refused(progress.refusal)
        left = yield from left_behind(number, channel, name)
        if left:
            return left
    raise Refused(upload.SESSIONS_LOST)


def store(number: int, file: MediaFile, session: Session, progress: Progress) -> Flow[Progress]:
    """The last piece, recorded: its answer holds the video's id. A session that is whole already is asked for that answer once more.

    A no may hide that the piece was taken: the session is asked, and believed.
    """
    there, offset = session, upload.last_piece_of(file)
    if isinstance(progress, Held):
        there, offset = progress.session, progress.offset
    elif isinstance(progress, Whole):
        offset = file.size
    blindly = isinstance(progress, Mute)
    name = f"store upload {number}"
    try:
        return (yield from calls.complete(name, there, file, offset, Wasteful(good_for=FOR_EVER), blindly=blindly))
    except Refused:
        told = yield from calls.recorded(f"answer of upload {number}", calls.held(there, file.size))
        if isinstance(told, Held):
            raise
        return told


def name_of(publication: Publication, resource: Mapping[str, Any], file: MediaFile, number: int) -> str:
    """A file name that no other upload has: not another publication's, not this one's before it was changed."""
    content = json.dumps([publication.id, resource, file.sha256], sort_keys=True)
    return f"{hashlib.sha256(content.encode()).hexdigest()[:24]}-{number}{ENDINGS.get(file.content_type, '')}"


def left_behind(number: int, channel: Channel, name: str) -> Flow[RemoteId | None]:
    """What a session that is gone has left on the channel after all. By our file's name alone: likeness could adopt somebody else's.

    Recorded, for whatever follows is built on it: a video that is listed late must not take the place of the next upload.
    """
    ids = yield from calls.recorded(f"uploads after session {number}", calls.uploads(channel))
    if not ids:
        return None
    videos = calls.recorded(f"look for upload {number}", calls.videos(ids, parts="status,fileDetails"))
    ours = [video.id for video in (yield from videos) if video.file_name == name and video.privacy == PRIVATE]
    return ours[0] if len(ours) == 1 else None


def status_to_be(publication: Publication, video: RemoteId) -> Flow[Mapping[str, Any]]:
    """The whole part `status`: as YouTube has it now, with the privacy that was asked for. Refuses what YouTube has failed to process."""
    found = yield from listed(video)
    said: Mapping[str, Any] = found.resource.get("status", {}) if found else {}
    ended = ENDED_BADLY.get(str(said.get("uploadStatus")))
    if ended:
        code, message, remediation = ended
        why = said.get("failureReason") or said.get("rejectionReason")
        raise Refused.content(
            code, f"{message}: {why}." if why else f"{message}.", field="video", remediation=remediation
        )
    as_it_is = {name: said[name] for name in SETTABLE if name in said}
    return {**upload.resource_of(publication)["status"], **as_it_is, "privacyStatus": publication.content.privacy}


def listed(video: RemoteId) -> Flow[Video | None]:
    """A new video may be unknown to YouTube for minutes. None after that: then the switch itself is told why."""
    for wait in (*UNLISTED_YET, None):
        found = yield from calls.videos((video,), parts="status")
        if found or wait is None:
            return found[0] if found else None
        yield from pause(wait, "YouTube does not list the new video yet")
    return None


def is_it_out(asked: Asked, video: RemoteId) -> Flow[Reply | Verdict]:
    """Whether others see it by now: the video says so itself. What YouTube does not list nobody sees; a single such answer may be stale."""
    found = yield from calls.videos((video,), parts="status")
    if not found:
        beside_a_no = not asked.age
        return Verdict.ABSENT if beside_a_no or asked.looks + 1 >= LOOKS else Verdict.LATER
    return Verdict.ABSENT if found[0].privacy == PRIVATE else Reply(200, body=json.dumps(found[0].resource).encode())


def switched(publication: Publication) -> Callable[[Reply], Published | None]:
    """What the switch's answer says: where the video is, and the privacy that it has now. Locked private, it is told and not tried again."""
    address = upload.published(publication)

    def read(reply: Reply) -> Published | None:
        out = address(reply)
        given = reply.json().get("status", {}).get("privacyStatus", publication.content.privacy)
        return out and upload.noted(publication, out, str(given))

    return read
