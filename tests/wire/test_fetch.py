"""What a customer's URL may and may not make us do, over real sockets."""

import asyncio
import hashlib
import os
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waooaw_social.wire.addresses import is_public
from waooaw_social.wire.customer_url import read_url
from waooaw_social.wire.fetch import Fetcher, FetchLimits, FetchRefused
from waooaw_social.wire.sniff import sniff
from wire.servers import Heard, Script, certificate, read_body, reply, serve

pytestmark = pytest.mark.anyio

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + bytes(range(256)) * 4000
JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)
PUBLIC = "93.184.215.14"
VIDEO = FetchLimits(max_bytes=5_000_000, seconds=5.0, content_types=frozenset({"video/mp4", "video/quicktime"}))


class Names:
    """A resolver that knows what it was told, and remembers who asked."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = {host.replace("_", "."): list(addresses) for host, addresses in names.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return self.names[host]


def served(body: bytes = MP4, kind: str = "video/mp4", extra: str = "") -> Script:
    label = f"Content-Type: {kind}\r\n" if kind else ""
    return reply(f"HTTP/1.1 200 OK\r\n{label}{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def redirect(to: str, status: int = 302) -> Script:
    return reply(f"HTTP/1.1 {status} Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())


async def refused(fetcher: Fetcher, url: str, into: Path, limits: FetchLimits = VIDEO) -> FetchRefused:
    with pytest.raises(FetchRefused) as caught:
        await fetcher.fetch(url, into, limits)
    assert list(into.parent.glob("*")) == [], "nothing may be left behind"
    assert caught.value.message
    return caught.value


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    room = tmp_path / "room"
    room.mkdir()
    return room / "file"


# --- the file -----------------------------------------------------------------------------------------------------------------


async def test_a_file_comes_whole_with_its_hash_and_only_we_may_read_it(into: Path) -> None:
    async with serve(served()) as server:
        got = await Fetcher(allow_origins=frozenset({server.origin})).fetch(
            f"{server.origin}/a b.mp4".replace(" ", "%20"), into, VIDEO
        )
    assert into.read_bytes() == MP4
    assert (got.path, got.size, got.sha256) == (into, len(MP4), hashlib.sha256(MP4).hexdigest())
    assert got.content_type == "video/mp4"
    assert stat.S_IMODE(into.stat().st_mode) == 0o600
    assert [p.name for p in into.parent.iterdir()] == ["file"]


async def test_we_ask_with_no_cookie_no_token_and_for_nothing_packed(into: Path) -> None:
    async with serve(served()) as server:
        await Fetcher(allow_origins=frozenset({server.origin})).fetch(f"{server.origin}/x?sig=a%2Fb+c", into, VIDEO)
    [heard] = server.heard
    assert heard.line == "GET /x?sig=a%2Fb+c HTTP/1.1"
    assert set(heard.headers) <= {"host", "accept", "accept-encoding", "user-agent", "connection"}
    assert heard.headers["accept-encoding"] == "identity"


async def test_a_large_file_is_written_as_it_comes(into: Path) -> None:
    body = MP4[:24] + os.urandom(20_000_000)
    limits = FetchLimits(max_bytes=30_000_000, seconds=20, content_types=frozenset({"video/*"}))
    async with serve(served(body)) as server:
        got = await Fetcher(allow_origins=frozenset({server.origin})).fetch(server.origin, into, limits)
    assert got.sha256 == hashlib.sha256(body).hexdigest() == hashlib.sha256(into.read_bytes()).hexdigest()


# --- whom we speak to ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://media.test/x.mp4", "url_not_https"),
        ("ftp://media.test/x.mp4", "url_not_https"),
        ("file:///etc/passwd", "url_not_https"),
        ("https://media.test:8443/x", "url_port"),
        ("https://media.test:22/x", "url_port"),
        ("https://user:pw@media.test/x", "url_invalid"),
        ("https://media.test\\@127.0.0.1/x", "url_invalid"),
        ("https://media.test/x\r\nHost: evil", "url_invalid"),
        ("https:///x", "url_invalid"),
        ("https://[::1/x", "url_invalid"),
        ("https://media.test:0/x", "url_invalid"),
        ("https://media.test:99999/x", "url_invalid"),
        ("https://1.2.3.4.5/x", "url_invalid"),
        ("https://0x100000000/x", "url_invalid"),
        ("media.test/x", "url_invalid"),
        ("", "url_invalid"),
        ("https://unknown.test/x", "url_unreachable"),
        ("https://127.0.0.1/x", "url_private_address"),
        ("https://127.1/x", "url_private_address"),
        ("https://2130706433/x", "url_private_address"),
        ("https://0x7f000001/x", "url_private_address"),
        ("https://0x7f.1/x", "url_private_address"),
        ("https://017700000001/x", "url_private_address"),
        ("https://0177.0.0.01/x", "url_private_address"),
        ("https://127.0.0.1./x", "url_private_address"),
        ("https://①②⑦.⓪.⓪.①/x", "url_private_address"),
        ("https://127。0。0。1/x", "url_private_address"),
        ("https://169.254.169.254/latest/meta-data/", "url_private_address"),
        ("https://[::1]/x", "url_private_address"),
        ("https://[::ffff:127.0.0.1]/x", "url_private_address"),
        ("https://[::ffff:7f00:1]/x", "url_private_address"),
        ("https://[64:ff9b::7f00:1]/x", "url_private_address"),
        ("https://inside.test/x", "url_private_address"),
        ("https://mixed.test/x", "url_private_address"),
        ("https://INSIDE.test./x", "url_private_address"),
    ],
)
async def test_whom_nobody_outside_could_reach_is_refused_before_a_connection_is_made(
    url: str, code: str, into: Path
) -> None:
    names = Names(media_test=[PUBLIC], inside_test=["10.0.0.7"], mixed_test=[PUBLIC, "::1"])
    fetcher = Fetcher(resolve=names)
    no = await refused(fetcher, url, into)
    assert no.code == code
    with pytest.raises(FetchRefused) as checked:
        await fetcher.check(url)
    assert checked.value.code == code


async def test_a_public_url_passes_the_check_and_nobody_is_asked_but_the_resolver() -> None:
    names = Names(media_test=[PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"], **{"xn--bcher-kva.test": [PUBLIC]})
    fetcher = Fetcher(resolve=names)
    await fetcher.check("https://Media.Test/größe.mp4?x=1#t=3")
    await fetcher.check("https://bücher.test:443/x")
    await fetcher.check("https://93.184.215.14/x")
    assert names.asked == ["media.test", "xn--bcher-kva.test"]


async def test_a_resolver_that_does_not_answer_is_not_waited_for(into: Path) -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    limits = FetchLimits(max_bytes=1, seconds=0.05, content_types=frozenset())
    no = await refused(Fetcher(resolve=never), "https://media.test/x", into, limits)
    assert (no.code, no.retryable) == ("url_timeout", True)


async def test_the_host_is_resolved_once_and_the_address_that_was_checked_is_dialled(into: Path) -> None:
    async with serve(served()) as server:
        names = Names(media_test=["127.0.0.1"])  # no resolver of the system's knows this name
        origin = f"http://media.test:{server.port}"
        await Fetcher(allow_origins=frozenset({origin}), resolve=names).fetch(f"{origin}/x", into, VIDEO)
    assert names.asked == ["media.test"]
    assert server.heard[0].headers["host"] == f"media.test:{server.port}"


async def test_tls_asks_for_the_hosts_name_whatever_address_is_dialled(into: Path, tmp_path: Path) -> None:
    theirs, ours = certificate(tmp_path, "media.test")
    async with serve(served(), theirs) as server:
        names = Names(media_test=["127.0.0.1"], other_test=["127.0.0.1"])
        origins = frozenset({f"https://media.test:{server.port}", f"https://other.test:{server.port}"})
        fetcher = Fetcher(allow_origins=origins, resolve=names, verify=ours)
        no = await refused(fetcher, f"https://other.test:{server.port}/x", into)
        assert (no.code, no.retryable) == ("url_unreachable", True)
        await fetcher.fetch(f"https://media.test:{server.port}/x", into, VIDEO)
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "spelling", ["http://127.0.0.1:{other}", "http://127.0.0.1:{port}@media.test", "https://127.0.0.1:{port}", "http://localhost:{port}"]
)  # fmt: skip
async def test_only_the_exact_origin_is_excepted(spelling: str, into: Path) -> None:
    async with serve(served()) as server:
        fetcher = Fetcher(allow_origins=frozenset({server.origin}))
        no = await refused(fetcher, spelling.format(port=server.port, other=server.port + 1) + "/x", into)
    assert no.code in {"url_not_https", "url_port", "url_invalid"}
    assert server.connections == 0


@given(st.text("htps:/.@\\%2e0129x?#[]-_ \t:ａ①é。amedi" + "media.test", max_size=60))
async def test_a_url_is_read_as_the_client_reads_it_or_refused(text: str) -> None:
    for url in (f"https://{text}", text):
        try:
            target = read_url(url)
        except FetchRefused:
            continue
        seen = httpx2.URL(target.url)
        assert seen.userinfo == b""
        assert (seen.scheme, seen.raw_host.decode(), seen.port or 443) == (
            target.scheme,
            target.host.strip("[]"),
            target.port,
        )


# --- redirects ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("http://127.0.0.1:1/x", "url_not_https"),
        ("https://127.0.0.1/x", "url_private_address"),
        ("//169.254.169.254/latest", "url_not_https"),
        ("https://inside.test/x", "url_private_address"),
        ("file:///etc/passwd", "url_not_https"),
        ("https://a@media.test/", "url_invalid"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_checked_like_the_first_url(to: str, code: str, status: int, into: Path) -> None:
    async with serve(redirect(to, status)) as server:
        fetcher = Fetcher(allow_origins=frozenset({server.origin}), resolve=Names(inside_test=["192.168.1.1"]))
        assert (await refused(fetcher, f"{server.origin}/x", into)).code == code
    assert len(server.heard) == 1


@pytest.mark.parametrize(("hops", "works"), [(5, True), (6, False)])
async def test_five_redirects_are_followed_and_no_more(hops: int, works: bool, into: Path) -> None:
    async def script(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = int(heard.line.split()[1].strip("/"))
        await (redirect(str(left - 1)) if left else served())(heard, reader, writer)

    async with serve(script) as server:
        fetcher = Fetcher(allow_origins=frozenset({server.origin}))
        if works:
            await fetcher.fetch(f"{server.origin}/{hops}", into, VIDEO)
        else:
            assert (await refused(fetcher, f"{server.origin}/{hops}", into)).code == "url_too_many_redirects"
    assert len(server.heard) == 6


async def test_a_second_answer_of_the_resolver_is_checked_again_on_the_way(into: Path) -> None:
    """A name that was public at first and is private at the next hop."""
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    async with serve(redirect("https://media.test/x")) as server:
        origin = f"http://media.test:{server.port}"
        fetcher = Fetcher(allow_origins=frozenset({origin}), resolve=rebinding)
        assert (await refused(fetcher, f"{origin}/x", into)).code == "url_private_address"


# --- size, time, kind ---------------------------------------------------------------------------------------------------------


async def chunked(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_body(heard, reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(f"{len(MP4):x}\r\n".encode() + MP4 + b"\r\n")
        await writer.drain()


async def trickle(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_body(heard, reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 100000\r\n\r\n" + MP4[:600])
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.01)


async def cut(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_body(heard, reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 100000\r\n\r\n" + MP4[:600])
    writer.close()


PAGE = b"  <!DOCTYPE html><html><title>Sign in</title></html>"
LARGE = reply(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 5000001\r\n\r\n")


@pytest.mark.parametrize(
    ("script", "code", "retryable"),
    [
        (LARGE, "url_too_large", False),
        (chunked, "url_too_large", False),
        (trickle, "url_timeout", True),
        (cut, "url_unreachable", True),
        (reply(b"", close=True), "url_unreachable", True),
        (reply(b"nonsense\r\n\r\n", close=True), "url_unreachable", True),
        (served(b""), "url_empty", False),
        (served(PAGE, "text/html; charset=utf-8"), "url_wrong_type", False),
        (served(PAGE, "video/mp4"), "url_wrong_type", False),
        (served(PAGE, ""), "url_wrong_type", False),
        (served(b'{"error": "expired"}', "video/mp4"), "url_wrong_type", False),
        (served(b"Not found", "video/mp4"), "url_wrong_type", False),
        (served(JPEG, "video/mp4"), "url_wrong_type", False),
        (served(MP4, "text/html"), "url_wrong_type", False),
        (served(b"\x01\x02\x03" * 400, "application/octet-stream"), "url_wrong_type", False),
        (served(b"\x1f\x8b\x08" + bytes(600), extra="Content-Encoding: gzip\r\n"), "url_wrong_type", False),
        (reply(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"), "url_status", False),
        (reply(b"HTTP/1.1 204 X\r\n\r\n"), "url_status", False),
        (reply(b"HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n"), "url_status", False),
        (reply(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"), "url_status", True),
    ],
)
async def test_what_is_not_the_file_that_was_meant_is_refused_and_leaves_nothing(
    script: Script, code: str, retryable: bool, into: Path
) -> None:
    limits = FetchLimits(max_bytes=VIDEO.max_bytes, seconds=0.5, content_types=VIDEO.content_types)
    async with serve(script) as server:
        fetcher = Fetcher(allow_origins=frozenset({server.origin}))
        no = await refused(fetcher, f"{server.origin}/path?signature=secret", into, limits)
    assert (no.code, no.retryable) == (code, retryable)
    assert no.remediation
    for text in (str(no), repr(no), no.message, no.remediation):
        assert "secret" not in text
        assert "/path" not in text


@pytest.mark.parametrize(
    "label", ["video/mp4", "Video/MP4; codecs=avc1", "application/octet-stream", "", "video/quicktime"]
)
async def test_a_missing_or_loose_label_is_mended_by_what_the_bytes_say(label: str, into: Path) -> None:
    async with serve(served(kind=label)) as server:
        got = await Fetcher(allow_origins=frozenset({server.origin})).fetch(server.origin, into, VIDEO)
    assert got.content_type == "video/mp4"


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("application/zip", "application/zip"),
        ("", "application/zip"),
        (DOCX, DOCX),
        ("application/pdf", "application/zip"),
    ],
)
async def test_of_a_zip_the_label_may_say_which_document_it_is(label: str, kind: str, into: Path) -> None:
    limits = FetchLimits(max_bytes=VIDEO.max_bytes, seconds=5.0, content_types=frozenset({"application/*"}))
    async with serve(served(b"PK\x03\x04" + bytes(600), kind=label)) as server:
        got = await Fetcher(allow_origins=frozenset({server.origin})).fetch(server.origin, into, limits)
    assert got.content_type == kind


async def test_where_the_bytes_say_nothing_the_label_is_believed(into: Path) -> None:
    async with serve(served(b"\x01\x02\x03" * 400)) as server:
        got = await Fetcher(allow_origins=frozenset({server.origin})).fetch(server.origin, into, VIDEO)
    assert got.content_type == "video/mp4"


async def test_a_fetch_that_is_cancelled_leaves_nothing(into: Path) -> None:
    async with serve(trickle) as server:
        fetching = asyncio.create_task(
            Fetcher(allow_origins=frozenset({server.origin})).fetch(server.origin, into, VIDEO)
        )
        while not list(into.parent.iterdir()):
            await asyncio.sleep(0.005)
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
    assert list(into.parent.iterdir()) == []


# --- addresses and kinds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "168.63.129.16",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::93.184.215.14", "::ffff:10.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:5ef5:79fd::1", "2001:db8::1",
        "2001:20::1", "2001:2::1", "2002:7f00:1::1", "2002:5db8:d70e::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254",
        "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2606:4700::1%eth0", "4000::1", "not an address", "",
    ],
)  # fmt: skip
async def test_an_address_that_not_everybody_can_reach_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", PUBLIC, "100.63.255.255", "100.128.0.0", "172.32.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
     "2001:4860:4860::8888", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"],
)  # fmt: skip
async def test_an_address_that_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (MP4[:512], "video/mp4"),
        (b"\x00\x00\x00\x14ftypqt  ", "video/quicktime"),
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x1aE\xdf\xa3\x00", "video/webm"),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
        (b"OggS" + bytes(24) + b"\x80theora", "application/ogg"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"#!AMR\n", "audio/amr"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\xef\xbb\xbf\n<HTML><body>", "text/html"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "application/xml"),
        (b'{"a": 1}', "application/json"),
        (b"hello", "text/plain"),
        (b"\x01\x00\x02", None),
        (b"", None),
    ],
)
async def test_the_first_bytes_tell_the_kind(head: bytes, kind: str | None) -> None:
    assert sniff(head) == kind
