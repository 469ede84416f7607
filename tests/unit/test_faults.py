"""Faults, as far as values decide: messages on the wire, the judge of a pair, the gate, the grid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cutter_dryrun.breakable import cutter_as_breakable, fault_order
from cutter_dryrun.matrix import TRACKED_TABLES
from pg_dryrun.errors import UsageError
from pg_dryrun.fault_record import (
    BoundaryRecord,
    FaultKind,
    FaultPair,
    FaultsRecord,
    PairOutcome,
    Said,
    Standing,
)
from pg_dryrun.faults import wire
from pg_dryrun.faults.conflicts import Serialization
from pg_dryrun.faults.cuts import CutAfter
from pg_dryrun.faults.interface import Command, Form, Word
from pg_dryrun.faults.pairs import Seen, Target, judge
from pg_dryrun.faults.recording import RecordedCommand, name_of
from pg_dryrun.faults.scene import RecordedTurn
from pg_dryrun.faults.state import State, TableState
from pg_dryrun.gates.faults import FaultsGate, scenario_check
from pg_dryrun.outcome import Blame, Status
from pg_dryrun.report.faults import failures, grids, kind_lines, sentence

BEFORE: State = {"a.x": TableState(rows=1, digest="1"), "a.y": TableState(rows=0, digest="")}
FINAL: State = {"a.x": TableState(rows=2, digest="2"), "a.y": TableState(rows=1, digest="9")}
HALF: State = {"a.x": FINAL["a.x"], "a.y": BEFORE["a.y"]}
TWICE: State = {"a.x": FINAL["a.x"], "a.y": TableState(rows=2, digest="99")}
OTHER: State = {"a.x": FINAL["a.x"], "a.y": TableState(rows=1, digest="8")}
RECORDED = RecordedCommand(
    command=Command(name="cut", function="m:f"),
    template="t",
    turns=(RecordedTurn(text="BEGIN", name="begin"), RecordedTurn(text="COMMIT", name="commit")),
    before=BEFORE,
    final=FINAL,
)
SURVIVED = Seen(
    struck=True,
    seen=(),
    word=Word(said=Said.UNKNOWN),
    after_fault=FINAL,
    stayed=None,
    replay=Word(said=Said.DONE),
    after_replay=FINAL,
    why_not=None,
)


def target(kind: FaultKind = FaultKind.CUT_AFTER) -> Target:
    return Target(recorded=RECORDED, index=1, kind=kind)


def test_messages_are_cut_out_of_any_stream() -> None:
    start = (8 + 5).to_bytes(4, "big") + (196608).to_bytes(4, "big") + b"user\0"
    query = b"Q" + (4 + 7).to_bytes(4, "big") + b"COMMIT\0"
    stream = start + query + query
    for size in (1, 3, len(stream)):
        frames = wire.Frames(untyped=True)
        found = [message for at in range(0, len(stream), size) for message in frames.feed(stream[at : at + size])]
        assert [message.type for message in found] == [b"", b"Q", b"Q"]
        assert b"".join(message.data for message in found) == stream
        assert wire.text_of(found[1]) == "COMMIT"


def test_encryption_is_asked_for_before_the_start() -> None:
    frames = wire.Frames(untyped=True)
    (asked,) = frames.feed((8).to_bytes(4, "big") + (80877103).to_bytes(4, "big"))
    assert wire.opening_of(asked) is wire.Opening.ENCRYPTION
    (start,) = frames.feed((9).to_bytes(4, "big") + (196608).to_bytes(4, "big") + b"\0")
    assert wire.opening_of(start) is wire.Opening.START


def test_what_the_server_says() -> None:
    (error,) = wire.Frames().feed(wire.error("40001", "could not serialize"))
    assert wire.sqlstate_of(error) == "40001"
    (key,) = wire.Frames().feed(b"K" + (12).to_bytes(4, "big") + (4711).to_bytes(4, "big") + b"\0\0\0\0")
    assert wire.backend_pid_of(key) == 4711


def test_a_parsed_statement_has_its_text() -> None:
    (parse,) = wire.Frames().feed(b"P" + (4 + 12).to_bytes(4, "big") + b"\0SELECT $1\0\0")
    assert wire.text_of(parse) == "SELECT $1"
    assert name_of("SELECT $1", {"SELECT $1": "ask"}) == "ask"
    assert name_of("end of rows: COPY t FROM STDIN", {"COPY t FROM STDIN": "copy_t"}) == "copy_t: end of rows"


@pytest.mark.parametrize(
    ("seen", "outcome", "words"),
    [
        (SURVIVED, PairOutcome.PASSED, ""),
        (replace(SURVIVED, after_fault=BEFORE), PairOutcome.PASSED, ""),
        (replace(SURVIVED, word=Word(said=Said.DIED), after_fault=BEFORE), PairOutcome.PASSED, ""),
        (replace(SURVIVED, after_fault=HALF), PairOutcome.FAILED, "y has lost 1 row(s)"),
        (replace(SURVIVED, after_fault=TWICE), PairOutcome.FAILED, "y has 1 row(s) twice"),
        (replace(SURVIVED, after_replay=OTHER), PairOutcome.FAILED, "y holds other values"),
        (replace(SURVIVED, after_replay=BEFORE), PairOutcome.FAILED, "x has lost 1 row(s)"),
        (replace(SURVIVED, word=Word(said=Said.DONE), after_fault=BEFORE), PairOutcome.FAILED, "lost: the writer said"),
        (replace(SURVIVED, word=Word(said=Said.FAILED)), PairOutcome.FAILED, "untrue: the writer said"),
        (replace(SURVIVED, word=Word(said=Said.HUNG)), PairOutcome.FAILED, "hung"),
        (replace(SURVIVED, stayed="4711 idle"), PairOutcome.FAILED, "4711 idle"),
        (replace(SURVIVED, replay=Word(said=Said.HUNG)), PairOutcome.FAILED, "the replay hung"),
        (replace(SURVIVED, replay=Word(said=Said.FAILED, code="X")), PairOutcome.FAILED, "did not get through"),
        (replace(SURVIVED, struck=False), PairOutcome.COULD_NOT_RUN, "never came to this boundary"),
        (replace(SURVIVED, why_not="no backend"), PairOutcome.NOT_APPLICABLE, "no backend"),
    ],
)
def test_the_judge_of_a_pair(seen: Seen, outcome: PairOutcome, words: str) -> None:
    pair = judge(target(), CutAfter, seen)
    assert pair.outcome is outcome
    assert words in pair.reason
    assert pair.id == "cut:1:cut-after"


def test_a_fault_of_which_the_server_said_nothing_did_not_strike() -> None:
    silent = judge(target(FaultKind.SERIALIZATION), Serialization, SURVIVED)
    assert silent.outcome is PairOutcome.NOT_APPLICABLE
    assert "40001" in silent.reason
    heard = judge(target(FaultKind.SERIALIZATION), Serialization, replace(SURVIVED, seen=("40001",)))
    assert heard.outcome is PairOutcome.PASSED
    lost = replace(SURVIVED, after_replay=HALF)
    assert judge(target(FaultKind.SERIALIZATION), Serialization, lost).outcome is PairOutcome.FAILED


GOOD: FaultPair = judge(target(), CutAfter, SURVIVED)
BAD = replace(GOOD, id="cut:0:cut-after", index=0, statement="begin", outcome=PairOutcome.FAILED, reason="half-written")
STUCK = replace(GOOD, outcome=PairOutcome.COULD_NOT_RUN, reason="OSError")
ASIDE = replace(GOOD, outcome=PairOutcome.NOT_APPLICABLE, reason="no lock")


@pytest.mark.parametrize(
    ("found", "planned", "status", "blame", "words"),
    [
        ([GOOD, ASIDE], 2, Status.PASSED, None, "1 faults at 2 boundaries survived, 1 of 2"),
        ([GOOD, BAD], 2, Status.FAILED, Blame.PRODUCT, "half-written"),
        ([GOOD, STUCK], 2, Status.FAILED, Blame.TOOL, "could not be run"),
        ([ASIDE], 1, Status.FAILED, Blame.TOOL, "nothing was tried"),
        ([GOOD], 2, Status.FAILED, Blame.TOOL, "2 pairs were planned, 1 answered"),
        ([], 0, Status.FAILED, Blame.TOOL, "0 pairs"),
    ],
)
def test_gate_17(found: list[FaultPair], planned: int, status: Status, blame: Blame | None, words: str) -> None:
    check = FaultsGate(planned=planned, boundaries=2, pairs=found).check()
    assert (check.id, check.status, check.blame) == ("G-17", status, blame)
    assert words in check.detail
    if status is Status.FAILED and blame is Blame.PRODUCT:
        assert check.root_cause is not None
        assert check.root_cause.remedy == "Run this pair alone: --fault 'cut:0:cut-after'."


def test_a_scenario_of_pairs_cannot_pass_on_nothing() -> None:
    assert scenario_check("S14", "t", [GOOD, ASIDE]).status is Status.PASSED
    assert scenario_check("S14", "t", [BAD]).blame is Blame.PRODUCT
    for nothing in ([], [ASIDE], [STUCK]):
        assert scenario_check("S14", "t", nothing).blame is Blame.TOOL


def test_the_grid_shows_every_boundary() -> None:
    faults = FaultsRecord(
        form="short",
        boundaries=(
            BoundaryRecord(command="cut", index=0, statement="begin"),
            BoundaryRecord(command="cut", index=1, statement="commit"),
        ),
        made_by={"cut-after": "the relay"},
        pairs=(BAD, replace(GOOD, after_fault=Standing.BEFORE, kind=FaultKind.CUT_BEFORE), GOOD),
    )
    (grid,) = grids(faults)
    assert [[cell.mark for cell in row.cells] for row in grid.rows] == [["", "✕"], ["○", "●"]]
    assert [(line.kind, line.survived, line.failed) for line in kind_lines(faults)] == [
        ("cut-before", 1, 0),
        ("cut-after", 1, 1),
    ]
    assert failures(faults) == [BAD]
    assert "3 pairs of 2 boundaries and 2 kinds" in sentence(faults)


@pytest.mark.parametrize("only", ["cut", "cut:7", "cut:7:", "cute:7:black-hole", "cut:7:black-hold", "", ":::"])
def test_what_is_no_pair_is_said_before_anything_is_begun(only: str) -> None:
    with pytest.raises(UsageError, match="no pair of boundary and fault") as refused:
        fault_order(Form.ONE, only)
    assert "cut:commit:cut-after" in refused.value.remedy


@pytest.mark.parametrize(
    "only", ["cut:7:black-hole", "cut:commit:cut-*", "*:*:*", "cut:copy_units: end of rows:denied"]
)
def test_a_pair_may_be_named_in_several_ways(only: str) -> None:
    order = fault_order(Form.SHORT, only)
    assert (order.form, order.only, order.scenarios) == (Form.ONE, only, ())


def test_the_cutters_statements_are_told_by_name(tmp_path: Path) -> None:
    breakable = cutter_as_breakable(tmp_path)
    assert [command.name for command in breakable.commands] == ["mark", "sweep", "review", "cut", "verify"]
    assert set(breakable.state) == set(TRACKED_TABLES)
    assert not any(breakable.state.values()), "no column is volatile"
    assert name_of("COMMIT", breakable.statement_names) == "commit"
