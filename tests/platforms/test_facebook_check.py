"""What is wrong with a Page's post before anybody is asked: one problem, one field, no call (contract meta D1, D2, D4, D5)."""

from dataclasses import replace
from typing import Any

import pytest

from platforms.facebook_replies import ME, PHOTO, PHOTO_FILE, VIDEO, VIDEO_FILE, publication, publish
from waooaw_social.core.post import Item, MediaFile, MediaUrl
from waooaw_social.platforms.facebook import kit

MOVING = Item(kind="video", source=VIDEO)
STILL = Item(kind="image", source=PHOTO, alt_text="A cake")

# format, content, code, field
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("text", {}, "text_required", "text"),
    ("text", {"text": "  \n"}, "text_required", "text"),
    ("text", {"text": "x" * 63_207}, "text_too_long", "text"),
    ("text", {"text": "x", "link": "ftp://x/y"}, "invalid_link", "link"),
    ("text", {"text": "x", "link": "example.com"}, "invalid_link", "link"),
    ("text", {"text": "x", "link": "https://[::1"}, "invalid_link", "link"),
    ("text", {"text": "x", "link": "https://www.facebook.com/1"}, "link_refused", "link"),
    ("text", {"text": "x", "link": "https://x.example/", "images": (PHOTO,)}, "link_and_photos", "link"),
    ("text", {"text": "x", "video": VIDEO}, "mixed_media", "video"),
    ("text", {"text": "x", "privacy": "private"}, "invalid_privacy", "privacy"),
    ("text", {"text": "x", "options": {"colour": "red"}}, "unknown_option", "options.colour"),
    ("text", {"text": "x", "options": {"scheduled_publish_time": "soon"}}, "invalid_schedule", "options.scheduled_publish_time"),
    ("text", {"text": "x", "options": {"scheduled_publish_time": True}}, "invalid_schedule", "options.scheduled_publish_time"),
    ("text", {"text": "x", "options": {"scheduled_publish_time": 600}}, "invalid_schedule", "options.scheduled_publish_time"),
    ("photos", {"text": "x"}, "image_required", "images"),
    ("photos", {"images": (PHOTO,), "text": "x" * 63_207}, "text_too_long", "text"),
    ("photos", {"images": (PHOTO,), "video": VIDEO}, "mixed_media", "video"),
    ("photos", {"items": (STILL, MOVING)}, "mixed_media", "video"),
    ("video", {"description": "x"}, "video_required", "video"),
    ("video", {"video": VIDEO, "images": (PHOTO,)}, "mixed_media", "images"),
    ("video", {"items": (MOVING, MOVING)}, "mixed_media", "video"),
    ("video", {"video": VIDEO, "description": "x" * 63_207}, "text_too_long", "description"),
    ("video", {"video": VIDEO, "text": "x" * 63_207}, "text_too_long", "text"),
    ("video", {"video": VIDEO, "link": "https://x.example/"}, "link_unsupported", "link"),
    ("reel", {}, "video_required", "video"),
    ("reel", {"video": VIDEO, "options": {"place": "1"}}, "unknown_option", "options.place"),
    ("story", {}, "media_required", "media"),
    ("story", {"images": (PHOTO,), "video": VIDEO}, "mixed_media", "media"),
    ("story", {"images": (PHOTO, PHOTO)}, "mixed_media", "media"),
    ("story", {"video": VIDEO, "options": {"scheduled_publish_time": 1_800_000_000}}, "unknown_option", "options.scheduled_publish_time"),
]  # fmt: skip


@pytest.mark.parametrize(("format", "content", "code", "field"), WRONG, ids=lambda value: str(value)[:40])
def test_bad_content_is_refused_by_one_field_and_nobody_is_asked(
    format: str, content: dict[str, Any], code: str, field: str
) -> None:
    wanted = publication(format, **content)
    assert [(problem.code, problem.field) for problem in kit().check(wanted)] == [(code, field)]
    played = publish(wanted)
    assert played.refused and played.refused.refusal.code == code and not played.calls


RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("text", {"text": "x" * 63_206}),
    ("text", {"link": "https://facebook.com.example/"}),
    ("text", {"text": "x", "link": "http://example.com", "options": {"scheduled_publish_time": 1_800_000_000}}),
    ("text", {"text": "x", "images": (PHOTO,)}),
    ("photos", {"images": (PHOTO,) * 20}),
    ("photos", {"items": (STILL, STILL)}),
    ("video", {"video": VIDEO, "title": "t", "text": "the same text as elsewhere"}),
    ("reel", {"items": (MOVING,)}),
    ("story", {"video": VIDEO, "text": "a story shows no text, but other targets of the order do"}),
    ("story", {"images": (PHOTO,)}),
]


@pytest.mark.parametrize(("format", "content"), RIGHT, ids=lambda value: str(value)[:40])
def test_good_content_is_let_through(format: str, content: dict[str, Any]) -> None:
    assert kit().check(publication(format, **content)) == []


# format, content, what the probe found, code
FILES: list[tuple[str, MediaFile, dict[str, Any], str]] = [
    ("photos", PHOTO_FILE, {"size": 0}, "empty_file"),
    ("photos", PHOTO_FILE, {"size": 4 * 1024**2 + 1}, "photo_too_large"),
    ("photos", PHOTO_FILE, {"content_type": "image/webp"}, "photo_format"),
    ("photos", PHOTO_FILE, {"content_type": "text/html"}, "photo_format"),
    ("photos", PHOTO_FILE, {"content_type": "video/mp4"}, "photo_format"),
    ("video", VIDEO_FILE, {"size": 0}, "empty_file"),
    ("video", VIDEO_FILE, {"content_type": "image/jpeg"}, "video_format"),
    ("reel", VIDEO_FILE, {"duration": 2.9}, "not_a_reel"),
    ("reel", VIDEO_FILE, {"duration": 90.1}, "not_a_reel"),
    ("reel", VIDEO_FILE, {"width": 480, "height": 270}, "not_a_reel"),
    ("reel", VIDEO_FILE, {"width": 480, "height": 480}, "not_a_reel"),
    ("reel", VIDEO_FILE, {"content_type": "image/png"}, "video_format"),
    ("story", VIDEO_FILE, {"duration": 60.5}, "story_too_long"),
    ("story", VIDEO_FILE, {"size": 0}, "empty_file"),
]


@pytest.mark.parametrize(("format", "file", "probed", "code"), FILES, ids=lambda value: str(value)[:40])
def test_a_bad_file_is_refused_before_anything_is_uploaded(
    format: str, file: MediaFile, probed: dict[str, Any], code: str
) -> None:
    content: dict[str, Any] = {"images": (PHOTO,)} if format == "photos" else {"video": VIDEO}
    played = publish(publication(format, **content), ME, file=replace(file, **probed))
    assert played.refused and played.refused.refusal.code == code and played.names == ["me"]


def test_a_photo_story_is_checked_as_a_photo() -> None:
    played = publish(publication("story", images=(MediaUrl("https://x/a.webp"),)), ME, file=replace(PHOTO_FILE, content_type="image/webp"))  # fmt: skip
    assert played.refused and played.refused.refusal.code == "photo_format" and played.names == ["me"]


@pytest.mark.parametrize(
    "kind", ["image/jpeg", "image/bmp", "image/png", "image/gif", "image/tiff", "application/octet-stream"]
)
def test_what_the_platform_takes_or_nobody_has_looked_into_is_not_refused(kind: str) -> None:
    from waooaw_social.platforms.facebook import check

    check.photo(replace(PHOTO_FILE, content_type=kind, size=4 * 1024**2, width=None, height=None))
    check.reel(replace(VIDEO_FILE, width=None, height=None, duration=None))
    check.story(replace(VIDEO_FILE, duration=60.0))
