"""Community posts: asked for by many, offered by no public API (contract youtube 5).

The address in use is the one that several code bases invented; it answers 404 at the real host. So the capability is off unless
`YOUTUBE_COMMUNITY_POSTS` switches it on, and then, too, a 404 is told as what it is: `unsupported_by_platform`.
"""

import json

from waooaw_social.core.ids import Audience, RemoteId
from waooaw_social.core.post import MediaUrl, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, Visible, until_due
from waooaw_social.platforms.youtube import calls, check, replies
from waooaw_social.platforms.youtube.manifest import COMMUNITY_POSTS

SKEW = 300.0
"""Seconds that our database's clock and the platform's may be apart."""


def publish(publication: Publication) -> Flow[Published]:
    """Post a text to the channel's community tab."""
    for problem in check.check(publication):
        raise Refused(problem)
    channel = publication.account.posting_identity or (yield from calls.my_channel()).id
    yield from until_due()
    images = [image.url for image in publication.content.images if isinstance(image, MediaUrl)]
    # part=snippet: whatever stands outside of it would not be looked at
    snippet = {"textOriginal": publication.content.text} | ({"imageUrl": images[0]} if images else {})
    resource = {"snippet": snippet}
    visible = Visible(
        reconcile=lambda asked: did_it_appear(asked, publication),
        published=lambda reply: _published(reply, channel),
        audience=Audience(f"youtube:{channel}"),
    )
    created = yield from calls.create_community_post(resource, visible)
    return _published(Reply(200, body=json.dumps(created).encode()), channel)


def unsupported(publication: Publication) -> Flow[Published]:
    """Says why not, without a call."""
    for problem in check.check(publication):
        raise Refused(problem)
    raise Refused(
        Refusal(
            code="unsupported_by_platform",
            message="YouTube's public API has no endpoint for community posts.",
            field="format",
            remediation=f"Publish a video or a Short. {COMMUNITY_POSTS}=true tries the unofficial address all the same.",
        )
    )
    yield from until_due()  # never reached; it makes this a flow


def did_it_appear(asked: Asked, publication: Publication) -> Flow[Reply | Verdict]:
    """By resemblance: same text, not before we first may have sent it, nobody else's."""
    posts = yield from calls.community_posts()
    twins = [
        post
        for post in posts
        if post.get("snippet", {}).get("textOriginal") == publication.content.text
        and replies.timestamp(str(post.get("snippet", {}).get("publishedAt", ""))) >= asked.first_sent_at - SKEW
        and post.get("id") not in asked.taken
    ]
    if len(twins) > 1:
        return Verdict.UNSURE
    return Reply(200, body=json.dumps(twins[0]).encode()) if twins else Verdict.ABSENT


def _published(reply: Reply, channel: str) -> Published:
    post = RemoteId(str(reply.json()["id"]))
    return Published(post_id=post, post_url=f"https://www.youtube.com/channel/{channel}/community?lb={post}")
