"""What each kind of message looks like on the wire, and what is refused before anything is sent (contract linkedin_whatsapp 2.2 to 2.4)."""

import json
from typing import Any

import pytest

from platforms.script import Played, play
from waooaw_social.core.account import Account
from waooaw_social.core.ids import CredentialRef, CustomerId, PublicationId
from waooaw_social.core.post import Content, Item, MediaFile, MediaPath, MediaUrl, Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Form, Reply, Visible, Wasteful
from waooaw_social.platforms.whatsapp import check, kit
from waooaw_social.platforms.whatsapp.manifest import WHATSAPP

NUMBER, TO = "106540352242922", "+15550100123"
ACCEPTED = Reply(200, body=b'{"messages": [{"id": "wamid.A=="}], "contacts": [{"input": "+1555", "wa_id": "1555"}]}')
PICTURE = MediaFile(sha256="ab" * 32, size=1000, content_type="image/jpeg", width=10, height=10)
URL = MediaUrl("https://example.com/cake.jpg")


def publication(format: str, content: Content | None = None, /, **more: Any) -> Publication:
    """`more` are fields of the content; what is none of its fields is an option."""
    fields = {name: more.pop(name) for name in list(more) if name in Content.__dataclass_fields__}
    metadata = more.pop("metadata", {})
    options = {"to": TO, **{name: json.dumps(v) if isinstance(v, list | dict) else v for name, v in more.items()}}
    options = {name: value for name, value in options.items() if value is not None}
    account = Account(
        customer_id=CustomerId("C"),
        credential_ref=CredentialRef("R"),
        platform=WHATSAPP,
        posting_identity=NUMBER,
        metadata=metadata,
    )
    said = content or Content(options=options, **fields)
    return Publication(id=PublicationId("pub_1"), account=account, format=format, content=said)


def sent(format: str, replies: list[Reply] | None = None, **more: Any) -> tuple[dict[str, Any], Played[Published]]:
    """The body of the message, and everything that was played before it."""
    file = more.pop("file", None)
    played = play(kit().publish(publication(format, **more)), [*(replies or []), ACCEPTED], file=file)
    assert played.refused is None and played.result and played.result.post_id == "wamid.A=="
    call = played.calls[-1]
    assert isinstance(call.if_repeated, Visible) and call.request.url.endswith(f"/{NUMBER}/messages")
    assert call.if_repeated.audience == "whatsapp:106540352242922:15550100123"
    body = json.loads(call.request.body)  # type: ignore[arg-type]
    assert body.pop("messaging_product") == "whatsapp" and body.pop("recipient_type") == "individual"
    assert body.pop("biz_opaque_callback_data") == "w1:pub_1"
    return body, played


BUTTONS = {
    "type": "button",
    "body": {"text": "Tea?"},
    "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
}
LIST = {
    "type": "list",
    "body": {"text": "Cake?"},
    "action": {"button": "Choose", "sections": [{"title": "Cakes", "rows": [{"id": "1", "title": "Apple"}]}]},
}
LINK = {
    "type": "cta_url",
    "body": {"text": "See"},
    "action": {"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://example.com"}},
}
CONTACT = {"name": {"formatted_name": "Ada L", "first_name": "Ada"}, "phones": [{"phone": "+15550100"}]}

PLAIN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("text", {"text": "hi"}, {"type": "text", "text": {"body": "hi", "preview_url": True}}),
    ("text", {"text": "hi", "preview_url": False, "reply_to": "wamid.Q="}, {"type": "text", "text": {"body": "hi", "preview_url": False}, "context": {"message_id": "wamid.Q="}}),
    ("location", {"latitude": "51.5", "longitude": "-0.1", "name": "Us"}, {"type": "location", "location": {"latitude": 51.5, "longitude": -0.1, "name": "Us"}}),
    ("contacts", {"contacts": [CONTACT]}, {"type": "contacts", "contacts": [CONTACT]}),
    ("reaction", {"text": "👍", "message_id": "wamid.Q="}, {"type": "reaction", "reaction": {"message_id": "wamid.Q=", "emoji": "👍"}}),
    ("reaction", {"message_id": "wamid.Q="}, {"type": "reaction", "reaction": {"message_id": "wamid.Q=", "emoji": ""}}),
    ("interactive", {"interactive": BUTTONS}, {"type": "interactive", "interactive": BUTTONS}),
    ("interactive", {"interactive": LIST}, {"type": "interactive", "interactive": LIST}),
    ("interactive", {"interactive": LINK}, {"type": "interactive", "interactive": LINK}),
    ("template", {"template_name": "hello_world", "language_code": "en_US"}, {"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}}}),
    ("template", {"template_name": "order", "template_params": ["Ada", 3]}, {"type": "template", "template": {"name": "order", "language": {"code": "en"}, "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "3"}]}]}}),
    ("template", {"template_name": "order", "template_params": {"who": "Ada"}}, {"type": "template", "template": {"name": "order", "language": {"code": "en"}, "components": [{"type": "body", "parameters": [{"type": "text", "text": "Ada", "parameter_name": "who"}]}]}}),
]  # fmt: skip


@pytest.mark.parametrize(("format", "said", "wanted"), PLAIN)
def test_a_message_is_what_the_contract_shows(format: str, said: dict[str, Any], wanted: dict[str, Any]) -> None:
    body, played = sent(format, **said)
    assert body == {"to": TO, **wanted} and played.names == ["send message"]


FILES: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("image", {"images": (URL,), "text": "A cake"}, "image/jpeg", {"caption": "A cake"}),
    ("video", {"video": URL, "text": "A film"}, "video/mp4", {"caption": "A film"}),
    ("audio", {"items": (Item(kind="audio", source=URL),), "voice": True}, "audio/ogg", {"voice": True}),
    ("document", {"items": (Item(kind="document", source=URL),), "filename": "a.pdf"}, "application/pdf", {"filename": "a.pdf"}),
    ("sticker", {"items": (Item(kind="sticker", source=URL),)}, "image/webp", {}),
]  # fmt: skip


@pytest.mark.parametrize(("format", "said", "content_type", "more"), FILES)
def test_a_file_is_uploaded_and_named_or_named_by_its_address(
    format: str, said: dict[str, Any], content_type: str, more: dict[str, Any]
) -> None:
    file = MediaFile(sha256="cd" * 32, size=1000, content_type=content_type)
    body, played = sent(format, [Reply(200, body=b'{"id": "1037543291543636"}')], file=file, **said)
    assert body == {"to": TO, "type": format, format: {"id": "1037543291543636", **more}}
    upload = played.calls[0]
    assert upload.name == "upload media" and upload.request.url.endswith(f"/{NUMBER}/media")
    assert isinstance(upload.if_repeated, Wasteful) and upload.if_repeated.good_for == 29 * 86400
    form = upload.request.body
    assert isinstance(form, Form) and form.file.length == 1000
    assert (
        b'name="messaging_product"\r\n\r\nwhatsapp' in form.before
        and f"Content-Type: {content_type}".encode() in form.before
    )
    body, played = sent(format, file=file, by_link=True, **said)
    assert body[format] == {"link": URL.url, **more} and played.names == ["send message"]


def test_a_picture_stands_above_buttons_and_at_a_templates_head() -> None:
    made = [Reply(200, body=b'{"id": "77"}')]
    body, _ = sent("interactive", made, images=(URL,), interactive=BUTTONS, file=PICTURE)
    assert body["interactive"]["header"] == {"type": "image", "image": {"id": "77"}}
    body, _ = sent("template", made, images=(URL,), template_name="offer", template_params=["Ada"], file=PICTURE)
    header, text = body["template"]["components"]
    assert header == {"type": "header", "parameters": [{"type": "image", "image": {"id": "77"}}]}
    assert text["type"] == "body"


@pytest.mark.parametrize(
    ("to", "wanted"),
    [
        ("+1 (555) 010-0123", {"to": "+15550100123"}),
        ("US.13491208655302741918", {"recipient": "US.13491208655302741918"}),
    ],
)
def test_a_recipient_is_a_number_with_its_plus_or_a_user_id(to: str, wanted: dict[str, str]) -> None:
    played = play(kit().publish(publication("text", text="hi", to=to)), [ACCEPTED])
    body = json.loads(played.calls[0].request.body)  # type: ignore[arg-type]
    assert wanted.items() <= body.items() and len({"to", "recipient"} & set(body)) == 1


def test_the_connections_own_recipient_serves_where_nobody_is_named() -> None:
    said = publication("text", text="hi", to=None, metadata={"default_recipient": "+447700900123"})
    assert json.loads(play(kit().publish(said), [ACCEPTED]).calls[0].request.body)["to"] == "+447700900123"  # type: ignore[arg-type]


# --- refusals -----------------------------------------------------------------------------------------------------------------

MANY = [{"type": "reply", "reply": {"id": str(i), "title": f"B{i}"}} for i in range(4)]
TWINS = [{"type": "reply", "reply": {"id": "1", "title": title}} for title in ("A", "B")]
BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("text", {"text": "x", "to": None}, "recipient_required", "options.to"),
    ("text", {"text": "x", "to": "5550100123"}, "invalid_recipient", "options.to"),
    ("text", {"text": "x", "to": "+0123456789"}, "invalid_recipient", "options.to"),
    ("text", {"text": "x", "to": ""}, "invalid_recipient", "options.to"),
    ("text", {"text": " "}, "text_required", "text"),
    ("text", {"text": "x" * 4097}, "text_too_long", "text"),
    ("text", {"text": "x", "images": (URL,)}, "mixed_media", "media"),
    ("text", {"text": "x", "colour": "red"}, "unknown_option", "options.colour"),
    ("text", {"text": "x", "preview_url": "yes"}, "invalid_option", "options.preview_url"),
    ("text", {"text": "x", "on_silence": "maybe"}, "invalid_option", "options.on_silence"),
    ("text", {"text": "x", "silence_seconds": 5}, "invalid_option", "options.silence_seconds"),
    ("text", {"text": "x", "silence_seconds": True}, "invalid_option", "options.silence_seconds"),
    ("text", {"text": "x", "privacy": "private"}, "invalid_privacy", "privacy"),
    ("text", {"text": "x", "link": "https://example.com"}, "link_unsupported", "link"),
    ("image", {}, "image_required", "images"),
    ("image", {"images": (URL, URL)}, "mixed_media", "media"),
    ("image", {"video": URL}, "mixed_media", "media"),
    ("image", {"images": (URL,), "text": "x" * 1025}, "text_too_long", "text"),
    ("image", {"images": (MediaPath(__import__("pathlib").Path("x")),), "by_link": True}, "link_required", "options.by_link"),
    ("audio", {"items": (Item(kind="audio", source=URL),), "text": "x"}, "text_unsupported", "text"),
    ("document", {"items": (Item(kind="document", source=URL),), "filename": ""}, "invalid_option", "options.filename"),
    ("location", {"latitude": "91", "longitude": "0"}, "invalid_location", "options.latitude"),
    ("location", {"latitude": "nan", "longitude": "0"}, "invalid_location", "options.latitude"),
    ("location", {"latitude": "1"}, "invalid_location", "options.longitude"),
    ("contacts", {"contacts": []}, "invalid_contacts", "options.contacts"),
    ("contacts", {"contacts": [{"name": {"formatted_name": "Ada"}}]}, "invalid_contacts", "options.contacts[0].name"),
    ("contacts", {"contacts": {"name": 1}}, "invalid_json", "options.contacts"),
    ("contacts", {"contacts": "{"}, "invalid_json", "options.contacts"),
    ("reaction", {"text": "👍"}, "invalid_option", "options.message_id"),
    ("interactive", {}, "interactive_required", "options.interactive"),
    ("interactive", {"interactive": {"body": {"text": "x"}}}, "invalid_interactive", "options.interactive.type"),
    ("interactive", {"interactive": BUTTONS | {"action": {"buttons": MANY}}}, "invalid_interactive", "options.interactive.action.buttons[]"),
    ("interactive", {"interactive": BUTTONS | {"action": {"buttons": TWINS}}}, "invalid_interactive", "options.interactive.action.buttons[].reply.id"),
    ("interactive", {"interactive": BUTTONS | {"body": {"text": "x" * 1025}}}, "invalid_interactive", "options.interactive.body.text"),
    ("interactive", {"interactive": BUTTONS | {"body": {}}}, "invalid_interactive", "options.interactive.body.text"),
    ("interactive", {"interactive": LIST | {"header": {"type": "image"}}}, "invalid_interactive", "options.interactive.header"),
    ("template", {"template_name": "Hello World"}, "invalid_template_name", "options.template_name"),
    ("template", {"template_name": "hello", "language_code": "english please"}, "invalid_language", "options.language_code"),
    ("template", {"template_name": "hello", "components": [1]}, "invalid_components", "options.components"),
    ("template", {"template_name": "hello", "template_params": ["a\nb"]}, "template_parameters", "options.template_params"),
    ("template", {"template_name": "hello", "template_params": {"who": ""}}, "template_parameters", "options.template_params"),
    ("template", {"template_name": "hello", "template_params": "x"}, "invalid_json", "options.template_params"),
]  # fmt: skip


@pytest.mark.parametrize(("format", "said", "code", "field"), BAD)
def test_what_cannot_be_sent_is_refused_by_field_and_nobody_is_asked(
    format: str, said: dict[str, Any], code: str, field: str
) -> None:
    bad = publication(format, **said)
    problems = check.check(bad)
    assert (code, field) in {(problem.code, problem.field) for problem in problems}
    played = play(kit().publish(bad), [])
    assert played.refused and played.refused.refusal == problems[0] and not played.calls


WRONG_FILES: list[tuple[str, MediaFile, str]] = [
    ("image", MediaFile(sha256="a", size=1, content_type="image/webp"), "media_format"),
    ("image", MediaFile(sha256="a", size=5 * 1024**2 + 1, content_type="image/png"), "media_too_large"),
    ("image", MediaFile(sha256="a", size=0, content_type="image/png"), "empty_file"),
    ("video", MediaFile(sha256="a", size=16 * 1024**2 + 1, content_type="video/mp4"), "media_too_large"),
    ("audio", MediaFile(sha256="a", size=1, content_type="audio/x-wav"), "media_format"),
    ("document", MediaFile(sha256="a", size=100 * 1024**2 + 1, content_type="application/pdf"), "media_too_large"),
    ("sticker", MediaFile(sha256="a", size=500 * 1024 + 1, content_type="image/webp"), "media_too_large"),
    ("sticker", MediaFile(sha256="a", size=9, content_type="image/webp", width=100, height=512), "not_a_sticker"),
]


@pytest.mark.parametrize(("kind", "file", "code"), WRONG_FILES)
def test_a_file_that_whatsapp_does_not_take_is_refused_before_it_is_uploaded(
    kind: str, file: MediaFile, code: str
) -> None:
    said = publication(kind, items=(Item(kind=kind, source=URL),))
    played = play(kit().publish(said), [], file=file)
    assert played.refused and played.refused.refusal.code == code and not played.calls
