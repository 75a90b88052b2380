"""The crash sweep over YouTube's flows, through the real gateway and a real socket to the sandbox."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durable.platform_stage import House, in_database, in_memory
from durable.sweep import Plan, carry_out, sweep, verdict
from durable.youtube_stage import FORMATS, open_youtube, publication_for, youtube_stage
from waooaw_social.core.publication import State
from waooaw_social.core.refusal import Cure
from waooaw_social.platforms.youtube.calls import my_channel
from waooaw_social.wire.ports import NotSent, errand_of

pytestmark = pytest.mark.anyio

# format -> the cases that end otherwise than `published`: none. A session is an exact handle, and uploads and posts can be listed.
ENDS_OTHERWISE: dict[str, dict[tuple[str, str], State]] = {"short": {}, "text": {}}


def expected_for(format: str) -> Any:
    return lambda case: ENDS_OTHERWISE[format].get((case.fault, case.point), State.PUBLISHED)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_youtube(tmp_path) as opened:
        yield opened


def on_memory(house: House, format: str) -> Any:
    return in_memory(lambda store, clock: youtube_stage(house, store, clock, format))


@pytest.mark.parametrize("format", FORMATS)
async def test_one_post_whatever_goes_wrong_wherever(house: House, format: str) -> None:
    assert await sweep(on_memory(house, format), expected_for(format)) > 10


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_the_same_on_a_database(house: House, kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    async with in_database(
        kind, tmp_path, request, lambda store, clock: youtube_stage(house, store, clock, "short")
    ) as fresh:
        assert await sweep(fresh, expected_for("short")) > 20


# --- faults of the platform itself --------------------------------------------------------------------------------------------

GENERIC: list[dict[str, Any]] = [
    {"fault": "lost_request"},
    {"fault": "lost_reply"},
    {"fault": "status", "status": 429, "retry_after": 7},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503, "body": "html"},
    {"fault": "status_but_done", "status": 500},
    {"fault": "status_but_done", "status": 503, "body": "empty"},
    {"fault": "error", "reason": "authError"},
    {"fault": "error", "reason": "rateLimitExceeded", "variant": "per_minute"},
]
ROUTES = ["channels.list", "videos.insert", "upload.query", "upload.chunk", "upload.final", "videos.list"]
SPECIAL: list[dict[str, Any]] = [
    {"route": "upload.chunk", "fault": "reset_mid_chunk", "after_bytes": 300_000},
    {"route": "upload.final", "fault": "reset_mid_chunk", "after_bytes": 500},
    {"route": "upload.chunk", "fault": "partial_chunk", "keep": 262_144},
    {"route": "upload.final", "fault": "partial_chunk", "keep": 0},
    {"route": "upload.chunk", "fault": "session_expired"},
    {"route": "upload.query", "fault": "session_expired"},
    {"route": "upload.final", "fault": "session_expired"},
    {"route": "upload.final", "fault": "session_gone_after_commit", "status": 404},
    {"route": "upload.final", "fault": "session_gone_after_commit", "status": 410},
    {"route": "upload.query", "fault": "no_range"},
    *({"route": "upload.final", "fault": "status_but_done", "status": status} for status in (400, 403, 409)),
]


@pytest.mark.parametrize("times", [1, 2])
async def test_one_post_whatever_the_platform_does(house: House, times: int) -> None:
    wrong: list[str] = []
    for fault in [*({"route": route} | fault for route in ROUTES for fault in GENERIC), *SPECIAL]:
        async with on_memory(house, "short")() as stage:
            await house.order("faults", {"platform": "youtube", "times": times} | fault)
            await carry_out(stage, Plan())
            wrong += [f"{fault}: {problem}" for problem in await verdict(stage, State.PUBLISHED, 1)]
    assert not wrong, "\n".join(wrong)


async def test_one_community_post_whatever_the_platform_does(house: House) -> None:
    wrong: list[str] = []
    for fault in (
        {"route": route} | fault for route in ("communityPosts.insert", "communityPosts.list") for fault in GENERIC
    ):
        async with on_memory(house, "text")() as stage:
            await house.order("faults", {"platform": "youtube", "times": 1} | fault)
            await carry_out(stage, Plan())
            wrong += [f"{fault}: {problem}" for problem in await verdict(stage, State.PUBLISHED, 1)]
    assert not wrong, "\n".join(wrong)


async def test_a_session_that_refuses_to_be_asked_leaves_the_uploads_to_ask(house: House) -> None:
    async with on_memory(house, "short")() as stage:
        final = {"platform": "youtube", "route": "upload.final", "fault": "lost_reply"}
        query = {
            "platform": "youtube",
            "route": "upload.query",
            "fault": "status",
            "status": 403,
            "after": 1,
            "times": 0,
        }
        await house.order("faults", final)
        await house.order("faults", query)
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)


async def test_a_connection_that_has_come_to_speak_for_another_channel_publishes_nothing(house: House) -> None:
    async with on_memory(house, "text")() as stage:
        tokens = stage.gateway.tokens.source
        tokens.credentials = replace(tokens.credentials, posting_identity="UC" + "z" * 22)
        outcome = await stage.gateway.send(my_channel(), errand_of(stage.publication.account))
        assert isinstance(outcome, NotSent) and outcome.refusal and outcome.refusal.code == "wrong_account"
        assert outcome.until is Cure.RECONNECT and not await house.ask("calls?platform=youtube")


async def test_a_listing_that_lags_is_waited_for_and_adopted(house: House) -> None:
    async with on_memory(house, "short")() as stage:
        await house.order(
            "faults", {"platform": "youtube", "route": "upload.final", "fault": "slow_listing", "seconds": 300}
        )
        gone = {"platform": "youtube", "route": "upload.final", "fault": "session_gone_after_commit"}
        await house.order("faults", gone)
        await carry_out(stage, Plan())
        assert not await verdict(stage, State.PUBLISHED, 1)


async def test_a_foreign_upload_url_gets_neither_token_nor_video(house: House) -> None:
    async with on_memory(house, "short")() as stage:
        await house.order("faults", {"platform": "youtube", "route": "videos.insert", "fault": "foreign_upload_url"})
        await carry_out(stage, Plan())
        assert (await stage.state())[0] is State.REFUSED and not await stage.seen()
        assert all("uploads.example" not in call["host"] for call in await house.ask("calls?platform=youtube"))


async def test_two_orders_of_the_same_video_are_two_videos_each_with_its_own(house: House) -> None:
    async with on_memory(house, "short")() as stage:
        other = publication_for(stage.account, "short", "p2")
        await stage.store.accept(other)
        await house.order(
            "faults", {"platform": "youtube", "route": "upload.final", "fault": "session_gone_after_commit"}
        )
        await carry_out(stage, Plan())
        stage.publication, stage.state = other, lambda: stage.store.where(other)
        await carry_out(stage, Plan())
        (_, one), (_, two) = await stage.store.where(publication_for(stage.account, "short")), await stage.state()
        assert sorted(await stage.seen()) == sorted([str(one), str(two)]) and one != two
