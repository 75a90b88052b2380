"""The port of traces: off unless asked for, an extra that is asked for by name, and spans that repeat nothing that somebody else said."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plant.collector import Collector, Told, open_collector
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.metrics.otlp import OtlpTraces
from waooaw_social.metrics.traces import NO_TRACES, Fact, Facts

pytestmark = pytest.mark.anyio

SECRET = "planted-in-an-error"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")  # OpenTelemetry's exporter goes by the environment's proxies
    with open_collector() as opened:
        yield opened


def told(collector: Collector, traces: OtlpTraces) -> dict[str, Told]:
    """What came, by name."""
    traces.close()
    return {span.name: span for span in collector.spans()}


def python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_nothing_is_imported_where_no_collector_is_named(collector: Collector, tmp_path: Path) -> None:
    program = """if True:
        import sys
        from waooaw_social import cli
        from waooaw_social.main.tracing import traces_of
        from waooaw_social.settings import load
        with traces_of(load()) as traces, traces.span("x") as span:
            span.tell(lambda: 1 / 0)
        print(type(traces).__name__, *[name for name in sys.modules if name.split(".")[:2] in (["opentelemetry", "sdk"], ["opentelemetry", "exporter"])])
    """
    off = python(program, WAOOAW_VAR=str(tmp_path))
    assert (off.returncode, off.stdout.split()) == (0, ["NoTraces"]), off.stderr
    on = python(
        program.replace("1 / 0", "{}"), WAOOAW_VAR=str(tmp_path), OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint
    )
    assert on.returncode == 0 and on.stdout.startswith("OtlpTraces opentelemetry"), on.stderr


@pytest.mark.parametrize("absent", ["opentelemetry.sdk", "requests"])
def test_who_names_a_collector_without_the_extra_is_told_which_it_is(absent: str, tmp_path: Path) -> None:
    program = f"import sys; sys.modules[{absent!r}] = None; sys.argv[1:] = ['worker']; from waooaw_social.cli import main; main()"
    no = python(program, WAOOAW_VAR=str(tmp_path), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")
    assert no.returncode == 1 and len(no.stderr.splitlines()) == 1
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in no.stderr and "pip install 'waooaw-social[traces]'" in no.stderr
    assert not list(tmp_path.rglob("*.db")), "it is said before anything is made"


async def test_an_error_is_told_by_its_class_or_our_code_and_never_by_its_text(collector: Collector) -> None:
    traces = OtlpTraces(collector.endpoint)
    no = Refused(Refusal(code="invalid_title", message=SECRET))
    for name, error in (("defect", ValueError(SECRET)), ("refused", no), ("stopped", asyncio.CancelledError(SECRET))):
        with pytest.raises(type(error)), traces.span(name):
            raise error
    spans = told(collector, traces)
    errors = {name: span.facts["error.type"] for name, span in spans.items() if span.failed}
    assert errors == {"defect": "ValueError", "refused": "invalid_title", "stopped": "CancelledError"}
    assert SECRET.encode() not in collector.everything()


async def test_tasks_that_run_at_once_each_have_their_own_trace(collector: Collector) -> None:
    traces, both = OtlpTraces(collector.endpoint), asyncio.Barrier(2)

    async def run(number: int) -> None:
        with traces.span(f"run {number}") as span:
            span.tell(lambda: {Fact.EPOCH: number, Fact.AGENT: None})
            await both.wait()
            with traces.span(f"call {number}", outward=True):
                await both.wait()

    await asyncio.gather(run(1), run(2))
    spans = told(collector, traces)
    for number in (1, 2):
        outer, inner = spans[f"run {number}"], spans[f"call {number}"]
        assert inner.span.parent_span_id == outer.span.span_id and inner.span.trace_id == outer.span.trace_id
        assert outer.facts == {"waooaw.epoch": number} and (outer.outward, inner.outward) == (False, True)
    assert spans["run 1"].span.trace_id != spans["run 2"].span.trace_id


async def test_a_span_that_cannot_be_told_costs_nobody_his_post(collector: Collector) -> None:
    traces = OtlpTraces(collector.endpoint)

    def broken(text: str) -> Facts:
        raise KeyError(text)

    with traces.span("run") as span:
        span.tell(broken, SECRET)
        span.tell(lambda: {Fact.ENDING: "Done"})
    assert told(collector, traces)["run"].facts == {"waooaw.ending": "Done"}
    with NO_TRACES.span("run") as nothing:
        nothing.tell(broken, SECRET)


@pytest.mark.parametrize(("dress", "heard"), [("telemetry=NO_TELEMETRY", False), ("", True)])
def test_the_frameworks_own_telemetry_stays_off_where_a_variable_switches_it_on(
    dress: str, heard: bool, collector: Collector
) -> None:
    """It would send queries, and errors with their texts; left to itself it does."""
    program = f"""if True:
        from fastapi import FastAPI
        from starlette.testclient import TestClient
        from waooaw_social.web.edge import NO_TELEMETRY
        with TestClient(FastAPI({dress})) as client:
            client.get("/nowhere?signed={SECRET}")
    """
    switched_on = {"FASTAPI_OTEL_AUTO_CONFIGURE": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint}
    done = python(program, **switched_on)
    assert done.returncode == 0, done.stderr
    assert (SECRET.encode() in collector.everything()) == bool(collector.asked) == heard
