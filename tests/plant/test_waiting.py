"""Publications that wait for somebody: for CP, for a customer who must reconnect, for an operator, for midnight in California.

Each says why it waits and until when, and goes on by itself when the cure comes. A worker that is stopped finishes or hands back.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from plant.house import LEDGER_SECRET, House, Service, open_house, order, until
from waooaw_social.platforms.youtube.manifest import PACIFIC
from waooaw_social.storage.plant.codec import reply_from_bytes
from waooaw_social.storage.seal import KeyRing, Sealer

pytestmark = pytest.mark.anyio

RECHECK = 300.0
"""Seconds after which a publication that waits for a cure asks whether it has come."""


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Of its own: its clock is put forward by days."""
    async with open_house(tmp_path_factory.mktemp("waiting")) as opened:
        yield opened


def living(house: House, name: str) -> Service:
    return next(service for service in reversed(house.services) if service.name == name and service.running)


async def test_a_dead_grant_waits_for_the_customer_and_goes_on_after_the_reconnect(house: House) -> None:
    credential = await house.connect()
    await house.order("accounts/youtube/hazel", {"revoked": True})
    publication = await house.publish(credential)
    shown = await house.comes_to(publication, "parked")
    assert shown["error"]["code"] == "needs_reconnect" and "onnect" in shown["error"]["remediation"]
    assert shown["why"] and shown["next_step_at"] and shown["ended_at"] is None

    await house.order("accounts/youtube/hazel", {"revoked": False})
    assert await house.connect(credential_ref=credential) == credential
    await house.advance(RECHECK)
    shown = await house.comes_to(publication, "published")
    assert shown["error"] is None and shown["why"] is None


async def test_a_wrong_client_waits_for_the_operator_and_blames_no_customer(house: House) -> None:
    credential = await house.connect()
    await living(house, "worker").stop()
    wrong = await house.start_worker(YOUTUBE_CLIENT_SECRET="GOCSPX-not-the-one")
    await house.order("accounts/youtube/hazel", {"expires_in": 0})
    publication = await house.publish(credential)
    shown = await house.comes_to(publication, "parked")
    assert shown["error"]["code"] == "needs_operator" and "no customer" in shown["error"]["remediation"]
    assert "reconnect" not in shown["why"].lower()

    assert await wrong.stop() == 0
    await house.start_worker()
    await house.advance(RECHECK)
    assert (await house.comes_to(publication, "published"))["error"] is None


async def test_an_empty_quota_waits_for_midnight_in_california(house: House) -> None:
    credential = await house.connect()
    await house.fault("videos.insert", "error", reason="quotaExceeded")
    publication = await house.publish(credential)
    shown = await house.comes_to(publication, "parked")
    assert shown["error"]["code"] == "quota_exhausted" and "midnight" in shown["why"]
    there = datetime.fromisoformat(shown["next_step_at"]).astimezone(ZoneInfo(PACIFIC))
    today = (await house.now()).astimezone(ZoneInfo(PACIFIC))
    midnight = datetime.combine(today.date() + timedelta(days=1), datetime.min.time(), ZoneInfo(PACIFIC))
    assert abs(there - midnight) < timedelta(seconds=5)

    second = await house.publish(credential, title="Beside it")
    assert (await house.comes_to(second, "parked"))["error"]["code"] == "quota_exhausted"
    opened = len(await house.calls("videos.insert"))
    await house.advance((midnight - await house.now()).total_seconds() - 60)
    assert (await house.show(publication))["state"] == "parked" and len(await house.calls("videos.insert")) == opened
    await house.advance(75)
    for one in (publication, second):
        assert (await house.ends(one))["state"] == "published"


async def test_without_cp_nothing_is_accepted_and_what_was_accepted_waits(house: House) -> None:
    credential = await house.connect()
    await house.ends(await house.publish(credential))
    unseen = await house.connect("ridge")
    cp = living(house, "cp")
    port = int(house.cp.rpartition(":")[2])
    await house.fault("upload.chunk", "delay", seconds=0.5)
    under_way = await house.publish(credential, size=40_000_000)
    await cp.kill()

    answer = await house.submit(order(unseen, video_url=house.video()), idempotency_key="cp-is-away")
    told = answer.json()
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
    assert (told["code"], told["retryable"]) == ("credentials_unavailable", True) and told["remediation"]

    # The tokens that a worker remembers end with it.
    await living(house, "worker").kill()
    await house.start_worker()
    await house.advance(31)  # its lease
    await house.start_cp(port)
    await house.healthy()
    again = await house.submit(order(unseen, video_url=house.video()), idempotency_key="cp-is-away")
    assert again.status_code == 202
    for one in (under_way, again.json()["publications"][0]["id"]):
        assert (await house.ends(one))["state"] == "published"


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand(house: House) -> None:
    credential = await house.connect()
    await house.fault("upload.chunk", "delay", seconds=0.5, times=0)
    publication = await house.publish(credential, size=40_000_000)

    async def going_up() -> bool:
        return (
            bool((await house.show(publication))["attempts"]) and (await house.calls())[-1]["route"] == "upload.chunk"
        )

    await until(going_up, "it goes up")
    worker = living(house, "worker")
    assert await worker.stop() == 0
    await house.clear_faults()
    assert (await house.show(publication))["state"] == "published"
    waiting = await house.publish(credential, title="Nobody is there")
    assert (await house.show(waiting))["state"] == "due"
    await house.start_worker()
    assert (await house.ends(waiting))["state"] == "published"


async def test_what_the_ledger_keeps_is_sealed_and_gone_after_thirty_days(house: House) -> None:
    credential = await house.connect()
    publication = await house.publish(credential)
    assert (await house.ends(publication))["state"] == "published"
    sealed = replies(house.var, publication)
    assert len(sealed) == 3
    sealer = Sealer(KeyRing(LEDGER_SECRET))
    opened = {
        name: reply_from_bytes(sealer.open(reply, publication=publication, name=name, attempt="1"))
        for name, reply in sealed.items()
    }
    session = opened["open session 1"].headers["location"]
    assert "upload_id=" in session
    upload_id = session.partition("upload_id=")[2].partition("&")[0]
    for file in house.var.glob("plant.db*"):
        assert b"upload_id" not in file.read_bytes() and upload_id.encode() not in file.read_bytes()

    await living(house, "worker").stop()
    await house.advance(31 * 24 * 3600)
    worker = await house.start_worker()
    await worker.said("house_kept")
    assert set(replies(house.var, publication).values()) == {None}
    assert (await house.show(publication))["state"] == "published"


def replies(var: Path, publication: str) -> dict[str, Any]:
    """What lies in the database, by the call's name."""
    engine = sa.create_engine(f"sqlite:///{var}/plant.db")
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select name, reply from entries where publication = :one"), {"one": publication}
        )
        found = {row.name: row.reply for row in rows}
    engine.dispose()
    return found
