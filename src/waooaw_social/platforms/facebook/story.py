"""Stories: a photo that was uploaded unseen and is then shown, or a video that is sent, waited for, and finished (contract meta D5)."""

from collections.abc import Callable

from waooaw_social.core.ids import RemoteId
from waooaw_social.core.post import Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, Visible, fetch, or_none, until_due
from waooaw_social.platforms.facebook import calls, check, feed, looking, upload
from waooaw_social.platforms.facebook.account import verified_page
from waooaw_social.platforms.facebook.manifest import LOOK_AGAIN, PATIENCE
from waooaw_social.platforms.facebook.replies import story_id_of
from waooaw_social.platforms.facebook.rounds import Naming, rounds
from waooaw_social.platforms.graph.facts import API


def publish(publication: Publication) -> Flow[Published]:
    """Show a photo, or a video of at most a minute, for a day."""
    check.refuse_bad(publication)
    page = yield from verified_page(publication.account)
    show = show_photo if check.pictures_of(publication.content) else show_video
    post = yield from show(page.id, publication)
    return (yield from described(page.id, post))


def show_photo(page: str, publication: Publication) -> Flow[str]:
    pictures = check.pictures_of(publication.content)
    files = yield from feed.bring(pictures)

    def once(named: Naming) -> Flow[str]:
        (photo,) = yield from feed.upload(named, page, pictures, files)
        yield from until_due()
        handle = visible(lambda asked: looking.for_photo_story(asked, page, photo))
        return (yield from calls.publish_photo_story(named("publish story"), page, photo, handle))

    return (yield from rounds(once))


def show_video(page: str, publication: Publication) -> Flow[str]:
    file = yield from fetch("video file", check.video_of(publication.content))
    check.story(file)
    url = f"{API}/{page}/video_stories"

    def once(named: Naming) -> Flow[str]:
        opened = yield from calls.start(named("open upload"), url)
        yield from upload.stream(opened, file)
        yield from upload.until_uploaded(opened)
        yield from until_due()
        handle = visible(lambda asked: looking.for_video_story(asked, page, opened.video))
        return (yield from calls.finish(named("finish upload"), url, {"video_id": opened.video}, handle, story_id_of))

    return (yield from rounds(once))


def visible(reconcile: Callable[[Asked], Flow[Reply | Verdict]]) -> Visible:
    """A photo's or video's id is an exact handle: no audience."""
    return Visible(
        reconcile=reconcile,
        published=lambda reply: Published(post_id=RemoteId(story_id_of(reply))),
        look_again=LOOK_AGAIN,
        patience=PATIENCE,
    )


def described(page: str, post: str) -> Flow[Published]:
    """With its address, where the Page's stories tell it."""
    listed = yield from or_none(calls.stories(page))
    url = next((story.url for story in listed or () if story.post == post and story.url), None)
    return Published(post_id=RemoteId(post), post_url=url)
