"""C-03: production is only read, and it is the one that was meant. G-05 read-only, G-06 source identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.outcome import Blame, Check
from pg_dryrun.reader import ReaderProof


@dataclass(frozen=True, kw_only=True)
class ReadOnlyGate(Gate):
    """Could the reading role write anywhere, or did it ever take a transaction id? A dump file cannot be written to."""

    id: ClassVar[str] = "G-05"
    title: ClassVar[str] = "production is only read"
    step: ClassVar[str] = "C-03"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PLAN, Blame.TOOL)

    proof: ReaderProof | None
    """None: the source is a file, no server was asked."""

    def check(self) -> Check:
        if self.proof is None:
            return self.kept("the source is a file or a backup; no production server was connected to")
        facts = {
            "role": self.proof.role,
            "violations": list(self.proof.violations),
            "reservations": list(self.proof.reservations),
            "examined": dict(self.proof.examined),
            "transaction_id_taken": self.proof.transaction_id_taken,
        }
        if sum(self.proof.examined.values()) == 0:
            return self.broken("no privilege was looked at", facts, blame=Blame.TOOL)
        if self.proof.violations:
            return self.broken(
                f"role {self.proof.role} can write: {some(self.proof.violations)}",
                facts,
                blame=Blame.PLAN,
                remedy="Name a role without any write privilege as the source's user.",
            )
        if self.proof.transaction_id_taken:
            return self.broken("the reading session took a transaction id", facts, blame=Blame.TOOL)
        return self.kept(
            f"role {self.proof.role}: {sum(self.proof.examined.values())} objects examined, no write privilege, "
            "no transaction id taken",
            facts,
        )


@dataclass(frozen=True, kw_only=True)
class SourceIdentityGate(Gate):
    """Is the source the one that the plan authorises?"""

    id: ClassVar[str] = "G-06"
    title: ClassVar[str] = "source identity as authorised"
    step: ClassVar[str] = "C-03"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PLAN,)

    authorised: Mapping[str, str]
    found: Mapping[str, str]

    def check(self) -> Check:
        facts = {"authorised": dict(self.authorised), "found": dict(self.found)}
        wrong = [
            f"{name}: authorised {value}, found {self.found.get(name, 'nothing')}"
            for name, value in self.authorised.items()
            if self.found.get(name) != value
        ]
        if wrong:
            return self.broken(
                some(wrong), facts, blame=Blame.PLAN, remedy="Point the plan at the source that it authorises."
            )
        named = "as the plan names it" if self.authorised else "the plan names none: recorded"
        return self.kept(f"{some([f'{name} {value}' for name, value in self.found.items()])}; {named}", facts)
