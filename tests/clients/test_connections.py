"""The three questions about a connection, and tokens that end, end to end: the client, a real CP with its database, the sandbox's OAuth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clients.stage import DELAYS, VIDEO, Set, follow, refused, wired
from cp.portal import INTERNAL_KEY, Portal, portal
from durable.platform_stage import House
from waooaw_social import CPSocialCredentialResolver, YouTubeClient
from waooaw_social.core.refusal import SocialPlatformError
from waooaw_social.core.secret import Secret

pytestmark = pytest.mark.anyio
FORCE_SSL = "https://www.googleapis.com/auth/youtube.force-ssl"


@dataclass
class Connected(Set):
    """A client whose credential lies in CP."""

    cp: Portal
    ref: str

    async def stored(self) -> dict[str, Any]:
        answer = await self.cp.plant("resolve", {"customer_id": "CUST-1", "credential_ref": self.ref})
        return answer.json()

    async def refreshes(self) -> int:
        return (await self.routes()).count("oauth.token")


@asynccontextmanager
async def connected(
    house: House, folder: Path, *, deadline: float = 1200.0, ends_in: float | None = None, **more: Any
) -> AsyncIterator[Connected]:
    await house.order("reset")
    clock = await follow(house)
    account = (await house.ask("accounts"))[0]
    async with portal(folder) as cp:
        body = {
            "posting_identity": account["posting_identity"],
            "access_token": account["access_token"],
            "refresh_token": account["refresh_token"],
        } | {name: more.pop(name) for name in ("posting_identity", "access_token", "refresh_token") if name in more}
        if ends_in is not None:
            body["expires_at"] = (clock.now() + timedelta(seconds=ends_in)).isoformat()
        ref = await cp.connected(**{name: value for name, value in body.items() if value})
        resolver = CPSocialCredentialResolver(cp_base_url=cp.internal, internal_api_key=INTERNAL_KEY)
        wiring = wired(house, clock, resolver, account, **more)
        async with YouTubeClient(resolver, "CUST-1", wired=wiring, deadline=deadline) as client:
            yield Connected(client, house, clock, account, resolver, wiring.files, wiring, cp, ref)
        await resolver.aclose()


def said(error: SocialPlatformError) -> tuple[str, bool]:
    return error.error_code, error.is_transient


# --- validate and inspect -----------------------------------------------------------------------------------------------------


async def test_a_good_connection_is_true_and_its_report_names_the_channel(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        assert await stage.client.validate_credentials(stage.ref) is True
        report = await stage.client.inspect_credentials(stage.ref)
        assert report.ok and report.identity == stage.account["posting_identity"] and report.title == "Hazel Bakes"
        assert report.facts["long_uploads"] == "allowed" and report.problems == ()


@pytest.mark.parametrize("answer", ["empty", "youtubeSignupRequired"])
async def test_an_account_without_a_channel_is_told_so_in_whichever_way_google_says_it(
    house: House, tmp_path: Path, answer: str
) -> None:
    async with connected(house, tmp_path) as stage:
        await stage.turn(channel=False)
        await stage.knob(no_channel_answer=answer)
        error = await refused(stage.client.validate_credentials(stage.ref))
        assert said(error) == ("no_channel", False) and "channel" in error.remediation
        report = await stage.client.inspect_credentials(stage.ref)
        assert not report.ok and [problem.code for problem in report.problems] == ["no_channel"]


@pytest.mark.parametrize("ends_in", [None, -5.0])
async def test_a_revoked_grant_needs_a_reconnect_whether_or_not_the_token_has_ended(
    house: House, tmp_path: Path, ends_in: float | None
) -> None:
    async with connected(house, tmp_path, ends_in=ends_in) as stage:
        await stage.turn(revoked=True)
        error = await refused(stage.client.validate_credentials(stage.ref))
        assert said(error) == ("needs_reconnect", False) and error.platform_code == "invalid_grant"
        (problem,) = (await stage.client.inspect_credentials(stage.ref)).problems
        assert problem.code == "needs_reconnect"
        assert said(await refused(stage.client.refresh_token(stage.ref))) == ("needs_reconnect", False)
        assert said(await refused(stage.client.post_short(stage.ref, VIDEO, "A cat"))) == ("needs_reconnect", False)


async def test_a_missing_scope_is_named_and_the_customer_can_cure_it(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        await stage.turn(scopes=["https://www.googleapis.com/auth/youtube.upload"])
        error = await refused(stage.client.validate_credentials(stage.ref))
        assert said(error) == ("missing_permission", False) and "permission" in error.remediation
        assert not (await stage.client.inspect_credentials(stage.ref)).ok


async def test_a_suspended_account_is_told_so_where_google_says_it(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        await stage.fault("error", route="channels.list", reason="authenticatedUserAccountSuspended")
        assert said(await refused(stage.client.validate_credentials(stage.ref))) == ("channel_unusable", False)
        await stage.turn(suspended=True)  # it may still read; only a write finds out
        assert said(await refused(stage.client.post_short(stage.ref, VIDEO, "A cat"))) == ("channel_unusable", False)


async def test_another_channel_than_the_connected_one_publishes_nothing(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path, posting_identity="UC" + "z" * 22) as stage:
        error = await refused(stage.client.validate_credentials(stage.ref))
        assert said(error) == ("wrong_channel", False) and error.field == "posting_identity"
        report = await stage.client.inspect_credentials(stage.ref)
        assert not report.ok and report.identity == stage.account["posting_identity"]
        assert said(await refused(stage.client.post_short(stage.ref, VIDEO, "A cat"))) == ("wrong_channel", False)
        assert set(await stage.routes()) == {"channels.list"}


async def test_an_unknown_credential_is_nobodys(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        for call in (stage.client.validate_credentials, stage.client.refresh_token):
            error = await refused(call("CRED-none"))
            assert said(error) == ("unknown_credential", False) and error.field == "credential_ref"
        error = await refused(stage.client.post_short("CRED-none", VIDEO, "A cat"))
        assert said(error) == ("unknown_credential", False) and await stage.routes() == []


async def test_cp_away_is_transient_and_says_nothing_about_the_connection(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        stage.cp.gone.set()
        calls = (stage.client.validate_credentials, stage.client.inspect_credentials, stage.client.refresh_token)
        for call in (*calls, lambda ref: stage.client.post_short(ref, VIDEO, "A cat")):
            error = await refused(call(stage.ref))
            assert said(error) == ("credentials_unavailable", True) and error.retry_after
        stage.cp.gone.clear()
        assert await stage.client.validate_credentials(stage.ref) is True


async def test_cp_that_refuses_our_key_is_the_operators(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        stranger = CPSocialCredentialResolver(cp_base_url=stage.cp.internal, internal_api_key="wrong" * 8)
        wiring = wired(house, stage.clock, stranger, stage.account)
        async with YouTubeClient(customer_id="CUST-1", wired=wiring) as client:
            for call in (client.validate_credentials, client.inspect_credentials):
                assert said(await refused(call(stage.ref))) == ("credentials_unavailable", False)
        await stranger.aclose()


async def test_a_wrong_client_secret_is_the_operators_and_blames_no_customer(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path, ends_in=-5.0, secret="GOCSPX-wrong-secret") as stage:
        for call in (stage.client.validate_credentials, stage.client.inspect_credentials, stage.client.refresh_token):
            error = await refused(call(stage.ref))
            assert said(error) == ("needs_operator", False)
            assert "no customer needs to reconnect" in error.remediation and "YOUTUBE_CLIENT" in error.remediation


async def test_a_platform_that_is_away_is_transient_and_no_verdict(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        await stage.fault("status", route="channels.list", status=503, times=0)
        assert said(await refused(stage.client.validate_credentials(stage.ref))) == ("platform_unavailable", True)
        assert (await stage.routes()).count("channels.list") == 6


# --- tokens -------------------------------------------------------------------------------------------------------------------


async def test_a_refreshed_token_is_returned_works_and_lies_in_cp(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        token = await stage.client.refresh_token(stage.ref)
        assert token != stage.account["access_token"]
        stored = await stage.stored()
        assert (stored["access_token"], stored["version"]) == (token, 2)
        assert stored["refresh_token"] == stage.account["refresh_token"] and stored["expires_at"]
        assert await stage.client.validate_credentials(stage.ref) is True


async def test_ten_refreshes_at_once_are_one_token_call(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        tokens = await asyncio.gather(*(stage.client.refresh_token(stage.ref) for _ in range(10)))
        assert set(tokens) == {(await stage.stored())["access_token"]} and await stage.refreshes() == 1


@pytest.mark.parametrize("ends_in", [None, 60.0, -5.0])
async def test_a_second_refresh_within_a_minute_is_the_first_and_blames_nobody(
    house: House, tmp_path: Path, ends_in: float | None
) -> None:
    async with connected(house, tmp_path, ends_in=ends_in) as stage:
        first = await stage.client.refresh_token(stage.ref)
        assert await stage.client.refresh_token(stage.ref) == first and await stage.refreshes() == 1
        await stage.clock.advance(61.0)
        assert await stage.client.refresh_token(stage.ref) != first and await stage.refreshes() == 2


async def test_a_refresh_right_after_one_that_a_401_forced_blames_nobody_either(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        await stage.turn(expires_in=0)
        assert await stage.client.validate_credentials(stage.ref) is True
        assert await stage.client.refresh_token(stage.ref) == (await stage.stored())["access_token"]
        assert await stage.refreshes() == 1


async def test_without_a_refresh_token_a_refresh_needs_a_reconnect(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path, refresh_token="") as stage:
        assert said(await refused(stage.client.refresh_token(stage.ref))) == ("needs_reconnect", False)
        assert await stage.client.validate_credentials(stage.ref) is True


@pytest.mark.parametrize("route", ["channels.list", "videos.insert", "upload.query", "upload.chunk", "upload.final"])
async def test_a_401_anywhere_in_an_upload_refreshes_once_stores_it_in_cp_and_goes_on(
    house: House, tmp_path: Path, route: str
) -> None:
    async with connected(house, tmp_path) as stage:
        await stage.fault("error", route=route, reason="authError")
        result = await stage.client.post_short(stage.ref, VIDEO, "A cat")
        assert [post["id"] for post in await stage.seen()] == [result.post_id]
        assert await stage.refreshes() == 1
        stored = await stage.stored()
        assert stored["version"] == 2 and stored["access_token"] != stage.account["access_token"]
        assert stage.clock.offset < 5, "nobody waits for anything"


async def test_a_token_that_really_ends_in_mid_upload_is_replaced(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        await stage.fault("status", route="upload.chunk", status=503)

        async def ends(_: float) -> None:
            await stage.turn(expires_in=0)
            stage.clock.on_advance.remove(ends)

        stage.clock.on_advance.append(ends)
        assert (await stage.client.post_short(stage.ref, VIDEO, "A cat")).success
        assert await stage.refreshes() == 1 and len(await stage.seen()) == 1


async def test_a_token_that_ends_soon_is_refreshed_ahead_and_no_401_is_ever_seen(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path, ends_in=200.0) as stage:
        assert (await stage.client.post_short(stage.ref, VIDEO, "A cat")).success
        assert (await stage.routes())[0] == "oauth.token" and await stage.refreshes() == 1
        statuses = {call["status"] for call in await house.ask("calls?platform=youtube")}
        assert 401 not in statuses and (await stage.stored())["version"] == 2


async def test_another_customers_credential_is_unknown_to_this_one(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        wiring = wired(house, stage.clock, stage.source, stage.account)
        async with YouTubeClient(stage.source, "CUST-2", wired=wiring) as stranger:
            assert said(await refused(stranger.post_short(stage.ref, VIDEO, "A cat"))) == ("unknown_credential", False)


async def test_a_credential_shows_neither_its_token_nor_its_secret(house: House, tmp_path: Path) -> None:
    async with connected(house, tmp_path) as stage:
        lent = await stage.source.resolve(customer_id="CUST-1", credential_ref=stage.ref)
        assert isinstance(lent.access_token, Secret) and stage.account["access_token"] not in repr(lent)
        assert DELAYS.send_window and stage.account["refresh_token"] not in f"{lent!r} {stage.client!r}"
