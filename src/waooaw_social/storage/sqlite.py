"""SQLite under `db.py`: one thread that writes, a few that read, and a file that is its owner's alone.

The writer takes what waits, up to a batch, into one COMMIT, with a SAVEPOINT each: what one write raises undoes that write and no other.
Should SQLite undo the whole transaction by itself (a full disk does that), nobody of the batch is told that it is stored.
"""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event

T = TypeVar("T")
Work = Callable[[sa.Connection], T]

BATCH = 64
"""Writes that share one COMMIT at most: the last of them waits for the first."""
BUSY = 20.0
"""Seconds to wait for SQLite's write lock, which another process (a migration, a backup) may hold."""
READERS = 4

CLOCK_OFFSET = "waooaw_clock_offset"
"""The SQL function that `now()` adds to the clock."""


class Undone(Exception):
    """SQLite took back the whole transaction: nothing of it is stored."""


class Writer:
    """Runs works one after the other in a thread of its own. What its futures tell is committed."""

    def __init__(self, engine: sa.Engine) -> None:
        self.commits = 0
        self._engine = engine
        self._waiting: deque[tuple[Work[Any], Future[Any]]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")

    def submit(self, work: Work[T]) -> Future[T]:
        """Cancelled before its turn, a work is not done; later, it is done and nobody is told."""
        future: Future[T] = Future()
        self._waiting.append((work, future))
        self._thread.submit(self._drain)
        return future

    def close(self) -> None:
        """Finish what waits."""
        self._thread.shutdown()
        self._engine.dispose()

    def _drain(self) -> None:
        """One batch. Other than its futures, nobody hears of an error here: so every one of them is told something."""
        batch: list[tuple[Work[Any], Future[Any]]] = []
        while self._waiting and len(batch) < BATCH:
            work, future = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                batch.append((work, future))
        if not batch:
            return
        try:
            outcomes = self._commit([work for work, _ in batch])
        except BaseException as error:  # the COMMIT failed: nobody's write is there
            outcomes: list[tuple[Any, BaseException | None]] = [(None, error)] * len(batch)
        for (_, future), (value, error) in zip(batch, outcomes, strict=True):
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

    def _commit(self, works: list[Work[Any]]) -> list[tuple[Any, BaseException | None]]:
        outcomes: list[tuple[Any, BaseException | None]] = []
        with self._engine.begin() as connection:
            for work in works:
                try:
                    with connection.begin_nested():
                        outcomes.append((done(work, connection), None))
                except Exception as error:
                    outcomes.append((None, error))
                if not _in_transaction(connection):
                    # A COMMIT would now do nothing, without a word.
                    raise Undone("SQLite took back the transaction") from outcomes[-1][1]
        self.commits += 1
        return outcomes


class Readers:
    """Reads beside the writer, each of one moment."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")

    def submit(self, work: Work[T]) -> Future[T]:
        return self._threads.submit(self._read, work)

    def close(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    def _read(self, work: Work[T]) -> T:
        with self._engine.begin() as connection:
            return done(work, connection)


def done(work: Work[T], connection: sa.Connection) -> T:
    """What `work` returns. A StopIteration cannot be put into a future: whoever waits for it would wait for ever."""
    try:
        return work(connection)
    except StopIteration as error:
        raise RuntimeError("a work on the database raised StopIteration") from error


def make_file(path: Path) -> None:
    """A database's file and folder, for their owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def engine(path: Path, *, begin: str, clock_offset: Callable[[], float] = lambda: 0.0, **pragmas: str) -> sa.Engine:
    """Connections to the file at `path` that open each transaction with `begin`."""
    made = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        hide_parameters=True,  # an error's text must not hold a token
        connect_args={"timeout": BUSY, "check_same_thread": False},
        pool_size=READERS,
        max_overflow=0,
    )

    @event.listens_for(made, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        connection.create_function(CLOCK_OFFSET, 0, clock_offset, deterministic=True)  # the same throughout a statement
        _turn_wal_on(connection)
        for name, value in {"synchronous": "FULL", "foreign_keys": "ON", **pragmas}.items():
            connection.execute(f"PRAGMA {name}={value}")

    @event.listens_for(made, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    del connected, begun  # registered; not called by name
    return made


def _turn_wal_on(connection: sqlite3.Connection) -> None:
    """It is on for good after the first time. Two processes that both are the first are told "locked" at once, whatever the timeout."""
    patience = time.monotonic() + BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.02)


def _in_transaction(connection: sa.Connection) -> bool:
    driver: Any = connection.connection.dbapi_connection
    return bool(driver.in_transaction)
