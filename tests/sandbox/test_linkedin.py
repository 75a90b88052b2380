"""LinkedIn's posts: what is accepted, what a reader then sees, what comes back, and how the accounts and calls are shown.

`Caller` at the top is a member with a token; the other LinkedIn tests use it too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from sandbox.world import Sandbox
from waooaw_sandbox.linkedin import little

pytestmark = pytest.mark.anyio

API = "/api.linkedin.com"
ACME = "urn:li:organization:2414183"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x02\x08\x02\x00\x00\x00"


@dataclass
class Caller:
    sandbox: Sandbox
    account: dict[str, Any]
    version: str | None = "202609"

    @property
    def urn(self) -> str:
        return self.account["posting_identity"]

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str | None] | None = None,
        data: Any = None,
    ) -> tuple[int, Any, Mapping[str, str]]:
        """`path` goes out exactly as given. A header of None is left out."""
        usual: dict[str, str | None] = {
            "Authorization": f"Bearer {self.account['access_token']}",
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        if body is not None:
            data, usual["Content-Type"] = json.dumps(body), "application/json"
        sent = {name: value for name, value in (usual | dict(headers or {})).items() if value is not None}
        url = URL(path if path.startswith("http") else self.sandbox.base + API + path, encoded=True)
        async with self.sandbox.http.request(method, url, data=data, headers=sent, allow_redirects=False) as reply:
            answer = await (reply.json() if reply.content_type == "application/json" else reply.read())
            return reply.status, answer, reply.headers

    async def post(self, commentary: str = "A quiet morning", **more: Any) -> str:
        """The URN of a new post."""
        status, body, headers = await self.create(commentary, **more)
        assert (status, body) == (201, b""), body
        return headers["x-restli-id"]

    async def create(self, commentary: str = "A quiet morning", **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        return await self.call("POST", "/rest/posts", draft(self.urn, commentary) | more)

    async def refused(self, commentary: str = "A quiet morning", **more: Any) -> tuple[int, str]:
        status, body, _ = await self.create(commentary, **more)
        return status, reason(body)

    async def read(self, urn: str, tail: str = "") -> Any:
        status, body, _ = await self.call("GET", f"/rest/posts/{quote(urn, safe='')}{tail}")
        assert status == 200, body
        return body

    async def listed(self, tail: str = "") -> list[str]:
        status, body, _ = await self.call("GET", f"/rest/posts?q=author&author={quote(self.urn, safe='')}{tail}")
        assert status == 200, body
        return [element["id"] for element in body["elements"]]

    async def asset(self, kind: str = "image", data: bytes = PNG, owner: str | None = None) -> str:
        """The URN of an uploaded image or document."""
        value = await self.opened(kind, owner)
        status, _, _ = await self.call("PUT", value["uploadUrl"], data=data, headers={"LinkedIn-Version": None})
        assert status == 201
        return value[kind]

    async def opened(self, kind: str, owner: str | None = None, **more: Any) -> dict[str, Any]:
        body = {"initializeUploadRequest": {"owner": owner or self.urn} | more}
        status, answer, _ = await self.call("POST", f"/rest/{kind}s?action=initializeUpload", body)
        assert status == 200, answer
        return answer["value"]

    # --- the sandbox about this account ---------------------------------------------------------------------------------------

    async def turn(self, **changes: Any) -> None:
        path = f"/accounts/linkedin/{self.account['account']}"
        self.account = await self.sandbox.control("POST", path, changes)

    async def knob(self, **knobs: Any) -> Any:
        return await self.sandbox.control("POST", "/knobs/linkedin", knobs)

    async def arm(self, fault: str, route: str | None = None, **more: Any) -> None:
        order = {"platform": "linkedin", "fault": fault} | ({"route": route} if route else {}) | more
        await self.sandbox.control("POST", "/faults", order)

    async def audience(self, hidden: bool = False) -> list[dict[str, Any]]:
        path = f"/audience/linkedin/{self.account['account']}"
        return await self.sandbox.control("GET", path + ("?include=hidden" if hidden else ""))


def draft(author: str, commentary: str) -> dict[str, Any]:
    return {
        "author": author,
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def reason(body: Any) -> str:
    """The code of an error, wherever its generation keeps it."""
    inputs = body.get("errorDetails", {}).get("inputErrors")
    return inputs[0]["code"] if inputs else body.get("code") or body["message"]


def where(body: Any) -> str:
    return body["errorDetails"]["inputErrors"][0]["input"]["inputPath"]["fieldPath"]


async def caller(sandbox: Sandbox, name: str = "hazel") -> Caller:
    accounts = await sandbox.control("GET", "/accounts")
    return Caller(sandbox, next(a for a in accounts if (a["platform"], a["account"]) == ("linkedin", name)))


@pytest.fixture
async def hazel(sandbox: Sandbox) -> Caller:
    return await caller(sandbox)


@pytest.fixture
async def ridge(sandbox: Sandbox) -> Caller:
    return await caller(sandbox, "ridge")


# --- creating -----------------------------------------------------------------------------------------------------------------


async def test_a_post_is_a_201_without_a_body_and_its_urn_in_a_header(hazel: Caller):
    status, body, headers = await hazel.create("Bread is ready")
    assert (status, body) == (201, b"")
    assert headers["x-restli-id"].startswith("urn:li:share:7")
    assert {"x-li-uuid", "x-li-fabric", "x-restli-protocol-version"} <= {name.lower() for name in headers}
    [entry] = await hazel.audience()
    assert (entry["id"], entry["kind"], entry["text"]) == (headers["x-restli-id"], "text", "Bread is ready")


async def test_a_member_posts_as_itself_and_only_as_itself(hazel: Caller, ridge: Caller):
    await ridge.post("From a member")
    assert [entry["author"] for entry in await ridge.audience()] == [ridge.urn]
    status, body, _ = await ridge.create("For somebody else", author=hazel.urn)
    assert (status, body["serviceErrorCode"]) == (403, 100)
    assert body["message"] == "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260901"
    assert await hazel.audience() == []


@pytest.mark.parametrize(
    ("commentary", "visible"),
    [
        ("Cakes (with nuts) today", "Cakes "),
        ("Cakes \\(with nuts\\) today", "Cakes (with nuts) today"),
        ("write to me@example.com", "write to me"),
        ("50% off \\_ all \\* day \\~ \\| \\{ \\} \\[ \\] \\< \\> \\\\", "50% off _ all * day ~ | { } [ ] < > \\"),
        ("#bread is #good\\_for you", "#bread is #good_for you"),
        ("number # one", "number "),
        ("{hashtag|\\#|cake} day", "#cake day"),
        ("thanks @[Hazel Bakes](urn:li:organization:5515715)!", "thanks Hazel Bakes!"),
        ("thanks @[hazel bakes](urn:li:organization:5515715)!", "thanks hazel bakes!"),
        ("thanks @[Acme \\(Widgets\\)](urn:li:organization:2414183)", "thanks Acme (Widgets)"),
        ("a back\\slash", "a back"),
        ("trailing \\", "trailing "),
        ("line one\nline \U0001f9c1 two", "line one\nline \U0001f9c1 two"),
    ],
)
async def test_what_is_not_escaped_ends_the_visible_text(hazel: Caller, commentary: str, visible: str):
    await hazel.post(commentary)
    [entry] = await hazel.audience()
    assert entry["text"] == visible


async def test_only_an_exact_name_is_a_mention(hazel: Caller):
    urn = await hazel.post(f"@[Acme \\(Widgets\\)]({ACME}) and @[acme]({ACME}) #cake")
    [entry] = await hazel.audience()
    assert (entry["mentions"], entry["hashtags"], entry["cut"]) == ([ACME], ["cake"], False)
    shown = (await hazel.read(urn))["commentary"]
    assert shown == f"@[Acme \\(Widgets\\)]({ACME}) and acme {{hashtag|\\#|cake}}"


@given(st.text(max_size=200))
def test_any_text_that_is_escaped_whole_arrives_whole(text: str):
    read = little.read(little.escape(text), lambda urn: frozenset())
    assert (read.visible, read.cut) == (text, False)
    assert little.read(read.canonical, lambda urn: frozenset()).visible == text


async def test_the_limit_counts_what_is_seen_in_utf16(hazel: Caller):
    assert await hazel.refused("x" * 3001) == (400, "FIELD_LENGTH_TOO_LONG")
    assert await hazel.refused("\U0001f9c1" * 1501) == (400, "FIELD_LENGTH_TOO_LONG")
    await hazel.post("\\(" * 3000)
    await hazel.knob(count_characters="code_points", count_escapes=True)
    await hazel.post("\U0001f9c1" * 3000)
    assert await hazel.refused("\\)" * 1501) == (400, "FIELD_LENGTH_TOO_LONG")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"mood": "good"}, "/mood"),
        ({"visibility": "EVERYBODY"}, "/visibility"),
        ({"commentary": 7}, "/commentary"),
        ({"distribution": {}}, "/distribution/feedDistribution"),
        ({"content": {}}, "/content"),
        ({"content": {"article": {"source": "https://example.com"}}}, "/content/article/title"),
        ({"content": {"poll": {"question": "?", "options": [{"text": "a"}, {"text": "b"}], "settings": {"duration": "ONE_WEEK"}}}}, "/content/poll/settings/duration"),
    ],
)  # fmt: skip
async def test_a_body_outside_the_schema_is_422_with_the_path(hazel: Caller, changes: dict[str, Any], path: str):
    status, body, _ = await hazel.create(**changes)
    assert (status, set(body)) == (422, {"status", "message"})
    assert body["message"].startswith(f"ERROR :: {path} :: ")


@pytest.mark.parametrize("field", ["author", "commentary", "visibility", "distribution", "lifecycleState"])
async def test_a_missing_field_is_named(hazel: Caller, field: str):
    body = draft(hazel.urn, "hello")
    del body[field]
    status, answer, _ = await hazel.call("POST", "/rest/posts", body)
    expected = f"ERROR :: /{field} :: field is required but not found and has no default value\n"
    assert (status, answer["message"]) == (422, expected)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"author": "urn:li:company:5515715"}, "INVALID_URN_TYPE"),
        ({"author": "5515715"}, "INVALID_URN_ID"),
        ({"author": "urn:li:organization:1"}, "ACCESS_DENIED"),
        ({"author": "urn:li:organization:5515716"}, "ACCESS_DENIED"),
        ({"commentary": "  "}, "INVALID_VALUE_BLANK_FIELD"),
        ({"commentary": "half a \ud83e"}, "ILLEGAL_ARGUMENT"),
        ({"lifecycleState": "DRAFT"}, "INVALID_VALUE_FOR_FIELD"),
        ({"content": {"media": {"id": "urn:li:image:nobodys"}}}, "INVALID_IMAGE_ID"),
        ({"content": {"media": {"id": "urn:li:video:nobodys"}}}, "INVALID_VIDEO_ID"),
        ({"content": {"media": {"id": "urn:li:article:1"}}}, "INVALID_URN_TYPE"),
        ({"content": {"multiImage": {"images": [{"id": "urn:li:image:1"}]}}}, "INVALID_VALUE_FOR_FIELD"),
        ({"content": {"article": {"source": "example", "title": "x"}}}, "INVALID_VALUE_FOR_FIELD"),
        ({"content": {"article": {"source": "https://a.example", "title": "x" * 401}}}, "FIELD_LENGTH_TOO_LONG"),
        ({"content": {"carousel": {}}}, "INVALID_VALUE_FOR_FIELD"),
        ({"reshareContext": {"parent": "urn:li:share:1"}}, "INVALID_URN_ID"),
    ],
)  # fmt: skip
async def test_a_value_that_cannot_be_is_refused_by_its_code(hazel: Caller, changes: dict[str, Any], code: str):
    status, answered = await hazel.refused(**changes)
    assert (status, answered) == (403 if code == "ACCESS_DENIED" else 400, code)
    assert await hazel.audience() == []


async def test_a_body_that_is_no_json_or_not_called_so_is_refused(hazel: Caller):
    status, body, _ = await hazel.call("POST", "/rest/posts", data=b"{", headers={"Content-Type": "application/json"})
    assert (status, body["code"]) == (400, "ILLEGAL_ARGUMENT")
    status, body, _ = await hazel.call("POST", "/rest/posts", data=b"{}", headers={"Content-Type": "text/plain"})
    assert (status, body["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_an_article_shows_what_it_was_given_and_nothing_else(hazel: Caller):
    thumbnail = await hazel.asset()
    article = {"source": "https://example.com/a_(b)", "title": "Bread", "description": "Of rye", "thumbnail": thumbnail}
    await hazel.post("Read this", content={"article": article})
    [entry] = await hazel.audience()
    assert (entry["kind"], entry["link"], entry["title"], entry["description"]) == ("article", article["source"], "Bread", "Of rye")  # fmt: skip
    assert [media["asset"] for media in entry["media"]] == [thumbnail]


async def test_a_poll_has_its_limits(hazel: Caller):
    def poll(options: list[str], question: str = "Rye or wheat?") -> dict[str, Any]:
        settings = {"duration": "THREE_DAYS"}
        return {"poll": {"question": question, "options": [{"text": o} for o in options], "settings": settings}}

    for wrong in (poll(["one"]), poll(["x"] * 5), poll(["x" * 31, "y"]), poll(["a", "b"], "?" * 141)):
        assert (await hazel.refused(content=wrong))[0] == 400
    urn = await hazel.post(content=poll(["Rye", "Wheat"]))
    [entry] = await hazel.audience()
    assert (entry["kind"], entry["poll"]["question"]) == ("poll", "Rye or wheat?")
    assert urn.startswith("urn:li:ugcPost:")


async def test_a_reshare_needs_a_parent_that_allows_it(hazel: Caller, ridge: Caller):
    open_one, closed = await hazel.post("open"), await hazel.post("closed", isReshareDisabledByAuthor=True)
    await ridge.post("look", reshareContext={"parent": open_one})
    assert await ridge.refused("no", reshareContext={"parent": closed}) == (400, "INVALID_VALUE_FOR_FIELD")
    [entry] = await ridge.audience()
    assert (entry["kind"], entry["parent"]) == ("reshare", open_one)


async def test_a_targeted_post_needs_more_than_300_followers(hazel: Caller):
    targeted = {"feedDistribution": "MAIN_FEED", "targetEntities": [{"geoLocations": ["urn:li:geo:1"]}]}
    await hazel.post("to some", distribution=targeted)
    await hazel.turn(followers=300)
    assert await hazel.refused("to too few", distribution=targeted) == (400, "INVALID_VALUE_FOR_FIELD")


async def test_what_is_kept_out_of_the_feed_no_follower_sees(hazel: Caller):
    await hazel.post(distribution={"feedDistribution": "NONE"})
    assert await hazel.audience() == []
    assert [entry["in_feed"] for entry in await hazel.audience(hidden=True)] == [False]


# --- reading ------------------------------------------------------------------------------------------------------------------


async def test_a_post_reads_back_with_its_times_in_milliseconds(hazel: Caller):
    urn = await hazel.post("Bread #today")
    post = await hazel.read(urn)
    assert (post["id"], post["author"], post["lifecycleState"]) == (urn, hazel.urn, "PUBLISHED")
    assert post["commentary"] == "Bread {hashtag|\\#|today}"
    assert len(str(post["createdAt"])) == len(str(post["publishedAt"])) == 13
    assert set(await hazel.read(urn, "?fields=id,author")) == {"id", "author"}


async def test_behind_a_cut_nothing_or_everything_reads_back(hazel: Caller):
    urn = await hazel.post("Bread (rye)")
    assert (await hazel.read(urn))["commentary"] == "Bread "
    await hazel.knob(read_back="whole")
    assert (await hazel.read(await hazel.post("Cake (nut)")))["commentary"] == "Cake (nut)"


async def test_the_finder_pages_in_either_order(hazel: Caller):
    urns = [await hazel.post(f"number {n}") for n in range(3)]
    assert await hazel.listed("&sortBy=CREATED") == urns[::-1]
    await hazel.sandbox.advance(60)
    patch = {"patch": {"$set": {"commentary": "number zero"}}}
    await hazel.call("POST", f"/rest/posts/{quote(urns[0], safe='')}", patch, headers={"X-RestLi-Method": "PARTIAL_UPDATE"})  # fmt: skip
    assert await hazel.listed() == [urns[0], urns[2], urns[1]]
    path = f"/rest/posts?q=author&author={quote(hazel.urn, safe='')}&count=2&sortBy=CREATED"
    _, first, _ = await hazel.call("GET", path)
    [link] = first["paging"]["links"]
    assert (link["rel"], len(first["elements"]), "total" in first["paging"]) == ("next", 2, False)
    _, second, _ = await hazel.call("GET", link["href"])
    assert ([element["id"] for element in second["elements"]], second["paging"]["links"]) == ([urns[0]], [])
    status, body, _ = await hazel.call("GET", path.replace("count=2", "count=101"))
    assert (status, body["code"]) == (400, "PARAM_INVALID")


async def test_several_posts_are_read_at_once_but_not_in_the_development_tier(hazel: Caller):
    urns = [quote(urn, safe="") for urn in (await hazel.post("one"), await hazel.post("two"), "urn:li:share:1")]
    _, body, _ = await hazel.call("GET", f"/rest/posts?ids=List({','.join(urns)})")
    assert (set(body["results"]), set(body["errors"])) == (set(urns[:2]), {urns[2]})
    assert body["statuses"] == {urns[0]: 200, urns[1]: 200, urns[2]: 404}
    await hazel.knob(development_tier=True)
    status, body, _ = await hazel.call("GET", f"/rest/posts?ids=List({urns[0]})")
    assert (status, body["message"].split(".")[1]) == (403, "BATCH_GET")


async def test_a_members_posts_cannot_be_read_back(ridge: Caller):
    urn = quote(await ridge.post(), safe="")
    for path in (f"/rest/posts/{urn}", f"/rest/posts?q=author&author={quote(ridge.urn, safe='')}"):
        status, body, _ = await ridge.call("GET", path)
        assert (status, body["code"]) == (403, "ACCESS_DENIED")
    await ridge.turn(scopes=["w_member_social", "r_member_social"])
    assert len(await ridge.listed()) == 1


async def test_a_query_too_long_for_a_url_comes_as_a_body(hazel: Caller):
    urn = quote(await hazel.post(), safe="")
    headers = {"X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded"}
    status, body, _ = await hazel.call("POST", "/rest/posts", data=f"ids=List({urn})", headers=headers)
    assert (status, list(body["results"])) == (200, [urn])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/rest/posts/urn:li:share:7", "ILLEGAL_ARGUMENT"),
        ("/rest/posts/urn%3Ali%3Afeed%3A7", "ILLEGAL_ARGUMENT"),
        ("/rest/posts?q=author&author=urn:li:organization:5515715", "PARAM_INVALID"),
        ("/rest/posts?ids=List(urn:li:share:7)", "PARAM_INVALID"),
        ("/rest/posts?ids=List(urn%3Ali%3Ashare%3A7", "PARAM_INVALID"),
        ("/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A5515715&count=many", "PARAM_INVALID"),
    ],
)
async def test_a_url_that_is_not_encoded_as_rest_li_wants_it_is_refused(hazel: Caller, path: str, code: str):
    status, body, _ = await hazel.call("GET", path)
    assert (status, body["code"]) == (400, code)


async def test_without_the_protocol_header_lists_are_refused(hazel: Caller):
    urn = quote(await hazel.post(), safe="")
    old = {"X-Restli-Protocol-Version": None}
    status, _, _ = await hazel.call("GET", f"/rest/posts?ids=List({urn})", headers=old)
    assert status == 400
    status, _, _ = await hazel.call("GET", f"/rest/posts/{urn}", headers=old)
    assert status == 200
    await hazel.knob(without_protocol="accept")
    status, _, _ = await hazel.call("GET", f"/rest/posts?ids=List({urn})", headers=old)
    assert status == 200


# --- editing, deleting --------------------------------------------------------------------------------------------------------


async def test_a_post_is_edited_by_a_partial_update_only(hazel: Caller):
    urn = await hazel.post("befroe")
    path = f"/rest/posts/{quote(urn, safe='')}"
    patch = {"patch": {"$set": {"commentary": "before"}}}
    status, body, _ = await hazel.call("POST", path, patch)
    assert (status, body["code"]) == (400, "ILLEGAL_ARGUMENT")
    method = {"X-RestLi-Method": "PARTIAL_UPDATE"}
    assert (await hazel.call("POST", path, patch, headers=method))[0] == 204
    [entry] = await hazel.audience()
    assert (entry["text"], (await hazel.read(urn))["lifecycleStateInfo"]["isEditedByAuthor"]) == ("before", True)
    status, body, _ = await hazel.call("POST", path, {"patch": {"$set": {"visibility": "PUBLIC"}}}, headers=method)
    assert (status, reason(body)) == (400, "INVALID_VALUE_FOR_FIELD")


async def test_deleting_is_idempotent(hazel: Caller):
    path = f"/rest/posts/{quote(await hazel.post(), safe='')}"
    assert [(await hazel.call("DELETE", path))[0] for _ in range(2)] == [204, 204]
    status, body, _ = await hazel.call("GET", path)
    assert (status, body["code"]) == (404, "NOT_FOUND")
    assert await hazel.audience() == []


# --- duplicates ---------------------------------------------------------------------------------------------------------------


async def test_the_same_text_within_ten_minutes_is_a_duplicate_and_names_the_first(hazel: Caller, ridge: Caller):
    urn = await hazel.post("again")
    status, body, _ = await hazel.create("again")
    assert (status, reason(body), body["message"]) == (422, "DUPLICATE_POST", f"Content is a duplicate of {urn}")
    await ridge.post("again")
    await hazel.sandbox.advance(601)
    await hazel.post("again")
    assert len(await hazel.audience()) == 2


async def test_a_deleted_post_haunts_its_text(hazel: Caller):
    urn = await hazel.post("again")
    await hazel.call("DELETE", f"/rest/posts/{quote(urn, safe='')}")
    _, body, _ = await hazel.create("again")
    assert urn in body["message"]
    await hazel.knob(duplicate_ghosts=False)
    await hazel.post("again")


async def test_other_content_is_no_excuse_unless_a_knob_says_so(hazel: Caller):
    await hazel.post("again")
    image = {"media": {"id": await hazel.asset()}}
    assert await hazel.refused("again", content=image) == (422, "DUPLICATE_POST")
    await hazel.knob(duplicate_compares="text_and_content")
    await hazel.post("again", content=image)


# --- what the sandbox tells ---------------------------------------------------------------------------------------------------


async def test_the_accounts_are_ready_for_use(hazel: Caller, ridge: Caller):
    organization, member = hazel.account, ridge.account
    assert (organization["author_kind"], organization["posting_identity"]) == (
        "organization",
        "urn:li:organization:5515715",
    )
    assert (organization["organization_id"], member["author_kind"]) == ("5515715", "member")
    assert member["posting_identity"] == member["member_urn"]
    for name in ("access_token", "refresh_token", "app_id", "app_secret", "expires_at"):
        assert organization[name] and member[name]
    assert organization["roles"][0]["role"] == "ADMINISTRATOR"
    assert "w_organization_social" in organization["scopes"] and member["roles"] == []


async def test_the_page_of_a_post_shows_what_a_reader_sees(hazel: Caller):
    urn = await hazel.post("Bread \\<b\\> now (cut)", content={"media": {"id": await hazel.asset()}})
    [entry] = await hazel.audience()
    status, text, _ = await hazel.sandbox.ask("GET", entry["url"])
    assert (status, "Bread &lt;b&gt; now" in text, "cut" in text) == (200, True, False)
    status, picture, _ = await hazel.call("GET", entry["media"][0]["url"])
    assert (status, picture) == (200, PNG)
    _, company, _ = await hazel.sandbox.ask("GET", "/www.linkedin.com/company/hazel-bakes")
    assert urn in company
    assert (await hazel.sandbox.ask("GET", "/www.linkedin.com/feed/update/urn:li:share:1/"))[0] == 404


async def test_the_calls_are_listed_without_queries_bodies_or_tokens(hazel: Caller):
    await hazel.post(content={"media": {"id": await hazel.asset()}})
    await hazel.listed()
    calls = await hazel.sandbox.control("GET", "/calls?platform=linkedin")
    assert [(c["route"], c["status"]) for c in calls] == [
        ("images.initialize", 200),
        ("upload.file", 201),
        ("posts.create", 201),
        ("posts.list", 200),
    ]
    assert not any(secret in str(calls) for secret in ("AQV", "?", hazel.account["refresh_token"], "m=AQ"))


async def test_an_unknown_path_is_a_404_of_linkedins_own(hazel: Caller):
    status, body, _ = await hazel.call("GET", "/rest/shares")
    assert (status, body["code"]) == (404, "RESOURCE_NOT_FOUND")
