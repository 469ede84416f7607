"""C-12: what was said against what was seen. G-18 no bypass, G-20 allow-list, G-23 logs, G-24 reports and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.outcome import Blame, Check
from pg_dryrun.secrets_scan import Scan
from pg_dryrun.statements import Undeclared, Unexplained


@dataclass(frozen=True, kw_only=True)
class BypassGate(Gate):
    """Are the statements that the server saw and the ones that the writer says it sent the same multiset?"""

    id: ClassVar[str] = "G-18"
    title: ClassVar[str] = "no bypass"
    step: ClassVar[str] = "C-12"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    server: int
    client: int
    unexplained: Sequence[Unexplained]
    on_purpose: int = 0
    """Statements that refusals sent past the adapter on purpose, each refused by the server."""
    companions: int = 0
    """Statements of companions, which keep no journal: what they named is judged by the allow-list."""

    def check(self) -> Check:
        lines = [f"only the {item.side} has ({item.times} times): {item.text[:160]}" for item in self.unexplained]
        facts: dict[str, object] = {
            "server": self.server,
            "client": self.client,
            "on_purpose": self.on_purpose,
            "unexplained": lines,
        }
        if self.companions:
            facts["companions"] = self.companions
        if self.server == 0:
            return self.broken("the server logged no statement of the writer", facts, blame=Blame.TOOL)
        if any(item.side == "server" for item in self.unexplained):
            return self.broken(
                f"{len(lines)} statements are on one side only: {some(lines, 3)}",
                facts,
                blame=Blame.PRODUCT,
                remedy="Every statement goes through the writer's adapter and its journal.",
            )
        if lines:
            return self.broken(f"the server's log misses statements: {some(lines, 3)}", facts, blame=Blame.TOOL)
        aside = f"; {self.on_purpose} more sent on purpose by refusals" if self.on_purpose else ""
        if self.companions:
            aside += f"; {self.companions} of companions, which keep no journal"
        return self.kept(
            f"{self.server} statements in the server's log, {self.client} in the writer's journal{aside}", facts
        )


@dataclass(frozen=True, kw_only=True)
class AllowListGate(Gate):
    """Did the writer send only declared statements, and do they explain every committed effect?"""

    id: ClassVar[str] = "G-20"
    title: ClassVar[str] = "only declared statements and effects"
    step: ClassVar[str] = "C-12"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    declared: int
    seen: int
    undeclared: Sequence[Undeclared]
    unexplained_effects: Sequence[str]
    """Committed row events that no declared statement can make."""

    def check(self) -> Check:
        lines = [
            f"{item.user} ({item.times} times) {'/'.join(item.verbs) or 'unparsed'}: {item.text[:160]}"
            for item in self.undeclared
        ]
        facts = {"undeclared": lines, "unexplained_effects": list(self.unexplained_effects), "seen": self.seen}
        if not self.declared or not self.seen:
            return self.broken(
                f"{self.declared} declared, {self.seen} seen: nothing was compared", facts, blame=Blame.TOOL
            )
        if lines or self.unexplained_effects:
            return self.broken(
                f"undeclared: {some([*lines, *self.unexplained_effects], 3)}",
                facts,
                blame=Blame.PRODUCT,
                remedy="Declare the statement with its principal, verb and tables; or do not send it.",
            )
        return self.kept(f"{self.seen} statements seen, all among {self.declared} declared; forbidden 0", facts)


@dataclass(frozen=True, kw_only=True)
class LogSecretsGate(Gate):
    """Is no password that the run knows in any server's log?"""

    id: ClassVar[str] = "G-23"
    title: ClassVar[str] = "no secret in a log"
    step: ClassVar[str] = "C-12"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    values: int
    scan: Scan

    def check(self) -> Check:
        return _judge(self, self.values, self.scan, self.scan.files, "log files", Blame.PRODUCT)


@dataclass(frozen=True, kw_only=True)
class ReportSecretsGate(Gate):
    """Is no password in a report, in the arguments of a process, or in a file that is left?"""

    id: ClassVar[str] = "G-24"
    title: ClassVar[str] = "no secret in a report, argv or file left"
    step: ClassVar[str] = "C-12"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    values: int
    scan: Scan
    own_folder: str
    """The evidence folder: only the tool writes there. What the draft of the report holds are the writer's words."""

    def check(self) -> Check:
        looked_at = min(self.scan.files, self.scan.processes)
        ours = any(item.where.startswith(self.own_folder) for item in self.scan.findings)
        blame = Blame.TOOL if ours else Blame.PRODUCT
        return _judge(self, self.values, self.scan, looked_at, "files and processes", blame)


def _judge(gate: Gate, values: int, scan: Scan, looked_at: int, places: str, blame: Blame) -> Check:
    facts: Mapping[str, object] = {
        "values": values,
        "files": scan.files,
        "processes": scan.processes,
        "found": [
            f"{item.secret} ({item.encoding}) in {item.where} at byte {item.start_byte}" for item in scan.findings
        ],
        "unreadable": list(scan.unreadable),
    }
    if scan.findings:
        found = [f"{item.secret} in {item.where}" for item in scan.findings]
        return gate.broken(
            f"found: {some(found)}", facts, blame=blame, remedy="Change that password now, and find who wrote it."
        )
    if not values or not looked_at or scan.unreadable:
        return gate.broken(
            f"{values} values, {looked_at} {places}, unreadable: {some(scan.unreadable) or 'none'}",
            facts,
            blame=Blame.TOOL,
        )
    return gate.kept(
        f"{values} values searched in {scan.files} files and {scan.processes} processes, none found", facts
    )
