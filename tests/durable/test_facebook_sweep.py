"""The crash sweep over a Page's flows, and everything that Facebook does by itself: posts that are live though it said no."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durable.facebook_stage import SHAPES, facebook_stage, open_facebook, publication_for, seen
from durable.platform_stage import House, Played, in_database, in_memory
from durable.sweep import Plan, advance, carry_out, sweep, verdict
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.publication import ENDED, State
from waooaw_social.durable.ports import Done, Failed

pytestmark = pytest.mark.anyio

VISIBLE: Mapping[str, str] = {
    "text": "feed.post",
    "link": "feed.post",
    "photo": "feed.post",
    "photos": "feed.post",
    "video": "videos.finish",
    "reel": "reels.finish",
    "photo story": "photo_stories.post",
    "video story": "video_stories.finish",
}
MAKES: Mapping[str, str] = {
    "photo": "photos.upload",
    "photos": "photos.upload",
    "video": "videos.start",
    "reel": "reels.start",
    "photo story": "photos.upload",
    "video story": "video_stories.start",
}
READS: Mapping[str, tuple[str, ...]] = {
    "text": ("object.get", "posts.list", "post.get"),
    "link": ("posts.list",),
    "photo": ("posts.list", "photo.get"),
    "photos": ("posts.list",),
    "video": ("videos.transfer", "video.get"),
    "reel": ("rupload.upload", "video.get"),
    "photo story": ("stories.list",),
    "video story": ("rupload.upload", "video.get", "stories.list"),
}
GENERIC: list[dict[str, Any]] = [
    {"fault": "lost_request"},
    {"fault": "lost_reply"},
    {"fault": "status", "status": 429, "retry_after": 7},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503, "body": "html"},
    {"fault": "status_but_done", "status": 500},
    {"fault": "status_but_done", "status": 503, "body": "empty"},
    {"fault": "html_502"},
]
ITS_OWN: list[dict[str, Any]] = [
    {"fault": "publish_then_403"},
    {"fault": "publish_then_500"},
    {"fault": "publish_then_drop"},
]
LIVE: list[dict[str, Any]] = [
    *ITS_OWN,
    {"fault": "status_but_done", "status": 403, "body": "empty"},
    {"fault": "status_but_done", "status": 404, "body": "html"},
]
"""It is out, and it says no."""
LOST_REQUEST: dict[str, Any] = {"fault": "lost_request"}
SLOW = (45, 170, 230)
"""Seconds that a listing does not know of what is out."""
FRESH = (3, 60, 500)
"""Seconds for which a new object is answered with 100/33."""
STUMBLES = [f"6000/{subcode}" for subcode in (1363019, 1363021, 1363030, 1363033, 1363037, 1363041, 1363130)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_facebook(tmp_path) as opened:
        yield opened


def on_memory(house: House, shape: str) -> Any:
    return in_memory(lambda store, clock: facebook_stage(house, store, clock, shape))


# --- the process and the wire -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
async def test_one_post_whatever_goes_wrong_wherever(house: House, shape: str) -> None:
    assert await sweep(on_memory(house, shape), lambda _: State.PUBLISHED) > 20


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("sqlite", "photo"),
        ("postgresql", "photo"),
        *(pytest.param(kind, shape, marks=pytest.mark.long) for kind in ("sqlite", "postgresql") for shape in ("text", "video", "video story")),
    ],
)  # fmt: skip
async def test_the_same_on_a_database(
    house: House, kind: str, shape: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async with in_database(
        kind, tmp_path, request, lambda store, clock: facebook_stage(house, store, clock, shape)
    ) as fresh:
        assert await sweep(fresh, lambda _: State.PUBLISHED) > 20


# --- faults of the platform itself --------------------------------------------------------------------------------------------


def orders(shape: str) -> Iterator[list[dict[str, Any]]]:
    """Every fault, alone; and the ones that hide a live post with what keeps us from seeing it."""
    visible, making = VISIBLE[shape], MAKES.get(shape)
    for route in (visible, *([making] if making else ()), *READS[shape]):
        yield from ([{"route": route, **fault}] for fault in GENERIC)
    yield from ([{"route": visible, **fault}] for fault in LIVE)
    for seconds in SLOW:
        late = {"route": visible, "fault": "slow_listing", "seconds": seconds}
        yield from ([late, {"route": visible, **fault}] for fault in (*ITS_OWN, LOST_REQUEST))
    for seconds in FRESH:
        for route in (visible, *([making] if making else ())):
            unknown = {"route": route, "fault": "fresh_33", "seconds": seconds}
            yield [unknown]
            yield from ([unknown, {"route": visible, **fault}] for fault in (*ITS_OWN, LOST_REQUEST))
    if "rupload.upload" in READS[shape]:
        for bytes_in in (0, 1000, 100_000):
            yield [{"route": "rupload.upload", "fault": "reset_mid_upload", "after_bytes": bytes_in}]
            yield [{"route": "rupload.upload", "fault": "partial_upload", "keep": bytes_in}]
        for reason in ("ProcessingFailedError", "OffsetInvalidError", "PartialRequestError", "UnknownUploadError"):
            yield [{"route": "rupload.upload", "fault": "error", "reason": reason}]
    if shape == "video":
        yield [{"route": "videos.transfer", "fault": "partial_upload", "keep": 1000}]
        for route in ("videos.transfer", "videos.finish"):
            yield from ([{"route": route, "fault": "error", "reason": reason}] for reason in STUMBLES)


@pytest.mark.parametrize(
    ("shape", "times"),
    [
        *((shape, 1) for shape in SHAPES),
        *(pytest.param(shape, 2, marks=[] if shape in {"text", "reel"} else pytest.mark.long) for shape in SHAPES),
    ],
)
async def test_one_post_whatever_the_platform_does(house: House, shape: str, times: int) -> None:
    wrong: list[str] = []
    for order in orders(shape):
        async with on_memory(house, shape)() as stage:
            for fault in order:
                await house.order("faults", {"platform": "facebook", "times": times} | fault)
            await carry_out(stage, Plan())
            wrong += [f"{order}: {problem}" for problem in await verdict(stage, State.PUBLISHED, 1)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("spelling", ["live", "docs"])
@pytest.mark.parametrize("double", ["ok", "error"])
async def test_whatever_could_not_be_verified_about_videos_there_is_one(tmp_path: Path, spelling: str, double: str) -> None:  # fmt: skip
    async with open_facebook(tmp_path, status_spelling=spelling, double_finish=double, finish_post_id=True, numeric_story_post_id=False, partial_answer="ok") as house:  # fmt: skip
        wrong: list[str] = []
        for shape in ("video", "reel", "video story"):
            for fault in (*LIVE, *GENERIC):
                async with on_memory(house, shape)() as stage:
                    await house.order("faults", {"platform": "facebook", "route": VISIBLE[shape]} | fault)
                    await carry_out(stage, Plan())
                    wrong += [f"{shape} {fault}: {problem}" for problem in await verdict(stage, State.PUBLISHED, 1)]
        assert not wrong, "\n".join(wrong)


async def test_a_second_attempt_that_is_called_a_duplicate_leads_back_to_the_first(house: House) -> None:
    async with on_memory(house, "text")() as stage:
        await house.order("knobs/facebook", {"duplicate_window_seconds": 86_400})
        lost = {"platform": "facebook", "route": "feed.post"}
        await house.order("faults", lost | {"fault": "lost_reply"})
        await house.order("faults", lost | {"fault": "slow_listing", "seconds": 290})
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)
        routes = [call["route"] for call in await house.ask("calls?platform=facebook")]
        assert routes.count("feed.post") == 2, "the first one was believed to be absent, and the platform knew better"


async def test_without_an_attempt_before_a_duplicate_is_a_plain_no(house: House) -> None:
    async with on_memory(house, "text")() as stage:
        await house.order("faults", {"platform": "facebook", "route": "feed.post", "fault": "duplicate_506"})
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.REFUSED, 0)


async def test_a_video_that_cannot_be_processed_is_refused_and_nobody_sees_it(house: House) -> None:
    for shape, route in (("reel", "rupload.upload"), ("video", "videos.transfer"), ("video story", "rupload.upload")):
        async with on_memory(house, shape)() as stage:
            await house.order("faults", {"platform": "facebook", "route": route, "fault": "video_error"})
            await carry_out(stage, Plan())
            state, _ = await stage.state()
            assert not await stage.seen() or state is State.PUBLISHED


# --- its errors, by their codes -----------------------------------------------------------------------------------------------

REFUSED_AT_ONCE = frozenset(
    {
        "content_refused", "deprecated", "duplicate_post", "invalid_link", "invalid_request", "link_refused", "link_unreadable",
        "media_unreadable", "not_found", "photo_too_large", "photo_unreadable", "refused_by_platform", "upload_session_lost", "video_refused",
    }
)  # fmt: skip
PAGES_CODES = [
    *("1", "2", "3", "4", "4/2207051", "4/1504022", "10", "17", "32", "102", "190", "190/458", "190/459", "190/463", "200", "210"),
    *("341", "368", "368/1390008", "613", "80001", "100", "100/33", "324", "506", "803", "1609005", "2500", "6000", *STUMBLES),
    *(f"100/{subcode}" for subcode in (1366046, 1366051, 1346003, 1404006, 1404078, 1404102, 1609008, 1609010, 1363047)),
    *(f"100/{subcode}" for subcode in (1349125, 2061006, 2069019, 4854002)),
]  # fmt: skip


async def live_through(stage: Played) -> None:
    """Days, where it must be: from one due moment to the next."""
    for turn in range(100):
        if (await stage.state())[0] in ENDED:
            return
        if claims := await stage.store.claim(f"w{turn}", lease=30.0, most=1):
            await advance(stage, claims[0], Plan())
        else:
            due = min(kept.due_at for kept in stage.store.kept.values())
            await stage.clock.advance(max(1.0, due - stage.store.now() + 0.1))
    raise AssertionError(f"no end after 100 turns: {await stage.state()}")


@pytest.mark.parametrize("shape", ["text", "photo", "video", "reel", "photo story"])
async def test_an_error_that_did_nothing_ends_in_one_post_or_in_a_plain_no(house: House, shape: str) -> None:
    wrong: list[str] = []
    for route in (VISIBLE[shape], *([MAKES[shape]] if shape in MAKES else ("object.get",))):
        for reason in PAGES_CODES:
            async with on_memory(house, shape)() as stage:
                order = {"platform": "facebook", "route": route, "fault": "error", "reason": reason}
                await house.order("faults", order)
                await live_through(stage)
                (kept,) = stage.store.kept.values()
                posts = len(await stage.seen())
                refused = isinstance(kept.ending, Failed) and kept.ending.refusal.code in REFUSED_AT_ONCE
                if not (refused and posts == 0) and not (isinstance(kept.ending, Done) and posts == 1):
                    wrong.append(f"{route} {reason}: {kept.ending}, and followers see {posts}")
    assert not wrong, "\n".join(wrong)


# --- two customers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*LIVE, {"fault": "lost_reply"}, {"fault": "html_502"}], ids=str)
@pytest.mark.parametrize("shape", ["text", "link", "photos", "reel", "photo story"])
async def test_two_customers_with_the_same_words_on_one_page_have_two_posts_each_its_own(
    house: House, shape: str, fault: dict[str, Any]
) -> None:
    async with on_memory(house, shape)() as stage:
        other = publication_for(stage.account, shape, "p2")
        other = replace(other, account=replace(other.account, customer_id=CustomerId("CUST-2")))
        await stage.store.accept(other)
        await house.order("faults", {"platform": "facebook", "route": VISIBLE[shape], "times": 2} | fault)
        await live_through(stage)
        while (await stage.store.where(other))[0] not in ENDED:
            await live_through_one(stage)
        one, two = (await stage.state(), await stage.store.where(other))
        posts = await seen(house, stage.account)
        assert one[0] is two[0] is State.PUBLISHED
        assert sorted(posts) == sorted([str(one[1]), str(two[1])]) and len(set(posts)) == 2


async def live_through_one(stage: Played) -> None:
    if claims := await stage.store.claim("w", lease=30.0, most=1):
        await advance(stage, claims[0], Plan())
    else:
        waiting = [kept.due_at for kept in stage.store.kept.values() if kept.state not in ENDED]
        await stage.clock.advance(max(1.0, min(waiting) - stage.store.now() + 0.1))


# --- what Facebook publishes by itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["text", "photos", "video", "reel"])
@pytest.mark.parametrize("fault", [None, {"fault": "publish_then_500"}, {"fault": "publish_then_drop"}], ids=str)
async def test_a_scheduled_post_is_handed_over_once_and_appears_at_its_time(
    house: House, shape: str, fault: dict[str, Any] | None
) -> None:
    async with on_memory(house, shape)() as stage:
        at = int(stage.clock.now().timestamp()) + 7200
        (kept,) = stage.store.kept.values()
        content = replace(kept.publication.content, options={"scheduled_publish_time": at})
        kept.publication = replace(kept.publication, content=content)
        if fault:
            await house.order("faults", {"platform": "facebook", "route": VISIBLE[shape]} | fault)
        await carry_out(stage, Plan())
        assert (await stage.state())[0] is State.PUBLISHED and await stage.seen() == []
        assert isinstance(kept.ending, Done) and "by itself" in kept.ending.published.notes[0]
        await stage.clock.advance(7300)
        assert not await verdict(stage, State.PUBLISHED, 1)


def test_the_sweep_knows_every_format_of_a_page() -> None:
    from waooaw_social.platforms.facebook import FLOWS

    assert {format for format, _ in SHAPES.values()} == set(FLOWS)
