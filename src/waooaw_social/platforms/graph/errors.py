"""Meta's ways of saying no, row by row (contract meta A5 and A6): by code and subcode, and by status only where there is no JSON.

The same answer means more on a call that publishes: some of these posts are live all the same. Those rows stand in `MAY_BE_LIVE`, before
all others, and only visible calls ask them. Each platform adds rows of its own in front.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from waooaw_social.core.refusal import Cure, Reaction, Refusal, Scope
from waooaw_social.platforms.call import IfRepeated, Reply, Visible
from waooaw_social.platforms.graph.facts import ACCOUNT_CALLS, APP_CALLS, PUBLISHING
from waooaw_social.platforms.headers import retry_after
from waooaw_social.platforms.manifest import ErrorRow, Says, explain_by

MINUTE, HOUR = 60.0, 3600.0
RECONNECT = "Ask the customer to connect the account again."


def says(reply: Reply) -> Says:
    """Graph's envelope, that of api.instagram.com, that of rupload; `{"success": false}`; or none at all (HTML, text)."""
    body, wait = reply.json(), retry_after(reply.headers)
    error = body.get("error")
    if isinstance(error, Mapping):
        said = cast("Mapping[str, Any]", error)
        return Says(
            status=reply.status,
            reason=_word(said, "code"),
            subcode=_word(said, "error_subcode"),
            message=_word(said, "error_user_msg") or _details(said) or _word(said, "message"),
            detail=_word(said, "message"),
            retry_after=wait,
        )
    if "error_message" in body:
        return Says(
            status=reply.status,
            reason=_word(body, "error_type"),
            message=_word(body, "error_message"),
            retry_after=wait,
        )
    debug = body.get("debug_info")
    if isinstance(debug, Mapping):
        info = cast("Mapping[str, Any]", debug)
        return Says(
            status=reply.status,
            reason=_word(info, "type"),
            message=_inner(_word(info, "message")),
            detail="retriable" if info.get("retriable") is True else "",
            retry_after=wait,
        )
    if body.get("success") is False:
        return Says(
            status=reply.status,
            reason="success:false",
            message="The platform says that it did not succeed.",
            retry_after=wait,
        )
    return Says(status=reply.status, message=f"HTTP {reply.status} without a readable error", retry_after=wait)


def explains(own: tuple[ErrorRow, ...], if_repeated: IfRepeated) -> Callable[[Reply], Refusal]:
    """How a call reads errors: one that publishes asks first whether the post may be live."""
    table = (MAY_BE_LIVE if isinstance(if_repeated, Visible) else ()) + own + COMMON
    return lambda reply: explain_by(table, says(reply))


def _word(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return str(value) if isinstance(value, str | int) else ""


def _details(error: Mapping[str, Any]) -> str:
    """WhatsApp says there what it means, and in its message only a title."""
    data = error.get("error_data")
    return _word(cast("Mapping[str, Any]", data), "details") if isinstance(data, Mapping) else ""


def _inner(message: str) -> str:
    """rupload puts JSON into its message."""
    try:
        inner = json.loads(message)
    except ValueError:
        return message
    return _word(cast("Mapping[str, Any]", inner), "message") or message if isinstance(inner, dict) else message


def codes(*numbers: int | str) -> frozenset[str]:
    return frozenset(map(str, numbers))


def _permission(said: Says) -> bool:
    return said.reason.isdigit() and 200 <= int(said.reason) <= 299


def _user_token(said: Says) -> bool:
    return "posted to a page as the page itself" in said.detail


def _proof(said: Says) -> bool:
    return "appsecret_proof" in said.detail


def _json_is_absent(said: Says) -> bool:
    return not said.reason


MAY_BE_LIVE: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="action_blocked", reaction=Reaction.UNKNOWN, reasons=codes(4), subcodes=codes(2207051), scope=Scope.ACCOUNT,
        bucket=PUBLISHING, retry_after=24 * HOUR, source="A6, F: posts went live with this answer",
        means="The platform blocked the action as spam, which it also says of posts that went out.",
        remediation="Nothing is published for this account for a day; look at the account's notices in the app.",
    ),
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, reasons=codes(1, 2, -1), scope=Scope.PLATFORM,
             source="A6, F: posts did appear"),
    # Graph says no in JSON. What comes without is not its own no, whatever the status: a gateway's, and it was perhaps done behind it.
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, statuses=frozenset({*range(300, 429), *range(430, 600)}),
             says=_json_is_absent, scope=Scope.PLATFORM, source="A5, F"),
    ErrorRow(code="not_confirmed", reaction=Reaction.UNKNOWN, reasons=codes("success:false"), source="A5"),
)  # fmt: skip

LIMITS: tuple[ErrorRow, ...] = (
    ErrorRow(code="throttled", reaction=Reaction.THROTTLE, reasons=codes(4), subcodes=codes(1504022), scope=Scope.ACCOUNT,
             retry_after=15 * MINUTE, source="A6"),
    ErrorRow(code="action_blocked", reaction=Reaction.EXHAUSTED, reasons=codes(4), subcodes=codes(2207051), scope=Scope.ACCOUNT,
             bucket=PUBLISHING, retry_after=24 * HOUR, source="A6"),
    ErrorRow(code="app_rate_limited", reaction=Reaction.EXHAUSTED, reasons=codes(4), scope=Scope.APP, bucket=APP_CALLS,
             retry_after=HOUR, source="A6, A7"),
    ErrorRow(code="rate_limited", reaction=Reaction.EXHAUSTED, reasons=codes(17, 32, 80001, 80002), scope=Scope.ACCOUNT,
             bucket=ACCOUNT_CALLS, retry_after=15 * MINUTE, source="A6, A7"),
    ErrorRow(code="rate_limited", reaction=Reaction.THROTTLE, reasons=codes(613, 80004), scope=Scope.ACCOUNT, retry_after=15 * MINUTE,
             source="A6"),
    ErrorRow(code="publishing_limit", reaction=Reaction.EXHAUSTED, reasons=codes(341), scope=Scope.ACCOUNT, bucket=PUBLISHING,
             retry_after=HOUR, source="A6"),
    ErrorRow(
        code="temporarily_blocked", reaction=Reaction.EXHAUSTED, reasons=codes(368), scope=Scope.ACCOUNT, bucket=PUBLISHING,
        retry_after=6 * HOUR, source="A6", remediation="The account posts too fast or against a policy; it is left alone for hours.",
    ),
)  # fmt: skip

TOKENS: tuple[ErrorRow, ...] = (
    ErrorRow(
        code="account_checkpoint", reaction=Reaction.NOT_DONE, reasons=codes(190), subcodes=codes(459, 464), scope=Scope.CREDENTIAL,
        retry_after=HOUR, source="A6", means="The customer has to log in at facebook.com and clear a security check first.",
        remediation="Ask the customer to log in at facebook.com; the connection may then work again as it is.",
    ),
    ErrorRow(code="needs_reconnect", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(190), subcodes=codes(458, 460, 492),
             scope=Scope.CREDENTIAL, remediation=RECONNECT, source="A6"),
    ErrorRow(code="token_expired", reaction=Reaction.REFRESH, reasons=codes(190, 102), scope=Scope.CREDENTIAL, source="A6"),
    ErrorRow(
        code="page_token_required", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(210), scope=Scope.CREDENTIAL,
        source="A6", remediation="Connect the Page itself: its own token is needed, not a person's.",
    ),
    ErrorRow(
        code="page_token_required", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(200), says=_user_token,
        scope=Scope.CREDENTIAL, source="A6, D1", means="This is a person's token; a Page publishes with its own.",
        remediation="Connect the Page itself: its own token is needed, not a person's.",
    ),
    ErrorRow(code="missing_permission", reaction=Reaction.CURE, cure=Cure.RECONNECT, reasons=codes(10), scope=Scope.CREDENTIAL,
             remediation="Connect again and leave every permission ticked.", source="A6"),
    ErrorRow(code="missing_permission", reaction=Reaction.CURE, cure=Cure.RECONNECT, says=_permission, scope=Scope.CREDENTIAL,
             remediation="Connect again and leave every permission ticked; the person needs a role on the Page.", source="A6"),
    ErrorRow(
        code="needs_operator", reaction=Reaction.CURE, cure=Cure.OPERATOR, reasons=codes(100), says=_proof, scope=Scope.APP, source="A3",
        means="The app's secret does not fit: Meta refuses its proof.",
        remediation="Check FACEBOOK_APP_ID and FACEBOOK_APP_SECRET; no customer needs to reconnect.",
    ),
    ErrorRow(code="needs_operator", reaction=Reaction.CURE, cure=Cure.OPERATOR, reasons=codes(3), scope=Scope.APP, source="A6",
             remediation="The app lacks a capability; see its settings at Meta."),
)  # fmt: skip

CONTENT: tuple[ErrorRow, ...] = (
    ErrorRow(code="duplicate_post", reaction=Reaction.TAKEN, reasons=codes(506), source="A6",
             means="The platform has just had this very text.", remediation="Change the text, or leave it at the post that is there."),
    ErrorRow(code="deprecated", reaction=Reaction.REFUSED, reasons=codes(12, 2500), source="A6",
             remediation="This is a defect of this program, not of what you sent."),
    ErrorRow(code="link_unreadable", reaction=Reaction.REFUSED, reasons=codes(1609005), field="link", source="A6",
             means="The platform cannot read the page that the link names."),
    ErrorRow(code="not_found", reaction=Reaction.REFUSED, reasons=codes(100), subcodes=codes(33), source="A6",
             means="The platform does not know this object, or does not show it to this connection."),
    ErrorRow(code="not_found", reaction=Reaction.REFUSED, reasons=codes(803, 110), source="A6"),
    ErrorRow(code="invalid_request", reaction=Reaction.REFUSED, reasons=codes(100), source="A6"),
)  # fmt: skip

BY_STATUS: tuple[ErrorRow, ...] = (
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, reasons=codes(1, 2), scope=Scope.PLATFORM, source="A6"),
    ErrorRow(code="platform_unavailable", reaction=Reaction.UNKNOWN, statuses=frozenset({408, *range(500, 600)}), scope=Scope.PLATFORM,
             source="A5"),
    ErrorRow(code="rate_limited", reaction=Reaction.THROTTLE, statuses=frozenset({429}), scope=Scope.APP, source="A5"),
    ErrorRow(code="token_expired", reaction=Reaction.REFRESH, statuses=frozenset({401}), says=_json_is_absent, scope=Scope.CREDENTIAL,
             source="A5"),
    ErrorRow(code="refused_by_platform", reaction=Reaction.REFUSED, source="A5"),
)  # fmt: skip

COMMON: tuple[ErrorRow, ...] = LIMITS + TOKENS + CONTENT + BY_STATUS
