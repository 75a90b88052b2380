"""What the library face of a Page promises: results, plain refusals, and one post for whoever obeys `is_transient`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from clients.facebook_stage import Set, on_stage
from clients.stage import refused
from durable.facebook_stage import OTHER_PHOTO, PHOTO, VIDEO, open_facebook
from durable.platform_stage import House
from waooaw_social.core.refusal import SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.platforms.facebook.manifest import SCOPES
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.media import MediaFolder

pytestmark = pytest.mark.anyio

C = "CRED-1"
Method = Callable[[Any], Awaitable[Any]]
METHODS: Mapping[str, Method] = {
    "text": lambda it: it.client.post_text(C, "Good morning"),
    "text with a photo": lambda it: it.client.post_text(C, "A cake", PHOTO.url),
    "link": lambda it: it.client.post_to_page(C, it.account["page_id"], "Our menu", link="https://example.com/menu"),
    "photos": lambda it: it.client.post_photos(C, "Two", [PHOTO.url, OTHER_PHOTO.url]),
    "video": lambda it: it.client.post_video(C, VIDEO.url, "T", "D"),
    "reel": lambda it: it.client.post_reel(C, VIDEO.url, "A reel"),
    "photo story": lambda it: it.client.post_story(C, image_url=PHOTO.url),
    "video story": lambda it: it.client.post_story(C, video_url=VIDEO.url),
}
KINDS = {
    "text with a photo": "photo",
    "photos": "photo",
    "text": "status",
    "photo story": "story",
    "video story": "story",
}
SHOWN_BY_VIDEO = {"video", "reel"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_facebook(tmp_path) as opened:
        yield opened


async def call(stage: Set, method: str) -> Any:
    return await METHODS[method](stage)


def id_of(post: Mapping[str, Any]) -> str:
    return post["video_id"] if post["kind"] in SHOWN_BY_VIDEO else post["id"]


# --- results ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
async def test_every_method_has_a_result_that_followers_see(house: House, method: str) -> None:
    async with on_stage(house) as stage:
        result = await call(stage, method)
        (post,) = await stage.seen()
        assert (post["kind"], id_of(post)) == (KINDS.get(method, method), result.post_id)
        assert result.success and result.platform == "facebook" and result.posted_at and result.post_url


async def test_two_photos_are_one_post_byte_for_byte(house: House) -> None:
    async with on_stage(house) as stage:
        await call(stage, "photos")
        (post,) = await stage.seen()
        known = [house.media.known[source.url].sha256 for source in (PHOTO, OTHER_PHOTO)]
        assert [one["sha256"] for one in post["media"]] == known and post["text"] == "Two"


async def test_a_photo_goes_out_from_a_path_and_from_a_url(house: House, tmp_path: Path) -> None:
    limits = FetchLimits(max_bytes=10_000_000, seconds=20.0, content_types=frozenset({"image/*", "video/*"}))
    fetcher = Fetcher(allow_origins=frozenset({house.base}))
    media = MediaFolder(folder=tmp_path / "spool", fetcher=fetcher, limits=limits)
    path = tmp_path / "cake.jpg"
    path.write_bytes(await house.sample("square.jpg"))
    async with on_stage(house, media=media) as stage:
        await stage.client.post_photos(C, None, [path, f"{house.base}/_sandbox/media/wide.jpg"])
        (post,) = await stage.seen()
        assert [one["bytes"] for one in post["media"]] == [path.stat().st_size, len(await house.sample("wide.jpg"))]
        await stage.client.post_reel(C, f"{house.base}/_sandbox/media/sample.mp4", "A reel")
        assert (await stage.seen())[1]["media"][0]["bytes"] == len(await house.sample("sample.mp4"))
        error = await refused(stage.client.post_text(C, "x", "http://10.0.0.1/cake.jpg"))
        assert not error.is_transient and len(await stage.seen()) == 2
        error = await refused(stage.client.post_photos(C, "x", [f"{house.base}/_sandbox/media/sample.mp4"]))
        assert error.error_code == "photo_format"


async def test_what_is_scheduled_is_handed_over_and_says_so(house: House) -> None:
    async with on_stage(house) as stage:
        at = int(stage.clock.now().timestamp()) + 3600
        result = await stage.client.post_text(C, "Later", options={"scheduled_publish_time": at})
        assert "by itself" in result.notes[0] and await stage.seen() == []
        await stage.clock.advance(3700)
        assert [post["id"] for post in await stage.seen()] == [result.post_id]
        error = await refused(stage.client.post_text(C, "Soon", options={"scheduled_publish_time": at}))
        assert (error.error_code, error.field) == ("invalid_schedule", "options.scheduled_publish_time")


# --- changing -----------------------------------------------------------------------------------------------------------------


async def test_a_post_is_edited_and_deleted_as_often_as_one_likes(house: House) -> None:
    async with on_stage(house) as stage:
        post = (await call(stage, "text")).post_id
        for _ in range(2):
            assert await stage.client.edit_post(C, post, "Good evening") is True
        assert [one["text"] for one in await stage.seen()] == ["Good evening"]
        for _ in range(2):
            assert await stage.client.delete_post(C, post) is True
        assert await stage.seen() == []
        assert (await refused(stage.client.edit_post(C, post, "x"))).error_code == "not_found"


async def test_a_reel_is_edited_and_deleted_by_the_id_that_was_returned(house: House) -> None:
    async with on_stage(house) as stage:
        reel = (await call(stage, "reel")).post_id
        await stage.client.edit_post(C, reel, "Another text")
        assert [post["text"] for post in await stage.seen()] == ["Another text"]
        assert await stage.client.delete_post(C, reel) and await stage.seen() == []


@pytest.mark.parametrize("fault", [{"fault": "lost_reply"}, {"fault": "lost_request"}, {"fault": "publish_then_500"}])
async def test_a_change_whose_reply_was_lost_is_just_made_again(house: House, fault: dict[str, Any]) -> None:
    async with on_stage(house) as stage:
        post = (await call(stage, "text")).post_id
        await stage.fault(**fault, route="post.update")
        assert await stage.client.edit_post(C, post, "Good evening")
        route = {"route": "post.delete"} if fault["fault"] != "publish_then_500" else {"route": "post.update"}
        await stage.fault(**fault, **route)
        assert await stage.client.delete_post(C, post) and await stage.seen() == []


async def test_a_change_that_nobody_answers_is_transient(house: House) -> None:
    async with on_stage(house) as stage:
        post = (await call(stage, "text")).post_id
        await stage.fault("status", route="post.update", status=503, times=0)
        error = await refused(stage.client.edit_post(C, post, "Good evening"))
        assert error.is_transient and not isinstance(error, SocialOutcomeUnknown)


# --- refusals -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["8", "FB_PAGE:8"])
async def test_another_page_than_the_connected_one_is_refused_and_nobody_is_asked(house: House, given: str) -> None:
    async with on_stage(house) as stage:
        error = await refused(stage.client.post_to_page(C, given, "x"))
        assert (error.error_code, error.field, error.is_transient) == ("wrong_page", "posting_identity", False)
        assert await stage.routes() == []


async def test_the_connected_page_may_be_named_either_way(house: House) -> None:
    async with on_stage(house) as stage:
        page = stage.account["page_id"]
        for name in (page, f"FB_PAGE:{page}"):
            assert (await stage.client.post_to_page(C, name, f"as {name}")).success
    async with on_stage(house, posting_identity=f"FB_PAGE:{page}") as stage:
        assert (await stage.client.post_to_page(C, page, "x")).success
    async with on_stage(house, posting_identity=None) as stage:
        assert (await stage.client.post_to_page(C, page, "x")).success
        assert (await refused(stage.client.post_to_page(C, "8", "x"))).error_code == "wrong_page"


@pytest.mark.parametrize("method", METHODS)
async def test_a_persons_token_posts_nothing_and_is_told_plainly(house: House, method: str) -> None:
    async with on_stage(house) as known:
        person = known.account["user_token"]
    async with on_stage(house, access_token=person) as stage:
        error = await refused(call(stage, method))
        assert error.error_code == "wrong_page" and "person" in error.message and error.remediation
        assert set(await stage.routes()) == {"object.get"} and await stage.seen() == []


@pytest.mark.parametrize(
    ("call_it", "code", "field"),
    [
        (lambda it: it.post_text(C, " "), "text_required", "text"),
        (lambda it: it.post_text(C, "x" * 63_207), "text_too_long", "text"),
        (lambda it: it.post_photos(C, "x", []), "image_required", "images"),
        (lambda it: it.post_story(C), "media_required", "media"),
        (lambda it: it.post_story(C, PHOTO.url, VIDEO.url), "mixed_media", "media"),
        (lambda it: it.post_video(C, VIDEO.url, options={"x": 1}), "unknown_option", "options.x"),
        (lambda it: it.edit_post(C, "me", "x"), "invalid_post_id", "post_id"),
        (lambda it: it.delete_post(C, "../1"), "invalid_post_id", "post_id"),
    ],
)
async def test_what_cannot_be_published_is_refused_by_field_and_nobody_is_asked(
    house: House, call_it: Method, code: str, field: str
) -> None:
    async with on_stage(house) as stage:
        error = await refused(call_it(stage.client))
        assert (error.error_code, error.field, error.is_transient) == (code, field, False)
        assert await stage.routes() == [] and stage.client.calls_made == 0


# --- the connection -----------------------------------------------------------------------------------------------------------


async def test_a_good_connection_is_called_good(house: House) -> None:
    async with on_stage(house) as stage:
        assert await stage.client.validate_credentials(C) is True
        report = await stage.client.inspect_credentials(C)
        assert (report.identity, report.title) == (stage.account["page_id"], "Hazel Bakes")
        assert await stage.client.refresh_token(C) == stage.account["access_token"], "a Page's token lasts"


async def test_what_is_wrong_with_a_connection_is_named(house: House) -> None:
    async with on_stage(house) as known:
        person = known.account["user_token"]
    async with on_stage(house, access_token=person) as stage:
        assert (await refused(stage.client.validate_credentials(C))).error_code == "page_token_required"
    async with on_stage(house, posting_identity="8") as stage:
        assert (await refused(stage.client.validate_credentials(C))).error_code == "wrong_page"
    async with on_stage(house) as stage:
        await stage.turn(scopes=["pages_show_list"])
        missing = (await stage.client.inspect_credentials(C)).problems
        assert {problem.field for problem in missing} == set(SCOPES) - {"pages_show_list"}
    for subcode, code in ((463, "needs_reconnect"), (459, "account_checkpoint")):
        async with on_stage(house) as stage:
            await stage.turn(token_state=subcode)
            error = await refused(stage.client.validate_credentials(C))
            assert error.error_code == code and error.remediation


async def test_a_dead_page_token_is_fetched_anew_with_the_persons(house: House) -> None:
    async with on_stage(house) as known:
        person = known.account["user_token"]
    async with on_stage(house, access_token="EAAdead", refresh_token=person) as stage:
        assert (await call(stage, "text")).success and len(await stage.seen()) == 1


# --- lost replies -------------------------------------------------------------------------------------------------------------

VISIBLE = {
    "text": "feed.post",
    "text with a photo": "feed.post",
    "link": "feed.post",
    "photos": "feed.post",
    "video": "videos.finish",
    "reel": "reels.finish",
    "photo story": "photo_stories.post",
    "video story": "video_stories.finish",
}
LOST: list[dict[str, Any]] = [
    {"fault": "lost_reply"},
    {"fault": "lost_request"},
    {"fault": "publish_then_403"},
    {"fault": "publish_then_500"},
    {"fault": "status_but_done", "status": 403, "body": "html"},
    {"fault": "status", "status": 503},
]


async def obedient(stage: Set, method: str) -> str:
    """What a caller ends with who does what the exception says."""
    for _ in range(4):
        try:
            await call(stage, method)
        except SocialOutcomeUnknown as unknown:
            assert not unknown.is_transient and unknown.how_to_settle
            return "unknown"
        except SocialPlatformError as error:
            assert error.is_transient and await stage.seen() == [], str(error)
            await stage.clock.advance(error.retry_after or 60.0)
        else:
            return "posted"
    return "gave up"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("deadline", "end"), [(1800.0, "posted"), (5.0, "unknown")])
async def test_whoever_obeys_has_one_post_and_never_two(house: House, method: str, deadline: float, end: str) -> None:
    for fault in LOST:
        for times in (1, 2):
            async with on_stage(house, deadline=deadline) as stage:
                await stage.fault(**fault, route=VISIBLE[method], times=times)
                assert await obedient(stage, method) == end, fault
                posts = len(await stage.seen())
                assert posts == 1 or (end == "unknown" and posts == 0), fault


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", ["object.get", "photos.upload", "video.get", "rupload.upload", "videos.transfer"])
async def test_what_is_lost_before_anything_is_out_costs_nothing(house: House, method: str, route: str) -> None:
    async with on_stage(house) as stage:
        await stage.fault("lost_reply", route=route)
        assert await obedient(stage, method) == "posted" and len(await stage.seen()) == 1
