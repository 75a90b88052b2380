"""What every part of the show needs: the ports, an HTTP client, who plays."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from waooaw_social.demo.house import Ports
from waooaw_social.wire.transport import Client

SIZE = 160_000_000
"""Bytes of the video: ten chunks."""
CUSTOMER, AGENT = "CUST-DEMO", "AGENT-DEMO"


class Failed(Exception):
    """The show did not end as it should."""


@dataclass(kw_only=True)
class Stage:
    """Who is on it."""

    ports: Ports
    http: Client
    var: Path
    account: Mapping[str, Any] = field(default_factory=dict[str, Any])
    customer_key: str = ""
    agent_key: str = ""
    verify_token: str = field(default_factory=lambda: secrets.token_hex(16))
    """Of the webhooks' handshake."""

    @property
    def sandbox(self) -> str:
        return self.ports.url(self.ports.sandbox)

    async def ask(self, method: str, url: str, *, key: str = "", body: Any = None, **headers: str) -> Any:
        if key:
            headers["authorization"] = f"Bearer {key}"
        response = await self.http.request(method, url, json=body, headers=headers)
        if response.status_code >= 400:
            raise Failed(f"{method} {url.partition('?')[0]} answered {response.status_code}: {response.text[:300]}")
        return response.json()

    async def order(self, what: str, body: Any) -> Any:
        return await self.ask("POST", f"{self.sandbox}/_sandbox/{what}", body=body)

    async def seeded(self, platform: str, account: str) -> Mapping[str, Any]:
        """An account of the sandbox, with its tokens."""
        every = await self.ask("GET", f"{self.sandbox}/_sandbox/accounts")
        return next(one for one in every if (one["platform"], one["account"]) == (platform, account))

    async def skip(self, until: str) -> float:
        """Nobody wants to watch a wait: the sandbox's clock, which everybody here follows, is put forward. Returns by how many seconds."""
        now = await self.ask("GET", f"{self.sandbox}/_sandbox/clock")
        left = (datetime.fromisoformat(until) - datetime.fromisoformat(now["now"])).total_seconds()
        if left <= 1.0:
            return 0.0
        await self.order("clock", {"advance": left})
        return left
