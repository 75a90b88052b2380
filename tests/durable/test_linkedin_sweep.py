"""The crash sweep over LinkedIn's flow, and everything that LinkedIn does by itself: a 504 for a post that is out, listings that lag."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from durable.linkedin_stage import SHAPES, linkedin_stage, open_linkedin
from durable.platform_stage import House, Played, in_database, in_memory
from durable.sweep import LEASE, Case, Fault, Plan, advance, sweep, verdict
from waooaw_social.core.publication import ENDED, State

pytestmark = pytest.mark.anyio


def published(_: Case) -> State:
    """An organization's posts can be read back: no case ends otherwise."""
    return State.PUBLISHED


# A member's posts cannot be read back: what is in doubt stays so, for a person to settle. Nothing is sent twice.
# A zombie that heard the answer still tells it; a process that died with it does not.
IN_DOUBT = {
    (Fault.DEATH_AFTER, "ledger.begin"),
    (Fault.ZOMBIE_AFTER, "ledger.begin"),
    *((fault, "send.create post") for fault in Fault if fault not in {Fault.THROTTLED, Fault.ZOMBIE_AFTER}),
    (Fault.DEATH_BEFORE, "ledger.end"),
}


def of_a_member(case: Case) -> State:
    return State.UNRESOLVED if (case.fault, case.point) in IN_DOUBT else State.PUBLISHED


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_linkedin(tmp_path) as opened:
        yield opened


def on_memory(house: House, shape: str, account: str = "hazel") -> Any:
    return in_memory(lambda store, clock: linkedin_stage(house, store, clock, shape, account))


@pytest.mark.parametrize(
    "shape", [pytest.param(shape, marks=pytest.mark.long if shape == "images" else []) for shape in SHAPES]
)
async def test_one_post_whatever_goes_wrong_wherever(house: House, shape: str) -> None:
    assert await sweep(on_memory(house, shape), published) > 15


@pytest.mark.parametrize("shape", ["text", "image"])
async def test_a_members_post_that_is_in_doubt_is_never_repeated(house: House, shape: str) -> None:
    assert await sweep(on_memory(house, shape, "ridge"), of_a_member) > 15


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        *((kind, "text") for kind in ("sqlite", "postgresql")),
        *(pytest.param(kind, "video", marks=pytest.mark.long) for kind in ("sqlite", "postgresql")),
    ],
)
async def test_the_same_on_a_database(
    house: House, kind: str, shape: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    async with in_database(
        kind, tmp_path, request, lambda store, clock: linkedin_stage(house, store, clock, shape)
    ) as fresh:
        assert await sweep(fresh, published) > 15


# --- faults of the platform itself --------------------------------------------------------------------------------------------

CREATE = "posts.create"
UPLOADS: dict[str, tuple[str, ...]] = {
    "image": ("images.initialize", "upload.file", "images.get"),
    "video": ("videos.initialize", "upload.part", "videos.finalize", "videos.get"),
    "document": ("documents.initialize", "upload.file", "documents.get"),
}
GENERIC: list[dict[str, Any]] = [
    {"fault": "lost_request"},
    {"fault": "lost_reply"},
    {"fault": "status", "status": 429, "retry_after": 7},
    {"fault": "status", "status": 429, "body": "html"},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503, "body": "html"},
    {"fault": "status_but_done", "status": 500},
    {"fault": "status_but_done", "status": 502, "body": "empty"},
]
LIVE: list[dict[str, Any]] = [
    {"fault": "status_but_done", "status": 504},
    {"fault": "status_but_done", "status": 504, "body": "html"},
    {"fault": "status_but_done", "status": 403, "body": "html"},
    {"fault": "status_but_done", "status": 404, "body": "empty"},
    {"fault": "no_id"},
]
"""It is out, and nobody says so."""
ERRORS: list[dict[str, Any]] = [
    *({"fault": "error", "reason": "TOO_MANY_REQUESTS", "variant": whose} for whose in ("application", "member", "burst")),
    *({"fault": "error", "reason": reason} for reason in ("EXPIRED_ACCESS_TOKEN", "REVOKED_ACCESS_TOKEN", "INVALID_ACCESS_TOKEN")),
    *({"fault": "error", "reason": reason} for reason in ("NONEXISTENT_VERSION", "VERSION_MISSING", "ACCESS_DENIED", "CONFLICT")),
    *({"fault": "error", "reason": reason} for reason in ("SERVICE_UNAVAILABLE", "UNDER_MAINTENANCE", "INTERNAL_SERVER_ERROR")),
    {"fault": "error", "reason": "ACCESS_DENIED", "variant": "asset"},
    {"fault": "error", "reason": "NOT_FOUND", "variant": "activity"},
    {"fault": "error", "reason": "MEDIA_ASSET_WAITING_UPLOAD"},
]  # fmt: skip
"""Nothing was done, and somebody or something cures it."""
OF_UPLOADS: list[dict[str, Any]] = [
    {"route": "upload.part", "fault": "etag_missing"},
    {"route": "upload.part", "fault": "wrong_etag"},
    {"route": "upload.part", "fault": "part_lost"},
    {"route": "upload.part", "fault": "reset_mid_upload", "after_bytes": 30_000},
    {"route": "upload.part", "fault": "expired_upload_url"},
    {"route": "videos.finalize", "fault": "processing_failed"},
    {"route": "videos.initialize", "fault": "fresh_forbidden", "seconds": 40},
    {"route": CREATE, "fault": "error", "reason": "INVALID_VIDEO_ID"},
    {"route": CREATE, "fault": "error", "reason": "MEDIA_ASSET_PROCESSING_FAILED"},
]
SLOW = (20, 70, 100)
"""Seconds that the finder does not know of what is out."""


def orders(shape: str) -> list[list[dict[str, Any]]]:
    """Every fault alone, and what hides a live post together with what keeps us from seeing it."""
    late = [{"route": CREATE, "fault": "slow_listing", "seconds": seconds} for seconds in SLOW]
    return [
        *([{"route": route} | fault] for route in (CREATE, *UPLOADS.get(shape, ())) for fault in GENERIC),
        *([{"route": CREATE} | fault] for fault in (*LIVE, *ERRORS)),
        *([one, {"route": CREATE} | fault] for one in late for fault in (LIVE[0], {"fault": "lost_reply"})),
        *([{"route": route, **LIVE[0]}, {"route": CREATE, **LIVE[0]}] for route in UPLOADS.get(shape, ())),
        *([{"route": "posts.list"} | fault, {"route": CREATE, **LIVE[0]}] for fault in GENERIC),
        *([fault] for fault in OF_UPLOADS if shape == "video"),
    ]


async def live_through(stage: Played) -> None:
    """Days, where it must be: from one due moment to the next."""
    for turn in range(100):
        if (await stage.state())[0] in ENDED:
            return
        if claims := await stage.store.claim(f"w{turn}", lease=LEASE, most=1):
            await advance(stage, claims[0], Plan())
        else:
            due = min(kept.due_at for kept in stage.store.kept.values() if kept.state not in ENDED)
            await stage.clock.advance(max(1.0, due - stage.store.now() + 0.1))
    raise AssertionError(f"no end after 100 turns: {await stage.state()}")


async def after(house: House, scene: Any, *faults: dict[str, Any], ends: State = State.PUBLISHED) -> list[str]:
    async with scene() as stage:
        for fault in faults:
            await house.order("faults", {"platform": "linkedin"} | fault)
        await live_through(stage)
        idle = [armed["fault"] for armed in (await house.ask("faults"))["active"] if not armed["fired"]]
        problems = [*(f"{fault} never fired" for fault in idle), *await verdict(stage, ends, 1)]
        return [f"{faults}: {problem}" for problem in problems]


@pytest.mark.parametrize("shape", ["text", "image", "video", "document", "poll"])
async def test_one_post_whatever_the_platform_does(house: House, shape: str) -> None:
    wrong: list[str] = []
    for order in orders(shape):
        wrong += await after(house, on_memory(house, shape), *order)
    assert not wrong, "\n".join(wrong)


async def test_a_members_post_behind_a_504_is_left_to_a_person(house: House) -> None:
    wrong: list[str] = []
    for fault in LIVE:
        wrong += await after(house, on_memory(house, "text", "ridge"), {"route": CREATE} | fault, ends=State.UNRESOLVED)
    assert not wrong, "\n".join(wrong)


async def test_a_second_attempt_that_is_called_a_duplicate_leads_back_to_the_first(house: House) -> None:
    late = {"route": CREATE, "fault": "slow_listing", "seconds": 160}
    async with on_memory(house, "text")() as stage:
        for fault in (late, {"route": CREATE, "fault": "status_but_done", "status": 504}):
            await house.order("faults", {"platform": "linkedin"} | fault)
        await live_through(stage)
        assert not await verdict(stage, State.PUBLISHED, 1)
        routes = [call["route"] for call in await house.ask("calls?platform=linkedin")]
        assert routes.count(CREATE) == 2, "the first one was believed to be absent, and the platform knew better"


async def test_a_duplicate_without_an_attempt_before_is_a_plain_no(house: House) -> None:
    async with on_memory(house, "text")() as stage:
        await house.order("faults", {"platform": "linkedin", "route": CREATE, "fault": "duplicate_ghost"})
        await live_through(stage)
        assert not await verdict(stage, State.REFUSED, 0)


OTHERWISE: list[dict[str, Any]] = [
    {"id_header": "x-linkedin-id", "urn_kind": "ugcPost", "etag_quotes": True, "upload_token": "tt", "expired_url_status": 400},
    {"acl_field": "organizationalTarget", "unauthorized_body": "bare", "duplicate_names_urn": False, "finder_total": True},
    {"post_before_available": "accept", "publish_seconds": 400, "read_back": "whole", "count_escapes": True},
    {"listing_lag_seconds": 60, "duplicate_window_seconds": 0, "without_protocol": "refuse", "upload_needs_token": True},
]  # fmt: skip
"""What could not be verified, and might be so, too."""


@pytest.mark.parametrize("knobs", OTHERWISE, ids=lambda knobs: next(iter(knobs)))
async def test_whatever_could_not_be_verified_there_is_one_post(tmp_path: Path, knobs: dict[str, Any]) -> None:
    wrong: list[str] = []
    async with open_linkedin(tmp_path, **knobs) as house:
        for shape in ("text", "image", "video"):
            for fault in (*LIVE, {"fault": "lost_request"}):
                async with on_memory(house, shape)() as stage:
                    await house.order("faults", {"platform": "linkedin", "route": CREATE} | fault)
                    await live_through(stage)
                    await stage.clock.advance(knobs.get("publish_seconds", 0.0))
                    wrong += [f"{shape} {fault}: {problem}" for problem in await verdict(stage, State.PUBLISHED, 1)]
    assert not wrong, "\n".join(wrong)


async def test_an_upload_address_of_another_host_gets_no_bytes_and_no_token(house: House) -> None:
    for shape, route in (("image", "images.initialize"), ("video", "videos.initialize")):
        async with on_memory(house, shape)() as stage:
            await house.order("faults", {"platform": "linkedin", "route": route, "fault": "foreign_upload_url"})
            await live_through(stage)
            assert not await verdict(stage, State.REFUSED, 0)
            (kept,) = stage.store.kept.values()
            assert kept.ending.refusal.code == "foreign_host"
