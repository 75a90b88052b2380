"""What people order, change, submit and settle, and the worker that carries it out: late policies, drafts, words given by hand."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from durable import toys
from durable.odd_room import LOST_REPLY, LOST_REQUEST, Odd, Room
from durable.stores import open_store
from durable.sweep import SteppingClock
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.post import Content, MediaFile, MediaId
from waooaw_social.core.publication import State
from waooaw_social.storage.plant.changing import Field, SqlChanges
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.storage.plant.publications import Order
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.settling import Decision, Settlement, SqlSettling
from waooaw_social.wire.ports import NotSent

pytestmark = pytest.mark.anyio
REACH = Reach(customer_id=CustomerId("CUST-1"))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock = SteppingClock()
    async with open_store("sqlite", clock, tmp_path) as store:
        yield Room(store, clock, Odd(toys.ToyPlatform(clock)))


def order_of(*publications: Any, **more: Any) -> Order:
    return Order(
        customer_id=CustomerId(publications[0].account.customer_id),
        api_key="k",
        idempotency_key=publications[0].id,
        body_sha256=publications[0].id,
        publications=list(publications),
        **more,
    )


def settled(decision: Decision, post_id: str | None = None) -> Settlement:
    return Settlement(
        decision=decision,
        post_id=post_id,
        post_url=None,
        note=None,
        person="me",
        api_key="k",
        agent_id=None,
        request_id="r",
    )


async def test_a_draft_that_is_submitted_a_day_later_is_not_missed_at_once(room: Room) -> None:
    draft = replace(toys.publication(), late_by_most=3600.0)
    await room.store.submit(order_of(draft, draft=True))
    await room.clock.advance(24 * 3600.0)  # somebody approves it the next day
    await SqlChanges(db=room.store.db).release(REACH, draft.id)
    await room.drive_for(toys.feed, 10.0)
    assert (await room.store.where(draft))[0] is State.PUBLISHED


async def test_as_soon_as_possible_instead_of_next_week_is_not_missed_at_once(room: Room) -> None:
    week = replace(toys.publication(), late_by_most=3600.0, publish_at=room.clock.now() + timedelta(days=7))
    await room.store.submit(order_of(week))
    await room.clock.advance(3 * 3600.0)
    now = replace(week, publish_at=None)
    await SqlChanges(db=room.store.db).change(REACH, now, frozenset({Field.PUBLISH_AT}))
    await room.drive_for(toys.feed, 10.0)
    assert (await room.store.where(week))[0] is State.PUBLISHED


async def test_a_follower_waits_for_a_draft_too(room: Room) -> None:
    one, two = toys.publication("p1"), toys.publication("p2", text="second")
    await room.store.submit(order_of(one, two, draft=True, follows={two.id: one.id}))
    await SqlChanges(db=room.store.db).release(REACH, two.id)
    assert await room.store.claim("w", lease=30.0, most=5) == []


async def test_send_again_survives_a_throttle(room: Room) -> None:
    publication = toys.publication()
    room.gateway.inner.tells = False
    await room.store.accept(publication)
    room.gateway.told["send"] = [LOST_REQUEST]
    await room.drive_for(toys.message, 300.0)
    assert (await room.store.where(publication))[0] is State.UNRESOLVED
    again = settled(Decision.SEND_AGAIN)
    await SqlSettling(db=room.store.db).settle(REACH, publication.id, again)
    room.gateway.told["send"] = [NotSent(why="429", retry_in=5.0)]
    await room.drive_for(toys.message, 300.0)
    assert (await room.store.where(publication))[0] is State.PUBLISHED


async def test_a_stranger_who_settles_with_our_posts_id_does_not_park_us_for_ever(room: Room) -> None:
    theirs = toys.publication("x1", account="other")
    theirs = replace(theirs, account=replace(theirs.account, customer_id=CustomerId("CUST-2")))
    room.gateway.inner.tells = False
    room.gateway.told["send"] = [LOST_REQUEST]
    await room.store.accept(theirs)
    await room.drive_for(toys.message, 300.0)
    assert (await room.store.where(theirs))[0] is State.UNRESOLVED
    ours, next_one = toys.publication("p1"), toys.publication("p2", text="another")
    await room.store.accept(ours)
    room.gateway.told["post"] = [LOST_REPLY]
    await room.drive(toys.feed)
    stolen = settled(Decision.PUBLISHED, room.live(ours)[0])
    await SqlSettling(db=room.store.db).settle(Reach(customer_id=CustomerId("CUST-2")), theirs.id, stolen)
    await room.store.accept(next_one)
    await room.drive_for(toys.feed, 3600.0)
    states = [(await room.store.where(one))[0] for one in (ours, next_one)]
    assert State.PARKED not in states, states


async def test_two_orders_that_name_the_same_media_in_another_order_are_both_kept(postgres_url: str) -> None:
    clock = SteppingClock()
    async with open_store("postgresql", clock, postgres_url) as store:
        media = SqlMedia(db=store.db)
        file = MediaFile(sha256="a" * 64, size=1, content_type="image/jpeg")
        ids = sorted([(await media.add(CustomerId("CUST-1"), file)).id for _ in range(2)])

        def one(n: int, k: int, which: str) -> Any:
            return replace(toys.publication(f"p{n}-{k}"), content=Content(text="x", images=(MediaId(which),)))

        def orders(n: int) -> Order:
            mine = ids if n % 2 else ids[::-1]
            return order_of(*(one(n, k, mine[k // 20]) for k in range(40)))

        kept = await asyncio.gather(*(store.submit(orders(n)) for n in range(10)), return_exceptions=True)
        assert not [repr(k)[:200] for k in kept if isinstance(k, BaseException)]


async def test_a_full_customer_does_not_stand_in_the_way_of_the_next_one(room: Room) -> None:
    for customer in ("M", "X"):
        p = toys.publication(f"p-{customer}")
        await room.store.accept(replace(p, account=replace(p.account, customer_id=CustomerId(customer))))
    room.store.ring.after = "C"
    held = {CustomerId("M"): 14, CustomerId("C"): 1}
    for _ in range(5):
        claims = await room.store.claim("w", lease=30.0, most=1, held=held, each=14)
        if claims:
            break
    assert [str(c.publication.account.customer_id) for c in claims] == ["X"]
