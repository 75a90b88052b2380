"""Videos and reels: sent first, finished by one small visible call, known by their own id from the start (contract meta D3, D4).

A video goes in chunks, because only that way of uploading takes a Page's token and tells the video's id beforehand.
"""

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Content, Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Flow, Visible, fetch, until_due
from waooaw_social.platforms.facebook import calls, check, looking, upload
from waooaw_social.platforms.facebook.account import verified_page
from waooaw_social.platforms.facebook.feed import described, notes_of
from waooaw_social.platforms.facebook.manifest import LOOK_AGAIN, PATIENCE, VIDEO_API
from waooaw_social.platforms.facebook.replies import Upload, read_success
from waooaw_social.platforms.facebook.rounds import Naming, rounds
from waooaw_social.platforms.graph.facts import API


def publish(publication: Publication) -> Flow[Published]:
    """Publish a video of any shape."""
    check.refuse_bad(publication)
    content = publication.content
    page = yield from verified_page(publication.account)
    file = yield from fetch("video file", check.video_of(content))
    check.video(file)
    url, at = f"{VIDEO_API}/{page.id}/videos", check.schedule_of(content)

    def once(named: Naming) -> Flow[str]:
        opened = yield from calls.start(named("open upload"), url, file_size=str(file.size))
        yield from upload.chunks(page.id, opened, file)
        yield from until_due()
        when = {"published": "false", check.SCHEDULE: str(at)} if at else {}
        fields = {"upload_session_id": opened.session, **words_of(content), **when}
        handle = visible(page.id, opened, content)
        yield from calls.finish(named("finish upload"), url, fields, handle, read_success)
        return opened.video

    video = yield from rounds(once)
    return (yield from described(video, notes_of(content)))


def publish_reel(publication: Publication) -> Flow[Published]:
    """Publish a reel: upright, 3 to 90 seconds."""
    check.refuse_bad(publication)
    content = publication.content
    page = yield from verified_page(publication.account)
    file = yield from fetch("video file", check.video_of(content))
    check.reel(file)
    url, at = f"{API}/{page.id}/video_reels", check.schedule_of(content)

    def once(named: Naming) -> Flow[str]:
        opened = yield from calls.start(named("open upload"), url)
        yield from upload.stream(opened, file)
        yield from upload.until_uploaded(opened)
        yield from until_due()
        when = {"video_state": "SCHEDULED", check.SCHEDULE: str(at)} if at else {"video_state": "PUBLISHED"}
        fields = {"video_id": opened.video, **words_of(content), **when}
        handle = visible(page.id, opened, content)
        yield from calls.finish(named("finish upload"), url, fields, handle, read_success)
        return opened.video

    video = yield from rounds(once)
    return (yield from described(video, notes_of(content)))


def words_of(content: Content) -> dict[str, str | None]:
    return {"title": content.title or None, "description": check.description_of(content) or None}


def visible(page: str, opened: Upload, content: Content) -> Visible:
    """The video's id is an exact handle, and the answer need not name it: it is the post's id for us from the start."""
    return Visible(
        reconcile=lambda asked: looking.for_video(asked, page, opened.video, check.schedule_of(content)),
        published=lambda _: Published(post_id=RemoteId(opened.video), notes=notes_of(content)),
        look_again=LOOK_AGAIN,
        patience=PATIENCE,
    )
