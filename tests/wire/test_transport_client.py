"""The client for our own services, on both transports: an ordinary httpx2 client with ordinary httpx2 errors."""

import asyncio

import httpx2
import pytest

from waooaw_social.wire.transport import ClientError, Kind, api_client
from wire.servers import Heard, read_body, reply, reply_ok, serve

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["aiohttp", "httpx2"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


async def test_it_posts_json_and_reads_the_answer(kind: Kind) -> None:
    raw = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"a": "b" }'
    async with serve(reply(raw)) as server, api_client(timeout=5, kind=kind) as client:
        got = await client.post(f"{server.origin}/resolve", json={"x": 1}, headers={"X-Key": "k"})
    assert got.json() == {"a": "b"}
    assert server.heard[0].body == b'{"x":1}'
    assert server.heard[0].headers["x-key"] == "k"


async def test_it_follows_no_redirect_and_asks_no_proxy(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    raw = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with serve(reply(raw)) as server, api_client(timeout=5, kind=kind) as client:
        got = await client.get(server.origin)
    assert (got.status_code, len(server.heard)) == (302, 1)


async def test_its_errors_are_httpx2s_own(kind: Kind) -> None:
    async def silence(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    async with serve(silence) as server, api_client(timeout=0.5, kind=kind) as client:
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(server.origin)
    async with serve(reply(b"", close=True)) as server, api_client(timeout=5, kind=kind) as client:
        with pytest.raises(ClientError):
            await client.put(server.origin, content=b"x")
        with pytest.raises(ClientError):
            await client.post(server.origin, content=b"x")
    async with api_client(timeout=5, kind=kind) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get(server.origin)


async def test_a_streamed_answer_that_is_left_gives_its_place_back(kind: Kind) -> None:
    async def endless(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_body(heard, reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with serve(endless) as server, api_client(timeout=5, kind=kind) as client:
        for _ in range(150):  # more than the pool holds
            async with client.stream("GET", server.origin) as got:
                assert got.status_code == 200


async def test_many_at_once_share_one_pool(kind: Kind) -> None:
    async with serve(reply_ok) as server, api_client(timeout=5, kind=kind) as client:
        got = await asyncio.gather(*(client.post(server.origin, content=b"x") for _ in range(300)))
    assert {g.status_code for g in got} == {200}
    assert server.connections <= 100
