"""Lists, a page at a time; and that another customer's key finds nothing, on any route, by any id."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plant.desk import Desk
from plant.house import AGENT, order
from plant.test_api import problem
from plant.test_media import PNG

pytestmark = pytest.mark.anyio


async def pages(desk: Desk, query: str, limit: int = 2) -> list[str]:
    """Every id of a list, through all of its pages; none of them twice."""
    found: list[str] = []
    cursor = ""
    while True:
        answer = await desk.ask("GET", f"/publications?limit={limit}&{query}{cursor}")
        assert answer.status_code == 200, answer.text
        found += [one["id"] for one in answer.json()["publications"]]
        if not answer.json()["next_cursor"]:
            assert len(found) == len(set(found))
            return found
        cursor = f"&cursor={answer.json()['next_cursor']}"


async def test_every_order_has_every_publication_once_page_by_page(desk: Desk) -> None:
    days = [timedelta(days=n) for n in (40, 20, 60, 20, 50)]
    times = [(datetime.now(UTC) + day).isoformat() for day in days]
    mark = secrets.token_hex(4)
    ids = [await desk.accepted(publish_at=at, correlation_id=mark) for at in times]
    mine = f"correlation_id={mark}"
    assert await pages(desk, mine) == ids[::-1] == await pages(desk, f"{mine}&order=-created_at", 5)
    assert await pages(desk, f"{mine}&order=created_at") == ids
    soonest = await pages(desk, f"{mine}&order=publish_at")
    by_time = {publication: (await desk.show(publication))["publish_at"] for publication in ids}
    assert (
        sorted(soonest, key=lambda i: by_time[i]) == soonest == (await pages(desk, f"{mine}&order=-publish_at"))[::-1]
    )


async def test_what_comes_while_pages_are_turned_moves_nothing(desk: Desk) -> None:
    mark = secrets.token_hex(4)
    ids = [await desk.accepted(correlation_id=mark) for _ in range(3)]
    first = (await desk.ask("GET", f"/publications?limit=2&correlation_id={mark}")).json()
    await desk.accepted(correlation_id=mark)
    await desk.ask("DELETE", f"/publications/{ids[2]}")
    second = (await desk.ask("GET", f"/publications?correlation_id={mark}&cursor={first['next_cursor']}")).json()
    assert [one["id"] for one in first["publications"] + second["publications"]] == ids[::-1]


async def test_filters_are_joined_and_their_values_are_alternatives(desk: Desk) -> None:
    mark = secrets.token_hex(4)
    targets = [{"credential_ref": desk.other_credential, "format": "short"}]
    due = await desk.accepted(correlation_id=mark)
    far = await desk.accepted(correlation_id=mark, publish_at="2027-06-01T00:00:00Z", targets=targets)
    gone = await desk.accepted(correlation_id=mark)
    await desk.ask("DELETE", f"/publications/{gone}")
    mine = f"correlation_id={mark}"
    for query, ids in (
        ("state=due", {due}),
        ("state=due&state=cancelled", {due, gone}),
        (f"credential_ref={desk.other_credential}", {far}),
        (f"credential_ref={desk.other_credential}&state=due", set[str]()),
        ("platform=youtube", {due, far, gone}),
        ("platform=instagram", set[str]()),
        (f"order_id={(await desk.show(far))['order_id']}", {far}),
        ("order_id=ord_0", set[str]()),
        (f"agent_id={AGENT}", {due, far, gone}),
        ("agent_id=AGENT-9", set[str]()),
        ("publish_from=2027-06-01T00:00:00Z&publish_until=2027-06-01T00:00:01Z", {far}),
        ("publish_until=2027-06-01T00:00:00Z", set[str]()),
        ("created_from=2027-06-01T00:00:00Z", set[str]()),
        ("created_until=2027-06-01T00:00:00%2B02:00", {due, far, gone}),
    ):
        assert set(await pages(desk, f"{mine}&{query}")) == ids, query


async def test_what_is_no_filter_or_cursor_is_refused_and_not_overlooked(desk: Desk) -> None:
    cursor = (await desk.ask("GET", "/publications?limit=1")).json()["next_cursor"]
    for query in ("stat=due", "state=gone", "limit=0", "limit=1000", "created_from=2027-06-01T00:00", "cursor=%00"):
        problem(await desk.ask("GET", f"/publications?{query}"), 422, "invalid_request")
    for query in (
        "cursor=x",
        f"cursor={cursor}&order=created_at",
        "cursor=W10=",
        "cursor=WyItY3JlYXRlZF9hdCIsTmFOLCIiXQ==",
    ):
        problem(await desk.ask("GET", f"/publications?{query}"), 422, "invalid_cursor")


# --- another customer -------------------------------------------------------------------------------------------------------


async def test_for_another_customers_key_nothing_of_ours_exists_on_any_route(desk: Desk) -> None:
    """Routes and methods are those of the OpenAPI document: a new one must be given its body here."""
    described = (await desk.house.http.get(f"{desk.house.plant}/openapi.json")).json()["paths"]
    unresolved = await desk.unresolved()
    ids = {
        "publication_id": [
            unresolved,
            await desk.accepted(publish_at="2027-06-01T00:00:00Z"),
            await desk.accepted(draft=True),
            "pub_000000000000000000000000",
        ],
        "media_id": [
            (await desk.ask("POST", "/media", content=PNG)).json()["media_id"],
            "med_000000000000000000000000",
        ],
    }
    before = [await desk.show(i) for i in ids["publication_id"][:3]]
    bodies: dict[tuple[str, str], Any] = {
        ("patch", "/publications/{publication_id}"): {"publish_at": None},
        ("post", "/publications/{publication_id}/resolve"): {"outcome": "published", "post_id": "stolen"},
    }
    taking_none = {"get", "delete"}, {"/publications/{publication_id}/cancel", "/publications/{publication_id}/submit"}
    asked = 0
    for path, methods in described.items():
        name = path.partition("{")[2].partition("}")[0]
        route = path.removeprefix("/api/v1")
        for method in methods if name else ():
            assert method in taking_none[0] or route in taking_none[1] or (method, route) in bodies, (method, route)
            answers = []
            for one in ids[name]:
                where = route.replace(f"{{{name}}}", one)
                answer = await desk.ask(method.upper(), where, bodies.get((method, route)), key="stranger")
                answers.append(problem(answer, 404, "not_found"))
                asked += 1
            assert all(answer == answers[0] for answer in answers), "the answers tell what exists"
    assert asked > len(ids["publication_id"])
    assert [await desk.show(i) for i in ids["publication_id"][:3]] == before
    listed = (await desk.ask("GET", "/publications?limit=200", key="stranger")).json()["publications"]
    assert not {one["id"] for one in listed} & set(ids["publication_id"])


async def test_another_customers_names_in_a_body_are_unknown(desk: Desk) -> None:
    for path in ("/publications", "/publications/validate"):
        for body in (order(desk.credential), order(desk.credential) | {"customer_id": "CUST-2", "agent_id": "AGENT-2"}):
            body["content"]["video_url"] = desk.house.video()
            answer = await desk.ask("POST", path, body, key="stranger", idempotency_key=secrets.token_hex(8))
            assert answer.status_code == 404, answer.text
    body = order(desk.theirs, video_url=desk.house.video())
    answer = await desk.ask("POST", "/publications", body, idempotency_key=secrets.token_hex(8))
    problem(answer, 404, "unknown_credential")
    assert desk.theirs not in answer.text
