"""``audit``: prove again what was verified, as the verifying identity, without writing a row."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from cutter_agent.cli import options, output, progress
from cutter_agent.errors import UsageError, VerificationFailed
from cutter_agent.phases.audit import Audited
from cutter_agent.wiring import verify_lane

Asked = Annotated[str | None, typer.Argument(metavar="DOC", help="A document's reference or code.")]
All = Annotated[bool, typer.Option("--all", help="Every document, one after another.")]


def audit(document: Asked = None, every: All = False, as_json: options.Json = False) -> None:
    """Prove documents again, from what is stored now. Writes nothing.

    Rebuilds each document, recomputes every hash, address and id, and checks both signatures and every ledger row
    that they cover: what VERIFY does, and its own verdict besides. Exit code 6 when something does not hold.

    Examples:
      iu-cutter audit HP2013
      iu-cutter audit --all --json
    """
    if every == bool(document):
        raise UsageError("name a document, or give --all", remedy="iu-cutter status lists the documents.")
    with verify_lane(os.environ) as lane, progress.documents("audit") as watched:
        found: list[Audited] = []
        for audited in lane.audit(document, watched.begins):
            found.append(audited)
            if not as_json:
                with watched.aside():
                    _print(audited)
    defective = [audited for audited in found if audited.defects]
    if as_json:
        output.print_json({"documents": [_record(audited) for audited in found], "summary": _summary(found)})
        raise typer.Exit(VerificationFailed.exit_code if defective else 0)
    if defective:
        count = sum(len(audited.defects) for audited in defective)
        raise VerificationFailed(
            f"{len(defective)} of {len(found)} cuts do not hold, {count} finding(s)",
            remedy="Stored rows were changed after they were signed: restore the database, or find who wrote to it.",
        )
    output.note(f"{len(found)} audited, none defective")


def _print(audited: Audited) -> None:
    cut = f"cut {audited.cut_seq}" if audited.cut_seq else "no cut"
    proven = "holds" if audited.rebuilt_sha256 else "makes no claim"
    said = f"{len(audited.defects)} finding(s)" if audited.defects else proven
    output.print_line(f"{audited.document_ref}: {cut}, {audited.status or 'no entry'}: {said}")
    for defect in audited.defects:
        place = f"{defect.address}: " if defect.address else ""
        output.print_line(f"  {defect.code}: {place}{defect.message}")


def _summary(found: list[Audited]) -> dict[str, int]:
    defective = sum(bool(audited.defects) for audited in found)
    sound = sum(audited.rebuilt_sha256 is not None and not audited.defects for audited in found)
    return {"audited": len(found), "sound": sound, "defective": defective, "no_claim": len(found) - sound - defective}


def _record(audited: Audited) -> dict[str, Any]:
    return {
        "document_ref": audited.document_ref,
        "document_code": audited.document_code,
        "cut_seq": audited.cut_seq,
        "change_set_id": audited.change_set_id,
        "entry_id": audited.entry_id,
        "status": audited.status,
        "rebuilt_sha256": audited.rebuilt_sha256,
        "findings": [defect.as_json() for defect in audited.defects],
    }
