"""Axis 2, the ledger: the approval, the executor's signature, the affected rows and the chain of the entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import eq
from typing import Any

from cutter_agent.rows import AffectedRow, Entry, History, StoredUnit
from cutter_agent.signing import open_signature, signed_digests
from cutter_agent.verifier.evidence import Defect, Evidence
from cutter_agent.verifier.round_trip import sha256
from sealing.canonical import JsonValue, canonical_bytes
from sealing.errors import SealingError

_UNKNOWN = object()


def defects(evidence: Evidence) -> Iterator[Defect]:
    """Every defect of what the ledger says about the cut."""
    yield from _manifest(evidence)
    yield from _decision(evidence)
    yield from _signature(evidence)
    yield from _affected(evidence)
    yield from chain(evidence.entry, evidence.chain)
    yield from _ending(evidence)


def _manifest(evidence: Evidence) -> Iterator[Defect]:
    said = evidence.change_set.manifest_digest
    if evidence.manifest is None:
        yield _defect("manifest_missing", f"manifest {said} is not stored")
        return
    if sha256(evidence.manifest) != said:
        yield _defect("manifest_digest", f"the stored manifest has digest {sha256(evidence.manifest)}, not {said}")


def _decision(evidence: Evidence) -> Iterator[Defect]:
    change_set, decision = evidence.change_set, evidence.decision
    if decision is None:
        yield _defect("decision_missing", f"decision {change_set.review_decision_id} is not stored")
        return
    found = (
        str(decision.verdict),
        str(decision.status),
        decision.entry_id,
        decision.manifest_digest,
        decision.snapshot_sha256,
    )
    said = ("PASS", "approved", evidence.entry_id, change_set.manifest_digest, change_set.snapshot_sha256)
    if found != said:
        yield _defect("decision", f"the decision says {found}, the change set {said}")
    if decision.superseded_by_review_decision_id is not None:
        yield _defect("decision_superseded", "a later decision took the place of the approval")
    following = {row.prior_review_decision_id: row.review_decision_id for row in evidence.decisions}
    for row in evidence.decisions:
        stamp, successor = row.superseded_by_review_decision_id, following.get(row.review_decision_id)
        if stamp != successor:
            yield _defect(
                "decision_stamp", f"{row.review_decision_id} is stamped {stamp}, its successor is {successor}"
            )


def _signature(evidence: Evidence) -> Iterator[Defect]:
    change_set = evidence.change_set
    if evidence.signature is None:
        yield _defect("signature_missing", f"signature {change_set.executor_signature_id} is not stored")
        return
    try:
        statement = open_signature(evidence.signature, evidence.executor_key)
        digests = signed_digests(statement)
        predicate: Mapping[str, Any] = statement["predicate"]  # type: ignore[assignment]
    except (SealingError, KeyError, TypeError, ValueError, AttributeError) as error:
        yield _defect("signature", f"{type(error).__name__}: {error}")
        return
    if digests != (change_set.manifest_digest, change_set.snapshot_sha256):
        yield _defect("signed_digests", f"signed over {digests}")
    for name, said in (
        ("entry_id", evidence.entry_id),
        ("change_set_id", change_set.change_set_id),
        ("review_decision_id", change_set.review_decision_id),
        ("document_ref", change_set.document_ref),
        ("cut_seq", change_set.cut_seq),
        ("affected_unit_count", change_set.affected_unit_count),
        ("tool_revision", change_set.executor_tool_revision),
        ("units_sha256", evidence.affected_digests.units_sha256),
    ):
        if predicate.get(name) != said:
            yield _defect("signed_statement", f"{name}: signed was {predicate.get(name)}, stored is {said}")


def _affected(evidence: Evidence) -> Iterator[Defect]:
    change_set = evidence.change_set
    if len(evidence.affected) != change_set.affected_unit_count:
        message = f"{len(evidence.affected)} affected rows, the change set counts {change_set.affected_unit_count}"
        yield _defect("affected_count", message)
    written = {unit.unit_id: unit for unit in evidence.held if unit.change_set_id == change_set.change_set_id}
    named = {row.target_row_id for row in evidence.affected}
    for unit_id in sorted(written.keys() - named):
        yield _defect("affected_missing", "written and not in the ledger", written[unit_id].canonical_address)
    if _states_hold(evidence.affected, written):
        return
    for row in evidence.affected:
        unit = written.get(row.target_row_id)
        if unit is None:
            yield _defect("affected_unknown", f"the ledger names {row.target_row_id}, which this cut did not write")
        else:
            yield from affected_state(row.after_state_snapshot, unit)


def _states_hold(rows: Sequence[AffectedRow], written: Mapping[str, StoredUnit]) -> bool:
    """Whether each row says of its unit how it stands; texts and one integer that are equal are spelt alike."""
    units = (written.get(row.target_row_id) for row in rows)
    stands = (_state(unit) if unit is not None else _UNKNOWN for unit in units)
    said: list[Any] = [row.after_state_snapshot for row in rows]
    return all(map(eq, said, stands)) and {type(state["version_seq"]) for state in said} <= {int}


def _state(unit: StoredUnit) -> dict[str, JsonValue]:
    return {
        "canonical_address": unit.canonical_address,
        "content_hash": unit.content_hash,
        "version_seq": unit.version_seq,
        "render_order": unit.render_order,
    }


def affected_state(said: JsonValue, unit: StoredUnit) -> Iterator[Defect]:
    """What the ledger says a unit became, against how it stands."""
    state = _state(unit)
    if said == state and isinstance(said, dict) and type(said["version_seq"]) is int:
        return  # texts and one integer that are equal are spelt alike
    if canonical_bytes(said) != canonical_bytes(state):
        yield _defect("affected_state", f"the ledger says {said}", unit.canonical_address)


def chain(entry: Entry, rows: Sequence[History]) -> Iterator[Defect]:
    """Versions 1, 2, 3 …, each status where the last one ended, the last one the entry's."""
    status: str | None = None
    for place, row in enumerate(rows, start=1):
        before, after = _statuses(row.change_diff)
        if (row.entry_version_before or 0, row.entry_version_after) != (place - 1, place) or before != status:
            yield _defect("history", f"history row {place} ({row.change_kind}) does not follow the one before it")
        status = after
    if status != entry.status:
        yield _defect("entry_status", f"the entry is {entry.status}, its history ends with {status}")


def _ending(evidence: Evidence) -> Iterator[Defect]:
    """The last moves are those of this cut, and of its verdict where it has one."""
    due = ["cut"] if evidence.verdict is None else ["cut", "verify:pass"]
    last = evidence.chain[-len(due) :]
    names = {row.change_diff.get("change_set_id") for row in last}
    if [str(row.change_kind) for row in last] != due or names != {evidence.change_set.change_set_id}:
        yield _defect("history", f"the history does not end with {' and '.join(due)} of this change set")


def _statuses(diff: Mapping[str, Any]) -> Sequence[str | None]:
    moved = diff.get("status")
    return moved if isinstance(moved, list) and len(moved) == 2 else (None, None)


def _defect(code: str, message: str, address: str | None = None) -> Defect:
    return Defect(axis=2, code=code, message=message, address=address)
