"""A receiver of OpenTelemetry's protocol over HTTP: a real server on the loopback that decodes what it is sent."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, kw_only=True)
class Span:
    """One span, as it was received."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent: str
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a metric: a sum, a gauge, or how many a histogram has (and their sum)."""

    metric: str
    attributes: dict[str, Any]
    value: float
    seconds: float = 0.0


@dataclass
class Collector:
    """What has arrived."""

    port: int
    spans: list[Span] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """The standard keys that lead here."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}"}

    def named(self, name: str) -> list[Span]:
        """Spans of a name."""
        return [span for span in self.spans if span.name == name]

    def of(self, metric: str) -> list[Point]:
        """Points of a metric."""
        return [point for point in self.points if point.metric == metric]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A receiver for the block."""

    class _Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            found.raw.append(body)
            if self.path == "/v1/traces":
                found.spans.extend(_spans(body))
            elif self.path == "/v1/metrics":
                found.points.extend(_points(body))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the tests' standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    found = Collector(port=server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _spans(body: bytes) -> Iterator[Span]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    name=span.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    failed=span.status.code == 2,
                    attributes=_attributes(span.attributes),
                    resource=_attributes(resource.resource.attributes),
                )


def _points(body: bytes) -> Iterator[Point]:
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in (*metric.sum.data_points, *metric.gauge.data_points):
                    value = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
                    yield Point(metric=metric.name, attributes=_attributes(point.attributes), value=value)
                for counted in metric.histogram.data_points:
                    said = _attributes(counted.attributes)
                    yield Point(metric=metric.name, attributes=said, value=counted.count, seconds=counted.sum)


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}
