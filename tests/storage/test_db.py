"""One way to write and one way to read: durable, shared, fair to whoever waits, and on the database's time."""

import asyncio
import contextlib
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from waooaw_social.storage.db import Database, Url, now

pytestmark = pytest.mark.anyio

metadata = sa.MetaData()
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("text", sa.Text),
)


def put(id: int, text: str = "") -> Callable[[sa.Connection], int]:
    def work(c: sa.Connection) -> int:
        c.execute(sa.insert(notes).values(id=id, at=now(), text=text))
        return id

    return work


def ids(c: sa.Connection) -> list[int]:
    return list(c.execute(sa.select(notes.c.id).order_by(notes.c.id)).scalars())


async def made(db: Database) -> Database:
    await db.write(metadata.create_all)
    return db


async def test_what_was_written_is_there_for_whoever_opens_the_database_next(database_url: str) -> None:
    first = await Database.open(database_url)
    await (await made(first)).write(put(1))
    await first.close()
    second = await Database.open(database_url)
    assert await second.read(ids) == [1]
    await second.close()


async def test_a_write_that_raises_leaves_nothing_and_harms_no_other(db: Database) -> None:
    await made(db)

    def half(c: sa.Connection) -> None:
        put(1)(c)
        raise LookupError("second thoughts")

    results = await asyncio.gather(
        *(db.write(half if i % 3 == 0 else put(100 + i)) for i in range(12)), return_exceptions=True
    )
    assert [type(r) for r in results[::3]] == [LookupError] * 4
    assert await db.read(ids) == [100 + i for i in range(12) if i % 3]


async def test_a_read_writes_nothing(db: Database) -> None:
    await made(db)
    with pytest.raises(sa.exc.DBAPIError):
        await db.read(put(1))
    assert await db.read(ids) == []
    await db.write(put(2))


async def test_a_read_sees_one_moment_whatever_is_written_meanwhile(db: Database) -> None:
    await made(db)

    def elsewhere(c: sa.Connection) -> None:
        with sa.create_engine(c.engine.url).begin() as other:
            other.execute(sa.insert(notes).values(id=7, at=0))

    assert await db.read(lambda c: (ids(c), elsewhere(c), ids(c))) == ([], None, [])
    assert await db.read(ids) == [7]


async def test_a_cancelled_caller_stops_nobody_else(db: Database) -> None:
    await made(db)
    for round in range(20):
        tasks = [asyncio.create_task(db.write(put(100 * round + i))) for i in range(10)]
        await asyncio.sleep(0.001 * (round % 3))
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert results[1::2] == [100 * round + i for i in range(1, 10, 2)]
    there = await db.read(ids)
    assert {i for i in there if i % 2} == {100 * r + i for r in range(20) for i in range(1, 10, 2)}


async def test_even_a_stop_iteration_comes_back_to_whoever_waits(db: Database) -> None:
    nothing: list[int] = []
    for way in (db.write, db.read):
        with pytest.raises(RuntimeError):
            async with asyncio.timeout(5):
                await way(lambda c: next(iter(nothing)))
    assert await db.write(lambda c: 1) == 1


async def test_now_is_the_time_in_seconds_and_moves(db: Database) -> None:
    def look(c: sa.Connection) -> float:
        return c.execute(sa.select(now())).scalar_one()

    before = await db.read(look)
    await asyncio.sleep(0.02)
    again = await db.read(look)
    assert abs(before - time.time()) < 5
    assert 0.01 < again - before < 2


def test_a_statement_that_asks_for_now_is_compiled_once() -> None:
    """SQLAlchemy compiles anew, at every execution, whatever has no cache key: that took half of a worker's time."""
    asked = sa.select(notes.c.id, now().label("clock")).where(notes.c.at <= now() - 5.0)
    assert asked._generate_cache_key() is not None  # pyright: ignore[reportPrivateUsage] - there is no public word for it


async def test_now_goes_with_the_clock_offset_at_each_statement(database_url: str) -> None:
    offset = 0.0
    db = await Database.open(database_url, clock_offset=lambda: offset)
    await made(db)
    await db.write(put(1))
    offset = 3600.0
    await db.write(put(2))
    at = await db.read(lambda c: list(c.execute(sa.select(notes.c.at).order_by(notes.c.id)).scalars()))
    due = await db.read(lambda c: list(c.execute(sa.select(notes.c.id).where(notes.c.at <= now() - 1800)).scalars()))
    await db.close()
    assert 3599 < at[1] - at[0] < 3620
    assert due == [1]


async def test_an_errors_text_does_not_hold_what_was_written(db: Database) -> None:
    await made(db)
    await db.write(put(1))
    with pytest.raises(sa.exc.IntegrityError) as caught:
        await db.write(put(1, text="ya29.planted"))
    assert "planted" not in str(caught.value) + repr(caught.value)


# --- SQLite -------------------------------------------------------------------------------------------------------------------


async def test_writes_that_wait_together_share_a_commit(sqlite_db: Database) -> None:
    await made(sqlite_db)
    before = sqlite_db.commits
    await asyncio.gather(*(sqlite_db.write(put(i)) for i in range(300)))
    assert await sqlite_db.read(ids) == list(range(300))
    assert sqlite_db.commits - before < 100


async def test_nobody_is_told_stored_when_sqlite_takes_back_the_whole_transaction(sqlite_db: Database) -> None:
    """A full disk makes SQLite roll back by itself; a COMMIT after that does nothing and says nothing."""
    await made(sqlite_db)
    gate = threading.Event()
    blocker = asyncio.create_task(sqlite_db.write(lambda c: gate.wait(5)))
    await asyncio.sleep(0.05)

    def takes_all_back(c: sa.Connection) -> None:
        c.exec_driver_sql("INSERT OR ROLLBACK INTO notes (id, at) VALUES (1, 0), (1, 0)")

    batch = [asyncio.create_task(sqlite_db.write(work)) for work in (put(10), takes_all_back, put(11))]
    await asyncio.sleep(0.05)
    gate.set()
    await blocker
    results = await asyncio.gather(*batch, return_exceptions=True)
    stored = await sqlite_db.read(ids)
    assert {r for r in results if isinstance(r, int)} == set(stored)
    assert await sqlite_db.write(put(20)) == 20


async def test_a_full_disk_is_told_and_survived(sqlite_db: Database) -> None:
    await made(sqlite_db)

    def grow(c: sa.Connection) -> None:
        pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()
        c.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        put(1, "x" * 200_000)(c)

    results = await asyncio.gather(
        sqlite_db.write(put(2)), sqlite_db.write(grow), sqlite_db.write(put(3)), return_exceptions=True
    )
    assert isinstance(results[1], Exception)
    stored = await sqlite_db.read(ids)
    assert {r for r in results if isinstance(r, int)} == set(stored)


async def test_the_file_and_what_lies_beside_it_are_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "plant.db"
    db = await Database.open(f"sqlite:///{path}")
    await made(db)
    await db.write(put(1))
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    await db.close()
    assert modes.keys() >= {"plant.db", "plant.db-wal"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_sqlite_is_set_to_lose_nothing(sqlite_db: Database) -> None:
    for way in (sqlite_db.write, sqlite_db.read):
        got = [
            await way(lambda c, p=p: c.exec_driver_sql(f"PRAGMA {p}").scalar_one())
            for p in ("journal_mode", "synchronous", "foreign_keys")
        ]
        assert got == ["wal", 2, 1]


async def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    db = await made(await Database.open(f"sqlite:///{tmp_path / 'x.db'}"))
    tasks = [asyncio.create_task(db.write(put(i))) for i in range(50)]
    await asyncio.sleep(0)
    await db.close()
    assert await asyncio.gather(*tasks) == list(range(50))


# --- PostgreSQL ---------------------------------------------------------------------------------------------------------------


async def test_dead_connections_cost_nobody_a_write_or_a_read(postgres_url: str) -> None:
    db = await made(await Database.open(postgres_url))
    for _ in range(2):
        await asyncio.gather(*(db.read(slept) for _ in range(6)))  # so many connections lie in the pool
        cut_all(postgres_url)
        assert await db.write(put(1)) == 1
        await asyncio.gather(*(db.read(slept) for _ in range(6)))
        cut_all(postgres_url)
        assert await db.read(ids) == [1]
        await db.write(lambda c: c.execute(sa.delete(notes)).rowcount)
    await db.close()


async def test_a_write_that_is_cut_off_before_its_commit_is_done_once(postgres_url: str) -> None:
    db, tries = await made(await Database.open(postgres_url)), list[int]()

    def cut_off_at_first(c: sa.Connection) -> int:
        tries.append(put(len(tries))(c))
        if len(tries) == 1:
            cut_all(postgres_url)
        return put(10 + len(tries))(c)

    assert await db.write(cut_off_at_first) == 12
    assert tries == [0, 1] and await db.read(ids) == [1, 12]
    await db.close()


async def test_a_database_that_is_away_is_told(postgres_url: str) -> None:
    db = await made(await Database.open(postgres_url))

    def always_cut_off(c: sa.Connection) -> int:
        put(1)(c)
        cut_all(postgres_url)
        return put(2)(c)

    with pytest.raises(sa.exc.OperationalError):
        await db.write(always_cut_off)
    assert await db.read(ids) == []
    await db.close()


def slept(c: sa.Connection) -> None:
    c.execute(sa.text("select pg_sleep(0.05)"))


def cut_all(url: str) -> None:
    others = "pid <> pg_backend_pid() and datname = current_database()"
    with sa.create_engine(Url(url).postgresql).begin() as c:
        c.execute(sa.text(f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {others}"))


async def test_a_session_of_ours_lets_go_of_its_locks(postgres_url: str) -> None:
    db = await Database.open(postgres_url)

    def guards(c: sa.Connection) -> dict[str, str]:
        names = ("idle_in_transaction_session_timeout", "lock_timeout", "synchronous_commit")
        return {name: c.exec_driver_sql(f"show {name}").scalar_one() for name in names}

    assert await db.read(guards) == {
        "idle_in_transaction_session_timeout": "10s",
        "lock_timeout": "5s",
        "synchronous_commit": "on",
    }
    await db.close()


# --- addresses ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sqlite:///var/plant.db", "var/plant.db"),
        ("sqlite:////var/lib/plant.db", "/var/lib/plant.db"),
        ("sqlite+aiosqlite:///var/plant.db?x=1", "var/plant.db"),
    ],
)
def test_a_sqlite_url_names_a_file(text: str, path: str) -> None:
    assert Url(text).sqlite
    assert Url(text).path == Path(path)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_url_is_one_whatever_it_is_called(scheme: str) -> None:
    url = Url(f"{scheme}://u:p@h:5432/d?sslmode=require")
    assert not url.sqlite
    assert url.postgresql == "postgresql+psycopg://u:p@h:5432/d?sslmode=require"
    assert "p@h" not in repr(url)


@pytest.mark.parametrize(
    "text", ["mysql://u:geheim@h/d", "sqlite://", "sqlite:///", "geheim", "postgresql+asyncpg://u:geheim@h/d"]
)
def test_an_address_that_is_none_of_ours_is_refused_without_repeating_its_password(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        Url(text)
    assert text == "geheim" or "geheim" not in str(caught.value)


async def test_a_loop_that_ends_while_a_write_is_on_its_way_hurts_nobody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"

    writing, ended = threading.Event(), threading.Event()

    def slow(connection: sa.Connection) -> int:
        writing.set()
        assert ended.wait(10)
        return put(1)(connection)

    async def abandon() -> Database:
        db = await made(await Database.open(url))
        asyncio.get_running_loop().create_task(db.write(slow))
        assert await asyncio.to_thread(writing.wait, 10)
        return db

    def run() -> Database:
        with contextlib.suppress(asyncio.CancelledError):
            return asyncio.run(abandon())
        raise AssertionError

    db = await asyncio.to_thread(run)
    ended.set()
    assert await db.write(put(2)) == 2
    await db.close()


async def test_closing_waits_for_postgresqls_writes_and_leaves_no_session_behind(postgres_url: str) -> None:
    closing = await Database.open(postgres_url)
    nap = sa.text("select 1 from pg_sleep(0.02)")
    writes = [asyncio.create_task(closing.write(lambda c: c.execute(nap).scalar())) for _ in range(30)]
    await asyncio.sleep(0.02)
    await closing.close()
    assert await asyncio.gather(*writes) == [1] * 30
    sessions = sa.text("select count(*) from pg_stat_activity where datname = current_database()")
    after = await Database.open(postgres_url)
    assert await after.read(lambda c: c.execute(sessions).scalar()) == 1
    await after.close()
