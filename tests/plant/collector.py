"""A collector of traces: an HTTP server behind a socket that takes OTLP and keeps every byte. It can be sick."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

WELL, SICK, HANGING = 200, 500, 0
"""What it answers; a hanging one nothing."""


@dataclass(frozen=True)
class Told:
    """One span as it came."""

    span: Span

    @property
    def name(self) -> str:
        return self.span.name

    @property
    def outward(self) -> bool:
        return self.span.kind == Span.SPAN_KIND_CLIENT

    @property
    def failed(self) -> bool:
        return self.span.status.code == self.span.status.STATUS_CODE_ERROR

    @property
    def facts(self) -> dict[str, Any]:
        return {a.key: getattr(a.value, a.value.WhichOneof("value") or "") for a in self.span.attributes}


@dataclass
class Collector:
    """What it got: requests as they came, head and body."""

    port: int = 0
    status: int = WELL
    asked: int = 0
    heads: list[str] = field(default_factory=list[str])
    bodies: list[bytes] = field(default_factory=list[bytes])

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spans(self) -> list[Told]:
        return [
            Told(span)
            for body in self.bodies
            for of in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]

    def everything(self) -> bytes:
        return "\n".join(self.heads).encode() + b"\n".join(self.bodies)


@contextmanager
def open_collector() -> Iterator[Collector]:
    collector, ending = Collector(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            collector.asked += 1
            if collector.status == HANGING:
                ending.wait()
                return
            if collector.status == WELL:
                collector.heads.append(f"{self.requestline}\n{self.headers}")
                collector.bodies.append(body)
            self.send_response(collector.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.port = server.server_port
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        serving.start()
        try:
            yield collector
        finally:
            ending.set()
            server.shutdown()
            serving.join()
