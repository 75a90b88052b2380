"""Attacks on the merge: each test states what should hold, and fails."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from durable import toys
from durable.stores import open_store
from durable.sweep import DELAYS, SteppingClock
from durable.test_hostile import LOST_REPLY, LOST_REQUEST, NO, Odd, Room
from platforms.linkedin_replies import PICTURE, PICTURE_FILE, ROLE, ok
from platforms.linkedin_replies import publication as linkedin_publication
from waooaw_social.core.ids import CustomerId, RemoteId
from waooaw_social.core.post import Content, MediaFile, MediaId, Published
from waooaw_social.core.publication import State
from waooaw_social.core.refusal import Reaction, Refusal
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.ports import Answer, Attempt, Failed, HeardBy
from waooaw_social.durable.runner import Runner
from waooaw_social.platforms.call import Call, Reply
from waooaw_social.platforms.linkedin import kit as linkedin
from waooaw_social.storage.plant.changing import Field, SqlChanges
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.storage.plant.publications import Order
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.settling import Decision, Settlement, SqlSettling
from waooaw_social.wire.ports import Errand, NotSent, Outcome, Unknown

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


# --- 1. late policy -----------------------------------------------------------------------------------------------------------


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


# --- 4. an end that leaves a doubt open ---------------------------------------------------------------------------------------


async def test_an_answer_to_an_earlier_attempt_does_not_leave_a_later_one_holding_the_audience_for_ever(
    room: Room,
) -> None:
    one, two = toys.publication("p1"), toys.publication("p2", text="another")
    await room.store.accept(one)
    room.gateway.told["post"] = [LOST_REQUEST, LOST_REPLY]
    await room.drive(toys.feed)  # attempt 1: its worker is frozen with the reply on its socket, say
    await room.clock.advance(DELAYS.reconcile + 1)
    await room.drive(toys.feed)  # looked for and absent; attempt 2 goes out, its reply is lost
    first = Attempt(publication_id=one.id, name="post", number=1)
    live = Published(post_id=RemoteId("m99"))
    await room.store.complete(
        Answer(attempt=first, reply=Reply(200, body=b'{"id": "m99"}'), published=live, heard_by=HeardBy.LATE)
    )
    await room.drive(toys.feed)
    assert (await room.store.where(one))[0] is State.PUBLISHED
    await room.store.accept(two)
    await room.drive_for(toys.feed, 900.0)
    assert (await room.store.where(two))[0] is State.PUBLISHED


# --- 5. LinkedIn's rounds go past an open doubt -------------------------------------------------------------------------------


class LinkedIn:
    """Scripted; counts what went before the audience."""

    def __init__(self) -> None:
        self.asset: list[Reply] = []
        self.live: list[str] = []

    async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
        name = call.name
        if name.startswith("create post"):
            self.live.append(name)
            return (
                Unknown(why="the reply was lost")
                if len(self.live) == 1
                else ok(status=201, x_restli_id="urn:li:share:2")
            )
        if name == "asset":
            return self.asset.pop(0) if self.asset else ok({"status": "AVAILABLE"})
        if name.startswith("open image"):
            urn = f"urn:li:image:{len(self.live)}"
            return ok({"value": {"uploadUrl": "https://www.linkedin.com/dms-uploads/1?m=s", "image": urn}})
        if name == "roles":
            return ROLE
        return ok(status=201)


class Here:
    async def bring(self, source: Any) -> MediaFile:
        return PICTURE_FILE

    async def holds(self, file: MediaFile) -> bool:
        return True


async def test_a_picture_that_fails_after_all_is_not_posted_again_while_its_post_is_in_doubt() -> None:
    clock = SteppingClock()
    async with open_store("memory", clock, "") as store:
        said, gateway = linkedin_publication("images", text="Hello", images=(PICTURE,)), LinkedIn()
        await store.accept(said)
        runner = Runner(ledger=store, gateway=gateway, files=Here(), inbox=MemoryInbox(), clock=clock, delays=DELAYS)  # type: ignore[arg-type]
        account = said.account
        errand = Errand(
            customer_id=account.customer_id, credential_ref=account.credential_ref, platform=account.platform
        )

        async def drive() -> Any:
            (claim,) = await store.claim("w", lease=30.0, most=1)
            return await runner.advance(claim, linkedin().publish(said), errand)

        gateway.asset = [ok(status=403), ok({"status": "PROCESSING_FAILED"})]
        await drive()  # it may not look at the asset just now, posts, and the post's reply is lost
        await clock.advance(DELAYS.reconcile + 1)
        await drive()  # the asset says that it failed: uploaded and posted once more, and nobody looked for the first
        assert gateway.live == ["create post"]


# --- 6. a person's word is worth nothing after one 429 ------------------------------------------------------------------------


async def test_send_again_survives_a_throttle(room: Room) -> None:
    publication = toys.publication()
    room.gateway.inner.tells = False
    await room.store.accept(publication)
    room.gateway.told["send"] = [LOST_REQUEST]
    await room.drive_for(toys.message, 300.0)
    assert (await room.store.where(publication))[0] is State.UNRESOLVED
    again = Settlement(
        decision=Decision.SEND_AGAIN,
        post_id=None,
        post_url=None,
        note=None,
        person="me",
        api_key="k",
        agent_id=None,
        request_id="r",
    )
    await SqlSettling(db=room.store.db).settle(REACH, publication.id, again)
    room.gateway.told["send"] = [NotSent(why="429", retry_in=5.0)]
    await room.drive_for(toys.message, 300.0)
    assert (await room.store.where(publication))[0] is State.PUBLISHED


# --- 8. the ring stands still -------------------------------------------------------------------------------------------------


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


# --- 11. a no overrules a proof -----------------------------------------------------------------------------------------------


async def test_a_no_does_not_end_what_a_webhook_proved_in_the_same_run(room: Room) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    (claim,) = await room.store.claim("w", lease=30.0, most=1)
    attempt = await room.store.begin(claim.lease, "send", audience=None, seen=[])
    live = Published(post_id=RemoteId("w1"))
    await room.store.complete(Answer(attempt=attempt, reply=Reply(200), published=live, heard_by=HeardBy.WEBHOOK))
    no = Answer(attempt=attempt, reply=Reply(403), published=None, heard_by=HeardBy.REPLY)
    await room.store.end(claim.lease, Failed(refusal=NO), no)
    assert (await room.store.where(publication))[0] is not State.REFUSED


# --- 15. our own quota eats patience ------------------------------------------------------------------------------------------


async def test_a_look_that_our_own_quota_held_back_wears_out_no_patience(room: Room) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    room.gateway.told["post"] = [LOST_REPLY]
    empty = Refusal(code="quota_exhausted", message="used up", reaction=Reaction.EXHAUSTED)
    room.gateway.told["recent"] = [NotSent(why="used up", retry_in=300.0, refusal=empty, held_back=True)] * 24
    await room.drive_for(toys.feed, 8000.0)
    assert (await room.store.where(publication))[0] is State.PUBLISHED


# --- 27. drafts and followers -------------------------------------------------------------------------------------------------


async def test_a_follower_waits_for_a_draft_too(room: Room) -> None:
    one, two = toys.publication("p1"), toys.publication("p2", text="second")
    await room.store.submit(order_of(one, two, draft=True, follows={two.id: one.id}))
    await SqlChanges(db=room.store.db).release(REACH, two.id)
    assert await room.store.claim("w", lease=30.0, most=5) == []


# --- 7. deadlock --------------------------------------------------------------------------------------------------------------


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
