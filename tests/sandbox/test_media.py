"""Sample files, byte streams of any size, and hostile answers."""

import hashlib

import av
import pytest

from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

MEDIA = "/_sandbox/media"


async def fetch(sandbox: Sandbox, path: str, **headers: str):
    async with sandbox.http.get(sandbox.base + MEDIA + path, headers=headers, allow_redirects=False) as reply:
        return reply.status, await reply.read(), reply.headers


async def test_the_samples_are_what_they_say(sandbox: Sandbox):
    for name, magic in [("sample.jpg", b"\xff\xd8\xff"), ("sample.png", b"\x89PNG")]:
        assert (await fetch(sandbox, "/" + name))[1].startswith(magic)
    async with sandbox.http.get(sandbox.base + MEDIA + "/sample.mp4") as reply:
        video = await reply.read()
    check_video(av, video)
    size = len(video) + 1_000_000
    status, padded, _ = await fetch(sandbox, f"/video/{size}.mp4")
    assert (status, len(padded)) == (200, size)
    check_video(av, padded)


def check_video(av, data: bytes) -> None:
    import io

    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.name) == (270, 480, "h264")
        assert len({frame.to_image().tobytes() for frame in container.decode(stream)}) > 50


@pytest.mark.parametrize("size", [1, 262_144, 700_001])
async def test_the_same_size_gives_the_same_bytes_and_the_announced_hash(sandbox: Sandbox, size: int):
    status, data, headers = await fetch(sandbox, f"/bytes/{size}.mp4")
    assert (status, len(data), headers["Content-Length"]) == (200, size, str(size))
    assert headers["Content-Type"] == "video/mp4"
    assert (await fetch(sandbox, f"/bytes/{size}.sha256"))[1].decode() == hashlib.sha256(data).hexdigest()


async def test_a_range_is_a_slice_of_the_whole(sandbox: Sandbox):
    _, data, _ = await fetch(sandbox, "/bytes/600000.mp4")
    for asked, span in [
        ("bytes=262000-263000", slice(262_000, 263_001)),
        ("bytes=599990-", slice(599_990, None)),
        ("bytes=-5", slice(-5, None)),
    ]:
        status, part, headers = await fetch(sandbox, "/bytes/600000.mp4", Range=asked)
        assert (status, part) == (206, data[span])
        assert headers["Content-Range"].endswith("/600000")
    assert (await fetch(sandbox, "/bytes/600000.mp4", Range="bytes=600000-"))[0] == 416


async def test_a_head_tells_the_length_and_sends_nothing(sandbox: Sandbox):
    async with sandbox.http.head(sandbox.base + MEDIA + "/bytes/5000000000.mp4") as reply:
        assert (reply.status, reply.headers["Content-Length"]) == (200, "5000000000")


async def test_the_hostile_ones_are_hostile(sandbox: Sandbox):
    status, _, headers = await fetch(sandbox, "/redirect?to=http://169.254.169.254/")
    assert (status, headers["Location"]) == (302, "http://169.254.169.254/")
    assert (await fetch(sandbox, "/html"))[2]["Content-Type"].startswith("text/html")
    async with sandbox.http.get(sandbox.base + MEDIA + "/endless") as reply:
        assert "Content-Length" not in reply.headers
        assert len(await reply.content.readexactly(3_000_000)) == 3_000_000
    async with sandbox.http.get(sandbox.base + MEDIA + "/slow") as reply:
        assert len(await reply.content.read(100)) < 100


async def test_the_index_page_is_for_people(sandbox: Sandbox):
    status, page, _ = await sandbox.ask("GET", "/_sandbox/")
    assert status == 200
    assert "/_sandbox/accounts" in page
