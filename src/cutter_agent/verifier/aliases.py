"""Axis 2, the trail of names (design 1.8): what approved cuts call their units is stored, and nothing else is.

A row says when it was written, and a cut when it was made: the same moment. So each row leads to its cut, whose
manifest is signed, and the manifest says the whole row. One that leads to no cut was ordered by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from uuid import uuid5

from cutter_agent.rows import Alias, ChangeSet
from cutter_agent.verifier.evidence import Defect, Evidence
from cutter_agent.verifier.reading import NAMESPACE
from cutter_agent.verifier.round_trip import sha256


def defects(evidence: Evidence) -> Iterator[Defect]:
    """Every defect of the names that this cut ordered; with the newest cut, of every name of the document."""
    here = evidence.change_set
    cuts = [cut.change_set for cut in evidence.document_cuts]
    newest = all(cut.cut_seq <= here.cut_seq for cut in cuts)
    due: dict[str, list[Alias]] = {}
    for cut in cuts if newest else [here]:
        for row in ordered(cut, evidence.alias_orders.get(cut.change_set_id)):
            due.setdefault(row.alias_id, []).append(row)
    addresses = {unit.unit_id: unit.canonical_address for unit in evidence.held}
    stored = {row.alias_id: row for row in evidence.aliases}
    for name, (row, *_) in due.items():
        if name not in stored and row.valid_from == here.emitted_at:
            message = f"the new snapshot calls it {row.alias_text}, and no alias says so"
            yield _defect("alias_missing", message, addresses.get(row.target_unit_id))
    for row in evidence.aliases:
        if row.alias_id in due:
            yield from _compared(row, due[row.alias_id], addresses.get(row.target_unit_id))
        elif newest or row.valid_from == here.emitted_at:
            message = f"alias {row.alias_text} ({row.alias_kind}) was ordered by no cut"
            yield _defect("alias_forged", message, addresses.get(row.target_unit_id))


def _compared(row: Alias, due: list[Alias], address: str | None) -> Iterator[Defect]:
    """A second attempt finds the rows of the first one there: either of them is as it was ordered."""
    if row in due:
        return
    for each in fields(Alias):
        found, said = getattr(row, each.name), getattr(due[-1], each.name)
        if found != said:
            yield _defect("alias", f"alias {row.alias_text}: its {each.name} is {found}, ordered was {said}", address)


def ordered(cut: ChangeSet, manifest: bytes | None) -> Iterator[Alias]:
    """The rows that a cut writes for what its approved manifest calls the units. None for a first cut."""
    if manifest is None or sha256(manifest) != cut.manifest_digest:
        return
    if b'"recut":' not in manifest and b'"topology":' not in manifest:
        return  # most manifests are those of first cuts, and long: nothing in them is read
    document = json.loads(manifest)
    for word in document.get("recut", {"units": []})["units"]:
        text, unit = word["alias"], word["target_unit_id"]
        if text is not None:
            yield Alias(
                alias_id=str(uuid5(NAMESPACE, f"alias\n{cut.manifest_id}\n{unit}\n{text}")),
                target_unit_id=unit,
                alias_text=text,
                alias_kind="redirect" if word["change"] == "moved" else "rename",
                valid_from=cut.emitted_at,
                created_by=cut.emitted_by,
                rationale=f"{word['change']} by cut {cut.cut_seq}",
            )
    part, header = document.get("topology"), document["header"]
    for row in part["aliases"] if part else ():
        who = f"ordered by {header['marked_by']}: {part['because']}"
        yield Alias(
            alias_id=str(uuid5(NAMESPACE, f"alias\n{cut.manifest_id}\n{row['target_unit_id']}\n{row['text']}")),
            target_unit_id=row["target_unit_id"],
            alias_text=row["text"],
            alias_kind=row["kind"],
            valid_from=cut.emitted_at,
            created_by=cut.emitted_by,
            rationale=row["because"] or f"{header['operation_kind']} by cut {cut.cut_seq}, {who}",
        )


def _defect(code: str, message: str, address: str | None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
