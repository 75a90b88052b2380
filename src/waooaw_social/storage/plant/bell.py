"""How a process that accepts tells processes that work, on PostgreSQL: NOTIFY with the commit, LISTEN on a connection of its own.

It saves the wait for the next poll and proves nothing: whoever does not hear it polls. SQLite has no such thing, and needs none where both
are one process.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import sqlalchemy as sa
import structlog

from waooaw_social.storage.db import CONNECT_TIMEOUT, Url

CHANNEL = "waooaw_due"
AGAIN = 1.0
"""Seconds until a lost connection is opened again."""
KEEPALIVE: Mapping[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""A listener never speaks: without these it would not notice that the server is gone."""

log = structlog.get_logger(__name__)


def ring(c: sa.Connection) -> None:
    """Heard when this transaction is committed, and only then."""
    if c.dialect.name == "postgresql":
        c.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


async def listen(url: Url, heard: Callable[[], None]) -> None:
    """Call `heard` at every ring, until cancelled; also after each connection, for what was rung before. Not on SQLite."""
    while not url.sqlite:
        try:
            await _listen(url, heard)
        except psycopg.Error as error:  # its text may name the server
            log.warning("bell_lost", error=type(error).__name__)
        await asyncio.sleep(AGAIN)


async def _listen(url: Url, heard: Callable[[], None]) -> None:
    address = url.postgresql.replace("+psycopg", "", 1)
    made = psycopg.AsyncConnection.connect(
        address, autocommit=True, connect_timeout=CONNECT_TIMEOUT, application_name="waooaw-bell", **KEEPALIVE
    )
    async with await made as connection:
        await connection.execute(f"LISTEN {CHANNEL}".encode())
        heard()
        async for _ in connection.notifies():
            heard()
