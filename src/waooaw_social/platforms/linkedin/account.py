"""Whom a connection speaks for, and what it is good for: its token, its organization, and the member's role (contract 1.2, 1.7).

The token is a member's, never an organization's: whoever leaves, or loses the role, takes the right to post along while the token lives
on. So the role is looked up before every post of an organization, and a missing one waits for somebody to give it back.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from waooaw_social.core.account import Account
from waooaw_social.core.post import Content
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Refused, Scope
from waooaw_social.platforms.call import Call, Flow, Reply, or_none
from waooaw_social.platforms.kit import CredentialReport
from waooaw_social.platforms.linkedin import calls
from waooaw_social.platforms.linkedin.author import MEMBER, PERSON, Unsaid, author_of, is_organization
from waooaw_social.platforms.linkedin.errors import MISSING_PERMISSION, NOT_FOUND, RECONNECT
from waooaw_social.platforms.linkedin.manifest import (
    LINKEDIN,
    MEMBER_SCOPES,
    ORGANIZATION_SCOPES,
    POSTING_ROLES,
    ROLE_KEPT,
)
from waooaw_social.platforms.linkedin.replies import Roles, read_roles
from waooaw_social.platforms.linkedin.tokens import TokenFacts, about_token

T = TypeVar("T")
DAY = 24 * 3600.0


def speaks_for(publication: Publication) -> Flow[str]:
    """The author's URN. Waits where the member has no role in the organization that lets it post."""
    author = author_of(publication.account, publication.content)
    if isinstance(author, Refusal):
        raise Refused(author)
    if isinstance(author, Unsaid):
        if publication.account.metadata.get("author_kind", MEMBER) != MEMBER:
            raise Refused(UNNAMED)
        return f"{PERSON}{(yield from calls.member()).id}"
    if is_organization(author):
        yield from may_post(author)
    return author


def may_post(organization: str) -> Call[Roles | None]:
    """An answer where the role is there, or cannot be told: then the post itself is the question. A missing role is a no that waits."""
    asked = calls.roles(kept_for=ROLE_KEPT)

    def recognise(reply: Reply) -> bool:
        if reply.status != 200:
            return reply.status == 403
        roles = read_roles(reply)
        return not roles.whole or _role_missing(roles, organization) is None

    def explain(reply: Reply) -> Refusal:
        missing = _role_missing(read_roles(reply), organization) if reply.status == 200 else None
        return missing or asked.explain(reply)

    def read(reply: Reply) -> Roles | None:
        return read_roles(reply) if reply.status == 200 else None

    return Call(
        name=asked.name, request=asked.request, read=read, explain=explain, if_repeated=asked.if_repeated, cost=asked.cost,
        recognise=recognise,
    )  # fmt: skip


def _role_missing(roles: Roles, organization: str) -> Refusal | None:
    held = roles.among(organization)
    if any(row.role in POSTING_ROLES and row.state == "APPROVED" for row in held):
        return None
    what = ", ".join(f"{row.role} ({row.state})" for row in held) or "none"
    return Refusal(
        code="role_missing",
        message=f"The member's role in {organization} does not let it post; it has {what}.",
        reaction=Reaction.CURE,
        scope=Scope.ACCOUNT,
        cure=Cure.RECONNECT,
        field="role",
        remediation="Ask an administrator of the organization for the role of content administrator, or let one of them connect.",
    )


UNNAMED = Refusal(
    code="organization_required",
    message="The connection does not say which organization it is for.",
    scope=Scope.ACCOUNT,
    cure=Cure.RECONNECT,
    field="posting_identity",
    remediation="Connect the organization again, with its id as posting identity.",
)


# --- inspecting ---------------------------------------------------------------------------------------------------------------


def inspect(account: Account) -> Flow[CredentialReport]:
    """Token, organization, role and permissions; each that is missing is a problem of its own."""
    author = author_of(account, Content())
    if isinstance(author, Refusal):
        return CredentialReport(platform=LINKEDIN, identity=None, title=None, problems=(author,))
    try:
        if isinstance(author, str) and is_organization(author):
            title, problems = yield from _of_organization(author)
        else:
            author, title, problems = yield from _of_member(account, author)
    except Refused as no:
        return CredentialReport(platform=LINKEDIN, identity=None, title=None, problems=(no.refusal,))
    token = yield from or_none(about_token())
    needed = ORGANIZATION_SCOPES if author and is_organization(author) else MEMBER_SCOPES
    lacking = tuple(_lacking(token, needed))
    told = tuple(problem for problem in problems if not (lacking and problem.code == MISSING_PERMISSION))
    return CredentialReport(
        platform=LINKEDIN, identity=author, title=title, problems=(*lacking, *told), facts=_facts(token)
    )


def _of_organization(organization: str) -> Flow[tuple[str | None, tuple[Refusal, ...]]]:
    roles = yield from _forbidden_or(calls.roles())
    if isinstance(roles, Refusal):
        return None, (roles,)
    title = yield from _forbidden_or(calls.organization_name(organization))
    if isinstance(title, Refusal):
        return None, (title,)
    missing = _role_missing(roles, organization) if roles.whole else None
    return title, (missing,) if missing else ()


def _of_member(account: Account, author: str | Unsaid) -> Flow[tuple[str | None, str | None, tuple[Refusal, ...]]]:
    """The name needs a permission that posting does not: without it the member is who was connected."""
    who = yield from _forbidden_or(calls.member())
    known = author if isinstance(author, str) else None
    if isinstance(who, Refusal):
        return known, None, () if known else (who,)
    if account.metadata.get("author_kind", MEMBER) != MEMBER:
        return None, who.name, (UNNAMED,)
    found = f"{PERSON}{who.id}"
    return found, who.name, (_another(found, known),) if known not in {None, found} else ()


def _forbidden_or(call: Call[T]) -> Flow[T | Refusal]:
    """What the call says, or the refusal where it is forbidden or there is nothing: a fact about the connection, and nothing to wait for."""

    def read(reply: Reply) -> T | Refusal:
        return _read_or_no(call, reply)

    return (
        yield from Call(
            name=call.name, request=call.request, read=read, explain=call.explain, if_repeated=call.if_repeated, cost=call.cost,
            answers=call.answers | {403, 404},
        )
    )  # fmt: skip


def _read_or_no(call: Call[T], reply: Reply) -> T | Refusal:
    if reply.status not in {403, 404}:
        return call.read(reply)
    refusal = call.explain(reply)
    if refusal.code != NOT_FOUND:
        return refusal
    return replace(refusal, code="organization_not_found", scope=Scope.ACCOUNT, cure=Cure.RECONNECT, field="posting_identity",
                   message="LinkedIn does not know this organization.", remediation=RECONNECT)  # fmt: skip


def _lacking(token: TokenFacts | None, needed: tuple[str, ...]) -> Iterator[Refusal]:
    """Scopes are all or nothing on the consent screen (1.1): one that is missing was never asked for, or the app may not have it."""
    if token is None or not token.active:
        return
    for scope in needed:
        if scope not in token.scopes:
            yield Refusal(
                code=MISSING_PERMISSION,
                message=f"The connection lacks the permission {scope}.",
                reaction=Reaction.CURE,
                scope=Scope.CREDENTIAL,
                cure=Cure.RECONNECT,
                field=scope,
                remediation="Connect the account again; the app must have been granted this permission by LinkedIn.",
            )


def _facts(token: TokenFacts | None) -> dict[str, str]:
    """When the customer has to consent anew: a year after the last time, whatever was refreshed since (1.1)."""
    if token is None:
        return {}
    facts = {"token": token.status, "scopes": " ".join(sorted(token.scopes))}
    if token.consent_ends_at is not None:
        facts["consent_ends"] = f"{datetime.fromtimestamp(token.consent_ends_at, UTC):%Y-%m-%d}"
    if token.consent_ends_at is not None and token.now is not None:
        facts["consent_days_left"] = str(int((token.consent_ends_at - token.now) // DAY))
    return facts


def _another(found: str, wanted: str | None) -> Refusal:
    return Refusal(
        code="wrong_member",
        message=f"The token speaks for {found}, and not for {wanted}.",
        scope=Scope.ACCOUNT,
        cure=Cure.RECONNECT,
        field="posting_identity",
        remediation="Connect the account again, logged in as the right member.",
    )
