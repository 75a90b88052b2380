"""Whom a token speaks for, and what a connection is good for.

Facebook Login's token is a Page's, or a person's, and sees the Instagram account that belongs to it; Instagram Login's is the account's
own. Which scopes were granted only Facebook tells (`debug_token`); of Instagram Login the calls themselves tell.
"""

from collections.abc import Iterator

from waooaw_social.core.account import Account
from waooaw_social.core.refusal import Cure, Refusal, Refused, Scope
from waooaw_social.platforms.call import Call, Flow, Harmless, Reply
from waooaw_social.platforms.graph.calls import answered
from waooaw_social.platforms.graph.errors import says
from waooaw_social.platforms.graph.tokens import TokenFacts, debug_token
from waooaw_social.platforms.instagram import calls
from waooaw_social.platforms.instagram.calls import GRAPH
from waooaw_social.platforms.instagram.manifest import FACEBOOK_LOGIN, INSTAGRAM, SCOPES, api_of, login_of
from waooaw_social.platforms.instagram.replies import Room, Speaker
from waooaw_social.platforms.kit import CredentialReport

PROFESSIONAL = frozenset({"", "BUSINESS", "MEDIA_CREATOR", "CREATOR"})


def speaks_for(account: Account) -> Flow[Speaker]:
    """The token's Instagram account. Refuses where it is not the one that the customer connected."""
    api, wanted = api_of(account.metadata), account.posting_identity
    if login_of(account.metadata) == FACEBOOK_LOGIN:
        return (yield from _of_page(api, wanted))
    who = yield from calls.me(api)
    if wanted is not None and wanted not in who.ids:
        raise Refused(_another(f"The token speaks for the account {who.id}, which is not the one that was connected."))
    return who


def _of_page(api: str, wanted: str | None) -> Flow[Speaker]:
    if wanted is not None:
        try:
            return (yield from calls.account(api, wanted))
        except Refused as no:
            if no.refusal.code != "not_found":
                raise
        raise Refused(_another("The token does not see the Instagram account that was connected."))
    who = yield from calls.my_page(api)
    if who is None:
        raise Refused(NO_ACCOUNT)
    return who


def _another(what: str) -> Refusal:
    return Refusal(
        code="wrong_account",
        message=what,
        scope=Scope.ACCOUNT,
        cure=Cure.RECONNECT,
        field="posting_identity",
        remediation="Connect the account again and choose the right one.",
    )


NO_ACCOUNT = Refusal(
    code="no_account",
    message="No professional Instagram account belongs to this Page.",
    scope=Scope.ACCOUNT,
    cure=Cure.RECONNECT,
    field="posting_identity",
    remediation="Join the account to the Page in the Page's settings, then connect it again.",
)


# --- inspecting ---------------------------------------------------------------------------------------------------------------


def inspect(account: Account) -> Flow[CredentialReport]:
    """What the connection is good for, as far as reading can tell: token, permissions, account, and whether it may publish."""
    problems: list[Refusal] = []
    if login_of(account.metadata) == FACEBOOK_LOGIN:
        problems += _problems_of((yield from debug_token(GRAPH)))
    if any(problem.code == "needs_reconnect" for problem in problems):
        return CredentialReport(platform=INSTAGRAM, identity=None, title=None, problems=tuple(problems))
    try:
        who = yield from speaks_for(account)
    except Refused as no:
        return CredentialReport(platform=INSTAGRAM, identity=None, title=None, problems=(*problems, no.refusal))
    if who.account_type.upper() not in PROFESSIONAL:
        problems.append(NOT_PROFESSIONAL)
    room = yield from may_publish(who)
    if room is None and not problems:
        problems.append(_missing(SCOPES[login_of(account.metadata)][1]))
    facts = {"login": login_of(account.metadata), "account_type": who.account_type}
    facts |= {"published_in_24_hours": f"{room.used} of {room.most}"} if room and room.most is not None else {}
    return CredentialReport(
        platform=INSTAGRAM, identity=who.id, title=who.username, problems=tuple(problems), facts=facts
    )


def may_publish(who: Speaker) -> Call[Room | None]:
    """The publishing limit is told only to who may publish: None where the permission is missing (B5, C6)."""
    asked = calls.room(who)

    def read(reply: Reply) -> Room | None:
        return asked.read(reply) if answered(reply) else None

    return Call(
        name=asked.name,
        request=asked.request,
        read=read,
        explain=asked.explain,
        if_repeated=Harmless(),
        recognise=lambda reply: answered(reply) or _lacks_permission(reply),
    )


def _lacks_permission(reply: Reply) -> bool:
    code = says(reply).reason
    return code == "10" or (code.isdigit() and 200 <= int(code) <= 299)


def _problems_of(token: TokenFacts) -> Iterator[Refusal]:
    if not token.valid:
        yield Refusal(
            code="needs_reconnect",
            message=token.why_not or "The token is no longer valid.",
            scope=Scope.CREDENTIAL,
            cure=Cure.RECONNECT,
            platform_code=f"190/{token.subcode}" if token.subcode else "190",
            remediation="Ask the customer to connect the account again.",
        )
        return
    for scope in SCOPES[FACEBOOK_LOGIN]:
        if scope not in token.scopes:
            yield _missing(scope)


def _missing(scope: str) -> Refusal:
    return Refusal(
        code="missing_permission",
        message=f"The permission {scope} is missing.",
        scope=Scope.CREDENTIAL,
        cure=Cure.RECONNECT,
        field=scope,
        remediation="Connect the account again and leave every permission ticked.",
    )


NOT_PROFESSIONAL = Refusal(
    code="not_professional",
    message="The account is not a professional one.",
    scope=Scope.ACCOUNT,
    cure=Cure.RECONNECT,
    remediation="Switch it to a professional account in the Instagram app, then connect it again.",
)
