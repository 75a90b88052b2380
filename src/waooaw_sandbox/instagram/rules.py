"""What Instagram checks in the texts and lists of a new container (contract meta A8 and C1)."""

import re
from typing import Any, cast

from waooaw_sandbox.instagram import settings
from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask


def check_texts(ask: Ask, kind: str) -> None:
    caption = ask.text("caption")
    if caption_too_long(caption):
        raise ask.refused("36004/2207010")
    if len(ask.text("alt_text")) > settings.ALT_TEXT_CHARACTERS:
        raise ask.refused("100", "The alt text is too long: 1000 characters at most.")
    if ask.text("alt_text") and kind not in ("IMAGE",):
        raise ask.refused("100", "Alt text is supported for images only.")
    if len(ask.items("collaborators")) > settings.COLLABORATORS:
        raise ask.refused("100", "There can be 3 collaborators at most.")
    location = ask.text("location_id")
    if location and not location.isdigit():
        raise ask.refused("100", "INSTAGRAM_PLATFORM_API__INVALID_LOCATION_ID")
    check_tags(ask, kind)


def caption_too_long(caption: str) -> bool:
    return (
        len(caption) > settings.CAPTION_CHARACTERS
        or len(re.findall(r"#\w", caption)) > settings.CAPTION_HASHTAGS
        or len(re.findall(r"(?<![\w.])@\w", caption)) > settings.CAPTION_MENTIONS
    )


def check_tags(ask: Ask, kind: str) -> None:
    tags: list[Any] = ask.items("user_tags")
    if len(tags) > settings.TAGS:
        raise ask.refused("100/2207040")
    for tag in tags:
        named = cast(Json, tag) if isinstance(tag, dict) else {}
        if not named.get("username") or (kind == "IMAGE" and not placed(named)):
            raise ask.refused("100", "user_tags need a username, and x and y from 0 to 1 on images.")


def placed(tag: Json) -> bool:
    try:
        return all(0 <= float(tag.get(axis, -1)) <= 1 for axis in "xy")
    except (TypeError, ValueError):
        return False
