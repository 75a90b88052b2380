"""The people, Pages and Instagram accounts behind both platforms, and their tokens: one row each.

The same two people are seeded for `instagram` and for `facebook`, with tokens of their own, so that a state turned on one platform
does not touch the other. Contract meta B: there are no refresh tokens; a token has a kind, scopes, an age and an end.
"""

import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waooaw_sandbox.clock import SandboxClock

FACEBOOK_APP = ("1100220033004400", "sandbox-facebook-app-secret")
INSTAGRAM_APP = ("2200330044005500", "sandbox-instagram-app-secret")
APP_NAME = "Sandbox App"
LONG_SECONDS = 5_183_944
CODE_SECONDS = 3600
TASKS = ("ANALYZE", "ADVERTISE", "MODERATE", "CREATE_CONTENT", "MANAGE")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

PAGE_SCOPES = (
    "pages_show_list", "pages_read_engagement", "pages_manage_posts", "pages_read_user_content",
    "pages_manage_engagement", "pages_manage_metadata", "read_insights", "business_management", "public_profile",
)  # fmt: skip
IG_PAGE_SCOPES = (
    "instagram_basic", "instagram_content_publish", "instagram_manage_comments", "instagram_manage_insights",
    "instagram_manage_contents", "pages_show_list", "pages_read_engagement", "business_management", "public_profile",
)  # fmt: skip
IG_SCOPES = (
    "instagram_business_basic", "instagram_business_content_publish", "instagram_business_manage_comments",
    "instagram_business_manage_insights",
)  # fmt: skip
KNOWN = frozenset(
    (
        *PAGE_SCOPES,
        *IG_PAGE_SCOPES,
        *IG_SCOPES,
        "email",
        "publish_video",
        "ads_management",
        "ads_read",
        "pages_messaging",
        "whatsapp_business_messaging",
        "whatsapp_business_management",
    )
)


@dataclass
class Page:
    id: str
    name: str
    username: str
    tasks: tuple[str, ...]
    ig_id: str | None = None


@dataclass
class Account:
    """A person with a Page and an Instagram account, as one platform sees them. What follows `business` can be turned."""

    platform: str
    name: str
    title: str
    username: str
    login: str
    user_id: str
    ig_id: str
    scoped_id: str
    pages: list[Page]
    business: str
    token_state: int | None = None
    """A subcode of 190 that every token of this account answers with."""
    inactive: bool = False
    require_appsecret_proof: bool = False
    quota_total: int | None = None

    @property
    def page(self) -> Page:
        return self.pages[0]


@dataclass
class Token:
    """`page` is set for Page tokens, `parent` for what was derived from another token."""

    token: str
    kind: str
    account: Account
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime | None
    page: Page | None = None
    parent: "Token | None" = None
    dead: bool = False

    @property
    def of_instagram_login(self) -> bool:
        return self.kind in ("ig_short", "ig_long")

    @property
    def app(self) -> tuple[str, str]:
        return INSTAGRAM_APP if self.of_instagram_login else FACEBOOK_APP

    def reaches(self, identity: str) -> bool:
        """May it see what belongs to this Page, Instagram account or user?"""
        if self.of_instagram_login:
            return identity in (self.account.ig_id, self.account.scoped_id)
        pages = [self.page] if self.page else self.account.pages
        return identity == self.account.user_id or any(identity in (p.id, p.ig_id) for p in pages)


@dataclass
class Code:
    code: str
    account: Account
    scopes: tuple[str, ...]
    redirect_uri: str
    expires_at: datetime
    instagram_login: bool
    used: bool = False


def word(length: int, seed: str | None = None) -> str:
    source = random.Random(f"sandbox meta {seed}") if seed else secrets.SystemRandom()
    return "".join(source.choice(LETTERS) for _ in range(length))


def digits(length: int, seed: str | None = None, start: str = "") -> str:
    source = random.Random(f"sandbox meta {seed}") if seed else secrets.SystemRandom()
    first = start or source.choice("123456789")
    return first + "".join(source.choice("0123456789") for _ in range(length - len(first)))


def seeded(platform: str, name: str, title: str, login: str) -> Account:
    """The same person on either platform: all but the tokens is equal."""
    ig_id = digits(17, f"ig {name}", "17841")
    username = title.lower().replace(" ", "")
    pages = [
        Page(digits(15, f"page {name}"), title, username, TASKS, ig_id),
        Page(digits(15, f"archive {name}"), f"{title} Archive", f"{username}archive", ("ANALYZE",)),
    ]
    user_id, scoped = digits(17, f"user {name}", "10"), digits(17, f"scoped {name}", "25")
    return Account(
        platform, name, title, username, login, user_id, ig_id, scoped, pages, digits(15, f"business {name}")
    )


@dataclass
class People:
    """Everybody of one platform."""

    platform: str
    clock: SandboxClock
    accounts: dict[str, Account] = field(default_factory=dict[str, Account])
    tokens: dict[str, Token] = field(default_factory=dict[str, Token])
    codes: dict[str, Code] = field(default_factory=dict[str, Code])

    def reset(self) -> None:
        ridge_login = "instagram" if self.platform == "instagram" else "facebook"
        people = (("hazel", "Hazel Bakes", "facebook"), ("ridge", "Ridge Cycles", ridge_login))
        self.accounts = {name: seeded(self.platform, name, title, login) for name, title, login in people}
        self.tokens, self.codes = {}, {}
        for account in self.accounts.values():
            self.seed_tokens(account)

    def seed_tokens(self, account: Account) -> None:
        """The tokens an account was born with, two days old: old enough to be refreshed."""
        account.token_state = None
        for token in [t for t in self.tokens.values() if t.account is account]:
            del self.tokens[token.token]
        seed, born = f"{self.platform} {account.name}", self.clock.now() - timedelta(days=2)
        end = born + timedelta(seconds=LONG_SECONDS)
        if account.login == "instagram":
            self.keep(Token("IGAA" + word(150, f"ig {seed}"), "ig_long", account, IG_SCOPES, born, end))
            return
        scopes = IG_PAGE_SCOPES if self.platform == "instagram" else PAGE_SCOPES
        user = self.keep(Token("EAAS" + word(150, f"user {seed}"), "user_long", account, scopes, born, end))
        page = Token("EAAP" + word(150, f"page {seed}"), "page", account, scopes, born, None, account.page, user)
        self.keep(page)

    def keep(self, token: Token) -> Token:
        self.tokens.pop(token.token, None)
        self.tokens[token.token] = token
        return token

    def mint(
        self, kind: str, account: Account, scopes: tuple[str, ...], seconds: float | None, parent: Token | None = None
    ) -> Token:
        now = self.clock.now()
        end = None if seconds is None else now + timedelta(seconds=seconds)
        start = "IGAA" if kind.startswith("ig") else "EAAS"
        return self.keep(Token(start + word(150), kind, account, scopes, now, end, parent=parent))

    def page_token(self, user: Token, page: Page) -> Token:
        """Unique per user token and Page; it ends with a short user token and never with a long one (contract B1)."""
        now = self.clock.now()
        for token in self.tokens.values():
            alive = not token.dead and (token.expires_at is None or token.expires_at > now)
            if token.page is page and token.parent is user and alive:
                return token
        end = user.expires_at if user.kind == "user_short" else None
        made = Token("EAAP" + word(150), "page", user.account, user.scopes, now, end, page, user)
        return self.keep(made)

    def newest(self, account: Account, kinds: Iterable[str]) -> Token | None:
        found = [t for t in self.tokens.values() if t.account is account and t.kind in kinds]
        return (found or [None])[-1]

    def revoke(self, account: Account) -> None:
        for token in self.tokens.values():
            token.dead = token.dead or token.account is account
