"""Meta's faults, limits and grammar: done yet refused, late listings, rate headers by token type, and what the call list hides."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from sandbox.graph import GRAPH, Caller, caller, reason
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def instagram(sandbox: Sandbox) -> Caller:
    return await caller(sandbox, "instagram")


@pytest.fixture
async def page(sandbox: Sandbox) -> Caller:
    return await caller(sandbox, "facebook")


async def post_image(it: Caller) -> tuple[int, Any]:
    made = await it.post(f"/{it.id}/media", image_url=it.media("square.jpg"), caption="hello")
    return await it.call("POST", f"/{it.id}/media_publish", creation_id=made["id"])


async def post_text(it: Caller) -> tuple[int, Any]:
    return await it.call("POST", f"/{it.id}/feed", message="hello")


WAYS = [("instagram", "media_publish", post_image), ("facebook", "feed.post", post_text)]
BOTH = pytest.mark.parametrize(("platform", "route", "do"), WAYS, ids=["instagram", "facebook"])


@BOTH
@pytest.mark.parametrize(
    ("fault", "parameters", "status", "code"),
    [
        ("publish_then_403", {}, 403, "4/2207051"),
        ("publish_then_500", {}, 500, "2"),
        ("status_but_done", {"status": 503}, 503, "2"),
    ],
)
async def test_it_is_live_whatever_the_answer_says(
    sandbox: Sandbox, platform: str, route: str, do: Any, fault: str, parameters: dict[str, Any], status: int, code: str
):
    it = await caller(sandbox, platform)
    await it.arm(fault, route, **parameters)
    answered, body = await do(it)
    assert (answered, reason(body)) == (status, code)
    assert [entry["text"] for entry in await it.audience()] == ["hello"]


@BOTH
@pytest.mark.parametrize("fault", ["publish_then_drop", "lost_reply"])
async def test_it_is_live_though_nothing_was_answered(sandbox: Sandbox, platform: str, route: str, do: Any, fault: str):
    it = await caller(sandbox, platform)
    await it.arm(fault, route)
    with pytest.raises(aiohttp.ClientError):
        await do(it)
    assert len(await it.audience()) == 1


@BOTH
async def test_a_lost_request_and_an_ordered_error_do_nothing(sandbox: Sandbox, platform: str, route: str, do: Any):
    it = await caller(sandbox, platform)
    await it.arm("lost_request", route)
    with pytest.raises(aiohttp.ClientError):
        await do(it)
    for code in ("368/1390008", "190/460", "25/2207050", "1"):
        await it.arm("error", route, reason=code)
        assert reason((await do(it))[1]) == code
    await it.arm("status", route, status=502, body="html")
    answered, body = await do(it)
    assert (answered, "<!DOCTYPE" in body) == (502, True)
    assert await it.audience() == []


@BOTH
async def test_a_slow_listing_does_not_hide_a_post_from_its_audience(
    sandbox: Sandbox, platform: str, route: str, do: Any
):
    it = await caller(sandbox, platform)
    await it.arm("slow_listing", route, seconds=40)
    _, made = await do(it)
    edge = "media" if platform == "instagram" else "published_posts"
    assert (await it.get(f"/{it.id}/{edge}"))["data"] == []
    assert len(await it.audience()) == 1
    await sandbox.advance(41)
    assert [row["id"] for row in (await it.get(f"/{it.id}/{edge}"))["data"]] == [made["id"]]


@BOTH
async def test_a_fresh_object_is_not_found_for_a_while(sandbox: Sandbox, platform: str, route: str, do: Any):
    it = await caller(sandbox, platform)
    await it.arm("fresh_33", route, seconds=40)
    _, made = await do(it)
    assert await it.refused("GET", f"/{made['id']}") == "100/33"
    await sandbox.advance(41)
    await it.get(f"/{made['id']}")


async def test_a_fresh_container_can_be_published_though_it_cannot_be_read(instagram: Caller):
    await instagram.arm("fresh_33", "media.create", seconds=40)
    made = await instagram.post(f"/{instagram.id}/media", image_url=instagram.media("square.jpg"))
    assert await instagram.refused("GET", f"/{made['id']}", fields="status_code") == "100/33"
    await instagram.post(f"/{instagram.id}/media_publish", creation_id=made["id"])


async def test_a_container_ends_as_ordered(sandbox: Sandbox, instagram: Caller):
    await instagram.arm("container_error", subcode=2207082)
    made = await instagram.post(f"/{instagram.id}/media", image_url=instagram.media("square.jpg"))
    shown = await instagram.get(f"/{made['id']}", fields="status_code,status")
    assert (shown["status_code"], shown["status"]) == (
        "ERROR",
        "Error: Media upload has failed with error code 2207082",
    )
    await instagram.arm("stuck_container")
    made = await instagram.post(f"/{instagram.id}/media", image_url=instagram.media("square.jpg"))
    await sandbox.advance(3600)
    assert (await instagram.get(f"/{made['id']}", fields="status_code"))["status_code"] == "IN_PROGRESS"


async def test_a_duplicate_is_506_by_fault_and_by_knob(page: Caller):
    await page.arm("duplicate_506")
    assert reason((await post_text(page))[1]) == "506"
    await page.knob(duplicate_window_seconds=60)
    assert (await post_text(page))[0] == 200
    assert reason((await post_text(page))[1]) == "506"
    assert len(await page.audience()) == 1


async def test_a_gateways_page_stands_for_an_answer(page: Caller):
    await page.arm("html_502", "feed.post")
    status, body, headers = await page.full("POST", f"/{page.id}/feed", message="hello")
    assert (status, body.startswith("<html>")) == (502, True)
    assert headers["Content-Type"].startswith("text/html")
    assert len(await page.audience()) == 1


async def test_an_answer_that_repeats_the_token(page: Caller):
    await page.arm("echo_tokens", "feed.post")
    _, body = await post_text(page)
    assert page.account["access_token"] in body["error"]["message"]


async def test_the_upload_hosts_errors_have_their_own_shape(instagram: Caller):
    made = await instagram.post(f"/{instagram.id}/media", media_type="REELS", upload_type="resumable")
    await instagram.arm("error", "rupload.upload", reason="ProcessingFailedError")
    status, body, _ = await instagram.sandbox.ask("POST", made["uri"], data=b"x")
    assert (status, body["debug_info"]["type"], body["debug_info"]["retriable"]) == (
        400,
        "ProcessingFailedError",
        False,
    )


# --- limits -------------------------------------------------------------------------------------------------------------------


async def test_usage_is_told_by_the_kind_of_token(instagram: Caller, page: Caller):
    _, _, headers = await page.full("GET", "/me")
    assert json.loads(headers["x-business-use-case-usage"])[page.id][0]["type"] == "pages"
    assert "x-app-usage" not in headers
    _, _, headers = await page.full("GET", "/me", access_token=page.account["user_token"])
    assert json.loads(headers["x-app-usage"])["call_count"] == 1
    assert "x-business-use-case-usage" not in headers
    _, _, headers = await instagram.full("GET", f"/{instagram.id}/media")
    told = json.loads(headers["x-business-use-case-usage"])
    assert instagram.id in told
    assert (len(told), {row[0]["type"] for row in told.values()}) == (2, {"instagram"})


@pytest.mark.parametrize(("platform", "expected"), [("instagram", "80002"), ("facebook", "80001")])
async def test_a_ramp_ends_in_the_right_refusal_and_falls_back(sandbox: Sandbox, platform: str, expected: str):
    it = await caller(sandbox, platform)
    await it.knob(usage_percent=0, usage_ramp=40, regain_minutes=7)
    for percent in (0, 40, 80):
        _, _, headers = await it.full("GET", "/me")
        assert next(iter(json.loads(headers["x-business-use-case-usage"]).values()))[0]["call_count"] == percent
    status, body, headers = await it.full("GET", "/me")
    assert (status, reason(body)) == (400, expected)
    assert (
        next(iter(json.loads(headers["x-business-use-case-usage"]).values()))[0]["estimated_time_to_regain_access"] == 7
    )
    await sandbox.advance(3601)
    await it.get("/me")


async def test_a_full_app_bucket_is_4_and_on_a_page_32(page: Caller):
    await page.knob(usage_percent=100)
    user = page.account["user_token"]
    assert await page.refused("GET", "/me/accounts", access_token=user) == "4"
    assert await page.refused("GET", f"/{page.id}/feed", access_token=user) == "32"


# --- grammar ------------------------------------------------------------------------------------------------------------------


async def test_versions_are_echoed_and_an_old_one_is_served_by_the_oldest(sandbox: Sandbox, page: Caller):
    for path, version in (("/v26.0/me", "v26.0"), ("/me", "v26.0"), ("/v25.0/me", "v25.0"), ("/v19.0/me", "v21.0")):
        _, _, headers = await page.full("GET", path, base="/graph.facebook.com")
        assert headers["facebook-api-version"] == version
    status, body, _ = await sandbox.ask("GET", GRAPH + "/v26.0/me")
    assert (status, body["error"]["code"]) == (400, 2500)
    assert await page.refused("GET", "/123/nonsense") == "2500"


async def test_what_is_not_there_or_not_yours_is_100_33(sandbox: Sandbox, page: Caller, instagram: Caller):
    ridge = await caller(sandbox, "facebook", "ridge")
    theirs = (await post_text(ridge))[1]["id"]
    for it, node, kind in (
        (page, "123456789", "GraphMethodException"),
        (page, theirs, "GraphMethodException"),
        (page, ridge.id, "GraphMethodException"),
    ):
        status, body = await it.call("GET", f"/{node}")
        assert (status, reason(body), body["error"]["type"]) == (400, "100/33", kind)
        assert f"'{node}'" in body["error"]["message"]
    own = await caller(sandbox, "instagram", "ridge")
    _, body = await own.call("GET", "/17900000000000001")
    assert (reason(body), body["error"]["type"]) == ("100/33", "IGApiException")


async def test_the_call_list_names_routes_and_hides_queries(sandbox: Sandbox, page: Caller, instagram: Caller):
    await post_text(page)
    await post_image(instagram)
    calls = await sandbox.control("GET", "/calls")
    assert [(c["platform"], c["route"], c["status"]) for c in calls] == [
        ("facebook", "feed.post", 200),
        ("instagram", "media.create", 200),
        ("instagram", "media_publish", 200),
    ]
    told = json.dumps(calls)
    assert page.account["access_token"] not in told
    assert "hello" not in told


async def test_a_reset_brings_both_platforms_back(sandbox: Sandbox, page: Caller, instagram: Caller):
    await post_text(page)
    await post_image(instagram)
    await page.turn(revoked=True, quota_total=1)
    await sandbox.control("POST", "/reset")
    assert await page.audience() + await instagram.audience() == []
    for it in (page, instagram):
        fresh = await caller(sandbox, it.account["platform"])
        assert fresh.account["access_token"] == it.account["access_token"]
    await post_text(page)


async def test_every_error_of_the_tables_can_be_ordered(page: Caller):
    listed = await page.sandbox.control("GET", "/faults")
    for code in listed["reasons"]["facebook"]:
        if not code[0].isdigit() and code[0] != "-":
            continue
        await page.arm("error", "feed.post", reason=code)
        status, body = await post_text(page)
        assert (status >= 400, reason(body)) == (True, code)


async def test_two_publishes_at_once_make_one_post(instagram: Caller):
    made = await instagram.post(f"/{instagram.id}/media", image_url=instagram.media("square.jpg"))
    publish = f"/{instagram.id}/media_publish"
    answers = await asyncio.gather(*(instagram.call("POST", publish, creation_id=made["id"]) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [200, 400, 400, 400]
    assert len(await instagram.audience()) == 1


async def test_the_same_caption_twice_is_two_posts(instagram: Caller):
    ids = {(await post_image(instagram))[1]["id"] for _ in range(2)}
    assert {entry["id"] for entry in await instagram.audience()} == ids


async def test_routes_are_named_by_the_object_and_the_phase(sandbox: Sandbox, page: Caller, instagram: Caller):
    made = await instagram.post(f"/{instagram.id}/media", image_url=instagram.media("square.jpg"))
    media = await instagram.post(f"/{instagram.id}/media_publish", creation_id=made["id"])
    photo = await page.post(f"/{page.id}/photos", url=page.media("sample.jpg"))
    await sandbox.control("POST", "/faults", {"platform": "instagram", "fault": "delay", "seconds": 0})
    for it, node in ((instagram, made["id"]), (instagram, media["id"]), (page, photo["id"]), (page, photo["post_id"])):
        await it.get(f"/{node}")
    headers = {"Authorization": f"Bearer {page.account['access_token']}"}
    path = f"{GRAPH}/{page.id}/video_reels"
    _, opened, _ = await sandbox.ask("POST", path, json={"upload_phase": "start"}, headers=headers)
    finish = {"upload_phase": "finish", "video_id": opened["video_id"], "video_state": "PUBLISHED"}
    await sandbox.ask("POST", path, json=finish, headers=headers)
    await sandbox.ask("POST", f"{path}?upload_phase=finish", json=finish, headers=headers)
    calls = await sandbox.control("GET", "/calls")
    assert [call["route"] for call in calls][3:] == [
        *("container.get", "media.get", "photo.get", "post.get"),
        *("reels.start", "reels.finish", "reels.finish"),
    ]


async def test_json_bodies_of_reels_are_read_unless_the_knob_says_no(page: Caller):
    await page.knob(json_reels=False)
    opened = await page.post(f"/{page.id}/video_reels", upload_phase="start")
    finish = {"upload_phase": "finish", "video_id": opened["video_id"], "access_token": page.account["access_token"]}
    _, body, _ = await page.sandbox.ask("POST", f"{GRAPH}/{page.id}/video_reels", json=finish)
    assert body["error"]["message"] == "(#100) Missing parameter: video_id"
