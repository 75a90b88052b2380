"""The control API's view of Meta's accounts: their newest tokens and states, and what can be turned."""

from datetime import timedelta
from typing import Any

from waooaw_sandbox.clock import iso
from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.people import FACEBOOK_APP, INSTAGRAM_APP, KNOWN, TASKS, Account, Token
from waooaw_sandbox.meta.state import Meta
from waooaw_sandbox.problem import Problem
from waooaw_sandbox.turns import Turns, account_called, all_known, attribute, turned

STATES = (458, 459, 460, 463, 464, 467, 492)


def posting_token(meta: Meta, account: Account) -> Token | None:
    """The newest token a client posts with: a Page's, or an Instagram Login's."""
    tokens = [t for t in meta.people[account.platform].tokens.values() if t.account is account]
    usable = [t for t in tokens if t.kind in ("ig_long", "ig_short") or t.page is account.page]
    return (usable or [None])[-1]


def describe(meta: Meta, account: Account) -> Json:
    """Everything a client needs to act for the account, at once."""
    token = posting_token(meta, account)
    user = meta.people[account.platform].newest(account, ("user_long", "user_short"))
    app = token.app if token else FACEBOOK_APP if account.login == "facebook" else INSTAGRAM_APP
    end = token.expires_at if token else None
    return {
        "platform": account.platform,
        "account": account.name,
        "title": account.title,
        "username": account.username,
        "posting_identity": account.ig_id if account.platform == "instagram" else account.page.id,
        "login": "instagram" if app == INSTAGRAM_APP else "facebook",
        "access_token": token.token if token else None,
        "token_kind": token.kind if token else None,
        "user_token": user.token if user else None,
        "refresh_token": None,
        "app_id": app[0],
        "app_secret": app[1],
        "expires_at": iso(end) if end else None,
        "scopes": list(token.scopes) if token else [],
        "page_id": account.page.id,
        "user_id": account.user_id,
        "ig_user_id": account.ig_id,
        "tasks": list(account.page.tasks),
        "token_state": account.token_state,
        "revoked": token is None or token.dead,
        "inactive": account.inactive,
        "require_appsecret_proof": account.require_appsecret_proof,
        "quota_total": account.quota_total,
    }


def tokens_of(meta: Meta, account: Account) -> list[Token]:
    return [t for t in meta.people[account.platform].tokens.values() if t.account is account]


def expires_in(meta: Meta, account: Account, value: Any) -> None:
    token = posting_token(meta, account)
    if token is not None:
        token.expires_at = meta.later(float(value))


def user_expires_in(meta: Meta, account: Account, value: Any) -> None:
    token = meta.people[account.platform].newest(account, ("user_long", "user_short"))
    if token is not None:
        token.expires_at = meta.later(float(value))


def token_age(meta: Meta, account: Account, value: Any) -> None:
    token = posting_token(meta, account)
    if token is not None:
        token.made_at = meta.clock.now() - timedelta(seconds=float(value))


def token_state(meta: Meta, account: Account, value: Any) -> None:
    if value is not None and value not in STATES:
        raise Problem(f"no subcode {value!r} of 190 here", available=list(STATES))
    account.token_state = value


def revoked(meta: Meta, account: Account, value: Any) -> None:
    if value:
        meta.people[account.platform].revoke(account)
    else:
        meta.people[account.platform].seed_tokens(account)


def scopes(meta: Meta, account: Account, value: Any) -> None:
    all_known(value, KNOWN, "scopes")
    for token in tokens_of(meta, account):
        token.scopes = tuple(value)


def tasks(meta: Meta, account: Account, value: Any) -> None:
    all_known(value, TASKS, "tasks")
    account.page.tasks = tuple(value)


TURNS: Turns[Meta, Account] = {
    "expires_in": ((int, float), expires_in),
    "user_expires_in": ((int, float), user_expires_in),
    "token_age": ((int, float), token_age),
    "token_state": ((int, type(None)), token_state),
    "revoked": ((bool,), revoked),
    "scopes": ((list,), scopes),
    "tasks": ((list,), tasks),
    "inactive": ((bool,), attribute("inactive")),
    "quota_total": ((int, type(None)), attribute("quota_total")),
    "require_appsecret_proof": ((bool,), attribute("require_appsecret_proof")),
}


def find(meta: Meta, platform: str, name: str) -> Account:
    return account_called(name, meta.people[platform].accounts)


def turn(meta: Meta, platform: str, name: str, changes: Json) -> Json:
    account = find(meta, platform, name)
    turned(TURNS, meta, account, changes)
    return describe(meta, account)
