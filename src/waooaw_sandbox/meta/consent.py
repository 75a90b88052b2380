"""The dialogs of both logins: a person, or a test, picks an account, unticks permissions, and allows or denies (contract meta B1, B2).

GET shows the page; POST to the same address with `account`, `scope` (once per ticked one) and `decision` sends the browser back, with
the fragment each platform appends. A dialog with `config_id` instead of scopes asks for all of Facebook's Page permissions.
"""

from datetime import timedelta
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from waooaw_sandbox.kit import Answer, Call, Refused
from waooaw_sandbox.meta.people import CODE_SECONDS, FACEBOOK_APP, INSTAGRAM_APP, KNOWN, PAGE_SCOPES, Code, word
from waooaw_sandbox.meta.state import Meta
from waooaw_sandbox.pages import page

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def of_instagram(call: Call) -> bool:
    return call.host.endswith("instagram.com")


def asked_scopes(call: Call) -> list[str]:
    if call.query.get("config_id") and not call.query.get("scope"):
        return list(PAGE_SCOPES)
    return call.query.get("scope", "").replace(",", " ").split()


async def show(meta: Meta, platform: str, call: Call) -> Answer:
    check(call)
    accounts = "".join(
        f'<label><input type="radio" name="account" value="{a.name}"{"" if n else " checked"}> '
        f"<b>{escape(a.title)}</b> <span class='quiet'>@{escape(a.username)}</span></label>"
        for n, a in enumerate(meta.people[platform].accounts.values())
    )
    scopes = "".join(
        f'<label><input type="checkbox" name="scope" value="{escape(s)}" checked> <code>{escape(s)}</code></label>'
        for s in asked_scopes(call)
    )
    where = "Instagram" if of_instagram(call) else "Facebook"
    content = (
        f'<form class="card" method="post"><h1>An app wants to use your {where} account</h1>'
        f"<p class='quiet'>{escape(call.query['client_id'])}</p><p>Choose an account</p>{accounts}"
        f"<p>It asks for</p>{scopes}<p><button class='main' name='decision' value='approve'>Allow</button> "
        f"<button name='decision' value='deny'>Not now</button></p></form>"
    )
    return Answer(200, page(f"Log in with {where}", content), content_type="text/html")


async def decide(meta: Meta, platform: str, call: Call) -> Answer:
    check(call)
    form = parse_qs((await call.read()).decode("utf-8", "replace"))
    granted = tuple(s for s in asked_scopes(call) if s in form.get("scope", []))
    if form.get("decision", ["deny"])[0] != "approve" or not granted:
        return back(call, denial(call))
    people = meta.people[platform]
    names = list(people.accounts)
    account = people.accounts.get(form.get("account", names[:1])[0])
    if account is None:
        raise Refused(error_page(f"No such account. Accounts here: {', '.join(names)}"))
    code = Code(
        ("AQ" if of_instagram(call) else "AQD") + word(120),
        account,
        granted,
        call.query["redirect_uri"],
        meta.clock.now() + timedelta(seconds=CODE_SECONDS),
        of_instagram(call),
    )
    people.codes[code.code] = code
    return back(call, {"code": code.code})


def denial(call: Call) -> dict[str, str]:
    common = {"error": "access_denied", "error_reason": "user_denied"}
    if of_instagram(call):
        return common | {"error_description": "The user denied your request"}
    return common | {"error_code": "200", "error_description": "Permissions error"}


def back(call: Call, parameters: dict[str, str]) -> Answer:
    parameters |= {"state": call.query["state"]} if "state" in call.query else {}
    parts = urlsplit(call.query["redirect_uri"])
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    fragment = "_" if of_instagram(call) else "_=_"
    return Answer(302, headers={"Location": urlunsplit(parts._replace(query=query, fragment=fragment))})


def check(call: Call) -> None:
    app = INSTAGRAM_APP if of_instagram(call) else FACEBOOK_APP
    if call.query.get("client_id") != app[0]:
        raise Refused(error_page("Invalid App ID: the provided app ID does not look like a valid app ID."))
    if urlsplit(call.query.get("redirect_uri", "")).hostname not in LOOPBACK:
        raise Refused(error_page("URL Blocked: any loopback address is registered, and this is none."))
    if call.query.get("response_type", "code") != "code":
        raise Refused(error_page("response_type must be code."))
    strange = sorted(set(asked_scopes(call)) - KNOWN)
    if strange or not asked_scopes(call):
        raise Refused(error_page(f"Invalid Scopes: {', '.join(strange) or 'none given'}"))


def error_page(detail: str) -> Answer:
    content = f'<div class="card"><h1>Sorry, something went wrong</h1><p>{escape(detail)}</p></div>'
    return Answer(400, page("Error", content), content_type="text/html")
