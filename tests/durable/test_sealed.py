"""No byte of what a platform answered lies open in Plant's database: an upload session is a secret too."""

from pathlib import Path

import pytest

from durable import toys
from durable.stores import open_store
from durable.sweep import SteppingClock
from waooaw_social.core.publication import State
from waooaw_social.platforms.call import Reply

pytestmark = pytest.mark.anyio

SESSION = "https://www.googleapis.com/upload?upload_id=a-planted-session"


async def test_a_recorded_reply_is_sealed_in_every_file_of_the_database(tmp_path: Path) -> None:
    async with open_store("sqlite", SteppingClock(), tmp_path) as store:
        await store.accept(toys.publication())
        (claim,) = await store.claim("w", lease=30.0, most=1)
        await store.keep(claim.lease, "open session 1", Reply(200, {"location": SESSION}, b"a-planted-body"), seen=[])
        files = [path for path in tmp_path.iterdir() if path.is_file()]
        everything = b"".join(path.read_bytes() for path in files)
        assert b"planted" not in everything and b"open session 1" in everything


async def test_a_sealed_reply_opens_only_in_its_own_place(tmp_path: Path) -> None:
    clock = SteppingClock()
    async with open_store("sqlite", clock, tmp_path) as store:
        publication = toys.publication()
        await store.accept(publication)
        (claim,) = await store.claim("w", lease=30.0, most=1)
        await store.keep(claim.lease, "one", Reply(200, {}, b"1"), seen=[])
        await store.db.write(lambda c: c.exec_driver_sql("update entries set name = 'two'").rowcount)
        await clock.advance(31.0)
        assert await store.claim("w2", lease=30.0, most=1) == []
        assert await store.where(publication) == (State.PARKED, None)
