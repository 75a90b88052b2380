"""LinkedIn, for organizations and members: its facts, its calls, its flow, its tokens."""

from waooaw_social.platforms.kit import Kit
from waooaw_social.platforms.linkedin import account, check, publish
from waooaw_social.platforms.linkedin.manifest import MANIFEST, REFRESH_AHEAD
from waooaw_social.platforms.linkedin.tokens import refresh, sign


def kit(features: frozenset[str] = frozenset()) -> Kit:
    """LinkedIn. Nothing of it is off by default."""
    del features
    return Kit(
        manifest=MANIFEST,
        publish=publish.publish,
        check=check.check,
        inspect=account.inspect,
        refresh=refresh,
        refresh_ahead=REFRESH_AHEAD,
        app=lambda _: MANIFEST.platform,
        sign=sign,
    )
