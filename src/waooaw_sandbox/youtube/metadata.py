"""The metadata of a video as its owner may set it: limits, defaults, and what replacing a part means (contract youtube 3.3).

`checked` turns a request's JSON into the two parts the sandbox keeps, or refuses with the reason of the first thing wrong.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from waooaw_sandbox.kit import Json
from waooaw_sandbox.youtube.errors import refuse

TITLE_CHARACTERS = 100
DESCRIPTION_BYTES = 5000
TAGS_CHARACTERS = 500
CATEGORIES = frozenset(["1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29"])
DEFAULT_CATEGORY = "22"
SNIPPET_FIELDS = ("title", "description", "tags", "categoryId", "defaultLanguage", "defaultAudioLanguage")
STATUS_DEFAULTS: Json = {
    "privacyStatus": "public",
    "license": "youtube",
    "embeddable": True,
    "publicStatsViewable": True,
}
STATUS_FIELDS = (*STATUS_DEFAULTS, "publishAt", "selfDeclaredMadeForKids", "containsSyntheticMedia")


def plain(text: Any) -> bool:
    return isinstance(text, str) and "<" not in text and ">" not in text


def good_title(title: Any) -> bool:
    return plain(title) and len(title.strip()) > 0 and len(title) <= TITLE_CHARACTERS


def good_description(text: Any) -> bool:
    return plain(text) and len(text.encode()) <= DESCRIPTION_BYTES


def good_tags(tags: Any) -> bool:
    """Commas between tags count, and two quotes around a tag that holds a space."""
    if not isinstance(tags, list):
        return False
    words = cast(list[Any], tags)
    if not all(plain(tag) and tag.strip() for tag in words):
        return False
    return sum(len(tag) + 2 * (" " in tag) for tag in words) + max(len(words) - 1, 0) <= TAGS_CHARACTERS


SNIPPET_CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("title", good_title, "invalidTitle"),
    ("description", good_description, "invalidDescription"),
    ("tags", good_tags, "invalidTags"),
    ("categoryId", lambda value: value in CATEGORIES, "invalidCategoryId"),
)
STATUS_CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("privacyStatus", lambda value: value in ("public", "unlisted", "private"), "forbiddenPrivacySetting"),
    ("license", lambda value: value in ("youtube", "creativeCommon"), "forbiddenLicenseSetting"),
    ("embeddable", lambda value: isinstance(value, bool), "invalidVideoMetadata"),
    ("publicStatsViewable", lambda value: isinstance(value, bool), "invalidVideoMetadata"),
    ("selfDeclaredMadeForKids", lambda value: isinstance(value, bool), "invalidVideoMetadata"),
    ("containsSyntheticMedia", lambda value: isinstance(value, bool), "invalidVideoMetadata"),
)


def part(resource: Json, name: str) -> Json:
    value = resource.get(name, {})
    if not isinstance(value, dict):
        raise refuse("invalidVideoMetadata")
    return cast(Json, value)


def new_snippet(resource: Json, *, updating: bool = False) -> Json:
    """The whole snippet as the request gives it: what it does not name is at its default."""
    given = part(resource, "snippet")
    snippet = {name: given[name] for name in SNIPPET_FIELDS if given.get(name) is not None}
    if "title" not in snippet:
        raise refuse("invalidTitle")
    if updating and "categoryId" not in snippet:
        raise refuse("invalidCategoryId")
    if resource.get("localizations") and "defaultLanguage" not in snippet:
        raise refuse("defaultLanguageNotSet")
    snippet.setdefault("description", "")
    snippet.setdefault("categoryId", DEFAULT_CATEGORY)
    run(SNIPPET_CHECKS, snippet)
    return snippet


def new_status(resource: Json, *, was_public: bool = False) -> Json:
    """The whole status; `publishAt`, if any, becomes a datetime."""
    given = part(resource, "status")
    status = STATUS_DEFAULTS | {name: given[name] for name in STATUS_FIELDS if given.get(name) is not None}
    run(STATUS_CHECKS, status)
    if "publishAt" in status:
        if status["privacyStatus"] != "private" or was_public:
            raise refuse("invalidPublishAt")
        status["publishAt"] = moment(status["publishAt"])
    return status


def run(checks: tuple[tuple[str, Callable[[Any], bool], str], ...], values: Json) -> None:
    for name, good, reason in checks:
        if name in values and not good(values[name]):
            raise refuse(reason)


def moment(text: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise refuse("invalidPublishAt") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def new_video(resource: Json) -> Json:
    return {"snippet": new_snippet(resource), "status": new_status(resource)}
