"""What the library face of LinkedIn promises: results, texts that arrive whole, plain refusals, and one post for whoever obeys `is_transient`."""

import html
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from structlog.testing import capture_logs

from clients.linkedin_stage import Set, on_stage
from clients.stage import refused
from durable.linkedin_stage import DOCUMENT, OTHER_PICTURE, PDF, PICTURE, VIDEO, open_linkedin, posted
from durable.platform_stage import House
from platforms.test_linkedin_little import NASTY, TEXTS
from waooaw_social.clients.environment import MEDIA_TYPES
from waooaw_social.core.refusal import SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.platforms.linkedin import little
from waooaw_social.platforms.linkedin.manifest import ORGANIZATION_SCOPES, VERSION
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.media import MediaFolder

pytestmark = pytest.mark.anyio

C = "CRED-1"
LINK = "https://example.com/menu_(new)"
Method = Callable[[Any], Awaitable[Any]]
METHODS: Mapping[str, Method] = {
    "text": lambda it: it.client.post_text(C, "Good morning (all)"),
    "text with an image": lambda it: it.client.post_text(C, "A cake", PICTURE.url),
    "link": lambda it: it.client.post_to_organization(C, "LI_ORG:5515715", "Our menu", None, LINK, "The menu"),
    "images": lambda it: it.client.post_images(C, "Two", [PICTURE.url, OTHER_PICTURE.url], ["one", None]),
    "video": lambda it: it.client.post_video(C, "Watch", VIDEO.url, "A cake"),
    "document": lambda it: it.client.post_document(C, "Bake it", DOCUMENT.url, "A recipe"),
    "article": lambda it: it.client.post_article(C, "Read", LINK, "Why", "Because", PICTURE.url),
    "poll": lambda it: it.client.post_poll(C, "Vote", "Tea?", ["Yes", "No"], 7),
}
KINDS = {"text with an image": "image", "images": "multi_image", "link": "article"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_linkedin(tmp_path) as opened:
        yield opened


# --- results ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_has_a_result_that_followers_see(house: House, method: str) -> None:
    async with on_stage(house) as stage:
        result = await METHODS[method](stage)
        (post,) = await stage.seen()
        assert (post["kind"], post["id"], post["cut"]) == (KINDS.get(method, method), result.post_id, False)
        assert result.success and result.platform == "linkedin" and result.posted_at
        assert result.post_url == f"https://www.linkedin.com/feed/update/{result.post_id}/"


async def test_what_is_said_beside_the_text_arrives(house: House) -> None:
    async with on_stage(house) as stage:
        for method in ("images", "article", "document", "poll", "video"):
            await METHODS[method](stage)
        images, article, document, poll, video = await stage.seen()
        known = [house.media.known[source.url].sha256 for source in (PICTURE, OTHER_PICTURE)]
        assert [one["sha256"] for one in images["media"]] == known
        assert [one["alt_text"] for one in images["media"]] == ["one", ""]
        assert (article["link"], article["title"], article["description"]) == (LINK, "Why", "Because")
        assert article["media"][0]["sha256"] == known[0] and document["title"] == "A recipe"
        assert document["media"][0]["sha256"] == house.media.known[DOCUMENT.url].sha256
        assert (video["title"], video["media"][0]["sha256"]) == ("A cake", house.media.known[VIDEO.url].sha256)
        assert [one["text"] for one in poll["poll"]["options"]] == ["Yes", "No"]
        assert (poll["poll"]["question"], poll["poll"]["settings"]["duration"]) == ("Tea?", "SEVEN_DAYS")


async def test_a_link_without_a_title_is_called_by_its_host_and_shows_the_image_that_comes_with_it(
    house: House,
) -> None:
    async with on_stage(house) as stage:
        await stage.client.post_text(C, "Our menu", PICTURE.url, LINK)
        (post,) = await stage.seen()
        assert (post["kind"], post["title"], len(post["media"])) == ("article", "example.com", 1)


async def test_a_post_is_reshared_and_deleted_as_often_as_one_likes(house: House) -> None:
    async with on_stage(house) as stage:
        parent = await posted(house, stage.account, "Said before")
        shared = await stage.client.reshare(C, parent, "Look")
        assert [(post["kind"], post["parent"]) for post in await stage.seen()][1:] == [("reshare", parent)]
        for _ in range(2):
            assert await stage.client.delete_post(C, shared.post_id) is True
        assert [post["id"] for post in await stage.seen()] == [parent]


@pytest.mark.parametrize("kind", ["aiohttp", "httpx2"])
async def test_urns_are_encoded_on_the_wire_whatever_carries_them(house: House, kind: Any) -> None:
    async with on_stage(house, kind=kind) as stage:
        await stage.fault("status_but_done", route="posts.create", status=504)
        assert (await METHODS["video"](stage)).success
        asked = await house.ask("calls?platform=linkedin")
        assert {call["status"] for call in asked} <= {200, 201, 504}, asked
        assert "posts.list" in {call["route"] for call in asked}


# --- texts --------------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXTS)
async def test_any_text_at_all_arrives_on_the_visible_page_whole(house: House, text: str) -> None:
    await arrives(house, text)


@pytest.mark.parametrize("text", NASTY)
async def test_every_nasty_text_arrives_on_the_visible_page_whole(house: House, text: str) -> None:
    await arrives(house, text)


async def arrives(house: House, text: str) -> None:
    async with on_stage(house) as stage:
        if not text.strip():
            assert (await refused(stage.client.post_text(C, text))).error_code == "text_required"
            return
        result = await stage.client.post_text(C, text)
        page = (await house.client.get(f"{house.base}/www.linkedin.com/feed/update/{result.post_id}/")).text
        visible = little.shown(little.written(text))
        assert f"<pre>{html.escape(visible)}</pre>" in page
        assert visible == text or "](urn:li:" in text


async def test_mentions_and_hashtags_are_kept_as_such(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.client.post_text(
            C, "Hi @[Acme (Widgets)](urn:li:organization:2414183), (see #bread) mail@x.com #1 a#b"
        )
        (post,) = await stage.seen()
        assert post["text"] == "Hi Acme (Widgets), (see #bread) mail@x.com #1 a#b"
        assert (post["mentions"], post["hashtags"]) == (["urn:li:organization:2414183"], ["bread"])


async def test_a_text_with_a_hashtag_is_found_again_though_it_is_read_back_otherwise(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.fault("status_but_done", route="posts.create", status=504)
        result = await stage.client.post_text(C, "Hi @[Acme (Widgets)](urn:li:organization:2414183) #bread\n\n(c)")
        assert [post["id"] for post in await stage.seen()] == [result.post_id]


# --- whose ------------------------------------------------------------------------------------------------------------------


async def test_an_organization_may_be_named_in_three_ways_and_another_one_is_refused(house: House) -> None:
    for identity in ("5515715", "LI_ORG:5515715", "urn:li:organization:5515715"):
        async with on_stage(house, posting_identity=identity) as stage:
            assert (await stage.client.post_to_organization(C, "5515715", f"as {identity}")).success
            error = await refused(stage.client.post_to_organization(C, "5515716", "x"))
            assert (error.error_code, error.is_transient) == ("wrong_organization", False)


async def test_a_members_connection_posts_as_the_member_or_for_an_organization_with_a_role(house: House) -> None:
    async with on_stage(house) as known:
        member = known.account["member_urn"]
    async with on_stage(house, posting_identity=member, metadata={"author_kind": "member"}) as stage:
        await stage.client.post_text(C, "As myself")
        await stage.client.post_to_organization(C, "5515715", "As the bakery")
        assert [post["author"] for post in await stage.seen()] == [member, "urn:li:organization:5515715"]
        error = await refused(stage.client.post_to_organization(C, "5515716", "As an analyst"))
        assert (error.error_code, error.field) == ("role_missing", "role") and "ANALYST" in error.message
        assert len(await stage.seen()) == 2


async def test_a_connection_that_does_not_say_is_asked_for_its_member(house: House) -> None:
    async with on_stage(house, "ridge", posting_identity=None, metadata={}) as stage:
        await stage.client.post_text(C, "Hello")
        assert [post["author"] for post in await stage.seen()] == [stage.account["member_urn"]]


# --- refusals -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call_it", "code", "field"),
    [
        (lambda it: it.post_text(C, " "), "text_required", "text"),
        (lambda it: it.post_text(C, "x" * 3001), "text_too_long", "text"),
        (lambda it: it.post_text(C, "(" * 1501), "text_too_long", "text"),
        (lambda it: it.post_text(C, "\U0001f9c1" * 1501), "text_too_long", "text"),
        (lambda it: it.post_text(C, "\ud800"), "invalid_text", "text"),
        (lambda it: it.post_text(C, "x", link_url="ftp://x"), "invalid_link", "link"),
        (lambda it: it.post_images(C, "x", []), "image_count", "images"),
        (lambda it: it.post_images(C, "x", [PICTURE.url] * 21), "image_count", "images"),
        (lambda it: it.post_document(C, "x", DOCUMENT.url, " "), "title_required", "title"),
        (lambda it: it.post_article(C, "x", LINK, ""), "title_required", "title"),
        (lambda it: it.post_poll(C, "x", "Q", ["one"]), "invalid_poll", "options.poll_answers"),
        (lambda it: it.post_poll(C, "x", "Q", ["a", "b"], 2), "invalid_poll", "options.poll_days"),
        (lambda it: it.reshare(C, "7"), "invalid_parent", "options.parent"),
        (lambda it: it.post_text(C, "x", options={"x": 1}), "unknown_option", "options.x"),
        (lambda it: it.post_to_organization(C, "acme", "x"), "invalid_organization", "options.organization"),
    ],
)
async def test_what_cannot_be_published_is_refused_by_field_and_nobody_is_asked(
    house: House, call_it: Method, code: str, field: str
) -> None:
    async with on_stage(house) as stage:
        error = await refused(call_it(stage.client))
        assert (error.error_code, error.field, error.is_transient) == (code, field, False)
        assert await stage.routes() == [] and stage.client.calls_made == 0


async def test_a_retired_version_holds_posts_until_a_deploy_and_posts_nothing(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.knob(retired=VERSION)
        with capture_logs() as logged:
            error = await refused(METHODS["text"](stage))
        assert [(one["event"], one["log_level"]) for one in logged] == [("needs_deploy", "error")], "somebody is told"
        assert (error.error_code, error.is_transient) == (
            "api_version_retired",
            False,
        ) and "Deploy" in error.remediation
        await stage.knob(retired="")
        assert (await METHODS["text"](stage)).success and len(await stage.seen()) == 1


@pytest.mark.parametrize(("whose", "code"), [("application", "quota_exhausted"), ("member", "member_quota_exhausted")])
async def test_a_days_counter_waits_for_midnight_utc(house: House, whose: str, code: str) -> None:
    async with on_stage(house) as stage:
        now = stage.clock.now()
        await stage.fault("error", route="posts.create", reason="TOO_MANY_REQUESTS", variant=whose)
        error = await refused(METHODS["text"](stage))
        assert (error.error_code, error.is_transient) == (code, True) and "midnight UTC" in error.remediation
        opens = now + timedelta(seconds=error.retry_after or 0.0)
        assert opens == pytest.approx(
            opens.replace(hour=0, minute=0, second=0, microsecond=0), abs=timedelta(seconds=1)
        )
        assert (await refused(stage.client.post_text(C, "Another"))).is_transient
        assert (await stage.routes()).count("posts.create") == 1, "until then nobody asks again"


# --- the connection -----------------------------------------------------------------------------------------------------------


async def test_a_good_connection_is_called_good_and_says_when_its_year_ends(house: House) -> None:
    for name, title in (("hazel", "Hazel Bakes"), ("ridge", "Ridge Rider")):
        async with on_stage(house, name) as stage:
            assert await stage.client.validate_credentials(C) is True
            report = await stage.client.inspect_credentials(C)
            assert (report.identity, report.title) == (stage.account["posting_identity"], title)
            assert report.facts["consent_ends"] == stage.account["refresh_expires_at"][:10]
            assert 363 <= int(report.facts["consent_days_left"]) <= 365


async def test_what_is_wrong_with_a_connection_is_named_each_by_itself(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.turn(role=None)
        assert (await refused(stage.client.validate_credentials(C))).error_code == "role_missing"
        await stage.turn(role="ANALYST")
        error = await refused(stage.client.validate_credentials(C))
        assert error.error_code == "role_missing" and "ANALYST (APPROVED)" in error.message
        await stage.turn(role="CONTENT_ADMIN", role_state="REQUESTED")
        assert "REQUESTED" in (await refused(stage.client.validate_credentials(C))).message
    async with on_stage(house, posting_identity="999") as stage:
        assert (await refused(stage.client.validate_credentials(C))).error_code == "organization_not_found"
    async with on_stage(house) as stage:
        await stage.turn(scopes=["w_member_social"])
        problems = (await stage.client.inspect_credentials(C)).problems
        assert [problem.field for problem in problems] == list(ORGANIZATION_SCOPES)
    async with on_stage(
        house, "ridge", posting_identity="urn:li:person:other", metadata={"author_kind": "member"}
    ) as stage:
        assert (await refused(stage.client.validate_credentials(C))).error_code == "wrong_member"


async def test_a_role_that_is_lost_holds_the_post_and_one_that_is_given_back_lets_it_go(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.turn(role=None)
        error = await refused(METHODS["text"](stage))
        assert error.error_code == "role_missing" and await stage.seen() == []
        await stage.turn(role="CONTENT_ADMINISTRATOR")
        assert (await METHODS["text"](stage)).success


async def test_an_expired_token_is_refreshed_and_a_dead_refresh_token_needs_the_customer(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.turn(expires_in=-1)
        assert (await METHODS["text"](stage)).success
        assert "oauth.token" in await stage.routes()
    async with on_stage(house) as stage:
        await stage.turn(expires_in=-1, refresh_dead=True)
        error = await refused(METHODS["text"](stage))
        assert (error.error_code, error.is_transient) == ("needs_reconnect", False) and await stage.seen() == []
        assert (await refused(stage.client.validate_credentials(C))).error_code == "needs_reconnect"


# --- lost replies -------------------------------------------------------------------------------------------------------------

LOST: list[dict[str, Any]] = [
    {"fault": "lost_reply"},
    {"fault": "lost_request"},
    {"fault": "status_but_done", "status": 504},
    {"fault": "status_but_done", "status": 403, "body": "html"},
    {"fault": "status", "status": 503},
    {"fault": "no_id"},
]


async def obedient(stage: Set, method: str) -> str:
    """What a caller ends with who does what the exception says."""
    for _ in range(4):
        try:
            await METHODS[method](stage)
        except SocialOutcomeUnknown as unknown:
            assert not unknown.is_transient and unknown.how_to_settle
            return "unknown"
        except SocialPlatformError as error:
            assert error.is_transient and await stage.seen() == [], str(error)
            await stage.clock.advance(error.retry_after or 60.0)
        else:
            return "posted"
    return "gave up"


@pytest.mark.parametrize(
    ("name", "method", "deadline", "end"),
    [
        *(("hazel", method, 1800.0, "posted") for method in ("text", "link", "images", "poll")),
        *(("hazel", method, 5.0, "unknown") for method in ("text", "images")),
        ("ridge", "text", 1800.0, "unknown"),
    ],
)
async def test_whoever_obeys_has_one_post_and_never_two(
    house: House, name: str, method: str, deadline: float, end: str
) -> None:
    for fault in LOST:
        async with on_stage(house, name, deadline=deadline) as stage:
            await stage.fault(**fault, route="posts.create")
            assert await obedient(stage, method) == end, fault
            posts = len(await stage.seen())
            assert posts == 1 or (end == "unknown" and posts == 0), fault


async def test_a_document_goes_out_from_a_path_and_from_a_url(house: House, tmp_path: Path) -> None:
    limits = FetchLimits(max_bytes=10_000_000, seconds=20.0, content_types=MEDIA_TYPES)
    media = MediaFolder(
        folder=tmp_path / "spool", fetcher=Fetcher(allow_origins=frozenset({house.base})), limits=limits
    )
    path = tmp_path / "recipe.pdf"
    path.write_bytes(PDF)
    async with on_stage(house, media=media) as stage:
        await stage.client.post_document(C, "One", path, "A recipe")
        await stage.client.post_images(C, "Two", [f"{house.base}/_sandbox/media/wide.jpg"])
        document, image = await stage.seen()
        assert document["media"][0]["bytes"] == len(PDF)
        assert image["media"][0]["bytes"] == len(await house.sample("wide.jpg"))
        error = await refused(stage.client.post_document(C, "x", f"{house.base}/_sandbox/media/wide.jpg", "x"))
        assert (error.error_code, error.is_transient) == ("document_format", False)
        error = await refused(stage.client.post_video(C, "x", f"{house.base}/_sandbox/media/sample.mp4"))
        assert error.error_code == "video_size" and len(await stage.seen()) == 2
