import pytest

from plant.desk import Desk

pytestmark = pytest.mark.anyio


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
