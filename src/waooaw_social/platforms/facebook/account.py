"""Whom a token speaks for. A person's token, or another Page's, is refused before anything is posted with it (contract meta B4, D1)."""

from collections.abc import Iterator

from waooaw_social.core.account import Account
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Refused, Scope
from waooaw_social.platforms.call import Flow
from waooaw_social.platforms.facebook import calls
from waooaw_social.platforms.facebook.manifest import FACEBOOK, IDENTITY_PREFIX, SCOPES
from waooaw_social.platforms.facebook.replies import Page
from waooaw_social.platforms.graph.errors import RECONNECT
from waooaw_social.platforms.graph.tokens import TokenFacts, debug_token
from waooaw_social.platforms.kit import CredentialReport

CHOOSE = "Connect the Page again, and choose this Page; its own token is needed, not a person's."
LOG_IN = "Ask the customer to log in at facebook.com; the connection may then work again as it is."
CHECKPOINTS = frozenset({"459", "464"})
"""Subcodes of a token that may live again (A6)."""


def page_of(account: Account) -> str | None:
    """The id of the Page that was connected: `FB_PAGE:123` and `123` are the same."""
    return (account.posting_identity or "").removeprefix(IDENTITY_PREFIX) or None


def verified_page(account: Account) -> Flow[Page]:
    """The token's Page. Refuses where it is not the one that the customer connected."""
    page = yield from calls.me()
    if page_of(account) not in {None, page.id}:
        raise Refused(_another(page.id, page_of(account) or ""))
    return page


def connected_page(account: Account, wanted: str) -> Flow[str]:
    """The id of the connected Page, if it is the one that is meant. Where the connection does not say, the token is asked."""
    wanted = wanted.removeprefix(IDENTITY_PREFIX)
    known = page_of(account) or (yield from calls.me()).id
    if known != wanted:
        raise Refused(_another(known, wanted))
    return known


def inspect(account: Account) -> Flow[CredentialReport]:
    """What the connection is good for: asks Meta about the token, and the token whom it speaks for."""
    try:
        facts = yield from debug_token(calls.GRAPH)
        page = (yield from calls.me()) if facts.valid else None
    except Refused as no:
        return CredentialReport(platform=FACEBOOK, identity=None, title=None, problems=(no.refusal,))
    identity = page.id if page else facts.profile or None
    told = {"kind": facts.kind, "scopes": " ".join(sorted(facts.scopes))}
    problems = tuple(_problems(facts, page_of(account) or facts.profile, identity))
    return CredentialReport(
        platform=FACEBOOK, identity=identity, title=page.name if page else None, problems=problems, facts=told
    )


def _problems(facts: TokenFacts, wanted: str, identity: str | None) -> Iterator[Refusal]:
    if not facts.valid:
        yield _dead(facts)
        return
    if facts.kind != "PAGE":
        yield _of_a_person(facts)
    elif {facts.profile or wanted, identity} != {wanted}:
        yield _another(identity or facts.profile, wanted)
    for scope in SCOPES:
        if scope not in facts.scopes:
            yield _missing(scope, f"The connection lacks the permission {scope}.")
        elif wanted and wanted not in facts.granted_to.get(scope, frozenset({wanted})):
            yield _missing(scope, f"The permission {scope} was granted for other Pages, and not for {wanted}.")


def _another(found: str, wanted: str) -> Refusal:
    return Refusal(
        code="wrong_page",
        message=f"The token speaks for {found}, which is not the Page {wanted}: it is a person's, or another Page's.",
        reaction=Reaction.REFUSED,
        scope=Scope.ACCOUNT,
        cure=Cure.RECONNECT,
        field="posting_identity",
        remediation=CHOOSE,
    )


def _of_a_person(facts: TokenFacts) -> Refusal:
    whose = "a person's token" if facts.kind == "USER" else f"a token of the kind {facts.kind or 'unknown'}"
    return Refusal(
        code="page_token_required",
        message=f"This is {whose}; a Page publishes with its own.",
        reaction=Reaction.CURE,
        scope=Scope.CREDENTIAL,
        cure=Cure.RECONNECT,
        field="access_token",
        remediation=CHOOSE,
    )


def _dead(facts: TokenFacts) -> Refusal:
    checkpoint = facts.subcode in CHECKPOINTS
    return Refusal(
        code="account_checkpoint" if checkpoint else "needs_reconnect",
        message=facts.why_not or "The token is no longer valid.",
        reaction=Reaction.NOT_DONE if checkpoint else Reaction.CURE,
        scope=Scope.CREDENTIAL,
        cure=None if checkpoint else Cure.RECONNECT,
        platform_code=f"190/{facts.subcode}" if facts.subcode else "190",
        remediation=LOG_IN if checkpoint else RECONNECT,
    )


def _missing(scope: str, message: str) -> Refusal:
    return Refusal(
        code="missing_permission",
        message=message,
        reaction=Reaction.CURE,
        scope=Scope.CREDENTIAL,
        cure=Cure.RECONNECT,
        field=scope,
        remediation="Connect again, tick this Page, and leave every permission ticked.",
    )
