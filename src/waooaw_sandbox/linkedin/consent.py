"""The OAuth dialog: a person, or a test, picks a member and allows or denies; scopes are all or nothing (contract linkedin 1.1).

GET shows the page; POST to the same address with `account` and `decision` (`approve`, `deny`, or `cancel_login`) sends the browser
back. What LinkedIn would not show a dialog for is answered with a page; a scope that the app was not granted sends the browser back.
"""

from datetime import timedelta
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from waooaw_sandbox.kit import Answer, Call, Refused
from waooaw_sandbox.linkedin.people import CLIENT_ID, CODE_SECONDS, Code, word
from waooaw_sandbox.linkedin.scopes import APP, KNOWN
from waooaw_sandbox.linkedin.state import State
from waooaw_sandbox.pages import page

LOOPBACK = ("127.0.0.1", "localhost", "::1")
REFUSALS = {
    "deny": ("user_cancelled_authorize", "The user cancelled the authorization"),
    "cancel_login": ("user_cancelled_login", "The user cancelled LinkedIn login"),
}


async def show(state: State, call: Call) -> Answer:
    check(call)
    if refused := unauthorized(call):
        return refused
    members = "".join(
        f'<label><input type="radio" name="account" value="{a.name}"{"" if n else " checked"}> '
        f"<b>{escape(a.full_name)}</b> "
        f"<span class='quiet'>{escape(a.organization.name) if a.organization else 'member'}</span></label>"
        for n, a in enumerate(state.people.accounts.values())
    )
    scopes = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in call.query["scope"].split())
    content = (
        f'<form class="card" method="post"><h1>An app would like to use your LinkedIn account</h1>'
        f"<p class='quiet'>{escape(call.query['client_id'])}</p><p>Sign in as</p>{members}"
        f"<p>It would like to</p><ul>{scopes}</ul>"
        f"<p><button class='main' name='decision' value='approve'>Allow</button> "
        f"<button name='decision' value='deny'>Cancel</button></p></form>"
    )
    return Answer(200, page("Sign in with LinkedIn", content), content_type="text/html")


async def decide(state: State, call: Call) -> Answer:
    check(call)
    if refused := unauthorized(call):
        return refused
    form = parse_qs((await call.read()).decode("utf-8", "replace"))
    decision = form.get("decision", ["deny"])[0]
    if decision != "approve":
        error, description = REFUSALS.get(decision, REFUSALS["deny"])
        return back(call, {"error": error, "error_description": description})
    names = list(state.people.accounts)
    account = state.people.accounts.get(form.get("account", names[:1])[0])
    if account is None:
        raise Refused(error_page(400, f"No such member. Members here: {', '.join(names)}"))
    code = Code(
        code="AQT" + word(150),
        account=account,
        scopes=tuple(dict.fromkeys(call.query["scope"].split())),
        redirect_uri=call.query["redirect_uri"],
        challenge=call.query.get("code_challenge"),
        expires_at=state.clock.now() + timedelta(seconds=CODE_SECONDS),
    )
    state.people.codes[code.code] = code
    return back(call, {"code": code.code})


def unauthorized(call: Call) -> Answer | None:
    """The browser is sent back at once where the app asks for what it was not granted."""
    strange = [scope for scope in call.query["scope"].split() if scope not in APP]
    if not strange:
        return None
    description = f'Scope "{strange[0]}" is not authorized for your application'
    return back(call, {"error": "unauthorized_scope_error", "error_description": description})


def back(call: Call, parameters: dict[str, str]) -> Answer:
    """To the app, with what was decided behind whatever query its address has."""
    parts = urlsplit(call.query["redirect_uri"])
    echo = {"state": call.query["state"]} if "state" in call.query else {}
    query = "&".join(filter(None, (parts.query, urlencode(parameters | echo))))
    return Answer(302, headers={"Location": urlunsplit(parts._replace(query=query))})


def check(call: Call) -> None:
    """What LinkedIn refuses before it asks anybody."""
    query = call.query
    redirect = query.get("redirect_uri", "")
    if query.get("client_id") != CLIENT_ID:
        raise Refused(error_page(401, "The passed in client_id is invalid"))
    if urlsplit(redirect).hostname not in LOOPBACK or "#" in redirect:
        raise Refused(error_page(401, "The redirect_uri does not match the registered value (any loopback address)"))
    if query.get("response_type") != "code":
        raise Refused(error_page(401, "The response_type must be code"))
    scopes = query.get("scope", "").split()
    if not scopes or not set(scopes) <= KNOWN:
        raise Refused(error_page(401, f"A scope is not valid: {sorted(set(scopes) - KNOWN)}"))


def error_page(status: int, detail: str) -> Answer:
    content = f'<div class="card"><h1>Bummer, something went wrong.</h1><p>{escape(detail)}</p></div>'
    return Answer(status, page("Error", content), content_type="text/html")
