"""The resumable upload, and what can go wrong in it."""

import asyncio
import hashlib

import aiohttp
import pytest

from sandbox.world import UNIT, UPLOAD, Sandbox, reason, title

pytestmark = pytest.mark.anyio

FILE = bytes(range(256)) * (3 * UNIT // 256) + b"the end"
SIZE = len(FILE)
PARTS = UPLOAD + "?uploadType=resumable&part=snippet,status"


async def test_chunks_become_one_video_with_the_same_bytes(sandbox: Sandbox):
    session = await sandbox.open(X_Upload_Content_Length=str(SIZE), X_Upload_Content_Type="video/mp4", Slug="a.mp4")
    assert session.startswith(sandbox.base + "/www.googleapis.com/upload/youtube/v3/videos?")
    status, _, headers = await sandbox.put(session, FILE[:UNIT], 0, SIZE)
    assert (status, headers["Range"]) == (308, f"bytes=0-{UNIT - 1}")
    status, video, _ = await sandbox.put(session, FILE[UNIT:], UNIT, SIZE)
    assert (status, len(video["id"]), video["status"]["uploadStatus"]) == (201, 11, "uploaded")
    [seen] = await sandbox.audience()
    assert seen["media"] == [{"bytes": SIZE, "sha256": hashlib.sha256(FILE).hexdigest(), "content_type": "video/mp4"}]
    mine = await sandbox.video(video["id"], "fileDetails")
    assert mine is not None
    assert mine["fileDetails"] == {"fileName": "a.mp4", "fileSize": str(SIZE), "fileType": "video"}


async def test_a_whole_file_needs_no_content_range(sandbox: Sandbox):
    status, _, _ = await sandbox.api("PUT", await sandbox.open(), data=FILE)
    assert status == 201


async def test_a_question_is_answered_with_what_is_stored(sandbox: Sandbox):
    session = await sandbox.open()
    status, _, headers = await sandbox.where(session, SIZE)
    assert (status, "Range" in headers) == (308, False)
    await sandbox.put(session, FILE[:UNIT], 0, SIZE)
    assert (await sandbox.where(session, SIZE))[2]["Range"] == f"bytes=0-{UNIT - 1}"


async def test_the_final_answer_is_repeated_and_makes_no_second_video(sandbox: Sandbox):
    session = await sandbox.open()
    _, video, _ = await sandbox.put(session, FILE, 0, SIZE)
    for status, again, _ in (await sandbox.where(session, SIZE), await sandbox.put(session, FILE, 0, SIZE)):
        assert (status, again) == (201, video)
    assert len(await sandbox.audience()) == 1


async def test_the_final_status_is_a_knob(sandbox: Sandbox):
    await sandbox.knob(final_status=200)
    assert (await sandbox.put(await sandbox.open(), FILE, 0, SIZE))[0] == 200


async def test_a_cut_upload_resumes_where_the_server_stopped(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("reset_mid_chunk", after_bytes=UNIT + 1000)
    with pytest.raises(aiohttp.ClientError):
        await sandbox.put(session, FILE, 0, SIZE)
    assert (await sandbox.where(session, SIZE))[2]["Range"] == f"bytes=0-{UNIT - 1}"
    assert (await sandbox.put(session, FILE[UNIT:], UNIT, SIZE))[0] == 201
    [seen] = await sandbox.audience()
    assert seen["media"][0]["sha256"] == hashlib.sha256(FILE).hexdigest()


async def test_a_client_that_dies_in_mid_chunk_leaves_what_arrived(sandbox: Sandbox):
    session = await sandbox.open()

    async def dying():
        yield FILE[: UNIT + 5]
        await asyncio.sleep(0.1)
        raise ConnectionError

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        headers = {"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}", "Content-Length": str(SIZE)}
        await sandbox.api("PUT", session, data=dying(), headers=headers)
    assert (await sandbox.where(session, SIZE))[2]["Range"] == f"bytes=0-{UNIT - 1}"


async def test_a_question_ends_a_writer_that_hangs(sandbox: Sandbox):
    """A sender that froze in mid-chunk wakes up later: what it still has must not be taken."""
    session = await sandbox.open()
    woken = asyncio.Event()

    async def frozen():
        yield FILE[:UNIT]
        await woken.wait()
        yield FILE[UNIT:]

    headers = {"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}", "Content-Length": str(SIZE)}
    hanging = asyncio.create_task(sandbox.api("PUT", session, data=frozen(), headers=headers))
    await asyncio.sleep(0.1)
    assert (await sandbox.where(session, SIZE))[2]["Range"] == f"bytes=0-{UNIT - 1}"
    woken.set()
    with pytest.raises(aiohttp.ClientError):
        await hanging
    assert (await sandbox.where(session, SIZE))[0] == 308
    assert await sandbox.audience() == []


async def test_a_partly_kept_chunk_says_how_much(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("partial_chunk", keep=UNIT + 7)
    status, _, headers = await sandbox.put(session, FILE, 0, SIZE)
    assert (status, headers["Range"]) == (308, f"bytes=0-{UNIT - 1}")
    assert (await sandbox.put(session, FILE[UNIT:], UNIT, SIZE))[0] == 201


async def test_no_range_means_from_the_beginning(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.put(session, FILE[:UNIT], 0, SIZE)
    await sandbox.arm("no_range", "upload.query")
    status, _, headers = await sandbox.where(session, SIZE)
    assert (status, "Range" in headers) == (308, False)
    assert (await sandbox.put(session, FILE, 0, SIZE))[0] == 201


@pytest.mark.parametrize(("knob", "status"), [(308, 308), (503, 503)])
async def test_a_gap_is_not_taken(sandbox: Sandbox, knob: int, status: int):
    await sandbox.knob(gap_status=knob)
    session = await sandbox.open()
    await sandbox.put(session, FILE[:UNIT], 0, SIZE)
    assert (await sandbox.put(session, FILE[2 * UNIT :], 2 * UNIT, SIZE))[0] == status
    assert (await sandbox.put(session, FILE[:UNIT], 0, SIZE))[0] == status
    assert (await sandbox.where(session, SIZE))[2]["Range"] == f"bytes=0-{UNIT - 1}"


async def test_an_unaligned_chunk_spoils_the_session(sandbox: Sandbox):
    session = await sandbox.open()
    status, text, _ = await sandbox.put(session, FILE[:1000], 0, SIZE)
    assert status == 400
    assert "The received request contained 1000 bytes" in text
    assert (await sandbox.put(session, FILE[:UNIT], 0, SIZE))[0] == 400


async def test_a_garbled_range_spoils_the_session(sandbox: Sandbox):
    session = await sandbox.open()
    status, text, _ = await sandbox.api("PUT", session, data=b"x", headers={"Content-Range": "bytes one-two"})
    assert (status, text) == (400, "Failed to parse Content-Range header.")
    assert (await sandbox.put(session, FILE, 0, SIZE))[0] == 400


async def test_a_session_expires(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.advance(7 * 86_400 + 1)
    await sandbox.refresh((await sandbox.account())["refresh_token"])
    assert (await sandbox.where(session, SIZE))[0] == 404


async def test_an_expired_session_stays_expired(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("session_expired", "upload.query")
    assert [(await sandbox.where(session, SIZE))[0] for _ in range(2)] == [404, 404]
    assert (await sandbox.put(session, FILE, 0, SIZE))[0] == 404
    assert await sandbox.audience(hidden=True) == []


async def test_a_session_can_vanish_after_the_video_went_live(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.arm("session_gone_after_commit", status=410)
    with pytest.raises(aiohttp.ClientError):
        await sandbox.put(session, FILE, 0, SIZE)
    assert (await sandbox.where(session, SIZE))[0] == 410
    assert len(await sandbox.audience()) == 1


async def test_a_put_needs_the_token_unless_the_knob_says_no(sandbox: Sandbox):
    session = await sandbox.open()
    await sandbox.turn(expires_in=0)
    assert (await sandbox.put(session, FILE, 0, SIZE))[0] == 401
    await sandbox.knob(strict_put_auth=False)
    assert (await sandbox.put(session, FILE, 0, SIZE))[0] == 201


async def test_a_location_can_name_a_foreign_host(sandbox: Sandbox):
    await sandbox.arm("foreign_upload_url", host="evil.example")
    assert (await sandbox.open()).startswith("https://evil.example/")
    assert (await sandbox.open()).startswith(sandbox.base)


async def test_a_video_can_end_private_against_the_order(sandbox: Sandbox):
    await sandbox.arm("wrong_privacy")
    video = await sandbox.publish(title(privacyStatus="public"))
    assert video["status"]["privacyStatus"] == "private"
    assert await sandbox.audience() == []
    assert (await sandbox.audience(hidden=True))[0]["visibility"] == "private"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"snippet": {}}, "invalidTitle"),
        (title("x" * 101), "invalidTitle"),
        (title("a < b"), "invalidTitle"),
        ({"snippet": {"title": "t", "description": "é" * 2501}}, "invalidDescription"),
        ({"snippet": {"title": "t", "tags": ["a b"] * 84}}, "invalidTags"),
        ({"snippet": {"title": "t", "tags": [""]}}, "invalidTags"),
        ({"snippet": {"title": "t", "categoryId": "999"}}, "invalidCategoryId"),
        (title(privacyStatus="secret"), "forbiddenPrivacySetting"),
        (title(license="mine"), "forbiddenLicenseSetting"),
        (title(privacyStatus="public", publishAt="2030-01-01T00:00:00Z"), "invalidPublishAt"),
        (title(privacyStatus="private", publishAt="tomorrow"), "invalidPublishAt"),
        ({"snippet": {"title": "t"}, "localizations": {"de": {"title": "T"}}}, "defaultLanguageNotSet"),
    ],
)
async def test_bad_metadata_is_refused_when_the_session_is_opened(sandbox: Sandbox, resource, expected: str):
    status, body, _ = await sandbox.api("POST", PARTS, json=resource)
    assert status in (400, 403)
    assert reason(body) == expected


async def test_the_limits_themselves_are_allowed(sandbox: Sandbox):
    snippet = {"title": "x" * 100, "description": "é" * 2500, "tags": ["t" * 249, "u" * 250]}
    await sandbox.publish({"snippet": snippet})


async def test_a_request_in_one_piece_works_too(sandbox: Sandbox):
    body = (
        b'--b\r\nContent-Type: application/json\r\n\r\n{"snippet": {"title": "One piece"}}\r\n'
        b"--b\r\nContent-Type: video/mp4\r\n\r\nvideo bytes\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/related; boundary=b"}
    status, video, _ = await sandbox.api(
        "POST", UPLOAD + "?uploadType=multipart&part=snippet", data=body, headers=headers
    )
    assert (status, video["snippet"]["title"]) == (201, "One piece")
    [seen] = await sandbox.audience()
    assert seen["media"][0]["sha256"] == hashlib.sha256(b"video bytes").hexdigest()


async def test_a_benchmark_may_have_the_bytes_thrown_away(sandbox: Sandbox):
    await sandbox.knob(keep_bytes=False)
    assert (await sandbox.put(await sandbox.open(), FILE, 0, SIZE))[0] == 201
    [seen] = await sandbox.audience()
    assert (seen["media"][0]["bytes"], seen["media"][0]["sha256"]) == (SIZE, None)


async def test_an_upload_under_way_does_not_outlive_a_reset(sandbox: Sandbox):
    session = await sandbox.open()
    go_on = asyncio.Event()

    async def waiting():
        yield FILE[:UNIT]
        await go_on.wait()
        yield FILE[UNIT:]

    headers = {"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}", "Content-Length": str(SIZE)}
    under_way = asyncio.create_task(sandbox.api("PUT", session, data=waiting(), headers=headers))
    await asyncio.sleep(0.1)
    await sandbox.control("POST", "/reset")
    go_on.set()
    with pytest.raises(aiohttp.ClientError):
        await under_way
    assert await sandbox.audience(hidden=True) == []
