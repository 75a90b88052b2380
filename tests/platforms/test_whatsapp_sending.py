"""The one visible call: its mark, what is asked before it, and what is known of it when no answer came (contract linkedin_whatsapp 2.3, 2.8)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from platforms.script import play, reconcile
from platforms.test_whatsapp_messages import ACCEPTED, NUMBER, TO, publication
from waooaw_social.core.refusal import Cure
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Call, Harmless, Reply, Verdict
from waooaw_social.platforms.kit import Grant, NoRefresh, OAuthClient
from waooaw_social.platforms.whatsapp import account, kit, reading, webhook
from waooaw_social.platforms.whatsapp.callback import publication_of
from waooaw_social.platforms.whatsapp.delivery import proof_key, window_key

APP = OAuthClient(client_id="1", client_secret=Secret("test_app_secret"))
GRANT = Grant(access_token=Secret("EAAtoken"))
WABA = {"waba_id": "4711"}


def message(**more: Any) -> Call[Any]:
    (call,) = play(kit().publish(publication("text", text="hi", **more)), [ACCEPTED]).calls
    return call


def status(**more: Any) -> dict[str, Any]:
    """A kept status, as `hear` would keep it."""
    return {"message_id": "wamid.B==", "status": "sent", "at": 5.0, "number": NUMBER, "recipient": TO[1:], "user_id": "", "errors": []} | more  # fmt: skip


# --- the mark -----------------------------------------------------------------------------------------------------------------


def test_the_mark_is_signed_when_the_message_leaves_and_proves_the_publication_for_its_number_only() -> None:
    signed = kit().sign(message().request, GRANT, APP)
    body = json.loads(signed.body)  # type: ignore[arg-type]
    mark = body["biz_opaque_callback_data"]
    assert body["text"]["body"] == "hi" and len(mark) < 512
    secrets = [Secret("newer"), APP.client_secret]
    assert publication_of(mark, NUMBER, secrets) == "pub_1"
    assert publication_of(mark, "999", secrets) is None
    assert publication_of(mark, NUMBER, [Secret("another")]) is None
    assert publication_of(mark.replace("pub_1", "pub_2"), NUMBER, secrets) is None
    assert publication_of("w1:pub_1", NUMBER, secrets) is None
    assert signed.headers["authorization"] == "Bearer EAAtoken" and "appsecret_proof" in signed.params


def test_without_an_app_nothing_is_signed_and_so_nothing_can_be_claimed() -> None:
    body = json.loads(kit().sign(message().request, GRANT, None).body)  # type: ignore[arg-type]
    assert body["biz_opaque_callback_data"] == "w1:pub_1"


# --- when no answer came ------------------------------------------------------------------------------------------------------


def test_a_status_with_our_mark_is_the_answer_that_was_lost() -> None:
    found = reconcile(message(), [], inbox={proof_key("pub_1"): status()}, age=60.0)  # type: ignore[arg-type]
    assert isinstance(found, Reply)
    call = message()
    assert call.understand(found).post_id == "wamid.B==" and call.understand(found).notes == ()


def test_a_message_that_failed_since_was_accepted_and_is_never_sent_again() -> None:
    error = {"code": "131047", "title": "Re-engagement message", "error_data": {"details": ""}}
    failed = status(status="failed", errors=[error])
    found = reconcile(message(), [], inbox={proof_key("pub_1"): failed}, age=5000.0)  # type: ignore[arg-type]
    assert isinstance(found, Reply)
    (note,) = message().understand(found).notes
    assert "24 hours" in note


@pytest.mark.parametrize("foreign", [{"number": "999"}, {"recipient": "15550100999"}])
def test_a_status_from_another_number_or_about_another_recipient_proves_nothing(foreign: dict[str, str]) -> None:
    inbox = {proof_key("pub_1"): status(**foreign)}  # type: ignore[arg-type]
    assert reconcile(message(), [], inbox=inbox, age=60.0) is Verdict.LATER
    assert reconcile(message(), [], inbox=inbox, age=901.0) is Verdict.UNSURE


@pytest.mark.parametrize(
    ("to", "wa_id"),
    [("+5215512345678", "525512345678"), ("+525512345678", "5215512345678"), ("+5491123456789", "541123456789"), ("+5511987654321", "551187654321"), (TO, "")],
)  # fmt: skip
def test_a_digit_that_comes_and_goes_and_a_hidden_number_are_the_same_person(to: str, wa_id: str) -> None:
    assert webhook.fits(status(recipient=wa_id), publication("text", text="hi", to=to))


@pytest.mark.parametrize(
    ("said", "metadata", "end"),
    [
        ({}, {}, Verdict.UNSURE),
        ({"on_silence": "resend"}, {}, Verdict.ABSENT),
        ({}, {"on_silence": "resend"}, Verdict.ABSENT),
        ({"on_silence": "unresolved"}, {"on_silence": "resend"}, Verdict.UNSURE),
    ],
)
def test_silence_means_what_the_order_or_the_connection_says(said: Any, metadata: Any, end: Verdict) -> None:
    call = message(metadata=metadata, **said)
    assert reconcile(call, [], age=899.0) is Verdict.LATER
    assert reconcile(call, [], age=900.0) is end


def test_the_wait_can_be_another_and_patience_outlasts_it() -> None:
    call = message(silence_seconds=3600)
    assert reconcile(call, [], age=3599.0) is Verdict.LATER and reconcile(call, [], age=3600.0) is Verdict.UNSURE
    assert call.if_repeated.patience > 3600  # type: ignore[union-attr]


def test_the_same_reaction_twice_is_one_reaction() -> None:
    said = publication("reaction", text="👍", message_id="wamid.Q=")
    assert reconcile(play(kit().publish(said), [ACCEPTED]).calls[0], [], age=900.0) is Verdict.ABSENT


# --- before it goes -----------------------------------------------------------------------------------------------------------


def test_outside_the_window_only_templates_go_where_it_is_known_when_somebody_last_wrote() -> None:
    key = window_key(NUMBER, TO[1:])
    said = publication("text", text="hi")
    closed = play(kit().publish(said), [], inbox={key: {"at": 0, "age": 24 * 3600.0 - 200}})
    assert closed.refused and closed.refused.refusal.code == "outside_window" and not closed.calls
    assert play(kit().publish(said), [ACCEPTED], inbox={key: {"at": 0, "age": 3600.0}}).result
    assert play(kit().publish(publication("text", text="hi", regardless_of_window=True)), [ACCEPTED], inbox={key: {"at": 0, "age": 9e9}}).result  # fmt: skip
    assert play(kit().publish(publication("template", template_name="hello")), [ACCEPTED], inbox={key: {"at": 0, "age": 9e9}}).result  # fmt: skip


def test_what_is_out_already_is_not_asked_whether_it_may_go() -> None:
    told = {window_key(NUMBER, TO[1:]): {"at": 0, "age": 9e9}, proof_key("pub_1"): status()}  # type: ignore[arg-type]
    assert play(kit().publish(publication("text", text="hi")), [ACCEPTED], inbox=told).result


def listing(*rows: dict[str, Any]) -> Reply:
    usual = {"id": "1", "name": "order", "language": "en", "status": "APPROVED", "category": "UTILITY"}
    return Reply(200, body=json.dumps({"data": [usual | row for row in rows]}).encode())


TWO = {"components": [{"type": "BODY", "text": "Hi {{1}}, it is {{2}}."}]}
NAMED = {"parameter_format": "NAMED", "components": [{"type": "BODY", "text": "Hi {{who}}, see you on {{day}}."}]}
PICTURED = {"components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hi"}]}
OFFER = {
    "components": [
        {"type": "BODY", "text": "Hi"},
        {
            "type": "BUTTONS",
            "buttons": [{"type": "QUICK_REPLY", "text": "No"}, {"type": "URL", "url": "https://example.com/{{1}}"}],
        },
    ]
}
URL_BUTTON = [{"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "x"}]}]

WRONG: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"name": "other"}, {}, "template_missing", "options.template_name"),
    ({"language": "de"}, {}, "template_missing", "options.language_code"),
    *[({"status": bad}, {}, "template_not_approved", "options.template_name") for bad in ("PENDING", "REJECTED", "DISABLED")],
    (TWO, {"template_params": ["Ada"]}, "template_parameters", "options.template_params"),
    (TWO, {}, "template_parameters", "options.template_params"),
    (NAMED, {"template_params": {"who": "Ada"}}, "template_parameters", "options.template_params"),
    (NAMED, {"template_params": ["Ada", "Monday"]}, "template_parameters", "options.template_params"),
    (PICTURED, {}, "template_parameters", "media"),
    (OFFER, {}, "template_parameters", "options.template_params"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "said", "code", "field"), WRONG)
def test_a_template_that_is_not_there_or_wants_something_else_is_refused_before_it_is_sent(
    row: dict[str, Any], said: dict[str, Any], code: str, field: str
) -> None:
    order = publication("template", template_name="order", metadata=WABA, **said)
    played = play(kit().publish(order), [listing(row)])
    assert played.refused and played.names == ["template"]
    assert (played.refused.refusal.code, played.refused.refusal.field) == (code, field)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (TWO, {"template_params": ["Ada", "here"]}),
        (NAMED, {"template_params": {"who": "Ada", "day": "Monday"}}),
        (OFFER, {"components": URL_BUTTON}),
        ({"status": "SOMETHING_NEW"}, {}),
    ],
)
def test_a_template_that_gets_what_it_wants_goes(row: dict[str, Any], said: dict[str, Any]) -> None:
    order = publication("template", template_name="order", metadata=WABA, **said)
    played = play(kit().publish(order), [listing(row), ACCEPTED])
    assert played.result and played.names == ["template", "send message"]
    assert played.calls[0].if_repeated == Harmless(kept_for=60.0)


def test_a_paused_template_is_waited_for() -> None:
    order = publication("template", template_name="order", metadata=WABA)
    played = play(kit().publish(order), [listing({"status": "PAUSED"}), listing({}), ACCEPTED])
    assert played.result and played.pauses == [3600.0]


def test_a_template_that_is_held_back_is_accepted_with_a_note() -> None:
    held = Reply(200, body=b'{"messages": [{"id": "wamid.A==", "message_status": "held_for_quality_assessment"}]}')
    played = play(kit().publish(publication("template", template_name="order")), [held])
    assert played.result and "holds it back" in played.result.notes[0]


# --- connections --------------------------------------------------------------------------------------------------------------

SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"]


def token(**more: Any) -> Reply:
    data = {"is_valid": True, "type": "SYSTEM_USER", "scopes": SCOPES, "granular_scopes": [{"scope": s, "target_ids": ["4711"]} for s in SCOPES]}  # fmt: skip
    return Reply(200, body=json.dumps({"data": data | more}).encode())


def number(**more: Any) -> Reply:
    told = {"id": NUMBER, "verified_name": "Hazel", "display_phone_number": "+1 555", "quality_rating": "GREEN", "status": "CONNECTED"}  # fmt: skip
    return Reply(200, body=json.dumps(told | more).encode())


LOOKS: list[tuple[list[Reply], list[str]]] = [
    ([token(), number()], []),
    ([token(), number(status="SOMETHING_NEW")], []),
    ([token(is_valid=False, error={"message": "expired"})], ["needs_reconnect"]),
    ([token(scopes=SCOPES[:1]), number()], ["missing_permission"]),
    ([token(granular_scopes=[{"scope": SCOPES[0], "target_ids": ["1"]}]), number()], ["missing_permission"]),
    ([token(), number(status="DISCONNECTED")], ["number_unusable"]),
    ([token(), number(health_status={"can_send_message": "BLOCKED"})], ["number_blocked"]),
    ([token(), Reply(400, body=b'{"error": {"code": 100, "error_subcode": 33, "message": "x"}}')], ["number_unreachable"]),
]  # fmt: skip


@pytest.mark.parametrize(("replies", "problems"), LOOKS)
def test_a_look_at_a_connection_says_what_is_wrong_with_it(replies: list[Reply], problems: list[str]) -> None:
    report = play(account.inspect(publication("text", text="x", metadata=WABA).account), replies).result
    assert report and [problem.code for problem in report.problems] == problems
    assert all(problem.cure is Cure.RECONNECT and problem.remediation for problem in report.problems)
    assert report.identity == NUMBER and (problems or report.facts.get("quality") == "GREEN")


def test_there_is_no_refresh_token_and_each_kind_of_token_has_its_own_way() -> None:
    refresh = kit().refresh
    assert refresh(APP, GRANT) is NoRefresh.NOT_NEEDED
    living = replace(GRANT, seconds_left=1000.0)
    call = refresh(APP, living)
    assert isinstance(call, Call) and call.request.params["set_token_expires_in_60_days"] == "true"
    of_a_person = refresh(APP, replace(living, metadata={"token_kind": "user"}))
    assert isinstance(of_a_person, Call) and "set_token_expires_in_60_days" not in of_a_person.request.params
    assert refresh(APP, replace(living, metadata={"token_kind": "business"})) is NoRefresh.NOT_POSSIBLE
    assert refresh(APP, replace(GRANT, seconds_left=-1.0)) is NoRefresh.NOT_POSSIBLE


def test_saying_that_a_message_was_read_is_no_message() -> None:
    said = publication("text", text="x").account
    played = play(reading.mark_read(said, "wamid.Q=", typing=True), [Reply(200, body=b'{"success": true}')])
    assert played.result is True and isinstance(played.calls[0].if_repeated, Harmless)
    assert json.loads(played.calls[0].request.body)["typing_indicator"] == {"type": "text"}  # type: ignore[arg-type]
    assert play(reading.mark_read(said, "no id", typing=False), []).refused
