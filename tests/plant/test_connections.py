"""A connection that died is known hours before the post is due, and a reconnected one is found well again; the post goes at its hour all the same."""

from datetime import timedelta
from pathlib import Path

import pytest

from plant.house import open_house, order, until
from waooaw_social.durable.watching import SOON

pytestmark = pytest.mark.anyio

HOURS = 6


async def test_a_dead_grant_is_seen_hours_before_the_post_is_due_and_its_cure_too(tmp_path: Path) -> None:
    async with open_house(tmp_path, in_one=True, CONNECTION_CHECK_HOURS=str(HOURS)) as house:
        dead, well = await house.connect(), await house.connect("ridge")
        at = await house.now() + timedelta(hours=2 * HOURS)
        when = {"publish_at": at.isoformat()}
        ids: list[str] = []
        for credential in (dead, well):
            answer = await house.submit(order(credential, video_url=house.video()) | when)
            ids.append(answer.json()["publications"][0]["id"])
        await house.order("accounts/youtube/hazel", {"revoked": True})
        assert [(await house.show(one))["connection"] for one in ids] == [None, None]

        async def seen() -> bool:
            return (await house.show(ids[0]))["connection"] is not None

        async def cured() -> bool:
            return not await seen()

        await house.advance(HOURS * 3600 + 60)
        await until(seen, "the dead grant is seen")
        shown = await house.show(ids[0])
        told = shown["connection"]
        assert (told["code"], told["reason"], shown["state"]) == ("needs_reconnect", "needs_reconnect", "scheduled")
        assert told["message"] and "onnect" in told["remediation"] and told["checked_at"] < shown["next_step_at"]
        assert (await house.show(ids[1]))["connection"] is None

        await house.order("accounts/youtube/hazel", {"revoked": False})
        assert await house.connect(credential_ref=dead) == dead
        await house.advance(SOON + 60)
        await until(cured, "the cure is seen")
        assert (await house.show(ids[0]))["state"] == "scheduled"
        await house.advance((at - await house.now()).total_seconds())
        for one in ids:
            assert (await house.ends(one))["state"] == "published"
