"""Any program: the checks of a foreign command, P-01 role to P-07 accepted effects (design 3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pg_dryrun.gates.interface import Gate, some
from pg_dryrun.outcome import Blame, Check, RootCause
from pg_dryrun.program_record import ProgramRecord


@dataclass(frozen=True, kw_only=True)
class RoleGate(Gate):
    """Is the role there under which the command is to run, and is it none of the rehearsal's own?"""

    id: ClassVar[str] = "P-01"
    title: ClassVar[str] = "the role"
    step: ClassVar[str] = "C-06"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PLAN,)

    role: str
    own_role: str
    known: Sequence[str]
    """Roles of the restored copy, the environment's own superuser left out."""
    new: bool
    superuser: bool
    owner: str | None = None

    def check(self) -> Check:
        facts = {"role": self.role, "known": list(self.known), "new": self.new, "superuser": self.superuser}
        if self.role == self.own_role:
            return self.broken(
                f"{self.role} is the environment's own superuser",
                facts,
                blame=Blame.PLAN,
                remedy="Name the role that the program has in production.",
            )
        if self.new and self.role in self.known:
            return self.broken(
                f"{self.role} is in the dump already", facts, blame=Blame.PLAN, remedy="Leave --new-role out."
            )
        for name in (self.role, self.owner):
            if name is not None and name not in self.known and not (self.new and name == self.role):
                return self.broken(
                    f"the dump names no role {name}; it names: {some(list(self.known)) or 'none'}",
                    facts,
                    blame=Blame.PLAN,
                    remedy="Name one of these; or give --new-role for one that holds no right but to log in.",
                )
        origin = "made for this run" if self.new else "of the dump"
        return self.kept(f"{self.role}, {origin}{', a superuser' if self.superuser else ''}", facts)


@dataclass(frozen=True, kw_only=True)
class WitnessGate(Gate):
    """Do the instruments agree about what the command did?"""

    id: ClassVar[str] = "P-02"
    title: ClassVar[str] = "the instruments agree"
    step: ClassVar[str] = "C-11"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.TOOL,)

    record: ProgramRecord

    def check(self) -> Check:
        found = list(self.record.disagreements)
        if found:
            return self.broken(some(found), {"disagreements": found}, blame=Blame.TOOL)
        return self.kept(
            f"{self.record.transactions_committed} committed transactions, rows of {len(self.record.rows)} tables"
        )


@dataclass(frozen=True, kw_only=True)
class EndGate(Gate):
    """Did the command start, and end by itself within its deadline?"""

    id: ClassVar[str] = "P-03"
    title: ClassVar[str] = "it ended by itself"
    step: ClassVar[str] = "C-11"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT,)

    record: ProgramRecord

    def check(self) -> Check:
        if self.record.not_started is not None:
            return self._broken(
                "COMMAND_NOT_STARTED", self.record.not_started, "Give a program that this machine runs."
            )
        if self.record.timed_out:
            alive = f"; alive then: {some(self.record.survivors)}" if self.record.survivors else ""
            return self._broken(
                "COMMAND_HANGS",
                f"no end within {self.record.timeout_s} s: killed with everything it started{alive}",
                "Find out what it waits for (its output and its last statements are in the evidence), "
                "or allow more time with --timeout.",
            )
        if self.record.signal is not None:
            return self._broken("COMMAND_KILLED", f"it was ended by {self.record.signal}", "Look at its output.")
        return self.kept(f"after {self.record.duration_s:.1f} s of at most {self.record.timeout_s} s")

    def _broken(self, code: str, detail: str, remedy: str) -> Check:
        cause = RootCause(message=detail, error_type=code, remedy=remedy)
        return self.broken(detail, blame=Blame.PRODUCT, cause=cause)


@dataclass(frozen=True, kw_only=True)
class LeftRunningGate(Gate):
    """Did the command end everything that it started?"""

    id: ClassVar[str] = "P-04"
    title: ClassVar[str] = "nothing of it is left running"
    step: ClassVar[str] = "C-11"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT,)

    record: ProgramRecord

    def check(self) -> Check:
        left = list(self.record.survivors)
        if left and not self.record.timed_out:
            detail = f"still running after the command ended, and killed: {some(left)}"
            remedy = "Rehearse it in the foreground: what it does after its end can be neither seen nor accepted."
            cause = RootCause(message=detail, error_type="COMMAND_LEFT_PROCESSES", remedy=remedy)
            return self.broken(detail, {"survivors": left}, blame=Blame.PRODUCT, cause=cause)
        return self.kept("all its processes are gone", {"killed_at_the_deadline": left})


@dataclass(frozen=True, kw_only=True)
class StatusGate(Gate):
    """Did the command end with the status that is expected of it?"""

    id: ClassVar[str] = "P-05"
    title: ClassVar[str] = "exit status"
    step: ClassVar[str] = "C-11"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT,)

    record: ProgramRecord
    last_error: str | None
    """The end of what it wrote to standard error."""

    def check(self) -> Check:
        found, wanted = self.record.exit_status, self.record.expected_exit_status
        if found == wanted:
            return self.kept(f"status {found}")
        detail = f"it ended with {'no status' if found is None else f'status {found}'}, expected {wanted}"
        if self.last_error:
            detail += f": {self.last_error}"
        errors = [item for item in self.record.errors if item.severity in {"ERROR", "FATAL", "PANIC"}]
        cause = RootCause(
            message=detail,
            error_type="COMMAND_FAILED",
            sqlstate=errors[0].sqlstate if errors else None,
            statement_text=next((item.text for item in self.record.statements if item.failed), None),
            remedy="Look at its output and at the server's errors in the report.",
        )
        return self.broken(detail, {"errors": [item.message for item in errors]}, blame=Blame.PRODUCT, cause=cause)


@dataclass(frozen=True, kw_only=True)
class SessionGate(Gate):
    """Did the command speak to the clone at all? What it does elsewhere is not seen."""

    id: ClassVar[str] = "P-06"
    title: ClassVar[str] = "it spoke to the clone"
    step: ClassVar[str] = "C-11"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT,)

    record: ProgramRecord

    def check(self) -> Check:
        times = sum(item.times for item in self.record.statements)
        if self.record.sessions:
            return self.kept(
                f"{self.record.sessions} sessions, at most {self.record.sessions_at_once} at one time, "
                f"{times} statements of {len(self.record.statements)} shapes"
            )
        detail = "it never connected to the clone: it needs no database, or it went elsewhere"
        remedy = (
            "Let it read PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD or DATABASE_URL; other names: --url-as NAME."
        )
        cause = RootCause(message=detail, error_type="COMMAND_NEVER_CONNECTED", remedy=remedy)
        return self.broken(detail, blame=Blame.PRODUCT, cause=cause)


@dataclass(frozen=True, kw_only=True)
class AcceptedGate(Gate):
    """Are the effects the accepted ones?"""

    id: ClassVar[str] = "P-07"
    title: ClassVar[str] = "effects as accepted"
    step: ClassVar[str] = "C-11"
    blames: ClassVar[tuple[Blame, ...]] = (Blame.PRODUCT, Blame.TOOL)

    record: ProgramRecord

    def check(self) -> Check:
        if self.record.differences is None:
            return self.broken("nothing was compared", blame=Blame.TOOL)
        found = list(self.record.differences)
        if not found:
            return self.kept("no difference")
        detail = f"{len(found)} differences: {some(found)}"
        remedy = "Correct the command; or, if this is what it must do now, accept this run and have the file reviewed."
        cause = RootCause(message=detail, error_type="EFFECTS_DIFFER", remedy=remedy)
        return self.broken(detail, {"differences": found}, blame=Blame.PRODUCT, cause=cause)


PROGRAM_GATES: tuple[type[Gate], ...] = (
    RoleGate,
    WitnessGate,
    EndGate,
    LeftRunningGate,
    StatusGate,
    SessionGate,
    AcceptedGate,
)
