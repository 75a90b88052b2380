"""Files that are neither image nor video, ordered through Plant: WhatsApp's documents, audio and stickers, LinkedIn's documents."""

from pathlib import Path
from typing import Any

import pytest

from plant.desk import Desk
from plant.house import AGENT, CUSTOMER
from plant.test_api import problem
from plant.test_media import PNG, upload
from plant.whatsapp_house import open_sender

pytestmark = pytest.mark.anyio

OGG = b"OggS" + bytes(24) + b"OpusHead" + bytes(600)
PDF = b"%PDF-1.4\n" + bytes(600)
PERSON = "+12026660001"


async def test_each_kind_of_file_reaches_the_platform_as_what_it_is(tmp_path: Path) -> None:
    async with open_sender(tmp_path) as sender:
        house = sender.house
        await sender.turn(open_window=[PERSON])
        told = {"authorization": f"Bearer {house.agent_key}"}
        uploaded = await house.http.post(f"{house.plant}/api/v1/media", content=OGG, headers=told)
        assert uploaded.status_code == 201, uploaded.text
        assert uploaded.json()["content_type"] == "audio/ogg"
        sample = f"{house.sandbox}/_sandbox/media/sample.pdf"
        items: dict[str, dict[str, Any]] = {
            "document": {"document_url": sample},
            "audio": {"audio": {"media_id": uploaded.json()["media_id"]}},
            "sticker": {"sticker": {"url": f"{house.sandbox}/_sandbox/media/sticker.webp"}},
        }
        messages = [{"format": format, "items": [item]} for format, item in items.items()]
        said = {"recipients": [PERSON], "options": {"on_silence": "unresolved"}, "messages": messages}
        for publication in await sender.send(**said):
            shown = await house.ends(publication)
            assert shown["state"] == "published", shown
        assert [one["kind"] for one in await sender.received()] == list(items)

        member = await house.account_of("linkedin", "hazel")
        linkedin = await house.connect_account(member)
        body = {
            "customer_id": CUSTOMER,
            "agent_id": AGENT,
            "content": {"text": "The recipe", "title": "A cake", "items": [items["document"]]},
            "targets": [{"credential_ref": linkedin, "format": "document"}],
        }
        answer = await house.submit(body)
        assert answer.status_code == 202, answer.text
        shown = await house.ends(answer.json()["publications"][0]["id"])
        assert shown["state"] == "published", shown
        (post,) = await house.ask("audience/linkedin/hazel")
        assert post["media"][0]["bytes"] == len((await house.http.get(sample)).content)


async def test_an_item_has_one_file_of_the_kind_that_it_is_named_as(desk: Desk) -> None:
    image, pdf, ogg = await upload(desk, PNG), await upload(desk, PDF), await upload(desk, OGG)
    for kind, media_id in (("document", image), ("audio", pdf), ("sticker", image), ("image", pdf), ("video", ogg)):
        items = [{kind: {"media_id": media_id}}]
        problem(await desk.order(content={"title": kind, "items": items}), 422, "wrong_media_type")
    for kind, media_id in (("document", pdf), ("audio", ogg), ("image", image)):
        shown = await desk.show(await desk.accepted(content={"title": kind, "items": [{kind: {"media_id": media_id}}]}))
        assert shown["content"]["items"][0]["kind"] == kind
    url = "https://example.com/x"
    items: list[dict[str, Any]] = [
        {},
        {"audio_url": url, "document_url": url},
        {"sticker": {"url": url}, "sticker_url": url},
    ]
    for item in items:
        problem(await desk.order(content={"title": "x", "items": [item]}), 422, "invalid_request")
