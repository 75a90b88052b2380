"""LinkedIn failing on demand: live though it said otherwise, not live though it was sent, listed late, doubted, echoed."""

import asyncio
from urllib.parse import quote

import aiohttp
import pytest

from sandbox.test_linkedin import Caller, caller, reason
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Caller:
    return await caller(sandbox)


async def test_a_504_may_be_live(hazel: Caller):
    await hazel.arm("status_but_done", "posts.create", status=504)
    status, body, _ = await hazel.create("is it out?")
    assert (status, body["status"]) == (504, 504)
    assert [entry["text"] for entry in await hazel.audience()] == ["is it out?"]
    assert await hazel.refused("is it out?") == (422, "DUPLICATE_POST")


async def test_a_503_before_it_and_a_gateways_page_after_it(hazel: Caller):
    await hazel.arm("status", "posts.create", status=503, body="empty")
    await hazel.arm("status_but_done", "posts.create", status=502, body="html")
    assert (await hazel.create())[:2] == (503, b"")
    assert await hazel.audience() == []
    status, body, headers = await hazel.create()
    assert (status, b"<title>" in body, headers["Content-Type"].startswith("text/html")) == (502, True, True)
    assert len(await hazel.audience()) == 1


@pytest.mark.parametrize(("fault", "live"), [("lost_request", 0), ("lost_reply", 1)])
async def test_a_lost_connection_says_nothing(hazel: Caller, fault: str, live: int):
    await hazel.arm(fault, "posts.create")
    with pytest.raises(aiohttp.ClientError):
        await hazel.create()
    assert len(await hazel.audience()) == live


async def test_the_finder_may_lag_by_fault_and_by_knob(hazel: Caller):
    await hazel.arm("slow_listing", "posts.create", seconds=20)
    urn = await hazel.post("late")
    assert (await hazel.listed(), len(await hazel.audience())) == ([], 1)
    assert (await hazel.read(urn))["id"] == urn
    await hazel.sandbox.advance(21)
    assert await hazel.listed() == [urn]
    await hazel.knob(listing_lag_seconds=20)
    await hazel.post("later")
    assert await hazel.listed() == [urn]


async def test_a_lost_reply_and_a_slow_listing_hit_the_same_call(hazel: Caller):
    await hazel.arm("slow_listing", "posts.create", seconds=20)
    await hazel.arm("lost_reply", "posts.create")
    with pytest.raises(aiohttp.ClientError):
        await hazel.create()
    assert await hazel.listed() == []
    await hazel.sandbox.advance(21)
    assert len(await hazel.listed()) == 1


async def test_a_ghost_is_named_that_nobody_can_read(hazel: Caller):
    await hazel.arm("duplicate_ghost", "posts.create")
    status, body, _ = await hazel.create()
    ghost = body["message"].rpartition(" ")[2]
    assert (status, reason(body)) == (422, "DUPLICATE_POST")
    assert (await hazel.call("GET", f"/rest/posts/{quote(ghost, safe='')}"))[0] == 404
    assert await hazel.audience() == []


async def test_a_duplicate_may_be_detected_without_a_name(hazel: Caller):
    await hazel.knob(duplicate_names_urn=False)
    await hazel.post()
    assert (await hazel.create())[1]["message"] == "Duplicate post is detected"


async def test_a_post_may_come_without_its_urn_or_under_another_header(hazel: Caller):
    await hazel.arm("no_id", "posts.create")
    status, _, headers = await hazel.create("one")
    assert (status, [n for n in headers if n.lower() in ("x-restli-id", "x-linkedin-id")]) == (201, [])
    await hazel.knob(id_header="x-linkedin-id", urn_kind="ugcPost")
    _, _, headers = await hazel.create("two")
    assert headers["x-linkedin-id"].startswith("urn:li:ugcPost:")
    assert len(await hazel.audience()) == 2


async def test_a_fresh_post_may_not_be_found_by_its_urn(hazel: Caller):
    await hazel.arm("fresh_404", "posts.create", seconds=10)
    urn = await hazel.post()
    assert (await hazel.call("GET", f"/rest/posts/{quote(urn, safe='')}"))[0] == 404
    assert await hazel.listed() == [urn]
    await hazel.sandbox.advance(11)
    await hazel.read(urn)


async def test_any_known_error_comes_with_its_code_and_status(hazel: Caller):
    faults = await hazel.sandbox.control("GET", "/faults")
    reasons = faults["reasons"]["linkedin"]
    assert {"posts.create", "upload.part", "oauth.token"} <= set(faults["routes"]["linkedin"])
    assert len(reasons) > 35
    for name in reasons:
        if name != name.upper():
            continue
        await hazel.arm("error", "posts.create", reason=name)
        status, body, headers = await hazel.create()
        assert (status, body["status"], "x-li-uuid" in {h.lower() for h in headers}) == (status, status, True)
        assert reason(body) == name or (name == "SCHEMA" and body["message"].startswith("ERROR :: "))
    assert await hazel.audience() == []


async def test_an_error_has_variants_and_another_status(hazel: Caller):
    await hazel.arm("error", "posts.create", reason="TOO_MANY_REQUESTS", variant="application_and_member")
    await hazel.arm("error", "posts.list", reason="ACCESS_DENIED")
    await hazel.arm("error", "upload.file", reason="EXPIRED_UPLOAD_URL", status=400)
    assert " APPLICATION_AND_MEMBER DAY " in (await hazel.create())[1]["message"]
    _, body, _ = await hazel.call("GET", f"/rest/posts?q=author&author={quote(hazel.urn, safe='')}")
    assert body["message"] == "Not enough permissions to access: partnerApiPostsExternal.FINDER-author.20260901"
    value = await hazel.opened("image")
    assert (await hazel.call("PUT", value["uploadUrl"], data=b"x"))[0] == 400


async def test_the_token_endpoint_has_errors_of_its_own(hazel: Caller):
    for name, status in (("invalid_request", 400), ("server_error", 500), ("invalid_client", 401)):
        await hazel.arm("error", "oauth.token", reason=name)
        answered, body, _ = await hazel.sandbox.ask("POST", "/www.linkedin.com/oauth/v2/accessToken", data={})
        assert (answered, body["error"]) == (status, name)


async def test_an_echo_repeats_every_secret_it_was_shown(hazel: Caller):
    await hazel.arm("echo_tokens", times=0)
    assert hazel.account["access_token"] in (await hazel.create())[1]["message"]
    form = {"refresh_token": hazel.account["refresh_token"], "client_secret": hazel.account["app_secret"]}
    _, body, _ = await hazel.sandbox.ask("POST", "/www.linkedin.com/oauth/v2/accessToken", data=form)
    assert all(secret in body["error_description"] for secret in form.values())


async def test_a_reset_brings_everything_back(hazel: Caller):
    await hazel.post()
    await hazel.turn(role=None, revoked=True)
    await hazel.knob(retired="202609")
    await hazel.sandbox.control("POST", "/reset")
    again = await caller(hazel.sandbox)
    stable = ("access_token", "refresh_token", "roles", "posting_identity", "scopes")
    assert await again.audience() == []
    await again.post()
    assert again.account["roles"][0]["role"] == "ADMINISTRATOR"
    assert all(again.account[name] for name in stable)


async def test_a_post_without_any_length_is_411(hazel: Caller):
    host, _, port = hazel.sandbox.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    token = hazel.account["access_token"]
    head = ("POST /api.linkedin.com/rest/posts HTTP/1.1", "Host: x", f"Authorization: Bearer {token}")
    more = ("LinkedIn-Version: 202609", "X-Restli-Protocol-Version: 2.0.0", "Connection: close", "", "")
    writer.write("\r\n".join((*head, *more)).encode())
    assert (await reader.readline()).split()[1] == b"411"
    writer.close()
