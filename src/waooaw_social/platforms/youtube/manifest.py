"""What YouTube is, in November 2026 (contract youtube; the section stands beside each fact).

The daily limits are the documented defaults; real projects have other ones, so that each can be set. A limit of 1,600 units per
upload is still quoted everywhere: it was superseded in December 2025, and since June 2026 uploads have a bucket of their own.
"""

from waooaw_social.core.ids import Platform
from waooaw_social.platforms.manifest import Bucket, Family, Lag, Manifest, OAuthFacts
from waooaw_social.platforms.youtube.errors import ERRORS, GENERAL, SEARCH, UPLOADS, says

YOUTUBE = Platform("youtube")
COMMUNITY_POSTS = "YOUTUBE_COMMUNITY_POSTS"

API = "https://www.googleapis.com/youtube/v3"
UPLOAD = "https://www.googleapis.com/upload/youtube/v3"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address

REFRESH_AHEAD = 225.0
"""Seconds: the threshold of Google's own client."""

PIECE = 256 * 1024
"""Chunks are multiples of this, except the last (3.2). The piece that completes an upload is never larger."""
CHUNK = 64 * PIECE
"""16 MiB: at most so much is sent twice after a crash."""
SESSION_GOOD_FOR = 6 * 24 * 3600.0
"""An upload session's lifetime is undocumented; sibling services keep it 7 days (3.2). A session that dies earlier answers 404 or 410."""

TITLE_CHARACTERS = 100
DESCRIPTION_BYTES = 5000
TAGS_CHARACTERS = 500
COMMUNITY_TEXT_CHARACTERS = 1000
SHORT_SECONDS = 180.0
FILE_BYTES = 256 * 1024**3

PACIFIC = "America/Los_Angeles"

MANIFEST = Manifest(
    platform=YOUTUBE,
    title="YouTube",
    hosts=frozenset({"www.googleapis.com", "youtube.googleapis.com"}),
    api_version="v3",
    sunset=None,
    oauth=OAuthFacts(
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        token_url=TOKEN_URL,
        revoke_url="https://oauth2.googleapis.com/revoke",
        # force-ssl alone covers the whole Data API; youtube.upload alone cannot even validate a channel (1.6)
        scopes=("https://www.googleapis.com/auth/youtube.force-ssl",),
        authorize_params={"access_type": "offline", "prompt": "consent"},
        client_settings=("YOUTUBE_CLIENT_ID", "YOUTUBE_CLIENT_SECRET"),
    ),
    formats=("short", "video", "text"),
    buckets=(
        Bucket(
            name=UPLOADS, limit=100, zone=PACIFIC, setting="YOUTUBE_UPLOAD_QUOTA_DAILY_LIMIT", source="6.1: calls a day"
        ),
        Bucket(
            name=GENERAL,
            limit=10_000,
            zone=PACIFIC,
            setting="YOUTUBE_API_QUOTA_DAILY_LIMIT",
            source="6.1, 6.2: units a day",
        ),
        Bucket(name=SEARCH, limit=100, zone=PACIFIC, source="6.1: calls a day"),
    ),
    families=(
        Family(
            name="upload",
            calls=frozenset(
                {
                    "open session",
                    "open private session",
                    "how much is held",
                    "send chunk",
                    "complete upload",
                    "store upload",
                    "answer of upload",
                }
            ),
        ),
    ),
    # Private and processing uploads are visible to their owner at once per the documents; stale reads were reported (8).
    # Where an upload is looked for in the listing, three looks in ten minutes come on top of this.
    lag=Lag(acting=30.0, listing=30.0, source="8"),
    secret_fields=frozenset({"access_token", "refresh_token", "id_token", "client_secret", "upload_id"}),
    errors=ERRORS,
    says=says,
)
