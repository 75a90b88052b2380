"""CP's internal API: one holder of each right, one answer for what is not yours, and a line in the audit for every token that leaves."""

import asyncio
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from cp.portal import INTERNAL_KEY, PLANT, Portal, is_problem
from waooaw_social.core.secret import Secret
from waooaw_social.cp.api import create_app
from waooaw_social.cp.internal_api import internal_service

pytestmark = pytest.mark.anyio

ACTS: dict[str, dict[str, Any]] = {
    "resolve": {},
    "update-token": {"new_access_token": "ya29.planted-update"},
    "refresh-lease": {"version": 1},
}


def mine(ref: str, **more: Any) -> dict[str, Any]:
    return {"customer_id": "CUST-1", "credential_ref": ref, **more}


async def test_resolve_lends_the_tokens_with_all_that_is_known(cp: Portal) -> None:
    ref = await cp.connected(refresh_token="1//r", posting_identity="UC1", expires_at="2030-01-01T00:00:00Z")
    answer = await cp.plant("resolve", mine(ref))
    told = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert told.keys() == {
        "credential_ref", "customer_id", "platform", "posting_identity", "access_token", "refresh_token", "expires_at",
        "metadata", "version", "created_at", "updated_at",
    }  # fmt: skip
    assert (told["access_token"], told["refresh_token"], told["version"]) == ("ya29.first", "1//r", 1)
    assert told["expires_at"] == "2030-01-01T00:00:00+00:00"


@pytest.mark.parametrize("act", ACTS)
async def test_a_wrong_key_is_403_whatever_is_asked(cp: Portal, act: str) -> None:
    ref = await cp.connected()
    for key in ("", "wrong", INTERNAL_KEY[:-1], INTERNAL_KEY + "x", cp.key):
        is_problem(await cp.plant(act, mine(ref) | ACTS[act], key=key), 403, "forbidden")
        is_problem(await cp.plant(act, {}, key=key), 403, "forbidden")
    is_problem(await cp.http.post(f"{cp.internal}{PLANT}/{act}"), 403, "forbidden")
    assert await cp.audited("opened") == []


@pytest.mark.parametrize("act", ACTS)
async def test_an_unknown_credential_and_another_customers_are_one_answer(cp: Portal, act: str) -> None:
    def seen(answer: httpx2.Response) -> Any:
        headers = [pair for pair in answer.headers.raw if pair[0].lower() not in {b"date", b"x-request-id"}]
        return answer.status_code, answer.reason_phrase, answer.content, headers

    ref = await cp.connected()
    unknown = await cp.plant(act, {"customer_id": "CUST-2", "credential_ref": "CRED-none"} | ACTS[act])
    theirs = await cp.plant(act, {"customer_id": "CUST-2", "credential_ref": ref} | ACTS[act])
    nobodys = await cp.plant(act, {"customer_id": "CUST-9", "credential_ref": ref} | ACTS[act])
    is_problem(unknown, 404, "not_found")
    assert seen(unknown) == seen(theirs) == seen(nobodys)
    assert (await cp.plant("resolve", mine(ref))).json()["version"] == 1
    assert len(await cp.audited("opened")) == 1


async def test_of_two_updates_from_one_version_one_wins(cp_on_both: Portal) -> None:
    cp = cp_on_both
    ref = await cp.connected(refresh_token="1//kept")
    bodies = [mine(ref, new_access_token=f"ya29.{n}", expected_version=1) for n in range(8)]
    answers = await asyncio.gather(*(cp.plant("update-token", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert all(answer.json() == {"version": 2} for answer in answers)
    (winner,) = [n for n, answer in enumerate(answers) if answer.status_code == 200]
    lent = (await cp.plant("resolve", mine(ref))).json()
    assert (lent["access_token"], lent["refresh_token"], lent["version"]) == (f"ya29.{winner}", "1//kept", 2)


async def test_an_update_without_a_version_always_writes_and_an_empty_token_never(cp: Portal) -> None:
    ref = await cp.connected(refresh_token="1//kept", expires_at="2030-01-01T00:00:00Z")
    assert (
        await cp.plant("update-token", mine(ref, new_access_token="ya29.2", new_refresh_token=""))
    ).status_code == 200
    lent = (await cp.plant("resolve", mine(ref))).json()
    assert (lent["access_token"], lent["refresh_token"]) == ("ya29.2", "1//kept")
    assert lent["expires_at"] is None  # the old token's end says nothing about the new one
    is_problem(await cp.plant("update-token", mine(ref, new_access_token="")), 422, "invalid_request")
    more = {"new_refresh_token": "1//new", "expires_at": "2031-01-01T00:00:00Z"}
    assert (await cp.plant("update-token", mine(ref, new_access_token="ya29.3", **more))).json() == {"version": 3}
    lent = (await cp.plant("resolve", mine(ref))).json()
    assert (lent["refresh_token"], lent["expires_at"]) == ("1//new", "2031-01-01T00:00:00+00:00")


async def test_of_many_who_want_to_refresh_one_may(cp_on_both: Portal) -> None:
    cp = cp_on_both
    ref = await cp.connected()
    answers = await asyncio.gather(*(cp.plant("refresh-lease", mine(ref, version=1)) for _ in range(8)))
    told = [answer.json() for answer in answers]
    assert sorted(one["granted"] for one in told) == [False] * 7 + [True]
    assert len({one["until"] for one in told}) == 1
    assert {one["version"] for one in told} == {1}
    assert len(await cp.audited("lease_granted")) == 1


async def test_the_lease_lets_go_at_its_time_and_at_an_update(cp_on_both: Portal) -> None:
    cp = cp_on_both
    ref = await cp.connected()

    async def granted(version: int) -> bool:
        return (await cp.plant("refresh-lease", mine(ref, version=version))).json()["granted"]

    assert await granted(1)
    assert not await granted(1)
    cp.clock.offset += 15
    assert not await granted(1)
    cp.clock.offset += 6
    assert await granted(1)
    await cp.plant("update-token", mine(ref, new_access_token="ya29.2", expected_version=1))
    assert not await granted(1)  # stale: whoever asks has an old token, and is told so
    assert await granted(2)
    await cp.put({"platform": "youtube", "access_token": "ya29.3", "credential_ref": ref})
    assert await granted(3)


async def test_who_comes_with_an_old_version_is_told_the_newest(cp: Portal) -> None:
    ref = await cp.connected()
    await cp.plant("update-token", mine(ref, new_access_token="ya29.2"))
    told = (await cp.plant("refresh-lease", mine(ref, version=1))).json()
    assert (told["granted"], told["version"]) == (False, 2)


MALFORMED: dict[str, Any] = {
    "nothing": None,
    "a list": [],
    "no ref": {"customer_id": "CUST-1"},
    "an empty ref": {"customer_id": "CUST-1", "credential_ref": ""},
    "a number": {"customer_id": 1, "credential_ref": "CRED-1"},
    "a NUL": {"customer_id": "CUST-1", "credential_ref": "CRED\x00"},
    "a ref too long": {"customer_id": "CUST-1", "credential_ref": "x" * 257},
    "a field too many": {"customer_id": "CUST-1", "credential_ref": "CRED-1", "ya29.planted": "ya29.planted"},
    "a token's own field": {"customer_id": "CUST-1", "credential_ref": "CRED-1", "access_token": "ya29.planted"},
    "a version in quotes": {"version": "1", "expected_version": "ya29.planted"},
    "seconds": {"expires_at": 1900000000},
    "seconds in quotes": {"expires_at": "1900000000"},
    "no offset": {"expires_at": "2030-01-01T00:00:00"},
    "a list of tokens": {"new_access_token": ["ya29.planted"]},
}


async def test_what_is_malformed_is_refused_and_never_quoted(cp_on_both: Portal) -> None:
    for act, more in ACTS.items():
        for what, body in MALFORMED.items():
            whole = mine("CRED-1") | more | body if isinstance(body, dict) and "customer_id" not in body else body
            answer = await cp_on_both.plant(act, whole)
            assert answer.status_code == 422, f"{act}, {what}: {answer.text}"
            is_problem(answer, 422, "invalid_request")
            assert "planted" not in answer.text, what


async def test_bytes_that_are_no_json_are_refused(cp: Portal) -> None:
    for body in (b"", b"{", b"\xff", b"[" * 20_000, b'{"new_access_token": "ya29.planted'):
        headers = {"x-plant-internal-key": INTERNAL_KEY}
        answer = await cp.http.post(f"{cp.internal}{PLANT}/update-token", content=body, headers=headers)
        is_problem(answer, 422, "invalid_request")
        assert "planted" not in answer.text


async def test_every_opening_is_in_the_audit_with_its_request(cp: Portal) -> None:
    ref = await cp.connected()
    for n in range(3):
        await cp.plant("resolve", mine(ref), **{"x-request-id": f"req-{n}"})
    rows = await cp.audited("opened")
    assert [(row.customer_id, row.credential_ref, row.actor, row.request_id) for row in rows] == [
        ("CUST-1", ref, "plant", f"req-{n}") for n in range(3)
    ]
    await cp.plant("update-token", mine(ref, new_access_token="ya29.2"), **{"x-request-id": "req-u"})
    (updated,) = await cp.audited("updated")
    assert (updated.request_id, updated.version) == ("req-u", 2)


async def test_a_token_that_was_moved_to_another_row_is_not_lent(cp: Portal) -> None:
    ref, other = await cp.connected(), await cp.connected()
    moved = "update credentials set access_token = (select access_token from credentials where credential_ref = :a) where credential_ref = :b"
    await cp.db.write(lambda c: c.execute(sa.text(moved), {"a": ref, "b": other}))
    assert (await cp.plant("resolve", mine(ref))).status_code == 200
    is_problem(await cp.plant("resolve", mine(other)), 500, "internal_error")


async def test_with_a_listener_of_its_own_the_public_port_knows_nothing_of_it(cp_apart: Portal) -> None:
    cp = cp_apart
    ref = await cp.connected()
    for act, more in ACTS.items():
        public = await cp.plant(act, mine(ref) | more, origin=cp.origin)
        is_problem(public, 404, "not_found")
        elsewhere = await cp.http.post(f"{cp.origin}/nowhere", headers={"x-plant-internal-key": INTERNAL_KEY}, json={})
        assert public.content == elsewhere.content
        assert (await cp.plant(act, mine(ref) | more)).status_code == 200
    is_problem(await cp.http.get(cp.internal + "/api/cp/platform-credentials"), 404, "not_found")
    is_problem(await cp.http.post(cp.internal + "/healthz"), 405, "method_not_allowed")
    assert (await cp.http.get(cp.internal + "/healthz")).json() == {"status": "ok"}


async def test_an_empty_internal_key_lets_nobody_start(cp: Portal) -> None:
    for make in (create_app, internal_service):
        with pytest.raises(ValueError, match="empty internal key"):
            make(cp.vault, internal_key=Secret(""))
