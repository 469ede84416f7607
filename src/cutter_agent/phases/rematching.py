"""A fresh cut matched with what lives, as the manifest of a re-cut: by MARK, and again with answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cutter_agent import recut, topology
from cutter_agent.asking import Answer
from cutter_agent.manifest import build
from cutter_agent.model import Manifest, RecutBase, Segmentation
from cutter_agent.ports_living import RecutGround


def matched_again(
    ground: RecutGround,
    manifest: Manifest,
    data: bytes,
    *,
    fresh: Segmentation | None = None,
    answers: Sequence[Answer] = (),
) -> Manifest | None:
    """The re-cut that leads from ``ground`` to the cut that ``manifest`` proposes; None where nothing changes.

    ``fresh``: that cut as the new source spells it, where the manifest spells it otherwise.

    Raises:
        VerificationFailed: the stored units do not give the snapshot of their cut.
        StaleApproval: an answer is about other editions.
        InputRefused: an answer gives an address that is taken.
    """
    like = fresh or recut.cut_of(manifest)
    cut, header = ground.standing.cut, manifest.header
    old = recut.living_of(
        ground.standing.document.document_ref,
        RecutBase(
            change_set_id=cut.change_set_id,
            cut_seq=cut.cut_seq,
            manifest_digest=cut.manifest_digest,
            snapshot_sha256=cut.snapshot_sha256,
        ),
        ground.base,
        ground.data,
        stored=ground.stored,
        ended=ground.ended,
        called=ground.called,
        like=like,
    )
    # A fresh cut knows nothing of what was decided about the tree; an earlier proposal of it was made with that.
    kept = topology.conform(old, ground.base.governed, like, data) if fresh is None else None
    stands = kept.stands if kept else topology.stands_of(manifest)
    proposed = recut.propose(old, kept.cut if kept else like, data, answers)
    if proposed is None:
        return None
    again = build(
        proposed.cut,
        made=False,
        document_ref=header.document_ref,
        title=header.title,
        tool_revision=header.tool_revision,
        marked_by=header.marked_by,
        risk_class=header.risk_class,
    )
    governed = topology.governed_of(stands, proposed.cut.units) if stands else ()
    return replace(recut.as_recut(again, proposed), governed=governed, original=manifest.original)
