"""One platform's upload host is down for ten minutes: few calls ask it, and nobody else notices. Through the real worker, on the sandbox."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from plant.five import PLATFORMS, connect, ordered, prepared
from plant.house import House, empty_house

pytestmark = pytest.mark.anyio

DOWN = 600.0
"""Seconds, on the sandbox's clock."""
UPLOAD = "rupload.upload"
FEWER_THAN = 15


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with empty_house(tmp_path) as opened:
        await prepared(opened)
        await opened.start_worker()
        yield opened


async def accepted(house: House, body: dict[str, Any]) -> str:
    answer = await house.submit(body)
    assert answer.status_code == 202, answer.text
    return answer.json()["publications"][0]["id"]


async def asked(house: House) -> int:
    """How many calls the upload host has seen."""
    return sum(call["route"] == UPLOAD for call in await house.ask("calls?platform=facebook"))


async def until_the_clock_says(house: House, moment: float, waiting: list[str]) -> None:
    """Put the clock forward, and the faster the less there is to do."""
    while (now := (await house.now()).timestamp()) < moment:
        shown = [await house.show(one) for one in waiting]
        rests = [datetime.fromisoformat(one["next_step_at"]).timestamp() for one in shown if one["state"] == "parked"]
        idle = len(rests) == len(waiting) and min(rests) > now
        await house.advance(min(moment - now, min(rests) - now + 0.5) if idle else 2.0)
        await asyncio.sleep(0.1)


async def test_a_sick_upload_host_gets_few_calls_and_neither_text_posts_nor_other_platforms_notice(
    house: House,
) -> None:
    accounts = {one["platform"]: one for one in await house.accounts() if one["account"] == "hazel"}
    credentials = {platform: await connect(house, accounts[platform]) for platform in PLATFORMS}
    await house.order("faults", {"platform": "facebook", "route": UPLOAD, "fault": "status", "status": 503, "times": 0})
    down_at = (await house.now()).timestamp()
    reel = ordered(house, accounts["facebook"], credentials["facebook"], "", 0)
    reel["targets"][0]["format"] = "reel"
    reels = list[str]()
    for number in range(2):
        reel["content"] = {"description": f"Reel {number}.", "video_url": house.video(400_000 + number)}
        reels.append(await accepted(house, reel))
    await until_the_clock_says(house, down_at + 120, reels)
    for one in reels:
        shown = await house.comes_to(one, "parked")
        assert shown["error"]["code"] == "platform_resting" and "Facebook" in shown["why"] and shown["next_step_at"]
        assert "by itself" in shown["error"]["remediation"]

    others = [
        await accepted(house, ordered(house, accounts[platform], credentials[platform], "Quite well.", 0))
        for platform in PLATFORMS
    ]
    assert [(await house.ends(one))["state"] for one in others] == ["published"] * len(PLATFORMS)
    assert (await house.now()).timestamp() < down_at + DOWN, "the others went on while it was down"

    await until_the_clock_says(house, down_at + DOWN, reels)
    assert 5 <= await asked(house) < FEWER_THAN
    assert {(await house.show(one))["state"] for one in reels} <= {"parked", "running", "due"}
    await house.clear_faults()
    assert [(await house.ends(one))["state"] for one in reels] == ["published"] * len(reels)
    seen = await house.ask("audience/facebook/hazel?include=hidden")
    assert sorted(post["kind"] for post in seen) == ["reel"] * len(reels) + ["status"]
