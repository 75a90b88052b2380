"""Photos and photo stories: by URL or as a file, published at once, scheduled, or kept for a post to come (contract meta D2, D5)."""

from waooaw_sandbox.facebook.objects import Photo
from waooaw_sandbox.facebook.posts import check_message, new_post, timing
from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.fetch import Unfetched, fetch
from waooaw_sandbox.meta.pictures import picture_in
from waooaw_sandbox.meta.state import Blob


async def post_photo(ask: Ask) -> Json:
    page, caption = ask.page(), ask.text("caption") or ask.text("message") or ask.text("name")
    published, scheduled_at = timing(ask)
    check_message(ask, page.id, caption)
    photo = Photo(
        id=ask.meta.new_id(start="122", length=15),
        platform="facebook",
        identity=page.id,
        made_at=ask.now,
        blob=await picture(ask),
        caption=caption,
        alt_text=ask.text("alt_text_custom"),
        ends_at=ask.meta.later(ask.knobs.number("unpublished_photo_seconds")),
    )
    ask.meta.keep(photo)
    answer: Json = {"id": photo.id}
    if published or scheduled_at is not None:
        post = new_post(ask, "photo", caption, published=published, scheduled_at=scheduled_at, photos=[photo])
        ask.delay(post)
        answer["post_id"] = post.id
    elif ask.knobs.flag("shadow_post"):
        answer["post_id"] = f"{page.id}_{photo.id}"
    return ask.created(photo, answer)


async def picture(ask: Ask) -> Blob:
    """The file sent along, or what is found at `url`."""
    blob = next(iter(ask.files.values()), None)
    if blob is None:
        if not ask.text("url"):
            raise ask.refused("324")
        most = ask.knobs.count("photo_bytes") + 1
        got = await fetch(ask, ask.text("url"), most=most, range_knob="photo_fetch_range")
        if isinstance(got, Unfetched):
            raise ask.refused("324")
        blob = got
    if blob.size > ask.knobs.count("photo_bytes"):
        raise ask.refused("100/1366046")
    found = picture_in(blob.path)
    if found is None:
        raise ask.refused("324")
    blob.content_type = f"image/{found.kind}"
    return blob


async def post_photo_story(ask: Ask) -> Json:
    """Of a photo that was uploaded unpublished and is not used yet."""
    photo = ask.node(Photo, ask.need("photo_id"), fresh=True)
    if photo.post is not None:
        raise ask.refused("100/1366051")
    if photo.ends_at <= ask.now:
        raise ask.missing(photo.id)
    post = new_post(ask, "story", "", photos=[photo])
    ask.delay(post)
    numeric = ask.knobs.flag("numeric_story_post_id")
    return {"success": True, "post_id": int(post.id) if numeric else post.id}
