"""Bringing media to LinkedIn so that it is there, and nobody sees it (contract linkedin_whatsapp 1.6).

Every step is recorded, the parts of a video too: LinkedIn does not tell which ones it has, only that it waits. An orphan harms nobody, so
an asset that is refused, lost or stuck is uploaded once more under other names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TypeAlias, TypeVar

from waooaw_social.core.post import MediaFile
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Flow, pause
from waooaw_social.platforms.linkedin import calls
from waooaw_social.platforms.linkedin.errors import ASSET_UNKNOWN, PROCESSING_FAILED, URL_EXPIRED
from waooaw_social.platforms.linkedin.manifest import POLLS, PROCESSING, SLOW_POLL
from waooaw_social.platforms.linkedin.replies import State

T = TypeVar("T")
Naming: TypeAlias = Callable[[str], str]
"""Makes a recorded name this round's own."""

ROUNDS = 2
LOST = frozenset({ASSET_UNKNOWN, PROCESSING_FAILED, URL_EXPIRED})
"""What another upload may cure (1.10)."""


@dataclass(frozen=True, kw_only=True)
class Medium:
    """A file that is here and was checked, and what it becomes."""

    kind: str
    """image, video or document."""
    file: MediaFile
    alt_text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An asset whose bytes are all there."""

    kind: str
    urn: str
    at: float | None
    """Since when, by the platform's clock."""


def rounds(once: Callable[[Naming], Flow[T]]) -> Flow[T]:
    """Go through `once` again where what was uploaded did not last. Raises `Refused` of the last round.

    Before anything was posted the asset itself may say so; afterwards only the post's own clear no leads on. A flow cannot know which it
    is: so each round's post has a name of its own, and while one of them is in doubt the runner sends none by another name.
    """
    for number in range(1, ROUNDS):
        try:
            return (yield from once(_named(number)))
        except Refused as no:
            if no.refusal.code not in LOST:
                raise
    return (yield from once(_named(ROUNDS)))


def uploaded(named: Naming, author: str, media: tuple[Medium, ...]) -> Flow[tuple[str, ...]]:
    """The URNs of the assets, in their order, each processed. Raises `Refused` where LinkedIn cannot use one."""
    sent: list[Sent] = []
    for number, medium in enumerate(media, 1):
        send = send_video if medium.kind == "video" else send_whole
        sent.append((yield from send(named, number, author, medium)))
    for one in sent:
        yield from until_available(one)
    return tuple(one.urn for one in sent)


def send_whole(named: Naming, number: int, author: str, medium: Medium) -> Flow[Sent]:
    kind = medium.kind
    opened = yield from calls.open_upload(named(f"open {kind} {number}"), kind, author)
    at = yield from calls.send_file(named(f"send {kind} {number}"), kind, opened, medium.file)
    return Sent(kind=kind, urn=opened.urn, at=at)


def send_video(named: Naming, number: int, author: str, medium: Medium) -> Flow[Sent]:
    """By the bytes that LinkedIn names for each part, whatever it says elsewhere about their size."""
    size = medium.file.size
    opened = yield from calls.open_upload(
        named(f"open video {number}"), "video", author, fileSizeBytes=size, uploadCaptions=False, uploadThumbnail=False
    )
    etags: list[str] = []
    for part_number, part in enumerate(opened.parts, 1):
        etags.append((yield from calls.send_part(named(f"part {part_number}"), part, medium.file)))
    at = yield from calls.finalize(named("finalize video"), opened, etags)
    return Sent(kind="video", urn=opened.urn, at=at)


def until_available(sent: Sent) -> Flow[None]:
    """Wait until it is processed, or until nobody can tell: then the post is the question."""
    kind, since = sent.kind, sent.at
    for seconds in chain(POLLS, repeat(SLOW_POLL)):
        asset = yield from calls.asset(kind, sent.urn)
        if asset.state in {State.AVAILABLE, State.UNTOLD}:
            return
        if asset.state is State.PROCESSING_FAILED:
            raise failed(asset.why or "it does not say why", kind)
        if since is not None and asset.at is not None and asset.at - since > PROCESSING:
            raise failed("its processing does not end", kind)
        yield from pause(seconds, f"LinkedIn is still processing the {kind}")


def failed(why: str, kind: str) -> Refused:
    advice = "Check that the file plays or opens; another encoding may help."
    return Refused.content(PROCESSING_FAILED, f"LinkedIn cannot use this {kind}: {why}", field=kind, remediation=advice)


def _named(number: int) -> Naming:
    return lambda name: name if number == 1 else f"{name}, round {number}"
