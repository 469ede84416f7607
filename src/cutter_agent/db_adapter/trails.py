"""The trail of names as it is stored: one alias, a document's aliases, and where a name leads (design 1.6, 1.8)."""

from __future__ import annotations

from cutter_agent.db_adapter.interface import Statements
from cutter_agent.errors import UsageError
from cutter_agent.report import NameLine, NameTrail

_RETIRED = "retired"


def names(block: Statements, document_ref: str) -> list[NameLine]:
    """Every alias of proven cuts, oldest first."""
    return [NameLine(**row) for row in block.fetch("report_aliases_of_document", {"document_ref": document_ref})]


def trail(block: Statements, name: str) -> NameTrail:
    """Where ``name`` leads: the rule of ``topology.trail``, one step for each name, so it ends whatever is stored.

    Raises:
        UsageError: nobody ever had this name.
    """
    own = unit = block.fetch_one("report_named", {"name": name})
    steps: list[NameLine] = []
    place, seen = name, {name}
    while unit is None or unit["lifecycle_status"] == _RETIRED:
        row = block.fetch_one("report_alias_of", {"name": place})
        if row is None:
            break
        steps.append(NameLine(**row))
        place = steps[-1].target
        unit = block.fetch_one("report_named", {"name": place})
        if place in seen:
            break
        seen.add(place)
    if own is None and not steps:
        raise UsageError(f"nobody ever had the name {name}", remedy="iu-cutter tree DOC lists a document's addresses.")
    lives = unit is not None and unit["lifecycle_status"] != _RETIRED
    return NameTrail(
        name=name,
        document_ref=str(own["document_ref"]) if own is not None else steps[0].document_ref,
        unit_status=str(own["lifecycle_status"]) if own is not None else None,
        steps=tuple(steps),
        reached=place if lives else None,
    )
