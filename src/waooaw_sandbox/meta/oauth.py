"""Where tokens come from: the code exchanges and prolongations of both logins, and `debug_token` (contract meta B).

None of these has a guard in front: they check their own secrets. The dialogs are in `consent.py`.
"""

from waooaw_sandbox.kit import Answer, Call, Json, Refused
from waooaw_sandbox.meta.errors import GRAPH, JSON, code_error, refuse
from waooaw_sandbox.meta.gate import check_alive, check_proof, headed, token_problem
from waooaw_sandbox.meta.multipart import merged
from waooaw_sandbox.meta.people import (
    APP_NAME,
    FACEBOOK_APP,
    INSTAGRAM_APP,
    LONG_SECONDS,
    Account,
    Token,
)
from waooaw_sandbox.meta.state import Meta

DAY = 86_400


def token_answer(meta: Meta, platform: str, call: Call, token: Token) -> Answer:
    body: Json = {"access_token": token.token, "token_type": "bearer"}
    if token.expires_at is not None:
        body["expires_in"] = round((token.expires_at - meta.clock.now()).total_seconds())
    return headed(meta, platform, call, Answer(200, body, JSON), {})


# --- Facebook Login -----------------------------------------------------------------------------------------------------------


async def facebook_token(meta: Meta, platform: str, call: Call) -> Answer:
    """A code for a short token, a short token for a long one, or the app's own token."""
    values, _ = await merged(meta, platform, call)
    given = {name: str(value) for name, value in values.items()}
    if given.get("client_id") != FACEBOOK_APP[0]:
        raise refuse(call.host, "101")
    if given.get("client_secret") != FACEBOOK_APP[1]:
        raise refuse(call.host, "1", "Error validating client secret.", status=400)
    match given.get("grant_type", ""):
        case "client_credentials":
            return Answer(200, {"access_token": "|".join(FACEBOOK_APP), "token_type": "bearer"}, JSON)
        case "fb_exchange_token":
            return prolong(meta, platform, call, given.get("fb_exchange_token", ""))
        case _:
            return exchange(meta, platform, call, given)


def exchange(meta: Meta, platform: str, call: Call, given: dict[str, str]) -> Answer:
    code = meta.people[platform].codes.get(given.get("code", ""))
    if code is None or code.instagram_login:
        raise refuse(call.host, "100", "Invalid verification code format.")
    if code.used:
        raise refuse(call.host, "100/36009")
    if code.expires_at <= meta.clock.now():
        raise refuse(call.host, "100/36007")
    if given.get("redirect_uri") != code.redirect_uri:
        raise refuse(call.host, "100/36008")
    code.used = True
    seconds = meta.knobs[platform].number("short_token_seconds")
    token = meta.people[platform].mint("user_short", code.account, code.scopes, seconds)
    return token_answer(meta, platform, call, token)


def prolong(meta: Meta, platform: str, call: Call, shown: str) -> Answer:
    old = meta.token(shown)
    if old is None or old.of_instagram_login or old.page is not None:
        raise refuse(call.host, "190")
    check_alive(meta, platform, call, old)
    new = meta.people[old.account.platform].mint("user_long", old.account, old.scopes, LONG_SECONDS)
    if old.kind == "user_long" and not meta.knobs[platform].flag("reexchange_extends"):
        new.expires_at = old.expires_at
    return token_answer(meta, platform, call, new)


# --- Instagram Login ----------------------------------------------------------------------------------------------------------


async def instagram_code(meta: Meta, platform: str, call: Call) -> Answer:
    """`api.instagram.com`: a code for a short token, flat or in a list."""
    values, _ = await merged(meta, platform, call)
    people = meta.people[platform]
    code = people.codes.get(str(values.get("code", "")))
    if (str(values.get("client_id")), str(values.get("client_secret"))) != INSTAGRAM_APP:
        raise Refused(code_error("bad_client"))
    if values.get("grant_type") != "authorization_code":
        raise Refused(code_error("bad_request"))
    if code is None or not code.instagram_login or code.used or code.expires_at <= meta.clock.now():
        raise Refused(code_error("code_used"))
    if values.get("redirect_uri") != code.redirect_uri:
        raise Refused(code_error("bad_redirect"))
    code.used = True
    seconds = min(meta.knobs[platform].number("short_token_seconds"), 3600)
    token = people.mint("ig_short", code.account, code.scopes, seconds)
    listed = meta.knobs[platform].word("permissions_shape") == "list"
    user_id = int(code.account.ig_id) if meta.knobs[platform].flag("numeric_user_id") else code.account.ig_id
    body = {
        "access_token": token.token,
        "user_id": user_id,
        "permissions": list(code.scopes) if listed else ",".join(code.scopes),
    }
    flat = meta.knobs[platform].word("code_answer") == "flat"
    return Answer(200, body if flat else {"data": [body]}, JSON)


async def instagram_long(meta: Meta, platform: str, call: Call) -> Answer:
    """`graph.instagram.com/access_token`: short for long."""
    if call.query.get("grant_type") != "ig_exchange_token":
        raise refuse(call.host, "100", "Invalid parameter: grant_type")
    if call.query.get("client_secret") != INSTAGRAM_APP[1]:
        raise refuse(call.host, "1", "Error validating client secret.", status=400)
    old = instagram_token(meta, platform, call)
    if old.kind != "ig_short":
        raise refuse(call.host, "100", "Session key invalid: the token is not a short-lived one")
    new = meta.people[platform].mint("ig_long", old.account, old.scopes, LONG_SECONDS)
    return token_answer(meta, platform, call, new)


async def instagram_refresh(meta: Meta, platform: str, call: Call) -> Answer:
    """`graph.instagram.com/refresh_access_token`: only from the second day to the last."""
    if call.query.get("grant_type") != "ig_refresh_token":
        raise refuse(call.host, "100", "Invalid parameter: grant_type")
    old, knobs = instagram_token(meta, platform, call), meta.knobs[platform]
    if "instagram_business_basic" not in old.scopes:
        raise refuse(call.host, "10")
    age = (meta.clock.now() - old.made_at).total_seconds()
    if old.kind != "ig_long" or age < DAY:
        raise refuse(call.host, knobs.word("early_refresh_reason"), knobs.word("early_refresh_message"))
    new = meta.people[platform].mint("ig_long", old.account, old.scopes, LONG_SECONDS)
    old.dead = not knobs.flag("old_token_lives")
    return token_answer(meta, platform, call, new)


def instagram_token(meta: Meta, platform: str, call: Call) -> Token:
    token = meta.token(call.query.get("access_token", ""))
    if token is None or not token.of_instagram_login:
        raise refuse(call.host, "190")
    check_alive(meta, platform, call, token)
    return token


# --- debug_token --------------------------------------------------------------------------------------------------------------


async def debug_token(meta: Meta, platform: str, call: Call) -> Answer:
    """What a token is worth. An invalid one is described with HTTP 200, an Instagram Login one is not served."""
    scheme, _, header = call.request.headers.get("Authorization", "").partition(" ")
    shown = call.query.get("access_token") or (header if scheme.lower() in ("bearer", "oauth") else "")
    if shown != "|".join(FACEBOOK_APP):
        asker = meta.token(shown)
        if asker is None:
            raise refuse(call.host, "190")
        check_alive(meta, platform, call, asker)
        check_proof(meta, platform, call, asker, call.query.get("appsecret_proof", ""))
    token = meta.token(call.query.get("input_token", ""))
    if token is not None and token.of_instagram_login:
        raise refuse(call.host, "2", "Service temporarily unavailable", status=500)
    invalid: Json = {"is_valid": False, "error": flaw("190"), "scopes": []}
    data = invalid if token is None else described(meta, token)
    return headed(meta, platform, call, Answer(200, {"data": data}, JSON), {})


def flaw(reason: str) -> Json:
    code, _, subcode = reason.partition("/")
    row = GRAPH.get(reason, GRAPH["190"])
    return {"code": int(code), "message": row.message} | ({"subcode": int(subcode)} if subcode else {})


def described(meta: Meta, token: Token) -> Json:
    problem, account = token_problem(meta, token), token.account
    targets = [token.page.id] if token.page else [page.id for page in account.pages]
    data: Json = {
        "app_id": FACEBOOK_APP[0],
        "type": "PAGE" if token.page else "SYSTEM_USER" if token.kind == "system" else "USER",
        "application": APP_NAME,
        "data_access_expires_at": int(token.made_at.timestamp()) + 90 * DAY,
        "expires_at": int(token.expires_at.timestamp()) if token.expires_at else 0,
        "issued_at": int(token.made_at.timestamp()),
        "is_valid": problem is None,
        "scopes": list(token.scopes),
        "granular_scopes": [granular(scope, account, targets) for scope in token.scopes],
        "user_id": account.user_id,
    }
    if token.kind == "user_short":
        del data["issued_at"]
    if token.page:
        data["profile_id"] = token.page.id
    return data | ({} if problem is None else {"error": flaw(problem)})


def granular(scope: str, account: Account, targets: list[str]) -> Json:
    if scope.startswith("instagram_"):
        return {"scope": scope, "target_ids": [account.ig_id]}
    return {"scope": scope} | ({"target_ids": targets} if scope.startswith("pages_") else {})
