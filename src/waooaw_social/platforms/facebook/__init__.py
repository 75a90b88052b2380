"""Facebook Pages: their facts, their calls, their flows, their tokens."""

from waooaw_social.platforms.facebook import account, check, feed, story, video
from waooaw_social.platforms.facebook.manifest import MANIFEST
from waooaw_social.platforms.graph.tokens import REFRESH_AHEAD, refresh_page, sign
from waooaw_social.platforms.kit import Kit

FLOWS = {
    "text": feed.publish,
    "photos": feed.publish,
    "video": video.publish,
    "reel": video.publish_reel,
    "story": story.publish,
}


def kit(features: frozenset[str] = frozenset()) -> Kit:
    """Facebook Pages. Nothing of it is off by default."""
    del features
    return Kit(
        manifest=MANIFEST,
        publish=lambda publication: FLOWS[publication.format](publication),
        check=check.check,
        inspect=account.inspect,
        refresh=refresh_page,
        refresh_ahead=REFRESH_AHEAD,
        app=lambda _: MANIFEST.platform,
        sign=sign,
    )
