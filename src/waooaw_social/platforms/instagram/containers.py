"""Containers: made, filled where the bytes are ours to send, and waited for (contract meta C1 to C3).

A container that fails is replaced, children and all; names carry its number, and a try's, so that a flow that is started again finds the
same one under the same name. What Instagram keeps of an upload is asked for, never reckoned.
"""

from dataclasses import replace
from itertools import count

from waooaw_social.core.post import MediaFile
from waooaw_social.core.refusal import Reaction, Refusal, Refused
from waooaw_social.platforms.call import Flow, Interrupted, pause
from waooaw_social.platforms.graph.calls import Fields
from waooaw_social.platforms.instagram import calls, media
from waooaw_social.platforms.instagram.errors import UPLOAD_FAILED
from waooaw_social.platforms.instagram.manifest import (
    CONTAINERS,
    FETCH_AGAIN,
    FETCHES,
    POLL,
    POLLS,
    PROCESSING,
    UNREADABLE,
)
from waooaw_social.platforms.instagram.media import Medium, Post
from waooaw_social.platforms.instagram.replies import Code, Container, Speaker, State

SETTLED = frozenset({Code.FINISHED, Code.PUBLISHED, Code.ERROR, Code.EXPIRED})
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0)
PATIENT = {Code.IN_PROGRESS: PROCESSING, Code.UNREADABLE: UNREADABLE}


def made(number: int, who: Speaker, post: Post) -> Flow[tuple[Container, State]]:
    """The `number`th container of a publication, and where it came to stand."""
    name = f"container {number}"
    if post.format != "carousel":
        return (yield from one(name, who, media.single(post), post.media[0]))
    children: list[str] = []
    for index, medium in enumerate(post.media):
        children.append((yield from child(f"child {index + 1} of {name}", who, medium)))
    return (yield from one(name, who, media.parent(post, tuple(children)), None))


def child(name: str, who: Speaker, medium: Medium) -> Flow[str]:
    """A child that fails is replaced at once. Nobody publishes it by itself, and its parent, once made, is not made again for it."""
    state: State | None = None
    for number in range(1, CONTAINERS + 1):
        container, state = yield from one(
            name if number == 1 else f"{name}, {number}", who, media.child(medium), medium
        )
        if not failed(state):
            return container.id
        refuse_hopeless(state)
    raise Refused(given_up(state))


def failed(state: State) -> bool:
    """Nothing will come of it any more. One that is processed for too long counts as failed."""
    return state.code in {Code.ERROR, Code.EXPIRED, Code.IN_PROGRESS}


def refuse_hopeless(state: State) -> None:
    """Raises `Refused` where another container of the same media would fail like this one."""
    if state.code is Code.ERROR:
        refusal = calls.why_failed(state)
        if refusal.reaction is Reaction.REFUSED:
            raise Refused(refusal)


def given_up(state: State | None) -> Refusal:
    """What to say after the last container."""
    if state is None:
        raise AssertionError("at least one container is made")
    return replace(calls.why_failed(state), reaction=Reaction.REFUSED)


def one(name: str, who: Speaker, fields: Fields, medium: Medium | None) -> Flow[tuple[Container, State]]:
    """A container of its own, with its bytes, processed."""
    container = yield from created(name, who, fields)
    if medium is not None and medium.url is None:
        try:
            yield from filled(who, container, medium.file)
        except Refused as no:
            if no.refusal.code != UPLOAD_FAILED:
                raise
            return container, State(code=Code.IN_PROGRESS, text=no.refusal.message)
    return container, (yield from processed(who, container))


def created(name: str, who: Speaker, fields: Fields) -> Flow[Container]:
    """Instagram may need more than one try to fetch a file. Each try's no is recorded, so that each has its own name."""
    refusal: Refusal | None = None
    for number in range(1, FETCHES + 1):
        if number > 1:
            yield from pause(FETCH_AGAIN, "Instagram could not fetch the file; it is asked again")
        told = yield from calls.create(name if number == 1 else f"{name}, try {number}", who, fields)
        if isinstance(told, Container):
            return told
        refusal = told
    raise Refused(refusal) if refusal else AssertionError("at least one try is made")


def processed(who: Speaker, container: Container) -> Flow[State]:
    """Wait until Instagram is done with it. The worker is let go between two looks, once they are a minute apart."""
    for turn in count():
        state = yield from calls.status(who, container)
        if state.code in SETTLED or overdue(container, state, turn):
            return state
        yield from pause(POLLS[turn] if turn < len(POLLS) else POLL, "Instagram is processing the media")
    raise AssertionError("count() has no end")


def overdue(container: Container, state: State, turn: int) -> bool:
    """Whether it has taken too long, by the platform's own clock. Where that is not told, what cannot be read is not waited for long."""
    if container.made_at is None or state.at is None:
        return state.code is Code.UNREADABLE and turn >= len(POLLS)
    return state.at - container.made_at > PATIENT.get(state.code, PROCESSING)


# --- uploads ------------------------------------------------------------------------------------------------------------------


def filled(who: Speaker, container: Container, file: MediaFile) -> Flow[None]:
    """Send what is missing of a video."""
    held, stalled = (yield from there(who, container, file)), 0
    while held < file.size:
        try:
            told = yield from calls.send_rest(container, file, held)
        except Interrupted as lost:
            if stalled == len(BACKOFF):
                raise
            yield from pause(BACKOFF[stalled] if lost.retry_in is None else lost.retry_in, "the upload was cut off")
            told = yield from there(who, container, file)
        stalled = 0 if told > held else stalled + 1
        if stalled > len(BACKOFF):
            raise Interrupted("the upload does not move on", BACKOFF[-1])
        held = told


def there(who: Speaker, container: Container, file: MediaFile) -> Flow[int]:
    """Bytes that Instagram holds. Where it does not say, sending from the beginning is answered with the right place."""
    try:
        state = yield from calls.status(who, container, held=True)
    except Refused:
        return 0
    return file.size if state.whole or state.code in SETTLED else state.held or 0
