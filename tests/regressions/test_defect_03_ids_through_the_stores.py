"""``json.dumps`` met a ``uuid.UUID`` in a signing body: ids were text in memory and UUIDs when read back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from uuid import UUID

from tests.pipeline_room import Ledger, law

from cutter_agent.db_adapter.store.verifier import VerifierStore
from cutter_agent.phases.gathering import Gathering
from cutter_agent.signing import open_signature
from sealing.canonical import canonical_bytes


def uuids_in(value: object, path: str = "$") -> list[str]:
    """Where a ``UUID`` hides inside records, lists and JSON."""
    if isinstance(value, UUID):
        return [path]
    if is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, dict):
        return [hit for key, item in value.items() for hit in uuids_in(item, f"{path}.{key}")]
    if isinstance(value, (list, tuple)):
        return [hit for place, item in enumerate(value) for hit in uuids_in(item, f"{path}[{place}]")]
    return []


def test_everything_read_back_is_text_and_can_be_spelt_canonically(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(2, clauses=1))
    with ledger.verify_adapter.read() as block:
        store = VerifierStore(block)
        entry, change_set = store.find_entry(entry_id), store.change_set_to_verify(entry_id)
        assert entry is not None
        assert change_set is not None
        evidence = Gathering(store, change_set.document_ref, ledger.exec_key.public).of(entry, change_set)
    assert uuids_in(evidence) == []
    assert uuids_in(entry) == []
    assert canonical_bytes([row.after_state_snapshot for row in evidence.affected])


def test_a_signature_read_back_is_the_signature_that_was_written(ledger: Ledger) -> None:
    entry_id = ledger.applied(law(1))
    outcome = ledger.verify(entry_id)
    assert outcome.passed
    with ledger.verify_adapter.read() as block:
        store = VerifierStore(block)
        executed = store.signature(outcome.result.executor_signature_id)
        verified = store.signature(outcome.result.verifier_signature_id)
    assert executed is not None
    assert verified is not None
    assert open_signature(executed, ledger.exec_key.public)["predicate"]["entry_id"] == entry_id  # type: ignore[index,call-overload]
    assert open_signature(verified, ledger.verify_key.public)["predicate"]["verdict"] == "pass"  # type: ignore[index,call-overload]
