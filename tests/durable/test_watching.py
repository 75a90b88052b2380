"""Connections watched: who is asked about, when, by how many, and what is remembered of the answer. On SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from durable import toys
from durable.stores import SqlStore, open_store
from durable.sweep import SteppingClock
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Cure, Refusal
from waooaw_social.durable.reading import Unanswered
from waooaw_social.durable.watching import HELD, SOON, Watching
from waooaw_social.platforms.call import Call, Reply
from waooaw_social.platforms.registry import kits
from waooaw_social.platforms.youtube.manifest import YOUTUBE
from waooaw_social.storage.plant.changing import SqlChanges, Verdict
from waooaw_social.storage.plant.connections import KNOWN_FOR, SqlConnections
from waooaw_social.storage.plant.listing import By, Filter, SqlListing
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.wire.ports import Errand, NotSent, Outcome, Purpose, Unknown

pytestmark = pytest.mark.anyio

WITHIN = 6 * 3600.0
NO = Refusal(
    code="missing_permission", message="It may not post.", cure=Cure.RECONNECT, remediation="Connect it again."
)
GONE = NotSent(why="the grant is gone", until=Cure.RECONNECT)
AWAY = Unknown(why="nobody answered")
CHANNEL = b'{"items": [{"id": "UC1", "snippet": {"title": "Hazel"}, "status": {"longUploadsStatus": "allowed"}}]}'


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppingClock) -> AsyncIterator[SqlStore]:
    place = tmp_path if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with open_store(request.param, clock, place) as opened:
        yield opened


@dataclass
class Told:
    """Fills the runner's `Gateway` port: one answer for every call, and on whose behalf it was asked."""

    answer: Outcome
    asked: list[Errand] = field(default_factory=list[Errand])

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        self.asked.append(errand)
        return self.answer


def later(clock: SteppingClock, name: str, seconds: float, **account: Any) -> Publication:
    """One that is to go out then."""
    made = toys.publication(name)
    where = replace(made.account, platform=YOUTUBE, posting_identity="UC1", **account)
    return replace(made, account=where, publish_at=clock.now() + timedelta(seconds=seconds))


async def claimed(store: SqlStore, most: int = 10) -> list[Account]:
    return await SqlConnections(db=store.db).claim(within=WITHIN, most=most, held=HELD)


async def seen(store: SqlStore, publication: Publication) -> tuple[str | None, Any]:
    """The problem's code, and when the account was checked, as one publication and as the list show them."""
    account = publication.account
    row = await store.publications.show(account.customer_id, publication.id) or {}
    reach = Reach(customer_id=account.customer_id)
    rows, _ = await SqlListing(db=store.db).page(reach, Filter(), by=By.NEWEST, most=100, after=None)
    listed = next(one for one in rows if one["id"] == publication.id)
    assert (listed["problem"], listed["checked_at"]) == (row["problem"], row["checked_at"])
    return row["problem"] and row["problem"]["code"], row["checked_at"]


async def test_an_account_is_asked_about_hours_before_and_once(store: SqlStore, clock: SteppingClock) -> None:
    soon, too = later(clock, "p1", WITHIN - 60), later(clock, "p2", WITHIN - 30)
    for one in (soon, too, later(clock, "p3", WITHIN + 600, credential_ref=CredentialRef("CRED-2"))):
        await store.accept(one)
    await store.accept(replace(toys.publication("now"), publish_at=None))
    assert await claimed(store) == [soon.account]
    assert await claimed(store) == []
    clock.offset += HELD + 1  # whoever was to ask has died
    assert await claimed(store) == [soon.account]
    await SqlConnections(db=store.db).checked(soon.account, None, again=WITHIN)
    clock.offset += 600
    (other,) = await claimed(store)
    assert other.credential_ref == "CRED-2"


async def test_many_who_look_at_once_share_the_accounts_out(store: SqlStore, clock: SteppingClock) -> None:
    refs = [CredentialRef(f"CRED-{n}") for n in range(12)]
    for n, ref in enumerate(refs):
        await store.accept(later(clock, f"p{n}", 3600.0 + n, credential_ref=ref))
    taken = await asyncio.gather(*(claimed(store, 20) for _ in range(6)))
    found = [account.credential_ref for each in taken for account in each]
    assert sorted(found) == sorted(refs)


async def test_what_comes_first_is_asked_about_first(store: SqlStore, clock: SteppingClock) -> None:
    for n in range(4):
        await store.accept(later(clock, f"p{n}", 3600.0 * (4 - n), credential_ref=CredentialRef(f"CRED-{n}")))
    assert {account.credential_ref for account in await claimed(store, 2)} == {"CRED-3", "CRED-2"}


async def test_a_problem_is_one_accounts_and_a_good_look_takes_it_back(store: SqlStore, clock: SteppingClock) -> None:
    ours = later(clock, "p1", 3600)
    theirs = later(clock, "p2", 3600, customer_id=CustomerId("CUST-2"))
    moved = later(clock, "p3", 3600)
    moved = replace(moved, account=replace(moved.account, posting_identity="UC2"))
    for one in (ours, theirs, moved):
        await store.accept(one)
    connections = SqlConnections(db=store.db)
    assert len(await claimed(store)) == 3
    await connections.checked(ours.account, NO, again=SOON)
    assert (await seen(store, ours))[0] == NO.code
    assert [await seen(store, one) for one in (theirs, moved)] == [(None, None)] * 2

    clock.offset += SOON + 1
    await claimed(store)
    await connections.unanswered(ours.account, again=SOON)
    code, before = await seen(store, ours)
    assert code == NO.code
    clock.offset += SOON + 1
    assert ours.account in await claimed(store)
    await connections.checked(ours.account, None, again=WITHIN)
    code, after = await seen(store, ours)
    assert code is None and after > before


async def test_an_old_finding_is_not_shown_and_none_of_what_has_ended(store: SqlStore, clock: SteppingClock) -> None:
    one = later(clock, "p1", WITHIN / 2)
    await store.accept(one)
    await claimed(store)
    await SqlConnections(db=store.db).checked(one.account, NO, again=SOON)
    far = later(clock, "p2", KNOWN_FOR + WITHIN * 2)
    await store.accept(far)
    gone = later(clock, "p3", WITHIN)
    await store.accept(gone)
    assert (await seen(store, far))[0] == (await seen(store, gone))[0] == NO.code
    reach = Reach(customer_id=gone.account.customer_id)
    assert await SqlChanges(db=store.db).cancel(reach, gone.id) is Verdict.DONE
    assert await seen(store, gone) == (None, None)
    clock.offset += KNOWN_FOR + 60
    assert await seen(store, far) == (None, None)


@pytest.mark.parametrize(
    ("answer", "code", "again"),
    [
        (GONE, Cure.RECONNECT.value, SOON),
        (replace(GONE, refusal=NO), NO.code, SOON),
        (Reply(200, body=b'{"items": []}'), None, WITHIN),
        (Reply(200, body=CHANNEL), None, WITHIN),
        (Reply(200, body=CHANNEL.replace(b"UC1", b"UC9")), "wrong_channel", SOON),
        (AWAY, None, SOON),
        (NotSent(why="an operator's", until=Cure.OPERATOR, refusal=replace(NO, cure=Cure.OPERATOR)), None, SOON),
    ],
    ids=["the grant is gone", "a permission", "no channel", "all is well", "another channel", "silence", "an operator"],
)
async def test_only_what_the_customer_can_cure_is_remembered(
    store: SqlStore, clock: SteppingClock, answer: Outcome, code: str | None, again: float
) -> None:
    one = later(clock, "p1", WITHIN)
    await store.accept(one)
    gateway = Told(answer)
    watching = Watching(
        connections=SqlConnections(db=store.db), gateway=gateway, kits=kits(), clock=clock, within=WITHIN
    )
    before = clock.offset
    assert (await watching.round(), await watching.round()) == (1, 0)
    assert (await seen(store, one))[0] == code
    assert {errand.purpose for errand in gateway.asked} == {Purpose.ANALYTICS}
    found = await watching.look(one.account)
    assert isinstance(found, Unanswered) is (code is None and again == SOON)
    clock.offset = before + again - 30
    assert await claimed(store) == []
    clock.offset = before + again + 30
    assert await claimed(store) == [one.account]
