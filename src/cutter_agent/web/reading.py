"""A stored proposal as the pages need it: manifests are parsed once for each content, and everything else read anew.

What is remembered is known by the digest of the bytes that were read from the store a moment ago: what is stored is
what is shown.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cutter_agent import manifest as manifests
from cutter_agent.cases import Case
from cutter_agent.manifest_base import Stored
from cutter_agent.model import Manifest, ManifestBlock, Severity
from cutter_agent.phases import answered
from cutter_agent.report import Proposal, Report

MOST_REMEMBERED = 8


class Manifests:
    """The manifests that were shown last, parsed."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._parsed: OrderedDict[bytes, Manifest] = OrderedDict()

    def __call__(self, canonical: bytes, stored: Stored = manifests.nothing_stored) -> Manifest:
        """The manifest of exactly these bytes. ``stored``: those that it rests on. Raises as ``manifest.parse``."""
        digest = sha256(canonical).digest()
        with self._lock:
            found = self._parsed.get(digest)
            if found is not None:
                self._parsed.move_to_end(digest)
                return found
        made = manifests.parse(canonical, stored)
        with self._lock:
            self._parsed[digest] = made
            while len(self._parsed) > self._most:
                self._parsed.popitem(last=False)
        return made


@dataclass(frozen=True)
class Read:
    """One proposal with its cases. ``base``: of a re-cut, the manifest of the cut that it starts from."""

    proposal: Proposal
    manifest: Manifest
    base: Manifest | None
    cases: Sequence[Case]

    @cached_property
    def starts(self) -> list[int]:
        """Where the units begin, in bytes."""
        return [unit.start_byte for unit in self.manifest.units]

    def place(self, start_byte: int) -> int:
        """The place of the unit that holds a byte."""
        return max(bisect_right(self.starts, start_byte) - 1, 0)

    @cached_property
    def depths(self) -> dict[str, int]:
        """How many ancestors each unit has, by address."""
        known: dict[str, int] = {}
        for unit in self.manifest.units:
            known[unit.address] = known.get(unit.parent, -1) + 1 if unit.parent else 0
        return known

    @cached_property
    def living(self) -> dict[str, ManifestBlock]:
        """The units of the base by address; none in a first cut."""
        return {unit.address: unit for unit in self.base.units} if self.base else {}

    def text(self, unit: ManifestBlock) -> str:
        """A proposed unit's own text."""
        return self.proposal.snapshot[unit.start_byte : unit.end_byte].decode(errors="replace")

    def text_before(self, start_byte: int, end_byte: int) -> str:
        """A piece of the base's source. Empty where there is none."""
        return self.proposal.base[1][start_byte:end_byte].decode(errors="replace") if self.proposal.base else ""

    @cached_property
    def cases_at(self) -> dict[int, list[str]]:
        """The ids of the cases, by the place of their unit."""
        found: dict[int, list[str]] = {}
        for case in self.cases:
            found.setdefault(self.place(case.start_byte), []).append(case.id)
        return found

    def notices(self, most: int) -> tuple[list[tuple[int, str, str]], int]:
        """Place, code and message of the first ``most`` findings that are notices, and how many there are."""
        found = [each for each in self.manifest.findings if each.severity is Severity.NOTICE]
        return [(self.place(each.start_byte), each.code, each.message) for each in found[:most]], len(found)


def read(report: Report, parsed: Manifests, asked: str) -> Read:
    """A proposal. Raises as ``Report.proposal`` and ``manifest.parse``."""
    proposal = report.proposal(asked)
    return Read(
        proposal=proposal,
        manifest=parsed(proposal.manifest, proposal.below.get),
        base=parsed(proposal.base[0], proposal.below.get) if proposal.base else None,
        cases=answered.shown(proposal, parsed),
    )
