"""What the verifier looks at, and what it says about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from cutter_agent.affected_digests import AffectedDigests, affected_digests
from cutter_agent.originals import StoredRendering
from cutter_agent.rows import (
    AffectedRow,
    Alias,
    ChangeSet,
    Decision,
    Document,
    DocumentCut,
    Entry,
    Envelope,
    History,
    Snapshot,
    StoredManifest,
    StoredUnit,
    UnitBlock,
    VerifyResult,
    VersionCount,
)
from cutter_agent.signing import SignatureRow
from cutter_agent.verifier.reading import Told, told
from cutter_agent.verifier.touched import State, Touched, states_of, touched_digest
from sealing.canonical import JsonValue
from sealing.keys import PublicKey

_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What DOT-992 once said of the cut: the key that proves it, and the signature that its result names."""

    key: PublicKey
    signature: SignatureRow | None


@dataclass(frozen=True, kw_only=True)
class EarlierCut:
    """A cut before this one, of which versions still hold: what it says it touched, and its signature.

    What is worked out of it is worked out once, however many later cuts rest on it.
    """

    change_set: ChangeSet
    signature: SignatureRow | None
    touched: Sequence[Touched]

    @cached_property
    def units_sha256(self) -> str:
        """The digest of what it touched, as its signature must say it."""
        return touched_digest(self.touched, self._states)

    @cached_property
    def _states(self) -> list[State | None]:
        return states_of(self.touched)

    @cached_property
    def states(self) -> Mapping[str, State | None]:
        """What it says units became, by unit; None where it says so in no plain way."""
        return dict(zip([row[0] for row in self.touched], self._states, strict=True))

    @cached_property
    def texts(self) -> Mapping[str, str | None]:
        """The same as it is spelt."""
        return {row[0]: row[3] for row in self.touched}


@dataclass(frozen=True, kw_only=True)
class PastCut:
    """An earlier cut that was proven: what its units, as they are stored now, give as of it, and where they stood."""

    change_set: ChangeSet
    rebuilt_sha256: str
    stood: Mapping[str, StoredUnit]

    @classmethod
    def of(cls, change_set: ChangeSet, units: Sequence[StoredUnit]) -> PastCut:
        """``units``: those that live as of the cut, in order."""
        stood = {unit.unit_id: unit for unit in units}
        return cls(change_set=change_set, rebuilt_sha256=rebuilt_digest(units), stood=stood)


def rebuilt_digest(units: Sequence[StoredUnit]) -> str:
    """SHA-256 of the stored bodies, one after another."""
    digest = hashlib.sha256()
    for start in range(0, len(units), _AT_ONCE):
        digest.update("".join([unit.body for unit in units[start : start + _AT_ONCE]]).encode("utf-8"))
    return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything stored about one cut, as the verifier's own role reads it.

    ``units`` live as of the cut, ``ended`` do not any more. ``past``: the earlier proven cuts, oldest first.
    ``aliases``: every one of the document. ``alias_orders``: manifests, by change set, of the cuts that wrote them.
    ``base_manifest``: that of the newest of ``past``, which any later cut starts from. ``below``: what these two
    cannot be read without, by digest.

    ``verdict`` is None while the cut waits for one (VERIFY), and what an audit must find proven afterwards.
    """

    entry: Entry
    document: Document | None
    change_set: ChangeSet
    envelopes: Sequence[Envelope]
    decisions: Sequence[Decision]
    signature: SignatureRow | None
    signature_ids: Sequence[str]
    executor_key: PublicKey
    stored_manifest: StoredManifest | None
    stored_snapshot: Snapshot | None
    blocks: Sequence[UnitBlock]
    affected: Sequence[AffectedRow]
    units: Sequence[StoredUnit]
    ended: Sequence[StoredUnit]
    past: Sequence[PastCut]
    aliases: Sequence[Alias]
    alias_orders: Mapping[str, bytes]
    base_manifest: bytes | None
    below: Mapping[str, bytes]
    document_unit_count: int
    document_cuts: Sequence[DocumentCut]
    version_counts: Sequence[VersionCount]
    chain: Sequence[History]
    results: Sequence[VerifyResult]
    foreign_columns: Sequence[tuple[str, str]]
    earlier: Sequence[EarlierCut]
    renderings: Sequence[StoredRendering] = ()
    verdict: Verdict | None = None

    @property
    def entry_id(self) -> str:
        """Whose cut it is."""
        return self.entry.entry_id

    @property
    def held(self) -> list[StoredUnit]:
        """Every unit with the version that holds as of the cut, living or ended."""
        return [*self.units, *self.ended]

    @property
    def decision(self) -> Decision | None:
        """The approval that the change set rests on."""
        name = self.change_set.review_decision_id
        return next((row for row in self.decisions if row.review_decision_id == name), None)

    @property
    def manifest(self) -> bytes | None:
        """The stored canonical bytes."""
        return self.stored_manifest.canonical_json if self.stored_manifest else None

    @cached_property
    def affected_digests(self) -> AffectedDigests:
        """What the signature must say of the affected rows."""
        return affected_digests(self.affected)

    @cached_property
    def told(self) -> Told:
        """The manifest, read and spelt out."""
        return told(self.manifest, self.below, self.base_told)

    @cached_property
    def base_told(self) -> Told:
        """The base's manifest, read and spelt out."""
        return told(self.base_manifest, self.below)

    @property
    def snapshot(self) -> bytes | None:
        """The stored source bytes."""
        return self.stored_snapshot.data if self.stored_snapshot else None

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
