"""LinkedIn's ways of saying no (contract linkedin_whatsapp 1.9, 1.10), row by row, and the token endpoint's own (1.1).

Two generations of bodies are read, every field optional. LinkedIn names its noes; what comes to a visible call without a name is a
gateway's, and the post may be out behind it (`MAY_BE_LIVE`). A day's counter is per endpoint: the message tells whose it is.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from waooaw_social.core.refusal import Cure, Reaction, Refusal, Scope
from waooaw_social.platforms.call import IfRepeated, Reply, Visible
from waooaw_social.platforms.headers import retry_after
from waooaw_social.platforms.manifest import ErrorRow, Says, explain_by

CREATE, FINDER, READ = "posts.create", "posts.finder", "posts.get"
DELETE, ACLS, ORGANIZATIONS, USERINFO = "posts.delete", "organizationAcls", "organizations", "userinfo"
IMAGES, VIDEOS, DOCUMENTS = "images", "videos", "documents"
ENDPOINTS = (CREATE, FINDER, READ, DELETE, ACLS, ORGANIZATIONS, USERINFO, IMAGES, VIDEOS, DOCUMENTS)
"""What LinkedIn counts apart from each other, as far as we can tell (1.9)."""

ASSET_UNKNOWN, PROCESSING_FAILED, URL_EXPIRED = "asset_unknown", "processing_failed", "upload_url_expired"
NOT_FOUND, MISSING_PERMISSION = "not_found", "missing_permission"
RECONNECT = "Ask the customer to connect the account again."
DEFECT = "This is a defect of this program, not of what you sent."
SERVICE = {
    "65600": "INVALID_ACCESS_TOKEN",
    "65601": "REVOKED_ACCESS_TOKEN",
    "65602": "EXPIRED_ACCESS_TOKEN",
    "65604": "EMPTY_ACCESS_TOKEN",
    "401": "EMPTY_ACCESS_TOKEN",
    "100": "ACCESS_DENIED",
    "101": "TOO_MANY_REQUESTS",
}
"""serviceErrorCode, where a body has no `code`."""
SCHEMA = "SCHEMA"
"""Ours, for a complaint of the schema, which has no code."""


def app_bucket(endpoint: str) -> str:
    return f"{endpoint} (app)"


def member_bucket(endpoint: str) -> str:
    return f"{endpoint} (member)"


def says(reply: Reply) -> Says:
    """Either generation of bodies, OAuth's, or none at all (HTML, empty)."""
    body = reply.json()
    inner = _input_error(body)
    message = _word(inner, "description") or _word(body, "message") or _word(body, "error_description")
    service = _word(body, "serviceErrorCode")
    path = _word(_within(_within(inner, "input"), "inputPath"), "fieldPath")
    if path and path not in message:
        message = f"{message} ({path})"
    schema = SCHEMA if message.startswith("ERROR ::") else ""
    return Says(
        status=reply.status,
        reason=_word(inner, "code") or _word(body, "code") or _word(body, "error") or SERVICE.get(service, "") or schema,
        subcode=service,
        message=message.strip() or f"HTTP {reply.status} without a readable error",
        retry_after=retry_after(reply.headers),
    )  # fmt: skip


def explains(endpoint: str, if_repeated: IfRepeated) -> Callable[[Reply], Refusal]:
    """How a call of an endpoint reads errors: one that publishes asks first whether the post may be live."""
    table = throttles(endpoint) + (MAY_BE_LIVE if isinstance(if_repeated, Visible) else ()) + BY_NAME
    return lambda reply: explain_by(table, says(reply))


def explain_token(reply: Reply) -> Refusal:
    """What the token endpoint's no means."""
    return explain_by(TOKEN_ERRORS, says(reply))


def _input_error(body: Mapping[str, Any]) -> Mapping[str, Any]:
    rows = _within(body, "errorDetails").get("inputErrors")
    first = cast("list[Any]", rows)[:1] if isinstance(rows, list) else []
    return cast("Mapping[str, Any]", first[0]) if first and isinstance(first[0], Mapping) else {}


def _within(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name)
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _word(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _of_the_day(*whose: str) -> Callable[[Says], bool]:
    return lambda said: any(f"throttle {one} DAY" in said.message for one in whose)


def _not_ready(said: Says) -> bool:
    return "resource is forbidden" in said.message or "Unable to obtain activity" in said.message


def _nameless(said: Says) -> bool:
    return not said.reason


def _parameter_missing(said: Says) -> bool:
    return "required parameter" in said.message


def _named(*reasons: str) -> frozenset[str]:
    return frozenset(reasons)


def _is(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


BURST = 30.0
"""Seconds: after a throttle that is no day's counter. There is no Retry-After (1.9)."""


def throttles(endpoint: str) -> tuple[ErrorRow, ...]:
    """The app's counter stops everybody at this endpoint until midnight UTC, the member's only its own connection."""
    return (
        ErrorRow(
            code="quota_exhausted", reaction=Reaction.EXHAUSTED, statuses=_is(429), says=_of_the_day("APPLICATION"), scope=Scope.APP,
            bucket=app_bucket(endpoint), source="1.9", means=f"The app's calls of today to LinkedIn's {endpoint} are used up.",
            remediation="It goes on by itself after midnight UTC.",
        ),
        ErrorRow(
            code="member_quota_exhausted", reaction=Reaction.EXHAUSTED, statuses=_is(429), scope=Scope.ACCOUNT,
            says=_of_the_day("MEMBER", "APPLICATION_AND_MEMBER"), bucket=member_bucket(endpoint), source="1.9",
            means=f"This connection's calls of today to LinkedIn's {endpoint} are used up.",
            remediation="It goes on by itself after midnight UTC.",
        ),
        ErrorRow(code="rate_limited", reaction=Reaction.THROTTLE, statuses=_is(429), scope=Scope.APP, retry_after=BURST, source="1.9"),
    )  # fmt: skip


MAY_BE_LIVE: tuple[ErrorRow, ...] = (
    # 401 and 426 are said before anything is done, named or not; 429 stands in front.
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, statuses=frozenset({*range(300, 600)} - {401, 426, 429}),
             says=_nameless, scope=Scope.PLATFORM, source="1.10: gateways answer with HTML or nothing"),
)  # fmt: skip

BUSY: tuple[ErrorRow, ...] = (
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, statuses=frozenset({408, *range(500, 600)}), scope=Scope.PLATFORM,
             source="1.10: 504 may have been published"),
)  # fmt: skip

VERSIONS: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="api_version_retired", reaction=Reaction.CURE, cure=Cure.DEPLOY, statuses=_is(426), scope=Scope.PLATFORM, source="1.3",
        means="LinkedIn has retired the version of its API that this program speaks.",
        remediation="Deploy a release with a newer LinkedIn-Version; everything that waits goes on by itself.",
    ),
    ErrorRow(
        code="api_version_missing", reaction=Reaction.CURE, cure=Cure.DEPLOY, reasons=_named("VERSION_MISSING"), scope=Scope.PLATFORM,
        source="1.3", remediation=DEFECT,
    ),
)  # fmt: skip

TOKENS: tuple[ErrorRow, ...] = (
    ErrorRow(code="token_required", reaction=Reaction.CURE, cure=Cure.DEPLOY, reasons=_named("EMPTY_ACCESS_TOKEN"), scope=Scope.PLATFORM,
             source="1.10", remediation=DEFECT),
    ErrorRow(code="token_expired", reaction=Reaction.REFRESH, statuses=_is(401), scope=Scope.CREDENTIAL, source="1.10"),
)  # fmt: skip

PERMISSIONS: tuple[ErrorRow, ...] = (
    ErrorRow(code="media_not_ready", reaction=Reaction.NOT_DONE, says=_not_ready, retry_after=10.0, source="1.10: right after an upload",
             means="LinkedIn does not know everywhere yet what was uploaded."),
    ErrorRow(code=URL_EXPIRED, reaction=Reaction.REFUSED, reasons=_named("EXPIRED_UPLOAD_URL"), source="1.10"),
    ErrorRow(
        code=MISSING_PERMISSION, reaction=Reaction.CURE, cure=Cure.RECONNECT, statuses=_is(403), scope=Scope.CREDENTIAL, source="1.10",
        remediation="Either a permission or the member's role in the organization is missing: validating the connection says which.",
    ),
)  # fmt: skip

MEDIA: tuple[ErrorRow, ...] = (
    ErrorRow(code=ASSET_UNKNOWN, reaction=Reaction.REFUSED, field="media", source="1.10",
             reasons=_named("INVALID_IMAGE_ID", "INVALID_VIDEO_ID", "INVALID_DOCUMENT_ID")),
    ErrorRow(code="media_not_ready", reaction=Reaction.NOT_DONE, reasons=_named("MEDIA_ASSET_WAITING_UPLOAD"), retry_after=10.0,
             source="1.10"),
    ErrorRow(code=PROCESSING_FAILED, reaction=Reaction.REFUSED, reasons=_named("MEDIA_ASSET_PROCESSING_FAILED"), field="media",
             source="1.10", remediation="Check that the file plays or opens; another encoding may help."),
)  # fmt: skip

CONTENT: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="duplicate_post", reaction=Reaction.TAKEN, reasons=_named("DUPLICATE_POST"), source="1.11",
        remediation="LinkedIn refuses a text that was just posted by the same author: change it, or leave it at the post that is there.",
    ),
    ErrorRow(code="text_too_long", reaction=Reaction.REFUSED, reasons=_named("FIELD_LENGTH_TOO_LONG"), source="1.10",
             remediation="Shorten it."),
    ErrorRow(
        code="invalid_request", reaction=Reaction.REFUSED, source="1.10",
        reasons=_named("MISSING_FIELD", "INVALID_VALUE_FOR_FIELD", "INVALID_VALUE_BLANK_FIELD", "INVALID_URN_TYPE", "INVALID_URN_ID"),
    ),
    ErrorRow(code="request_defect", reaction=Reaction.REFUSED, reasons=_named("ILLEGAL_ARGUMENT", "PARAM_INVALID", SCHEMA),
             remediation=DEFECT, source="1.10"),
    ErrorRow(code="request_defect", reaction=Reaction.REFUSED, statuses=_is(405, 411, 413, 415), remediation=DEFECT, source="1.10"),
    ErrorRow(code="conflict", reaction=Reaction.NOT_DONE, statuses=_is(409), retry_after=5.0, source="1.10"),
    ErrorRow(code=NOT_FOUND, reaction=Reaction.REFUSED, statuses=_is(404), source="1.10",
             means="LinkedIn does not know it: it was deleted, or the URN is wrong."),
    ErrorRow(code="refused_by_platform", reaction=Reaction.REFUSED, source="1.10"),
)  # fmt: skip

BY_NAME: tuple[ErrorRow, ...] = BUSY + VERSIONS + TOKENS + PERMISSIONS + MEDIA + CONTENT
ERRORS: tuple[ErrorRow, ...] = throttles(CREATE) + BY_NAME

TOKEN_ERRORS: tuple[ErrorRow, ...] = (
    *BUSY,
    ErrorRow(code="rate_limited", reaction=Reaction.THROTTLE, statuses=_is(429), retry_after=BURST, scope=Scope.APP, source="1.9"),
    ErrorRow(
        code="needs_operator", reaction=Reaction.CURE, cure=Cure.OPERATOR, scope=Scope.APP, source="1.1",
        reasons=_named("invalid_client", "unauthorized_client", "access_denied"),
        means="LinkedIn does not accept this app's client id or secret.",
        remediation="Check LINKEDIN_CLIENT_ID and LINKEDIN_CLIENT_SECRET; no customer needs to reconnect.",
    ),
    ErrorRow(code="oauth_request_refused", reaction=Reaction.REFUSED, reasons=_named("unsupported_grant_type"), source="1.1"),
    ErrorRow(code="oauth_request_refused", reaction=Reaction.REFUSED, says=_parameter_missing, source="1.1"),
    # LinkedIn has no `invalid_grant`: every other 400 to a refresh is a dead refresh token.
    ErrorRow(
        code="needs_reconnect", reaction=Reaction.CURE, cure=Cure.RECONNECT, statuses=_is(400, 401), scope=Scope.CREDENTIAL, source="1.1",
        means="LinkedIn no longer honours this connection: it was revoked, or its year is over.", remediation=RECONNECT,
    ),
    ErrorRow(code="oauth_request_refused", reaction=Reaction.REFUSED, source="1.1"),
)  # fmt: skip
