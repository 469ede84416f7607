"""Activities as spans. A span that another process asked for has its parent there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextvars import Token

from opentelemetry import context as here
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from cutter_agent import __version__
from cutter_agent.observing import Facts, Kind
from cutter_agent.observing.activity import is_outcome
from cutter_agent.telemetry.naming import attributes

_KINDS = {Kind.ATTEMPT: SpanKind.CLIENT, Kind.JOB: SpanKind.CONSUMER}
_NAMES = {Kind.RUN: "iu-cutter {}", Kind.JOB: "process {}", Kind.DOCUMENT: "{}", Kind.PHASE: "{}"}
_ENVIRONMENT = ("TRACEPARENT", "TRACESTATE")


Begun = tuple[Span, Token[Context]]
"""A span, and what it stands in the place of."""


class Spans:
    """Where spans begin and end."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("cutter_agent", __version__)
        self._propagator = TraceContextTextMapPropagator()
        given = {name.lower(): os.environ[name] for name in _ENVIRONMENT if os.environ.get(name)}
        self._outside = self._propagator.extract(given) if given else Context()

    def begin(self, kind: Kind, name: str, carried: Mapping[str, str] | None) -> Begun:
        """A span in what is around it here, or there where ``carried`` leads, or where this process was begun."""
        parent = self._propagator.extract(dict(carried)) if carried else here.get_current()
        if not get_current_span(parent).get_span_context().is_valid:
            parent = self._outside
        span = self._tracer.start_span(
            _NAMES.get(kind, "{} transaction").format(name), parent, _KINDS.get(kind, SpanKind.INTERNAL)
        )
        return span, here.attach(set_span_in_context(span, parent))

    def end(self, begun: Begun, kind: Kind, facts: Facts) -> None:
        """The end of what ``begin`` gave."""
        span, token = begun
        span.set_attributes(attributes(kind, facts))
        outcome = facts.get("outcome")
        if not is_outcome(outcome):
            span.set_status(StatusCode.ERROR, str(outcome))
        span.end()
        here.detach(token)

    def carried(self) -> Mapping[str, str]:
        """The span around us, for another process."""
        said: dict[str, str] = {}
        self._propagator.inject(said, self._around())
        return said

    def place(self) -> Facts:
        """Its ids, in the spelling of W3C."""
        context = get_current_span(self._around()).get_span_context()
        if not context.is_valid:
            return {}
        return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}

    def _around(self) -> Context:
        now = here.get_current()
        return now if get_current_span(now).get_span_context().is_valid else self._outside
