"""Reading posts back: one, several, or an author's (contract linkedin 1.4). Member posts need a scope that new apps do not get.

`commentary` comes back in canonical form, so it is not the text that was sent: a hashtag is a template. `viewContext=AUTHOR` also
shows what is not published yet.
"""

from urllib.parse import quote

from waooaw_sandbox.kit import Answer, Json
from waooaw_sandbox.linkedin import restli
from waooaw_sandbox.linkedin.ask import Ask
from waooaw_sandbox.linkedin.errors import api_error, refuse
from waooaw_sandbox.linkedin.posts import POST_URN, wanted
from waooaw_sandbox.linkedin.state import Post, millis

STATES = {"PROCESSING": "PROCESSING", "WAITING_UPLOAD": "PENDING", "PROCESSING_FAILED": "FAILED"}


async def get(ask: Ask) -> Answer:
    post = wanted(ask, ask.keys["urn"])
    if not ask.may_read(post.author):
        raise ask.denied()
    if not shown(ask, post):
        raise refuse("NOT_FOUND")
    return Answer(200, only(ask, resource(ask, post)))


async def batch_get(ask: Ask) -> Answer:
    """Per URN a result or an error, keyed as it was asked for: encoded."""
    if ask.state.knobs.flag("development_tier"):
        raise ask.denied()
    results: Json = {}
    errors: Json = {}
    statuses: Json = {}
    for urn in restli.list_of(ask.query, "ids"):
        key, post = quote(urn, safe=""), ask.state.posts.get(urn)
        if post is None or not POST_URN.fullmatch(urn) or not shown(ask, post):
            errors[key], statuses[key] = api_error("NOT_FOUND").body, 404
        elif not ask.may_read(post.author):
            errors[key], statuses[key] = ask.denied().answer.body, 403
        else:
            results[key], statuses[key] = only(ask, resource(ask, post)), 200
    return Answer(200, {"results": results, "statuses": statuses, "errors": errors})


async def by_author(ask: Ask) -> Answer:
    author, order = ask.text("author"), ask.text("sortBy", "LAST_MODIFIED")
    if not author or order not in ("LAST_MODIFIED", "CREATED"):
        raise refuse("PARAM_INVALID")
    if not ask.may_read(author):
        raise ask.denied()
    start, count = ask.paging()
    now = ask.state.clock.now()
    posts = [p for p in ask.state.posts_by(author) if p.listed_at <= now and shown(ask, p, fresh=True)]
    posts.sort(key=lambda post: post.modified_at if order == "LAST_MODIFIED" else post.made_at, reverse=True)
    elements = [only(ask, resource(ask, post)) for post in posts[start : start + count]]
    return Answer(200, {"paging": paging(ask, len(posts), start, count), "elements": elements})


def paging(ask: Ask, total: int, start: int, count: int) -> Json:
    """The link to the next page is a path, without the host."""
    links: list[Json] = []
    if start + count < total:
        place = {"start": str(start + count), "count": str(count)}
        given = {name: value for name, value in ask.query.items() if isinstance(value, str)} | place
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(given.items()))
        links.append({"type": "application/json", "rel": "next", "href": f"{ask.call.path}?{query}"})
    told = {"total": total} if ask.state.knobs.flag("finder_total") else {}
    return {"start": start, "count": count, "links": links} | told


def shown(ask: Ask, post: Post, *, fresh: bool = False) -> bool:
    """With `fresh` also posts that a GET by URN does not know yet."""
    now = ask.state.clock.now()
    if post.deleted or (now < post.known_at and not fresh):
        return False
    return ask.text("viewContext") == "AUTHOR" or post.lifecycle(now) == "PUBLISHED"


def resource(ask: Ask, post: Post) -> Json:
    now = ask.state.clock.now()
    lifecycle = post.lifecycle(now)
    busy = [STATES[s] for a in post.assets if (s := a.status(now)) in STATES]
    published = {"publishedAt": millis(post.published_at())} if lifecycle == "PUBLISHED" else {}
    return (
        {"isReshareDisabledByAuthor": False}
        | post.sent
        | {
            "id": post.urn,
            "commentary": post.text.canonical,
            "createdAt": millis(post.made_at),
            "lastModifiedAt": millis(post.modified_at),
            "lifecycleState": lifecycle,
            "lifecycleStateInfo": {"isEditedByAuthor": post.edited} | ({"contentStatus": busy[0]} if busy else {}),
        }
        | published
    )


def only(ask: Ask, whole: Json) -> Json:
    """The fields asked for, or all."""
    fields = ask.text("fields")
    return {name: whole[name] for name in fields.split(",") if name in whole} if fields else whole
