"""What can be known to be wrong before the first call: LinkedIn's limits on content (contract linkedin_whatsapp 1.4).

Each problem is about one field and says what to do. What was not verified is not judged: the platform has the last word. Files are
judged by `files.py`, once they are here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from waooaw_social.core.post import Content, Item, MediaSource
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.linkedin import little
from waooaw_social.platforms.linkedin.author import OPTION, author_of
from waooaw_social.platforms.linkedin.manifest import (
    ALT_TEXT_CHARACTERS,
    COMMENTARY_CHARACTERS,
    DURATIONS,
    IMAGES,
    POLL_ANSWER,
    POLL_ANSWERS,
    POLL_QUESTION,
)

PRIVACY = {"public": "PUBLIC", "connections": "CONNECTIONS", "logged_in": "LOGGED_IN"}
QUESTION, ANSWERS, DAYS, PARENT, NO_RESHARES = "poll_question", "poll_answers", "poll_days", "parent", "no_reshares"
POST_URN = re.compile(r"urn:li:(?:share|ugcPost):[0-9]{1,30}")


def check(publication: Publication) -> Sequence[Refusal]:
    """Everything that is wrong with a publication, as far as its words go."""
    content = publication.content
    author = author_of(publication.account, content)
    rules = (*RULES.get(publication.format, ()), _text, _privacy)
    return [
        *([author] if isinstance(author, Refusal) else []),
        *(problem for rule in rules for problem in rule(content)),
        *_media(publication),
        *_options(publication),
    ]


def refuse_bad(publication: Publication) -> None:
    """Raises `Refused` with the first problem."""
    for problem in check(publication):
        raise Refused(problem)


def pictures_of(content: Content) -> tuple[Item, ...]:
    """The images, in their order, from wherever they were named."""
    named = tuple(Item(kind="image", source=source) for source in content.images)
    return named + tuple(item for item in content.items if item.kind == "image")


def videos_of(content: Content) -> tuple[MediaSource, ...]:
    return (*((content.video,) if content.video else ()), *_sources(content, "video"))


def documents_of(content: Content) -> tuple[MediaSource, ...]:
    return _sources(content, "document")


def answers_of(content: Content) -> list[str] | None:
    """A poll's answers: a list of texts, as JSON; None where they are not."""
    try:
        given = json.loads(str(content.options.get(ANSWERS, "")))
    except ValueError:
        return None
    answers = cast("list[Any]", given) if isinstance(given, list) else [None]
    return cast("list[str]", answers) if all(isinstance(answer, str) for answer in answers) else None


def title_of(content: Content) -> str:
    """A link's title, which LinkedIn does not look up (1.4): without one, the host that it leads to."""
    return content.title or host_of(content.link or "")


def host_of(link: str) -> str:
    """Empty for what is no address of a page."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in {"http", "https"} else ""


# --- words --------------------------------------------------------------------------------------------------------------------


def _no(code: str, field: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field=field, message=message, remediation=remediation)


def _sources(content: Content, kind: str) -> tuple[MediaSource, ...]:
    return tuple(item.source for item in content.items if item.kind == kind)


def _text(content: Content) -> Iterator[Refusal]:
    text = content.text or ""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        yield _no("invalid_text", "text", "Half a character (a lone surrogate) is no text.", "Send it as UTF-8.")
        return
    sent = little.length(little.written(text))
    if sent > COMMENTARY_CHARACTERS:
        message = (
            f"A text has at most {COMMENTARY_CHARACTERS} characters; this one has {sent}, "
            "where brackets and the like count twice, and so do most emoji."
        )
        yield _no("text_too_long", "text", message, "Shorten it.")


def _something(content: Content) -> Iterator[Refusal]:
    if not (content.text or "").strip() and not content.link:
        yield _no("text_required", "text", "A text is required.")


def _privacy(content: Content) -> Iterator[Refusal]:
    if content.privacy not in PRIVACY:
        yield _no("invalid_privacy", "privacy", f"LinkedIn knows {', '.join(PRIVACY)}.")


def _link(content: Content) -> Iterator[Refusal]:
    if content.link is not None and not host_of(content.link):
        yield _no("invalid_link", "link", "A link is an address that begins with http:// or https://.")


def _article(content: Content) -> Iterator[Refusal]:
    if content.link is None:
        yield _no("link_required", "link", "An article needs the address that it is about.")
    if not (content.title or "").strip():
        yield _no("title_required", "title", "An article needs a title: LinkedIn does not look it up.")


def _no_link(content: Content) -> Iterator[Refusal]:
    if content.link is not None:
        message = "A post shows a link or something else, not both."
        yield _no("link_unsupported", "link", message, "Put the address into the text.")


def _no_cover(content: Content) -> Iterator[Refusal]:
    if content.cover is not None:
        yield _no("cover_unsupported", "cover", "Only a link is shown with a picture of its own here.")


def _images(content: Content) -> Iterator[Refusal]:
    fewest, most = IMAGES
    pictures = pictures_of(content)
    if not fewest <= len(pictures) <= most:
        yield _no("image_count", "images", f"A post has {fewest} to {most} images; this one has {len(pictures)}.")
    for number, picture in enumerate(pictures):
        if little.length(picture.alt_text or "") > ALT_TEXT_CHARACTERS:
            message = f"An alternative text has at most {ALT_TEXT_CHARACTERS} characters."
            yield _no("alt_text_too_long", f"items.{number}.alt_text", message, "Shorten it.")


def _document(content: Content) -> Iterator[Refusal]:
    if not (content.title or "").strip():
        yield _no("title_required", "title", "A document needs a title.")


def _poll(content: Content) -> Iterator[Refusal]:
    question, answers = str(content.options.get(QUESTION, "")), answers_of(content)
    if not question.strip() or little.length(question) > POLL_QUESTION:
        yield _no(
            "invalid_poll", f"options.{QUESTION}", f"A poll has a question of at most {POLL_QUESTION} characters."
        )
    fewest, most = POLL_ANSWERS
    if answers is None or not fewest <= len(answers) <= most:
        message = f"A poll has {fewest} to {most} answers, as a JSON list of texts."
        yield _no("invalid_poll", f"options.{ANSWERS}", message)
    elif any(not answer.strip() or little.length(answer) > POLL_ANSWER for answer in answers):
        yield _no("invalid_poll", f"options.{ANSWERS}", f"An answer has 1 to {POLL_ANSWER} characters.")
    if content.options.get(DAYS, 3) not in DURATIONS or isinstance(content.options.get(DAYS), bool):
        yield _no("invalid_poll", f"options.{DAYS}", f"A poll is open for {', '.join(map(str, DURATIONS))} days.")


def _reshare(content: Content) -> Iterator[Refusal]:
    if not POST_URN.fullmatch(str(content.options.get(PARENT, ""))):
        message = "A reshare names its post: urn:li:share:… or urn:li:ugcPost:…"
        yield _no("invalid_parent", f"options.{PARENT}", message, "Use the post_id that publishing returned.")


def _media(publication: Publication) -> Iterator[Refusal]:
    """Each format takes its own kind of media, and no other."""
    content = publication.content
    there = {"images": pictures_of(content), "video": videos_of(content), "document": documents_of(content)}
    for field, given in there.items():
        if given and field != publication.format:
            message = f"The format {publication.format} takes no {field}."
            yield _no("mixed_media", field, message, "Publish each kind by itself.")
    if publication.format in {"video", "document"} and len(there[publication.format]) != 1:
        yield _no(f"{publication.format}_required", publication.format, f"Exactly one {publication.format} is required.")  # fmt: skip


def _options(publication: Publication) -> Iterator[Refusal]:
    known = {OPTION, NO_RESHARES} | OWN_OPTIONS.get(publication.format, frozenset())
    for name in sorted(set(publication.content.options) - known):
        message = f"LinkedIn has no option of this name for {publication.format}; it has {', '.join(sorted(known))}."
        yield _no("unknown_option", f"options.{name}", message)


Rule = Callable[[Content], Iterator[Refusal]]
RULES: Mapping[str, tuple[Rule, ...]] = {
    "text": (_something, _link),
    "images": (_images, _no_link, _no_cover),
    "video": (_no_link, _no_cover),
    "document": (_document, _no_link, _no_cover),
    "article": (_article, _link),
    "poll": (_poll, _no_link, _no_cover),
    "reshare": (_reshare, _no_link, _no_cover),
}
OWN_OPTIONS: Mapping[str, frozenset[str]] = {
    "poll": frozenset({QUESTION, ANSWERS, DAYS}),
    "reshare": frozenset({PARENT}),
}
