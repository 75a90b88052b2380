"""How nouns lie in columns: content and refusals as JSON, replies as sealed bytes."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, assert_never

import sqlalchemy as sa

from waooaw_social.core.account import Account
from waooaw_social.core.ids import AgentId, CredentialRef, CustomerId, Platform, PublicationId
from waooaw_social.core.post import Content, Item, MediaId, MediaPath, MediaSource, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Scope
from waooaw_social.platforms.call import Reply


def content_to_json(content: Content) -> dict[str, Any]:
    fields = asdict(content)
    fields["video"] = _source_to_json(content.video) if content.video else None
    fields["images"] = [_source_to_json(image) for image in content.images]
    fields["cover"] = _source_to_json(content.cover) if content.cover else None
    fields["items"] = [{**asdict(item), "source": _source_to_json(item.source)} for item in content.items]
    return {name: value for name, value in fields.items() if value not in (None, [], (), {})}


def content_from_json(fields: Mapping[str, Any]) -> Content:
    video, cover = fields.get("video"), fields.get("cover")
    return Content(
        text=fields.get("text"),
        title=fields.get("title"),
        description=fields.get("description"),
        tags=tuple(fields.get("tags", ())),
        video=_source_from_json(video) if video else None,
        images=tuple(_source_from_json(image) for image in fields.get("images", ())),
        items=tuple(
            Item(kind=item["kind"], source=_source_from_json(item["source"]), alt_text=item.get("alt_text"))
            for item in fields.get("items", ())
        ),
        cover=_source_from_json(cover) if cover else None,
        link=fields.get("link"),
        privacy=fields.get("privacy", "public"),
        options=dict(fields.get("options", {})),
    )


def _source_to_json(source: MediaSource) -> dict[str, str]:
    match source:
        case MediaUrl(url):
            return {"url": url}
        case MediaId(id):
            return {"id": id}
        case MediaPath():
            raise TypeError("a path on this machine is no media of Plant's")
        case _:
            assert_never(source)


def _source_from_json(fields: Mapping[str, str]) -> MediaSource:
    return MediaUrl(fields["url"]) if "url" in fields else MediaId(fields["id"])


def account_of(row: sa.Row[Any]) -> Account:
    """The account that a publication's row was accepted for."""
    return Account(
        customer_id=CustomerId(row.customer_id),
        credential_ref=CredentialRef(row.credential_ref),
        platform=Platform(row.platform),
        posting_identity=row.posting_identity,
        metadata=dict(row.account_metadata),
    )


def publication_of(row: sa.Row[Any]) -> Publication:
    return Publication(
        id=PublicationId(row.id),
        account=account_of(row),
        format=row.format,
        content=content_from_json(row.content),
        agent_id=AgentId(row.agent_id) if row.agent_id else None,
        correlation_id=row.correlation_id,
        publish_at=datetime.fromtimestamp(row.publish_at, UTC) if row.publish_at is not None else None,
        late_by_most=row.late_by_most,
    )


def refusal_to_json(refusal: Refusal) -> dict[str, Any]:
    told = {name: value for name, value in asdict(refusal).items() if value not in (None, "")}
    return {name: plain(value) if isinstance(value, str) else value for name, value in told.items()}


def refusal_from_json(fields: Mapping[str, Any]) -> Refusal:
    cure = fields.get("cure")
    read: dict[str, Any] = {**fields, "reaction": Reaction(fields["reaction"]), "scope": Scope(fields["scope"])}
    read["cure"] = Cure(cure) if cure else None
    return Refusal(**read)


def plain(words: str) -> str:
    """Words from outside as every database can keep them: without NULs, and without halves of letters where somebody cut a text."""
    return words.encode("utf-8", "replace").decode().replace("\0", "?")


def reply_to_bytes(reply: Reply) -> bytes:
    body = base64.b64encode(reply.body).decode()
    return json.dumps({"status": reply.status, "headers": dict(reply.headers), "body": body}).encode()


def reply_from_bytes(raw: bytes) -> Reply:
    fields = json.loads(raw)
    return Reply(fields["status"], fields["headers"], base64.b64decode(fields["body"]))
