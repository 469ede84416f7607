"""The runner on real servers: planted defects of product, plan, tool and environment, each by its own word."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.till_room import (
    ACCOUNT,
    BOOKING,
    STATEMENTS,
    Clerk,
    Till,
    rows,
    scenarios,
    step,
)

from pg_dryrun import canaries
from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.errors import EnvironmentFault, ToolFault
from pg_dryrun.outcome import Blame, Check, Status, Verdict
from pg_dryrun.plan import DIRTY_TREE, DumpFile, Pins, Plan, ProtectedServer, Thresholds
from pg_dryrun.record import read
from pg_dryrun.report import page
from pg_dryrun.runner import Outcome, rehearse
from pg_dryrun.subject import Emission, ScenarioContext, ScenarioResult
from pg_dryrun.verification import verify
from sealing.keys import SigningKey

KEY = SigningKey.generate()


def run(out: Path, subject: Till | None = None, plan: Plan | None = None) -> Outcome:
    """One rehearsal of the till on embedded servers."""
    return rehearse(subject or Till(), plan or Plan(), EmbeddedLender(), out, key=KEY)


def failed(outcome: Outcome) -> Check:
    """The one check that failed."""
    found = [check for check in outcome.checks if check.status is Status.FAILED]
    assert len(found) == 1, [f"{check.id}: {check.detail}" for check in found]
    return found[0]


def assert_torn_down(outcome: Outcome) -> None:
    """Teardown was asked and kept, whatever else happened, and nothing that the ledger lists is there."""
    by_id = {check.id: check for check in outcome.checks}
    assert by_id["G-22"].status is Status.PASSED, by_id["G-22"].detail
    for line in (outcome.folder / "created.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry.get("kind") in {"directory", "file", "socket"}:
            assert not os.path.lexists(entry["name"])


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A rehearsal without any defect."""
    return run(tmp_path_factory.mktemp("runs"))


def test_every_planned_check_passes_and_the_evidence_holds(passed: Outcome) -> None:
    assert passed.verdict is Verdict.PASS, passed.summary
    assert passed.exit_code == 0
    assert passed.record is not None
    assert [check.id for check in passed.checks] == list(passed.record.planned)
    assert all(check.status is Status.PASSED for check in passed.checks)
    assert_torn_down(passed)
    walk = verify(passed.folder, keys=[KEY.public])
    assert walk.holds, walk.steps
    assert walk.verdict is Verdict.PASS


def test_the_record_has_matrix_effects_and_refusals(passed: Outcome) -> None:
    document = json.loads((passed.folder / "report.json").read_bytes())
    by_id = {item["id"]: item for item in document["scenarios"]}
    assert by_id["T1"]["counted"] == rows(1, 0)
    assert by_id["T2"]["counted"] == by_id["T2"]["expected"] == rows(1, 1)
    assert by_id["T2"]["effects"][ACCOUNT] == {"inserted": 0, "updated": 1, "deleted": 0, "truncated": 0}
    assert by_id["T3"]["refused"] == "23505"
    assert by_id["T4"]["refused"] == "42501"
    assert document["baselines"]["one account"] == {ACCOUNT: 20, BOOKING: 20}
    assert {item["name"] for item in document["statements"] if item["declared"]} == set(STATEMENTS) - {"balance"}
    assert document["production"]["identity_before"] == document["production"]["identity_after"]
    assert read(document) == passed.record


def test_the_folder_is_private_and_latest_points_to_it(passed: Outcome) -> None:
    assert passed.folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in passed.folder.iterdir()} == dict.fromkeys(
        [
            "attestation.dsse.json",
            "created.jsonl",
            "junit.xml",
            "report.html",
            "report.json",
            "report.md",
            "signer.pub.pem",
        ],
        0o600,
    )
    assert (passed.folder.parent / "latest").resolve() == passed.folder


def defective(make: type[Clerk], **changes: object) -> Till:
    """The till with another clerk."""
    return Till(scenarios=scenarios(make), **changes)  # type: ignore[arg-type]


class ReadsFirst(Clerk):
    """The read leaves a transaction open; SET TRANSACTION comes too late."""

    def open_account(self, account: int, owner: str) -> None:
        assert owner
        self.send("begin")
        self.send("balance", account)
        self.send_text("isolation", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")


class SavepointTwin(Clerk):
    """Believes that it committed: the block was a savepoint in a transaction that nobody ends."""

    def open_account(self, account: int, owner: str) -> None:
        self.send("begin")
        self.send_text("savepoint", "SAVEPOINT inner_block")
        self.send("open_account", account, owner)
        self.send_text("release", "RELEASE SAVEPOINT inner_block")


class DropsARow(Clerk):
    """Says that it booked, and moves the balance only."""

    def book(self, booking: int, account: int, amount: int) -> None:
        assert booking
        with self.transaction():
            self.send("add", amount, account)


class UpdatesTwice(Clerk):
    """The right rows, and one update too many."""

    def book(self, booking: int, account: int, amount: int) -> None:
        with self.transaction():
            self.send("book", booking, account, amount)
            self.send("add", amount, account)
            self.send("add", 0, account)


class TakesASequence(Clerk):
    """A dark write: nothing in any row tells of it."""

    def open_account(self, account: int, owner: str) -> None:
        with self.transaction():
            self.send("open_account", account, owner)
            self.send_text("dark", "SELECT pg_catalog.pg_current_xact_id()")
        with self.transaction():
            self.send_text("dark", "SELECT pg_catalog.lo_create(0)")


class Whispers(Clerk):
    """Sends a statement past its own journal."""

    def open_account(self, account: int, owner: str) -> None:
        super().open_account(account, owner)
        self.connection.execute(b"SELECT balance FROM till.account WHERE account_id = 1")


class Undeclared(Clerk):
    """Sends what it never declared, and says so in its journal."""

    def open_account(self, account: int, owner: str) -> None:
        super().open_account(account, owner)
        self.send_text("all", "SELECT count(*) FROM till.account")


class Shouts(Clerk):
    """Its password in a statement: the server's log has it."""

    def __init__(self, login) -> None:  # type: ignore[no-untyped-def]
        super().__init__(login)
        self.password = login.password

    def open_account(self, account: int, owner: str) -> None:
        super().open_account(account, owner)
        self.send_text("all", f"SELECT '{self.password}'::text")


@pytest.mark.parametrize(
    ("make", "at", "words"),
    [
        (ReadsFirst, "T1", "SET TRANSACTION ISOLATION LEVEL must be called before any query"),
        (SavepointTwin, "T1", "till.account expected 1 counted 0"),
        (DropsARow, "T2", "till.booking expected 1 counted 0"),
        (UpdatesTwice, "T2", "expected 1 updates, committed 2"),
        (TakesASequence, "T1", "dark"),
        (Whispers, "G-18", "only the server has"),
        (Undeclared, "G-20", "count(*)"),
        (Shouts, "G-20", "undeclared"),
    ],
)
def test_a_product_defect_is_the_products(make: type[Clerk], at: str, words: str, tmp_path: Path) -> None:
    outcome = run(tmp_path, defective(make))
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict, outcome.exit_code) == (at, Blame.PRODUCT, Verdict.PRODUCT_FAIL, 1)
    assert words in check.detail
    assert_torn_down(outcome)
    assert verify(outcome.folder, keys=[KEY.public]).holds


def test_the_root_cause_names_sqlstate_statement_and_connection(tmp_path: Path) -> None:
    outcome = run(tmp_path, defective(ReadsFirst))
    assert outcome.record is not None
    cause = outcome.record.root_cause
    assert cause is not None
    assert cause.sqlstate == "25001"
    assert cause.connection_state == "INERROR"
    assert cause.statement_text == "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
    assert cause.last_statements[-1] == "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"
    for name in ("report.md", "report.html", "junit.xml"):
        assert "25001" in (outcome.folder / name).read_text(encoding="utf-8")
    assert [item.id for item in outcome.record.not_reached][:2] == ["T2", "G_HARNESS_HAPPY"]


def test_a_secret_in_a_servers_log_is_found(tmp_path: Path) -> None:
    """The clerk's declared statement holds its password: only the log tells."""
    till = defective(Shouts)
    shout = replace(till.statements[0], name="all", verb="SELECT", tables=(), text="SELECT 'x'::text")
    till.statements = (*till.statements, shout)
    outcome = run(tmp_path, till)
    assert failed(outcome).id == "G-23"
    assert outcome.verdict is Verdict.PRODUCT_FAIL
    for path in outcome.folder.iterdir():
        assert "[secret" not in path.name
    assert "password of till_clerk" in failed(outcome).detail


def test_a_column_that_does_not_exist_is_found_before_the_first_write(tmp_path: Path) -> None:
    wrong = Emission(statement="book", principal="clerk", table=BOOKING, columns=("booking_id", "account_id", "sum"))
    outcome = run(tmp_path, Till(emissions=(wrong,)))
    check = failed(outcome)
    assert (check.id, outcome.verdict) == ("G-26", Verdict.PRODUCT_FAIL)
    assert "sum" in check.detail
    assert "amount" in check.detail  # all mismatches at once: NOT NULL and not filled
    assert outcome.record is not None
    assert outcome.record.scenarios == ()


def test_a_missing_grant_is_found_cell_by_cell(tmp_path: Path) -> None:
    till = Till()
    till.rights = (*till.rights[:1], replace(till.rights[1], insert=False))
    outcome = run(tmp_path, till)
    assert (failed(outcome).id, outcome.verdict) == ("G-11", Verdict.PRODUCT_FAIL)


def test_a_refusal_that_is_not_refused_is_the_products_failure(tmp_path: Path) -> None:
    def lenient(context: ScenarioContext) -> ScenarioResult:
        clerk = Clerk(context.logins["clerk"])
        clerk.book(2000, 1, 5)
        clerk.close()
        return ScenarioResult(ok=True, message="booked", client_statements=clerk.journal)

    outcome = run(tmp_path, Till(scenarios=(*scenarios()[:2], replace(scenarios()[2], run=lenient))))
    check = failed(outcome)
    assert (check.id, outcome.verdict) == ("T3", Verdict.PRODUCT_FAIL)
    assert "expected a refusal with 23505, found no refusal" in check.detail
    assert outcome.record is not None
    assert any(line.startswith("T3: till.account +0 ~1") for line in outcome.record.applied)


def test_uncommitted_changes_and_an_unauthorised_commit(tmp_path: Path) -> None:
    dirty = run(tmp_path, Till(clean=False))
    assert (failed(dirty).id, dirty.verdict) == ("G_DIRTY", Verdict.PRODUCT_FAIL)
    other = run(tmp_path, plan=Plan(authorised_commit="f" * 40))
    assert (failed(other).id, other.verdict, other.exit_code) == ("G_DIRTY", Verdict.PLAN_FAIL, 3)
    assert other.record is not None
    assert other.record.production is None


def test_an_allowed_dirty_tree_passes_and_is_never_attested_as_passed(tmp_path: Path) -> None:
    outcome = run(tmp_path, Till(clean=False), Plan(allowed_deviations=(DIRTY_TREE,)))
    assert outcome.verdict is Verdict.PASS
    walk = verify(outcome.folder, keys=[KEY.public])
    assert walk.holds
    assert "WARNED" in walk.steps[2].detail


@pytest.mark.parametrize(
    ("plan", "at", "words"),
    [
        (Plan(expected={"T2": {"till.*": 1}}), "G-15", "the plan expects 1, counted 2"),
        (Plan(expected={"T9": {"till.*": 1}}), "G-15", "there is no such step"),
        (Plan(expected={"T2": {"till.nothing": 1}}), "G-15", "not a tracked table"),
        (Plan(pins=Pins(statements_sha256="0" * 64)), "G-12", "statements: pinned 0000"),
        (Plan(checks=("G-01",)), "G-12", "checks: pinned"),
        (Plan(source=DumpFile(path=Path("/nonexistent/prod.dump"))), "G-05", "No such file"),
    ],
)
def test_a_wrong_plan_is_the_plans(plan: Plan, at: str, words: str, tmp_path: Path) -> None:
    outcome = run(tmp_path, plan=plan)
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict, outcome.exit_code) == (at, Blame.PLAN, Verdict.PLAN_FAIL, 3)
    assert words in check.detail
    assert_torn_down(outcome)


def test_a_blind_instrument_is_the_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sighted = canaries.fly

    def blind(*args: object, **kwargs: object) -> tuple[canaries.Canary, ...]:
        return tuple(
            replace(item, seen=item.seen and item.instrument != "effects")
            for item in sighted(*args, **kwargs)  # type: ignore[arg-type]
        )

    monkeypatch.setattr(canaries, "fly", blind)
    outcome = run(tmp_path)
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict, outcome.exit_code) == ("G-13", Blame.TOOL, Verdict.TOOL_FAIL, 4)
    assert "effects did not see" in check.detail
    assert_torn_down(outcome)


@pytest.mark.parametrize(
    "crash", [RuntimeError("the page broke"), ToolFault("the page broke"), MemoryError("the page broke")]
)
def test_a_crashing_report_writer_is_the_tools_and_a_record_is_there(
    crash: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(record: object) -> bytes:
        raise crash

    monkeypatch.setattr(page, "render", broken)
    outcome = run(tmp_path)
    assert (outcome.verdict, outcome.exit_code) == (Verdict.TOOL_FAIL, 4)
    document = json.loads((outcome.folder / "report.json").read_bytes())
    assert document["verdict"] == "TOOL_FAIL"
    assert "PASS" not in document["summary"]
    assert "the page broke" in json.dumps(document)
    assert any(line.startswith("T2:") for line in document["applied"])
    assert not (outcome.folder / "report.html").exists()
    assert verify(outcome.folder, keys=[KEY.public]).verdict is Verdict.TOOL_FAIL


def test_a_harness_that_breaks_is_the_tools(tmp_path: Path) -> None:
    def broken(context: ScenarioContext) -> ScenarioResult:
        raise KeyError(context.state["no such key"])

    outcome = run(tmp_path, Till(scenarios=(replace(scenarios()[0], run=broken), *scenarios()[1:])))
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict) == ("T1", Blame.TOOL, Verdict.TOOL_FAIL)
    assert_torn_down(outcome)


class Nobody:
    """A lender without a server."""

    name = "nobody"

    def lend(self, name: str, **wishes: object) -> object:
        raise EnvironmentFault(f"no server for {name}, {sorted(wishes)}", remedy="Install one.")


def test_no_environment_is_incomplete(tmp_path: Path) -> None:
    outcome = rehearse(Till(), Plan(), Nobody(), tmp_path, key=KEY)  # type: ignore[arg-type]
    assert (outcome.verdict, outcome.exit_code) == (Verdict.INCOMPLETE, 5)
    by_id = {check.id: check for check in outcome.checks}
    assert by_id["G-05"].status is Status.COULD_NOT_RUN
    assert by_id["G-22"].status is Status.PASSED
    assert_torn_down(outcome)


def test_a_full_disk_is_incomplete(tmp_path: Path) -> None:
    outcome = run(tmp_path, plan=Plan(thresholds=Thresholds(free_bytes=1 << 50)))
    assert (failed(outcome).id, outcome.verdict) == ("G-01", Verdict.INCOMPLETE)


def test_a_writer_that_hangs_is_ended_by_the_deadline(tmp_path: Path) -> None:
    def hangs(clerk: Clerk, context: ScenarioContext) -> str:
        try:
            clerk.connection.execute(b"SELECT pg_catalog.pg_sleep(60)")
        except Exception:  # a writer that swallows everything
            return "slept well"
        return "slept"

    hanging = replace(scenarios()[0], run=step(Clerk, hangs))
    begun = time.monotonic()
    outcome = run(
        tmp_path, Till(scenarios=(hanging, *scenarios()[1:])), Plan(thresholds=Thresholds(scenario_timeout_s=2))
    )
    check = failed(outcome)
    assert (check.id, outcome.verdict) == ("T1", Verdict.PRODUCT_FAIL)
    assert "no answer within 2 s" in check.detail
    assert time.monotonic() - begun < 30
    assert_torn_down(outcome)


def test_a_protected_server_that_vanishes_is_reported(tmp_path: Path) -> None:
    with EmbeddedLender().lend("guarded") as server:
        data_dir = Path(str(server.describe().facts["data_dir"]))

        def ends_it(context: ScenarioContext) -> ScenarioResult:
            server.stop()
            return scenarios()[0].run(context)

        outcome = run(
            tmp_path,
            Till(scenarios=(replace(scenarios()[0], run=ends_it), *scenarios()[1:])),
            Plan(protected=(ProtectedServer(name="guarded", data_dir=data_dir),)),
        )
    assert (failed(outcome).id, outcome.verdict) == ("G-25", Verdict.TOOL_FAIL)


def test_two_runs_on_the_same_dump_have_the_same_deterministic_part(tmp_path: Path) -> None:
    dump = tmp_path / "production.sql"
    _dump_of_a_till(dump)
    plan = Plan(source=DumpFile(path=dump))
    first, second = run(tmp_path / "a", plan=plan), run(tmp_path / "b", plan=plan)
    documents = [json.loads((outcome.folder / "report.json").read_bytes()) for outcome in (first, second)]
    assert [outcome.verdict for outcome in (first, second)] == [Verdict.PASS, Verdict.PASS], first.summary
    assert documents[0]["run"]["id"] != documents[1]["run"]["id"]
    assert documents[0]["deterministic_sha256"] == documents[1]["deterministic_sha256"]
    assert dump.exists()
    assert documents[0]["production"]["dump_kept"] is True
    assert documents[0]["production"]["schema_sha256"] is not None


def _dump_of_a_till(target: Path) -> None:
    with EmbeddedLender().lend("source") as server:
        Till().make_production(server.admin, target.parent)
        environment = {**os.environ, **server.admin.environment()}
        subprocess.run(
            [server.program("pg_dump"), "--file", target, "--restrict-key", "till"],
            env=environment,
            check=True,
            timeout=60,
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_walk_and_never_the_teardown(number: signal.Signals, tmp_path: Path) -> None:
    with _started(tmp_path, "sleeps") as process:
        _wait_for_line(process, "asleep")
        process.send_signal(number)
        process.send_signal(signal.SIGTERM)  # a second one changes nothing
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 5, output
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir() and not path.is_symlink()]
    document = json.loads((folder / "report.json").read_bytes())
    assert document["verdict"] == "INCOMPLETE"
    assert document["run"]["interrupted_by"] == number.name
    statuses = {check["id"]: check["status"] for check in document["checks"]}
    assert statuses["T1"] == "CouldNotRun"
    assert statuses["G-22"] == statuses["G-21"] == statuses["G-25"] == "Passed"


def test_a_killed_run_is_cleaned_by_its_ledger(tmp_path: Path) -> None:
    with _started(tmp_path, "sleeps") as process:
        _wait_for_line(process, "asleep")
        (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
        alive = _pg_dryrun("clean", str(folder))
        assert alive.returncode == 2
        assert "under way" in alive.stderr
        process.kill()
        process.communicate(timeout=60)
    left = [json.loads(line) for line in (folder / "created.jsonl").read_text().splitlines()]
    assert any(os.path.lexists(entry["name"]) for entry in left if entry.get("kind") == "directory")
    cleaned = _pg_dryrun("clean", str(folder), "--json")
    assert cleaned.returncode == 0, cleaned.stdout
    assert json.loads(cleaned.stdout)["net_zero"] is True
    assert not any(os.path.lexists(entry["name"]) for entry in left if entry.get("kind") == "directory")


def _pg_dryrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from pg_dryrun.cli import main; main()", *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def _started(out: Path, writer: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.till_room", writer, str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip


def _wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for found in process.stdout:
        if found.strip() == line:
            return
    raise AssertionError(f"the process ended before {line!r}")
