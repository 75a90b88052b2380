"""Quotas are never exceeded, by whomever and however they die; rates are kept; and what nobody used is there again."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog

from durable.sweep import SteppingClock
from waooaw_sandbox.app import Options, running
from waooaw_social.core.refusal import Scope
from waooaw_social.platforms.manifest import Bucket
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.plant.journal import Journal
from waooaw_social.storage.plant.quota import LEASE, SqlQuota
from waooaw_social.storage.plant.tables import metadata
from waooaw_social.wire.quota import MemoryQuota, Warnings, pace_of
from waooaw_social.wire.transport import Client, api_client

pytestmark = pytest.mark.anyio

DAILY = Bucket(name="uploads", limit=10, zone="America/Los_Angeles", source="a test")
RATE = Bucket(name="rate", limit=80, per=1.0, scope=Scope.ACCOUNT, source="a test")
PAIR = Bucket(name="pair", limit=1, per=6.0, scope=Scope.ACCOUNT, source="a test")
WORKER = Path(__file__).parent / "quota_worker.py"


@pytest.fixture(params=["sqlite", "postgresql"])
async def room(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Database, SteppingClock]]:
    clock = SteppingClock()
    url = f"sqlite:///{tmp_path}/q.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    db = await Database.open(url, clock_offset=lambda: clock.offset)
    await db.write(metadata.create_all)
    yield db, clock
    await db.close()


Room = tuple[Database, SteppingClock]


async def taken(quota: Any, bucket: Bucket, times: int, scope: str = "app") -> int:
    return sum([await quota.take(bucket, scope, 1) is None for _ in range(times)])


async def test_a_day_gives_its_limit_and_no_more_to_however_many_ask_at_once(room: Room) -> None:
    db, clock = room
    processes = [SqlQuota(db=db, clock=clock) for _ in range(4)]
    got = await asyncio.gather(*(taken(quota, DAILY, 8) for quota in processes))
    assert sum(got) == 10
    wait = await processes[0].take(DAILY, "app", 1)
    assert wait is not None and abs(clock.now().timestamp() + wait - midnight(clock.now())) < 1
    await clock.advance(wait + 1)
    assert await processes[0].take(DAILY, "app", 1) is None
    assert await processes[0].take(DAILY, "another app", 1) is None


def midnight(now: datetime) -> float:
    here = now.astimezone(ZoneInfo(DAILY.zone))
    return datetime.fromordinal(here.toordinal() + 1).replace(tzinfo=here.tzinfo).timestamp()


async def test_what_is_given_back_can_be_taken_again(room: Room) -> None:
    quota = SqlQuota(db=room[0], clock=room[1])
    assert await taken(quota, DAILY, 10) == 10
    await quota.give_back(DAILY, "app", 3)
    assert await taken(quota, DAILY, 5) == 3
    await room[1].advance(LEASE + 1)
    await quota.tidy()
    await quota.give_back(DAILY, "app", 1)
    assert await taken(quota, DAILY, 2) == 1


async def test_a_busy_process_takes_blocks_and_an_idle_one_returns_them(room: Room) -> None:
    db, clock = room
    wide = Bucket(name="units", limit=10_000, source="a test")
    quota = SqlQuota(db=db, clock=clock)
    await taken(quota, wide, 200)
    before = db.commits
    await taken(quota, wide, 200)
    assert db.commits - before < 20
    assert await quota.used(wide, "app") > 400
    await clock.advance(LEASE + 1)
    await quota.tidy()
    assert await quota.used(wide, "app") == 400


async def test_a_dead_processes_rest_comes_back_and_what_it_used_does_not(room: Room, tmp_path: Path) -> None:
    db, clock = room
    wide = Bucket(name="units", limit=10_000, source="a test")
    dead = SqlQuota(db=db, clock=clock, journal=Journal(tmp_path / "journals"))
    alive = SqlQuota(db=db, clock=clock, journal=Journal(tmp_path / "journals"))
    await taken(dead, wide, 300)
    held = await alive.used(wide, "app")
    assert held > 300 and await alive.tidy() == 0, "whoever lives keeps what it holds"
    journal, dead.journal = dead.journal, None
    assert journal is not None
    os.close(journal._file)  # as its death does
    assert await alive.tidy() == held - 300
    assert await alive.used(wide, "app") == 300
    assert await alive.tidy() == 0 and not journal.path.exists()
    await alive.aclose()
    assert list((tmp_path / "journals").iterdir()) == []


async def test_a_silence_that_one_process_was_told_of_holds_the_whole_fleet_within_a_second(room: Room) -> None:
    db, clock = room
    one, other = (SqlQuota(db=db, clock=clock) for _ in range(2))
    gate = Bucket(name="calls", source="a test")
    assert await other.take(gate, "app", 1) is None
    await one.block(gate, "app", 600)
    await one.block(gate, "app", 60)
    assert (await one.take(gate, "app", 1) or 0) > 590, "a shorter one does not end a longer one"
    await clock.advance(1.0)
    assert (await other.take(gate, "app", 1) or 0) > 590
    assert await other.take(gate, "another app", 1) is None
    await clock.advance(600)
    assert await other.take(gate, "app", 1) is None


@pytest.mark.parametrize("store", ["memory", "sql"])
async def test_no_window_of_a_rate_holds_more_than_its_limit(room: Room, store: str) -> None:
    db, clock = room
    made = MemoryQuota(clock=clock) if store == "memory" else None
    processes = [made or SqlQuota(db=db, clock=clock) for _ in range(2)]
    began, times = time.monotonic(), list[float]()
    while clock.offset < 1.5:
        for quota in processes:
            if await quota.take(RATE, "number", 1) is None:  # the database's time goes on by itself, too
                times.append(clock.offset + (0.0 if made else time.monotonic() - began))
        await clock.advance(0.008)
    fullest = max(sum(t <= other < t + 1.0 for other in times) for t in times)
    assert 30 <= fullest <= 80
    assert await processes[0].take(RATE, "another number", 1) is None


async def test_a_pair_gets_one_message_in_six_seconds(room: Room) -> None:
    db, clock = room
    one, other = (SqlQuota(db=db, clock=clock) for _ in range(2))
    assert await one.take(PAIR, "number/her", 1) is None
    wait = await other.take(PAIR, "number/her", 1)
    assert wait is not None and 5.5 < wait < 6.5
    assert await other.take(PAIR, "number/him", 1) is None
    await clock.advance(wait + 0.01)
    assert await other.take(PAIR, "number/her", 1) is None


@pytest.mark.parametrize("limit", [1, 2, 9, 10, 20, 80, 1000])
def test_a_pace_hands_out_at_most_the_limit_while_its_units_are_fresh(limit: int) -> None:
    pace = pace_of(Bucket(name="x", limit=limit, per=1.0, source="a test"))
    most = pace.burst + int((1.0 + pace.fresh) / pace.step - 1e-9)
    assert most <= limit and most >= limit - 1 and pace.burst >= 1


async def test_somebody_is_told_once_at_eighty_and_once_at_ninety_five_percent() -> None:
    clock = SteppingClock()
    quota = MemoryQuota(clock=clock, told=Warnings(clock=clock))
    bucket = Bucket(name="units", limit=100, source="a test")
    with structlog.testing.capture_logs() as logs:
        await taken(quota, bucket, 120)
    assert [(said["event"], said["percent"], said["used"]) for said in logs] == [
        ("quota_near", 80, 80),
        ("quota_near", 95, 95),
    ]


async def test_a_day_of_the_clocks_change_has_its_own_hours() -> None:
    clock = SteppingClock()
    for day, hours in ((datetime(2026, 11, 1, 7, tzinfo=UTC), 25), (datetime(2026, 3, 8, 8, tzinfo=UTC), 23)):
        clock._start, clock.offset = day, 0.0
        quota = MemoryQuota(clock=clock)
        assert await taken(quota, DAILY, 11) == 10
        assert await quota.take(DAILY, "app", 1) == hours * 3600
        await clock.advance(hours * 3600)
        assert await quota.take(DAILY, "app", 1) is None


# --- real processes, before the sandbox's own meters --------------------------------------------------------------------------


async def started(told: dict[str, Any], tmp_path: Path) -> asyncio.subprocess.Process:
    with (tmp_path / "workers.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, str(WORKER), json.dumps(told), stdout=log, stderr=log
        )


async def asked(client: Client, base: str, what: str) -> Any:
    return (await client.get(f"{base}/_sandbox/{what}")).json()


async def test_four_processes_two_of_them_killed_use_a_day_up_and_never_a_unit_more(
    postgres_url: str, tmp_path: Path
) -> None:
    await migrate(postgres_url, "plant")
    limit = 240
    options = Options(data_dir=tmp_path / "sandbox", knobs={"youtube.units_per_day": limit})
    async with running(options) as base, api_client(timeout=10.0) as client:
        token = (await asked(client, base, "accounts"))[0]["access_token"]
        url = f"{base}/www.googleapis.com/youtube/v3/channels?part=id&mine=true"
        bucket = {"name": "units", "limit": limit, "zone": "America/Los_Angeles"}
        request = {"method": "GET", "url": url, "headers": {"authorization": f"Bearer {token}"}}
        told = {
            "database": postgres_url,
            "folder": str(tmp_path / "j"),
            "bucket": bucket,
            "request": request,
            "seconds": 40,
        }
        workers = [await started(told, tmp_path) for _ in range(4)]

        async def used() -> int:
            return (await asked(client, base, "knobs/youtube"))["quota"]["buckets"]["units"]["used"]

        for worker, after in zip(workers[:2], (60, 120), strict=True):
            while await used() < after:
                await asyncio.sleep(0.02)
            worker.kill()
        assert [await worker.wait() for worker in workers] == [-9, -9, 0, 0], (tmp_path / "workers.log").read_text()
        calls = await asked(client, base, "calls?platform=youtube")
        assert {call["status"] for call in calls} <= {200, None}, "the platform never had to say no"
        assert limit - 2 <= await used() <= limit, "at most the call in hand is lost with a process"


async def test_four_processes_keep_one_numbers_rate(postgres_url: str, tmp_path: Path) -> None:
    await migrate(postgres_url, "plant")
    knobs = {"whatsapp.messages_per_second": 20, "whatsapp.pair_burst": 100_000, "whatsapp.pair_seconds": 600}
    async with running(Options(data_dir=tmp_path / "s", knobs=knobs)) as base, api_client(timeout=10.0) as client:
        account = next(a for a in await asked(client, base, "accounts") if a["platform"] == "whatsapp")
        number = account["posting_identity"]
        message = {"messaging_product": "whatsapp", "to": account["recipients"]["in_window"][0], "type": "text", "text": {"body": "x"}}  # fmt: skip
        headers = {"authorization": f"Bearer {account['access_token']}"}
        request = {"method": "POST", "url": f"{base}/graph.facebook.com/v25.0/{number}/messages", "json": message}
        bucket = {"name": "rate", "limit": 20, "per": 1.0}
        told = {"database": postgres_url, "folder": str(tmp_path / "j"), "bucket": bucket, "request": request | {"headers": headers}, "seconds": 3}  # fmt: skip
        workers = [await started(told, tmp_path) for _ in range(4)]
        assert [await worker.wait() for worker in workers] == [0] * 4, (tmp_path / "workers.log").read_text()
        meter = (await asked(client, base, "knobs/whatsapp"))["meters"]["numbers"][number]
    assert meter["refused"] == {} and meter["peak_per_second"] <= 20
    assert meter["accepted"] >= 25, "and they do not dawdle"
