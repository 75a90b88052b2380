"""One contract for both transports: what is sent, how often, and which word is given when it goes wrong."""

import asyncio
import os
import socket
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from waooaw_social.platforms.call import Request
from waooaw_social.wire.ports import FileRange, Lost, NotWritten, Saturated, TooLate
from waooaw_social.wire.transport import Kind, Transport, boottime
from wire.servers import OK, Heard, certificate, read_body, reply, reply_ok, serve

pytestmark = pytest.mark.anyio

URL = "https://api.example.com/v1/secret-path?upload_id=secret-query"


@pytest.fixture(params=["aiohttp", "httpx2"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


def post(url: str = URL, **headers: str) -> Request:
    return Request(method="POST", url=url, headers={"Authorization": "Bearer secret-token", **headers})


@pytest.fixture
def media(tmp_path: Path) -> FileRange:
    file = tmp_path / "video.bin"
    file.write_bytes(os.urandom(3_000_000))
    return FileRange(path=file, offset=1000, length=2_500_000)


def payload(part: FileRange) -> bytes:
    return part.path.read_bytes()[part.offset : part.offset + part.length]


async def hang(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# --- what goes out and what comes back ----------------------------------------------------------------------------------------


async def test_a_call_reaches_the_host_behind_the_origin_and_its_reply_comes_back_whole(kind: Kind) -> None:
    raw = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-Quota: 7\r\nSet-Cookie: a=b\r\n\r\nhello"
    async with serve(reply(raw)) as server:
        transport = Transport(origin=server.origin, kind=kind)
        request = Request(method="POST", url=URL, params={"q": "a b&c"}, headers={"Authorization": "Bearer t"})
        got = await transport.send(request, body=b'{"a":1}', timeout=5)
        await transport.aclose()
    assert (got.status, got.body) == (201, b"hello")
    assert got.headers == {"content-length": "5", "x-quota": "7"}
    [heard] = server.heard
    assert heard.line == "POST /api.example.com/v1/secret-path?upload_id=secret-query&q=a%20b%26c HTTP/1.1"
    assert heard.body == b'{"a":1}'
    assert heard.headers["authorization"] == "Bearer t"
    assert heard.headers["accept-encoding"] == "identity"
    assert "cookie" not in heard.headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_308_is_a_status_and_no_redirect_is_ever_followed(kind: Kind, status: int) -> None:
    raw = f"HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nRange: bytes=0-99\r\nContent-Length: 0\r\n\r\n".encode()
    async with serve(reply(raw)) as server:
        transport = Transport(origin=server.origin, kind=kind)
        got = await transport.send(Request(method="PUT", url=URL), body=b"x", timeout=5)
        await transport.aclose()
    assert (got.status, got.headers["range"], len(server.heard)) == (status, "bytes=0-99", 1)


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_empty_body_is_sent_as_length_zero(kind: Kind, method: str) -> None:
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind)
        await transport.send(Request(method=method, url=URL), body=b"", timeout=5)
        await transport.aclose()
    assert server.heard[0].headers["content-length"] == "0"
    assert "transfer-encoding" not in server.heard[0].headers


async def test_connections_are_kept_and_used_again(kind: Kind) -> None:
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind)
        for _ in range(3):
            await transport.send(post(), body=b"x", timeout=5)
        await transport.aclose()
    assert (len(server.heard), server.connections) == (3, 1)


async def test_a_part_of_a_file_goes_up_byte_for_byte_with_its_length_and_tells_its_progress(
    kind: Kind, media: FileRange
) -> None:
    seen: list[int] = []
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind)
        got = await transport.send(Request(method="PUT", url=URL), body=media, timeout=5, progress=seen.append)
        await transport.aclose()
    assert got.status == 200
    assert server.heard[0].body == payload(media)
    assert server.heard[0].headers["content-length"] == str(media.length)
    assert "transfer-encoding" not in server.heard[0].headers
    assert seen == sorted(seen)
    assert seen[-1] == media.length
    assert len(seen) >= media.length // (256 * 1024)


async def test_a_length_of_nothing_of_a_file_is_an_empty_body(kind: Kind, media: FileRange) -> None:
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind)
        empty = FileRange(path=media.path, offset=5, length=0)
        assert (await transport.send(post(), body=empty, timeout=5)).status == 200
        await transport.aclose()
    assert server.heard[0].headers["content-length"] == "0"


async def test_tls_is_verified_and_a_wrong_certificate_means_nothing_was_written(kind: Kind, tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path, "localhost")
    async with serve(reply_ok, theirs) as server:
        trusting = Transport(kind=kind, verify=ours)
        got = await trusting.send(post(f"https://localhost:{server.port}/x"), body=b"x", timeout=5)
        with pytest.raises(NotWritten):
            await trusting.send(post(f"https://127.0.0.1:{server.port}/x"), body=b"x", timeout=5)
        strict = Transport(kind=kind)
        with pytest.raises(NotWritten):
            await strict.send(post(f"https://localhost:{server.port}/x"), body=b"x", timeout=5)
        await trusting.aclose()
        await strict.aclose()
    assert (got.status, len(server.heard)) == (200, 1)


# --- certainly not written ----------------------------------------------------------------------------------------------------


async def test_refused_and_unresolved_hosts_are_not_written(kind: Kind) -> None:
    transport = Transport(origin=f"http://127.0.0.1:{await free_port()}", kind=kind)
    with pytest.raises(NotWritten):
        await transport.send(post(), body=b"x", timeout=5)
    await transport.aclose()
    transport = Transport(kind=kind)
    with pytest.raises(NotWritten):
        await transport.send(post("https://no-such-host.invalid/"), body=b"x", timeout=5)
    await transport.aclose()


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="POST", url="http://api.example.com/x"),
        Request(method="POST", url="https://user@api.example.com/x"),
        Request(method="POST", url="https://api.example.com/x", headers={"X": "a\r\nY: b"}),
        Request(method="PO ST", url="https://api.example.com/x"),
    ],
)
async def test_a_request_that_is_none_is_not_written(kind: Kind, request_: Request) -> None:
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind)
        with pytest.raises(NotWritten):
            await transport.send(request_, body=b"x", timeout=5)
        await transport.aclose()
    assert server.connections == 0


async def test_a_missing_or_shorter_file_is_not_written(kind: Kind, media: FileRange) -> None:
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind)
        for part in (
            FileRange(path=media.path, offset=2_000_000, length=2_000_000),
            FileRange(path=media.path.with_name("gone"), offset=0, length=1),
        ):
            with pytest.raises(NotWritten):
                await transport.send(post(), body=part, timeout=5)
        await transport.aclose()
    assert server.connections == 0


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("body", [b"", b"x"])
async def test_past_its_not_after_nothing_is_written_on_a_new_or_a_kept_connection(
    kind: Kind, method: str, kept: bool, body: bytes
) -> None:
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind, limit=1)
        if kept:
            await transport.send(post(), body=b"first", timeout=5)
        with pytest.raises(TooLate):
            await transport.send(Request(method=method, url=URL), body=body, timeout=5, not_after=boottime() - 0.001)
        assert (await transport.send(post(), body=b"last", timeout=5, not_after=boottime() + 5)).status == 200
        await transport.aclose()
    assert [h.body for h in server.heard] == ([b"first"] if kept else []) + [b"last"]


async def test_a_file_or_nothing_of_one_is_not_written_too_late_either(kind: Kind, media: FileRange) -> None:
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind)
        for length in (0, 2_000_000):
            with pytest.raises(TooLate):
                part = FileRange(path=media.path, offset=0, length=length)
                await transport.send(post(), body=part, timeout=5, not_after=0.0)
        await transport.aclose()
    assert server.heard == []


async def test_a_full_pool_is_our_own_saturation_and_not_the_platform_that_is_away(kind: Kind) -> None:
    async with serve(hang) as server:
        transport = Transport(origin=server.origin, kind=kind, limit=1, pool_wait=0.05)
        first = asyncio.create_task(transport.send(post(), body=b"x", timeout=5))
        while not server.heard:
            await asyncio.sleep(0.01)
        with pytest.raises(Saturated):
            await transport.send(post(), body=b"y", timeout=5)
        with pytest.raises(Saturated):
            await transport.send(post(), body=b"y", timeout=0.02)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await transport.aclose()
    assert len(server.heard) == 1


async def test_every_way_out_gives_the_connection_back(kind: Kind, media: FileRange) -> None:
    answers = [hang, reply(b"garbage\r\n\r\n", close=True), reply(b"", close=True), reply(OK)]

    async def script(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answers[int(heard.headers["x-answer"])](heard, reader, writer)

    async with serve(script) as server:
        transport = Transport(origin=server.origin, kind=kind, limit=1, pool_wait=1)
        for answer in ("0", "1", "2"):
            for body in (b"x", media):
                with pytest.raises(Lost):
                    await transport.send(post(**{"X-Answer": answer}), body=body, timeout=1.0)
        with pytest.raises(TooLate):
            await transport.send(post(), body=b"x", timeout=1, not_after=0)
        assert (await transport.send(post(**{"X-Answer": "3"}), body=b"x", timeout=1)).status == 200
        await transport.aclose()


# --- lost ---------------------------------------------------------------------------------------------------------------------


async def silence(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_body(heard, reader)
    await asyncio.sleep(30)


async def trickle(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_body(heard, reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def cut(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_body(heard, reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
    writer.close()


async def reset(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def endless(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_body(heard, reader)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


packed = reply(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00")
garbage = reply(b"SMTP ready, I think\r\n\r\n", close=True)


@pytest.mark.parametrize("script", [silence, trickle, cut, reset, endless, packed, garbage, reply(b"", close=True)])
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_without_a_whole_reply_the_call_is_lost_and_was_sent_once(
    kind: Kind, method: str, script: Callable[..., Awaitable[None]]
) -> None:
    async with serve(script) as server:
        transport = Transport(origin=server.origin, kind=kind)
        with pytest.raises(Lost):
            await transport.send(Request(method=method, url=URL), body=b"x", timeout=1.0)
        await transport.aclose()
    assert len(server.heard) == 1


async def test_a_reply_beyond_every_measure_is_not_read_to_its_end(kind: Kind) -> None:
    async with serve(endless) as server:
        transport = Transport(origin=server.origin, kind=kind)
        with pytest.raises(Lost, match="larger"):
            await transport.send(post(), body=b"x", timeout=30)
        await transport.aclose()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("body", [b"", b"x"])
async def test_a_kept_connection_that_breaks_is_never_answered_by_a_second_sending(
    kind: Kind, method: str, body: bytes
) -> None:
    async def once(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_body(heard, reader)
        if len(server.heard) > 1:
            writer.close()  # heard, perhaps done, never answered
        else:
            writer.write(OK)

    async with serve(once) as server:
        transport = Transport(origin=server.origin, kind=kind)
        await transport.send(Request(method=method, url=URL), body=b"", timeout=5)
        with pytest.raises(Lost):
            await transport.send(Request(method=method, url=URL), body=body, timeout=5)
        await asyncio.sleep(0.05)
        await transport.aclose()
    assert len(server.heard) == 2


async def test_a_kept_connection_that_the_server_closed_is_not_used(kind: Kind) -> None:
    async def and_close(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_body(heard, reader)
        writer.write(OK)  # says nothing of closing, and closes
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.close()

    async with serve(and_close) as server:
        transport = Transport(origin=server.origin, kind=kind)
        for _ in range(3):
            assert (await transport.send(post(), body=b"x", timeout=5)).status == 200
            await asyncio.sleep(0.05)
        await transport.aclose()
    assert (len(server.heard), server.connections) == (3, 3)


# --- uploads ------------------------------------------------------------------------------------------------------------------


async def test_an_upload_may_take_longer_than_its_timeout_as_long_as_it_moves(kind: Kind, tmp_path: Path) -> None:
    file = tmp_path / "big.bin"
    file.write_bytes(bytes(48_000_000))

    async def slow(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = int(heard.headers["content-length"])
        while left:
            left -= len(await reader.read(1_000_000))
            await asyncio.sleep(0.02)
        writer.write(OK)

    async with serve(slow) as server:
        transport = Transport(origin=server.origin, kind=kind)
        began = asyncio.get_running_loop().time()
        part = FileRange(path=file, offset=0, length=48_000_000)
        got = await transport.send(Request(method="PUT", url=URL), body=part, timeout=0.6)
        took = asyncio.get_running_loop().time() - began
        await transport.aclose()
    assert got.status == 200
    assert took > 0.6


@pytest.mark.parametrize("whole", [False, True])
async def test_a_body_that_stands_still_is_given_up_and_the_rest_of_it_never_arrives(
    kind: Kind, whole: bool, tmp_path: Path
) -> None:
    size = 48_000_000
    file = tmp_path / "big.bin"
    file.write_bytes(bytes(size))
    body = bytes(size) if whole else FileRange(path=file, offset=0, length=size)
    arrived: list[int] = []
    given_up = asyncio.Event()

    async def stalled(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await given_up.wait()
        total = 0
        try:
            while chunk := await reader.read(1_000_000):
                total += len(chunk)
        except ConnectionError:
            pass
        arrived.append(total)

    async with serve(stalled) as server:
        transport = Transport(origin=server.origin, kind=kind)
        with pytest.raises(Lost):
            await transport.send(Request(method="PUT", url=URL), body=body, timeout=1.0)
        given_up.set()
        while not arrived:
            await asyncio.sleep(0.01)
        await transport.aclose()
    assert arrived[0] < size / 2


@pytest.mark.parametrize("status", [308, 401, 404, 503])
@pytest.mark.parametrize("close", [False, True])
async def test_an_early_answer_survives_an_upload(status: int, close: bool, tmp_path: Path) -> None:
    """The default transport's virtue; httpx2's own hears an answer only when it has written everything."""
    file = tmp_path / "big.bin"
    file.write_bytes(bytes(40_000_000))

    async def early(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(100_000)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\nearly".encode())
        await writer.drain()
        if close:
            writer.close()
        else:
            await asyncio.sleep(30)

    async with serve(early) as server:
        transport = Transport(origin=server.origin, limit=1)
        part = FileRange(path=file, offset=0, length=40_000_000)
        got = await transport.send(Request(method="PUT", url=URL), body=part, timeout=2)
        assert (got.status, got.body) == (status, b"early")
        again = await transport.send(Request(method="PUT", url=URL), body=part, timeout=2)  # on a connection of its own
        assert (again.status, server.connections) == (status, 2)
        await transport.aclose()


async def test_an_early_answer_that_httpx2_cannot_hear_is_lost_and_not_invented(media: FileRange) -> None:
    async def early(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(30)

    big = FileRange(path=media.path, offset=0, length=3_000_000)
    with big.path.open("ab") as grow:
        grow.truncate(60_000_000)
    async with serve(early) as server:
        transport = Transport(origin=server.origin, kind="httpx2")
        with pytest.raises(Lost):
            part = FileRange(path=big.path, offset=0, length=60_000_000)
            await transport.send(Request(method="PUT", url=URL), body=part, timeout=1.0)
        await transport.aclose()


# --- secrets ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [silence, cut, reset, garbage, packed])
async def test_no_failure_tells_a_path_a_query_or_a_header(
    kind: Kind, script: Callable[..., Awaitable[None]], media: FileRange
) -> None:
    failures: list[BaseException] = []
    async with serve(script) as server:
        for transport in (
            Transport(origin=server.origin, kind=kind),
            Transport(origin=f"http://127.0.0.1:{await free_port()}", kind=kind),
        ):
            for body in (b"x", media):
                for not_after in (None, 0.0):
                    try:
                        await transport.send(post(), body=body, timeout=1.0, not_after=not_after)
                    except (NotWritten, Lost) as failure:
                        failures.append(failure)
            await transport.aclose()
    assert len(failures) == 8
    for failure in failures:
        assert failure.__cause__ is None
        assert failure.__context__ is None
        assert "api.example.com" in str(failure)
        for text in (str(failure), repr(failure), "".join(traceback.format_exception(failure))):
            assert "secret-" not in text


async def test_a_small_call_leaves_in_one_write() -> None:
    raw: list[bytes] = []

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw.append(await reader.read(65536))
        writer.write(OK)
        await writer.drain()

    listener = await asyncio.start_server(connection, "127.0.0.1", 0)
    transport = Transport(origin=f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}")
    await transport.send(post(), body=b"b" * 3000, timeout=5)
    await transport.aclose()
    listener.close()
    assert raw[0].endswith(b"\r\n\r\n" + b"b" * 3000)
