"""What is left, and who is left alone, as an agent sees it; and an operator's freeze, by the command, before real processes."""

import asyncio
import sys
from typing import Any

import pytest

from plant.house import House

pytestmark = pytest.mark.anyio


async def command(house: House, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "waooaw_social.cli", *words), stdout=asyncio.subprocess.PIPE, env=house.environment
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed
    return printed.decode()


async def youtube(house: House) -> dict[str, Any]:
    told = {"authorization": f"Bearer {house.agent_key}"}
    answer = await house.http.get(f"{house.plant}/api/v1/quotas", headers=told)
    assert answer.status_code == 200, answer.text
    return next(one for one in answer.json()["platforms"] if one["platform"] == "youtube")


async def test_a_frozen_platform_says_so_and_goes_on_when_it_is_thawed(house: House) -> None:
    assert (await house.http.get(f"{house.plant}/api/v1/quotas")).status_code == 401
    ref = await house.connect()
    before = await youtube(house)
    printed = await command(house, "freeze", "youtube", "--minutes", "30")
    assert "nothing is sent to youtube before" in printed
    frozen = await youtube(house)
    assert (before["state"], frozen["state"]) == ("closed", "frozen") and frozen["until"]
    await asyncio.sleep(1.1)  # as long as a worker may not know of it
    calls = len(await house.calls())
    waits = await house.publish(ref)
    shown = await house.comes_to(waits, "parked")
    assert shown["error"]["code"] == "platform_frozen" and "operator" in shown["why"]
    assert len(await house.calls()) == calls
    await command(house, "thaw", "youtube")
    assert (await house.ends(waits))["state"] == "published"
    after = {bucket["name"]: bucket for bucket in (await youtube(house))["buckets"]}
    told = {bucket["name"]: bucket for bucket in before["buckets"]}
    assert after["uploads"]["used"] == told["uploads"]["used"] + 1
    assert (
        after["uploads"]["left"] == after["uploads"]["limit"] - after["uploads"]["used"]
        and after["uploads"]["resets_at"]
    )
