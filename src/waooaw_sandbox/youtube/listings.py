"""channels.list, playlistItems, playlists, search.list, and the community posts that real YouTube does not have (contract youtube 2, 4.2, 5)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from waooaw_sandbox.clock import iso
from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.youtube.errors import refuse
from waooaw_sandbox.youtube.gate import Caller, parts_of
from waooaw_sandbox.youtube.metadata import good_title, part
from waooaw_sandbox.youtube.people import word
from waooaw_sandbox.youtube.resources import (
    channel_resource,
    etag,
    iso_seconds,
    listing,
    only,
    playlist_resource,
    thumbnails,
)
from waooaw_sandbox.youtube.state import CommunityPost, Playlist, State, Video

T = TypeVar("T")

POST_CHARACTERS = 1000


def paged(call: Call, things: Sequence[T]) -> tuple[list[T], Json]:
    """The page asked for, and what the reply says about paging. 0 to 50 a page, 5 unless told."""
    try:
        size = int(call.query.get("maxResults", 5))
        start = int(call.query.get("pageToken", "p0")[1:])
    except ValueError:
        raise refuse("invalidPageToken") from None
    if not 0 <= size <= 50:
        raise refuse("badRequest")
    more = {"nextPageToken": f"p{start + size}"} if 0 < start + size < len(things) and size else {}
    back = {"prevPageToken": f"p{max(start - size, 0)}"} if start else {}
    return list(things[start : start + size]), more | back | {
        "pageInfo": {"totalResults": len(things), "resultsPerPage": size}
    }


async def list_channels(state: State, call: Call, caller: Caller) -> Answer:
    parts = parts_of(call)
    filters = [name for name in ("mine", "id", "forHandle", "forUsername", "managedByMe") if name in call.query]
    if len(filters) != 1:
        raise refuse("invalidCriteria")
    people = state.people.accounts.values()
    ids, handle = call.query.get("id", "").split(","), call.query.get("forHandle", "")
    chosen = {
        "mine": lambda: [caller.account],
        "id": lambda: [a for a in people if a.channel and a.channel.id in ids],
        "forHandle": lambda: [a for a in people if a.channel and a.channel.handle in (handle, "@" + handle)],
    }.get(filters[0], list)()
    if filters[0] == "mine" and caller.channel is None and state.knobs.word("no_channel_answer") != "empty":
        raise refuse("youtubeSignupRequired")
    items = [channel_resource(state, call, a, a.channel, parts) for a in chosen if a.channel]
    reply = listing("youtube#channelListResponse", items, page=5)
    if not items:
        del reply["items"]
    return Answer(200, reply)


# --- playlists ----------------------------------------------------------------------------------------------------------------


async def list_items(state: State, call: Call, caller: Caller) -> Answer:
    parts = parts_of(call)
    playlist_id = call.query.get("playlistId")
    if not playlist_id:
        raise refuse("missingRequiredParameter", location="parameters.playlistId")
    page, paging = paged(call, entries(state, playlist_id, caller))
    items = [item_resource(state, call, playlist_id, entry, n, parts) for n, entry in enumerate(page)]
    return Answer(200, {"kind": "youtube#playlistItemListResponse", "etag": etag(items), **paging, "items": items})


def entries(state: State, playlist_id: str, caller: Caller) -> list[tuple[str, Video]]:
    """(item id, video), newest first for an uploads playlist. The owner sees all; others what is public."""
    now = state.clock.now()
    if playlist_id in state.playlists:
        held = state.playlists[playlist_id].items
        found = [(item, state.videos[video]) for item, video, _ in held if video in state.videos]
    else:
        owner = [a for a in state.people.accounts.values() if a.channel and a.channel.uploads == playlist_id]
        if not owner or owner[0].channel is None:
            raise refuse("playlistNotFound")
        found = [("UEx" + v.id, v) for v in state.videos_of(owner[0].channel)]
    return [(item, v) for item, v in found if v.channel is caller.channel or v.privacy(now) == "public"]


def item_resource(
    state: State, call: Call, playlist_id: str, entry: tuple[str, Video], number: int, parts: frozenset[str]
) -> Json:
    item_id, video = entry
    now = state.clock.now()
    published = iso_seconds(video.published_at(now))
    resource: Json = {
        "kind": "youtube#playlistItem",
        "id": item_id,
        "snippet": {
            "publishedAt": published,
            "channelId": video.channel.id,
            "channelTitle": video.channel.title,
            "title": video.snippet["title"],
            "description": video.snippet["description"],
            "thumbnails": thumbnails(call, video.id),
            "playlistId": playlist_id,
            "position": number,
            "resourceId": {"kind": "youtube#video", "videoId": video.id},
        },
        "contentDetails": {"videoId": video.id, "videoPublishedAt": published},
        "status": {"privacyStatus": video.privacy(now)},
    }
    return only(resource, parts)


async def insert_item(state: State, call: Call, caller: Caller) -> Answer:
    """Not idempotent: twice the same call, twice the item."""
    parts, resource = parts_of(call), await call.json()
    if resource is None:
        raise refuse("parseError")
    snippet = part(resource, "snippet")
    playlist_id, video_id = str(snippet.get("playlistId")), str(part(snippet, "resourceId").get("videoId"))
    if playlist_id == caller.own_channel.uploads:
        raise refuse("playlistOperationUnsupported")
    playlist = state.playlists.get(playlist_id)
    if playlist is None:
        raise refuse("playlistNotFound")
    if playlist.account is not caller.account:
        raise refuse("forbidden")
    video = state.videos.get(video_id)
    if video is None or video.listed_at > state.clock.now():
        raise refuse("videoNotFound")
    entry = ("UEx" + word(24), video)
    playlist.items.append((entry[0], video.id, state.clock.now()))
    return Answer(200, item_resource(state, call, playlist_id, entry, len(playlist.items) - 1, parts))


async def list_playlists(state: State, call: Call, caller: Caller) -> Answer:
    parts, ids = parts_of(call), call.query.get("id", "").split(",")
    mine = [p for p in state.playlists.values() if p.account is caller.account]
    chosen = mine if "mine" in call.query else [p for p in state.playlists.values() if p.id in ids]
    page, paging = paged(call, chosen)
    items = [playlist_resource(call, p, p.account.own_channel, parts) for p in page]
    return Answer(200, {"kind": "youtube#playlistListResponse", "etag": etag(items), **paging, "items": items})


async def insert_playlist(state: State, call: Call, caller: Caller) -> Answer:
    parts, resource = parts_of(call), await call.json()
    title = part(resource or {}, "snippet").get("title")
    if not good_title(title):
        raise refuse("invalidTitle", location="body.snippet.title")
    playlist = Playlist(id="PL" + word(32), account=caller.account, title=str(title), made_at=state.clock.now())
    state.playlists[playlist.id] = playlist
    return Answer(200, playlist_resource(call, playlist, caller.own_channel, parts))


async def search(state: State, call: Call, caller: Caller) -> Answer:
    """Only `forMine=true&type=video`, and `q` as a part of the title: enough to be charged for."""
    parts = parts_of(call)
    if call.query.get("forMine") != "true" or call.query.get("type") != "video":
        raise refuse("invalidFilters")
    wanted = call.query.get("q", "").lower()
    found = [v for v in state.videos_of(caller.own_channel) if wanted in v.snippet["title"].lower()]
    page, paging = paged(call, found)
    results = [item_resource(state, call, "", ("", v), n, parts) for n, v in enumerate(page)]
    items = [
        {**r, "kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": v.id}}
        for r, v in zip(results, page, strict=True)
    ]
    return Answer(200, {"kind": "youtube#searchListResponse", "etag": etag(items), **paging, "items": items})


# --- community posts: fiction, behind a knob ----------------------------------------------------------------------------------


async def insert_post(state: State, call: Call, caller: Caller) -> Answer:
    parts_of(call)
    snippet = part(await call.json() or {}, "snippet")
    text = snippet.get("textOriginal")
    if not isinstance(text, str) or not text.strip() or len(text) > POST_CHARACTERS:
        raise refuse("badRequest")
    slow = call.fault("slow_listing")
    now = state.clock.now()
    lag = float(slow.parameters["seconds"]) if slow else state.knobs.number("listing_lag_seconds")
    post = CommunityPost(
        id="Ugk" + word(33),
        account=caller.account,
        channel=caller.own_channel,
        text=text,
        image_url=str(snippet["imageUrl"]) if snippet.get("imageUrl") else None,
        made_at=now,
        listed_at=now + timedelta(seconds=lag),
    )
    state.posts.append(post)
    return Answer(200, post_resource(post))


def post_resource(post: CommunityPost) -> Json:
    snippet: Json = {"textOriginal": post.text, "channelId": post.channel.id, "publishedAt": iso(post.made_at)}
    image = {"imageUrl": post.image_url} if post.image_url else {}
    return {"kind": "youtube#communityPost", "etag": etag(post.id), "id": post.id, "snippet": snippet | image}


async def list_posts(state: State, call: Call, caller: Caller) -> Answer:
    parts_of(call)
    now = state.clock.now()
    mine = [p for p in reversed(state.posts) if p.account is caller.account and p.listed_at <= now]
    page, paging = paged(call, mine)
    items = [post_resource(post) for post in page]
    return Answer(200, {"kind": "youtube#communityPostListResponse", "etag": etag(items), **paging, "items": items})
