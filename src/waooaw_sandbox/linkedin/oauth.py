"""LinkedIn's token endpoints: exchange, refresh, introspection, revocation (contract linkedin 1.1). The dialog is in `consent.py`.

A dead refresh token is `invalid_request`, not `invalid_grant`. Refreshing gives the same refresh token back, with what is left of its
year; near its end the access token lives no longer than it.
"""

from datetime import datetime

from waooaw_sandbox.kit import Answer, Call, Json, Refused
from waooaw_sandbox.linkedin.errors import api_error, token_error
from waooaw_sandbox.linkedin.people import CLIENT_ID, CLIENT_SECRET, AccessToken, Code, Grant, s256
from waooaw_sandbox.linkedin.state import State


async def token(state: State, call: Call) -> Answer:
    form = await call.form()
    kind = needed(form, "grant_type")
    if kind == "client_credentials":
        raise Refused(token_error("access_denied"))
    grants = {"authorization_code": exchange, "refresh_token": refresh}
    if kind not in grants:
        raise Refused(token_error("unsupported_grant_type"))
    fresh = call.fault("fresh_token")
    return grants[kind](state, form, float(fresh.parameters["seconds"]) if fresh else 0)


def needed(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise Refused(token_error("invalid_request", "missing", word=name))
    return form[name]


def check_client(state: State, form: dict[str, str]) -> None:
    if (needed(form, "client_id"), needed(form, "client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        raise Refused(token_error("invalid_client", status=state.knobs.count("invalid_client_status")))


def exchange(state: State, form: dict[str, str], shy: float) -> Answer:
    shown, redirect = needed(form, "code"), needed(form, "redirect_uri")
    check_client(state, form)
    code = state.people.codes.get(shown)
    if code is None or code.used:
        raise Refused(token_error("invalid_request", "code"))
    verifier = form.get("code_verifier")
    wrong_verifier = bool(code.challenge and verifier and s256(verifier) != code.challenge)
    if code.expires_at <= state.clock.now() or redirect != code.redirect_uri or wrong_verifier:
        raise Refused(token_error("invalid_redirect_uri"))
    code.used = True
    kill_other_scope_sets(state, code)
    grant = state.people.new_grant(code.account, code.scopes)
    minted = state.people.mint(code.account, code.scopes, grant, shy=shy)
    return Answer(200, tokens(state, minted, grant if state.knobs.flag("refresh_tokens") else None))


def kill_other_scope_sets(state: State, code: Code) -> None:
    """A consent to another set of scopes ends the member's earlier tokens."""
    holders: list[AccessToken | Grant] = list(state.people.tokens.values())
    if state.knobs.word("scope_change_kills") == "all":
        holders += state.people.grants
    for holder in holders:
        if holder.account is code.account and set(holder.scopes) != set(code.scopes):
            holder.dead = True


def refresh(state: State, form: dict[str, str], shy: float) -> Answer:
    shown = needed(form, "refresh_token")
    check_client(state, form)
    grant = state.people.grant_of(shown)
    if grant is None or not state.people.alive(grant) or not state.knobs.flag("refresh_tokens"):
        raise Refused(token_error("invalid_request", "dead"))
    return Answer(200, tokens(state, state.people.mint(grant.account, grant.scopes, grant, shy=shy), grant))


def tokens(state: State, minted: AccessToken, grant: Grant | None) -> Json:
    """`scope` is comma separated, though it was asked for with spaces."""
    body: Json = {
        "access_token": minted.token,
        "expires_in": left(state, minted.expires_at),
        "scope": ",".join(minted.scopes),
    }
    if grant is not None:
        body |= {"refresh_token": grant.refresh_token, "refresh_token_expires_in": left(state, grant.expires_at)}
    return body


def left(state: State, until: datetime) -> int:
    """Whole seconds, rounded: a token just made has its full time."""
    return max(round((until - state.clock.now()).total_seconds()), 0)


async def introspect(state: State, call: Call) -> Answer:
    form = await call.form()
    shown = needed(form, "token")
    check_client(state, form)
    holder = state.people.tokens.get(shown) or state.people.grant_of(shown)
    if holder is None:
        return Answer(200, {"active": False})
    expired = holder.expires_at <= state.clock.now()
    status = "revoked" if holder.dead else "expired" if expired else "active"
    consented = holder.made_at
    if isinstance(holder, AccessToken) and holder.grant is not None:
        consented = holder.grant.made_at
    body: Json = {
        "active": status == "active",
        "client_id": CLIENT_ID,
        "authorized_at": int(consented.timestamp()),
        "created_at": int(holder.made_at.timestamp()),
        "status": status,
        "expires_at": int(holder.expires_at.timestamp()),
        "scope": ",".join(holder.scopes),
        "auth_type": "3L",
    }
    return Answer(200, body)


async def revoke(state: State, call: Call) -> Answer:
    """Either kind of token. Whether its siblings die with it is a knob."""
    form = await call.form()
    if not state.knobs.flag("revoke_served"):
        raise Refused(api_error("RESOURCE_NOT_FOUND"))
    shown = needed(form, "token")
    check_client(state, form)
    holder = state.people.tokens.get(shown) or state.people.grant_of(shown)
    if holder is None:
        raise Refused(token_error("invalid_request", "dead"))
    holder.dead = True
    if state.knobs.flag("revoke_kills_siblings"):
        state.people.revoke(holder.account)
    return Answer(200)
