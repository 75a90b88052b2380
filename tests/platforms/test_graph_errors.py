"""Every row of Meta's common error tables, each by an answer that was documented or seen (contract meta A5, A6)."""

import json
from typing import Any

import pytest

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Published
from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.platforms.call import Harmless, Reply, Verdict, Visible
from waooaw_social.platforms.graph.errors import COMMON, MAY_BE_LIVE, explains, says
from waooaw_social.platforms.manifest import explain_by

R = Reaction


def graph(code: int, subcode: int | None = None, message: str = "no", status: int = 400, **more: Any) -> Reply:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"} | more
    return Reply(status, {}, json.dumps({"error": error | ({"error_subcode": subcode} if subcode else {})}).encode())


PROOF = "API calls from the server require an appsecret_proof argument"
AS_PAGE = "(#200) Unpublished posts must be posted to a page as the page itself."
HTML = Reply(502, {"content-type": "text/html"}, b"<html>502 Bad Gateway</html>")

# answer, our code, reaction, scope
SEEN: list[tuple[Reply, str, Reaction, Scope]] = [
    (graph(4, 1504022), "throttled", R.THROTTLE, Scope.ACCOUNT),
    (graph(4, 2207051, status=403), "action_blocked", R.EXHAUSTED, Scope.ACCOUNT),
    (graph(4, status=403), "app_rate_limited", R.EXHAUSTED, Scope.APP),
    *[(graph(code), "rate_limited", R.EXHAUSTED, Scope.ACCOUNT) for code in (17, 32, 80001, 80002)],
    (graph(80002, 2446079), "rate_limited", R.EXHAUSTED, Scope.ACCOUNT),
    *[(graph(code), "rate_limited", R.THROTTLE, Scope.ACCOUNT) for code in (613, 80004)],
    (graph(613, 1996), "rate_limited", R.THROTTLE, Scope.ACCOUNT),
    (graph(341), "publishing_limit", R.EXHAUSTED, Scope.ACCOUNT),
    (graph(368, 1390008), "temporarily_blocked", R.EXHAUSTED, Scope.ACCOUNT),
    *[(graph(190, subcode), "account_checkpoint", R.NOT_DONE, Scope.CREDENTIAL) for subcode in (459, 464)],
    *[(graph(190, subcode), "needs_reconnect", R.CURE, Scope.CREDENTIAL) for subcode in (458, 460, 492)],
    *[(graph(190, subcode, status=401), "token_expired", R.REFRESH, Scope.CREDENTIAL) for subcode in (None, 463, 467)],
    (graph(102), "token_expired", R.REFRESH, Scope.CREDENTIAL),
    (graph(210), "page_token_required", R.CURE, Scope.CREDENTIAL),
    (graph(200, message=AS_PAGE, status=403), "page_token_required", R.CURE, Scope.CREDENTIAL),
    (graph(10, status=403), "missing_permission", R.CURE, Scope.CREDENTIAL),
    *[(graph(code, status=403), "missing_permission", R.CURE, Scope.CREDENTIAL) for code in (200, 220, 299)],
    (graph(100, message=PROOF), "needs_operator", R.CURE, Scope.APP),
    (graph(3), "needs_operator", R.CURE, Scope.APP),
    (graph(506), "duplicate_post", R.TAKEN, Scope.REQUEST),
    *[(graph(code), "deprecated", R.REFUSED, Scope.REQUEST) for code in (12, 2500)],
    (graph(1609005), "link_unreadable", R.REFUSED, Scope.REQUEST),
    (graph(100, 33), "not_found", R.REFUSED, Scope.REQUEST),
    *[(graph(code), "not_found", R.REFUSED, Scope.REQUEST) for code in (803, 110)],
    (graph(100), "invalid_request", R.REFUSED, Scope.REQUEST),
    *[(graph(code, status=500), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM) for code in (1, 2)],
    (HTML, "platform_unavailable", R.UNKNOWN, Scope.PLATFORM),
    (Reply(408), "platform_unavailable", R.UNKNOWN, Scope.PLATFORM),
    (Reply(429), "rate_limited", R.THROTTLE, Scope.APP),
    (Reply(401), "token_expired", R.REFRESH, Scope.CREDENTIAL),
    (graph(77), "refused_by_platform", R.REFUSED, Scope.REQUEST),
]  # fmt: skip

# What the same kind of answer means of a call that publishes: it may be live all the same.
ON_PUBLISHING: list[tuple[Reply, str]] = [
    (graph(4, 2207051, "Application request limit reached", 403, error_user_title="action is blocked"), "action_blocked"),
    *[(graph(code, status=500), "platform_unavailable") for code in (1, 2, -1)],
    *[(Reply(status), "platform_unavailable") for status in (302, 400, 401, 403, 404, 408, 500, 502, 503, 599)],
    (HTML, "platform_unavailable"),
    (Reply(200, {}, b'{"success": false}'), "not_confirmed"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "code", "reaction", "scope"), SEEN, ids=lambda value: str(value)[:40])
def test_every_answer_is_understood(reply: Reply, code: str, reaction: Reaction, scope: Scope) -> None:
    refusal = explain_by(COMMON, says(reply))
    assert (refusal.code, refusal.reaction, refusal.scope) == (code, reaction, scope)
    assert refusal.message


def test_no_row_of_the_tables_is_without_an_example() -> None:
    matched = {next(i for i, row in enumerate(COMMON) if row.matches(says(reply))) for reply, *_ in SEEN}
    assert [row for i, row in enumerate(COMMON) if i not in matched] == []
    matched = {next(i for i, row in enumerate(MAY_BE_LIVE) if row.matches(says(reply))) for reply, _ in ON_PUBLISHING}
    assert matched == set(range(len(MAY_BE_LIVE)))


def visible() -> Visible:
    def never(_: Any) -> Any:
        yield from ()
        return Verdict.UNSURE

    return Visible(reconcile=never, published=lambda _: Published(post_id=RemoteId("1")))


@pytest.mark.parametrize(("reply", "code"), ON_PUBLISHING, ids=lambda value: str(value)[:40])
def test_what_may_be_live_is_unknown_on_a_call_that_publishes(reply: Reply, code: str) -> None:
    refusal = explains((), visible())(reply)
    assert (refusal.code, refusal.reaction) == (code, R.UNKNOWN)


def test_a_429_certainly_did_nothing_even_on_a_call_that_publishes() -> None:
    assert explains((), visible())(Reply(429)).reaction is R.THROTTLE


def test_the_block_of_an_account_is_told_with_the_doubt_so_that_nothing_more_is_published_meanwhile() -> None:
    refusal = explains((), visible())(graph(4, 2207051, status=403))
    assert (refusal.bucket, refusal.retry_after) == ("publishing", 24 * 3600.0)
    assert explains((), Harmless())(graph(4, 2207051)).reaction is R.EXHAUSTED


def test_who_has_to_act_is_named() -> None:
    assert explain_by(COMMON, says(graph(100, message=PROOF))).cure is Cure.OPERATOR
    assert explain_by(COMMON, says(graph(190, 460))).cure is Cure.RECONNECT


def test_the_right_bucket_is_blocked_and_no_other_customers() -> None:
    buckets = {code: explain_by(COMMON, says(graph(code))).bucket for code in (4, 17, 32, 80001, 341, 368)}
    assert buckets == {
        4: "app calls",
        17: "account calls",
        32: "account calls",
        80001: "account calls",
        341: "publishing",
        368: "publishing",
    }


def test_what_is_meant_for_people_is_told_before_what_is_meant_for_programs() -> None:
    reply = graph(77, message="Invalid parameter", error_user_title="No", error_user_msg="Your photo is too dark.")
    assert explain_by(COMMON, says(reply)).message == "Your photo is too dark."


def test_the_code_stands_beside_ours() -> None:
    refusal = explain_by(COMMON, says(graph(190, 460)))
    assert (refusal.platform_code, refusal.status) == ("190/460", 400)


ENVELOPES: list[tuple[bytes, str, str, str]] = [
    (b'{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found"}', "OAuthException", "Matching code was not found", ""),
    (b'{"debug_info":{"retriable":true,"type":"OffsetInvalidError","message":"{\\"message\\":\\"wrong\\"}"}}', "OffsetInvalidError", "wrong", "retriable"),
    (b'{"debug_info":{"retriable":false,"type":"ProcessingFailedError","message":"no"}}', "ProcessingFailedError", "no", ""),
    (b'{"debug_info":{"type":"X","message":"[1]"}}', "X", "[1]", ""),
    (b'{"success":false}', "success:false", "The platform says that it did not succeed.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("body", "reason", "message", "detail"), ENVELOPES)
def test_every_envelope_is_read(body: bytes, reason: str, message: str, detail: str) -> None:
    said = says(Reply(400, {"retry-after": "7"}, body))
    assert (said.reason, said.message, said.detail, said.retry_after) == (reason, message, detail, 7)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"error": null}', b'{"error": "x"}', b'{"error": []}', b'{"error": {"code": {}}}', b"\xff\xfe", b"{"],
)  # fmt: skip
def test_no_body_is_too_strange_to_be_read(body: bytes) -> None:
    assert explain_by(COMMON, says(Reply(403, {}, body))).code == "refused_by_platform"


def test_retry_after_is_honoured_where_it_comes() -> None:
    reply = Reply(400, {"retry-after": "12"}, graph(80001).body)
    assert explain_by(COMMON, says(reply)).retry_after == 12
