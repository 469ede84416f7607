"""What the verifier looks at, and what it says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutter_agent.rows import AffectedRow, ChangeSet, Decision, Document, History, StoredUnit, UnitBlock
from cutter_agent.signing import SignatureRow
from sealing.canonical import JsonValue
from sealing.keys import PublicKey


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything stored about one cut, as the verifier's own role reads it."""

    entry_id: str
    document: Document | None
    change_set: ChangeSet
    decision: Decision | None
    signature: SignatureRow | None
    executor_key: PublicKey
    manifest: bytes | None
    snapshot: bytes | None
    blocks: Sequence[UnitBlock]
    affected: Sequence[AffectedRow]
    units: Sequence[StoredUnit]
    document_unit_count: int
    chain: Sequence[History]

    def __repr__(self) -> str:
        return f"Evidence(entry_id={self.entry_id!r}, units={len(self.units)})"


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One thing that is not as it was approved. ``axis`` is 1 or 2; ``address`` names the unit where there is one."""

    axis: int
    code: str
    message: str
    address: str | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """One line of ``verify_result.findings``."""
        return {"axis": self.axis, "code": self.code, "message": self.message, "address": self.address}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The outcome: every defect, and the digest of the document as the stored units give it back."""

    defects: tuple[Defect, ...]
    rebuilt_sha256: str

    def axis(self, number: int) -> str:
        """``pass`` or ``fail`` for one axis."""
        return "fail" if any(defect.axis == number for defect in self.defects) else "pass"

    @property
    def verdict(self) -> str:
        """``pass`` only without any defect."""
        return "fail" if self.defects else "pass"
