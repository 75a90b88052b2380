"""Usage: every ending is one event, whoever is killed; sums and export agree; nobody sees another customer's."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from plant.desk import Desk
from plant.house import CUSTOMER, House, Service, open_house, until
from waooaw_social.wire.retry import DEFAULT

pytestmark = pytest.mark.anyio

PRICES = {"USAGE_PRICES": "youtube=0.01 youtube/short=0.25"}
LEASE = {"LEASE_SECONDS": "2"}


async def asked(house: House, what: str = "", *, key: str = "", **query: str) -> Any:
    headers = {"authorization": f"Bearer {key or house.agent_key}"}
    return await house.http.get(f"{house.plant}/api/v1/usage{what}", params=query, headers=headers)


async def events(house: House, **query: str) -> list[dict[str, Any]]:
    answer = await asked(house, "/export", **query)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def counts(usage: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in usage["sums"]:
        found[one["status"]] = found.get(one["status"], 0) + one["events"]
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    return {"DATABASE_URL": request.getfixturevalue("postgres_url")}


async def test_no_ending_is_counted_twice_or_never_though_the_worker_is_killed(
    tmp_path: Path, database: dict[str, str]
) -> None:
    async with open_house(tmp_path, **LEASE, **PRICES, **database) as house:
        credential = await house.connect()
        worker: Service = house.services[-1]
        await house.fault("upload.final", "delay", seconds=1.0)
        killed = await house.publish(credential, size=300_000, title="Killed over")

        async def at_the_end() -> bool:
            return bool(await house.calls("upload.final"))

        await until(at_the_end, "the last piece goes up")
        await worker.kill()
        worker = await house.start_worker()
        shown = [await house.ends(killed)]
        await house.fault("videos.insert", "error", reason="invalidTitle")
        refused = await house.ends(await house.publish(credential, title="Refused"))
        shown += [refused, await house.ends(await house.publish(credential, title="Plain"))]
        assert [one["state"] for one in shown] == ["published", "refused", "published"]

        told = await events(house)
        ended = [event for event in told if event["status"] != "retrying"]
        assert sorted(event["publication"] for event in ended) == sorted(one["id"] for one in shown)
        out = {event["post_id"] for event in ended if event["status"] == "success"}
        assert out == {post["id"] for post in await house.audience()}
        assert len({(event["publication"], event["timestamp"]) for event in told}) == len(told)
        assert {event["max_retries"] for event in told} == {len(DEFAULT.waits)}
        assert [event["error_code"] for event in ended if event["status"] == "failed"] == [refused["error"]["code"]]

        usage = (await asked(house)).json()
        assert counts(usage)["success"] == len(out) and usage["events"] == len(told)
        assert usage["cost"] == "0.50"


async def test_sums_csv_and_json_lines_agree_and_answer_for_this_customer_only(house: House) -> None:
    credential = await house.connect("ridge")
    before = await house.now()
    published = await house.ends(await house.publish(credential, description="=1+1"))
    since = {"since": before.isoformat().replace("+00:00", "Z")}
    told = await events(house, platform="youtube", **since)
    (success,) = [event for event in told if event["publication"] == published["id"] and event["status"] == "success"]
    assert success["post_id"] == published["post_id"] and success["post_url"] == published["post_url"]
    assert (success["customer_id"], success["content_type"]) == (CUSTOMER, "short") and success["duration_ms"] > 0

    answer = await asked(house, "/export", format="csv", platform="youtube", **since)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["publication"], row["status"]) for row in rows] == [(e["publication"], e["status"]) for e in told]
    assert sum(counts((await asked(house, **since)).json()).values()) == len(rows)

    assert await events(house, agent_id="nobody") == [] and await events(house, platform="facebook") == []
    assert await events(house, until="2001-01-01T00:00:00Z") == []
    stranger = await house.mint("--customer", "CUST-9", "--agent", "AGENT-9")
    assert (await asked(house, key=stranger)).json()["events"] == 0
    assert (await asked(house, "/export", key=stranger)).text == ""


async def test_usage_says_no_as_every_address_does(house: House) -> None:
    assert (await house.http.get(f"{house.plant}/api/v1/usage")).status_code == 401
    writer = await house.mint("--customer", CUSTOMER, "--agent", "A", "--scope", "publish")
    assert (await asked(house, key=writer)).json()["code"] == "missing_scope"
    assert (await asked(house, "/export", key=writer)).json()["code"] == "missing_scope"
    for wrong in ({"since": "0"}, {"since": "2026-11-21T12:00:00"}, {"platform": "\0"}, {"agent_id": ""}):
        answer = await asked(house, **wrong)
        assert answer.status_code == 422 and answer.json()["code"] == "invalid_request", wrong


async def test_a_key_bound_to_one_account_sees_no_others_usage(desk: Desk) -> None:
    publication = await desk.accepted()
    claim = await desk.worker.claim(publication)
    await desk.worker.publish(claim, await desk.worker.begin(claim), f"yt-{publication}")
    assert (await desk.ask("GET", f"/publications/{publication}", key="bound")).status_code == 404
    told = (await desk.ask("GET", "/usage/export", key="bound")).text
    assert publication not in told and desk.credential not in told, told


async def test_a_post_id_is_no_formula_in_the_export(desk: Desk) -> None:
    publication = await desk.unresolved()
    formula = "=cmd|'/C.calc'!A0"
    answer = await desk.ask(
        "POST", f"/publications/{publication}/resolve", {"outcome": "published", "post_id": formula}
    )
    assert answer.status_code == 200, answer.text
    told = (await desk.ask("GET", "/usage/export?format=csv")).text
    assert f",{formula}" not in told
