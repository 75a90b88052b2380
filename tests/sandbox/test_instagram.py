"""Instagram: containers by the clock, every kind of post, checks, quotas, uploads and listings, over both logins."""

import hashlib
from typing import Any

import aiohttp
import pytest

from sandbox.graph import Caller, caller, reason
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

FILE = bytes(range(256)) * 400
BOTH_LOGINS = pytest.mark.parametrize("name", ["hazel", "ridge"])


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Caller:
    return await caller(sandbox, "instagram")


async def image(it: Caller, **more: Any) -> str:
    return (await it.post(f"/{it.id}/media", **{"image_url": it.media("square.jpg")} | more))["id"]


async def publish(it: Caller, container: str) -> str:
    return (await it.post(f"/{it.id}/media_publish", creation_id=container))["id"]


async def status(it: Caller, container: str) -> str:
    return (await it.get(f"/{container}", fields="status_code,status"))["status_code"]


@BOTH_LOGINS
async def test_an_image_goes_from_container_to_audience(sandbox: Sandbox, name: str):
    it = await caller(sandbox, "instagram", name)
    container = await image(it, caption="Fresh bread", alt_text="a loaf")
    assert await status(it, container) == "FINISHED"
    media = await publish(it, container)
    assert media != container
    assert await status(it, container) == "PUBLISHED"
    shown = await it.get(
        f"/{media}", fields="caption,media_type,media_product_type,permalink,timestamp,username,media_url"
    )
    assert (shown["caption"], shown["media_type"], shown["media_product_type"]) == ("Fresh bread", "IMAGE", "FEED")
    assert shown["timestamp"].endswith("+0000")
    [seen] = await it.audience()
    assert (seen["id"], seen["kind"], seen["text"], seen["url"]) == (media, "image", "Fresh bread", shown["permalink"])
    async with sandbox.http.get(shown["media_url"]) as reply:
        data = await reply.read()
    assert seen["media"] == [
        {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "content_type": "image/jpeg"}
    ]
    assert "Fresh bread" in (await sandbox.ask("GET", seen["url"]))[1]


async def test_a_reel_is_processed_first_and_publishing_it_early_is_refused(sandbox: Sandbox, hazel: Caller):
    made = await hazel.post(
        f"/{hazel.id}/media",
        media_type="REELS",
        video_url=hazel.media("sample.mp4"),
        cover_url=hazel.media("sample.jpg"),
    )
    assert await status(hazel, made["id"]) == "IN_PROGRESS"
    assert await hazel.refused("POST", f"/{hazel.id}/media_publish", creation_id=made["id"]) == "9007/2207027"
    await sandbox.advance(6)
    assert await status(hazel, made["id"]) == "FINISHED"
    media = await publish(hazel, made["id"])
    shown = await hazel.get(f"/{media}", fields="media_type,media_product_type,permalink")
    assert (shown["media_type"], shown["media_product_type"]) == ("VIDEO", "REELS")
    assert "/reel/" in shown["permalink"]
    [seen] = await hazel.audience()
    assert seen["kind"] == "reel"
    assert seen["cover"]["content_type"] == "image/jpeg"


async def test_a_carousel_shows_its_children_and_counts_once(sandbox: Sandbox, hazel: Caller):
    children = [
        await image(hazel, is_carousel_item="true"),
        await image(hazel, is_carousel_item="true", image_url=hazel.media("wide.jpg")),
        (await hazel.post(f"/{hazel.id}/media", media_type="VIDEO", is_carousel_item="true", video_url=hazel.media("sample.mp4")))["id"],
    ]  # fmt: skip
    made = await hazel.post(f"/{hazel.id}/media", media_type="CAROUSEL", children=",".join(children), caption="Three")
    assert await status(hazel, made["id"]) == "IN_PROGRESS"
    await sandbox.advance(6)
    assert await hazel.refused("POST", f"/{hazel.id}/media_publish", creation_id=children[0]) == "100"
    media = await publish(hazel, made["id"])
    shown = await hazel.get(f"/{media}", fields="media_type,children{id,media_type}")
    assert shown["media_type"] == "CAROUSEL_ALBUM"
    assert [child["media_type"] for child in shown["children"]["data"]] == ["IMAGE", "IMAGE", "VIDEO"]
    limit = await hazel.get(f"/{hazel.id}/content_publishing_limit", fields="quota_usage,config")
    assert limit["data"] == [{"quota_usage": 1, "config": {"quota_total": 50, "quota_duration": 86400}}]
    [seen] = await hazel.audience()
    assert (seen["kind"], len(seen["media"])) == ("carousel", 3)
    status_code, body, _ = await sandbox.ask(
        "POST",
        f"{hazel.base}/{hazel.id}/media",
        json={"media_type": "CAROUSEL", "children": children, "access_token": hazel.account["access_token"]},
    )
    assert (status_code, reason(body)) == (400, "100")


async def test_stories_have_a_listing_of_their_own_for_a_day(sandbox: Sandbox, hazel: Caller):
    still = await hazel.post(
        f"/{hazel.id}/media", media_type="STORIES", image_url=hazel.media("sample.jpg"), caption="no"
    )
    moving = await hazel.post(f"/{hazel.id}/media", media_type="STORIES", video_url=hazel.media("sample.mp4"))
    await sandbox.advance(6)
    ids = [await publish(hazel, still["id"]), await publish(hazel, moving["id"])]
    assert [row["id"] for row in (await hazel.get(f"/{hazel.id}/stories"))["data"]] == ids[::-1]
    assert (await hazel.get(f"/{hazel.id}/media"))["data"] == []
    assert [entry["kind"] for entry in await hazel.audience()] == ["story", "story"]
    await sandbox.advance(86_400)
    assert (await hazel.get(f"/{hazel.id}/stories"))["data"] == []
    assert [entry["ended"] for entry in await hazel.audience()] == [True, True]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"caption": "x" * 2201}, "36004/2207010"),
        ({"caption": "#a " * 31}, "36004/2207010"),
        ({"caption": "@ab " * 21}, "36004/2207010"),
        ({"image_url": "sample.jpg"}, "36003/2207009"),
        ({"image_url": "sample.png"}, "36001/2207005"),
        ({"image_url": "html"}, "9004/2207052"),
        ({"image_url": "nothing-here"}, "9004/2207052"),
        ({"image_url": ""}, "100"),
        ({"media_type": "PANORAMA"}, "100/2207023"),
        ({"media_type": "CAROUSEL", "children": "1"}, "100/2207028"),
        ({"media_type": "CAROUSEL", "children": ",".join(map(str, range(11)))}, "100/2207028"),
        ({"media_type": "CAROUSEL", "children": "1,2"}, "100/33"),
        ({"media_type": "REELS", "is_carousel_item": "true"}, "100"),
        ({"alt_text": "x" * 1001}, "100"),
        ({"user_tags": '[{"username":"u","x":2,"y":0.5}]'}, "100"),
    ],
)
async def test_what_the_rules_forbid_is_refused_by_its_code(hazel: Caller, parameters: dict[str, str], expected: str):
    given = {"image_url": "square.jpg"} | parameters
    given["image_url"] = hazel.media(given["image_url"]) if given["image_url"] else ""
    assert await hazel.refused("POST", f"/{hazel.id}/media", **given) == expected
    assert await hazel.audience() == []


async def test_a_large_image_is_refused(hazel: Caller):
    answer = await hazel.refused("POST", f"/{hazel.id}/media", image_url=hazel.media("bytes/8388609.mp4"))
    assert answer == "36000/2207004"


async def test_a_video_that_cannot_be_fetched_is_the_containers_error(sandbox: Sandbox, hazel: Caller):
    made = await hazel.post(f"/{hazel.id}/media", media_type="REELS", video_url=hazel.media("nothing"))
    await sandbox.advance(6)
    shown = await hazel.get(f"/{made['id']}", fields="status_code,status")
    assert shown == {
        "id": made["id"],
        "status_code": "ERROR",
        "status": "Error: Media upload has failed with error code 2207077",
    }
    assert await hazel.refused("POST", f"/{hazel.id}/media_publish", creation_id=made["id"]) == "9007/2207027"


async def test_a_truncated_video_fails_where_videos_are_looked_at(sandbox: Sandbox, hazel: Caller):
    await hazel.knob(strict_video=True)
    bad = await hazel.post(f"/{hazel.id}/media", media_type="REELS", video_url=hazel.media("bytes/5000.mp4"))
    good = await hazel.post(f"/{hazel.id}/media", media_type="REELS", video_url=hazel.media("sample.mp4"))
    await sandbox.advance(6)
    assert [await status(hazel, c["id"]) for c in (bad, good)] == ["ERROR", "FINISHED"]


async def test_a_container_expires_after_a_day(sandbox: Sandbox, hazel: Caller):
    container = await image(hazel)
    await sandbox.advance(86_401)
    assert await status(hazel, container) == "EXPIRED"
    assert await hazel.refused("POST", f"/{hazel.id}/media_publish", creation_id=container) == "24/2207008"
    assert await hazel.refused("POST", f"/{hazel.id}/media_publish", creation_id="17900000000000000") == "24/2207006"


@pytest.mark.parametrize(("variant", "expected"), [("a", "9007/2207027"), ("b", "24/2207006"), ("c", None)])
async def test_a_second_publish_is_answered_as_the_knob_says_and_posts_nothing(
    hazel: Caller, variant: str, expected: str | None
):
    await hazel.knob(double_publish=variant)
    container = await image(hazel)
    media = await publish(hazel, container)
    if expected is None:
        assert await publish(hazel, container) == media
    else:
        assert await hazel.refused("POST", f"/{hazel.id}/media_publish", creation_id=container) == expected
    assert len(await hazel.audience()) == 1


async def test_the_caps_roll_over_a_day(sandbox: Sandbox, hazel: Caller):
    await hazel.turn(quota_total=1)
    await hazel.knob(containers_per_day=3)
    containers = [await image(hazel) for _ in range(3)]
    assert await hazel.refused("POST", f"/{hazel.id}/media", image_url=hazel.media("square.jpg")) == "9/2207042"
    await publish(hazel, containers[0])
    assert await hazel.refused("POST", f"/{hazel.id}/media_publish", creation_id=containers[1]) == "9/2207042"
    await sandbox.advance(86_401)
    await publish(hazel, await image(hazel))


@BOTH_LOGINS
async def test_an_upload_is_resumed_where_it_stopped(sandbox: Sandbox, name: str):
    it = await caller(sandbox, "instagram", name)
    made = await it.post(f"/{it.id}/media", media_type="REELS", upload_type="resumable", caption="sent")
    assert "/rupload.facebook.com/ig-api-upload/v26.0/" in made["uri"]
    await it.arm("partial_upload", keep=1000)
    code, body = await send(it, made["uri"], FILE, 0)
    assert (code, body["debug_info"]["type"]) == (400, "PartialRequestError")
    await it.arm("reset_mid_upload", after_bytes=500)
    with pytest.raises(aiohttp.ClientError):
        await send(it, made["uri"], FILE[1000:], 1000)
    shown = await it.get(f"/{made['id']}", fields="status_code,video_status")
    assert shown["status_code"] == "IN_PROGRESS"
    assert shown["video_status"]["uploading_phase"] == {"status": "in_progress", "bytes_transferred": 1500}
    code, body = await send(it, made["uri"], FILE, 0)
    assert (code, body["debug_info"]["type"], body["bytes_transfered"]) == (400, "OffsetInvalidError", 1500)
    assert await send(it, made["uri"], FILE[1500:], 1500) == (
        200,
        {"success": True, "message": "Upload successful. Processing begins."},
    )
    await sandbox.advance(6)
    await publish(it, made["id"])
    [seen] = await it.audience()
    assert seen["media"][0]["sha256"] == hashlib.sha256(FILE).hexdigest()


async def send(it: Caller, uri: str, data: bytes, offset: int, **headers: str) -> tuple[int, Any]:
    headers = {
        "Authorization": f"OAuth {it.account['access_token']}",
        "offset": str(offset),
        "file_size": str(len(FILE)),
    } | headers
    status_code, body, _ = await it.sandbox.ask("POST", uri, data=data, headers=headers)
    return status_code, body


async def test_an_upload_by_address_needs_no_body_and_the_wrong_scheme_is_refused(sandbox: Sandbox, hazel: Caller):
    made = await hazel.post(f"/{hazel.id}/media", media_type="STORIES", upload_type="resumable")
    assert (await send(hazel, made["uri"], b"", 0, Authorization=f"Bearer {hazel.account['access_token']}"))[0] == 401
    code, body = await send(hazel, made["uri"], b"", 0, file_url=hazel.media("nothing"))
    assert (code, body["debug_info"]["type"]) == (400, "ProcessingFailedError")
    assert (await send(hazel, made["uri"], b"", 0, file_url=hazel.media("sample.mp4")))[0] == 200


async def test_listings_page_by_cursor_and_time_and_repeat_the_token(sandbox: Sandbox, hazel: Caller):
    ids: list[str] = []
    for number in range(3):
        ids.insert(0, await publish(hazel, await image(hazel, caption=f"post {number}")))
        await sandbox.advance(60)
    first = await hazel.get(f"/{hazel.id}/media", fields="id,caption", limit=2)
    assert [row["caption"] for row in first["data"]] == ["post 2", "post 1"]
    assert hazel.account["access_token"] in first["paging"]["next"]
    _, second, _ = await sandbox.ask("GET", first["paging"]["next"])
    assert [row["id"] for row in second["data"]] == ids[2:]
    assert "next" not in second["paging"]
    now = await sandbox.control("GET", "/clock")
    assert now["offset"] == 180
    shown = await hazel.get(f"/{ids[1]}", fields="timestamp")
    since = await hazel.get(f"/{hazel.id}/media", since=shown["timestamp"])
    assert [row["id"] for row in since["data"]] == ids[:2]


async def test_a_post_is_deleted_with_facebook_login_only(sandbox: Sandbox, hazel: Caller):
    ridge = await caller(sandbox, "instagram", "ridge")
    mine, theirs = await publish(hazel, await image(hazel)), await publish(ridge, await image(ridge))
    assert (await hazel.post(f"/{mine}", comment_enabled="false")) == {"success": True}
    assert (await hazel.get(f"/{mine}", fields="is_comment_enabled"))["is_comment_enabled"] is False
    assert await hazel.refused("DELETE", f"/{theirs}") == "100/33"
    assert await ridge.refused("DELETE", f"/{theirs}") == "100/33"
    assert await hazel.call("DELETE", f"/{mine}") == (200, {"success": True, "deleted_id": mine})
    assert await hazel.audience() == []


async def test_me_is_for_reading_on_instagrams_own_host(sandbox: Sandbox):
    ridge = await caller(sandbox, "instagram", "ridge")
    me = await ridge.get("/me", fields="user_id,username")
    assert me["user_id"] == ridge.id
    assert me["id"] != ridge.id
    status_code, body = await ridge.call("POST", "/me/media", image_url=ridge.media("square.jpg"))
    assert (status_code, body["error"]["type"], body["error"]["code"]) == (400, "IGApiException", 100)
    assert body["error"]["message"] == "Unsupported request - method type: post"


async def test_samples_have_a_public_name_and_robots_are_obeyed_where_asked(hazel: Caller):
    assert await image(hazel, image_url="https://media.example.com/wide.jpg")
    await hazel.knob(robots=True)
    assert await image(hazel)
    assert await hazel.refused("POST", f"/{hazel.id}/media", image_url="http://127.0.0.1:1/a.jpg") == "9004/2207052"


async def test_a_fetch_that_takes_too_long_is_a_timeout(hazel: Caller):
    await hazel.knob(fetch_seconds=0.2)
    assert await hazel.refused("POST", f"/{hazel.id}/media", image_url=hazel.media("slow")) == "-2/2207003"
