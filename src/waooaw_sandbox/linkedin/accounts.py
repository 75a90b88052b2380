"""The control API's view of LinkedIn: the accounts with their tokens, roles and states, and how to change them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from waooaw_sandbox.clock import iso
from waooaw_sandbox.kit import Json
from waooaw_sandbox.linkedin.people import CLIENT_ID, CLIENT_SECRET, Account, Organization, Role
from waooaw_sandbox.linkedin.scopes import KNOWN, ROLES, STATES
from waooaw_sandbox.linkedin.state import State
from waooaw_sandbox.problem import Problem


def find(state: State, name: str) -> Account:
    if name not in state.people.accounts:
        raise Problem(f"no account is called {name!r}", available=sorted(state.people.accounts), status=404)
    return state.people.accounts[name]


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
    strange = sorted({str(scope) for scope in value} - KNOWN)
    if strange:
        raise Problem(f"unknown scopes: {strange}", available=sorted(KNOWN))
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


TURNS: dict[str, tuple[tuple[type, ...], Callable[[State, Account, Any], None]]] = {
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
    for knob, value in changes.items():
        if knob not in TURNS:
            raise Problem(f"an account has no knob {knob!r}", available=sorted(TURNS))
        kinds, _ = TURNS[knob]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Problem(f"{knob!r} takes {' or '.join(kind.__name__ for kind in kinds)}, not {value!r}")
    for knob, value in changes.items():
        TURNS[knob][1](state, account, value)
    return describe(state, account)
