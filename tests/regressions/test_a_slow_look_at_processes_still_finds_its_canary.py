"""The secret in a process's arguments was planted for 0.3 s. On a loaded machine the look at all processes came later,
and a rehearsal ended as the tool's failure, with nothing wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pg_dryrun import canaries, secrets_scan
from pg_dryrun.secrets_scan import Scan


def test_the_process_stands_until_it_was_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = secrets_scan.scan

    def late(secrets: dict[str, str], **how: object) -> Scan:
        if how.get("processes", True):
            time.sleep(0.8)  # what a loaded machine takes before it comes to that process
        return scan(secrets, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(secrets_scan, "scan", late)
    began = time.monotonic()
    found = list(canaries._secrets(tmp_path))
    assert [canary.seen for canary in found] == [True, True, True], [canary.planted for canary in found]
    assert time.monotonic() - began < canaries._STANDING_S, "it is ended when it was looked at"
