"""Every row of YouTube's error table, each by an answer that was really seen or documented (contract youtube 1.4, 6.3, 7)."""

import json
from typing import Any

import pytest

from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.youtube.errors import ERRORS
from waooaw_social.platforms.youtube.manifest import MANIFEST

R = Reaction


def google(
    status: int, reason: str, message: str = "no", *, details: list[dict[str, Any]] | None = None, **headers: str
) -> Reply:
    error = {"code": status, "message": message, "errors": [{"message": message, "domain": "global", "reason": reason}]}
    return Reply(status, headers, json.dumps({"error": error | ({"details": details} if details else {})}).encode())


def token(status: int, error: str, description: str = "") -> Reply:
    return Reply(status, {}, json.dumps({"error": error, "error_description": description}).encode())


DAILY = "Quota exceeded for quota metric '{0}' and limit '{0} per day' of service 'youtube.googleapis.com'."
PER_MINUTE = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'."
HTML = Reply(404, {"content-type": "text/html"}, b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>")

# answer, our code, reaction, scope
SEEN: list[tuple[Reply, str, Reaction, Scope]] = [
    (google(429, "rateLimitExceeded", DAILY.format("Video Uploads")), "quota_exhausted", R.EXHAUSTED, Scope.APP),
    (google(429, "rateLimitExceeded", DAILY.format("Search Queries")), "quota_exhausted", R.EXHAUSTED, Scope.APP),
    (google(429, "rateLimitExceeded", DAILY.format("Queries")), "quota_exhausted", R.EXHAUSTED, Scope.APP),
    (google(429, "rateLimitExceeded", PER_MINUTE), "rate_limited", R.THROTTLE, Scope.APP),
    (google(403, "userRateLimitExceeded"), "rate_limited", R.THROTTLE, Scope.APP),
    (google(403, "quotaExceeded", "exceeded your <a href='/x'>quota</a>."), "quota_exhausted", R.EXHAUSTED, Scope.APP),
    (google(403, "dailyLimitExceeded"), "quota_exhausted", R.EXHAUSTED, Scope.APP),
    (google(403, "dailyLimitExceededUnreg"), "quota_exhausted", R.EXHAUSTED, Scope.APP),
    (google(400, "uploadLimitExceeded"), "channel_upload_limit", R.THROTTLE, Scope.ACCOUNT),
    (google(403, "uploadLimitExceeded"), "channel_upload_limit", R.THROTTLE, Scope.ACCOUNT),
    (google(429, "uploadRateLimitExceeded"), "thumbnail_limit", R.THROTTLE, Scope.ACCOUNT),
    (google(401, "youtubeSignupRequired", "Unauthorized"), "no_channel", R.REFUSED, Scope.ACCOUNT),
    (google(403, "youtubeSignupRequired"), "no_channel", R.REFUSED, Scope.ACCOUNT),
    (google(401, "required", "Login Required"), "token_required", R.REFUSED, Scope.REQUEST),
    (google(401, "authError", "Invalid Credentials"), "token_expired", R.REFRESH, Scope.CREDENTIAL),
    (google(401, "expired"), "token_expired", R.REFRESH, Scope.CREDENTIAL),
    (Reply(401), "token_expired", R.REFRESH, Scope.CREDENTIAL),
    (google(401, "authorizationRequired"), "needs_reconnect", R.CURE, Scope.CREDENTIAL),
    (google(403, "insufficientPermissions"), "missing_permission", R.CURE, Scope.CREDENTIAL),
    (google(403, "forbidden", details=[{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]), "missing_permission", R.CURE, Scope.CREDENTIAL),
    (google(403, "accessNotConfigured"), "needs_operator", R.CURE, Scope.APP),
    (google(403, "SERVICE_DISABLED"), "needs_operator", R.CURE, Scope.APP),
    *[
        (google(403, reason), "channel_unusable", R.REFUSED, Scope.ACCOUNT)
        for reason in (
            "authenticatedUserAccountSuspended", "authenticatedUserAccountClosed", "channelSuspended", "channelClosed",
            "accountDelegationForbidden", "authenticatedUserNotChannel",
        )
    ],
    *[
        (google(403, reason), "forbidden", R.REFUSED, Scope.REQUEST)
        for reason in ("forbidden", "forbiddenPrivacySetting", "forbiddenLicenseSetting", "commentsDisabled")
    ],
    (google(400, "invalidTitle"), "invalid_title", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidDescription"), "invalid_description", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidTags"), "invalid_tags", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidCategoryId"), "invalid_category_id", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidPublishAt"), "invalid_publish_at", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidFilename"), "invalid_video", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidRecordingDetails"), "invalid_recording_details", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidVideoGameRating"), "invalid_video_game_rating", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidVideoMetadata"), "invalid_video", R.REFUSED, Scope.REQUEST),
    (google(400, "defaultLanguageNotSet"), "invalid_default_language", R.REFUSED, Scope.REQUEST),
    (google(400, "mediaBodyRequired"), "invalid_video", R.REFUSED, Scope.REQUEST),
    (google(400, "invalidImage"), "invalid_image", R.REFUSED, Scope.REQUEST),
    *[
        (google(400, reason), "request_defect", R.REFUSED, Scope.REQUEST)
        for reason in (
            "badRequest", "missingRequiredParameter", "unexpectedParameter", "incompatibleParameters", "invalidFilters",
            "invalidPageToken", "invalidCriteria",
        )
    ],
    (google(400, "processingFailure"), "processing_failure", R.UNKNOWN, Scope.REQUEST),
    *[(google(404, reason), "not_found", R.REFUSED, Scope.REQUEST) for reason in ("videoNotFound", "playlistNotFound", "notFound")],
    (google(409, "captionExists"), "already_there", R.REFUSED, Scope.REQUEST),
    (google(409, "alreadyExists"), "already_there", R.REFUSED, Scope.REQUEST),
    (HTML, "unsupported_by_platform", R.REFUSED, Scope.REQUEST),
    *[(Reply(status), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM) for status in (408, 500, 502, 503, 504, 599)],
    (google(500, "backendError"), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM),
    (Reply(502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>"), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM),
    (google(429, "badRequest"), "rate_limited", R.THROTTLE, Scope.APP),
    (google(500, "badRequest"), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM),
    (Reply(429), "rate_limited", R.THROTTLE, Scope.APP),
    (Reply(308), "upload_incomplete", R.NOT_DONE, Scope.REQUEST),
    (Reply(410), "session_lost", R.REFUSED, Scope.REQUEST),
    (Reply(400, {}, b"Failed to parse Content-Range header."), "refused_by_platform", R.REFUSED, Scope.REQUEST),
    (Reply(418), "refused_by_platform", R.REFUSED, Scope.REQUEST),
    (token(400, "invalid_grant", "Token has been expired or revoked."), "needs_reconnect", R.CURE, Scope.CREDENTIAL),
    (token(400, "invalid_grant", "Bad Request"), "needs_reconnect", R.CURE, Scope.CREDENTIAL),
    (token(401, "invalid_client", "The OAuth client was not found."), "needs_operator", R.CURE, Scope.APP),
    (token(401, "invalid_client", "Unauthorized"), "needs_operator", R.CURE, Scope.APP),
    (token(401, "unauthorized_client"), "needs_operator", R.CURE, Scope.APP),
    (token(401, "deleted_client"), "needs_operator", R.CURE, Scope.APP),
    (token(403, "admin_policy_enforced"), "needs_reconnect", R.CURE, Scope.CREDENTIAL),
    (token(403, "org_internal"), "needs_reconnect", R.CURE, Scope.CREDENTIAL),
    *[
        (token(400, error), "oauth_request_refused", R.REFUSED, Scope.REQUEST)
        for error in ("unsupported_grant_type", "redirect_uri_mismatch", "invalid_request", "invalid_scope")
    ],
    *[
        (token(400, error), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM)
        for error in ("internal_failure", "server_error", "temporarily_unavailable")
    ],
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "code", "reaction", "scope"), SEEN, ids=lambda value: str(getattr(value, "status", value))
)
def test_every_answer_is_understood(reply: Reply, code: str, reaction: Reaction, scope: Scope) -> None:
    refusal = MANIFEST.explain(reply)
    assert (refusal.code, refusal.reaction, refusal.scope) == (code, reaction, scope)
    assert refusal.message and "<" not in refusal.message


def test_no_row_of_the_table_is_without_an_example() -> None:
    matched = {next(i for i, row in enumerate(ERRORS) if row.matches(MANIFEST.says(reply))) for reply, *_ in SEEN}
    unused = [row for i, row in enumerate(ERRORS) if i not in matched]
    assert not unused


def test_a_daily_limit_is_told_from_a_burst_by_the_unit_too() -> None:
    unit = {"reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_unit": "1/d/{project}"}}
    assert MANIFEST.explain(google(429, "rateLimitExceeded", "exceeded", details=[unit])).reaction is R.EXHAUSTED
    unit["metadata"] = {"quota_unit": "1/min/{project}/{user}"}
    assert MANIFEST.explain(google(429, "rateLimitExceeded", "exceeded", details=[unit])).reaction is R.THROTTLE


def test_the_right_bucket_is_blocked() -> None:
    buckets = [
        MANIFEST.explain(google(429, "rateLimitExceeded", DAILY.format(name))).bucket
        for name in ("Video Uploads", "Search Queries", "X")
    ]
    assert buckets == ["uploads", "search", "general"]


def test_who_has_to_act_is_named() -> None:
    assert MANIFEST.explain(token(401, "invalid_client")).cure is Cure.OPERATOR
    assert MANIFEST.explain(token(400, "invalid_grant")).cure is Cure.RECONNECT


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"error": null}', b'{"error": []}', b'{"error": {"errors": [3]}}', b"\xff\xfe", b"{"],
)
def test_no_body_is_too_strange_to_be_read(body: bytes) -> None:
    assert MANIFEST.explain(Reply(403, {}, body)).code == "refused_by_platform"


def test_retry_after_is_read_in_both_forms() -> None:
    dates = {"date": "Sat, 21 Nov 2026 06:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 06:00:30 GMT"}
    assert MANIFEST.explain(Reply(503, dates)).retry_after == 30
    assert MANIFEST.explain(google(429, "rateLimitExceeded", PER_MINUTE, **{"retry-after": "7"})).retry_after == 7
