"""A scenario is judged by two witnesses, in an order that keeps the words apart; the gates over all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.evidence_room import step_record

from pg_dryrun.effects_record import TableEffects
from pg_dryrun.gates.harness import DeltasGate, HappyGate, MatrixGate, RefusalsGate, rows_of
from pg_dryrun.gates.scenario import ScenarioGate
from pg_dryrun.outcome import Blame, RootCause, Status
from pg_dryrun.record import ScenarioRecord
from pg_dryrun.subject import Kind

TABLES = ("a.x", "a.y", "b.z")
GOOD = step_record("S4", {"a.x": 1, "a.y": 0, "b.z": 2})
REFUSED = replace(
    GOOD,
    id="S9",
    kind=Kind.REFUSAL,
    counted=dict.fromkeys(TABLES, 0),
    expected=dict.fromkeys(TABLES, 0),
    added=dict.fromkeys(TABLES, 0),
    effects={},
    refused="42501",
    expected_refusals=("42501",),
)


def judged(
    record: ScenarioRecord, *, ok: bool = True, failure: RootCause | None = None
) -> tuple[Status, Blame | None, str]:
    check = ScenarioGate(
        record=record, ok=ok, failure=failure, expected_dark=("sequences: a.*",), last_statements=("COMMIT",)
    ).check()
    assert check.id == record.id
    return check.status, check.blame, check.detail


def test_a_kept_promise() -> None:
    assert judged(GOOD)[0] is Status.PASSED
    assert judged(REFUSED)[0] is Status.PASSED


@pytest.mark.parametrize(
    ("record", "blame", "words"),
    [
        (replace(GOOD, counted={"a.x": 1, "a.y": 0, "b.z": 1}), Blame.PRODUCT, "b.z expected 2 counted 1"),
        (replace(GOOD, effects={"a.x": TableEffects(inserted=1, updated=1)}), Blame.PRODUCT, "committed 1"),
        (replace(GOOD, expected_updates={"a.x": 1}), Blame.PRODUCT, "expected 1 updates, committed 0"),
        (replace(GOOD, effects={"a.x": TableEffects(deleted=1)}), Blame.PRODUCT, "1 deleted"),
        (replace(GOOD, effects={"a.x": TableEffects(truncated=1)}), Blame.PRODUCT, "1 truncated"),
        (replace(GOOD, bystanders_changed=("c.c",)), Blame.PRODUCT, "c.c"),
        (replace(GOOD, dark_writes=("sequences: b.s",)), Blame.PRODUCT, "b.s"),
        (replace(GOOD, refused="42501"), Blame.PRODUCT, "where no refusal is expected"),
        (replace(REFUSED, refused=None), Blame.PRODUCT, "no refusal"),
        (replace(REFUSED, refused="23505"), Blame.PRODUCT, "expected a refusal with 42501, found 23505"),
        (replace(GOOD, disagreements=("a.x: 1 counted, 0 decoded",)), Blame.TOOL, "contradict"),
        (replace(GOOD, counted={}), Blame.TOOL, "no table was counted"),
    ],
)
def test_a_broken_promise(record: ScenarioRecord, blame: Blame, words: str) -> None:
    status, found, detail = judged(record)
    assert (status, found) == (Status.FAILED, blame)
    assert words in detail


def test_a_declared_dark_write_is_no_defect() -> None:
    assert judged(replace(GOOD, dark_writes=("sequences: a.s",)))[0] is Status.PASSED


def test_the_writers_own_failure_comes_before_everything_else() -> None:
    cause = RootCause(message="boom", sqlstate="25001")
    blind = replace(GOOD, disagreements=("x",), counted={})
    assert judged(blind, ok=False, failure=cause) == (Status.FAILED, Blame.PRODUCT, "boom")
    assert judged(blind, ok=True, failure=cause)[1] is Blame.PRODUCT


def test_blind_instruments_are_never_the_products_failure() -> None:
    wrong = replace(GOOD, disagreements=("a.x",), counted={"a.x": 9, "a.y": 9, "b.z": 9})
    assert judged(wrong)[1] is Blame.TOOL


def test_a_step_without_the_servers_word_has_the_servers_statements_in_its_cause() -> None:
    check = ScenarioGate(
        record=replace(GOOD, counted={"a.x": 0, "a.y": 0, "b.z": 2}),
        ok=True,
        failure=None,
        last_statements=("ROLLBACK",),
    ).check()
    assert check.root_cause is not None
    assert check.root_cause.last_statements == ("ROLLBACK",)


@pytest.mark.parametrize("gate", [HappyGate, RefusalsGate])
def test_every_planned_scenario_ran_and_passed(gate: type[HappyGate] | type[RefusalsGate]) -> None:
    assert gate(planned=["S4"], records=[GOOD]).check().status is Status.PASSED
    for planned, records in ([], []), (["S4", "S5"], [GOOD]), (["S4"], [replace(GOOD, status=Status.FAILED)]):
        check = gate(planned=planned, records=records).check()
        assert (check.status, check.blame) == (Status.FAILED, Blame.TOOL)


def test_the_matrix_is_judged_by_the_writers_law_and_then_by_the_plan() -> None:
    exact = MatrixGate(tracked=TABLES, records=[GOOD], plan={"S4": {"a.*": 1, "b.z": 2}}).check()
    assert exact.status is Status.PASSED
    assert exact.observed["cells"] == 3
    broken_law = replace(GOOD, counted={"a.x": 0, "a.y": 0, "b.z": 2})
    product = MatrixGate(tracked=TABLES, records=[broken_law], plan={"S4": {"a.*": 13}}).check()
    assert product.blame is Blame.PRODUCT
    plan = MatrixGate(tracked=TABLES, records=[GOOD], plan={"S4": {"a.*": 13}}).check()
    assert (plan.status, plan.blame) == (Status.FAILED, Blame.PLAN)
    assert "the plan expects 13, counted 1" in plan.detail


def test_a_matrix_with_a_table_left_out_is_the_tools_failure() -> None:
    for records in ([], [replace(GOOD, counted={"a.x": 1}, expected={"a.x": 1})]):
        check = MatrixGate(tracked=TABLES, records=records, plan={}).check()
        assert check.blame is Blame.TOOL


def test_rows_of_a_table_of_a_schema_or_of_nothing() -> None:
    assert rows_of({"a.x": 1, "a.y": 2, "b.z": 4}, "a.*") == 3
    assert rows_of({"a.x": 1}, "a.x") == 1
    assert rows_of({"a.x": 1}, "c.*") is None
    assert rows_of({"a.x": 1}, "a") is None


def test_negative_deltas_by_count_and_by_effect() -> None:
    assert DeltasGate(tracked=TABLES, records=[REFUSED]).check().status is Status.PASSED
    moved = replace(REFUSED, counted={"a.x": 1, "a.y": 0, "b.z": 0})
    assert DeltasGate(tracked=TABLES, records=[moved]).check().blame is Blame.PRODUCT
    there_and_back = replace(REFUSED, effects={"a.x": TableEffects(inserted=1, deleted=1)})
    check = DeltasGate(tracked=TABLES, records=[there_and_back]).check()
    assert (check.blame, "1 inserts" in check.detail) == (Blame.PRODUCT, True)
    assert DeltasGate(tracked=TABLES, records=[]).check().blame is Blame.TOOL
