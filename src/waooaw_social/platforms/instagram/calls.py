"""Instagram's requests (contract meta C). How their replies are read is in `replies.py`."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from waooaw_social.core.post import MediaFile, Published
from waooaw_social.core.refusal import Reaction, Refusal
from waooaw_social.platforms.call import Call, Cost, Piece, Reply, Visible, Wasteful
from waooaw_social.platforms.graph.calls import Fields, Grammar, answered, id_of
from waooaw_social.platforms.graph.errors import COMMON, explains
from waooaw_social.platforms.graph.facts import PUBLISHING
from waooaw_social.platforms.instagram.errors import CONTAINER, OWN, UNREACHABLE
from waooaw_social.platforms.instagram.manifest import GOOD_FOR, LIMIT_KEPT
from waooaw_social.platforms.instagram.replies import (
    Code,
    Container,
    Media,
    Room,
    Speaker,
    State,
    date_of,
    is_missing,
    read_listing,
    read_me,
    read_page,
    read_permalink,
    read_room,
    read_speaker,
    read_state,
    told_offset,
    went_out,
)
from waooaw_social.platforms.manifest import Says, explain_by

T = TypeVar("T")

GRAPH = Grammar(OWN)
ONE_POST = Cost(bucket=PUBLISHING, units=1)
SETTLES = frozenset({Reaction.REFUSED, Reaction.TAKEN, Reaction.NOT_DONE})
"""Noes that are certain."""


# --- reading ------------------------------------------------------------------------------------------------------------------


def me(api: str) -> Call[Speaker]:
    """Whom an Instagram Login's token speaks for (B2)."""
    fields = "user_id,username,account_type"
    return GRAPH.get("me", f"{api}/me", lambda reply: read_me(reply, api), kept_for=LIMIT_KEPT, fields=fields)


def my_page(api: str) -> Call[Speaker | None]:
    """The Instagram account of the Page that a token speaks for, or None."""
    fields = "instagram_business_account{id,username}"
    return GRAPH.get("my page", f"{api}/me", lambda reply: read_page(reply, api), kept_for=LIMIT_KEPT, fields=fields)


def account(api: str, id: str) -> Call[Speaker]:
    """An Instagram account that the token can see."""
    return GRAPH.get(
        "account",
        f"{api}/{id}",
        lambda reply: read_speaker(reply.json(), api),
        kept_for=LIMIT_KEPT,
        fields="id,username",
    )


def status(who: Speaker, container: Container, *, held: bool = False) -> Call[State]:
    """Where a container stands; with `held` also how many bytes of its video are there (C2, C3)."""
    fields = "status_code,status,video_status" if held else "status_code,status"
    asked = GRAPH.get("container status", f"{who.api}/{container.id}", read_state, fields=fields)
    return _recognised(asked, lambda reply: answered(reply) or is_missing(reply))


def room(who: Speaker) -> Call[Room]:
    """The publishing limit, kept for five minutes. Its total differs by account and is never known beforehand (C6)."""
    url = f"{who.api}/{who.id}/content_publishing_limit"
    return GRAPH.get("publishing limit", url, read_room, kept_for=LIMIT_KEPT, fields="quota_usage,config")


def listing(who: Speaker, edge: str, since: int) -> Call[tuple[Media, ...]]:
    """The newest posts of `media` since a time, or all `stories` that are up (C5)."""
    fields = "id,caption,media_type,media_product_type,timestamp,children{id}"
    asked = GRAPH.get(f"list {edge}", f"{who.api}/{who.id}/{edge}", read_listing, fields=fields, limit="50")
    if edge != "media":
        return asked
    return replace(asked, request=replace(asked.request, params={**asked.request.params, "since": str(since)}))


def permalink(who: Speaker, media: str) -> Call[str | None]:
    """The address of a post. It may be unknown for a while after publication (C4)."""
    return GRAPH.get("permalink", f"{who.api}/{media}", read_permalink, fields="permalink")


# --- making -------------------------------------------------------------------------------------------------------------------


def create(name: str, who: Speaker, fields: Fields) -> Call[Container | Refusal]:
    """A container. That Instagram could not fetch the file is an answer too, and recorded: the next try has a name of its own (A8)."""
    make = Wasteful(good_for=GOOD_FOR)
    why_not = explains(OWN, make)

    def recognise(reply: Reply) -> bool:
        return answered(reply) or why_not(reply).code == UNREACHABLE

    def read(reply: Reply) -> Container | Refusal:
        if not answered(reply):
            return replace(why_not(reply), reaction=Reaction.REFUSED)
        uri = reply.json().get("uri")
        return Container(id=id_of(reply), uri=uri if isinstance(uri, str) else "", made_at=date_of(reply))

    return GRAPH.post(name, f"{who.api}/{who.id}/media", fields, read, make, recognise=recognise)


def send_rest(container: Container, file: MediaFile, offset: int) -> Call[int]:
    """A video's bytes from `offset` on; how many are there then. A wrong offset is answered with the right one (C2)."""
    body = Piece(file=file, offset=offset, length=file.size - offset)
    headers = {"offset": str(offset), "file_size": str(file.size)}

    def read(reply: Reply) -> int:
        told = told_offset(reply)
        return file.size if told is None else told

    sent = GRAPH.upload("send video", container.uri, body, headers, read)
    return _recognised(sent, lambda reply: answered(reply) or told_offset(reply) is not None)


def publish(name: str, who: Speaker, container: Container, state: State, visible: Visible) -> Call[Published | None]:
    """Put a container before the audience; None: it is gone, and nothing went out.

    Of a container that is dead every certain no is the recorded reason to make the next one. One that says of itself that it is out
    is told "not ready" by some (C4), or that the limit is reached: that is no reason to wait, but to look.
    """
    url, fields = f"{who.api}/{who.id}/media_publish", {"creation_id": container.id}
    call = GRAPH.post(name, url, fields, went_out, visible, cost=ONE_POST)
    why_not = call.explain
    if state.code in {Code.ERROR, Code.EXPIRED, Code.IN_PROGRESS}:
        return _recognised(call, lambda reply: answered(reply) or why_not(reply).reaction in SETTLES)
    if state.code is Code.PUBLISHED:
        return _explained(call, lambda reply: _as_taken(why_not(reply)))
    return call


def found(post: str) -> Reply:
    """The answer that `media_publish` would have given."""
    return Reply(200, body=json.dumps({"id": post}).encode())


def why_failed(state: State) -> Refusal:
    """What a container's status says about its failure (C3): a subcode in a sentence."""
    number = re.search(r"\b2207\d{3}\b", state.text)
    said = Says(
        status=200, reason=CONTAINER, subcode=number[0] if number else "", message=state.text, detail=state.text
    )
    return explain_by(OWN + COMMON, said)


def _as_taken(refusal: Refusal) -> Refusal:
    waits = refusal.reaction in {Reaction.NOT_DONE, Reaction.EXHAUSTED}
    return replace(refusal, reaction=Reaction.TAKEN) if waits else refusal


def _explained(call: Call[T], explain: Callable[[Reply], Refusal]) -> Call[T]:
    return replace(call, explain=explain)


def _recognised(call: Call[T], recognise: Callable[[Reply], bool]) -> Call[T]:
    return replace(call, recognise=recognise)
