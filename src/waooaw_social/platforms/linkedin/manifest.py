"""What LinkedIn is, in November 2026 (contract linkedin_whatsapp part 1; the section stands beside each fact)."""

from datetime import date

from waooaw_social.core.ids import Platform
from waooaw_social.core.refusal import Scope
from waooaw_social.platforms.linkedin.errors import ENDPOINTS, ERRORS, app_bucket, member_bucket, says
from waooaw_social.platforms.manifest import Bucket, Lag, Manifest, OAuthFacts

LINKEDIN = Platform("linkedin")

VERSION, SUNSET = "202609", date(2027, 9, 15)
"""1.3: a version lives for a year, and no header announces its end; then every call is answered with 426."""
API_HOST, WWW_HOST = "api.linkedin.com", "www.linkedin.com"
API, USERINFO_URL = f"https://{API_HOST}/rest", f"https://{API_HOST}/v2/userinfo"
OAUTH = f"https://{WWW_HOST}/oauth/v2"
TOKEN_URL = f"{OAUTH}/accessToken"
POST_URL = f"https://{WWW_HOST}/feed/update"

ORGANIZATION_SCOPES = ("w_organization_social", "r_organization_social", "rw_organization_admin")
MEMBER_SCOPES = ("w_member_social",)
"""1.2: what publishing needs: to post, to find again what was posted, and to see the member's role."""
POSTING_ROLES = frozenset({"ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"})  # fmt: skip
"""1.2, 1.7."""

COMMENTARY_CHARACTERS = 3000
"""1.4: of what is sent, with its backslashes, in UTF-16 units. What LinkedIn counts is not known: this is the strictest reading."""
ALT_TEXT_CHARACTERS, POLL_QUESTION, POLL_ANSWER, POLL_ANSWERS = 4086, 140, 30, (2, 4)
IMAGES = (1, 20)
DURATIONS = {1: "ONE_DAY", 3: "THREE_DAYS", 7: "SEVEN_DAYS", 14: "FOURTEEN_DAYS"}
"""1.4: days of a poll."""
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif"})
IMAGE_PIXELS = 36_152_320
"""1.6: fewer than these. A cap on bytes is not documented: the platform has the last word."""
VIDEO_BYTES, VIDEO_SECONDS = (75_000, 500_000_000), (3.0, 30 * 60.0)
DOCUMENT_BYTES = 100_000_000
DOCUMENT_TYPES = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/zip",
    }
)
"""1.6: PDF, PPT, PPTX, DOC, DOCX; the last but one of each pair is a zip file by its first bytes."""

UPLOAD_GOOD_FOR = 20 * 24 * 3600.0
"""Seconds. Upload URLs live about 30 days (1.6); one that dies earlier says so, and is replaced."""
PROCESSING = 15 * 60.0
"""Seconds by the platform's own clock that an asset may be processed (1.6) before it is uploaded anew."""
POLLS, SLOW_POLL = (2.0, 5.0, 10.0, 15.0), 30.0
"""Seconds between two looks at an asset (1.6)."""

LISTED = 50
"""Posts in one listing (1.11). If all of these are newer than our attempt, ours may stand behind them."""
LOOKS, HIDDEN_LOOKS = 3, 12
"""Looks at a listing before "not there" is believed (1.11); and where the listing cannot be asked for what is not published yet."""
LOOK_AGAIN, PATIENCE = 30.0, 600.0
"""Seconds."""
SKEW, NEAR = 120.0, 25.0
"""Seconds before our attempt: what is created earlier is not ours; what is near may be. The ledger tells which posts are other
publications' from 30 s before it on. What lies between is neither adopted nor passed over."""
ROLE_KEPT = 300.0
"""Seconds for which a role that was seen is believed (1.7: to be checked again before each scheduled post)."""
REFRESH_AHEAD = 24 * 3600.0
"""Seconds. Short, because in the last days before the yearly consent every new token lives as short as the old one (1.1)."""
CONSENT = 365 * 24 * 3600.0
"""Seconds from the consent on that a connection can be refreshed; refreshing does not prolong it (1.1)."""

BUCKETS = tuple(
    bucket
    for endpoint in ENDPOINTS
    for bucket in (
        Bucket(name=app_bucket(endpoint), source="1.9: not published; LinkedIn says when it is empty"),
        Bucket(name=member_bucket(endpoint), scope=Scope.ACCOUNT, source="1.9"),
    )
)

MANIFEST = Manifest(
    platform=LINKEDIN,
    title="LinkedIn",
    hosts=frozenset({API_HOST, WWW_HOST}),
    api_version=VERSION,
    sunset=SUNSET,
    oauth=OAuthFacts(
        authorize_url=f"{OAUTH}/authorization",
        token_url=TOKEN_URL,
        revoke_url=f"{OAUTH}/revoke",
        # One set for all: asking for another one kills every earlier token of the member (1.1).
        scopes=("openid", "profile", *MEMBER_SCOPES, *ORGANIZATION_SCOPES),
        pkce=False,
        client_settings=("LINKEDIN_CLIENT_ID", "LINKEDIN_CLIENT_SECRET"),
    ),
    formats=("text", "images", "video", "document", "article", "poll", "reshare"),
    buckets=BUCKETS,
    # 1.11 wants 15 to 30 s for the finder; two more looks come on top before anything is repeated.
    lag=Lag(acting=30.0, listing=30.0, source="1.11"),
    secret_fields=frozenset(
        {"access_token", "refresh_token", "client_secret", "uploadUrl", "uploadToken", "downloadUrl"}
    ),
    errors=ERRORS,
    says=says,
)
