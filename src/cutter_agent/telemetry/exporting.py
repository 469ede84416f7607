"""The providers from their start to an end that is bounded in time. An endpoint that is away costs one warning."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from cutter_agent import __version__, observing
from cutter_agent.observing import Facts, Kind, known
from cutter_agent.telemetry.asked import EXIT_BOUND_S, Signal, endpoint
from cutter_agent.telemetry.instruments import Instruments
from cutter_agent.telemetry.spans import Begun, Spans

_SERVICE = "iu-cutter"
_LIBRARY = "opentelemetry"
_NO_RETRY_S = 5
"""The exporter tries again for so long (its own default: 10 s), where nobody set its standard key."""
_TIMEOUT = "OTEL_EXPORTER_OTLP_TIMEOUT"


class Telemetry:
    """The observer: activities as spans and as metrics, each where it is asked for."""

    def __init__(self, spans: Spans | None, instruments: Instruments | None) -> None:
        self._spans = spans
        self._instruments = instruments

    def began(self, kind: Kind, name: str, carried: Mapping[str, str] | None) -> object:
        """A span, where there are some."""
        return self._spans.begin(kind, name, carried) if self._spans else None

    def ended(self, begun: object, kind: Kind, facts: Facts, duration_s: float) -> None:
        """The end of the span, and what is counted of it."""
        if self._spans and begun is not None:
            self._spans.end(cast("Begun", begun), kind, facts)
        if self._instruments:
            self._instruments.ended(kind, facts, duration_s)

    def retried(self, facts: Facts) -> None:
        """One more."""
        if self._instruments:
            self._instruments.retried(facts)

    def queue_depth(self, jobs: int, facts: Facts) -> None:
        """As it is now."""
        if self._instruments:
            self._instruments.queue_depth(jobs, facts)

    def carried(self) -> Mapping[str, str]:
        """Where we are."""
        return self._spans.carried() if self._spans else {}

    def place(self) -> Facts:
        """Where we are, for the log."""
        return self._spans.place() if self._spans else {}


class _OneWarning(logging.Handler):
    """What the library says of deliveries that failed, once for all of them."""

    def __init__(self, warn: Callable[[str], None], where: str) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn
        self._where = where
        self._said = False

    def emit(self, record: logging.LogRecord) -> None:
        if not self._said:
            self._said = True
            self._warn(
                f"iu-cutter: telemetry is not delivered to {self._where}: {record.getMessage()[:300]}; the work goes on"
            )


@contextmanager
def exporting(environment: Mapping[str, str], signals: Sequence[Signal], warn: Callable[[str], None]) -> Iterator[None]:
    """Telemetry for the block. Its end waits ``EXIT_BOUND_S`` at most."""
    os.environ.setdefault(_TIMEOUT, str(_NO_RETRY_S))
    handler = _OneWarning(warn, " and ".join(sorted({endpoint(environment, signal) for signal in signals})))
    library = logging.getLogger(_LIBRARY)
    library.handlers[:], library.propagate = [handler], False
    resource = Resource.create(
        {
            SERVICE_NAME: environment.get("OTEL_SERVICE_NAME") or _SERVICE,
            SERVICE_VERSION: __version__,
            "service.instance.id": f"{known.run_id()}-{os.getpid()}",
            "process.pid": os.getpid(),
        }
    )
    traces = _traces(resource) if Signal.TRACES in signals else None
    metrics = _metrics(resource) if Signal.METRICS in signals else None
    observing.listen(
        Telemetry(Spans(traces) if traces else None, Instruments(metrics) if metrics else None),
    )
    try:
        yield
    finally:
        observing.listen(None)
        _end([provider.shutdown for provider in (traces, metrics) if provider is not None], handler)


def _traces(resource: Resource) -> TracerProvider:
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _metrics(resource: Resource) -> MeterProvider:
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    return MeterProvider([reader], resource=resource, shutdown_on_exit=False)


def _end(shutdowns: Sequence[Callable[[], None]], handler: _OneWarning) -> None:
    """Deliver what is left, side by side, for so long as the bound allows; what is not delivered then is lost."""
    threads = [threading.Thread(target=shutdown, daemon=True) for shutdown in shutdowns]
    for thread in threads:
        thread.start()
    until_s = time.monotonic() + EXIT_BOUND_S
    for thread in threads:
        thread.join(max(0.0, until_s - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        handler.emit(logging.makeLogRecord({"msg": f"no answer within {EXIT_BOUND_S:g} s"}))
    handler.setLevel(logging.CRITICAL + 1)  # what the last tries say comes too late for anybody
