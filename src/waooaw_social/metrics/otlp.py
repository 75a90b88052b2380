"""Traces by OpenTelemetry, sent to a collector over OTLP/HTTP. Imported only where they are wanted: it needs the extra `waooaw-social[traces]`.

A thread of the SDK's own sends them, in batches out of a bounded queue: nobody who publishes waits for a collector, and what a dead one does
not take is dropped. That it is away is told once, and once that it is back. Closing sends what is left, for a bounded time.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextvars import Token
from importlib.metadata import version
from types import TracebackType
from typing import ParamSpec, Self

import structlog
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, StatusCode, Tracer, set_span_in_context

from waooaw_social.core.refusal import Refused
from waooaw_social.metrics.traces import Fact, Facts, Span

P = ParamSpec("P")

FLUSH = 3.0
"""Seconds that closing gives a collector to take what is left: far below what a stopping process is given."""
PATH = "/v1/traces"
"""Where OTLP/HTTP has traces, under a collector's address."""
PACKAGE = "waooaw-social"

log = structlog.get_logger(__name__)


class OtlpTraces:
    """Fills the port `Traces`. Close it, or what was told last is lost."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint` is the collector's address, without the path of traces."""
        _listen()
        self._exporter = _Exporter(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + PATH))
        resource = Resource.create({"service.name": PACKAGE, "service.version": version(PACKAGE)})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer(__name__)

    def span(self, name: str, *, outward: bool = False) -> AbstractContextManager[Span]:
        return _Span(self._tracer, name, SpanKind.CLIENT if outward else SpanKind.INTERNAL)

    def close(self, seconds: float = FLUSH) -> None:
        """Send what is left. Blocks for at most so many seconds, and then leaves it behind."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(seconds)
        if closing.is_alive():
            self._exporter.away()


class _Span:
    """One span. It says what went wrong inside of it by class or code: the SDK's own way would be to quote the error."""

    def __init__(self, tracer: Tracer, name: str, kind: SpanKind) -> None:
        self._tracer, self._name, self._kind = tracer, name, kind

    def __enter__(self) -> Self:
        self._span = self._tracer.start_span(self._name, kind=self._kind)
        self._token: Token[Context] = attach(set_span_in_context(self._span))
        return self

    def tell(self, say: Callable[P, Facts], *about: P.args, **more: P.kwargs) -> None:
        if not self._span.is_recording():
            return
        try:
            facts = say(*about, **more)
        except Exception as error:  # a defect of ours, in what nobody's post depends on
            log.warning("span_not_told", span=self._name, error=type(error).__name__)
            return
        for fact, value in facts.items():
            if value is not None:
                self._span.set_attribute(fact.value, value)
        if facts.get(Fact.ERROR) is not None:
            self._span.set_status(StatusCode.ERROR)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.tell(_left_by, error)
        detach(self._token)
        self._span.end()


def _left_by(error: BaseException) -> Facts:
    return {Fact.ERROR: error.refusal.code if isinstance(error, Refused) else type(error).__name__}


class _Exporter(SpanExporter):
    """OpenTelemetry's, and one line in the log when a collector goes away, and one when it is back."""

    def __init__(self, sending: SpanExporter) -> None:
        self._sending, self._well = sending, True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._sending.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self.away()
        elif not self._well:
            self._well = True
            log.info("traces_sent_again")
        return result

    def away(self) -> None:
        if self._well:
            self._well = False
            log.warning(
                "traces_not_sent", so="the collector takes no traces: they are dropped, and nothing waits for it"
            )

    def shutdown(self) -> None:
        self._sending.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._sending.force_flush(timeout_millis)


class _Said(logging.Handler):
    """What OpenTelemetry says of itself, once for each place: where it was said. What was said may quote anything."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._places: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        place = f"{record.name}:{record.lineno}"
        if place not in self._places:
            self._places.add(place)
            log.warning("opentelemetry_complains", where=place)


def _listen() -> None:
    """OpenTelemetry's own log goes into ours. What its exporter says is said by `_Exporter`."""
    root = logging.getLogger("opentelemetry")
    if not any(isinstance(handler, _Said) for handler in root.handlers):
        root.addHandler(_Said())
    root.propagate = False
    logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
