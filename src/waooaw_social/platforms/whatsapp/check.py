"""What can be known to be wrong before the first call: WhatsApp's limits on messages (contract 2.2), each problem with its field.

Files are judged by `media.check_file`, once they are here; a template against the account's own list, and the window, when it is sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from waooaw_social.core.post import Content, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.whatsapp import interactive, recipient, said, templates
from waooaw_social.platforms.whatsapp.manifest import SILENCE
from waooaw_social.platforms.whatsapp.media import CAPTION, HEADERS, KINDS, media_of
from waooaw_social.platforms.whatsapp.replies import record

TEXT = 4096
"""Characters."""
CONTACTS = 257
"""2.2: unverified, so only told where the platform is sure to refuse."""
MESSAGE_ID = 512
ON_SILENCE = frozenset({"unresolved", "resend"})
LONGEST_SILENCE = 7 * 24 * 3600
"""Seconds: for so long Meta repeats a webhook (2.7)."""


def check(publication: Publication) -> Sequence[Refusal]:
    """Everything that is wrong with a publication, as far as its words go."""
    unreadable = list(said.unreadable(publication))
    if any(problem.code == "invalid_json" for problem in unreadable):
        return unreadable
    rules = RULES.get(publication.format, ())
    to = recipient.problem_of(publication)
    return [
        *unreadable,
        *([to] if to else []),
        *_silence(publication.content),
        *(problem for rule in rules for problem in rule(publication.content)),
        *_no_more_than(publication),
    ]


def refuse_bad(publication: Publication) -> None:
    """Raises `Refused` with the first problem."""
    for problem in check(publication):
        raise Refused(problem)


def silence_of(publication: Publication) -> tuple[float, bool]:
    """For how long a webhook is waited for, and whether silence then means "send it again"."""
    options = publication.content.options
    usual = "resend" if publication.format == "reaction" else "unresolved"  # the same reaction twice is one reaction
    told = options.get("on_silence") or publication.account.metadata.get("on_silence") or usual
    return float(options.get("silence_seconds", SILENCE)), told == "resend"


# --- rules --------------------------------------------------------------------------------------------------------------------


def _no(code: str, field: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field=field, message=message, remediation=remediation)


def _silence(content: Content) -> Iterator[Refusal]:
    if "on_silence" in content.options and content.options["on_silence"] not in ON_SILENCE:
        yield _no(
            "invalid_option",
            "options.on_silence",
            "After silence a message stays unresolved, or is sent again: unresolved, resend.",
        )
    seconds = content.options.get("silence_seconds", SILENCE)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 60 <= seconds <= LONGEST_SILENCE:
        yield _no("invalid_option", "options.silence_seconds", f"The wait is 60 to {LONGEST_SILENCE} seconds.")


def _text(content: Content) -> Iterator[Refusal]:
    if not (content.text or "").strip():
        yield _no("text_required", "text", "A text is required.")
    yield from _length(content.text, TEXT, "text", "Shorten it, or send it as several messages.")


def _caption(content: Content) -> Iterator[Refusal]:
    yield from _length(content.text, CAPTION, "text", "Shorten it, or send it as a message of its own.")


def _no_caption(content: Content) -> Iterator[Refusal]:
    if content.text:
        yield _no(
            "text_unsupported", "text", "This kind of message has no text.", "Send the text as a message of its own."
        )


def _length(text: str | None, most: int, field: str, remediation: str) -> Iterator[Refusal]:
    if len(text or "") > most:
        yield _no(
            "text_too_long", field, f"It has at most {most} characters; this one has {len(text or '')}.", remediation
        )


def _one(kind: str) -> Callable[[Content], Iterator[Refusal]]:
    """Just one file, of the kind that the message is."""

    def rule(content: Content) -> Iterator[Refusal]:
        media = media_of(content)
        if not media:
            yield _no(f"{kind}_required", _FIELDS.get(kind, "items"), f"A file is required: {KINDS[kind].shown}.")
        elif [found for found, _ in media] != [kind]:
            yield _no(
                "mixed_media", "media", f"A message of this kind carries one file, as {kind}.", "Send each by itself."
            )

    return rule


def _head(content: Content) -> Iterator[Refusal]:
    media = media_of(content)
    if len(media) > 1 or any(kind not in HEADERS for kind, _ in media):
        yield _no("mixed_media", "media", "At its head a message has one image, video or document.")


def _no_media(content: Content) -> Iterator[Refusal]:
    if media_of(content):
        yield _no(
            "mixed_media", "media", "This kind of message carries no file.", "Send it as image, video or document."
        )


def _link(content: Content) -> Iterator[Refusal]:
    sources = [source for _, source in media_of(content)]
    if content.options.get("by_link") and not all(isinstance(source, MediaUrl) for source in sources):
        yield _no(
            "link_required",
            "options.by_link",
            "Only a file with an address can be sent by its link.",
            "Let it be uploaded.",
        )


def _file_name(content: Content) -> Iterator[Refusal]:
    name = content.options.get("filename", "x")
    if not isinstance(name, str) or not 1 <= len(name) <= 240:
        yield _no("invalid_option", "options.filename", "A file's name has 1 to 240 characters.")


def _location(content: Content) -> Iterator[Refusal]:
    for name, most in (("latitude", 90), ("longitude", 180)):
        try:
            degrees = said.coordinate(content, name)
        except (KeyError, ValueError):
            degrees = float("nan")
        if not -most <= degrees <= most:
            yield _no("invalid_location", f"options.{name}", f"The {name} is a number from -{most} to {most}.")


def _contacts(content: Content) -> Iterator[Refusal]:
    contacts = said.listed(content, "contacts")
    if not 1 <= len(contacts) <= CONTACTS:
        yield _no("invalid_contacts", "options.contacts", f"There are 1 to {CONTACTS} contacts in a message.")
    for number, contact in enumerate(contacts):
        name = record(record(contact).get("name"))
        if not name.get("formatted_name") or len([part for part in name.values() if part]) < 2:
            message = "A contact's name has a formatted_name and at least one more part, such as first_name."
            yield _no("invalid_contacts", f"options.contacts[{number}].name", message)


def _reaction(content: Content) -> Iterator[Refusal]:
    about = content.options.get("message_id")
    if not isinstance(about, str) or not 1 <= len(about) <= MESSAGE_ID:
        yield _no("invalid_option", "options.message_id", "A reaction names the message that it is about.")
    if len(content.text or "") > 16:
        yield _no("invalid_reaction", "text", "A reaction is one emoji, or nothing to take one away.")


def _interactive(content: Content) -> Iterator[Refusal]:
    shape = said.shaped(content, "interactive")
    if not shape:
        yield _no("interactive_required", "options.interactive", "The message's buttons, list or link are required.")
    else:
        yield from interactive.problems_of(shape)


def _template(content: Content) -> Iterator[Refusal]:
    options = content.options
    given = said.listed(content, "components")
    parameters: templates.Parameters = said.shaped(content, "template_params") or []
    name, language = options.get("template_name"), options.get("language_code", "en")
    yield from templates.text_problems(name, language, given, parameters)


def _no_more_than(publication: Publication) -> Iterator[Refusal]:
    content = publication.content
    if content.privacy != "public":
        yield _no(
            "invalid_privacy",
            "privacy",
            "A message goes to its recipient and nobody else.",
            "Leave the privacy at public.",
        )
    if content.link is not None:
        yield _no(
            "link_unsupported",
            "link",
            "A message has no link of its own.",
            "Put the address into the text, or send a link button.",
        )


_FIELDS = {"image": "images", "video": "video"}
Rule = Callable[[Content], Iterator[Refusal]]
RULES: Mapping[str, tuple[Rule, ...]] = {
    "text": (_text, _no_media),
    "image": (_one("image"), _caption, _link),
    "video": (_one("video"), _caption, _link),
    "audio": (_one("audio"), _no_caption, _link),
    "document": (_one("document"), _caption, _link, _file_name),
    "sticker": (_one("sticker"), _no_caption, _link),
    "location": (_location, _no_caption, _no_media),
    "contacts": (_contacts, _no_caption, _no_media),
    "reaction": (_reaction, _no_media),
    "interactive": (_interactive, _head, _no_caption, _link),
    "template": (_template, _head, _no_caption, _link),
}
