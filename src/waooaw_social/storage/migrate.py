"""Brings a database's tables to the newest revision, at every start. Safe when two processes start at once: one of them waits for the other."""

import asyncio
import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config

from waooaw_social.storage.db import Url, make_file

Room = Literal["plant", "cp"]
ADVISORY_LOCK = 0x_57_41_4F_4F
"""PostgreSQL's name for "one of us migrates"."""


async def migrate(url: str, room: Room) -> None:
    """Upgrade the database at `url` to the newest revision of `storage/{room}/migrations`."""
    await asyncio.to_thread(upgrade, Url(url), room)


def upgrade(url: Url, room: Room) -> None:
    engine = sa.create_engine(url.sync, hide_parameters=True)
    try:
        with _alone(url), engine.connect() as connection:
            if not url.sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_lock(ADVISORY_LOCK)))
                connection.commit()
            command.upgrade(config(connection, room), "head")
    finally:
        engine.dispose()


def config(connection: sa.Connection, room: Room) -> Config:
    """Alembic's configuration, made here: there is no ini file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / room / "migrations"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def run(metadata: sa.MetaData) -> None:
    """What each room's `migrations/env.py` does."""
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


@contextmanager
def _alone(url: Url) -> Generator[None]:
    """SQLite has no lock that outlives a transaction; a file beside the database is one, and goes with its process."""
    if not url.sqlite:
        yield
        return
    make_file(url.path)
    with Path(f"{url.path}.migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
