"""What Facebook Pages are, in November 2026 (contract meta; the section stands beside each fact)."""

from waooaw_social.core.ids import Platform
from waooaw_social.platforms.facebook.errors import OWN
from waooaw_social.platforms.graph.errors import COMMON, says
from waooaw_social.platforms.graph.facts import (
    API,
    BUCKETS,
    FACEBOOK_HOST,
    GATES,
    RUPLOAD_HOST,
    SECRET_FIELDS,
    SUNSET,
    VERSION,
    VIDEO_HOST,
)
from waooaw_social.platforms.graph.usage import usage
from waooaw_social.platforms.manifest import Family, Lag, Manifest, OAuthFacts

FACEBOOK = Platform("facebook")
IDENTITY_PREFIX = "FB_PAGE:"

VIDEO_API = f"https://{VIDEO_HOST}/{VERSION}"
"""D3: where videos are uploaded to. Everything else, the videos' state too, is asked of `API`."""

SCOPES = ("pages_manage_posts", "pages_read_engagement", "pages_show_list")
"""B5."""

TEXT_CHARACTERS = 63_206
"""D1: de facto, not in the reference."""
PHOTO_BYTES = 4 * 1024**2
"""D2: the current page says 10 MB, older copies and error 1366046 say 4."""
PHOTO_TYPES = frozenset({"image/jpeg", "image/bmp", "image/png", "image/gif", "image/tiff"})
"""D2."""
REEL_SECONDS = (3.0, 90.0)
"""D4."""
REEL_RATIO = (0.5, 0.65)
"""D4: 9:16, which is 0.5625; what a phone films differs a little from it."""
STORY_SECONDS = 60.0
"""D5."""

PHOTO_GOOD_FOR = 20 * 3600.0
"""D2: unpublished photos that nothing uses may go after about a day."""
UPLOAD_GOOD_FOR = 20 * 3600.0
"""Undocumented. One that dies earlier says so (1363041), and is replaced where nothing can have come of it."""
LARGEST_CHUNK = 8 * 1024**2
"""Bytes. The platform says how much it wants next (D3); a chunk lies in memory while it is sent."""

PATIENCE, LOOK_AGAIN = 1800.0, 60.0
"""Seconds. A full bucket silences us for a quarter of an hour where the platform names no time (A7): a doubt must outlast that."""
LOOKS = 4
"""Looks at a listing before "not there" is believed: three minutes on top of the reconcile delay. F2 wants 30 s at least."""
LISTED = 50
"""Posts in one listing (F2). If all of these are newer than our attempt, ours may stand behind them."""
SKEW = 120.0
"""Seconds by which Facebook's times may lie before ours (F2)."""
NEAR = 25.0
"""Seconds before our attempt within which a post that looks like ours is taken for ours. The ledger tells us which ones are other
publications' from 30 s before it on. What is older, and within `SKEW`, is neither adopted nor passed over."""

MANIFEST = Manifest(
    platform=FACEBOOK,
    title="Facebook",
    hosts=frozenset({FACEBOOK_HOST, VIDEO_HOST, RUPLOAD_HOST}),
    api_version=VERSION,
    sunset=SUNSET,
    oauth=OAuthFacts(
        authorize_url=f"https://www.facebook.com/{VERSION}/dialog/oauth",
        token_url=f"{API}/oauth/access_token",
        revoke_url=f"{API}/me/permissions",
        scopes=SCOPES,
        pkce=False,
        client_settings=("FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET"),
    ),
    formats=("text", "photos", "video", "reel", "story"),
    buckets=BUCKETS,
    families=(Family(name="upload", hosts=frozenset({RUPLOAD_HOST, VIDEO_HOST})),),
    gates=GATES,
    usage=usage,
    # How late a request is carried out at the worst is not documented; 30 s is the least that F2 asks for a listing, and `LOOKS` come on top.
    lag=Lag(acting=40.0, listing=40.0, source="F2"),
    secret_fields=SECRET_FIELDS,
    errors=OWN + COMMON,
    says=says,
)
