"""The client of CP's internal API: asks no more often than it must, believes nothing old, and says precisely what went wrong without a secret."""

import asyncio
import json
import pickle
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from cp.portal import INTERNAL_KEY, Portal, portal, served
from waooaw_social.core.refusal import Cure
from waooaw_social.core.secret import Secret
from waooaw_social.wire.ports import CredentialsUnavailable, CredentialUnknown, StaleVersion
from waooaw_social.wire.resolver import KEPT_FOR, CPSocialCredentialResolver

pytestmark = pytest.mark.anyio

SECRETS = (INTERNAL_KEY, "ya29.planted-access", "1//planted-refresh", "ya29.planted-update")


@pytest.fixture
async def cp(tmp_path: Path) -> AsyncIterator[Portal]:
    async with portal(tmp_path) as running:
        yield running


@pytest.fixture
async def resolver(cp: Portal) -> AsyncIterator[CPSocialCredentialResolver]:
    made = CPSocialCredentialResolver(cp.internal, INTERNAL_KEY)
    yield made
    await made.aclose()


@asynccontextmanager
async def stranger(status: int, body: bytes) -> AsyncIterator[CPSocialCredentialResolver]:
    """A resolver whose CP answers this to everything."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Response(body, status)(scope, receive, send)

    async with served(app) as origin:
        made = CPSocialCredentialResolver(origin, INTERNAL_KEY)
        try:
            yield made
        finally:
            await made.aclose()


async def connected(cp: Portal, **more: Any) -> dict[str, str]:
    ref = await cp.connected(access_token="ya29.planted-access", refresh_token="1//planted-refresh", **more)
    return {"customer_id": "CUST-1", "credential_ref": ref}


async def openings(cp: Portal) -> int:
    return len(await cp.audited("opened"))


def chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__]
    return found


def tells_nothing(error: BaseException) -> None:
    for one in chain(error):
        said = "".join([str(one), repr(one), repr(vars(one)), *traceback.format_exception(one)])
        assert not any(secret in said for secret in SECRETS), said


async def test_what_was_resolved_is_what_the_customer_stored(cp: Portal, resolver: CPSocialCredentialResolver) -> None:
    which = await connected(cp, posting_identity="UC1", expires_at="2035-01-01T00:00:00Z")
    lent = await resolver.resolve(**which)
    assert (lent.access_token, lent.refresh_token) == (Secret("ya29.planted-access"), Secret("1//planted-refresh"))
    assert (lent.platform, lent.posting_identity, lent.version, lent.metadata) == ("youtube", "UC1", 1, {})
    assert lent.expires_at is not None
    assert lent.expires_at.isoformat() == "2035-01-01T00:00:00+00:00"
    for text in (repr(lent), str(lent), f"{lent}", repr(resolver), str(vars(resolver))):
        assert not any(secret in text for secret in SECRETS)
    with pytest.raises(TypeError):
        pickle.dumps(lent)


async def test_the_second_ask_is_answered_from_memory_and_the_customers_are_kept_apart(
    cp: Portal, resolver: CPSocialCredentialResolver
) -> None:
    which = await connected(cp)
    for _ in range(3):
        await resolver.resolve(**which)
    assert await openings(cp) == 1
    with pytest.raises(CredentialUnknown):
        await resolver.resolve(customer_id="CUST-2", credential_ref=which["credential_ref"])
    resolver.drop(**which)
    await resolver.resolve(**which)
    assert await openings(cp) == 2
    await resolver.resolve(**which, fresh=True)
    await resolver.resolve(**which)
    assert await openings(cp) == 3


async def test_an_update_is_seen_at_once_by_whoever_made_it(cp: Portal, resolver: CPSocialCredentialResolver) -> None:
    which = await connected(cp)
    await resolver.resolve(**which)
    assert await resolver.update_access_token(**which, new_access_token="ya29.planted-update", expected_version=1) == 2
    lent = await resolver.resolve(**which)
    assert (lent.access_token, lent.version) == (Secret("ya29.planted-update"), 2)
    assert lent.refresh_token == Secret("1//planted-refresh")


async def test_an_answer_that_was_under_way_while_it_was_dropped_is_not_kept(
    cp: Portal, resolver: CPSocialCredentialResolver
) -> None:
    which = await connected(cp)
    asking = asyncio.create_task(resolver.resolve(**which))
    for _ in range(3):
        await asyncio.sleep(0)  # it is on its way
    resolver.drop(**which)
    await asking
    await resolver.resolve(**which)
    assert await openings(cp) == 2


async def test_nothing_is_kept_past_a_tokens_end(cp: Portal, resolver: CPSocialCredentialResolver) -> None:
    which = await connected(cp, expires_at="2020-01-01T00:00:00Z")
    await resolver.resolve(**which)
    await resolver.resolve(**which)
    assert await openings(cp) == 2


async def test_the_memory_is_bounded_and_the_least_used_goes_first(cp: Portal) -> None:
    resolver = CPSocialCredentialResolver(cp.internal, INTERNAL_KEY, keep_at_most=2)
    first, second, third = [await connected(cp) for _ in range(3)]
    for which in (first, second, first, third):
        await resolver.resolve(**which)
    assert await openings(cp) == 3
    await resolver.resolve(**first)
    assert await openings(cp) == 3
    await resolver.resolve(**second)
    assert await openings(cp) == 4
    await resolver.aclose()


async def test_nothing_is_kept_for_longer_than_it_should(cp: Portal) -> None:
    assert KEPT_FOR == 60.0
    resolver = CPSocialCredentialResolver(cp.internal, INTERNAL_KEY, keep_for=0.0)
    which = await connected(cp)
    await resolver.resolve(**which)
    await resolver.resolve(**which)
    assert await openings(cp) == 2
    await resolver.aclose()


async def test_who_asks_at_the_same_time_shares_one_request(cp: Portal, resolver: CPSocialCredentialResolver) -> None:
    which = await connected(cp)
    lent = await asyncio.gather(*(resolver.resolve(**which) for _ in range(20)))
    assert len({id(one) for one in lent}) == 1
    assert await openings(cp) == 1


async def test_who_gives_up_takes_nobody_along(cp: Portal, resolver: CPSocialCredentialResolver) -> None:
    which = await connected(cp)
    asking = [asyncio.create_task(resolver.resolve(**which)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    done = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert done[1] is done[2]
    assert await openings(cp) == 1


async def test_a_refusal_is_not_remembered(cp: Portal, resolver: CPSocialCredentialResolver) -> None:
    which = await connected(cp)
    cp.gone.set()
    with pytest.raises(CredentialsUnavailable):
        await resolver.resolve(**which)
    cp.gone.clear()
    await resolver.resolve(**which)


async def test_a_stale_version_names_the_newest(cp: Portal, resolver: CPSocialCredentialResolver) -> None:
    which = await connected(cp)
    await resolver.update_access_token(**which, new_access_token="ya29.planted-update")
    with pytest.raises(StaleVersion) as stale:
        await resolver.update_access_token(
            **which,
            new_access_token=Secret("ya29.planted-update"),
            new_refresh_token="1//planted-refresh",
            expected_version=1,
        )
    assert stale.value.version == 2
    tells_nothing(stale.value)
    lease = await resolver.refresh_lease(**which, version=1)
    assert (lease.granted, lease.version) == (False, 2)
    assert (await resolver.refresh_lease(**which, version=2)).granted


async def test_a_wrong_key_is_the_operators_and_says_nothing_about_the_credential(cp: Portal) -> None:
    which = await connected(cp)
    for key in ("wrong", "with\nbreak", "ключ"):
        resolver = CPSocialCredentialResolver(cp.internal, key)
        with pytest.raises(CredentialsUnavailable) as failed:
            await resolver.resolve(**which)
        await resolver.aclose()
        assert key not in str(failed.value)
        if key == "wrong":
            assert failed.value.until is Cure.OPERATOR


async def test_an_address_without_the_internal_api_blames_no_customer(tmp_path: Path) -> None:
    async with portal(tmp_path, apart=True) as cp:
        which = await connected(cp)
        resolver = CPSocialCredentialResolver(cp.origin, INTERNAL_KEY)
        with pytest.raises(CredentialsUnavailable) as failed:
            await resolver.resolve(**which)
        assert failed.value.until is Cure.OPERATOR
        await resolver.aclose()


PLANTED = b'{"access_token": "ya29.planted-access", "version": "1//planted-refresh"}'
WHOLE: dict[str, Any] = {
    "customer_id": "CUST-1", "credential_ref": "CRED-1", "platform": "youtube", "posting_identity": None,
    "access_token": "ya29.planted-access", "refresh_token": None, "expires_at": None, "metadata": {}, "version": 1,
}  # fmt: skip
ODD: list[tuple[int, bytes, type[Exception]]] = [
    (500, b"<html>1//planted-refresh</html>", CredentialsUnavailable),
    (500, b'{"code": "internal_error"}', CredentialsUnavailable),
    (503, b"", CredentialsUnavailable),
    (302, b"", CredentialsUnavailable),
    (200, b"", CredentialsUnavailable),
    (200, b"<html>1//planted-refresh", CredentialsUnavailable),
    (200, b"[1]", CredentialsUnavailable),
    (200, b"{}", CredentialsUnavailable),
    (200, PLANTED, CredentialsUnavailable),
    (200, json.dumps(WHOLE | {"expires_at": "ya29.planted-access"}).encode(), CredentialsUnavailable),
    (200, json.dumps(WHOLE | {"expires_at": "2030-01-01T00:00:00"}).encode(), CredentialsUnavailable),
    (200, json.dumps(WHOLE | {"version": "ya29.planted-access"}).encode(), CredentialsUnavailable),
    (200, json.dumps(WHOLE | {"access_token": ""}).encode(), CredentialsUnavailable),
    (200, json.dumps(WHOLE | {"access_token": None}).encode(), CredentialsUnavailable),
    (200, json.dumps(WHOLE | {"metadata": "1//planted-refresh"}).encode(), CredentialsUnavailable),
    (401, b"", CredentialsUnavailable),
    (403, b"no json", CredentialsUnavailable),
    (404, b'{"detail": "unknown"}', CredentialUnknown),
    (404, b"<html>not found</html>", CredentialsUnavailable),
    (409, PLANTED, CredentialsUnavailable),
    (422, PLANTED, CredentialsUnavailable),
    (200, b"\xff\xfe", CredentialsUnavailable),
]


@pytest.mark.parametrize(("status", "body", "expected"), ODD)
async def test_whatever_is_answered_the_caller_gets_one_of_two_errors_without_a_secret(
    status: int, body: bytes, expected: type[Exception]
) -> None:
    which = {"customer_id": "CUST-1", "credential_ref": "CRED-1"}
    async with stranger(status, body) as resolver:
        for ask in (
            resolver.resolve(**which),
            resolver.refresh_lease(**which, version=1),
            resolver.update_access_token(**which, new_access_token="ya29.planted-update"),
        ):
            with pytest.raises((CredentialUnknown, CredentialsUnavailable)) as failed:
                told = await ask
                assert status == 200  # a whole credential is a fine answer to an update as well: it has a version
                assert told == 1
                raise CredentialsUnavailable("")
            assert failed.type is expected
            tells_nothing(failed.value)


async def test_nobody_there_and_a_cp_in_trouble_are_both_unavailable(
    cp: Portal, resolver: CPSocialCredentialResolver
) -> None:
    which = await connected(cp)
    nobody = CPSocialCredentialResolver("http://127.0.0.1:9", INTERNAL_KEY)
    cp.gone.set()
    for asked in (nobody, resolver):
        for ask in (
            asked.resolve(**which),
            asked.update_access_token(**which, new_access_token="ya29.planted-update"),
        ):
            with pytest.raises(CredentialsUnavailable) as failed:
                await ask
            assert failed.value.retry_in > 0
            tells_nothing(failed.value)
    await nobody.aclose()


async def test_after_closing_nothing_is_kept_and_what_was_asked_is_answered(
    cp: Portal, resolver: CPSocialCredentialResolver
) -> None:
    which = await connected(cp)
    asking = asyncio.create_task(resolver.resolve(**which))
    await asyncio.sleep(0)
    await resolver.aclose()
    assert (await asking).version == 1
    await resolver.aclose()
    await resolver.resolve(**which)
    assert await openings(cp) == 2
