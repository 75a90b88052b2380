"""Traces out of a real house over the sandbox, as a collector behind a socket gets them; and the same house when its collector is sick, or hangs.

One house for both: the last test stops it.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from plant.collector import HANGING, SICK, WELL, Collector, Told, open_collector
from plant.house import AGENT, CUSTOMER, House, open_house, order, until
from plant.test_planted_secrets import Session, echo, found
from waooaw_social.metrics.otlp import FLUSH
from waooaw_social.platforms.youtube.manifest import MANIFEST

pytestmark = pytest.mark.anyio

TITLE, TEXT, QUERY = "planted-title-of-a-customer", "planted-text-of-a-customer", "planted-in-a-query"
SURROUNDINGS = {
    "OTEL_BSP_SCHEDULE_DELAY": "50",  # milliseconds between two batches
    "FASTAPI_OTEL_AUTO_CONFIGURE": "true",  # a framework's own telemetry has no say here
    "CONNECTION_CHECK_HOURS": "0",
    "NO_PROXY": "127.0.0.1",
}


@dataclass
class Traced:
    """A house in one process, and its collector."""

    house: House
    collector: Collector
    credential: str
    correlations: dict[str, str] = field(default_factory=dict[str, str])
    """By publication."""

    async def submit(self, correlation: str = "planted-correlation") -> str:
        url = f"{self.house.video()}?signed={QUERY}"
        body = order(self.credential, video_url=url, title=TITLE, description=TEXT)
        answer = await self.house.submit(body | {"correlation_id": correlation})
        assert answer.status_code == 202, answer.text
        publication = answer.json()["publications"][0]["id"]
        self.correlations[publication] = correlation
        return publication

    async def published(self, *publications: str) -> None:
        for publication in publications or (await self.submit(),):
            shown = await self.house.ends(publication)
            assert shown["state"] == "published", shown["error"]

    async def all_told(self) -> list[Told]:
        """The spans, when every publication's last run is among them."""

        async def there() -> list[Told]:
            spans = self.collector.spans()
            ended = {
                s.facts["waooaw.publication.id"] for s in spans if s.facts.get("waooaw.ending") in {"Done", "Failed"}
            }
            return spans if ended == set(self.correlations) else []

        return await until(there, "every run is told")


@pytest.fixture(scope="module")
async def traced(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Traced]:
    with open_collector() as collector:
        surroundings = SURROUNDINGS | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
        async with open_house(tmp_path_factory.mktemp("traced"), in_one=True, **surroundings) as house:
            yield Traced(house, collector, await house.connect())


async def test_a_collector_gets_runs_and_their_calls_and_nothing_that_is_anybodys_secret(traced: Traced) -> None:
    house, session = traced.house, Session(traced.house)
    await session.remember()
    for route, fault, more in (echo("channels.list", 503), echo("upload.final", 500)):
        await house.fault(route, fault, **more)
    await traced.published(await traced.submit(), await traced.submit("planted-other"))
    await house.clear_faults()
    await house.fault("videos.insert", "echo_tokens", status=403)
    ended = await house.ends(refused := await traced.submit())
    await session.remember()
    assert session.sessions(), "upload sessions are looked for, too"

    spans = await traced.all_told()
    runs = {told.span.span_id: told for told in spans if not told.outward}
    calls = [told for told in spans if told.outward]
    for told in runs.values():
        assert told.name == "publication run" and not told.span.parent_span_id
        publication = told.facts["waooaw.publication.id"]
        assert told.facts["waooaw.correlation.id"] == traced.correlations[publication]
        assert (told.facts["waooaw.agent.id"], told.facts["waooaw.format"]) == (AGENT, "short")
        assert told.facts["waooaw.platform"] == MANIFEST.platform
        assert told.failed == (told.facts["waooaw.ending"] == "Failed") == (publication == refused)
        assert told.facts.get("error.type") == (ended["error"]["code"] if told.failed else None)
    for publication in traced.correlations:
        own = [
            told.facts["waooaw.epoch"] for told in runs.values() if told.facts["waooaw.publication.id"] == publication
        ]
        assert sorted(own) == list(range(1, len(own) + 1)), "each run once"

    for told in calls:
        run = runs[told.span.parent_span_id]
        assert told.span.trace_id == run.span.trace_id
        assert run.span.start_time_unix_nano <= told.span.start_time_unix_nano
        assert told.span.end_time_unix_nano <= run.span.end_time_unix_nano
        assert told.facts["server.address"] in MANIFEST.hosts and told.facts["http.request.method"].isupper()
        assert told.failed == ("error.type" in told.facts)
    assert any(told.facts["waooaw.retry_count"] for told in calls)
    (lost,) = [told for told in calls if told.facts["waooaw.answer"] == "Unknown"]
    assert lost.failed and lost.facts["http.response.status_code"] == 500
    sent = sum(told.facts["waooaw.retry_count"] + 1 for told in calls)
    assert sent == len([call for call in await house.calls() if call["route"] != "oauth.token"]), "every call is told"

    got = traced.collector.everything()
    assert {head.split()[1] for head in traced.collector.heads} == {"/v1/traces"}
    assert all(word.encode() in got for word in (refused, "planted-other")), "what was told can be found"
    nobodys = {"title": TITLE, "text": TEXT, "query": QUERY, "customer": CUSTOMER, "credential": traced.credential}
    assert not found(session.needles | nobodys, {"what the collector got": got})
    assert b"[redacted]" not in got, "no error's text at all"


async def test_posts_go_out_whatever_becomes_of_the_collector_and_its_failure_is_one_line(traced: Traced) -> None:
    service, collector = traced.house.services[-1], traced.collector

    def told() -> tuple[int, int]:
        return tuple(service.says().count(f'"{word}"') for word in ("traces_not_sent", "traces_sent_again"))  # type: ignore[return-value]

    async def asked_twice() -> bool:
        return collector.asked >= before + 2

    before, collector.status = collector.asked, SICK
    await traced.published()
    await until(asked_twice, "two batches are refused")
    assert told() == (1, 0)
    collector.status = WELL
    await traced.published()
    await service.said('"traces_sent_again"')
    assert told() == (1, 1)
    collector.status = HANGING
    await traced.published()
    stopping = time.monotonic()
    assert await service.stop() == 0
    assert time.monotonic() - stopping < 2 * FLUSH
    assert told() == (2, 1)
    strange = [line for line in service.says().splitlines() if not line.startswith("{")]
    assert not strange, "nothing of OpenTelemetry's own stands between our lines"
