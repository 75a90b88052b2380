"""Every start brings the tables to the newest revision: twice, at once, or after a death half-way."""

import asyncio
import subprocess
import sys
import time
from typing import Literal

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from waooaw_social.storage.cp.tables import metadata as cp
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.plant.tables import metadata as plant

pytestmark = pytest.mark.anyio

ROOMS: dict[Literal["plant", "cp"], sa.MetaData] = {"plant": plant, "cp": cp}


def tables(c: sa.Connection) -> set[str]:
    return set(sa.inspect(c).get_table_names())


async def looked_at(url: str) -> set[str]:
    db = await Database.open(url)
    found = await db.read(tables)
    await db.close()
    return found


@pytest.mark.parametrize("room", ROOMS)
async def test_the_migrations_make_exactly_the_tables_that_the_code_speaks_of(
    database_url: str, room: Literal["plant", "cp"]
) -> None:
    await migrate(database_url, room)
    db = await Database.open(database_url)
    drift = await db.read(lambda c: compare_metadata(MigrationContext.configure(c), ROOMS[room]))
    await db.close()
    assert drift == []


async def test_a_second_start_finds_nothing_to_do_and_says_so_soon(database_url: str) -> None:
    await migrate(database_url, "cp")
    started = time.perf_counter()
    await migrate(database_url, "cp")
    assert time.perf_counter() - started < 0.5


async def test_two_processes_that_start_at_once_make_one_set_of_tables(database_url: str) -> None:
    program = "import asyncio, sys; from waooaw_social.storage.migrate import migrate; asyncio.run(migrate(sys.argv[1], 'cp'))"
    starting = [
        subprocess.Popen([sys.executable, "-c", program, database_url], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [await asyncio.to_thread(process.communicate, timeout=30) for process in starting]
    assert [process.returncode for process in starting] == [0, 0], said
    assert await looked_at(database_url) == {*cp.tables, "alembic_version"}


async def test_two_databases_may_be_brought_up_at_once_in_one_process(tmp_path) -> None:
    urls = {room: f"sqlite:///{tmp_path}/{room}.db" for room in ROOMS}
    await asyncio.gather(*(migrate(url, room) for room, url in urls.items()))
    for room, url in urls.items():
        assert await looked_at(url) == {*ROOMS[room].tables, "alembic_version"}


async def test_a_migration_that_dies_half_way_leaves_nothing_and_the_next_start_makes_everything(
    database_url: str,
) -> None:
    """The last table is in the way at first, so that all the others were made when it fails."""
    db = await Database.open(database_url)
    await db.write(lambda c: c.exec_driver_sql("CREATE TABLE credentials (x integer)"))
    with pytest.raises(sa.exc.DBAPIError):
        await migrate(database_url, "cp")
    assert await db.read(tables) == {"credentials"}
    await db.write(lambda c: c.exec_driver_sql("DROP TABLE credentials"))
    await db.close()
    await migrate(database_url, "cp")
    assert await looked_at(database_url) == {*cp.tables, "alembic_version"}
