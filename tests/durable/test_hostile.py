"""What goes wrong around a doubt: refusals before and after it, answers heard late, words that a database cannot keep, keys that are gone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from durable import toys
from durable.odd_room import LOST_REPLY, LOST_REQUEST, NO, UNDECIDED, Odd, Room
from durable.stores import open_store
from durable.sweep import DELAYS, SteppingClock
from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import Publication, State
from waooaw_social.core.refusal import Reaction, Refusal, Refused
from waooaw_social.durable.ports import Answer, Attempt, Failed, HeardBy
from waooaw_social.platforms.call import Call, Flow, Reply
from waooaw_social.storage.plant.ledger import SqlLedger
from waooaw_social.storage.plant.publications import SqlPublications
from waooaw_social.storage.seal import KeyRing, Sealer
from waooaw_social.wire.ports import NotSent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def room(store_kind: str, store_place: Any) -> AsyncIterator[Room]:
    clock = SteppingClock()
    async with open_store(store_kind, clock, store_place) as store:
        yield Room(store, clock, Odd(toys.ToyPlatform(clock)))


def looked_at_first(publication: Publication) -> Flow[Published]:
    """A flow that reads before it posts, as all real ones do."""
    yield from toys.recent(publication)
    return (yield from toys.feed(publication))


async def test_a_call_that_may_go_nowhere_leaves_no_doubt_that_holds_the_audience(room: Room) -> None:
    one, two = toys.publication("p1"), toys.publication("p2", text="another")
    await room.store.accept(one)
    room.gateway.told["post"] = [LOST_REQUEST, Refused(NO)]
    await room.drive_for(toys.feed, 200.0)
    assert (await room.store.where(one))[0] is State.REFUSED
    await room.store.accept(two)
    await room.drive_for(toys.feed, 200.0)
    assert (await room.store.where(two))[0] is State.PUBLISHED


async def test_a_no_on_the_way_to_a_doubt_does_not_end_it_while_there_is_patience(room: Room) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    room.gateway.told["post"] = [LOST_REPLY]
    await room.drive_for(looked_at_first, 5.0)
    room.gateway.told["recent"] = [Reply(403, body=b"{}")] * 3
    await room.drive_for(looked_at_first, 400.0)
    assert (await room.store.where(publication)) == (State.PUBLISHED, room.live(publication)[0])


async def test_a_no_that_stays_on_the_way_to_a_doubt_ends_in_dont_know_and_frees_the_audience(room: Room) -> None:
    one, two = toys.publication("p1"), toys.publication("p2", text="another")
    await room.store.accept(one)
    room.gateway.told["post"] = [LOST_REPLY]
    await room.drive_for(looked_at_first, 5.0)
    room.gateway.told["recent"] = [Reply(403, body=b"{}")] * 1000
    await room.drive_for(looked_at_first, 1000.0)
    assert (await room.store.where(one))[0] is State.UNRESOLVED
    room.gateway.told.clear()
    await room.store.accept(two)
    await room.drive_for(looked_at_first, 10.0)
    assert (await room.store.where(two))[0] is State.PUBLISHED


async def test_what_is_known_to_be_out_is_never_called_refused(room: Room) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    room.gateway.told["post"] = [LOST_REPLY]
    await room.drive(looked_at_first)
    attempt = Attempt(publication_id=publication.id, name="post", number=1)
    live = Published(post_id=RemoteId(room.live(publication)[0]))
    reply = Reply(200, body=f'{{"id": "{live.post_id}"}}'.encode())
    await room.store.complete(Answer(attempt=attempt, reply=reply, published=live, heard_by=HeardBy.LATE))
    room.gateway.told["recent"] = [Reply(403, body=b"{}")] * 1000
    await room.drive_for(looked_at_first, 1000.0)
    assert (await room.store.where(publication))[0] is not State.REFUSED


WORDS = ["a cut emoji: \ud83d", "a NUL: \0", "both: \0\ud83d"]


@pytest.mark.parametrize("words", WORDS)
async def test_a_no_in_words_that_no_database_keeps_is_recorded_all_the_same(room: Room, words: str) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    refusal = Refusal(code="toy_no", message=words, platform_code=words)

    def flow(p: Publication) -> Flow[Published]:
        call = toys.post(p, "x", "post")
        odd = Call(
            name="post",
            request=call.request,
            read=call.read,
            explain=lambda _: refusal,
            if_repeated=call.if_repeated,
        )
        remote = yield from odd
        return Published(post_id=RemoteId(remote))

    room.gateway.told["post"] = [Reply(400, body=b"{}")] * 9
    ending = await room.drive(flow)
    assert isinstance(ending, Failed)
    assert (await room.store.where(publication))[0] is State.REFUSED
    assert room.gateway.sent == ["post"]


async def test_a_wait_in_words_that_no_database_keeps_is_recorded_all_the_same(room: Room) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    refusal = Refusal(code="toy_no", message=WORDS[2])
    room.gateway.told["post"] = [NotSent(why=WORDS[2], retry_in=25.0, refusal=refusal)]
    await room.drive(toys.feed)
    assert (await room.store.where(publication))[0] is State.PARKED


async def test_a_busy_audience_is_not_asked_for_so_often_that_the_reads_cost_a_quota(room: Room) -> None:
    one, two = toys.publication("p1"), toys.publication("p2", text="another")
    await room.store.accept(one)
    room.gateway.told["post"] = [LOST_REQUEST] * 6
    await room.drive(toys.feed)
    await room.store.accept(two)
    before = len(room.gateway.sent)
    until = room.clock.offset + DELAYS.reconcile - 5.0
    while room.clock.offset < until:
        if await room.drive(looked_at_first) is None:
            await room.clock.advance(1.0)
    assert len(room.gateway.sent) - before <= 6


async def test_a_platform_that_says_wait_no_time_is_not_asked_without_pause(room: Room) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    refusal = Refusal(code="rate_limited", message="too fast", reaction=Reaction.THROTTLE, retry_after=0.0)
    room.gateway.told["post"] = [NotSent(why="too fast", retry_in=0.0, refusal=refusal)] * 50
    for _ in range(50):
        if await room.drive(toys.feed) is None:
            break
    assert len(room.gateway.sent) == 1


@pytest.mark.parametrize("store_kind", ["sqlite", "postgresql"])
async def test_a_publication_whose_records_cannot_be_opened_waits_and_stops_nobody_else(room: Room) -> None:
    one, two = toys.publication("p1"), toys.publication("p2", text="another", account="a2")
    await room.store.accept(one)
    (claim,) = await room.store.claim("w", lease=30.0, most=1)
    await room.store.keep(claim.lease, "make", Reply(200), seen=[])
    await room.clock.advance(31.0)
    await room.store.accept(two)
    ledger = SqlLedger(db=room.store.db, sealer=Sealer(KeyRing("another secret")))
    publications = SqlPublications(db=room.store.db, ledger=ledger)
    claims = await publications.claim("w", lease=30.0, most=9)
    assert [claim.publication.id for claim in claims] == ["p2"]
    shown = await publications.show(one.account.customer_id, one.id)
    assert shown and shown["state"] == State.PARKED and shown["refusal"]["code"] == "needs_operator"
    await room.clock.advance(301.0)
    again = await room.store.claim("w", lease=30.0, most=9)
    assert {claim.publication.id for claim in again} == {"p1", "p2"}


@pytest.mark.parametrize("ending", [Failed(refusal=NO), UNDECIDED], ids=["a no", "don't know"])
async def test_an_answer_heard_late_is_not_overruled_by_who_runs_it_without_knowing(room: Room, ending: Any) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    (first,) = await room.store.claim("w1", lease=30.0, most=1)
    attempt = await room.store.begin(first.lease, "post", audience=None, seen=[])
    await room.clock.advance(31.0)
    (second,) = await room.store.claim("w2", lease=30.0, most=1)
    live = Published(post_id=RemoteId("m1"))
    late = Answer(attempt=attempt, reply=Reply(200, body=b'{"id": "m1"}'), published=live, heard_by=HeardBy.REPLY)
    await room.store.complete(late)
    assert await room.store.end(second.lease, ending) is None
    await room.drive_for(toys.feed, 5.0)
    assert await room.store.where(publication) == (State.PUBLISHED, "m1")


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


async def test_a_look_that_our_own_quota_held_back_wears_out_no_patience(room: Room) -> None:
    publication = toys.publication()
    await room.store.accept(publication)
    room.gateway.told["post"] = [LOST_REPLY]
    empty = Refusal(code="quota_exhausted", message="used up", reaction=Reaction.EXHAUSTED)
    room.gateway.told["recent"] = [NotSent(why="used up", retry_in=300.0, refusal=empty, held_back=True)] * 24
    await room.drive_for(toys.feed, 8000.0)
    assert (await room.store.where(publication))[0] is State.PUBLISHED
