"""Who somebody is, and who may act for an organization: userinfo, me, access control lists, organizations (contract linkedin 1.7, 1.8).

The token is the member's: a role that ends takes the right to post with it, and only the access control list tells. Of the statistics
there is as much as shows that posts without activity are missing from them.
"""

from waooaw_sandbox.kit import Answer, Json
from waooaw_sandbox.linkedin import restli
from waooaw_sandbox.linkedin.ask import Ask
from waooaw_sandbox.linkedin.errors import api_error, refuse
from waooaw_sandbox.linkedin.people import Organization, Role
from waooaw_sandbox.linkedin.posts import wanted
from waooaw_sandbox.linkedin.reading import paging

LOCALE = {"country": "US", "language": "en"}
COUNTS = ("clickCount", "likeCount", "commentCount", "shareCount")


async def userinfo(ask: Ask) -> Answer:
    member = ask.member
    email = {"email": f"{member.name}@example.com", "email_verified": True} if "email" in ask.token.scopes else {}
    body: Json = {
        "sub": member.id,
        "name": member.full_name,
        "given_name": member.first_name,
        "family_name": member.last_name,
        "locale": LOCALE,
    }
    return Answer(200, body | email)


async def me(ask: Ask) -> Answer:
    member = ask.member
    names = {"localizedFirstName": member.first_name, "localizedLastName": member.last_name}
    return Answer(200, {"id": member.id, "vanityName": member.vanity} | names)


async def acls(ask: Ask) -> Answer:
    """`q=roleAssignee`: the member's own roles; `q=organization`: everybody's in one organization."""
    match ask.text("q"):
        case "roleAssignee":
            roles = [role for role in ask.state.people.roles if role.account is ask.member]
        case "organization":
            roles = roles_in(ask, ask.text("organization"))
        case _:
            raise refuse("PARAM_INVALID")
    for name in ("role", "state"):
        if wanted_value := ask.text(name):
            roles = [role for role in roles if getattr(role, name) == wanted_value]
    start, count = ask.paging()
    elements = [acl(ask, role) for role in roles[start : start + count]]
    return Answer(200, {"paging": paging(ask, len(roles), start, count), "elements": elements})


def roles_in(ask: Ask, urn: str) -> list[Role]:
    organization, role = ask.role_in(urn)
    if organization is None or role != "ADMINISTRATOR":
        raise ask.denied()
    return [role for role in ask.state.people.roles if role.organization is organization]


def acl(ask: Ask, role: Role) -> Json:
    return {
        ask.state.knobs.word("acl_field"): role.organization.urn,
        "role": role.role,
        "roleAssignee": role.account.urn,
        "state": role.state,
    }


# --- organizations ------------------------------------------------------------------------------------------------------------


def described(ask: Ask, organization: Organization) -> Json:
    """Whole for its administrators, little for others."""
    _, role = ask.role_in(organization.urn)
    little: Json = {"id": int(organization.id), "localizedName": organization.name, "vanityName": organization.vanity}
    if role != "ADMINISTRATOR":
        return little
    name = {"localized": {"en_US": organization.name}, "preferredLocale": LOCALE}
    return little | {"name": name, "organizationType": "PRIVATELY_HELD", "primaryOrganizationType": "NONE"}


async def get(ask: Ask) -> Answer:
    organization = ask.state.people.organizations.get(ask.keys["id"])
    if organization is None:
        raise refuse("NOT_FOUND")
    return Answer(200, described(ask, organization))


async def by_vanity_name(ask: Ask) -> Answer:
    found = [o for o in ask.state.people.organizations.values() if o.vanity == ask.text("vanityName")]
    elements = [described(ask, organization) for organization in found]
    return Answer(200, {"paging": {"start": 0, "count": 10, "links": []}, "elements": elements})


async def lookup(ask: Ask) -> Answer:
    results: Json = {}
    errors: Json = {}
    statuses: Json = {}
    for key in restli.list_of(ask.query, "ids"):
        organization = ask.state.people.organizations.get(key)
        statuses[key] = 200 if organization else 404
        if organization is None:
            errors[key] = api_error("NOT_FOUND").body
        else:
            results[key] = described(ask, organization)
    return Answer(200, {"results": results, "statuses": statuses, "errors": errors})


async def network_size(ask: Ask) -> Answer:
    organization = ask.state.people.organization(ask.keys["urn"])
    if organization is None:
        raise refuse("NOT_FOUND")
    return Answer(200, {"firstDegreeSize": organization.followers})


# --- what came of a post ------------------------------------------------------------------------------------------------------


async def share_statistics(ask: Ask) -> Answer:
    urn = ask.text("organizationalEntity")
    _, role = ask.role_in(urn)
    if role != "ADMINISTRATOR":
        raise ask.denied()
    shown = ask.state.knobs.count("impressions")
    named = {name: restli.list_of(ask.query, name) for name in ("shares", "ugcPosts")}
    posts = [p for p in ask.state.posts_by(urn) if not p.deleted]
    if not any(named.values()):
        return Answer(200, {"elements": [{"organizationalEntity": urn} | totals(shown * len(posts))]})
    elements = [
        {"organizationalEntity": urn, kind[:-1]: post.urn} | totals(shown)
        for kind, urns in named.items()
        for post in posts
        if post.urn in urns and shown
    ]
    return Answer(200, {"elements": elements})


def totals(impressions: int) -> Json:
    counts: Json = dict.fromkeys(COUNTS, 0)
    counts |= {"impressionCount": impressions, "uniqueImpressionsCount": impressions, "engagement": 0.0}
    return {"totalShareStatistics": counts}


async def social_actions(ask: Ask) -> Answer:
    post = wanted(ask, ask.keys["urn"])
    if not ask.may_read(post.author):
        raise ask.denied()
    if post.deleted:
        raise refuse("NOT_FOUND")
    comments = {"totalFirstLevelComments": 0, "aggregatedTotalComments": 0}
    return Answer(200, {"target": post.urn, "likesSummary": {"totalLikes": 0}, "commentsSummary": comments})
