"""Google's token endpoint (contract youtube 1.3, 1.4). A refresh normally returns no new refresh token: the old one stays."""

from waooaw_social.platforms.call import Call
from waooaw_social.platforms.kit import Grant, NewTokens, NoRefresh, OAuthClient
from waooaw_social.platforms.renewal import renewal
from waooaw_social.platforms.youtube.manifest import MANIFEST, TOKEN_URL


def refresh(client: OAuthClient, grant: Grant) -> Call[NewTokens] | NoRefresh:
    """Trade the refresh token for an access token. Repeating it costs nothing: Google does not rotate."""
    return renewal(client, grant, url=TOKEN_URL, explain=MANIFEST.explain)
