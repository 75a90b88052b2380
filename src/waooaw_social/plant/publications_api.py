"""What may be done with accepted publications over HTTP: see, list, take back, change, submit a draft, settle.

An id outside of the key's reach is an id that does not exist. What was done is told with the publication as it stands afterwards.
"""

import base64
import json
import math
from dataclasses import replace
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, Query, Request

from waooaw_social.core.post import ADDRESSEE
from waooaw_social.core.publication import Publication, State
from waooaw_social.plant.bodies import ChangeBody, ListQuery, ResolveBody
from waooaw_social.plant.door import CANCEL, PUBLISH, READ, Agent, may, may_write, reach_of
from waooaw_social.plant.models import content_of
from waooaw_social.plant.problems import PROBLEMS, has_ended, not_accepted, too_late, unknown_media
from waooaw_social.plant.publishing import NotAccepted, Publishing
from waooaw_social.plant.views import PublicationPage, PublicationView, summary, view
from waooaw_social.storage.api_keys import ApiKey
from waooaw_social.storage.plant.changing import Field, SqlChanges, Verdict
from waooaw_social.storage.plant.listing import After, By, Filter, SqlListing
from waooaw_social.storage.plant.media import UnknownMedia
from waooaw_social.storage.plant.publications import SqlPublications
from waooaw_social.storage.plant.settling import Decision, Settled, Settlement, SqlSettling
from waooaw_social.web.edge import request_id, tell
from waooaw_social.web.problem import Problem, not_found

log = structlog.get_logger(__name__)


def add_routes(app: FastAPI) -> None:
    one = "/api/v1/publications/{publication_id}"
    routes: tuple[tuple[str, str, Any, str], ...] = (
        ("GET", "/api/v1/publications", page, "Publications, a page at a time"),
        ("GET", one, show, "Where a publication stands, and how it came there"),
        ("PATCH", one, change, "Another time or another content, before it starts"),
        ("DELETE", one, cancel, "Take it back, if nothing of it may be out"),
        ("POST", f"{one}/cancel", cancel, "The same as DELETE"),
        ("POST", f"{one}/submit", release, "Submit a draft"),
        ("POST", f"{one}/resolve", resolve, "Settle an unresolved one by hand"),
    )
    for method, path, does, says in routes:
        name = f"{does.__name__}_{method.lower()}"
        app.add_api_route(path, does, methods=[method], responses=PROBLEMS, summary=says, operation_id=name)


async def show(publication_id: str, who: Agent, request: Request) -> PublicationView:
    may(who, READ)
    return await _shown(publication_id, who, request)


async def page(asked: Annotated[ListQuery, Query()], who: Agent, request: Request) -> PublicationPage:
    """What comes while one turns pages moves nothing: a page begins where the last one ended."""
    may(who, READ)
    listing: SqlListing = request.app.state.listing
    wanted = Filter(
        states=asked.state,
        platforms=asked.platform,
        credential_refs=asked.credential_ref,
        order_id=asked.order_id,
        agent_id=asked.agent_id,
        correlation_id=asked.correlation_id,
        created_from=asked.created_from.timestamp() if asked.created_from else None,
        created_until=asked.created_until.timestamp() if asked.created_until else None,
        publish_from=asked.publish_from.timestamp() if asked.publish_from else None,
        publish_until=asked.publish_until.timestamp() if asked.publish_until else None,
    )
    after = read_cursor(asked.cursor, asked.order) if asked.cursor else None
    rows, end = await listing.page(reach_of(who), wanted, by=asked.order, most=asked.limit, after=after)
    cursor = write_cursor(end, asked.order) if end else None
    return PublicationPage(publications=[summary(row) for row in rows], next_cursor=cursor)


async def cancel(publication_id: str, who: Agent, request: Request) -> PublicationView:
    """The answer is the truth: `cancelled`, and nothing of it goes out; or 409 `too_late`, because something may be out."""
    may(who, CANCEL)
    verdict = await _changes(request).cancel(reach_of(who), publication_id)
    return await _done(verdict, "publication_cancelled", publication_id, who, request)


async def change(publication_id: str, body: ChangeBody, who: Agent, request: Request) -> PublicationView:
    """What was prepared for the old one is made anew. 409 `too_late` from the moment on at which something may be out."""
    standing = await _changes(request).standing(reach_of(who), publication_id)
    may_write(who, draft=standing is None or standing.state is State.DRAFT)
    if standing is None:
        raise not_found("publication")
    new, fields = changed(standing.publication, body)
    await _check(new, request)
    try:
        only_draft = PUBLISH not in who.scopes
        verdict = await _changes(request).change(reach_of(who), new, fields, only_draft=only_draft)
    except UnknownMedia:
        raise unknown_media() from None
    if verdict is Verdict.SUBMITTED:  # since we looked
        may_write(who, draft=False)
    return await _done(verdict, "publication_changed", publication_id, who, request)


async def release(publication_id: str, who: Agent, request: Request) -> PublicationView:
    """From here on it is done at its time. It is checked once more, as on the day that it was written."""
    may(who, PUBLISH)
    standing = await _changes(request).standing(reach_of(who), publication_id)
    if standing and standing.state is State.DRAFT:
        await _check(standing.publication, request)
    verdict = await _changes(request).release(reach_of(who), publication_id)
    return await _done(verdict, "draft_submitted", publication_id, who, request)


async def resolve(publication_id: str, body: ResolveBody, who: Agent, request: Request) -> PublicationView:
    """Says what nobody could tell: it went out with this id; or it did not, and is sent again or given up. Kept with who said it."""
    may(who, PUBLISH)
    settling: SqlSettling = request.app.state.settling
    settlement = Settlement(
        decision=Decision.PUBLISHED if body.outcome == "published" else Decision(body.then or ""),
        post_id=body.post_id,
        post_url=body.post_url,
        note=body.note,
        person=body.by,
        api_key=who.id,
        agent_id=who.agent_id,
        request_id=request_id(request),
    )
    settled = await settling.settle(reach_of(who), publication_id, settlement)
    match settled:
        case None:
            raise not_found("publication")
        case Settled.TAKEN:
            detail = "This post is another publication's."
            raise Problem(status=409, code="post_taken", detail=detail, field="post_id", remediation=LOOK_CLOSER)
        case Settled.NOT_UNRESOLVED:
            detail = "The publication is not unresolved: there is nothing to decide."
            raise Problem(status=409, code="not_unresolved", detail=detail, remediation="See where it stands with GET.")
        case Settled.DONE:
            return await _done(Verdict.DONE, f"settled_{settlement.decision}", publication_id, who, request)


LOOK_CLOSER = "Look at the account again: give the id of the post that has this content."


def _changes(request: Request) -> SqlChanges:
    return request.app.state.changes


async def _shown(publication_id: str, who: ApiKey, request: Request) -> PublicationView:
    store: SqlPublications = request.app.state.store
    row = await store.shown(reach_of(who), publication_id)
    if row is None:
        raise not_found("publication")
    tell(request, publication=row["id"], correlation=row["correlation_id"])
    return view(row)


async def _done(
    verdict: Verdict | None, what: str, publication_id: str, who: ApiKey, request: Request
) -> PublicationView:
    if verdict is None:
        raise not_found("publication")
    shown = await _shown(publication_id, who, request)
    if verdict is Verdict.TOO_LATE:
        raise too_late(shown.state)
    if verdict is Verdict.ENDED:
        raise has_ended(shown.state)
    if verdict is Verdict.DONE:
        request.app.state.wake()
        told = {"agent": who.agent_id, "correlation": shown.correlation_id, "request_id": request_id(request)}
        log.info(what, publication=shown.id, key=who.id, **told)
    return shown


def changed(old: Publication, body: ChangeBody) -> tuple[Publication, frozenset[Field]]:
    said, new, fields = body.model_fields_set, old, set[Field]()
    if body.content is not None:
        content = content_of(body.content)
        addressed = {name: value for name, value in old.content.options.items() if name == ADDRESSEE}
        content = replace(content, options={**addressed, **content.options})  # other words go to the same person
        new, fields = replace(new, content=content), fields | {Field.CONTENT}
    if "publish_at" in said:
        new, fields = replace(new, publish_at=body.moment(), spread=body.spread), fields | {Field.PUBLISH_AT}
    if "late_policy" in said:
        late = body.late_policy.late_by_most if body.late_policy else None
        new, fields = replace(new, late_by_most=late), fields | {Field.LATE_BY_MOST}
    return new, frozenset(fields)


async def _check(publication: Publication, request: Request) -> None:
    publishing: Publishing = request.app.state.publishing
    try:
        problems = await publishing.problems(0, publication)
    except UnknownMedia:
        raise unknown_media() from None
    if problems:
        raise not_accepted(NotAccepted(problems))


def write_cursor(end: After, by: By) -> str:
    return base64.urlsafe_b64encode(json.dumps([by.value, end.value, end.id]).encode()).decode()


def read_cursor(cursor: str, by: By) -> After:
    """Raises a problem where it is none of ours, or one of another order."""
    try:
        said, value, last = json.loads(base64.urlsafe_b64decode(cursor))
        if said == by.value and math.isfinite(float(value)) and isinstance(last, str) and last.isascii():
            return After(value=float(value), id=last.replace("\0", ""))
    except (ValueError, TypeError, RecursionError, OverflowError):
        pass
    raise Problem(
        status=422,
        code="invalid_cursor",
        detail="The cursor is not one of this list.",
        field="cursor",
        remediation="Begin with the first page; keep order and filters the same from page to page.",
    )
