"""LinkedIn members, the organizations they act for, and what they granted to the app: codes, refresh tokens, access tokens.

Two members are seeded with a working grant, the same after every reset: hazel, who administers an organization, and ridge, who does
not. A token is always a member's. The rules by which tokens die are contract linkedin 1.1. Nothing here speaks HTTP.
"""

import base64
import hashlib
import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waooaw_sandbox.clock import SandboxClock
from waooaw_sandbox.knobs import Knobs
from waooaw_sandbox.linkedin.scopes import MEMBER_SEEDED, ORGANIZATION_SEEDED

CLIENT_ID = "86sandboxlinkedin"
CLIENT_SECRET = "WPL_AP1.sandboxLinkedInSecret=="
CODE_SECONDS = 1800
TOKEN_LETTERS = 480
"""About 500 in all: who stores them in 255 should learn it here."""
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass
class Organization:
    id: str
    name: str
    vanity: str
    followers: int = 1200

    @property
    def urn(self) -> str:
        return f"urn:li:organization:{self.id}"


@dataclass
class Account:
    """A member. `organization` is the one the account is for, if any."""

    name: str
    first_name: str
    last_name: str
    id: str
    organization: Organization | None

    @property
    def urn(self) -> str:
        return f"urn:li:person:{self.id}"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def vanity(self) -> str:
        return f"{self.first_name}-{self.last_name}".lower()

    @property
    def author(self) -> str:
        """The URN it posts as."""
        return self.organization.urn if self.organization else self.urn


@dataclass
class Role:
    """A row of the access control list. Only an APPROVED one counts."""

    organization: Organization
    account: Account
    role: str
    state: str = "APPROVED"


@dataclass
class Grant:
    """A refresh token and what it stands for. Refreshing never prolongs it."""

    refresh_token: str
    account: Account
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    dead: bool = False


@dataclass
class AccessToken:
    """`known_at`: until then it answers as if it were revoked, which fresh ones sometimes do."""

    token: str
    account: Account
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    grant: Grant | None
    known_at: datetime
    dead: bool = False


@dataclass
class Code:
    code: str
    account: Account
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None
    expires_at: datetime
    used: bool = False


def word(length: int, seed: str | None = None) -> str:
    """A token-like word; the same for the same seed."""
    source = random.Random(f"linkedin {seed}") if seed else secrets.SystemRandom()
    return "".join(source.choice(ALPHABET) for _ in range(length))


@dataclass
class People:
    clock: SandboxClock
    knobs: Knobs
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    organizations: dict[str, Organization] = field(default_factory=dict[str, Organization])
    roles: list[Role] = field(default_factory=list[Role])
    grants: list[Grant] = field(default_factory=list[Grant])
    tokens: dict[str, AccessToken] = field(default_factory=dict[str, AccessToken])
    codes: dict[str, Code] = field(default_factory=dict[str, Code])

    def reset(self) -> None:
        bakes = Organization("5515715", "Hazel Bakes", "hazel-bakes")
        catering = Organization("5515716", "Hazel Catering", "hazel-catering")
        acme = Organization("2414183", "Acme (Widgets)", "acme-widgets", followers=90)
        hazel = Account("hazel", "Hazel", "Baker", word(10, "member hazel"), bakes)
        ridge = Account("ridge", "Ridge", "Rider", word(10, "member ridge"), None)
        self.organizations = {organization.id: organization for organization in (bakes, catering, acme)}
        self.accounts = {account.name: account for account in (hazel, ridge)}
        self.roles = [Role(bakes, hazel, "ADMINISTRATOR"), Role(catering, hazel, "ANALYST")]
        self.grants, self.tokens, self.codes = [], {}, {}
        for account in self.accounts.values():
            self.seed_grant(account)

    # --- who is who -----------------------------------------------------------------------------------------------------------

    def organization(self, urn: str) -> Organization | None:
        return next((o for o in self.organizations.values() if o.urn == urn), None)

    def member(self, urn: str) -> Account | None:
        return next((a for a in self.accounts.values() if a.urn == urn), None)

    def name_of(self, urn: str) -> str:
        organization, member = self.organization(urn), self.member(urn)
        return organization.name if organization else member.full_name if member else urn

    def mentionable(self, urn: str) -> frozenset[str]:
        """An organization by its exact name, a member by the full name or a part of it."""
        organization, member = self.organization(urn), self.member(urn)
        if organization is not None:
            return frozenset({organization.name})
        return frozenset({member.full_name, member.first_name, member.last_name}) if member else frozenset()

    def role(self, account: Account, organization: Organization) -> Role | None:
        """The approved role of a member in an organization, if there is one."""
        rows = (r for r in self.roles if r.account is account and r.organization is organization)
        return next((r for r in rows if r.state == "APPROVED"), None)

    # --- tokens ---------------------------------------------------------------------------------------------------------------

    def seed_grant(self, account: Account) -> None:
        """Give the account the grant it was born with, alive."""
        scopes = ORGANIZATION_SEEDED if account.organization else MEMBER_SEEDED
        refresh = "AQX" + word(TOKEN_LETTERS, f"refresh {account.name}")
        self.grants = [grant for grant in self.grants if grant.refresh_token != refresh]
        grant = self.new_grant(account, scopes, refresh)
        self.mint(account, scopes, grant, "AQV" + word(TOKEN_LETTERS, f"access {account.name}"))

    def new_grant(self, account: Account, scopes: tuple[str, ...], refresh_token: str | None = None) -> Grant:
        now = self.clock.now()
        expires_at = now + timedelta(seconds=self.knobs.number("refresh_token_seconds"))
        grant = Grant(refresh_token or "AQX" + word(TOKEN_LETTERS), account, scopes, now, expires_at)
        self.grants.append(grant)
        return grant

    def mint(
        self, account: Account, scopes: tuple[str, ...], grant: Grant | None, token: str | None = None, shy: float = 0
    ) -> AccessToken:
        """A token lives its time, but never longer than the grant it comes from."""
        now = self.clock.now()
        expires_at = now + timedelta(seconds=self.knobs.number("access_token_seconds"))
        if grant is not None:
            expires_at = min(expires_at, grant.expires_at)
        known_at = now + timedelta(seconds=shy)
        minted = AccessToken(token or "AQV" + word(TOKEN_LETTERS), account, scopes, now, expires_at, grant, known_at)
        self.tokens.pop(minted.token, None)
        self.tokens[minted.token] = minted
        return minted

    def alive(self, grant: Grant) -> bool:
        return not grant.dead and grant.expires_at > self.clock.now()

    def revoke(self, account: Account) -> None:
        """Everything the member granted to the app is gone."""
        for holder in (*self.grants, *self.tokens.values()):
            holder.dead = holder.dead or holder.account is account

    def grant_of(self, refresh_token: str) -> Grant | None:
        return next((grant for grant in self.grants if grant.refresh_token == refresh_token), None)

    def newest(self, account: Account) -> tuple[Grant | None, AccessToken | None]:
        """The newest refresh token (alive if any is) and the newest access token."""
        grants = [g for g in self.grants if g.account is account]
        alive = [g for g in grants if self.alive(g)]
        tokens = [t for t in self.tokens.values() if t.account is account]
        return (alive or grants or [None])[-1], (tokens or [None])[-1]


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
