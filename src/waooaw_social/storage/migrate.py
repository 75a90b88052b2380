"""Brings a database's tables to the newest revision, at every start. All of it is one transaction, which also lets only one process in.

Safe when two start at once: the second waits, and finds nothing left to do. Safe when one dies half-way: nothing of it is there.
"""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from waooaw_social.storage import sqlite
from waooaw_social.storage.db import Url

Room = Literal["plant", "cp"]
ADVISORY_LOCK = 0x_57_41_4F_4F
"""PostgreSQL's name for "one of us migrates"."""

_one_at_a_time = threading.Lock()
"""Alembic's `context` and `op` are the module's own: one migration at a time in a process."""


async def migrate(url: str, room: Room) -> None:
    """Upgrade the database at `url` to the newest revision of `storage/{room}/migrations`."""
    await asyncio.to_thread(upgrade, Url(url), room)


def upgrade(url: Url, room: Room) -> None:
    with _one_at_a_time, _alone(url) as connection:
        command.upgrade(config(connection, room), "head")


class OtherTables(Exception):
    """The tables are not those that this program speaks of."""


async def check_tables(url: str, room: Room) -> None:
    """Raises `OtherTables` unless the database is at the newest revision. Changes nothing."""
    await asyncio.to_thread(_check, Url(url), room)


def _check(url: Url, room: Room) -> None:
    found = None
    if not url.sqlite or url.path.exists():
        engine = _engine(url)
        try:
            with engine.connect() as connection:
                found = MigrationContext.configure(connection).get_current_revision()
        finally:
            engine.dispose()
    wanted = ScriptDirectory(str(_scripts(room))).get_current_head()
    if found != wanted:
        raise OtherTables(
            f"the tables of {room} are at revision {found}, this program needs {wanted}: "
            f"run `waooaw-social migrate {room}` with its version, then start again"
        )


def config(connection: sa.Connection, room: Room) -> Config:
    """Alembic's configuration, made here: there is no ini file."""
    made = Config()
    made.set_main_option("script_location", str(_scripts(room)).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def _scripts(room: Room) -> Path:
    return Path(__file__).parent / room / "migrations"


def run(metadata: sa.MetaData) -> None:
    """What each room's `migrations/env.py` does."""
    connection: sa.Connection = context.config.attributes["connection"]
    # SQLite's DDL is transactional too, where BEGIN is said by us.
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def _alone(url: Url) -> Generator[sa.Connection]:
    """A transaction that nobody else migrates in; committed at the end of the block."""
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            if not url.sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADVISORY_LOCK)))
            yield connection
    finally:
        engine.dispose()


def _engine(url: Url) -> sa.Engine:
    return _sqlite(url) if url.sqlite else sa.create_engine(url.postgresql, hide_parameters=True)


def _sqlite(url: Url) -> sa.Engine:
    """BEGIN EXCLUSIVE is the lock. Foreign keys are off: a table that is rebuilt must not take its children with it."""
    sqlite.make_file(url.path)
    return sqlite.engine(url.path, begin="BEGIN EXCLUSIVE", foreign_keys="OFF")
