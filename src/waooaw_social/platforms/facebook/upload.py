"""Sending a video so that it is there, and nobody sees it: by rupload in one stream, or in chunks (contract meta D3, D4).

What the platform says that it holds counts, not what was sent; after a lost reply it is asked. A status that nobody knows yet (100/33 on
something fresh) is no answer: the call that finishes an upload finds out by itself whether it came too early.
"""

from collections.abc import Iterator
from itertools import chain, repeat

from waooaw_social.core.post import MediaFile
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Call, Flow, Interrupted, pause
from waooaw_social.platforms.facebook import calls
from waooaw_social.platforms.facebook.errors import NOT_FOUND, UPLOAD_REFUSED
from waooaw_social.platforms.facebook.manifest import LARGEST_CHUNK
from waooaw_social.platforms.facebook.replies import Gone, Held, Progress, Upload, VideoState

BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0)
POLLS = (2.0, 5.0, 10.0, 15.0)
"""Seconds between the first looks at what a video became."""
SLOW_POLL = 30.0
REFUSALS = 3
"""So often an upload may be refused before it is the file's fault."""
UNKNOWN_LOOKS = 3
"""So often a video may be unknown to its own address before we go on without it."""


def stream(upload: Upload, file: MediaFile) -> Flow[None]:
    """Send what is missing, until all of it is there (rupload)."""
    refusals = 0
    state = yield from known_state(upload)
    held = Held(offset=_offset(state, file, 0))
    stalls = _stalls()
    while held.offset < file.size:
        try:
            told = yield from calls.send_rest(upload, file, held.offset)
        except Refused as no:
            refusals += 1
            if no.refusal.code not in {UPLOAD_REFUSED, NOT_FOUND} or refusals == REFUSALS:
                raise
            state = yield from known_state(upload)
            if state is None:
                return  # it may be whole and say no for that: finishing it tells
            told = Held(offset=_offset(state, file, held.offset))
        except Interrupted as lost:
            yield from _wait(stalls, lost)
            state = yield from known_state(upload)
            told = Held(offset=_offset(state, file, held.offset))
        else:
            if told.offset <= held.offset:
                yield from _wait(stalls, Interrupted("the upload does not move on"))
        held = told


def chunks(page: str, upload: Upload, file: MediaFile) -> Flow[Progress]:
    """Send chunk by chunk, each as large as the platform asks for. Gone: it no longer knows the upload."""
    state = yield from known_state(upload)
    progress: Progress = Held(offset=_offset(state, file, 0), wanted=upload.wanted)
    stalls = _stalls()
    while isinstance(progress, Held) and progress.offset < file.size:
        length = min(progress.wanted or upload.wanted or LARGEST_CHUNK, LARGEST_CHUNK, file.size - progress.offset)
        try:
            told: Progress = yield from calls.send_chunk(page, upload, file, progress.offset, length)
        except Refused as no:
            if no.refusal.code != NOT_FOUND:
                raise
            told = Gone()
        except Interrupted as lost:
            yield from _wait(stalls, lost)
            state = yield from known_state(upload)
            told = Held(offset=_offset(state, file, progress.offset), wanted=progress.wanted)
        else:
            if isinstance(told, Held) and told.offset <= progress.offset:
                yield from _wait(stalls, Interrupted("the upload does not move on"))
        progress = told
    return progress


def until_uploaded(upload: Upload) -> Flow[None]:
    """Wait until the platform says that it has the video. Raises `Refused` where it says that it cannot use it."""
    unknown = 0
    for seconds in chain(POLLS, repeat(SLOW_POLL)):
        state = yield from known_state(upload)
        unknown += state is None
        if (state and state.uploaded) or unknown > UNKNOWN_LOOKS:
            return
        yield from pause(seconds, "Facebook is still taking the video in")


def known_state(upload: Upload) -> Flow[VideoState | None]:
    """The video's state; None while nobody knows it. Raises `Refused` where it has failed."""
    call: Call[VideoState] = calls.video_state(upload.video)
    try:
        state = yield from call
    except Refused as no:
        if no.refusal.code != NOT_FOUND:
            raise
        return None
    if state.failed and not state.out:
        message = f"Facebook cannot use this video: {state.failed}"
        raise Refused.content("processing_failed", message, field="video", remediation="Try another encoding.")
    return state


def _offset(state: VideoState | None, file: MediaFile, otherwise: int) -> int:
    if state is None:
        return otherwise
    if state.uploaded:
        return file.size
    return otherwise if state.held is None else min(state.held, file.size)


def _stalls() -> Iterator[float]:
    return iter(BACKOFF)


def _wait(stalls: Iterator[float], lost: Interrupted) -> Flow[None]:
    """Longer each time, and not for ever."""
    seconds = next(stalls, None)
    if seconds is None:
        raise lost
    yield from pause(seconds if lost.retry_in is None else lost.retry_in, lost.why)
