"""Keys and ids: all derived, none random, so that a replay after a crash meets its own rows (design 1.5).

An id is ``uuid5`` of the house's namespace and a text that begins with the kind of the thing; parts are separated by
a line feed, which no part contains. What there is one of for each unit has a ``uuid8`` that begins with its owner, so
that a document's rows lie together in every index (docs/decisions/ids-by-document.md). Ids are lower-case text
everywhere outside PostgreSQL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from cutter_agent.errors import Internal
from cutter_agent.model import ChangeSetId, DocumentRef, EntryId, Lane, OperationKind, UnitId
from cutter_agent.unit_id_forms import UnitIdForm
from sealing.digest import canonical_digest

NAMESPACE = UUID("8f4cf3a2-6f0e-5b1c-9f0d-7a1de1c0c077")
"""Never changes: every id of every ledger hangs on it."""
_NAMESPACE_BYTES = NAMESPACE.bytes


def entry_key(
    *,
    snapshot_sha256: str,
    profile_id: str,
    profile_version: str,
    document_ref: str,
    operation_kind: OperationKind,
    base_change_set: str | None = None,
    order_sha256: str | None = None,
) -> str:
    """What makes two MARKs the same: 64 hexadecimal digits.

    ``base_change_set``: of a re-cut, the cut it starts from, so that a law may come back to an earlier text.
    ``order_sha256``: of a change without a new source, the digest of what was ordered and why.
    """
    base = {} if base_change_set is None else {"base_change_set": base_change_set}
    base |= {} if order_sha256 is None else {"order_sha256": order_sha256}
    return canonical_digest(
        {
            **base,
            "snapshot_sha256": snapshot_sha256,
            "profile_id": profile_id,
            "profile_version": profile_version,
            "document_ref": document_ref,
            "operation_kind": operation_kind.value,
        }
    )


def entry_id(key: str) -> EntryId:
    """The backlog entry of an idempotency key."""
    return EntryId(_derived("entry", key))


def history_id(entry: str, version_after: int) -> str:
    """The history row that made this version of the entry."""
    return _derived("history", entry, str(version_after))


def dependency_id(from_entry: str, to_entry: str, kind: str) -> str:
    """The edge between two entries."""
    return _derived("dependency", from_entry, to_entry, kind)


def sweep_id(swept_by: str, promoted: Iterable[tuple[str, int]], *, started_at: datetime) -> str:
    """A sweep is what it promoted: (entry, version after), in order. One that promoted nothing is its moment."""
    parts = [f"{entry}@{version}" for entry, version in promoted]
    return _derived("sweep", *parts) if parts else _derived("sweep-empty", swept_by, started_at.isoformat())


def envelope_id(entry: str, manifest_digest: str) -> str:
    """The envelope that carries one manifest of one entry through review."""
    return _derived("envelope", entry, manifest_digest)


def unit_id(document_ref: str, address: str, form: UnitIdForm) -> UnitId:
    """The unit that an address of a document names, for ever."""
    return UnitId(unit_ids(document_ref, [address], form)[address])


def unit_ids(document_ref: str, addresses: Iterable[str], form: UnitIdForm) -> dict[str, str]:
    """``unit_id`` of every address of a document."""
    if form is UnitIdForm.BY_DOCUMENT:
        return _derived_within("unit", document_ref, addresses)
    return {address: _derived("unit", document_ref, address) for address in addresses}


def unit_id_form(unit: str) -> UnitIdForm:
    """The form of a stored unit's id: the version that RFC 9562 (4.2) writes into it. Raises ``ValueError``."""
    return UnitIdForm(f"uuid{unit[14:15]}")


def affected_row_ids(change_set: str, target_rows: Iterable[str]) -> dict[str, str]:
    """The ledger's row for every unit that a change set touches."""
    return _derived_within("affected-row", change_set, target_rows)


def decision_id(envelope: str, ordinal: int) -> str:
    """The ``ordinal``-th decision (from 1) on an envelope."""
    return _derived("decision", envelope, str(ordinal))


def answer_id(envelope: str, unit_local_id: int, ordinal: int) -> str:
    """The ``ordinal``-th decision (from 1) on one block of an envelope."""
    return _derived("answer", envelope, str(unit_local_id), str(ordinal))


def answered_key(key: str, manifest_digest: str) -> str:
    """The key of the proposal that takes the place of another one, with answers in it."""
    return canonical_digest({"entry_key": key, "answered_by": manifest_digest})


def external_key(key: str, spans_sha256: str) -> str:
    """The key of a manifest that was made elsewhere: that of its source, and what it says of it."""
    return canonical_digest({"entry_key": key, "spans_sha256": spans_sha256})


def change_set_key(key: str, manifest_digest: str, attempt: int) -> str:
    """What makes two CUTs the same: entry key, manifest, attempt (from 1)."""
    return canonical_digest({"entry_key": key, "manifest_digest": manifest_digest, "attempt": attempt})


def change_set_id(key: str) -> ChangeSetId:
    """The change set of a change-set key."""
    return ChangeSetId(_derived("change-set", key))


def rollback_key(change_set: str) -> str:
    """The name under which a change set could be compensated."""
    return _derived("rollback", change_set)


def alias_id(envelope: str, unit: str, text: str) -> str:
    """The row that says what an approved re-cut calls a unit."""
    return _derived("alias", envelope, unit, text)


def signature_id(lane: Lane, signed: str) -> str:
    """The signature of a lane under a change set or a verify result."""
    return _derived("signature", lane.value, signed)


def verify_result_id(change_set: str, ordinal: int) -> str:
    """The ``ordinal``-th verification (from 1) of a change set."""
    return _derived("verify-result", change_set, str(ordinal))


def escalation_id(verify_result: str) -> EntryId:
    """The backlog entry that a failed verification opens."""
    return EntryId(_derived("escalation", verify_result))


def document_ref(text: str) -> DocumentRef:
    """A document reference as ids and keys may use it. Raises ``Internal`` if a caller let a line feed through."""
    return DocumentRef(_one_line(text))


def _derived(kind: str, *parts: str) -> str:
    return spelt_uuid5("\n".join((kind, *map(_one_line, parts))))


def _derived_within(kind: str, owner: str, parts: Iterable[str]) -> dict[str, str]:
    """The id of every part: ``uuid8`` (RFC 9562, 5.8) of 32 bits of SHA-256 of kind and owner, and 90 of all three."""
    found = list(parts)
    for part in found:
        if "\n" in part:
            _one_line(part)
    begun, sha256 = _NAMESPACE_BYTES + f"{kind}\n{_one_line(owner)}\n".encode(), hashlib.sha256
    near = sha256(begun).hexdigest()[:8]
    return {part: _uuid8_of(near, sha256(begun + part.encode()).hexdigest()) for part in found}


def spelt_uuid5(name: str) -> str:
    """``str(uuid.uuid5(NAMESPACE, name))`` (RFC 9562, 5.5), faster: a phase derives one for each unit."""
    return _uuid5_of(hashlib.sha1(_NAMESPACE_BYTES + name.encode(), usedforsecurity=False).hexdigest())


def _uuid5_of(digest: str) -> str:
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def _uuid8_of(near: str, digest: str) -> str:
    return f"{near}-{digest[:4]}-8{digest[5:8]}-{_VARIANT[digest[8]]}{digest[9:12]}-{digest[12:24]}"


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The digit with its two highest bits set to binary 10."""


def _one_line(part: str) -> str:
    if "\n" in part:
        raise Internal(f"an id part holds a line feed: {part!r}", remedy="Refuse such a reference at the door.")
    return part
