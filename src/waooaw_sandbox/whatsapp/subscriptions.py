"""Where webhooks go: one URL per app, which a WABA or a number may override, after a handshake (contract 2.7).

The handshake is a real GET. A URL that does not answer 200 with the challenge is not subscribed, and what was
subscribed before stays.
"""

import asyncio
import random
from dataclasses import dataclass, field

import aiohttp

from waooaw_sandbox.kit import Json

DEFAULT_FIELDS = ("messages", "message_template_status_update", "message_template_quality_update", "account_update")


@dataclass
class Subscription:
    url: str
    verify_token: str
    fields: tuple[str, ...] = DEFAULT_FIELDS
    state: str = "verifying"
    detail: str = ""

    def describe(self) -> Json:
        return {"callback_url": self.url, "fields": list(self.fields), "state": self.state, "detail": self.detail}


@dataclass
class Desk:
    """`app` is the app's own; `overrides` are keyed by WABA or number; only WABAs in `wabas` are listened to at all."""

    wabas: set[str]
    app: Subscription | None = None
    overrides: dict[str, Subscription] = field(default_factory=dict[str, Subscription])
    last: Subscription | None = None
    """The one tried last, whether it was verified or not."""
    handshake: asyncio.Task[str | None] | None = None
    """One under way that nobody waits for; what is due to be posted does."""

    async def settled(self) -> None:
        if self.handshake is not None:
            await asyncio.wait([self.handshake])
            self.handshake = None

    def target(self, waba_id: str, phone_id: str | None, field_name: str) -> Subscription | None:
        if waba_id not in self.wabas:
            return None
        found = self.overrides.get(phone_id or "") or self.overrides.get(waba_id) or self.app
        if found is None or found.state != "verified" or field_name not in found.fields:
            return None
        return found

    async def subscribe(self, wanted: Subscription, key: str | None, timeout: float) -> str | None:
        """Shake hands and subscribe; what was wrong, or None. `key` is a WABA or a number, None the app."""
        self.last = wanted
        problem = await shake_hands(wanted, timeout)
        wanted.state, wanted.detail = ("refused", problem) if problem else ("verified", "")
        if problem is None and key is None:
            self.app = wanted
        elif problem is None and key is not None:
            self.overrides[key] = wanted
        return problem


async def shake_hands(wanted: Subscription, timeout: float) -> str | None:
    challenge = str(random.randrange(10**9, 10**10))
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": wanted.verify_token}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout)) as http,
            http.get(wanted.url, params=query, allow_redirects=False) as reply,
        ):
            text = (await reply.content.read(4096)).decode("utf-8", "replace")
            if reply.status != 200:
                return f"HTTP Status Code = {reply.status}"
            return None if text.strip() == challenge else "the challenge was not repeated"
    except TimeoutError:
        return "no answer in time"
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return f"the URL could not be called ({type(error).__name__})"
