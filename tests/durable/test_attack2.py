"""More attacks on the merge."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from durable import toys
from durable.stores import open_store
from durable.sweep import SteppingClock
from durable.test_hostile import LOST_REPLY, LOST_REQUEST, Odd, Room
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content
from waooaw_social.core.publication import Publication, State
from waooaw_social.core.secret import Secret
from waooaw_social.plant.bodies import ChangeBody
from waooaw_social.plant.publications_api import _changed
from waooaw_social.plant.webhooks import Webhooks, signature_of
from waooaw_social.platforms.whatsapp import kit as whatsapp
from waooaw_social.platforms.whatsapp.manifest import WHATSAPP
from waooaw_social.platforms.whatsapp.recipient import recipient_of
from waooaw_social.storage.plant.inbox import SqlInbox
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.settling import Decision, Settlement, SqlSettling

pytestmark = pytest.mark.anyio


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock = SteppingClock()
    async with open_store("sqlite", clock, tmp_path) as store:
        yield Room(store, clock, Odd(toys.ToyPlatform(clock)))


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
    stolen = Settlement(
        decision=Decision.PUBLISHED,
        post_id=room.live(ours)[0],
        post_url=None,
        note=None,
        person="eve",
        api_key="k",
        agent_id=None,
        request_id="r",
    )
    await SqlSettling(db=room.store.db).settle(Reach(customer_id=CustomerId("CUST-2")), theirs.id, stolen)
    await room.store.accept(next_one)
    await room.drive_for(toys.feed, 3600.0)
    states = [(await room.store.where(one))[0] for one in (ours, next_one)]
    assert State.PARKED not in states, states


def test_a_change_of_words_does_not_change_to_whom_they_go() -> None:
    account = Account(
        customer_id=CustomerId("C"),
        credential_ref=CredentialRef("R"),
        platform=WHATSAPP,
        posting_identity="1055",
        metadata={"default_recipient": "+15550199999"},
    )
    (part,) = whatsapp().split("text", Content(text="Hello Ann", recipients=("+15550100001",)))
    accepted = Publication(id=PublicationId("p"), account=account, format="text", content=part.content)
    new, _ = _changed(accepted, ChangeBody.model_validate({"content": {"text": "Hello Ann!"}}))
    assert not list(whatsapp().check(new))
    assert recipient_of(new) == recipient_of(accepted)


async def test_what_a_dead_process_kept_is_read_by_one_that_lives(room: Room) -> None:
    secret = Secret("s")
    made = [
        Webhooks(
            store=SqlInbox(db=room.store.db),
            ledger=room.store.ledger,
            readers={},
            secrets=[secret],
            verify_token=Secret("v"),
            look_again=0.1,
        )
        for _ in range(2)
    ]
    stop = asyncio.Event()
    lives = asyncio.create_task(made[0].run(stop))
    await asyncio.sleep(0.2)
    await made[1].take(b"{}", signature_of(b"{}", secret))  # kept, answered 200, and its process dies
    await asyncio.sleep(3.0)
    left = await SqlInbox(db=room.store.db).left()
    stop.set()
    await lives
    assert left == []
