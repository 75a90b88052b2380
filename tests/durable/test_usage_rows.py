"""Whatever dies wherever: the usage events of a publication are its endings, each once. On SQLite and on PostgreSQL."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from durable import toys
from durable.stores import emptied, open_store
from durable.sweep import Fault, Plan, Stage, SteppingClock, carry_out, cases
from waooaw_social.core.events import STATUS_OF, PlatformPostEvent
from waooaw_social.core.publication import State
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.storage.plant.tables import usage

pytestmark = pytest.mark.anyio

DYING = {Fault.DEATH_BEFORE, Fault.DEATH_AFTER, Fault.ZOMBIE_AFTER, Fault.LOST_REPLY}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("flow", ["feed", "message"])
async def test_events_are_endings_whatever_dies_wherever(
    kind: str, flow: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    clock = SteppingClock()
    place: Any = tmp_path if kind == "sqlite" else request.getfixturevalue("postgres_url")
    async with open_store(kind, clock, place) as store:

        @asynccontextmanager
        async def fresh() -> AsyncIterator[Stage]:
            await emptied(store)
            clock.on_advance.clear()
            platform, publication = toys.ToyPlatform(clock), toys.publication()
            await store.accept(publication)

            async def seen() -> list[str]:
                return [post["id"] for post in platform.live if post["by"] == publication.id]

            async def state() -> tuple[State, str | None]:
                return await store.where(publication)

            yield Stage(clock, store, platform, None, MemoryInbox(), publication, toys.FLOWS[flow], state, seen)  # type: ignore[arg-type]

        ends = Counter[State]()
        for case in [case for case in await cases(fresh) if case.fault in DYING]:
            async with fresh() as stage:
                await carry_out(stage, Plan(fault=case.fault, at=case.at))
                state, post_id = await stage.state()
                rows = await store.db.read(lambda c: c.execute(sa.select(usage).order_by(usage.c.at)).all())
                ended = [row for row in rows if row.status != "retrying"]
                assert [row.status for row in ended][-1:] == [STATUS_OF[state].value], f"{case}: {rows}"
                assert [row.post_id for row in ended if row.status == "success"] == ([post_id] if post_id else []), case
                assert len({row.epoch for row in rows}) == len(rows), f"{case}: one run, one event"
                ends[state] += 1
        assert len(ends) == (2 if flow == "message" else 1) and ends[State.PUBLISHED] > 3


async def test_an_event_is_told_once_it_is_committed_and_once(tmp_path: Path) -> None:
    told: list[PlatformPostEvent] = []
    clock = SteppingClock()
    async with open_store("sqlite", clock, tmp_path) as store:
        object.__setattr__(store.ledger, "tell", told.append)
        platform, publication = toys.ToyPlatform(clock), toys.publication()
        await store.accept(publication)

        async def state() -> tuple[State, str | None]:
            return await store.where(publication)

        stage = Stage(clock, store, platform, None, MemoryInbox(), publication, toys.FLOWS["feed"], state, None)  # type: ignore[arg-type]
        await carry_out(stage, Plan())
        rows = await store.db.read(lambda c: c.execute(sa.select(usage)).all())
    assert [(event.metadata["publication"], event.status) for event in told] == [
        (r.publication, r.status) for r in rows
    ]
    assert told[-1].status == "success" and told[-1].metadata["late_seconds"] >= 0
