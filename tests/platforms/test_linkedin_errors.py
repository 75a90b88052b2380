"""Every row of LinkedIn's error tables, each by an answer that was documented or seen (contract linkedin_whatsapp 1.1, 1.3, 1.9, 1.10)."""

import json

import pytest

from platforms.linkedin_replies import FORBIDDEN, no, ok, wrong_input
from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.platforms.call import Harmless, Reply, Visible
from waooaw_social.platforms.linkedin.errors import (
    CREATE,
    FINDER,
    MAY_BE_LIVE,
    TOKEN_ERRORS,
    explain_token,
    explains,
    says,
)
from waooaw_social.platforms.linkedin.manifest import MANIFEST
from waooaw_social.platforms.linkedin.replies import went_out

R, S = Reaction, Scope
VISIBLE = Visible(reconcile=lambda _: iter(()), published=went_out)  # pyright: ignore[reportArgumentType]


def day(whose: str) -> Reply:
    return no(429, "TOO_MANY_REQUESTS", f"Resource level throttle {whose} DAY limit for calls to this resource is reached.", 101)  # fmt: skip


def oauth(status: int, error: str, description: str = "no") -> Reply:
    return ok({"error": error, "error_description": description}, status)


# answer, our code, reaction, scope
SEEN: list[tuple[Reply, str, Reaction, Scope]] = [
    (day("APPLICATION"), "quota_exhausted", R.EXHAUSTED, S.APP),
    *[(day(whose), "member_quota_exhausted", R.EXHAUSTED, S.ACCOUNT) for whose in ("MEMBER", "APPLICATION_AND_MEMBER")],
    (no(429, message="Too many requests in a short time", service=101), "rate_limited", R.THROTTLE, S.APP),
    (Reply(429, {}, b"<html>"), "rate_limited", R.THROTTLE, S.APP),
    *[(no(status), "platform_unavailable", R.UNKNOWN, S.PLATFORM) for status in (500, 503, 504)],
    (Reply(502, {}, b"<html>"), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(426, "NONEXISTENT_VERSION", "Requested version 202409 is not active"), "api_version_retired", R.CURE, S.PLATFORM),
    (no(400, "VERSION_MISSING"), "api_version_missing", R.CURE, S.PLATFORM),
    (no(401, service=401, message="Empty oauth2_access_token"), "token_required", R.CURE, S.PLATFORM),
    *[(no(401, service=service), "token_expired", R.REFRESH, S.CREDENTIAL) for service in (65600, 65601, 65602)],
    (no(403, "ACCESS_DENIED", "Accessing this image resource is forbidden or the image is not ready yet."), "media_not_ready", R.NOT_DONE, S.REQUEST),
    (no(404, "NOT_FOUND", "Unable to obtain activity"), "media_not_ready", R.NOT_DONE, S.REQUEST),
    *[(no(status, "EXPIRED_UPLOAD_URL"), "upload_url_expired", R.REFUSED, S.REQUEST) for status in (400, 403)],
    (FORBIDDEN, "missing_permission", R.CURE, S.CREDENTIAL),
    *[(wrong_input(f"INVALID_{kind}_ID"), "asset_unknown", R.REFUSED, S.REQUEST) for kind in ("IMAGE", "VIDEO", "DOCUMENT")],
    (wrong_input("MEDIA_ASSET_WAITING_UPLOAD"), "media_not_ready", R.NOT_DONE, S.REQUEST),
    (wrong_input("MEDIA_ASSET_PROCESSING_FAILED"), "processing_failed", R.REFUSED, S.REQUEST),
    (wrong_input("DUPLICATE_POST", "Content is a duplicate of urn:li:share:1", status=422), "duplicate_post", R.TAKEN, S.REQUEST),
    (wrong_input("FIELD_LENGTH_TOO_LONG"), "text_too_long", R.REFUSED, S.REQUEST),
    *[(wrong_input(code), "invalid_request", R.REFUSED, S.REQUEST) for code in ("MISSING_FIELD", "INVALID_URN_ID")],
    (no(400, "ILLEGAL_ARGUMENT"), "request_defect", R.REFUSED, S.REQUEST),
    (no(422, message="ERROR :: /author :: field is required but not found"), "request_defect", R.REFUSED, S.REQUEST),
    *[(no(status), "request_defect", R.REFUSED, S.REQUEST) for status in (405, 411, 413, 415)],
    (no(409, "CONFLICT"), "conflict", R.NOT_DONE, S.REQUEST),
    (no(404, "RESOURCE_NOT_FOUND"), "not_found", R.REFUSED, S.REQUEST),
    (no(400), "refused_by_platform", R.REFUSED, S.REQUEST),
]  # fmt: skip
DEAD = "The provided authorization grant or refresh token is invalid, expired or revoked."
OF_TOKENS: list[tuple[Reply, str, Reaction, Cure | None]] = [
    (oauth(500, "server_error"), "platform_unavailable", R.UNKNOWN, None),
    (no(429), "rate_limited", R.THROTTLE, None),
    *[(oauth(status, "invalid_client"), "needs_operator", R.CURE, Cure.OPERATOR) for status in (400, 401)],
    (oauth(400, "unsupported_grant_type"), "oauth_request_refused", R.REFUSED, None),
    (oauth(400, "invalid_request", 'A required parameter "client_id" is missing'), "oauth_request_refused", R.REFUSED, None),
    (oauth(400, "invalid_request", DEAD), "needs_reconnect", R.CURE, Cure.RECONNECT),
    (oauth(404, ""), "oauth_request_refused", R.REFUSED, None),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "code", "reaction", "scope"), SEEN, ids=lambda value: str(value)[:30])
def test_every_answer_is_understood(reply: Reply, code: str, reaction: Reaction, scope: Scope) -> None:
    refusal = MANIFEST.explain(reply)
    assert (refusal.code, refusal.reaction, refusal.scope) == (code, reaction, scope)
    assert refusal.message


@pytest.mark.parametrize(("reply", "code", "reaction", "cure"), OF_TOKENS, ids=lambda value: str(value)[:30])
def test_every_answer_of_the_token_endpoint_is_understood(
    reply: Reply, code: str, reaction: Reaction, cure: Cure | None
) -> None:
    refusal = explain_token(reply)
    assert (refusal.code, refusal.reaction, refusal.cure) == (code, reaction, cure)


def test_no_row_of_the_tables_is_without_an_example() -> None:
    for table, seen in ((MANIFEST.errors, [row[0] for row in SEEN]), (TOKEN_ERRORS, [row[0] for row in OF_TOKENS])):
        matched = {next(i for i, row in enumerate(table) if row.matches(says(reply))) for reply in seen}
        assert [row for i, row in enumerate(table) if i not in matched] == []


def test_a_no_without_a_name_does_not_prove_that_nothing_was_posted() -> None:
    for reply in (Reply(403, {}, b"<html>"), Reply(404), Reply(400, {}, b"{"), Reply(302), no(403)):
        assert explains(CREATE, VISIBLE)(reply).reaction is R.UNKNOWN
        assert any(row.matches(says(reply)) for row in MAY_BE_LIVE)
        assert explains(CREATE, Harmless())(reply).reaction is not R.UNKNOWN
    for reply in (Reply(401), Reply(426), Reply(429)):
        assert explains(CREATE, VISIBLE)(reply).reaction is not R.UNKNOWN
    for reply, _, reaction, _ in SEEN:
        if says(reply).reason:
            assert explains(CREATE, VISIBLE)(reply).reaction is reaction


def test_a_days_counter_is_that_of_its_endpoint() -> None:
    assert explains(FINDER, Harmless())(day("APPLICATION")).bucket == "posts.finder (app)"
    assert explains(FINDER, Harmless())(day("MEMBER")).bucket == "posts.finder (member)"


def test_the_field_that_is_wrong_is_named() -> None:
    refusal = MANIFEST.explain(wrong_input("MISSING_FIELD", "it is required", "/content/media/title"))
    assert refusal.message == "it is required (/content/media/title)"


def test_strange_bodies_are_read_all_the_same() -> None:
    bodies = ([], {"errorDetails": []}, {"errorDetails": {"inputErrors": [7]}}, {"message": None, "code": []}, "x")
    for strange in bodies:
        assert MANIFEST.explain(Reply(400, {}, json.dumps(strange).encode())).code == "refused_by_platform"
