"""WhatsApp's own ways of saying no (contract linkedin_whatsapp 2.6), in front of Meta's common ones: by code, never by status or title.

The same code may be the answer to a call, or come later in a `failed` status; both are read by this table. How far a no reaches: the app,
the business account or its number (ACCOUNT), or one message to one recipient (REQUEST). What is REFUSED is never sent again.
"""

from waooaw_social.core.refusal import Cure, Reaction, Refusal, Scope
from waooaw_social.platforms.graph.errors import COMMON, HOUR, MINUTE, RECONNECT, codes
from waooaw_social.platforms.graph.facts import ACCOUNT_CALLS, PUBLISHING
from waooaw_social.platforms.manifest import ErrorRow, Says, explain_by

OUTSIDE_WINDOW = "outside_window"
TEMPLATE_MISSING = "template_missing"
USE_TEMPLATE = "Send an approved template; it may open a conversation again."
PAIR_SPACING = 6.0
"""Seconds between two messages to one recipient (2.5)."""
AT_META = "The business has to put it right in Meta's Business Manager; it then goes on by itself."
DEFECT = "See the message; if it does not help, it is a defect of this program."


def _no(code: str, *numbers: int, means: str = "", remediation: str = "", field: str | None = None) -> ErrorRow:
    """Permanent for this message."""
    return ErrorRow(
        code=code, reaction=Reaction.REFUSED, reasons=codes(*numbers), means=means, remediation=remediation, field=field, source="2.6"
    )  # fmt: skip


def _blocked(code: str, *numbers: int, remediation: str = AT_META) -> ErrorRow:
    """Nothing leaves this number until somebody has acted."""
    return ErrorRow(
        code=code, reaction=Reaction.CURE, cure=Cure.OPERATOR, reasons=codes(*numbers), scope=Scope.ACCOUNT, remediation=remediation,
        source="2.6",
    )  # fmt: skip


ACCESS: tuple[ErrorRow, ...] = (
    ErrorRow(code="token_expired", reaction=Reaction.REFRESH, reasons=codes(0), scope=Scope.CREDENTIAL, source="2.6"),
    ErrorRow(code="access_denied", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(131005), scope=Scope.CREDENTIAL,
             remediation="Connect the WhatsApp Business account again, and leave every permission ticked.", source="2.6"),
    ErrorRow(code="number_unreachable", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(33), scope=Scope.ACCOUNT,
             remediation=RECONNECT, source="2.6"),
    ErrorRow(
        code="number_unreachable", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(100), subcodes=codes(33),
        scope=Scope.ACCOUNT, source="2.6", remediation=RECONNECT,
        means="Meta does not know this number or business account, or does not show it to this connection.",
    ),
)  # fmt: skip

RATES: tuple[ErrorRow, ...] = (
    ErrorRow(code="rate_limited", reaction=Reaction.EXHAUSTED, reasons=codes(80007, 80008), scope=Scope.ACCOUNT, bucket=ACCOUNT_CALLS,
             retry_after=15 * MINUTE, source="2.6: the business account's management calls"),
    ErrorRow(code="number_rate_limited", reaction=Reaction.EXHAUSTED, reasons=codes(130429), scope=Scope.ACCOUNT, bucket=PUBLISHING,
             retry_after=1.0, source="2.6: the number's throughput, per second"),
    ErrorRow(code="pair_rate_limited", reaction=Reaction.THROTTLE, reasons=codes(131056), retry_after=PAIR_SPACING, source="2.5, 2.6",
             means="Too many messages to this recipient in a short time."),
    ErrorRow(code="registration_limited", reaction=Reaction.THROTTLE, reasons=codes(133016), scope=Scope.ACCOUNT, retry_after=72 * HOUR,
             source="2.6"),
    ErrorRow(code="flow_throttled", reaction=Reaction.THROTTLE, reasons=codes(132069), retry_after=MINUTE, source="2.6"),
    ErrorRow(
        code="template_limit", reaction=Reaction.THROTTLE, reasons=codes(131064), scope=Scope.ACCOUNT, retry_after=6 * HOUR, source="2.6",
        means="Meta limits this account's templates because of wrong categories; the limit lifts by itself.",
        remediation="Check the categories of the account's templates.",
    ),
)  # fmt: skip

POLICY: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="number_restricted", reaction=Reaction.REFUSED, reasons=codes(131048), scope=Scope.ACCOUNT, source="2.6",
        means="Meta restricts this number: too many recipients blocked or reported it, or its daily limit is reached.",
        remediation="Stop campaigns from this number, and look at its quality in Meta's WhatsApp Manager. This message is not sent again.",
    ),
    _no("marketing_capped", 131049, means="Meta keeps this recipient from getting more marketing messages for now.",
        remediation="Do not send it again within 24 hours; another channel may reach them."),
    _no("in_experiment", 130472, means="Meta keeps marketing messages from this recipient, who is part of an experiment.",
        remediation="Use another channel."),
    _no("opted_out", 131050, means="The recipient has stopped marketing messages from this business.",
        remediation="Take them off the list of marketing messages."),
    _no("country_restricted", 130497, remediation="This business may not write to this country."),
    _blocked("account_blocked", 368),
    _blocked("account_locked", 131031),
    _blocked("payment_problem", 131042),
    _blocked("number_not_registered", 131045, 133010, remediation="Register the number for the Cloud API; it then goes on by itself."),
    _blocked("number_unverified", 133005, 133006, 133008, 133009, remediation="Verify the number again, with its PIN."),
)  # fmt: skip

UNSURE: tuple[ErrorRow, ...] = (
    # Documented as "try again", but a message whose 5xx was believed may go out twice (2.8): looked for first.
    ErrorRow(code="something_went_wrong", reaction=Reaction.UNKNOWN, reasons=codes(131000), source="2.6, 2.8"),
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, reasons=codes(131016, 133004), scope=Scope.PLATFORM, source="2.6, 2.8"),
    # These are about the account's state: nothing was taken.
    ErrorRow(code="in_maintenance", reaction=Reaction.NOT_DONE, reasons=codes(131057), scope=Scope.ACCOUNT, retry_after=2 * MINUTE,
             source="2.6: 1 to 5 minutes"),
    ErrorRow(code="in_maintenance", reaction=Reaction.NOT_DONE, reasons=codes(133000), scope=Scope.ACCOUNT, retry_after=2 * MINUTE,
             source="2.6"),
    ErrorRow(code="in_maintenance", reaction=Reaction.NOT_DONE, reasons=codes(133015), scope=Scope.ACCOUNT, retry_after=5 * MINUTE,
             source="2.6"),
)  # fmt: skip

RECIPIENT: tuple[ErrorRow, ...] = (
    _no(OUTSIDE_WINDOW, 131047, means="The recipient has not written within 24 hours: only templates reach them.", remediation=USE_TEMPLATE),
    _no("undeliverable", 131026, field="options.to", means="WhatsApp cannot deliver to this recipient, and does not say why.",
        remediation="Check the number; the person may have no WhatsApp, an old one, or may have blocked the business."),
    _no("recipient_blocked", 130403, field="options.to", remediation="This business has blocked the recipient."),
    _no("recipient_is_sender", 131021, field="options.to", remediation="Send it to another number."),
    _no("recipient_not_allowed", 131030, field="options.to", remediation="A test number reaches only numbers on its list."),
    _no("name_not_approved", 131037, remediation="The number's display name has to be approved first."),
    _no("recipient_kind_unsupported", 131062, 137000, field="options.to", remediation="Send it to the person's phone number."),
)  # fmt: skip

CONTENT: tuple[ErrorRow, ...] = (
    _no("parameter_missing", 131008, remediation=DEFECT),
    _no("parameter_invalid", 131009, 135000, remediation=DEFECT),
    _no("kind_unsupported", 131051, 131055),
    _no("message_gone", 131060, means="The message that this one is about is not available."),
    _no("marketing_disabled", 131063, remediation="Send marketing templates through the Marketing Messages API."),
    _no("media_unreadable", 131052, field="media", means="Meta could not fetch the file from its address.",
        remediation="Let it be uploaded instead, or put it where Meta can reach it."),
    _no("media_refused", 131053, field="media", means="Meta could not take the file.",
        remediation="Check its type and size; another encoding may help."),
    _no("flow_blocked", 132068),
    _no("payments_unavailable", 134011),
    _no("marketing_only", 134100),
)  # fmt: skip

TEMPLATES: tuple[ErrorRow, ...] = (
    _no("template_parameters", 132000, field="options.template_params", remediation="Give as many parameters as the template has."),
    _no(TEMPLATE_MISSING, 132001, field="options.template_name",
        remediation="Check the name and the language; a new template has to be approved first."),
    _no("template_too_long", 132005, field="options.template_params", remediation="Shorten the parameters."),
    _no("template_policy", 132007, field="options.template_params"),
    _no("template_parameters", 132008, 132012, 132018, field="options.template_params",
        remediation="Give each parameter as the template wants it: text without line breaks, media where it has media."),
    ErrorRow(code="template_paused", reaction=Reaction.NOT_DONE, reasons=codes(132015), retry_after=HOUR, source="2.3, 2.6: 3, then 6 h",
             field="options.template_name", remediation="Meta paused the template for its quality; it is waited for."),
    _no("template_disabled", 132016, 134102, field="options.template_name", remediation="Make a new template."),
    ErrorRow(code="template_syncing", reaction=Reaction.NOT_DONE, reasons=codes(134101), retry_after=MINUTE, source="2.6"),
)  # fmt: skip

OWN: tuple[ErrorRow, ...] = ACCESS + RATES + POLICY + UNSURE + RECIPIENT + CONTENT + TEMPLATES


def why_failed(code: str, title: str, details: str) -> Refusal:
    """What a `failed` status means: the same codes as in an answer."""
    return explain_by(OWN + COMMON, Says(status=0, reason=code, message=details or title, detail=title))
