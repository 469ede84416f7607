"""From an order to the manifest of a change without a new source, in the spelling of a re-cut. Pure."""

from __future__ import annotations

from dataclasses import replace

from cutter_agent.manifest import build
from cutter_agent.manifest_topology import order_json
from cutter_agent.model import Finding, Manifest, OperationKind, Recut, RiskClass, Severity, Topology
from cutter_agent.topology.acts import draw
from cutter_agent.topology.drawing import Drawing
from cutter_agent.topology.ground import Ground
from cutter_agent.topology.orders import Order
from sealing.digest import canonical_digest

ASKED = "topology_order"
"""The exception that every such proposal carries: what a person ordered, another person judges."""


def propose(
    ground: Ground, order: Order, *, marked_by: str, tool_revision: str, risk_class: RiskClass = RiskClass.STANDARD
) -> Manifest:
    """The whole document as it will stand, the same snapshot, and what becomes of each unit.

    Raises:
        UsageError: a name, place or number that says nothing here.
        GovernanceRefused: a rule of the tree says no.
    """
    drawing, said = draw(ground, order)
    cut = replace(
        ground.living.cut,
        units=tuple(row.unit for row in drawing.rows),
        findings=(_finding(drawing, order),),
    )
    manifest = build(
        cut,
        document_ref=ground.document.document_ref,
        title=ground.document.title,
        tool_revision=tool_revision,
        marked_by=marked_by,
        risk_class=risk_class,
        operation_kind=order.kind,
        unit_id_form=ground.living.form,
    )
    return replace(
        manifest,
        recut=Recut(base=ground.living.base, units=drawing.words(), ended=drawing.ends()),
        topology=Topology(order=said, because=order.because, aliases=tuple(drawing.aliases)),
        governed=tuple(sorted(drawing.governed, key=lambda each: (each.address, each.standing, each.at_byte))),
    )


def order_sha256(kind: OperationKind, topology: Topology) -> str:
    """What makes two orders on the same cut the same: the order, and the reason that was given."""
    return canonical_digest({"kind": kind.value, "order": order_json(topology.order), "because": topology.because})


def _finding(drawing: Drawing, order: Order) -> Finding:
    named = {*order.names, *drawing.ended}
    at = next((unit for unit in drawing.ground.units if unit.address in named), None)
    return Finding(
        code=ASKED,
        severity=Severity.EXCEPTION,
        start_byte=at.start_byte if at else 0,
        end_byte=at.end_byte if at else None,
        message=f"{order.kind} of {', '.join(order.names)} was ordered: {order.because}",
    )
