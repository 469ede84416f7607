"""A phase that hangs or ends its own process hung the rehearsal's probe, too: the deadline went through the whole run,
which ended in a traceback with exit code 1, without a record and without a teardown, the dump left on disk."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from tests.till_room import Clerk, Till, scenarios

from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.outcome import Status, Verdict
from pg_dryrun.plan import Plan
from pg_dryrun.runner import probing, rehearse
from pg_dryrun.subject import ProbePhase, ScenarioContext, ScenarioResult
from sealing.keys import SigningKey


class Wrong(Clerk):
    """Does nothing at all, so that the run fails and is probed."""

    def open_account(self, account: int, owner: str) -> None:
        assert account, owner


def hangs(context: ScenarioContext) -> ScenarioResult:
    time.sleep(60)
    return ScenarioResult(ok=True, message="it woke up")


def leaves(context: ScenarioContext) -> ScenarioResult:
    sys.exit(3)


def test_the_probe_survives_and_everything_is_torn_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "_PHASE_S", 1)
    phases = (ProbePhase(name="HANGS", run=hangs), ProbePhase(name="LEAVES", run=leaves))
    till = Till(scenarios=scenarios(Wrong), probes=phases)
    outcome = rehearse(till, Plan(), EmbeddedLender(), tmp_path / "runs", key=SigningKey.generate())
    assert outcome.verdict is Verdict.PRODUCT_FAIL
    assert outcome.record is not None
    assert outcome.record.probe is not None
    found = {item.name: item.message for item in outcome.record.probe.defects}
    assert found["HANGS"] == "DeadlinePassed: no answer within 1 s"
    assert found["LEAVES"] == "SystemExit: 3"
    assert {check.id: check.status for check in outcome.checks}["G-22"] is Status.PASSED
    for line in (outcome.folder / "created.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        assert entry.get("kind") not in {"directory", "file", "socket"} or not os.path.lexists(entry["name"])
