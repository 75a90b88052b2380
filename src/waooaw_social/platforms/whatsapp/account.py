"""The number that sends, and what its connection is good for (contract 2.1, 2.5). Sending needs no look: Meta checks token and number itself."""

from collections.abc import Iterator

from waooaw_social.core.account import Account
from waooaw_social.core.refusal import Cure, Reaction, Refusal, Refused, Scope
from waooaw_social.platforms.call import Call, Flow
from waooaw_social.platforms.graph.errors import RECONNECT
from waooaw_social.platforms.graph.tokens import TokenFacts, debug_token, exchange
from waooaw_social.platforms.kit import CredentialReport, Grant, NewTokens, NoRefresh, OAuthClient
from waooaw_social.platforms.whatsapp import calls
from waooaw_social.platforms.whatsapp.manifest import MANAGE, SEND, WHATSAPP
from waooaw_social.platforms.whatsapp.replies import Number, Template

PREFIX = "WA_NUMBER:"
WABA = "waba_id"
"""Under this name a connection's metadata says which business account the number is of."""
TOKEN_KIND = "token_kind"  # noqa: S105 - a name
BUSINESS, USER = "business", "user"
"""What `TOKEN_KIND` may say; anything else, and nothing, is a system user's."""
USABLE = frozenset({"", "CONNECTED", "FLAGGED", "RATE_LIMITED", "UNKNOWN"})
"""Statuses of a number that sends. Others exist that nobody has documented: those are told, and not judged (2.5)."""
DEAD = frozenset({"DISCONNECTED", "PENDING", "RESTRICTED", "BANNED", "DELETED", "MIGRATED", "UNVERIFIED"})


def number_of(account: Account) -> str | None:
    """The id of the number that was connected: `WA_NUMBER:123` and `123` are the same."""
    return (account.posting_identity or "").removeprefix(PREFIX) or None


def sending_number(account: Account) -> str:
    """Raises `Refused` where the connection names none."""
    number = number_of(account)
    if number is None:
        raise Refused(NO_NUMBER)
    return number


def inspect(account: Account) -> Flow[CredentialReport]:
    """What the connection is good for: asks Meta about the token, and about the number."""
    number = number_of(account)
    if number is None:
        return CredentialReport(platform=WHATSAPP, identity=None, title=None, problems=(NO_NUMBER,))
    try:
        facts = yield from debug_token(calls.GRAPH)
        found = (yield from calls.number(number)) if facts.valid else None
    except Refused as no:
        return CredentialReport(platform=WHATSAPP, identity=number, title=None, problems=(no.refusal,))
    problems = tuple(_problems(facts, found, account.metadata.get(WABA)))
    return CredentialReport(
        platform=WHATSAPP,
        identity=number,
        title=f"{found.name} {found.shown}".strip() if found else None,
        problems=problems,
        facts=_facts(facts, found),
    )


def templates(account: Account, name: str | None = None) -> Flow[tuple[Template, ...]]:
    """The account's templates, or one of them in all of its languages. Raises `Refused` where nobody says which account it is."""
    waba = account.metadata.get(WABA)
    if not waba:
        raise Refused(NO_WABA)
    if name is not None:
        return (yield from calls.templates_named(waba, name)).templates
    found: list[Template] = []
    after: str | None = None
    for _ in range(MOST_PAGES):
        page = yield from calls.templates(waba, after)
        found += page.templates
        after = page.after
        if after is None:
            break
    return tuple(found)


MOST_PAGES = 60
"""Of 100 templates: a verified account has up to 6000 (2.3)."""


def refresh(client: OAuthClient, grant: Grant) -> Call[NewTokens] | NoRefresh:
    """There is no refresh token (2.1). One that ends is traded while it lives; a business's own is renewed by the customer only."""
    kind = grant.metadata.get(TOKEN_KIND, "")
    if grant.seconds_left is None:
        return NoRefresh.NOT_NEEDED
    if kind == BUSINESS:
        return NoRefresh.NOT_POSSIBLE
    more = {} if kind == USER else {"set_token_expires_in_60_days": "true"}
    return exchange(client, grant, **more)


def _facts(facts: TokenFacts, found: Number | None) -> dict[str, str]:
    told = {"kind": facts.kind, "scopes": " ".join(sorted(facts.scopes))}
    if found:
        told |= {
            "quality": found.quality, "status": found.status, "throughput": found.throughput, "messaging_limit": found.limit,
            "can_send": found.can_send,
        }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _problems(facts: TokenFacts, found: Number | None, waba: str | None) -> Iterator[Refusal]:
    if not facts.valid:
        yield _cure("needs_reconnect", facts.why_not or "The token is no longer valid.", "access_token", RECONNECT)
        return
    for scope in (SEND, MANAGE):
        if scope not in facts.scopes:
            yield _cure("missing_permission", f"The connection lacks the permission {scope}.", scope, TICK)
        elif waba and waba not in facts.granted_to.get(scope, frozenset({waba})):
            yield _cure("missing_permission", f"The permission {scope} was granted for another account.", scope, TICK)
    if found and found.status in DEAD:
        message = f"The number is {found.status.lower()}: nothing leaves it."
        yield _cure("number_unusable", message, "posting_identity", "See the number in Meta's WhatsApp Manager.")
    if found and found.can_send == "BLOCKED":
        message = "Meta says that nothing can be sent from this number."
        yield _cure("number_blocked", message, "posting_identity", "See the number in Meta's WhatsApp Manager.")


def _cure(code: str, message: str, field: str, remediation: str) -> Refusal:
    return Refusal(
        code=code, message=message, reaction=Reaction.CURE, scope=Scope.CREDENTIAL, cure=Cure.RECONNECT, field=field, remediation=remediation
    )  # fmt: skip


TICK = "Connect the WhatsApp Business account again, and leave every permission ticked."
NO_NUMBER = Refusal(
    code="number_required",
    message="The connection does not say which phone number sends.",
    cure=Cure.RECONNECT,
    field="posting_identity",
    remediation="Connect it again, with the id of its phone number as the posting identity.",
)
NO_WABA = Refusal(
    code="waba_required",
    message="The connection does not say which WhatsApp Business account its number is of.",
    field=f"metadata.{WABA}",
    remediation=f"Put the account's id into the connection's metadata, as {WABA}.",
)
