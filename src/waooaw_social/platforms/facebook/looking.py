"""Did it go out? A Page's posts are looked for by what is certain first (contract meta F2), and only read for it.

A video tells its own state; a photo is known by its id wherever it is attached; a story is listed with its medium. Only a text or a link
has no handle: it is known by its words, its time, and by not being anybody else's. What merely resembles it is neither adopted nor
passed over, and a listing that does not reach back to our attempt proves nothing.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from waooaw_social.core.post import Content
from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, or_none
from waooaw_social.platforms.facebook import calls
from waooaw_social.platforms.facebook.check import schedule_of
from waooaw_social.platforms.facebook.manifest import LISTED, LOOKS, NEAR, SKEW
from waooaw_social.platforms.facebook.replies import Listing, Post

MENTION = re.compile(r"@\[\d+(?::[^\]]*)?\]")
"""D1: what stands in a text as `@[page-id]` is shown as the Page's name."""
OWN_MEDIA = frozenset({"photo", "album", "video_inline", "video_autoplay"})
"""Kinds of posts that have photos or a video of their own. A text whose words name a video may look like one, too."""


class Likeness(Enum):
    OURS = "ours"
    PERHAPS = "perhaps"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a post without a handle is known by."""

    text: str
    link: str | None
    due_at: int | None
    app: str | None
    """Our app's id, where the connection's metadata says it."""

    @classmethod
    def of(cls, content: Content, app: str | None) -> "Said":
        return cls(text=content.text or "", link=content.link, due_at=schedule_of(content), app=app)


# --- a text or a link ---------------------------------------------------------------------------------------------------------


def for_words(asked: Asked, page: str, said: Said) -> Flow[Reply | Verdict]:
    """By resemblance, in the newest posts; a scheduled one in the schedule first."""
    perhaps = False
    whole = True
    for listing in (yield from _listings(page, said.due_at)):
        alike = [(likeness(post, said, asked), post) for post in listing.posts]
        ours = [post for how, post in alike if how is Likeness.OURS]
        if len(ours) > 1:
            return Verdict.UNSURE
        if ours:
            return found(id=ours[0].id)
        perhaps = perhaps or any(how is Likeness.PERHAPS for how, _ in alike)
        whole = whole and reaches_back(listing, asked)
    return Verdict.LATER if perhaps else believed(asked, whole=whole)


def _listings(page: str, due_at: int | None) -> Flow[list[Listing]]:
    scheduled = [(yield from calls.scheduled_posts(page))] if due_at else []
    return [*scheduled, (yield from calls.published_posts(page))]


def likeness(post: Post, said: Said, asked: Asked) -> Likeness:
    """How sure it is that a listed post is ours."""
    foreign = said.app is not None and post.app not in {"", said.app}
    early = post.created_at < asked.first_sent_at - SKEW
    scheduled = said.due_at is not None and post.due_at == said.due_at
    if post.id in asked.taken or foreign or (early and not scheduled) or not same_words(said.text, post.message):
        return Likeness.OTHER
    sure = (
        (scheduled or post.created_at >= asked.first_sent_at - NEAR)
        and not post.kinds & OWN_MEDIA
        and (bool(words(said.text)) or any(same_link(said.link or "", link) for link in post.links))
    )
    return Likeness.OURS if sure else Likeness.PERHAPS


def same_words(sent: str, shown: str) -> bool:
    """Whether a text may be shown so: letters and spaces composed anew, mentions as names."""
    pieces = [re.escape(words(piece)) for piece in MENTION.split(words(sent))]
    return re.fullmatch(r"\s?.+\s?".join(pieces) if len(pieces) > 1 else pieces[0], words(shown)) is not None


def words(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def same_link(one: str, other: str) -> bool:
    return one.strip().rstrip("/") == other.strip().rstrip("/")


# --- photos -------------------------------------------------------------------------------------------------------------------


def for_photos(asked: Asked, page: str, photos: tuple[str, ...], due_at: int | None) -> Flow[Reply | Verdict]:
    """By the photos' ids: in what is listed, then by the post that the first of them names, if followers see that."""
    listings = yield from _listings(page, due_at)
    if post := holding(photos, listings):
        return found(id=post.id)
    named = yield from or_none(calls.photo_story(photos[0]))
    if named and (yield from or_none(calls.is_out(named))):
        return found(id=named)
    return believed(asked, whole=all(reaches_back(listing, asked) for listing in listings))


def holding(media: Iterable[str], listings: Iterable[Listing]) -> Post | None:
    """The post that one of these photos or videos is in."""
    ids = frozenset(media)
    return next((post for listing in listings for post in listing.posts if post.targets & ids), None)


# --- videos -------------------------------------------------------------------------------------------------------------------


def for_video(asked: Asked, page: str, video: str, due_at: int | None) -> Flow[Reply | Verdict]:
    """By its own state; while nobody knows it (100/33), by the posts that it may be in."""
    state = yield from or_none(calls.video_state(video))
    if state:
        return found(success=True, video_id=video) if state.out else Verdict.ABSENT
    listed = holding((video,), (yield from _listings(page, due_at)))
    return found(success=True, video_id=video) if listed else Verdict.LATER


# --- stories ------------------------------------------------------------------------------------------------------------------


def for_photo_story(asked: Asked, page: str, photo: str) -> Flow[Reply | Verdict]:
    """By its photo among the Page's stories."""
    listed = yield from calls.stories(page)
    post = next((story.post for story in listed if story.media == photo), None)
    return found(success=True, post_id=post) if post else believed(asked, whole=len(listed) < LISTED)


def for_video_story(asked: Asked, page: str, video: str) -> Flow[Reply | Verdict]:
    """By the video's own state, and by its video among the stories. It is out before its post has an id: then the video's stands in."""
    state = yield from or_none(calls.video_state(video))
    if state and not state.out:
        return Verdict.ABSENT
    listed = yield from or_none(calls.stories(page))
    post = (state.post if state else None) or next((story.post for story in listed or () if story.media == video), None)
    if post:
        return found(success=True, post_id=post)
    return found(success=True, post_id=video) if state and asked.looks + 1 >= LOOKS else Verdict.LATER


# --- what a look says ---------------------------------------------------------------------------------------------------------


def found(**said: str | bool) -> Reply:
    """The answer that the platform might have given."""
    return Reply(200, body=json.dumps(said).encode())


def believed(asked: Asked, *, whole: bool) -> Verdict:
    """Nothing was found: believed once the listings had time, and only where they reach back to our attempt."""
    return Verdict.ABSENT if whole and asked.looks + 1 >= LOOKS else Verdict.LATER


def reaches_back(listing: Listing, asked: Asked) -> bool:
    """Whether what we may have sent would stand in this listing."""
    return listing.whole or any(post.created_at < asked.first_sent_at - SKEW for post in listing.posts)
