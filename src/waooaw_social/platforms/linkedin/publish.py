"""Publishing on LinkedIn: files are brought and uploaded before, so that one small call puts the post before its audience (contract 1.4).

Nothing is idempotent there but deleting. A post without media is known by its words alone: such posts have an audience, and one at a
time may be in doubt.
"""

from typing import Any

from waooaw_social.core.account import Account
from waooaw_social.core.ids import Audience
from waooaw_social.core.post import Content, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Flow, Visible, fetch, or_none, until_due
from waooaw_social.platforms.linkedin import calls, check, files, little
from waooaw_social.platforms.linkedin.account import speaks_for
from waooaw_social.platforms.linkedin.looking import Said, did_it_go_out
from waooaw_social.platforms.linkedin.manifest import DURATIONS, LOOK_AGAIN, PATIENCE
from waooaw_social.platforms.linkedin.replies import naming, went_out, what_of
from waooaw_social.platforms.linkedin.upload import Medium, Naming, rounds, uploaded


def publish(publication: Publication) -> Flow[Published]:
    """Any format, by an organization or a member."""
    check.refuse_bad(publication)
    author = yield from speaks_for(publication)
    media = yield from bring(publication.content)

    def once(named: Naming) -> Flow[str]:
        assets = yield from uploaded(named, author, media)
        yield from until_due()
        body = body_of(publication, author, media, assets)
        return (yield from calls.create_post(named("create post"), body, visible(body, assets)))

    urn = yield from (rounds(once) if media else once(str))
    return (yield from described(publication.format, urn))


def delete(account: Account, post: str) -> Flow[bool]:
    """Take a post away. True, also where it is gone already (1.4)."""
    del account
    if not check.POST_URN.fullmatch(post):
        raise Refused.content("invalid_post_id", "A post's id is its URN: urn:li:share:… or urn:li:ugcPost:…", field="post_id")  # fmt: skip
    yield from calls.delete(post)
    return True


def bring(content: Content) -> Flow[tuple[Medium, ...]]:
    """All files here, and checked, before the first one leaves."""
    media: list[Medium] = []
    for number, picture in enumerate(check.pictures_of(content), 1):
        file = yield from fetch(f"image file {number}", picture.source)
        files.image(file)
        media.append(Medium(kind="image", file=file, alt_text=picture.alt_text))
    for kind, judge, sources in (
        ("video", files.video, check.videos_of(content)),
        ("document", files.document, check.documents_of(content)),
        ("image", files.cover, (content.cover,) if content.cover else ()),
    ):
        for source in sources:
            file = yield from fetch(f"{kind} file", source)
            judge(file)
            media.append(Medium(kind=kind, file=file))
    return tuple(media)


def visible(body: dict[str, Any], assets: tuple[str, ...]) -> Visible:
    """A post of media is known by an asset of its own; an article's picture is one, too."""
    kind, about = what_of(body)
    held = frozenset(assets) if kind == "media" else frozenset[str]()
    said = Said(author=body["author"], kind=kind, commentary=body["commentary"], assets=held, about=about)
    return Visible(
        reconcile=lambda asked: did_it_go_out(asked, said),
        published=went_out,
        audience=None if held else Audience(f"linkedin:{said.author}"),
        look_again=LOOK_AGAIN,
        patience=PATIENCE,
    )


# --- what is said -------------------------------------------------------------------------------------------------------------


def body_of(publication: Publication, author: str, media: tuple[Medium, ...], assets: tuple[str, ...]) -> dict[str, Any]:  # fmt: skip
    """The post as LinkedIn takes it."""
    said = publication.content
    content = content_of(publication, media, assets)
    reshared = {"reshareContext": {"parent": said.options[check.PARENT]}} if publication.format == "reshare" else {}
    return {
        "author": author,
        "commentary": little.written(said.text or ""),
        "visibility": check.PRIVACY[said.privacy],
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        **({"content": content} if content else {}),
        **reshared,
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": said.options.get(check.NO_RESHARES) is True,
    }


def content_of(publication: Publication, media: tuple[Medium, ...], assets: tuple[str, ...]) -> dict[str, Any]:
    """One kind of content, or none: a text alone and a reshare have none."""
    said = publication.content
    if publication.format == "poll":
        return {"poll": _poll(said)}
    if said.link:
        return {"article": _article(said, assets)}
    if not assets:
        return {}
    shown = [
        {"id": urn, **({"altText": medium.alt_text} if medium.alt_text else {})}
        for urn, medium in zip(assets, media, strict=True)
    ]
    if len(shown) > 1:
        return {"multiImage": {"images": shown}}
    return {"media": {**shown[0], **({"title": said.title} if said.title else {})}}


def _article(said: Content, assets: tuple[str, ...]) -> dict[str, Any]:
    return {
        "source": said.link,
        "title": check.title_of(said),
        **({"description": said.description} if said.description else {}),
        **({"thumbnail": assets[0]} if assets else {}),
    }


def _poll(said: Content) -> dict[str, Any]:
    return {
        "question": said.options[check.QUESTION],
        "options": [{"text": answer} for answer in check.answers_of(said) or ()],
        "settings": {"duration": DURATIONS[int(said.options.get(check.DAYS, 3))]},
    }


NOT_YET = {
    "PUBLISH_REQUESTED": "LinkedIn has taken the post and shows it once it is done with the video.",
    "PUBLISH_FAILED": "LinkedIn has taken the post, and says that it could not show it: look at it there.",
}


def described(format: str, urn: str) -> Flow[Published]:
    """With a note where LinkedIn does not show it yet: only videos take their time (1.4)."""
    published = went_out(naming(urn))
    state = (yield from or_none(calls.lifecycle(urn))) if format == "video" else None
    note = NOT_YET.get(state or "")
    return Published(post_id=published.post_id, post_url=published.post_url, notes=(note,) if note else ())
