"""A gate that nobody asked, in a run that nothing stopped: once INCOMPLETE without a name, which reads as the machine's
fault; now the tool's, and the gate is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.till_room import Till

from pg_dryrun import runner
from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.outcome import Blame, Status, Verdict
from pg_dryrun.plan import Plan
from pg_dryrun.runner.preflight import preflight, work_place
from pg_dryrun.verification import verify
from sealing.keys import SigningKey


def test_a_check_without_an_answer_is_named_and_is_the_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_WALK", (preflight, work_place))
    outcome = runner.rehearse(Till(), Plan(), EmbeddedLender(), tmp_path / "runs", key=SigningKey.generate())
    assert (outcome.verdict, outcome.exit_code) == (Verdict.TOOL_FAIL, 4)
    silent = next(check for check in outcome.checks if check.id == "G-05")
    assert (silent.status, silent.blame) == (Status.FAILED, Blame.TOOL)
    assert silent.detail == "G-05 was never asked, although nothing stopped the run"
    assert outcome.record is not None
    assert outcome.record.failed_check == "G-05"
    assert "G-05" in outcome.summary
    assert verify(outcome.folder).holds
