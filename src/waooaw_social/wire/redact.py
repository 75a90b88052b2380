"""Takes known secrets out of texts that come from outside: platforms echo tokens in their errors, in plain, URL-encoded or base64 form,
and escaped as JSON and HTML escape.

It removes what it is told to remove; it does not guess what looks like a secret.
"""

import base64
import html
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from urllib.parse import quote, quote_plus

from waooaw_social.core.refusal import Refusal
from waooaw_social.platforms.call import Reply
from waooaw_social.platforms.manifest import MESSAGE_LIMIT

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


def redacted_refusal(refusal: Refusal, secrets: Iterable[str]) -> Refusal:
    """A refusal whose words from the platform hold none of the secrets, and are not a whole page."""
    code = refusal.platform_code
    return replace(
        refusal,
        message=redacted(refusal.message, secrets)[:MESSAGE_LIMIT],
        platform_code=redacted(code, secrets)[:MESSAGE_LIMIT] if code else None,
    )


def _all_forms(secrets: Iterable[str]) -> list[str]:
    forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
    return sorted(forms, key=len, reverse=True)  # the longest first: one form may contain another


@lru_cache(maxsize=1024)
def _forms(secret: str) -> frozenset[str]:
    raw = secret.encode()
    quoted = {quote(secret, safe=""), quote_plus(secret), quote(secret)}
    plain = {secret} | quoted | {re.sub("%..", lambda found: found[0].lower(), form) for form in quoted}
    plain |= {html.escape(secret), html.escape(secret, quote=False)} | _in_json(secret)
    # base64 of a text that contains the secret: three alignments, without the characters that neighbours change
    encoded = {
        encode(b"\0" * shift + raw).decode().rstrip("=")[(4 * shift + 2) // 3 :].strip()[:-1]
        for shift in range(3)
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
    }
    return frozenset(plain | {form for form in encoded if len(form) >= SHORTEST})


def _in_json(secret: str) -> set[str]:
    """As it may stand in a JSON text: Google's escape what HTML knows, PHP's escape the slash."""
    forms = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    forms |= {form.replace("/", "\\/") for form in forms}
    lower = {re.sub("[<>&'=]", lambda found: f"\\u{ord(found[0]):04x}", form) for form in forms}
    return (
        forms | lower | {re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), form) for form in lower}
    )
