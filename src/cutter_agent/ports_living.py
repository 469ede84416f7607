"""What a phase reads of a document that was cut: its newest proven cut, and what an edited source is matched with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cutter_agent.manifest_base import Base
from cutter_agent.model import Governed, Topology
from cutter_agent.rows import Alias, Document, ProvenCut, StoredDigests, StoredUnit


@dataclass(frozen=True, kw_only=True)
class LivingCut:
    """A document and its newest proven cut."""

    document: Document
    cut: ProvenCut
    profile_version: str


@dataclass(frozen=True, kw_only=True)
class RecutGround:
    """What an edited source is matched with: the living cut as its manifest and its snapshot say it.

    ``stored``: what the stored units give as of it. ``ended``: addresses of units whose life ended.
    ``called``: what proven cuts call units besides their addresses, the newest name of each.
    """

    standing: LivingCut
    base: Base
    data: bytes
    stored: StoredDigests
    ended: frozenset[str]
    called: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class LivingDocument(LivingCut):
    """A document as its newest proven cut left it, and every name that was ever given in it.

    ``ever``: each unit with its newest version, those that ended and those of cuts that failed included.
    ``aliases``: those that proven cuts wrote, oldest first.
    ``topology``: the order behind the cut where it was made without a new source. ``governed``: every decision about
    the tree that stands as of it.
    """

    units: Sequence[StoredUnit]
    ever: Sequence[StoredUnit]
    aliases: Sequence[Alias]
    topology: Topology | None = None
    governed: Sequence[Governed] = ()
