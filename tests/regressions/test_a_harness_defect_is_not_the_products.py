"""The cutter's own harness looked for something under a wrong name, and the rehearsal said PRODUCT_FAIL: whatever a
scenario raised was handed back as the writer's failure. Now it is asked where it was raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutter_agent import segmenter
from cutter_dryrun.scenarios.stage import Stage, play
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.subject import Login, ScenarioContext, ScenarioResult


def context(folder: Path) -> ScenarioContext:
    nowhere = Login(host=str(folder), port=1, dbname="none", user="none", password="none-at-all")
    logins = {"cutter_exec": nowhere, "cutter_verify": nowhere}
    return ScenarioContext(logins=logins, admin=nowhere, workdir=folder, state={})


def test_what_the_harness_raises_itself_goes_on(tmp_path: Path) -> None:
    from cutter_dryrun.scenarios.happy import sweep_backlog  # noqa: PLC0415 - the act whose state is missing here

    with pytest.raises(KeyError, match="entry_id"):
        play(sweep_backlog)(context(tmp_path))


def test_a_machine_that_fails_is_not_the_writer(tmp_path: Path) -> None:
    def looks(stage: Stage) -> ScenarioResult:
        raise EnvironmentFault("the disk is gone", remedy="Look at the machine.")

    with pytest.raises(EnvironmentFault):
        play(looks)(context(tmp_path))


def test_what_the_writer_raises_is_its_failure(tmp_path: Path) -> None:
    def marks(stage: Stage) -> ScenarioResult:
        segmenter.profiles.load("no-such-profile")
        return stage.result("it was loaded")

    answer = play(marks)(context(tmp_path))
    assert not answer.ok
    assert answer.failure is not None
    assert "no-such-profile" in answer.failure.message
