"""The whole walk: read the manifest, rebuild the document, compare everything, say all defects at once."""

from __future__ import annotations

from cutter_agent.verifier import governance, round_trip, structure
from cutter_agent.verifier.evidence import Defect, Evidence, Proof


def prove(evidence: Evidence) -> Proof:
    """Every defect of a cut. Never raises on what is stored: damage is a finding, not a crash."""
    header, blocks = round_trip.read_manifest(evidence.manifest)
    rebuilt = round_trip.rebuilt_digest(evidence.units)
    found: list[Defect] = []
    try:
        found += round_trip.defects(evidence, header, blocks, rebuilt)
        found += structure.defects(evidence, header, blocks)
    except (KeyError, TypeError, ValueError) as error:
        found.append(Defect(axis=1, code="manifest_shape", message=f"{type(error).__name__}: {error}"))
    found += governance.defects(evidence)
    return Proof(defects=tuple(found), rebuilt_sha256=rebuilt)
