"""Phone numbers and WABAs: their facts, registration, and where their webhooks go (contract 2.1, 2.5, 2.7)."""

from datetime import timedelta

from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.meta.errors import enveloped
from waooaw_sandbox.meta.fields import paged, select
from waooaw_sandbox.meta.gate import headed, shown_token
from waooaw_sandbox.meta.multipart import merged
from waooaw_sandbox.meta.people import APP_NAME, FACEBOOK_APP
from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.gate import Visit
from waooaw_sandbox.whatsapp.people import NAME, Sender
from waooaw_sandbox.whatsapp.state import WhatsApp
from waooaw_sandbox.whatsapp.subscriptions import DEFAULT_FIELDS, Subscription
from waooaw_sandbox.whatsapp.values import record, text_of

NUMBER_FIELDS = "id,verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput"
SENDS = {"CONNECTED": "AVAILABLE", "FLAGGED": "LIMITED", "RATE_LIMITED": "LIMITED"}


def number_node(sender: Sender) -> Json:
    can = "BLOCKED" if sender.refuses or not sender.registered else SENDS.get(sender.status, "BLOCKED")
    entities = [
        {"entity_type": kind, "id": number, "can_send_message": can if kind == "PHONE_NUMBER" else "AVAILABLE"}
        for kind, number in (
            ("PHONE_NUMBER", sender.phone_id),
            ("WABA", sender.waba_id),
            ("BUSINESS", sender.business),
            ("APP", FACEBOOK_APP[0]),
        )
    ]
    return {
        "id": sender.phone_id,
        "verified_name": sender.title,
        "display_phone_number": sender.shown_number,
        "quality_rating": sender.quality,
        "code_verification_status": "VERIFIED",
        "name_status": "APPROVED",
        "platform_type": "CLOUD_API" if sender.registered else "NOT_APPLICABLE",
        "throughput": {"level": sender.throughput if sender.registered else "NOT_APPLICABLE"},
        "status": sender.status if sender.registered else "DISCONNECTED",
        "account_mode": "LIVE",
        "is_on_biz_app": False,
        "health_status": {"can_send_message": can, "entities": entities},
        "whatsapp_business_manager_messaging_limit": sender.tier,
    }


def waba_node(sender: Sender) -> Json:
    return {
        "id": sender.waba_id,
        "name": sender.title,
        "timezone_id": "1",
        "currency": "USD",
        "message_template_namespace": f"sandbox_{sender.waba_id}",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "country": "US",
        "ownership_type": "SELF",
        "owner_business_info": {"name": sender.title, "id": sender.business},
    }


async def get_number(visit: Visit) -> Json:
    return select(number_node(visit.sender), visit.text("fields") or NUMBER_FIELDS)


async def get_waba(visit: Visit) -> Json:
    return select(waba_node(visit.sender), visit.text("fields") or "id,name,timezone_id,message_template_namespace")


async def list_numbers(visit: Visit) -> Json:
    return paged(visit, [select(number_node(visit.sender), visit.text("fields") or NUMBER_FIELDS)])


async def list_wabas(visit: Visit) -> Json:
    """Of the portfolio, `owned_whatsapp_business_accounts`; it has none of other people's."""
    if visit.id != visit.sender.business:
        raise visit.missing()
    owned = visit.call.path.endswith("owned_whatsapp_business_accounts")
    return paged(visit, [select(waba_node(visit.sender), visit.text("fields") or "id,name")] if owned else [])


# --- registration -------------------------------------------------------------------------------------------------------------


async def register(visit: Visit) -> Json:
    sender, now = visit.sender, visit.now
    sender.registrations = [at for at in sender.registrations if now - at < timedelta(hours=72)]
    if len(sender.registrations) >= visit.knobs.count("registrations"):
        raise refuse("133016", "Too many registration attempts in 72 hours.")
    sender.registrations.append(now)
    pin = visit.text("pin")
    if visit.text("messaging_product") != "whatsapp" or len(pin) != 6 or not pin.isdigit():
        raise refuse("100", "The parameters messaging_product and pin (six digits) are required.")
    if pin != sender.pin:
        sender.wrong_pins += 1
        raise refuse("133008" if sender.wrong_pins > 3 else "133005")
    sender.registered, sender.wrong_pins = True, 0
    return {"success": True}


async def deregister(visit: Visit) -> Json:
    visit.sender.registered = False
    return {"success": True}


# --- webhooks -----------------------------------------------------------------------------------------------------------------


async def app_subscriptions(wa: WhatsApp, call: Call) -> Answer:
    """`/{app-id}/subscriptions`, with the app's own token."""
    values, _ = await merged(wa.meta, NAME, call)
    if call.found["id"] != FACEBOOK_APP[0] or shown_token(call, values) != "|".join(FACEBOOK_APP):
        text = "(#15) This method must be called with an app access_token."
        return enveloped(400, {"message": text, "type": "OAuthException", "code": 15})
    given = {name: str(value) for name, value in values.items()}
    if call.request.method == "GET":
        app = wa.desk.app
        rows = (
            []
            if app is None
            else [
                {
                    "object": "whatsapp_business_account",
                    "callback_url": app.url,
                    "active": True,
                    "fields": [{"name": f} for f in app.fields],
                }
            ]
        )
        return headed(wa.meta, NAME, call, Answer(200, {"data": rows}), {})
    if call.request.method == "DELETE":
        wa.desk.app = None
        return headed(wa.meta, NAME, call, Answer(200, {"success": True}), {})
    if given.get("object") != "whatsapp_business_account" or not given.get("callback_url"):
        raise refuse("100", "object must be whatsapp_business_account, and callback_url is required.")
    fields = tuple(f.strip() for f in given.get("fields", "").split(",") if f.strip())
    wanted = Subscription(given["callback_url"], given.get("verify_token", ""), fields or DEFAULT_FIELDS)
    problem = await wa.desk.subscribe(wanted, None, wa.knobs.number("webhook_timeout_seconds"))
    return unverified(problem) if problem else headed(wa.meta, NAME, call, Answer(200, {"success": True}), {})


def unverified(problem: str) -> Answer:
    text = f"(#2200) Callback verification failed with the following errors: {problem}"
    return enveloped(400, {"message": text, "type": "OAuthException", "code": 2200})


async def subscribe_waba(visit: Visit) -> Json | Answer:
    """The app hears of this WABA; with `override_callback_uri` elsewhere than of the others."""
    visit.wa.desk.wabas.add(visit.sender.waba_id)
    return await override(visit, visit.sender.waba_id, visit.values)


async def override(visit: Visit, key: str, given: Json) -> Json | Answer:
    url = text_of(given.get("override_callback_uri"))
    if not url:
        visit.wa.desk.overrides.pop(key, None)
        return {"success": True}
    base = visit.wa.desk.app
    wanted = Subscription(url, text_of(given.get("verify_token")), base.fields if base else DEFAULT_FIELDS)
    problem = await visit.wa.desk.subscribe(wanted, key, visit.knobs.number("webhook_timeout_seconds"))
    return unverified(problem) if problem else {"success": True}


async def unsubscribe_waba(visit: Visit) -> Json:
    visit.wa.desk.wabas.discard(visit.sender.waba_id)
    visit.wa.desk.overrides.pop(visit.sender.waba_id, None)
    return {"success": True}


async def list_subscribed(visit: Visit) -> Json:
    if visit.sender.waba_id not in visit.wa.desk.wabas:
        return {"data": []}
    link = f"https://www.facebook.com/games/?app_id={FACEBOOK_APP[0]}"
    row: Json = {"whatsapp_business_api_data": {"link": link, "name": APP_NAME, "id": FACEBOOK_APP[0]}}
    override = visit.wa.desk.overrides.get(visit.sender.waba_id)
    return {"data": [row | ({"override_callback_uri": override.url} if override else {})]}


async def change_number(visit: Visit) -> Json | Answer:
    """`POST /{phone-number-id}` with a `webhook_configuration`."""
    if "webhook_configuration" not in visit.values:
        raise refuse("100", "Nothing of this number can be changed here but webhook_configuration.")
    return await override(visit, visit.sender.phone_id, record(visit.values["webhook_configuration"]))
