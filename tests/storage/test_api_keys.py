"""A key is shown once, kept as a hash, and speaks for one customer until it is revoked."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from waooaw_social.storage.api_keys import ApiKey, ApiKeys, api_keys_table
from waooaw_social.storage.db import Database

pytestmark = pytest.mark.anyio

metadata = sa.MetaData()
table = api_keys_table(metadata)


@pytest.fixture
async def keys(db: Database) -> AsyncIterator[ApiKeys]:
    await db.write(metadata.create_all)
    yield ApiKeys(db=db, table=table, prefix="cpk")


async def test_a_key_speaks_for_whom_it_was_made(keys: ApiKeys) -> None:
    key = await keys.create(customer_id="CUST-1", agent_id="AGENT-1", scopes=frozenset({"publish", "read"}))
    assert key.startswith("cpk_")
    assert await keys.find(key) == ApiKey(
        id=key.split("_")[1], customer_id="CUST-1", agent_id="AGENT-1", scopes=frozenset({"publish", "read"})
    )


async def test_nothing_but_the_key_itself_is_the_key(keys: ApiKeys) -> None:
    key = await keys.create(customer_id="CUST-1")
    for wrong in ("", "cpk", key[:-1], key + "x", key.swapcase(), key.replace("cpk", "plk"), " " + key, "schlüssel\0"):
        assert await keys.find(wrong) is None, wrong


async def test_a_revoked_key_is_nobodys_and_is_revoked_once(keys: ApiKeys) -> None:
    key = await keys.create(customer_id="CUST-1")
    assert await keys.revoke(key.split("_")[1])
    assert await keys.find(key) is None
    assert not await keys.revoke(key.split("_")[1])


async def test_the_database_holds_no_key(keys: ApiKeys) -> None:
    key = await keys.create(customer_id="CUST-1")
    row = await keys.db.read(lambda c: c.execute(sa.select(table)).one())
    assert key not in repr(row)
    assert key.split("_", 2)[2] not in repr(row)


async def test_keys_are_long_and_never_alike(keys: ApiKeys) -> None:
    made = {await keys.create(customer_id="CUST-1") for _ in range(5)}
    assert len(made) == 5
    assert all(len(key.split("_", 2)[2]) >= 43 for key in made)
