"""What is signed with, and what an answer must not give back: tokens, what a signature was made of, the handles in a URL."""

from datetime import datetime
from urllib.parse import unquote

from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Request
from waooaw_social.platforms.kit import Grant
from waooaw_social.wire.ports import ResolvedSocialCredentials

A_HANDLE = 16
"""Characters from which on a value in a URL's query is taken for a handle, and not for a word that may stand anywhere."""


def grant_of(credentials: ResolvedSocialCredentials, now: datetime) -> Grant:
    """The credential as a platform's room sees it."""
    ends = credentials.expires_at
    return Grant(
        access_token=credentials.access_token,
        refresh_token=credentials.refresh_token,
        seconds_left=(ends - now).total_seconds() if ends else None,
        posting_identity=credentials.posting_identity,
        metadata=credentials.metadata,
    )


def secrets_of(request: Request, signed: Request, held: tuple[Secret | None, ...]) -> tuple[str, ...]:
    """Of a request and what became of it by signing: everything in it that grants something."""
    query = request.url.partition("?")[2]
    fields = query.split("&") if query else []
    values = [value for _, _, value in (field.partition("=") for field in fields) if len(value) >= A_HANDLE]
    return (
        *(secret.open() for secret in held if secret),
        *(value for name, value in signed.params.items() if name not in request.params),
        request.url if query else "",
        *fields,
        *values,
        *map(unquote, values),
    )
