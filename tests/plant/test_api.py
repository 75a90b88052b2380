"""Plant's API over HTTP, with CP and a worker as processes of their own: what is accepted, what is shown, and every no."""

import asyncio
import json
from typing import Any

import pytest

from plant.house import AGENT, CUSTOMER, House, order

pytestmark = pytest.mark.anyio

OTHERS = "CUST-2"


@pytest.fixture(scope="session")
async def keys(house: House) -> dict[str, str]:
    """Keys of another customer's, and one of ours that may only read."""
    minted = await asyncio.gather(
        house.mint("--customer", OTHERS),
        house.mint("--customer", OTHERS, "--agent", "AGENT-2"),
        house.mint("--customer", CUSTOMER, "--agent", AGENT, "--scope", "read"),
        house.mint("--customer", CUSTOMER, "--agent", AGENT, "--scope", "publish"),
    )
    return dict(zip(("customer", "agent", "reader", "writer"), minted, strict=True))


@pytest.fixture(scope="session")
async def credential(house: House) -> str:
    return await house.connect()


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer as a problem; asserts what every problem has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    told = answer.json()
    assert (told["status"], told["code"], told["type"]) == (status, code, f"urn:waooaw:problem:{code}")
    assert told["detail"] and isinstance(told["retryable"], bool)
    return told


def without(body: dict[str, Any], *volatile: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in volatile}


# --- accepted -----------------------------------------------------------------------------------------------------------------


async def test_an_order_is_accepted_shown_while_it_runs_and_ends_as_a_post(house: House, credential: str) -> None:
    answer = await house.submit(order(credential, video_url=house.video()) | {"correlation_id": "corr-7"})
    assert answer.status_code == 202 and answer.headers["x-request-id"]
    assert answer.json().keys() == {"order_id", "publications"}
    (accepted,) = answer.json()["publications"]
    assert accepted.keys() == {"id", "state"} and accepted["state"] == "due"

    shown = await house.ends(accepted["id"])
    assert shown["state"] == "published" and shown["post_url"].endswith(shown["post_id"])
    assert (shown["agent_id"], shown["correlation_id"]) == (AGENT, "corr-7")
    assert (shown["platform"], shown["format"], shown["credential_ref"]) == ("youtube", "short", credential)
    assert shown["why"] is None and shown["error"] is None and shown["next_step_at"] is None
    assert [(a["call"], a["visible"], a["state"]) for a in shown["attempts"]] == [
        ("video file", False, "answered"),
        ("open session 1", False, "answered"),
        ("complete upload 1", True, "answered"),
    ]
    assert shown["post_id"] in {post["id"] for post in await house.audience()}


async def test_progress_is_shown_while_a_video_goes_up(house: House, credential: str) -> None:
    await house.fault("upload.chunk", "delay", seconds=1.2, after=1)
    publication = await house.publish(credential, size=40_000_000)
    seen: set[int] = set()

    def remember(shown: dict[str, Any]) -> None:
        if shown["progress"]:
            assert shown["progress"]["bytes_total"] == 40_000_000
            seen.add(shown["progress"]["bytes_sent"])

    while (shown := await house.show(publication))["ended_at"] is None:
        remember(shown)
        await asyncio.sleep(0.05)
    remember(shown)
    assert shown["state"] == "published" and len(seen) > 1 and max(seen) == 40_000_000


async def test_the_same_key_and_body_are_the_same_publications(house: House, credential: str) -> None:
    body, key = order(credential, video_url=house.video()), "the-same-key"
    first, again = await house.submit(body, idempotency_key=key), await house.submit(body, idempotency_key=key)
    ids = [one["id"] for one in first.json()["publications"]]
    assert again.status_code == 202 and [one["id"] for one in again.json()["publications"]] == ids
    problem(await house.submit(body | {"correlation_id": "other"}, idempotency_key=key), 422, "idempotency_key_reused")
    assert (await house.ends(ids[0]))["state"] == "published"
    after = await house.submit(body, idempotency_key=key)
    assert after.json()["publications"] == [{"id": ids[0], "state": "published"}]


async def test_ten_requests_at_once_with_one_key_are_one_order(house: House, credential: str) -> None:
    body = order(credential, title="Ten at once", video_url=house.video())
    answers = await asyncio.gather(*(house.submit(body, idempotency_key="ten-at-once") for _ in range(10)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    ids = {one["id"] for answer in accepted for one in answer.json()["publications"]}
    for answer in answers:
        if answer not in accepted:
            told = problem(answer, 409, "idempotency_key_in_flight")
            assert told["retryable"] and int(answer.headers["retry-after"]) > 0
    assert accepted and (await house.submit(body, idempotency_key="ten-at-once")).json()["publications"][0]["id"] in ids
    assert len(ids) == 1
    assert (await house.ends(ids.pop()))["state"] == "published"
    assert [post["title"] for post in await house.audience()].count("Ten at once") == 1


async def test_ten_orders_at_once_with_one_key_and_two_bodies_are_one_order(house: House, credential: str) -> None:
    bodies = [order(credential, title=title, video_url=house.video()) for title in ("One", "Two")]
    answers = await asyncio.gather(*(house.submit(bodies[n % 2], idempotency_key="two-bodies") for n in range(10)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.text for answer in accepted}) == 1
    for answer in answers:
        if answer not in accepted:
            code = answer.json()["code"]
            problem(answer, 409 if code == "idempotency_key_in_flight" else 422, code)
    again = [await house.submit(body, idempotency_key="two-bodies") for body in bodies]
    assert sorted(answer.status_code for answer in again) == [202, 422]


# --- who may ----------------------------------------------------------------------------------------------------------------


async def test_without_a_key_that_is_known_nobody_is_told_anything(house: House, credential: str) -> None:
    body = order(credential, video_url=house.video())
    for key in ("", "plk_000000000000_unknown", house.customer_key):
        told = problem(await house.submit(body, key=key), 401, "unauthorized")
        assert "plk_" not in str(told)
    problem(await house.get("pub_unknown", key="nonsense"), 401, "unauthorized")


async def test_a_key_may_what_its_scopes_say(house: House, credential: str, keys: dict[str, str]) -> None:
    body = order(credential, video_url=house.video())
    problem(await house.submit(body, key=keys["reader"]), 403, "missing_scope")
    problem(await house.get("pub_unknown", key=keys["writer"]), 403, "missing_scope")
    problem(await house.get("pub_unknown", key=keys["reader"]), 404, "not_found")


async def test_another_customer_or_agent_does_not_exist_for_a_key(house: House, credential: str) -> None:
    body = order(credential, video_url=house.video())
    customer = problem(await house.submit(body | {"customer_id": OTHERS}), 404, "not_found")
    agent = problem(await house.submit(body | {"agent_id": "AGENT-9"}), 404, "not_found")
    nobody = problem(await house.submit(body | {"customer_id": "CUST-404"}), 404, "not_found")
    assert customer == agent == nobody


async def test_another_customers_credential_and_one_that_is_not_there_are_one_answer(
    house: House, credential: str, keys: dict[str, str]
) -> None:
    theirs = await house.connect("ridge", key=keys["customer"])
    answers = [await house.submit(order(ref, video_url=house.video())) for ref in (theirs, "CRED-unknown")]
    one, other = (problem(answer, 404, "unknown_credential") for answer in answers)
    assert one == other and theirs not in str(one)
    names = [sorted(answer.headers) for answer in answers]
    assert names[0] == names[1]


async def test_another_customers_publication_and_one_that_is_not_there_are_one_answer(
    house: House, credential: str, keys: dict[str, str]
) -> None:
    ours = await house.publish(credential)
    one = problem(await house.get(ours, key=keys["agent"]), 404, "not_found")
    other = problem(await house.get("pub_000000000000000000000000", key=keys["agent"]), 404, "not_found")
    assert one == other
    await house.ends(ours)


# --- what is wrong with an order --------------------------------------------------------------------------------------------


async def test_an_order_without_an_idempotency_key_is_refused(house: House, credential: str) -> None:
    body = order(credential, video_url=house.video())
    for key in (None, "x" * 256):
        told = problem(await house.submit(body, idempotency_key=key), 422, "idempotency_key_required")
        assert told["field"] == "Idempotency-Key" and told["remediation"]


async def test_every_problem_of_every_target_is_named_at_once(house: House, credential: str) -> None:
    body = order(credential, title="x" * 101 + "<", privacy="secret", options={"colour": "red"})
    body["targets"] += [{"credential_ref": credential, "format": "reel"}]
    told = problem(await house.submit(body), 422, "video_required")
    found = {(error["field"], error["code"]) for error in told["errors"]}
    assert found == {
        ("targets.0: video", "video_required"),
        ("targets.0: title", "invalid_title"),
        ("targets.0: privacy", "invalid_privacy"),
        ("targets.0: options.colour", "unknown_option"),
        ("targets.1: format", "unknown_format"),
    }
    assert told["platform"] == "youtube" and told["stage"] == "check" and not told["retryable"]


async def test_what_does_not_belong_in_an_order_is_named_and_not_repeated(house: House, credential: str) -> None:
    secret = "ya29.a-token-in-the-wrong-place"
    good = order(credential, video_url=house.video())
    wrong: list[Any] = [
        good | {secret: 1},
        good | {"agent_id": {"x": secret}},
        good | {"targets": []},
        good | {"targets": [{"credential_ref": credential, "format": 7}]},
        good | {"content": good["content"] | {"title": [secret]}},
        good | {"content": good["content"] | {secret: secret}},
        good | {"content": good["content"] | {"video_url": f"ftp://{secret}/"}},
        good | {"content": good["content"] | {"options": {"x": {"y": secret}}}},
        {},
        [],
        secret,
        None,
    ]
    for body in wrong:
        told = problem(await house.submit(body), 422, "invalid_request")
        assert told["errors"] and secret not in json.dumps(told), body
    for raw in (
        b"",
        b"{",
        b'{"a": 1e999}',
        b'{"customer_id": "\\ud800"}',
        json.dumps(good).replace("A cat", "\\ud800").encode(),
    ):
        problem(await house.submit(None, content=raw, **{"content-type": "application/json"}), 422, "invalid_request")
    for raw in (b'{"x": \xff}', b"[" * 50_000):
        problem(await house.submit(None, content=raw, **{"content-type": "application/json"}), 400, "bad_request")
    problem(await house.submit(good | {"correlation_id": "x" * 300_000}), 413, "too_large")


@pytest.mark.parametrize(
    "url",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "../var/plant.db",
        "C:\\Windows\\win.ini",
        "gopher://127.0.0.1/",
        "https://",
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest/meta-data/",
        "http://localhost/video.mp4",
        "https://localhost/video.mp4",
        "https://[::1]/video.mp4",
        "https://0x7f000001/video.mp4",
        "https://user:hunter2@example.com/video.mp4",
    ],
)
async def test_a_url_that_leads_inside_is_refused_plainly_and_never_asked(
    house: House, credential: str, url: str
) -> None:
    answer = await house.submit(order(credential, video_url=url))
    if answer.status_code == 422:
        assert "video_url" in answer.text and "hunter2" not in answer.text
        return
    assert answer.status_code == 202, answer.text
    shown = await house.comes_to(answer.json()["publications"][0]["id"], "refused", patience=10.0)
    assert shown["error"]["code"].startswith("url_") and shown["error"]["remediation"], shown
    assert shown["why"] and "hunter2" not in json.dumps(shown)


async def test_a_url_of_the_sandbox_that_redirects_inside_is_refused(house: House, credential: str) -> None:
    where = f"{house.sandbox}/_sandbox/media/redirect?to=http://169.254.169.254/latest/meta-data/"
    answer = await house.submit(order(credential, video_url=where))
    shown = await house.comes_to(answer.json()["publications"][0]["id"], "refused", patience=10.0)
    assert shown["error"]["code"].startswith("url_")


async def test_there_is_no_other_address_and_no_other_method(house: House) -> None:
    problem(await house.http.get(f"{house.plant}/api/v1/nothing"), 404, "not_found")
    problem(await house.http.delete(f"{house.plant}/api/v1/publications"), 405, "method_not_allowed")
    answer = await house.http.get(f"{house.plant}/healthz", headers={"x-request-id": "mine-1"})
    assert answer.json() == {"status": "ok"} and answer.headers["x-request-id"] == "mine-1"
