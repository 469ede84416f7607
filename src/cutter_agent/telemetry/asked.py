"""What the environment asks for, by OpenTelemetry's own keys, looked at without importing anything.

Not the SDK's default (an endpoint on this machine): without an endpoint nobody is told, at no cost.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

EXTRA = "otel"
MODULES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
EXIT_BOUND_S = 2.0
"""So long the end of a process waits, at most, for what is not delivered yet."""

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_DISABLED = "OTEL_SDK_DISABLED"


class Signal(StrEnum):
    """What is sent."""

    TRACES = "traces"
    METRICS = "metrics"


def signals(environment: Mapping[str, str]) -> tuple[Signal, ...]:
    """Which signals have an endpoint and are not switched off."""
    if environment.get(_DISABLED, "").strip().lower() == "true":
        return ()
    return tuple(signal for signal in Signal if _wanted(environment, signal))


def there(module: str) -> bool:
    """Whether a module can be imported, found out without importing it (its packages are)."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def installed() -> bool:
    """Whether the extra is there."""
    return all(map(there, MODULES))


def endpoint(environment: Mapping[str, str], signal: Signal) -> str:
    """Where a signal goes, as configured: without credentials that stand in the address."""
    own = environment.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "").strip()
    address = own or environment.get(_ENDPOINT, "").strip()
    scheme, mark, rest = address.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else address.rpartition("@")[2]


def _wanted(environment: Mapping[str, str], signal: Signal) -> bool:
    exporter = environment.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").strip().lower()
    return exporter in {"", "otlp"} and bool(endpoint(environment, signal))


@contextmanager
def started(environment: Mapping[str, str], *, warn: Callable[[str], None] | None) -> Iterator[None]:
    """Telemetry for the block, if it is asked for. ``warn`` is told once what keeps it from being delivered; None: this
    process belongs to another one, which says it."""
    wanted = signals(environment)
    if not wanted:
        yield
        return
    if not installed():
        if warn is not None:
            warn(f"iu-cutter: telemetry is asked for, and the extra is missing: pip install 'dot-iu-cutter[{EXTRA}]'")
        yield
        return
    from cutter_agent.telemetry.exporting import exporting  # noqa: PLC0415 - the extra

    with exporting(environment, wanted, warn or _silent):
        yield


def _silent(_text: str) -> None:
    """Somebody else says it."""
