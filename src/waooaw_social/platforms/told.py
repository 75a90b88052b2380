"""What a platform told us by itself, read: where it is kept in the inbox, since when it is true, and what it proves.

A platform's room makes these of its webhooks; whoever receives those puts them into the inbox. What is newest under a key wins, and the same
again changes nothing: so repeats, batches and disorder are harmless.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from waooaw_social.core.ids import PublicationId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Reply


@dataclass(frozen=True, kw_only=True)
class Proof:
    """That a publication's visible call was carried out, whatever became of its reply."""

    publication_id: PublicationId
    call: str
    """The name of the visible call."""
    reply: Reply
    """As the platform would have answered it."""
    published: Published
    fits: Callable[[Publication], bool]
    """Whether it is about this publication at all: its account, its recipient."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """One thing that was told."""

    key: str
    what: Mapping[str, Any]
    at: float
    """Seconds since 1970, by the platform: when it happened."""
    proof: Proof | None = None


Hear = Callable[[Mapping[str, Any], Sequence[Secret]], Sequence[Told]]
"""Reads one webhook's body, whose signature has been checked. The secrets are the app's, the newest first."""
