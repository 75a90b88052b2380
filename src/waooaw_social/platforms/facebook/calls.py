"""A Page's requests (contract meta D). Phases of uploads and files go as forms, because JSON bodies were ignored there (D4)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlencode

from waooaw_social.core.post import MediaFile
from waooaw_social.platforms.call import (
    Call,
    Cost,
    Form,
    Harmless,
    IfRepeated,
    Piece,
    Reply,
    Request,
    Visible,
    Wasteful,
)
from waooaw_social.platforms.facebook.errors import NO_SESSION, OWN
from waooaw_social.platforms.facebook.manifest import LISTED, PHOTO_GOOD_FOR, UPLOAD_GOOD_FOR, VIDEO_API
from waooaw_social.platforms.facebook.replies import (
    Held,
    Listing,
    Page,
    Progress,
    Story,
    Upload,
    VideoState,
    held_after,
    place_of,
    read_chunk,
    read_is_out,
    read_listing,
    read_page,
    read_page_story,
    read_permalink,
    read_state,
    read_stories,
    read_success,
    read_upload,
    story_id_of,
    subcode_of,
    told_offset,
)
from waooaw_social.platforms.graph.calls import Fields, Grammar, answered, id_of
from waooaw_social.platforms.graph.facts import API, PUBLISHING

T = TypeVar("T")

GRAPH = Grammar(OWN)
ONE_POST = Cost(bucket=PUBLISHING, units=1)


# --- reading ------------------------------------------------------------------------------------------------------------------


def me() -> Call[Page]:
    """Whom the token speaks for."""
    return GRAPH.get("me", f"{API}/me", read_page, fields="id,name")


def published_posts(page: str) -> Call[Listing]:
    """The newest posts that followers see (F2)."""
    return _listing("published posts", f"{API}/{page}/published_posts")


def scheduled_posts(page: str) -> Call[Listing]:
    """What Facebook will publish by itself (D6)."""
    return _listing("scheduled posts", f"{API}/{page}/scheduled_posts", "scheduled_publish_time")


def stories(page: str) -> Call[tuple[Story, ...]]:
    """The Page's stories that are up (D5)."""
    return GRAPH.get("stories", f"{API}/{page}/stories", read_stories, status="PUBLISHED", limit=str(LISTED))


def photo_story(photo: str) -> Call[str | None]:
    """The post that a photo is in, if any. A photo that waits may name one that nobody sees: `is_out` tells (D2, F2)."""
    return GRAPH.get("photo", f"{API}/{photo}", read_page_story, fields="page_story_id")


def is_out(post: str) -> Call[bool]:
    """Whether followers see a post, or will at a set time."""
    return GRAPH.get("post", f"{API}/{post}", read_is_out, fields="id,is_published,scheduled_publish_time")


def video_state(video: str) -> Call[VideoState]:
    """How far a video is. A fresh one may be answered with 100/33 for a while (D4)."""
    return GRAPH.get("video state", f"{API}/{video}", read_state, fields="status,post_id")


def permalink(thing: str) -> Call[str | None]:
    """The address of a post or video."""
    return GRAPH.get("permalink", f"{API}/{thing}", read_permalink, fields="permalink_url")


# --- making -------------------------------------------------------------------------------------------------------------------


def upload_photo(name: str, page: str, file: MediaFile, alt_text: str | None) -> Call[str]:
    """A photo that nobody sees yet, as a file: of a URL Meta may make nothing (D2, 324)."""
    fields = {"published": "false", "alt_text_custom": alt_text}
    whole = Piece(file=file, offset=0, length=file.size)
    return _send_file(name, f"{API}/{page}/photos", fields, "source", whole, id_of, Wasteful(good_for=PHOTO_GOOD_FOR))


def start(name: str, url: str, **fields: str) -> Call[Upload]:
    """Open an upload. The video's id is known from here on; nobody sees it before it is finished."""
    made = {"upload_phase": "start", **fields}
    return _form(name, url, made, read_upload, Wasteful(good_for=UPLOAD_GOOD_FOR))


def send_rest(upload: Upload, file: MediaFile, offset: int) -> Call[Held]:
    """Everything from `offset` on, streamed. rupload takes no part of a rest (D4)."""
    piece = Piece(file=file, offset=offset, length=file.size - offset)
    headers = {"content-type": "application/octet-stream", "offset": str(offset), "file_size": str(file.size)}
    call = GRAPH.upload("send video", upload.address, piece, headers, held_after(file))
    return _recognised(call, lambda reply: answered(reply) or told_offset(reply) is not None)


def send_chunk(page: str, upload: Upload, file: MediaFile, offset: int, length: int) -> Call[Progress]:
    """A chunk of a chunked upload (D3). A wrong offset is answered with the right one, and that is an answer."""
    fields = {"upload_phase": "transfer", "upload_session_id": upload.session, "start_offset": str(offset)}
    piece = Piece(file=file, offset=offset, length=length)
    call = _send_file(
        "send chunk", f"{VIDEO_API}/{page}/videos", fields, "video_file_chunk", piece, read_chunk, Harmless(repeatable=False)
    )  # fmt: skip
    return _recognised(call, lambda reply: answered(reply) or subcode_of(reply) == NO_SESSION or bool(place_of(reply)))


def finish(name: str, url: str, fields: Fields, visible: Visible, read: Callable[[Reply], T]) -> Call[T]:
    """Finish an upload: with it, the video is before the audience."""
    return _form(name, url, {"upload_phase": "finish", **fields}, read, visible, cost=ONE_POST)


def post_to_feed(name: str, page: str, fields: Fields, visible: Visible) -> Call[str]:
    """A post of text, a link, or photos that were uploaded before (D1)."""
    return GRAPH.post(name, f"{API}/{page}/feed", fields, id_of, visible, cost=ONE_POST)


def publish_photo_story(name: str, page: str, photo: str, visible: Visible) -> Call[str]:
    """Show an unpublished photo as a story (D5)."""
    url = f"{API}/{page}/photo_stories"
    return GRAPH.post(name, url, {"photo_id": photo}, story_id_of, visible, cost=ONE_POST)


def edit(post: str, fields: Fields) -> Call[bool]:
    """Change what is said. Saying it twice changes nothing more."""
    return GRAPH.post("edit post", f"{API}/{post}", fields, read_success, Harmless())


def delete(post: str) -> Call[bool]:
    """Take a post away. A second time it is not found."""
    request = Request(method="DELETE", url=f"{API}/{post}")
    return GRAPH.call("delete post", request, read_success, Harmless())


# --- helpers ------------------------------------------------------------------------------------------------------------------


def _listing(name: str, url: str, *more: str) -> Call[Listing]:
    attached = "attachments{type,unshimmed_url,target{id,url},subattachments{type,target{id}}}"
    fields = ",".join(("id", "message", "created_time", "application", "permalink_url", attached, *more))
    return GRAPH.get(name, url, read_listing, fields=fields, limit=str(LISTED))


def _form(
    name: str, url: str, fields: Fields, read: Callable[[Reply], T], if_repeated: IfRepeated, *, cost: Cost | None = None
) -> Call[T]:  # fmt: skip
    body = urlencode({field: value for field, value in fields.items() if value is not None}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    request = Request(method="POST", url=url, headers=headers, body=body)
    return GRAPH.call(name, request, read, if_repeated, cost=cost)


def _send_file(
    name: str, url: str, fields: Mapping[str, str | None], part: str, piece: Piece, read: Callable[[Reply], T], if_repeated: IfRepeated
) -> Call[T]:  # fmt: skip
    """A form with a file in it. Its boundary is made of the file's own hash, which the file cannot hold."""
    boundary = f"waooaw-{piece.file.sha256}"
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    parts = [_part(boundary, f'name="{field}"', value) for field, value in fields.items() if value is not None]
    kind = piece.file.content_type or "application/octet-stream"
    opening = f'--{boundary}\r\nContent-Disposition: form-data; name="{part}"; filename="{part}"\r\nContent-Type: {kind}\r\n\r\n'
    body = Form(before="".join([*parts, opening]).encode(), file=piece, after=f"\r\n--{boundary}--\r\n".encode())
    return GRAPH.call(name, Request(method="POST", url=url, headers=headers, body=body), read, if_repeated)


def _part(boundary: str, named: str, value: str) -> str:
    return f"--{boundary}\r\nContent-Disposition: form-data; {named}\r\n\r\n{value}\r\n"


def _recognised(call: Call[T], recognise: Callable[[Reply], bool]) -> Call[T]:
    return replace(call, recognise=recognise)
