"""The templates every business begins with: one of each sort that can be sent, and one in each state that cannot."""

from datetime import datetime
from typing import Any

from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.people import digits
from waooaw_sandbox.whatsapp.objects import Template
from waooaw_sandbox.whatsapp.people import NAME, Sender


def body(text: str, *examples: str) -> Json:
    return {"type": "BODY", "text": text} | ({"example": {"body_text": [list(examples)]}} if examples else {})


def named_body(text: str, **examples: str) -> Json:
    shown = [{"param_name": name, "example": example} for name, example in examples.items()]
    return {"type": "BODY", "text": text, "example": {"body_text_named_params": shown}}


def buttons(*rows: Json) -> Json:
    return {"type": "BUTTONS", "buttons": list(rows)}


FOOTER: Json = {"type": "FOOTER", "text": "Reply STOP to unsubscribe"}
HEADER: Json = {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}", "example": {"header_text": ["A-17"]}}
PICTURE: Json = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::aW1hZ2U="]}}
OFFER_BUTTONS = buttons(
    {"type": "URL", "text": "See the offer", "url": "https://example.com/offers/{{1}}", "example": ["spring"]},
    {"type": "QUICK_REPLY", "text": "Not now"},
    {"type": "COPY_CODE", "example": "SPRING25"},
)
CODE_BUTTON = buttons(
    {
        "type": "OTP",
        "otp_type": "COPY_CODE",
        "text": "Copy code",
        "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}",
    }
)

SEEDS: tuple[tuple[str, str, str, str, list[Json]], ...] = (
    ("hello_world", "en_US", "UTILITY", "APPROVED", [body("Welcome and congratulations!"), FOOTER]),
    ("order_update", "en", "UTILITY", "APPROVED", [HEADER, body("Hi {{1}}, your order is {{2}}.", "Ada", "on its way")]),
    ("order_update", "de", "UTILITY", "APPROVED", [HEADER, body("Hallo {{1}}, Ihre Bestellung ist {{2}}.", "Ada", "da")]),
    ("greeting", "en", "MARKETING", "APPROVED", [body("Hello {{1}}, we have news for you.", "Ada"), FOOTER]),
    ("spring_offer", "en", "MARKETING", "APPROVED", [PICTURE, body("{{1}}, spring is here.", "Ada"), OFFER_BUTTONS]),
    ("named_greeting", "en", "UTILITY", "APPROVED", [named_body("Hi {{first_name}}, see you on {{day}}.", first_name="Ada", day="Monday")]),
    ("login_code", "en", "AUTHENTICATION", "APPROVED", [body("*{{1}}* is your verification code.", "123456"), CODE_BUTTON]),
    ("pending_offer", "en", "MARKETING", "PENDING", [body("Soon.")]),
    ("paused_offer", "en", "MARKETING", "PAUSED", [body("Paused.")]),
    ("disabled_offer", "en", "MARKETING", "DISABLED", [body("Disabled.")]),
    ("rejected_offer", "en", "MARKETING", "REJECTED", [body("Rejected.")]),
)  # fmt: skip


def templates_of(sender: Sender, born: datetime) -> list[Template]:
    made: list[Template] = []
    for name, language, category, state, components in SEEDS:
        named: Any = "NAMED" if name.startswith("named_") else "POSITIONAL"
        reason = "PROMOTIONAL" if state == "REJECTED" else "NONE"
        number = digits(16, f"wa template {sender.name} {name} {language}")
        made.append(
            Template(
                id=number, platform=NAME, identity=sender.waba_id, made_at=born, name=name, language=language,
                category=category, components=components, parameter_format=named, state=state, rejected_reason=reason,
                quality="GREEN",
            )
        )  # fmt: skip
    return made
