"""Meta's own SDK, unchanged, against the sandbox: what it understands, we imitate well enough."""

# The SDK has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
from pathlib import Path
from typing import Any

import pytest
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from sandbox.graph import Caller, caller
from sandbox.world import Sandbox

pytestmark = pytest.mark.anyio


def sdk(it: Caller, token: str | None = None) -> FacebookAdsApi:
    account = it.account
    session: Any = FacebookSession(account["app_id"], account["app_secret"], token or account["access_token"])
    session.GRAPH = it.sandbox.base + it.base.rpartition("/")[0]
    return FacebookAdsApi(session, api_version="v26.0")


async def test_it_creates_a_container_and_publishes_it(sandbox: Sandbox):
    hazel = await caller(sandbox, "instagram")

    def use() -> tuple[str, dict[str, Any], list[Any]]:
        user: Any = IGUser(hazel.id, api=sdk(hazel))
        container = user.create_media(params={"image_url": hazel.media("square.jpg"), "caption": "Sent by the SDK"})
        shown = user.get_api_assured().call("GET", (container["id"],), params={"fields": "status_code"}).json()
        published = user.create_media_publish(params={"creation_id": container["id"]})
        listed = list(user.get_media(fields=["id", "caption", "permalink"]))
        return published["id"], shown, listed

    media, shown, listed = await asyncio.to_thread(use)
    assert shown["status_code"] == "FINISHED"
    assert [(row["id"], row["caption"]) for row in listed] == [(media, "Sent by the SDK")]
    assert [entry["id"] for entry in await hazel.audience()] == [media]


async def test_it_makes_a_carousel_and_walks_the_pages_of_a_listing(sandbox: Sandbox):
    hazel = await caller(sandbox, "instagram")

    def use() -> list[str]:
        user: Any = IGUser(hazel.id, api=sdk(hazel))
        for count in (2, 3):
            children = [
                user.create_media(params={"image_url": hazel.media("square.jpg"), "is_carousel_item": True})["id"]
                for _ in range(count)
            ]
            parent = user.create_media(params={"media_type": "CAROUSEL", "children": children, "caption": str(count)})
            user.create_media_publish(params={"creation_id": parent["id"]})
        return [row["caption"] for row in user.get_media(fields=["caption"], params={"limit": 1})]

    assert await asyncio.to_thread(use) == ["3", "2"]
    assert [len(entry["media"]) for entry in await hazel.audience()] == [2, 3]


@pytest.mark.filterwarnings("ignore:Endpoint photos cannot upload files")
async def test_it_posts_to_a_page(sandbox: Sandbox, tmp_path: Path):
    hazel = await caller(sandbox, "facebook")
    async with sandbox.http.get(hazel.media("sample.jpg")) as reply:
        (tmp_path / "cake.jpg").write_bytes(await reply.read())

    def use() -> list[str]:
        page: Any = Page(hazel.id, api=sdk(hazel))
        text = page.create_feed(params={"message": "Sent by the SDK"})
        first = page.create_photo(params={"url": hazel.media("sample.jpg"), "published": False})
        upload = page.create_photo(params={"published": False}, pending=True)
        upload.add_file(str(tmp_path / "cake.jpg"))
        second = upload.execute()
        media = [{"media_fbid": first["id"]}, {"media_fbid": second["id"]}]
        photos = page.create_feed(params={"message": "Two photos", "attached_media": media})
        return [text["id"], photos["id"]]

    ids = await asyncio.to_thread(use)
    assert [(entry["id"], len(entry["media"])) for entry in await hazel.audience()] == [(ids[0], 0), (ids[1], 2)]


async def test_it_reads_the_errors(sandbox: Sandbox):
    hazel = await caller(sandbox, "instagram")
    await hazel.arm("publish_then_403", "media_publish")

    def use() -> list[FacebookRequestError]:
        user: Any = IGUser(hazel.id, api=sdk(hazel))
        container = user.create_media(params={"image_url": hazel.media("square.jpg")})
        errors: list[FacebookRequestError] = []
        for params in ({"creation_id": container["id"]}, {"creation_id": "1"}):
            try:
                user.create_media_publish(params=params)
            except FacebookRequestError as error:
                errors.append(error)
        return errors

    hidden, wrong = await asyncio.to_thread(use)
    assert (hidden.http_status(), hidden.api_error_code(), hidden.api_error_subcode()) == (403, 4, 2207051)
    assert hidden.api_transient_error() is False
    assert (wrong.http_status(), wrong.api_error_code(), wrong.api_error_subcode()) == (400, 24, 2207006)
    assert len(await hazel.audience()) == 1


async def test_a_wrong_proof_of_the_app_secret_is_refused(sandbox: Sandbox):
    hazel = await caller(sandbox, "facebook")
    await hazel.turn(require_appsecret_proof=True)
    assert await hazel.refused("POST", f"/{hazel.id}/feed", message="no proof") == "100"

    def page() -> Any:
        return Page(hazel.id, api=sdk(hazel))

    def use() -> str:
        page().create_feed(params={"message": "with proof"})
        hazel.account["app_secret"] = "another"
        try:
            page().create_feed(params={"message": "with a wrong one"})
        except FacebookRequestError as error:
            return str(error.api_error_message())
        return ""

    assert "Invalid appsecret_proof" in await asyncio.to_thread(use)
    assert [entry["text"] for entry in await hazel.audience()] == ["with proof"]
