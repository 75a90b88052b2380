"""Custody in the database: sealed, one customer's alone, compare-and-swap, one refresher at a time, and every opening written down."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from waooaw_social.core.secret import Secret
from waooaw_social.storage.cp.credentials import (
    Actor,
    Credentials,
    NewToken,
    NoSuchCredential,
    OtherPlatform,
    Stale,
    Wanted,
)
from waooaw_social.storage.cp.rotation import rewrap
from waooaw_social.storage.cp.tables import audit, credentials
from waooaw_social.storage.db import Database
from waooaw_social.storage.migrate import migrate
from waooaw_social.storage.seal import CannotOpen, KeyRing, Sealer

pytestmark = pytest.mark.anyio

PORTAL = Actor(name="key:k1", request_id="r-1")
PLANT = Actor(name="plant", request_id="r-2")
WANTED = Wanted(
    platform="youtube",
    posting_identity="UC1",
    access_token=Secret("ya29.first"),
    refresh_token=Secret("1//refresh"),
    expires_at=None,
    scopes=("upload",),
    metadata={},
)


class Clock:
    """Moves the database's time."""

    offset = 0.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(database_url: str, clock: Clock) -> AsyncIterator[Credentials]:
    await migrate(database_url, "cp")
    db = await Database.open(database_url, clock_offset=lambda: clock.offset)
    yield Credentials(db=db, sealer=Sealer(KeyRing("a test's secret")))
    await db.close()


def token(text: str, *, refresh: str = "", version: int | None = None) -> NewToken:
    return NewToken(
        access_token=Secret(text),
        refresh_token=Secret(refresh) if refresh else None,
        expires_at=None,
        expected_version=version,
    )


async def tokens(kept: Credentials, ref: str, customer: str = "CUST-1") -> tuple[str, str | None]:
    opened = await kept.open(customer, ref, PLANT)
    return opened.access_token.open(), opened.refresh_token.open() if opened.refresh_token else None


async def rows(kept: Credentials, table: sa.Table) -> list[Any]:
    return await kept.db.read(lambda c: list(c.execute(sa.select(table)).mappings()))


async def test_what_was_kept_opens_for_its_customer(kept: Credentials) -> None:
    stored = await kept.create("CUST-1", WANTED, PORTAL)
    assert stored.credential_ref.startswith("CRED-")
    assert stored.version == 1
    assert await tokens(kept, stored.credential_ref) == ("ya29.first", "1//refresh")


async def test_names_of_credentials_cannot_be_guessed(kept: Credentials) -> None:
    names = {(await kept.create("CUST-1", WANTED, PORTAL)).credential_ref for _ in range(3)}
    assert len(names) == 3
    assert all(len(name.removeprefix("CRED-")) * 4 >= 64 for name in names)


async def test_no_token_lies_open_in_a_row(kept: Credentials) -> None:
    await kept.create("CUST-1", WANTED, PORTAL)
    shown = repr(await rows(kept, credentials)) + repr(await rows(kept, audit))
    assert "ya29" not in shown
    assert "1//refresh" not in shown


async def test_another_customer_can_do_nothing_with_it(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    attempts = [
        kept.open("CUST-2", ref, PLANT),
        kept.update("CUST-2", ref, token("ya29.stolen"), PLANT),
        kept.replace("CUST-2", ref, WANTED, PORTAL),
        kept.lease("CUST-2", ref, None, 20, PLANT),
    ]
    for attempt in attempts:
        with pytest.raises(NoSuchCredential):
            await attempt
    assert await kept.list("CUST-2") == []
    assert await tokens(kept, ref) == ("ya29.first", "1//refresh")


async def test_a_sealed_token_moved_to_another_customers_row_does_not_open(kept: Credentials) -> None:
    mine = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    theirs = (await kept.create("CUST-2", WANTED, PORTAL)).credential_ref

    def swap(c: sa.Connection) -> None:
        stolen = c.execute(
            sa.select(credentials.c.access_token).where(credentials.c.credential_ref == mine)
        ).scalar_one()
        c.execute(sa.update(credentials).where(credentials.c.credential_ref == theirs).values(access_token=stolen))

    await kept.db.write(swap)
    with pytest.raises(CannotOpen):
        await kept.open("CUST-2", theirs, PLANT)


async def test_a_refresh_token_put_in_the_place_of_an_access_token_does_not_open(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    await kept.db.write(
        lambda c: c.execute(sa.update(credentials).values(access_token=credentials.c.refresh_token)).rowcount
    )
    with pytest.raises(CannotOpen):
        await kept.open("CUST-1", ref, PLANT)


async def test_a_missing_refresh_token_leaves_the_stored_one(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    again = replace(WANTED, access_token=Secret("ya29.second"), refresh_token=None)
    assert (await kept.replace("CUST-1", ref, again, PORTAL)).version == 2
    assert await tokens(kept, ref) == ("ya29.second", "1//refresh")
    await kept.update("CUST-1", ref, token("ya29.third"), PLANT)
    assert await tokens(kept, ref) == ("ya29.third", "1//refresh")


async def test_an_empty_value_never_overwrites_a_token(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    empty = NewToken(access_token=Secret(""), refresh_token=Secret(""), expires_at=None, expected_version=None)
    await kept.update("CUST-1", ref, empty, PLANT)
    await kept.replace("CUST-1", ref, replace(WANTED, access_token=Secret(""), refresh_token=Secret("")), PORTAL)
    assert await tokens(kept, ref) == ("ya29.first", "1//refresh")


async def test_a_credential_does_not_change_its_platform(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    with pytest.raises(OtherPlatform):
        await kept.replace("CUST-1", ref, replace(WANTED, platform="linkedin"), PORTAL)


async def test_of_many_who_write_at_once_exactly_one_wins(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    results = await asyncio.gather(
        *(kept.update("CUST-1", ref, token(f"ya29.{i}", version=1), PLANT) for i in range(8)), return_exceptions=True
    )
    winners = [i for i, result in enumerate(results) if result == 2]
    assert len(winners) == 1
    assert [r.version for r in results if isinstance(r, Stale)] == [2] * 7
    assert (await tokens(kept, ref))[0] == f"ya29.{winners[0]}"


async def test_of_many_who_ask_at_once_one_may_refresh(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    answers = await asyncio.gather(*(kept.lease("CUST-1", ref, 1, 20, PLANT) for _ in range(8)))
    assert sorted(granted for granted, _, _ in answers) == [False] * 7 + [True]
    assert len({until for _, until, _ in answers}) == 1


async def test_the_right_to_refresh_ends_with_its_time_with_a_new_token_and_with_a_reconnect(
    kept: Credentials, clock: Clock
) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref

    async def granted() -> bool:
        return (await kept.lease("CUST-1", ref, None, 20, PLANT))[0]

    assert [await granted(), await granted()] == [True, False]
    clock.offset += 21
    assert [await granted(), await granted()] == [True, False]
    await kept.update("CUST-1", ref, token("ya29.second"), PLANT)
    assert [await granted(), await granted()] == [True, False]
    await kept.replace("CUST-1", ref, WANTED, PORTAL)
    assert [await granted(), await granted()] == [True, False]


async def test_whoever_knows_an_old_version_adopts_instead_of_refreshing(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    await kept.update("CUST-1", ref, token("ya29.second", version=1), PLANT)
    granted, _, version = await kept.lease("CUST-1", ref, 1, 20, PLANT)
    assert (granted, version) == (False, 2)
    assert (await kept.lease("CUST-1", ref, 2, 20, PLANT))[0]


async def test_the_audit_tells_who_did_what_in_which_request_and_no_secret(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    await kept.open("CUST-1", ref, PLANT)
    await kept.update("CUST-1", ref, token("ya29.second"), PLANT)
    await kept.replace("CUST-1", ref, WANTED, PORTAL)
    told = [(row["act"], row["actor"], row["request_id"], row["version"]) for row in await rows(kept, audit)]
    assert told == [
        ("stored", "key:k1", "r-1", 1),
        ("opened", "plant", "r-2", 1),
        ("updated", "plant", "r-2", 2),
        ("replaced", "key:k1", "r-1", 3),
    ]
    assert all(row["credential_ref"] == ref and row["customer_id"] == "CUST-1" for row in await rows(kept, audit))


async def test_an_opening_that_fails_is_written_down_too(kept: Credentials) -> None:
    ref = (await kept.create("CUST-1", WANTED, PORTAL)).credential_ref
    await kept.db.write(lambda c: c.execute(sa.update(credentials).values(access_token=b"tampered")).rowcount)
    with pytest.raises(CannotOpen):
        await kept.open("CUST-1", ref, PLANT)
    assert [row["act"] for row in await rows(kept, audit)] == ["stored", "opened"]


async def test_an_attempt_that_found_nothing_leaves_no_row(kept: Credentials) -> None:
    with pytest.raises(NoSuchCredential):
        await kept.open("CUST-1", "CRED-none", PLANT)
    assert await rows(kept, audit) == []


async def test_a_tokens_end_is_kept_to_the_second_and_forgotten_with_the_token(kept: Credentials) -> None:
    end = datetime(2026, 11, 21, 12, 0, tzinfo=UTC) + timedelta(seconds=7)
    stored = await kept.create("CUST-1", replace(WANTED, expires_at=end), PORTAL)
    assert stored.expires_at == end
    await kept.update("CUST-1", stored.credential_ref, token("ya29.second"), PLANT)
    assert (await kept.open("CUST-1", stored.credential_ref, PLANT)).stored.expires_at is None


async def test_rotation_moves_every_token_to_the_new_key_in_small_steps(kept: Credentials) -> None:
    old, new = ("base64:" + base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    before, between, after = (replace(kept, sealer=Sealer(KeyRing(k))) for k in (old, f"{new} {old}", new))
    many = await asyncio.gather(*(before.create(f"CUST-{i}", WANTED, PORTAL) for i in range(203)))
    late = await between.create("CUST-9999", replace(WANTED, refresh_token=None), PORTAL)
    opened_before = len(await rows(kept, audit))
    assert await rewrap(between.db, between.sealer) == 203
    assert await rewrap(between.db, between.sealer) == 0
    assert len(await rows(kept, audit)) == opened_before
    for i in (0, 101, 202):
        assert await tokens(after, many[i].credential_ref, f"CUST-{i}") == ("ya29.first", "1//refresh")
        with pytest.raises(CannotOpen):
            await before.open(f"CUST-{i}", many[i].credential_ref, PLANT)
    assert await tokens(after, late.credential_ref, "CUST-9999") == ("ya29.first", None)
