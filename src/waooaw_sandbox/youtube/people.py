"""Google accounts, their channels, and what they granted to the app: codes, refresh tokens, access tokens.

Two accounts are seeded with a working grant, the same after every reset; tokens minted later are random. The rules by which
grants die are contract youtube 1.5. Nothing here speaks HTTP.
"""

import base64
import hashlib
import json
import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.youtube.scopes import SEEDED

CLIENT_ID = "sandbox-google-client.apps.googleusercontent.com"
CLIENT_SECRET = "GOCSPX-sandbox-google-secret"
TESTING_SECONDS = 604_799
CODE_SECONDS = 600
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Channel:
    id: str
    title: str
    handle: str

    @property
    def uploads(self) -> str:
        return "UU" + self.id[2:]


@dataclass
class Account:
    """A Google login. The fields after `channel` are what `/_sandbox/accounts/youtube/{account}` can turn."""

    name: str
    email: str
    sub: str
    own_channel: Channel
    channel: Channel | None
    suspended: bool = False
    long_uploads: str = "allowed"
    phone_verified: bool = True
    force_private: bool = False
    daily_videos: int | None = None
    """YouTube's own limit per channel; None for none."""


@dataclass
class Grant:
    """A refresh token and what it stands for."""

    refresh_token: str
    account: Account
    scopes: tuple[str, ...]
    client_id: str
    made_at: datetime
    dead: bool = False


@dataclass
class AccessToken:
    token: str
    account: Account
    scopes: tuple[str, ...]
    expires_at: datetime
    grant: Grant | None
    dead: bool = False


@dataclass
class Code:
    code: str
    account: Account
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    with_refresh: bool
    expires_at: datetime
    used: bool = False


def word(length: int, seed: str | None = None) -> str:
    """A token-like word; the same for the same seed."""
    source = random.Random(f"sandbox {seed}") if seed else secrets.SystemRandom()
    return "".join(source.choice(ALPHABET) for _ in range(length))


def seeded(name: str, title: str) -> Account:
    channel = Channel("UC" + word(22, f"channel {name}"), title, "@" + title.lower().replace(" ", ""))
    sub = str(random.Random(f"sandbox {name}").randrange(10**20, 10**21))
    return Account(name, f"{name}@example.com", sub, channel, channel)


@dataclass
class People:
    clock: SandboxClock
    knobs: Knobs
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    grants: list[Grant] = field(default_factory=list[Grant])
    tokens: dict[str, AccessToken] = field(default_factory=dict[str, AccessToken])
    codes: dict[str, Code] = field(default_factory=dict[str, Code])

    def reset(self) -> None:
        self.accounts = {a.name: a for a in (seeded("hazel", "Hazel Bakes"), seeded("ridge", "Ridge Cycles"))}
        self.grants, self.tokens, self.codes = [], {}, {}
        for account in self.accounts.values():
            self.seed_grant(account)

    def seed_grant(self, account: Account) -> None:
        """Give the account the grant it was born with, alive."""
        refresh = "1//0" + word(60, f"refresh {account.name}")
        self.grants = [grant for grant in self.grants if grant.refresh_token != refresh]
        grant = Grant(refresh, account, SEEDED, CLIENT_ID, self.clock.now())
        self.grants.append(grant)
        self.mint(account, SEEDED, grant, "ya29.a0" + word(120, f"access {account.name}"))

    def mint(
        self, account: Account, scopes: tuple[str, ...], grant: Grant | None, token: str | None = None
    ) -> AccessToken:
        expires_at = self.clock.now() + timedelta(seconds=self.knobs.number("access_token_seconds"))
        minted = AccessToken(token or "ya29.a0" + word(120), account, scopes, expires_at, grant)
        self.tokens.pop(minted.token, None)
        self.tokens[minted.token] = minted
        return minted

    def new_grant(self, account: Account, scopes: tuple[str, ...]) -> Grant:
        """A further refresh token; beyond the limit the oldest dies silently."""
        grant = Grant("1//0" + word(60), account, scopes, CLIENT_ID, self.clock.now())
        self.grants.append(grant)
        alive = [g for g in self.grants if g.account is account and self.alive(g)]
        for oldest in alive[: max(len(alive) - self.knobs.count("refresh_tokens_per_account"), 0)]:
            oldest.dead = True
        return grant

    def alive(self, grant: Grant) -> bool:
        age = (self.clock.now() - grant.made_at).total_seconds()
        return not grant.dead and not (self.knobs.flag("testing_mode") and age > TESTING_SECONDS)

    def revoke(self, account: Account) -> None:
        """Everything the account granted to the project is gone, whichever token was shown."""
        for grant in self.grants:
            grant.dead = grant.dead or grant.account is account
        for token in self.tokens.values():
            token.dead = token.dead or token.account is account

    def grant_of(self, refresh_token: str) -> Grant | None:
        return next((grant for grant in self.grants if grant.refresh_token == refresh_token), None)

    def newest(self, account: Account) -> tuple[Grant | None, AccessToken | None]:
        """The account's newest refresh token (alive if any is) and newest access token."""
        grants = [g for g in self.grants if g.account is account]
        alive = [g for g in grants if self.alive(g)]
        tokens = [t for t in self.tokens.values() if t.account is account]
        return (alive or grants or [None])[-1], (tokens or [None])[-1]

    def remember(self, code: Code) -> None:
        self.codes[code.code] = code


def id_token(account: Account, now: datetime) -> str:
    """An unsigned ID token: who signed in, for clients that only look."""
    claims = {
        "iss": "https://accounts.google.com",
        "aud": CLIENT_ID,
        "sub": account.sub,
        "email": account.email,
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + 3600,
    }
    parts = (json.dumps({"alg": "none"}), json.dumps(claims))
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts) + "."


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
