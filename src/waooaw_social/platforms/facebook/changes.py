"""Changing and taking away what was posted (contract meta D6). Neither is a post: both may be repeated, and are not recorded."""

import re

from waooaw_social.core.account import Account
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Flow
from waooaw_social.platforms.facebook import calls
from waooaw_social.platforms.facebook.account import verified_page
from waooaw_social.platforms.facebook.errors import NOT_FOUND
from waooaw_social.platforms.facebook.manifest import TEXT_CHARACTERS

POST_ID = re.compile(r"[0-9]{1,40}(_[0-9]{1,40})?")


def edit(account: Account, post: str, text: str) -> Flow[bool]:
    """Give a post another text, or a video or reel another description. Only posts of this app can be changed. Raises `Refused`."""
    _known(post)
    if not text.strip():
        raise Refused.content("text_required", "A text is required.", field="text", remediation="Delete the post.")
    if len(text) > TEXT_CHARACTERS:
        message = f"A text has at most {TEXT_CHARACTERS} characters; this one has {len(text)}."
        raise Refused.content("text_too_long", message, field="text", remediation="Shorten it.")
    yield from verified_page(account)
    # A number alone is a video's: it has a description where a post has a message.
    return (yield from calls.edit(post, {"message" if "_" in post else "description": text}))


def delete(account: Account, post: str) -> Flow[bool]:
    """Take a post, video or reel away. True, also where it is gone already (F3)."""
    _known(post)
    yield from verified_page(account)
    try:
        return (yield from calls.delete(post))
    except Refused as no:
        if no.refusal.code != NOT_FOUND:
            raise
        return True


def _known(post: str) -> None:
    if not POST_ID.fullmatch(post):
        message = "A post's id is a number, or the Page's and the post's with a line between them."
        raise Refused.content("invalid_post_id", message, field="post_id")
