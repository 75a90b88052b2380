"""A video that is due later: nobody sees it before its time, one sees it from then on, whatever goes wrong; and what it leaves behind."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from durable.platform_stage import House, Played, in_database, in_memory
from durable.sweep import Fault, Plan, advance, carry_out, sweep, verdict
from durable.test_youtube_sweep import GENERIC, SPECIAL
from durable.youtube_stage import (
    AHEAD,
    LEAD,
    due_in,
    due_there,
    later_stage,
    open_youtube,
    platform_time,
    publication_for,
    published_at,
)
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.publication import State
from waooaw_social.platforms.youtube import upload
from waooaw_social.storage.plant.changing import Field, SqlChanges, Verdict
from waooaw_social.storage.plant.reach import Reach

pytestmark = pytest.mark.anyio
REACH = Reach(customer_id=CustomerId("CUST-1"))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_youtube(tmp_path) as opened:
        yield opened


def on_memory(house: House) -> AbstractAsyncContextManager[Played]:
    return in_memory(lambda store, clock: later_stage(house, store, clock), prepare_ahead=AHEAD)()


async def hidden(house: House) -> list[Any]:
    """Everything on the channel, also what no follower sees."""
    return await house.ask("audience/youtube/hazel?include=hidden")


async def routes(house: House) -> list[str]:
    return [call["route"] for call in await house.ask("calls?platform=youtube")]


async def prepare(stage: Played) -> None:
    """The first run, as far as it goes ahead of its time."""
    await stage.clock.advance(LEAD - AHEAD + 1)
    (claim,) = await stage.store.claim("early", lease=30.0, most=1)
    await advance(stage, claim, Plan())


# --- when everything goes well ------------------------------------------------------------------------------------------------


async def test_it_is_uploaded_ahead_and_private_and_seen_on_its_second_and_not_before(house: House) -> None:
    async with on_memory(house) as stage:
        due = await due_there(stage)
        await prepare(stage)
        (waiting,) = await hidden(house)
        assert (
            waiting["visibility"] == "private"
            and waiting["media"][0]["bytes"] == house.media.known["https://example.com/cat.mp4"].size
        )
        assert await platform_time(house) < due - timedelta(seconds=AHEAD / 2)
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)
        (out,) = await house.ask("audience/youtube/hazel")
        assert timedelta(0) <= published_at(out) - due < timedelta(seconds=2)
        asked = await routes(house)
        assert (asked.count("videos.insert"), asked.count("upload.final"), asked.count("videos.update")) == (1, 1, 1)
        assert asked[-1] == "videos.update", "nothing is asked between its time and the switch, and nothing after it"


async def test_the_switch_sends_the_whole_status_as_the_owner_has_it_by_then(house: House) -> None:
    async with on_memory(house) as stage:
        await prepare(stage)
        (waiting,) = await hidden(house)
        change = {"privacyStatus": "private", "license": "creativeCommon", "embeddable": False}
        await in_studio(stage, "PUT", "?part=status", {"id": waiting["id"], "status": change})
        await carry_out(stage, Plan())
        shown = await in_studio(stage, "GET", f"?part=status&id={waiting['id']}")
        status = shown["items"][0]["status"]
        assert (status["privacyStatus"], status["license"], status["embeddable"]) == ("public", "creativeCommon", False)
        assert status["selfDeclaredMadeForKids"] is False


async def in_studio(stage: Played, method: str, query: str, body: Any = None) -> Any:
    """What the owner does by hand."""
    token = (await stage.house.account("youtube", "hazel"))["access_token"]
    url = f"{stage.house.base}/www.googleapis.com/youtube/v3/videos{query}"
    answer = await stage.house.client.request(method, url, headers={"authorization": f"Bearer {token}"}, json=body)
    assert answer.status_code in {200, 204}, answer.text
    return answer.json() if answer.status_code == 200 else None


# --- whatever goes wrong ------------------------------------------------------------------------------------------------------


async def test_one_post_and_none_too_early_whatever_goes_wrong_wherever(house: House) -> None:
    assert await sweep(lambda: on_memory(house), lambda _: State.PUBLISHED) > 20


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_the_same_on_a_database_around_what_is_recorded(
    house: House, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Deaths and zombies at the last piece and at the switch; the rest is as in memory."""
    async with in_database(
        kind, tmp_path, request, lambda store, clock: later_stage(house, store, clock), prepare_ahead=AHEAD
    ) as fresh:
        points = ("ledger.begin", "send.store upload 1", "send.publish video")
        faults = (Fault.DEATH_AFTER, Fault.ZOMBIE_BEFORE, Fault.LOST_REPLY)
        ran = await sweep(
            fresh, lambda _: State.PUBLISHED, some=lambda case: case.point in points and case.fault in faults
        )
        assert ran > 6


UPDATE: list[dict[str, Any]] = [
    *({"route": "videos.update"} | fault for fault in GENERIC),
    *({"route": "videos.update", "fault": "status_but_done", "status": status} for status in (400, 403, 409)),
]


@pytest.mark.parametrize("times", [1, 2])
async def test_one_post_whatever_the_platform_does(house: House, times: int) -> None:
    wrong: list[str] = []
    for fault in [*UPDATE, *SPECIAL]:
        async with on_memory(house) as stage:
            await house.order("faults", {"platform": "youtube", "times": times} | fault)
            await carry_out(stage, Plan())
            wrong += [f"{fault}: {problem}" for problem in await verdict(stage, State.PUBLISHED, 1)]
            wrong += [f"{fault}: {len(await hidden(house))} videos"] * (len(await hidden(house)) != 1)
    assert not wrong, "\n".join(wrong)


async def test_a_session_that_is_gone_after_its_last_byte_has_its_video_found_by_the_name_of_its_file(
    house: House,
) -> None:
    async with on_memory(house) as stage:
        (kept,) = stage.store.kept.values()
        like_it = replace(publication_for(stage.account, "short", "p2"), publish_at=kept.publication.publish_at)
        await stage.store.accept(like_it)
        gone = {"platform": "youtube", "route": "upload.final", "fault": "session_gone_after_commit", "times": 2}
        await house.order("faults", gone)
        await carry_out(stage, Plan())
        stage.publication, stage.state = like_it, lambda: stage.store.where(like_it)
        await carry_out(stage, Plan())
        ids = {(await stage.store.where(one))[1] for one in (kept.publication, like_it)}
        assert {post["id"] for post in await hidden(house)} == ids == set(await stage.seen()) and len(ids) == 2
        assert (await routes(house)).count("videos.insert") == 2


async def test_a_video_that_is_found_too_late_stays_private_and_its_successor_goes_out(house: House) -> None:
    async with on_memory(house) as stage:
        for fault in ({"fault": "session_gone_after_commit"}, {"fault": "slow_listing", "seconds": 30}):
            await house.order("faults", {"platform": "youtube", "route": "upload.final"} | fault)
        await prepare(stage)
        _, successor = await hidden(house)
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)
        assert await stage.seen() == [successor["id"]] and len(await hidden(house)) == 2


async def test_a_video_that_is_not_listed_yet_is_waited_for(house: House) -> None:
    async with on_memory(house) as stage:
        await house.order(
            "faults", {"platform": "youtube", "route": "upload.final", "fault": "slow_listing", "seconds": 200}
        )
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)
        assert (await routes(house)).count("videos.update") == 1


# --- what ends otherwise ------------------------------------------------------------------------------------------------------


async def why_refused(stage: Played) -> Any:
    state, _ = await stage.state()
    assert state is State.REFUSED and not await stage.seen()
    return stage.store.kept[stage.publication.id].ending.refusal


@pytest.mark.parametrize(("outcome", "code"), [("failed", "processing_failed"), ("rejected", "video_rejected")])
async def test_what_youtube_cannot_use_is_refused_before_its_time(house: House, outcome: str, code: str) -> None:
    async with on_memory(house) as stage:
        await house.order("knobs/youtube", {"processing_outcome": outcome})
        await carry_out(stage, Plan())
        refusal = await why_refused(stage)
        assert (refusal.code, refusal.field) == (code, "video") and refusal.remediation
        assert "videos.update" not in await routes(house)


async def test_a_video_that_its_owner_deleted_meanwhile_is_refused_as_not_found(house: House) -> None:
    async with on_memory(house) as stage:
        await prepare(stage)
        (waiting,) = await hidden(house)
        await in_studio(stage, "DELETE", f"?id={waiting['id']}")
        await carry_out(stage, Plan())
        assert (await why_refused(stage)).code == "not_found"
        assert (await routes(house)).count("videos.update") == 1


@pytest.mark.parametrize(
    ("reason", "code"),
    [("forbidden", "forbidden"), ("forbiddenPrivacySetting", "forbidden"), ("videoNotFound", "not_found"),
     ("invalidPublishAt", "invalid_publish_at"), ("authenticatedUserAccountSuspended", "channel_unusable")],
)  # fmt: skip
async def test_a_no_to_the_switch_is_looked_into_once_and_told(house: House, reason: str, code: str) -> None:
    async with on_memory(house) as stage:
        await house.order(
            "faults", {"platform": "youtube", "route": "videos.update", "fault": "error", "reason": reason}
        )
        await carry_out(stage, Plan())
        assert (await why_refused(stage)).code == code
        assert (await routes(house))[-2:] == ["videos.update", "videos.list"]


@pytest.mark.parametrize("reply", ["heard", "lost once"])
async def test_a_video_that_youtube_locks_private_is_told_and_not_tried_for_ever(house: House, reply: str) -> None:
    async with on_memory(house) as stage:
        await house.order("accounts/youtube/hazel", {"force_private": True})
        if reply == "lost once":
            await house.order("faults", {"platform": "youtube", "route": "videos.update", "fault": "lost_reply"})
        await carry_out(stage, Plan())
        (kept,) = stage.store.kept.values()
        assert kept.state is State.PUBLISHED and not await stage.seen()
        assert "private" in kept.ending.published.notes[0] and "public was asked for" in kept.ending.published.notes[0]
        assert (await routes(house)).count("videos.update") == (1 if reply == "heard" else 2)


async def test_what_is_to_stay_private_needs_no_switch(house: House) -> None:
    async with on_memory(house) as stage:
        content = replace(stage.publication.content, privacy="private")
        other = due_in(stage.clock, LEAD, replace(publication_for(stage.account, "short", "p2"), content=content))
        stage.store.kept.clear()
        await stage.store.accept(other)
        stage.publication, stage.state = other, lambda: stage.store.where(other)
        await carry_out(stage, Plan())
        assert (await stage.state())[0] is State.PUBLISHED and "videos.update" not in await routes(house)


# --- thought better of --------------------------------------------------------------------------------------------------------


@pytest.fixture
async def prepared(house: House, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """On a database, uploaded and waiting for its time."""
    async with (
        in_database(
            "sqlite", tmp_path, request, lambda store, clock: later_stage(house, store, clock), prepare_ahead=AHEAD
        ) as fresh,
        fresh() as stage,
    ):
        await prepare(stage)
        yield stage


async def test_what_is_cancelled_after_its_upload_never_goes_out_and_leaves_a_private_video(
    house: House, prepared: Played
) -> None:
    assert await SqlChanges(db=prepared.store.db).cancel(REACH, prepared.publication.id) is Verdict.DONE
    await prepared.clock.advance(10 * LEAD)
    assert not await prepared.store.claim("late", lease=30.0, most=1) and not await prepared.seen()
    assert [post["visibility"] for post in await hidden(house)] == ["private"]


async def test_what_is_changed_after_its_upload_goes_up_anew_and_goes_out_as_it_was_changed(
    house: House, prepared: Played
) -> None:
    content = replace(prepared.publication.content, title="Another cat")
    changes = SqlChanges(db=prepared.store.db, prepare_ahead=AHEAD)
    changed = replace(prepared.publication, content=content)
    assert await changes.change(REACH, changed, frozenset({Field.CONTENT})) is Verdict.DONE
    await carry_out(prepared, Plan())
    assert not await verdict(prepared, State.PUBLISHED, 1)
    assert {(post["title"], post["visibility"]) for post in await hidden(house)} == {
        ("A cat", "private"),
        ("Another cat", "public"),
    }


async def test_a_session_that_was_opened_to_publish_at_once_is_not_filled_ahead_of_time(house: House) -> None:
    async with on_memory(house) as stage:
        later, stage.flow = stage.flow, upload.publish  # as a version does that knows no private upload
        await prepare(stage)
        assert not await hidden(house)  # its last piece, which would put it before everybody, is kept back
        stage.flow = later
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1), await stage.seen()


async def test_a_private_session_is_not_taken_for_one_that_publishes(house: House) -> None:
    async with on_memory(house) as stage:
        await prepare(stage)
        stage.flow = upload.publish  # such a version takes it over
        await carry_out(stage, Plan())
        state, post = await stage.state()
        assert state is State.PUBLISHED and await stage.seen() == [post]
