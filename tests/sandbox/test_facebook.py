"""Facebook Pages: posts, photos, four ways to send a video, reels, stories, schedules, and what a Page lists."""

import hashlib
from typing import Any

import aiohttp
import pytest

from sandbox.graph import VIDEO_GRAPH, Caller, caller, reason
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

FILE = bytes(range(256)) * 400


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Caller:
    return await caller(sandbox, "facebook")


async def picture(sandbox: Sandbox, name: str = "sample.jpg") -> bytes:
    async with sandbox.http.get(f"{sandbox.base}/_sandbox/media/{name}") as reply:
        return await reply.read()


async def multipart(
    it: Caller, path: str, part: str, data: bytes, *, base: str | None = None, **fields: str
) -> tuple[int, Any]:
    form = aiohttp.FormData({"access_token": it.account["access_token"]} | fields)
    form.add_field(part, data, filename="file", content_type="application/octet-stream")
    status, body, _ = await it.sandbox.ask("POST", (base or it.base) + path, data=form)
    return status, body


async def test_a_text_and_a_link_reach_the_page(sandbox: Sandbox, hazel: Caller):
    text = await hazel.post(f"/{hazel.id}/feed", message="Good morning")
    link = await hazel.post(f"/{hazel.id}/feed", link="https://example.com/a", fields="id,permalink_url,created_time")
    assert text["id"].startswith(hazel.id + "_")
    assert set(link) == {"id", "permalink_url", "created_time"}
    assert await hazel.refused("POST", f"/{hazel.id}/feed") == "100"
    assert await hazel.refused("POST", f"/{hazel.id}/feed", link="https://www.facebook.com/x") == "100/1609008"
    assert [(p["kind"], p["text"], p["link"]) for p in await hazel.audience()] == [
        ("status", "Good morning", None),
        ("link", "", "https://example.com/a"),
    ]
    listed = await hazel.get(f"/{hazel.id}/published_posts", fields="id,message,created_time,application,permalink_url")
    assert [row["id"] for row in listed["data"]] == [link["id"], text["id"]]
    assert listed["data"][1]["application"]["id"] == hazel.account["app_id"]
    assert "Good morning" in (await sandbox.ask("GET", listed["data"][1]["permalink_url"]))[1]


@pytest.mark.parametrize("by", ["url", "file"])
async def test_a_photo_is_published_by_address_and_as_a_file(sandbox: Sandbox, hazel: Caller, by: str):
    data = await picture(sandbox)
    if by == "url":
        made = await hazel.post(f"/{hazel.id}/photos", url=hazel.media("sample.jpg"), caption="A cake")
    else:
        status, made = await multipart(hazel, f"/{hazel.id}/photos", "source", data, caption="A cake")
        assert status == 200, made
    assert made["post_id"].startswith(hazel.id + "_")
    shown = await hazel.get(f"/{made['id']}", fields="page_story_id,name")
    assert shown == {"id": made["id"], "page_story_id": made["post_id"], "name": "A cake"}
    [seen] = await hazel.audience()
    assert (seen["id"], seen["kind"], seen["text"]) == (made["post_id"], "photo", "A cake")
    assert seen["media"][0]["sha256"] == hashlib.sha256(data).hexdigest()


async def test_several_photos_make_one_post_and_are_used_once(sandbox: Sandbox, hazel: Caller):
    ids = [
        (await hazel.post(f"/{hazel.id}/photos", url=hazel.media(name), published="false"))
        for name in ("sample.jpg", "sample.png")
    ]
    assert [set(one) for one in ids] == [{"id"}, {"id"}]
    assert await hazel.audience(hidden=True) == []
    media = {f"attached_media[{n}]": f'{{"media_fbid":"{one["id"]}"}}' for n, one in enumerate(ids)}
    post = await hazel.post(f"/{hazel.id}/feed", message="Two", **media)
    assert await hazel.refused("POST", f"/{hazel.id}/feed", message="Again", **media) == "100/1366051"
    shown = await hazel.get(f"/{post['id']}", fields="attachments{media_type,subattachments}")
    [album] = shown["attachments"]["data"]
    assert [row["target"]["id"] for row in album["subattachments"]["data"]] == [one["id"] for one in ids]
    [seen] = await hazel.audience()
    assert (seen["kind"], len(seen["media"])) == ("photo", 2)
    calls = [c["route"] for c in await sandbox.control("GET", "/calls?platform=facebook")]
    assert calls[:4] == ["photos.upload", "photos.upload", "feed.post", "feed.post"]


async def test_what_is_no_picture_and_what_comes_in_part_is_324(hazel: Caller):
    assert await hazel.refused("POST", f"/{hazel.id}/photos", url=hazel.media("html")) == "324"
    await hazel.knob(photo_fetch_range=True)
    assert await hazel.refused("POST", f"/{hazel.id}/photos", url=hazel.media("sample.jpg")) == "324"
    assert await hazel.audience() == []


async def test_a_scheduled_post_appears_when_its_time_has_come(sandbox: Sandbox, hazel: Caller):
    at = int((await now(sandbox)) + 3600)
    post = await hazel.post(f"/{hazel.id}/feed", message="Later", published="false", scheduled_publish_time=at)
    assert (
        await hazel.refused(
            "POST", f"/{hazel.id}/feed", message="x", published="false", scheduled_publish_time=at - 3500
        )
        == "100"
    )
    assert [row["id"] for row in (await hazel.get(f"/{hazel.id}/scheduled_posts"))["data"]] == [post["id"]]
    assert await hazel.audience() == []
    [hidden] = await hazel.audience(hidden=True)
    assert hidden["visibility"] == "scheduled"
    await sandbox.advance(3601)
    assert (await hazel.get(f"/{hazel.id}/scheduled_posts"))["data"] == []
    assert [p["id"] for p in await hazel.audience()] == [post["id"]]


async def now(sandbox: Sandbox) -> float:
    from datetime import datetime

    return datetime.fromisoformat((await sandbox.control("GET", "/clock"))["now"]).timestamp()


async def test_a_video_comes_by_address_or_in_one_piece(sandbox: Sandbox, hazel: Caller):
    by_url = await hazel.post(
        f"/{hazel.id}/videos", base=VIDEO_GRAPH, file_url=hazel.media("sample.mp4"), description="One"
    )
    status, whole = await multipart(hazel, f"/{hazel.id}/videos", "source", FILE, base=VIDEO_GRAPH, description="Two")
    assert status == 200, whole
    assert [p["text"] for p in await hazel.audience()] == ["One", "Two"]
    shown = await hazel.get(f"/{by_url['id']}", fields="post_id,permalink_url,published,status")
    assert shown["status"]["video_status"] == "processing"
    assert shown["post_id"] == (await hazel.audience())[0]["id"]
    await sandbox.advance(6)
    ready = (await hazel.get(f"/{by_url['id']}", fields="status"))["status"]
    assert (ready["video_status"], ready["uploading_phase"]["status"]) == ("ready", "complete")
    await hazel.knob(status_spelling="docs")
    spelt = (await hazel.get(f"/{by_url['id']}", fields="status"))["status"]
    assert spelt["uploading_phase"]["status"] == "completed"
    assert "bytes_transfered" in spelt["uploading_phase"]


async def test_the_chunked_upload_says_where_to_go_on(sandbox: Sandbox, hazel: Caller):
    await hazel.knob(chunk_bytes=40_000)
    path = f"/{hazel.id}/videos"
    opened = await hazel.post(path, base=VIDEO_GRAPH, upload_phase="start", file_size=len(FILE))
    assert (opened["start_offset"], opened["end_offset"]) == ("0", "40000")
    session = {"upload_phase": "transfer", "upload_session_id": opened["upload_session_id"]}

    async def transfer(start: int, data: bytes) -> tuple[int, Any]:
        return await multipart(
            hazel, path, "video_file_chunk", data, base=VIDEO_GRAPH, start_offset=str(start), **session
        )

    assert await transfer(0, FILE[:40_000]) == (200, {"start_offset": "40000", "end_offset": "80000"})
    status, body = await transfer(0, FILE[:40_000])
    assert (status, reason(body)) == (400, "6000/1363037")
    assert body["error"]["error_data"] == {"start_offset": "40000", "end_offset": "80000"}
    finish = {"upload_phase": "finish", "upload_session_id": opened["upload_session_id"], "description": "Chunks"}
    assert await hazel.refused("POST", path, base=VIDEO_GRAPH, **finish) == "6000/1363130"
    await transfer(40_000, FILE[40_000:80_000])
    assert (await transfer(80_000, FILE[80_000:]))[1] == {"start_offset": "102400", "end_offset": "102400"}
    assert await hazel.audience() == []
    assert await hazel.post(path, base=VIDEO_GRAPH, **finish) == {"success": True}
    assert await hazel.post(path, base=VIDEO_GRAPH, **finish) == {"success": True}
    [seen] = await hazel.audience()
    assert (seen["text"], seen["media"][0]["sha256"]) == ("Chunks", hashlib.sha256(FILE).hexdigest())
    calls = [c["route"] for c in await sandbox.control("GET", "/calls?platform=facebook")]
    assert calls == [
        "videos.start",
        *["videos.transfer"] * 2,
        "videos.finish",
        *["videos.transfer"] * 2,
        *["videos.finish"] * 2,
    ]


async def test_an_upload_session_is_resumed_and_its_handle_becomes_a_video(sandbox: Sandbox, hazel: Caller):
    user = hazel.account["user_token"]
    path = f"/{hazel.account['app_id']}/uploads"
    assert await hazel.refused("POST", path, file_name="a.mp4", file_length=len(FILE), file_type="video/mp4") == "100"
    opened = await hazel.post(path, access_token=user, file_name="a.mp4", file_length=len(FILE), file_type="video/mp4")
    assert opened["id"].startswith("upload:")

    async def send(offset: int, data: bytes) -> tuple[int, Any]:
        headers = {"Authorization": f"OAuth {user}", "file_offset": str(offset)}
        status, body, _ = await sandbox.ask("POST", f"{hazel.base}/{opened['id']}", data=data, headers=headers)
        return status, body

    await hazel.arm("reset_mid_upload", after_bytes=1000)
    with pytest.raises(aiohttp.ClientError):
        await send(0, FILE)
    _, place = await hazel.call("GET", f"/{opened['id']}", access_token=user)
    assert place == {"id": opened["id"], "file_offset": 1000}
    assert (await send(0, FILE))[0] == 400
    status, body = await send(1000, FILE[1000:])
    assert status == 200
    made = await multipart(
        hazel, f"/{hazel.id}/videos", "unused", b"", base=VIDEO_GRAPH, fbuploader_video_file_chunk=body["h"], title="T"
    )
    assert made[0] == 200, made
    [seen] = await hazel.audience()
    assert (seen["video_id"], seen["media"][0]["sha256"]) == (made[1]["id"], hashlib.sha256(FILE).hexdigest())


async def test_a_reel_is_opened_filled_and_finished(sandbox: Sandbox, hazel: Caller):
    path = f"/{hazel.id}/video_reels"
    opened = await hazel.post(path, upload_phase="start")
    finish = {
        "upload_phase": "finish",
        "video_id": opened["video_id"],
        "video_state": "PUBLISHED",
        "description": "A reel",
    }
    assert await hazel.refused("POST", path, **finish) == "6000/1363130"
    assert await hazel.refused("POST", path, upload_phase="finish") == "100"
    headers = {"Authorization": f"OAuth {hazel.account['access_token']}", "offset": "0", "file_size": str(len(FILE))}
    status, body, _ = await sandbox.ask("POST", opened["upload_url"], data=FILE, headers=headers)
    assert (status, body["success"]) == (200, True)
    assert (await hazel.get(f"/{opened['video_id']}", fields="status"))["status"]["video_status"] == "upload_complete"
    await sandbox.advance(6)
    assert await hazel.post(path, **finish) == {"success": True}
    shown = await hazel.get(f"/{opened['video_id']}", fields="status,published,post_id")
    assert shown["published"] is True
    assert shown["status"]["publishing_phase"]["status"] == "complete"
    assert shown["status"]["publishing_phase"]["publish_status"] == "published"
    [seen] = await hazel.audience()
    assert (seen["kind"], seen["text"], seen["id"]) == ("reel", "A reel", shown["post_id"])
    assert [row["id"] for row in (await hazel.get(path))["data"]] == [opened["video_id"]]


async def test_reels_are_capped_per_day(sandbox: Sandbox, hazel: Caller):
    await hazel.knob(reels_per_day=1)
    outcomes: list[int] = []
    for _ in range(2):
        opened = await hazel.post(f"/{hazel.id}/video_reels", upload_phase="start")
        headers = {"Authorization": f"OAuth {hazel.account['access_token']}", "file_url": hazel.media("sample.mp4")}
        await sandbox.ask("POST", opened["upload_url"], headers=headers)
        outcomes.append(
            (await hazel.call("POST", f"/{hazel.id}/video_reels", upload_phase="finish", video_id=opened["video_id"]))[
                0
            ]
        )
    assert outcomes == [200, 403]


async def test_stories_answer_a_number_and_are_listed_by_their_media(sandbox: Sandbox, hazel: Caller):
    photo = await hazel.post(f"/{hazel.id}/photos", url=hazel.media("sample.jpg"), published="false")
    told = await hazel.post(f"/{hazel.id}/photo_stories", photo_id=photo["id"])
    assert told["success"] is True
    assert isinstance(told["post_id"], int)
    assert await hazel.refused("POST", f"/{hazel.id}/photo_stories", photo_id=photo["id"]) == "100/1366051"
    opened = await hazel.post(f"/{hazel.id}/video_stories", upload_phase="start")
    finish = {"upload_phase": "finish", "video_id": opened["video_id"]}
    assert await hazel.refused("POST", f"/{hazel.id}/video_stories", **finish) == "6000/1363130"
    headers = {"Authorization": f"OAuth {hazel.account['access_token']}", "file_url": hazel.media("sample.mp4")}
    await sandbox.ask("POST", opened["upload_url"], headers=headers)
    assert isinstance((await hazel.post(f"/{hazel.id}/video_stories", **finish))["post_id"], int)
    rows = (await hazel.get(f"/{hazel.id}/stories", status="PUBLISHED"))["data"]
    assert [(row["media_type"], row["media_id"]) for row in rows] == [
        ("video", opened["video_id"]),
        ("photo", photo["id"]),
    ]
    assert rows[1]["post_id"] == str(told["post_id"])
    assert [p["kind"] for p in await hazel.audience()] == ["story", "story"]
    assert (await hazel.get(f"/{hazel.id}/published_posts"))["data"] == []


async def test_a_post_is_edited_and_deleted(sandbox: Sandbox, hazel: Caller):
    post = await hazel.post(f"/{hazel.id}/feed", message="Tpyo")
    assert await hazel.post(f"/{post['id']}", message="Typo") == {"success": True}
    assert [p["text"] for p in await hazel.audience()] == ["Typo"]
    draft = await hazel.post(f"/{hazel.id}/feed", message="Draft", published="false")
    assert len(await hazel.audience()) == 1
    await hazel.post(f"/{draft['id']}", is_published="true")
    assert len(await hazel.audience()) == 2
    ridge = await caller(sandbox, "facebook", "ridge")
    assert await ridge.refused("DELETE", f"/{post['id']}") == "100/33"
    assert await hazel.call("DELETE", f"/{post['id']}") == (200, {"success": True})
    assert await hazel.refused("DELETE", f"/{post['id']}") == "100/33"
    assert [p["text"] for p in await hazel.audience()] == ["Draft"]


async def test_a_user_token_does_not_post(hazel: Caller):
    user = hazel.account["user_token"]
    status, body = await hazel.call("POST", f"/{hazel.id}/feed", access_token=user, message="no")
    assert (status, reason(body)) == (403, "200")
    assert "as the page itself" in body["error"]["message"]
    await hazel.turn(tasks=["ANALYZE"])
    assert await hazel.refused("POST", f"/{hazel.id}/feed", message="no") == "200"
    await hazel.turn(tasks=["CREATE_CONTENT"], scopes=["pages_show_list"])
    assert await hazel.refused("POST", f"/{hazel.id}/feed", message="no") == "200"
    assert await hazel.audience() == []
