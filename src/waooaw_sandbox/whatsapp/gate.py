"""The way of every call: parameters, token, asset, rights, management limits, the handler, and the faults that lie.

The grammar is Graph's (`meta/gate.py`); the order and the codes are WhatsApp's (contract 2.6 and 2.10).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from waooaw_sandbox.kit import Answer, Call, Dropped, Handler, Json, Refused
from waooaw_sandbox.meta.ask import Ask, answer_of
from waooaw_sandbox.meta.gate import check_alive, check_proof, headed, shown_token
from waooaw_sandbox.meta.multipart import merged
from waooaw_sandbox.meta.state import Blob
from waooaw_sandbox.whatsapp.errors import refuse, wa_error
from waooaw_sandbox.whatsapp.people import NAME, Sender
from waooaw_sandbox.whatsapp.state import WhatsApp, sender_of

GATEWAY_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<h1>{0}</h1>\r\n</body></html>"


@dataclass(kw_only=True)
class Visit(Ask):
    """One admitted call: Graph's `Ask`, with WhatsApp's memory and the business that calls."""

    wa: WhatsApp

    @property
    def sender(self) -> Sender:
        return sender_of(self.account)


Method: TypeAlias = Callable[[Visit], Awaitable[Json | Answer]]


@dataclass(frozen=True, kw_only=True)
class Need:
    """`asset`: the token must reach the number or WABA in the path. `managing` calls count against the WABA's hour."""

    scope: str | None = None
    asset: bool = False
    managing: bool = False
    parsed: bool = True


SENDING = Need(scope="whatsapp_business_messaging", asset=True)
FILES = Need(scope="whatsapp_business_messaging")
MANAGING = Need(scope="whatsapp_business_management", asset=True, managing=True)
TEMPLATES = Need(scope="whatsapp_business_management", managing=True)
BYTES = Need(parsed=False)
NOTHING = Need()


def guarded(wa: WhatsApp, method: Method, need: Need) -> Handler:
    async def handle(call: Call) -> Answer | web.StreamResponse:
        usage: dict[str, str] = {}
        try:
            visit = await admitted(wa, call, need)
            authorise(visit, need)
            usage = wa.meters.manage(visit.sender) if need.managing else {}
            answer = falsified(call, answer_of(await method(visit)))
        except Refused as refused:
            answer = refused.answer
        return headed(wa.meta, NAME, call, answer, usage)

    return handle


async def admitted(wa: WhatsApp, call: Call, need: Need) -> Visit:
    values, files = (
        await merged(wa.meta, NAME, call) if need.parsed else (dict[str, object](call.query), dict[str, Blob]())
    )
    shown = shown_token(call, values)
    if not shown:
        raise refuse("200", "Provide a valid access token.")
    token = wa.people.tokens.get(shown)
    if token is None:
        raise unknown_token(wa)
    check_alive(wa.meta, NAME, call, token)
    check_proof(wa.meta, NAME, call, token, str(values.get("appsecret_proof") or ""))
    return Visit(meta=wa.meta, platform=NAME, call=call, values=values, files=files, token=token, wa=wa)


def unknown_token(wa: WhatsApp) -> Refused:
    reason = wa.knobs.word("unknown_token_reason")
    return refuse(reason, "Invalid OAuth access token.", status=wa.knobs.count("token_error_status"))


def authorise(visit: Visit, need: Need) -> None:
    if need.asset and (visit.wa.sender(visit.id) is None or not visit.token.reaches(visit.id)):
        raise foreign(visit)
    if need.scope and need.scope not in visit.token.scopes:
        raise refuse("10", f"Application does not have the permission {need.scope}.")


def foreign(visit: Visit) -> Refused:
    """For what is not there, and for what is somebody else's: the platform does not tell which."""
    reason = visit.knobs.word("foreign_asset_reason")
    return visit.missing() if reason == "100/33" else refuse(reason, f"Object with ID '{visit.id}' is not yours.")


def falsified(call: Call, answer: Answer) -> Answer:
    """It is done. These faults say otherwise."""
    if answer.status >= 400:
        return answer
    if call.fault("publish_then_drop"):
        raise Dropped
    if call.fault("publish_then_500"):
        return wa_error("131000", "Something went wrong.")
    for name, status, title in (
        ("publish_then_504", 504, "504 Gateway Time-out"),
        ("html_502", 502, "502 Bad Gateway"),
    ):
        if call.fault(name):
            return Answer(status, GATEWAY_PAGE.format(title), "text/html")
    return answer
