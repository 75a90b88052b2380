"""The platform repeats tokens in its errors wherever it can; afterwards they are looked for in every byte that Plant and CP left behind.

Looked for are tokens, old and refreshed, the client's secret, the internal key, API keys, both sealing secrets, upload sessions: as they
are, cut in half, URL-encoded, in hex, and in base64 at all three alignments.
"""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import sqlalchemy as sa

from plant.house import CP_SECRET, INTERNAL_KEY, LEDGER_SECRET, House, open_house
from waooaw_social.storage.plant.codec import reply_from_bytes
from waooaw_social.storage.seal import KeyRing, Sealer

pytestmark = pytest.mark.anyio


def forms(secret: str) -> Iterator[bytes]:
    """How a secret may stand in a text."""
    raw, half = secret.encode(), len(secret) // 2
    yield from (raw, raw.hex().encode(), raw.hex().upper().encode(), secret.replace("/", "\\/").encode())
    yield from (quote(secret, safe="").encode(), quote(secret).encode(), quote_plus(secret).encode())
    if half >= 16:
        yield from (raw[:half], raw[half:])
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # without the characters that depend on what stands before and after
            yield encode(b"\0" * shift + raw).rstrip(b"=")[(4 * shift + 2) // 3 : -1]


def found(needles: dict[str, str], haystack: dict[str, bytes]) -> list[str]:
    """Where something stands that should not. Says what it is, and not how it reads."""
    every = {(name, form) for name, secret in needles.items() for form in forms(secret)}
    return sorted({f"{name} in {place}" for place, text in haystack.items() for name, form in every if form in text})


def test_what_is_looked_for_is_found() -> None:
    secret = "ya29.a0+abc/DEF~xyz-0123456789_and-some-more"
    for before in (b"", b"x", b"xy"):
        packed = base64.b64encode(before + secret.encode() + b" and more")
        assert found({"token": secret}, {"log": b"..." + packed}) == ["token in log"]
    for text in (secret, quote(secret, safe=""), secret.encode().hex(), secret[:30]):
        assert found({"token": secret}, {"log": f"<{text}>".encode()}) == ["token in log"]
    assert not found({"token": secret}, {"log": b"[redacted] ya29. and nothing else"})


class Session:
    """A house, and every secret that was ever good in it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.needles: dict[str, str] = {
            "internal key": INTERNAL_KEY,
            "ledger's secret": LEDGER_SECRET,
            "CP's secret": CP_SECRET,
            "customer's key": house.customer_key,
            "agent's key": house.agent_key,
            "agent's key's secret part": house.agent_key.split("_", 2)[2],
        }

    async def remember(self) -> None:
        for account in await self.house.accounts():
            whose = account["account"]
            for name in ("access_token", "refresh_token"):
                known = sum(key.startswith(f"{whose} {name}") for key in self.needles)
                if account[name] and account[name] not in self.needles.values():
                    self.needles[f"{whose} {name} {known}"] = account[name]
            self.needles["client's secret"] = account["app_secret"]

    async def publish(
        self, credential: str, *faults: tuple[str, str, dict[str, Any]], **account: Any
    ) -> dict[str, Any]:
        """One publication among faults, to its end or its waiting for a person."""
        house = self.house
        if account:
            await house.order("accounts/youtube/hazel", account)
        for route, fault, more in faults:
            await house.fault(route, fault, **more)
        publication = await house.publish(credential, title=f"Number {len(self.needles)}")
        await house.advance(1)
        shown = await house.ends(publication)
        await self.remember()
        await house.clear_faults()
        return shown

    def sessions(self) -> int:
        """The upload sessions, out of the ledger's sealed replies, are secrets too. Returns how many there are."""
        sealer, engine = Sealer(KeyRing(LEDGER_SECRET)), sa.create_engine(f"sqlite:///{self.house.var}/plant.db")
        with engine.connect() as connection:
            kept = connection.execute(sa.text("select publication, name, attempt, reply from entries")).all()
        engine.dispose()
        count = 0
        for publication, name, attempt, sealed in kept:
            if not name.startswith("open session") or not sealed:
                continue
            reply = reply_from_bytes(sealer.open(sealed, publication=publication, name=name, attempt=str(attempt)))
            uri, count = reply.headers["location"], count + 1
            self.needles |= {
                f"session {count}": uri,
                f"upload_id {count}": uri.partition("upload_id=")[2].partition("&")[0],
            }
        return count

    def left_behind(self) -> dict[str, bytes]:
        """Databases with their journals, logs, and every answer that was given. The sandbox's own folder is the platform's."""
        var = self.house.var
        files = [path for path in var.rglob("*") if path.is_file() and "sandbox" not in path.relative_to(var).parts[0]]
        return {path.name: path.read_bytes() for path in files} | {"answers": b"\n".join(self.house.kept)}


def echo(route: str, status: int, **more: Any) -> tuple[str, str, dict[str, Any]]:
    return route, "echo_tokens", {"status": status} | more


async def test_no_secret_is_in_any_byte_that_is_left_behind(tmp_path: Path) -> None:
    async with open_house(tmp_path, in_one=True, LEASE_SECONDS="600") as house:
        session = Session(house)
        await session.remember()
        credential = await house.connect()
        endings = [
            await session.publish(
                credential,
                *(echo("channels.list", 401), echo("videos.insert", 503), echo("upload.query", 500)),
                *(echo("upload.chunk", 503), echo("upload.final", 500), echo("videos.list", 400)),
            ),
            await session.publish(credential, echo("oauth.token", 500), echo("upload.chunk", 401), expires_in=0),
            await session.publish(credential, echo("upload.final", 401), ("upload.chunk", "lost_reply", {})),
            await session.publish(credential, ("upload.final", "session_gone_after_commit", {})),
            *[
                await session.publish(credential, echo(route, status))
                for route, status in (
                    ("channels.list", 400),
                    ("videos.insert", 400),
                    ("videos.insert", 403),
                    ("upload.query", 403),
                    ("upload.chunk", 400),
                    ("upload.final", 400),
                )
            ],
            await session.publish(credential, ("videos.insert", "foreign_upload_url", {})),
        ]
        assert {shown["state"] for shown in endings} == {"published", "refused"}
        assert "[redacted]" in str(endings), "what the platform said is shown, without what it repeated"

        for dead in (echo("oauth.token", 400, times=0), ("oauth.token", "error", {"reason": "invalid_grant"})):
            await house.fault(dead[0], dead[1], **dead[2])
            await house.order("accounts/youtube/hazel", {"expires_in": 0})
            waiting = await house.publish(credential)
            await house.comes_to(waiting, "parked")
            await house.clear_faults()
            await house.connect(credential_ref=credential)
            await house.advance(300)
            await house.ends(waiting)
            await session.remember()

        rejected = await house.submit({"credential_ref": session.needles["hazel refresh_token 0"]})
        assert rejected.status_code == 422
        assert (await house.get(session.needles["hazel access_token 0"].replace("/", ""))).status_code == 404

        calls = await house.calls()
        assert sum(call["fault"] == "echo_tokens" for call in calls) >= 15
        assert session.sessions() >= 8 and any(name == "hazel access_token 2" for name in session.needles)
        while_running = found(session.needles, session.left_behind())
        await house.services[-1].stop()
        assert not while_running + found(session.needles, session.left_behind())
        assert {"plant.db", "cp.db", "answers"} <= session.left_behind().keys()
