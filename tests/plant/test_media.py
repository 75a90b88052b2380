"""Media first: uploaded or fetched, looked into, named by an id of one customer's, published from here, and swept when nobody needs them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plant.desk import Desk
from plant.house import CUSTOMER, House, order
from plant.test_api import problem
from waooaw_social.core.ids import CustomerId
from waooaw_social.core.post import MediaId
from waooaw_social.storage.plant.media import SqlMedia
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.media import MediaFolder

pytestmark = pytest.mark.anyio

LATER = (datetime.now(UTC) + timedelta(days=3)).isoformat()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(600)


async def video(house: House, size: int = 600_000) -> bytes:
    return (await house.http.get(house.video(size))).content


def files(desk: Desk) -> set[str]:
    return {path.name for path in (desk.house.var / "media").glob("*")}


async def upload(desk: Desk, raw: bytes, key: str = "agent") -> str:
    answer = await desk.ask("POST", "/media", content=raw, key=key)
    assert answer.status_code == 201, answer.text
    return answer.json()["media_id"]


async def test_a_file_is_streamed_looked_into_and_shown_to_its_customer_only(desk: Desk) -> None:
    raw = (await desk.house.http.get(f"{desk.house.sandbox}/_sandbox/media/sample.mp4")).content

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), 1000):
            yield raw[start : start + 1000]

    answer = await desk.ask("POST", "/media", content=pieces(), content_type="text/plain", x_request_id="up-1")
    told = answer.json()
    assert answer.status_code == 201 and answer.headers["x-request-id"] == "up-1"
    assert told["size"] == len(raw) and told["content_type"] == "video/mp4"
    assert told["width"] and told["height"] and told["duration"] > 0
    assert (await desk.ask("GET", f"/media/{told['media_id']}")).json() == told
    problem(await desk.ask("GET", f"/media/{told['media_id']}", key="stranger"), 404, "not_found")


async def test_the_same_bytes_are_one_file_and_two_ids_and_no_hash_is_told(desk: Desk) -> None:
    raw = PNG + secrets.token_bytes(32)
    before = files(desk)
    ours, theirs = await upload(desk, raw), await upload(desk, raw, "stranger")
    (name,) = files(desk) - before
    assert ours != theirs
    problem(await desk.ask("GET", f"/media/{theirs}"), 404, "not_found")
    problem(await desk.ask("GET", f"/media/{name}"), 404, "not_found")
    assert not [kept for kept in desk.house.kept if name.encode() in kept]


async def test_what_is_no_image_or_video_is_refused_and_leaves_nothing(desk: Desk) -> None:
    before = files(desk)
    for raw in (b"", b"<html>an error page</html>", secrets.token_bytes(5000), b"\x00" * 700):
        told = problem(await desk.ask("POST", "/media", content=raw), 422, "unsupported_media")
        assert told["remediation"] and told["stage"] == "upload"
    assert files(desk) == before


async def test_a_file_that_is_too_large_is_refused_announced_or_not_and_leaves_nothing(desk: Desk) -> None:
    before, large = files(desk), PNG + bytes(3_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 100_000):
            yield large[start : start + 100_000]

    problem(await desk.ask("POST", "/media", content=large), 413, "too_large")
    problem(await desk.ask("POST", "/media", content=pieces()), 413, "too_large")
    await asyncio.sleep(0)
    assert files(desk) == before


async def test_a_file_is_fetched_through_the_guard(desk: Desk) -> None:
    answer = await desk.ask("POST", "/media/fetch", {"url": desk.house.video()})
    assert answer.status_code == 201 and answer.json()["size"] == 600_000
    for url in ("https://169.254.169.254/latest/", "http://localhost/x.mp4", "https://user:pw@example.com/x.mp4"):
        answer = await desk.ask("POST", "/media/fetch", {"url": url})
        assert answer.status_code == 422 and answer.json()["code"].startswith("url_"), answer.text
        assert "pw" not in answer.text
    too_large = await desk.ask("POST", "/media/fetch", {"url": desk.house.video(4_000_000)})
    problem(too_large, 422, "url_too_large")


async def test_a_publication_names_only_media_that_are_its_customers_and_of_the_right_kind(desk: Desk) -> None:
    image, theirs = await upload(desk, PNG), await upload(desk, await video(desk.house), "stranger")
    for unknown in (theirs, "med_000000000000000000000000"):
        content = {"title": "x", "video": {"media_id": unknown}}
        told = problem(await desk.order(content=content | {"video_url": None}), 404, "unknown_media")
        assert theirs not in str(told)
    wrong = {"title": "x", "video_url": None, "video": {"media_id": image}}
    problem(await desk.order(content=wrong), 422, "wrong_media_type")
    both = {"title": "x", "video": {"media_id": image}}
    problem(await desk.order(content=both), 422, "invalid_request")
    nothing = {"title": "x", "video_url": None, "video": {}}
    problem(await desk.order(content=nothing), 422, "invalid_request")


async def test_an_image_that_instagram_must_fetch_itself_is_refused_with_what_to_do(desk: Desk) -> None:
    image = await upload(desk, PNG)
    targets = [{"credential_ref": desk.instagram, "format": "image"}]
    body = order(desk.instagram) | {"content": {"text": "hi", "images": [{"media_id": image}]}, "targets": targets}
    told = problem(
        await desk.ask("POST", "/publications", body, idempotency_key=secrets.token_hex(8)), 422, "image_url_required"
    )
    assert "URL" in told["detail"] and told["remediation"] and told["platform"] == "instagram"


async def test_an_uploaded_video_is_published_byte_for_byte(house: House) -> None:
    """With a real worker: what went up here is what the audience has."""
    credential = await house.connect()
    told = {"authorization": f"Bearer {house.agent_key}"}
    raw = await video(house)
    kept = await house.http.post(f"{house.plant}/api/v1/media", content=raw, headers=told)
    assert kept.status_code == 201, kept.text
    body = order(credential) | {"content": {"title": "Uploaded", "video": {"media_id": kept.json()["media_id"]}}}
    answer = await house.submit(body)
    shown = await house.ends(answer.json()["publications"][0]["id"])
    assert shown["state"] == "published" and shown["content"]["video"] == {"media_id": kept.json()["media_id"]}
    (post,) = [post for post in await house.audience() if post["title"] == "Uploaded"]
    assert post["media"][0]["sha256"] == await house.sha256(600_000)


async def test_media_in_use_are_not_swept_and_others_are(desk: Desk, tmp_path: Path) -> None:
    media, limits = (
        SqlMedia(db=desk.db),
        FetchLimits(max_bytes=10**6, seconds=5.0, content_types=frozenset({"image/*"})),
    )
    folder = MediaFolder(folder=tmp_path, fetcher=Fetcher(), limits=limits, uploads=media)

    async def raw(tail: bytes) -> AsyncIterator[bytes]:
        yield PNG + tail

    customer = CustomerId(CUSTOMER)
    used, unused = [await media.add(customer, await folder.receive(raw(tail))) for tail in (b"used", b"unused")]
    named = {"title": "A cat", "video_url": desk.house.video(), "cover": {"media_id": used.id}}
    publication = await desk.accepted(content=named, publish_at=LATER)

    await media.forget(older_than=-1.0)
    folder.sweep(older_than=-1.0, keep=await media.files())
    assert {path.name for path in tmp_path.iterdir()} == {used.file.sha256}
    assert await folder.bring(MediaId(used.id)) == used.file and await media.find(unused.id) is None

    assert (await desk.ask("DELETE", f"/publications/{publication}")).status_code == 200
    await media.forget(older_than=-1.0)
    folder.sweep(older_than=-1.0, keep=await media.files())
    assert not list(tmp_path.iterdir())
