"""The enumeration itself: every kind of fault is real, a right writer survives it, and a wrong one is caught."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests import faulted_till
from tests.till_room import Till, scenarios

from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.errors import ToolFault, UsageError
from pg_dryrun.fault_record import FaultKind, FaultPair, PairOutcome, Said, Standing
from pg_dryrun.faults import pairs
from pg_dryrun.faults.campaign import Campaign
from pg_dryrun.faults.ground import SERVER_SETTINGS, Ground
from pg_dryrun.faults.interface import (
    Breakable,
    Call,
    Command,
    EnumeratedScenario,
    FaultOrder,
    Form,
    Places,
    Word,
)
from pg_dryrun.faults.kinds import faults_by_kind
from pg_dryrun.faults.recording import RecordedCommand, record
from pg_dryrun.faults.selection import of_order, places
from pg_dryrun.observer import connect
from pg_dryrun.outcome import Verdict
from pg_dryrun.plan import Plan
from pg_dryrun.runner import rehearse
from pg_dryrun.subject import Kind, Login
from sealing.keys import SigningKey

Writer = Callable[[Call], Word]
PASSWORD = "a-clerks-own-password-4711"


def breakable(*writers: Writer) -> Breakable:
    return Breakable(
        commands=tuple(
            Command(name=writer.__name__, function=f"{faulted_till.__name__}:{writer.__name__}") for writer in writers
        ),
        state=faulted_till.STATE,
    )


class Bench:
    """A server with the till on it, and a recorded command for every writer, all from the same state."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.recorded: dict[str, RecordedCommand] = {}

    def pair(self, writer: Writer, kind: FaultKind, *, at: str) -> FaultPair:
        """The pair of ``writer`` at the boundary whose text begins with ``at``."""
        recorded = self.of(writer)
        index = next(i for i, turn in enumerate(recorded.turns) if turn.text.startswith(at))
        return self.run(recorded, index, kind)

    def of(self, writer: Writer) -> RecordedCommand:
        name = writer.__name__
        if name not in self.recorded:
            with self.ground.copied("till", "walk") as walk:
                ground = dataclasses.replace(self.ground, restored=walk)
                (self.recorded[name],) = record(ground, breakable(writer))
                with connect(ground.environment.admin, purpose="test") as admin:
                    admin.execute(f"ALTER DATABASE faults_before_0 RENAME TO before_{name}")
            self.recorded[name] = dataclasses.replace(self.recorded[name], template=f"before_{name}")
        return self.recorded[name]

    def run(self, recorded: RecordedCommand, index: int, kind: FaultKind) -> FaultPair:
        target = pairs.Target(recorded=recorded, index=index, kind=kind)
        return pairs.run_pair(self.ground, target, faults_by_kind(small_disk=self.ground.disk is not None))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with EmbeddedLender().lend("faults", settings=SERVER_SETTINGS) as environment:
        with connect(environment.admin, purpose="test") as admin:
            admin.execute("CREATE DATABASE till")
            admin.execute(f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'")
        with connect(environment.login("till"), purpose="test") as admin:
            admin.execute(faulted_till.SCHEMA)
            admin.execute("GRANT USAGE ON SCHEMA till TO clerk")
            admin.execute("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA till TO clerk")
            admin.execute("GRANT UPDATE (balance) ON till.account TO clerk")
        till = environment.login("till")
        clerk = Login(host=till.host, port=till.port, dbname="till", user="clerk", password=PASSWORD)
        with Ground.prepared(
            environment,
            restored="till",
            logins={"clerk": clerk},
            breakable=breakable(faulted_till.book),
            workdir=tmp_path_factory.mktemp("faults"),
        ) as ground:
            yield Bench(ground)


REAL = {
    FaultKind.BACKEND_KILLED: ("UPDATE", {"57P01"}, Said.FAILED, Standing.BEFORE),
    FaultKind.CUT_BEFORE: ("COMMIT", set(), Said.UNKNOWN, Standing.BEFORE),
    FaultKind.CUT_AFTER: ("COMMIT", set(), Said.UNKNOWN, Standing.FINAL),
    FaultKind.DELAYED: ("COMMIT", set(), Said.DONE, Standing.FINAL),
    FaultKind.SERIALIZATION: ("INSERT INTO till.booking", {"40001"}, Said.DONE, Standing.FINAL),
    FaultKind.DEADLOCK: ("UPDATE", {"40P01"}, Said.DONE, Standing.FINAL),
    FaultKind.LOCK_TIMEOUT: ("UPDATE", {"55P03"}, Said.FAILED, Standing.BEFORE),
    FaultKind.STATEMENT_TIMEOUT: ("UPDATE", {"57014"}, Said.FAILED, Standing.BEFORE),
    FaultKind.DENIED: ("UPDATE", {"42501"}, Said.FAILED, Standing.BEFORE),
    FaultKind.TOO_MANY_CONNECTIONS: ("connect", {"53300"}, Said.FAILED, Standing.BEFORE),
    FaultKind.DISK_FULL: ("INSERT INTO till.note", {"53100"}, Said.FAILED, Standing.BEFORE),
    FaultKind.SERVER_STOPPED: ("COMMIT", set(), Said.UNKNOWN, Standing.BEFORE),
    FaultKind.WRITER_KILLED: ("COMMIT", set(), Said.DIED, Standing.FINAL),
}
"""Where, what the server must have said, what the writer then says, and what is there."""


@pytest.mark.parametrize("kind", REAL, ids=lambda kind: kind.value)
def test_a_fault_is_real_and_a_right_writer_survives_it(bench: Bench, kind: FaultKind) -> None:
    at, codes, said, standing = REAL[kind]
    pair = bench.pair(faulted_till.book, kind, at=at)
    assert pair.outcome is PairOutcome.PASSED, pair
    assert codes <= set(pair.seen), pair
    assert (pair.said, pair.after_fault) == (said, standing), pair
    assert (pair.replay, pair.after_replay) == (Said.DONE, Standing.FINAL), pair


def test_cut_during_commit_is_told_as_not_known(bench: Bench) -> None:
    pair = bench.pair(faulted_till.book, FaultKind.CUT_DURING, at="COMMIT")
    assert (pair.outcome, pair.said) == (PairOutcome.PASSED, Said.UNKNOWN), pair


@pytest.mark.parametrize(
    ("writer", "kind", "at", "words"),
    [
        (faulted_till.commits_in_the_middle, FaultKind.BACKEND_KILLED, "UPDATE", "half-written"),
        (faulted_till.trusts_a_lost_commit, FaultKind.CUT_BEFORE, "COMMIT", "lost: the writer said it was done"),
        (faulted_till.repeats_without_asking, FaultKind.CUT_AFTER, "COMMIT", "note has 1 row(s) twice"),
        (faulted_till.swallows_40001, FaultKind.SERIALIZATION, "INSERT", "lost: the writer said it was done"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_wrong_writer_is_caught(bench: Bench, writer: Writer, kind: FaultKind, at: str, words: str) -> None:
    pair = bench.pair(writer, kind, at=at)
    assert pair.outcome is PairOutcome.FAILED, pair
    assert words in pair.reason


def test_a_writer_without_a_deadline_hangs_and_is_killed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "FAULT_DEADLINE_S", 0.5)
    pair = bench.pair(faulted_till.waits_for_ever, FaultKind.ANSWER_SWALLOWED, at="COMMIT")
    assert (pair.outcome, pair.said) == (PairOutcome.FAILED, Said.HUNG)
    assert pair.reason.startswith("hung: no word")


def test_what_cannot_happen_at_a_boundary_says_why(bench: Bench) -> None:
    no_backend = bench.pair(faulted_till.book, FaultKind.BACKEND_KILLED, at="connect")
    no_lock = bench.pair(faulted_till.book, FaultKind.DEADLOCK, at="BEGIN")
    too_late = bench.pair(faulted_till.book, FaultKind.DENIED, at="COMMIT")
    for pair in (no_backend, no_lock, too_late):
        assert pair.outcome is PairOutcome.NOT_APPLICABLE
        assert pair.reason
    assert too_late.after_replay is Standing.FINAL, "it was tried all the same"


def test_where_no_small_disk_is_lent_the_answer_is_forged_and_the_record_says_so(bench: Bench) -> None:
    recorded, forged = bench.of(faulted_till.book), faults_by_kind(small_disk=False)
    index = next(i for i, turn in enumerate(recorded.turns) if turn.text.startswith("UPDATE"))
    pair = pairs.run_pair(bench.ground, pairs.Target(recorded=recorded, index=index, kind=FaultKind.DISK_FULL), forged)
    assert (pair.outcome, pair.sqlstate, pair.after_fault) == (PairOutcome.PASSED, "53100", Standing.BEFORE), pair
    assert pair.seen == (), "the server was never asked"
    assert forged[FaultKind.DISK_FULL].made_by.startswith("FORGED")


def test_boundaries_are_heard_and_never_written_by_hand(bench: Bench) -> None:
    recorded = bench.of(faulted_till.book)
    assert [turn.name.split()[0] for turn in recorded.turns] == [
        "connect", "BEGIN", "SELECT", "SELECT", "INSERT", "UPDATE", "INSERT", "COMMIT",
    ]  # fmt: skip
    assert list(places(recorded, Places.COMMITS)) == [7]
    assert list(places(recorded, Places.MIDDLE)) == [6]


def test_a_campaign_answers_each_pair_once(bench: Bench) -> None:
    recorded = (bench.of(faulted_till.book),)
    order = FaultOrder(make=lambda _folder: breakable(), form=Form.ONE, only="book:?:cut-*")
    targets = of_order(order, recorded)
    campaign = Campaign(recorded=recorded, grounds=[bench.ground], faults=faults_by_kind(small_disk=True))
    answered = campaign.run(targets[:3])
    assert [pair.id for pair in answered] == [target.id for target in targets[:3]]
    assert {pair.outcome for pair in answered} == {PairOutcome.PASSED}
    assert campaign.run(targets[:3]) == answered, "not run again"
    with pytest.raises(UsageError, match="no pair") as refused:
        of_order(dataclasses.replace(order, only="book:99:cut-before"), recorded)
    assert "book 0-7" in refused.value.remedy


def test_a_command_that_hangs_on_the_moment_cannot_be_compared(bench: Bench) -> None:
    forgetful = dataclasses.replace(breakable(faulted_till.book), state={"till.booking": ()})
    with (
        bench.ground.copied("till", "walk") as walk,
        Ground.prepared(
            bench.ground.environment,
            restored=walk,
            logins=bench.ground.logins,
            breakable=forgetful,
            workdir=Path(bench.ground.relay.host),
            small_disk=False,
        ) as ground,
        pytest.raises(ToolFault, match="not declared as volatile"),
    ):
        record(ground, forgetful)


def test_a_fault_scenario_and_the_enumeration_are_checks_of_the_run(tmp_path: Path) -> None:
    """On the real runner: a scenario of kind fault with its matrix, pairs of a command, then G-17; all torn down."""
    first, *_ = scenarios()
    after = dataclasses.replace(first, id="T9", title="once more", kind=Kind.FAULT, chain="T9")
    order = FaultOrder(
        make=lambda _folder: Breakable(
            commands=(Command(name="open", function="tests.faulted_till:open_account"),),
            state={"till.account": (), "till.booking": ()},
        ),
        scenarios=(EnumeratedScenario(id="T10", title="killed", kinds=(FaultKind.BACKEND_KILLED,)),),
        form=Form.ONE,
        only="open:*:cut-*",
    )
    outcome = rehearse(
        Till(scenarios=(*scenarios(), after)),
        Plan(),
        EmbeddedLender(),
        tmp_path,
        key=SigningKey.generate(),
        order=order,
    )
    assert outcome.verdict is Verdict.PASS, outcome.summary
    by_id = {check.id: check for check in outcome.checks}
    assert [name for name in by_id if by_id[name].step == "C-10c"] == ["T9", "T10", "G-17"]
    assert outcome.record is not None
    faults = outcome.record.faults
    assert faults is not None
    assert len(faults.boundaries) == 4, "connect, BEGIN, INSERT, COMMIT"
    assert faults.counted()[PairOutcome.FAILED] == 0
    assert {pair.kind.value for pair in faults.pairs} == {"backend-killed", "cut-before", "cut-during", "cut-after"}
    assert len(faults.pairs) == 16
    assert all(item.absent for item in outcome.record.teardown)
    for page in ("report.md", "report.html"):
        assert "pg_terminate_backend" in (outcome.folder / page).read_text("utf-8").replace("\\", "")
