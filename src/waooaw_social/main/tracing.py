"""Traces out of the settings: none, unless `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector. Only then is OpenTelemetry imported."""

from collections.abc import Generator
from contextlib import contextmanager

from waooaw_social.metrics.traces import NO_TRACES, Traces
from waooaw_social.settings import Settings


class ExtraMissing(Exception):
    """A setting asks for what is not installed."""


@contextmanager
def traces_of(settings: Settings) -> Generator[Traces]:
    """Raises `ExtraMissing`. At its end what is left is sent, for a bounded time."""
    if settings.otel_exporter_otlp_endpoint is None:
        yield NO_TRACES
        return
    try:
        from waooaw_social.metrics.otlp import OtlpTraces

        traces = OtlpTraces(settings.otel_exporter_otlp_endpoint)
    except ModuleNotFoundError as missing:
        raise ExtraMissing(
            f"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, which need OpenTelemetry ({missing.name} is not installed): "
            "pip install 'waooaw-social[traces]', or unset it"
        ) from None
    try:
        yield traces
    finally:
        traces.close()
