"""A server that was stopped under a writer takes its time to come back, most of all in a container. The writer gave up
before, and the rehearsal then looked at a server that was not there: four pairs of S20 "could not be run"."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.faults import turns
from pg_dryrun.faults.cuts import ServerStopped
from pg_dryrun.faults.scene import Scene
from pg_dryrun.faults.turns import Fate, Turn
from pg_dryrun.observer import connect


def test_healing_waits_until_the_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedLender().lend("slow", workdir=tmp_path) as environment:
        down, start = threading.Event(), environment.start

        def slowly() -> None:
            down.set()
            down_for.wait(1.0)
            start()

        down_for = threading.Event()
        monkeypatch.setattr(environment, "start", slowly)
        admin = environment.admin
        fault = ServerStopped(
            Scene(environment=environment, admin=admin, roles=(), tables=(), turns=(), index=0, disk=None)
        )
        fates: list[Fate] = []
        turn = Turn(index=0, text="SELECT 1", backend_pid=None)
        striking = threading.Thread(target=lambda: fates.append(fault.strike(turn)))
        striking.start()
        assert down.wait(60), "the server was never stopped"
        fault.heal()
        with connect(admin, purpose="test") as observer:
            assert observer.value("SELECT 1") == 1
        striking.join(60)
        assert fates == [turns.CUT_BEFORE]
