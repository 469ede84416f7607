"""Axis 2, the pieces: which units there are, what they are called, and how they hang together (design 1.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from cutter_agent.rows import StoredUnit
from cutter_agent.verifier.evidence import Defect, Evidence

NAMESPACE = UUID("8f4cf3a2-6f0e-5b1c-9f0d-7a1de1c0c077")
"""The namespace of the house's ids, in the verifier's own spelling."""
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def defects(evidence: Evidence, header: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]]) -> Iterator[Defect]:
    """Every defect of the stored tree against the approved one."""
    yield from _identity(evidence, header)
    approved = {block["address"]: block for block in blocks}
    if len(approved) != len(blocks):
        yield _defect("address_twice", "the manifest gives one address to two units")
    by_id = {unit.unit_id: unit for unit in evidence.units}
    code = str(header.get("document_code"))
    for unit in evidence.units:
        yield from _address(unit, code)
        yield from _name(unit, evidence.change_set.document_ref)
        block = approved.get(unit.canonical_address)
        if block is None:
            yield _defect("unit_unknown", "stored and not approved", unit.canonical_address)
        else:
            yield from _labels(unit, block, by_id)
    for unit in evidence.ended:
        yield from _address(unit, code)
        yield from _name(unit, evidence.change_set.document_ref)
    if evidence.document_unit_count != len(evidence.held):
        message = f"the document has {evidence.document_unit_count} units, {len(evidence.held)} hold as of this cut"
        yield _defect("unit_count", message)


def _identity(evidence: Evidence, header: Mapping[str, Any]) -> Iterator[Defect]:
    document = evidence.document
    if document is None:
        yield _defect("document_missing", f"document {evidence.change_set.document_ref} is not stored")
        return
    for name, found, said in (
        ("document_ref", document.document_ref, header.get("document_ref")),
        ("document_code", document.document_code, header.get("document_code")),
        ("profile_id", document.profile_id, header.get("profile_id")),
    ):
        if found != said:
            yield _defect("document", f"its {name} is {found}, approved was {said}")


def _address(unit: StoredUnit, code: str) -> Iterator[Defect]:
    """Segments of capital letters and digits, the document's code first."""
    segments = unit.canonical_address.split("-")
    if not all(segment and set(segment) <= _ALPHABET for segment in segments):
        yield _defect("address_spelling", "not an address", unit.canonical_address)
    if segments[: code.count("-") + 1] != code.split("-"):
        yield _defect("address_code", f"not under the document's code {code}", unit.canonical_address)


def _name(unit: StoredUnit, document_ref: str) -> Iterator[Defect]:
    """An id is rebuilt from what it names: the document and the address."""
    if unit.document_ref != document_ref:
        yield _defect("unit_document", f"its row belongs to document {unit.document_ref}", unit.canonical_address)
    if unit.version_document_ref != document_ref:
        message = f"its version belongs to document {unit.version_document_ref}"
        yield _defect("unit_document", message, unit.canonical_address)
    if unit.unit_id != str(uuid5(NAMESPACE, f"unit\n{document_ref}\n{unit.canonical_address}")):
        yield _defect("unit_id", f"its id {unit.unit_id} is not the one of this address", unit.canonical_address)


def _labels(unit: StoredUnit, block: Mapping[str, Any], by_id: Mapping[str, StoredUnit]) -> Iterator[Defect]:
    parent = by_id.get(unit.parent_unit_id) if unit.parent_unit_id else None
    parent_address = parent.canonical_address if parent else unit.parent_unit_id
    for name, found, said in (
        ("parent", parent_address, block["parent"]),
        ("kind", unit.unit_kind, block["kind"]),
        ("level", unit.section_type, block["level"]),
        ("number", unit.unit_number, block["number"]),
    ):
        if found != said:
            yield _defect(name, f"its {name} is {found}, approved was {said}", unit.canonical_address)


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
