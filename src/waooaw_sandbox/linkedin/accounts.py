"""The control API's view of LinkedIn: the accounts with their tokens, roles and states, and how to change them."""

from datetime import timedelta
from typing import Any

from waooaw_sandbox.clock import iso
from waooaw_sandbox.kit import Json
from waooaw_sandbox.linkedin.people import CLIENT_ID, CLIENT_SECRET, Account, Organization, Role
from waooaw_sandbox.linkedin.scopes import KNOWN, ROLES, STATES
from waooaw_sandbox.linkedin.state import State
from waooaw_sandbox.problem import Problem
from waooaw_sandbox.turns import Turns, account_called, all_known, turned


def find(state: State, name: str) -> Account:
    return account_called(name, state.people.accounts)


def describe(state: State, account: Account) -> Json:
    """Everything a client needs to act for the account, at once. `posting_identity` is the URN of the author."""
    grant, access = state.people.newest(account)
    organization = account.organization
    return {
        "platform": "linkedin",
        "account": account.name,
        "title": organization.name if organization else account.full_name,
        "author_kind": "organization" if organization else "member",
        "posting_identity": account.author,
        "organization_id": organization.id if organization else None,
        "member_urn": account.urn,
        "access_token": access.token if access else None,
        "refresh_token": grant.refresh_token if grant and state.knobs.flag("refresh_tokens") else None,
        "app_id": CLIENT_ID,
        "app_secret": CLIENT_SECRET,
        "expires_at": iso(access.expires_at) if access else None,
        "refresh_expires_at": iso(grant.expires_at) if grant else None,
        "scopes": list(access.scopes) if access else [],
        "revoked": access is None or access.dead,
        "refresh_dead": grant is None or not state.people.alive(grant),
        "roles": [
            {"organization": role.organization.urn, "role": role.role, "state": role.state}
            for role in state.people.roles
            if role.account is account
        ],
        "followers": organization.followers if organization else None,
    }


# --- what can be changed ------------------------------------------------------------------------------------------------------


def expires_in(state: State, account: Account, value: Any) -> None:
    _, access = state.people.newest(account)
    if access is not None:
        access.expires_at = state.clock.now() + timedelta(seconds=value)


def fresh_for(state: State, account: Account, value: Any) -> None:
    _, access = state.people.newest(account)
    if access is not None:
        access.known_at = state.clock.now() + timedelta(seconds=value)


def refresh_expires_in(state: State, account: Account, value: Any) -> None:
    grant, _ = state.people.newest(account)
    if grant is not None:
        grant.expires_at = state.clock.now() + timedelta(seconds=value)


def refresh_dead(state: State, account: Account, value: Any) -> None:
    for grant in state.people.grants:
        if grant.account is account:
            grant.dead = bool(value)


def revoked(state: State, account: Account, value: Any) -> None:
    if value:
        state.people.revoke(account)
    else:
        state.people.seed_grant(account)


def scopes(state: State, account: Account, value: Any) -> None:
    all_known(value, KNOWN, "scopes")
    for holder in (*state.people.grants, *state.people.tokens.values()):
        if holder.account is account:
            holder.scopes = tuple(value)


def organization_of(account: Account) -> Organization:
    if account.organization is None:
        raise Problem(f"{account.name!r} is a member without an organization")
    return account.organization


def own_row(state: State, account: Account) -> Role | None:
    organization = organization_of(account)
    return next((r for r in state.people.roles if r.account is account and r.organization is organization), None)


def role(state: State, account: Account, value: Any) -> None:
    """In its own organization; null takes it away."""
    if value is not None and value not in ROLES:
        raise Problem(f"no role is called {value!r}", available=sorted(ROLES))
    row = own_row(state, account)
    if row is not None:
        state.people.roles.remove(row)
    if value is not None:
        state.people.roles.append(Role(organization_of(account), account, value))


def role_state(state: State, account: Account, value: Any) -> None:
    if value not in STATES:
        raise Problem(f"no state is called {value!r}", available=sorted(STATES))
    row = own_row(state, account)
    if row is None:
        raise Problem(f"{account.name!r} has no role")
    row.state = value


def followers(state: State, account: Account, value: Any) -> None:
    organization_of(account).followers = value


TURNS: Turns[State, Account] = {
    "expires_in": ((int, float), expires_in),
    "fresh_for": ((int, float), fresh_for),
    "refresh_expires_in": ((int, float), refresh_expires_in),
    "refresh_dead": ((bool,), refresh_dead),
    "revoked": ((bool,), revoked),
    "scopes": ((list,), scopes),
    "role": ((str, type(None)), role),
    "role_state": ((str,), role_state),
    "followers": ((int,), followers),
}


def turn(state: State, name: str, changes: Json) -> Json:
    account = find(state, name)
    turned(TURNS, state, account, changes)
    return describe(state, account)
