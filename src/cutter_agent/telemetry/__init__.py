"""Traces and metrics of a run for OpenTelemetry: an optional extra, switched on by the standard ``OTEL_*`` keys alone.

The only room that imports opentelemetry, and it does so only where an endpoint is set. Nothing here may stop, slow or
change the work: what cannot be delivered is dropped, and said once.

============  ====================================================================
module        noun
============  ====================================================================
asked         what the environment asks for, looked at without importing anything
exporting     the providers from their start to an end that is bounded in time
spans         activities as spans
instruments   activities as metrics
naming        facts as attributes, by the semantic conventions where they have a name
============  ====================================================================
"""

from cutter_agent.telemetry.asked import EXTRA, MODULES, endpoint, installed, signals, started, there

__all__ = ["EXTRA", "MODULES", "endpoint", "installed", "signals", "started", "there"]
