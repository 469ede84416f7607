"""Chains of manifests without a server: an edition is proposed on what the one before it was approved as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from tests.recut_room import Edition

from cutter_agent import manifest_base
from cutter_agent.manifest import SealedManifest, build, seal
from cutter_agent.phases.rematching import matched_again
from cutter_agent.ports_living import LivingCut, RecutGround
from cutter_agent.rows import Document, ProvenCut, StoredDigests

REFERENCE = "law/X"


@dataclass
class Chain:
    """Manifests by digest, and those of the editions in order. An edition that changes nothing adds none."""

    stored: dict[str, bytes] = field(default_factory=dict)
    sealed: list[SealedManifest] = field(default_factory=list)
    sources: list[bytes] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)

    @property
    def digest(self) -> str:
        """Of the newest."""
        return self.sealed[-1].digest

    def add(self, edition: Edition) -> None:
        """The next edition, approved and cut."""
        fresh = build(edition.cut, document_ref=REFERENCE, title="X", tool_revision="rev-1", marked_by="agent:marker")
        proposed = matched_again(self._ground(), fresh, edition.data) if self.sealed else fresh
        if proposed is None:
            return
        self.sealed.append(seal(proposed))
        self.stored[self.digest] = self.sealed[-1].canonical
        self.sources.append(edition.data)
        self.addresses |= {unit.address for unit in proposed.units}

    def _ground(self) -> RecutGround:
        base, data = manifest_base.read(self.digest, self.stored.get), self.sources[-1]
        document = Document(
            document_ref=REFERENCE,
            document_code="X",
            profile_id="test",
            title="X",
            created_at=datetime(2025, 1, 6, tzinfo=UTC),
            created_by="DOT-991",
        )
        cut = ProvenCut(
            change_set_id=f"{len(self.sealed):032x}",
            cut_seq=len(self.sealed),
            manifest_digest=self.digest,
            snapshot_sha256=sha256(data).hexdigest(),
            entry_id=f"{len(self.sealed):032x}",
        )
        return RecutGround(
            standing=LivingCut(document=document, cut=cut, profile_version="1"),
            base=base,
            data=data,
            stored=StoredDigests(bodies=sha256(data).hexdigest(), orders=manifest_base.orders_sha256(base.orders)),
            ended=frozenset(self.addresses - {unit.address for unit in base.units}),
            called={},
        )


def chain_of(editions: Sequence[Edition]) -> Chain:
    """All of them, one on the other."""
    chain = Chain()
    for each in editions:
        chain.add(each)
    return chain
