"""A token endpoint that answers by a script, and everything that refreshes a token around it: a real CP, its client, the real transport."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from cp.portal import INTERNAL_KEY, Portal, portal, served
from waooaw_social.core.ids import CredentialRef, CustomerId, Platform
from waooaw_social.core.secret import Secret
from waooaw_social.platforms.kit import OAuthClient
from waooaw_social.platforms.registry import kits
from waooaw_social.wire.ports import Errand, ResolvedSocialCredentials
from waooaw_social.wire.resolver import CPSocialCredentialResolver
from waooaw_social.wire.tokens import Tokens
from waooaw_social.wire.transport import Transport

YOUTUBE = Platform("youtube")
CLIENT_SECRET = "GOCSPX-planted-client-secret"
ACCESS, REFRESH = "ya29.planted-first-access", "1//planted-refresh-token"


@dataclass
class TokenEndpoint:
    """Answers what the script says, in order; then with a new token each time."""

    script: list[tuple[int, Any]] = field(default_factory=list[tuple[int, Any]])
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    expires_in: float = 3600

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.asked.append({"path": scope["path"], **form})
        await asyncio.sleep(0.01)  # long enough for others to come in
        if self.script:
            status, body = self.script.pop(0)
        else:
            token = f"ya29.planted-refreshed-{len(self.asked)}"
            status, body = 200, {"access_token": token, "expires_in": self.expires_in, "token_type": "Bearer"}
        answer = body if isinstance(body, bytes) else json.dumps(body).encode()
        await Response(answer, status, media_type="application/json")(scope, receive, send)


@dataclass
class House:
    cp: Portal
    endpoint: TokenEndpoint
    tokens: Tokens
    others: Tokens
    """Another process of the fleet."""
    ref: str = ""

    @property
    def errand(self) -> Errand:
        return Errand(customer_id=CustomerId("CUST-1"), credential_ref=CredentialRef(self.ref), platform=YOUTUBE)

    async def connect(self, *, ends_in: float | None = None, refresh: bool = True) -> ResolvedSocialCredentials:
        """A credential at CP, as Plant has it."""
        more: dict[str, Any] = {"refresh_token": REFRESH} if refresh else {}
        if ends_in is not None:
            more["expires_at"] = (self.cp.clock.now() + timedelta(seconds=ends_in)).isoformat()
        self.ref = await self.cp.connected(access_token=ACCESS, **more)
        return await self.tokens.source.resolve(
            customer_id=CustomerId("CUST-1"), credential_ref=CredentialRef(self.ref)
        )

    async def stored(self) -> dict[str, Any]:
        answer = await self.cp.plant("resolve", {"customer_id": "CUST-1", "credential_ref": self.ref})
        return answer.json()


@asynccontextmanager
async def token_house(place: Path) -> AsyncIterator[House]:
    async with contextlib.AsyncExitStack() as stack:
        cp = await stack.enter_async_context(portal(place))
        endpoint = TokenEndpoint()
        origin = await stack.enter_async_context(served(endpoint))

        def one() -> Tokens:
            transport = Transport(origin=origin)
            source = CPSocialCredentialResolver(cp.internal, INTERNAL_KEY)
            stack.push_async_callback(transport.aclose)
            stack.push_async_callback(source.aclose)
            client = OAuthClient(client_id="client.apps", client_secret=Secret(CLIENT_SECRET))
            return Tokens(
                source=source,
                transport=transport,
                kits=kits(limits={}, features=frozenset()),
                clients={YOUTUBE: client},
                clock=cp.clock,
            )

        yield House(cp, endpoint, one(), one())
