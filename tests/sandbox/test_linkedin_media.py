"""LinkedIn's images, documents and videos: from initialize over the bytes to AVAILABLE, and posts that come too early."""

from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from sandbox.test_linkedin import PNG, Caller, caller, reason, where
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

PDF = b"%PDF-1.7 a small brochure"
STEP = 50_000
VIDEO = bytes(range(256)) * 500


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Caller:
    return await caller(sandbox)


async def status(it: Caller, urn: str) -> str:
    return (await described(it, urn))["status"]


async def described(it: Caller, urn: str) -> dict[str, Any]:
    kind = urn.split(":")[2]
    code, body, _ = await it.call("GET", f"/rest/{kind}s/{quote(urn, safe='')}")
    assert code == 200, body
    return body


async def parts(it: Caller, value: dict[str, Any], data: bytes = VIDEO) -> list[str]:
    """The ETags of all parts, put without a token."""
    etags: list[str] = []
    for part in value["uploadInstructions"]:
        piece = data[part["firstByte"] : part["lastByte"] + 1]
        code, body, headers = await it.call("PUT", part["uploadUrl"], data=piece, headers={"Authorization": None})
        assert code == 200, body
        etags.append(headers.get("ETag", ""))
    return etags


async def finalize(it: Caller, value: dict[str, Any], etags: list[str]) -> tuple[int, Any]:
    given = {"video": value["video"], "uploadToken": value["uploadToken"], "uploadedPartIds": etags}
    code, body, _ = await it.call("POST", "/rest/videos?action=finalizeUpload", {"finalizeUploadRequest": given})
    return code, body


async def opened(it: Caller, data: bytes = VIDEO, **more: Any) -> dict[str, Any]:
    await it.knob(part_bytes=STEP)
    return await it.opened("video", fileSizeBytes=len(data), uploadCaptions=False, uploadThumbnail=False, **more)


async def uploaded(it: Caller) -> str:
    value = await opened(it)
    assert (await finalize(it, value, await parts(it, value)))[0] == 200
    return value["video"]


def media(urn: str, **more: str) -> dict[str, Any]:
    return {"media": {"id": urn} | more}


# --- images and documents -----------------------------------------------------------------------------------------------------


async def test_an_image_goes_from_waiting_to_available_and_into_a_post(hazel: Caller):
    await hazel.knob(image_seconds=3)
    value = await hazel.opened("image")
    assert await status(hazel, value["image"]) == "WAITING_UPLOAD"
    assert (await hazel.call("PUT", value["uploadUrl"], data=PNG, headers={"Authorization": None}))[0] == 401
    code, body, _ = await hazel.call("PUT", value["uploadUrl"], data=PNG)
    assert (code, body, await status(hazel, value["image"])) == (201, b"", "PROCESSING")
    await hazel.sandbox.advance(4)
    assert await status(hazel, value["image"]) == "AVAILABLE"
    await hazel.post("Bread", content=media(value["image"], altText="A loaf"))
    [entry] = await hazel.audience()
    [shown] = entry["media"]
    assert (entry["kind"], shown["bytes"], shown["content_type"], shown["alt_text"]) == ("image", len(PNG), "image/png", "A loaf")  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), [("sample.jpg", "image/jpeg"), ("sample.png", "image/png")])
async def test_real_pictures_are_taken(hazel: Caller, name: str, kind: str):
    async with hazel.sandbox.http.get(f"{hazel.sandbox.base}/_sandbox/media/{name}") as reply:
        data = await reply.read()
    await hazel.knob(image_pixels=270 * 480)
    await hazel.post(content=media(await hazel.asset(data=data)))
    assert (await hazel.audience())[0]["media"][0]["content_type"] == kind
    await hazel.knob(image_pixels=270 * 480 - 1)
    assert await status(hazel, await hazel.asset(data=data)) == "PROCESSING_FAILED"


async def test_two_to_twenty_images_in_their_order(hazel: Caller):
    images = [{"id": await hazel.asset(data=PNG + bytes([n])), "altText": f"number {n}"} for n in range(3)]
    await hazel.post(content={"multiImage": {"images": images}})
    [entry] = await hazel.audience()
    assert [(m["asset"], m["alt_text"]) for m in entry["media"]] == [(i["id"], i["altText"]) for i in images]
    assert len({m["sha256"] for m in entry["media"]}) == 3
    assert (await hazel.refused("few", content={"multiImage": {"images": images[:1]}}))[0] == 400
    assert (await hazel.refused("many", content={"multiImage": {"images": images * 7}}))[0] == 400


async def test_a_document_needs_a_title(hazel: Caller):
    urn = await hazel.asset("document", PDF)
    await hazel.sandbox.advance(3)
    code, body, _ = await hazel.create(content=media(urn))
    assert (code, reason(body), where(body)) == (400, "MISSING_FIELD", "/content/media/title")
    await hazel.post(content=media(urn, title="Our cakes"))
    [entry] = await hazel.audience()
    assert (entry["kind"], entry["title"], entry["media"][0]["bytes"]) == ("document", "Our cakes", len(PDF))


async def test_only_the_owner_of_an_asset_posts_it(hazel: Caller):
    urn = await hazel.asset(owner=hazel.account["member_urn"])
    assert await hazel.refused(content=media(urn)) == (400, "INVALID_IMAGE_ID")
    await hazel.post(content=media(urn), author=hazel.account["member_urn"])


async def test_what_is_no_picture_cannot_be_processed(hazel: Caller):
    urn = await hazel.asset(data=b"<html>not a picture</html>")
    assert await status(hazel, urn) == "PROCESSING_FAILED"
    assert await hazel.refused(content=media(urn)) == (400, "MEDIA_ASSET_PROCESSING_FAILED")
    huge = PNG[:16] + (7000).to_bytes(4, "big") * 2 + PNG[24:]
    assert await status(hazel, await hazel.asset(data=huge)) == "PROCESSING_FAILED"
    await hazel.knob(look_at_files=False)
    assert await status(hazel, await hazel.asset(data=b"anything")) == "AVAILABLE"


async def test_an_alt_text_has_its_limit(hazel: Caller):
    urn = await hazel.asset()
    code, body, _ = await hazel.create(content=media(urn, altText="x" * 4087))
    assert (code, reason(body), where(body)) == (400, "FIELD_LENGTH_TOO_LONG", "/content/media/altText")


async def test_a_member_cannot_poll_its_images(sandbox: Sandbox):
    ridge = await caller(sandbox, "ridge")
    urn = await ridge.asset()
    code, body, _ = await ridge.call("GET", f"/rest/images/{quote(urn, safe='')}")
    assert (code, body["message"].startswith("Accessing this image resource is forbidden")) == (403, True)
    await ridge.post(content=media(urn))


@pytest.mark.parametrize("answered", [403, 400])
async def test_an_upload_url_expires(hazel: Caller, answered: int):
    await hazel.knob(expired_url_status=answered)
    value = await hazel.opened("image")
    await hazel.turn(expires_in=90 * 86_400)
    await hazel.sandbox.advance(31 * 86_400)
    code, body, _ = await hazel.call("PUT", value["uploadUrl"], data=PNG)
    assert (code, body["code"]) == (answered, "EXPIRED_UPLOAD_URL")


async def test_an_upload_url_is_good_for_its_own_asset_only(hazel: Caller):
    value = await hazel.opened("image")
    for wrong in (value["uploadUrl"].replace("m=AQ", "m=BQ"), value["uploadUrl"].replace("sp/C5", "sp/D5")):
        assert (await hazel.call("PUT", wrong, data=PNG))[0] == 404


# --- videos -------------------------------------------------------------------------------------------------------------------


async def test_a_video_arrives_in_parts_and_is_seen_when_it_is_processed(hazel: Caller):
    value = await opened(hazel)
    spans = [(p["firstByte"], p["lastByte"]) for p in value["uploadInstructions"]]
    assert spans == [(0, 49_999), (50_000, 99_999), (100_000, len(VIDEO) - 1)]
    etags = await parts(hazel, value)
    assert (await finalize(hazel, value, etags))[0] == 200
    assert await status(hazel, value["video"]) == "PROCESSING"
    assert await hazel.refused(content=media(value["video"])) == (400, "MEDIA_ASSET_WAITING_UPLOAD")
    await hazel.sandbox.advance(6)
    assert await status(hazel, value["video"]) == "AVAILABLE"
    urn = await hazel.post(content=media(value["video"]))
    [entry] = await hazel.audience()
    assert (urn.split(":")[2], entry["kind"], entry["media"][0]["bytes"]) == ("ugcPost", "video", len(VIDEO))
    code, seen, _ = await hazel.call("GET", entry["media"][0]["url"])
    assert (code, seen == VIDEO) == (200, True)


async def test_parts_come_in_any_order_and_again(hazel: Caller):
    value = await opened(hazel)
    first = await parts(hazel, value)
    value["uploadInstructions"].reverse()
    second = (await parts(hazel, value))[::-1]
    assert first != second
    assert (await finalize(hazel, value, [f'"{etag}"' for etag in second]))[0] == 200
    await hazel.sandbox.advance(6)
    assert await status(hazel, value["video"]) == "AVAILABLE"


@pytest.mark.parametrize("spoil", [lambda e: e[::-1], lambda e: e[:-1], lambda e: [*e[:-1], "another"]])
async def test_wrong_etags_end_in_a_failed_video(hazel: Caller, spoil: Any):
    value = await opened(hazel)
    assert (await finalize(hazel, value, spoil(await parts(hazel, value))))[0] == 200
    await hazel.sandbox.advance(6)
    shown = await described(hazel, value["video"])
    assert (shown["status"], "parts" in shown["processingFailureReason"]) == ("PROCESSING_FAILED", True)
    assert await hazel.refused(content=media(value["video"])) == (400, "MEDIA_ASSET_PROCESSING_FAILED")


async def test_a_part_of_another_size_than_instructed_is_refused(hazel: Caller):
    part = (await opened(hazel))["uploadInstructions"][0]
    code, body, _ = await hazel.call("PUT", part["uploadUrl"], data=VIDEO[: STEP + 1])
    assert (code, body["code"]) == (400, "INVALID_UPLOAD")


async def test_a_video_that_is_too_small_fails_and_one_too_large_is_refused(hazel: Caller):
    value = await opened(hazel, VIDEO[:1000])
    await finalize(hazel, value, await parts(hazel, value))
    await hazel.sandbox.advance(6)
    assert (await described(hazel, value["video"]))["processingFailureReason"] == "The video is too small"
    body = {"initializeUploadRequest": {"owner": hazel.urn, "fileSizeBytes": 500_000_001}}
    code, answer, _ = await hazel.call("POST", "/rest/videos?action=initializeUpload", body)
    assert (code, reason(answer)) == (400, "INVALID_VALUE_FOR_FIELD")


async def test_an_upload_token_must_come_back(hazel: Caller):
    await hazel.knob(upload_token="t-1")
    value = await opened(hazel)
    etags = await parts(hazel, value)
    assert (await finalize(hazel, value | {"uploadToken": ""}, etags))[0] == 400
    assert (await finalize(hazel, value, etags))[0] == 200


async def test_captions_and_a_thumbnail_have_urls_of_their_own(hazel: Caller):
    body = {"owner": hazel.urn, "fileSizeBytes": 9, "uploadCaptions": True, "uploadThumbnail": True}
    _, answer, _ = await hazel.call("POST", "/rest/videos?action=initializeUpload", {"initializeUploadRequest": body})
    for name in ("captionsUploadUrl", "thumbnailUploadUrl"):
        assert (await hazel.call("PUT", answer["value"][name], data=b"x"))[0] == 201


# --- too early ----------------------------------------------------------------------------------------------------------------


async def test_a_post_before_its_video_may_be_accepted_and_unseen(hazel: Caller):
    await hazel.knob(post_before_available="accept")
    urn = await hazel.post(content=media(await uploaded(hazel)))
    path = f"/rest/posts/{quote(urn, safe='')}"
    assert (await hazel.call("GET", path))[0] == 404
    early = await hazel.read(urn, "?viewContext=AUTHOR")
    assert (early["lifecycleState"], early["lifecycleStateInfo"]["contentStatus"]) == ("PUBLISH_REQUESTED", "PROCESSING")  # fmt: skip
    assert (await hazel.audience(), await hazel.listed(), len(await hazel.listed("&viewContext=AUTHOR"))) == ([], [], 1)
    await hazel.sandbox.advance(6)
    assert (await hazel.read(urn))["lifecycleState"] == "PUBLISHED"
    assert len(await hazel.audience()) == 1


async def test_a_post_whose_video_fails_is_never_seen(hazel: Caller):
    await hazel.knob(post_before_available="accept")
    await hazel.arm("processing_failed", text="codec")
    urn = await hazel.post(content=media(await uploaded(hazel)))
    await hazel.sandbox.advance(6)
    assert (await hazel.read(urn, "?viewContext=AUTHOR"))["lifecycleState"] == "PUBLISH_FAILED"
    assert await hazel.audience() == []


async def test_even_a_ready_video_may_be_published_later(hazel: Caller):
    await hazel.knob(publish_seconds=30)
    video = await uploaded(hazel)
    await hazel.sandbox.advance(6)
    urn = await hazel.post(content=media(video))
    assert (await hazel.read(urn, "?viewContext=AUTHOR"))["lifecycleState"] == "PUBLISH_REQUESTED"
    await hazel.sandbox.advance(31)
    assert len(await hazel.audience()) == 1


# --- faults of uploads --------------------------------------------------------------------------------------------------------


async def test_a_part_may_lack_its_etag_or_bring_a_wrong_one(hazel: Caller):
    value = await opened(hazel)
    await hazel.arm("etag_missing", "upload.part", after=1)
    assert [bool(etag) for etag in await parts(hazel, value)] == [True, False, True]
    for fault in ("wrong_etag", "part_lost"):
        await hazel.arm(fault, "upload.part", after=1)
        value = await opened(hazel)
        await finalize(hazel, value, await parts(hazel, value))
        await hazel.sandbox.advance(6)
        assert await status(hazel, value["video"]) == "PROCESSING_FAILED"


async def test_an_upload_cut_in_mid_body_keeps_nothing(hazel: Caller):
    value = await hazel.opened("image")
    await hazel.arm("reset_mid_upload", "upload.file", after_bytes=10)
    with pytest.raises(aiohttp.ClientError):
        await hazel.call("PUT", value["uploadUrl"], data=PNG)
    assert await status(hazel, value["image"]) == "WAITING_UPLOAD"
    assert (await hazel.call("PUT", value["uploadUrl"], data=PNG))[0] == 201


async def test_an_url_can_die_or_lead_elsewhere_and_processing_never_end(hazel: Caller):
    value = await hazel.opened("image")
    await hazel.arm("expired_upload_url")
    for _ in range(2):
        assert (await hazel.call("PUT", value["uploadUrl"], data=PNG))[0] == 403
    await hazel.arm("foreign_upload_url", host="thief.example")
    assert (await hazel.opened("image"))["uploadUrl"].startswith("https://thief.example/")
    await hazel.arm("stuck_processing")
    urn = await hazel.asset()
    await hazel.sandbox.advance(86_400)
    assert await status(hazel, urn) == "PROCESSING"


async def test_a_fresh_asset_can_be_forbidden_for_a_while(hazel: Caller):
    await hazel.arm("fresh_forbidden", seconds=5)
    urn = await hazel.asset()
    assert await hazel.refused(content=media(urn)) == (403, "ACCESS_DENIED")
    await hazel.sandbox.advance(6)
    await hazel.post(content=media(urn))
