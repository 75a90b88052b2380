"""The way of every Graph API call: parameters, token, rights, rate limits, the handler, and then what Meta's faults make of it.

`Need` says what a method asks of its caller. Publishing methods have faults of their own: done, yet answered as if not
(contract meta F: errors do not mean "not published").
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from aiohttp import web

from waooaw_sandbox.kit import Answer, Call, Dropped, Handler, Json, Refused
from waooaw_sandbox.meta.ask import Ask, answer_of
from waooaw_sandbox.meta.errors import GRAPH, IG_HOST, graph_error, refuse, trace
from waooaw_sandbox.meta.multipart import merged
from waooaw_sandbox.meta.people import Token
from waooaw_sandbox.meta.state import Blob, Meta
from waooaw_sandbox.meta.usage import limit_reason

Method: TypeAlias = Callable[[Ask], Awaitable[Json | Answer]]


@dataclass(frozen=True, kw_only=True)
class Need:
    """Scopes by login, a Page task, a Page token. `parsed` is off where the body is a file."""

    facebook: tuple[str, ...] = ()
    instagram: tuple[str, ...] = ()
    task: str | None = None
    page_token: bool = False
    parsed: bool = True
    proof: bool = True


NOTHING = Need()


def guarded(meta: Meta, platform: str, method: Method, need: Need = NOTHING) -> Handler:
    async def handle(call: Call) -> Answer | web.StreamResponse:
        usage: dict[str, str] = {}
        try:
            ask = await admitted(meta, platform, call, need)
            percent, usage = meta.usage.charge(ask.token, ask.knobs)
            if percent >= 100:
                raise over_limit(ask)
            authorise(ask, need)
            answer = falsified(call, answer_of(await method(ask)))
        except Refused as refused:
            answer = refused.answer
        return headed(meta, platform, call, answer, usage)

    return handle


def over_limit(ask: Ask) -> Refused:
    reason = limit_reason(ask.token, page_call=ask.platform == "facebook" and ask.id != ask.me)
    return ask.refused(reason, status=ask.knobs.count("limit_status") if reason in ("4", "32") else None)


async def admitted(meta: Meta, platform: str, call: Call, need: Need) -> Ask:
    values, files = (
        await merged(meta, platform, call) if need.parsed else (dict[str, object](call.query), dict[str, Blob]())
    )
    shown = shown_token(call, values)
    if not shown:
        raise refuse(call.host, "2500")
    token = meta.token(shown)
    if token is None or (token.of_instagram_login != (call.host == IG_HOST) and call.host.startswith("graph")):
        raise refuse(call.host, "190", status=meta.knobs[platform].count("token_error_status"))
    check_alive(meta, platform, call, token)
    if need.proof:
        check_proof(meta, platform, call, token, str(values.get("appsecret_proof") or ""))
    return Ask(meta=meta, platform=platform, call=call, values=values, files=files, token=token)


def shown_token(call: Call, values: Json) -> str:
    """From the query, the body, or an Authorization header of either scheme."""
    scheme, _, shown = call.request.headers.get("Authorization", "").partition(" ")
    header = shown.strip() if scheme.lower() in ("bearer", "oauth") else ""
    return str(values.get("access_token") or header)


def token_problem(meta: Meta, token: Token) -> str | None:
    """The reason a token is refused for, or None."""
    if token.account.token_state is not None:
        return f"190/{token.account.token_state}"
    if token.dead or (token.parent is not None and token.parent.dead):
        return "190/458"
    ended = token.expires_at is not None and token.expires_at <= meta.clock.now()
    return "190/463" if ended else None


def check_alive(meta: Meta, platform: str, call: Call, token: Token) -> None:
    reason = token_problem(meta, token)
    if reason is not None:
        form = "%A, %d-%b-%y %H:%M:%S PST"
        when = token.expires_at.strftime(form) if token.expires_at else "unknown"
        names = {"app": token.app[0], "when": when, "now": meta.clock.now().strftime(form)}
        status = meta.knobs[platform].count("token_error_status")
        raise refuse(call.host, reason if reason in GRAPH else "190", status=status, **names)


def check_proof(meta: Meta, platform: str, call: Call, token: Token, proof: str) -> None:
    required = token.account.require_appsecret_proof or meta.knobs[platform].flag("require_appsecret_proof")
    if not proof and not required:
        return
    expected = hmac.new(token.app[1].encode(), token.token.encode(), hashlib.sha256).hexdigest()
    if not proof:
        raise refuse(call.host, "100", "API calls from the server require an appsecret_proof argument")
    if not hmac.compare_digest(proof, expected):
        raise refuse(call.host, "100", "Invalid appsecret_proof provided in the API argument")


def authorise(ask: Ask, need: Need) -> None:
    """Scopes, then kind of token, then task, as far as the method asks for them."""
    status = ask.knobs.count("permission_status")
    if ask.platform == "instagram" and ask.account.inactive and (need.facebook or need.instagram):
        raise ask.refused("25/2207050")
    missing = set(need.instagram if ask.token.of_instagram_login else need.facebook) - set(ask.token.scopes)
    if missing and ask.platform == "instagram":
        raise ask.refused("10", status=status)
    if missing:
        raise ask.refused("200", status=status, scopes=", ".join(sorted(missing)))
    if need.page_token and ask.token.page is None:
        text = "(#200) Unpublished posts must be posted to a page as the page itself."
        raise ask.refused("200", text, status=status)
    if need.task and not ask.token.of_instagram_login:
        page = ask.token.page or ask.account.page
        if need.task not in page.tasks and "MANAGE" not in page.tasks:
            raise ask.refused("200", f"(#200) The user needs the task {need.task} on this Page.", status=status)


def falsified(call: Call, answer: Answer) -> Answer:
    """It is done. These faults say otherwise."""
    if answer.status >= 400:
        return answer
    if call.fault("publish_then_drop"):
        raise Dropped
    if call.fault("publish_then_403"):
        return graph_error(call.host, "4/2207051")
    if call.fault("publish_then_500"):
        return graph_error(call.host, "2")
    if call.fault("html_502"):
        return Answer(502, BAD_GATEWAY, "text/html")
    return answer


BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n</body></html>"
)


def headed(meta: Meta, platform: str, call: Call, answer: Answer, usage: dict[str, str]) -> Answer:
    version = call.found.get("version") or meta.knobs[platform].word("default_version")
    common = {
        "facebook-api-version": served(version, meta, platform),
        "x-fb-trace-id": trace(),
        "x-fb-rev": "1030000000",
    }
    return replace(answer, headers=common | usage | dict(answer.headers))


def served(version: str, meta: Meta, platform: str) -> str:
    """An expired version is answered by the oldest that still lives, without a word (contract A1)."""
    oldest = meta.knobs[platform].word("oldest_version")
    return max(version, oldest, key=lambda text: [int(part) for part in text.lstrip("v").split(".")])
