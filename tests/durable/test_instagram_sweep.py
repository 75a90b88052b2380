"""The crash sweep over Instagram's formats, through the real gateway and a real socket to the sandbox."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durable.instagram_stage import CONTENTS, instagram_stage, open_instagram, publication_for
from durable.platform_stage import House, Played, in_database, in_memory
from durable.sweep import Case, Plan, advance, carry_out, sweep, verdict
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.publication import WAITING, State

pytestmark = pytest.mark.anyio


def published(_: Case) -> State:
    """No case ends otherwise: a container is an exact handle, and what it became can be listed."""
    return State.PUBLISHED


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_instagram(tmp_path) as opened:
        yield opened


def on_memory(house: House, what: str, login: str = "facebook") -> Any:
    return in_memory(lambda store, clock: instagram_stage(house, store, clock, what, login))


@pytest.mark.parametrize("what", CONTENTS)
async def test_one_post_whatever_goes_wrong_wherever(house: House, what: str) -> None:
    assert await sweep(on_memory(house, what), published) > 30


@pytest.mark.parametrize("what", ["image", "upload"])
async def test_the_same_with_instagram_login(house: House, what: str) -> None:
    assert await sweep(on_memory(house, what, "instagram"), published) > 30


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_the_same_on_a_database(house: House, kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async with in_database(
        kind, tmp_path, request, lambda store, clock: instagram_stage(house, store, clock, "image")
    ) as fresh:
        assert await sweep(fresh, published) > 30


# --- faults of the platform itself --------------------------------------------------------------------------------------------

GENERIC: list[dict[str, Any]] = [
    {"fault": "lost_request"},
    {"fault": "lost_reply"},
    {"fault": "status", "status": 429, "retry_after": 7},
    {"fault": "status", "status": 429, "body": "html"},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503, "body": "html"},
    {"fault": "status_but_done", "status": 500},
    {"fault": "status_but_done", "status": 503, "body": "empty"},
    {"fault": "status_but_done", "status": 429, "body": "html"},
    {"fault": "html_502"},
]
ON_PUBLISH: list[dict[str, Any]] = [
    *({"fault": name} for name in ("publish_then_403", "publish_then_500", "publish_then_drop")),
    *({"fault": "status_but_done", "status": status, "body": "html"} for status in (400, 401, 403, 409)),
    *({"fault": "error", "reason": reason} for reason in ("1", "2", "-1/2207001", "4/2207051", "24/2207006", "24/2207008")),
    *({"fault": "error", "reason": reason} for reason in ("-2/2207020", "9007/2207027", "4", "80002", "9/2207042", "613", "190", "25/2207050")),
]  # fmt: skip
ON_READS: list[dict[str, Any]] = [
    {"fault": "error", "reason": reason} for reason in ("100/33", "2", "80002", "190", "-1/2207001")
]
ON_CREATION: list[dict[str, Any]] = [
    *({"fault": "error", "reason": reason} for reason in ("9004/2207052", "-2/2207003", "-1/2207032", "-1/2207053")),
    *({"fault": "error", "reason": reason} for reason in ("-1/2207001", "80002", "4", "190")),
    *({"fault": "container_error", "subcode": subcode} for subcode in (2207082, 2207003, 2207053, 2207001)),
    {"fault": "fresh_33", "seconds": 50},
]
ON_UPLOAD: list[dict[str, Any]] = [
    {"fault": "reset_mid_upload", "after_bytes": 300_000},
    {"fault": "partial_upload", "keep": 250_000},
    {"fault": "partial_upload", "keep": 0},
    {"fault": "error", "reason": "OffsetInvalidError"},
    {"fault": "error", "reason": "PartialRequestError"},
    {"fault": "error", "reason": "ProcessingFailedError"},
]
ROUTES = ["object.get", "media.create", "container.get", "publishing_limit", "media_publish", "media.get"]


def orders(what: str) -> list[dict[str, Any]]:
    routes = [*ROUTES, "rupload.upload"] if what == "upload" else ROUTES
    return [
        *({"route": route} | fault for route in routes for fault in GENERIC),
        *({"route": "media_publish"} | fault for fault in ON_PUBLISH),
        *({"route": route} | fault for route in ("container.get", "media.get", "publishing_limit") for fault in ON_READS),
        *({"route": "media.create"} | fault for fault in ON_CREATION),
        *({"route": "rupload.upload"} | fault for fault in ON_UPLOAD if what == "upload"),
    ]  # fmt: skip


async def wait_long(stage: Played) -> None:
    """Hours pass where nothing is due: what the platform wants waited for an hour is not waited for in steps of seconds."""
    clock, usual = stage.clock, stage.clock.advance

    async def further(seconds: float) -> None:
        kept = [one for one in stage.store.kept.values() if one.state in WAITING]
        idle = all(one.state is not State.RUNNING for one in kept)
        due = min((one.due_at for one in kept), default=0.0) - clock.now().timestamp()
        await usual(max(seconds, due) if idle else seconds)

    clock.advance = further  # type: ignore[method-assign]


async def after(house: House, scene: Any, *faults: dict[str, Any], knobs: dict[str, Any] | None = None) -> list[str]:
    async with scene() as stage:
        await wait_long(stage)
        if knobs:
            await house.order("knobs/instagram", knobs)
        for fault in faults:
            await house.order("faults", {"platform": "instagram"} | fault)
        await carry_out(stage, Plan())
        return [f"{faults} {knobs or ''}: {problem}" for problem in await settled(stage)]


async def settled(stage: Played) -> list[str]:
    """One post, published as what followers see; by its container where nobody can tell which one it became."""
    posts = await stage.house.ask(f"audience/instagram/{stage.account['account']}")
    state, post = await stage.state()
    fits = len(posts) == 1 and post in {posts[0]["id"], f"container:{posts[0]['container']}"}
    return [] if fits and state is State.PUBLISHED else [f"ended {state} as {post}, followers see {posts}"]


EVERY = [(what, times) for what in CONTENTS for times in (1, 2)]
USUAL = [("image", 1), ("image", 2), ("upload", 1), ("upload", 2), ("carousel", 1)]


@pytest.mark.parametrize(
    ("what", "times"), [case if case in USUAL else pytest.param(*case, marks=pytest.mark.long) for case in EVERY]
)
async def test_one_post_whatever_the_platform_does(house: House, what: str, times: int) -> None:
    wrong: list[str] = []
    for order in orders(what):
        wrong += await after(house, on_memory(house, what), {"times": times} | order)
    assert not wrong, "\n".join(wrong)


async def test_an_address_is_given_up_only_where_a_no_lied_and_was_believed_twice(house: House) -> None:
    lie = {"route": "media_publish", "fault": "status_but_done", "status": 429, "body": "html"}
    for times, addressed in ((1, True), (2, False)):
        async with on_memory(house, "image")() as stage:
            await house.order("faults", {"platform": "instagram", "times": times} | lie)
            await carry_out(stage, Plan())
            assert not await settled(stage)
            assert ((await stage.state())[1] or "").startswith("container:") is not addressed


LIES = ["publish_then_403", "publish_then_500", "publish_then_drop", "html_502", "lost_reply", "lost_request"]


@pytest.mark.parametrize("variant", ["a", "b", "c"])
async def test_one_post_whatever_a_second_publish_is_answered_with(house: House, variant: str) -> None:
    """Also where the status lies still: it says FINISHED, or nothing, while the post is out."""
    wrong: list[str] = []
    for lie in [*LIES, "status_but_done"]:
        more = {"status": 429, "body": "html"} if lie == "status_but_done" else {}
        fault = {"route": "media_publish", "fault": lie, **more}
        for times in (1, 2):
            knobs = {"double_publish": variant}
            wrong += await after(house, on_memory(house, "image"), fault | {"times": times}, knobs=knobs)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("what", ["image", "carousel", "story"])
@pytest.mark.parametrize("lie", ["publish_then_403", "publish_then_500", "publish_then_drop", "html_502"])
async def test_a_listing_that_lags_is_waited_for_and_the_address_found(house: House, what: str, lie: str) -> None:
    async with on_memory(house, what)() as stage:
        for fault in ({"fault": "slow_listing", "seconds": 300}, {"fault": lie}):
            await house.order("faults", {"platform": "instagram", "route": "media_publish"} | fault)
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)


async def test_a_listing_that_never_shows_it_leaves_it_published_without_an_address(house: House) -> None:
    async with on_memory(house, "image")() as stage:
        for fault in ({"fault": "slow_listing", "seconds": 9000}, {"fault": "publish_then_drop"}):
            await house.order("faults", {"platform": "instagram", "route": "media_publish"} | fault)
        await carry_out(stage, Plan())
        assert not await settled(stage)
        ending = stage.store.kept[stage.publication.id].ending
        assert ending.published.post_id.startswith("container:") and "does not tell" in ending.published.notes[0]


async def test_a_post_that_cannot_be_read_at_first_is_published_all_the_same(house: House) -> None:
    fresh = {"route": "media_publish", "fault": "fresh_33", "seconds": 300}
    assert not await after(house, on_memory(house, "reel"), fresh)


@pytest.mark.parametrize("what", ["image", "reel", "carousel"])
async def test_a_container_that_has_expired_is_replaced(house: House, what: str) -> None:
    """The first publish never arrives, and the container is gone before that can be known."""
    lost = {"route": "media_publish", "fault": "lost_request"}
    assert not await after(house, on_memory(house, what), lost, knobs={"container_seconds": 30})


async def test_a_day_that_is_full_is_waited_for_and_told(house: House) -> None:
    async with on_memory(house, "image")() as stage:
        await wait_long(stage)
        await house.order("accounts/instagram/hazel", {"quota_total": 0})
        claim = (await stage.store.claim("w", lease=30.0, most=1))[0]
        await advance(stage, claim, Plan())
        parked = stage.store.kept[stage.publication.id].ending
        assert "0 of 0 posts" in parked.why and parked.seconds == 1800 and not parked.in_doubt
        await house.order("accounts/instagram/hazel", {"quota_total": None})
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)
        assert (await house.ask("calls?platform=instagram"))[-1]["route"] == "media.get"


# --- two at a time ------------------------------------------------------------------------------------------------------------


def own_containers(stage: Played, publication: Any) -> set[str]:
    rows = stage.store.kept[publication.id].rows
    return {row.reply.json()["id"] for row in rows if row.name.startswith("container") and row.reply}


NEVER_LISTED = {"fault": "slow_listing", "seconds": 9000}


@pytest.mark.parametrize("lie", [*LIES, None])
@pytest.mark.parametrize("what", ["image", "story"])
@pytest.mark.parametrize("listed", ["at once", "late", "never"])
async def test_two_customers_who_post_the_same_at_the_same_minute_have_each_their_own(
    house: House, what: str, lie: str | None, listed: str
) -> None:
    slow = {"late": [NEVER_LISTED | {"seconds": 100}], "never": [NEVER_LISTED], "at once": []}[listed]
    for times, spared in ((1, 0), (2, 0), (3, 0), (1, 1), (2, 1)):
        async with on_memory(house, what)() as stage:
            await wait_long(stage)
            twin = publication_for(stage.account, what, "p2")
            other = replace(twin, account=replace(twin.account, customer_id=CustomerId("CUST-2")))
            await stage.store.accept(other)
            for fault in [*slow, *([{"fault": lie, "times": times}] if lie else [])]:
                order = {"platform": "instagram", "route": "media_publish", "after": spared} | fault
                await house.order("faults", order)
            mine = stage.publication
            await carry_out(stage, Plan())
            stage.state = lambda: stage.store.where(other)  # noqa: B023
            await carry_out(stage, Plan())
            posts = await house.ask(f"audience/instagram/{stage.account['account']}")
            assert len(posts) == 2 and not stage.store.doubles
            for publication in (mine, other):
                state, post = await stage.store.where(publication)
                its = [one for one in posts if one["container"] in own_containers(stage, publication)]
                assert state is State.PUBLISHED and len(its) == 1
                assert post == its[0]["id"] or (listed == "never" and post == f"container:{its[0]['container']}")
