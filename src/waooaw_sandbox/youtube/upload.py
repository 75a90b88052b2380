"""The resumable upload: open a session, put bytes, ask where the server stopped (contract youtube 3.1 and 3.2).

Bytes go from the socket to a file as they come; a call that was cut keeps what arrived, rounded down. A later call to the same session
ends an earlier one that still hangs on a dead connection. The last byte commits the video, once; every later call repeats the answer.
"""

import os
from urllib.parse import urlencode

from waooaw_sandbox.kit import Answer, Call, Dropped, Refused
from waooaw_sandbox.youtube.errors import refuse
from waooaw_sandbox.youtube.gate import Caller, parts_of, token_of
from waooaw_sandbox.youtube.metadata import new_video
from waooaw_sandbox.youtube.people import word
from waooaw_sandbox.youtube.resources import video_resource
from waooaw_sandbox.youtube.settings import CHUNK_UNIT, DAY
from waooaw_sandbox.youtube.span import Span, span_of
from waooaw_sandbox.youtube.state import Session, State

UPLOAD_PATH = "/upload/youtube/v3/videos"
TOO_SMALL = (
    "Invalid request.  The number of bytes uploaded is required to be equal or greater than 262144, except for the final request "
    "(it's recommended to be the exact multiple of 262144).  The received request contained {count} bytes, which does not meet "
    "this requirement."
)


# --- opening a session --------------------------------------------------------------------------------------------------------


async def open_session(state: State, call: Call, caller: Caller) -> Answer:
    headers = call.request.headers
    parts = parts_of(call)
    resource = await call.json()
    if resource is None:
        raise refuse("parseError")
    session = Session(
        id="A" + word(90),
        account=caller.account,
        channel=caller.own_channel,
        metadata=new_video(resource),
        parts=parts,
        total=declared_length(headers.get("X-Upload-Content-Length")),
        content_type=headers.get("X-Upload-Content-Type", "application/octet-stream"),
        file_name=checked_slug(headers.get("Slug")),
        path=state.new_file(),
        made_at=state.clock.now(),
    )
    check_channel_limit(state, caller)
    state.sessions[session.id] = session
    query = urlencode({"uploadType": "resumable", "upload_id": session.id, "part": ",".join(sorted(parts))})
    location = f"{call.url('www.googleapis.com', UPLOAD_PATH)}?{query}"
    foreign = call.fault("foreign_upload_url")
    if foreign:
        location = f"https://{foreign.parameters['host']}{UPLOAD_PATH}?{query}"
    return Answer(200, headers={"Location": location, "X-GUploader-UploadID": session.id})


def declared_length(header: str | None) -> int | None:
    if header is None:
        return None
    if not header.isdigit():
        raise refuse("badRequest")
    if int(header) == 0:
        raise refuse("mediaBodyRequired")
    return int(header)


def checked_slug(slug: str | None) -> str:
    if slug is not None and (not slug.strip() or "/" in slug):
        raise refuse("invalidFilename")
    return slug or "unknown"


def check_channel_limit(state: State, caller: Caller) -> None:
    """YouTube's own limit per channel and 24 hours, which is not the project's quota."""
    limit, now = caller.account.daily_videos, state.clock.now()
    recent = [
        v for v in state.videos.values() if v.account is caller.account and (now - v.made_at).total_seconds() < DAY
    ]
    if limit is not None and len(recent) >= limit:
        raise refuse("uploadLimitExceeded")


# --- putting bytes ------------------------------------------------------------------------------------------------------------


async def put(state: State, call: Call) -> Answer:
    """One PUT to a session: a chunk, the last chunk, or a question."""
    session = living_session(state, call)
    if state.knobs.flag("strict_put_auth") and token_of(state, call).account is not session.account:
        raise refuse("forbidden")
    if session.final is not None:
        await drain(call)
        return session.final
    if session.poisoned:
        raise Refused(plain_400("Invalid request. The upload session is no longer usable."))
    if call.fault("session_expired"):
        session.gone = state.knobs.count("session_gone_status")
        raise Refused(Answer(session.gone))
    take_over(state, session)
    span = checked_span(session, call)
    if call.fault("no_range"):
        await drain(call)
        keep_file(session, 0)
        return Answer(308)
    if span.query:
        return incomplete(session)
    if span.first != session.received:
        await drain(call)
        raise Refused(incomplete(session) if state.knobs.count("gap_status") == 308 else Answer(503))
    await receive(state, session, call, span)
    if session.id not in state.sessions:
        raise Dropped  # everything was reset meanwhile
    if session.total is None or session.received < session.total:
        return incomplete(session)
    return finish(state, session, call)


def living_session(state: State, call: Call) -> Session:
    session = state.sessions.get(call.query.get("upload_id", ""))
    if session is None:
        raise Refused(Answer(404))
    age = (state.clock.now() - session.made_at).total_seconds()
    if age > state.knobs.number("session_seconds"):
        session.gone = session.gone or state.knobs.count("session_gone_status")
    if session.gone:
        raise Refused(Answer(session.gone))
    return session


def checked_span(session: Session, call: Call) -> Span:
    """What this PUT claims to carry; what does not add up ends the session."""
    length = call.request.content_length or 0
    span = span_of(call.request.headers.get("Content-Range"), length)
    if span is None:
        raise poison(session, "Failed to parse Content-Range header.")
    if span.total is not None and session.total not in (None, span.total):
        raise poison(session, f"The total size {span.total} differs from the declared size {session.total}.")
    if span.query:
        return span
    if span.total == 0:
        raise refuse("mediaBodyRequired")
    session.total = session.total or span.total
    if length != span.last - span.first + 1 or (span.total is not None and span.last >= span.total):
        raise poison(session, f"Content-Length {length} does not match the Content-Range header.")
    if span.last + 1 != session.total and length % CHUNK_UNIT:
        raise poison(session, TOO_SMALL.format(count=length))
    return span


def poison(session: Session, text: str) -> Refused:
    session.poisoned = True
    return Refused(plain_400(text))


def plain_400(text: str) -> Answer:
    return Answer(400, text, content_type="text/plain")


def take_over(state: State, session: Session) -> None:
    """End an earlier call that still writes: what it has brought so far is kept, rounded down."""
    if session.writer is not None:
        session.writer = None
        keep_rounded(state, session)


async def receive(state: State, session: Session, call: Call, span: Span) -> None:
    """Write the body to the session's file. A cut connection keeps what arrived, rounded down, and is dropped."""
    partial, reset = call.fault("partial_chunk"), call.fault("reset_mid_chunk")
    limit = int(reset.parameters["after_bytes"]) if reset else None
    session.writer, session.arrived = call, session.received
    write = os.write if state.knobs.flag("keep_bytes") else count_only
    file = os.open(session.path, os.O_WRONLY)
    try:
        os.lseek(file, session.received, os.SEEK_SET)
        async for piece in call.chunks():
            if session.writer is not call:
                raise Dropped
            taken = session.arrived - session.received
            if limit is not None and taken + len(piece) >= limit:
                session.arrived += write(file, piece[: limit - taken])
                raise Dropped
            session.arrived += write(file, piece)
    finally:
        os.close(file)
        if session.writer is call:
            session.writer = None
            whole = session.arrived == span.last + 1
            if partial and whole:
                session.arrived = min(session.received + int(partial.parameters["keep"]), session.arrived)
            if partial or not whole:
                keep_rounded(state, session)
            else:
                session.received = session.arrived
    if session.received < span.last + 1 and not partial:
        raise Dropped


def count_only(file: int, piece: bytes) -> int:
    return len(piece)


def keep_rounded(state: State, session: Session) -> None:
    unit = max(state.knobs.count("keep_unit"), 1)
    keep_file(session, max(session.received, session.arrived // unit * unit))


def keep_file(session: Session, size: int) -> None:
    session.received = session.arrived = size
    if session.path.exists() and session.path.stat().st_size > size:
        os.truncate(session.path, size)


def incomplete(session: Session) -> Answer:
    return Answer(308, headers={"Range": f"bytes=0-{session.received - 1}"} if session.received else {})


def finish(state: State, session: Session, call: Call) -> Answer:
    """The last byte is in."""
    slow = call.fault("slow_listing")
    lag = float(slow.parameters["seconds"]) if slow else None
    video = state.commit(session, private=call.fault("wrong_privacy") is not None, lag=lag)
    body = video_resource(state, call, video, session.parts, owner=True)
    session.final = Answer(state.knobs.count("final_status"), body)
    vanish = call.fault("session_gone_after_commit")
    if vanish:
        session.gone = int(vanish.parameters["status"])
        raise Dropped
    return session.final


async def drain(call: Call) -> None:
    async for _ in call.chunks():
        pass
