"""``iu-cutter depend``: what one entry means for another, said and shown."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cutter_agent.cli import options, output
from cutter_agent.errors import UsageError
from cutter_agent.phases.depend import DependencyKind
from cutter_agent.wiring import exec_lane

From = Annotated[str, typer.Argument(metavar="FROM", help="An entry's id, a reference or a code.")]
Kind = Annotated[DependencyKind | None, typer.Argument(metavar="KIND", help="blocks, supersedes, refines, related_to.")]
To = Annotated[str | None, typer.Argument(metavar="TO", help="Another entry's id, reference or code.")]


def depend(from_: From, kind: Kind = None, to: To = None, as_json: options.Json = False) -> None:
    """Say that one entry blocks, supersedes, refines or is related to another.

    What blocks must be verified before the other is cut. FROM alone lists what is said of it. Cycles are refused.

    Examples:
      iu-cutter depend HP2013 blocks LUAT-2014 # the second waits for the first
      iu-cutter depend HP2013 # what it depends on
    """
    if (kind is None) != (to is None):
        raise UsageError("an entry and a word without another entry", remedy="iu-cutter depend FROM blocks TO")
    with exec_lane(os.environ) as lane:
        first = lane.report.entry(from_).entry_id
        if kind is None or to is None:
            found = lane.report.dependencies(first)
            record: dict[str, object] = {
                "entry_id": first,
                "dependencies": [
                    {
                        "from_entry_id": line.from_entry_id,
                        "kind": line.dependency_kind,
                        "to_entry_id": line.to_entry_id,
                        "created_by": line.created_by,
                        "created_at": line.created_at.isoformat(),
                    }
                    for line in found
                ],
            }
            lines = [f"{line.from_entry_id} {line.dependency_kind} {line.to_entry_id}" for line in found]
        else:
            result = lane.depend(first, kind, lane.report.entry(to).entry_id)
            row = result.dependency
            record = {
                "from_entry_id": row.from_entry_id,
                "kind": row.dependency_kind,
                "to_entry_id": row.to_entry_id,
                "created": result.created,
            }
            said = "" if result.created else " (said before: nothing was written)"
            lines = [f"{row.from_entry_id} {row.dependency_kind} {row.to_entry_id}{said}"]
    if as_json:
        output.print_json(record)
        return
    for line in lines:
        output.print_line(line)
