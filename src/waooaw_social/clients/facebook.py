"""Facebook Pages for library callers.

async with FacebookClient(credential_resolver=get_default_resolver(), customer_id="CUST-1") as facebook:
    result = await facebook.post_photos("CRED-…", "Two cakes", ["https://…/one.jpg", Path("two.jpg")])
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from waooaw_social.clients.connected import ConnectedClient, media_at
from waooaw_social.core.post import Content, SocialPostResult
from waooaw_social.platforms.facebook.account import connected_page
from waooaw_social.platforms.facebook.changes import delete, edit
from waooaw_social.platforms.facebook.manifest import FACEBOOK

Options = Mapping[str, str | bool | int]


class FacebookClient(ConnectedClient):
    """Publishes on one customer's Facebook Pages. All methods raise `SocialPlatformError`, those that post `SocialOutcomeUnknown` too.

    `options` of texts, photos, videos and reels: `scheduled_publish_time`, in seconds since 1970, hands the post over to Facebook, which
    publishes it by itself 10 minutes to 30 days from now (contract meta D1, D4). An image or video is an https URL, or a `pathlib.Path`;
    a string is never a path.
    """

    PLATFORM = FACEBOOK

    async def post_text(
        self, credential_ref: str, text: str, image_url: str | Path | None = None, *, options: Options | None = None
    ) -> SocialPostResult:
        """Post a text of at most 63,206 characters, with a photo where one is given (D1, D2)."""
        images = (media_at(image_url),) if image_url else ()
        return await self._post(credential_ref, Content(text=text, images=images, options=options or {}))

    async def post_to_page(
        self,
        credential_ref: str,
        page_id: str,
        text: str,
        image_url: str | Path | None = None,
        link: str | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Post on this Page, which must be the connected one (`123` or `FB_PAGE:123`); another is refused with `wrong_page`.

        A post shows a link or a photo, not both.
        """
        images = (media_at(image_url),) if image_url else ()
        content = Content(text=text, images=images, link=link, options=options or {})
        await self._about(credential_ref, lambda account: connected_page(account, page_id))
        return await self._post(credential_ref, content)

    async def post_photos(
        self, credential_ref: str, text: str | None, images: Sequence[str | Path], *, options: Options | None = None
    ) -> SocialPostResult:
        """Post one or more photos, each of at most 4 MB: JPEG, PNG, GIF, BMP or TIFF (D2)."""
        sources = tuple(map(media_at, images))
        return await self._publish(credential_ref, "photos", Content(text=text, images=sources, options=options or {}))

    async def post_video(
        self,
        credential_ref: str,
        video_url: str | Path,
        title: str | None = None,
        description: str | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Publish a video of any shape (D3). `post_id` is the video's own."""
        content = Content(title=title, description=description, video=media_at(video_url), options=options or {})
        return await self._publish(credential_ref, "video", content)

    async def post_reel(
        self,
        credential_ref: str,
        video_url: str | Path,
        description: str | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Publish a reel: upright, 9:16, 3 to 90 seconds; 30 a day and Page (D4). `post_id` is the video's own."""
        content = Content(description=description, video=media_at(video_url), options=options or {})
        return await self._publish(credential_ref, "reel", content)

    async def post_story(
        self, credential_ref: str, image_url: str | Path | None = None, video_url: str | Path | None = None
    ) -> SocialPostResult:
        """Show a photo, or a video of at most 60 seconds, for a day (D5)."""
        images = (media_at(image_url),) if image_url else ()
        content = Content(images=images, video=media_at(video_url) if video_url else None)
        return await self._publish(credential_ref, "story", content)

    async def edit_post(self, credential_ref: str, post_id: str, text: str) -> bool:
        """Give a post another text, a video or reel another description; only what this app posted (D6). May be repeated."""
        return await self._about(credential_ref, lambda account: edit(account, post_id, text))

    async def delete_post(self, credential_ref: str, post_id: str) -> bool:
        """Take a post, video or reel away (D6). May be repeated: what is gone already is no error."""
        return await self._about(credential_ref, lambda account: delete(account, post_id))

    # --- helpers ----------------------------------------------------------------------------------------------------------

    async def _post(self, credential_ref: str, content: Content) -> SocialPostResult:
        return await self._publish(credential_ref, _format_of(content), content)


def _format_of(content: Content) -> str:
    return "photos" if content.images else "text"
