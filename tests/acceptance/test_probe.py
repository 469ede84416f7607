"""One failed run names all defects: the probe drives every statement and every phase, and changes no verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.plants_room import PRODUCT, Edit, Ended, Plant, rehearse, scratch_copy

MARK = "src/cutter_agent/phases/mark.py"
VERIFY = "src/cutter_agent/phases/verify.py"
SQL = "src/cutter_agent/db_adapter/sql"

TWO_PHASES = Plant(
    name="two-phases",
    why="MARK and VERIFY are both broken; a run stops at the first",
    edits=(
        Edit(
            path=MARK,
            old='    return converging(lambda: database.read_committed("MARK", body))',
            new='    raise RuntimeError("planted in MARK")',
        ),
        Edit(
            path=VERIFY,
            old='    return converging(lambda: database.serializable("VERIFY", body))',
            new='    raise RuntimeError("planted in VERIFY")',
        ),
    ),
    whose=PRODUCT,
    failed_check="S4",
)
TWO_STATEMENTS = Plant(
    name="two-statements",
    why="statements of two phases and both lanes name columns that are not deployed",
    edits=(
        Edit(
            path=f"{SQL}/sweep.sql",
            old="    batch_limit, scanned_count, promoted_count, cursor_after, scenario_ref)\nVALUES",
            new="    batch_limit, scanned_count, promoted_total, cursor_after, scenario_ref)\nVALUES",
        ),
        Edit(
            path=f"{SQL}/verify.sql",
            old="    findings, rebuilt_sha256, prior_verify_result_id, escalation_ref, verified_by, verified_at)",
            new="    findings, rebuilt_digest, prior_verify_result_id, escalation_ref, verified_by, verified_at)",
        ),
    ),
    whose=PRODUCT,
    failed_check="G-26",
)


def ended(plant: Plant, tmp_path: Path) -> Ended:
    copy, scratch = tmp_path / "copy", tmp_path / "scratch"
    copy.mkdir()
    scratch.mkdir()
    scratch_copy(copy, plant)
    found = rehearse(copy, scratch, plant)
    assert (found.report["verdict"], found.exit_code) == (plant.verdict, plant.exit_code), found.printed
    assert found.report["failed_check"] == plant.failed_check, found.printed
    assert all(item["absent"] for item in found.report["teardown"])
    return found


def defects(found: Ended, driven: str) -> dict[str, dict[str, Any]]:
    probe = found.report["probe"]
    assert probe["trouble"] is None, probe
    assert probe["statements"] > 50
    assert probe["phases"] == ["MARK", "SWEEP", "REVIEW", "CUT", "VERIFY"]
    return {item["name"]: item for item in probe["defects"] if item["driven"] == driven}


def test_a_broken_first_phase_hides_no_broken_last_one(tmp_path: Path) -> None:
    found = ended(TWO_PHASES, tmp_path)
    phases = defects(found, "phase")
    assert set(phases) == {"MARK", "VERIFY"}
    assert "planted in VERIFY" in phases["VERIFY"]["message"]
    assert defects(found, "statement") == {}
    assert "planted in VERIFY" in found.printed
    page = next((tmp_path / "scratch" / "runs").glob("2*/report.html")).read_text("utf-8")
    assert "All defects that the probe found" in page


def test_every_statement_that_does_not_fit_is_named_with_its_lane(tmp_path: Path) -> None:
    statements = defects(ended(TWO_STATEMENTS, tmp_path), "statement")
    assert {name: (item["principal"], item["sqlstate"]) for name, item in statements.items()} == {
        "insert_sweep_log": ("cutter_exec", "42703"),
        "insert_verify_result": ("cutter_verify", "42703"),
    }
