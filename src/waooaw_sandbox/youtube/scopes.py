"""Scopes: which there are, and which of them each method accepts (contract youtube 1.6)."""

PREFIX = "https://www.googleapis.com/auth/"
FULL, SSL, UPLOAD, READ, PARTNER = (
    PREFIX + name for name in ("youtube", "youtube.force-ssl", "youtube.upload", "youtube.readonly", "youtubepartner")
)
SIGN_IN = frozenset({"openid", "email", "profile", PREFIX + "userinfo.email", PREFIX + "userinfo.profile"})
ANALYTICS = frozenset({PREFIX + "yt-analytics.readonly", PREFIX + "yt-analytics-monetary.readonly"})
KNOWN = frozenset({FULL, SSL, UPLOAD, READ, PARTNER}) | SIGN_IN | ANALYTICS

SEEDED = (FULL, SSL, UPLOAD, READ)

UPLOADING = frozenset({FULL, SSL, UPLOAD, PARTNER})
READING = frozenset({FULL, SSL, READ, PARTNER})
WRITING = frozenset({FULL, SSL, PARTNER})
