"""One way to read and one way to write, for SQLite and PostgreSQL alike; time is the database's.

A write is a plain function of a `Connection` and one durable transaction. On SQLite such functions run in one thread, which drains what waits
into one COMMIT, a SAVEPOINT each; on PostgreSQL they run on pooled connections. `now()` is the database's clock, plus an offset that
only tests and the sandbox's clock ever set.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

BATCH = 64
"""Writes that share one COMMIT at most: the last of them waits for the first."""
BUSY = 20.0
"""Seconds to wait for SQLite's write lock, which another process (a migration, a backup) may hold."""
POSTGRES_POOL = 12
POSTGRES_GUARDS = "-c idle_in_transaction_session_timeout=10000 -c lock_timeout=5000 -c synchronous_commit=on"
"""Below the lease: a frozen worker must not hold its locks longer than its lease."""


class now(ColumnElement[float]):  # noqa: N801 - it is written like the function it stands for
    """Seconds since 1970 on the database's clock, at this statement."""

    inherit_cache = True
    type = sa.Double()


_OFFSET = "waooaw_clock_offset"


@compiles(now, "sqlite")
def _sqlite_now(_element: now, _compiler: Any, **_: Any) -> str:
    return f"((julianday('now') - 2440587.5) * 86400.0 + {_OFFSET}())"


@compiles(now, "postgresql")
def _postgresql_now(_element: now, compiler: Any, **kw: Any) -> str:
    # STABLE, so that an index on due_at can be used. The offset is read from the session, where it is 0 unless a test set it.
    clock = "cast(extract(epoch from statement_timestamp()) as double precision)"
    return f"({clock} + coalesce(nullif(current_setting('waooaw.clock_offset', true), ''), '0')::double precision)"


@dataclass(frozen=True)
class Url:
    """A database's address, as people write it."""

    text: str

    @property
    def sqlite(self) -> bool:
        return self.text.startswith("sqlite")

    @property
    def path(self) -> Path:
        """A SQLite database's file."""
        return Path(self.text.partition("://")[2].removeprefix("/").partition("?")[0])

    @property
    def sync(self) -> str:
        rest = self.text.partition("://")[2]
        return f"sqlite:///{self.path}" if self.sqlite else f"postgresql+psycopg://{rest}"


class Database:
    """An open database. `await Database.open(url)`, and `close()` it."""

    def __init__(self, url: Url, clock_offset: Callable[[], float]) -> None:
        self.sqlite = url.sqlite
        self.commits = 0
        self._url = url
        self._offset = clock_offset
        self._engine: AsyncEngine | None = None if url.sqlite else _postgres(url)
        self._writing = _sqlite(url, clock_offset, read_only=False) if url.sqlite else None
        self._reading = _sqlite(url, clock_offset, read_only=True) if url.sqlite else None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="sqlite-reader")
        self._waiting: deque[tuple[Work[Any], asyncio.Future[Any]]] = deque()

    @classmethod
    async def open(cls, url: str, *, clock_offset: Callable[[], float] = lambda: 0.0) -> Self:
        """Open the database at `url`: `sqlite:///var/plant.db` or `postgresql://…`. A SQLite file is made, for its owner only."""
        address = Url(url)
        if address.sqlite:
            make_file(address.path)
        return cls(address, clock_offset)

    async def write(self, work: Work[T]) -> T:
        """One durable transaction: what `work` returns is committed when this returns. What it raises undid it."""
        if self._engine is not None:
            return await self._on_postgres(self._engine, work, write=True)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, future))
        self._writer.submit(self._drain, loop)
        return await future

    async def read(self, work: Work[T]) -> T:
        """A read of one moment. Writes in it fail."""
        if self._engine is not None:
            return await self._on_postgres(self._engine, work, write=False)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def close(self) -> None:
        """Finish what waits, and let go of every connection."""
        await asyncio.to_thread(self._writer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        if self._engine is not None:
            await self._engine.dispose()
        for engine in (self._writing, self._reading):
            if engine is not None:
                engine.dispose()

    # --- PostgreSQL -------------------------------------------------------------------------------------------------------

    async def _on_postgres(self, engine: AsyncEngine, work: Work[T], *, write: bool) -> T:
        offset = self._offset()
        async with engine.begin() as connection:
            if offset:
                await connection.execute(
                    sa.text("select set_config('waooaw.clock_offset', :o, true)"), {"o": str(offset)}
                )
            if not write:
                await connection.execute(sa.text("set transaction read only"))
            result = await connection.run_sync(work)
        self.commits += write
        return result

    # --- SQLite -----------------------------------------------------------------------------------------------------------

    def _read(self, work: Work[T]) -> T:
        engine = self._reading
        if engine is None:
            raise AssertionError("not SQLite")
        with engine.begin() as connection:
            return work(connection)

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        """Runs in the writer's thread: everything that waits, up to a batch, in one COMMIT."""
        jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH))]
        if not jobs:
            return
        outcomes: list[tuple[Any, BaseException | None]] = []
        try:
            self._commit(jobs, outcomes)
        except BaseException as error:
            # The COMMIT itself failed: nobody's write is there.
            outcomes = [(None, error)] * len(jobs)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it whoever waited
            loop.call_soon_threadsafe(_tell, [future for _, future in jobs], outcomes)

    def _commit(
        self, jobs: list[tuple[Work[Any], asyncio.Future[Any]]], outcomes: list[tuple[Any, BaseException | None]]
    ) -> None:
        engine = self._writing
        if engine is None:
            raise AssertionError("not SQLite")
        with engine.begin() as connection:
            for work, _ in jobs:
                try:
                    with connection.begin_nested():
                        outcomes.append((work(connection), None))
                except Exception as error:
                    outcomes.append((None, error))
        self.commits += 1


def make_file(path: Path) -> None:
    """A database's file and folder, for their owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _tell(futures: list[asyncio.Future[Any]], outcomes: list[tuple[Any, BaseException | None]]) -> None:
    for future, (value, error) in zip(futures, outcomes, strict=True):
        if future.done():  # whoever waited was cancelled; the write stands
            continue
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)


def _postgres(url: Url) -> AsyncEngine:
    return create_async_engine(
        url.sync,
        pool_size=POSTGRES_POOL,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": POSTGRES_GUARDS},
    )


def _sqlite(url: Url, clock_offset: Callable[[], float], *, read_only: bool) -> sa.Engine:
    pool: dict[str, Any] = {"pool_size": 4, "max_overflow": 0} if read_only else {"poolclass": sa.pool.StaticPool}
    engine = sa.create_engine(
        url.sync, hide_parameters=True, connect_args={"timeout": BUSY, "check_same_thread": False}, **pool
    )

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        connection.create_function(_OFFSET, 0, clock_offset, deterministic=True)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"query_only={int(read_only)}"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    del connected, begun  # registered; not called by name
    return engine
