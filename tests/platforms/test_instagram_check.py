"""What Instagram cannot publish is refused before the first call, each time with one clear reason (contract meta C1, C7, A8)."""

from pathlib import Path
from typing import Any

import pytest

from platforms.instagram_replies import FILE, JPEG, VIDEO, WHO, no, publication
from platforms.script import play
from waooaw_social.core.post import Item, MediaFile, MediaId, MediaPath, MediaUrl
from waooaw_social.platforms.instagram import kit

MIB = 1024**2
IMAGE, CLIP = Item(kind="image", source=JPEG), Item(kind="video", source=VIDEO)
PATH = MediaPath(Path("cat.jpg"))

WORDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("image", {"text": "x" * 2201}, "caption_too_long", "text"),
    ("reel", {"text": "#a " * 31}, "caption_too_long", "text"),
    ("carousel", {"text": "@a " * 21}, "caption_too_long", "text"),
    ("image", {"images": ()}, "image_required", "images"),
    ("image", {"images": (), "video": VIDEO}, "image_required", "video"),
    ("image", {"images": (JPEG, JPEG)}, "too_many_media", "images"),
    ("image", {"images": (PATH,)}, "image_url_required", "images"),
    ("image", {"images": (MediaId("m"),)}, "image_url_required", "images"),
    ("image", {"images": (MediaUrl("https://x/kätzchen.jpg"),)}, "url_invalid", "images"),
    ("carousel", {"items": (IMAGE,)}, "carousel_items", "items"),
    ("carousel", {"items": (IMAGE,) * 11}, "carousel_items", "items"),
    ("carousel", {"items": (IMAGE, Item(kind="text", source=JPEG))}, "invalid_item", "items"),
    ("carousel", {"items": (IMAGE, Item(kind="image", source=PATH))}, "image_url_required", "items"),
    ("carousel", {"items": (IMAGE, Item(kind="video", source=VIDEO, alt_text="x"))}, "unsupported_field", "items.alt_text"),
    ("carousel", {"items": (IMAGE, Item(kind="image", source=JPEG, alt_text="x" * 1001))}, "alt_text_too_long", "items.alt_text"),
    ("reel", {"video": None}, "video_required", "video"),
    ("reel", {"images": (JPEG,)}, "too_many_media", "images"),
    ("reel", {"cover": PATH}, "image_url_required", "cover"),
    ("image", {"cover": JPEG}, "unsupported_field", "cover"),
    ("story", {"images": ()}, "media_required", "images"),
    ("story", {"video": VIDEO}, "too_many_media", "images"),
    ("story", {"text": "hello"}, "unsupported_field", "text"),
    ("image", {"link": "https://x"}, "unsupported_field", "link"),
    ("image", {"title": "t"}, "unsupported_field", "title"),
    ("image", {"description": "d"}, "unsupported_field", "description"),
    ("image", {"tags": ("t",)}, "unsupported_field", "tags"),
    ("image", {"privacy": "private"}, "unsupported_field", "privacy"),
    ("image", {"options": {"colour": "red"}}, "unknown_option", "options.colour"),
    ("image", {"options": {"share_to_feed": True}}, "unknown_option", "options.share_to_feed"),
    ("story", {"options": {"location_id": "1"}}, "unknown_option", "options.location_id"),
    ("image", {"options": {"location_id": "Berlin"}}, "invalid_option", "options.location_id"),
    ("image", {"options": {"location_id": True}}, "invalid_option", "options.location_id"),
    ("image", {"options": {"collaborators": "a,b,c,d"}}, "invalid_option", "options.collaborators"),
    ("image", {"options": {"alt_text": "x" * 1001}}, "alt_text_too_long", "options.alt_text"),
    ("image", {"options": {"is_ai_generated": "yes"}}, "invalid_option", "options.is_ai_generated"),
    ("reel", {"options": {"thumb_offset": -1}}, "invalid_option", "options.thumb_offset"),
    ("reel", {"options": {"thumb_offset": True}}, "invalid_option", "options.thumb_offset"),
    ("reel", {"options": {"audio_name": " "}}, "invalid_option", "options.audio_name"),
    ("text", {}, "unsupported_by_platform", "format"),
]  # fmt: skip


@pytest.mark.parametrize(("format", "content", "code", "field"), WORDS, ids=lambda value: str(value)[:40])
def test_bad_words_are_refused_before_the_first_call(
    format: str, content: dict[str, Any], code: str, field: str
) -> None:
    asked = publication(format, **content)
    played = play(kit().publish(asked), [], file=FILE)
    assert played.refused and (played.refused.refusal.code, played.refused.refusal.field) == (code, field)
    assert not played.calls and [problem.code for problem in kit().check(asked)] == [code]
    assert played.refused.refusal.message.endswith(".")


AT_THE_LIMIT: list[tuple[str, dict[str, Any]]] = [
    ("image", {"text": "ü" * 2200}),
    ("image", {"text": "#a " * 30 + "@b " * 20 + "cat@example.com"}),
    ("image", {"text": None}),
    ("carousel", {"items": (IMAGE, CLIP) * 5}),
    ("carousel", {"items": (), "images": (JPEG, JPEG)}),
    ("reel", {"video": MediaId("m"), "cover": JPEG, "options": {"thumb_offset": 0, "share_to_feed": False}}),
    ("image", {"options": {"location_id": 7, "collaborators": "@a, b,c", "alt_text": "x" * 1000}}),
    ("story", {"images": (), "video": VIDEO, "options": {"upload": True}}),
]


@pytest.mark.parametrize(("format", "content"), AT_THE_LIMIT, ids=lambda value: str(value)[:40])
def test_words_at_their_limits_are_accepted(format: str, content: dict[str, Any]) -> None:
    assert kit().check(publication(format, **content)) == []


FILES: list[tuple[str, dict[str, Any], str, str]] = [
    ("image", {"content_type": "image/png"}, "image_format", "images"),
    ("image", {"content_type": "video/mp4"}, "image_format", "images"),
    ("image", {"size": 0}, "empty_file", "images"),
    ("image", {"size": 8 * MIB + 1}, "image_too_large", "images"),
    ("image", {"width": 270, "height": 480}, "image_ratio", "images"),
    ("image", {"width": 2000, "height": 1000}, "image_ratio", "images"),
    ("carousel", {"width": 270, "height": 480}, "image_ratio", "items"),
    ("story", {"content_type": "image/webp"}, "image_format", "images"),
    ("reel", {"content_type": "image/jpeg"}, "video_format", "video"),
    ("reel", {"content_type": "video/webm"}, "video_format", "video"),
    ("reel", {"size": 0}, "empty_file", "video"),
    ("reel", {"size": 300 * MIB + 1}, "video_too_large", "video"),
    ("reel", {"duration": 2.9}, "video_duration", "video"),
    ("reel", {"duration": 900.2}, "video_duration", "video"),
    ("reel", {"width": 3840, "height": 2160}, "video_size", "video"),
    ("reel", {"width": 1100, "height": 100}, "video_ratio", "video"),
    ("reel", {"duration": 5.0, "offset": 5001}, "invalid_thumb_offset", "options.thumb_offset"),
    ("video story", {"duration": 61.0}, "video_duration", "video"),
    ("video story", {"size": 100 * MIB + 1}, "video_too_large", "video"),
    ("video story", {"width": 1100, "height": 100}, "video_ratio", "video"),
    ("cover", {"content_type": "image/png"}, "video_format", "video"),
]


@pytest.mark.parametrize(("what", "probed", "code", "field"), FILES, ids=lambda value: str(value)[:40])
def test_a_file_that_cannot_be_shown_is_refused_before_anything_is_made(
    what: str, probed: dict[str, Any], code: str, field: str
) -> None:
    options = {"thumb_offset": probed.pop("offset")} if "offset" in probed else {}
    more = {"video story": {"images": (), "video": VIDEO}, "cover": {"cover": JPEG}}.get(what, {})
    format = {"video story": "story", "cover": "reel"}.get(what, what)
    file = MediaFile(**({"sha256": "00", "size": 10, "content_type": ""} | probed))
    played = play(kit().publish(publication(format, options=options, **more)), [WHO], file=file)
    assert played.refused and (played.refused.refusal.code, played.refused.refusal.field) == (code, field)
    assert played.names == ["account"] and played.refused.refusal.message.endswith(".")


@pytest.mark.parametrize(
    ("format", "probed"),
    [
        ("image", {"content_type": "image/jpeg", "size": 8 * MIB, "width": 1080, "height": 1350}),
        ("image", {"width": 1080, "height": 566}),
        ("image", {"width": None, "height": None}),
        ("story", {"content_type": "image/jpeg", "width": 1080, "height": 1920}),
        ("reel", {"content_type": "video/quicktime", "size": 300 * MIB, "duration": 3.0, "width": 1080, "height": 1920}),
        ("reel", {"duration": 900.0}),
        ("reel", {"duration": None}),
    ],
)  # fmt: skip
def test_a_file_at_its_limits_and_one_that_was_not_probed_is_let_through(format: str, probed: dict[str, Any]) -> None:
    file = MediaFile(**({"sha256": "00", "size": 10, "content_type": ""} | probed))
    # An answer to the container that was asked for.
    played = play(kit().publish(publication(format)), [WHO, no(36004, 2207010)], file=file)
    assert played.names == ["account", "container 1"]
