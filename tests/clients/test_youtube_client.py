"""What the library face promises its callers: results, refusals in plain words, and an honest count of what was used."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import pytest

from clients.stage import VIDEO, CountingMedia, on_stage, real_media, refused
from durable.platform_stage import House
from waooaw_social.core.post import MediaUrl
from waooaw_social.core.refusal import SocialOutcomeUnknown, SocialPlatformError

pytestmark = pytest.mark.anyio
PACIFIC = ZoneInfo("America/Los_Angeles")


# --- results ------------------------------------------------------------------------------------------------------------------


async def test_a_short_goes_out_from_a_path_and_from_a_url_byte_for_byte(house: House, tmp_path: Path) -> None:
    media = real_media(house, tmp_path / "spool")
    async with on_stage(house, media=media) as stage:
        sample = (await house.client.get(f"{house.base}/_sandbox/media/sample.mp4")).content
        path = tmp_path / "cat.mp4"
        path.write_bytes(sample)
        one = await stage.client.post_short("CRED-1", path, "From a path", "A description", tags=["cat"])
        two = await stage.client.post_short("CRED-1", f"{house.base}/_sandbox/media/sample.mp4", "From a URL")
        first, second = await stage.seen()
        assert [first["id"], second["id"]] == [one.post_id, two.post_id]
        assert first["media"][0]["sha256"] == second["media"][0]["sha256"]
        assert first["media"][0]["bytes"] == len(sample)
        assert path.read_bytes() == sample, "a caller's own file is read and nothing else"


async def test_a_result_says_where_it_is_since_when_and_what_the_platform_answered(house: House) -> None:
    async with on_stage(house) as stage:
        result = await stage.short()
        assert result.success and result.platform == "youtube" and not result.is_transient and result.error_code is None
        assert result.post_url == f"https://www.youtube.com/shorts/{result.post_id}"
        assert result.posted_at.tzinfo is UTC and abs(result.posted_at - stage.clock.now()) < timedelta(seconds=5)
        assert result.raw_response["id"] == result.post_id and result.raw_response["snippet"]["title"] == "A cat"
        assert result.notes == ()


async def test_a_video_has_the_address_of_a_video_and_the_privacy_that_was_asked_for(house: House) -> None:
    async with on_stage(house) as stage:
        result = await stage.client.post_video("CRED-1", VIDEO, "A film", privacy="unlisted")
        assert result.post_url == f"https://www.youtube.com/watch?v={result.post_id}"
        assert await stage.seen() == []
        (hidden,) = await stage.seen(hidden=True)
        assert (hidden["id"], hidden["visibility"]) == (result.post_id, "unlisted")


async def test_another_privacy_than_the_one_asked_for_is_told_with_the_result(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.turn(force_private=True)
        (note,) = (await stage.short()).notes
        assert "private" in note and "public was asked for" in note


async def test_a_raw_response_holds_no_secret_field_at_any_depth() -> None:
    from waooaw_social.clients.endings import shown
    from waooaw_social.platforms.call import Reply

    body = (
        b'{"id": "v", "access_token": "ya29.x", "deep": [{"upload_id": "A-1", "refresh_token": {"a": 1}, "ok": [1]}]}'
    )
    told = shown(Reply(200, body=body), frozenset({"access_token", "upload_id", "refresh_token"}))
    assert told == {
        "id": "v",
        "access_token": "[redacted]",
        "deep": [{"upload_id": "[redacted]", "refresh_token": "[redacted]", "ok": [1]}],
    }


# --- refusals before anything is sent -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["", "file://"])
async def test_a_string_is_never_a_path(house: House, tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "secret.mp4"
    path.write_bytes(b"\0" * 100)
    async with on_stage(house, media=real_media(house, tmp_path / "spool")) as stage:
        error = await refused(stage.client.post_short("CRED-1", f"{scheme}{path}", "A cat"))
        assert error.error_code in {"url_invalid", "url_not_https"} and not error.is_transient
        assert await stage.routes() == ["channels.list"]


CONTENT: list[tuple[str, dict[str, Any], str, str]] = [
    ("short", {"title": "x" * 101}, "invalid_title", "title"),
    ("video", {"title": "x" * 101}, "invalid_title", "title"),
    ("short", {"title": " "}, "invalid_title", "title"),
    ("short", {"title": "a <b>"}, "invalid_title", "title"),
    ("short", {"title": "t", "description": "é" * 2501}, "invalid_description", "description"),
    ("short", {"title": "t", "tags": ["x" * 501]}, "invalid_tags", "tags"),
    ("short", {"title": "t", "privacy": "friends"}, "invalid_privacy", "privacy"),
    ("short", {"title": "t", "options": {"colour": "red"}}, "unknown_option", "options.colour"),
    ("text", {"text": "x" * 1001}, "text_too_long", "text"),
    ("text", {"text": " "}, "text_required", "text"),
]


@pytest.mark.parametrize(("method", "content", "code", "field"), CONTENT)
async def test_what_cannot_be_published_is_refused_by_field_and_nobody_is_asked(
    house: House, method: str, content: dict[str, Any], code: str, field: str
) -> None:
    ended = {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}  # whoever asked for a token would have to refresh it
    async with on_stage(house, credentials=ended) as stage:
        video = {} if method == "text" else {"video_url": VIDEO}
        error = await refused(getattr(stage.client, f"post_{method}")("CRED-1", **video, **content))
        assert (error.error_code, error.field, error.is_transient) == (code, field, False)
        assert await stage.routes() == [] and stage.client.calls_made == 0


@pytest.mark.parametrize(
    ("method", "probed", "code"),
    [
        ("short", {"width": 480, "height": 270, "duration": 3.0}, "not_a_short"),
        ("short", {"width": 270, "height": 480, "duration": 180.5}, "not_a_short"),
        ("short", {"size": 0}, "empty_file"),
        ("short", {"size": 256 * 1024**3 + 1}, "file_too_large"),
    ],
)
async def test_a_file_that_cannot_become_what_was_asked_for_is_refused_before_the_upload(
    house: House, method: str, probed: dict[str, Any], code: str
) -> None:
    async with on_stage(house, media=CountingMedia(house, **probed)) as stage:
        error = await refused(stage.short())
        assert (error.error_code, error.field, error.is_transient) == (code, "video", False)
        assert await stage.routes() == ["channels.list"] and stage.client.quota["uploads"] == 0


@pytest.mark.parametrize(
    "probed", [{"width": 270, "height": 270, "duration": 180.0}, {"width": None, "height": None, "duration": None}]
)
async def test_a_square_of_three_minutes_is_a_short_and_what_was_not_probed_is_not_judged(
    house: House, probed: dict[str, Any]
) -> None:
    async with on_stage(house, media=CountingMedia(house, **probed)) as stage:
        assert (await stage.short()).success


async def test_a_landscape_file_is_probed_and_refused_as_a_short_but_not_as_a_video(
    house: House, tmp_path: Path
) -> None:
    wide = tmp_path / "wide.mp4"
    with av.open(str(wide), "w") as out:
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height = 64, 32
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame(64, 32, "yuv420p")))
        out.mux(stream.encode(None))
    async with on_stage(house, media=real_media(house, tmp_path / "spool")) as stage:
        error = await refused(stage.client.post_short("CRED-1", wide, "A cat"))
        assert error.error_code == "not_a_short" and "64x32" in error.message and error.remediation
        assert (await stage.client.post_video("CRED-1", wide, "A cat")).success


# --- community posts ----------------------------------------------------------------------------------------------------------


async def test_community_posts_are_off_and_then_nobody_is_asked(house: House) -> None:
    async with on_stage(house, community=False) as stage:
        error = await refused(stage.client.post_text("CRED-1", "hello"))
        assert error.error_code == "unsupported_by_platform" and not error.is_transient and "endpoint" in error.message
        assert await stage.routes() == [] and stage.client.calls_made == 0 and stage.client.quota_used == 0


async def test_a_community_post_costs_50_units_where_the_platform_has_them(house: House) -> None:
    async with on_stage(house) as stage:
        result = await stage.client.post_text("CRED-1", "x" * 1000)
        assert [(post["id"], post["kind"]) for post in await stage.seen()] == [(result.post_id, "community_post")]
        assert stage.client.quota_used == 50 and stage.client.calls_made == 1
        assert stage.client.quota == {"uploads": 0, "general": 50, "search": 0}


async def test_where_the_platform_has_no_community_posts_the_404_is_told_as_what_it_is(plain_house: House) -> None:
    async with on_stage(plain_house) as stage:
        error = await refused(stage.client.post_text("CRED-1", "hello"))
        assert error.error_code == "unsupported_by_platform" and not error.is_transient


# --- what was used ------------------------------------------------------------------------------------------------------------


async def test_a_short_costs_one_upload_and_two_units_as_the_platform_counts_them_too(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.short()
        assert stage.client.quota == {"uploads": 1, "general": 2, "search": 0} and stage.client.quota_used == 2
        buckets = (await house.ask("knobs/youtube"))["quota"]["buckets"]
        assert (buckets["uploads"]["used"], buckets["units"]["used"]) == (1, 2)
        assert stage.client.calls_made == len(await stage.routes())


async def test_calls_made_counts_what_left_and_repeats_too(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.fault("status", route="channels.list", status=503, times=2)
        await stage.short()
        assert stage.client.calls_made == len(await stage.routes())
        assert (await stage.routes()).count("channels.list") == 3
        assert stage.client.quota_used == 4


async def test_our_own_bucket_refuses_the_101st_upload_until_pacific_midnight_without_a_call(house: House) -> None:
    async with on_stage(house, deadline=0.0) as stage:
        bucket = next(b for b in stage.wiring.kit.manifest.buckets if b.name == "uploads")
        assert bucket.limit == 100
        for _ in range(99):
            assert await stage.wiring.gateway.quota.take(bucket, stage.account["app_id"], 1) is None
        assert (await stage.short()).success
        error = await refused(stage.short())
        here = stage.clock.now().astimezone(PACIFIC)
        midnight = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), tzinfo=PACIFIC)
        left = midnight.timestamp() - here.timestamp()
        assert (error.error_code, error.is_transient) == ("quota_exhausted", True)
        assert error.retry_after == pytest.approx(left, abs=2)
        assert (await stage.routes()).count("videos.insert") == 1
        assert (await stage.client.post_text("CRED-1", "hello")).success, "the other bucket goes on"
        await stage.clock.advance(left + 1)
        assert (await stage.short()).success


async def test_the_settings_limit_is_the_limit(house: House) -> None:
    async with on_stage(house, deadline=0.0, limits={"YOUTUBE_UPLOAD_QUOTA_DAILY_LIMIT": 1}) as stage:
        assert (await stage.short()).success
        assert (await refused(stage.short())).error_code == "quota_exhausted"
    async with on_stage(house, deadline=0.0, limits={"YOUTUBE_API_QUOTA_DAILY_LIMIT": 49}) as stage:
        assert (await refused(stage.client.post_text("CRED-1", "hello"))).error_code == "quota_exhausted"
        assert await stage.routes() == []


async def test_the_platforms_own_uploads_per_day_block_uploads_only_and_are_not_asked_for_again(house: House) -> None:
    async with on_stage(house, deadline=0.0) as stage:
        await stage.knob(uploads_per_day=0)
        for _ in range(2):
            error = await refused(stage.short())
            assert (error.error_code, error.is_transient) == ("quota_exhausted", True)
            assert 0 < (error.retry_after or 0) <= 25 * 3600
        assert (await stage.routes()).count("videos.insert") == 1
        assert (await stage.client.post_text("CRED-1", "hello")).success


async def test_the_platforms_quota_exceeded_blocks_the_units(house: House) -> None:
    async with on_stage(house, deadline=0.0) as stage:
        await stage.knob(units_per_day=0)
        for _ in range(2):
            error = await refused(stage.client.post_text("CRED-1", "hello"))
            assert (error.error_code, error.platform_code) in {
                ("quota_exhausted", "quotaExceeded"),
                ("quota_exhausted", None),
            }
        assert await stage.routes() == ["communityPosts.insert"]


# --- errors of the table ------------------------------------------------------------------------------------------------------

DAY = 24 * 3600.0
TABLE: list[tuple[dict[str, Any], str, bool, float | None]] = [
    ({"route": "videos.insert", "reason": "uploadLimitExceeded"}, "channel_upload_limit", True, DAY),
    ({"route": "videos.insert", "reason": "invalidTitle"}, "invalid_title", False, None),
    ({"route": "videos.insert", "reason": "invalidDescription"}, "invalid_description", False, None),
    ({"route": "videos.insert", "reason": "forbidden"}, "forbidden", False, None),
    ({"route": "videos.insert", "reason": "insufficientPermissions"}, "missing_permission", False, None),
    ({"route": "videos.insert", "reason": "authenticatedUserAccountSuspended"}, "channel_unusable", False, None),
    ({"route": "videos.insert", "reason": "accessNotConfigured"}, "needs_operator", False, None),
    ({"route": "channels.list", "reason": "youtubeSignupRequired"}, "no_channel", False, None),
    ({"route": "channels.list", "reason": "quotaExceeded"}, "quota_exhausted", True, None),
    (
        {"route": "channels.list", "reason": "rateLimitExceeded", "variant": "per_minute", "retry_after": 90},
        "rate_limited",
        True,
        90.0,
    ),
    ({"route": "videos.insert", "reason": "rateLimitExceeded", "variant": "per_day"}, "quota_exhausted", True, None),
    ({"route": "videos.insert", "reason": "badRequest"}, "request_defect", False, None),
    ({"route": "videos.insert", "reason": "backendError"}, "platform_unavailable", True, None),
    ({"route": "channels.list", "reason": "backendError", "body": "html"}, "platform_unavailable", True, None),
    ({"route": "channels.list", "reason": "backendError", "body": "empty"}, "platform_unavailable", True, None),
    ({"route": "channels.list", "reason": "forbidden", "body": "html"}, "refused_by_platform", False, None),
    ({"route": "videos.insert", "reason": "invalidTitle", "body": "empty"}, "refused_by_platform", False, None),
]


@pytest.mark.parametrize(("order", "code", "transient", "after"), TABLE)
async def test_an_error_of_the_table_reaches_the_caller_with_its_code_and_what_to_do(
    house: House, order: dict[str, Any], code: str, transient: bool, after: float | None
) -> None:
    async with on_stage(house, deadline=0.0) as stage:
        await stage.fault("error", times=0, **order)
        error = await refused(stage.short())
        assert type(error) is SocialPlatformError and error.platform == "youtube"
        assert (error.error_code, error.is_transient) == (code, transient)
        if after is not None:
            assert error.retry_after == after
        assert error.message and "<" not in error.message and str(error).startswith(f"[youtube/{code}]")
        assert await stage.seen() == []


async def test_a_no_to_the_last_piece_is_a_no_and_not_a_doubt(house: House) -> None:
    async with on_stage(house, deadline=0.0) as stage:
        await stage.fault("error", route="upload.final", reason="invalidVideoMetadata")
        error = await refused(stage.short())
        assert type(error) is SocialPlatformError and error.error_code == "invalid_video" and not error.is_transient
        await stage.fault("status", route="upload.final", status=503)
        assert isinstance(await refused(stage.short()), SocialOutcomeUnknown)


async def test_a_foreign_upload_address_gets_no_token_and_no_bytes(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.fault("foreign_upload_url", route="videos.insert")
        error = await refused(stage.short())
        assert error.error_code == "foreign_host" and not error.is_transient
        assert await stage.routes() == ["channels.list", "videos.insert"]


# --- files --------------------------------------------------------------------------------------------------------------------


async def test_a_path_whose_file_changes_while_it_goes_up_is_never_sent_as_a_mixture(
    house: House, tmp_path: Path
) -> None:
    path = tmp_path / "cat.mp4"
    path.write_bytes(bytes(300_000))
    async with on_stage(house, media=real_media(house, tmp_path / "spool")) as stage:
        await stage.fault("status", route="upload.chunk", status=503)
        stage.clock.on_advance.append(lambda _: rewrite(path))
        error = await refused(stage.client.post_short("CRED-1", path, "A cat"))
        assert error.error_code == "media_changed" and not error.is_transient
        assert await stage.seen() == []


async def rewrite(path: Path) -> None:
    path.write_bytes(b"\1" * 300_000)


async def test_a_file_that_cannot_be_read_is_the_callers(house: House, tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.mp4")
    async with on_stage(house, media=real_media(house, tmp_path / "spool")) as stage:
        for path in (tmp_path / "none.mp4", tmp_path, tmp_path / "pipe.mp4"):
            error = await refused(stage.client.post_short("CRED-1", path, "A cat"))
            assert (error.error_code, error.field, error.is_transient) == ("unreadable_file", "video", False)


async def test_a_url_that_is_away_for_a_moment_is_waited_for(house: House) -> None:
    from waooaw_social.wire.ports import MediaMissing

    class Away(CountingMedia):
        async def bring(self, source: Any) -> Any:
            file = await super().bring(source)
            if len(self.brought) < 3:
                raise MediaMissing("example.com answered with status 503 instead of the file.")
            return file

    media = Away(house)
    async with on_stage(house, media=media) as stage:
        assert (await stage.short()).success and media.brought == [MediaUrl(VIDEO)] * 3
    async with on_stage(house, media=Away(house), deadline=0.0) as stage:
        error = await refused(stage.short())
        assert error.is_transient and error.retry_after == 30.0 and "example.com" in error.message
