"""Publishing a video: open a session, send what is missing, complete it, and find out whether it was completed.

The session is the handle: asked `bytes */N`, it says how much it holds or repeats the answer that it ended with. Only the last piece, at
most 256 KiB, is visible. Where a session is gone, the channel's uploads are looked through, three times within ten minutes.
A Short is a vertical or square video of at most three minutes: no field marks it (3.5).
"""

import json
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from waooaw_social.core.ids import Audience, RemoteId
from waooaw_social.core.post import MediaFile, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.call import (
    Asked,
    Flow,
    Interrupted,
    Reply,
    Verdict,
    Visible,
    fetch,
    or_none,
    pause,
    until_due,
)
from waooaw_social.platforms.youtube import calls, check, replies
from waooaw_social.platforms.youtube.account import verified_channel
from waooaw_social.platforms.youtube.manifest import CHUNK, PIECE
from waooaw_social.platforms.youtube.replies import Channel, Gone, Held, Mute, Progress, Session, Whole

SKEW = 300.0
"""Seconds that our database's clock and the platform's may be apart."""
SESSIONS = 5
"""Sessions, one of the app's daily uploads each, until it is believed that YouTube keeps none of them."""
LOOKS = 3
"""Looks through the uploads before "not there" is believed (8)."""
LISTED = 50
"""Uploads in one listing; if all of these are newer than our attempt, ours may stand behind them."""
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0)
SESSIONS_LOST = Refusal(
    code="session_lost",
    message=f"YouTube has lost the upload {SESSIONS} times in a row. Nothing of it is out.",
    remediation="Publish it again later.",
)


def publish(publication: Publication) -> Flow[Published]:
    """Upload a video or a Short, and put it before the audience with its last piece."""
    video, channel = yield from prepared(publication)
    completed = yield from upload(publication, video, channel)
    return (yield from described(publication, completed))


def prepared(publication: Publication) -> Flow[tuple[MediaFile, Channel]]:
    """The file and its channel, looked at before the first byte goes up. Refuses what cannot become what was asked for."""
    for problem in check.check(publication):
        raise Refused(problem)
    channel = yield from verified_channel(publication.account)
    video = yield from fetch("video file", check.video_of(publication))
    check.file(publication, video, channel)
    return video, channel


def upload(publication: Publication, video: MediaFile, channel: Channel) -> Flow[Published]:
    """Through as many sessions as it takes; each is settled before the next one is opened."""
    for number in range(1, SESSIONS + 1):
        resource = resource_of(publication)
        notify = notifies(publication)
        session = yield from calls.open_session(f"open session {number}", resource, video, notify=notify)
        progress = yield from fill(session, video)
        yield from until_due()
        completed = yield from complete(number, publication, video, channel, session, progress)
        if isinstance(completed, Whole):
            return published(publication)(completed.reply) or never()
        if isinstance(progress, Mute):
            raise Refused(progress.refusal)
    raise Refused(SESSIONS_LOST)


def fill(session: Session, video: MediaFile) -> Flow[Progress]:
    """Send everything but the last piece. What the platform says it holds counts, not what was sent."""
    last_piece = last_piece_of(video)
    progress = yield from still_held(session, video)
    stalled = 0
    while isinstance(progress, Held) and progress.offset < last_piece:
        length = min(CHUNK, last_piece - progress.offset)
        try:
            told = yield from calls.send_chunk(progress.session, video, progress.offset, length)
        except Interrupted as lost:
            if stalled == len(BACKOFF):
                raise
            yield from pause(BACKOFF[stalled] if lost.retry_in is None else lost.retry_in)
            told = yield from calls.held(progress.session, video.size)
        moved = not isinstance(told, Held) or told.offset > progress.offset
        stalled = 0 if moved else stalled + 1
        if stalled > len(BACKOFF):
            raise Interrupted("the upload does not move on", BACKOFF[-1])
        progress = told
    return progress


def last_piece_of(video: MediaFile) -> int:
    """Where it begins: at a multiple of what chunks are made of."""
    return max(0, video.size - 1) // PIECE * PIECE


def still_held(session: Session, video: MediaFile) -> Flow[Progress]:
    """What the session says, if it says anything."""
    try:
        return (yield from calls.held(session, video.size))
    except Refused as no:
        return Mute(no.refusal)


def complete(
    number: int, publication: Publication, video: MediaFile, channel: Channel, session: Session, progress: Progress
) -> Flow[Progress]:
    """The visible call. To a session that is gone, or mute, it is sent all the same: what it says to that is recorded, and a doubt looked into."""
    offset = progress.offset if isinstance(progress, Held) else last_piece_of(video)
    there = progress.session if isinstance(progress, Held) else session
    visible = Visible(
        reconcile=lambda asked: did_it_complete(asked, publication, video, channel, session),
        published=published(publication),
        # The session is an exact handle, but where it is gone the look goes by resemblance.
        audience=Audience(f"youtube:{channel.id}"),
        noes_lie=True,
        look_again=200.0,
        patience=600.0,
    )
    blindly = isinstance(progress, Mute)
    return (yield from calls.complete(f"complete upload {number}", there, video, offset, visible, blindly=blindly))


def did_it_complete(
    asked: Asked, publication: Publication, video: MediaFile, channel: Channel, session: Session
) -> Flow[Reply | Verdict]:
    """The session proves it, while there is one. After that only the channel's uploads can tell."""
    match (yield from still_held(session, video)):
        case Whole(reply):
            return reply
        case Held():
            return Verdict.ABSENT
        case Gone() | Mute():
            return (yield from look_through_uploads(asked, publication, video, channel))


def look_through_uploads(
    asked: Asked, publication: Publication, video: MediaFile, channel: Channel
) -> Flow[Reply | Verdict]:
    ids = yield from calls.uploads(channel)
    candidates = (yield from calls.videos(ids)) if ids else ()
    twins = [
        candidate
        for candidate in candidates
        if words(candidate.title) == words(publication.content.title or "")
        and candidate.size in {None, video.size}
        and candidate.published_at >= asked.first_sent_at - SKEW
        and candidate.id not in asked.taken
    ]
    if len(twins) == 1:
        return Reply(200, body=json.dumps(twins[0].resource).encode())
    if twins:
        return Verdict.UNSURE
    whole = len(ids) < LISTED or any(video.published_at < asked.first_sent_at - SKEW for video in candidates)
    return Verdict.ABSENT if whole and asked.looks + 1 >= LOOKS else Verdict.LATER


def words(title: str) -> str:
    """A title as it can be compared: a platform may compose its letters and its spaces in another way."""
    return " ".join(unicodedata.normalize("NFC", title).split())


def described(publication: Publication, completed: Published) -> Flow[Published]:
    """The privacy that YouTube gave it may not be the one that was asked for (section 0): say so."""
    found = yield from or_none(calls.videos((completed.post_id,), parts="status"))
    return noted(publication, completed, found[0].privacy if found else publication.content.privacy)


def noted(publication: Publication, completed: Published, given: str) -> Published:
    if given == publication.content.privacy:
        return completed
    note = f"YouTube made it {given}, though {publication.content.privacy} was asked for."
    return Published(post_id=completed.post_id, post_url=completed.post_url, notes=(*completed.notes, note))


def notifies(publication: Publication) -> bool:
    """Whether YouTube is to tell the subscribers."""
    return bool(publication.content.options.get("notify_subscribers", True))


def resource_of(publication: Publication) -> Mapping[str, Any]:
    """The video resource of `videos.insert`. Privacy is always explicit: left out, it would be public."""
    content = publication.content
    snippet = {"title": content.title, "description": content.description, "tags": list(content.tags)} | {
        field: content.options.get(option) for option, field in check.SNIPPET_OPTIONS.items()
    }
    status = {
        "privacyStatus": content.privacy,
        "selfDeclaredMadeForKids": content.options.get("made_for_kids", False),
    } | {field: content.options.get(option) for option, field in check.STATUS_OPTIONS.items()}
    return {"snippet": _present(snippet), "status": _present(status)}


def published(publication: Publication) -> Callable[[Reply], Published | None]:
    """What a final answer says; None where it says that the session is gone."""
    address = (
        "https://www.youtube.com/shorts/{}" if publication.format == "short" else "https://www.youtube.com/watch?v={}"
    )

    def read(reply: Reply) -> Published | None:
        video: RemoteId | None = replies.resource_of(reply)
        return Published(post_id=video, post_url=address.format(video)) if video else None

    return read


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], "")}


def never() -> Published:
    """Where a reader has already told that there is a video."""
    raise AssertionError("a whole upload has a video")
