"""Media before publications: a file is brought here once, streamed to disk, looked into in a process of its own, and named by a random id.

The id is the customer's; the file's own name is the hash of its bytes, which is never shown and never taken from outside. What a publication
names must be this customer's, and of the kind that it is named for.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from waooaw_social.core.ids import CustomerId
from waooaw_social.core.post import Content, MediaId, MediaSource, MediaUrl
from waooaw_social.core.refusal import Refusal
from waooaw_social.storage.plant.media import Medium, SqlMedia, UnknownMedia
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.sniff import matches

VIDEO, IMAGE = "video", "image"
BELONGS: Mapping[str, frozenset[str]] = {
    VIDEO: frozenset({"video/*"}),
    IMAGE: frozenset({"image/*"}),
    "audio": frozenset({"audio/*"}),
    "document": frozenset({"application/*"}),
    "sticker": frozenset({"image/webp"}),
}
"""What may be named as what. More is the platform's own to judge."""


@dataclass(frozen=True, kw_only=True)
class MediaDesk:
    """Takes files, shows them, and knows what is wrong with naming them."""

    store: SqlMedia
    folder: MediaFolder

    async def receive(self, customer_id: CustomerId, chunks: AsyncIterator[bytes]) -> Medium:
        """Keep what is sent. Raises `Refused`."""
        return await self.store.add(customer_id, await self.folder.receive(chunks))

    async def bring(self, customer_id: CustomerId, url: str) -> Medium:
        """Fetch what lies at a URL, through the guard. Raises `Refused` and `MediaMissing`."""
        return await self.store.add(customer_id, await self.folder.bring(MediaUrl(url)))

    async def show(self, customer_id: CustomerId, media_id: str) -> Medium | None:
        return await self.store.show(customer_id, media_id)

    async def problems(self, customer_id: CustomerId, content: Content) -> list[Refusal]:
        """What is wrong with the media that a content names by id. Raises `UnknownMedia`."""
        found: list[Refusal] = []
        for field, kind, source in _named(content):
            if not isinstance(source, MediaId):
                continue
            medium = await self.store.show(customer_id, source.id)
            if medium is None:
                raise UnknownMedia
            await self.folder.holds(medium.file)  # it is in use from now on: a sweep that runs just now leaves it
            if not matches(medium.file.content_type, BELONGS[kind]):
                message = f"This medium is {medium.file.content_type}; it stands where {kind} belongs."
                found.append(Refusal(code="wrong_media_type", message=message, field=field))
        return found


def _named(content: Content) -> Iterator[tuple[str, str, MediaSource | None]]:
    """Field, kind, source of everything that a content names."""
    yield "video", VIDEO, content.video
    yield "cover", IMAGE, content.cover
    yield from (("images", IMAGE, source) for source in content.images)
    yield from (("items", item.kind, item.source) for item in content.items)
