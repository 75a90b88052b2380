"""After all that a customer, Plant and a clumsy client may do, no token lies readable in a byte of CP's files or in a line of its logs."""

import asyncio
import base64
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from cp.portal import INTERNAL_KEY, PATH, PLANT, Portal, files_of, overheard, portal
from waooaw_social.core.secret import Secret
from waooaw_social.wire.ports import CredentialsUnavailable, StaleVersion
from waooaw_social.wire.resolver import CPSocialCredentialResolver

pytestmark = pytest.mark.anyio

TOKENS = [
    f"{kind}/planted+{n}=?&%é".encode().decode("ascii", "ignore")
    for n in range(3)
    for kind in ("ya29.access", "1//refresh")
]


def forms(secret: str) -> set[bytes]:
    """Plain, URL-encoded, and base64 at each of its three alignments."""
    plain = {secret, quote(secret, safe=""), quote_plus(secret), quote(secret)}
    encoded: set[str] = set()
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
            encoded.add(whole[4 if shift else 0 : -2])
    return {form.encode() for form in plain | encoded}


async def test_no_token_is_readable_in_cps_files_or_logs(tmp_path: Path) -> None:
    with overheard() as heard:
        async with portal(tmp_path) as cp:
            await everything(cp)
            assert cp.file
            running = files_of(cp.file)
            assert len(list(cp.file.parent.iterdir())) > 1  # the write-ahead log is there
            keys = [cp.key, cp.other_key]
        closed = files_of(cp.file)
    assert b"CUST-1" in running
    assert "/api/internal/plant/credentials/resolve" in heard.text()
    for secret in [*TOKENS, INTERNAL_KEY, *keys]:
        for form in forms(secret):
            assert form not in running, secret
            assert form not in closed, secret
            assert form not in heard.text().encode(), secret


def test_the_search_finds_what_it_looks_for() -> None:
    for text in (TOKENS[0], quote(TOKENS[0], safe=""), base64.b64encode(b"x" + TOKENS[0].encode() + b"yz").decode()):
        assert any(form in text.encode() for form in forms(TOKENS[0]))


async def asked_by_hand(cp: Portal, target: str) -> bytes:
    """Without a client of our own, which would log the URL as its caller's."""
    host, port = cp.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {target} HTTP/1.1\r\nHost: cp\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def everything(cp: Portal) -> None:
    access, refresh, second, newer, third, newest = TOKENS
    put = {"platform": "youtube", "access_token": access, "refresh_token": refresh}
    ref = (await cp.put(put)).json()["credential_ref"]
    assert (await cp.put(put | {"access_token": second, "credential_ref": ref})).status_code == 200
    await cp.put(put | {"credential_ref": ref}, key=cp.other_key)
    await cp.put(put | {"platform": "facebook", "credential_ref": ref})
    for wrong in (
        {"expires_at": access},
        {"metadata": {access: refresh}},
        {access: refresh},
        {"platform": access},
        {"scopes": access},
    ):
        assert (await cp.put(put | wrong)).status_code == 422
    await cp.put(put, key=access)
    await cp.put(put, **{"x-request-id": refresh})
    assert b" 401 " in await asked_by_hand(cp, f"{PATH}?access_token={quote(access, safe='')}")
    await cp.http.put(f"{cp.origin}{PATH}", content=f'{{"access_token": "{access}'.encode())
    which = {"customer_id": "CUST-1", "credential_ref": ref}
    resolver = CPSocialCredentialResolver(cp.internal, INTERNAL_KEY)
    assert (await resolver.resolve(**which)).access_token == Secret(second)
    assert (await resolver.refresh_lease(**which, version=2)).granted
    more = {"new_access_token": third, "new_refresh_token": newer}
    await resolver.update_access_token(**which, **more, expected_version=2)
    with pytest.raises(StaleVersion):
        await resolver.update_access_token(**which, new_access_token=newest, expected_version=2)
    for body in ({**which, "new_access_token": [third]}, {**which, "credential_ref": newest * 20}, {newest: third}):
        assert (await cp.plant("update-token", body)).status_code == 422
    await cp.plant("resolve", which, key=access)
    await cp.http.post(
        f"{cp.internal}{PLANT}/resolve", content=access.encode(), headers={"x-plant-internal-key": INTERNAL_KEY}
    )
    cp.gone.set()
    with pytest.raises(CredentialsUnavailable):
        await resolver.update_access_token(**which, new_access_token=newest)
    cp.gone.clear()
    await resolver.aclose()
    await cp.listed()
