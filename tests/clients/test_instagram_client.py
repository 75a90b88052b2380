"""What the library face of Instagram promises: results, plain refusals, and one post for whoever obeys `is_transient`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clients.instagram_stage import Set, on_stage
from clients.stage import refused
from durable.instagram_stage import FILE, SQUARE, VIDEO, WIDE, open_instagram
from durable.platform_stage import House
from waooaw_social.core.post import Item, MediaUrl
from waooaw_social.core.refusal import Refused, SocialOutcomeUnknown, SocialPlatformError
from waooaw_social.platforms.instagram.calls import send_rest
from waooaw_social.platforms.instagram.replies import Container
from waooaw_social.wire.fetch import Fetcher, FetchLimits
from waooaw_social.wire.media import MediaFolder
from waooaw_social.wire.ports import Errand

pytestmark = pytest.mark.anyio

C = "CRED-1"
Method = Callable[[Any], Awaitable[Any]]
METHODS: Mapping[str, tuple[str, Method]] = {
    "feed": ("image", lambda it: it.client.post_feed(C, "A cat", SQUARE.url, location_id="1234")),
    "carousel": ("carousel", lambda it: it.client.post_carousel(C, "Two", [SQUARE.url, Item(kind="image", source=WIDE)])),
    "reel": ("reel", lambda it: it.client.post_reel(C, VIDEO.url, "A reel", cover_url=SQUARE.url)),
    "upload": ("reel", lambda it: it.client.post_reel(C, FILE.path, "A reel", False)),
    "story": ("story", lambda it: it.client.post_story(C, image_url=WIDE.url)),
    "video story": ("story", lambda it: it.client.post_story(C, video_url=VIDEO.url)),
    "text": ("image", lambda it: it.client.post_text(C, "Hello", SQUARE.url)),
}  # fmt: skip
"""What followers see of it, and how it is asked for."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_instagram(tmp_path) as opened:
        yield opened


# --- results ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["facebook", "instagram"])
@pytest.mark.parametrize("method", METHODS)
async def test_every_method_has_a_result_that_followers_see(house: House, method: str, login: str) -> None:
    kind, call = METHODS[method]
    async with on_stage(house, login=login) as stage:
        result = await call(stage)
        seen = await stage.seen()
        assert [(post["id"], post["kind"]) for post in seen] == [(result.post_id, kind)]
        assert result.success and result.platform == "instagram" and result.post_url == seen[0]["url"]
        assert result.raw_response == {"id": result.post_id} and not result.notes
        assert stage.client.calls_made == len(await stage.routes())


async def test_what_was_said_is_what_is_seen(house: House) -> None:
    signed = f"{VIDEO.url}?signature=1"
    house.media.add(MediaUrl(signed), b"video", "video/mp4")
    async with on_stage(house) as stage:
        await stage.client.post_feed(C, "A cat", SQUARE.url, alt_text="a grey cat")
        await stage.client.post_carousel(C, "Mixed", [SQUARE.url, signed])
        image, carousel = await stage.seen()
        assert (image["text"], image["alt_text"]) == ("A cat", "a grey cat")
        assert [part["content_type"] for part in carousel["media"]] == ["image/jpeg", "video/mp4"]


async def test_a_file_arrives_byte_for_byte(house: House) -> None:
    async with on_stage(house) as stage:
        await METHODS["upload"][1](stage)
        file = house.media.known[str(FILE.path)]
        assert [(part["bytes"], part["sha256"]) for part in (await stage.seen())[0]["media"]] == [
            (file.size, file.sha256)
        ]


# --- one post for whoever obeys -----------------------------------------------------------------------------------------------

FAULTS: list[dict[str, Any]] = [
    {"fault": "lost_request"},
    {"fault": "lost_reply"},
    {"fault": "status", "status": 429, "retry_after": 7},
    {"fault": "status", "status": 503, "body": "html"},
    {"fault": "status_but_done", "status": 500},
    {"fault": "html_502"},
    {"fault": "publish_then_403", "route": "media_publish"},
    {"fault": "publish_then_500", "route": "media_publish"},
    {"fault": "publish_then_drop", "route": "media_publish"},
]
ROUTES = ["object.get", "media.create", "container.get", "publishing_limit", "media_publish", "media.get"]


def orders(method: str) -> list[dict[str, Any]]:
    routes = [*ROUTES, "rupload.upload"] if method == "upload" else ROUTES
    return [{"route": route} | fault for fault in FAULTS for route in routes if fault.get("route") in {None, route}]


async def obedient(stage: Set, call: Method) -> tuple[str, list[str]]:
    """What an obedient caller ends with, and everything that contradicts the promise."""
    for _ in range(4):
        try:
            result = await call(stage)
        except SocialOutcomeUnknown as unknown:
            return "unknown", [] if not unknown.is_transient and unknown.how_to_settle else [repr(unknown)]
        except SocialPlatformError as error:
            if seen := await stage.seen():
                return "refused", [f"{error}, but followers see {len(seen)}"]
            if not error.is_transient:
                return "refused", []
            await stage.clock.advance(error.retry_after or 60.0)
        else:
            ids = [post["id"] for post in await stage.seen()]
            return "posted", [] if ids == [result.post_id] else [f"posted as {result.post_id}, followers see {ids}"]
    return "gave up", []


async def sweep(house: House, method: str, deadline: float, times: tuple[int, ...]) -> dict[str, int]:
    ends: dict[str, int] = {}
    wrong: list[str] = []
    for order in ({**order, "times": n} for order in orders(method) for n in times):
        async with on_stage(house, deadline=deadline) as stage:
            await stage.fault(**order)
            end, problems = await obedient(stage, METHODS[method][1])
            ends[end] = ends.get(end, 0) + 1
            if len(seen := await stage.seen()) > 1:
                problems.append(f"followers see {len(seen)}")
            if deadline > 1000 and end != "posted":
                problems.append(f"ended {end}")
            wrong += [f"{order}: {problem}" for problem in problems]
    assert not wrong, "\n".join(wrong)
    return ends


@pytest.mark.parametrize("method", METHODS)
async def test_with_time_enough_there_is_one_post_and_its_result_whatever_gets_lost(house: House, method: str) -> None:
    assert set(await sweep(house, method, 1800.0, (1, 2))) == {"posted"}


@pytest.mark.parametrize("deadline", [0.0, 100.0])
@pytest.mark.parametrize("method", ["feed", "upload"])
async def test_without_time_there_is_never_a_second_post_and_no_doubt_is_called_transient(
    house: House, method: str, deadline: float
) -> None:
    ends = await sweep(house, method, deadline, (1, 2))
    assert ends["unknown"] >= 4 and ends["posted"] >= 4


async def test_a_doubt_says_when_it_was_tried_and_leaves_the_account_free(house: House) -> None:
    async with on_stage(house, deadline=5.0) as stage:
        await stage.fault("publish_then_drop", route="media_publish")
        with pytest.raises(SocialOutcomeUnknown) as doubt:
            await stage.client.post_feed(C, "one", SQUARE.url)
        assert "may have gone out" in str(doubt.value) and not doubt.value.is_transient
        assert 0 <= (stage.clock.now() - doubt.value.tried_at).total_seconds() < 60
        assert (await stage.client.post_feed(C, "two", SQUARE.url)).success
        assert [post["text"] for post in await stage.seen()] == ["one", "two"]


# --- plain refusals -----------------------------------------------------------------------------------------------------------

BAD: list[tuple[str, Method, str, str]] = [
    ("caption", lambda it: it.client.post_feed(C, "x" * 2201, SQUARE.url), "caption_too_long", "text"),
    ("hashtags", lambda it: it.client.post_feed(C, "#a " * 31, SQUARE.url), "caption_too_long", "text"),
    ("mentions", lambda it: it.client.post_reel(C, VIDEO.url, "@a " * 21), "caption_too_long", "text"),
    ("eleven", lambda it: it.client.post_carousel(C, "x", [SQUARE.url] * 11), "carousel_items", "items"),
    ("one", lambda it: it.client.post_carousel(C, "x", [SQUARE.url]), "carousel_items", "items"),
    ("text alone", lambda it: it.client.post_text(C, "x"), "image_required", "images"),
    ("nothing", lambda it: it.client.post_story(C), "media_required", "images"),
    ("both", lambda it: it.client.post_story(C, SQUARE.url, VIDEO.url), "too_many_media", "images"),
    ("place", lambda it: it.client.post_feed(C, "x", SQUARE.url, "Berlin"), "invalid_option", "options.location_id"),
    ("cover", lambda it: it.client.post_reel(C, VIDEO.url, thumb_offset=-1), "invalid_option", "options.thumb_offset"),
    ("option", lambda it: it.client.post_feed(C, "x", SQUARE.url, options={"a": 1}), "unknown_option", "options.a"),
]


@pytest.mark.parametrize(("call", "code", "field"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_what_cannot_be_published_is_refused_by_field_and_nobody_is_asked(
    house: House, call: Method, code: str, field: str
) -> None:
    async with on_stage(house) as stage:
        error = await refused(call(stage))
        assert (error.error_code, error.field, error.is_transient) == (code, field, False)
        assert await stage.routes() == [] and stage.client.calls_made == 0


@pytest.mark.parametrize(
    ("probed", "code"),
    [
        ({"content_type": "image/png"}, "image_format"),
        ({"size": 8 * 1024**2 + 1}, "image_too_large"),
        ({"width": 270, "height": 480}, "image_ratio"),
        ({"size": 0}, "empty_file"),
    ],
)
async def test_a_picture_that_instagram_does_not_take_is_refused_before_anything_is_made(
    house: House, probed: dict[str, Any], code: str
) -> None:
    class Another:
        async def bring(self, source: Any) -> Any:
            return replace(await house.media.bring(source), **probed)

        def __getattr__(self, name: str) -> Any:
            return getattr(house.media, name)

    async with on_stage(house, media=Another()) as stage:
        error = await refused(stage.client.post_feed(C, "x", SQUARE.url))
        assert (error.error_code, error.is_transient) == (code, False) and await stage.routes() == ["object.get"]


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/cat.jpg", "https://10.0.0.1/cat.jpg", "file:///etc/passwd", "http://x/"]
)
async def test_an_address_that_is_nobodys_business_is_refused_and_never_handed_on(
    house: House, tmp_path: Path, url: str
) -> None:
    limits = FetchLimits(max_bytes=1024**2, seconds=5.0, content_types=frozenset({"image/*"}))
    media = MediaFolder(folder=tmp_path / "spool", fetcher=Fetcher(), limits=limits)
    async with on_stage(house, media=media) as stage:
        error = await refused(stage.client.post_feed(C, "x", url))
        assert not error.is_transient and await stage.routes() == ["object.get"]


async def test_a_truncated_video_is_one_clear_refusal(house: House) -> None:
    async with on_stage(house) as stage:
        await stage.knob(strict_video=True)
        error = await refused(stage.client.post_reel(C, VIDEO.url, "x"))
        assert (error.error_code, error.field, error.is_transient) == ("video_format", "video", False)
        assert error.remediation and await stage.seen() == []


async def test_a_picture_that_went_away_is_asked_for_three_times_and_then_told(house: House) -> None:
    gone = MediaUrl("https://media.example.com/none.jpg")
    house.media.add(gone, b"\xff\xd8\xff", "image/jpeg", width=640, height=640)
    async with on_stage(house) as stage:
        error = await refused(stage.client.post_feed(C, "x", gone.url))
        assert (error.error_code, error.is_transient) == ("media_unreachable", False)
        assert (await stage.routes()).count("media.create") == 3


async def test_a_login_that_has_no_uploads_says_so_and_a_url_still_works(house: House) -> None:
    async with on_stage(house, login="instagram") as stage:
        await stage.knob(resumable_on_instagram_login=False)
        error = await refused(METHODS["upload"][1](stage))
        assert (error.error_code, error.is_transient) == ("invalid_request", False) and "upload_type" in error.message
        assert (await METHODS["reel"][1](stage)).success


TABLE: list[tuple[str, str, str, bool]] = [
    ("media.create", "36004/2207010", "caption_too_long", False),
    ("media.create", "36003/2207009", "image_ratio", False),
    ("media.create", "100/2207018", "invalid_collaborator", False),
    ("media.create", "25/2207050", "account_restricted", True),
    ("media.create", "10", "missing_permission", False),
    ("media.create", "190/460", "needs_reconnect", False),
    ("media.create", "190/459", "account_checkpoint", True),
    ("media.create", "80002", "rate_limited", True),
    ("media.create", "4", "app_rate_limited", True),
    ("media_publish", "9/2207042", "publishing_limit", True),
    ("media_publish", "25/2207050", "account_restricted", True),
    ("media_publish", "9007/2207027", "not_ready", True),
    ("media_publish", "100", "invalid_request", False),
    ("object.get", "100/33", "wrong_account", False),
]


@pytest.mark.parametrize(("route", "reason", "code", "transient"), TABLE)
async def test_an_error_of_the_table_reaches_the_caller_with_its_code_and_what_to_do(
    house: House, route: str, reason: str, code: str, transient: bool
) -> None:
    async with on_stage(house, deadline=0.0) as stage:
        await stage.fault("error", route=route, reason=reason, times=0)
        error = await refused(stage.client.post_feed(C, "x", SQUARE.url))
        assert type(error) is SocialPlatformError and (error.error_code, error.is_transient) == (code, transient)
        assert str(error).startswith(f"[instagram/{code}]") and await stage.seen() == []


async def test_a_foreign_upload_address_gets_neither_token_nor_video(house: House) -> None:
    async with on_stage(house) as stage:
        await METHODS["upload"][1](stage)
        kit = stage.client._wiring.kit
        assert kit.manifest.hosts == {"graph.facebook.com", "graph.instagram.com", "rupload.facebook.com"}
        before = len(await stage.routes())
        there = Container(id="1", uri="https://rupload.example/ig-api-upload/1", made_at=None)
        errand = Errand(customer_id="CUST-1", credential_ref=C, platform=kit.manifest.platform)  # type: ignore[arg-type]
        with pytest.raises(Refused) as no:
            await stage.client._wiring.gateway.send(send_rest(there, house.media.known[VIDEO.url], 0), errand)
        assert no.value.refusal.code == "foreign_host" and len(await stage.routes()) == before


# --- connections --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["facebook", "instagram"])
async def test_a_good_connection_is_good(house: House, login: str) -> None:
    async with on_stage(house, login=login) as stage:
        assert await stage.client.validate_credentials(C) is True
        report = await stage.client.inspect_credentials(C)
        assert report.identity == stage.account["posting_identity"] and report.facts["login"] == login
        assert report.title == stage.account["username"] and report.facts["published_in_24_hours"] == "0 of 50"


STATES: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("facebook", {"scopes": ["instagram_basic", "pages_read_engagement"]}, "missing_permission", "instagram_content_publish"),
    ("facebook", {"tasks": ["ANALYZE"]}, "missing_permission", "instagram_content_publish"),
    ("facebook", {"revoked": True}, "needs_reconnect", None),
    ("instagram", {"scopes": ["instagram_business_basic"]}, "missing_permission", "instagram_business_content_publish"),
    ("instagram", {"revoked": True}, "needs_reconnect", None),
]  # fmt: skip


@pytest.mark.parametrize(("login", "state", "code", "field"), STATES, ids=lambda value: str(value)[:30])
async def test_what_a_connection_lacks_is_named(
    house: House, login: str, state: dict[str, Any], code: str, field: str | None
) -> None:
    async with on_stage(house, login=login) as stage:
        await stage.turn(**state)
        report = await stage.client.inspect_credentials(C)
        assert [(problem.code, problem.field) for problem in report.problems] == [(code, field)]
        error = await refused(stage.client.validate_credentials(C))
        assert error.error_code == code and error.remediation


@pytest.mark.parametrize("login", ["facebook", "instagram"])
async def test_another_account_than_the_connected_one_is_told_and_publishes_nothing(house: House, login: str) -> None:
    async with on_stage(house, login=login, posting_identity="17841499999999999") as stage:
        assert (await refused(stage.client.validate_credentials(C))).error_code == "wrong_account"
        assert (await refused(stage.client.post_feed(C, "x", SQUARE.url))).error_code == "wrong_account"
        assert "media.create" not in await stage.routes()


async def test_a_token_of_instagram_login_is_renewed_ahead_of_its_end_and_stored(house: House) -> None:
    async with on_stage(house, login="instagram") as stage:
        stage.source.credentials = replace(stage.source.credentials, expires_at=stage.clock.now() + timedelta(days=30))
        assert (await stage.client.post_feed(C, "x", SQUARE.url)).success
        assert "oauth.refresh" in await stage.routes() and stage.source.credentials.version == 2
        assert stage.source.credentials.access_token.open() != stage.account["access_token"]
