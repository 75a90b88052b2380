"""Webhooks that are really sent: the handshake, signatures over raw bytes, the order of things, and everything that goes wrong with them."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox.test_whatsapp import DAY, GRAPH, Business, Receiver, business, parameters, receiver
from sandbox.world import Sandbox
from waooaw_sandbox.whatsapp.courier import signature

pytestmark = pytest.mark.anyio

LIFE = ["sent", "delivered", "read"]


@pytest.fixture
async def hook(anyio_backend: str) -> AsyncIterator[Receiver]:
    async with receiver() as it:
        yield it


@pytest.fixture
async def hazel(sandbox: Sandbox, hook: Receiver) -> Business:
    """Subscribed by order; what is due waits for the handshake."""
    it = await business(sandbox)
    await it.turn(subscribe={"callback_url": hook.url, "verify_token": hook.token})
    await it.knob(delivered_seconds=60, read_seconds=120, failed_seconds=60)
    return it


def statuses_of(hook: Receiver, wamid: str) -> list[str]:
    return [status for number, status in hook.statuses if number == wamid]


# --- subscribing --------------------------------------------------------------------------------------------------------------


async def subscribe(it: Business, url: str, token: str, **more: str) -> tuple[int, Any]:
    app = f"{it.account['app_id']}|{it.account['app_secret']}"
    order = {"object": "whatsapp_business_account", "callback_url": url, "verify_token": token, "fields": "messages"}
    return await it.call("POST", f"/{it.account['app_id']}/subscriptions", token=app, params=order | more)


async def test_a_subscription_is_verified_by_a_handshake(sandbox: Sandbox, hook: Receiver):
    hazel = await business(sandbox)
    assert (await subscribe(hazel, hook.url, "wrong"))[1]["error"]["code"] == 2200
    assert await subscribe(hazel, hook.url, hook.token) == (200, {"success": True})
    assert hook.handshakes[1]["hub.mode"] == "subscribe"
    await hazel.text()
    await hazel.advance(130)
    await hook.heard(3)
    status, body = await hazel.call("POST", f"/{hazel.account['app_id']}/subscriptions", json={"object": "x"})
    assert (status, body["error"]["code"]) == (400, 15)


async def test_a_url_that_does_not_repeat_the_challenge_is_not_subscribed(sandbox: Sandbox, hook: Receiver):
    hazel = await business(sandbox)
    for url in (f"{sandbox.base}/_sandbox/clock", f"{sandbox.base}/nowhere", "http://127.0.0.1:9/x"):
        assert (await subscribe(hazel, url, hook.token))[0] == 400
    assert (await hazel.turn())["webhook"]["state"] == "refused"


async def test_a_waba_or_a_number_may_be_heard_elsewhere(sandbox: Sandbox, hazel: Business, hook: Receiver):
    ridge = await business(sandbox, "ridge")
    async with receiver() as other:
        override = {"override_callback_uri": other.url, "verify_token": other.token}
        assert await ridge.post(f"/{ridge.account['waba_id']}/subscribed_apps", **override) == {"success": True}
        listed = await ridge.get(f"/{ridge.account['waba_id']}/subscribed_apps")
        assert listed["data"][0]["override_callback_uri"] == other.url
        ours, theirs = await hazel.text(), await ridge.text()
        await hazel.advance(130)
        await hook.heard(3)
        await other.heard(3)
        assert {number for number, _ in hook.statuses} == {ours}
        assert {number for number, _ in other.statuses} == {theirs}
        await ridge.post(
            f"/{ridge.id}", webhook_configuration={"override_callback_uri": hook.url, "verify_token": hook.token}
        )
        await ridge.text()
        await hook.heard(4)
        status, _ = await ridge.call("DELETE", f"/{ridge.account['waba_id']}/subscribed_apps")
        assert status == 200
        assert await ridge.get(f"/{ridge.account['waba_id']}/subscribed_apps") == {"data": []}


# --- what is told -------------------------------------------------------------------------------------------------------------


async def test_a_message_is_sent_delivered_and_read_on_the_clock(hazel: Business, hook: Receiver):
    wamid = await hazel.text("Hi", biz_opaque_callback_data="tenant:é/1")
    await hook.heard(1)
    assert hook.statuses == [(wamid, "sent")]
    await hazel.advance(61)
    await hook.heard(2)
    await hazel.advance(60)
    await hook.heard(3)
    assert statuses_of(hook, wamid) == LIFE
    assert [status["status"] for status in await hazel.seen()] == ["read"]
    values = [change["value"] for change in hook.changes]
    assert {v["metadata"]["phone_number_id"] for v in values} == {hazel.id}
    told = [v["statuses"][0] for v in values]
    assert {t["biz_opaque_callback_data"] for t in told} == {"tenant:é/1"}
    assert {t["recipient_id"] for t in told} == {hazel.known.lstrip("+")}
    assert all(t["timestamp"].isdigit() for t in told)
    assert [t.get("pricing", {}).get("category") for t in told] == ["service", "service", None]
    assert values[0]["contacts"][0]["wa_id"] == hazel.known.lstrip("+")
    assert all(right for _, right in hook.posts)


async def test_the_signature_is_over_the_very_bytes(hazel: Business, hook: Receiver):
    await hazel.text("x", biz_opaque_callback_data="a/b é 🌿")
    await hook.heard(1)
    raw = hook.posts[0][0]
    assert rb"a\/b \u00e9 \ud83c\udf3f" in raw
    again = json.dumps(json.loads(raw)).encode()
    assert hmac.new(b"k", again, hashlib.sha256).digest() != hmac.new(b"k", raw, hashlib.sha256).digest()


def test_the_signature_is_the_published_one():
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    expected = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
    assert signature(body, "test_app_secret") == expected


async def test_a_failure_has_errors_and_no_contacts(hazel: Business, hook: Receiver):
    await hazel.arm("fails", code="131049")
    await hazel.text(biz_opaque_callback_data="job-1")
    await hazel.advance(61)
    await hook.heard(1)
    [change] = hook.changes
    assert "contacts" not in change["value"]
    [told] = change["value"]["statuses"]
    assert (told["status"], told["biz_opaque_callback_data"]) == ("failed", "job-1")
    assert (told["errors"][0]["code"], "details" in told["errors"][0]["error_data"]) == (131049, True)
    assert await hazel.seen() == []


async def test_people_write_in_and_are_heard(hazel: Business, hook: Receiver):
    number = hazel.stranger
    wrote = await hazel.turn(
        inbound=[
            {"from": number, "text": "Hallo"},
            {"from": number, "type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "y", "title": "Y"}}},
            {"from": number, "type": "image", "bytes": 5000, "caption": "Look", "content_type": "image/png"},
        ]
    )  # fmt: skip
    await hook.heard(3)
    heard = [change["value"]["messages"][0] for change in hook.changes]
    assert [message["id"] for message in heard] == wrote["inbound_ids"]
    assert [message["type"] for message in heard] == ["text", "interactive", "image"]
    assert (heard[0]["from"], heard[0]["text"]) == (number.lstrip("+"), {"body": "Hallo"})
    info = await hazel.get(f"/{heard[2]['image']['id']}")
    assert (info["file_size"], info["mime_type"]) == ("5000", "image/png")
    await hazel.advance(7 * DAY)
    assert (await hazel.call("GET", f"/{heard[2]['image']['id']}"))[0] == 400


async def test_a_reply_typed_into_the_chat_page_is_heard_too(hazel: Business, hook: Receiver):
    await hazel.text("Fresh bread today")
    [message] = await hazel.seen()
    status, _, _ = await hazel.sandbox.ask("POST", message["url"], data={"text": "Two, please"})
    assert status == 303
    await hook.heard(2)
    assert "Two, please" in [
        c["value"]["messages"][0]["text"]["body"] for c in hook.changes if "messages" in c["value"]
    ]
    assert "Two, please" in (await hazel.sandbox.ask("GET", message["url"]))[1]


async def test_a_template_that_changes_is_told(hazel: Business, hook: Receiver):
    await hazel.turn(template={"name": "greeting", "status": "PAUSED"})
    await hook.heard(1)
    [change] = hook.changes
    assert change["field"] == "message_template_status_update"
    assert (change["value"]["event"], change["value"]["message_template_name"]) == ("PAUSED", "greeting")
    payload = {"name": "greeting", "language": {"code": "en"}, "components": [parameters("body", "A")]}
    assert await hazel.refused("template", payload, hazel.stranger) == (400, 132015)


async def test_both_shapes_of_identity_can_be_had(hazel: Business, hook: Receiver):
    await hazel.knob(webhook_shape="classic", reach="sent")
    await hazel.text()
    await hook.heard(1)
    await hazel.knob(webhook_shape="bsuid")
    await hazel.arm("missing_wa_id")
    await hazel.text()
    await hook.heard(2)
    classic, hidden = (change["value"] for change in hook.changes)
    assert "contacts" not in classic
    assert "recipient_user_id" not in classic["statuses"][0]
    assert "recipient_id" not in hidden["statuses"][0]
    assert "wa_id" not in hidden["contacts"][0]
    assert hidden["contacts"][0]["user_id"] == hidden["statuses"][0]["recipient_user_id"]


async def test_a_phone_that_is_off_gets_it_when_it_is_on_again(hazel: Business, hook: Receiver):
    await hazel.turn(recipient={"number": hazel.known, "state": "offline"})
    wamid = await hazel.text()
    await hook.heard(1)
    await hazel.advance(DAY / 2)
    last = await hazel.text(to=hazel.account["recipients"]["in_window"][1])
    await hazel.advance(130)
    await hook.heard(4)
    assert statuses_of(hook, wamid) == ["sent"]
    assert statuses_of(hook, last) == LIFE
    await hazel.turn(recipient={"number": hazel.known, "state": "ok"})
    await hazel.advance(130)
    await hook.heard(6)
    assert statuses_of(hook, wamid) == LIFE


# --- what goes wrong ----------------------------------------------------------------------------------------------------------


async def test_a_webhook_that_is_not_answered_200_comes_again_with_the_same_bytes(hazel: Business, hook: Receiver):
    await hazel.knob(reach="sent")
    hook.answers = [500, 302, 404]
    await hazel.text()
    await hook.heard(1)
    for tries, pause in enumerate((10, 20, 40), 2):
        await hazel.advance(pause)
        await hook.heard(tries)
    assert len({raw for raw, _ in hook.posts}) == 1
    await hazel.text()
    await hook.heard(5)
    figures = (await hazel.report())["webhooks"]
    assert (figures["posts"], figures["retries"], figures["changes_delivered"], figures["waiting"]) == (5, 3, 2, 0)


async def test_a_webhook_is_given_up_after_seven_days(hazel: Business, hook: Receiver):
    await hazel.knob(reach="sent", retry_seconds=3 * DAY, retry_most_seconds=3.5 * DAY)
    hook.answers = [500] * 3
    await hazel.text()
    await hook.heard(1)
    await hazel.advance(3 * DAY)
    await hook.heard(2)
    await hazel.advance(3.5 * DAY)
    await hook.heard(3)
    await hazel.advance(30 * DAY)
    await hazel.turn(inbound={"from": hazel.known, "text": "Still there?"})
    await hook.heard(4)
    figures = (await hazel.report())["webhooks"]
    assert (figures["given_up"], figures["waiting"]) == (1, 0)


async def test_a_lost_reply_is_settled_by_a_later_status_or_never(hazel: Business, hook: Receiver):
    for lost in (False, True):
        await hazel.arm("publish_then_500")
        if lost:
            await hazel.arm("status_webhook_lost")
        order = hazel.message("text", {"body": "x"}, None, {"biz_opaque_callback_data": f"lost {lost}"})
        assert (await hazel.call("POST", f"/{hazel.id}/messages", json=order))[0] == 500
    await hazel.advance(130)
    await hook.heard(3)
    await hazel.turn(inbound={"from": hazel.known, "text": "mark"})
    await hook.heard(4)
    told = {s["biz_opaque_callback_data"] for c in hook.changes for s in c["value"].get("statuses", [])}
    assert told == {"lost False"}
    assert [m["status"] for m in await hazel.seen()] == ["read", "read"]


async def test_a_status_may_come_before_the_reply(hazel: Business, hook: Receiver):
    await hazel.arm("status_before_reply")
    wamid = await hazel.text()
    assert hook.statuses == [(wamid, "sent")]
    await hazel.advance(130)
    await hook.heard(3)
    assert statuses_of(hook, wamid) == LIFE


FAULTS: dict[str, tuple[dict[str, Any], list[str], int]] = {
    "webhook_repeated": ({"times_more": 2}, ["sent"] * 3 + ["delivered"] * 3 + ["read"] * 3, 9),
    "webhook_reordered": ({}, ["read", "delivered", "sent"], 3),
    "webhook_batched": ({}, LIFE, 1),
    "delivered_skipped": ({}, ["sent", "read"], 2),
    "status_storm": (
        {"count": 6},
        ["sent", "sent", "delivered", "read", "sent", "delivered", "read", "delivered", "read"],
        9,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_statuses_come_in_every_wrong_way(hazel: Business, hook: Receiver, fault: str):
    more, expected, posts = FAULTS[fault]
    await hazel.arm(fault, **more)
    wamid = await hazel.text()
    await hazel.advance(130)
    await hook.heard(posts)
    assert (statuses_of(hook, wamid), len(hook.posts)) == (expected, posts)


async def test_statuses_may_be_late_and_still_tell_the_true_time(hazel: Business, hook: Receiver):
    await hazel.knob(reach="sent")
    await hazel.arm("webhook_delayed", seconds=3600)
    late = await hazel.text()
    prompt = await hazel.text()
    await hook.heard(1)
    await hazel.advance(3600)
    await hook.heard(2)
    assert [number for number, _ in hook.statuses] == [prompt, late]
    times = [int(c["value"]["statuses"][0]["timestamp"]) for c in hook.changes]
    assert times[1] <= times[0]


@pytest.mark.parametrize("how", ["wrong", "missing", "unsalted"])
async def test_a_forgery_is_told_by_its_signature(hazel: Business, hook: Receiver, how: str):
    await hazel.knob(reach="sent")
    await hazel.arm("webhook_forged", signature=how)
    wamid = await hazel.text()
    await hook.heard(2)
    assert [right for _, right in hook.posts] == [False, True]
    forged = json.loads(hook.posts[0][0])["entry"][0]["changes"][0]["value"]["statuses"][0]
    assert (forged["id"], forged["status"]) == (wamid, "failed")
    assert hook.statuses == [(wamid, "sent")]


async def test_another_business_may_carry_our_callback_data(hazel: Business, hook: Receiver):
    await hazel.knob(reach="sent")
    await hazel.arm("foreign_status")
    await hazel.text(biz_opaque_callback_data="mine")
    await hook.heard(2)
    foreign, own = (c["value"] for c in hook.changes)
    assert foreign["metadata"]["phone_number_id"] != own["metadata"]["phone_number_id"] == hazel.id
    assert {v["statuses"][0]["biz_opaque_callback_data"] for v in (foreign, own)} == {"mine"}


async def test_a_storm_loses_none(hazel: Business, hook: Receiver):
    await hazel.knob(webhook_batch=250, webhook_connections=4, pair_seconds=0)
    sent = {await hazel.text() for _ in range(20)}
    await hazel.advance(130)
    await hazel.turn(storm={"count": 10_000})
    while len(hook.statuses) < 10_060:
        await hook.heard(len(hook.posts) + 1)
    assert Counter(hook.statuses).keys() == {(wamid, status) for wamid in sent for status in LIFE}
    assert len(hook.statuses) == 10_060
    assert max(len(raw) for raw, _ in hook.posts) < 3 * 1024 * 1024
    assert (await hazel.report())["webhooks"]["changes_delivered"] >= 10_000


async def test_nothing_of_before_a_reset_is_posted_after_it(sandbox: Sandbox, hazel: Business, hook: Receiver):
    await hazel.text()
    await hook.heard(1)
    await sandbox.control("POST", "/reset")
    await hazel.turn(subscribe={"callback_url": hook.url, "verify_token": hook.token})
    await hazel.advance(60)
    await hazel.turn(inbound={"from": hazel.known, "text": "after"})
    await hook.heard(2)
    assert [list(c["value"])[-1] for c in hook.changes] == ["statuses", "messages"]


async def test_who_is_not_subscribed_hears_nothing(sandbox: Sandbox):
    hazel = await business(sandbox)
    await hazel.text()
    await hazel.advance(130)
    status, _, _ = await sandbox.ask("GET", f"{GRAPH}/{hazel.id}", headers={"Authorization": f"Bearer {hazel.account['access_token']}"})  # fmt: skip
    assert status == 200
    assert (await hazel.report())["webhooks"]["posts"] == 0
