"""One call, one event: what a client reports, what a timed block makes of it, and that silence is never a success."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients.stage import Set, on_stage, refused
from durable.youtube_stage import open_youtube
from waooaw_social import (
    PlatformMetricsCollector,
    PlatformPostEvent,
    PostingStatus,
    SocialPlatformError,
    TimedPlatformCall,
    YouTubeClient,
    get_metrics_collector,
)
from waooaw_social.wire.breaker import MemoryBreaker

pytestmark = pytest.mark.anyio

FIELDS = {
    "event_type", "correlation_id", "customer_id", "agent_id", "platform", "credential_ref", "status", "timestamp",
    "duration_ms", "post_id", "post_url", "error_code", "error_message", "is_transient", "retry_count", "max_retries",
    "content_type", "content_length", "metadata",
}  # fmt: skip
KNOWN = {"customer_id": "CUST-1", "agent_id": "AGENT-1", "platform": "youtube"}


class Kept:
    """A collector, and the events that it took."""

    def __init__(self) -> None:
        self.events: list[PlatformPostEvent] = []
        self.collector = PlatformMetricsCollector(on_event=self.events.append)

    @property
    def only(self) -> PlatformPostEvent:
        (event,) = self.events
        return event


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[tuple[Set, Kept]]:
    """A YouTube client whose events go to a collector of its own."""
    kept = Kept()
    async with open_youtube(tmp_path) as house, on_stage(house) as stage:
        wiring = replace(stage.wiring, events=kept.collector)
        stage.client = YouTubeClient(customer_id="CUST-1", wired=wiring, deadline=1200.0)
        yield stage, kept


async def test_the_fields_whole_example_stands_unchanged(played: tuple[Set, Kept]) -> None:
    stage, _ = played
    youtube, credential_ref, text = stage.client, "CRED-1", "Hello"
    collector = get_metrics_collector()
    collector.reset_metrics()
    for fault, expected in ((None, ("success", None)), ("forbidden", ("failed", "forbidden"))):
        if fault:
            await stage.fault("error", route="communityPosts.insert", reason=fault)
        async with TimedPlatformCall(
            customer_id="CUST-123", agent_id="AGENT-456", platform="youtube", correlation_id="req-xyz"
        ) as timer:
            try:
                result = await youtube.post_text(credential_ref, text)
                timer.set_success(post_id=result.post_id, post_url=result.post_url)
            except SocialPlatformError as e:
                if not e.is_transient:
                    timer.set_failure(error_code=e.error_code, error_message=e.message)
        event = timer.event
        assert event and event.status == expected[0], event
        assert (event.customer_id, event.agent_id, event.correlation_id) == ("CUST-123", "AGENT-456", "req-xyz")
        assert (event.credential_ref, event.content_type, event.content_length) == ("CRED-1", "text", len(text))
        assert (event.post_id is not None, event.error_code is None) == (not fault, not fault)
    (seen,) = await stage.seen()
    summary = collector.get_metrics_summary()["youtube"]
    collector.reset_metrics()
    assert seen and (summary["total_posts"], summary["success_rate_pct"]) == (2, 50.0)


async def test_outside_a_block_a_client_emits_one_event_a_call(played: tuple[Set, Kept]) -> None:
    stage, kept = played
    await stage.fault("status", route="communityPosts.insert", status=429, retry_after=7)
    result = await stage.client.post_text("CRED-1", "hello")
    event = kept.only
    assert (event.status, event.post_id, event.post_url) == ("success", result.post_id, result.post_url)
    assert event.retry_count == 1 and event.max_retries and event.duration_ms >= 7000

    with pytest.raises(SocialPlatformError) as refused:
        await stage.client.post_text("CRED-1", "x" * 1001)
    assert (kept.events[1].status, kept.events[1].error_code) == ("failed", refused.value.error_code)
    assert len(kept.events) == 2


async def test_repeats_are_counted_whatever_repeated_them_and_however_it_ends(played: tuple[Set, Kept]) -> None:
    """Two by the gateway and one by the runner; and what the result says is what the event says."""
    stage, kept = played
    await stage.fault("status", route="channels.list", status=503, times=2)
    await stage.fault("status", route="upload.final", status=429, retry_after=7)
    result = await stage.short()
    assert (result.retry_count, result.retry_wait) == (3, 3.0)
    assert (kept.only.retry_count, kept.only.max_retries) == (result.retry_count, result.max_retries)

    await stage.fault("status", route="videos.insert", status=503, times=1)
    await stage.fault("error", route="videos.insert", reason="invalidTitle")
    with pytest.raises(SocialPlatformError):
        await stage.short()
    assert (kept.events[1].status, kept.events[1].retry_count) == ("failed", 1)


async def test_what_is_held_back_before_it_leaves_is_no_repeat(played: tuple[Set, Kept]) -> None:
    stage, kept = played
    breaker = stage.wiring.gateway.breaker = MemoryBreaker(clock=stage.clock)
    await stage.fault("status", route="channels.list", status=503, times=5)
    await refused(stage.short())
    assert kept.only.retry_count == len(await stage.routes()) - 1 == breaker.rules.in_a_row - 1
    error = await refused(stage.short())
    assert (error.error_code, kept.events[1].retry_count) == ("platform_resting", 0)


async def test_calls_side_by_side_are_counted_apart(played: tuple[Set, Kept]) -> None:
    stage, kept = played
    await stage.fault("status", route="communityPosts.insert", status=429, retry_after=7)
    texts = ["hello", *("x" * (1001 + i) for i in range(3))]
    posts = [asyncio.create_task(stage.client.post_text("CRED-1", text)) for text in texts]
    outcomes = await asyncio.gather(*posts, return_exceptions=True)
    told = {event.content_length: (event.status, event.retry_count) for event in kept.events}
    refused = {len(text): ("failed", 0) for text in texts[1:]}
    assert told == {len(texts[0]): ("success", 1), **refused}
    assert [isinstance(outcome, SocialPlatformError) for outcome in outcomes] == [False, True, True, True]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SocialPlatformError("slow down", "youtube", "rate_limited", True), "retrying", "rate_limited"),
        (SocialPlatformError("no", "youtube", "forbidden"), "failed", "forbidden"),
        (ValueError("a token perhaps"), "failed", "ValueError"),
        (asyncio.CancelledError(), "failed", "cancelled"),
    ],
)
async def test_an_error_that_leaves_the_block_is_recorded_and_goes_on(
    error: BaseException, status: str, code: str
) -> None:
    kept = Kept()
    with pytest.raises(type(error)):
        async with TimedPlatformCall(**KNOWN, collector=kept.collector):
            raise error
    assert (kept.only.status, kept.only.error_code) == (status, code)
    assert "token" not in (kept.only.error_message or "")


async def test_a_block_that_says_nothing_is_never_a_success(played: tuple[Set, Kept]) -> None:
    stage, kept = played
    async with TimedPlatformCall(**KNOWN, collector=kept.collector):
        assert (await stage.client.post_text("CRED-1", "hello")).success
    assert (kept.only.status, kept.only.error_code) == ("failed", "not_reported")
    assert kept.only.post_id, "what is out is named all the same"


async def test_a_transient_error_that_passed_inside_makes_a_silent_block_a_retry(played: tuple[Set, Kept]) -> None:
    stage, kept = played
    stage.client = YouTubeClient(customer_id="CUST-1", wired=replace(stage.wiring, events=kept.collector), deadline=5.0)
    await stage.fault("status", route="communityPosts.insert", status=429, retry_after=3000)
    async with TimedPlatformCall(**KNOWN, collector=kept.collector):
        with pytest.raises(SocialPlatformError) as passed:
            await stage.client.post_text("CRED-1", "hello")
    assert passed.value.is_transient
    assert (kept.only.status, kept.only.error_code) == ("retrying", passed.value.error_code)


async def test_a_doubt_is_neither_dressed_up_as_a_failure_nor_as_a_retry(played: tuple[Set, Kept]) -> None:
    stage, kept = played
    stage.client = YouTubeClient(customer_id="CUST-1", wired=replace(stage.wiring, events=kept.collector), deadline=5.0)
    for say in (True, False):
        await stage.fault("lost_reply", route="communityPosts.insert")
        async with TimedPlatformCall(**KNOWN, collector=kept.collector) as timer:
            with pytest.raises(SocialPlatformError) as passed:
                await stage.client.post_text("CRED-1", f"hello {say}")
            if say:
                timer.set_failure(error_code=passed.value.error_code, error_message=passed.value.message)
        assert timer.event and (timer.event.status, timer.event.error_code) == ("unresolved", "unresolved")
    assert len(kept.events) == 2


async def test_the_blocks_own_word_counts_and_its_own_fields_win() -> None:
    kept = Kept()
    async with TimedPlatformCall(
        **KNOWN, collector=kept.collector, content_type="image", metadata={"campaign": "x"}
    ) as timer:
        timer.set_retrying(error_code="busy", error_message="later", retry_count=2, max_retries=5)
    event = kept.only
    assert (event.status, event.is_transient, event.retry_count, event.max_retries) == ("retrying", True, 2, 5)
    assert (event.content_type, event.metadata) == ("image", {"campaign": "x"})


def test_an_event_has_the_fields_that_are_promised_and_its_dict_has_no_none() -> None:
    event = PlatformPostEvent(customer_id="C", platform="youtube", status="success", post_id="p")
    assert set(PlatformPostEvent.__dataclass_fields__) == FIELDS
    told = event.to_dict()
    assert None not in told.values() and told["post_id"] == "p" and "error_code" not in told
    assert set(told) < FIELDS


async def test_a_summary_adds_up_per_platform_and_is_reset() -> None:
    collector = PlatformMetricsCollector()
    for status, ms in (("success", 100), ("failed", 300), ("retrying", 50), ("unresolved", 150)):
        await collector.log_post_attempt(**KNOWN, status=PostingStatus(status), duration_ms=ms)
    await collector.log_post_attempt(PlatformPostEvent(platform="facebook", status="success", duration_ms=10))
    summary = collector.get_metrics_summary()
    youtube: dict[str, Any] = summary["youtube"]
    assert [youtube[f"{name}_posts"] for name in ("total", "successful", "failed", "retrying", "unresolved")] == [
        4, 1, 1, 1, 1,
    ]  # fmt: skip
    assert (youtube["success_rate_pct"], youtube["avg_duration_ms"]) == (33.33, 150.0)
    assert summary["facebook"]["success_rate_pct"] == 100.0
    collector.reset_metrics()
    assert collector.get_metrics_summary() == {}


async def test_a_collector_that_is_switched_off_takes_nothing_and_a_broken_sink_breaks_no_post() -> None:
    kept = Kept()
    kept.collector.collecting = False
    async with TimedPlatformCall(**KNOWN, collector=kept.collector) as timer:
        timer.set_success(post_id="p")
    assert kept.events == [] and kept.collector.get_metrics_summary() == {}

    def broken(_: PlatformPostEvent) -> None:
        raise OSError("the log is full")

    collector = PlatformMetricsCollector(on_event=broken)
    async with TimedPlatformCall(**KNOWN, collector=collector) as timer:
        timer.set_success(post_id="p")
    assert collector.get_metrics_summary()["youtube"]["successful_posts"] == 1
