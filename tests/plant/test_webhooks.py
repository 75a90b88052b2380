"""Webhooks in, on a real socket and a real database: the handshake, signatures over raw bytes, storms, and what a status may settle."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cp.portal import served
from durable.stores import open_store
from durable.sweep import SteppingClock
from platforms.test_whatsapp_messages import NUMBER, TO, publication
from waooaw_social.core.ids import Audience
from waooaw_social.core.publication import Publication, State
from waooaw_social.core.secret import Secret
from waooaw_social.durable.ports import Attempt, EntryState, Lease, Undecided
from waooaw_social.plant.webhooks import PATH, Webhooks, create_app, signature_of, signed
from waooaw_social.platforms.call import Request
from waooaw_social.platforms.kit import Grant, OAuthClient
from waooaw_social.platforms.whatsapp import kit
from waooaw_social.platforms.whatsapp.callback import FIELD, MARKED
from waooaw_social.platforms.whatsapp.calls import SEND_MESSAGE
from waooaw_social.platforms.whatsapp.delivery import delivery_of, status_keys
from waooaw_social.platforms.whatsapp.webhook import OBJECT, hear
from waooaw_social.storage.plant.inbox import SqlInbox

pytestmark = pytest.mark.anyio
SECRET = Secret("test_app_secret")


def mark(publication_id: str = "pub_1", number: str = NUMBER, secret: Secret = SECRET) -> str:
    """As the message carried it."""
    url = f"https://graph.facebook.com/v25.0/{number}/messages"
    body = json.dumps({FIELD: f"w1:{publication_id}"}).encode()
    app, grant = OAuthClient(client_id="1", client_secret=secret), Grant(access_token=Secret("t"))
    request = kit().sign(Request(method="POST", url=url, body=body, signature=MARKED), grant, app)
    return json.loads(request.body)[FIELD]  # type: ignore[arg-type]


def status(word: str = "sent", at: int = 1750030073, wamid: str = "wamid.B==", **more: Any) -> dict[str, Any]:
    return {"id": wamid, "status": word, "timestamp": str(at), "recipient_id": TO[1:]} | more


def body(*statuses: dict[str, Any], number: str = NUMBER) -> bytes:
    value = {"metadata": {"phone_number_id": number}, "statuses": list(statuses)}
    entry = {"id": "4711", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": OBJECT, "entry": [entry]}).encode()


@dataclass
class Door:
    """The application on its socket, and the house behind it."""

    url: str
    http: httpx2.AsyncClient
    webhooks: Webhooks
    store: Any
    inbox: SqlInbox
    clock: SteppingClock
    woken: list[int]

    async def post(self, raw: bytes, signature: str | None = None) -> int:
        headers = {"x-hub-signature-256": signature_of(raw, SECRET) if signature is None else signature}
        return (await self.http.post(self.url, content=raw, headers=headers)).status_code

    async def tell(self, *bodies: bytes) -> None:
        for raw in bodies:
            assert await self.post(raw) == 200
        await self.webhooks.read_all()

    async def delivery(self, wamid: str = "wamid.B==") -> Any:
        names = status_keys(wamid)
        told = await self.inbox.newest_of(list(names.values()))
        return delivery_of({word: told.get(key) for word, key in names.items()})

    async def in_doubt(self, name: str = "pub_1", *, ended: bool = False, sent: Publication | None = None) -> Attempt:
        """A message that left, and whose answer was lost; `ended`: and that nobody waits for any more."""
        order = sent or publication("text", text="hi")
        await self.store.accept(order)
        claim = next(c for c in await self.store.claim("w", lease=30.0, most=9) if c.publication.id == name)
        lease: Lease = claim.lease
        attempt = await self.store.begin(lease, SEND_MESSAGE, audience=Audience("whatsapp:x"), seen=())
        if ended:
            why = Undecided(name=SEND_MESSAGE, why="silence", tried_at=0.0, how_to_settle="look")
            await self.store.end(lease, why)
        return attempt

    async def stands(self, name: str = "pub_1") -> tuple[State, list[str]]:
        row = await self.store.show("C", name)
        return State(row["state"]), [entry["state"] for entry in row["attempts"]]


@asynccontextmanager
async def opened(place: Path | str, **more: Any) -> AsyncIterator[Door]:
    """On SQLite in a folder, or on the PostgreSQL at a URL."""
    clock, woken = SteppingClock(), list[int]()
    kind = "sqlite" if isinstance(place, Path) else "postgresql"
    async with open_store(kind, clock, place) as store, httpx2.AsyncClient() as http:
        inbox = SqlInbox(db=store.db)
        webhooks = Webhooks(
            store=inbox,
            ledger=store.ledger,
            readers={OBJECT: hear},
            secrets=[Secret("the next one"), SECRET],
            verify_token=Secret("verify-me"),
            wake=lambda: woken.append(1),
            **more,
        )
        async with served(create_app(webhooks)) as origin:
            yield Door(origin + PATH, http, webhooks, store, inbox, clock, woken)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(tmp_path) as one:
        yield one


# --- the door -----------------------------------------------------------------------------------------------------------------


async def test_the_handshake_repeats_the_challenge_to_whom_knows_the_token(door: Door) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me"}
    reply = await door.http.get(door.url, params=asked)
    assert (reply.status_code, reply.text) == (200, "1158201444")
    assert reply.headers["content-type"].startswith("text/plain")
    for wrong in ({"hub.verify_token": "verify-you"}, {"hub.verify_token": ""}, {"hub.mode": "x"}, {"hub.challenge": "x" * 300}):  # fmt: skip
        assert (await door.http.get(door.url, params=asked | wrong)).status_code == 403


async def test_without_a_token_nobody_shakes_hands(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        door.webhooks.verify_token = Secret("")
        asked = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": ""}
        assert (await door.http.get(door.url, params=asked)).status_code == 403


def test_the_signature_is_the_one_that_the_contract_shows() -> None:
    raw = b'{"object":"whatsapp_business_account","entry":[]}'
    shown = "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
    assert signature_of(raw, SECRET) == shown and signed(raw, shown, [Secret("x"), SECRET])
    assert not signed(raw, shown, []) and not signed(raw, shown, [Secret("")])


FORGED: list[Callable[[bytes], str]] = [
    lambda _: "",
    lambda _: "sha256=" + "0" * 64,
    lambda raw: signature_of(raw, Secret("another")),
    lambda raw: signature_of(raw, SECRET).removeprefix("sha256="),
    lambda raw: signature_of(raw + b" ", SECRET),
    lambda raw: "sha1=" + hmac.new(b"test_app_secret", raw, hashlib.sha1).hexdigest(),
    lambda raw: "sha256=" + hashlib.sha256(raw).hexdigest(),
    lambda raw: "sha256=" + hmac.new(b"", raw, hashlib.sha256).hexdigest(),
]


@pytest.mark.parametrize("sign", FORGED)
async def test_what_is_not_signed_does_not_exist(door: Door, sign: Callable[[bytes], str]) -> None:
    await door.in_doubt()
    raw = body(status(**{FIELD: mark()}))
    assert await door.post(raw, sign(raw)) == 403
    assert await door.inbox.left() == [] and await door.delivery() is None
    assert (await door.stands())[1] == [EntryState.OPEN]


async def test_the_very_bytes_are_signed_whatever_they_escape(door: Door) -> None:
    raw = body(status(errors=[{"code": 1, "title": "Grüße \u20ac / \\ud83d"}]), status("read")).replace(b"/", b"\\/")
    await door.tell(raw, raw.replace(b", ", b","))
    assert (await door.delivery()).status == "read"


async def test_both_secrets_are_good_while_one_is_changed_for_another(door: Door) -> None:
    raw = body(status())
    assert await door.post(raw, signature_of(raw, Secret("the next one"))) == 200


async def test_three_megabytes_are_taken_and_five_are_not(door: Door) -> None:
    many = body(*(status(wamid=f"wamid.{n}", pad="x" * 2900) for n in range(1000)))
    assert 2.9e6 < len(many) < 3.3e6
    await door.tell(many)
    assert (await door.delivery("wamid.999")).status == "sent"
    assert await door.post(b"x" * (5 * 1024**2)) == 413


@pytest.mark.parametrize(
    "raw", [b"", b"no json", b"[]", b"7", b"[" * 100_000, b'{"object": "page"}', b'{"object": {}}']
)
async def test_signed_nonsense_is_taken_and_forgotten(door: Door, raw: bytes) -> None:
    await door.tell(raw, body(status()))
    assert await door.inbox.left() == [] and (await door.delivery()).status == "sent"


async def test_bytes_that_are_no_text_are_refused(door: Door) -> None:
    assert await door.post(b"\xff\xfe") == 400


# --- kept, then read ----------------------------------------------------------------------------------------------------------


async def test_what_was_taken_is_read_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:
        assert await door.post(body(status())) == 200 and await door.post(body(status("delivered"))) == 200
        assert await door.delivery() is None
    async with opened(tmp_path) as door:
        stop = asyncio.Event()
        running = asyncio.create_task(door.webhooks.run(stop))
        while await door.inbox.left():
            await asyncio.sleep(0)
        stop.set()
        await running
        assert (await door.delivery()).status == "delivered"


async def test_where_more_waits_than_can_be_read_the_platform_is_asked_to_repeat(tmp_path: Path) -> None:
    async with opened(tmp_path, most_waiting=3) as door:
        answers = [await door.post(body(status(wamid=f"wamid.{n}"))) for n in range(5)]
        assert answers == [200, 200, 200, 503, 503]
        await door.webhooks.read_all()
        assert await door.post(body(status(wamid="wamid.4"))) == 200


async def test_a_database_that_is_away_loses_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as door:

        class Away:
            def __getattr__(self, _: str) -> Any:
                raise OSError("away")

        inbox, door.webhooks.store = door.webhooks.store, Away()  # type: ignore[assignment]
        assert await door.post(body(status())) == 503
        door.webhooks.store = inbox
        assert await door.post(body(status())) == 200
        door.webhooks.store = Away()  # type: ignore[assignment]
        with suppress(OSError):
            await door.webhooks.read_all()
        door.webhooks.store = inbox
        await door.webhooks.read_all()
        assert (await door.delivery()).status == "sent" and await door.inbox.left() == []


async def test_a_reader_that_stumbles_stops_nobody_else_and_its_delivery_stays(door: Door) -> None:
    def stumbling(fields: Any, secrets: Any) -> Any:
        if "STUMBLE" in str(fields):
            raise RuntimeError("a defect")
        return hear(fields, secrets)

    door.webhooks.readers = {OBJECT: stumbling}
    await door.tell(body(status(wamid="wamid.STUMBLE")), body(status()))
    assert (await door.delivery()).status == "sent" and len(await door.inbox.left()) == 1


async def test_a_storm_of_ten_thousand_statuses_loses_none(door: Door) -> None:
    words = ("sent", "delivered", "read", "sent")
    rows = [status(word, 1750030000 + n, f"wamid.{n}") for n in range(2500) for word in words]
    bodies = [body(*rows[n::40]) for n in range(40)]
    stop = asyncio.Event()
    running = asyncio.create_task(door.webhooks.run(stop))
    answers = await asyncio.gather(*(door.post(raw) for raw in bodies * 2))
    assert set(answers) == {200}
    while await door.inbox.left() or door.webhooks._waiting:  # noqa: SLF001
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert [(await door.delivery(f"wamid.{n}")).status for n in range(0, 2500, 25)] == ["read"] * 100


async def test_disorder_and_repeats_change_nothing(door: Door) -> None:
    words = ["read", "sent", "failed", "delivered", "read", "sent"]
    await door.tell(*(body(status(word, 100 + n)) for n, word in enumerate(words)))
    first = (await door.delivery()).status, set((await door.delivery()).times)
    await door.tell(*(body(status(word, 100 + n)) for n, word in reversed(list(enumerate(words)))))
    assert first == ("read", {"read", "sent", "failed", "delivered"}) and (await door.delivery()).status == "read"


async def test_what_is_old_is_forgotten_and_what_waits_is_not(door: Door) -> None:
    now = int(door.clock.now().timestamp())
    await door.tell(body(status(at=now - 1000), status(at=now, wamid="wamid.new")))
    assert await door.post(body(status(wamid="wamid.later"))) == 200
    assert await door.inbox.forget(older_than=500.0) == 1
    assert await door.delivery() is None and await door.delivery("wamid.new") and await door.inbox.left()


# --- what a status may settle -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ended", [False, True])
async def test_a_status_with_our_mark_settles_a_message_whose_answer_was_lost(door: Door, ended: bool) -> None:
    attempt = await door.in_doubt(ended=ended)
    await door.tell(body(status("delivered", **{FIELD: mark()})))
    state, attempts = await door.stands()
    assert attempts == [EntryState.ANSWERED] and door.woken
    assert state is (State.DUE if ended else State.RUNNING)
    (claim,) = await door.store.claim("w2", lease=30.0, most=1) if ended else [None]
    if claim:
        (entry,) = claim.entries
        assert entry.reply and entry.reply.json()["messages"] == [{"id": "wamid.B=="}]
    assert attempt.number == 1


async def test_the_same_status_again_and_later_ones_settle_nothing_twice(door: Door) -> None:
    await door.in_doubt(ended=True)
    await door.tell(*(body(status(word, **{FIELD: mark()})) for word in ("sent", "delivered", "sent")))
    assert (await door.stands())[1] == [EntryState.ANSWERED] and len(door.woken) == 1


NOT_OURS: dict[str, bytes] = {
    "another tenant's number, with a copy of our mark": body(status(**{FIELD: mark()}), number="999"),
    "another tenant's number, with a mark of its own for our publication": body(status(**{FIELD: mark(number="999")}), number="999"),
    "our number, a mark that nobody signed": body(status(**{FIELD: "w1:pub_1:" + "0" * 32})),
    "our number, signed with another app's secret": body(status(**{FIELD: mark(secret=Secret("another"))})),
    "our number and mark, about another recipient": body(status(recipient_id="447700900999", **{FIELD: mark()})),
    "a mark of a publication that is not there": body(status(**{FIELD: mark("pub_2")})),
    "no mark": body(status()),
}  # fmt: skip


@pytest.mark.parametrize("why", NOT_OURS)
async def test_nobody_elses_status_settles_it(door: Door, why: str) -> None:
    await door.in_doubt(ended=True)
    await door.tell(NOT_OURS[why])
    assert await door.stands() == (State.UNRESOLVED, [EntryState.UNRESOLVED]) and not door.woken


async def test_two_messages_of_one_publication_are_an_alarm(door: Door, caplog: Any, capsys: Any) -> None:
    await door.in_doubt(ended=True)
    await door.tell(body(status(**{FIELD: mark()}), status(wamid="wamid.C==", **{FIELD: mark()})))
    assert "published_twice" in capsys.readouterr().out + caplog.text


async def test_the_same_on_postgresql(postgres_url: str) -> None:
    async with opened(postgres_url) as door:
        await door.in_doubt(ended=True)
        marked = {FIELD: mark()}
        many = body(*(status(wamid=f"wamid.{n}") for n in range(1000)))
        both = [body(status("read", 200, **marked), status("sent", 100, **marked)), many]
        answers = await asyncio.gather(*(door.post(raw) for raw in both * 3))
        assert set(answers) == {200}
        await door.webhooks.read_all()
        await door.tell(body(status("sent", 100, **marked)))
        assert (await door.stands())[1] == [EntryState.ANSWERED] and len(door.woken) == 1
        assert (await door.delivery()).status == "read" and (await door.delivery("wamid.999")).status == "sent"
        assert await door.inbox.left() == []


async def test_what_a_dead_process_kept_is_read_by_one_that_lives(tmp_path: Path) -> None:
    async with open_store("sqlite", SteppingClock(), tmp_path) as store:
        inbox = SqlInbox(db=store.db)
        lives, dies = (
            Webhooks(
                store=inbox, ledger=store.ledger, readers={}, secrets=[SECRET], verify_token=Secret("v"), look_again=0.1
            )
            for _ in range(2)
        )
        stop = asyncio.Event()
        reading = asyncio.create_task(lives.run(stop))
        await dies.take(b"{}", signature_of(b"{}", SECRET))  # kept, answered 200, and its process dies
        async with asyncio.timeout(10.0):
            while await inbox.left():
                await asyncio.sleep(0.02)
        stop.set()
        await reading
