"""Where WhatsApp's tokens come from: Embedded Signup, system users, prolonging what has not ended (contract 2.1).

There is no refresh token. Each method checks its own secret; the dialog is the shared one of `meta/consent.py`.
"""

from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.meta import consent, oauth
from waooaw_sandbox.meta.errors import JSON
from waooaw_sandbox.meta.errors import refuse as graph_refuse
from waooaw_sandbox.meta.gate import check_alive, headed
from waooaw_sandbox.meta.multipart import merged
from waooaw_sandbox.meta.people import FACEBOOK_APP, LONG_SECONDS
from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.gate import Visit, unknown_token
from waooaw_sandbox.whatsapp.people import NAME, SCOPES, Sender
from waooaw_sandbox.whatsapp.state import WhatsApp


async def given_by_app(wa: WhatsApp, call: Call) -> dict[str, str]:
    """The parameters, if the app's id and secret are right."""
    values, _ = await merged(wa.meta, NAME, call)
    given = {name: str(value) for name, value in values.items()}
    if given.get("client_id") != FACEBOOK_APP[0]:
        raise graph_refuse(call.host, "101")
    if given.get("client_secret") != FACEBOOK_APP[1]:
        raise graph_refuse(call.host, "1", "Error validating client secret.", status=400)
    return given


async def exchange(wa: WhatsApp, call: Call) -> Answer:
    """A code for a business token, a living token for one of 60 days, or the app's own."""
    given = await given_by_app(wa, call)
    if given.get("grant_type") == "client_credentials":
        return Answer(200, {"access_token": "|".join(FACEBOOK_APP), "token_type": "bearer"}, JSON)
    if given.get("grant_type") == "fb_exchange_token":
        return prolong(wa, call, given)
    code = wa.people.codes.get(given.get("code", ""))
    if code is None:
        raise graph_refuse(call.host, "100", "Invalid verification code format.")
    if code.used:
        raise graph_refuse(call.host, "100/36009")
    if code.expires_at <= wa.clock.now():
        raise graph_refuse(call.host, "100/36007")
    if given.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        raise graph_refuse(call.host, "100/36008")
    code.used = True
    seconds = wa.knobs.number("business_token_seconds") or None
    return oauth.token_answer(wa.meta, NAME, call, wa.people.mint("business", code.account, code.scopes, seconds))


def prolong(wa: WhatsApp, call: Call, given: dict[str, str]) -> Answer:
    """The old one lives on until its own end."""
    old = wa.people.tokens.get(given.get("fb_exchange_token", ""))
    if old is None:
        raise unknown_token(wa)
    check_alive(wa.meta, NAME, call, old)
    ends = old.expires_at is not None or given.get("set_token_expires_in_60_days", "").lower() == "true"
    kind = "user_long" if old.kind == "user_short" else old.kind
    return oauth.token_answer(
        wa.meta, NAME, call, wa.people.mint(kind, old.account, old.scopes, LONG_SECONDS if ends else None)
    )


async def decide(wa: WhatsApp, call: Call) -> Answer:
    """The dialog's end: its code lives as long as an Embedded Signup code."""
    answer = await consent.decide(wa.meta, NAME, call)
    for code in list(wa.people.codes.values())[-1:]:
        code.expires_at = min(code.expires_at, wa.meta.later(wa.knobs.number("code_seconds")))
    return answer


async def revoke(wa: WhatsApp, call: Call) -> Answer:
    given = await given_by_app(wa, call)
    token = wa.people.tokens.get(given.get("revoke_token", ""))
    if token is None:
        raise unknown_token(wa)
    token.dead = True
    return headed(wa.meta, NAME, call, Answer(200, {"success": True}, JSON), {})


async def make_system_token(visit: Visit) -> Json:
    """`/{system-user-id}/access_tokens`, always with `appsecret_proof`."""
    if visit.id != visit.account.user_id:
        raise visit.missing()
    if visit.text("business_app") != FACEBOOK_APP[0] or not visit.text("appsecret_proof"):
        raise refuse("100", "business_app and appsecret_proof are required.")
    scopes = tuple(visit.items("scope")) or SCOPES
    if not set(scopes) <= set(visit.token.scopes):
        raise refuse("200", "The scopes are more than this token has.")
    ends = visit.flag("set_token_expires_in_60_days") or visit.knobs.flag("sixty_days")
    return {"access_token": visit.wa.people.mint("system", visit.account, scopes, LONG_SECONDS if ends else None).token}


async def debug_token(wa: WhatsApp, call: Call) -> Answer:
    """As for any Graph token, with the WABA that each scope reaches."""
    answer = await oauth.debug_token(wa.meta, NAME, call)
    token = wa.people.tokens.get(call.query.get("input_token", ""))
    if token is not None and isinstance(token.account, Sender) and isinstance(answer.body, dict):
        data: Json = answer.body["data"]
        sender = token.account
        targets = {SCOPES[2]: [sender.business]}
        data["granular_scopes"] = [{"scope": s, "target_ids": targets.get(s, [sender.waba_id])} for s in token.scopes]
        data["type"] = "USER" if token.kind.startswith("user") else "SYSTEM_USER"
    return answer
