"""Meta's tokens: how a request is signed, what can be refreshed, and what `debug_token` knows (contract meta A3, B3, B4).

There is no refresh token anywhere. A Page's token lasts; a person's is exchanged while it lives; one of Instagram Login is renewed between
its first day and its last. Where a customer gives a person's long-lived token as `refresh_token`, the Page's is fetched anew with it.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from waooaw_social.core.refusal import Cure, Reaction, Scope
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Call, Harmless, Reply, Request
from waooaw_social.platforms.graph.calls import AS_APP, OAUTH, Grammar, answered
from waooaw_social.platforms.graph.errors import COMMON, RECONNECT, codes, says
from waooaw_social.platforms.graph.facts import API, FACEBOOK_HOST, INSTAGRAM_HOST, VIDEO_HOST
from waooaw_social.platforms.kit import Grant, NewTokens, NoRefresh, OAuthClient
from waooaw_social.platforms.manifest import ErrorRow, explain_by

DAY = 24 * 3600.0
LIFETIME = 60 * DAY
REFRESH_AHEAD = 40 * DAY
"""Seconds. A token of 60 days is renewed when a third of them has gone: never on the last day (B3)."""

TOKEN_ERRORS: tuple[ErrorRow, ...] = (
    # The token endpoints: a dead token is the customer's to renew, a wrong app is not.
    ErrorRow(code="needs_reconnect", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(190, 102, 10, 463),
             scope=Scope.CREDENTIAL, remediation=RECONNECT, source="B3"),
    ErrorRow(
        code="needs_operator", reaction=Reaction.CURE, cure=Cure.OPERATOR, reasons=codes(101), scope=Scope.APP, source="B1",
        remediation="Check the app's id and secret; no customer needs to reconnect.",
    ),
)  # fmt: skip


def sign(request: Request, grant: Grant, client: OAuthClient | None) -> Request:
    """The token, and where Meta takes it the proof that the app sends it."""
    token = grant.access_token.open()
    if request.signature == OAUTH:
        return replace(request, headers={**request.headers, "authorization": f"OAuth {token}"})
    if request.signature == AS_APP:
        app = f"{client.client_id}|{client.client_secret.open()}" if client else ""
        return replace(
            request,
            headers={**request.headers, "authorization": f"Bearer {app}"},
            params={**request.params, "input_token": token},
        )
    proof = proof_of(token, client) if client and _takes_proof(request.url) else {}
    headers = {**request.headers, "authorization": f"Bearer {token}"}
    return replace(request, headers=headers, params={**request.params, **proof})


def proof_of(token: str, client: OAuthClient) -> dict[str, str]:
    """A3: hex HMAC-SHA256 of the token, with the app's secret."""
    digest = hmac.new(client.client_secret.open().encode(), token.encode(), hashlib.sha256)
    return {"appsecret_proof": digest.hexdigest()}


def _takes_proof(url: str) -> bool:
    return url.startswith((f"https://{FACEBOOK_HOST}/", f"https://{VIDEO_HOST}/"))


# --- refreshing ---------------------------------------------------------------------------------------------------------------


def refresh_page(client: OAuthClient, grant: Grant) -> Call[NewTokens] | NoRefresh:
    """The Page's token anew by the person's, or the person's exchanged, or nothing: a Page's token lasts."""
    if grant.refresh_token and grant.posting_identity:
        return _page_token(client, grant.posting_identity.removeprefix("FB_PAGE:"), grant.refresh_token)
    return exchange(client, grant)


def exchange(client: OAuthClient, grant: Grant, **more: str) -> Call[NewTokens] | NoRefresh:
    """A token that ends for one that ends later; `more` is what only some kinds want.

    Expired ones are refused, and whether it lives longer is not said (B3).
    """
    if grant.seconds_left is None:
        return NoRefresh.NOT_NEEDED
    if grant.seconds_left <= 0:
        return NoRefresh.NOT_POSSIBLE
    params = {
        "grant_type": "fb_exchange_token",
        "client_id": client.client_id,
        "client_secret": client.client_secret.open(),
        "fb_exchange_token": grant.access_token.open(),
        **more,
    }
    return _token_call("exchange token", Request(method="GET", url=f"{API}/oauth/access_token", params=params))


def renew_instagram(grant: Grant) -> Call[NewTokens] | NoRefresh:
    """B2: at least a day old, and not expired. Where nobody knows how old it is, the platform says."""
    left = grant.seconds_left
    if left is not None and left <= 0:
        return NoRefresh.NOT_POSSIBLE
    if left is not None and left > LIFETIME - DAY:
        return NoRefresh.NOT_NEEDED
    params = {"grant_type": "ig_refresh_token", "access_token": grant.access_token.open()}
    url = f"https://{INSTAGRAM_HOST}/refresh_access_token"
    return _token_call("refresh token", Request(method="GET", url=url, params=params))


def _page_token(client: OAuthClient, page: str, person: Secret) -> Call[NewTokens]:
    token = person.open()
    params = {"fields": "access_token", **proof_of(token, client)}
    headers = {"authorization": f"Bearer {token}"}
    return _token_call("page token", Request(method="GET", url=f"{API}/{page}", params=params, headers=headers))


def _token_call(name: str, request: Request) -> Call[NewTokens]:
    return Call(
        name=name,
        request=request,
        read=_read_tokens,
        explain=lambda reply: explain_by(TOKEN_ERRORS + COMMON, says(reply)),
        if_repeated=Harmless(),
        recognise=answered,
    )


def _read_tokens(reply: Reply) -> NewTokens:
    told = reply.json()
    token, ends = told["access_token"], told.get("expires_in")
    if not isinstance(token, str) or not token:
        raise ValueError("an answer without a token")
    return NewTokens(access_token=Secret(token), expires_in=float(ends) if ends else None)


# --- looking at a token -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TokenFacts:
    """What `debug_token` says of a token."""

    valid: bool
    kind: str
    """USER, PAGE, SYSTEM_USER or APP."""
    scopes: frozenset[str]
    profile: str
    """Whose Page token it is; empty for others."""
    granted_to: Mapping[str, frozenset[str]]
    """Scope to the objects that it was granted for; a scope that is not here is not limited."""
    why_not: str
    subcode: str


def debug_token(grammar: Grammar) -> Call[TokenFacts]:
    """Asks about our own token, as the app."""
    return grammar.get("debug token", f"{API}/debug_token", _read_facts, signature=AS_APP)


def _read_facts(reply: Reply) -> TokenFacts:
    data = cast("Mapping[str, Any]", reply.json()["data"])
    error = cast("Mapping[str, Any]", data.get("error") or {})
    granular = cast("list[Mapping[str, Any]]", data.get("granular_scopes") or [])
    return TokenFacts(
        valid=bool(data.get("is_valid")),
        kind=str(data.get("type", "")).upper(),
        scopes=frozenset(map(str, cast("list[Any]", data.get("scopes") or []))),
        profile=str(data.get("profile_id", "")),
        granted_to={
            str(row["scope"]): frozenset(map(str, cast("list[Any]", row["target_ids"]))) for row in granular if row.get("target_ids")
        },
        why_not=str(error.get("message", "")),
        subcode=str(error.get("subcode", "")),
    )  # fmt: skip
