"""C-01: may this run begin? G-01 disk, G-02 names, G-03 protected servers, G_DIRTY commit and tree, G-19 code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.hardcode import HardcodeReport
from pg_dryrun.outcome import Blame, Check
from pg_dryrun.plan import DIRTY_TREE
from pg_dryrun.protected import ABSENT, ProtectedSnapshot
from pg_dryrun.subject import Revision


@dataclass(frozen=True, kw_only=True)
class DiskGate(Gate):
    """Is there room for dump, copy and clones?"""

    id: ClassVar[str] = "G-01"
    title: ClassVar[str] = "disk"
    step: ClassVar[str] = "C-01"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.ENVIRONMENT,)

    path: str
    free_bytes: int
    needed_bytes: int

    def check(self) -> Check:
        facts = {"path": self.path, "free_bytes": self.free_bytes, "needed_bytes": self.needed_bytes}
        if self.free_bytes < self.needed_bytes:
            return self.broken(
                f"{self.path}: {self.free_bytes} bytes free, {self.needed_bytes} needed",
                facts,
                blame=Blame.ENVIRONMENT,
                remedy="Free some space, or set TMPDIR to a larger file system.",
            )
        return self.kept(f"{self.free_bytes // 2**20} MiB free, {self.needed_bytes // 2**20} MiB needed", facts)


@dataclass(frozen=True, kw_only=True)
class NameGate(Gate):
    """Is every name that the run will create still free?"""

    id: ClassVar[str] = "G-02"
    title: ClassVar[str] = "no name collision"
    step: ClassVar[str] = "C-01"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.ENVIRONMENT, Blame.TOOL)

    wanted: Sequence[str]
    taken: Sequence[str]

    def check(self) -> Check:
        if not self.wanted:
            return self.broken("no name was looked at", blame=Blame.TOOL)
        if self.taken:
            return self.broken(
                f"already there: {some(self.taken)}",
                {"taken": list(self.taken)},
                blame=Blame.ENVIRONMENT,
                remedy="Clean up the left-overs of the earlier run.",
            )
        return self.kept(f"free: {some(self.wanted)}", {"wanted": list(self.wanted)})


@dataclass(frozen=True, kw_only=True)
class ProtectedGate(Gate):
    """Is every protected server seen, by exact id and start time, before anything is touched?"""

    id: ClassVar[str] = "G-03"
    title: ClassVar[str] = "protected snapshot taken"
    step: ClassVar[str] = "C-01"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PLAN,)

    named: int
    seen: ProtectedSnapshot

    def check(self) -> Check:
        seen = [item for item in self.seen.protected if ABSENT not in {item.id, item.start_time}]
        found = [f"{item.kind} {item.id} started {item.start_time}" for item in seen]
        if len(found) != self.named:
            return self.broken(
                f"{self.named} protected servers are named, {len(found)} were found",
                {"found": found},
                blame=Blame.PLAN,
                remedy="Name each protected server by its exact data directory or login.",
            )
        return self.kept(
            f"{len(found)} protected, {len(self.seen.bystanders)} other servers on this machine",
            {"protected": found, "bystanders": [f"{item.kind} {item.id}" for item in self.seen.bystanders]},
        )


@dataclass(frozen=True, kw_only=True)
class RevisionGate(Gate):
    """Is what is rehearsed exactly the authorised commit?"""

    id: ClassVar[str] = "G_DIRTY"
    title: ClassVar[str] = "commit authorised, tree clean"
    step: ClassVar[str] = "C-01"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.PLAN)

    revision: Revision
    authorised_commit: str | None
    allowed_deviations: Sequence[str] = ()

    def check(self) -> Check:
        facts = {
            "commit": self.revision.commit,
            "clean": self.revision.clean,
            "authorised": self.authorised_commit,
            "dirty_paths": list(self.revision.dirty_paths),
        }
        authorised = self.authorised_commit or self.revision.authorised_commit
        if authorised is not None and authorised != self.revision.commit:
            return self.broken(
                f"commit {self.revision.commit} is not the authorised {authorised}",
                facts,
                blame=Blame.PLAN,
                remedy="Check out the authorised commit, or have this one authorised.",
            )
        if not self.revision.clean and DIRTY_TREE not in self.allowed_deviations:
            return self.broken(
                f"the tree has uncommitted changes: {some(self.revision.dirty_paths) or 'unknown'}",
                facts,
                blame=Blame.PRODUCT,
                remedy=f"Commit them; or allow the deviation {DIRTY_TREE!r}, and the evidence will not say PASSED.",
            )
        tree = "clean" if self.revision.clean else "dirty, allowed by the plan"
        named = "authorised by the plan" if self.authorised_commit else "the plan names no commit"
        return self.kept(f"{self.revision.commit[:12]}: tree {tree}; {named}", facts)


@dataclass(frozen=True, kw_only=True)
class HardcodeGate(Gate):
    """Is the code free of literal addresses, DSNs, passwords, container and collection names?"""

    id: ClassVar[str] = "G-19"
    title: ClassVar[str] = "hardcode control"
    step: ClassVar[str] = "C-01"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    report: HardcodeReport

    def check(self) -> Check:
        if not self.report.files:
            return self.broken("no source file was read", blame=Blame.TOOL)
        if self.report.findings:
            found = [str(item) for item in self.report.findings]
            return self.broken(
                f"{len(found)} literals: {some(found)}",
                {"findings": found},
                blame=Blame.PRODUCT,
                remedy="Read it from the configuration, or allow the literal in the plan and say why.",
            )
        return self.kept(
            f"{self.report.files} files read, nothing found, {len(self.report.allowed)} allowed with a reason",
            {"allowed": [f"{item} ({reason})" for item, reason in self.report.allowed]},
        )
