"""What webhooks tell, whatever their shape: batches, disorder, gaps, ids old and new, and things that nobody should send (contract 2.7)."""

import itertools
import json
from typing import Any

import pytest

from platforms.test_whatsapp_messages import NUMBER, TO, publication
from platforms.test_whatsapp_sending import APP, GRANT, message
from waooaw_social.core.ids import PublicationId
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.told import Told
from waooaw_social.platforms.whatsapp import kit
from waooaw_social.platforms.whatsapp.callback import unsigned
from waooaw_social.platforms.whatsapp.delivery import BEST_FIRST, delivery_of, proof_key, status_key
from waooaw_social.platforms.whatsapp.webhook import hear

SECRETS = [Secret("newer"), APP.client_secret]


def mark() -> str:
    return json.loads(kit().sign(message().request, GRANT, APP).body)["biz_opaque_callback_data"]  # type: ignore[arg-type]


def body(*values: dict[str, Any], waba: str = "4711", object: str = "whatsapp_business_account") -> dict[str, Any]:
    return {"object": object, "entry": [{"id": waba, "changes": [{"field": "messages", "value": v} for v in values]}]}


def value(number: str = NUMBER, **more: Any) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, **more}


def status(word: str = "sent", at: str = "1750030073", **more: Any) -> dict[str, Any]:
    return {"id": "wamid.B==", "status": word, "timestamp": at, "recipient_id": TO[1:]} | more


def keys(told: Any) -> list[str]:
    return [one.key for one in told]


def test_a_status_is_kept_by_message_and_word_and_a_marked_one_proves_its_publication() -> None:
    told = hear(body(value(statuses=[status(biz_opaque_callback_data=mark())])), SECRETS)
    assert keys(told) == [status_key("wamid.B==", "sent"), proof_key(PublicationId("pub_1"))]
    proof = told[1].proof
    assert proof and proof.publication_id == "pub_1" and proof.published.post_id == "wamid.B=="
    assert proof.fits(publication("text", text="hi")) and not proof.fits(
        publication("text", text="hi", to="+4477009001")
    )
    assert told[0].at == 1750030073.0 and told[0].proof is None


@pytest.mark.parametrize(
    "forged",
    ["w1:pub_1:" + "0" * 32, unsigned(PublicationId("pub_1")), "job-42", "", None, 7, "x" * 600, "w1:pub_1:\0"],
)
def test_a_mark_that_we_did_not_sign_proves_nothing(forged: Any) -> None:
    told = hear(body(value(statuses=[status(biz_opaque_callback_data=forged)])), SECRETS)
    assert keys(told) == [status_key("wamid.B==", "sent")]


def test_another_businesss_number_with_a_copied_mark_proves_nothing() -> None:
    told = hear(body(value("999", statuses=[status(biz_opaque_callback_data=mark())])), SECRETS)
    assert keys(told) == [status_key("wamid.B==", "sent")]


def test_a_failed_one_without_contacts_and_a_recipient_without_a_number_are_heard() -> None:
    error = {"code": 131049, "title": "Ecosystem", "error_data": {"details": "kept back\0"}}
    hidden = status(
        "failed", recipient_id=None, recipient_user_id="US.1", errors=[error], biz_opaque_callback_data=mark()
    )
    told = hear(body(value(statuses=[hidden])), SECRETS)
    assert told[1].proof and told[1].proof.fits(publication("text", text="hi"))
    assert "marketing" in told[1].proof.published.notes[0] and "kept back?" in str(told[0].what)
    delivery = delivery_of({"failed": told[0].what})
    assert delivery and delivery.why and delivery.why.code == "marketing_capped"


def test_who_writes_in_opens_the_window_under_every_name_and_no_word_of_theirs_is_kept() -> None:
    rows = [
        {"from": "5215512345678", "from_user_id": "MX.9", "id": "wamid.I=", "timestamp": "100", "type": "text", "text": {"body": "SECRET"}},
        {"from_user_id": "US.2", "id": "wamid.J=", "timestamp": "200", "type": "button"},
        {"from": "15550100999", "id": "wamid.K=", "timestamp": "300", "type": "system"},
    ]  # fmt: skip
    told = hear(body(value(messages=rows)), SECRETS)
    assert {one.key: one.at for one in told} == {
        f"whatsapp/window/{NUMBER}/525512345678": 100.0,
        f"whatsapp/window/{NUMBER}/MX.9": 100.0,
        f"whatsapp/window/{NUMBER}/US.2": 200.0,
    }
    assert "SECRET" not in str(told)


JUNK: list[Any] = [
    {},
    {"object": "page", "entry": [{"changes": [{"value": value(statuses=[status()])}]}]},
    body(),
    {"object": "whatsapp_business_account", "entry": None},
    {"object": "whatsapp_business_account", "entry": [1, {"changes": "x"}, {"changes": [None, {"value": []}]}]},
    body(value(statuses="x"), {"metadata": {}, "statuses": [status()]}, value(5, statuses=[status()])),  # type: ignore[arg-type]
    body(value(statuses=[status(id="a\0b"), status(id=""), status(id=7), status("exploded"), status(at="soon"), status(at="-1"), status(at=True)])),  # type: ignore[arg-type]
    body(value(messages=[{"from": "1", "timestamp": "x"}, {"from": "\0", "timestamp": "5"}, {}])),
]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK)
def test_what_is_not_as_it_should_be_is_passed_over(junk: Any) -> None:
    assert list(hear(junk, SECRETS)) == []


def test_one_bad_row_spoils_nothing_of_its_batch() -> None:
    rows = [status(id="wamid.1"), {"id": None}, 7, status("delivered", id="wamid.2")]
    assert keys(hear(body(value(statuses=rows), value(statuses=[status("read", id="wamid.3")])), SECRETS)) == [
        status_key("wamid.1", "sent"), status_key("wamid.2", "delivered"), status_key("wamid.3", "read"),
    ]  # fmt: skip


# --- what they say together ---------------------------------------------------------------------------------------------------


def kept(told: list[Told]) -> dict[str, Any]:
    return {one.what["status"]: one.what for one in told}


@pytest.mark.parametrize("words", [w for n in range(1, 5) for w in itertools.permutations(BEST_FIRST, n)])
def test_the_best_that_was_told_is_what_became_of_it_in_whatever_order(words: tuple[str, ...]) -> None:
    told = [one for word in (*words, *words) for one in hear(body(value(statuses=[status(word)])), [])]
    delivery = delivery_of(kept(told))
    assert delivery and delivery.status == min(words, key=BEST_FIRST.index)
    assert (delivery.why is not None) == (delivery.status == "failed") and set(delivery.times or {}) == set(words)


def test_of_nothing_nothing_is_known() -> None:
    assert delivery_of({}) is None and delivery_of({"sent": None}) is None
