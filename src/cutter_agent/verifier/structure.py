"""Axis 2, the pieces: which units there are, what they are called, and how they hang together (design 1.8)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from operator import eq
from typing import Any
from uuid import uuid5

from cutter_agent.rows import StoredUnit
from cutter_agent.verifier.evidence import Defect, Evidence
from cutter_agent.verifier.reading import NAMESPACE, Block

_SPELT = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-\n"
_ODD = ("--", "\n-", "-\n", "\n\n")
"""What no list of addresses has, one on a line: a segment without a character."""
_FORMS = frozenset({"uuid5", "uuid8"})
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def defects(evidence: Evidence, header: Mapping[str, Any], blocks: Sequence[Block]) -> Iterator[Defect]:
    """Every defect of the stored tree against the approved one."""
    yield from _identity(evidence, header)
    if len({block.address for block in blocks}) != len(blocks):
        yield _defect("address_twice", "the manifest gives one address to two units")
    code, form = str(header.get("document_code")), str(header.get("unit_id_form", "uuid5"))
    reference = evidence.change_set.document_ref
    named = _all_named(evidence.held, code, reference, form)
    if named and _all_labelled(evidence.units, blocks):
        yield from _count(evidence)
        return
    approved = {block["address"]: block for block in blocks}
    by_id = {unit.unit_id: unit for unit in evidence.units}
    for unit in evidence.units:
        yield from _address(unit, code)
        yield from _name(unit, reference, form)
        block = approved.get(unit.canonical_address)
        if block is None:
            yield _defect("unit_unknown", "stored and not approved", unit.canonical_address)
        else:
            yield from _labels(unit, block, by_id)
    for unit in evidence.ended:
        yield from _address(unit, code)
        yield from _name(unit, reference, form)
    yield from _count(evidence)


def _all_named(units: Sequence[StoredUnit], code: str, reference: str, form: str) -> bool:
    """Whether every address is one of this document, and every id the one of its address."""
    addresses = [unit.canonical_address for unit in units]
    if {(unit.document_ref, unit.version_document_ref) for unit in units} != {(reference, reference)}:
        return False
    text = "\n".join(["", *addresses, ""])
    if text.encode("utf-8", "replace").translate(None, delete=_SPELT) or any(odd in text for odd in _ODD):
        return False
    if not text.count("\n") - 1 == text.count(f"\n{code}-") + text.count(f"\n{code}\n") == len(addresses):
        return False
    return form in _FORMS and all(map(eq, [unit.unit_id for unit in units], _ids(reference, addresses, form)))


def _all_labelled(units: Sequence[StoredUnit], blocks: Sequence[Block]) -> bool:
    """Whether each unit, in order, has the approved labels and parent."""
    address_of = {unit.unit_id: unit.canonical_address for unit in units}
    found = (
        (
            unit.canonical_address,
            address_of.get(unit.parent_unit_id, unit.parent_unit_id) if unit.parent_unit_id else unit.parent_unit_id,
            unit.unit_kind,
            unit.section_type,
            unit.unit_number,
        )
        for unit in units
    )
    due = ((block.address, block.parent, block.kind, block.level, block.number) for block in blocks)
    return len(units) == len(blocks) and all(map(eq, found, due))


def unit_id(document_ref: str, address: str, form: str) -> str:
    """The id that an address of a document names, for ever, in the verifier's own spelling."""
    return next(_ids(document_ref, [address], form), "")


def _ids(document_ref: str, addresses: Sequence[str], form: str) -> Iterator[str]:
    """``unit_id`` of many, in the form that the approved header names (RFC 9562, 5.5 and 5.8); none of an unknown one.

    ``uuid8`` begins with 32 bits of the document's digest, and goes on with the address's in it.
    """
    if form == "uuid5":
        yield from (str(uuid5(NAMESPACE, f"unit\n{document_ref}\n{address}")) for address in addresses)
    if form != "uuid8":
        return
    begun = hashlib.sha256(NAMESPACE.bytes + f"unit\n{document_ref}\n".encode())
    near = begun.hexdigest()[:8]
    for address in addresses:
        each = begun.copy()
        each.update(address.encode())
        d = each.hexdigest()
        yield f"{near}-{d[:4]}-8{d[5:8]}-{_VARIANT[d[8]]}{d[9:12]}-{d[12:24]}"


def _count(evidence: Evidence) -> Iterator[Defect]:
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


def _name(unit: StoredUnit, document_ref: str, form: str) -> Iterator[Defect]:
    """An id is rebuilt from what it names: the document and the address."""
    if unit.document_ref != document_ref:
        yield _defect("unit_document", f"its row belongs to document {unit.document_ref}", unit.canonical_address)
    if unit.version_document_ref != document_ref:
        message = f"its version belongs to document {unit.version_document_ref}"
        yield _defect("unit_document", message, unit.canonical_address)
    if unit.unit_id != unit_id(document_ref, unit.canonical_address, form):
        yield _defect("unit_id", f"its id {unit.unit_id} is not the one of this address", unit.canonical_address)


def _labels(unit: StoredUnit, block: Block, by_id: Mapping[str, StoredUnit]) -> Iterator[Defect]:
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
