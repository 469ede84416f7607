"""Records made by hand, for whoever draws, seals or verifies one. No server, no run."""

from __future__ import annotations

from pg_dryrun.outcome import Blame, Check, RootCause, Status, Verdict
from pg_dryrun.program_record import (
    ExclusiveLock,
    KeptOutput,
    LockWait,
    Notice,
    ProgramRecord,
    RowChanges,
    SeenError,
    SeenStatement,
)
from pg_dryrun.record import (
    CanaryRecord,
    EnvironmentFacts,
    NotReached,
    ProductionFacts,
    ProtectedRecord,
    Record,
    RevisionFacts,
    RunFacts,
    ScenarioRecord,
    SecretsRecord,
    StatementRecord,
    SubjectFacts,
    TableEffects,
    TeardownRecord,
)
from pg_dryrun.subject import Kind

HOSTILE = '<script>alert(1)</script> | `code` & "quotes" \x00 *bold* [link](x)'


def run_facts(run_id: str = "0a1b2c3d") -> RunFacts:
    """When and by what."""
    return RunFacts(
        id=run_id,
        started_at="2026-01-02T03:04:05.000Z",
        ended_at="2026-01-02T03:04:09.500Z",
        duration_s=4.5,
        folder="/somewhere/runs/x",
        tool_version="0.1.0",
        python="3.11.2",
        platform="Linux",
    )


def step_record(step: str, counted: dict[str, int], *, expected: dict[str, int] | None = None) -> ScenarioRecord:
    """One counted step of the happy path."""
    return ScenarioRecord(
        id=step,
        title=f"step {step}",
        kind=Kind.HAPPY,
        chain="main",
        status=Status.PASSED,
        message=f"did {step}",
        expected=expected if expected is not None else dict(counted),
        counted=counted,
        added={table: 1 if rows else 0 for table, rows in counted.items()},
        effects={table: TableEffects(inserted=1) for table, rows in counted.items() if rows},
        server_statements=3,
        client_statements=3,
    )


def command_record() -> ProgramRecord:
    """What `pg-dryrun run` records of a command, with something in every member."""
    return ProgramRecord(
        command=("./close-accounts", "--all"),
        role="till_clerk",
        role_origin="named by the dump; login and password for this run",
        database="till",
        environment=("DATABASE_URL", "PGHOST"),
        timeout_s=60,
        exit_status=0,
        duration_s=1.5,
        output=(KeptOutput(stream="stdout", file="command.stdout.txt", size_bytes=12, truncated=False),),
        survivors=("sleep (pid 42)",),
        sessions=2,
        sessions_at_once=1,
        transactions_committed=3,
        transactions_rolled_back=1,
        transactions_without_rows={"a sequence moved": 1},
        wal_bytes=4096,
        rows={
            "till.account": RowChanges(inserted=2, updated=1, rows_before=10, rows_after=12),
            "till.booking": RowChanges(truncated=1, rows_before=7, rows_after=0),
        },
        statements=(
            SeenStatement(
                fingerprint="a1b2",
                role="till_clerk",
                verbs=("INSERT",),
                tables=("till.account",),
                text="INSERT INTO till.account VALUES ($1)",
                times=2,
                failed=1,
                total_ms=3.0,
                longest_ms=2.0,
            ),
        ),
        errors=(SeenError(sqlstate="23505", severity="ERROR", times=1, message="duplicate key <value>"),),
        schema=("columns: + till.account.colour text",),
        shared=("role: + auditor",),
        sequences={"till.ticket": 3},
        dark_writes=("unlogged: till.scratch",),
        exclusive_locks=(ExclusiveLock(relation="till.account", times=1, longest_ms=12.5),),
        lock_waits=(LockWait(mode="RowExclusiveLock", target="relation till.account", times=1, longest_ms=40.0),),
        warnings=(Notice(code="TABLE_REWRITE", subject="till.account", message="every row is written anew"),),
        disagreements=(),
        expectations_sha256="ab" * 32,
        differences=("rows till.account inserted: accepted 1, found 2",),
    )


def passing(run_id: str = "0a1b2c3d") -> Record:
    """A record of two checks, both passed, with something in every section."""
    checks = (
        Check(id="G-01", title="disk", status=Status.PASSED, step="C-01", detail="room enough", duration_s=0.01),
        Check(id="S1", title="step S1", status=Status.PASSED, step="C-10a", detail="did S1", duration_s=0.2),
    )
    return Record(
        verdict=Verdict.PASS,
        exit_code=0,
        summary="till may write: all 2 planned checks passed.",
        run=run_facts(run_id),
        plan={"source": {"kind": "dump", "path": "/p"}, "allowed_deviations": []},
        plan_sha256="ab" * 32,
        planned=("G-01", "S1"),
        checks=checks,
        revision=RevisionFacts(commit="c" * 40, clean=True, authorised_commit="c" * 40),
        subject=SubjectFacts(
            name="till",
            principals={"clerk": "till_clerk"},
            tracked_tables=("till.account", "till.booking"),
            statements_declared=2,
            statements_sha256="cd" * 32,
            scenarios_sha256="ef" * 32,
        ),
        production=ProductionFacts(
            kind="dump",
            identity_before={"system_identifier": "77"},
            identity_after={"system_identifier": "77"},
            dump_path="/p/prod.dump",
            dump_sha256="12" * 32,
            dump_size_bytes=1234,
            schema_sha256="34" * 32,
            tables=2,
            rows=40,
        ),
        environment=EnvironmentFacts(
            name="env",
            lender="embedded",
            system_identifier="78",
            server_version="18.6",
            clone_method="reflink",
            deviations=("fsync off",),
            facts={"socket_dir": "/s"},
        ),
        scenarios=(
            step_record("S1", {"till.account": 1, "till.booking": 0}),
            ScenarioRecord(
                id="S8",
                title="refused",
                kind=Kind.REFUSAL,
                chain="refusals",
                status=Status.PASSED,
                refused="42501",
                counted={"till.account": 0, "till.booking": 0},
                expected={"till.account": 0, "till.booking": 0},
            ),
        ),
        baselines={"main": {"till.account": 20, "till.booking": 20}},
        statements=(
            StatementRecord(
                fingerprint="f1", name="open", principal="till_clerk", verb="INSERT", tables=("till.account",),
                text="INSERT INTO till.account VALUES ($1)", client=1, server=1, declared=True,
            ),
            StatementRecord(
                fingerprint="f2", name=None, principal="till_clerk", verb="DELETE", tables=("till.account",),
                text="DELETE FROM till.account", client=1, server=1, declared=False, deliberate=True,
            ),
        ),
        canaries=(CanaryRecord(instrument="effects", canary="a row", seen=True, evidence="1 insert"),),
        secrets=SecretsRecord(values_known=3, places_searched=("4 files",)),
        teardown=(TeardownRecord(kind="directory", name="/tmp/x", absent=True, detail="removed"),),
        protected=(
            ProtectedRecord(name="server", before={"start_time": "1"}, after={"start_time": "1"}, unchanged=True),
        ),
        applied=("S1: till.account +1 ~0 -0",),
        next_gate="Release.",
    )  # fmt: skip


def failing(words: str = "current transaction is aborted") -> Record:
    """A product failure at S1, everything after it not reached."""
    cause = RootCause(
        message=words,
        error_type="ActiveSqlTransaction",
        sqlstate="25001",
        statement_name="isolation",
        statement_text="SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        connection_state="INTRANS",
        call_site="writer.open, line 3",
        last_statements=("SELECT 1", words),
        remedy="Begin first.",
    )
    checks = (
        Check(
            id="S1", title="step S1", status=Status.FAILED, step="C-10a", detail=words,
            blame=Blame.PRODUCT, root_cause=cause,
        ),
        Check(id="G-22", title="net zero", status=Status.NOT_REACHED, step="C-13", detail="the run stopped at S1"),
        Check(id="G-25", title="others", status=Status.COULD_NOT_RUN, step="C-13", detail="no answer"),
    )  # fmt: skip
    return Record(
        verdict=Verdict.PRODUCT_FAIL,
        exit_code=1,
        summary=f"till failed at S1: {words}",
        run=run_facts(),
        plan={"source": {"kind": "stand-in"}, "allowed_deviations": []},
        plan_sha256="ab" * 32,
        planned=("S1", "G-22", "G-25"),
        checks=checks,
        root_cause=cause,
        failed_check="S1",
        scenarios=(
            step_record(
                "S1", {"till.account": 0, "till.booking": 1}, expected={"till.account": 1, "till.booking": 1}
            ),
        ),
        not_reached=(NotReached(id="G-22", title="net zero", why="the run stopped at S1"),),
        remediation=("S1 (product): Begin first.",),
        next_gate="None.",
    )  # fmt: skip
