"""Publishing: container, wait, `media_publish`, and finding out whether it happened (contract meta C4, F1).

The container is the handle: its status proves whether it is out, and is asked before every attempt. The account's listing only gives the
id and the address: one post that looks like ours, is not older than our attempt and nobody else's. Where there are two, or somebody's
else is unknown too, it is published without an address, for resemblance alone could swap them.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from waooaw_social.core.ids import Audience
from waooaw_social.core.post import Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, Visible, or_none, pause, until_due
from waooaw_social.platforms.instagram import calls, check
from waooaw_social.platforms.instagram.account import speaks_for
from waooaw_social.platforms.instagram.containers import given_up, made, refuse_hopeless
from waooaw_social.platforms.instagram.errors import GONE
from waooaw_social.platforms.instagram.manifest import (
    ADDRESS_AGE,
    ADDRESS_LOOKS,
    CONTAINERS,
    LIMIT_AGAIN,
    LOOK_AGAIN,
    LOOKS,
    NEAR,
    OLD,
    PATIENCE,
    SKEW,
    SURE_AGE,
)
from waooaw_social.platforms.instagram.media import Post, gathered
from waooaw_social.platforms.instagram.replies import UNADDRESSED, Code, Container, Media, Speaker, State, went_out

LONG_ENOUGH = 100
"""Characters of a cut-off caption from which on it is taken for the beginning of ours."""


def publish(publication: Publication) -> Flow[Published]:
    """Through as many containers as it takes; each is settled before the next one is made."""
    check.refuse_bad(publication)
    who = yield from speaks_for(publication.account)
    post = yield from gathered(publication)
    state: State | None = None
    for number in range(1, CONTAINERS + 1):
        container, state = yield from made(number, who, post)
        refuse_hopeless(state)
        if state.code is Code.FINISHED:
            yield from wait_for_room(who)
        yield from until_due()
        published = yield from put_out(number, who, post, container, state)
        if published is not None:
            return (yield from addressed(who, published))
    raise Refused(given_up(state))


def wait_for_room(who: Speaker) -> Flow[None]:
    """Until the publishing limit leaves room for one more. Where it is not told, the platform itself says when it is full."""
    while True:
        room = yield from or_none(calls.room(who))
        if room is None or room.most is None or room.used < room.most:
            return
        why = f"{room.used} of {room.most} posts of the last 24 hours are used; waiting for room"
        yield from pause(LIMIT_AGAIN, why)


def put_out(number: int, who: Speaker, post: Post, container: Container, state: State) -> Flow[Published | None]:
    """The visible call. To a dead container it is sent all the same: its no is the recorded reason to make the next."""
    visible = Visible(
        reconcile=lambda asked: did_it_go_out(asked, who, post, container),
        published=went_out,
        # The container is an exact handle, but the post's id is found by resemblance.
        audience=Audience(f"instagram:{who.id}"),
        noes_lie=True,
        look_again=LOOK_AGAIN,
        patience=PATIENCE,
    )
    try:
        return (yield from calls.publish(f"publish {number}", who, container, state, visible))
    except Refused as no:
        if no.refusal.code != GONE:
            raise
        return None


def addressed(who: Speaker, published: Published) -> Flow[Published]:
    """With its address, where Instagram tells it: a detail that cannot undo the publication."""
    if published.post_id.startswith(UNADDRESSED):
        return published
    return replace(published, post_url=(yield from or_none(calls.permalink(who, published.post_id))))


# --- did it go out? -----------------------------------------------------------------------------------------------------------


def did_it_go_out(asked: Asked, who: Speaker, post: Post, container: Container) -> Flow[Reply | Verdict]:
    """The container's status proves it. A no that was just heard is believed unless the status contradicts it; a doubt takes longer."""
    state = yield from calls.status(who, container)
    if state.code is Code.PUBLISHED:
        return (yield from adopted(asked, who, post, container))
    if asked.age == 0.0:
        return Verdict.ABSENT
    if state.code is Code.UNREADABLE or (yield from twins(asked, who, post)):
        return Verdict.LATER  # what looks like ours, beside a container that is not out, is for a person to judge
    dead = state.code in {Code.ERROR, Code.EXPIRED}
    return Verdict.ABSENT if dead or asked.looks >= LOOKS or asked.age >= SURE_AGE else Verdict.LATER


def adopted(asked: Asked, who: Speaker, post: Post, container: Container) -> Flow[Reply | Verdict]:
    """It is out. Which one is it?"""
    candidates = (yield from or_none(twins(asked, who, post))) if asked.age < OLD else None
    no_strangers = not any(one.startswith(UNADDRESSED) for one in asked.taken)
    if candidates and len(candidates) == 1 and no_strangers:
        return calls.found(candidates[0].id)
    if asked.looks >= ADDRESS_LOOKS or asked.age >= ADDRESS_AGE:
        return calls.found(f"{UNADDRESSED}{container.id}")
    return Verdict.LATER


def twins(asked: Asked, who: Speaker, post: Post) -> Flow[Sequence[Media]]:
    """What looks like ours, is not older than our attempt, and is nobody's."""
    edge = "stories" if post.format == "story" else "media"
    listed = yield from calls.listing(who, edge, int(asked.first_sent_at) - SKEW)
    near = [
        one
        for one in listed
        if one.at >= asked.first_sent_at - NEAR and one.id not in asked.taken and same_kind(one, post)
    ]
    if post.format == "story":
        return near
    ours = words(post.content.text)
    exact = [one for one in near if words(one.caption) == ours]
    return exact or [
        one for one in near if len(words(one.caption)) >= LONG_ENOUGH and ours.startswith(words(one.caption))
    ]


def same_kind(one: Media, post: Post) -> bool:
    """By product, type and number of children. What the listing does not say is not held against it."""
    product = {"reel": "REELS", "story": "STORY"}.get(post.format, "FEED")
    carousel = post.format == "carousel"
    kind = "CAROUSEL_ALBUM" if carousel else post.media[0].kind.upper()
    count = len(post.media) if carousel else 0
    return one.product in {product, ""} and one.kind in {kind, ""} and one.children == count


def words(text: str | None) -> str:
    """A caption as it can be compared: a platform may compose its letters and its spaces in another way."""
    return " ".join(unicodedata.normalize("NFC", text or "").split())
