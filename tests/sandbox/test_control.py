"""The control API: accounts, clock, faults, calls, reset, and what it says when asked for what is not there."""

import asyncio
import time

import aiohttp
import pytest

from sandbox.world import V3, Sandbox, reason

pytestmark = pytest.mark.anyio

CHANNELS = V3 + "/channels?part=id&mine=true"


async def test_two_seeded_accounts_work_at_once(sandbox: Sandbox):
    accounts = [a for a in await sandbox.control("GET", "/accounts") if a["platform"] == "youtube"]
    assert [a["account"] for a in accounts] == ["hazel", "ridge"]
    for account in accounts:
        assert account["access_token"].startswith("ya29.")
        assert account["refresh_token"].startswith("1//")
        _, body, _ = await sandbox.api("GET", CHANNELS, account["account"])
        assert body["items"][0]["id"] == account["posting_identity"]
        assert account["posting_identity"].startswith("UC")


async def test_a_reset_brings_everything_back(sandbox: Sandbox):
    before = await sandbox.account()
    await sandbox.publish()
    await sandbox.turn(revoked=True)
    await sandbox.arm("lost_reply")
    await sandbox.knob(uploads_per_day=0)
    await sandbox.advance(100)
    answer = await sandbox.control("POST", "/reset")
    after = await sandbox.account()
    assert after["access_token"] == before["access_token"]
    assert answer["offset"] == 0
    assert answer["version"] > 2
    assert await sandbox.audience(hidden=True) == []
    assert (await sandbox.control("GET", "/faults"))["active"] == []
    assert await sandbox.control("GET", "/calls") == []
    await sandbox.publish()


async def test_advancing_the_clock_wakes_those_who_wait_for_it(sandbox: Sandbox):
    version = (await sandbox.control("GET", "/clock"))["version"]
    waiting = asyncio.create_task(sandbox.control("GET", f"/clock?newer_than={version}&wait=25"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await sandbox.advance(3600)
    told = await asyncio.wait_for(waiting, 2)
    assert told["offset"] == 3600
    assert told["version"] == version + 1


async def test_a_wait_for_the_clock_ends_by_itself(sandbox: Sandbox):
    told = await sandbox.control("GET", "/clock?newer_than=99&wait=0.05")
    assert told["version"] == 1


async def test_the_calls_are_listed_without_queries_bodies_or_tokens(sandbox: Sandbox):
    video = await sandbox.publish()
    await sandbox.arm("status", "videos.list", status=503)
    await sandbox.api("GET", f"{V3}/videos?part=status&id={video['id']}")
    calls = await sandbox.control("GET", "/calls?platform=youtube")
    assert [(c["route"], c["status"], c["bytes_in"], c["fault"]) for c in calls] == [
        ("videos.insert", 200, calls[0]["bytes_in"], None),
        ("upload.final", 201, 5, None),
        ("videos.list", 503, 0, "status"),
    ]
    assert calls[2]["path"] == "/youtube/v3/videos"
    assert calls[2]["host"] == "www.googleapis.com"
    assert "ya29" not in str(calls)


@pytest.mark.parametrize(
    ("order", "hint"),
    [
        ({"platform": "myspace", "fault": "lost_reply"}, "youtube"),
        ({"platform": "youtube", "fault": "gremlins"}, "lost_reply"),
        ({"platform": "youtube", "fault": "lost_reply", "route": "videos.sing"}, "videos.list"),
        ({"platform": "youtube", "fault": "reset_mid_chunk", "route": "videos.list", "after_bytes": 1}, "upload.chunk"),
        ({"platform": "youtube", "fault": "status"}, "status"),
        ({"platform": "youtube", "fault": "status", "status": "many"}, "500"),
        ({"platform": "youtube", "fault": "delay", "seconds": 1, "speed": 3}, "seconds"),
        ({"platform": "youtube", "fault": "error", "reason": "tired"}, "quotaExceeded"),
        ({"platform": "youtube", "fault": "error", "reason": "rateLimitExceeded", "variant": "per_year"}, "per_day"),
        ({"platform": "youtube", "fault": "lost_reply", "times": -1}, "whole number"),
    ],
)
async def test_an_order_for_what_does_not_exist_is_told_what_does(sandbox: Sandbox, order, hint: str):
    status, body, _ = await sandbox.ask("POST", "/_sandbox/faults", json=order)
    assert status == 400
    assert hint in str(body)
    assert (await sandbox.control("GET", "/faults"))["active"] == []


async def test_every_fault_explains_itself(sandbox: Sandbox):
    listed = await sandbox.control("GET", "/faults")
    assert {"lost_reply", "status_but_done", "slow_listing"} <= {f["fault"] for f in listed["available"]}
    assert all(f["sentence"].endswith(".") for f in listed["available"])
    assert "upload.final" in listed["routes"]["youtube"]


async def test_unknown_accounts_knobs_and_paths_are_told_what_exists(sandbox: Sandbox):
    for path, body, hint in [
        ("/accounts/youtube/nobody", {}, "hazel"),
        ("/accounts/youtube/hazel", {"mood": 1}, "expires_in"),
        ("/accounts/youtube/hazel", {"revoked": "yes"}, "bool"),
        ("/knobs/youtube", {"uploads_per_day": "many"}, "100"),
        ("/knobs/youtube", {"final_status": 299}, "201"),
        ("/clock", {"advance": -1}, "does not go back"),
        ("/clock", {"advance": 1e12}, "ahead"),
        ("/clock", {"advance": 1e300}, "ahead"),
        ("/clock", {"advance": 10**400}, "takes a number"),
        ("/clock", {"advance": "inf"}, "takes a number"),
        ("/clock", {"advance": "nan"}, "takes a number"),
        ("/nothing", {}, "/_sandbox/faults"),
    ]:
        status, answer, _ = await sandbox.ask("POST", "/_sandbox" + path, json=body)
        assert status in (400, 404)
        assert hint in str(answer)


async def test_an_unknown_host_is_told_which_are_served(sandbox: Sandbox):
    status, body, _ = await sandbox.ask("GET", "/example.org/")
    assert status == 404
    assert "oauth2.googleapis.com" in body["available"]


# --- generic faults -----------------------------------------------------------------------------------------------------------


async def test_a_lost_request_is_not_done(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("lost_request", "upload.final")
    with pytest.raises(aiohttp.ClientError):
        await sandbox.put(session, b"video", 0, 5)
    assert await sandbox.audience() == []


async def test_a_lost_reply_is_done_all_the_same(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("lost_reply", "upload.final")
    with pytest.raises(aiohttp.ClientError):
        await sandbox.put(session, b"video", 0, 5)
    assert len(await sandbox.audience()) == 1


async def test_a_status_can_be_answered_with_or_without_the_act(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("status", "upload.final", status=503, retry_after=7, body="html")
    await sandbox.arm("status_but_done", "upload.final", status=500, body="empty")
    status, body, headers = await sandbox.put(session, b"video", 0, 5)
    assert (status, headers["Retry-After"], "<title>" in body) == (503, "7", True)
    assert await sandbox.audience() == []
    status, body, _ = await sandbox.put(session, b"video", 0, 5)
    assert (status, body) == (500, "")
    assert len(await sandbox.audience()) == 1


async def test_a_delayed_request_is_done_even_if_its_client_has_gone(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("delay", "upload.final", seconds=0.2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(sandbox.put(session, b"video", 0, 5), 0.1)
    assert await sandbox.audience() == []
    deadline = time.monotonic() + 5
    while not await sandbox.audience() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert len(await sandbox.audience()) == 1


async def test_an_echo_repeats_every_secret_it_was_shown(sandbox: Sandbox):
    await sandbox.arm("echo_tokens", times=0)
    account = await sandbox.account()
    _, body, _ = await sandbox.api("GET", CHANNELS)
    assert account["access_token"] in body["error"]["message"]
    _, body, _ = await sandbox.refresh(account["refresh_token"])
    assert account["refresh_token"] in body["error_description"]
    assert account["app_secret"] in body["error_description"]


async def test_faults_skip_and_repeat_as_ordered(sandbox: Sandbox):
    await sandbox.arm("status", "channels.list", status=500, after=1, times=2)
    seen = [(await sandbox.api("GET", CHANNELS))[0] for _ in range(4)]
    assert seen == [200, 500, 500, 200]


async def test_a_fault_until_cleared_lasts_until_cleared(sandbox: Sandbox):
    await sandbox.arm("status", "channels.list", status=502, times=0)
    assert [(await sandbox.api("GET", CHANNELS))[0] for _ in range(3)] == [502] * 3
    await sandbox.control("DELETE", "/faults")
    assert (await sandbox.api("GET", CHANNELS))[0] == 200


async def test_any_known_error_comes_in_its_own_envelope(sandbox: Sandbox):
    reasons = (await sandbox.control("GET", "/faults"))["reasons"]["youtube"]
    assert len(reasons) > 60
    for name in reasons:
        on_token = name in {"invalid_grant", "invalid_client", "server_error"}
        if not on_token and "_" in name:
            continue
        await sandbox.arm("error", None if on_token else "channels.list", reason=name)
        if on_token:
            _, body, _ = await sandbox.refresh("1//x")
            assert body["error"] == name
        else:
            status, body, _ = await sandbox.api("GET", CHANNELS)
            assert (reason(body), body["error"]["code"]) == (name, status)


async def test_one_reason_has_a_daily_and_a_minutely_face(sandbox: Sandbox):
    await sandbox.arm("error", "channels.list", reason="rateLimitExceeded")
    await sandbox.arm("error", "channels.list", reason="rateLimitExceeded", variant="per_minute")
    faces = [(await sandbox.api("GET", CHANNELS))[1]["error"] for _ in range(2)]
    assert "per day" in faces[0]["message"]
    assert "details" not in faces[0]
    assert "per minute" in faces[1]["message"]
    assert faces[1]["details"][0]["metadata"]["quota_unit"].startswith("1/min/")


async def test_a_listing_fault_and_a_lost_reply_hit_the_same_call(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("slow_listing", "upload.final", seconds=60)
    await sandbox.arm("lost_reply", "upload.final")
    with pytest.raises(aiohttp.ClientError):
        await sandbox.put(session, b"video", 0, 5)
    [post] = await sandbox.audience()
    assert await sandbox.video(post["id"]) is None
    await sandbox.advance(61)
    assert await sandbox.video(post["id"]) is not None
