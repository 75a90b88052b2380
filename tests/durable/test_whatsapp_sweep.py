"""The crash sweep over WhatsApp's flow. Nothing can be read back: what is known of a lost answer is what the sandbox's own webhooks say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from durable.platform_stage import House, Played
from durable.stores import emptied, open_store
from durable.sweep import Case, Fault, Plan, SteppingClock, advance, sweep, verdict
from durable.whatsapp_stage import SHAPES, WhatsAppPlayed, open_whatsapp, publication_for, whatsapp_stage
from waooaw_social.core.publication import ENDED, State

pytestmark = pytest.mark.anyio

# What ends otherwise than `published`: where nothing left after all, no webhook can come, and silence proves nothing.
NOTHING_LEFT = {
    (Fault.DEATH_AFTER, "ledger.begin"),
    (Fault.ZOMBIE_AFTER, "ledger.begin"),
    (Fault.DEATH_BEFORE, "send.send message"),
    (Fault.ZOMBIE_BEFORE, "send.send message"),
    (Fault.LOST_REQUEST, "send.send message"),
}


def expected_for(shape: str) -> Any:
    """Where the order says that silence means "send it again", it is sent again, once, and nothing stays unresolved."""

    def expected(case: Case) -> State:
        silent = (case.fault, case.point) in NOTHING_LEFT and shape != "urgent text"
        return State.UNRESOLVED if silent else State.PUBLISHED

    return expected


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_whatsapp(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def scene(house: House, shape: str = "text", **more: Any) -> AsyncIterator[tuple[Played, WhatsAppPlayed]]:
    clock = SteppingClock()
    async with open_store("memory", clock, "") as store, whatsapp_stage(house, store, clock, shape, **more) as both:
        yield both


def on_memory(house: House, shape: str) -> Any:
    @asynccontextmanager
    async def fresh() -> AsyncIterator[Played]:
        async with scene(house, shape) as (stage, _):
            yield stage

    return fresh


@pytest.mark.parametrize("shape", SHAPES)
async def test_one_message_whatever_goes_wrong_wherever(house: House, shape: str) -> None:
    assert await sweep(on_memory(house, shape), expected_for(shape)) > 10


async def test_the_same_on_a_database_where_a_webhook_settles_it_itself(house: House, tmp_path: Path) -> None:
    clock = SteppingClock()
    async with open_store("sqlite", clock, tmp_path) as store:

        @asynccontextmanager
        async def fresh() -> AsyncIterator[Played]:
            await emptied(store)
            clock.on_advance.clear()
            async with whatsapp_stage(house, store, clock, "text") as (stage, _):
                yield stage

        assert await sweep(fresh, expected_for("text")) > 10


# --- faults of the platform itself --------------------------------------------------------------------------------------------

SEND, UPLOAD, LIST = "messages.send", "media.upload", "templates.list"
LOST = [
    {"fault": "lost_reply"},
    {"fault": "status_but_done", "status": 500},
    {"fault": "status_but_done", "status": 503, "body": "empty"},
    {"fault": "publish_then_500"},
    {"fault": "publish_then_504"},
    {"fault": "publish_then_drop"},
    {"fault": "html_502"},
]
"""It is done, and nobody says so."""
NOT_DONE: list[dict[str, Any]] = [
    {"fault": "status", "status": 429, "body": "empty", "retry_after": 7},
    {"fault": "error", "reason": "4"},
    {"fault": "error", "reason": "80007"},
    {"fault": "error", "reason": "130429"},
    {"fault": "error", "reason": "131056"},
    {"fault": "error", "reason": "131057"},
    {"fault": "error", "reason": "132015"},
    {"fault": "error", "reason": "131031"},
    {"fault": "error", "reason": "131042"},
    {"fault": "error", "reason": "131005"},
]
"""It is certainly not done, and asking again later is right."""
SILENT: list[dict[str, Any]] = [
    {"fault": "lost_request"},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503, "body": "html"},
    {"fault": "status", "status": 429},  # with Meta's code 2 in it: the code decides, and not the status
    {"fault": "error", "reason": "131000"},
    {"fault": "error", "reason": "131016"},
    {"fault": "error", "reason": "2"},
]
"""It is not done, and may be for all that anybody knows."""
REFUSED = ["131047", "131026", "131049", "131048", "130472", "131050", "131030", "100", "131009", "132001", "130497"]
OF_WEBHOOKS: list[dict[str, Any]] = [
    {"fault": "status_before_reply"},
    {"fault": "webhook_repeated", "times_more": 5},
    {"fault": "webhook_reordered"},
    {"fault": "webhook_delayed", "seconds": 120},
    {"fault": "webhook_batched"},
    {"fault": "delivered_skipped"},
    {"fault": "missing_wa_id"},
    {"fault": "webhook_forged", "signature": "wrong"},
    {"fault": "webhook_forged", "signature": "missing"},
    {"fault": "foreign_status"},
    {"fault": "status_storm", "count": 500},
]


async def work(stage: Played) -> bool:
    """Drive whatever is due, once each."""
    claims = await stage.store.claim("w", lease=30.0, most=2)
    for claim in claims:
        await advance(stage, claim, Plan())
    return bool(claims)


async def to_the_end(stage: Played) -> None:
    """With longer strides than the sweep's: some of these waits are hours."""
    for _ in range(300):
        if (await stage.state())[0] in ENDED:
            return
        if not await work(stage):
            await stage.clock.advance(20.0)
    raise AssertionError(f"no end: {await stage.state()}")


async def ends(house: House, shape: str, *faults: dict[str, Any], expected: State, **more: Any) -> list[str]:
    async with scene(house, shape, **more) as (stage, _):
        for fault in faults:
            await house.order("faults", {"platform": "whatsapp", **fault})
        await to_the_end(stage)
        return [f"{shape}, {faults}: {problem}" for problem in await verdict(stage, expected, 1)]


@pytest.mark.parametrize("shape", ["text", "urgent text"])
async def test_a_lost_answer_is_found_by_its_webhook_and_silence_is_what_the_order_says(
    house: House, shape: str
) -> None:
    after_silence = State.PUBLISHED if shape == "urgent text" else State.UNRESOLVED
    wrong: list[str] = []
    for fault in LOST:
        wrong += await ends(house, shape, {"route": SEND, **fault}, expected=State.PUBLISHED)
    for fault in SILENT:
        wrong += await ends(house, shape, {"route": SEND, **fault}, expected=after_silence)
    for fault in NOT_DONE:
        wrong += await ends(house, shape, {"route": SEND, **fault}, expected=State.PUBLISHED)
    assert not wrong, "\n".join(wrong)


async def test_a_lost_answer_without_any_webhook_stays_unresolved_and_is_never_sent_again(house: House) -> None:
    wrong: list[str] = []
    for fault in LOST:
        wrong += await ends(house, "text", {"route": SEND, **fault}, expected=State.UNRESOLVED, subscribed=False)
    lost = {"route": SEND, "fault": "status_webhook_lost"}
    wrong += await ends(house, "text", lost, {"route": SEND, "fault": "lost_reply"}, expected=State.UNRESOLVED)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("lost", [False, True])
async def test_one_message_whatever_the_webhooks_do(house: House, lost: bool) -> None:
    wrong: list[str] = []
    for fault in OF_WEBHOOKS:
        more = [{"route": SEND, "fault": "lost_reply"}] if lost else []
        wrong += await ends(house, "text", {"route": SEND, **fault}, *more, expected=State.PUBLISHED)
    assert not wrong, "\n".join(wrong)


async def test_what_must_not_be_sent_again_is_not(house: House) -> None:
    wrong: list[str] = []
    for reason in REFUSED:
        fault = {"route": SEND, "fault": "error", "reason": reason}
        wrong += await ends(house, "text", fault, expected=State.REFUSED)
    calls = [call["route"] for call in await house.ask("calls?platform=whatsapp")]
    assert not wrong and calls.count(SEND) == 1, "\n".join(wrong)


async def test_a_message_whose_answer_was_lost_and_that_failed_later_is_known_and_not_sent_again(house: House) -> None:
    for code in ("131026", "131049", "131053", "131047", "131050"):
        async with scene(house) as (stage, _):
            await house.order("faults", {"platform": "whatsapp", "route": SEND, "fault": "fails", "code": code})
            await house.order("faults", {"platform": "whatsapp", "route": SEND, "fault": "lost_reply"})
            await to_the_end(stage)
            state, wamid = await stage.state()
            assert state is State.PUBLISHED, code
            (sent,) = await house.ask("audience/whatsapp/hazel?include=hidden")
            assert (sent["id"], sent["error"]) == (wamid, int(code))
            assert "failed then" in stage.store.kept["p1"].ending.published.notes[0]


async def test_an_upload_and_a_listing_may_stumble(house: House) -> None:
    wrong: list[str] = []
    for shape, route in (("picture", UPLOAD), ("template", LIST)):
        for fault in [*LOST[:3], *SILENT[:3], *NOT_DONE[:3]]:
            wrong += await ends(house, shape, {"route": route, **fault}, expected=State.PUBLISHED)
    assert not wrong, "\n".join(wrong)


async def test_somebody_who_wrote_in_yesterday_is_not_written_to_without_a_template(house: House) -> None:
    async with scene(house) as (stage, played):
        to = stage.publication.content.options["to"]
        await played.turn(inbound={"from": to, "text": "hello"})
        while not stage.inbox.told:
            await stage.clock.advance(1.0)
        await stage.clock.advance(24 * 3600.0)
        await to_the_end(stage)
        assert (await stage.state())[0] is State.REFUSED
        assert SEND not in [call["route"] for call in await house.ask("calls?platform=whatsapp")]


async def test_a_second_message_to_one_recipient_waits_while_the_first_is_in_doubt(house: House) -> None:
    async with scene(house) as (stage, played):
        second = publication_for(played.account, "text", "p2", text="And another thing")
        await house.order("faults", {"platform": "whatsapp", "route": SEND, "fault": "lost_request"})
        await work(stage)
        await stage.store.accept(second)
        for _ in range(30):
            await work(stage)
            await stage.clock.advance(5.0)
        assert (await stage.store.where(second))[0] is State.PARKED
        while (await stage.store.where(second))[0] is not State.PUBLISHED:
            await work(stage)
            await stage.clock.advance(20.0)
        assert (await stage.store.where(stage.publication))[0] is State.UNRESOLVED
        assert [one["text"] for one in await house.ask("audience/whatsapp/hazel")] == ["And another thing"]
