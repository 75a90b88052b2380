"""Meta's tokens and logins: states and their subcodes, both dialogs, prolongation, Pages and their tokens, `debug_token`."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.graph import GRAPH, INSTAGRAM, Caller, caller, reason
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

REDIRECT = "http://127.0.0.1:8000/callback"
DAY = 86_400


@pytest.fixture
async def page(sandbox: Sandbox) -> Caller:
    return await caller(sandbox, "facebook")


@pytest.fixture
async def ridge(sandbox: Sandbox) -> Caller:
    """Instagram Login."""
    return await caller(sandbox, "instagram", "ridge")


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 492])
async def test_a_token_in_trouble_says_which(page: Caller, ridge: Caller, subcode: int):
    for it in (page, ridge):
        await it.turn(token_state=subcode)
        status, body = await it.call("GET", "/me")
        assert (status, reason(body), body["error"]["type"]) == (400, f"190/{subcode}", "OAuthException")
        await it.turn(token_state=None)
        await it.get("/me")


async def test_an_unknown_token_none_and_one_of_the_other_login_are_refused(
    sandbox: Sandbox, page: Caller, ridge: Caller
):
    assert await page.refused("GET", "/me", access_token="EAAnonsense") == "190"
    assert await page.refused("GET", "/me", access_token="") == "2500"
    assert await ridge.refused("GET", "/me", access_token=page.account["access_token"]) == "190"
    assert await page.refused("GET", "/me", access_token=ridge.account["access_token"]) == "190"
    status, _, headers = await sandbox.ask("GET", GRAPH + "/me", params={"access_token": "EAAnonsense"})
    assert headers["WWW-Authenticate"].startswith('OAuth "Facebook Platform" "invalid_token"')
    assert (status, headers["Content-Type"]) == (400, "application/json; charset=UTF-8")


async def test_a_token_is_accepted_wherever_it_may_stand(sandbox: Sandbox, page: Caller):
    token = page.account["access_token"]
    for scheme in ("Bearer", "OAuth"):
        status, body, _ = await sandbox.ask("GET", GRAPH + "/me", headers={"Authorization": f"{scheme} {token}"})
        assert (status, body["id"]) == (200, page.id)
    form = {"message": "form", "access_token": token}
    assert (await sandbox.ask("POST", f"{GRAPH}/{page.id}/feed", data=form))[0] == 200
    assert (await sandbox.ask("POST", f"{GRAPH}/{page.id}/feed", json=form | {"message": "json"}))[0] == 200
    assert (await sandbox.ask("POST", f"{GRAPH}/{page.id}/feed?access_token={token}", data={"message": "query"}))[
        0
    ] == 200
    assert [p["text"] for p in await page.audience()] == ["form", "json", "query"]


async def test_an_expired_token_and_revoked_ones(sandbox: Sandbox, page: Caller):
    await page.turn(expires_in=60)
    await page.get("/me")
    await sandbox.advance(61)
    assert await page.refused("GET", "/me") == "190/463"
    anew = await page.get(f"/{page.id}", access_token=page.account["user_token"], fields="access_token")
    await page.get("/me", access_token=anew["access_token"])
    await page.turn(user_expires_in=0)
    assert await page.refused("GET", "/me/accounts", access_token=page.account["user_token"]) == "190/463"
    await page.turn(revoked=True)
    assert await page.refused("GET", "/me") == "190/458"
    await page.turn(revoked=False)
    await page.get("/me")


async def test_a_states_platform_does_not_touch_the_other(sandbox: Sandbox, page: Caller):
    instagram = await caller(sandbox, "instagram")
    await page.turn(token_state=460)
    await instagram.get("/me")
    await page.arm("lost_request")
    await instagram.get("/me")


async def test_an_inactive_account_and_missing_scopes_stop_instagram(ridge: Caller):
    form = {"image_url": ridge.media("square.jpg")}
    await ridge.turn(inactive=True)
    assert await ridge.refused("POST", f"/{ridge.id}/media", **form) == "25/2207050"
    await ridge.turn(inactive=False, scopes=["instagram_business_basic"])
    assert await ridge.refused("POST", f"/{ridge.id}/media", **form) == "10"


# --- logging in ---------------------------------------------------------------------------------------------------------------


async def dialog(
    sandbox: Sandbox, where: str, account: dict[str, Any], scopes: list[str], **form: Any
) -> dict[str, str]:
    """What the browser is sent back with."""
    query = {
        "client_id": account["app_id"],
        "redirect_uri": REDIRECT,
        "state": "xyz",
        "response_type": "code",
        "scope": ",".join(scopes),
    }
    url = f"{where}?{urlencode(query)}"
    status, shown, _ = await sandbox.ask("GET", url)
    assert (status, "Allow" in shown) == (200, True)
    decided = {"decision": "approve", "account": account["account"], "scope": scopes} | form
    status, _, headers = await sandbox.ask("POST", url, data=urlencode(decided, doseq=True), headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert status == 302
    parts = urlsplit(headers["Location"])
    return {name: values[0] for name, values in parse_qs(parts.query).items()} | {"#": parts.fragment}


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
async def test_facebook_login_leads_to_a_page_token_without_end(sandbox: Sandbox, platform: str):
    it = await caller(sandbox, platform)
    scopes = it.account["scopes"]
    back = await dialog(sandbox, "/www.facebook.com/v26.0/dialog/oauth", it.account, scopes)
    assert (back["state"], back["#"]) == ("xyz", "_=_")
    app = {"client_id": it.account["app_id"], "client_secret": it.account["app_secret"]}
    given = app | {"redirect_uri": REDIRECT, "code": back["code"]}
    status, short, _ = await sandbox.ask("GET", GRAPH + "/oauth/access_token", params=given)
    assert (status, short["token_type"]) == (200, "bearer")
    assert short["expires_in"] <= 5400
    assert reason((await sandbox.ask("GET", GRAPH + "/oauth/access_token", params=given))[1]) == "100/36009"
    exchange = app | {"grant_type": "fb_exchange_token", "fb_exchange_token": short["access_token"]}
    _, long, _ = await sandbox.ask("POST", GRAPH + "/oauth/access_token", data=exchange)
    assert long["expires_in"] > 59 * DAY
    pages = await it.get(
        "/me/accounts", access_token=long["access_token"], fields="id,access_token,tasks,instagram_business_account{id}"
    )
    mine = pages["data"][0]
    assert (mine["id"], mine["instagram_business_account"]["id"]) == (it.account["page_id"], it.account["ig_user_id"])
    _, told, _ = await sandbox.ask(
        "GET",
        GRAPH + "/debug_token",
        params={"input_token": mine["access_token"], "access_token": "|".join(app.values())},
    )
    assert (told["data"]["type"], told["data"]["expires_at"], told["data"]["is_valid"]) == ("PAGE", 0, True)
    assert told["data"]["profile_id"] == it.account["page_id"]
    assert (await sandbox.ask("GET", f"{GRAPH}/{it.account['page_id']}", params={"fields": "access_token", "access_token": long["access_token"]}))[1]["access_token"] == mine["access_token"]  # fmt: skip
    assert {
        row["permission"] for row in (await it.get("/me/permissions", access_token=long["access_token"]))["data"]
    } == set(scopes)


async def test_a_page_token_of_a_short_token_dies_with_it(sandbox: Sandbox, page: Caller):
    back = await dialog(sandbox, "/www.facebook.com/v26.0/dialog/oauth", page.account, page.account["scopes"])
    given = {
        "client_id": page.account["app_id"],
        "client_secret": page.account["app_secret"],
        "redirect_uri": REDIRECT,
        "code": back["code"],
    }
    _, short, _ = await sandbox.ask("GET", GRAPH + "/oauth/access_token", params=given)
    pages = await page.get("/me/accounts", access_token=short["access_token"])
    await sandbox.advance(5401)
    assert await page.refused("GET", "/me", access_token=pages["data"][0]["access_token"]) == "190/463"
    assert await page.refused("GET", "/me/accounts", access_token=short["access_token"]) == "190/463"


async def test_denying_and_wrong_requests(sandbox: Sandbox, page: Caller, ridge: Caller):
    back = await dialog(
        sandbox, "/www.facebook.com/dialog/oauth", page.account, page.account["scopes"], decision="deny"
    )
    assert (back["error"], back["error_reason"], back["state"]) == ("access_denied", "user_denied", "xyz")
    back = await dialog(
        sandbox, "/www.instagram.com/oauth/authorize", ridge.account, ridge.account["scopes"], decision="deny"
    )
    assert (back["error"], back["#"]) == ("access_denied", "_")
    query = urlencode(
        {
            "client_id": page.account["app_id"],
            "redirect_uri": "https://elsewhere.example/cb",
            "scope": "pages_show_list",
        }
    )
    status, text, headers = await sandbox.ask("GET", f"/www.facebook.com/v26.0/dialog/oauth?{query}")
    assert (status, "Location" in headers, "URL Blocked" in text) == (400, False, True)


@pytest.mark.parametrize("shape", ["flat", "list"])
async def test_instagram_login_from_code_to_refreshed_token(sandbox: Sandbox, ridge: Caller, shape: str):
    await ridge.knob(code_answer=shape)
    back = await dialog(sandbox, "/www.instagram.com/oauth/authorize", ridge.account, ridge.account["scopes"])
    app = {"client_id": ridge.account["app_id"], "client_secret": ridge.account["app_secret"]}
    form = app | {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": back["code"]}
    status, body, _ = await sandbox.ask("POST", "/api.instagram.com/oauth/access_token", data=form)
    short = body if shape == "flat" else body["data"][0]
    assert (status, short["user_id"]) == (200, ridge.id)
    status, body, _ = await sandbox.ask("POST", "/api.instagram.com/oauth/access_token", data=form)
    assert (status, body["error_message"]) == (400, "Matching code was not found or was already used")
    exchange = {
        "grant_type": "ig_exchange_token",
        "client_secret": app["client_secret"],
        "access_token": short["access_token"],
    }
    host = INSTAGRAM.rpartition("/")[0]
    _, long, _ = await sandbox.ask("GET", host + "/access_token", params=exchange)
    assert long["expires_in"] > 59 * DAY
    refresh = {"grant_type": "ig_refresh_token", "access_token": long["access_token"]}
    status, body, _ = await sandbox.ask("GET", host + "/refresh_access_token", params=refresh)
    assert (status, body["error"]["code"]) == (400, 100)
    await sandbox.advance(DAY + 1)
    _, newer, _ = await sandbox.ask("GET", host + "/refresh_access_token", params=refresh)
    assert newer["access_token"] != long["access_token"]
    await sandbox.advance(59.5 * DAY)
    assert reason((await sandbox.ask("GET", host + "/refresh_access_token", params=refresh))[1]) == "190/463"
    await ridge.get("/me", access_token=newer["access_token"])


async def test_a_long_token_exchanged_again_is_not_prolonged_unless_the_knob_says_so(sandbox: Sandbox, page: Caller):
    given = {
        "client_id": page.account["app_id"], "client_secret": page.account["app_secret"],
        "grant_type": "fb_exchange_token", "fb_exchange_token": page.account["user_token"],
    }  # fmt: skip
    _, same, _ = await sandbox.ask("GET", GRAPH + "/oauth/access_token", params=given)
    assert same["expires_in"] < 58.1 * DAY
    await page.knob(reexchange_extends=True)
    _, longer, _ = await sandbox.ask("GET", GRAPH + "/oauth/access_token", params=given)
    assert longer["expires_in"] > 59 * DAY


async def test_debug_token_describes_a_dead_token_and_not_an_instagram_one(
    sandbox: Sandbox, page: Caller, ridge: Caller
):
    app = f"{page.account['app_id']}|{page.account['app_secret']}"
    await page.turn(token_state=460)
    token = page.account["access_token"]
    status, body, _ = await sandbox.ask(
        "GET", GRAPH + "/debug_token", params={"input_token": token, "access_token": app}
    )
    assert (status, body["data"]["is_valid"], body["data"]["error"]["subcode"]) == (200, False, 460)
    granular = {row["scope"]: row.get("target_ids") for row in body["data"]["granular_scopes"]}
    assert granular["pages_manage_posts"] == [page.id]
    status, body, _ = await sandbox.ask(
        "GET", GRAPH + "/debug_token", params={"input_token": ridge.account["access_token"], "access_token": app}
    )
    assert (status, body["error"]["code"]) == (500, 2)


async def test_permissions_are_taken_back(page: Caller):
    user = page.account["user_token"]
    assert (await page.call("DELETE", "/me/permissions/pages_manage_posts", access_token=user))[0] == 200
    assert await page.refused("POST", f"/{page.id}/feed", message="no") == "200"
    assert (await page.call("DELETE", "/me/permissions", access_token=user))[0] == 200
    assert await page.refused("GET", "/me") == "190/458"


async def test_the_listing_of_pages_echoes_the_token(page: Caller):
    user = page.account["user_token"]
    first = await page.get("/me/accounts", access_token=user, limit=1)
    assert user in first["paging"]["next"]
    _, second, _ = await page.sandbox.ask("GET", first["paging"]["next"])
    assert second["data"][0]["tasks"] == ["ANALYZE"]
    linked = await page.get(f"/{page.id}", fields="instagram_business_account")
    assert linked["instagram_business_account"] == {"id": page.account["ig_user_id"]}
    assert (
        await page.refused(
            "POST", f"/{second['data'][0]['id']}/feed", access_token=second["data"][0]["access_token"], message="no"
        )
        == "200"
    )


async def test_a_system_token_comes_with_proof_and_reaches_the_businesses_pages(page: Caller):
    user, secret = page.account["user_token"], page.account["app_secret"]
    business = (await page.get("/me/businesses", access_token=user))["data"][0]["id"]
    path = f"/{business}/system_user_access_tokens"
    assert await page.refused("POST", path, access_token=user) == "100"
    proof = hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()
    made = await page.post(path, access_token=user, appsecret_proof=proof)
    pages = await page.get(f"/{business}/owned_pages", access_token=made["access_token"], fields="id,access_token")
    assert pages["data"][0]["id"] == page.id
    await page.post(f"/{page.id}/feed", access_token=pages["data"][0]["access_token"], message="from the business")
    assert [p["text"] for p in await page.audience()] == ["from the business"]
