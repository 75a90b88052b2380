"""Refreshing: early, once, shared by all who need it; and where it fails, the one who can help is named and no secret is told."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from waooaw_social.core.ids import CredentialRef, Platform
from waooaw_social.core.refusal import Cure
from waooaw_social.core.secret import Secret
from waooaw_social.wire.ports import Errand, NotSent, ResolvedSocialCredentials
from waooaw_social.wire.tokens import FAILED_LATELY
from wire.token_house import ACCESS, CLIENT_SECRET, REFRESH, House, token_house

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with token_house(tmp_path) as made:
        yield made


def token(outcome: ResolvedSocialCredentials | NotSent) -> str:
    assert isinstance(outcome, ResolvedSocialCredentials), outcome
    return outcome.access_token.open()


def refused(outcome: ResolvedSocialCredentials | NotSent, until: Cure | None = None) -> NotSent:
    assert isinstance(outcome, NotSent), outcome
    assert outcome.until is until
    for secret in (ACCESS, REFRESH, CLIENT_SECRET, "planted"):
        assert secret not in repr(outcome)
    return outcome


async def test_a_token_that_is_good_for_long_is_given_as_it_is(house: House) -> None:
    await house.connect(ends_in=3600)
    assert token(await house.tokens.good(house.errand)) == ACCESS
    assert house.endpoint.asked == []


async def test_a_token_without_a_known_end_is_given_as_it_is(house: House) -> None:
    await house.connect()
    assert token(await house.tokens.good(house.errand)) == ACCESS
    assert house.endpoint.asked == []


async def test_a_token_is_refreshed_ahead_of_its_end_and_stored(house: House) -> None:
    await house.connect(ends_in=200)
    assert token(await house.tokens.good(house.errand)) == "ya29.planted-refreshed-1"
    (asked,) = house.endpoint.asked
    assert asked == {
        "path": "/oauth2.googleapis.com/token", "grant_type": "refresh_token", "refresh_token": REFRESH,
        "client_id": "client.apps", "client_secret": CLIENT_SECRET,
    }  # fmt: skip
    stored = await house.stored()
    assert (stored["access_token"], stored["refresh_token"], stored["version"]) == (
        "ya29.planted-refreshed-1",
        REFRESH,
        2,
    )
    assert stored["expires_at"] > house.cp.clock.now().isoformat()
    assert token(await house.tokens.good(house.errand)) == "ya29.planted-refreshed-1"
    assert len(house.endpoint.asked) == 1


async def test_a_new_refresh_token_replaces_the_old_one(house: House) -> None:
    stale = await house.connect()
    house.endpoint.script = [(200, {"access_token": "ya29.n", "expires_in": 3600, "refresh_token": "1//newer"})]
    renewed = await house.tokens.renew(house.errand, stale)
    assert isinstance(renewed, ResolvedSocialCredentials)
    assert renewed.refresh_token == Secret("1//newer")
    assert (await house.stored())["refresh_token"] == "1//newer"


async def test_after_a_401_ten_callers_share_one_refresh(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    renewed = await asyncio.gather(*(house.tokens.renew(house.errand, stale) for _ in range(10)))
    assert {token(one) for one in renewed} == {"ya29.planted-refreshed-1"}
    assert len(house.endpoint.asked) == 1


async def test_the_whole_fleet_shares_one_refresh_and_the_losers_adopt_it(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    fleet = (house.tokens, house.others)
    renewed = await asyncio.gather(*(process.renew(house.errand, stale) for process in fleet * 3))
    assert {token(one) for one in renewed} == {"ya29.planted-refreshed-1"}
    assert len(house.endpoint.asked) == 1
    assert (await house.stored())["version"] == 2


async def test_a_newer_token_at_cp_is_adopted_without_asking_the_platform(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    body = {"customer_id": "CUST-1", "credential_ref": house.ref, "new_access_token": "ya29.by-hand"}
    await house.cp.plant("update-token", body)
    assert token(await house.tokens.renew(house.errand, stale)) == "ya29.by-hand"
    assert house.endpoint.asked == []


async def test_who_is_overtaken_while_asking_the_platform_adopts_the_winners_token(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    renewing = asyncio.create_task(house.tokens.renew(house.errand, stale))
    while not house.endpoint.asked:
        await asyncio.sleep(0.001)
    body = {"customer_id": "CUST-1", "credential_ref": house.ref, "new_access_token": "ya29.winner"}
    await house.cp.plant("update-token", body)
    assert token(await renewing) == "ya29.winner"


async def test_a_holder_that_never_comes_back_is_waited_for_and_then_replaced(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    body = {"customer_id": "CUST-1", "credential_ref": house.ref, "version": 1}
    assert (await house.cp.plant("refresh-lease", body)).json()["granted"]
    waited = refused(await house.tokens.renew(house.errand, stale))
    assert waited.retry_in == 5.0
    house.cp.clock.offset += 10
    assert token(await house.tokens.renew(house.errand, stale)) == "ya29.planted-refreshed-1"


async def test_a_dead_grant_asks_the_customer_to_reconnect(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    house.endpoint.script = [
        (400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
    ]
    no = refused(await house.tokens.renew(house.errand, stale), until=Cure.RECONNECT)
    assert no.refusal
    assert no.refusal.code == "needs_reconnect"
    assert len(house.endpoint.asked) == 1


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "invalid_request"])
async def test_a_wrong_client_is_the_operators_and_blames_no_customer(house: House, error: str) -> None:
    stale = await house.connect(ends_in=3600)
    house.endpoint.script = [(401, {"error": error, "error_description": "The OAuth client was not found."})]
    refused(await house.tokens.renew(house.errand, stale), until=Cure.OPERATOR)
    assert len(house.endpoint.asked) == 1


async def test_a_platform_without_a_client_is_the_operators_too(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    house.tokens.clients = {}
    refused(await house.tokens.renew(house.errand, stale), until=Cure.OPERATOR)


async def test_without_a_refresh_token_only_the_customer_can_help(house: House) -> None:
    stale = await house.connect(ends_in=10, refresh=False)
    assert token(await house.tokens.good(house.errand)) == ACCESS
    refused(await house.tokens.renew(house.errand, stale), until=Cure.RECONNECT)


async def test_a_token_endpoint_that_stumbles_is_asked_again(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    house.endpoint.script = [(503, b"<html>"), (500, {"error": "internal_failure"})]
    assert token(await house.tokens.renew(house.errand, stale)) == "ya29.planted-refreshed-3"
    assert house.cp.clock.slept[:2] == [1.0, 2.0]


async def test_a_token_endpoint_that_stays_down_is_not_sent_and_may_come_back(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    house.endpoint.script = [(503, b"")] * 6
    waits = refused(await house.tokens.renew(house.errand, stale))
    assert len(house.endpoint.asked) == 6
    assert (await house.stored())["access_token"] == ACCESS
    assert waits.retry_in == FAILED_LATELY
    assert refused(await house.tokens.renew(house.errand, stale)).why == waits.why, "the reason, not a wait for a lease"
    assert len(house.endpoint.asked) == 6
    await house.cp.clock.sleep(FAILED_LATELY)
    assert token(await house.tokens.renew(house.errand, stale)) == "ya29.planted-refreshed-7"


async def test_a_refusal_is_forgotten_when_the_customer_has_reconnected(house: House) -> None:
    stale = await house.connect(ends_in=-1)
    house.endpoint.script = [(400, {"error": "invalid_grant"})]
    for _ in range(2):
        refused(await house.tokens.renew(house.errand, stale), until=Cure.RECONNECT)
    again = {"platform": "youtube", "access_token": "ya29.planted-again", "credential_ref": house.ref}
    assert (await house.cp.put(again)).status_code == 200
    assert token(await house.tokens.renew(house.errand, stale)) == "ya29.planted-again"
    assert len(house.endpoint.asked) == 1


async def test_while_the_refresh_fails_a_token_that_has_not_ended_goes_on_being_used(house: House) -> None:
    await house.connect(ends_in=200)
    house.endpoint.script = [(400, {"error": "invalid_grant"})]
    for _ in range(3):
        assert token(await house.tokens.good(house.errand)) == ACCESS
    assert len(house.endpoint.asked) == 1, "not every call waits for a stumbling token endpoint"
    await house.cp.clock.sleep(FAILED_LATELY)
    assert token(await house.tokens.good(house.errand)) == "ya29.planted-refreshed-2"


async def test_a_token_that_has_ended_is_not_given_out(house: House) -> None:
    await house.connect(ends_in=-1)
    house.endpoint.script = [(400, {"error": "invalid_grant"})]
    refused(await house.tokens.good(house.errand), until=Cure.RECONNECT)


@pytest.mark.parametrize(
    "echo",
    [
        {"error": "invalid_grant", "error_description": f"bad {REFRESH} of {CLIENT_SECRET}, {ACCESS}"},
        {"error": "invalid_client", "error_description": f"bad {REFRESH} of {CLIENT_SECRET}, {ACCESS}"},
        {"error": REFRESH, "error_description": CLIENT_SECRET},
        {"error": {"message": REFRESH, "status": CLIENT_SECRET, "code": 400}},
    ],
)
async def test_a_token_endpoint_that_echoes_secrets_tells_nobody(house: House, echo: dict[str, Any]) -> None:
    stale = await house.connect(ends_in=3600)
    house.endpoint.script = [(400, echo)] * 6
    outcome = await house.tokens.renew(house.errand, stale)
    assert isinstance(outcome, NotSent)
    refused(outcome, until=outcome.until)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"<html>ya29.planted</html>",
        {},
        {"access_token": ""},
        {"access_token": "ya29.planted", "expires_in": "planted"},
    ],
)
async def test_an_answer_without_a_token_is_no_token(house: House, garbage: Any) -> None:
    stale = await house.connect(ends_in=3600)
    house.endpoint.script = [(200, garbage)]
    refused(await house.tokens.renew(house.errand, stale))
    assert (await house.stored())["version"] == 1


async def test_a_second_401_right_after_a_refresh_needs_a_reconnect(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    renewed = await house.tokens.renew(house.errand, stale)
    assert isinstance(renewed, ResolvedSocialCredentials)
    refused(await house.tokens.renew(house.errand, renewed), until=Cure.RECONNECT)
    assert len(house.endpoint.asked) == 1
    house.cp.clock.offset += 120
    assert token(await house.tokens.renew(house.errand, renewed)) == "ya29.planted-refreshed-2"


async def test_tokens_that_last_only_seconds_are_used_and_renewed_when_they_end(house: House) -> None:
    house.endpoint.expires_in = 30
    await house.connect(ends_in=-1)
    assert token(await house.tokens.good(house.errand)) == "ya29.planted-refreshed-1"
    assert token(await house.tokens.good(house.errand)) == "ya29.planted-refreshed-1"
    assert len(house.endpoint.asked) == 1
    house.cp.clock.offset += 31
    assert token(await house.tokens.good(house.errand)) == "ya29.planted-refreshed-2"


async def test_cp_away_while_the_new_token_is_stored_is_not_sent_and_refreshed_again_later(house: House) -> None:
    stale = await house.connect(ends_in=3600)
    renewing = asyncio.create_task(house.tokens.renew(house.errand, stale))
    while not house.endpoint.asked:
        await asyncio.sleep(0.001)
    house.cp.gone.set()
    no = refused(await renewing)
    assert no.refusal
    assert no.refusal.code == "credentials_unavailable"
    refused(await house.tokens.renew(house.errand, stale))
    house.cp.gone.clear()
    house.cp.clock.offset += 21  # the right that was lost with the answer ends
    assert token(await house.tokens.renew(house.errand, stale)) == "ya29.planted-refreshed-2"


async def test_a_credential_of_nobody_and_one_of_another_platform_are_not_sent(house: House) -> None:
    await house.connect()
    unknown = Errand(
        customer_id=house.errand.customer_id, credential_ref=CredentialRef("CRED-none"), platform=house.errand.platform
    )
    refused(await house.tokens.good(unknown), until=Cure.RECONNECT)
    other = Errand(
        customer_id=house.errand.customer_id, credential_ref=house.errand.credential_ref, platform=Platform("facebook")
    )
    refused(await house.tokens.good(other), until=Cure.RECONNECT)
