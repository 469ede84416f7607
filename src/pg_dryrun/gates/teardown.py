"""C-13: as if it had never been. G-22 net zero, G-21 production unchanged, G-25 protected servers unchanged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.ledger import TornDown
from pg_dryrun.outcome import Blame, Check
from pg_dryrun.protected import ProtectedComparison


@dataclass(frozen=True, kw_only=True)
class NetZeroGate(Gate):
    """Is everything that the run's ledger lists verified absent?"""

    id: ClassVar[str] = "G-22"
    title: ClassVar[str] = "net zero"
    step: ClassVar[str] = "C-13"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.TOOL,)

    items: Sequence[TornDown]
    began: bool = True
    """Whether the run came as far as its work place; before that there is nothing to remove."""
    troubles: Sequence[str] = ()
    """What went wrong while giving back; judged by what is left."""

    def check(self) -> Check:
        left = [f"{item.entry.kind} {item.entry.name}: {item.detail}" for item in self.items if not item.absent]
        facts = {"created": len(self.items), "left": left, "troubles": list(self.troubles)}
        if left:
            return self.broken(
                f"{len(left)} of {len(self.items)} things are still there: {some(left)}",
                facts,
                blame=Blame.TOOL,
                remedy="Remove exactly these by hand; the dump among them is production's data.",
            )
        if not self.began:
            return self.kept("the run ended before it created anything", facts)
        if not self.items:
            return self.broken("the run's ledger is empty", facts, blame=Blame.TOOL)
        return self.kept(f"{len(self.items)} things created, {len(self.items)} verified absent", facts)


@dataclass(frozen=True, kw_only=True)
class ProductionGate(Gate):
    """Is production what it was: identity, start time, and nothing of this run left in it?"""

    id: ClassVar[str] = "G-21"
    title: ClassVar[str] = "production unchanged"
    step: ClassVar[str] = "C-13"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.TOOL,)

    kind: str
    before: Mapping[str, object]
    after: Mapping[str, object]
    moved_on: Sequence[str] = ()
    """What a production in use does by itself (size, transaction ids): reported, not judged."""

    def check(self) -> Check:
        facts = {"before": dict(self.before), "after": dict(self.after), "moved_on": list(self.moved_on)}
        if not self.before:
            return self.broken(f"the source ({self.kind}) was never looked at", facts, blame=Blame.TOOL)
        names = sorted(self.before.keys() | self.after.keys())
        changed = [
            f"{name}: {self.before.get(name)} before, {self.after.get(name)} after"
            for name in names
            if self.before.get(name) != self.after.get(name)
        ]
        if changed:
            return self.broken(
                some(changed),
                facts,
                blame=Blame.TOOL,
                remedy="Find out who changed it before anything else is done.",
            )
        aside = f"; by itself it moved on: {some(self.moved_on)}" if self.moved_on else ""
        return self.kept(f"{len(names)} facts equal before and after{aside}", facts)


@dataclass(frozen=True, kw_only=True)
class ProtectedUnchangedGate(Gate):
    """Is every protected server the same process as before?"""

    id: ClassVar[str] = "G-25"
    title: ClassVar[str] = "protected servers unchanged"
    step: ClassVar[str] = "C-13"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.TOOL,)

    protected: int
    comparison: ProtectedComparison

    def check(self) -> Check:
        facts = {
            "differences": list(self.comparison.differences),
            "bystander_changes": list(self.comparison.bystander_changes),
        }
        if self.comparison.differences:
            return self.broken(
                some(self.comparison.differences),
                facts,
                blame=Blame.TOOL,
                remedy="Find out who changed it before anything else is done.",
            )
        others = len(self.comparison.bystander_changes)
        return self.kept(f"{self.protected} protected unchanged; {others} changes among other servers", facts)
