"""The token goes on as the last thing; and what an answer must not give back."""

from dataclasses import replace
from urllib.parse import unquote

from waooaw_social.platforms.call import Request
from waooaw_social.wire.ports import ResolvedSocialCredentials

A_HANDLE = 16
"""Characters from which on a value in a URL's query is taken for a handle, and not for a word that may stand anywhere."""


def signed(request: Request, credentials: ResolvedSocialCredentials) -> Request:
    """The request with its token: the last thing that is added."""
    return replace(request, headers={**request.headers, "authorization": f"Bearer {credentials.access_token.open()}"})


def secrets_of(request: Request, credentials: ResolvedSocialCredentials) -> tuple[str, ...]:
    """What an answer must not give back: the tokens, and the URL where it is more than an address (an upload session)."""
    refresh = credentials.refresh_token.open() if credentials.refresh_token else ""
    query = request.url.partition("?")[2]
    fields = query.split("&") if query else []
    values = [value for _, _, value in (field.partition("=") for field in fields) if len(value) >= A_HANDLE]
    return (
        credentials.access_token.open(),
        refresh,
        request.url if query else "",
        *fields,
        *values,
        *map(unquote, values),
    )
