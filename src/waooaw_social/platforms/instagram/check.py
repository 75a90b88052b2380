"""What can be known to be wrong before the first call: Instagram's limits on words (contract meta C1, A8).

Every problem is about one field and says what to do. What Instagram has no place for is refused, not dropped. Files are looked at in
`media.py`, once they are here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from waooaw_social.core.post import Content, Item, MediaSource, MediaUrl
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.instagram.manifest import (
    ALT_TEXT_CHARACTERS,
    CAPTION_CHARACTERS,
    CAPTION_HASHTAGS,
    CAPTION_MENTIONS,
    CAROUSEL_ITEMS,
    COLLABORATORS,
    MANIFEST,
)

HASHTAG = re.compile(r"#\w")
MENTION = re.compile(r"(?<![\w.])@\w")

IMAGE, VIDEO = "image", "video"


def check(publication: Publication) -> Sequence[Refusal]:
    """Everything that is wrong with a publication, as far as its words go."""
    rules = RULES.get(publication.format)
    if rules is None:
        message = f"Instagram has no format of this name; it has {', '.join(MANIFEST.formats)}."
        return [no("unsupported_by_platform", "format", message)]
    return [*(problem for rule in rules for problem in rule(publication.content)), *_options(publication)]


def refuse_bad(publication: Publication) -> None:
    """Raises `Refused` with the first problem."""
    for problem in check(publication):
        raise Refused(problem)


def items_of(content: Content) -> tuple[Item, ...]:
    """All media in their order, from wherever they were named: images, then items, then the video."""
    images = tuple(Item(kind=IMAGE, source=source) for source in content.images)
    video = (Item(kind=VIDEO, source=content.video),) if content.video else ()
    return (*images, *content.items, *video)


def field_of(content: Content, index: int) -> str:
    """Where the medium at `index` of `items_of` was named."""
    if index < len(content.images):
        return "images"
    return "items" if index < len(content.images) + len(content.items) else "video"


def no(code: str, field: str, message: str, remediation: str = "") -> Refusal:
    return Refusal(code=code, field=field, message=message, remediation=remediation)


# --- media --------------------------------------------------------------------------------------------------------------------


def _one_image(content: Content) -> Iterator[Refusal]:
    kinds = [item.kind for item in items_of(content)]
    if not kinds:
        yield no("image_required", "images", "Instagram publishes no text without a picture: an image is required.", "Give an image URL.")  # fmt: skip
    elif len(kinds) > 1:
        yield no("too_many_media", "images", f"This format shows one image; there are {len(kinds)} media.", "Publish a carousel.")  # fmt: skip
    elif kinds[0] != IMAGE:
        yield no("image_required", field_of(content, 0), "This format shows an image.", "Publish a video as a reel.")


def _one_video(content: Content) -> Iterator[Refusal]:
    items = items_of(content)
    if not any(item.kind == VIDEO for item in items):
        yield no("video_required", "video", "A reel is a video: a video is required.")
    elif len(items) > 1:
        yield no("too_many_media", "images", f"A reel is one video; there are {len(items)} media.", "A picture for it is its cover.")  # fmt: skip


def _one_of_either(content: Content) -> Iterator[Refusal]:
    items = items_of(content)
    if not items:
        yield no("media_required", "images", "A story is an image or a video: one of them is required.")
    elif len(items) > 1:
        yield no("too_many_media", "images", f"A story shows one medium; there are {len(items)}.", "Publish them one by one.")  # fmt: skip


def _several(content: Content) -> Iterator[Refusal]:
    fewest, most = CAROUSEL_ITEMS
    count = len(items_of(content))
    if not fewest <= count <= most:
        yield no("carousel_items", "items", f"A carousel has {fewest} to {most} items; this one has {count}.")


def _media(content: Content) -> Iterator[Refusal]:
    for index, item in enumerate(items_of(content)):
        field = field_of(content, index)
        if item.kind not in {IMAGE, VIDEO}:
            yield no("invalid_item", field, "An item is an image or a video.")
        yield from _source(item.kind, item.source, field)
        if item.alt_text is not None:
            yield from _alt_text(item.alt_text, f"{field}.alt_text", is_image=item.kind == IMAGE)


def _source(kind: str, source: MediaSource, field: str) -> Iterator[Refusal]:
    if isinstance(source, MediaUrl):
        if not source.url.isascii():
            yield no("url_invalid", field, "Instagram takes URLs of ASCII characters only.", "Percent-encode the others.")  # fmt: skip
    elif kind != VIDEO:
        message = "Instagram fetches images itself: it takes them by URL only, not as files."
        yield no("image_url_required", field, message, "Put the image where Instagram can fetch it, and give its URL.")


def _alt_text(text: str, field: str, *, is_image: bool) -> Iterator[Refusal]:
    if not is_image:
        yield no("unsupported_field", field, "Instagram takes an alternative text for images only.")
    if len(text) > ALT_TEXT_CHARACTERS:
        message = f"An alternative text has at most {ALT_TEXT_CHARACTERS} characters; this one has {len(text)}."
        yield no("alt_text_too_long", field, message, "Shorten it.")


def _cover(content: Content) -> Iterator[Refusal]:
    if content.cover is not None:
        yield from _source("image", content.cover, "cover")


# --- words --------------------------------------------------------------------------------------------------------------------


def _caption(content: Content) -> Iterator[Refusal]:
    text = content.text or ""
    counts = (
        ("characters", len(text), CAPTION_CHARACTERS),
        ("hashtags", len(HASHTAG.findall(text)), CAPTION_HASHTAGS),
        ("mentions", len(MENTION.findall(text)), CAPTION_MENTIONS),
    )
    for what, count, most in counts:
        if count > most:
            message = f"A caption has at most {most} {what}; this one has {count}."
            yield no("caption_too_long", "text", message, "Shorten it.")


def _no_caption(content: Content) -> Iterator[Refusal]:
    if content.text:
        yield no("unsupported_field", "text", "A story shows no caption.", "Write it into the picture, or leave it out.")  # fmt: skip


def _nothing_else(content: Content) -> Iterator[Refusal]:
    """Fields that Instagram has no place for."""
    unused = {"title": content.title, "description": content.description, "tags": content.tags, "link": content.link}
    for field, value in unused.items():
        if value:
            yield no("unsupported_field", field, f"Instagram has no {field}.", "Say it in the text.")
    if content.privacy != "public":
        yield no("unsupported_field", "privacy", "What Instagram publishes is as public as the account.")


def _no_cover(content: Content) -> Iterator[Refusal]:
    if content.cover is not None:
        yield no("unsupported_field", "cover", "Only a reel has a cover.")


# --- options ------------------------------------------------------------------------------------------------------------------

Value = str | bool | int


def _is_id(value: Value) -> bool:
    return not isinstance(value, bool) and str(value).isascii() and str(value).isdigit()


def _is_flag(value: Value) -> bool:
    return isinstance(value, bool)


def _is_milliseconds(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_words(value: Value) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_names(value: Value) -> bool:
    return isinstance(value, str) and 1 <= len(names_of(value)) <= COLLABORATORS


def names_of(value: str) -> list[str]:
    """User names of a comma-joined list."""
    return [name.strip().lstrip("@") for name in value.split(",") if name.strip().lstrip("@")]


OPTIONS: Mapping[str, tuple[Callable[[Value], bool], str, frozenset[str]]] = {
    "location_id": (_is_id, "the id of a Page with a location, in digits", frozenset({"image", "carousel", "reel"})),
    "collaborators": (_are_names, "one to three user names, joined by commas", frozenset({"image", "carousel", "reel"})),
    "is_ai_generated": (_is_flag, "true or false", frozenset({"image", "carousel", "reel"})),
    "alt_text": (_is_words, "a text", frozenset({"image"})),
    "share_to_feed": (_is_flag, "true or false", frozenset({"reel"})),
    "thumb_offset": (_is_milliseconds, "milliseconds from the beginning of the video", frozenset({"reel"})),
    "audio_name": (_is_words, "a text", frozenset({"reel"})),
    "upload": (_is_flag, "true or false", frozenset({"carousel", "reel", "story"})),
}  # fmt: skip
"""Name to: what fits, what to say where it does not, and which formats have it (C1). `upload` sends a video's bytes instead of its URL."""


def _options(publication: Publication) -> Iterator[Refusal]:
    options = publication.content.options
    known = [name for name, (_, _, formats) in OPTIONS.items() if publication.format in formats]
    for name in sorted(options):
        field = f"options.{name}"
        if name not in known:
            yield no("unknown_option", field, f"This format has no option of this name; it has {', '.join(known)}.")
        elif not OPTIONS[name][0](options[name]):
            yield no("invalid_option", field, f"{name} is {OPTIONS[name][1]}.")
        elif name == "alt_text":
            yield from _alt_text(str(options[name]), field, is_image=True)


Rule = Callable[[Content], Iterator[Refusal]]
USUAL: tuple[Rule, ...] = (_media, _caption, _nothing_else)
RULES: Mapping[str, tuple[Rule, ...]] = {
    "image": (_one_image, *USUAL, _no_cover),
    "carousel": (_several, *USUAL, _no_cover),
    "reel": (_one_video, *USUAL, _cover),
    "story": (_one_of_either, _media, _no_caption, _nothing_else, _no_cover),
}
