"""The rehearsal's other form, as a command: the phases by real workers over a queue, the matrices of the direct one.

The whole of it, with every fault and the real law, is ``make dry-run-workers``.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from tests.plants_room import PRODUCT, Plant, rehearse, scratch_copy

from pg_dryrun.attestation import ENVELOPE
from pg_dryrun.verification import verify

UNITS = 7
"""Of the small law."""
NOTHING_PLANTED = Plant(name="workers", why="nothing", whose=PRODUCT, failed_check=None, options=("--workers", "2"))


@pytest.mark.slow
def test_two_workers_give_the_same_matrices(tmp_path: Path, scratch_home: Path) -> None:
    copy, scratch = tmp_path / "copy", tmp_path / "scratch"
    copy.mkdir()
    scratch.mkdir()
    scratch_copy(copy, None)
    ended = rehearse(copy, scratch, NOTHING_PLANTED, home=scratch_home)
    report = ended.report
    assert (report["verdict"], ended.exit_code) == ("PASS", 0), ended.printed
    assert report["subject"]["form"] == "workers: 2"
    assert "Form: workers: 2" in ended.printed
    steps = {step["id"]: step for step in report["scenarios"]}
    for chain, units in (("", 1), ("LAW-", UNITS)):
        ids = (f"{chain}S4", f"{chain}SWEEP", f"{chain}S5", f"{chain}S6", f"{chain}S7")
        assert [_ledger_rows(steps[name]) for name in ids] == [2, 4, 7 + units, 10 + 2 * units, 13 + 2 * units]
    many = steps["MANY-DONE"]
    assert many["expected"] == many["counted"]
    assert many["counted"]["cutter_governance.verify_result"] == 6

    beside = steps["S4"]["asides"][0]
    assert beside["effects"]["cutter_queue.procrastinate_jobs"]["inserted"] == 1
    assert {item["principal"] for item in steps["S6"]["sessions"]} == {"cutter_exec"}
    assert {item["principal"] for item in steps["S7"]["sessions"]} == {"cutter_verify"}
    assert not any(step["crossed"] for step in steps.values())
    assert not any(table.startswith("cutter_queue") for step in steps.values() for table in step["counted"])
    said = [item for item in report["statements"] if item["principal"] == "cutter_queue"]
    assert said
    assert all(item["companion"] for item in said)

    folder = ended.folder.resolve()
    assert verify(folder).holds
    envelope = json.loads((folder / ENVELOPE).read_bytes())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["predicate"]["rehearsal"]["form"] == "workers: 2"
    assert all(item["absent"] for item in report["teardown"])


def _ledger_rows(step: dict) -> int:
    return sum(rows for table, rows in step["counted"].items() if table.startswith("cutter_governance."))
