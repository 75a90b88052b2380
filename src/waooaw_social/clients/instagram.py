"""Instagram for library callers.

async with InstagramClient(credential_resolver=get_default_resolver(), customer_id="CUST-1") as instagram:
    result = await instagram.post_reel("CRED-…", "https://…/cat.mp4", "A cat")
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from waooaw_social.clients.connected import ConnectedClient, media_at
from waooaw_social.core.post import Content, Item, MediaSource, MediaUrl, SocialPostResult
from waooaw_social.platforms.instagram.manifest import INSTAGRAM

Options = Mapping[str, str | bool | int]

VIDEO_ENDINGS = (".mp4", ".mov", ".m4v")
"""By which a carousel's URL is taken for a video; every other one is an image. An `Item` says it itself."""


class InstagramClient(ConnectedClient):
    """Publishes on one customer's Instagram accounts: professional ones, connected by either of Meta's logins.

    Images are given by URL, because Instagram fetches them itself (contract meta C1); videos by URL or as a `pathlib.Path`. Every method
    raises `SocialPlatformError`, or `SocialOutcomeUnknown` where it may have gone out and nobody can tell.
    """

    PLATFORM = INSTAGRAM

    async def post_feed(
        self,
        credential_ref: str,
        caption: str | None,
        image_url: str,
        location_id: str | None = None,
        *,
        alt_text: str | None = None,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Publish an image: JPEG, at most 8 MB, from 4:5 to 1.91:1 (C7). A caption has at most 2200 characters, 30 hashtags, 20 mentions."""
        more = _given(options, location_id=location_id, alt_text=alt_text)
        return await self._publish(
            credential_ref, "image", Content(text=caption, images=(MediaUrl(image_url),), options=more)
        )

    async def post_carousel(
        self,
        credential_ref: str,
        caption: str | None,
        items: Sequence[str | Item],
        *,
        location_id: str | None = None,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Publish two to ten images and videos in one post, cropped to the first one's shape (C7).

        A URL that ends in .mp4, .mov or .m4v is a video, every other one an image; an `Item` says what it is, and may have an alternative text.
        """
        content = Content(
            text=caption, items=tuple(map(_item, items)), options=_given(options, location_id=location_id)
        )
        return await self._publish(credential_ref, "carousel", content)

    async def post_reel(
        self,
        credential_ref: str,
        video_url: str | Path,
        caption: str | None = None,
        share_to_feed: bool = True,
        cover_url: str | None = None,
        thumb_offset: int | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Publish a reel: MP4 or MOV, 3 s to 15 minutes, at most 300 MB (C7).

        `video_url` is an https URL, or a `pathlib.Path`, whose bytes are uploaded; a string is never a path. `cover_url` is a JPEG and wins over
        `thumb_offset`, the milliseconds at which the video shows its cover.
        """
        content = Content(
            text=caption,
            video=media_at(video_url),
            cover=MediaUrl(cover_url) if cover_url else None,
            options=_given(options, share_to_feed=share_to_feed, thumb_offset=thumb_offset),
        )
        return await self._publish(credential_ref, "reel", content)

    async def post_story(
        self, credential_ref: str, image_url: str | None = None, video_url: str | Path | None = None
    ) -> SocialPostResult:
        """Publish a story, for a day: one image, or one video of 3 to 60 s and at most 100 MB (C7). A story has no caption."""
        content = Content(
            images=(MediaUrl(image_url),) if image_url else (), video=media_at(video_url) if video_url else None
        )
        return await self._publish(credential_ref, "story", content)

    async def post_text(self, credential_ref: str, text: str, image_url: str | None = None) -> SocialPostResult:
        """Publish a text below an image. Instagram has no posts of text alone: without `image_url` this raises `image_required`."""
        images: tuple[MediaSource, ...] = (MediaUrl(image_url),) if image_url else ()
        return await self._publish(credential_ref, "image", Content(text=text, images=images))


def _item(item: str | Item) -> Item:
    if isinstance(item, Item):
        return item
    path = re.split("[?#]", item, maxsplit=1)[0].lower()
    return Item(kind="video" if path.endswith(VIDEO_ENDINGS) else "image", source=MediaUrl(item))


def _given(options: Options | None, **named: str | bool | int | None) -> Options:
    return {**(options or {}), **{name: value for name, value in named.items() if value is not None}}
