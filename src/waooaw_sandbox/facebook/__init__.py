"""Facebook Pages, imitated: posts, photos, videos by four ways of uploading, reels, stories, and what followers see.

The table of routes, and the platform as the rest of the sandbox sees it. Grammar, tokens and logins are in `meta/`.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from waooaw_sandbox.facebook import followers, photos, posts, uploads, videos
from waooaw_sandbox.facebook.objects import (
    WWW,
    Photo,
    Post,
    UploadSession,
    Video,
    describe_photo,
    describe_post,
    describe_video,
)
from waooaw_sandbox.facebook.settings import FAULTS, KNOBS, POST, READ, SEND
from waooaw_sandbox.kit import Json, Route, World
from waooaw_sandbox.meta import identity
from waooaw_sandbox.meta.errors import UPLOAD_HOST
from waooaw_sandbox.meta.gate import NOTHING
from waooaw_sandbox.meta.platform import GRAPH_HOST, VIDEO_HOST, MetaPlatform
from waooaw_sandbox.meta.route import GraphRoute, belongs_to, in_phase, names_a, unpublished
from waooaw_sandbox.meta.state import Node

BOTH = (GRAPH_HOST, VIDEO_HOST)


class Facebook(MetaPlatform):
    name = "facebook"
    fault_kinds = FAULTS

    def __init__(self, world: World, start: Mapping[str, Any]) -> None:
        super().__init__(world, KNOBS, start)
        self.meta.describers |= {Post: describe_post, Photo: describe_photo, Video: describe_video}
        self.meta.describers[UploadSession] = lambda ask, session: {"id": session.id}
        self.meta.default_fields |= {
            Post: "id,message,created_time",
            Photo: "id,name,created_time",
            Video: "id,description,updated_time",
        }
        self.routes = routes(self)

    async def audience(self, account: str, origin: str, *, hidden: bool) -> list[Json]:
        return await followers.audience(self.meta, account, origin, hidden=hidden)


def build(world: World, start: Mapping[str, Any]) -> Facebook:
    return Facebook(world, start)


def routes(it: Facebook) -> list[Route]:
    """Every route, in the order they are tried: one table, hence its length. Faults and the call list use these names."""
    mine = belongs_to(it.meta, it.name)

    def plain(name: str, path: str, do: Any) -> Route:
        return GraphRoute(name=name, method="GET", hosts=(WWW,), path=path, handler=it.plain(do))

    def phased(name: str, path: str, do: Any, *phases: str | None) -> Route:
        return it.edge(name, "POST", path, do, POST, *BOTH, when=in_phase(*phases) if phases else None, peeks=True)

    def get(name: str, kind: type[Node]) -> Route:
        return it.edge(name, "GET", "/{id}", identity.get_object, READ, mine=names_a(it.meta, kind))

    def published(request: web.Request) -> bool:
        return not unpublished(request)

    listings = (
        ("posts.list", "/{id}/feed", posts.list_posts),
        ("posts.list", "/{id}/posts", posts.list_posts),
        ("posts.list", "/{id}/published_posts", posts.list_posts),
        ("scheduled.list", "/{id}/scheduled_posts", posts.list_scheduled),
        ("videos.list", "/{id}/videos", posts.list_videos),
        ("reels.list", "/{id}/video_reels", posts.list_reels),
        ("photos.list", "/{id}/photos", posts.list_photos),
        ("stories.list", "/{id}/stories", posts.list_stories),
    )
    return [
        it.edge("feed.post", "POST", "/{id}/feed", posts.post_to_feed, POST),
        it.edge("photos.post", "POST", "/{id}/photos", photos.post_photo, POST, when=published, peeks=True),
        it.edge("photos.upload", "POST", "/{id}/photos", photos.post_photo, POST, peeks=True),
        it.edge("photo_stories.post", "POST", "/{id}/photo_stories", photos.post_photo_story, POST),
        phased("videos.start", "/{id}/videos", videos.post_video, "start"),
        phased("videos.transfer", "/{id}/videos", videos.post_video, "transfer"),
        phased("videos.finish", "/{id}/videos", videos.post_video, "finish"),
        phased("videos.cancel", "/{id}/videos", videos.post_video, "cancel"),
        phased("videos.post", "/{id}/videos", videos.post_video),
        phased("reels.start", "/{id}/video_reels", videos.reel, "start", "START"),
        phased("reels.finish", "/{id}/video_reels", videos.reel),
        phased("video_stories.start", "/{id}/video_stories", videos.story, "start", "START"),
        phased("video_stories.finish", "/{id}/video_stories", videos.story),
        *(it.edge(name, "GET", path, do, READ) for name, path, do in listings),
        it.edge("uploads.open", "POST", "/{id}/uploads", uploads.open_session, NOTHING),
        it.edge("uploads.send", "POST", "/upload:{session}", uploads.send, SEND),
        it.edge("uploads.status", "GET", "/upload:{session}", uploads.status, NOTHING),
        it.edge("rupload.upload", "POST", "/video-upload/{version}/{id}", uploads.receive, SEND, UPLOAD_HOST),
        *it.shared_routes((GRAPH_HOST,)),
        get("post.get", Post),
        get("photo.get", Photo),
        get("video.get", Video),
        it.edge("object.get", "GET", "/{id}", identity.get_object, NOTHING, mine=mine),
        it.edge("post.update", "POST", "/{id}", posts.update, POST, mine=mine),
        it.edge("post.delete", "DELETE", "/{id}", posts.delete, POST, mine=mine),
        plain("www.post", "/{page}/posts/{id}", followers.post),
        plain("www.post", "/reel/{id}", followers.post),
        plain("www.post", "/photo/{id}", followers.post),
        plain("www.post", "/stories/{page}/{id}", followers.post),
        plain("www.media", "/media/{id}", followers.media_file),
        plain("www.picture", "/picture/{page}", followers.picture),
        plain("www.page", "/{page}", followers.profile),
    ]
