"""The lifecycle is a table, and what the storage does keeps to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from durable import toys
from durable.stores import emptied, open_store
from durable.sweep import Stage, SteppingClock, sweep
from durable.test_crash_sweep import expected_for
from waooaw_social.core.publication import ARROWS, ENDED, WAITING, State, may_become
from waooaw_social.durable.memory import MemoryInbox

WATCH = """
create trigger watch after update of state on publications when old.state <> new.state
begin insert into inbox (key, told, heard_at) values (old.state || '>' || new.state, '{}', 0) on conflict do nothing; end
"""


def test_every_state_has_a_row_and_published_has_no_way_back() -> None:
    assert set(ARROWS) == set(State)
    assert not ARROWS[State.PUBLISHED] and not ARROWS[State.CANCELLED] and not ARROWS[State.MISSED]
    assert ARROWS[State.UNRESOLVED] == {State.PUBLISHED, State.REFUSED, State.DUE}


def test_a_publication_waits_or_has_ended_or_is_a_draft() -> None:
    assert set(State) == WAITING | ENDED | {State.DRAFT} and not WAITING & ENDED


@pytest.mark.anyio
async def test_no_change_of_the_whole_sweep_is_missing_in_the_table(tmp_path: Path) -> None:
    clock = SteppingClock()
    seen_changes: set[str] = set()
    async with open_store("sqlite", clock, tmp_path) as store:
        await store.db.write(lambda c: c.exec_driver_sql(WATCH).rowcount)

        @asynccontextmanager
        async def fresh() -> AsyncIterator[Stage]:
            await emptied(store)
            platform, publication = toys.ToyPlatform(clock, tells=False), toys.publication()
            await store.accept(publication)

            async def seen() -> list[str]:
                return [post["id"] for post in platform.live]

            where: Any = lambda: store.where(publication)  # noqa: E731
            yield Stage(clock, store, platform, None, MemoryInbox(), publication, toys.message, where, seen)  # type: ignore[arg-type]
            seen_changes.update(
                await store.db.read(lambda c: c.exec_driver_sql("select key from inbox").scalars().all())
            )

        await sweep(fresh, expected_for("silent message"))
    changes = {tuple(State(word) for word in change.split(">")) for change in seen_changes}
    assert {
        (State.RUNNING, State.PUBLISHED),
        (State.RUNNING, State.UNRESOLVED),
        (State.PARKED, State.DUE),
        (State.DUE, State.RUNNING),
    } <= changes
    assert not [change for change in changes if not may_become(*change)]
