"""YouTube through the library face, end to end: posts, tokens, connections, errors, repeats, quota."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from clients.stage import refused
from waooaw_social.core.post import SocialPostResult
from youtube_integration.conftest import Channel

pytestmark = pytest.mark.anyio
Post: TypeAlias = Callable[[Channel], Awaitable[SocialPostResult]]

POSTS: dict[str, Post] = {
    "short": lambda channel: channel.client.post_short(channel.ref, channel.video, "A cat"),
    "text": lambda channel: channel.client.post_text(channel.ref, "hello"),
}
WRITES = {"short": "videos.insert", "text": "communityPosts.insert"}
each_post = pytest.mark.parametrize("format", POSTS)


# --- text ---------------------------------------------------------------------------------------------------------------------


async def test_a_text_goes_out(channel: Channel) -> None:
    result = await channel.client.post_text(channel.ref, "Fresh bread at nine")
    (seen,) = await channel.audience()
    assert result.success and result.post_id == seen["id"] and seen["text"] == "Fresh bread at nine"


async def test_a_text_that_is_too_long_is_refused_and_youtube_is_not_asked(channel: Channel) -> None:
    error = await refused(channel.client.post_text(channel.ref, "x" * 1001))
    assert (error.error_code, error.field, error.is_transient) == ("text_too_long", "text", False)
    assert await channel.routes() == [] and await channel.audience() == []


async def test_a_text_goes_out_with_its_image(channel: Channel) -> None:
    image = f"{channel.house.base}/_sandbox/media/sample.jpg"
    result = await channel.client.post_text(channel.ref, "Look at this", image)
    (seen,) = await channel.audience()
    assert seen["id"] == result.post_id and seen["text"] == "Look at this"
    assert image in str(result.raw_response)


@each_post
async def test_with_an_unknown_credential_nothing_goes_out(channel: Channel, format: str) -> None:
    posts = {
        "short": lambda: channel.client.post_short("CRED-none", channel.video, "A cat"),
        "text": lambda: channel.client.post_text("CRED-none", "hello"),
    }
    error = await refused(posts[format]())
    assert (error.error_code, error.field, error.is_transient) == ("unknown_credential", "credential_ref", False)
    assert await channel.routes() == []


# --- Shorts -------------------------------------------------------------------------------------------------------------------


async def test_a_short_goes_out_byte_for_byte(channel: Channel) -> None:
    result = await channel.client.post_short(channel.ref, channel.video, "A cat", "It sleeps")
    (seen,) = await channel.audience()
    assert (seen["id"], seen["title"]) == (result.post_id, "A cat")
    assert seen["media"][0]["bytes"] == len(await channel.house.sample("sample.mp4"))
    assert result.post_url == f"https://www.youtube.com/shorts/{result.post_id}"


async def test_a_title_that_is_too_long_is_refused_and_youtube_is_not_asked(channel: Channel) -> None:
    error = await refused(channel.client.post_short(channel.ref, channel.video, "x" * 101))
    assert (error.error_code, error.field, error.is_transient) == ("invalid_title", "title", False)
    assert await channel.routes() == []


# --- tokens and connections ---------------------------------------------------------------------------------------------------


async def test_a_refreshed_token_is_returned_and_lies_in_cp(channel: Channel) -> None:
    token = await channel.client.refresh_token(channel.ref)
    assert token == (await channel.stored())["access_token"] != channel.account["access_token"]
    assert (await channel.routes()).count("oauth.token") == 1


@each_post
async def test_a_token_that_youtube_takes_no_longer_is_refreshed_and_the_post_goes_out_once(
    channel: Channel, format: str
) -> None:
    await channel.becomes(expires_in=0)
    result = await POSTS[format](channel)
    assert [post["id"] for post in await channel.audience()] == [result.post_id]
    assert (await channel.routes()).count("oauth.token") == 1
    stored = await channel.stored()
    assert stored["version"] == 2 and stored["access_token"] != channel.account["access_token"]


async def test_a_good_connection_is_true(channel: Channel) -> None:
    assert await channel.client.validate_credentials(channel.ref) is True


async def test_a_connection_without_a_channel_is_told_so(channel: Channel) -> None:
    await channel.becomes(channel=False)
    error = await refused(channel.client.validate_credentials(channel.ref))
    assert (error.error_code, error.is_transient) == ("no_channel", False) and "channel" in error.remediation


# --- errors -------------------------------------------------------------------------------------------------------------------

ERRORS: list[tuple[str, str, dict[str, Any], str, bool]] = [
    ("quota", "short", {"reason": "quotaExceeded"}, "quota_exhausted", True),
    ("quota", "text", {"reason": "quotaExceeded"}, "quota_exhausted", True),
    ("rate", "short", {"reason": "rateLimitExceeded", "variant": "per_minute"}, "rate_limited", True),
    ("rate", "text", {"reason": "rateLimitExceeded", "variant": "per_minute"}, "rate_limited", True),
    ("auth", "short", {"reason": "authError"}, "needs_reconnect", False),
    ("auth", "text", {"reason": "authError"}, "needs_reconnect", False),
    ("server", "short", {"status": 503}, "platform_unavailable", True),
    ("server", "text", {"status": 503}, "unresolved", False),  # it is one call, and may have gone out all the same
]


@pytest.mark.parametrize(
    ("format", "answer", "code", "transient"), [row[1:] for row in ERRORS], ids=[f"{row[0]}-{row[1]}" for row in ERRORS]
)
async def test_an_error_of_youtubes_is_told_as_what_it_is(
    channel: Channel, format: str, answer: dict[str, Any], code: str, transient: bool
) -> None:
    await channel.fails("channels.list" if format == "short" else WRITES[format], times=0, **answer)
    error = await refused(POSTS[format](channel))
    assert (error.error_code, error.is_transient) == (code, transient) and error.message
    assert await channel.audience() == []


# --- repeats ------------------------------------------------------------------------------------------------------------------


@each_post
async def test_a_429_is_waited_for_and_repeated(channel: Channel, format: str) -> None:
    await channel.fails(WRITES[format], status=429, retry_after=7)
    before = channel.clock.offset
    result = await POSTS[format](channel)
    assert [post["id"] for post in await channel.audience()] == [result.post_id]
    assert (await channel.routes()).count(WRITES[format]) == 2 and channel.clock.offset - before >= 7


@each_post
async def test_a_400_is_not_repeated(channel: Channel, format: str) -> None:
    await channel.fails(WRITES[format], status=400, times=0)
    error = await refused(POSTS[format](channel))
    assert not error.is_transient and (await channel.routes()).count(WRITES[format]) == 1
    assert await channel.audience() == []


# --- quota --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("format", "counted"), [("text", {"general": 50}), ("short", {"general": 2, "uploads": 1})])
async def test_what_a_post_costs_is_counted(channel: Channel, format: str, counted: dict[str, int]) -> None:
    await POSTS[format](channel)
    assert {bucket: units for bucket, units in channel.client.quota.items() if units} == counted
    assert channel.client.quota_used == counted["general"]
