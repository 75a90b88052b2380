"""Google's own clients, unchanged, against the sandbox: what they understand, we imitate well enough."""

import asyncio
import hashlib
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google.oauth2.credentials
import googleapiclient
import httplib2
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google_auth_oauthlib.flow import Flow
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError, ResumableUploadError
from googleapiclient.http import MediaIoBaseUpload

from sandbox.world import UNIT, Sandbox

pytestmark = pytest.mark.anyio

SCOPES = ["https://www.googleapis.com/auth/youtube.force-ssl"]
FILE = bytes(range(251)) * 5000


def credentials(base: str, account: dict[str, Any]) -> google.oauth2.credentials.Credentials:
    return google.oauth2.credentials.Credentials(
        token=account["access_token"],
        refresh_token=account["refresh_token"],
        token_uri=base + "/oauth2.googleapis.com/token",
        client_id=account["app_id"],
        client_secret=account["app_secret"],
    )


def client(base: str, account: dict[str, Any]) -> Any:
    """The pip client on its bundled discovery document, with only the addresses changed."""
    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    document = json.loads((folder / "youtube.v3.json").read_text())
    document["rootUrl"] = document["baseUrl"] = base + "/youtube.googleapis.com/"
    return build_from_document(document, credentials=credentials(base, account))


def insertion(youtube: Any) -> Any:
    media = MediaIoBaseUpload(io.BytesIO(FILE), "video/mp4", chunksize=2 * UNIT, resumable=True)
    body = {"snippet": {"title": "Sent by the vendor's client"}, "status": {"privacyStatus": "public"}}
    return youtube.videos().insert(part="snippet,status", body=body, media_body=media)


def finish(request: Any) -> dict[str, Any]:
    answer = None
    while answer is None:
        _, answer = request.next_chunk()
    return answer


async def test_the_client_uploads_lists_and_deletes(sandbox: Sandbox):
    account = await sandbox.account()

    def use() -> str:
        youtube = client(sandbox.base, account)
        video = finish(insertion(youtube))
        channel = youtube.channels().list(part="contentDetails", mine=True).execute()["items"][0]
        playlist = channel["contentDetails"]["relatedPlaylists"]["uploads"]
        items = youtube.playlistItems().list(part="contentDetails", playlistId=playlist).execute()["items"]
        assert [item["contentDetails"]["videoId"] for item in items] == [video["id"]]
        stats = youtube.videos().batchGetStats(part=["statistics"], id=[video["id"]]).execute()
        assert stats["items"][0]["id"] == video["id"]
        youtube.videos().delete(id=video["id"]).execute()
        return youtube.videos().list(part="id", id=video["id"]).execute()["items"]

    assert await asyncio.to_thread(use) == []


async def test_the_client_switches_a_private_video_with_the_whole_status_that_it_read(sandbox: Sandbox):
    account = await sandbox.account()

    def use() -> dict[str, Any]:
        youtube = client(sandbox.base, account)
        media = MediaIoBaseUpload(io.BytesIO(FILE), "video/mp4", chunksize=2 * UNIT, resumable=True)
        status = {"privacyStatus": "private", "license": "creativeCommon", "containsSyntheticMedia": True}
        body = {"snippet": {"title": "Not yet"}, "status": status}
        video = finish(youtube.videos().insert(part="snippet,status", body=body, media_body=media))
        (read,) = youtube.videos().list(part="status", id=video["id"]).execute()["items"]
        whole = read["status"] | {"privacyStatus": "public"}
        return youtube.videos().update(part="status", body={"id": video["id"], "status": whole}).execute()

    changed = await asyncio.to_thread(use)
    assert [post["id"] for post in await sandbox.audience()] == [changed["id"]]
    assert changed["status"]["license"] == "creativeCommon" and changed["status"]["containsSyntheticMedia"] is True


async def test_the_client_resumes_in_a_new_process_where_it_was_cut(sandbox: Sandbox):
    account = await sandbox.account()
    await sandbox.arm("reset_mid_chunk", "upload.chunk", after=1, after_bytes=UNIT + 999)

    def cut() -> str:
        request = insertion(client(sandbox.base, account))
        with pytest.raises((OSError, httplib2.HttpLib2Error)):
            finish(request)
        return request.resumable_uri

    def resume(uri: str) -> dict[str, Any]:
        request = insertion(client(sandbox.base, account))
        request.resumable_uri, request._in_error_state = uri, True
        return finish(request)

    uri = await asyncio.to_thread(cut)
    video = await asyncio.to_thread(resume, uri)
    last = [(c["route"], c["bytes_in"]) for c in await sandbox.control("GET", "/calls")][-2:]
    assert last == [("upload.query", 0), ("upload.final", len(FILE) - 3 * UNIT)]
    [seen] = await sandbox.audience()
    assert seen["id"] == video["id"]
    assert seen["media"][0]["sha256"] == hashlib.sha256(FILE).hexdigest()


async def test_the_client_learns_the_finished_video_after_a_lost_reply(sandbox: Sandbox):
    account = await sandbox.account()
    await sandbox.arm("lost_reply", "upload.final")

    def use() -> dict[str, Any]:
        request = insertion(client(sandbox.base, account))
        with pytest.raises((OSError, httplib2.HttpLib2Error)):
            finish(request)
        request._in_error_state = True
        return finish(request)

    video = await asyncio.to_thread(use)
    assert [post["id"] for post in await sandbox.audience()] == [video["id"]]


async def test_the_client_reads_our_errors(sandbox: Sandbox):
    account = await sandbox.account()
    await sandbox.knob(uploads_per_day=0)
    await sandbox.arm("error", "channels.list", reason="quotaExceeded")

    def use() -> None:
        youtube = client(sandbox.base, account)
        with pytest.raises(ResumableUploadError) as full:
            finish(insertion(youtube))
        assert (full.value.status_code, full.value.error_details[0]["reason"]) == (429, "rateLimitExceeded")
        with pytest.raises(HttpError) as empty:
            youtube.channels().list(part="id", mine=True).execute()
        assert "exceeded your quota" in str(empty.value)

    await asyncio.to_thread(use)


async def test_the_client_refreshes_an_expired_token_by_itself(sandbox: Sandbox):
    account = await sandbox.turn(expires_in=0)

    def use() -> None:
        assert client(sandbox.base, account).channels().list(part="id", mine=True).execute()["items"]

    await asyncio.to_thread(use)
    assert [call["route"] for call in await sandbox.control("GET", "/calls")] == [
        "channels.list",
        "oauth.token",
        "channels.list",
    ]


async def test_google_auth_gives_up_on_a_dead_grant(sandbox: Sandbox):
    account = await sandbox.account()
    alive = credentials(sandbox.base, account)
    await asyncio.to_thread(alive.refresh, Request())
    assert alive.token == (await sandbox.account())["access_token"]
    await sandbox.turn(revoked=True)
    with pytest.raises(RefreshError, match="invalid_grant") as dead:
        await asyncio.to_thread(alive.refresh, Request())
    assert not dead.value.retryable


async def test_google_auth_oauthlib_walks_through_consent_with_pkce(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    account = await sandbox.account()
    config = {
        "client_id": account["app_id"],
        "client_secret": account["app_secret"],
        "auth_uri": sandbox.base + "/accounts.google.com/o/oauth2/v2/auth",
        "token_uri": sandbox.base + "/oauth2.googleapis.com/token",
    }

    def use() -> Any:
        flow = Flow.from_client_config({"web": config}, SCOPES, redirect_uri="http://localhost:8080/back")
        url, state = flow.authorization_url(prompt="consent")
        assert parse_qs(urlsplit(url).query)["code_challenge_method"] == ["S256"]
        form = {"decision": "approve", "account": "ridge", "scope": SCOPES}
        answer = requests.post(url, data=form, allow_redirects=False, timeout=5)
        brought = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert brought["state"] == [state]
        flow.fetch_token(authorization_response=answer.headers["Location"])
        return flow.credentials

    given = await asyncio.to_thread(use)
    assert given.refresh_token.startswith("1//")
    channels = await asyncio.to_thread(
        client(sandbox.base, account | {"access_token": given.token}).channels().list(part="id", mine=True).execute
    )
    assert channels["items"][0]["id"] == (await sandbox.account("ridge"))["posting_identity"]
