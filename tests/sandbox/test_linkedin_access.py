"""Who may call LinkedIn: the dialog and its tokens, versions, roles, and the daily counters."""

from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest

from sandbox.test_linkedin import Caller, caller
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

OAUTH = "/www.linkedin.com/oauth/v2"
BACK = "http://127.0.0.1:7000/callback"
SCOPES = "w_organization_social r_organization_social rw_organization_admin"
DAY = 86_400


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Caller:
    return await caller(sandbox)


@pytest.fixture
async def ridge(sandbox: Sandbox) -> Caller:
    return await caller(sandbox, "ridge")


async def dialog(it: Caller, decision: str = "approve", **more: str) -> tuple[int, dict[str, str]]:
    """What the browser brings back from the buttons."""
    asked = {
        "response_type": "code",
        "client_id": it.account["app_id"],
        "redirect_uri": BACK,
        "scope": SCOPES,
        "state": "s1",
    } | more
    form = {"decision": decision, "account": it.account["account"]}
    status, _, headers = await it.sandbox.ask("POST", f"{OAUTH}/authorization?{urlencode(asked)}", data=form)
    query = parse_qs(urlsplit(headers.get("Location", "")).query)
    return status, {name: values[0] for name, values in query.items()}


async def ask_token(it: Caller, **form: str) -> tuple[int, Any]:
    client = {"client_id": it.account["app_id"], "client_secret": it.account["app_secret"]}
    given = {name: value for name, value in (client | form).items() if value}
    status, body, _ = await it.sandbox.ask("POST", f"{OAUTH}/accessToken", data=given)
    return status, body


async def exchange(it: Caller, code: str, **more: str) -> tuple[int, Any]:
    return await ask_token(it, **{"grant_type": "authorization_code", "code": code, "redirect_uri": BACK} | more)


async def refresh(it: Caller, **more: str) -> tuple[int, Any]:
    given = {"grant_type": "refresh_token", "refresh_token": it.account["refresh_token"]}
    return await ask_token(it, **given | more)


async def introspect(it: Caller, token: str) -> Any:
    form = {"client_id": it.account["app_id"], "client_secret": it.account["app_secret"], "token": token}
    return (await it.sandbox.ask("POST", f"{OAUTH}/introspectToken", data=form))[1]


async def whoami(it: Caller, token: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else None
    status, body, _ = await it.call("GET", "/rest/organizationAcls?q=roleAssignee", headers=headers)
    return status, body


# --- the dialog ---------------------------------------------------------------------------------------------------------------


async def test_a_consent_is_worth_a_token_for_sixty_days_and_a_refresh_token_for_a_year(hazel: Caller):
    status, brought = await dialog(hazel)
    assert (status, brought["state"]) == (302, "s1")
    status, body = await exchange(hazel, brought["code"])
    assert (status, body["expires_in"], body["refresh_token_expires_in"]) == (200, 60 * DAY, 365 * DAY)
    assert body["scope"] == SCOPES.replace(" ", ",")
    assert 400 < len(body["access_token"]) < 1000
    assert (await whoami(hazel, body["access_token"]))[0] == 200


async def test_the_page_names_the_members_and_the_scopes(hazel: Caller):
    asked = {"response_type": "code", "client_id": hazel.account["app_id"], "redirect_uri": BACK, "scope": SCOPES}
    status, page, _ = await hazel.sandbox.ask("GET", f"{OAUTH}/authorization?{urlencode(asked)}")
    assert status == 200
    assert all(text in page for text in ("Hazel Baker", "Ridge Rider", "w_organization_social", "Allow", "Cancel"))


@pytest.mark.parametrize(
    ("decision", "error"), [("deny", "user_cancelled_authorize"), ("cancel_login", "user_cancelled_login")]
)
async def test_a_refusal_comes_back_with_its_reason(hazel: Caller, decision: str, error: str):
    _, brought = await dialog(hazel, decision)
    assert (brought["error"], brought["state"], "code" in brought) == (error, "s1", False)


async def test_a_scope_the_app_does_not_have_comes_back_and_a_wrong_request_is_a_page(hazel: Caller):
    assert (await dialog(hazel, scope="r_member_social"))[1]["error"] == "unauthorized_scope_error"
    for wrong in ({"client_id": "x"}, {"redirect_uri": "https://thief.example/"}, {"scope": "w_everything"}):
        assert await dialog(hazel, **wrong) == (401, {})


async def test_a_code_is_good_once_for_thirty_minutes_and_for_its_own_redirect(hazel: Caller):
    code = (await dialog(hazel))[1]["code"]
    status, body = await exchange(hazel, code, redirect_uri=BACK + "2")
    assert (status, body["error"]) == (400, "invalid_redirect_uri")
    assert (await exchange(hazel, code))[0] == 200
    status, body = await exchange(hazel, code)
    assert (status, body["error"], body["error_description"].split(": ")[1]) == (401, "invalid_request", "authorization code not found")  # fmt: skip
    code = (await dialog(hazel))[1]["code"]
    await hazel.sandbox.advance(1801)
    status, body = await exchange(hazel, code)
    assert (status, body["error"], "expired" in body["error_description"]) == (400, "invalid_redirect_uri", True)


async def test_what_is_missing_or_wrong_at_the_token_endpoint_is_told(hazel: Caller):
    status, body = await exchange(hazel, "")
    assert (status, body["error_description"]) == (400, 'A required parameter "code" is missing')
    assert await refresh(hazel, client_secret="wrong") == (401, {"error": "invalid_client", "error_description": "Client authentication failed"})  # fmt: skip
    await hazel.knob(invalid_client_status=400)
    assert (await refresh(hazel, client_secret="wrong"))[0] == 400
    assert (await ask_token(hazel, grant_type="client_credentials"))[1]["error"] == "access_denied"


# --- how tokens live and die --------------------------------------------------------------------------------------------------


async def test_refreshing_gives_a_token_and_never_another_year(hazel: Caller):
    await hazel.sandbox.advance(100 * DAY)
    status, body = await refresh(hazel)
    assert (status, body["refresh_token"]) == (200, hazel.account["refresh_token"])
    assert (body["expires_in"], body["refresh_token_expires_in"]) == (60 * DAY, 265 * DAY)
    await hazel.sandbox.advance(260 * DAY)
    _, body = await refresh(hazel)
    assert (body["expires_in"], body["refresh_token_expires_in"]) == (5 * DAY, 5 * DAY)
    await hazel.sandbox.advance(5 * DAY)
    assert_dead(await refresh(hazel))


def assert_dead(answer: tuple[int, Any]) -> None:
    description = "The provided authorization grant or refresh token is invalid, expired or revoked."
    assert answer == (400, {"error": "invalid_request", "error_description": description})


async def test_a_dead_refresh_token_is_an_invalid_request(hazel: Caller):
    assert_dead(await refresh(hazel, refresh_token="AQXnobodys"))
    await hazel.turn(refresh_dead=True)
    assert_dead(await refresh(hazel))
    await hazel.turn(refresh_dead=False, refresh_expires_in=0)
    assert_dead(await refresh(hazel))
    assert (await whoami(hazel))[0] == 200


async def test_every_death_of_a_token_has_its_own_code(hazel: Caller):
    for token, code in (("AQVnobodys", 65600), (None, None)):
        status, body = await whoami(hazel, token)
        assert (status, body.get("serviceErrorCode")) == (401 if token else 200, code)
    status, body, _ = await hazel.call("GET", "/v2/userinfo", headers={"Authorization": None})
    assert (status, body["serviceErrorCode"]) == (401, 65604)
    await hazel.turn(expires_in=0)
    assert (await whoami(hazel))[1]["code"] == "EXPIRED_ACCESS_TOKEN"
    await hazel.turn(expires_in=60, revoked=True)
    assert (await whoami(hazel))[1]["serviceErrorCode"] == 65601
    await hazel.knob(unauthorized_body="bare")
    assert set((await whoami(hazel))[1]) == {"message", "serviceErrorCode", "status"}
    await hazel.turn(revoked=False)
    assert (await whoami(hazel))[0] == 200


async def test_a_fresh_token_may_look_revoked_for_some_seconds(hazel: Caller):
    await hazel.arm("fresh_token", "oauth.token", seconds=8)
    token = (await refresh(hazel))[1]["access_token"]
    assert (await whoami(hazel, token))[1]["serviceErrorCode"] == 65601
    await hazel.sandbox.advance(9)
    assert (await whoami(hazel, token))[0] == 200


async def test_another_set_of_scopes_kills_the_earlier_tokens_and_the_same_set_does_not(hazel: Caller, ridge: Caller):
    same = " ".join(hazel.account["scopes"])
    assert (await exchange(hazel, (await dialog(hazel, scope=same))[1]["code"]))[0] == 200
    assert (await whoami(hazel))[0] == 200
    await exchange(hazel, (await dialog(hazel))[1]["code"])
    assert (await whoami(hazel))[1]["code"] == "REVOKED_ACCESS_TOKEN"
    assert (await refresh(hazel))[0] == 200
    assert (await ridge.call("GET", "/v2/userinfo"))[0] == 200


async def test_introspection_tells_what_a_token_is(hazel: Caller):
    token = hazel.account["access_token"]
    told = await introspect(hazel, token)
    assert (told["active"], told["status"], told["auth_type"]) == (True, "active", "3L")
    assert told["expires_at"] - told["created_at"] == 60 * DAY
    assert told["scope"].split(",") == hazel.account["scopes"]
    await hazel.turn(expires_in=0)
    assert (await introspect(hazel, token))["status"] == "expired"
    await hazel.turn(revoked=True)
    assert (await introspect(hazel, token))["status"] == "revoked"
    assert await introspect(hazel, "AQVnobodys") == {"active": False}


async def test_revoking_ends_one_token_or_all(hazel: Caller):
    second = (await refresh(hazel))[1]["access_token"]
    form = {"client_id": hazel.account["app_id"], "client_secret": hazel.account["app_secret"], "token": second}
    status, body, _ = await hazel.sandbox.ask("POST", f"{OAUTH}/revoke", data=form)
    assert (status, body) == (200, "")
    assert ((await whoami(hazel, second))[0], (await whoami(hazel))[0]) == (401, 200)
    await hazel.knob(revoke_kills_siblings=True)
    await hazel.sandbox.ask("POST", f"{OAUTH}/revoke", data=form | {"token": hazel.account["access_token"]})
    assert_dead(await refresh(hazel))


async def test_an_app_without_programmatic_refresh_gets_no_refresh_token(hazel: Caller):
    await hazel.knob(refresh_tokens=False)
    _, body = await exchange(hazel, (await dialog(hazel))[1]["code"])
    assert set(body) == {"access_token", "expires_in", "scope"}


# --- versions -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["202409", "202511", "202512", "202612", "209901", "nonsense"])
async def test_a_version_that_is_not_active_is_426(hazel: Caller, version: str):
    hazel.version = version
    status, body = await whoami(hazel)
    expected = {"status": 426, "code": "NONEXISTENT_VERSION", "message": f"Requested version {version} is not active"}
    assert (status, body) == (426, expected)


async def test_a_missing_version_is_named_and_v2_needs_none(hazel: Caller):
    hazel.version = None
    status, body = await whoami(hazel)
    assert (status, body["code"]) == (400, "VERSION_MISSING")
    assert (await hazel.call("GET", "/v2/userinfo"))[0] == 200


async def test_a_version_dies_on_its_day(hazel: Caller):
    hazel.version = "202609.01"
    assert (await whoami(hazel))[0] == 200
    await hazel.turn(expires_in=400 * DAY)
    await hazel.sandbox.advance(300 * DAY)
    status, body, headers = await hazel.call("GET", "/rest/organizationAcls?q=roleAssignee")
    assert (status, "Sunset" in headers, "Retry-After" in headers) == (426, False, False)
    await hazel.knob(also_active="202709, 202609")
    assert (await whoami(hazel))[0] == 200


async def test_a_version_can_be_retired_at_once(hazel: Caller):
    await hazel.knob(retired="202609")
    assert (await whoami(hazel))[0] == 426
    hazel.version = "202608"
    assert (await whoami(hazel))[0] == 200


# --- roles --------------------------------------------------------------------------------------------------------------------


async def test_the_access_control_list_tells_the_roles(hazel: Caller):
    _, body = await whoami(hazel)
    assert [(e["organization"].rpartition(":")[2], e["role"]) for e in body["elements"]] == [("5515715", "ADMINISTRATOR"), ("5515716", "ANALYST")]  # fmt: skip
    path = "/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED&count=1&start=0"
    _, body, _ = await hazel.call("GET", path)
    assert [e["roleAssignee"] for e in body["elements"]] == [hazel.account["member_urn"]]
    _, body, _ = await hazel.call(
        "GET", f"/rest/organizationAcls?q=organization&organization={quote(hazel.urn, safe='')}"
    )
    assert [e["state"] for e in body["elements"]] == ["APPROVED"]
    await hazel.knob(acl_field="organizationalTarget")
    _, body = await whoami(hazel)
    assert body["elements"][0]["organizationalTarget"] == hazel.urn


@pytest.mark.parametrize("change", [{"role": "ANALYST"}, {"role": None}, {"role_state": "REVOKED"}, {"scopes": ["r_organization_social"]}])  # fmt: skip
async def test_a_lost_role_or_scope_is_the_same_403(hazel: Caller, change: dict[str, Any]):
    await hazel.turn(**change)
    status, body, _ = await hazel.create()
    assert (status, body["code"]) == (403, "ACCESS_DENIED")
    assert body["message"] == "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260901"


@pytest.mark.parametrize("role", ["CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"])
async def test_these_roles_post_too(hazel: Caller, role: str):
    await hazel.turn(role=role)
    await hazel.post()


async def test_who_is_who(hazel: Caller, ridge: Caller):
    _, body, _ = await ridge.call("GET", "/v2/userinfo")
    assert (f"urn:li:person:{body['sub']}", body["name"]) == (ridge.urn, "Ridge Rider")
    status, body, _ = await ridge.call("GET", "/v2/me")
    assert (status, body["message"]) == (403, "Not enough permissions to access: me.GET.NO_VERSION")
    _, body, _ = await hazel.call("GET", "/v2/me")
    assert body["localizedFirstName"] == "Hazel"
    _, body, _ = await hazel.call("GET", "/rest/organizations/5515715")
    assert (body["localizedName"], body["vanityName"]) == ("Hazel Bakes", "hazel-bakes")
    _, body, _ = await hazel.call("GET", "/rest/organizations?q=vanityName&vanityName=acme-widgets")
    assert [e["id"] for e in body["elements"]] == [2414183]
    _, body, _ = await hazel.call("GET", "/rest/organizationsLookup?ids=List(5515715,1)")
    assert (set(body["results"]), body["statuses"]) == ({"5515715"}, {"5515715": 200, "1": 404})
    path = f"/rest/networkSizes/{quote(hazel.urn, safe='')}?edgeType=COMPANY_FOLLOWED_BY_MEMBER"
    assert (await hazel.call("GET", path))[1] == {"firstDegreeSize": 1200}


async def test_posts_without_activity_are_missing_from_the_statistics(hazel: Caller):
    urn = quote(await hazel.post(), safe="")
    path = f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={quote(hazel.urn, safe='')}"  # fmt: skip
    assert (await hazel.call("GET", f"{path}&shares=List({urn})"))[1]["elements"] == []
    await hazel.knob(impressions=7)
    [element] = (await hazel.call("GET", f"{path}&shares=List({urn})"))[1]["elements"]
    assert element["totalShareStatistics"]["impressionCount"] == 7
    times = "timeIntervals=(timeRange:(start:1,end:2),timeGranularityType:DAY)"
    assert len((await hazel.call("GET", f"{path}&{times}"))[1]["elements"]) == 1


# --- counters -----------------------------------------------------------------------------------------------------------------


async def test_a_members_day_is_full_for_the_member_and_over_at_midnight(hazel: Caller, ridge: Caller):
    await hazel.knob(member_posts_per_day=1)
    await hazel.post("one")
    status, body, headers = await hazel.create("two")
    message = "Resource level throttle MEMBER DAY limit for calls to this resource is reached."
    expected = {"status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS", "message": message}
    assert (status, body, "Retry-After" in headers) == (429, expected, False)
    await ridge.post("one")
    assert (await hazel.listed()) != []
    await hazel.sandbox.advance(DAY)
    await hazel.post("two")


async def test_the_apps_day_is_full_for_everybody(hazel: Caller, ridge: Caller):
    await hazel.knob(app_calls_per_day=1)
    await hazel.post()
    status, body, _ = await ridge.create()
    assert (status, " APPLICATION DAY " in body["message"]) == (429, True)
    told = await hazel.knob()
    assert told["calls_today"]["posts.create"] == {"app": 1, "hazel": 1}


async def test_the_development_tier_is_small(hazel: Caller):
    await hazel.knob(development_tier=True, member_throttle_word="application_and_member")
    answers = [await whoami(hazel) for _ in range(101)]
    assert [status for status, _ in answers] == [200] * 100 + [429]
    assert " APPLICATION_AND_MEMBER DAY " in answers[-1][1]["message"]
