"""Posts of text, of a link, of photos: everything is uploaded before, so that the one visible call is small (contract meta D1, D2)."""

from datetime import UTC, datetime
from typing import Any

from waooaw_social.core.ids import Audience, RemoteId
from waooaw_social.core.post import Content, Item, MediaFile, Published
from waooaw_social.core.publication import Publication
from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, Visible, fetch, or_none, until_due
from waooaw_social.platforms.facebook import calls, check, looking
from waooaw_social.platforms.facebook.account import verified_page
from waooaw_social.platforms.facebook.manifest import LOOK_AGAIN, PATIENCE
from waooaw_social.platforms.facebook.rounds import Naming, rounds
from waooaw_social.platforms.graph.calls import id_of


def publish(publication: Publication) -> Flow[Published]:
    """Post a text, a link, or photos with a text."""
    check.refuse_bad(publication)
    content = publication.content
    page = yield from verified_page(publication.account)
    pictures = check.pictures_of(content)
    files = yield from bring(pictures)
    app = publication.account.metadata.get("app_id")

    def once(named: Naming) -> Flow[str]:
        photos = yield from upload(named, page.id, pictures, files)
        yield from until_due()
        fields = fields_of(content, photos)
        return (
            yield from calls.post_to_feed(
                named("publish post"), page.id, fields, visible(page.id, content, photos, app)
            )
        )

    post = yield from (rounds(once) if pictures else once(str))
    return (yield from described(post, notes_of(content)))


def bring(pictures: tuple[Item, ...]) -> Flow[tuple[MediaFile, ...]]:
    """All of them here, and checked, before the first one leaves."""
    files: list[MediaFile] = []
    for number, picture in enumerate(pictures, 1):
        files.append((yield from fetch(f"photo file {number}", picture.source)))
        check.photo(files[-1])
    return tuple(files)


def upload(named: Naming, page: str, pictures: tuple[Item, ...], files: tuple[MediaFile, ...]) -> Flow[tuple[str, ...]]:
    """The ids of photos that nobody sees yet."""
    ids: list[str] = []
    for number, (picture, file) in enumerate(zip(pictures, files, strict=True), 1):
        ids.append((yield from calls.upload_photo(named(f"photo {number}"), page, file, picture.alt_text)))
    return tuple(ids)


def visible(page: str, content: Content, photos: tuple[str, ...], app: str | None) -> Visible:
    """Words are all that a text is known by. Photos are known by their ids, and are listed where texts are looked for."""
    said = looking.Said.of(content, app)

    def reconcile(asked: Asked) -> Flow[Reply | Verdict]:
        if photos:
            return looking.for_photos(asked, page, photos, said.due_at)
        return looking.for_words(asked, page, said)

    return Visible(
        reconcile=reconcile,
        published=lambda reply: Published(post_id=RemoteId(id_of(reply)), notes=notes_of(content)),
        audience=Audience(f"facebook:{page}"),
        look_again=LOOK_AGAIN,
        patience=PATIENCE,
    )


def fields_of(content: Content, photos: tuple[str, ...]) -> dict[str, Any]:
    """The fields of `/feed`; those that are None are left out. A scheduled post is published by Facebook itself (D1)."""
    at = check.schedule_of(content)
    return {
        "message": content.text or None,
        "link": content.link,
        "attached_media": [{"media_fbid": photo} for photo in photos] or None,
        "published": False if at else None,
        check.SCHEDULE: at,
    }


def notes_of(content: Content) -> tuple[str, ...]:
    """A post that waits with Facebook is handed over; nobody sees it yet."""
    at = check.schedule_of(content)
    when = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""
    return (f"Facebook publishes it by itself at {when}.",) if when else ()


def described(thing: str, notes: tuple[str, ...]) -> Flow[Published]:
    """With its address, where the platform tells it."""
    url = yield from or_none(calls.permalink(thing))
    return Published(post_id=RemoteId(thing), post_url=url, notes=notes)
