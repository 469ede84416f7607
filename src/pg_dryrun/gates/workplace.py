"""C-02: the work place is private and the material is what was pinned. G-04 permissions, G-12 digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.outcome import Blame, Check


@dataclass(frozen=True, kw_only=True)
class PermissionsGate(Gate):
    """Can nobody else read the work place, and is nothing of it inside the repository?"""

    id: ClassVar[str] = "G-04"
    title: ClassVar[str] = "permissions; nothing inside the repository"
    step: ClassVar[str] = "C-02"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.ENVIRONMENT, Blame.TOOL)

    modes: Mapping[str, int]
    """Mode bits by folder."""
    inside_repository: Sequence[str]
    """Folders that hold secrets or production's data and lie in the checkout."""

    def check(self) -> Check:
        facts = {"modes": {path: f"{mode:04o}" for path, mode in self.modes.items()}}
        if not self.modes:
            return self.broken("no folder was looked at", blame=Blame.TOOL)
        open_folders = [f"{path} has mode {mode:04o}" for path, mode in self.modes.items() if mode & 0o077]
        if open_folders:
            return self.broken(some(open_folders), facts, blame=Blame.TOOL)
        if self.inside_repository:
            return self.broken(
                f"inside the repository: {some(list(self.inside_repository))}",
                facts,
                blame=Blame.ENVIRONMENT,
                remedy="Point TMPDIR outside the checkout.",
            )
        return self.kept(f"{len(self.modes)} folders, all 0700 and the work place outside the checkout", facts)


@dataclass(frozen=True, kw_only=True)
class DigestGate(Gate):
    """Are plan, statements, scenarios and tool what was pinned?"""

    id: ClassVar[str] = "G-12"
    title: ClassVar[str] = "artefact digests as pinned"
    step: ClassVar[str] = "C-02"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PLAN, Blame.TOOL)

    pinned: Mapping[str, str]
    computed: Mapping[str, str]

    def check(self) -> Check:
        facts = {"pinned": dict(self.pinned), "computed": dict(self.computed)}
        if not self.computed:
            return self.broken("no digest was computed", blame=Blame.TOOL)
        wrong = [
            f"{name}: pinned {digest[:16]}…, computed {self.computed.get(name, 'nothing')[:16]}…"
            for name, digest in self.pinned.items()
            if self.computed.get(name) != digest
        ]
        if wrong:
            return self.broken(
                some(wrong), facts, blame=Blame.PLAN, remedy="Pin what is meant, or use what was pinned."
            )
        return self.kept(f"{len(self.computed)} recorded, {len(self.pinned)} pinned and equal", facts)
