"""Every row of WhatsApp's error table, each by an answer as the documents show it (contract linkedin_whatsapp 2.6)."""

import json
from typing import Any

import pytest

from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.platforms.call import Harmless, Reply, Visible
from waooaw_social.platforms.graph.errors import explains
from waooaw_social.platforms.whatsapp.errors import OWN, why_failed
from waooaw_social.platforms.whatsapp.manifest import MANIFEST

R, S = Reaction, Scope
VISIBLE = Visible(reconcile=lambda _: iter(()), published=lambda _: None)  # type: ignore[arg-type,return-value]


def no(code: int, status: int = 400, details: str = "", **more: Any) -> Reply:
    data = {"messaging_product": "whatsapp", "details": details} if details else {"messaging_product": "whatsapp"}
    error = {"message": f"(#{code}) Title", "type": "OAuthException", "code": code, "error_data": data, **more}
    return Reply(status, body=json.dumps({"error": error}).encode())


# answer, our code, reaction, scope
TABLE: list[tuple[Reply, str, Reaction, Scope]] = [
    (no(0, 401), "token_expired", R.REFRESH, S.CREDENTIAL),
    (no(190, 401), "token_expired", R.REFRESH, S.CREDENTIAL),
    (no(190, 401, error_subcode=463), "token_expired", R.REFRESH, S.CREDENTIAL),
    (no(190, 401, error_subcode=460), "needs_reconnect", R.CURE, S.CREDENTIAL),
    (no(3, 500), "needs_operator", R.CURE, S.APP),
    (no(10, 403), "missing_permission", R.CURE, S.CREDENTIAL),
    (no(200, 403), "missing_permission", R.CURE, S.CREDENTIAL),
    (no(299, 403), "missing_permission", R.CURE, S.CREDENTIAL),
    (no(131005, 403), "access_denied", R.CURE, S.CREDENTIAL),
    (no(33), "number_unreachable", R.CURE, S.ACCOUNT),
    (no(100, error_subcode=33), "number_unreachable", R.CURE, S.ACCOUNT),
    (no(1), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(2, 503), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(4), "app_rate_limited", R.EXHAUSTED, S.APP),
    (no(80007), "rate_limited", R.EXHAUSTED, S.ACCOUNT),
    (no(80008), "rate_limited", R.EXHAUSTED, S.ACCOUNT),
    (no(130429), "number_rate_limited", R.EXHAUSTED, S.ACCOUNT),
    (no(131056), "pair_rate_limited", R.THROTTLE, S.REQUEST),
    (no(133016), "registration_limited", R.THROTTLE, S.ACCOUNT),
    (no(131048), "number_restricted", R.REFUSED, S.ACCOUNT),
    (no(131049), "marketing_capped", R.REFUSED, S.REQUEST),
    (no(131064), "template_limit", R.THROTTLE, S.ACCOUNT),
    (no(130472), "in_experiment", R.REFUSED, S.REQUEST),
    (no(368, 403), "account_blocked", R.CURE, S.ACCOUNT),
    (no(130497, 403), "country_restricted", R.REFUSED, S.REQUEST),
    (no(131031, 403), "account_locked", R.CURE, S.ACCOUNT),
    (no(100), "invalid_request", R.REFUSED, S.REQUEST),
    (no(130403), "recipient_blocked", R.REFUSED, S.REQUEST),
    (no(131000, 500), "something_went_wrong", R.UNKNOWN, S.REQUEST),
    (no(131008), "parameter_missing", R.REFUSED, S.REQUEST),
    (no(131009), "parameter_invalid", R.REFUSED, S.REQUEST),
    (no(131016, 500), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (no(131021), "recipient_is_sender", R.REFUSED, S.REQUEST),
    (no(131026), "undeliverable", R.REFUSED, S.REQUEST),
    (no(131030), "recipient_not_allowed", R.REFUSED, S.REQUEST),
    (no(131037), "name_not_approved", R.REFUSED, S.REQUEST),
    (no(131042), "payment_problem", R.CURE, S.ACCOUNT),
    (no(131045, 500), "number_not_registered", R.CURE, S.ACCOUNT),
    (no(131047), "outside_window", R.REFUSED, S.REQUEST),
    (no(131050), "opted_out", R.REFUSED, S.REQUEST),
    (no(131051), "kind_unsupported", R.REFUSED, S.REQUEST),
    (no(131052), "media_unreadable", R.REFUSED, S.REQUEST),
    (no(131053), "media_refused", R.REFUSED, S.REQUEST),
    (no(131055), "kind_unsupported", R.REFUSED, S.REQUEST),
    (no(131060), "message_gone", R.REFUSED, S.REQUEST),
    (no(131062), "recipient_kind_unsupported", R.REFUSED, S.REQUEST),
    (no(131063), "marketing_disabled", R.REFUSED, S.REQUEST),
    (no(131057, 500), "in_maintenance", R.NOT_DONE, S.ACCOUNT),
    (no(132000), "template_parameters", R.REFUSED, S.REQUEST),
    (no(132001, 404), "template_missing", R.REFUSED, S.REQUEST),
    (no(132005), "template_too_long", R.REFUSED, S.REQUEST),
    (no(132007), "template_policy", R.REFUSED, S.REQUEST),
    *[(no(code), "template_parameters", R.REFUSED, S.REQUEST) for code in (132008, 132012, 132018)],
    (no(132015), "template_paused", R.NOT_DONE, S.REQUEST),
    (no(132016), "template_disabled", R.REFUSED, S.REQUEST),
    (no(132068), "flow_blocked", R.REFUSED, S.REQUEST),
    (no(132069), "flow_throttled", R.THROTTLE, S.REQUEST),
    (no(133000, 500), "in_maintenance", R.NOT_DONE, S.ACCOUNT),
    (no(133004, 503), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    *[(no(code), "number_unverified", R.CURE, S.ACCOUNT) for code in (133005, 133006, 133008, 133009)],
    (no(133010), "number_not_registered", R.CURE, S.ACCOUNT),
    (no(133015), "in_maintenance", R.NOT_DONE, S.ACCOUNT),
    (no(134011), "payments_unavailable", R.REFUSED, S.REQUEST),
    (no(134100), "marketing_only", R.REFUSED, S.REQUEST),
    (no(134101), "template_syncing", R.NOT_DONE, S.REQUEST),
    (no(134102, 500), "template_disabled", R.REFUSED, S.REQUEST),
    (no(135000), "parameter_invalid", R.REFUSED, S.REQUEST),
    (no(137000), "recipient_kind_unsupported", R.REFUSED, S.REQUEST),
    (no(139999), "refused_by_platform", R.REFUSED, S.REQUEST),
    (no(139999, 500), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (Reply(502, {"content-type": "text/html"}, b"<html>Bad gateway"), "platform_unavailable", R.UNKNOWN, S.PLATFORM),
    (Reply(429), "rate_limited", R.THROTTLE, S.APP),
]


@pytest.mark.parametrize(("reply", "code", "reaction", "scope"), TABLE)
def test_each_no_means_what_the_contract_says(reply: Reply, code: str, reaction: Reaction, scope: Scope) -> None:
    for if_repeated in (VISIBLE, Harmless()):
        refusal = explains(OWN, if_repeated)(reply)
        assert (refusal.code, refusal.reaction, refusal.scope) == (code, reaction, scope)
        assert (refusal.cure is not None) == (reaction is R.CURE)
        assert reaction is not R.CURE or refusal.remediation
        assert reaction is not R.THROTTLE or refusal.retry_after or reply.status == 429


def test_every_own_row_has_an_example() -> None:
    said = [MANIFEST.says(reply) for reply, *_ in TABLE]
    first = {next(row for row in MANIFEST.errors if row.matches(one)).code for one in said}
    assert {row.code for row in OWN} <= first


NEVER_AGAIN = (131026, 131030, 131047, 131048, 131049, 131050, 130403, 130472, 130497, 131051, 132000, 132001, 132016)


@pytest.mark.parametrize("code", NEVER_AGAIN)
def test_what_must_never_be_sent_again_is_refused_for_good(code: int) -> None:
    refusal = explains(OWN, VISIBLE)(no(code))
    assert refusal.reaction is R.REFUSED and refusal.retry_after is None and refusal.cure is None


def test_a_pair_that_is_too_fast_waits_alone_and_a_number_that_is_too_fast_waits_whole() -> None:
    pair, number = explains(OWN, VISIBLE)(no(131056)), explains(OWN, VISIBLE)(no(130429))
    assert (pair.bucket, pair.retry_after) == (None, 6.0)
    assert (number.bucket, number.retry_after) == ("publishing", 1.0)


def test_the_details_are_what_a_person_is_told() -> None:
    refusal = explains(OWN, VISIBLE)(no(131009, details="Parameter text['body'] must be a string."))
    assert refusal.message == "Parameter text['body'] must be a string." and refusal.platform_code == "131009"


def test_a_failed_status_is_read_by_the_same_table() -> None:
    why = why_failed("131047", "Re-engagement message", "More than 24 hours have passed")
    assert (why.code, why.reaction, why.cure) == ("outside_window", R.REFUSED, None) and "template" in why.remediation
    assert why_failed("131031", "Locked", "").cure is Cure.OPERATOR
    assert why_failed("4711", "Something", "new").message == "new"
