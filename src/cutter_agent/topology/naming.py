"""Names from outside for living units, such as those of an official codification: no unit changes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cutter_agent.manifest import build
from cutter_agent.model import (
    AliasKind,
    Finding,
    Manifest,
    OperationKind,
    Recut,
    RiskClass,
    Severity,
    Topology,
    TopologyAlias,
    TopologyOrder,
)
from cutter_agent.topology.drawing import Drawing
from cutter_agent.topology.ground import Ground
from sealing.digest import canonical_digest

NAMED = "external_name"
"""The notice for each name: where it leads, and what says so."""


@dataclass(frozen=True, kw_only=True)
class Name:
    """``text`` leads to the unit at ``address``; ``because`` is what says so."""

    text: str
    address: str
    because: str


def propose_names(
    ground: Ground,
    names: Sequence[Name],
    *,
    because: str,
    marked_by: str,
    tool_revision: str,
    risk_class: RiskClass = RiskClass.STANDARD,
) -> Manifest:
    """The document as it stands, and the names that come to its trail. Every address must be a living unit's.

    Each name is a notice, not an exception: it adds to what leads to a unit and takes nothing away, and whoever brings
    it has compared it with the text. ``RiskClass.HIGH`` makes a person look at it all the same.
    """
    drawing = Drawing.of(ground)
    for name in names:
        drawing.lead(name.text, AliasKind.EXTERNAL_REFERENCE, name.address)
    aliases = tuple(replace(row, because=name.because) for row, name in zip(drawing.aliases, names, strict=True))
    manifest = build(
        replace(ground.living.cut, findings=tuple(_notice(ground, name) for name in names)),
        document_ref=ground.document.document_ref,
        title=ground.document.title,
        tool_revision=tool_revision,
        marked_by=marked_by,
        risk_class=risk_class,
        operation_kind=OperationKind.NAME,
        unit_id_form=ground.living.form,
    )
    order = TopologyOrder(
        words=(OperationKind.NAME.value, _digest(aliases)),
        addresses=tuple(name.text for name in names),
        at_bytes=(),
        to=None,
        under=None,
    )
    return replace(
        manifest,
        recut=Recut(base=ground.living.base, units=drawing.words(), ended=()),
        topology=Topology(order=order, because=because, aliases=aliases),
        governed=ground.governed,
    )


def _digest(aliases: Sequence[TopologyAlias]) -> str:
    """What tells two imports apart: the names, where they lead and why."""
    return canonical_digest([[row.text, row.target, row.because] for row in aliases])


def _notice(ground: Ground, name: Name) -> Finding:
    unit = ground.units[ground.place_of[name.address]]
    return Finding(
        code=NAMED,
        severity=Severity.NOTICE,
        start_byte=unit.start_byte,
        end_byte=unit.end_byte,
        message=f"{name.text} leads to {name.address}: {name.because}",
    )
