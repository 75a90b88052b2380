"""Google's token endpoint (contract youtube 1.3, 1.4). A refresh normally returns no new refresh token: the old one stays."""

from urllib.parse import urlencode

from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Call, Harmless, Reply, Request
from waooaw_social.platforms.kit import Grant, NewTokens, NoRefresh, OAuthClient
from waooaw_social.platforms.youtube.manifest import MANIFEST, TOKEN_URL


def refresh(client: OAuthClient, grant: Grant) -> Call[NewTokens] | NoRefresh:
    """Trade the refresh token for an access token. Repeating it costs nothing: Google does not rotate."""
    if grant.refresh_token is None:
        return NoRefresh.NOT_POSSIBLE
    form = {
        "grant_type": "refresh_token",
        "refresh_token": grant.refresh_token.open(),
        "client_id": client.client_id,
        "client_secret": client.client_secret.open(),
    }
    request = Request(
        method="POST",
        url=TOKEN_URL,
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    )
    return Call(
        name="refresh token", request=request, read=_read_tokens, explain=MANIFEST.explain, if_repeated=Harmless()
    )


def _read_tokens(reply: Reply) -> NewTokens:
    told = reply.json()
    token, newer = told["access_token"], told.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise ValueError("an answer without a token")
    return NewTokens(
        access_token=Secret(token),
        expires_in=float(told["expires_in"]) if "expires_in" in told else None,
        refresh_token=Secret(str(newer)) if newer else None,
        scopes=tuple(str(told.get("scope", "")).split()),
    )
