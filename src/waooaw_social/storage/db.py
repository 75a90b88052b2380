"""One way to read and one way to write, for SQLite and PostgreSQL alike; time is the database's.

A write is a plain function of a `Connection` and one durable transaction. On SQLite such functions run in one thread, which drains what waits
into one COMMIT, a SAVEPOINT each; on PostgreSQL they run on pooled connections. `now()` is the database's clock, plus an offset that
only tests and the sandbox's clock ever set.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from waooaw_social.storage import sqlite
from waooaw_social.storage.sqlite import Work

T = TypeVar("T")

POSTGRES_POOL = 12
POSTGRES_GUARDS = "-c idle_in_transaction_session_timeout=10000 -c lock_timeout=5000 -c synchronous_commit=on"
"""Below the lease: a frozen worker must not hold its locks longer than its lease."""
CONNECT_TIMEOUT = 10
"""Seconds for a new connection to PostgreSQL."""

_SCHEMES = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "sqlite+aiosqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class now(FunctionElement[float]):  # noqa: N801 - it is written like the function it stands for
    """Seconds since 1970 on the database's clock, at this statement."""

    inherit_cache = True
    type: sa.types.TypeEngine[float] = sa.Double[float]()


@compiles(now, "sqlite")
def _sqlite_now(_element: now, _compiler: Any, **_: Any) -> str:
    return f"((julianday('now') - 2440587.5) * 86400.0 + {sqlite.CLOCK_OFFSET}())"


@compiles(now, "postgresql")
def _postgresql_now(_element: now, compiler: Any, **kw: Any) -> str:
    # STABLE, so that an index on due_at can be used. The offset is read from the session, where it is 0 unless a test set it.
    clock = "cast(extract(epoch from statement_timestamp()) as double precision)"
    return f"({clock} + coalesce(nullif(current_setting('waooaw.clock_offset', true), ''), '0')::double precision)"


@dataclass(frozen=True)
class Url:
    """A database's address, as people write it. Raises `ValueError` where it is none of ours."""

    text: str

    def __post_init__(self) -> None:
        scheme = self.text.partition("://")[0]
        if scheme not in _SCHEMES:
            raise ValueError(f"a database URL begins with sqlite:/// or postgresql://, not with {scheme[:20]!r}")
        if self.sqlite and not self._rest.removeprefix("/").partition("?")[0]:
            raise ValueError("a SQLite database needs a file: sqlite:///var/plant.db")

    def __repr__(self) -> str:
        return "Url(…)"  # a password may stand in it

    @property
    def sqlite(self) -> bool:
        return self.text.startswith("sqlite")

    @property
    def path(self) -> Path:
        """A SQLite database's file."""
        return Path(self._rest.removeprefix("/").partition("?")[0])

    @property
    def postgresql(self) -> str:
        return f"postgresql+psycopg://{self._rest}"

    @property
    def _rest(self) -> str:
        return self.text.partition("://")[2]


class Database:
    """An open database. `await Database.open(url)`, and `close()` it."""

    def __init__(self, url: Url, clock_offset: Callable[[], float]) -> None:
        self.sqlite = url.sqlite
        self._side = _Sqlite(url, clock_offset) if url.sqlite else _Postgresql(url, clock_offset)

    @classmethod
    async def open(cls, url: str, *, clock_offset: Callable[[], float] = lambda: 0.0) -> Self:
        """Open the database at `url`: `sqlite:///var/plant.db` or `postgresql://…`. A SQLite file is made, for its owner only."""
        return cls(Url(url), clock_offset)

    @property
    def commits(self) -> int:
        """Transactions committed by this process so far. Writes that shared one count once."""
        return self._side.commits

    async def write(self, work: Work[T]) -> T:
        """One durable transaction: what `work` returns is committed when this returns. What it raises undid it.

        Whoever is cancelled while waiting does not know whether it was done.
        """
        return await self._side.write(work)

    async def read(self, work: Work[T]) -> T:
        """A read of one moment. Writes in it fail."""
        return await self._side.read(work)

    async def close(self) -> None:
        """Finish what waits, and let go of every connection."""
        await self._side.close()


class _Sqlite:
    def __init__(self, url: Url, clock_offset: Callable[[], float]) -> None:
        sqlite.make_file(url.path)
        self._writer = sqlite.Writer(sqlite.engine(url.path, begin="BEGIN IMMEDIATE", clock_offset=clock_offset))
        self._readers = sqlite.Readers(
            sqlite.engine(url.path, begin="BEGIN", clock_offset=clock_offset, query_only="ON")
        )

    @property
    def commits(self) -> int:
        return self._writer.commits

    async def write(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._writer.submit(work))

    async def read(self, work: Work[T]) -> T:
        return await asyncio.wrap_future(self._readers.submit(work))

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._readers.close)


class _Postgresql:
    def __init__(self, url: Url, clock_offset: Callable[[], float]) -> None:
        self.commits = 0
        self._at_work = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._offset = clock_offset
        self._writing = create_async_engine(
            url.postgresql,
            pool_size=POSTGRES_POOL,
            max_overflow=0,
            hide_parameters=True,  # an error's text must not hold a token
            connect_args={"options": POSTGRES_GUARDS, "connect_timeout": CONNECT_TIMEOUT},
        )
        # One snapshot for the whole read, as SQLite gives it. Said in BEGIN itself: no further round trip.
        self._reading = self._writing.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def write(self, work: Work[T]) -> T:
        result = await self._run(self._writing, work)
        self.commits += 1
        return result

    async def read(self, work: Work[T]) -> T:
        return await self._run(self._reading, work)

    async def close(self) -> None:
        await self._idle.wait()  # the pool disposes only of connections that nobody uses
        await self._writing.dispose()

    async def _run(self, engine: AsyncEngine, work: Work[T]) -> T:
        self._at_work += 1
        self._idle.clear()
        try:
            try:
                return await self._transaction(engine, work)
            except (
                _Lost
            ):  # after a thaw or a failover the pool is full of dead connections; it has let go of them all now
                return await self._transaction(engine, work)
        except _Lost as lost:
            raise lost.error from None
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def _transaction(self, engine: AsyncEngine, work: Work[T]) -> T:
        offset = self._offset()
        async with engine.begin() as connection:
            try:
                if offset:
                    shift = sa.func.set_config("waooaw.clock_offset", str(offset), True)
                    await connection.execute(sa.select(shift))
                return await connection.run_sync(work)
            except exc.DBAPIError as error:
                if error.connection_invalidated:
                    raise _Lost(error) from None
                raise


class _Lost(Exception):
    """The connection died before the COMMIT was sent, so nothing of the transaction is there: it may be run once more."""

    def __init__(self, error: exc.DBAPIError) -> None:
        super().__init__()
        self.error = error
