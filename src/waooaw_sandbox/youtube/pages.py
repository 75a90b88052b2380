"""What a follower's browser sees: the watch page, the channel page, a community post, thumbnails, and the video's bytes."""

from html import escape

from aiohttp import web

from waooaw_sandbox.clock import iso_seconds
from waooaw_sandbox.kit import Answer, Call
from waooaw_sandbox.pages import page
from waooaw_sandbox.youtube.errors import unknown_path
from waooaw_sandbox.youtube.state import State, Video

WWW = "www.youtube.com"
DOT = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 90"><rect width="120" height="90" fill="#333"/>'
    '<path d="M48 30v30l26-15z" fill="#fff"/></svg>'
)


def watchable(state: State, video_id: str) -> Video | None:
    """Public or unlisted, and not failed; whoever has the link may watch."""
    now = state.clock.now()
    video = state.videos.get(video_id)
    if video is None or video.privacy(now) == "private" or video.upload_status(now) in ("failed", "rejected"):
        return None
    return video


async def watch(state: State, call: Call) -> Answer:
    video = watchable(state, call.found.get("id") or call.query.get("v", ""))
    if video is None:
        content = '<div class="card"><h1>Video unavailable</h1><p>It is private, or it is not there.</p></div>'
        return Answer(200, page("Video unavailable", content), content_type="text/html")
    now = state.clock.now()
    note = "" if video.upload_status(now) == "processed" else " · still being processed"
    content = (
        f'<div class="card"><video src="{call.url(WWW, f"/media/{video.id}")}" controls autoplay loop muted playsinline></video>'
        f"<h1>{escape(video.snippet['title'])}</h1>"
        f"<p><a href='{call.url(WWW, f'/channel/{video.channel.id}')}'>{escape(video.channel.title)}</a> "
        f"<span class='quiet'>{iso_seconds(video.published_at(now))} · {video.privacy(now)}{note}</span></p>"
        f"<pre>{escape(video.snippet['description'])}</pre></div>"
    )
    return Answer(200, page(str(video.snippet["title"]), content), content_type="text/html")


async def media(state: State, call: Call) -> Answer | web.StreamResponse:
    video = watchable(state, call.found["id"])
    if video is None:
        return unknown_path(call.path)
    kind = video.content_type if video.content_type.startswith("video/") else "video/mp4"
    return web.FileResponse(video.path, headers={"Content-Type": "video/mp4" if "*" in kind else kind})


async def channel(state: State, call: Call) -> Answer:
    wanted = call.found["channel"]
    accounts = [a for a in state.people.accounts.values() if a.channel and wanted in (a.channel.id, a.channel.handle)]
    if not accounts or accounts[0].channel is None:
        return unknown_path(call.path)
    here, now = accounts[0].channel, state.clock.now()
    videos = [v for v in state.videos.values() if v.channel is here and v.visible(now)]
    links = "".join(
        f'<div class="card"><a href="{call.url(WWW, f"/watch?v={v.id}")}">{escape(v.snippet["title"])}</a>'
        f" <span class='quiet'>{iso_seconds(v.published_at(now))}</span></div>"
        for v in reversed(videos)
    )
    posts = "".join(
        f'<div class="card"><pre>{escape(p.text)}</pre></div>' for p in reversed(state.posts) if p.channel is here
    )
    content = f"<h1>{escape(here.title)}</h1><p class='quiet'>{here.handle}</p>{links}{posts}"
    return Answer(200, page(here.title, content), content_type="text/html")


async def post(state: State, call: Call) -> Answer:
    found = [p for p in state.posts if p.id == call.found["id"]]
    if not found:
        return unknown_path(call.path)
    image = f'<img src="{escape(found[0].image_url)}" alt="">' if found[0].image_url else ""
    content = (
        f'<div class="card"><h1>{escape(found[0].channel.title)}</h1>{image}<pre>{escape(found[0].text)}</pre></div>'
    )
    return Answer(200, page(found[0].channel.title, content), content_type="text/html")


async def thumbnail(state: State, call: Call) -> Answer:
    video = state.videos.get(call.found.get("id", ""))
    if video is not None and video.thumbnail is not None:
        return Answer(200, video.thumbnail[0], content_type=video.thumbnail[1])
    return Answer(200, DOT, content_type="image/svg+xml")
