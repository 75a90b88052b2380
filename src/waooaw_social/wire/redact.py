"""Takes known secrets out of texts that come from outside: platforms echo tokens in their errors, in plain, URL-encoded or base64 form.

It removes what it is told to remove; it does not guess what looks like a secret.
"""

import base64
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote, quote_plus

from waooaw_social.platforms.call import Reply

REMOVED = "[redacted]"
SHORTEST = 8
"""Shorter texts are not secrets worth the name, and removing them would maim innocent ones."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of the secrets, in whatever form they stand there."""
    for form in _all_forms(secrets):
        text = text.replace(form, REMOVED)
    return text


def redacted_reply(reply: Reply, secrets: Iterable[str]) -> Reply:
    """A reply whose body holds none of the secrets."""
    body = reply.body
    for form in _all_forms(secrets):
        body = body.replace(form.encode(), REMOVED.encode())
    return reply if body == reply.body else replace(reply, body=body)


def _all_forms(secrets: Iterable[str]) -> list[str]:
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    return sorted(forms, key=len, reverse=True)  # the longest first: one form may contain another


@lru_cache(maxsize=1024)
def _forms(secret: str) -> frozenset[str]:
    raw = secret.encode()
    plain = {secret, quote(secret, safe=""), quote_plus(secret), quote(secret)}
    # base64 of a text that contains the secret: three alignments, without the characters that neighbours change
    encoded = {
        encode(b"\0" * shift + raw).decode().rstrip("=")[(4 * shift + 2) // 3 :].strip()[:-1]
        for shift in range(3)
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
    }
    return frozenset(plain | {form for form in encoded if len(form) >= SHORTEST})
