"""Users, Pages and Instagram accounts as objects: `/me`, `/{id}`, `/me/accounts`, `/me/permissions` (contract meta B1, B2).

And `GET /{id}` for everything else, because the id does not say what it is.
"""

from waooaw_sandbox.kit import Json
from waooaw_sandbox.meta.ask import Ask
from waooaw_sandbox.meta.fields import Reference, paged, select
from waooaw_sandbox.meta.people import LONG_SECONDS, Account, Page
from waooaw_sandbox.meta.state import Node


async def get_object(ask: Ask) -> Json:
    if ask.id in ask.meta.nodes:
        node = ask.node(Node)
        return ask.shown(node, ask.meta.default_fields.get(type(node), "id"))
    ask.identity()
    pages = {page.id: page for page in ask.account.pages}
    if ask.id in pages:
        return select(page_node(ask, pages[ask.id]), ask.text("fields") or "id,name")
    if ask.id in (ask.account.ig_id, ask.account.scoped_id):
        return instagram_me(ask)
    return select(user_node(ask), ask.text("fields") or "id,name")


def user_node(ask: Ask) -> Json:
    return {"id": ask.account.user_id, "name": ask.account.title, "email": f"{ask.account.name}@example.com"}


def page_node(ask: Ask, page: Page) -> Json:
    """With a user token a Page shows its token; with its own, that one."""
    token = ask.token if ask.token.page is page else ask.meta.people[ask.account.platform].page_token(ask.token, page)
    account = Reference(instagram_node(ask, ask.account)) if page.ig_id else None
    picture = {"data": {"url": ask.url("www.facebook.com", f"/picture/{page.id}"), "is_silhouette": False}}
    return {
        "id": page.id,
        "name": page.name,
        "username": page.username,
        "access_token": token.token,
        "category": "Bakery",
        "category_list": [{"id": "2252", "name": "Bakery"}],
        "tasks": list(page.tasks),
        "link": ask.url("www.facebook.com", f"/{page.id}"),
        "picture": picture,
        "fan_count": 120,
        "followers_count": 120,
        "instagram_business_account": account,
        "connected_instagram_account": account,
    }


def instagram_node(ask: Ask, account: Account) -> Json:
    return {
        "id": account.ig_id,
        "user_id": account.ig_id,
        "username": account.username,
        "name": account.title,
        "account_type": "BUSINESS",
        "profile_picture_url": ask.url("www.instagram.com", f"/picture/{account.username}"),
        "followers_count": 340,
    }


def instagram_me(ask: Ask) -> Json:
    """With an Instagram token `id` is the app's own number for the account, and `user_id` the one to post with."""
    node = instagram_node(ask, ask.account)
    if not ask.token.of_instagram_login:
        return select({name: value for name, value in node.items() if name != "user_id"}, ask.text("fields") or "id")
    asked = ask.call.found.get("id", "me")
    shown = select(
        node | {"id": ask.account.scoped_id if asked == "me" else asked}, ask.text("fields") or "user_id,username"
    )
    return {"data": [shown]} if ask.knobs.word("me_answer") == "list" else shown


async def list_pages(ask: Ask) -> Json:
    """`/me/accounts`, with Page tokens."""
    if ask.token.page is not None or not ask.token.reaches(ask.id):
        raise ask.invalid("Tried accessing nonexisting field (accounts) on node type (Page)")
    fields = ask.text("fields") or "access_token,category,category_list,name,id,tasks"
    return paged(ask, [select(page_node(ask, page), fields) for page in ask.account.pages])


async def list_businesses(ask: Ask) -> Json:
    return paged(ask, [{"id": ask.account.business, "name": f"{ask.account.title} Ltd"}])


async def list_owned_pages(ask: Ask) -> Json:
    """A business's Pages, by `owned_pages`; it has none of other people's (`client_pages`)."""
    if ask.id != ask.account.business:
        raise ask.missing()
    if "business_management" not in ask.token.scopes:
        raise ask.refused("200", scopes="business_management")
    pages = ask.account.pages if ask.call.path.endswith("owned_pages") else []
    return paged(ask, [select(page_node(ask, page), ask.text("fields") or "id,name") for page in pages])


async def make_system_token(ask: Ask) -> Json:
    """`/{business}/system_user_access_tokens`: without end, or for 60 days. Always with `appsecret_proof`."""
    if ask.id != ask.account.business:
        raise ask.missing()
    if not ask.text("appsecret_proof"):
        raise ask.refused("100", "API calls from the server require an appsecret_proof argument")
    scopes = tuple(ask.items("scope")) or ask.token.scopes
    if not set(scopes) <= set(ask.token.scopes):
        raise ask.refused("200", scopes=", ".join(sorted(set(scopes) - set(ask.token.scopes))))
    seconds = LONG_SECONDS if ask.flag("set_token_expires_in_60_days") else None
    token = ask.meta.people[ask.account.platform].mint("system", ask.account, scopes, seconds)
    return {"access_token": token.token}


async def list_permissions(ask: Ask) -> Json:
    return {"data": [{"permission": scope, "status": "granted"} for scope in ask.token.scopes]}


async def drop_permissions(ask: Ask) -> Json:
    """All of them, or the one in the path."""
    gone = ask.call.found.get("permission")
    if gone is None:
        ask.meta.people[ask.platform].revoke(ask.account)
    for token in ask.meta.people[ask.platform].tokens.values():
        if token.account is ask.account:
            token.scopes = tuple(scope for scope in token.scopes if scope != gone)
    return {"success": True}
