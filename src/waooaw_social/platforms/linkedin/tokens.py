"""LinkedIn's tokens (contract linkedin_whatsapp 1.1): how requests are signed, the refresh grant, and what introspection knows.

A refresh token lives a year from the customer's consent, and refreshing does not prolong it. A dead one is `invalid_request`.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from waooaw_social.platforms.call import Call, Harmless, Reply, Request
from waooaw_social.platforms.kit import Grant, NewTokens, NoRefresh, OAuthClient, bearer
from waooaw_social.platforms.linkedin.errors import explain_token
from waooaw_social.platforms.linkedin.manifest import CONSENT, OAUTH, TOKEN_URL
from waooaw_social.platforms.linkedin.replies import date_of
from waooaw_social.platforms.renewal import FORM, renewal, scopes_of

UNSIGNED = "unsigned"
ABOUT_TOKEN = "about token"  # noqa: S105 - the name of a signature


def sign(request: Request, grant: Grant, client: OAuthClient | None) -> Request:
    """The token; nothing where a URL is its own secret; or the app's own words about the token."""
    if request.signature == UNSIGNED:
        return request
    if request.signature == ABOUT_TOKEN:
        app = {"client_id": client.client_id, "client_secret": client.client_secret.open()} if client else {}
        return replace(request, body=urlencode({**app, "token": grant.access_token.open()}).encode())
    return bearer(request, grant, client)


def refresh(client: OAuthClient, grant: Grant) -> Call[NewTokens] | NoRefresh:
    """Trade the refresh token for an access token. Apps that are no approved partners get none: then only the customer can renew it."""
    return renewal(client, grant, url=TOKEN_URL, explain=explain_token)


# --- looking at a token -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TokenFacts:
    """What introspection says of the access token."""

    active: bool
    status: str
    scopes: frozenset[str]
    consented_at: float | None
    """Seconds since 1970."""
    now: float | None
    """The platform's, likewise."""

    @property
    def consent_ends_at(self) -> float | None:
        """When the customer has to consent anew, whatever is refreshed until then."""
        return None if self.consented_at is None else self.consented_at + CONSENT


def about_token() -> Call[TokenFacts]:
    """Asks about our own token, as the app."""
    request = Request(method="POST", url=f"{OAUTH}/introspectToken", headers=FORM, signature=ABOUT_TOKEN)
    return Call(name="about token", request=request, read=_read_facts, explain=explain_token, if_repeated=Harmless())


def _read_facts(reply: Reply) -> TokenFacts:
    told = reply.json()
    since = told.get("authorized_at")
    return TokenFacts(
        active=told["active"] is True,
        status=str(told.get("status", "")),
        scopes=frozenset(scopes_of(told)),
        consented_at=float(since) if isinstance(since, int | float) else None,
        now=date_of(reply),
    )
