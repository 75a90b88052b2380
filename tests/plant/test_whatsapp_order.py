"""Many recipients in one order, the worker killed twice: everybody has one outcome, nobody two messages, no limit is exceeded."""

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from plant.house import House, Service, until
from plant.whatsapp_house import WORDS, Sender, open_sender

pytestmark = pytest.mark.anyio

LEASE = {"LEASE_SECONDS": "2"}
SILENCE = 60
PER_SECOND, PAIR_BURST = 80, 45
"""WhatsApp's limits."""
WAYS = 5


def numbers(many: int) -> list[str]:
    return [f"+1202666{n:04d}" for n in range(many)]


def standings(house: House) -> list[tuple[str, str, str | None, str | None]]:
    """(recipient, state, id at WhatsApp, refusal's code) of every publication, out of Plant's own database."""
    with sqlite3.connect(f"file:{house.var / 'plant.db'}?mode=ro", uri=True) as db:
        asked = "select json_extract(content, '$.options.to'), state, post_id, json_extract(refusal, '$.code') from publications"
        return list(db.execute(asked))


def waiting(house: House) -> Counter[str]:
    """States of all that waits for something else than another publication."""
    with sqlite3.connect(f"file:{house.var / 'plant.db'}?mode=ro", uri=True) as db:
        rows = list(db.execute("select id, follows, state from publications where ended_at is null"))
    left = {row[0] for row in rows}
    return Counter(state for _, follows, state in rows if follows not in left)


async def quiet(house: House) -> bool:
    report = await house.ask("knobs/whatsapp")
    return not report["webhooks"]["waiting"]


async def until_ended(house: House, patience: float = 120.0) -> None:
    """Until nothing waits; where all that waits is parked, the clock is advanced."""

    async def ended() -> bool:
        left = await asyncio.to_thread(waiting, house)
        if set(left) == {"parked"} and await quiet(house):
            await house.advance(30.0)
        return not left and await quiet(house)

    await until(ended, "everything ends", patience)


async def kill_at(sender: Sender, worker: Service, accepted: int) -> Service:
    """kill -9 once so many messages were accepted by the platform; the next worker is at hand."""

    async def there() -> bool:
        return (await sender.meters())["accepted"] >= accepted

    await until(there, f"{accepted} messages")
    await worker.kill()
    return await sender.house.start_worker(**LEASE)


async def failing(sender: Sender, people: list[str]) -> dict[str, list[str]]:
    """3 % of them, in five ways. Two are recipients' own, one is the window's; two befall whoever is next."""
    each = max(1, len(people) * 3 // 100 // WAYS)
    absent, blocked, closed = (people[n * each : (n + 1) * each] for n in range(3))
    await sender.turn(open_window=[one for one in people if one not in closed])
    await sender.turn(
        recipient=[{"number": one, "state": "absent"} for one in absent] + [{"number": one, "state": "blocked"} for one in blocked]
    )  # fmt: skip
    for n in range(each):  # not in a row: five lost replies one after the other would open the circuit, and rightly so
        await sender.fault(fault="lost_reply", times=1, after=len(people) // 8 + 9 * n)
        await sender.fault(fault="lost_request", times=1, after=len(people) // 2 + 9 * n)
    return {"absent": absent, "blocked": blocked, "closed": closed}


async def everybody_once(many: int, var: Path) -> None:
    people = numbers(many)
    async with open_sender(var, **LEASE) as sender:
        house, worker = sender.house, sender.house.services[-1]
        assert await sender.subscribe() == "verified"
        await house.order("knobs/whatsapp", {"webhook_batch": 50})
        bad = await failing(sender, people)
        options = {"silence_seconds": SILENCE}
        ids = await sender.send(text=WORDS["text"], recipients=people, options=options)
        assert len(set(ids)) == many
        worker = await kill_at(sender, worker, many // 4)
        worker = await kill_at(sender, worker, many // 2)
        await until_ended(house)
        await judge(sender, people, bad)


async def judge(sender: Sender, people: list[str], bad: dict[str, list[str]]) -> None:
    stands = {to: (state, post_id, code) for to, state, post_id, code in standings(sender.house)}
    assert set(stands) == set(people) and len(standings(sender.house)) == len(people), "one publication each"
    received = await sender.received()
    times = Counter(one["to"] for one in received)
    assert max(times.values()) == 1, "nobody gets two messages"
    by_person = {one["to"]: one for one in received}
    wrong = [
        (to, stands[to], by_person.get(to, {}).get("id"))
        for to in people
        if (stands[to][0] == "published") != (to in by_person) or stands[to][1] != by_person.get(to, {}).get("id")
    ]
    assert not wrong, wrong
    states = Counter(state for state, _, _ in stands.values())
    print(f"\n{dict(states)}, {await sender.meters()}")
    assert {stands[to] for to in bad["closed"]} == {("refused", None, "outside_window")}
    assert {by_person[to]["error"] for to in bad["absent"] if to in by_person} == {131026}
    assert {by_person[to]["error"] for to in bad["blocked"] if to in by_person} == {130403}
    each = len(bad["closed"])
    assert states["refused"] == each and each <= states["unresolved"] <= each + 2 * 16, "silence, and what died unsent"
    meters = await sender.meters()
    assert meters["peak_per_second"] <= PER_SECOND and meters["peak_pair_burst"] <= PAIR_BURST
    assert not set(meters["refused"]) & {"130429", "131056"}, "the platform never had to slow us down"


async def test_200_recipients_have_one_outcome_each_though_the_worker_is_killed_twice(tmp_path: Path) -> None:
    await everybody_once(200, tmp_path)


@pytest.mark.long
async def test_1000_recipients_have_one_outcome_each_though_the_worker_is_killed_twice(tmp_path: Path) -> None:
    await everybody_once(1000, tmp_path)


# --- through the real door ----------------------------------------------------------------------------------------------------


async def test_what_meta_tells_plant_settles_what_nobody_answered(tmp_path: Path) -> None:
    """One door, one worker: a lost answer with a status, without one, and with one where silence means "again"."""
    async with open_sender(tmp_path) as sender:
        house = sender.house
        assert await sender.subscribe("not the token") == "refused"
        assert await sender.subscribe() == "verified"
        forged = await house.http.post(
            f"{house.plant}/webhooks/meta", content=b"{}", headers={"x-hub-signature-256": ""}
        )
        assert forged.status_code == 403
        assert (await house.http.post(f"{house.plant}/webhooks/meta", content=b"x" * 5_000_000)).status_code == 413

        one, two, three = people = numbers(3)
        await sender.turn(open_window=people)
        await sender.fault(fault="lost_reply")
        (told,) = await sender.send(text="One", recipients=[one])
        shown = await house.ends(told)
        assert (shown["state"], shown["attempts"][0]["heard_by"]) == ("published", "webhook")

        for name, to, on_silence in (("Two", two, "unresolved"), ("Three", three, "resend")):
            await sender.fault(fault="lost_request")
            options: dict[str, Any] = {"on_silence": on_silence, "silence_seconds": SILENCE}
            (silent,) = await sender.send(text=name, recipients=[to], options=options)
            shown = await house.ends(silent)
            assert shown["state"] == ("unresolved" if on_silence == "unresolved" else "published"), shown
        assert [one["text"] for one in await sender.received()] == ["One", "Three"]


async def test_messages_to_one_recipient_go_out_in_their_order_and_each_has_its_own_outcome(tmp_path: Path) -> None:
    people = numbers(6)
    said = ["One", "Two", "Three"]
    async with open_sender(tmp_path, **LEASE) as sender:
        house = sender.house
        assert await sender.subscribe() == "verified"
        await sender.turn(open_window=people[:-1])
        await sender.fault(fault="error", reason="131000", after=2)  # one of the first waits for its silence
        await sender.fault(fault="error", reason="130429", after=4)
        options = {"silence_seconds": SILENCE}
        messages = [{"text": text} for text in said]
        body = sender.order(recipients=people, messages=messages, options=options)
        accepted = (await house.submit(body, idempotency_key="the-same")).json()
        assert (await house.submit(body, idempotency_key="the-same")).json()["order_id"] == accepted["order_id"]
        await until_ended(house)

        shown = [await house.show(one["id"]) for one in accepted["publications"]]
        assert {one["order_id"] for one in shown} == {accepted["order_id"]}
        firsts, seconds, thirds = shown[:6], shown[6:12], shown[12:]
        assert [one["follows"] for one in firsts] == [None] * 6
        assert [one["follows"] for one in seconds + thirds] == [one["id"] for one in firsts + seconds]
        assert [one["state"] for one in (firsts[-1], seconds[-1], thirds[-1])] == ["refused"] * 3
        states = Counter(one["state"] for one in shown)
        assert states == {"published": 14, "refused": 3, "unresolved": 1}
        for to in people[:-1]:
            texts = [one["text"] for one in await sender.received() if one["to"] == to]
            assert texts == [text for text in said if text in texts] and len(texts) >= 2


async def test_an_order_is_refused_whole_and_every_problem_once_with_its_place(tmp_path: Path) -> None:
    async with open_sender(tmp_path, worker=False) as sender:
        people = numbers(3)
        too_long = [{"text": "x" * 5000}, {"text": "fine"}]
        cases: list[tuple[dict[str, Any], str, str]] = [
            ({"text": "Hi", "recipients": [people[0], "+1 202 666 0000"]}, "duplicate_recipient", "content.recipients.1"),
            ({"text": "Hi", "recipients": [people[0], "nobody"]}, "invalid_recipient", "content.recipients.1"),
            ({"recipients": people, "messages": too_long}, "text_too_long", "content.messages.0.text"),
            ({"text": "Hi", "recipients": people, "messages": too_long}, "content_beside_messages", "content.messages"),
            ({"text": "Hi", "recipients": people, "options": {"to": "+12026669999"}}, "recipients_and_to", "content.options.to"),
            ({"recipients": numbers(1000), "messages": [{"text": "a"}] * 3}, "too_many_recipients", "content.recipients"),
        ]  # fmt: skip
        for content, code, field in cases:
            answer = await sender.house.submit(sender.order(**content))
            told = answer.json()
            assert (answer.status_code, told["code"]) == (422, code), told
            assert [one["field"] for one in told["errors"]] == [f"targets.0: {field}"]
        youtube = await sender.house.connect()
        body = sender.order(title="A cat", recipients=people, format="short")
        body["targets"][0]["credential_ref"] = youtube
        assert (await sender.house.submit(body)).json()["code"] == "recipients_unsupported"
        assert standings(sender.house) == []
