"""Errors of the cutter. Every one has a stable ``code``, an ``exit_code`` for the command line and a ``remedy``.

CutterError
├── UsageError                  the call's words are off                                          exit 2
├── InputRefused                a document, profile or manifest that cannot be taken              exit 3
│   ├── FormatRefused           a file of another format that cannot be read as text
│   ├── LinesRefused            all lines of a list of names that cannot be taken, at once
│   ├── InputChanged            a file that somebody wrote while it was read
│   ├── DocumentTwice           two files of one call that say they are one document
│   └── ManifestInvalid         all problems of a manifest at once
├── ConfigError                                                                                   exit 4
│   ├── ConfigMissing           a key is missing or empty; no socket was opened
│   └── ConfigMismatch          the server says this is another principal, or another schema
├── SetUpIncomplete             `doctor`: something keeps the program from working                exit 9
├── AttestationRequired         a production, and no PASS for this commit, schema and time        exit 8
├── GovernanceRefused           a rule of the domain says no; nothing was written                 exit 5
│   ├── IllegalTransition       a move that ALLOWED_TRANSITIONS does not list
│   ├── StaleApproval           what was approved is not what is stored
│   ├── ReviewerNotIndependent
│   ├── LaneReferenceMismatch   a lane signs or writes what belongs to the other
│   └── PhantomSuccess          the number written is not the number approved
├── VerificationFailed          the second identity found a defect                                exit 6
├── AwaitingReview              not a defect: a human must decide                                 exit 10
├── DatabaseError               what PostgreSQL said, with its SQLSTATE                           exit 7
│   ├── TransactionLeak         a statement met a connection that was already in a transaction
│   ├── SilentRollback          COMMIT was answered with ROLLBACK
│   ├── OutcomeUnknown          whether COMMIT happened cannot be known now; a replay is safe
│   ├── DeadlinePassed          no answer within the client's own deadline
│   ├── ConnectionFailed        no connection could be made, or it was lost; nothing is assumed about its work
│   ├── PrivilegeDenied         SQLSTATE 42501: stop, never another role, never a GRANT
│   ├── UniqueConflict          SQLSTATE 23505: converges on a known idempotency key, else stop
│   ├── ContractMismatch        the deployed schema does not accept what this code writes
│   └── RetriesExhausted        40001 or 40P01 again and again
└── Internal                    a promise of this program is broken                               exit 70
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


class CutterError(Exception):
    """Root. ``code`` is stable across releases; ``remedy`` says what to do about it."""

    code = "CUTTER"
    exit_code = 70

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(CutterError):
    code = "USAGE"
    exit_code = 2


class InputRefused(CutterError):
    """A document, profile or manifest that cannot be taken; ``path`` and ``start_byte`` say where."""

    code = "INPUT_REFUSED"
    exit_code = 3

    def __init__(self, message: str, *, remedy: str, path: str | None = None, start_byte: int | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.path = path
        self.start_byte = start_byte


class FormatRefused(InputRefused):
    """A file of another format that cannot be read as text: broken, protected, hostile, of pictures only, or of a kind
    that no reader is there for. ``start_byte`` is a position in that file."""

    code = "FORMAT_REFUSED"


class InputChanged(InputRefused):
    """The file was written while it was read, or between two looks at it. Nothing of it was taken."""

    code = "INPUT_CHANGED"


class DocumentTwice(InputRefused):
    """Files of one call with different texts that say they are one document: which is right, nobody can know."""

    code = "DOCUMENT_TWICE"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a manifest: which block, where in the bytes, what, and the remedy."""

    code: str
    message: str
    remedy: str
    block_index: int | None = None
    start_byte: int | None = None


class ManifestInvalid(InputRefused):
    """All problems of a manifest at once. Their ``start_byte`` are positions in the document that it speaks of."""

    code = "MANIFEST_INVALID"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.code}: {first.message}{more}", remedy=first.remedy)
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class LineProblem:
    """Why a line of a list of names cannot be taken. ``line`` counts from 1."""

    line: int
    code: str
    message: str
    remedy: str


class LinesRefused(InputRefused):
    """All lines of a list of names that cannot be taken, at once. Nothing was written."""

    code = "LINES_REFUSED"

    def __init__(self, problems: Sequence[LineProblem]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"line {first.line}: {first.message}{more}", remedy=first.remedy)
        self.problems = tuple(problems)


class ConfigError(CutterError):
    code = "CONFIG"
    exit_code = 4


class ConfigMissing(ConfigError):
    """A key is missing or empty. Raised before any socket is opened; ``key`` names it."""

    code = "CONFIG_MISSING"

    def __init__(self, key: str, *, remedy: str | None = None) -> None:
        super().__init__(f"{key} is not set or empty", remedy=remedy or f"Set {key} in the environment.")
        self.key = key


class ConfigMismatch(ConfigError):
    code = "CONFIG_MISMATCH"


class SetUpIncomplete(CutterError):
    """What `doctor` found must be repaired before the program can work here."""

    code = "SETUP_INCOMPLETE"
    exit_code = 9


class AttestationRequired(CutterError):
    """The database is marked as production, and no PASS for this commit, this schema and this time was given.
    ``missing`` says everything that is wanting, one item each."""

    code = "ATTESTATION_REQUIRED"
    exit_code = 8

    def __init__(self, message: str, *, remedy: str, missing: Sequence[str]) -> None:
        super().__init__(message, remedy=remedy)
        self.missing = tuple(missing)


class GovernanceRefused(CutterError):
    code = "GOVERNANCE_REFUSED"
    exit_code = 5


class IllegalTransition(GovernanceRefused):
    code = "ILLEGAL_TRANSITION"


class StaleApproval(GovernanceRefused):
    code = "STALE_APPROVAL"


class ReviewerNotIndependent(GovernanceRefused):
    code = "REVIEWER_NOT_INDEPENDENT"


class LaneReferenceMismatch(GovernanceRefused):
    code = "LANE_REFERENCE_MISMATCH"


class PhantomSuccess(GovernanceRefused):
    code = "PHANTOM_SUCCESS"


class VerificationFailed(CutterError):
    code = "VERIFICATION_FAILED"
    exit_code = 6


class AwaitingReview(CutterError):
    code = "AWAITING_REVIEW"
    exit_code = 10

    @classmethod
    def of(cls, entry_id: str, why: str, *, asked: bool = False) -> AwaitingReview:
        """Entry ``entry_id`` waits: each command of the remedy can be typed as it stands.

        ``asked``: it has questions that must be answered, or taken as assumed.
        """
        look, take = (" --questions", " --accept-all-assumed") if asked else ("", "")
        more = ", or answer: --answer Q1=…" if asked else ""
        return cls(
            f"entry {entry_id} waits for a person: {why}",
            remedy=f"Look: iu-cutter review {entry_id}{look}\n"
            f'  then: iu-cutter review {entry_id} --approve{take} --rationale "why"   (or --defer, or --reject{more})\n'
            f"  then: cut the file again, or iu-cutter cut-approved {entry_id}",
        )


@dataclass(frozen=True, kw_only=True)
class StatementTrace:
    """What the adapter knew when a statement failed: enough for a root cause without a debugger."""

    statement_name: str | None = None
    connection_state: str | None = None
    call_site: str | None = None
    last_statements: tuple[str, ...] = field(default=())


class DatabaseError(CutterError):
    """What PostgreSQL said. ``sqlstate`` is None where the connection was lost without one."""

    code = "DATABASE"
    exit_code = 7

    def __init__(
        self, message: str, *, remedy: str, sqlstate: str | None = None, trace: StatementTrace | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.sqlstate = sqlstate
        self.trace = trace or StatementTrace()


class TransactionLeak(DatabaseError):
    code = "TRANSACTION_LEAK"


class SilentRollback(DatabaseError):
    code = "SILENT_ROLLBACK"


class OutcomeUnknown(DatabaseError):
    code = "OUTCOME_UNKNOWN"


class DeadlinePassed(DatabaseError):
    code = "DEADLINE_PASSED"


class ConnectionFailed(DatabaseError):
    code = "CONNECTION_FAILED"


class PrivilegeDenied(DatabaseError):
    code = "PRIVILEGE_DENIED"


class UniqueConflict(DatabaseError):
    """A row with this key is there already. ``converges`` says that ``constraint`` is a known idempotency key: the
    phase has been rolled back, and the caller returns the row that exists. Otherwise it is a defect: stop."""

    code = "UNIQUE_CONFLICT"

    def __init__(
        self,
        message: str,
        *,
        remedy: str,
        constraint: str | None,
        table: str | None,
        converges: bool,
        sqlstate: str | None = "23505",
        trace: StatementTrace | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, sqlstate=sqlstate, trace=trace)
        self.constraint = constraint
        self.table = table
        self.converges = converges


class ContractMismatch(DatabaseError):
    code = "CONTRACT_MISMATCH"


class RetriesExhausted(DatabaseError):
    code = "RETRIES_EXHAUSTED"


class Internal(CutterError):
    code = "INTERNAL"
    exit_code = 70
