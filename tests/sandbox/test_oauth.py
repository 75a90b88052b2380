"""Google's OAuth: consent, exchange with PKCE, refresh, revocation, and how tokens die."""

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from sandbox.world import TOKEN, V3, Sandbox, reason

pytestmark = pytest.mark.anyio

AUTH = "/accounts.google.com/o/oauth2/v2/auth"
BACK = "http://127.0.0.1:7000/callback"
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
READ = "https://www.googleapis.com/auth/youtube.readonly"
UPLOADS = "https://www.googleapis.com/auth/youtube.upload"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CHANNELS = V3 + "/channels?part=id&mine=true"


async def consent(
    sandbox: Sandbox, decision: str = "approve", ticked: str | None = None, account: str = "ridge", **more: str
):
    """What the browser brings back."""
    asked = {
        "client_id": (await sandbox.account())["app_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": f"{SCOPE} {READ}",
        "state": "s1",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | more
    form = [("decision", decision), ("account", account), *(("scope", s) for s in (ticked or asked["scope"]).split())]
    status, _, headers = await sandbox.ask("POST", f"{AUTH}?{urlencode(asked)}", data=form)
    assert status == 302
    assert headers["Location"].startswith(BACK + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(headers["Location"]).query).items()}


async def exchange(sandbox: Sandbox, code: str, **more: str | None):
    account = await sandbox.account()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": account["app_id"],
        "client_secret": account["app_secret"],
        "code_verifier": VERIFIER,
    } | more
    return await sandbox.ask("POST", TOKEN, data={k: v for k, v in form.items() if v is not None})


async def test_consent_and_exchange_give_tokens_bound_to_the_chosen_channel(sandbox: Sandbox):
    brought = await consent(sandbox)
    assert brought["state"] == "s1"
    status, body, _ = await exchange(sandbox, brought["code"])
    assert (status, body["expires_in"], body["token_type"]) == (200, 3599, "Bearer")
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    _, channels, _ = await sandbox.ask("GET", CHANNELS, headers=headers)
    assert channels["items"][0]["id"] == (await sandbox.account("ridge"))["posting_identity"]


async def test_the_page_lists_accounts_and_scopes(sandbox: Sandbox):
    asked = {
        "client_id": (await sandbox.account())["app_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": SCOPE,
    }
    status, page, _ = await sandbox.ask("GET", f"{AUTH}?{urlencode(asked)}")
    assert status == 200
    assert all(text in page for text in ("Hazel Bakes", "Ridge Cycles", SCOPE, "Allow", "Deny"))


async def test_a_denial_comes_back_as_access_denied(sandbox: Sandbox):
    assert await consent(sandbox, "deny") == {"error": "access_denied", "state": "s1"}


async def test_an_unticked_scope_is_not_granted(sandbox: Sandbox):
    brought = await consent(sandbox, ticked=READ)
    _, body, _ = await exchange(sandbox, brought["code"])
    assert brought["scope"] == body["scope"] == READ


async def test_without_consent_forced_a_second_grant_brings_no_refresh_token(sandbox: Sandbox):
    _, forced, _ = await exchange(sandbox, (await consent(sandbox))["code"])
    _, plain, _ = await exchange(sandbox, (await consent(sandbox, prompt="select_account"))["code"])
    _, online, _ = await exchange(sandbox, (await consent(sandbox, access_type="online"))["code"])
    assert ["refresh_token" in body for body in (forced, plain, online)] == [True, False, False]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"client_id": "other"}, 401),
        ({"redirect_uri": "https://elsewhere.example/"}, 400),
        ({"scope": "everything"}, 400),
        ({"response_type": "token"}, 400),
    ],
)
async def test_a_wrong_consent_request_gets_a_page_and_no_redirect(sandbox: Sandbox, change, status: int):
    asked = {
        "client_id": (await sandbox.account())["app_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": SCOPE,
    } | change
    answered, body, headers = await sandbox.ask("GET", f"{AUTH}?{urlencode(asked)}")
    assert answered == status
    assert "Location" not in headers
    assert "Access blocked" in body


@pytest.mark.parametrize(
    ("change", "status", "error", "description"),
    [
        ({"code_verifier": None}, 400, "invalid_grant", "Missing code verifier."),
        ({"code_verifier": "w" * 64}, 400, "invalid_grant", "Invalid code verifier."),
        ({"code": "4/nonsense"}, 400, "invalid_grant", "Bad Request"),
        ({"redirect_uri": BACK + "/"}, 400, "redirect_uri_mismatch", "Bad Request"),
        ({"client_id": "nobody"}, 401, "invalid_client", "The OAuth client was not found."),
        ({"client_secret": "wrong"}, 401, "invalid_client", "Unauthorized"),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type", "Invalid grant_type: magic"),
    ],
)
async def test_a_wrong_exchange_is_refused_in_googles_words(sandbox: Sandbox, change, status, error, description):
    code = (await consent(sandbox))["code"]
    answered, body, _ = await exchange(sandbox, **({"code": code} | change))
    assert (answered, body) == (status, {"error": error, "error_description": description})


async def test_a_code_works_once(sandbox: Sandbox):
    code = (await consent(sandbox))["code"]
    assert (await exchange(sandbox, code))[0] == 200
    assert (await exchange(sandbox, code))[1]["error_description"] == "Bad Request"


async def test_client_credentials_may_come_as_basic(sandbox: Sandbox):
    account = await sandbox.account()
    basic = base64.b64encode(f"{account['app_id']}:{account['app_secret']}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": account["refresh_token"]}
    status, _, _ = await sandbox.ask("POST", TOKEN, data=form, headers={"Authorization": f"Basic {basic}"})
    assert status == 200


async def test_a_refresh_gives_an_access_token_and_no_new_refresh_token(sandbox: Sandbox):
    before = await sandbox.account()
    _, body, _ = await sandbox.refresh(before["refresh_token"])
    assert set(body) == {"access_token", "expires_in", "scope", "token_type"}
    after = await sandbox.account()
    assert after["access_token"] == body["access_token"] != before["access_token"]
    assert after["refresh_token"] == before["refresh_token"]


async def test_with_rotation_the_old_refresh_token_dies(sandbox: Sandbox):
    await sandbox.knob(rotate_refresh_tokens=True)
    old = (await sandbox.account())["refresh_token"]
    _, body, _ = await sandbox.refresh(old)
    assert (await sandbox.refresh(body["refresh_token"]))[0] == 200
    assert (await sandbox.refresh(old))[1]["error"] == "invalid_grant"


async def test_an_access_token_dies_on_the_sandbox_clock(sandbox: Sandbox):
    token = {"Authorization": f"Bearer {(await sandbox.account())['access_token']}"}
    await sandbox.advance(3590)
    assert (await sandbox.ask("GET", CHANNELS, headers=token))[0] == 200
    await sandbox.advance(10)
    status, body, headers = await sandbox.ask("GET", CHANNELS, headers=token)
    assert (status, reason(body)) == (401, "authError")
    assert "Bearer" in headers["WWW-Authenticate"]


async def test_an_access_token_can_be_let_die_at_once(sandbox: Sandbox):
    await sandbox.turn(expires_in=0)
    assert (await sandbox.api("GET", CHANNELS))[0] == 401


async def test_a_revoked_grant_says_so_and_comes_back_on_request(sandbox: Sandbox):
    await sandbox.turn(revoked=True)
    account = await sandbox.account()
    assert (await sandbox.api("GET", CHANNELS))[0] == 401
    status, body, _ = await sandbox.refresh(account["refresh_token"])
    assert (status, body["error_description"]) == (400, "Token has been expired or revoked.")
    await sandbox.turn(revoked=False)
    assert (await sandbox.api("GET", CHANNELS))[0] == 200


async def test_revoking_one_connection_kills_the_others_of_the_same_account(sandbox: Sandbox):
    _, first, _ = await exchange(sandbox, (await consent(sandbox))["code"])
    _, second, _ = await exchange(sandbox, (await consent(sandbox))["code"])
    revoke = "/oauth2.googleapis.com/revoke"
    assert (await sandbox.ask("POST", revoke, data={"token": first["access_token"]}))[0] == 200
    assert (await sandbox.refresh(second["refresh_token"]))[1]["error"] == "invalid_grant"
    assert (await sandbox.ask("POST", revoke, data={"token": first["refresh_token"]}))[0] == 400
    assert (await sandbox.refresh((await sandbox.account("hazel"))["refresh_token"]))[0] == 200


async def test_one_token_too_many_kills_the_oldest(sandbox: Sandbox):
    await sandbox.knob(refresh_tokens_per_account=2)
    seeded = (await sandbox.account("ridge"))["refresh_token"]
    _, first, _ = await exchange(sandbox, (await consent(sandbox))["code"])
    assert (await sandbox.refresh(seeded))[0] == 200
    await exchange(sandbox, (await consent(sandbox))["code"])
    assert (await sandbox.refresh(seeded))[0] == 400
    assert (await sandbox.refresh(first["refresh_token"]))[0] == 200


async def test_in_testing_mode_a_refresh_token_lives_seven_days(sandbox: Sandbox):
    await sandbox.knob(testing_mode=True)
    refresh = (await sandbox.account())["refresh_token"]
    _, body, _ = await sandbox.refresh(refresh)
    assert body["refresh_token_expires_in"] in range(604_700, 604_800)
    await sandbox.advance(7 * 86_400)
    assert (await sandbox.refresh(refresh))[0] == 400


async def test_a_method_refuses_a_token_without_its_scope(sandbox: Sandbox):
    await sandbox.turn(scopes=[UPLOADS])
    status, body, _ = await sandbox.api("GET", CHANNELS)
    assert (status, reason(body)) == (403, "insufficientPermissions")
    assert body["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    await sandbox.publish()
