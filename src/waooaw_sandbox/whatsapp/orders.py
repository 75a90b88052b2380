"""The control API's view of WhatsApp's accounts: what a client needs, what can be turned, and orders to people."""

import asyncio
from typing import Any

from waooaw_sandbox.clock import iso
from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.accounts import STATES
from waooaw_sandbox.meta.people import FACEBOOK_APP, Token
from waooaw_sandbox.problem import Problem
from waooaw_sandbox.turns import Turns, account_called, all_known, attribute, turned
from waooaw_sandbox.whatsapp.afterwards import arrive, blow
from waooaw_sandbox.whatsapp.errors import TABLE
from waooaw_sandbox.whatsapp.inbox import someone, write_in
from waooaw_sandbox.whatsapp.meters import TIERS
from waooaw_sandbox.whatsapp.people import SCOPES, Sender
from waooaw_sandbox.whatsapp.settings import RECIPIENT_STATES
from waooaw_sandbox.whatsapp.state import WhatsApp
from waooaw_sandbox.whatsapp.subscriptions import DEFAULT_FIELDS, Subscription
from waooaw_sandbox.whatsapp.templates import of_waba
from waooaw_sandbox.whatsapp.templates import tell as tell_template
from waooaw_sandbox.whatsapp.values import listed, record, text_of


def describe(wa: WhatsApp, sender: Sender) -> Json:
    """Everything a client needs to act for the account, at once."""
    token = newest(wa, sender)
    end = token.expires_at if token else None
    tried = wa.desk.last
    return {
        "platform": sender.platform,
        "account": sender.name,
        "title": sender.title,
        "posting_identity": sender.phone_id,
        "phone_number": f"+{sender.number}",
        "waba_id": sender.waba_id,
        "business_id": sender.business,
        "user_id": sender.user_id,
        "access_token": token.token if token else None,
        "token_kind": token.kind if token else None,
        "refresh_token": None,
        "app_id": FACEBOOK_APP[0],
        "app_secret": FACEBOOK_APP[1],
        "expires_at": iso(end) if end else None,
        "scopes": list(token.scopes) if token else [],
        "recipients": {"in_window": list(sender.in_window), "out_of_window": list(sender.out_of_window)},
        "templates": sorted({t.name for t in of_waba(wa, sender)}),
        "token_state": sender.token_state,
        "revoked": token is None or token.dead,
        "require_appsecret_proof": sender.require_appsecret_proof,
        "registered": sender.registered,
        "quality": sender.quality,
        "tier": sender.tier,
        "throughput": sender.throughput,
        "status": sender.status,
        "refuses": int(sender.refuses) if sender.refuses else None,
        "allow_list": None if sender.allow_list is None else list(sender.allow_list),
        "webhook": tried.describe() if tried else None,
    }


def newest(wa: WhatsApp, sender: Sender) -> Token | None:
    found = [token for token in wa.people.tokens.values() if token.account is sender]
    return (found or [None])[-1]


def find(wa: WhatsApp, name: str) -> Sender:
    return account_called(name, wa.people.senders)


# --- what can be turned -------------------------------------------------------------------------------------------------------


def expires_in(wa: WhatsApp, sender: Sender, value: Any) -> None:
    token = newest(wa, sender)
    if token is not None:
        token.expires_at = wa.meta.later(float(value))


def revoked(wa: WhatsApp, sender: Sender, value: Any) -> None:
    if value:
        wa.people.revoke(sender)
    else:
        wa.people.seed_tokens(sender)


def scopes(wa: WhatsApp, sender: Sender, value: Any) -> None:
    all_known(value, SCOPES, "scopes")
    for token in wa.people.tokens.values():
        if token.account is sender:
            token.scopes = tuple(value)


def refuses(wa: WhatsApp, sender: Sender, value: Any) -> None:
    if value is not None:
        all_known([value], TABLE, "code")
    sender.refuses = None if value is None else str(value)


def allow_list(wa: WhatsApp, sender: Sender, value: Any) -> None:
    sender.allow_list = None if value is None else tuple(str(number) for number in value)


# --- orders -------------------------------------------------------------------------------------------------------------------


def many(value: Any) -> list[Any]:
    return listed(value) if isinstance(value, list) else [value]


def inbound(wa: WhatsApp, sender: Sender, value: Any) -> Json:
    """Somebody, or several, write in; the answer has the ids."""
    return {"inbound_ids": [write_in(wa, sender, record(one)).wamid for one in many(value)]}


def open_window(wa: WhatsApp, sender: Sender, value: Any) -> None:
    for number in value:
        wa.open_window(sender, someone(wa, number))


def close_window(wa: WhatsApp, sender: Sender, value: Any) -> None:
    for number in value:
        wa.close_window(sender, someone(wa, number))


def recipient(wa: WhatsApp, sender: Sender, value: Any) -> None:
    """What somebody is: `{"number", "state", "hidden", "name"}`, or a list of such."""
    for one in map(record, many(value)):
        person = someone(wa, one.get("number"))
        all_known([one.get("state", "ok")], RECIPIENT_STATES, "state")
        before, person.state = person.state, str(one.get("state", person.state))
        person.hidden = bool(one.get("hidden", person.hidden))
        person.name = str(one.get("name", person.name))
        if before == "offline" and person.state != before:
            arrive(wa, person)


def template(wa: WhatsApp, sender: Sender, value: Any) -> None:
    """`{"name", "status"}`, and `language` for one of several: it changes, and a webhook says so."""
    order = record(value)
    names = [t for t in of_waba(wa, sender) if t.name == order.get("name")]
    found = [t for t in names if order.get("language") in (None, t.language)]
    if not found or not text_of(order.get("status")):
        raise Problem(
            "a template needs a known 'name' and a 'status'", available=sorted({t.name for t in of_waba(wa, sender)})
        )
    for one in found:
        one.state = text_of(order["status"]).upper()
        tell_template(wa, sender, one, one.state)


def storm(wa: WhatsApp, sender: Sender, value: Any) -> None:
    """`{"count": 10000}`: so many statuses at once, of everything this account sent."""
    size = record(value).get("count")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Problem(f"a storm needs a 'count', not {size!r}")
    blow(wa, [message for message in wa.messages.values() if message.sender is sender], size)


def subscribe(wa: WhatsApp, sender: Sender, value: Any) -> None:
    """`{"callback_url", "verify_token", "fields", "verify"}`, for the app. What is due waits for the handshake."""
    order = record(value)
    if not text_of(order.get("callback_url")):
        raise Problem("a subscription needs a 'callback_url'")
    fields = tuple(str(name) for name in listed(order.get("fields"))) or DEFAULT_FIELDS
    wanted = Subscription(text_of(order["callback_url"]), text_of(order.get("verify_token")), fields)
    if order.get("verify") is False:
        wanted.state, wa.desk.app, wa.desk.last = "verified", wanted, wanted
        return
    work = wa.desk.subscribe(wanted, None, wa.knobs.number("webhook_timeout_seconds"))
    wa.desk.last = wanted
    wa.desk.handshake = asyncio.get_running_loop().create_task(work)


def unsubscribe(wa: WhatsApp, sender: Sender, value: Any) -> None:
    if value:
        wa.desk.app, wa.desk.last = None, None
        wa.desk.overrides.clear()


TURNS: Turns[WhatsApp, Sender] = {
    "expires_in": ((int, float), expires_in),
    "revoked": ((bool,), revoked),
    "scopes": ((list,), scopes),
    "token_state": ((int, type(None)), attribute("token_state", STATES)),
    "require_appsecret_proof": ((bool,), attribute("require_appsecret_proof")),
    "registered": ((bool,), attribute("registered")),
    "pin": ((str,), attribute("pin")),
    "quality": ((str,), attribute("quality", ("GREEN", "YELLOW", "RED", "NA", "UNKNOWN"))),
    "tier": ((str,), attribute("tier", TIERS)),
    "throughput": ((str,), attribute("throughput", ("STANDARD", "HIGH"))),
    "status": ((str,), attribute("status")),
    "refuses": ((int, type(None)), refuses),
    "allow_list": ((list, type(None)), allow_list),
    "inbound": ((dict, list), inbound),
    "open_window": ((list,), open_window),
    "close_window": ((list,), close_window),
    "recipient": ((dict, list), recipient),
    "template": ((dict,), template),
    "storm": ((dict,), storm),
    "subscribe": ((dict,), subscribe),
    "unsubscribe": ((bool,), unsubscribe),
}


def turn(wa: WhatsApp, name: str, changes: Json) -> Json:
    sender = find(wa, name)
    told = turned(TURNS, wa, sender, changes)
    return describe(wa, sender) | told
