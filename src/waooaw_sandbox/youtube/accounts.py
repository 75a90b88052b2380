"""The control API's view of YouTube: the accounts with their tokens and knobs, and what their followers see."""

from datetime import timedelta
from typing import Any

from waooaw_sandbox.clock import iso
from waooaw_sandbox.kit import Json
from waooaw_sandbox.turns import Turns, account_called, all_known, attribute, turned
from waooaw_sandbox.youtube.pages import WWW
from waooaw_sandbox.youtube.people import CLIENT_ID, CLIENT_SECRET, Account
from waooaw_sandbox.youtube.scopes import KNOWN
from waooaw_sandbox.youtube.state import CommunityPost, State, Video


def find(state: State, name: str) -> Account:
    return account_called(name, state.people.accounts)


def describe(state: State, account: Account) -> Json:
    """Everything a client needs to act for the account, at once."""
    grant, access = state.people.newest(account)
    return {
        "platform": "youtube",
        "account": account.name,
        "title": account.own_channel.title,
        "email": account.email,
        "posting_identity": account.channel.id if account.channel else None,
        "access_token": access.token if access else None,
        "refresh_token": grant.refresh_token if grant else None,
        "app_id": CLIENT_ID,
        "app_secret": CLIENT_SECRET,
        "expires_at": iso(access.expires_at) if access else None,
        "scopes": list(access.scopes) if access else [],
        "revoked": grant is None or not state.people.alive(grant),
        "channel": account.channel is not None,
        "suspended": account.suspended,
        "long_uploads": account.long_uploads,
        "phone_verified": account.phone_verified,
        "force_private": account.force_private,
        "daily_videos": account.daily_videos,
    }


# --- knobs of an account ------------------------------------------------------------------------------------------------------


def expires_in(state: State, account: Account, value: Any) -> None:
    _, access = state.people.newest(account)
    if access is not None:
        access.expires_at = state.clock.now() + timedelta(seconds=value)


def revoked(state: State, account: Account, value: Any) -> None:
    if value:
        state.people.revoke(account)
    else:
        state.people.seed_grant(account)


def channel(state: State, account: Account, value: Any) -> None:
    account.channel = account.own_channel if value else None


def scopes(state: State, account: Account, value: Any) -> None:
    all_known(value, KNOWN, "scopes")
    for holder in (*state.people.grants, *state.people.tokens.values()):
        if holder.account is account:
            holder.scopes = tuple(value)


TURNS: Turns[State, Account] = {
    "expires_in": ((int, float), expires_in),
    "revoked": ((bool,), revoked),
    "channel": ((bool,), channel),
    "scopes": ((list,), scopes),
    "suspended": ((bool,), attribute("suspended")),
    "long_uploads": ((str,), attribute("long_uploads")),
    "phone_verified": ((bool,), attribute("phone_verified")),
    "force_private": ((bool,), attribute("force_private")),
    "daily_videos": ((int, type(None)), attribute("daily_videos")),
}


def turn(state: State, name: str, changes: Json) -> Json:
    account = find(state, name)
    turned(TURNS, state, account, changes)
    return describe(state, account)


# --- the audience -------------------------------------------------------------------------------------------------------------


async def audience(state: State, name: str, origin: str, *, hidden: bool) -> list[Json]:
    account, now = find(state, name), state.clock.now()
    videos = [v for v in state.videos.values() if v.account is account and (hidden or v.visible(now))]
    posts = [post_seen(post, origin) for post in state.posts if post.account is account]
    seen = [await video_seen(state, video, origin) for video in videos] + posts
    return sorted(seen, key=lambda entry: entry["published_at"])


async def video_seen(state: State, video: Video, origin: str) -> Json:
    """No field marks a Short, so every video is a `video`."""
    now = state.clock.now()
    return {
        "id": video.id,
        "kind": "video",
        "title": video.snippet["title"],
        "text": video.snippet["description"],
        "tags": video.snippet.get("tags", []),
        "url": f"{origin}/{WWW}/watch?v={video.id}",
        "published_at": iso(video.published_at(now)),
        "visibility": video.privacy(now),
        "upload_status": video.upload_status(now),
        "media": [{"bytes": video.size, "sha256": await video.hash(), "content_type": video.content_type}],
    }


def post_seen(post: CommunityPost, origin: str) -> Json:
    return {
        "id": post.id,
        "kind": "community_post",
        "text": post.text,
        "url": f"{origin}/{WWW}/post/{post.id}",
        "published_at": iso(post.made_at),
        "visibility": "public",
        "media": [{"url": post.image_url}] if post.image_url else [],
    }
