"""LinkedIn for library callers.

async with LinkedInClient(credential_resolver=get_default_resolver(), customer_id="CUST-1") as linkedin:
    result = await linkedin.post_text("CRED-…", "We are hiring @[Acme](urn:li:organization:2414183) #baking")
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from waooaw_social.clients.connected import ConnectedClient, media_at
from waooaw_social.core.post import Content, Item, SocialPostResult
from waooaw_social.platforms.linkedin.author import OPTION
from waooaw_social.platforms.linkedin.check import ANSWERS, DAYS, PARENT, QUESTION
from waooaw_social.platforms.linkedin.manifest import LINKEDIN
from waooaw_social.platforms.linkedin.publish import delete

Options = Mapping[str, str | bool | int]


class LinkedInClient(ConnectedClient):
    """Publishes as one customer's organizations or members. All methods raise `SocialPlatformError`, those that post `SocialOutcomeUnknown` too.

    A text has at most 3,000 characters and is shown as it is written; only `@[Name](urn:li:organization:1)` and a hashtag that stands by
    itself mean more (contract linkedin_whatsapp 1.5). An image, video or document is an https URL, or a `pathlib.Path`; a string is never
    a path. `options` of all: `organization` (`123`, `LI_ORG:123` or its URN) lets a member's connection post for an organization in which
    the member has a role; `no_reshares`. What a member posts cannot be read back: where its answer is lost, nobody can tell.
    """

    PLATFORM = LINKEDIN

    async def post_text(
        self,
        credential_ref: str,
        text: str,
        image_url: str | Path | None = None,
        link_url: str | None = None,
        link_title: str | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Post a text, with an image or a link where one is given; with both, the image is the link's picture (1.4).

        LinkedIn looks up nothing behind a link: without `link_title`, its host is its title.
        """
        said = Content(text=text, link=link_url, title=link_title, options=options or {})
        return await self._post_text(credential_ref, said, image_url)

    async def post_to_organization(
        self,
        credential_ref: str,
        organization_id: str,
        text: str,
        image_url: str | Path | None = None,
        link_url: str | None = None,
        link_title: str | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """The same for this organization: the connected one, or one in which the connected member has a role (1.7)."""
        told = {**(options or {}), OPTION: organization_id}
        return await self._post_text(
            credential_ref, Content(text=text, link=link_url, title=link_title, options=told), image_url
        )

    async def post_images(
        self,
        credential_ref: str,
        text: str | None,
        images: Sequence[str | Path],
        alt_texts: Sequence[str | None] = (),
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Post 1 to 20 images: JPEG, PNG or GIF (1.4, 1.6). `alt_texts` in the order of the images."""
        said = [*alt_texts, *([None] * (len(images) - len(alt_texts)))]
        items = tuple(
            Item(kind="image", source=media_at(image), alt_text=alt) for image, alt in zip(images, said, strict=False)
        )
        return await self._publish(credential_ref, "images", Content(text=text, items=items, options=options or {}))

    async def post_video(
        self,
        credential_ref: str,
        text: str | None,
        video_url: str | Path,
        title: str | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Post a video: MP4, 3 s to 30 min, 75 KB to 500 MB (1.6)."""
        said = Content(text=text, title=title, video=media_at(video_url), options=options or {})
        return await self._publish(credential_ref, "video", said)

    async def post_document(
        self,
        credential_ref: str,
        text: str | None,
        document_url: str | Path,
        title: str,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Post a document: PDF, Word or PowerPoint, at most 100 MB and 300 pages (1.6)."""
        items = (Item(kind="document", source=media_at(document_url)),)
        said = Content(text=text, title=title, items=items, options=options or {})
        return await self._publish(credential_ref, "document", said)

    async def post_article(
        self,
        credential_ref: str,
        text: str | None,
        link_url: str,
        title: str,
        description: str | None = None,
        thumbnail_url: str | Path | None = None,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Post a link with a title, and with a picture where one is given (1.4)."""
        cover = media_at(thumbnail_url) if thumbnail_url else None
        said = Content(
            text=text, link=link_url, title=title, description=description, cover=cover, options=options or {}
        )
        return await self._publish(credential_ref, "article", said)

    async def post_poll(
        self,
        credential_ref: str,
        text: str | None,
        question: str,
        answers: Sequence[str],
        days: int = 3,
        *,
        options: Options | None = None,
    ) -> SocialPostResult:
        """Ask for 1, 3, 7 or 14 days, with 2 to 4 answers of at most 30 characters (1.4)."""
        told = {**(options or {}), QUESTION: question, ANSWERS: json.dumps(list(answers)), DAYS: days}
        return await self._publish(credential_ref, "poll", Content(text=text, options=told))

    async def reshare(
        self, credential_ref: str, post_id: str, text: str | None = None, *, options: Options | None = None
    ) -> SocialPostResult:
        """Share somebody's post, by its URN, if its author allows it (1.4)."""
        told = {**(options or {}), PARENT: post_id}
        return await self._publish(credential_ref, "reshare", Content(text=text, options=told))

    async def delete_post(self, credential_ref: str, post_id: str) -> bool:
        """Take a post away. May be repeated: what is gone already is no error (1.4)."""
        return await self._about(credential_ref, lambda account: delete(account, post_id))

    # --- helpers ----------------------------------------------------------------------------------------------------------

    async def _post_text(self, credential_ref: str, said: Content, image: str | Path | None) -> SocialPostResult:
        if image is None:
            return await self._publish(credential_ref, "text", said)
        source = media_at(image)
        if said.link:
            return await self._publish(credential_ref, "text", replace(said, cover=source))
        return await self._publish(credential_ref, "images", replace(said, images=(source,)))
