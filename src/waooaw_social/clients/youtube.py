"""YouTube for library callers.

async with YouTubeClient(credential_resolver=get_default_resolver(), customer_id="CUST-1") as youtube:
    result = await youtube.post_short("CRED-…", "https://…/cat.mp4", "A cat")
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from waooaw_social.clients.connected import ConnectedClient
from waooaw_social.core.post import Content, MediaPath, MediaSource, MediaUrl, SocialPostResult
from waooaw_social.platforms.youtube.manifest import YOUTUBE


class YouTubeClient(ConnectedClient):
    """Publishes on one customer's YouTube channels."""

    PLATFORM = YOUTUBE

    async def post_short(
        self,
        credential_ref: str,
        video_url: str | Path,
        title: str,
        description: str | None = None,
        *,
        tags: Sequence[str] = (),
        privacy: str = "public",
        options: Mapping[str, str | bool | int] | None = None,
    ) -> SocialPostResult:
        """Publish a Short: vertical or square, at most three minutes (contract youtube 3.5).

        `video_url` is an https URL, or a `pathlib.Path`; a string is never a path. Costs one of the app's daily uploads (100) and 2 general
        units. Raises `SocialPlatformError`, `SocialOutcomeUnknown`.
        """
        content = _video(video_url, title, description, tags, privacy, options)
        return await self._publish(credential_ref, "short", content)

    async def post_video(
        self,
        credential_ref: str,
        video_url: str | Path,
        title: str,
        description: str | None = None,
        *,
        tags: Sequence[str] = (),
        privacy: str = "public",
        options: Mapping[str, str | bool | int] | None = None,
    ) -> SocialPostResult:
        """Publish a video of any shape; beyond 15 minutes only where the channel is verified. Otherwise as `post_short`."""
        content = _video(video_url, title, description, tags, privacy, options)
        return await self._publish(credential_ref, "video", content)

    async def post_text(self, credential_ref: str, text: str, image_url: str | None = None) -> SocialPostResult:
        """Publish a community post of at most 1000 characters.

        YouTube's public API has no such endpoint (contract youtube 5): this raises `unsupported_by_platform`, unless
        `YOUTUBE_COMMUNITY_POSTS` is on, and then, too, where the platform answers 404. Charged 50 general units.
        """
        images: tuple[MediaSource, ...] = (MediaUrl(image_url),) if image_url else ()
        return await self._publish(credential_ref, "text", Content(text=text, images=images))

    @property
    def quota_used(self) -> int:
        """General units that this client has used. Uploads have a bucket of their own: see `quota`."""
        return self._wiring.meter.quota.get("general", 0)

    @property
    def quota(self) -> Mapping[str, int]:
        """What this client has used, per bucket: `general` in units, `uploads` and `search` in calls."""
        return {
            bucket.name: self._wiring.meter.quota.get(bucket.name, 0) for bucket in self._wiring.kit.manifest.buckets
        }


def _video(
    video_url: str | Path,
    title: str,
    description: str | None,
    tags: Sequence[str],
    privacy: str,
    options: Mapping[str, str | bool | int] | None,
) -> Content:
    source = MediaPath(video_url) if isinstance(video_url, Path) else MediaUrl(video_url)
    return Content(
        title=title, description=description, tags=tuple(tags), video=source, privacy=privacy, options=options or {}
    )
