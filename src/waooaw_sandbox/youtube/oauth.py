"""Google's token and revocation endpoints (contract youtube 1.3 and 1.4). The consent page is in `consent.py`."""

from urllib.parse import unquote

from waooaw_sandbox.kit import Answer, Call, Json, Refused
from waooaw_sandbox.youtube.errors import basic_credentials, token_error
from waooaw_sandbox.youtube.people import (
    CLIENT_ID,
    CLIENT_SECRET,
    TESTING_SECONDS,
    Account,
    Grant,
    id_token,
    s256,
)
from waooaw_sandbox.youtube.state import State


async def token(state: State, call: Call) -> Answer:
    form = await call.form()
    kind = form.get("grant_type", "")
    grants = {"authorization_code": exchange, "refresh_token": refresh}
    if kind not in grants:
        raise Refused(token_error("unsupported_grant_type", tail=kind))
    check_client(call, form)
    return grants[kind](state, form)


def check_client(call: Call, form: dict[str, str]) -> None:
    """The credentials may come in the form or as HTTP Basic."""
    basic = basic_credentials(call.request.headers.get("Authorization", ""))
    client, secret = (
        (unquote(basic[0]), unquote(basic[1])) if basic else (form.get("client_id"), form.get("client_secret"))
    )
    if not client:
        raise Refused(token_error("invalid_request", tail="client_id"))
    if client != CLIENT_ID:
        raise Refused(token_error("invalid_client", "unknown_client"))
    if secret != CLIENT_SECRET:
        raise Refused(token_error("invalid_client", "bad_secret"))


def exchange(state: State, form: dict[str, str]) -> Answer:
    if not form.get("code"):
        raise Refused(token_error("invalid_request", tail="code"))
    code = state.people.codes.get(form["code"])
    if code is None or code.used or code.expires_at <= state.clock.now():
        raise Refused(token_error("invalid_grant", "bad_request"))
    if form.get("redirect_uri") != code.redirect_uri:
        raise Refused(token_error("redirect_uri_mismatch"))
    verifier = form.get("code_verifier")
    if code.challenge and not verifier:
        raise Refused(token_error("invalid_grant", "missing_verifier"))
    if code.challenge and s256(verifier or "") != code.challenge:
        raise Refused(token_error("invalid_grant", "wrong_verifier"))
    code.used = True
    grant = state.people.new_grant(code.account, code.scopes) if code.with_refresh else None
    return Answer(200, tokens(state, code.account, code.scopes, grant, show_refresh=True))


def refresh(state: State, form: dict[str, str]) -> Answer:
    if not form.get("refresh_token"):
        raise Refused(token_error("invalid_request", tail="refresh_token"))
    grant = state.people.grant_of(form["refresh_token"])
    if grant is None:
        raise Refused(token_error("invalid_grant", "bad_request"))
    if not state.people.alive(grant):
        raise Refused(token_error("invalid_grant", "revoked"))
    rotate = state.knobs.flag("rotate_refresh_tokens")
    if rotate:
        grant.dead = True
        grant = state.people.new_grant(grant.account, grant.scopes)
    asked = tuple(form.get("scope", "").split())
    if not set(asked) <= set(grant.scopes):
        raise Refused(token_error("invalid_scope"))
    return Answer(200, tokens(state, grant.account, asked or grant.scopes, grant, show_refresh=rotate))


def tokens(state: State, account: Account, scopes: tuple[str, ...], grant: Grant | None, *, show_refresh: bool) -> Json:
    minted = state.people.mint(account, scopes, grant)
    body: Json = {
        "access_token": minted.token,
        "expires_in": state.knobs.count("access_token_seconds"),
        "scope": " ".join(scopes),
        "token_type": "Bearer",
    }
    if grant is not None and show_refresh:
        body["refresh_token"] = grant.refresh_token
    if grant is not None and state.knobs.flag("testing_mode"):
        age = int((state.clock.now() - grant.made_at).total_seconds())
        body["refresh_token_expires_in"] = TESTING_SECONDS - age
    if "openid" in scopes:
        body["id_token"] = id_token(account, state.clock.now())
    return body


async def revoke(state: State, call: Call) -> Answer:
    """Either kind of token; the account's whole grant to the project ends."""
    shown = (await call.form()).get("token") or call.query.get("token", "")
    access, grant = state.people.tokens.get(shown), state.people.grant_of(shown)
    alive_access = access is not None and not access.dead and access.expires_at > state.clock.now()
    holder = access if alive_access else grant if grant is not None and state.people.alive(grant) else None
    if holder is None:
        return token_error("invalid_token")
    state.people.revoke(holder.account)
    return Answer(200, {})
