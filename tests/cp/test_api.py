"""CP's public API: credentials go in, and no secret ever comes out of it, whatever is asked and however badly."""

import asyncio
import json
from typing import Any

import pytest
import sqlalchemy as sa

from cp.portal import PATH, Portal, is_problem, overheard

pytestmark = pytest.mark.anyio

GOOD = {"platform": "youtube", "access_token": "ya29.planted-access-token", "refresh_token": "1//planted-refresh-token"}
TOKENS = ("ya29.planted-access-token", "1//planted-refresh-token")
VIEW = {
    "credential_ref", "customer_id", "platform", "posting_identity", "metadata", "version", "expires_at", "scopes",
    "created_at", "updated_at",
}  # fmt: skip


async def test_a_new_credential_is_201_and_its_replacement_200_with_the_next_version(cp: Portal) -> None:
    new = await cp.put(GOOD | {"posting_identity": "UC1", "expires_at": "2030-01-01T00:00:00+02:00", "scopes": ["a"]})
    assert new.status_code == 201
    told = new.json()
    assert told.keys() == VIEW
    assert told["credential_ref"].startswith("CRED-")
    assert (told["customer_id"], told["platform"], told["posting_identity"]) == ("CUST-1", "youtube", "UC1")
    assert (told["version"], told["metadata"], told["scopes"]) == (1, {}, ["a"])
    assert told["expires_at"] == "2029-12-31T22:00:00Z"

    again = await cp.put(GOOD | {"credential_ref": told["credential_ref"]})
    assert again.status_code == 200
    assert again.json()["version"] == 2
    assert again.json()["created_at"] == told["created_at"]
    assert [one["credential_ref"] for one in (await cp.listed()).json()["credentials"]] == [told["credential_ref"]]


async def test_a_missing_refresh_token_leaves_the_stored_one(cp: Portal) -> None:
    ref = await cp.connected(refresh_token="1//kept")
    await cp.put({"platform": "youtube", "access_token": "ya29.second", "credential_ref": ref})
    await cp.put({"platform": "youtube", "access_token": "ya29.third", "credential_ref": ref, "refresh_token": None})
    lent = (await cp.plant("resolve", {"customer_id": "CUST-1", "credential_ref": ref})).json()
    assert (lent["access_token"], lent["refresh_token"], lent["version"]) == ("ya29.third", "1//kept", 3)


BAD: dict[str, dict[str, Any]] = {
    "an empty access token": {"access_token": ""},
    "an empty refresh token": {"refresh_token": ""},
    "an empty identity": {"posting_identity": ""},
    "an empty ref": {"credential_ref": ""},
    "a token with a line break": {"access_token": "ya29.planted-access-token\n"},
    "a token beyond ASCII": {"access_token": "ya29.planted-access-token\u2028"},
    "a token too long": {"access_token": "ya29.planted-access-token" * 400},
    "half a surrogate": {"access_token": "ya29.planted-access-token\ud800"},
    "an unknown platform": {"platform": "ya29.planted-access-token"},
    "metadata of another platform": {"metadata": {"login": "facebook"}},
    "unknown metadata": {"metadata": {"color": "red"}},
    "a token as metadata's name": {"metadata": {"ya29.planted-access-token": "x"}},
    "a lower-case token as metadata's name": {"metadata": {"abcdefabcdefabcdef": "x"}},
    "metadata that is no text": {"metadata": {"waba_id": 5}, "platform": "whatsapp"},
    "metadata that is null": {"metadata": {"waba_id": None}, "platform": "whatsapp"},
    "an unknown login": {"metadata": {"login": "ya29.planted-access-token"}, "platform": "instagram"},
    "an unknown kind of author": {"metadata": {"author_kind": "planted"}, "platform": "linkedin"},
    "seconds as a time": {"expires_at": 1900000000},
    "seconds in quotes": {"expires_at": "1900000000"},
    "a time without an offset": {"expires_at": "2030-01-01T00:00:00"},
    "a time that is a token": {"expires_at": "ya29.planted-access-token"},
    "a time no calendar has": {"expires_at": "9999-12-31T23:59:59-14:00"},
    "a time before all": {"expires_at": "0001-01-01T00:00:00+14:00"},
    "a token as a number": {"access_token": 5},
    "tokens in a list": {"access_token": ["ya29.planted-access-token"]},
    "scopes as one text": {"scopes": "ya29.planted-access-token"},
    "a scope that is no text": {"scopes": [{"ya29.planted-access-token": 1}]},
    "a field too many": {"acess_token": "ya29.planted-access-token"},
    "a token as a field": {"ya29.planted-access-token": "x"},
    "a lower-case token as a field": {"abcdefabcdefabcdef": "x"},
}


async def test_what_is_wrong_is_refused_by_name_and_never_quoted(cp: Portal) -> None:
    headers = {"authorization": f"Bearer {cp.key}", "content-type": "application/json"}
    for what, change in BAD.items():
        answer = await cp.http.put(cp.origin + PATH, content=json.dumps(GOOD | change), headers=headers)
        assert answer.status_code == 422, what
        is_problem(answer, 422, "invalid_request")
        assert answer.json()["errors"]
        for token in ("planted", "abcdefabcdef"):
            assert token not in answer.text, what
    assert (await cp.listed()).json() == {"credentials": []}


async def test_a_body_that_is_no_object_is_refused_and_never_quoted(cp: Portal) -> None:
    headers = {"authorization": f"Bearer {cp.key}", "content-type": "application/json"}
    for body in (b"", b"{", b"[]", b"null", b"5", b'"ya29.planted"', b"\xff\xfe", b'{"access_token":"ya29.planted'):
        answer = await cp.http.put(cp.origin + PATH, content=body, headers=headers)
        assert answer.status_code in {400, 422}, body
        is_problem(answer, answer.status_code, answer.json()["code"])
        assert "planted" not in answer.text


async def test_the_known_metadata_is_kept(cp: Portal) -> None:
    for platform, metadata in (
        ("instagram", {"login": "instagram"}),
        ("instagram", {"login": "facebook"}),
        ("whatsapp", {"waba_id": "123", "default_recipient": "+15550100"}),
        ("linkedin", {"author_kind": "member"}),
        ("facebook", {}),
    ):
        answer = await cp.put(GOOD | {"platform": platform, "metadata": metadata})
        assert answer.status_code == 201
        assert answer.json()["metadata"] == metadata
        assert metadata in [one["metadata"] for one in (await cp.listed()).json()["credentials"]]


async def test_another_customers_ref_is_answered_like_one_that_never_was(cp: Portal) -> None:
    mine = await cp.connected()
    theirs = await cp.put(GOOD | {"credential_ref": mine}, key=cp.other_key)
    nobodys = await cp.put(GOOD | {"credential_ref": "CRED-none"}, key=cp.other_key)
    is_problem(theirs, 404, "not_found")
    assert theirs.content == nobodys.content
    assert (await cp.listed(key=cp.other_key)).json() == {"credentials": []}
    assert (await cp.listed()).json()["credentials"][0]["version"] == 1


async def test_a_credential_keeps_its_platform(cp: Portal) -> None:
    ref = await cp.connected()
    answer = await cp.put(GOOD | {"platform": "facebook", "credential_ref": ref})
    is_problem(answer, 409, "other_platform")
    assert answer.json()["field"] == "platform"


async def test_no_answer_of_the_public_api_holds_a_secret(cp: Portal) -> None:
    put = await cp.put(GOOD)
    answers = [put, await cp.put(GOOD | {"credential_ref": put.json()["credential_ref"]}), await cp.listed()]
    for answer in answers:
        assert not any(token in answer.text for token in TOKENS)
    openapi = (await cp.http.get(cp.origin + "/openapi.json")).json()
    assert "access_token" not in openapi["components"]["schemas"]["CredentialView"]["properties"]


async def test_without_a_customers_key_there_is_nothing(cp: Portal) -> None:
    wrong = (None, "", "Bearer", "Bearer cpk_nobody", f"Basic {cp.key}", cp.key, f"Bearer {cp.key}x", "Bearer \xe9")
    for header in wrong:
        told = {} if header is None else {"authorization": header.encode("latin-1")}
        for answer in (
            await cp.http.get(cp.origin + PATH, headers=told),
            await cp.http.put(cp.origin + PATH, headers=told, json=GOOD),
            await cp.http.put(cp.origin + PATH, headers=told, json={}),
        ):
            is_problem(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_speaks_for_nobody(cp: Portal) -> None:
    assert await cp.vault.keys.revoke(cp.key.split("_")[1])
    is_problem(await cp.listed(), 401, "unauthorized")
    assert (await cp.listed(key=cp.other_key)).status_code == 200


async def test_a_large_body_is_refused_announced_or_not(cp: Portal) -> None:
    headers = {"authorization": f"Bearer {cp.key}", "content-type": "application/json"}
    body = b'{"platform": "youtube", "access_token": "' + b"x" * 300_000 + b'"}'

    async def pieces() -> Any:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    is_problem(await cp.http.put(cp.origin + PATH, content=body, headers=headers), 413, "too_large")
    is_problem(await cp.http.put(cp.origin + PATH, content=pieces(), headers=headers), 413, "too_large")
    internal = {"x-plant-internal-key": "internal-key-of-a-test-0123456789"}
    where = f"{cp.internal}/api/internal/plant/credentials/resolve"
    is_problem(await cp.http.post(where, content=body, headers=internal), 413, "too_large")
    is_problem(await cp.http.post(where, content=pieces(), headers=internal), 413, "too_large")


async def test_the_requests_id_comes_back_and_a_hostile_one_is_replaced(cp: Portal) -> None:
    async def told(given: bytes | None) -> str:
        headers = {} if given is None else {"x-request-id": given}
        for path in (PATH, "/nowhere", "/healthz", "/api/internal/nowhere"):
            answer = await cp.http.get(cp.origin + path, headers=headers)
            (this,) = answer.headers.get_list("x-request-id")
            if given is not None and this != given.decode("latin-1"):
                assert len(this) == 16
        return this

    assert await told(b"req-1.a:b_C") == "req-1.a:b_C"
    assert await told(b"x" * 64) == "x" * 64
    for hostile in (None, b"", b"x" * 65, b"a b", b'"><script>', b"\xe9", b"a,b"):
        assert (await told(hostile)).encode("latin-1") != hostile


async def test_the_audit_tells_who_stored_what_in_which_request(cp: Portal) -> None:
    answer = await cp.put(GOOD, **{"x-request-id": "req-9"})
    (row,) = await cp.audited("stored")
    assert (row.credential_ref, row.request_id, row.version) == (answer.json()["credential_ref"], "req-9", 1)
    assert row.actor == f"key:{cp.key.split('_')[1]}"


async def test_wrong_addresses_and_methods_are_problems_too(cp: Portal) -> None:
    is_problem(await cp.http.get(cp.origin + "/nowhere"), 404, "not_found")
    wrong = await cp.http.post(cp.origin + PATH, json=GOOD)
    is_problem(wrong, 405, "method_not_allowed")
    assert wrong.headers["allow"]
    is_problem(await cp.http.get(cp.origin + "/api/internal/plant/credentials/resolve"), 405, "method_not_allowed")
    is_problem(await cp.http.get(cp.origin + "/api/internal/nowhere"), 404, "not_found")


async def test_an_error_inside_tells_only_the_requests_id(cp: Portal) -> None:
    ref = await cp.connected()
    await cp.db.write(lambda c: c.execute(sa.text("alter table credentials rename to gone")))
    with overheard() as heard:
        answers = [
            await cp.put(GOOD, **{"x-request-id": "req-7"}),
            await cp.plant("resolve", {"customer_id": "CUST-1", "credential_ref": ref}, **{"x-request-id": "req-7"}),
        ]
    assert heard.text().count("OperationalError") == 2
    assert "storage/cp/credentials.py:" in heard.text()
    assert not any(token in heard.text() for token in TOKENS)
    for answer in answers:
        is_problem(answer, 500, "internal_error")
        assert "req-7" in answer.json()["detail"]
        for told in ("credentials", "sqlite", "Traceback", *TOKENS):
            assert told not in answer.text


async def test_customers_at_the_same_time_do_not_mix(cp_on_both: Portal) -> None:
    cp = cp_on_both
    bodies = [(GOOD | {"posting_identity": f"UC{n}"}, cp.key if n % 2 else cp.other_key) for n in range(20)]
    answers = await asyncio.gather(*(cp.put(body, key=key) for body, key in bodies))
    assert {answer.status_code for answer in answers} == {201}
    mine = {one["posting_identity"] for one in (await cp.listed()).json()["credentials"]}
    theirs = {one["posting_identity"] for one in (await cp.listed(key=cp.other_key)).json()["credentials"]}
    assert mine == {f"UC{n}" for n in range(1, 20, 2)}
    assert theirs == {f"UC{n}" for n in range(0, 20, 2)}
