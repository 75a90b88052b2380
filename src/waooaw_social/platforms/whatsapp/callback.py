"""The mark that a message carries and that every status of it repeats: which publication it is, signed, so that nobody else can claim it.

`w1:{publication}:{mac}`. The flow writes the first two parts; the signature puts the mac to them when the message leaves, because only there
the app's secret is known. The mac covers the sending number too: what another number copies is worth nothing (contract 2.8).
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from waooaw_social.core.ids import PublicationId
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.call import Request
from waooaw_social.platforms.graph import tokens
from waooaw_social.platforms.kit import Grant, OAuthClient

FIELD = "biz_opaque_callback_data"
MARKED = "marked"
"""The signature of a request that carries a mark."""
VERSION = "w1"
MARK = re.compile(rf"{VERSION}:([A-Za-z0-9_.-]{{1,128}}):([0-9a-f]{{32}})")
PURPOSE = b"waooaw-social: marks of WhatsApp messages, 1"


def unsigned(publication_id: PublicationId) -> str:
    """The mark, before it is signed."""
    return f"{VERSION}:{publication_id}"


def publication_of(mark: str, number: str, secrets: Iterable[Secret]) -> PublicationId | None:
    """Whose mark it is, if one of these secrets made it for this number."""
    found = MARK.fullmatch(mark)
    if found is None:
        return None
    publication_id, mac = found.groups()
    good = [
        hmac.compare_digest(mac, _mac(unsigned(PublicationId(publication_id)), number, secret)) for secret in secrets
    ]
    return PublicationId(publication_id) if any(good) else None


def sign(request: Request, grant: Grant, client: OAuthClient | None) -> Request:
    """Meta's signature; and a message's mark, where an app is configured."""
    marked = _marked(request, client) if request.signature == MARKED and client else request
    return tokens.sign(marked, grant, client)


def _marked(request: Request, client: OAuthClient) -> Request:
    fields = cast("dict[str, Any]", json.loads(cast("bytes", request.body)))
    number = request.url.rsplit("/", 2)[-2]
    fields[FIELD] = f"{fields[FIELD]}:{_mac(str(fields[FIELD]), number, client.client_secret)}"
    return replace(request, body=json.dumps(fields).encode())


def _mac(mark: str, number: str, secret: Secret) -> str:
    """Made with a key of its own, so that it can be taken for nothing else that the app's secret signs."""
    key = hmac.new(secret.open().encode(), PURPOSE, hashlib.sha256).digest()
    return hmac.new(key, f"{number}\0{mark}".encode(), hashlib.sha256).hexdigest()[:32]
