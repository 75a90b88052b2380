"""The ledger's rules, one by one, on every store that fills the port."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from durable import toys
from durable.stores import open_store
from durable.sweep import SteppingClock
from waooaw_social.core.ids import Audience, RemoteId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import Publication, State
from waooaw_social.core.refusal import Refusal
from waooaw_social.durable.ports import (
    TAKEN_MARGIN,
    Answer,
    Attempt,
    AudienceBusy,
    Claim,
    Completion,
    Done,
    EntryState,
    Failed,
    Fenced,
    HeardBy,
    Moved,
    Parked,
    Undecided,
)
from waooaw_social.platforms.call import Reply
from waooaw_social.storage.db import Url
from waooaw_social.storage.plant.record import LOCK

pytestmark = pytest.mark.anyio

AUDIENCE = Audience("toy:a1")
YES = Reply(200, {"x": "y"}, b'{"id": "m1"}')
NO = Reply(403, {}, b"{}")
UNDECIDED = Undecided(name="post", why="nobody knows", tried_at=0.0, how_to_settle="look")


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
async def store(store_kind: str, store_place: Any, clock: SteppingClock) -> AsyncIterator[Any]:
    async with open_store(store_kind, clock, store_place) as opened:
        yield opened


async def accepted(store: Any, name: str = "p1", **where: str) -> Publication:
    publication = toys.publication(name, **where)
    await store.accept(publication)
    return publication


async def claimed(store: Any, worker: str = "w", lease: float = 30.0) -> Claim:
    (claim,) = await store.claim(worker, lease=lease, most=1)
    return claim


async def begun(store: Any, claim: Claim, name: str = "post", audience: Audience | None = AUDIENCE) -> Attempt:
    seen = [entry for entry in claim.entries if entry.name == name]
    return await store.begin(claim.lease, name, audience=audience, seen=seen)


async def taken_over(store: Any, clock: SteppingClock, worker: str = "w2") -> Claim:
    await clock.advance(31.0)
    return await claimed(store, worker)


def said(attempt: Attempt, reply: Reply = YES, remote: str | None = "m1", heard_by: HeardBy = HeardBy.REPLY) -> Answer:
    published = Published(post_id=RemoteId(remote)) if remote else None
    return Answer(attempt=attempt, reply=reply, published=published, heard_by=heard_by)


def done(remote: str = "m1") -> Done:
    return Done(published=Published(post_id=RemoteId(remote)))


async def states(store: Any, clock: SteppingClock) -> list[EntryState]:
    return [entry.state for entry in (await taken_over(store, clock, "reader")).entries]


async def test_a_claim_is_exclusive_until_its_lease_ends(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    first = await claimed(store)
    assert await store.claim("w2", lease=30.0, most=1) == []
    second = await taken_over(store, clock)
    assert second.lease.epoch == first.lease.epoch + 1 and second.late_by and second.late_by > 0


async def test_a_renewed_lease_is_not_taken_over(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store)
    await claimed(store, "w")
    await clock.advance(20.0)
    await store.renew("w", lease=30.0, held={publication.id: (1, 2)})
    await clock.advance(20.0)
    assert await store.claim("w2", lease=30.0, most=1) == []


async def test_nobody_renews_what_is_somebody_elses(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store)
    await claimed(store, "w")
    second = await taken_over(store, clock)
    await store.renew("w", lease=3000.0, held={publication.id: None})
    assert (await taken_over(store, clock, "w3")).lease.epoch == second.lease.epoch + 1


async def test_what_is_read_back_is_what_was_recorded(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store, text="été ☃")
    claim = await claimed(store)
    assert claim.publication == publication and claim.entries == ()
    await store.keep(claim.lease, "make", YES, seen=[])
    attempt = await begun(store, claim)
    again = await taken_over(store, clock)
    made, post = again.entries
    assert (made.name, made.state, made.reply, made.visible) == ("make", EntryState.ANSWERED, YES, False)
    assert (post.name, post.attempt, post.state, post.visible) == ("post", attempt.number, EntryState.OPEN, True)
    assert post.age == pytest.approx(31.0, abs=1.0)


async def test_begin_is_fenced(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    first = await claimed(store)
    await taken_over(store, clock)
    with pytest.raises(Fenced):
        await begun(store, first)


async def test_begin_finds_just_what_was_looked_up(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    claim = await claimed(store)
    attempt = await begun(store, claim)
    with pytest.raises(Moved):
        await begun(store, claim)
    again = await taken_over(store, clock)
    await store.abandon(attempt)
    with pytest.raises(Moved):
        await begun(store, again)


async def test_a_wasteful_reply_is_kept_fenced(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    first = await claimed(store)
    second = await taken_over(store, clock)
    await store.keep(second.lease, "make", YES, seen=[])
    with pytest.raises(Fenced):
        await store.keep(first.lease, "make", NO, seen=[])
    (entry,) = (await taken_over(store, clock, "w3")).entries
    assert entry.reply == YES


async def test_the_first_wasteful_reply_wins(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    claim = await claimed(store)
    await store.keep(claim.lease, "make", YES, seen=[])
    with pytest.raises(Moved):
        await store.keep(claim.lease, "make", NO, seen=[])


async def test_what_is_stale_is_made_anew_with_all_that_was_built_on_it(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    claim = await claimed(store)
    await store.keep(claim.lease, "make", YES, seen=[])
    await store.keep(claim.lease, "part", YES, seen=[])
    await store.keep(claim.lease, "make", NO, seen=[], stale=["make", "part"])
    (entry,) = (await taken_over(store, clock)).entries
    assert (entry.name, entry.reply, entry.attempt) == ("make", NO, 2)


async def test_one_attempt_in_doubt_per_audience(store: Any, clock: SteppingClock) -> None:
    await accepted(store, "p1")
    await accepted(store, "p2")
    one, two = await store.claim("w", lease=30.0, most=2)
    attempt = await begun(store, one)
    with pytest.raises(AudienceBusy):
        await begun(store, two)
    await begun(store, two, "elsewhere", Audience("toy:a2"))
    await store.abandon(attempt)
    await begun(store, two)


async def test_abandon_closes_its_own_attempt_and_opens_the_doubt_it_stood_for(
    store: Any, clock: SteppingClock
) -> None:
    await accepted(store, "p1")
    first = await claimed(store)
    await begun(store, first)
    second = await taken_over(store, clock)
    attempt = await begun(store, second)
    assert attempt.number == 2
    await store.abandon(attempt)
    await store.abandon(attempt)
    assert await states(store, clock) == [EntryState.OPEN, EntryState.ABANDONED]


async def test_an_abandoned_retry_keeps_the_audience_of_the_doubt(store: Any, clock: SteppingClock) -> None:
    await accepted(store, "p1")
    first = await claimed(store)
    await begun(store, first)
    second = await taken_over(store, clock)
    await store.abandon(await begun(store, second))
    await accepted(store, "p2")
    other = await claimed(store, "w3")
    with pytest.raises(AudienceBusy):
        await begun(store, other)


async def test_a_zombies_abandon_does_not_forget_its_successors_doubt(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    first = await claimed(store)
    zombies = await begun(store, first)
    second = await taken_over(store, clock)
    await begun(store, second)
    await store.abandon(zombies)
    assert await states(store, clock) == [EntryState.ABSENT, EntryState.OPEN]


async def test_the_last_reply_and_the_end_are_one_commit(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store)
    claim = await claimed(store)
    assert await store.end(claim.lease, done(), said(await begun(store, claim))) is Completion.RECORDED
    assert await store.where(publication) == (State.PUBLISHED, "m1")
    assert await store.claim("w2", lease=30.0, most=1) == []


async def test_a_reply_heard_by_a_zombie_is_recorded_all_the_same(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store)
    first = await claimed(store)
    attempt = await begun(store, first)
    second = await taken_over(store, clock)
    assert await store.park(second.lease, Parked(seconds=500.0, why="waiting"))
    assert await store.end(first.lease, done(), said(attempt)) is None
    assert await store.where(publication) == (State.DUE, None)  # woken at once
    third = await claimed(store, "w3")
    assert [entry.state for entry in third.entries] == [EntryState.ANSWERED]


async def test_a_reply_reopens_what_was_given_up(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store)
    claim = await claimed(store)
    attempt = await begun(store, claim)
    await store.end(claim.lease, UNDECIDED)
    assert (await store.where(publication))[0] is State.UNRESOLVED
    assert await store.complete(said(attempt, heard_by=HeardBy.WEBHOOK)) is Completion.RECORDED
    assert (await store.where(publication))[0] is State.DUE


async def test_giving_up_frees_the_audience(store: Any, clock: SteppingClock) -> None:
    await accepted(store, "p1")
    claim = await claimed(store)
    await begun(store, claim)
    await store.end(claim.lease, UNDECIDED)
    await accepted(store, "p2")
    await begun(store, await claimed(store))


async def test_a_success_outranks_a_refusal_and_not_the_other_way_round(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    claim = await claimed(store)
    attempt = await begun(store, claim)
    await store.complete(said(attempt, NO, None))
    assert await store.complete(said(attempt)) is Completion.RECORDED
    await store.complete(said(attempt, NO, None))
    (entry,) = (await taken_over(store, clock)).entries
    assert (entry.state, entry.reply) == (EntryState.ANSWERED, YES)


async def test_the_same_answer_twice_changes_nothing(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    claim = await claimed(store)
    attempt = await begun(store, claim)
    assert await store.complete(said(attempt)) is Completion.RECORDED
    assert await store.complete(said(attempt)) is Completion.KNOWN


async def test_a_second_success_with_another_id_is_a_proven_double(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    first = await claimed(store)
    one = await begun(store, first)
    second = await taken_over(store, clock)
    two = await begun(store, second)
    assert await store.complete(said(one, remote="m1")) is Completion.RECORDED
    assert await store.complete(said(two, remote="m2")) is Completion.DOUBLE


async def test_a_remote_id_has_one_owner(store: Any, clock: SteppingClock) -> None:
    await accepted(store, "p1")
    await accepted(store, "p2")
    one, two = await store.claim("w", lease=30.0, most=2)
    await store.complete(said(await begun(store, one)))
    attempt = await begun(store, two)
    assert await store.complete(said(attempt)) is Completion.OWNED
    assert await store.end(two.lease, done(), said(attempt)) is Completion.OWNED
    assert (await store.where(two.publication))[0] is State.RUNNING


async def test_what_is_taken_is_told(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    claim = await claimed(store)
    await store.complete(said(await begun(store, claim)))
    now = clock.now().timestamp()
    assert await store.taken(AUDIENCE, now) == frozenset({"m1"})
    assert await store.taken(Audience("toy:a2"), now) == frozenset()
    assert await store.taken(AUDIENCE, now + 0.9 * TAKEN_MARGIN) == frozenset({"m1"}), "times are not exact"
    assert await store.taken(AUDIENCE, now + 1.1 * TAKEN_MARGIN) == frozenset()


async def test_looks_are_counted_and_patience_starts_with_the_first(store: Any, clock: SteppingClock) -> None:
    await accepted(store)
    claim = await claimed(store)
    attempt = await begun(store, claim)
    await store.looked(claim.lease, "post", attempt.number, told=False)
    await clock.advance(10.0)
    await store.looked(claim.lease, "post", attempt.number, told=True)
    (entry,) = (await taken_over(store, clock)).entries
    assert entry.looks == 1 and entry.looked_for == pytest.approx(41.0, abs=1.0)


async def test_a_parked_publication_comes_back_at_its_time(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store)
    claim = await claimed(store)
    assert await store.park(claim.lease, Parked(seconds=100.0, why="later"))
    assert await store.claim("w", lease=30.0, most=1) == [] and (await store.where(publication))[0] is State.PARKED
    await clock.advance(101.0)
    assert (await claimed(store)).late_by is None


@pytest.mark.parametrize(
    "ending", [Parked(seconds=1.0, why="x"), Failed(refusal=Refusal(code="c", message="m")), UNDECIDED]
)
async def test_who_lost_the_lease_ends_nothing(store: Any, clock: SteppingClock, ending: Any) -> None:
    publication = await accepted(store)
    first = await claimed(store)
    await taken_over(store, clock)
    act = store.park if isinstance(ending, Parked) else store.end
    assert not await act(first.lease, ending)
    assert (await store.where(publication))[0] is State.RUNNING


async def test_an_end_is_an_end(store: Any, clock: SteppingClock) -> None:
    publication = await accepted(store)
    claim = await claimed(store)
    await store.end(claim.lease, done(), said(await begun(store, claim)))
    assert not await store.park(claim.lease, Parked(seconds=1.0, why="x"))
    assert await store.end(claim.lease, Failed(refusal=Refusal(code="c", message="m"))) is None
    assert await store.where(publication) == (State.PUBLISHED, "m1")


async def test_a_publication_with_a_time_is_not_due_before_it(store: Any, clock: SteppingClock) -> None:
    from datetime import timedelta

    later = replace(toys.publication(), publish_at=clock.now() + timedelta(seconds=50))
    await store.accept(later)
    assert await store.claim("w", lease=30.0, most=1) == []
    await clock.advance(51.0)
    assert (await claimed(store)).due_in == pytest.approx(-1.0, abs=1.0)


async def test_a_post_is_a_publications_own_under_whatever_name_it_was_recorded(store: Any) -> None:
    publication, claim = await accepted(store), await claimed(store)
    out = Published(post_id=RemoteId("m1"))
    one, two = [await begun(store, claim, name, audience=None) for name in ("post 1", "post 2")]
    first, again = (Answer(attempt=of, reply=YES, published=out, heard_by=HeardBy.REPLY) for of in (one, two))
    assert await store.complete(first) is Completion.RECORDED
    assert await store.end(claim.lease, Done(published=out), again) is Completion.KNOWN
    assert await store.where(publication) == (State.PUBLISHED, "m1")


async def test_who_abandons_waits_for_who_is_at_the_record(postgres_url: str, clock: SteppingClock) -> None:
    """A frozen worker thaws while its successor ends: without the lock it would reopen what the end has closed."""
    async with open_store("postgresql", clock, postgres_url) as store:
        await accepted(store)
        attempt = await begun(store, await claimed(store))
        engine = sa.create_engine(Url(postgres_url).postgresql)
        with engine.connect() as successor, engine.connect() as watcher:
            successor.execute(LOCK, {"publication": attempt.publication_id})
            abandoning = asyncio.create_task(store.abandon(attempt))
            waiting = sa.text(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
            )
            async with asyncio.timeout(10.0):
                while not watcher.execute(waiting).scalar():
                    watcher.rollback()
                    await asyncio.sleep(0.01)
            assert not abandoning.done()
            successor.rollback()
            await abandoning
        engine.dispose()
