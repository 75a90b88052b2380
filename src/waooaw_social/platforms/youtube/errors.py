"""YouTube's and Google's ways of saying no, row by row (contract youtube 6.3, 7 and 1.4; November 2026).

The reason decides before the status, because the documents disagree about statuses; and where one reason means two things (a daily
limit or a burst), the message text decides. The first row that matches counts; the last one matches everything.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.headers import retry_after
from waooaw_social.platforms.manifest import ErrorRow, Says

DAY = 24 * 3600.0
GENERAL, UPLOADS, SEARCH = "general", "uploads", "search"


def says(reply: Reply) -> Says:
    """Google's envelope `{"error": {"errors": [{"reason", …}], "details": […]}}`, the token endpoint's, or none at all (HTML, text)."""
    error: Any = reply.json().get("error")
    wait = retry_after(reply.headers)
    if isinstance(error, str):
        text = str(reply.json().get("error_description", ""))
        return Says(
            status=reply.status,
            reason=error,
            message=text,
            subcode=_text(reply.json(), "error_subtype"),
            retry_after=wait,
        )
    if not isinstance(error, Mapping):
        return Says(status=reply.status, message=f"HTTP {reply.status} without a readable error", retry_after=wait)
    body = cast("Mapping[str, Any]", error)
    first = _first(body.get("errors"))
    detail = _first(body.get("details"))
    return Says(
        status=reply.status,
        reason=_text(first, "reason") or _text(detail, "reason") or _text(body, "status"),
        message=_plain(_text(first, "message") or _text(body, "message")),
        detail=_unit(detail) or _text(detail, "reason"),
        retry_after=wait,
    )


def _first(rows: Any) -> Mapping[str, Any]:
    items = cast("list[Any]", rows) if isinstance(rows, list) else []
    none: Mapping[str, Any] = {}
    return next((cast("Mapping[str, Any]", row) for row in items if isinstance(row, Mapping)), none)


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _unit(detail: Mapping[str, Any]) -> str:
    metadata = detail.get("metadata")
    return _text(cast("Mapping[str, Any]", metadata), "quota_unit") if isinstance(metadata, Mapping) else ""


def _plain(message: str) -> str:
    """Google's messages hold HTML links."""
    return re.sub(r"<[^>]*>", "", message).strip()


def _per_day(said: Says) -> bool:
    return "per day" in said.message.lower() or said.detail.startswith("1/d")


def _uploads_per_day(said: Says) -> bool:
    return _per_day(said) and "video uploads" in said.message.lower()


def _searches_per_day(said: Says) -> bool:
    return _per_day(said) and "search" in said.message.lower()


def _no_scope(said: Says) -> bool:
    return said.detail == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def _is(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


def _named(*reasons: str) -> frozenset[str]:
    return frozenset(reasons)


RECONNECT = "Ask the customer to connect the YouTube account again."
CONTENT_FIELDS = {
    "invalidTitle": "title",
    "invalidDescription": "description",
    "invalidTags": "tags",
    "invalidCategoryId": "category_id",
    "invalidPublishAt": "publish_at",
    "invalidFilename": "video",
    "invalidRecordingDetails": "recording_details",
    "invalidVideoGameRating": "video_game_rating",
    "invalidVideoMetadata": "video",
    "defaultLanguageNotSet": "default_language",
    "mediaBodyRequired": "video",
    "invalidImage": "image",
}
_RATE = _named("rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED")

QUOTA: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="quota_exhausted", reaction=Reaction.EXHAUSTED, reasons=_RATE, says=_uploads_per_day, scope=Scope.APP, bucket=UPLOADS,
        means="The app's video uploads for today are used up; they are refilled at midnight Pacific time.", source="6.3, 7",
    ),
    ErrorRow(
        code="quota_exhausted", reaction=Reaction.EXHAUSTED, reasons=_RATE, says=_searches_per_day, scope=Scope.APP, bucket=SEARCH,
        means="The app's searches for today are used up; they are refilled at midnight Pacific time.", source="6.3, 7",
    ),
    ErrorRow(
        code="quota_exhausted", reaction=Reaction.EXHAUSTED, reasons=_RATE, says=_per_day, scope=Scope.APP, bucket=GENERAL,
        means="A daily quota of the app is used up; it is refilled at midnight Pacific time.", source="6.3, 7",
    ),
    ErrorRow(code="rate_limited", reaction=Reaction.THROTTLE, reasons=_RATE, scope=Scope.APP, source="6.3, 7"),
    ErrorRow(
        code="quota_exhausted", reaction=Reaction.EXHAUSTED, scope=Scope.APP, bucket=GENERAL,
        reasons=_named("quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"),
        means="The app's daily quota units are used up; they are refilled at midnight Pacific time.", source="6.3, 7",
    ),
    ErrorRow(
        code="channel_upload_limit", reaction=Reaction.THROTTLE, reasons=_named("uploadLimitExceeded"), scope=Scope.ACCOUNT,
        retry_after=DAY, means="This channel has reached the number of videos it may upload for now.", source="6.3, 7",
        remediation="It is tried again in 24 hours; other channels go on.",
    ),
    ErrorRow(
        code="thumbnail_limit", reaction=Reaction.THROTTLE, reasons=_named("uploadRateLimitExceeded"), scope=Scope.ACCOUNT,
        retry_after=DAY, source="4.2, 7",
    ),
)  # fmt: skip

TOKENS: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="no_channel", reaction=Reaction.REFUSED, reasons=_named("youtubeSignupRequired"), scope=Scope.ACCOUNT, source="7",
        means="This Google account has no YouTube channel.", remediation="Create a channel, then connect it again.",
    ),
    ErrorRow(code="token_required", reaction=Reaction.REFUSED, statuses=_is(401), reasons=_named("required"), source="7",
             remediation="This is a defect of this program: the request went out without a readable token."),
    ErrorRow(code="token_expired", reaction=Reaction.REFRESH, statuses=_is(401),
             reasons=_named("authError", "expired", "invalidCredentials", "UNAUTHENTICATED"), scope=Scope.CREDENTIAL, source="7"),
    ErrorRow(code="needs_reconnect", reaction=Reaction.CURE, reasons=_named("authorizationRequired"), scope=Scope.CREDENTIAL,
             cure=Cure.RECONNECT, remediation=RECONNECT, source="7"),
    ErrorRow(
        code="missing_permission", reaction=Reaction.CURE, cure=Cure.RECONNECT, scope=Scope.CREDENTIAL, source="7",
        reasons=_named("insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        means="The connection lacks a permission that this call needs.",
        remediation="Ask the customer to connect again and to leave every permission ticked.",
    ),
    ErrorRow(code="missing_permission", reaction=Reaction.CURE, cure=Cure.RECONNECT, scope=Scope.CREDENTIAL, says=_no_scope,
             means="The connection lacks a permission that this call needs.", remediation=RECONNECT, source="7"),
    # The token endpoint (1.4). A wrong client is the operator's problem and never the customer's.
    ErrorRow(code="needs_reconnect", reaction=Reaction.CURE, reasons=_named("invalid_grant"), scope=Scope.CREDENTIAL,
             cure=Cure.RECONNECT, means="Google no longer honours this connection.", remediation=RECONNECT, source="1.4"),
    ErrorRow(
        code="needs_operator", reaction=Reaction.CURE, cure=Cure.OPERATOR, scope=Scope.APP, source="1.4",
        reasons=_named("invalid_client", "unauthorized_client", "deleted_client"),
        means="Google does not accept this app's client id or secret.",
        remediation="Check YOUTUBE_CLIENT_ID and YOUTUBE_CLIENT_SECRET; no customer needs to reconnect.",
    ),
    ErrorRow(code="needs_reconnect", reaction=Reaction.CURE, cure=Cure.RECONNECT, scope=Scope.CREDENTIAL, source="1.4",
             reasons=_named("admin_policy_enforced", "org_internal"),
             means="The customer's organisation does not allow this connection.", remediation=RECONNECT),
    ErrorRow(code="oauth_request_refused", reaction=Reaction.REFUSED, source="1.4",
             reasons=_named("unsupported_grant_type", "redirect_uri_mismatch", "invalid_request", "invalid_scope")),
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, scope=Scope.PLATFORM, source="1.4",
             reasons=_named("internal_failure", "server_error", "temporarily_unavailable")),
)  # fmt: skip

NEVER: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="needs_operator", reaction=Reaction.CURE, cure=Cure.OPERATOR, scope=Scope.APP, source="7",
        reasons=_named("accessNotConfigured", "SERVICE_DISABLED"), means="The YouTube API is not enabled for this app.",
        remediation="Enable the YouTube Data API v3 in the app's Google Cloud project.",
    ),
    ErrorRow(
        code="channel_unusable", reaction=Reaction.REFUSED, scope=Scope.ACCOUNT, source="7",
        reasons=_named("authenticatedUserAccountSuspended", "authenticatedUserAccountClosed", "channelSuspended", "channelClosed",
                       "accountDelegationForbidden", "authenticatedUserNotChannel"),
        remediation="YouTube has closed this channel to publishing; the customer must settle that with YouTube.",
    ),
    ErrorRow(code="forbidden", reaction=Reaction.REFUSED, source="7",
             reasons=_named("forbidden", "forbiddenPrivacySetting", "forbiddenLicenseSetting", "commentsDisabled")),
    *(ErrorRow(code=f"invalid_{field}", reaction=Reaction.REFUSED, reasons=_named(reason), field=field, source="3.3, 7")
      for reason, field in CONTENT_FIELDS.items()),
    ErrorRow(code="request_defect", reaction=Reaction.REFUSED, source="7",
             reasons=_named("badRequest", "missingRequiredParameter", "unexpectedParameter", "incompatibleParameters", "invalidFilters",
                            "invalidPageToken", "invalidCriteria"),
             remediation="This is a defect of this program, not of what you sent."),
    ErrorRow(code="processing_failure", reaction=Reaction.UNKNOWN, reasons=_named("processingFailure"), source="7"),
    ErrorRow(code="not_found", reaction=Reaction.REFUSED, source="7", statuses=_is(404),
             reasons=_named("videoNotFound", "playlistNotFound", "notFound", "captionNotFound", "parentCommentNotFound")),
    ErrorRow(code="already_there", reaction=Reaction.REFUSED, reasons=_named("captionExists", "alreadyExists"), source="7"),
)  # fmt: skip

BUSY: tuple[ErrorRow, ...] = (
    # Whatever reason comes with them: these statuses never say that the request itself was wrong.
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, statuses=frozenset({408, *range(500, 600)}), scope=Scope.PLATFORM,
             source="7"),
    ErrorRow(code="rate_limited", reaction=Reaction.THROTTLE, statuses=_is(429), scope=Scope.APP, source="6.3"),
)  # fmt: skip

BY_STATUS: tuple[ErrorRow, ...] = (
    ErrorRow(code="upload_incomplete", reaction=Reaction.NOT_DONE, statuses=_is(308), source="3.2",
             means="YouTube has not got the whole file yet."),
    ErrorRow(code="token_expired", reaction=Reaction.REFRESH, statuses=_is(401), scope=Scope.CREDENTIAL, source="7"),
    ErrorRow(code="session_lost", reaction=Reaction.REFUSED, statuses=_is(410), source="3.2"),
    ErrorRow(code="unsupported_by_platform", reaction=Reaction.REFUSED, statuses=_is(404), source="5, 7",
             means="YouTube has no such address.", remediation="The public API does not offer this; see the documentation."),
    ErrorRow(code="refused_by_platform", reaction=Reaction.REFUSED, source="7"),
)  # fmt: skip

ERRORS: tuple[ErrorRow, ...] = QUOTA + BUSY + TOKENS + NEVER + BY_STATUS
