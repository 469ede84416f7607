"""The three forms of production, the identity guard, and the tool's own failures around them, on real servers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.till_room import Clerk, Till, scenarios

from pg_dryrun import instruments, ledger, reader
from pg_dryrun.environments.embedded import EmbeddedEnvironment, EmbeddedLender
from pg_dryrun.errors import UsageError
from pg_dryrun.observer import connect
from pg_dryrun.outcome import Blame, Check, Status, Verdict
from pg_dryrun.plan import DumpFile, LiveSource, Plan, ProtectedServer
from pg_dryrun.runner import Outcome, rehearse
from pg_dryrun.subject import Login, Scenario
from pg_dryrun.verification import verify
from sealing.keys import SigningKey

KEY = SigningKey.generate()


def run(out: Path, plan: Plan, subject: Till | None = None, lender: EmbeddedLender | None = None) -> Outcome:
    """One rehearsal."""
    return rehearse(subject or Till(), plan, lender or EmbeddedLender(), out, key=KEY)


def failed(outcome: Outcome) -> Check:
    """The first check that failed."""
    return next(check for check in outcome.checks if check.status is Status.FAILED)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEnvironment]:
    """A till in use, on a server with an identity of its own."""
    with EmbeddedLender().lend("production", own_identity=True) as server:
        Till().make_production(server.admin, tmp_path_factory.mktemp("production"))
        with connect(server.admin, purpose="test") as observer:
            observer.execute("REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC")
        yield server


@pytest.fixture(scope="module")
def reading(production: EmbeddedEnvironment) -> Login:
    """The role that reads it."""
    return reader.create_reader(production.admin, role="dryrun_reader", password="reader-password")


def test_a_live_production_is_read_rehearsed_and_unchanged(
    production: EmbeddedEnvironment, reading: Login, tmp_path: Path
) -> None:
    source = LiveSource(login=reading, system_identifier=production.system_identifier)
    outcome = run(tmp_path, Plan(source=source))
    assert outcome.verdict is Verdict.PASS, outcome.summary
    assert production.running
    document = json.loads((outcome.folder / "report.json").read_bytes())
    assert document["production"]["kind"] == "dsn"
    assert document["production"]["identity_before"]["system_identifier"] == production.system_identifier
    assert document["production"]["dump_kept"] is False
    assert not os.path.lexists(document["production"]["dump_path"])
    assert [item["unchanged"] for item in document["protected"]] == [True]  # production is a protected server
    assert "reader-password" not in (outcome.folder / "report.json").read_text()
    with connect(production.admin, purpose="test") as observer:
        assert observer.value("SELECT count(*) FROM till.account") == 20


def test_another_production_than_the_authorised_one(reading: Login, tmp_path: Path) -> None:
    outcome = run(tmp_path, Plan(source=LiveSource(login=reading, system_identifier="1")))
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict) == ("G-06", Blame.PLAN, Verdict.PLAN_FAIL)


def test_a_role_that_can_write_is_never_used_to_read(production: EmbeddedEnvironment, tmp_path: Path) -> None:
    outcome = run(tmp_path, Plan(source=LiveSource(login=production.admin)))
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict) == ("G-05", Blame.PLAN, Verdict.PLAN_FAIL)
    assert outcome.record is not None
    assert outcome.record.production is not None
    assert outcome.record.production.dump_path is None


def test_a_production_that_does_not_answer_is_incomplete(reading: Login, tmp_path: Path) -> None:
    outcome = run(tmp_path, Plan(source=LiveSource(login=replace(reading, port=1))))
    assert outcome.verdict is Verdict.PLAN_FAIL  # it is a protected server, and it was not found
    assert failed(outcome).id == "G-03"


class LendsProduction(EmbeddedLender):
    """A lender that hands out production itself."""

    def __init__(self, server: EmbeddedEnvironment) -> None:
        super().__init__()
        self._server = server

    def lend(self, name: str, **wishes: object) -> EmbeddedEnvironment:  # type: ignore[override]
        assert name
        assert wishes
        return _NotOurs(self._server)


class _NotOurs(EmbeddedEnvironment):
    """Production seen as an environment; giving it back does nothing."""

    def __init__(self, server: EmbeddedEnvironment) -> None:
        super().__init__(server._cluster, ledger=None)

    def close(self):  # type: ignore[no-untyped-def]
        raise AssertionError("production is not ours to close")


def test_a_lent_production_is_the_hard_abort_before_any_write(
    production: EmbeddedEnvironment, reading: Login, tmp_path: Path
) -> None:
    outcome = run(tmp_path, Plan(source=LiveSource(login=reading)), lender=LendsProduction(production))
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict) == ("G-10", Blame.ENVIRONMENT, Verdict.INCOMPLETE)
    assert "production's or a protected server's" in check.detail
    by_id = {item.id: item for item in outcome.checks}
    assert by_id["G-09"].status is Status.NOT_REACHED  # nothing was restored, no role was made
    with connect(production.admin, purpose="test") as observer:
        roles = {str(row["rolname"]) for row in observer.rows("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'")}
        assert roles == {"pgadmin", "dryrun_reader"}
        assert observer.value("SELECT count(*) FROM pg_database") == 3


@pytest.mark.parametrize("content", [b"", b"-- PostgreSQL database dump\n", b"PGDMP\x01\x0f\x00", b"no dump at all"])
def test_a_file_that_is_no_whole_dump_is_the_plans_failure(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "prod.dump"
    path.write_bytes(content)
    outcome = run(tmp_path / "runs", Plan(source=DumpFile(path=path)))
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict) == ("G-06", Blame.PLAN, Verdict.PLAN_FAIL)
    assert path.read_bytes() == content


def test_a_dump_with_another_digest_than_the_authorised_one(tmp_path: Path) -> None:
    path = tmp_path / "prod.sql"
    path.write_bytes(b"-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n")
    outcome = run(tmp_path / "runs", Plan(source=DumpFile(path=path, sha256="0" * 64)))
    assert (failed(outcome).id, outcome.verdict) == ("G-06", Verdict.PLAN_FAIL)


def test_a_protected_server_that_is_not_there_is_the_plans_failure(tmp_path: Path) -> None:
    protected = ProtectedServer(name="gone", data_dir=tmp_path / "nothing")
    outcome = run(tmp_path / "runs", Plan(protected=(protected,)))
    assert (failed(outcome).id, outcome.verdict) == ("G-03", Verdict.PLAN_FAIL)


def test_instruments_that_contradict_each_other_are_the_tools_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = instruments.Instruments.step

    def doubled(self: instruments.Instruments, label: str) -> instruments.Observation:
        seen = honest(self, label)
        return replace(seen, contradictions=(*seen.contradictions, "till.account: 1 counted, 0 decoded"))

    monkeypatch.setattr(instruments.Instruments, "step", doubled)
    outcome = run(tmp_path, Plan())
    check = failed(outcome)
    # The canaries go through the same instruments, and are the first to notice.
    assert (check.blame, outcome.verdict) == (Blame.TOOL, Verdict.TOOL_FAIL)
    assert check.id in {"G-13", "T1"}


def test_something_left_behind_is_the_tools_failure_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ledger.RunLedger.teardown

    def forgets(self: ledger.RunLedger) -> ledger.Teardown:
        done = honest(self)
        return replace(done, items=(replace(done.items[0], absent=False, detail="busy"), *done.items[1:]))

    monkeypatch.setattr(ledger.RunLedger, "teardown", forgets)
    outcome = run(tmp_path, Plan())
    check = failed(outcome)
    assert (check.id, check.blame, outcome.verdict, outcome.exit_code) == ("G-22", Blame.TOOL, Verdict.TOOL_FAIL, 4)
    assert "busy" in check.detail


def test_a_product_failure_stays_one_when_teardown_breaks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: ledger.RunLedger) -> ledger.Teardown:
        raise OSError("the disk is gone")

    class Silent(Clerk):
        """Books nothing."""

        def open_account(self, account: int, owner: str) -> None:
            assert account
            assert owner

    honest = ledger.RunLedger.teardown
    left: list[ledger.RunLedger] = []

    def remembered(self: ledger.RunLedger) -> ledger.Teardown:
        left.append(self)
        return breaks(self)

    monkeypatch.setattr(ledger.RunLedger, "teardown", remembered)
    outcome = run(tmp_path, Plan(), Till(scenarios=scenarios(Silent)))
    assert outcome.verdict is Verdict.PRODUCT_FAIL
    by_id = {check.id: check for check in outcome.checks}
    assert by_id["T1"].status is Status.FAILED
    assert (by_id["G-22"].status, by_id["G-22"].blame) == (Status.FAILED, Blame.TOOL)
    assert by_id["G-25"].status is Status.PASSED
    assert verify(outcome.folder, keys=[KEY.public]).holds
    assert honest(left[0]).net_zero  # the test cleans up after the planted defect


def test_what_cannot_be_planned_is_a_usage_error_before_anything_is_begun(tmp_path: Path) -> None:
    first = scenarios()[0]
    doubled: tuple[Scenario, ...] = (first, first)
    with pytest.raises(UsageError, match="doubled"):
        run(tmp_path, Plan(), Till(scenarios=doubled))
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_cannot_be_kept_is_a_usage_error_before_anything_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_text("a file, no folder")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    with pytest.raises(UsageError, match="key cannot be used"):
        rehearse(Till(), Plan(), EmbeddedLender(), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
