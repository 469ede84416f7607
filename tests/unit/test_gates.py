"""Each gate: kept, broken with the right blame, and never kept by having looked at nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pg_dryrun import gates
from pg_dryrun.canaries import Canary
from pg_dryrun.contract import ContractReport, Mismatch
from pg_dryrun.fault_record import FaultKind, FaultPair, PairOutcome
from pg_dryrun.fidelity import Difference, RestoreComparison
from pg_dryrun.gates import reference
from pg_dryrun.gates.environment import IdentityGate, ReachabilityGate, RelationsGate, RestorableGate, RestoreGate
from pg_dryrun.gates.faults import FaultsGate
from pg_dryrun.gates.fitness import ContractGate, GrantsGate, InstrumentsGate
from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.ledgers import AllowListGate, BypassGate, LogSecretsGate, ReportSecretsGate
from pg_dryrun.gates.preflight import DiskGate, HardcodeGate, NameGate, ProtectedGate, RevisionGate
from pg_dryrun.gates.source import ReadOnlyGate, SourceIdentityGate
from pg_dryrun.gates.teardown import NetZeroGate, ProductionGate, ProtectedUnchangedGate
from pg_dryrun.gates.workplace import DigestGate, PermissionsGate
from pg_dryrun.hardcode import HardcodeReport, Literal
from pg_dryrun.ledger import Entry, Kind, TornDown
from pg_dryrun.needs import Missing
from pg_dryrun.outcome import Blame, Status
from pg_dryrun.plan import DIRTY_TREE
from pg_dryrun.protected import ProtectedComparison, ProtectedEnvironment, ProtectedSnapshot
from pg_dryrun.reachability import Attempt
from pg_dryrun.reader import ReaderProof
from pg_dryrun.roles import Cell, GrantMatrix
from pg_dryrun.secrets_scan import Finding, Scan
from pg_dryrun.snapshot import ProofKind
from pg_dryrun.statements import Undeclared, Unexplained
from pg_dryrun.subject import Revision

REPOSITORY = Path(__file__).resolve().parents[2]
COMMIT = "c" * 40
SERVER = ProtectedEnvironment(kind="server", id="77", start_time="then", detail="x")
CELL = Cell(role="r", table="t.t", verb="SELECT", column=None, granted=True, allowed=True, sqlstate=None)
MISMATCH = Mismatch(code="missing_column", statement="book", table="t.t", column="c", message="no column c")
TORN = TornDown(entry=Entry(number=1, kind=Kind.FILE, name="/x"), absent=True, detail="removed")
LEFT = TornDown(entry=Entry(number=1, kind=Kind.FILE, name="/x"), absent=False, detail="busy")
FOUND = Finding(secret="p", where="/runs/x/report.md", start_byte=3, encoding="raw")
CLEAN = Scan(findings=(), files=2, processes=3, bytes_read=10)
LEAK = Scan(findings=(FOUND,), files=2, processes=3, bytes_read=10)
BLIND = Scan(findings=(), files=0, processes=0, bytes_read=0)
UNREAD = Scan(findings=(), files=2, processes=3, bytes_read=10, unreadable=("/x: no",))


def proof(violations: tuple[str, ...] = (), *, taken: bool = False, examined: int = 9) -> ReaderProof:
    return ReaderProof(role="r", violations=violations, transaction_id_taken=taken, examined={"tables": examined})


def comparison(*differences: Difference, compared: int = 5) -> RestoreComparison:
    return RestoreComparison(
        proof_kind=ProofKind.SOURCE_DIGESTS, differences=differences, compared={"tables": compared}
    )


def unexplained(side: str) -> Unexplained:
    return Unexplained(side=side, pid=1, text="SELECT 1", times=2)


def pair(outcome: PairOutcome) -> FaultPair:
    return FaultPair(
        id="cut:1:denied",
        command="cut",
        index=1,
        statement="book",
        kind=FaultKind.DENIED,
        outcome=outcome,
        reason="why",
    )


KEPT: list[Gate] = [
    FaultsGate(planned=2, boundaries=1, pairs=[pair(PairOutcome.PASSED), pair(PairOutcome.NOT_APPLICABLE)]),
    DiskGate(path="/t", free_bytes=10, needed_bytes=10),
    NameGate(wanted=["/a"], taken=[]),
    ProtectedGate(named=1, seen=ProtectedSnapshot(protected=(SERVER,), bystanders=())),
    ProtectedGate(named=0, seen=ProtectedSnapshot(protected=(), bystanders=(SERVER,))),
    RevisionGate(revision=Revision(commit=COMMIT, clean=True), authorised_commit=COMMIT),
    RevisionGate(revision=Revision(commit=COMMIT, clean=True), authorised_commit=None),
    RevisionGate(revision=Revision(commit="x", clean=False), authorised_commit=None, allowed_deviations=[DIRTY_TREE]),
    HardcodeGate(report=HardcodeReport(files=1, findings=())),
    PermissionsGate(modes={"/w": 0o700}, inside_repository=[]),
    DigestGate(pinned={}, computed={"plan": "a"}),
    DigestGate(pinned={"plan": "a"}, computed={"plan": "a", "tool": "b"}),
    ReadOnlyGate(proof=None),
    ReadOnlyGate(proof=proof()),
    SourceIdentityGate(authorised={}, found={"dump sha256": "a"}),
    SourceIdentityGate(authorised={"dump sha256": "a"}, found={"dump sha256": "a"}),
    ReachabilityGate(attempts=[Attempt(address="a", port=1, reached=False, detail="no answer")]),
    RestorableGate(missing=[], deviations=["fsync off"]),
    RestoreGate(comparison=comparison()),
    RelationsGate(expected=["a.b"], present=frozenset({"a.b", "a.c"})),
    GrantsGate(matrix=GrantMatrix(cells=(CELL,), roles=(), defects=())),
    IdentityGate(copy_identifier="1", forbidden=["2"], created_by_this_run=False),
    IdentityGate(copy_identifier="1", forbidden=[], created_by_this_run=True),
    ContractGate(report=ContractReport(mismatches=(), emissions_examined=3)),
    InstrumentsGate(canaries=[Canary(instrument="effects", planted="a row", seen=True, detail="")]),
    BypassGate(server=2, client=2, unexplained=[]),
    AllowListGate(declared=2, seen=2, undeclared=[], unexplained_effects=[]),
    LogSecretsGate(values=1, scan=CLEAN),
    ReportSecretsGate(values=1, scan=CLEAN, own_folder="/runs/x"),
    NetZeroGate(items=[TORN]),
    NetZeroGate(items=[], began=False),
    ProductionGate(kind="dump", before={"sha256": "a"}, after={"sha256": "a"}, moved_on=["next_xid"]),
    ProtectedUnchangedGate(protected=1, comparison=ProtectedComparison(differences=(), bystander_changes=("y",))),
]

UNDECLARED = Undeclared(user="r", text="SELECT 2", verbs=("SELECT",), forbidden=(), times=1)
BROKEN: list[tuple[Gate, Blame, str]] = [
    (DiskGate(path="/t", free_bytes=9, needed_bytes=10), Blame.ENVIRONMENT, "9 bytes free"),
    (NameGate(wanted=["/a"], taken=["/a"]), Blame.ENVIRONMENT, "/a"),
    (ProtectedGate(named=2, seen=ProtectedSnapshot(protected=(SERVER,), bystanders=())), Blame.PLAN, "2 protected"),
    (RevisionGate(revision=Revision(commit=COMMIT, clean=True), authorised_commit="d" * 40), Blame.PLAN, "dddd"),
    (
        RevisionGate(revision=Revision(commit=COMMIT, clean=False, dirty_paths=("a.py",)), authorised_commit=None),
        Blame.PRODUCT,
        "a.py",
    ),
    (
        HardcodeGate(report=HardcodeReport(files=1, findings=(Literal(path="a", line=1, kind="DSN", shown=""),))),
        Blame.PRODUCT,
        "a:1 DSN",
    ),
    (PermissionsGate(modes={"/w": 0o755}, inside_repository=[]), Blame.TOOL, "0755"),
    (PermissionsGate(modes={"/w": 0o700}, inside_repository=["/w"]), Blame.ENVIRONMENT, "/w"),
    (DigestGate(pinned={"plan": "a"}, computed={"plan": "b"}), Blame.PLAN, "pinned a"),
    (DigestGate(pinned={"other": "a"}, computed={"plan": "b"}), Blame.PLAN, "nothing"),
    (ReadOnlyGate(proof=proof(("INSERT on a.b",))), Blame.PLAN, "INSERT on a.b"),
    (ReadOnlyGate(proof=proof(taken=True)), Blame.TOOL, "transaction id"),
    (SourceIdentityGate(authorised={"x": "a"}, found={"x": "b"}), Blame.PLAN, "authorised a, found b"),
    (SourceIdentityGate(authorised={"x": "a"}, found={}), Blame.PLAN, "nothing"),
    (
        FaultsGate(planned=2, boundaries=1, pairs=[pair(PairOutcome.PASSED), pair(PairOutcome.FAILED)]),
        Blame.PRODUCT,
        "1 pairs failed: cut:1:denied (book): why",
    ),
    (
        FaultsGate(planned=1, boundaries=1, pairs=[pair(PairOutcome.COULD_NOT_RUN)]),
        Blame.TOOL,
        "1 pairs could not be run",
    ),
    (
        ReachabilityGate(attempts=[Attempt(address="a", port=1, reached=True, detail="answers")]),
        Blame.ENVIRONMENT,
        "a port 1",
    ),
    (
        RestorableGate(missing=[Missing(kind="extension", name="pgcrypto", remedy="install")], deviations=[]),
        Blame.ENVIRONMENT,
        "pgcrypto",
    ),
    (
        RestoreGate(comparison=comparison(Difference(kind="table", name="a.b", expected="1", found="2"))),
        Blame.ENVIRONMENT,
        "a.b",
    ),
    (RelationsGate(expected=["a.b", "a.d"], present=frozenset({"a.b"})), Blame.PRODUCT, "a.d"),
    (GrantsGate(matrix=GrantMatrix(cells=(CELL,), roles=(), defects=("too much",))), Blame.PRODUCT, "too much"),
    (IdentityGate(copy_identifier="2", forbidden=["2"], created_by_this_run=True), Blame.ENVIRONMENT, "2"),
    (IdentityGate(copy_identifier="2", forbidden=[], created_by_this_run=False), Blame.ENVIRONMENT, "unknown"),
    (ContractGate(report=ContractReport(mismatches=(MISMATCH,), emissions_examined=1)), Blame.PRODUCT, "no column c"),
    (InstrumentsGate(canaries=[Canary(instrument="log", planted="p", seen=False, detail="")]), Blame.TOOL, "log"),
    (BypassGate(server=2, client=1, unexplained=[unexplained("server")]), Blame.PRODUCT, "only the server has"),
    (BypassGate(server=1, client=2, unexplained=[unexplained("client")]), Blame.TOOL, "only the client has"),
    (AllowListGate(declared=1, seen=1, undeclared=[UNDECLARED], unexplained_effects=[]), Blame.PRODUCT, "SELECT 2"),
    (AllowListGate(declared=1, seen=1, undeclared=[], unexplained_effects=["S1: 1 row"]), Blame.PRODUCT, "S1: 1 row"),
    (LogSecretsGate(values=1, scan=LEAK), Blame.PRODUCT, "p in /runs/x/report.md"),
    (ReportSecretsGate(values=1, scan=LEAK, own_folder="/runs/x"), Blame.TOOL, "report.md"),
    (ReportSecretsGate(values=1, scan=LEAK, own_folder="/runs/y"), Blame.PRODUCT, "report.md"),
    (NetZeroGate(items=[TORN, LEFT]), Blame.TOOL, "1 of 2"),
    (ProductionGate(kind="dump", before={"sha256": "a"}, after={"sha256": "b"}), Blame.TOOL, "a before, b after"),
    (ProductionGate(kind="dump", before={"sha256": "a"}, after={}), Blame.TOOL, "None after"),
    (
        ProtectedUnchangedGate(
            protected=1, comparison=ProtectedComparison(differences=("gone",), bystander_changes=())
        ),
        Blame.TOOL,
        "gone",
    ),
]

LOOKED_AT_NOTHING: list[Gate] = [
    NameGate(wanted=[], taken=[]),
    HardcodeGate(report=HardcodeReport(files=0, findings=())),
    PermissionsGate(modes={}, inside_repository=[]),
    DigestGate(pinned={}, computed={}),
    ReadOnlyGate(proof=proof(examined=0)),
    ReachabilityGate(attempts=[]),
    RestoreGate(comparison=comparison(compared=0)),
    RelationsGate(expected=[], present=frozenset({"a.b"})),
    GrantsGate(matrix=GrantMatrix(cells=(), roles=(), defects=())),
    IdentityGate(copy_identifier="", forbidden=["1"], created_by_this_run=True),
    ContractGate(report=ContractReport(mismatches=(), emissions_examined=0)),
    InstrumentsGate(canaries=[]),
    BypassGate(server=0, client=0, unexplained=[]),
    AllowListGate(declared=0, seen=1, undeclared=[], unexplained_effects=[]),
    AllowListGate(declared=1, seen=0, undeclared=[], unexplained_effects=[]),
    LogSecretsGate(values=0, scan=CLEAN),
    LogSecretsGate(values=1, scan=BLIND),
    LogSecretsGate(values=1, scan=UNREAD),
    ReportSecretsGate(values=1, scan=BLIND, own_folder="/r"),
    ReportSecretsGate(values=1, scan=UNREAD, own_folder="/r"),
    NetZeroGate(items=[]),
    ProductionGate(kind="dump", before={}, after={}),
    FaultsGate(planned=0, boundaries=0, pairs=[]),
    FaultsGate(planned=2, boundaries=1, pairs=[pair(PairOutcome.PASSED)]),
    FaultsGate(planned=1, boundaries=1, pairs=[pair(PairOutcome.NOT_APPLICABLE)]),
]


@pytest.mark.parametrize("gate", KEPT, ids=lambda gate: gate.id)
def test_kept(gate: Gate) -> None:
    check = gate.check()
    assert check.status is Status.PASSED, check.detail
    assert check.blame is None
    assert (check.id, check.title, check.step) == (gate.id, gate.title, gate.step)
    assert check.detail


@pytest.mark.parametrize(("gate", "blame", "words"), BROKEN, ids=lambda item: getattr(item, "id", None))
def test_broken_and_whose_failure_it_is(gate: Gate, blame: Blame, words: str) -> None:
    check = gate.check()
    assert (check.status, check.blame) == (Status.FAILED, blame)
    assert blame in gate.blames
    assert words in check.detail
    assert check.root_cause is not None
    # All of it, but for the faults: there the first failed pair is the root cause.
    assert check.root_cause.message in check.detail
    assert check.root_cause.message == check.detail or isinstance(gate, FaultsGate)


@pytest.mark.parametrize("gate", LOOKED_AT_NOTHING, ids=lambda gate: gate.id)
def test_a_gate_that_looked_at_nothing_is_the_tools_failure(gate: Gate) -> None:
    check = gate.check()
    assert (check.status, check.blame) == (Status.FAILED, Blame.TOOL), check.detail


def test_every_gate_of_the_catalogue_is_kept_and_broken_here() -> None:
    """The gates over scenario records are in test_gates_scenarios."""
    kept, broken = {type(gate) for gate in KEPT}, {type(gate) for gate, _, _ in BROKEN}
    over_records = {*gates.AFTER_HAPPY, *gates.AFTER_REFUSALS}
    assert kept == broken == set(gates.ALL) - over_records


def test_the_known_names_of_the_gates_are_kept() -> None:
    ids = [gate.id for gate in gates.ALL]
    assert len(set(ids)) == len(ids)
    assert set(ids) == {
        *(f"G-{number:02}" for number in range(1, 27)),
        "G_DIRTY",
        "G_HARNESS_HAPPY",
        "G_HARNESS_NEG",
    }


def test_the_identity_guard_is_asked_before_any_scenario() -> None:
    assert IdentityGate in gates.BEFORE_SCENARIOS
    assert gates.BEFORE_SCENARIOS[-1] is InstrumentsGate


def test_the_page_about_the_gates_is_what_the_code_says() -> None:
    page = REPOSITORY / "docs" / "reference" / "gates.md"
    assert page.read_text(encoding="utf-8") == reference.render()
