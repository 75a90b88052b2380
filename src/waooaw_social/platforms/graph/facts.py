"""What Instagram and Facebook have in common, in November 2026 (contract meta; the section stands beside each fact)."""

from datetime import date

from waooaw_social.core.refusal import Scope
from waooaw_social.platforms.manifest import Bucket

VERSION = "v25.0"
"""A1: v26.0 is newer, but no date is known until which it may be used."""
SUNSET = date(2028, 7, 29)

FACEBOOK_HOST, INSTAGRAM_HOST = "graph.facebook.com", "graph.instagram.com"
RUPLOAD_HOST, VIDEO_HOST = "rupload.facebook.com", "graph-video.facebook.com"
API = f"https://{FACEBOOK_HOST}/{VERSION}"
INSTAGRAM_API = f"https://{INSTAGRAM_HOST}/{VERSION}"

APP_CALLS, ACCOUNT_CALLS, PUBLISHING = "app calls", "account calls", "publishing"
"""Buckets. We count none of them: the platform's headers and errors say when to wait (A7)."""
BUCKETS = (
    Bucket(name=APP_CALLS, scope=Scope.APP, source="A7: 200 per daily user in a rolling hour"),
    Bucket(name=ACCOUNT_CALLS, scope=Scope.ACCOUNT, source="A7: 4800 per engaged user or impression in 24 hours"),
    Bucket(name=PUBLISHING, scope=Scope.ACCOUNT, source="A6, C6: what is published for one account"),
)
GATES = (APP_CALLS, ACCOUNT_CALLS)

CLOCK_SKEW = 120.0
"""Seconds between our clock and the platform's times, as F1 and F2 reckon."""
PATIENCE, LOOK_AGAIN = 600.0, 60.0
"""Seconds: listings may be slow for long (F2, A6 100/33)."""

SECRET_FIELDS = frozenset({"access_token", "next", "previous", "appsecret_proof", "client_secret", "code"})
"""`paging.next` repeats the token (A3)."""
