"""Ready means that a worker really claims: not before the first, not with a frozen one, again with the next."""

import signal
from pathlib import Path
from typing import Any

import pytest

from plant.house import House, empty_house, until

pytestmark = pytest.mark.anyio


async def readiness(house: House) -> tuple[int, dict[str, Any]]:
    answer = await house.http.get(f"{house.plant}/readyz")
    return answer.status_code, answer.json()


async def test_plant_is_ready_while_a_worker_claims(tmp_path: Path) -> None:
    async with empty_house(tmp_path) as house:
        await house.start_plant()
        await house.healthy(house.plant)
        status, told = await readiness(house)
        assert status == 503 and told["code"] == "not_ready" and told["remediation"]

        async def ready() -> bool:
            return (await readiness(house))[0] == 200

        async def not_ready() -> bool:
            return (await readiness(house))[0] == 503

        worker = await house.start_worker()
        await until(ready, "a worker claims")
        worker.signal(signal.SIGSTOP)
        await house.advance(20.0)
        await until(not_ready, "nobody claims")
        worker.signal(signal.SIGCONT)
        await until(ready, "it claims again")
