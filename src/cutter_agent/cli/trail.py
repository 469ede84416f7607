"""``alias list`` and ``alias show``: every name of a document's units, and where one name leads."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from cutter_agent.cli import options, output
from cutter_agent.report import NameLine, NameTrail
from cutter_agent.wiring import exec_lane

Document = Annotated[str, typer.Argument(metavar="DOC", help="A document's reference or code.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="An address that is or was a unit's, or an alias.")]


def alias_list(document: Document, as_json: options.Json = False) -> None:
    """Every alias of a document's units, oldest first: what leads where, since when, by whom and why.

    Example: iu-cutter alias list HP2013
    """
    with exec_lane(os.environ) as lane:
        names = lane.report.names(document)
    if as_json:
        output.print_json({"aliases": [_record(name) for name in names]})
        return
    output.print_table(
        ("alias", "leads to", "kind", "since", "cut", "ordered by", "why"),
        (
            (
                name.alias_text,
                name.target,
                name.alias_kind,
                name.valid_from.isoformat(timespec="seconds"),
                name.cut_seq,
                name.ordered_by or name.created_by,
                name.rationale,
            )
            for name in names
        ),
    )


def alias_show(name: Name, as_json: options.Json = False) -> None:
    """Where a name leads, step by step, to the unit that lives; and who decided each step, when and why.

    Example: iu-cutter alias show HP2013-DIEU14-K2
    """
    with exec_lane(os.environ) as lane:
        trail = lane.report.trail(name)
    if as_json:
        output.print_json(
            {
                "name": trail.name,
                "document_ref": trail.document_ref,
                "unit_status": trail.unit_status,
                "leads_to": trail.reached,
                "steps": [_record(step) for step in trail.steps],
            }
        )
        return
    _print(trail)


def _print(trail: NameTrail) -> None:
    if trail.unit_status is not None:
        output.print_line(f"{trail.name}  is a unit's own address ({trail.unit_status})")
    for step in trail.steps:
        since = step.valid_from.isoformat(timespec="seconds")
        output.print_line(f"{step.alias_text}  leads to  {step.target}  since {since} ({step.alias_kind})")
        who = f", written by {step.created_by}" if step.ordered_by else ""
        output.print_line(f"    {step.rationale}{who}")
    output.print_line(f"lives: {trail.reached}" if trail.reached else "nothing that lives today")


def _record(name: NameLine) -> dict[str, Any]:
    return {
        "alias": name.alias_text,
        "kind": name.alias_kind,
        "target": name.target,
        "document_ref": name.document_ref,
        "valid_from": name.valid_from.isoformat(),
        "valid_until": name.valid_until.isoformat() if name.valid_until else None,
        "created_by": name.created_by,
        "ordered_by": name.ordered_by,
        "rationale": name.rationale,
        "cut_seq": name.cut_seq,
        "entry_id": name.entry_id,
    }
