"""Orders: what each account gets, when, how late, by whose key; tried out before they are given; limits and log lines."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from plant.desk import Desk
from plant.house import CUSTOMER, House, free_port, order
from plant.test_api import problem

pytestmark = pytest.mark.anyio


async def test_each_account_gets_the_shared_content_with_what_is_different_for_it(desk: Desk) -> None:
    targets = [
        {"credential_ref": desk.credential, "format": "short"},
        {"credential_ref": desk.credential, "format": "video", "overrides": {"title": "Long", "tags": ["x"]}},
        {
            "credential_ref": desk.other_credential,
            "format": "short",
            "overrides": {"video": {"url": desk.house.video(700_000)}, "description": None},
        },
    ]
    answer = await desk.order(targets=targets, content={"title": "Shared", "description": "d", "tags": ["cat"]})
    assert answer.status_code == 202, answer.text
    ids = [one["id"] for one in answer.json()["publications"]]
    one, two, three = [(await desk.show(i))["content"] for i in ids]
    assert (one["title"], one["description"], one["tags"]) == ("Shared", "d", ["cat"])
    assert (two["title"], two["description"], two["tags"]) == ("Long", "d", ["x"])
    assert three["video"] == {"url": desk.house.video(700_000)} and "description" not in three
    assert three["title"] == "Shared"
    bad = [{"credential_ref": desk.credential, "format": "short", "overrides": {"colour": "red"}}]
    problem(await desk.order(targets=bad), 422, "invalid_request")


async def test_a_time_may_be_a_walls_and_the_answer_says_the_moment(desk: Desk) -> None:
    for said, moment in (
        ({"publish_at": "2027-03-28T02:30", "time_zone": "Europe/Berlin"}, "2027-03-28T01:30:00Z"),
        ({"publish_at": "2027-10-31T02:30", "time_zone": "Europe/Berlin", "fold": "second"}, "2027-10-31T01:30:00Z"),
        ({"publish_at": "2027-10-31T02:30:00+02:00"}, "2027-10-31T00:30:00Z"),
    ):
        shown = await desk.show(await desk.accepted(**said, late_policy={"late_by_most": 900}))
        assert (shown["state"], shown["publish_at"]) == ("scheduled", moment)
        ahead = datetime.fromisoformat(moment) - datetime.fromisoformat(shown["next_step_at"])
        assert ahead == timedelta(minutes=10), "it is prepared before its time"
        assert shown["late_by_most"] == 900.0
    problem(await desk.order(publish_at="2024-01-01T00:00:00Z"), 422, "publish_at_past")
    problem(await desk.order(publish_at="2099-01-01T00:00:00Z"), 422, "publish_at_far")
    for wrong in ({"publish_at": "2027-01-01T00:00"}, {"time_zone": "UTC"}, {"late_policy": {"late_by_most": -1}}):
        told = problem(await desk.order(**wrong), 422, "invalid_request")
        assert told["errors"]


async def test_posts_for_one_moment_may_be_spread_and_each_shows_its_own(desk: Desk) -> None:
    at, spread = "2027-06-01T09:00:00+00:00", 600.0
    start = datetime.fromisoformat(at).timestamp()
    targets = [
        {"credential_ref": desk.credential, "format": "short", "overrides": {"title": f"Spread {n}"}} for n in range(8)
    ]
    answer = await desk.order(publish_at=at, spread=spread, targets=targets)
    assert answer.status_code == 202, answer.text
    order_id = answer.json()["order_id"]
    listed = (await desk.ask("GET", f"/publications?order_id={order_id}")).json()["publications"]
    moments = [datetime.fromisoformat(one["publish_at"]).timestamp() - start for one in listed]
    assert len(set(moments)) == len(targets) and all(0 <= moment < spread for moment in moments), moments
    assert max(moments) - min(moments) > 1

    one = listed[0]
    path = f"/publications/{one['id']}"
    kept = await desk.ask("PATCH", path, {"late_policy": {"late_by_most": 60}})
    assert kept.json()["publish_at"] == one["publish_at"]
    again = await desk.ask("PATCH", path, {"publish_at": at, "spread": spread})
    assert again.json()["publish_at"] == one["publish_at"]
    exact = await desk.ask("PATCH", path, {"publish_at": at})
    assert datetime.fromisoformat(exact.json()["publish_at"]).timestamp() == start
    bad: list[dict[str, Any]] = [{"spread": 60}, {"publish_at": at, "spread": -1}, {"publish_at": at, "spread": 3601}]
    for wrong in bad:
        problem(await desk.order(**wrong), 422, "invalid_request")


async def test_a_key_of_some_accounts_knows_no_other(desk: Desk) -> None:
    ours = await desk.accepted()
    problem(await desk.order(key="bound"), 404, "unknown_credential")
    problem(await desk.ask("GET", f"/publications/{ours}", key="bound"), 404, "not_found")
    problem(await desk.ask("DELETE", f"/publications/{ours}", key="bound"), 404, "not_found")
    targets = [{"credential_ref": desk.other_credential, "format": "short"}]
    allowed = await desk.accepted(key="bound", targets=targets)
    listed = (await desk.ask("GET", "/publications?limit=200", key="bound")).json()["publications"]
    assert allowed in {one["id"] for one in listed}
    assert {one["credential_ref"] for one in listed} == {desk.other_credential}


async def test_every_scope_opens_its_own_doors_only(desk: Desk) -> None:
    publication = await desk.accepted(publish_at="2027-06-01T00:00:00Z")
    doors: list[tuple[str, str, Any, str]] = [
        ("GET", "/publications", None, "drafter"),
        ("DELETE", f"/publications/{publication}", None, "publisher"),
        ("POST", f"/publications/{publication}/resolve", {"outcome": "not_published", "then": "give_up"}, "reader"),
        ("POST", f"/publications/{publication}/submit", None, "reader"),
        ("PATCH", f"/publications/{publication}", {"publish_at": None}, "reader"),
        ("POST", "/publications/validate", order(desk.credential), "reader"),
        ("POST", "/media", None, "reader"),
    ]
    for method, path, body, key in doors[1:]:
        problem(await desk.ask(method, path, body, key=key), 403, "missing_scope")
    assert (await desk.ask(*doors[0][:3], key="drafter")).status_code == 200
    assert (await desk.show(publication))["state"] == "scheduled"


# --- tried out --------------------------------------------------------------------------------------------------------------


async def test_a_dry_run_tells_calls_quota_and_problems_and_accepts_nothing(desk: Desk) -> None:
    before = (await desk.ask("GET", "/publications?limit=1")).json()["publications"]
    answer = await desk.order(dry_run=True, publish_at="2027-06-01T12:00", time_zone="Europe/Berlin")
    plan = answer.json()
    assert answer.status_code == 200 and plan["ok"]
    (target,) = plan["targets"]
    assert target["platform"] == "youtube" and target["publish_at"] == "2027-06-01T10:00:00Z"
    assert [(c["call"], c["visible"]) for c in target["calls"]] == [
        ("open private session 1", False),
        ("store upload 1", False),
        ("publish video", True),
    ]
    quotas = {quota["bucket"]: (quota["units"], quota["limit"], quota["enough"]) for quota in target["quota"]}
    assert quotas == {"uploads": (1, 100, True), "general": (50, 10_000, True)}
    assert all(quota["resets_in"] > 0 for quota in target["quota"])
    bad = (await desk.order(dry_run=True, content={"title": "x" * 101}, publish_at="2024-01-01T00:00:00Z")).json()
    assert not bad["ok"]
    assert [p["code"] for p in bad["targets"][0]["problems"]] == ["publish_at_past", "invalid_title"]
    assert (await desk.ask("GET", "/publications?limit=1")).json()["publications"] == before


async def test_validate_is_a_dry_run_without_a_key_of_its_own(desk: Desk) -> None:
    body = order(desk.credential, video_url=desk.house.video())
    told = (await desk.ask("POST", "/publications/validate", body)).json()
    assert told["ok"] and told == (await desk.order(dry_run=True)).json() | {"targets": told["targets"]}
    draft = await desk.ask("POST", "/publications/validate", body | {"draft": True}, key="drafter")
    assert draft.status_code == 200
    problem(
        await desk.ask("POST", "/publications/validate", order("CRED-unknown"), key="agent"), 404, "unknown_credential"
    )


async def test_the_calls_of_a_plan_are_those_that_are_recorded(house: House) -> None:
    credential = await house.connect()
    body = order(credential, video_url=house.video(), title="Foretold")
    plan = (await house.submit(body | {"dry_run": True})).json()
    shown = await house.ends((await house.submit(body)).json()["publications"][0]["id"])
    recorded = [(a["call"], a["visible"]) for a in shown["attempts"] if not a["call"].endswith("file")]
    assert [(c["call"], c["visible"]) for c in plan["targets"][0]["calls"]] == recorded
    assert all(a["says"] for a in shown["attempts"])


# --- limits and log lines ---------------------------------------------------------------------------------------------------


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(desk: Desk) -> None:
    port = free_port()
    service = await desk.house.start("plant", "--port", str(port), AGENT_REQUESTS_PER_MINUTE="4")
    at = f"http://127.0.0.1:{port}"
    await desk.house.healthy(at)
    told = {"authorization": f"Bearer {desk.keys['reader']}"}
    answers = [await desk.house.http.get(f"{at}/api/v1/publications", headers=told) for _ in range(6)]
    assert [a.status_code for a in answers][:4] == [200] * 4 and answers[-1].status_code == 429
    assert answers[0].headers["ratelimit-policy"] == '"key";q=4;w=60'
    assert answers[0].headers["ratelimit"].startswith('"key";r=3;t=')
    last = problem(answers[-1], 429, "too_many_requests")
    assert last["retryable"] and 0 < int(answers[-1].headers["retry-after"]) <= 60 and last["remediation"]
    other = {"authorization": f"Bearer {desk.keys['agent']}"}
    assert (await desk.house.http.get(f"{at}/api/v1/publications", headers=other)).status_code == 200
    await service.kill()


async def test_ids_of_agent_correlation_and_request_stand_in_the_log(desk: Desk) -> None:
    body = order(desk.credential, video_url=desk.house.video()) | {"correlation_id": "corr-in-log"}
    headers = {"idempotency_key": secrets.token_hex(8), "x_request_id": "req-in-log"}
    answer = await desk.ask("POST", "/publications", body, **headers)
    publication = answer.json()["publications"][0]["id"]
    await desk.ask("DELETE", f"/publications/{publication}", x_request_id="req-cancel")
    said = [line for s in desk.house.services if s.name == "plant" for line in s.says().splitlines() if "{" in line]
    events = [json.loads(line) for line in said if "req-in-log" in line or "req-cancel" in line]
    by_name = {(e["event"], e["request_id"]): e for e in events}
    accepted, cancelled = by_name["order_accepted", "req-in-log"], by_name["publication_cancelled", "req-cancel"]
    request = by_name["request", "req-in-log"]
    assert accepted["publications"] == [publication] and cancelled["publication"] == publication
    for event in (accepted, cancelled, request):
        assert (event["agent"], event["correlation"]) == ("AGENT-1", "corr-in-log")
    assert request["key"] == desk.keys["agent"].split("_")[1]


async def test_keys_are_bound_listed_and_revoked_by_the_command(house: House) -> None:
    key = await house.mint("--customer", CUSTOMER, "--agent", "A-9", "--scope", "read", "--account", "CRED-9")
    told = {"authorization": f"Bearer {key}"}
    where = f"{house.plant}/api/v1/publications"
    assert (await house.http.get(where, headers=told)).json()["publications"] == []
    listed = await house.command("api-keys", "list", "--customer", CUSTOMER)
    (line,) = [line for line in listed.splitlines() if "A-9" in line]
    key_id = key.split("_")[1]
    assert key_id in line and "(read)" in line and "CRED-9" in line and key not in listed
    assert key_id in await house.command("api-keys", "revoke", key_id)
    problem(await house.http.get(where, headers=told), 401, "unauthorized")
