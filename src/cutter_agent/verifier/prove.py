"""The whole walk: read the manifest, rebuild the document, compare everything, say all defects at once."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from cutter_agent.verifier import (
    aliases,
    answers,
    blocks,
    earlier,
    governance,
    originals,
    records,
    recut,
    round_trip,
    standing,
    structure,
    topology,
)
from cutter_agent.verifier.evidence import Defect, Evidence, Proof, rebuilt_digest
from sealing.errors import SealingError


def prove(evidence: Evidence) -> Proof:
    """Every defect of a cut. Never raises on what is stored: damage is a finding, not a crash."""
    told = evidence.told
    header, approved = told.header, sorted(told.blocks, key=attrgetter("start_byte"))
    rebuilt = rebuilt_digest(evidence.units)
    found: list[Defect] = []
    if told.broken is not None:
        found.append(Defect(axis=1, code="manifest_unreadable", message=told.broken))
    walks: tuple[tuple[int, str, Iterator[Defect]], ...] = (
        (1, "round_trip", round_trip.defects(evidence, header, approved, rebuilt)),
        (2, "structure", structure.defects(evidence, header, approved)),
        (2, "blocks", blocks.defects(evidence, header, approved)),
        (2, "recut", recut.defects(evidence, header, approved)),
        (2, "topology", topology.defects(evidence, header, approved)),
        (2, "aliases", aliases.defects(evidence)),
        (2, "answers", answers.defects(evidence)),
        (2, "standing", standing.defects(evidence)),
        (2, "earlier", earlier.defects(evidence)),
        (2, "originals", originals.defects(evidence)),
        (2, "governance", governance.defects(evidence)),
        (2, "records", records.defects(evidence, header)),
    )
    for axis, name, walk in walks:
        try:
            found += walk
        except (KeyError, TypeError, ValueError, AttributeError, SealingError) as error:
            found.append(Defect(axis=axis, code=f"{name}_unreadable", message=f"{type(error).__name__}: {error}"))
    return Proof(defects=tuple(found), rebuilt_sha256=rebuilt)
