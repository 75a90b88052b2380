"""Every row of Instagram's error table, each by an answer that was seen or documented (contract meta A5, A6, A8)."""

import json
from typing import Any

import pytest

from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.platforms.call import Harmless, Reply, Visible, Wasteful
from waooaw_social.platforms.graph.errors import MAY_BE_LIVE, explains, says
from waooaw_social.platforms.instagram import calls
from waooaw_social.platforms.instagram.errors import OWN
from waooaw_social.platforms.instagram.manifest import MANIFEST
from waooaw_social.platforms.instagram.replies import Code, State, went_out

R, S = Reaction, Scope
HOUR = 3600.0


def no(code: int, subcode: int | None = None, message: str = "no", status: int = 400, **headers: str) -> Reply:
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return Reply(
        status, headers, json.dumps({"error": error | ({"error_subcode": subcode} if subcode else {})}).encode()
    )


def upload(kind: str, message: str = "no", status: int = 400) -> Reply:
    debug = {"retriable": False, "type": kind, "message": message}
    return Reply(status, {}, json.dumps({"debug_info": debug}).encode())


HTML = Reply(502, {"content-type": "text/html"}, b"<html>Bad Gateway</html>")

# answer, our code, reaction, scope: on a call that shows nothing to anybody
SEEN: list[tuple[Reply, str, Reaction, Scope]] = [
    (no(-2, 2207003), "media_unreachable", R.NOT_DONE, S.REQUEST),
    (no(-2, 2207020), "container_gone", R.TAKEN, S.REQUEST),
    (no(-1, 2207001), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(-1, 2207032), "processing_failed", R.NOT_DONE, S.REQUEST),
    (no(-1, 2207053), "processing_failed", R.NOT_DONE, S.REQUEST),
    (no(-1, 2207073), "not_deletable", R.REFUSED, S.REQUEST),
    (no(-1), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(1, 2207057), "invalid_thumb_offset", R.REFUSED, S.REQUEST),
    (no(1), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(2, status=500), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(3), "needs_operator", R.CURE, S.APP),
    (no(4, 2207051, status=403), "action_blocked", R.EXHAUSTED, S.ACCOUNT),
    (no(4, 1504022), "throttled", R.THROTTLE, S.ACCOUNT),
    (no(4, status=403), "app_rate_limited", R.EXHAUSTED, S.APP),
    (no(9, 2207042), "publishing_limit", R.EXHAUSTED, S.ACCOUNT),
    (no(10, status=403), "missing_permission", R.CURE, S.CREDENTIAL),
    (no(10, 2207081), "unsupported_by_account", R.REFUSED, S.ACCOUNT),
    (no(12), "deprecated", R.REFUSED, S.REQUEST),
    (no(17), "rate_limited", R.EXHAUSTED, S.ACCOUNT),
    (no(24, 2207006), "container_gone", R.TAKEN, S.REQUEST),
    (no(24, 2207008), "container_gone", R.TAKEN, S.REQUEST),
    (no(24), "container_gone", R.TAKEN, S.REQUEST),
    (no(25, 2207050), "account_restricted", R.NOT_DONE, S.ACCOUNT),
    (no(32), "rate_limited", R.EXHAUSTED, S.ACCOUNT),
    (no(100, 33), "not_found", R.REFUSED, S.REQUEST),
    (no(100, 2207018), "invalid_collaborator", R.REFUSED, S.REQUEST),
    (no(100, 2207023), "request_defect", R.REFUSED, S.REQUEST),
    (no(100, 2207028), "carousel_items", R.REFUSED, S.REQUEST),
    *[(no(100, sub), "invalid_tags", R.REFUSED, S.REQUEST) for sub in (2207035, 2207036, 2207037, 2207040)],
    (no(100, None, "INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID"), "invalid_location", R.REFUSED, S.REQUEST),
    (no(100, None, "The user is not an Instagram Business"), "not_professional", R.CURE, S.ACCOUNT),
    (no(100, None, "Unsupported request - method type: get"), "needs_operator", R.CURE, S.APP),
    (no(100, None, "Invalid appsecret_proof provided in the API argument"), "needs_operator", R.CURE, S.APP),
    (no(100, None, "The parameter image_url is required."), "invalid_request", R.REFUSED, S.REQUEST),
    (no(102), "token_expired", R.REFRESH, S.CREDENTIAL),
    (no(110), "not_found", R.REFUSED, S.REQUEST),
    (no(190), "token_expired", R.REFRESH, S.CREDENTIAL),
    *[(no(190, sub), "needs_reconnect", R.CURE, S.CREDENTIAL) for sub in (458, 460, 492)],
    *[(no(190, sub), "account_checkpoint", R.NOT_DONE, S.CREDENTIAL) for sub in (459, 464)],
    *[(no(190, sub), "token_expired", R.REFRESH, S.CREDENTIAL) for sub in (463, 467)],
    (no(200, None, "(#200) The permission is not available."), "missing_permission", R.CURE, S.CREDENTIAL),
    (no(200, None, "Unpublished posts must be posted to a page as the page itself."), "page_token_required", R.CURE, S.CREDENTIAL),
    (no(210), "page_token_required", R.CURE, S.CREDENTIAL),
    (no(299), "missing_permission", R.CURE, S.CREDENTIAL),
    (no(341), "publishing_limit", R.EXHAUSTED, S.ACCOUNT),
    (no(352, 2207026), "video_format", R.REFUSED, S.REQUEST),
    (no(368), "temporarily_blocked", R.EXHAUSTED, S.ACCOUNT),
    (no(368, 1390008), "temporarily_blocked", R.EXHAUSTED, S.ACCOUNT),
    (no(506), "duplicate_post", R.TAKEN, S.REQUEST),
    (no(613), "rate_limited", R.THROTTLE, S.ACCOUNT),
    (no(803), "not_found", R.REFUSED, S.REQUEST),
    (no(2500), "deprecated", R.REFUSED, S.REQUEST),
    (no(9004, 2207052), "media_unreachable", R.NOT_DONE, S.REQUEST),
    (no(9004), "media_unreachable", R.NOT_DONE, S.REQUEST),
    (no(9007, 2207027), "not_ready", R.NOT_DONE, S.REQUEST),
    (no(9007), "not_ready", R.NOT_DONE, S.REQUEST),
    (no(9007, 2207076), "video_format", R.REFUSED, S.REQUEST),
    (no(9007, 2207085), "video_format", R.REFUSED, S.REQUEST),
    (no(9007, 2207077), "media_unreachable", R.NOT_DONE, S.REQUEST),
    (no(9007, 2207082), "processing_failed", R.NOT_DONE, S.REQUEST),
    (no(36000, 2207004), "image_too_large", R.REFUSED, S.REQUEST),
    (no(36001, 2207005), "image_format", R.REFUSED, S.REQUEST),
    (no(36003, 2207009), "image_ratio", R.REFUSED, S.REQUEST),
    (no(36004, 2207010), "caption_too_long", R.REFUSED, S.REQUEST),
    (no(80002), "rate_limited", R.EXHAUSTED, S.ACCOUNT),
    (no(80002, 2446079), "rate_limited", R.EXHAUSTED, S.ACCOUNT),
    (no(80004), "rate_limited", R.THROTTLE, S.ACCOUNT),
    (no(1609005), "link_unreadable", R.REFUSED, S.REQUEST),
    (upload("ProcessingFailedError", '{"message": "Request processing failed"}'), "upload_failed", R.REFUSED, S.REQUEST),
    (upload("OffsetInvalidError"), "upload_incomplete", R.NOT_DONE, S.REQUEST),
    (upload("PartialRequestError"), "upload_incomplete", R.NOT_DONE, S.REQUEST),
    *[(Reply(status), "platform_unavailable", R.UNKNOWN, S.PLATFORM) for status in (408, 500, 503, 504)],
    (HTML, "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (Reply(429), "rate_limited", R.THROTTLE, S.APP),
    (Reply(401), "token_expired", R.REFRESH, S.CREDENTIAL),
    (Reply(400, {}, b'{"success": false}'), "refused_by_platform", R.REFUSED, S.REQUEST),
    (Reply(418), "refused_by_platform", R.REFUSED, S.REQUEST),
    (no(99999), "refused_by_platform", R.REFUSED, S.REQUEST),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "code", "reaction", "scope"), SEEN, ids=lambda value: str(getattr(value, "body", value))[:60]
)
def test_every_answer_is_understood(reply: Reply, code: str, reaction: Reaction, scope: Scope) -> None:
    for call in (Harmless(), Wasteful(good_for=1.0)):
        refusal = explains(OWN, call)(reply)
        assert (refusal.code, refusal.reaction, refusal.scope) == (code, reaction, scope)
        assert refusal.message and "<" not in refusal.message
    assert MANIFEST.explain(reply).code == code


OF_CONTAINERS = [
    ("Error: Media upload has failed with error code 2207076", "video_format", R.REFUSED),
    ("Error: Media upload has failed with error code 2207085", "video_format", R.REFUSED),
    ("2207026", "video_format", R.REFUSED),
    ("2207053", "processing_failed", R.NOT_DONE),
    ("Error: Media upload has failed with error code 2207082", "processing_failed", R.NOT_DONE),
    ("Error: Media upload has failed with error code 2207003", "media_unreachable", R.NOT_DONE),
    ("Error: Media upload has failed with error code 2207077", "media_unreachable", R.NOT_DONE),
    ("Error: 2207001", "platform_unavailable", R.UNKNOWN),
    ("Error: something else", "processing_failed", R.REFUSED),
    ("", "processing_failed", R.REFUSED),
]


@pytest.mark.parametrize(("text", "code", "reaction"), OF_CONTAINERS)
def test_the_status_text_of_a_container_is_understood_by_the_same_rows(
    text: str, code: str, reaction: Reaction
) -> None:
    refusal = calls.why_failed(State(code=Code.ERROR, text=text))
    assert (refusal.code, refusal.reaction) == (code, reaction) and refusal.message


def test_no_row_of_the_table_is_without_an_example() -> None:
    rows = MANIFEST.errors
    matched = {next(i for i, row in enumerate(rows) if row.matches(says(reply))) for reply, *_ in SEEN}
    container = next(i for i, row in enumerate(rows) if "container" in row.reasons)
    assert [row for i, row in enumerate(rows) if i not in matched | {container}] == []


# On the call that publishes: what may be live all the same comes before everything else.
VISIBLE = Visible(reconcile=lambda _: iter(()), published=went_out)  # type: ignore[arg-type]
LIVE: list[tuple[Reply, str, Reaction]] = [
    (no(4, 2207051, status=403), "action_blocked", R.UNKNOWN),
    (no(1), "platform_unavailable", R.UNKNOWN),
    (no(2, status=500), "platform_unavailable", R.UNKNOWN),
    (no(-1, 2207001), "platform_unavailable", R.UNKNOWN),
    (HTML, "platform_unavailable", R.UNKNOWN),
    (Reply(408), "platform_unavailable", R.UNKNOWN),
    (Reply(200, {}, b'{"success": false}'), "not_confirmed", R.UNKNOWN),
    (no(9007, 2207027), "not_ready", R.NOT_DONE),
    (no(24, 2207008), "container_gone", R.TAKEN),
    (no(24, 2207006), "container_gone", R.TAKEN),
    (no(-2, 2207020), "container_gone", R.TAKEN),
    (no(9, 2207042), "publishing_limit", R.EXHAUSTED),
    (no(25, 2207050), "account_restricted", R.NOT_DONE),
    (no(190), "token_expired", R.REFRESH),
]


@pytest.mark.parametrize(("reply", "code", "reaction"), LIVE, ids=lambda value: str(getattr(value, "body", value))[:60])
def test_a_no_to_the_call_that_publishes_may_hide_a_post(reply: Reply, code: str, reaction: Reaction) -> None:
    refusal = explains(OWN, VISIBLE)(reply)
    assert (refusal.code, refusal.reaction) == (code, reaction)


def test_every_row_of_what_may_be_live_has_an_example() -> None:
    matched = {next((i for i, row in enumerate(MAY_BE_LIVE) if row.matches(says(reply))), -1) for reply, *_ in LIVE}
    assert matched >= set(range(len(MAY_BE_LIVE)))


def test_how_long_to_wait_and_whose_it_is() -> None:
    blocked, full = MANIFEST.explain(no(4, 2207051)), MANIFEST.explain(no(9, 2207042))
    assert (blocked.bucket, blocked.retry_after) == ("publishing", 24 * HOUR)
    assert (full.bucket, full.retry_after) == ("publishing", HOUR / 2)
    assert MANIFEST.explain(no(25, 2207050)).retry_after == HOUR
    assert MANIFEST.explain(no(80002)).bucket == "account calls" and MANIFEST.explain(no(4)).bucket == "app calls"
    assert MANIFEST.explain(no(100, None, "Unsupported request - method type: get")).cure is Cure.OPERATOR
    assert MANIFEST.explain(no(613, **{"retry-after": "7"})).retry_after == 7
