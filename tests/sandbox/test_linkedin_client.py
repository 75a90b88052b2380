"""LinkedIn's own Python client and requests-oauthlib, unchanged, against the sandbox: what they understand, we imitate well enough.

The client's addresses are fixed, so its own `requests` session is given an adapter that leads to the sandbox; everything above the
socket is theirs.
"""

# Neither client is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from linkedin_api.clients.auth.client import AuthClient
from linkedin_api.clients.restli.client import RestliClient
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth2Session

from sandbox.test_linkedin import PNG, Caller, caller, draft
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio

BACK = "http://127.0.0.1:7000/callback"


class AtSandbox(HTTPAdapter):
    """`https://HOST/PATH` goes to the sandbox's `/HOST/PATH`."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def send(self, request: PreparedRequest, *rest: Any, **more: Any) -> Response:
        request.url = f"{self.base}/{str(request.url).partition('://')[2]}"
        return super().send(request, *rest, **more)


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Caller:
    return await caller(sandbox)


def rest(it: Caller) -> tuple[Any, dict[str, str]]:
    client = RestliClient()
    client.session.mount("https://", AtSandbox(it.sandbox.base))
    return client, {"access_token": it.account["access_token"], "version_string": "202609"}


async def run(use: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(use)


async def test_it_posts_reads_edits_finds_and_deletes(hazel: Caller):
    client, auth = rest(hazel)

    def use() -> list[Any]:
        made = client.create(resource_path="/posts", entity=draft(hazel.urn, "By \\(the\\) client #cake"), **auth)
        key = {"resource_path": "/posts/{urn}", "path_keys": {"urn": made.decoded_entity_id}}
        read = client.get(**key, query_params={"viewContext": "AUTHOR", "fields": "id,commentary"}, **auth)
        edited = client.partial_update(**key, patch_set_object={"commentary": "Edited"}, **auth)
        finder = {"author": hazel.urn, "sortBy": "CREATED", "count": 20}
        found = client.finder(resource_path="/posts", finder_name="author", query_params=finder, **auth)
        several = client.batch_get(resource_path="/posts", ids=[made.entity_id], **auth)
        gone = [client.delete(**key, **auth).status_code for _ in range(2)]
        return [made, read.entity, edited.status_code, found, several, gone]

    made, read, edited, found, several, gone = await run(use)
    assert (made.status_code, made.entity, made.entity_id[:13]) == (201, None, "urn:li:share:")
    assert read == {"id": made.entity_id, "commentary": "By \\(the\\) client {hashtag|\\#|cake}"}
    assert (edited, gone) == (204, [204, 204])
    assert ([e["commentary"] for e in found.elements], found.paging.count) == (["Edited"], 20)
    assert [post["id"] for post in several.results.values()] == [made.entity_id]


async def test_it_uploads_an_image_and_a_video(hazel: Caller):
    client, auth = rest(hazel)
    video = bytes(100_000)

    def opened(path: str, **more: Any) -> Any:
        given = {"initializeUploadRequest": {"owner": hazel.urn} | more}
        return client.action(resource_path=path, action_name="initializeUpload", action_params=given, **auth).value

    def use() -> list[str]:
        image = opened("/images")
        bearer = {"Authorization": f"Bearer {auth['access_token']}"}
        assert client.session.put(image["uploadUrl"], data=PNG, headers=bearer).status_code == 201
        value = opened("/videos", fileSizeBytes=len(video), uploadCaptions=False, uploadThumbnail=False)
        etags = [
            client.session.put(p["uploadUrl"], data=video[p["firstByte"] : p["lastByte"] + 1]).headers["ETag"]
            for p in value["uploadInstructions"]
        ]
        done = {"finalizeUploadRequest": {"video": value["video"], "uploadToken": "", "uploadedPartIds": etags}}
        client.action(resource_path="/videos", action_name="finalizeUpload", action_params=done, **auth)
        return [image["image"], value["video"]]

    await hazel.knob(part_bytes=40_000, video_seconds=0)
    urns = await run(use)

    def post() -> list[int]:
        bodies = [draft(hazel.urn, urn) | {"content": {"media": {"id": urn}}} for urn in urns]
        return [client.create(resource_path="/posts", entity=body, **auth).status_code for body in bodies]

    assert await run(post) == [201, 201]
    assert [(e["kind"], e["media"][0]["bytes"]) for e in await hazel.audience()] == [("image", len(PNG)), ("video", 100_000)]  # fmt: skip


async def test_its_lists_records_and_tunnelled_queries_are_understood(hazel: Caller):
    client, auth = rest(hazel)
    params = {"organizationalEntity": hazel.urn, "timeIntervals": {"timeRange": {"start": 1, "end": 2}, "timeGranularityType": "DAY"}}  # fmt: skip

    def use() -> list[Any]:
        path = "/organizationalEntityShareStatistics"
        statistics = client.finder(resource_path=path, finder_name="organizationalEntity", query_params=params, **auth)
        ids = [str(number) for number in range(1200)]
        many = client.batch_get(resource_path="/organizationsLookup", ids=[*ids, "5515715"], **auth)
        me = client.get(resource_path="/userinfo", access_token=auth["access_token"])
        return [statistics.elements, many, me.entity]

    statistics, many, me = await run(use)
    assert statistics[0]["organizationalEntity"] == hazel.urn
    assert (many.response.request.method, list(many.results)) == ("POST", ["5515715"])
    assert me["name"] == "Hazel Baker"


async def test_its_auth_client_logs_in_refreshes_and_introspects(hazel: Caller):
    client: Any = AuthClient(hazel.account["app_id"], hazel.account["app_secret"], BACK)
    client.session.mount("https://", AtSandbox(hazel.sandbox.base))
    address = urlsplit(client.generate_member_auth_url(["w_organization_social", "r_organization_social"], "s1"))
    place = f"/{address.netloc}{address.path}?{address.query}"
    _, _, headers = await hazel.sandbox.ask("POST", place, data={"decision": "approve", "account": "hazel"})
    code = headers["Location"].partition("code=")[2].partition("&")[0]

    def use() -> list[Any]:
        token = client.exchange_auth_code_for_access_token(code)
        fresh = client.exchange_refresh_token_for_access_token(token.refresh_token)
        told = client.introspect_access_token(fresh.access_token)
        dead = client.exchange_refresh_token_for_access_token("AQXnobodys")
        return [token, fresh, told, dead]

    token, fresh, told, dead = await run(use)
    assert (token.scope, token.expires_in) == ("w_organization_social,r_organization_social", 5_184_000)
    assert (fresh.refresh_token, fresh.refresh_token_expires_in) == (token.refresh_token, 31_536_000)
    assert (told.active, told.status, told.auth_type) == (True, "active", "3L")
    assert (dead.status_code, dead.access_token) == (400, None)


async def test_a_general_oauth_client_logs_in_as_well(hazel: Caller, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    base = f"{hazel.sandbox.base}/www.linkedin.com/oauth/v2"
    session: Any = OAuth2Session(hazel.account["app_id"], redirect_uri=BACK, scope=["openid", "profile"])
    address, _ = session.authorization_url(f"{base}/authorization")
    _, _, headers = await hazel.sandbox.ask("POST", address, data={"decision": "approve", "account": "ridge"})

    def use() -> Any:
        secret = hazel.account["app_secret"]
        more = {"client_secret": secret, "include_client_id": True}
        session.fetch_token(f"{base}/accessToken", authorization_response=headers["Location"], **more)
        return session.get(f"{hazel.sandbox.base}/api.linkedin.com/v2/userinfo").json()

    assert (await run(use))["name"] == "Ridge Rider"
