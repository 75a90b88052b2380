"""What may be done about a publication at each point of its life: taken back, changed, submitted, settled; and when it is too late."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from plant.desk import Desk
from plant.house import CUSTOMER, House, order
from plant.test_api import problem
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content
from waooaw_social.core.publication import Publication, State
from waooaw_social.durable.ports import SURELY_NOT_OUT, Answer, EntryState, Fenced, HeardBy, Parked
from waooaw_social.plant.bodies import ChangeBody
from waooaw_social.plant.publications_api import changed
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.whatsapp import kit as whatsapp
from waooaw_social.platforms.whatsapp.manifest import WHATSAPP
from waooaw_social.platforms.whatsapp.recipient import recipient_of
from waooaw_social.storage.plant.changing import Field, SqlChanges, Verdict
from waooaw_social.storage.plant.reach import Reach
from waooaw_social.storage.plant.tables import entries

pytestmark = pytest.mark.anyio

LATER = (datetime.now(UTC) + timedelta(days=3)).isoformat()
MUCH_LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=9)


# --- taken back -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [("DELETE", ""), ("POST", "/cancel")])
async def test_what_has_not_started_is_taken_back_and_stays_so(desk: Desk, way: tuple[str, str]) -> None:
    method, more = way
    for fields in ({}, {"publish_at": LATER}, {"draft": True}):
        publication = await desk.accepted(**fields)
        for _ in range(2):
            answer = await desk.ask(method, f"/publications/{publication}{more}")
            assert answer.status_code == 200 and answer.json()["state"] == "cancelled", answer.text
            assert answer.json()["ended_at"] and answer.json()["next_step_at"] is None
    claimed = [c.lease.publication_id for c in await desk.worker.publications.claim("w", lease=1.0, most=100)]
    assert publication not in claimed


async def test_a_run_that_has_not_begun_to_send_loses_the_publication_and_can_send_nothing(desk: Desk) -> None:
    publication = await desk.accepted()
    claim = await desk.worker.claim(publication)
    answer = await desk.ask("DELETE", f"/publications/{publication}")
    assert answer.status_code == 200 and answer.json()["state"] == "cancelled"
    with pytest.raises(Fenced):
        await desk.worker.begin(claim)
    assert (await desk.show(publication))["attempts"] == []


async def test_from_the_first_visible_begin_on_it_is_too_late(desk: Desk) -> None:
    publication = await desk.accepted()
    claim = await desk.worker.claim(publication)
    attempt = await desk.worker.begin(claim)
    for method, more, body in (("DELETE", "", None), ("PATCH", "", {"publish_at": LATER})):
        told = problem(await desk.ask(method, f"/publications/{publication}{more}", body), 409, "too_late")
        assert told["stage"] == "publish" and told["remediation"] and not told["retryable"]
    await desk.worker.publish(claim, attempt, f"yt-{publication}")
    problem(await desk.ask("DELETE", f"/publications/{publication}"), 409, "too_late")
    assert (await desk.show(publication))["state"] == "published"


async def test_an_attempt_that_certainly_did_not_leave_was_none(desk: Desk) -> None:
    publication = await desk.accepted()
    claim = await desk.worker.claim(publication)
    await desk.worker.ledger.abandon(await desk.worker.begin(claim))
    assert (await desk.ask("DELETE", f"/publications/{publication}")).json()["state"] == "cancelled"


async def test_what_was_answered_with_a_clear_no_and_waits_is_taken_back(desk: Desk) -> None:
    """Another round was to follow, and waits: nothing is out, and nothing goes out any more."""
    publication = await desk.accepted()
    claim = await desk.worker.claim(publication)
    no = Answer(attempt=await desk.worker.begin(claim), reply=Reply(400), published=None, heard_by=HeardBy.REPLY)
    await desk.worker.ledger.park(claim.lease, Parked(seconds=600.0, why="the platform wants silence"), no)
    assert [one["state"] for one in (await desk.show(publication))["attempts"]] == ["refused"]
    problem(await desk.ask("PATCH", f"/publications/{publication}", {"publish_at": LATER}), 409, "too_late")
    answer = await desk.ask("DELETE", f"/publications/{publication}")
    assert answer.status_code == 200 and answer.json()["state"] == "cancelled", answer.text
    with pytest.raises(Fenced):
        await desk.worker.begin(claim)


@pytest.mark.parametrize("state", sorted(set(EntryState) - SURELY_NOT_OUT))
async def test_one_attempt_of_which_that_is_not_certain_is_enough_to_be_too_late(desk: Desk, state: EntryState) -> None:
    """A clear no to another attempt says nothing about it; that a look found nothing is a belief."""
    publication = await desk.accepted()
    claim = await desk.worker.claim(publication)
    doubtful = await desk.worker.begin(claim)
    attempt = await desk.worker.ledger.begin(claim.lease, "complete upload 2", audience=None, seen=[])
    no = Answer(attempt=attempt, reply=Reply(400), published=None, heard_by=HeardBy.REPLY)
    await desk.worker.ledger.park(claim.lease, Parked(seconds=600.0, why="a throttle"), no)
    mine = (entries.c.publication == publication) & (entries.c.name == doubtful.name)
    became = sa.update(entries).where(mine).values(state=state.value, heard_by="reply")
    assert await desk.db.write(lambda c: c.execute(became).rowcount) == 1
    problem(await desk.ask("DELETE", f"/publications/{publication}"), 409, "too_late")


async def test_of_a_begin_and_a_cancel_at_the_same_moment_exactly_one_is_done(desk: Desk) -> None:
    """Whoever comes first; never both, and never neither."""
    for _ in range(8):
        publication = await desk.accepted()
        claim = await desk.worker.claim(publication)
        begun, cancelled = await asyncio.gather(
            desk.worker.begin(claim), desk.ask("DELETE", f"/publications/{publication}"), return_exceptions=True
        )
        assert not isinstance(cancelled, BaseException)
        assert (cancelled.status_code == 200) == isinstance(begun, Fenced), (begun, cancelled.text)
        assert cancelled.status_code in (200, 409)


async def test_an_upload_that_is_under_way_is_taken_back_and_nothing_goes_out(house: House) -> None:
    """With a real worker, in the middle of its pieces."""
    credential = await house.connect()
    await house.fault("upload.chunk", "delay", seconds=1.0, times=2)
    publication = await house.publish(credential, size=40_000_000, title="Taken back under way")
    while not (await house.show(publication))["attempts"]:
        await asyncio.sleep(0.05)
    told = {"authorization": f"Bearer {house.agent_key}"}
    answer = await house.http.delete(f"{house.plant}/api/v1/publications/{publication}", headers=told)
    assert answer.status_code == 200 and answer.json()["state"] == "cancelled"
    await house.clear_faults()
    after = await house.publish(credential, title="The next one")
    assert (await house.ends(after))["state"] == "published"
    assert "Taken back under way" not in [post["title"] for post in await house.audience()]
    assert (await house.show(publication))["state"] == "cancelled"


# --- changed ----------------------------------------------------------------------------------------------------------------


async def test_time_content_and_late_policy_are_changed_before_it_starts(desk: Desk) -> None:
    publication = await desk.accepted(publish_at=LATER, late_policy={"late_by_most": 60})
    local = {"publish_at": "2027-07-01T09:30", "time_zone": "Europe/Berlin"}
    shown = (await desk.ask("PATCH", f"/publications/{publication}", local)).json()
    assert (shown["publish_at"], shown["state"]) == ("2027-07-01T07:30:00Z", "scheduled")
    content = {"title": "Another", "video_url": desk.house.video()}
    shown = (await desk.ask("PATCH", f"/publications/{publication}", {"content": content})).json()
    assert shown["content"]["title"] == "Another" and shown["publish_at"] == "2027-07-01T07:30:00Z"
    shown = (await desk.ask("PATCH", f"/publications/{publication}", {"late_policy": None, "publish_at": None})).json()
    assert (shown["late_by_most"], shown["publish_at"], shown["state"]) == (None, None, "due")
    claim = await desk.worker.claim(publication)
    assert claim.publication.content.title == "Another" and claim.publication.late_by_most is None


async def test_a_change_takes_it_from_its_run_and_what_was_prepared_is_made_anew(desk: Desk) -> None:
    publication = await desk.accepted()
    claim = await desk.worker.claim(publication)
    await desk.worker.ledger.keep(claim.lease, "open session 1", Reply(200), seen=[])
    answer = await desk.ask("PATCH", f"/publications/{publication}", {"publish_at": MUCH_LATER.isoformat()})
    assert answer.status_code == 200 and answer.json()["state"] == "scheduled", answer.text
    assert [(a["call"], a["state"]) for a in answer.json()["attempts"]] == [("open session 1", "stale")]
    with pytest.raises(Fenced):
        await desk.worker.begin(claim)


async def test_a_change_is_checked_as_an_order_is(desk: Desk) -> None:
    publication = await desk.accepted(publish_at=LATER)
    path = f"/publications/{publication}"
    past = problem(await desk.ask("PATCH", path, {"publish_at": "2024-01-01T00:00:00Z"}), 422, "publish_at_past")
    assert past["errors"][0]["field"] == "targets.0: publish_at" and past["remediation"]
    bad = {"content": {"title": "x" * 101, "video_url": desk.house.video()}}
    problem(await desk.ask("PATCH", path, bad), 422, "invalid_title")
    for body in ({}, {"time_zone": "Europe/Berlin"}, {"content": None}, {"publish_at": "2027-01-01T00:00"}):
        problem(await desk.ask("PATCH", path, body), 422, "invalid_request")


# --- drafts -----------------------------------------------------------------------------------------------------------------


async def test_a_draft_is_done_by_nobody_until_somebody_who_may_publish_submits_it(desk: Desk) -> None:
    publication = await desk.accepted(key="drafter", draft=True)
    shown = await desk.show(publication)
    assert (shown["state"], shown["next_step_at"]) == ("draft", None)
    claimed = [c.lease.publication_id for c in await desk.worker.publications.claim("w", lease=600.0, most=100)]
    assert publication not in claimed
    problem(await desk.ask("POST", f"/publications/{publication}/submit", key="drafter"), 403, "missing_scope")
    for _ in range(2):
        answer = await desk.ask("POST", f"/publications/{publication}/submit", key="publisher")
        assert answer.status_code == 200 and answer.json()["state"] == "due", answer.text
    assert (await desk.worker.claim(publication)).publication.id == publication


async def test_who_may_only_draft_makes_and_changes_drafts_and_nothing_else(desk: Desk) -> None:
    problem(await desk.order(key="drafter"), 403, "missing_scope")
    draft = await desk.accepted(key="drafter", draft=True)
    change = {"publish_at": LATER}
    assert (await desk.ask("PATCH", f"/publications/{draft}", change, key="drafter")).json()["state"] == "draft"
    live = await desk.accepted(publish_at=LATER)
    problem(await desk.ask("PATCH", f"/publications/{live}", change, key="drafter"), 403, "missing_scope")
    problem(await desk.ask("DELETE", f"/publications/{draft}", key="drafter"), 403, "missing_scope")
    released = (await desk.ask("POST", f"/publications/{draft}/submit", key="publisher")).json()
    assert released["state"] == "scheduled"


@contextmanager
def held(database: str) -> Iterator[Any]:
    """A transaction of somebody else's, committed at the end of the block."""
    if database.startswith("sqlite"):
        with closing(sqlite3.connect(database.removeprefix("sqlite:///"), isolation_level=None)) as c:
            c.execute("begin immediate")
            yield c
            c.execute("commit")
    else:
        with psycopg.connect(database) as c:
            yield c


async def test_a_draft_that_is_submitted_while_its_change_is_checked_is_not_changed_any_more(desk: Desk) -> None:
    """By a key that may only draft: it had looked before, and asks again under the row's lock."""
    draft = await desk.accepted(key="drafter", draft=True)
    submitted = f"update publications set state = 'scheduled', due_at = due_at + 1e6 where id = '{draft}'"
    waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with held(desk.house.environment["DATABASE_URL"]) as other:
        other.execute(submitted)
        change = asyncio.create_task(desk.ask("PATCH", f"/publications/{draft}", {"publish_at": LATER}, key="drafter"))
        while not desk.db.sqlite and not await desk.db.read(lambda c: c.execute(sa.text(waits)).scalar()):
            await asyncio.sleep(0.01)
    problem(await change, 403, "missing_scope")
    assert (await desk.show(draft))["publish_at"] is None


async def test_a_change_of_a_draft_only_finds_no_draft_after_its_release(desk: Desk) -> None:
    draft = await desk.accepted(key="drafter", draft=True)
    changes, reach = SqlChanges(db=desk.db), Reach(customer_id=CustomerId(CUSTOMER))
    looked = await changes.standing(reach, draft)
    assert looked and looked.state is State.DRAFT
    new, fields = replace(looked.publication, publish_at=MUCH_LATER), frozenset({Field.PUBLISH_AT})
    assert await changes.change(reach, new, fields, only_draft=True) is Verdict.DONE
    await changes.release(reach, draft)
    new = replace(new, publish_at=MUCH_LATER + timedelta(days=1))
    assert await changes.change(reach, new, fields, only_draft=True) is Verdict.SUBMITTED
    assert datetime.fromisoformat((await desk.show(draft))["publish_at"]) == MUCH_LATER


# --- settled by hand --------------------------------------------------------------------------------------------------------


async def test_a_person_says_that_it_went_out_and_who_said_so_is_kept(desk: Desk) -> None:
    publication = await desk.unresolved()
    said = {"outcome": "published", "post_id": f"p-{publication}", "by": "Mina", "note": "I see it."}
    answer = await desk.ask("POST", f"/publications/{publication}/resolve", said, x_request_id="settle-1")
    shown = answer.json()
    assert (answer.status_code, shown["state"], shown["post_id"]) == (200, "published", f"p-{publication}")
    (settled,) = shown["settled"]
    key_id = desk.keys["agent"].split("_")[1]
    assert (settled["decision"], settled["by_key"], settled["by_person"]) == ("published", key_id, "Mina")
    assert settled["note"] == "I see it." and settled["settled_at"]
    (attempt,) = shown["attempts"]
    assert (attempt["state"], attempt["heard_by"]) == ("answered", "person") and "person" in attempt["says"]
    problem(await desk.ask("POST", f"/publications/{publication}/resolve", said), 409, "not_unresolved")


async def test_a_post_of_another_publication_is_not_taken(desk: Desk) -> None:
    one, other = await desk.unresolved(), await desk.unresolved()
    said = {"outcome": "published", "post_id": f"p-{one}"}
    assert (await desk.ask("POST", f"/publications/{one}/resolve", said)).status_code == 200
    problem(await desk.ask("POST", f"/publications/{other}/resolve", said), 409, "post_taken")
    assert (await desk.show(other))["state"] == "unresolved" and (await desk.show(other))["settled"] == []


async def test_a_person_says_that_it_did_not_go_out_and_it_is_sent_again_as_a_new_attempt(desk: Desk) -> None:
    publication = await desk.unresolved()
    said = {"outcome": "not_published", "then": "send_again"}
    shown = (await desk.ask("POST", f"/publications/{publication}/resolve", said)).json()
    assert (shown["state"], shown["ended_at"], shown["why"]) == ("due", None, None)
    problem(await desk.ask("DELETE", f"/publications/{publication}"), 409, "too_late")
    claim = await desk.worker.claim(publication)
    attempt = await desk.worker.ledger.begin(
        claim.lease, claim.entries[0].name, audience=None, seen=list(claim.entries)
    )
    assert attempt.number == 2
    await desk.worker.publish(claim, attempt, f"again-{publication}")
    shown = await desk.show(publication)
    assert shown["state"] == "published" and [a["state"] for a in shown["attempts"]] == ["absent", "answered"]


async def test_a_person_gives_it_up(desk: Desk) -> None:
    publication = await desk.unresolved()
    said = {"outcome": "not_published", "then": "give_up"}
    shown = (await desk.ask("POST", f"/publications/{publication}/resolve", said)).json()
    assert (shown["state"], shown["error"]["code"]) == ("refused", "given_up")
    problem(await desk.ask("DELETE", f"/publications/{publication}"), 409, "already_ended")


async def test_half_a_decision_is_none(desk: Desk) -> None:
    publication = await desk.unresolved()
    for said in (
        {"outcome": "published"},
        {"outcome": "not_published"},
        {"outcome": "published", "post_id": "x", "then": "give_up"},
        {"outcome": "not_published", "then": "give_up", "post_id": "x"},
        {"outcome": "perhaps"},
        {"outcome": "published", "post_id": "with space"},
    ):
        problem(await desk.ask("POST", f"/publications/{publication}/resolve", said), 422, "invalid_request")
    assert (await desk.show(publication))["state"] == "unresolved"
    problem(
        await desk.ask("POST", f"/publications/{publication}/resolve", order(""), key="reader"), 422, "invalid_request"
    )


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
    new, _ = changed(accepted, ChangeBody.model_validate({"content": {"text": "Hello Ann!"}}))
    assert not list(whatsapp().check(new))
    assert recipient_of(new) == recipient_of(accepted)
