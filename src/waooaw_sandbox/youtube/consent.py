"""The consent page: a person, or a test, picks an account, unticks scopes, and allows or denies (contract youtube 1.2).

GET shows the page; POST to the same address with `account`, `scope` (once per ticked scope) and `decision` sends the browser back.
A request that Google would not show a page for is answered with an error page, never with a redirect.
"""

from datetime import timedelta
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from waooaw_sandbox.kit import Answer, Call, Refused
from waooaw_sandbox.pages import page
from waooaw_sandbox.youtube.people import CLIENT_ID, CODE_SECONDS, Account, Code, word
from waooaw_sandbox.youtube.scopes import KNOWN
from waooaw_sandbox.youtube.state import State

LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def show(state: State, call: Call) -> Answer:
    check(call)
    hint = call.query.get("login_hint", "")
    accounts = "".join(
        f'<label><input type="radio" name="account" value="{a.name}"{" checked" if chosen(a, hint, n) else ""}> '
        f"<b>{escape(a.channel.title if a.channel else a.name)}</b> <span class='quiet'>{a.email}</span></label>"
        for n, a in enumerate(state.people.accounts.values())
    )
    scopes = "".join(
        f'<label><input type="checkbox" name="scope" value="{escape(s)}" checked> <code>{escape(s)}</code></label>'
        for s in call.query["scope"].split()
    )
    content = (
        f'<form class="card" method="post"><h1>An app wants to access your Google Account</h1>'
        f"<p class='quiet'>{escape(call.query['client_id'])}</p><p>Choose an account</p>{accounts}"
        f"<p>It asks to be allowed to</p>{scopes}<p><button class='main' name='decision' value='approve'>Allow</button> "
        f"<button name='decision' value='deny'>Deny</button></p></form>"
    )
    return Answer(200, page("Sign in with Google", content), content_type="text/html")


def chosen(account: Account, hint: str, number: int) -> bool:
    return hint in (account.email, account.sub) if hint else number == 0


async def decide(state: State, call: Call) -> Answer:
    check(call)
    form = parse_qs((await call.read()).decode("utf-8", "replace"))
    echo = {"state": call.query["state"]} if "state" in call.query else {}
    if form.get("decision", ["deny"])[0] != "approve":
        return back(call, {"error": "access_denied"} | echo)
    names = list(state.people.accounts)
    account = state.people.accounts.get(form.get("account", names[:1])[0])
    if account is None:
        raise Refused(error_page(400, "no_such_account", f"Accounts here: {', '.join(names)}"))
    asked = call.query["scope"].split()
    granted = tuple(s for s in asked if s in form.get("scope", []))
    if not granted:
        return back(call, {"error": "access_denied"} | echo)
    code = grant(state, call, account, granted)
    return back(call, echo | {"code": code.code, "scope": " ".join(code.scopes)})


def grant(state: State, call: Call, account: Account, granted: tuple[str, ...]) -> Code:
    earlier = [g for g in state.people.grants if g.account is account and state.people.alive(g)]
    if call.query.get("include_granted_scopes") == "true":
        granted += tuple(dict.fromkeys(s for g in earlier for s in g.scopes if s not in granted))
    forced = "consent" in call.query.get("prompt", "").split()
    code = Code(
        code="4/0" + word(70),
        account=account,
        scopes=granted,
        redirect_uri=call.query["redirect_uri"],
        challenge=call.query.get("code_challenge"),
        with_refresh=call.query.get("access_type") == "offline" and (forced or not earlier),
        expires_at=state.clock.now() + timedelta(seconds=CODE_SECONDS),
    )
    state.people.remember(code)
    return code


def back(call: Call, parameters: dict[str, str]) -> Answer:
    """To the app, with what was decided behind whatever query its address has."""
    parts = urlsplit(call.query["redirect_uri"])
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return Answer(302, headers={"Location": urlunsplit(parts._replace(query=query))})


def check(call: Call) -> None:
    """What Google refuses before it asks anybody."""
    query = call.query
    if query.get("client_id") != CLIENT_ID:
        raise Refused(error_page(401, "invalid_client", "The OAuth client was not found."))
    if urlsplit(query.get("redirect_uri", "")).hostname not in LOOPBACK:
        raise Refused(error_page(400, "redirect_uri_mismatch", "Any loopback address is registered; this is none."))
    if query.get("response_type") != "code":
        raise Refused(error_page(400, "invalid_request", "response_type must be code."))
    strange = sorted(set(query.get("scope", "").split()) - KNOWN)
    if strange or not query.get("scope", "").strip():
        raise Refused(error_page(400, "invalid_scope", f"Some requested scopes cannot be shown: {strange}"))
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        raise Refused(error_page(400, "invalid_request", "code_challenge_method must be S256."))


def error_page(status: int, code: str, detail: str) -> Answer:
    content = f'<div class="card"><h1>Access blocked</h1><p>{escape(detail)}</p><p>Error {status}: {code}</p></div>'
    return Answer(status, page(f"Error {status}: {code}", content), content_type="text/html")
