"""Half open, one call in the whole fleet goes out: two processes of the operating system over one database ask at the same moment."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from waooaw_social.core.ids import Platform
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.plant.breaker import SqlBreaker
from waooaw_social.wire.breaker import Rules, State
from waooaw_social.wire.clock import SystemClock
from waooaw_social.wire.ports import Admitted, Health

pytestmark = pytest.mark.anyio

WORKER = Path(__file__).parent / "probe_worker.py"
AT_ONCE = 50
SICK = Platform("youtube")


async def asking(url: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    told = (str(WORKER), url, SICK, str(AT_ONCE))
    return await asyncio.create_subprocess_exec(sys.executable, *told, stdin=pipe, stdout=pipe)


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    return (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_fifty_calls_in_each_of_two_processes_are_one_probe(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/b.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    await migrate(url, "plant")
    db = await Database.open(url)
    breaker = SqlBreaker(db=db, clock=SystemClock(), rules=Rules(rest=0.0))
    for _ in range(breaker.rules.in_a_row):
        await breaker.report(Admitted(platform=SICK, family="api"), Health.FAULT)
    assert (await breaker.circuits())[SICK, "api"].state is State.OPEN

    processes = [await asking(url) for _ in range(2)]
    try:
        assert [await line_of(one) for one in processes] == ["ready", "ready"]
        for one in processes:
            assert one.stdin
            one.stdin.write(b"\n")
        probes = [json.loads(await line_of(one)) for one in processes]
        circuit = (await breaker.circuits())[SICK, "api"]
        assert [probe for of in probes for probe in of] == [circuit.probe] and circuit.state is State.HALF_OPEN
        assert [await one.wait() for one in processes] == [0, 0]
    finally:
        for one in processes:
            if one.returncode is None:
                one.kill()
                await one.wait()
        await db.close()
