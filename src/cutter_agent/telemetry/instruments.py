"""Activities as metrics (docs/reference/telemetry.md)."""

from __future__ import annotations

from opentelemetry.sdk.metrics import MeterProvider

from cutter_agent import __version__
from cutter_agent.observing import Facts, Kind
from cutter_agent.telemetry.naming import picked

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""From a phase that wrote nothing to a document of a million units."""


class Instruments:
    """What is counted and measured."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("cutter_agent", __version__)
        self._documents = meter.create_counter(
            "iu_cutter.documents", unit="{document}", description="Documents that went through, by outcome."
        )
        self._units = meter.create_counter(
            "iu_cutter.units.written", unit="{unit}", description="Units and ends of units written by CUT."
        )
        self._phases = meter.create_histogram(
            "iu_cutter.phase.duration",
            unit="s",
            description="How long a phase took, its tries again included.",
            explicit_bucket_boundaries_advisory=BOUNDS_S,
        )
        self._retries = meter.create_counter(
            "iu_cutter.retries", unit="{retry}", description="What was tried again, by the disposition of the error."
        )
        self._queue = meter.create_gauge(
            "iu_cutter.queue.depth", unit="{job}", description="Jobs that wait or are being done."
        )

    def ended(self, kind: Kind, facts: Facts, duration_s: float) -> None:
        """Something has ended."""
        if kind is Kind.DOCUMENT:
            self._documents.add(1, picked(facts, outcome="iu_cutter.outcome"))
        elif kind is Kind.PHASE:
            said = picked(facts, phase="iu_cutter.phase", outcome="iu_cutter.outcome", lane="iu_cutter.lane")
            self._phases.record(duration_s, said)
            written = facts.get("units_written")
            if isinstance(written, int) and written:
                self._units.add(written)

    def retried(self, facts: Facts) -> None:
        """Something is tried again."""
        said = picked(facts, disposition="iu_cutter.disposition", sqlstate="db.response.status_code")
        self._retries.add(1, said | picked(facts, where="iu_cutter.where"))

    def queue_depth(self, jobs: int, facts: Facts) -> None:
        """So many jobs."""
        self._queue.set(jobs, picked(facts, queue="messaging.destination.name", status="iu_cutter.job.status"))
