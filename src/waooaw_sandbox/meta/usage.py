"""Rate limits and the headers that tell of them (contract meta A7): percentages, by token type.

User tokens share the app's budget and show `x-app-usage`; Page and Instagram tokens have a budget per Page or account and show
`x-business-use-case-usage`, an Instagram call under two keys. Off by default; `usage_ramp` makes every call cost so many percent.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime

from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.meta.people import FACEBOOK_APP, Token

FULL = 100


@dataclass
class Usage:
    clock: SandboxClock
    calls: dict[str, list[datetime]] = field(default_factory=dict[str, list[datetime]])

    def clear(self) -> None:
        self.calls.clear()

    def charge(self, token: Token, knobs: Knobs) -> tuple[int, dict[str, str]]:
        """Count this call; its percentage, and the headers to show."""
        key, now = bucket(token), self.clock.now()
        window = knobs.number("usage_window_seconds")
        recent = [at for at in self.calls.get(key, []) if (now - at).total_seconds() < window]
        self.calls[key] = [*recent, now]
        percent = min(int(knobs.number("usage_percent") + knobs.number("usage_ramp") * len(recent)), FULL)
        if len(recent) < knobs.count("usage_header_after"):
            return percent, {}
        return percent, headers(token, percent, knobs)


def bucket(token: Token) -> str:
    """Whose budget a call with this token eats."""
    if token.kind in ("user_short", "user_long"):
        return f"app {FACEBOOK_APP[0]}"
    if token.account.platform == "instagram":
        return f"instagram {token.account.ig_id}"
    return f"pages {token.page.id if token.page else token.account.page.id}"


def headers(token: Token, percent: int, knobs: Knobs) -> dict[str, str]:
    figures = {"call_count": percent, "total_cputime": min(percent, 1), "total_time": min(percent, 1)}
    kind, _, identity = bucket(token).partition(" ")
    if kind == "app":
        return {"x-app-usage": json.dumps(figures)}
    wait = knobs.count("regain_minutes") if percent >= FULL else 0
    entry = [{"type": kind} | figures | {"estimated_time_to_regain_access": wait}]
    keys = (token.account.business, identity) if kind == "instagram" else (identity,)
    return {"x-business-use-case-usage": json.dumps(dict.fromkeys(keys, entry))}


def limit_reason(token: Token, *, page_call: bool) -> str:
    """The error of a full bucket."""
    kind = bucket(token).partition(" ")[0]
    if kind == "app":
        return "32" if page_call else "4"
    return "80002" if kind == "instagram" else "80001"
