"""What Instagram is, in November 2026 (contract meta; the section stands beside each fact).

Two logins lead to the same calls: Facebook Login (the default) on graph.facebook.com with a Page's token, and Instagram Login on
graph.instagram.com. A connection's metadata says which: `login` is `facebook` or `instagram`.
"""

from collections.abc import Mapping

from waooaw_social.core.ids import Platform
from waooaw_social.platforms.graph.errors import COMMON, says
from waooaw_social.platforms.graph.facts import (
    API,
    BUCKETS,
    FACEBOOK_HOST,
    GATES,
    INSTAGRAM_API,
    INSTAGRAM_HOST,
    RUPLOAD_HOST,
    SECRET_FIELDS,
    SUNSET,
    VERSION,
)
from waooaw_social.platforms.graph.usage import usage
from waooaw_social.platforms.instagram.errors import OWN
from waooaw_social.platforms.manifest import Family, Lag, Manifest, OAuthFacts

INSTAGRAM = Platform("instagram")
FACEBOOK_LOGIN, INSTAGRAM_LOGIN = "facebook", "instagram"

SCOPES = {
    FACEBOOK_LOGIN: ("instagram_basic", "instagram_content_publish", "pages_read_engagement"),
    INSTAGRAM_LOGIN: ("instagram_business_basic", "instagram_business_content_publish"),
}
"""B5: what publishing needs."""

CAPTION_CHARACTERS, CAPTION_HASHTAGS, CAPTION_MENTIONS = 2200, 30, 20
ALT_TEXT_CHARACTERS, COLLABORATORS = 1000, 3
"""C1."""
CAROUSEL_ITEMS = (2, 10)
MIB = 1024**2
IMAGE_BYTES = 8 * MIB
IMAGE_RATIO = (0.8, 1.91)
RATIO_SLACK = 0.01
"""4:5 and 1.91:1 are rounded figures: 1080x566 is taken."""
REEL_BYTES, REEL_SECONDS = 300 * MIB, (3.0, 15 * 60.0)
STORY_BYTES, STORY_SECONDS = 100 * MIB, (3.0, 60.0)
VIDEO_WIDTH, VIDEO_RATIO = 1920, {"reel": (0.01, 10.0), "story": (0.1, 10.0)}
"""C7."""

GOOD_FOR = 23 * 3600.0
"""Seconds. A container that is not published expires 24 hours after it was made (C3)."""
PROCESSING, UNREADABLE = 30 * 60.0, 10 * 60.0
"""Seconds by the platform's own clock: how long a container may be processed (those in production give up after 8 to 10 minutes, C3), and
how long a fresh one may be answered with 100/33 (A6)."""
POLLS, POLL = (2.0, 5.0, 10.0, 20.0), 60.0
"""Seconds between two looks at a container: first in small steps, then as rarely as Meta advises (C3)."""
CONTAINERS = 3
"""Containers made for one publication, one after the other."""
FETCHES, FETCH_AGAIN = 3, 5.0
"""How often Instagram is asked to fetch a file that it could not get, and seconds between (A8, 9004)."""
LIMIT_KEPT, LIMIT_AGAIN = 300.0, 30 * 60.0
"""Seconds for which the publishing limit is believed, and after which it is asked again once it is reached (C6)."""

NEAR = 25.0
"""Seconds before our attempt within which a post that looks like ours may be ours. The ledger tells us which ones are other publications'
from 30 s before it on, so that nothing older is adopted; F1 allows for clocks that are 120 s apart, and such a post has no address."""
SKEW = 120
"""Seconds before our attempt from which on the listing is read (F1)."""
LOOKS, SURE_AGE = 2, 600.0
"""Looks that find a container unpublished before that is believed, after the first; or seconds since the attempt, after which the first
look is enough (F1: 30 to 60 s, and again)."""
ADDRESS_LOOKS, ADDRESS_AGE = 8, 900.0
"""Looks, or seconds since the attempt, after which a published container's address is given up."""
OLD = 2 * 3600.0
"""Seconds since the attempt, after which the listing is no longer asked for an address."""
PATIENCE, LOOK_AGAIN = 1800.0, 60.0
"""Seconds. A full bucket silences us for a quarter of an hour where the platform names no time (A7): a doubt must outlast that."""

_DIALOG = OAuthFacts(
    authorize_url=f"https://www.facebook.com/{VERSION}/dialog/oauth",
    token_url=f"{API}/oauth/access_token",
    revoke_url=f"{API}/me/permissions",
    scopes=(*SCOPES[FACEBOOK_LOGIN], "pages_show_list"),
    pkce=False,
    client_settings=("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET"),
)
_OWN_DIALOG = OAuthFacts(
    authorize_url="https://www.instagram.com/oauth/authorize",
    token_url="https://api.instagram.com/oauth/access_token",  # noqa: S106 - an address
    revoke_url=None,
    scopes=SCOPES[INSTAGRAM_LOGIN],
    pkce=False,
    client_settings=("INSTAGRAM_APP_ID", "INSTAGRAM_APP_SECRET"),
)

MANIFEST = Manifest(
    platform=INSTAGRAM,
    title="Instagram",
    hosts=frozenset({FACEBOOK_HOST, INSTAGRAM_HOST, RUPLOAD_HOST}),
    api_version=VERSION,
    sunset=SUNSET,
    oauth=_DIALOG,
    formats=("image", "carousel", "reel", "story"),
    buckets=BUCKETS,
    families=(Family(name="upload", hosts=frozenset({RUPLOAD_HOST})),),
    gates=GATES,
    usage=usage,
    # F6 asks for 30 s at least, F1 for 30 to 60; looks a minute apart come on top before anything is repeated.
    lag=Lag(acting=40.0, listing=40.0, source="F1, F6"),
    secret_fields=SECRET_FIELDS,
    errors=OWN + COMMON,
    says=says,
    facts={"instagram_login": _OWN_DIALOG},
)


def login_of(metadata: Mapping[str, str]) -> str:
    """Which login a connection was made with, by its metadata."""
    return INSTAGRAM_LOGIN if metadata.get("login") == INSTAGRAM_LOGIN else FACEBOOK_LOGIN


def api_of(metadata: Mapping[str, str]) -> str:
    """Where a connection's calls go."""
    return INSTAGRAM_API if login_of(metadata) == INSTAGRAM_LOGIN else API
