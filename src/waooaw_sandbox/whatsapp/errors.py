"""Every error of the Cloud API, as a table by code, and its two shapes: an answer, and an entry in a `failed` status.

Contract 2.6. Where the contract gives no HTTP status it is 400. Token errors with a subcode, and 100/33, are Graph's
own (`meta/errors.py`).
"""

from dataclasses import dataclass

from waooaw_sandbox.kit import Answer, Json, Refused
from waooaw_sandbox.meta.errors import enveloped

HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass(frozen=True)
class Row:
    status: int
    title: str
    transient: bool = False


TABLE: dict[str, Row] = {
    "0": Row(401, "AuthException"),
    "1": Row(400, "API Unknown"),
    "2": Row(503, "API Service", transient=True),
    "3": Row(500, "API Method"),
    "4": Row(400, "API Too Many Calls", transient=True),
    "10": Row(403, "Permission Denied"),
    "33": Row(400, "Parameter value is not valid"),
    "100": Row(400, "Invalid parameter"),
    "190": Row(401, "Access token has expired"),
    "200": Row(403, "API Permission"),
    "368": Row(403, "Temporarily blocked for policies violations"),
    "80007": Row(400, "Rate limit issues", transient=True),
    "80008": Row(400, "There have been too many calls to this WhatsApp Business account", transient=True),
    "130403": Row(400, "Message failed to send because the user is blocked by your business"),
    "130429": Row(400, "Rate limit hit", transient=True),
    "130472": Row(400, "User's number is part of an experiment"),
    "130497": Row(403, "Business account is restricted from messaging users in this country"),
    "131000": Row(500, "Something went wrong"),
    "131005": Row(403, "Access denied"),
    "131008": Row(400, "Required parameter is missing"),
    "131009": Row(400, "Parameter value is not valid"),
    "131016": Row(500, "Service unavailable", transient=True),
    "131021": Row(400, "Recipient cannot be sender"),
    "131026": Row(400, "Message undeliverable"),
    "131030": Row(400, "Recipient phone number not in allowed list"),
    "131031": Row(403, "Business Account locked"),
    "131037": Row(400, "Phone number display name not approved"),
    "131042": Row(400, "Business eligibility payment issue"),
    "131045": Row(500, "Message failed to send due to a phone number registration error"),
    "131047": Row(400, "Re-engagement message"),
    "131048": Row(400, "Spam rate limit hit"),
    "131049": Row(400, "This message was not delivered to maintain healthy ecosystem engagement"),
    "131050": Row(400, "User has stopped marketing messages"),
    "131051": Row(400, "Unsupported message type"),
    "131052": Row(400, "Media download error"),
    "131053": Row(400, "Media upload error"),
    "131055": Row(400, "Method not available"),
    "131056": Row(400, "(Business Account, Consumer Account) pair rate limit hit", transient=True),
    "131057": Row(500, "Account in maintenance mode", transient=True),
    "131060": Row(400, "This message is unavailable"),
    "131062": Row(400, "Business-scoped user ids are not supported for this message"),
    "131063": Row(400, "Marketing templates are disabled on Cloud API"),
    "131064": Row(400, "Template misclassification limit reached"),
    "132000": Row(400, "Number of parameters does not match the expected number of params"),
    "132001": Row(404, "Template name does not exist in the translation"),
    "132005": Row(400, "Translated text too long"),
    "132007": Row(400, "Template format character policy violated"),
    "132008": Row(400, "Parameter format does not match"),
    "132012": Row(400, "Parameter format does not match format in the created template"),
    "132015": Row(400, "Template is paused"),
    "132016": Row(400, "Template is disabled"),
    "132018": Row(400, "There was an issue with the parameters in your template"),
    "132068": Row(400, "Flow is in blocked state"),
    "132069": Row(400, "Flow is in throttled state", transient=True),
    "133000": Row(500, "Incomplete deregistration"),
    "133004": Row(503, "Server temporarily unavailable", transient=True),
    "133005": Row(400, "Two step verification PIN mismatch"),
    "133006": Row(400, "Phone number re-verification needed"),
    "133008": Row(400, "Too many two step verification PIN guesses"),
    "133009": Row(400, "Two step verification PIN guessed too fast"),
    "133010": Row(400, "Phone number not registered"),
    "133015": Row(400, "Please wait a few minutes before attempting to register this phone number", transient=True),
    "133016": Row(400, "Account register deregister rate limit exceeded"),
    "134011": Row(400, "Payments terms of service have not been accepted"),
    "134100": Row(400, "Only marketing messages supported"),
    "134101": Row(400, "Template is still syncing", transient=True),
    "134102": Row(500, "Template is unavailable for use"),
    "135000": Row(400, "Generic user error"),
    "137000": Row(400, "Business-scoped user id recipient mismatch"),
}


def wa_error(code: str, details: str = "", *, status: int | None = None, subcode: int | None = None) -> Answer:
    """The answer to a call. `details` is for people, and what tells one 100 from another."""
    row = TABLE[code]
    data = {"messaging_product": "whatsapp", "details": details or f"{row.title}."}
    error: Json = {
        "message": f"(#{code}) {row.title}",
        "type": "OAuthException",
        "code": int(code),
        "error_data": data,
    }
    if subcode is not None:
        error["error_subcode"] = subcode
    if row.transient:
        error["is_transient"] = True
    return enveloped(status or row.status, error)


def refuse(code: str, details: str = "", **more: int | None) -> Refused:
    return Refused(wa_error(code, details, **more))


def webhook_error(code: str, details: str = "") -> Json:
    """The same error inside a status that says `failed`."""
    title = TABLE[code].title
    data = {"details": details or f"{title}."}
    return {"code": int(code), "title": title, "message": title, "error_data": data, "href": HREF}
