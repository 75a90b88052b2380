"""Creating, editing and deleting posts (contract linkedin 1.4, 1.5, 1.11). Reading them is in `reading.py`.

A body passes the schema, then the author's permission, then the values, then the guard against duplicates; what passes is live, or
live as soon as its assets are. Nothing here is idempotent but deleting.
"""

import json
import re
from datetime import datetime

from waooaw_sandbox.kit import Answer, Json
from waooaw_sandbox.linkedin import schema
from waooaw_sandbox.linkedin.ask import Ask
from waooaw_sandbox.linkedin.content import content_of, not_for
from waooaw_sandbox.linkedin.errors import refuse
from waooaw_sandbox.linkedin.little import Little, length
from waooaw_sandbox.linkedin.state import Post, State

AUTHOR = re.compile(r"urn:li:(\w+):[\w-]+")
POST_URN = re.compile(r"urn:li:(share|ugcPost):\d+")
AUTHORS = frozenset({"organization", "person"})
EDITABLE = frozenset({"commentary", "contentCallToActionLabel", "contentLandingPage", "lifecycleState", "adContext"})
LEAST_AUDIENCE = 300
"""Followers that a targeted post must reach more than."""


async def create(ask: Ask) -> Answer:
    sent = await ask.body()
    schema.check(sent, schema.POST)
    check_author(ask, sent["author"])
    text = checked_text(ask.state, sent["commentary"])
    check_values(ask, sent)
    kind, assets = content_of(ask.state, sent)
    if not sent["commentary"].strip() and kind == "text":
        raise refuse("INVALID_VALUE_BLANK_FIELD", field="/commentary")
    check_duplicate(ask, sent)
    post = commit(ask, sent, text, kind)
    post.assets = assets
    names = {"both": ("x-restli-id", "x-linkedin-id")}.get(ask.state.knobs.word("id_header"))
    headers = {} if ask.call.fault("no_id") else dict.fromkeys(names or (ask.state.knobs.word("id_header"),), post.urn)
    return Answer(201, headers=headers)


def check_author(ask: Ask, author: str) -> None:
    found = AUTHOR.fullmatch(author)
    if found is None or found[1] not in AUTHORS:
        raise refuse("INVALID_URN_TYPE" if found else "INVALID_URN_ID", field="/author")
    if not ask.may_write(author):
        raise ask.denied()


def checked_text(state: State, commentary: str) -> Little:
    if any("\ud800" <= letter <= "\udfff" for letter in commentary):
        raise refuse("ILLEGAL_ARGUMENT")  # half a character is no text
    text = state.read_text(commentary)
    counted = commentary if state.knobs.flag("count_escapes") else text.rendered
    if length(counted, state.knobs.word("count_characters")) > state.knobs.count("commentary_characters"):
        raise refuse("FIELD_LENGTH_TOO_LONG", field="/commentary")
    return text


def check_values(ask: Ask, sent: Json) -> None:
    if sent["lifecycleState"] != "PUBLISHED":
        raise not_for("/lifecycleState", "must be PUBLISHED")
    organization = ask.state.people.organization(sent["author"])
    targeted = bool(sent["distribution"].get("targetEntities"))
    if targeted and (organization is None or organization.followers <= LEAST_AUDIENCE):
        raise not_for("/distribution/targetEntities", "reaches too few members")
    if "reshareContext" in sent:
        if "content" in sent:
            raise not_for("/content", "cannot stand beside reshareContext")
        check_parent(ask.state, sent["reshareContext"]["parent"])


def check_parent(state: State, urn: str) -> None:
    parent = state.posts.get(urn)
    if parent is None or not parent.in_feed(state.clock.now()):
        raise refuse("INVALID_URN_ID", field="/reshareContext/parent")
    if parent.sent.get("isReshareDisabledByAuthor"):
        raise not_for("/reshareContext/parent", "may not be reshared, by its author's wish")


# --- the guard against duplicates ---------------------------------------------------------------------------------------------


def check_duplicate(ask: Ask, sent: Json) -> None:
    state = ask.state
    if ask.call.fault("duplicate_ghost"):
        raise duplicate(state, state.new_urn("share"))
    for post in reversed(state.posts_by(sent["author"])):
        fresh = (state.clock.now() - post.made_at).total_seconds() < state.knobs.number("duplicate_window_seconds")
        counts = not post.deleted or state.knobs.flag("duplicate_ghosts")
        if (
            fresh
            and counts
            and likeness(state, sent, sent["commentary"]) == likeness(state, post.sent, post.first_commentary)
        ):
            raise duplicate(state, post.urn)


def duplicate(state: State, urn: str) -> Exception:
    return refuse("DUPLICATE_POST", None if state.knobs.flag("duplicate_names_urn") else "detected", urn=urn)


def likeness(state: State, sent: Json, commentary: str) -> tuple[str, str]:
    """What two posts must share to be duplicates. Without a text it is the content."""
    whole = state.knobs.word("duplicate_compares") == "text_and_content" or not commentary.strip()
    rest = {name: sent.get(name) for name in ("content", "reshareContext")} if whole else {}
    return commentary, json.dumps(rest, sort_keys=True)


# --- keeping ------------------------------------------------------------------------------------------------------------------


def commit(ask: Ask, sent: Json, text: Little, kind: str) -> Post:
    """It exists from now on."""
    state, now = ask.state, ask.state.clock.now()
    of_content = "ugcPost" if kind in ("video", "poll") else "share"
    chosen = state.knobs.word("urn_kind")
    post = Post(
        urn=state.new_urn(of_content if chosen == "by_content" else chosen),
        author=sent["author"],
        kind=kind,
        sent=sent,
        text=text,
        assets=[],
        made_at=now,
        public_at=state.later(state.knobs.number("publish_seconds") if kind == "video" else 0),
        modified_at=now,
        known_at=after(ask, "fresh_404", 0),
        listed_at=after(ask, "slow_listing", state.knobs.number("listing_lag_seconds")),
        first_commentary=sent["commentary"],
    )
    state.posts[post.urn] = post
    return post


def after(ask: Ask, fault: str, usual: float) -> datetime:
    met = ask.call.fault(fault)
    return ask.state.later(float(met.parameters["seconds"]) if met else usual)


def wanted(ask: Ask, urn: str) -> Post:
    """The post that a path names, deleted ones too."""
    if not POST_URN.fullmatch(urn):
        raise refuse("ILLEGAL_ARGUMENT", "path")
    post = ask.state.posts.get(urn)
    if post is None:
        raise refuse("NOT_FOUND")
    return post


async def update(ask: Ask) -> Answer:
    if ask.call.request.headers.get("X-RestLi-Method", "").upper() != "PARTIAL_UPDATE":
        raise refuse("ILLEGAL_ARGUMENT", "method")
    body, post = await ask.body(), wanted(ask, ask.keys["urn"])
    patch = body.get("patch")
    changes = patch.get("$set") if isinstance(patch, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(changes, dict):
        raise refuse("SCHEMA", "required", field="/patch/$set")
    if not ask.may_write(post.author):
        raise ask.denied()
    if post.deleted:
        raise refuse("NOT_FOUND")
    edited: Json = dict(changes)  # pyright: ignore[reportUnknownArgumentType]
    apply(ask.state, post, edited)
    return Answer(204)


def apply(state: State, post: Post, changes: Json) -> None:
    for name, value in changes.items():
        if name not in EDITABLE:
            raise not_for(f"/patch/$set/{name}", "cannot be changed")
        schema.check(value, schema.POST.fields[name], f"/{name}")
    if changes.get("lifecycleState", "PUBLISHED") != "PUBLISHED":
        raise not_for("/lifecycleState", "must be PUBLISHED")
    if "commentary" in changes:
        post.text = checked_text(state, changes["commentary"])
        post.edited = True
    post.sent = post.sent | changes
    post.modified_at = state.clock.now()


async def delete(ask: Ask) -> Answer:
    """Idempotent: what is deleted already is deleted."""
    post = wanted(ask, ask.keys["urn"])
    if not ask.may_write(post.author):
        raise ask.denied()
    post.deleted = True
    return Answer(204)
