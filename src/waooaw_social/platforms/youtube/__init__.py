"""YouTube: its facts, its calls, its flows, its tokens."""

from waooaw_social.platforms.kit import Kit
from waooaw_social.platforms.youtube import account, check, community, later, plan
from waooaw_social.platforms.youtube.manifest import COMMUNITY_POSTS, MANIFEST, REFRESH_AHEAD
from waooaw_social.platforms.youtube.oauth import refresh


def kit(features: frozenset[str] = frozenset()) -> Kit:
    """YouTube, with community posts where `YOUTUBE_COMMUNITY_POSTS` is among the features."""
    flows = {
        "short": later.publish,
        "video": later.publish,
        "text": community.publish if COMMUNITY_POSTS in features else community.unsupported,
    }
    return Kit(
        manifest=MANIFEST,
        publish=lambda publication: flows[publication.format](publication),
        check=check.check,
        inspect=account.inspect,
        refresh=refresh,
        refresh_ahead=REFRESH_AHEAD,
        app=lambda _: MANIFEST.platform,
        plan=plan.plan,
    )
