"""C-04, C-05, C-07: the copy. G-07 unreachable, G-08 restorable, G-09 equal, G-14 relations, G-10 not production."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.fidelity import RestoreComparison
from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.needs import Missing
from pg_dryrun.outcome import Blame, Check
from pg_dryrun.reachability import Attempt


@dataclass(frozen=True, kw_only=True)
class ReachabilityGate(Gate):
    """Can anybody reach the environment over the network? Shown by trying."""

    id: ClassVar[str] = "G-07"
    title: ClassVar[str] = "no reachable port"
    step: ClassVar[str] = "C-04"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.ENVIRONMENT, Blame.TOOL)

    attempts: Sequence[Attempt]
    lent: bool = False
    """Somebody else's server, named by its address: that it answers there is a declared deviation."""

    def check(self) -> Check:
        facts = {"attempts": [str(item) for item in self.attempts], "lent": self.lent}
        if not self.attempts:
            return self.broken("no address was tried", blame=Blame.TOOL)
        reached = [str(item) for item in self.attempts if item.reached]
        if reached and self.lent:
            return self.kept(f"lent by its owner, and answers where he lets it: {some(reached)}", facts)
        if reached:
            return self.broken(
                some(reached), facts, blame=Blame.ENVIRONMENT, remedy="Lend a server without a TCP listener."
            )
        return self.kept(f"{len(self.attempts)} addresses tried, none answers", facts)


@dataclass(frozen=True, kw_only=True)
class RestorableGate(Gate):
    """Has the environment everything that the dump needs, looked at before the restore starts?"""

    id: ClassVar[str] = "G-08"
    title: ClassVar[str] = "restorable"
    step: ClassVar[str] = "C-05"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.ENVIRONMENT,)

    missing: Sequence[Missing]
    deviations: Sequence[str]

    def check(self) -> Check:
        facts = {
            "missing": [f"{item.kind} {item.name}" for item in self.missing],
            "deviations": list(self.deviations),
        }
        if self.missing:
            return self.broken(
                some([f"{item.kind} {item.name}: {item.remedy}" for item in self.missing]),
                facts,
                blame=Blame.ENVIRONMENT,
                remedy="Lend a server that has what the dump needs.",
            )
        return self.kept(f"nothing missing; {len(self.deviations)} declared deviations from production", facts)


@dataclass(frozen=True, kw_only=True)
class RestoreGate(Gate):
    """Is the copy equal to the snapshot: every table, sequence, ACL, extension and the schema fingerprint?"""

    id: ClassVar[str] = "G-09"
    title: ClassVar[str] = "restore equals snapshot"
    step: ClassVar[str] = "C-05"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.ENVIRONMENT, Blame.TOOL)

    comparison: RestoreComparison

    def check(self) -> Check:
        facts = {
            "proof": self.comparison.proof_kind.value,
            "compared": dict(self.comparison.compared),
            "deviations": list(self.comparison.deviations),
            "differences": [
                f"{item.kind} {item.name}: expected {item.expected}, found {item.found}"
                for item in self.comparison.differences
            ],
        }
        if self.comparison.differences:
            return self.broken(
                f"{len(self.comparison.differences)} differences: {some(facts['differences'])}",
                facts,
                blame=Blame.ENVIRONMENT,
                remedy="The copy is not faithful: nothing on it says anything about the product.",
            )
        if not self.comparison.equal:
            return self.broken("nothing was compared", facts, blame=Blame.TOOL)
        words = ", ".join(f"{count} {kind}" for kind, count in self.comparison.compared.items() if count)
        known = self.comparison.deviations
        more = f"; declared: {some(known)}" if known else ""
        return self.kept(f"equal ({words}); compared with {self.comparison.proof_kind.value}{more}", facts)


@dataclass(frozen=True, kw_only=True)
class RelationsGate(Gate):
    """Are the tables and views there that the writer works on?"""

    id: ClassVar[str] = "G-14"
    title: ClassVar[str] = "expected tables and views are there"
    step: ClassVar[str] = "C-05"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    expected: Sequence[str]
    present: frozenset[str]

    def check(self) -> Check:
        if not self.expected:
            return self.broken("the subject expects no relation", blame=Blame.TOOL)
        absent = [name for name in self.expected if name not in self.present]
        if absent:
            return self.broken(
                f"not in production: {some(absent)}",
                {"absent": absent},
                blame=Blame.PRODUCT,
                remedy="Migrate production first, or rehearse the version that fits it.",
            )
        return self.kept(f"{len(self.expected)} of {len(self.expected)} there")


@dataclass(frozen=True, kw_only=True)
class IdentityGate(Gate):
    """Is the copy certainly not production? The hard abort before any write."""

    id: ClassVar[str] = "G-10"
    title: ClassVar[str] = "the copy is not production"
    step: ClassVar[str] = "C-07"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.ENVIRONMENT, Blame.TOOL)

    copy_identifier: str
    forbidden: Sequence[str]
    """System identifiers of production and of every protected server."""
    created_by_this_run: bool
    """Whether the run's own ledger holds the environment."""
    marks: Mapping[str, bool] | None = None
    """Of a physical copy, which has production's system identifier: marks that only a copy bears, and whether it does.
    None: a logical copy."""

    def check(self) -> Check:
        facts = {
            "copy": self.copy_identifier,
            "forbidden": list(self.forbidden),
            "created_by_this_run": self.created_by_this_run,
        }
        if self.marks is not None:
            facts |= {"marks": dict(self.marks)}
            absent = [name for name, there in self.marks.items() if not there]
            if absent or not self.marks:
                return self.broken(
                    f"a physical copy must bear the marks of one; missing: {some(absent) or 'all'}",
                    facts,
                    blame=Blame.ENVIRONMENT,
                    remedy="This may be production itself. Nothing was written.",
                )
            return self.kept(f"a physical copy, marked as one: {', '.join(self.marks)}", facts)
        if not self.copy_identifier:
            return self.broken("the copy has no system identifier", facts, blame=Blame.TOOL)
        if self.copy_identifier in self.forbidden:
            return self.broken(
                f"the copy's system identifier {self.copy_identifier} is production's or a protected server's",
                facts,
                blame=Blame.ENVIRONMENT,
                remedy="Do not lend production. Nothing was written.",
            )
        if not self.forbidden and not self.created_by_this_run:
            return self.broken(
                "production's identity is unknown and the server was not made by this run",
                facts,
                blame=Blame.ENVIRONMENT,
                remedy="Name production's system identifier in the plan.",
            )
        origin = "made by this run" if self.created_by_this_run else "lent"
        return self.kept(
            f"system identifier {self.copy_identifier}, {origin}, none of {len(self.forbidden)} forbidden ones", facts
        )
