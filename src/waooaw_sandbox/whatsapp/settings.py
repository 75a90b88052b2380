"""WhatsApp's knobs, faults, and the limits of what can be sent: tables, no behaviour (contract 2.2 to 2.7, 2.11)."""

from waooaw_sandbox.faults import REQUIRED, FaultKind, Parameter
from waooaw_sandbox.knobs import Knob
from waooaw_sandbox.meta import settings as common
from waooaw_sandbox.whatsapp.errors import TABLE

MINUTE, DAY = 60, 86_400
MIB = 1024 * 1024

INHERITED = {"default_version", "oldest_version", "require_appsecret_proof", "fetch_seconds", "fetch_range", "robots"}

KNOBS: tuple[Knob, ...] = (
    *(knob for knob in common.KNOBS if knob.name in INHERITED),
    Knob("token_error_status", 401, "HTTP status of 190.", (401, 400)),
    Knob("unknown_token_reason", "190", "The code for a token nobody issued.", ("190", "0")),
    Knob("foreign_asset_reason", "100/33", "The code for a number or WABA the token does not reach. Unverified.", ("100/33", "131005", "10", "33")),
    Knob("sixty_days", False, "Do new system user tokens end after 60 days?"),
    Knob("business_token_seconds", 0, "Lifetime of a token from Embedded Signup; 0 is for ever."),
    Knob("code_seconds", 30, "Lifetime of an Embedded Signup code. Unverified."),
    Knob("too_long_reason", "100", "The code for a text beyond its limit. Unverified.", ("100", "131009")),
    Knob("bad_media_reason", "131009", "The code for a media id that is unknown, foreign or too old. Unverified.", ("131009", "100", "131053")),
    Knob("callback_data_characters", 512, "The longest biz_opaque_callback_data. Unverified for messages."),
    Knob("contacts_most", 257, "Contacts in one message. Unverified."),
    Knob("hydrated_characters", 1024, "The longest body of a template with its parameters in it. Unverified."),
    Knob("prefix_country_code", False, "Does a `to` without a plus get the sender's country code put in front?"),
    Knob("local_digits", True, "Does the wa_id differ from the number in Mexico, Argentina and Brazil?"),
    Knob("window_seconds", DAY, "How long the window is open after somebody wrote in."),
    Knob("window_answer", "sync", "Is 131047 answered, or told by a `failed` status later?", ("sync", "webhook")),
    Knob("failure_answer", "webhook", "What keeps a recipient from getting it (131026 and the like): told later, or answered.", ("webhook", "sync")),
    Knob("messages_per_second", 80, "Per number, in and out together; 0 is no limit."),
    Knob("messages_per_second_high", 1000, "The same for a number with throughput HIGH."),
    Knob("pair_seconds", 6, "One message to one person every so many seconds; 0 is no limit."),
    Knob("pair_burst", 45, "So many within that time, borrowed from the future."),
    Knob("tier_reason", "131048", "The code when the portfolio's messaging limit is reached. Unverified.", ("131048", "130429", "131026")),
    Knob("tier_answer", "sync", "Is it answered, or told by a `failed` status? Unverified.", ("sync", "webhook")),
    Knob("management_calls", 200, "Management calls per hour and WABA whose number is not registered; 0 is no limit."),
    Knob("management_calls_registered", 5000, "The same for a WABA with a registered number."),
    Knob("management_reason", "80008", "The code beyond that.", ("80008", "80007", "4")),
    Knob("registrations", 10, "Calls to register a number in 72 hours."),
    Knob("media_seconds", 30 * DAY, "How long an uploaded file can be used."),
    Knob("inbound_media_seconds", 7 * DAY, "The same for a file somebody sent in."),
    Knob("media_url_seconds", 5 * MINUTE, "How long the address of a file works."),
    Knob("link_cache_seconds", 10 * MINUTE, "How long a fetched link is not fetched again."),
    Knob("review_seconds", 60, "From creating a template to its decision."),
    Knob("review_outcome", "APPROVED", "That decision.", ("APPROVED", "REJECTED")),
    Knob("templates_most", 250, "Templates of a WABA."),
    Knob("pacing", "off", "Are template messages held first, and what becomes of them?", ("off", "released", "paused")),
    Knob("pacing_seconds", 60, "How long they are held."),
    Knob("message_status", True, "Does the reply to a template carry message_status?"),
    Knob("reach", "read", "How far a message gets.", ("read", "delivered", "sent", "accepted")),
    Knob("sent_seconds", 0, "From the reply to `sent`."),
    Knob("delivered_seconds", 1, "From the reply to `delivered`."),
    Knob("read_seconds", 3, "From the reply to `read`."),
    Knob("failed_seconds", 1, "From the reply to `failed`."),
    Knob("jitter_seconds", 0, "Every webhook is late by up to so many seconds, each by another number."),
    Knob("webhook_shape", "bsuid", "Statuses with business-scoped ids and contacts, or as before 2026.", ("bsuid", "classic")),
    Knob("failed_contacts", False, "Does a `failed` status carry contacts?"),
    Knob("conversation_object", False, "Does a status carry the conversation, as before v24?"),
    Knob("charge_service", False, "Are messages within the window billable? Unverified."),
    Knob("webhook_batch", 1, "Changes in one webhook, where several are due; 1000 at most."),
    Knob("webhook_connections", 1, "Webhooks under way at once. With one, the order is the order of their times."),
    Knob("webhook_timeout_seconds", 10, "Real seconds a receiver may take."),
    Knob("retry_seconds", 10, "From a webhook that was not answered 200 to the next try; doubles each time. Unverified."),
    Knob("retry_most_seconds", 6 * 3600, "The longest such pause. Unverified."),
    Knob("retry_days", 7, "After so many days it is given up."),
)  # fmt: skip

SEND = frozenset({"messages.send", "marketing.send"})
SECONDS = Parameter("seconds", float, REQUIRED, "seconds on the sandbox's clock")
CODE = Parameter("code", str, "131026", "a code of the error table", tuple(TABLE))

FAULTS: tuple[FaultKind, ...] = (
    FaultKind("publish_then_500", "It is sent, yet 500 with 131000 is answered.", (), SEND),
    FaultKind("publish_then_504", "It is sent, yet a gateway's HTML page with 504 is answered.", (), SEND),
    FaultKind("publish_then_drop", "It is sent, then the connection is reset.", (), SEND),
    FaultKind("html_502", "It is done, yet a gateway's HTML page with 502 is answered.", (), SEND | {"media.upload", "templates.create"}),
    FaultKind("fails", "It is accepted, and fails later with this code.", (CODE,), SEND),
    FaultKind("status_webhook_lost", "No status of this message is ever told.", (), SEND),
    FaultKind("status_before_reply", "`sent` is posted and answered before this call is.", (), SEND),
    FaultKind("webhook_repeated", "Every status of this message is posted so many times more.", (Parameter("times_more", int, 1, "repetitions"),), SEND),
    FaultKind("webhook_reordered", "The statuses of this message come when the last is due, last one first.", (), SEND),
    FaultKind("webhook_delayed", "The statuses of this message come so much later, with their true times.", (SECONDS,), SEND),
    FaultKind("webhook_batched", "All statuses of this message come in one webhook, when the last is due.", (), SEND),
    FaultKind("delivered_skipped", "`read` comes without a `delivered` before it.", (), SEND),
    FaultKind("missing_wa_id", "The statuses of this message name no number, only a business-scoped id.", (), SEND),
    FaultKind("webhook_forged", "A status with a wrong signature, or none, comes before the true ones.", (
        Parameter("signature", str, "wrong", "what is in the header", ("wrong", "missing", "unsalted")),
        Parameter("status", str, "failed", "what it claims", ("sent", "delivered", "read", "failed")),
    ), SEND),
    FaultKind("foreign_status", "A rightly signed status of another business carries this message's callback data.", (), SEND),
    FaultKind("status_storm", "So many statuses of this message come at once, over and over the same ones.", (Parameter("count", int, REQUIRED, "statuses"),), SEND),
    FaultKind("media_refused", "The upload is read, then refused with 131053.", (), frozenset({"media.upload"})),
)  # fmt: skip

RECIPIENT_STATES: dict[str, str | None] = {
    "ok": None,
    "offline": None,
    "absent": "131026",
    "blocked": "130403",
    "opted_out": "131050",
    "capped": "131049",
    "experiment": "130472",
}
"""What somebody can be, and the code a message to them fails with. The last three keep out marketing only."""
MARKETING_ONLY = frozenset({"opted_out", "capped", "experiment"})

MEDIA: dict[str, tuple[frozenset[str], int]] = {
    "image": (frozenset({"image/jpeg", "image/png"}), 5 * MIB),
    "video": (frozenset({"video/mp4", "video/3gp", "video/3gpp"}), 16 * MIB),
    "audio": (frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}), 16 * MIB),
    "document": (
        frozenset(
            {
                "text/plain",
                "application/pdf",
                "application/msword",
                "application/vnd.ms-excel",
                "application/vnd.ms-powerpoint",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            }
        ),
        100 * MIB,
    ),
    "sticker": (frozenset({"image/webp"}), 500 * 1024),
}
"""Types and bytes by kind (contract 2.4). A static sticker's 100 KB are not looked for: nothing is decoded here."""
