"""Every error YouTube and Google's token endpoint are known to give, as two tables and the envelopes around them.

Contract youtube 1.4, 6.3 and 7. A reason with several messages has variants, the first of which is the usual one. The tables say
what an error looks like, not when it is raised; they are the reason for this file's length.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from waooaw_sandbox.kit import Answer, Json, Refused
from waooaw_sandbox.problem import Problem

PROJECT_NUMBER = "732501946013"
NO_AUTH = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
NOT_FOUND = "The video that you are trying to find cannot be found. Check the value of the id parameter to ensure that it is correct."


@dataclass(frozen=True)
class Row:
    """`message` is errors[0].message; `headline`, where it differs, is error.message."""

    status: int
    domain: str
    message: str
    location: str | None = None
    location_type: str | None = None
    google_status: str | None = None
    details: tuple[Mapping[str, Any], ...] = ()
    headline: str | None = None


def quota_row(metric: str, limit: str, unit: str, *, bare: bool) -> Row:
    """A 429 of the granular quota. `bare`: the upload endpoint sends neither status nor details."""
    message = (
        f"Quota exceeded for quota metric '{metric}' and limit '{limit}' of service 'youtube.googleapis.com' "
        f"for consumer 'project_number:{PROJECT_NUMBER}'."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "quota_limit": "".join(word.capitalize() for word in limit.split()) + "Project",
            "quota_unit": unit,
            "quota_metric": "youtube.googleapis.com/" + metric.lower().replace(" ", "_"),
            "consumer": f"projects/{PROJECT_NUMBER}",
            "service": "youtube.googleapis.com",
            "quota_location": "global",
        },
    }
    if bare:
        return Row(429, "global", message)
    return Row(429, "global", message, None, None, "RESOURCE_EXHAUSTED", (info,))


def scope_details() -> tuple[Mapping[str, Any], ...]:
    return (
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
            "metadata": {"service": "youtube.googleapis.com"},
        },
    )


def content(part: str, message: str) -> Row:
    return Row(400, "youtube.video", message, part, "other")


API: dict[str, dict[str, Row]] = {
    "quotaExceeded": {
        "": Row(
            403, "youtube.quota", "The request cannot be completed because you have exceeded your quota."
        )
    },
    "rateLimitExceeded": {
        "per_day": quota_row("Video Uploads", "Video Uploads per day", "1/d/{project}", bare=True),
        "per_minute": quota_row("Queries", "Queries per minute per user", "1/min/{project}/{user}", bare=False),
        "search_per_day": quota_row("Search Queries", "Search Queries per day", "1/d/{project}", bare=False),
        "stats_per_day": quota_row("Batch Get Stats", "Batch Get Stats per day", "1/d/{project}", bare=False),
    },
    "userRateLimitExceeded": {"": Row(403, "usageLimits", "User Rate Limit Exceeded")},
    "uploadLimitExceeded": {"": Row(400, "youtube.video", "The user has exceeded the number of videos they may upload.")},
    "uploadRateLimitExceeded": {
        "": Row(429, "youtube.thumbnail", "The channel has uploaded too many thumbnails recently. Please try the request again later.")
    },
    "dailyLimitExceeded": {"": Row(403, "usageLimits", "Daily Limit Exceeded")},
    "dailyLimitExceededUnreg": {
        "": Row(403, "usageLimits", "Daily Limit for Unauthenticated Use Exceeded. Continued use requires signup.")
    },
    "internalError": {"": Row(500, "global", "Internal error encountered.", None, None, "INTERNAL")},
    "backendError": {"": Row(503, "global", "Backend Error"), "500": Row(500, "global", "Backend Error")},
    "serviceUnavailable": {"": Row(503, "global", "The service is currently unavailable.", None, None, "UNAVAILABLE")},
    "authError": {
        "": Row(401, "global", "Invalid Credentials", "Authorization", "header", "UNAUTHENTICATED", (), NO_AUTH)
    },
    "expired": {"": Row(401, "global", "Invalid Credentials", "Authorization", "header", "UNAUTHENTICATED", (), NO_AUTH)},
    "required": {"": Row(401, "global", "Login Required.", "Authorization", "header", "UNAUTHENTICATED", (), NO_AUTH)},
    "youtubeSignupRequired": {"": Row(401, "youtube.header", "Unauthorized", "Authorization", "header"), "403": Row(403, "youtube.header", "Unauthorized", "Authorization", "header")},
    "authorizationRequired": {"": Row(401, "youtube.common", "The request uses the mine parameter but is not properly authorized.")},
    "insufficientPermissions": {
        "": Row(
            403, "global", "Insufficient Permission", None, None, "PERMISSION_DENIED", scope_details(),
            "Request had insufficient authentication scopes.",
        )
    },
    "accessNotConfigured": {
        "": Row(
            403, "usageLimits",
            f"YouTube Data API v3 has not been used in project {PROJECT_NUMBER} before or it is disabled.",
            None, None, "PERMISSION_DENIED",
            ({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com"},),
        )
    },
    "authenticatedUserAccountSuspended": {"": Row(403, "youtube.common", "The YouTube account of the authenticated user is suspended.")},
    "authenticatedUserAccountClosed": {"": Row(403, "youtube.common", "The YouTube account of the authenticated user is closed.")},
    "channelSuspended": {"": Row(403, "youtube.common", "The channel has been suspended.")},
    "channelClosed": {"": Row(403, "youtube.common", "The channel has been closed.")},
    "accountDelegationForbidden": {"": Row(403, "youtube.common", "The authenticated user cannot act on behalf of this Google account.")},
    "authenticatedUserNotChannel": {"": Row(403, "youtube.common", "The channel is not associated with the authenticated user.")},
    "forbidden": {"": Row(403, "youtube.common", "The request is not properly authorized.")},
    "forbiddenPrivacySetting": {"": Row(403, "youtube.video", "The request attempts to set an invalid privacy setting for the video.")},
    "forbiddenLicenseSetting": {"": Row(403, "youtube.video", "The request attempts to set an invalid license for the video.")},
    "commentsDisabled": {"": Row(403, "youtube.commentThread", "The video has disabled comments.")},
    "invalidTitle": {"": content("body.snippet.title", "The request metadata specifies an invalid or empty video title.")},
    "invalidDescription": {"": content("body.snippet.description", "The request metadata specifies an invalid video description.")},
    "invalidTags": {"": content("body.snippet.tags[]", "The request metadata specifies invalid video keywords.")},
    "invalidCategoryId": {"": content("body.snippet.categoryId", "The request metadata specifies an invalid category ID.")},
    "invalidPublishAt": {"": content("body.status.publishAt", "The request metadata specifies an invalid scheduled publishing time.")},
    "invalidFilename": {"": Row(400, "youtube.video", "The video filename specified in the Slug header is invalid.", "Slug", "header")},
    "invalidRecordingDetails": {"": content("body.recordingDetails", "The request metadata specifies invalid recording details.")},
    "invalidVideoGameRating": {"": content("body.videoGameRating", "The request metadata specifies an invalid video game rating.")},
    "invalidVideoMetadata": {"": content("body", "The request metadata is invalid.")},
    "defaultLanguageNotSet": {"": content("body.snippet.defaultLanguage", "The request sets localizations without a default language.")},
    "mediaBodyRequired": {"": Row(400, "youtube.video", "The request does not include the video content.")},
    "invalidImage": {"": Row(400, "youtube.thumbnail", "The provided image content is invalid.")},
    "badRequest": {"": Row(400, "global", "Bad Request", None, None, "INVALID_ARGUMENT")},
    "parseError": {"": Row(400, "global", "This API does not support parsing form-encoded input.")},
    "missingRequiredParameter": {"": Row(400, "youtube.parameter", "The request is missing a required parameter.", "parameters.", "other")},
    "unexpectedParameter": {"": Row(400, "youtube.parameter", "The request specifies an unexpected parameter.", "parameters.", "other")},
    "incompatibleParameters": {"": Row(400, "youtube.parameter", "Incompatible parameters specified in the request.", "parameters.", "other")},
    "invalidFilters": {"": Row(400, "youtube.common", "The request contains an invalid combination of search filters.")},
    "invalidPageToken": {"": Row(400, "youtube.common", "The request specifies an invalid page token.", "pageToken", "parameter")},
    "invalidCriteria": {"": Row(400, "youtube.channel", "A maximum of one of the filters may be specified.")},
    "processingFailure": {"": Row(400, "youtube.comment", "The API server failed to successfully process the request.")},
    "videoNotFound": {"": Row(404, "youtube.video", NOT_FOUND)},
    "playlistNotFound": {"": Row(404, "youtube.playlistItem", "The playlist identified with the request's playlistId parameter cannot be found.", "playlistId", "parameter")},
    "playlistOperationUnsupported": {"": Row(400, "youtube.playlistItem", "The API does not support the requested operation on this playlist.")},
    "notFound": {"": Row(404, "global", "Requested entity was not found.", None, None, "NOT_FOUND")},
    "captionExists": {"": Row(409, "youtube.caption", "The specified video already has a caption track with this language and name.")},
    "alreadyExists": {"": Row(409, "global", "Requested entity already exists.", None, None, "ALREADY_EXISTS")},
}  # fmt: skip

TOKEN: dict[str, dict[str, tuple[int, Json]]] = {
    "invalid_grant": {
        "revoked": (400, {"error_description": "Token has been expired or revoked."}),
        "bad_request": (400, {"error_description": "Bad Request"}),
        "missing_verifier": (400, {"error_description": "Missing code verifier."}),
        "wrong_verifier": (400, {"error_description": "Invalid code verifier."}),
        "invalid_rapt": (400, {"error_description": "reauth related error (invalid_rapt)", "error_subtype": "invalid_rapt"}),
    },
    "unsupported_grant_type": {"": (400, {"error_description": "Invalid grant_type: "})},
    "redirect_uri_mismatch": {"": (400, {"error_description": "Bad Request"})},
    "invalid_request": {"": (400, {"error_description": "Missing required parameter: "})},
    "invalid_scope": {"": (400, {"error_description": "Some requested scopes were invalid."})},
    "invalid_token": {"": (400, {"error_description": "Token expired or revoked"})},
    "invalid_client": {
        "unknown_client": (401, {"error_description": "The OAuth client was not found."}),
        "bad_secret": (401, {"error_description": "Unauthorized"}),
    },
    "unauthorized_client": {"": (401, {"error_description": "Unauthorized"})},
    "deleted_client": {"": (401, {"error_description": "The OAuth client was deleted."})},
    "admin_policy_enforced": {"": (403, {"error_description": "Access blocked by the administrator's policy."})},
    "org_internal": {"": (403, {"error_description": "This client is restricted to users within its organization."})},
    "internal_failure": {"": (500, {})},
    "server_error": {"": (500, {})},
    "temporarily_unavailable": {"": (503, {})},
}  # fmt: skip

HTML_404 = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <title>Error 404 (Not Found)!!1</title>
  <p><b>404.</b> <ins>That’s an error.</ins>
  <p>The requested URL <code>{path}</code> was not found on this server.  <ins>That’s all we know.</ins>
"""


def pick(variants: Mapping[str, Any], reason: str, variant: str | None) -> Any:
    if variant is None:
        return next(iter(variants.values()))
    if variant not in variants:
        raise Problem(f"{reason!r} has no variant {variant!r}", available=sorted(variants))
    return variants[variant]


def api_error(
    reason: str, variant: str | None = None, *, status: int | None = None, location: str | None = None
) -> Answer:
    """An error of the Data API by its reason."""
    row: Row = pick(API[reason], reason, variant)
    first: Json = {"message": row.message, "domain": row.domain, "reason": reason}
    if row.location:
        first |= {"location": location or row.location, "locationType": row.location_type}
    code = status or row.status
    error: Json = {"code": code, "message": row.headline or row.message, "errors": [first]}
    if row.google_status:
        error["status"] = row.google_status
    if row.details:
        error["details"] = [dict(detail) for detail in row.details]
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/"'} if code == 401 else {}
    return Answer(code, {"error": error}, headers=headers)


def api_failure(status: int, message: str) -> Answer:
    """The envelope around a bare status."""
    error = {"message": message, "domain": "global", "reason": "backendError" if status >= 500 else "badRequest"}
    return Answer(status, {"error": {"code": status, "message": message, "errors": [error]}})


def token_error(error: str, variant: str | None = None, *, status: int | None = None, tail: str = "") -> Answer:
    """An error of the token endpoint; `tail` is put behind its description."""
    usual, rest = pick(TOKEN[error], error, variant)
    body = {"error": error} | rest
    if tail:
        body["error_description"] += tail
    return Answer(status or usual, body, headers={"Cache-Control": "no-cache, no-store"})


def refuse(reason: str, variant: str | None = None, *, location: str | None = None) -> Refused:
    return Refused(api_error(reason, variant, location=location))


def unknown_path(path: str) -> Answer:
    return Answer(404, HTML_404.format(path=path.replace("<", "&lt;")), content_type="text/html")


def basic_credentials(header: str) -> tuple[str, str] | None:
    """The two halves of a Basic Authorization header, or None."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return user, password
