"""What uploads may take of a process: bytes a second, shared equally; so many at once; and text posts that wait for none of it."""

import asyncio
import heapq
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from durable import toys
from durable.platform_stage import MemoryTokens, NoMeter
from durable.stores import open_store
from durable.sweep import DELAYS, SteppingClock
from platforms.linkedin_replies import ORGANIZATION
from waooaw_social.clients.environment import wiring
from waooaw_social.core.ids import CredentialRef, CustomerId
from waooaw_social.core.post import MediaFile, MediaPath
from waooaw_social.core.secret import Secret
from waooaw_social.durable.hands import RESTING, Hands
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.durable.ports import Done
from waooaw_social.durable.runner import Runner
from waooaw_social.main.workshop import uploads
from waooaw_social.platforms.call import Call, Form, Piece, Request, Wasteful
from waooaw_social.platforms.linkedin import calls
from waooaw_social.platforms.linkedin.manifest import LINKEDIN
from waooaw_social.platforms.linkedin.publish import visible
from waooaw_social.platforms.linkedin.replies import Opened
from waooaw_social.platforms.registry import kits
from waooaw_social.settings import Settings
from waooaw_social.wire.bounds import BURST, Crowded, Pace, Places
from waooaw_social.wire.breaker import NoBreaker
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.gateway import Gateway, is_upload
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.pieces import PIECE
from waooaw_social.wire.ports import Errand, FileRange, NotSent, Outcome, ResolvedSocialCredentials, errand_of
from waooaw_social.wire.quota import MemoryQuota
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Kind, Transport
from wire.servers import OK, Heard, Server, read_body, reply_ok, serve

pytestmark = pytest.mark.anyio
RATE = 1_000_000


class Ticking:
    """A clock that goes on when everybody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, woken))
        await woken

    def wake(self) -> None:
        """Whoever sleeps shortest."""
        heapq.heapify(self._sleepers)
        self.now, _, woken = heapq.heappop(self._sleepers)
        woken.set_result(None)

    async def run(self, *work: Any) -> None:
        tasks = [asyncio.ensure_future(one) for one in work]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0)
            self._sleepers = [one for one in self._sleepers if not one[2].done()]
            if self._sleepers and len(self._sleepers) == sum(not task.done() for task in tasks):
                self.wake()
        await asyncio.gather(*tasks)


# --- bytes a second -----------------------------------------------------------------------------------------------------------


async def test_uploads_share_the_line_equally_and_never_go_beyond_it() -> None:
    clock = Ticking()
    pace = Pace(RATE, monotonic=clock.monotonic, sleep=clock.sleep)
    piece, began = pace.piece(PIECE), clock.now
    left: list[tuple[float, int]] = []
    sent = {"a": 0, "b": 0, "c": 0}

    async def upload(name: str) -> None:
        for _ in range(40):
            await pace.take(piece)
            left.append((clock.now - began, piece))
            sent[name] += piece
            assert max(sent.values()) - min(sent.values()) <= RATE * BURST + 2 * piece

    await clock.run(*(upload(name) for name in sent))
    total = 0
    for at, size in left:
        total += size
        assert total <= RATE * (at + BURST) + piece
    assert left[-1][0] >= (total - piece) / RATE - BURST


async def test_what_a_cancelled_upload_did_not_send_is_there_for_the_others() -> None:
    clock = Ticking()
    pace = Pace(RATE, monotonic=clock.monotonic, sleep=clock.sleep)
    await pace.take(int(RATE * BURST))
    before = asyncio.create_task(pace.take(RATE))
    await asyncio.sleep(0)
    taken = asyncio.create_task(pace.take(100 * RATE))
    await asyncio.sleep(0)
    taken.cancel()
    with suppress(asyncio.CancelledError):
        await taken
    began = clock.now
    await clock.run(before, pace.take(1))
    assert clock.now - began <= 1.0, "the hundred seconds of the cancelled one are nobody's"


def test_a_piece_is_as_much_as_leaves_in_a_moment_and_never_more_than_is_asked_for() -> None:
    assert Pace(None).piece(PIECE) == PIECE == Pace(1e12).piece(PIECE)
    assert Pace(RATE).piece(PIECE) == RATE * BURST < PIECE
    assert 0 < Pace(1).piece(PIECE) < PIECE


@pytest.fixture(params=["aiohttp", "httpx2"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture
def part(tmp_path: Path) -> FileRange:
    (tmp_path / "video.bin").write_bytes(bytes(range(256)) * 4096)
    return FileRange(path=tmp_path / "video.bin", offset=7, length=1_000_000, before=b"--begin--", after=b"--end--")


async def test_every_byte_of_a_file_asks_the_bucket_and_arrives(kind: Kind, part: FileRange) -> None:
    asked: list[int] = []

    class Counting(Pace):
        async def take(self, size: int) -> None:
            asked.append(size)
            await super().take(size)

    clock, got = Ticking(), b""
    pace = Counting(RATE, monotonic=clock.monotonic, sleep=clock.sleep)
    async with serve(reply_ok) as server:
        transport = Transport(origin=server.origin, kind=kind, pace=pace)
        request = Request(method="PUT", url="https://api.example.com/v1")
        began = clock.now
        sending = asyncio.create_task(transport.send(request, body=part, timeout=5))
        while not sending.done():
            await asyncio.wait({sending}, timeout=0.001)
            if clock._sleepers:
                clock.wake()
        assert (await sending).status == 200
        await transport.aclose()
        got = server.heard[0].body
    assert got == part.before + part.path.read_bytes()[7:1_000_007] + part.after
    assert sum(asked) == part.length and max(asked) <= pace.piece(PIECE)
    assert clock.now - began >= part.length / RATE - 2 * BURST


async def test_a_wait_for_our_own_pace_is_no_platform_that_stands_still_and_words_do_not_wait(
    kind: Kind, part: FileRange
) -> None:
    go = asyncio.Event()

    async def gated(_: float) -> None:
        await go.wait()

    pace, timeout = Pace(RATE, sleep=gated), 1.0
    await pace.take(RATE)
    async with serve(reply_ok) as server:
        transport, now = Transport(origin=server.origin, kind=kind, pace=pace), asyncio.get_running_loop().time
        put = Request(method="PUT", url="https://api.example.com/v1")
        began, upload = now(), asyncio.create_task(transport.send(put, body=part, timeout=timeout))
        texts = 0
        while now() - began < timeout * 1.1:
            assert (await transport.send(put, body=b"text", timeout=5)).status == 200
            texts += 1
        assert not upload.done() and texts == len([heard for heard in server.heard if heard.body == b"text"]) > 0
        go.set()
        assert (await upload).status == 200
        cancelled = asyncio.create_task(transport.send(put, body=part, timeout=timeout))
        go.clear()
        await asyncio.sleep(0)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await transport.aclose()


# --- so many at once ----------------------------------------------------------------------------------------------------------


class Files:
    """One file, always here."""

    def __init__(self, place: Path) -> None:
        self.place = place

    async def path(self, file: MediaFile) -> Path:
        return self.place


ERRAND = Errand(customer_id=CustomerId("CUST-1"), credential_ref=CredentialRef("CRED-1"), platform=LINKEDIN)
FILE = MediaFile(sha256="aa", size=2000, content_type="image/jpeg")


def gateway_to(server: Server, folder: Path, uploads: Places) -> Gateway:
    (folder / "picture").write_bytes(bytes(FILE.size))
    clock, transport = SteppingClock(), Transport(origin=server.origin)
    lent = ResolvedSocialCredentials(
        customer_id=ERRAND.customer_id, credential_ref=ERRAND.credential_ref, platform=LINKEDIN,
        posting_identity="7", access_token=Secret("t"), refresh_token=None, expires_at=None,
    )  # fmt: skip
    tokens = Tokens(source=MemoryTokens(lent), transport=transport, kits=kits(), clients={}, clock=clock)
    return Gateway(
        transport=transport, tokens=tokens, quota=MemoryQuota(clock=clock), breaker=NoBreaker(),
        media=Files(folder / "picture"), meter=NoMeter(), kits=kits(), clock=clock, uploads=uploads,
    )  # fmt: skip


def picture(number: int) -> Call[Any]:
    url = f"https://www.linkedin.com/dms-uploads/{number}"
    return calls.send_file(f"send image {number}", "image", Opened(urn="urn:li:image:1", url=url), FILE)


def words() -> Call[Any]:
    body = {"author": ORGANIZATION, "commentary": "Hello"}
    return calls.create_post("create post", body, visible(body, ()))


async def test_a_fifth_upload_waits_and_a_text_post_goes_past_it(tmp_path: Path) -> None:
    release, gone = asyncio.Semaphore(0), 0

    async def slow_uploads(heard: Heard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_body(heard, reader)
        if "dms-uploads" in heard.line:
            await release.acquire()
        writer.write(OK)

    def there() -> int:
        return len([heard for heard in server.heard if "dms-uploads" in heard.line])

    async with serve(slow_uploads) as server:
        gateway = gateway_to(server, tmp_path, Places(4))
        sending = [asyncio.create_task(gateway.send(picture(number), ERRAND)) for number in range(6)]
        while there() < 4:
            await asyncio.sleep(0.001)
        await gateway.send(words(), ERRAND)
        assert "/rest/posts" in server.heard[-1].line and there() == 4
        for gone in range(1, 3):
            release.release()
            while there() < 4 + gone:
                await asyncio.sleep(0.001)
            assert sum(not upload.done() for upload in sending) >= 4
        for _ in range(4):
            release.release()
        assert all(not isinstance(outcome, NotSent) for outcome in await asyncio.gather(*sending))
        await gateway.transport.aclose()
    assert there() == len(sending)


async def test_where_too_many_wait_an_upload_comes_again_later_and_nothing_was_sent(tmp_path: Path) -> None:
    async with serve(reply_ok) as server:
        places = Places(1, waiting=1)
        gateway = gateway_to(server, tmp_path, places)
        async with AsyncExitStack() as held:
            await held.enter_async_context(places.one())
            first = asyncio.create_task(gateway.send(picture(1), ERRAND))
            await asyncio.sleep(0)
            said = await gateway.send(picture(2), ERRAND)
            assert isinstance(said, NotSent) and said.held_back and (said.retry_in or 0) > gateway.retry.longest_wait
            assert server.heard == [] and not first.done()
        await first
        assert [heard.line.split()[1].rpartition("/")[2] for heard in server.heard] == ["1"]
        await gateway.transport.aclose()


async def test_a_place_is_free_again_whoever_is_cancelled_while_waiting_or_waking() -> None:
    places, hands = Places(1, waiting=1), Hands(size=1)
    waiter = hands.grip(CustomerId("A"), held_until=0.0)
    await waiter.start()

    async def work() -> None:
        async with places.one(waiter.resting):
            raise AssertionError("it was cancelled before")

    async with places.one():
        waiting = asyncio.create_task(work())
        await asyncio.sleep(0)
        assert hands.free == 1, "who waits for a place has put its hand down"
        with pytest.raises(Crowded):
            async with places.one():
                raise AssertionError("one waits already, and no more may")
        other = hands.grip(CustomerId("B"), held_until=0.0)
        await other.start()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()  # it has its place, and waits for a hand
    with suppress(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(5), places.one():
        pass


async def test_the_runner_puts_its_hand_down_while_an_upload_waits() -> None:
    clock, hands = SteppingClock(), Hands(size=1)
    platform, free = toys.ToyPlatform(clock), list[int]()

    class Waits:
        """A gateway whose calls wait for their place."""

        async def send(self, call: Call[Any], errand: Errand, *, not_after: float | None = None) -> Outcome:
            async with errand.meanwhile():
                free.append(hands.free)
            return await platform.send(call, errand, not_after=not_after)

    async with open_store("memory", clock, "") as store:
        said = toys.publication("p", text="Hello", account="p")
        await store.accept(said)
        (claim,) = await store.claim("w", lease=30.0, most=1)
        files: Any = None
        runner = Runner(ledger=store, gateway=Waits(), files=files, inbox=MemoryInbox(), clock=clock, delays=DELAYS)
        grip = hands.grip(CustomerId("A"), held_until=clock.monotonic() + 30.0)
        await grip.start()
        assert isinstance(await runner.advance(claim, toys.feed(said), errand_of(said.account), grip), Done)
        assert set(free) == {1} and hands.free == 0
        grip.let_go()


def test_only_what_is_streamed_is_an_upload() -> None:
    piece, wasteful = Piece(file=FILE, offset=0, length=1), Wasteful(good_for=1.0)
    form = Form(before=b"", file=piece, after=b"")
    said = visible({"author": ORGANIZATION, "commentary": "Hello"}, ())
    for body, costs, upload in (
        (b"words", wasteful, False),
        (piece, wasteful, True),
        (form, wasteful, True),
        (piece, said, False),
        (form, said, False),
    ):
        request = Request(method="POST", url="https://api.linkedin.com/x", body=body)
        call = Call(name="x", request=request, read=bool, explain=words().explain, if_repeated=costs)
        assert is_upload(call) == upload


async def test_files_are_probed_so_many_at_once_and_the_others_wait(tmp_path: Path) -> None:
    places = Places(1)
    limits = FetchLimits(max_bytes=10**6, seconds=5.0, content_types=frozenset({"image/*"}))
    folder = MediaFolder(folder=tmp_path / "media", fetcher=Fetcher(), limits=limits, probes=places)
    (tmp_path / "a.jpg").write_bytes(b"a")
    async with places.one():
        bringing = asyncio.create_task(folder.bring(MediaPath(tmp_path / "a.jpg")))
        while not folder._given:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        assert not bringing.done() and places._waiting == 1
    assert (await bringing).size == 1


# --- by the settings ----------------------------------------------------------------------------------------------------------


def test_all_clients_of_a_process_share_what_the_settings_give_it() -> None:
    settings = Settings.model_validate({"upload_bytes_per_second": 123_456, "uploads_at_once": 3, "probes_at_once": 5})
    one, other = (wiring(LINKEDIN, MemoryTokens(None), settings) for _ in range(2))  # type: ignore[arg-type]
    pace = one.gateway.transport._pace
    assert pace is other.gateway.transport._pace and pace.bytes_per_second == 123_456
    assert one.gateway.uploads is other.gateway.uploads and one.gateway.uploads.size == 3
    assert isinstance(one.files, MediaFolder) and isinstance(other.files, MediaFolder)
    assert one.files.probes is other.files.probes and one.files.probes.size == 5


async def test_waiting_uploads_leave_room_in_a_worker_for_posts_that_need_no_place() -> None:
    settings = Settings.model_validate({"uploads_at_once": 3, "worker_concurrency": 2})
    places, hands = uploads(settings), Hands(size=settings.worker_concurrency)
    async with AsyncExitStack() as held:
        for _ in range(places.size):
            await held.enter_async_context(places.one())
        waiting = [asyncio.create_task(held_by(places)) for _ in range(100)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        crowded = [task for task in waiting if task.done()]
        assert all(isinstance(task.exception(), Crowded) for task in crowded)
        most = len(waiting) - len(crowded)
        assert 0 < most < hands.size * RESTING
    assert [task.exception() for task in waiting if await asyncio.wait({task}) and task not in crowded] == [None] * most


async def held_by(places: Places) -> None:
    async with places.one():
        pass
