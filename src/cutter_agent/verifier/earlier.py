"""Axis 2, units that an earlier cut wrote and that still hold: proven by that cut's own affected rows and signature.

A later cut touches only what changed, so its signature says nothing of the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cutter_agent.rows import StoredUnit
from cutter_agent.verifier.evidence import Defect, EarlierCut, Evidence
from cutter_agent.verifier.governance import affected_state
from cutter_agent.verifier.records import opened


def defects(evidence: Evidence) -> Iterator[Defect]:
    """Every defect of units that hold from an earlier cut."""
    held: dict[str, list[StoredUnit]] = {}
    for unit in evidence.held:
        held.setdefault(unit.change_set_id, []).append(unit)
    for cut in evidence.earlier:
        yield from _signed(cut, evidence)
        states, units = cut.states, held.get(cut.change_set.change_set_id, [])
        stand = [(str(u.version_seq), u.content_hash, u.render_order, u.canonical_address) for u in units]
        said = [states.get(unit.unit_id) for unit in units]
        for unit in () if stand == said else [u for u, a, b in zip(units, stand, said, strict=True) if a != b]:
            if unit.unit_id not in states:
                yield _defect("affected_missing", "no ledger row of its own cut names it", unit.canonical_address)
            else:
                yield from _state(cut, unit)


def _state(cut: EarlierCut, unit: StoredUnit) -> Iterator[Defect]:
    """What the ledger says it became, word by word."""
    yield from affected_state(msgspec.json.decode(cut.texts[unit.unit_id] or "null"), unit)


def _signed(cut: EarlierCut, evidence: Evidence) -> Iterator[Defect]:
    change_set = cut.change_set
    predicate = opened(cut.signature, evidence.executor_key)
    if predicate is None:
        yield _defect("earlier_signature", f"cut {change_set.cut_seq} is not signed by DOT-991 as its row says")
        return
    for name, said in (
        ("change_set_id", change_set.change_set_id),
        ("document_ref", change_set.document_ref),
        ("cut_seq", change_set.cut_seq),
        ("units_sha256", cut.units_sha256),
    ):
        if predicate.get(name) != said:
            message = f"cut {change_set.cut_seq}: {name}: signed was {predicate.get(name)}, stored is {said}"
            yield _defect("earlier_statement", message)


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
