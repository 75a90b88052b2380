"""Did it go out? Looked for in the author's newest posts, and only read for it (contract linkedin_whatsapp 1.11).

Where there is media, its URN is an exact handle. Everything else is known by its words, its kind, its time, and by not being anybody
else's. What merely resembles it is neither adopted nor passed over. Who may not read an author's posts, as with members', can never
tell: that is for a person, and nothing is repeated.
"""

from dataclasses import dataclass
from enum import Enum

from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, or_none
from waooaw_social.platforms.linkedin import calls, little
from waooaw_social.platforms.linkedin.author import is_organization
from waooaw_social.platforms.linkedin.manifest import HIDDEN_LOOKS, LISTED, LOOKS, NEAR, SKEW
from waooaw_social.platforms.linkedin.replies import Listing, Post, naming


class Likeness(Enum):
    OURS = "ours"
    PERHAPS = "perhaps"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a post is known by."""

    author: str
    kind: str
    commentary: str
    """As it is sent."""
    assets: frozenset[str] = frozenset()
    about: str = ""


def did_it_go_out(asked: Asked, said: Said) -> Flow[Reply | Verdict]:
    listing = yield from calls.posts_of(said.author)
    if listing is None:
        return Verdict.LATER if is_organization(said.author) else Verdict.UNSURE
    if said.assets:
        return (yield from by_assets(asked, said, listing))
    return by_words(asked, said, listing)


def by_assets(asked: Asked, said: Said, listing: Listing) -> Flow[Reply | Verdict]:
    """Also among what is not published yet: a video may be accepted, and be shown only later (1.4)."""
    if found := _holding(said, listing):
        return naming(found.urn)
    hidden = yield from or_none(calls.posts_of(said.author, unpublished=True))
    if hidden and (found := _holding(said, hidden)):
        return naming(found.urn)
    return _believed(asked, listing, LOOKS if hidden else HIDDEN_LOOKS)


def _holding(said: Said, listing: Listing) -> Post | None:
    return next((post for post in listing.posts if post.assets & said.assets), None)


def by_words(asked: Asked, said: Said, listing: Listing) -> Reply | Verdict:
    alike = [(likeness(post, said, asked), post) for post in listing.posts]
    ours = [post for how, post in alike if how is Likeness.OURS]
    if len(ours) > 1:
        return Verdict.UNSURE
    if ours:
        return naming(ours[0].urn)
    if any(how is Likeness.PERHAPS for how, _ in alike):
        return Verdict.LATER
    return _believed(asked, listing, LOOKS)


def likeness(post: Post, said: Said, asked: Asked) -> Likeness:
    """How sure it is that a listed post is ours."""
    sent, read = little.words(said.commentary), little.words(post.commentary)
    early = post.created_at < asked.first_sent_at - SKEW
    same = little.without_addresses(sent) == little.without_addresses(read)
    alike_in_kind = post.kind == said.kind or {post.kind, said.kind} == {"text", "article"}
    if post.urn in asked.taken or early or not same or not alike_in_kind:
        return Likeness.OTHER
    if not sent and said.about and post.about and post.about != said.about:
        return Likeness.OTHER
    sure = (
        sent == read
        and post.kind == said.kind
        and post.about == said.about
        and post.created_at >= asked.first_sent_at - NEAR
    )
    return Likeness.OURS if sure else Likeness.PERHAPS


def _believed(asked: Asked, listing: Listing, looks: int) -> Verdict:
    """Nothing was found: believed once the listing had time, and only where it reaches back to our attempt."""
    old = any(post.created_at < asked.first_sent_at - SKEW for post in listing.posts)
    reaches_back = old or (listing.whole and len(listing.posts) < LISTED)
    return Verdict.ABSENT if reaches_back and asked.looks + 1 >= looks else Verdict.LATER
