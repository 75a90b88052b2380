"""A refresh token for an access token: the grant of RFC 6749, section 6, as more than one platform speaks it.

What a platform says when it refuses, and how long its tokens live, is in its own folder.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from waooaw_social.core.refusal import Refusal
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Call, Harmless, Reply, Request
from waooaw_social.platforms.kit import Grant, NewTokens, NoRefresh, OAuthClient

FORM = {"content-type": "application/x-www-form-urlencoded"}


def renewal(
    client: OAuthClient, grant: Grant, *, url: str, explain: Callable[[Reply], Refusal]
) -> Call[NewTokens] | NoRefresh:
    """Trade the refresh token for an access token. Only for platforms where repeating it costs nothing: the old one stays good."""
    if grant.refresh_token is None:
        return NoRefresh.NOT_POSSIBLE
    form = {
        "grant_type": "refresh_token",
        "refresh_token": grant.refresh_token.open(),
        "client_id": client.client_id,
        "client_secret": client.client_secret.open(),
    }
    request = Request(method="POST", url=url, headers=FORM, body=urlencode(form).encode())
    return Call(name="refresh token", request=request, read=read_tokens, explain=explain, if_repeated=Harmless())


def read_tokens(reply: Reply) -> NewTokens:
    """Raises what a reader raises where the answer has no token."""
    told = reply.json()
    token, newer = told["access_token"], told.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise ValueError("an answer without a token")
    return NewTokens(
        access_token=Secret(token),
        expires_in=float(told["expires_in"]) if "expires_in" in told else None,
        refresh_token=Secret(str(newer)) if newer else None,
        scopes=scopes_of(told),
    )


def scopes_of(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Between spaces, or between commas although they were asked for with spaces."""
    return tuple(str(told.get("scope", "")).replace(",", " ").split())
