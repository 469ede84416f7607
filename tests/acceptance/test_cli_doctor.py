"""`iu-cutter doctor`: each bad state, made on a real server, in its right words; nothing is changed, no secret told."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.command_room import Answer, CommandLine

from cutter_agent.checkup import machine
from cutter_agent.checkup.everything import examine
from cutter_agent.checkup.interface import State
from pg_embedded import resident


def _asked(command: CommandLine, env: Mapping[str, str] | None = None) -> Answer:
    """`doctor --json` in this process: a process of its own for every state would take seconds each."""
    with mock.patch.dict(os.environ, {**command.environment(), **(env or {})}, clear=True):  # libpq reads it, too
        findings = list(examine(os.environ, file=None, trouble=None))
    bad = any(finding.state is State.WRONG for finding in findings)
    said = {"ok": not bad, "findings": [asdict(finding) for finding in findings]}
    return Answer(code=9 if bad else 0, out=json.dumps(said).encode(), err="")


def _findings(answer: Answer) -> dict[str, dict[str, Any]]:
    return {finding["question"]: finding for finding in answer.json["findings"]}


def _wrong(answer: Answer) -> dict[str, dict[str, Any]]:
    """What is wrong; the exit code and every remedy are as documented."""
    found = {name: finding for name, finding in _findings(answer).items() if finding["state"] == "wrong"}
    assert answer.code == (9 if found else 0), answer.out
    assert answer.json["ok"] is not bool(found)
    assert all(finding["remedy"] for finding in found.values())
    return found


@pytest.fixture
def ready(embedded: CommandLine) -> CommandLine:
    """Set up, and at work once."""
    assert embedded("status").code == 0
    return embedded


def test_a_fresh_machine_is_told_that_nothing_is_missing_and_nothing_is_made(iu_cutter: CommandLine) -> None:
    answer = iu_cutter("doctor", "--json")
    assert _wrong(answer) == {}
    assert "not set up yet" in _findings(answer)["database"]["answer"]
    assert not iu_cutter.home.exists()
    said = iu_cutter("doctor")
    assert said.code == 0
    assert said.out.decode().endswith("Nothing keeps iu-cutter from working.\n")


def test_a_sound_set_up_is_sound_and_stays_as_it_is(ready: CommandLine) -> None:
    before = ready.counts()
    answer = ready("doctor", "--json")
    assert _wrong(answer) == {}
    found = _findings(answer)
    for question in ("schema", "rights", "connections", "login of cutter_exec", "login of cutter_verify"):
        assert found[question]["state"] == "ok", question
    assert "mode" not in found["data folder"]["answer"]
    assert ready.counts() == before
    for lane in ("cutter_exec", "cutter_verify"):
        assert (ready.home / "keys" / lane / "password").read_text().encode() not in answer.out


def test_files_that_cannot_be_used_are_named_with_what_to_do(ready: CommandLine) -> None:
    keys = ready.home / "keys"
    private, public = keys / "cutter_exec" / "signing_key.pem", keys / "cutter_exec.pub.pem"
    password, other = keys / "cutter_verify" / "password", keys / "cutter_verify.pub.pem"
    pem, own = private.read_bytes(), public.read_bytes()

    private.chmod(0o644)
    password.chmod(0o640)
    answer = _asked(ready)
    found = _wrong(answer)
    assert found["keys of cutter_exec"]["remedy"] == f"chmod 600 {private}"
    assert found["password of cutter_verify"]["remedy"] == f"chmod 600 {password}"
    assert password.read_bytes() not in answer.out
    assert b"PRIVATE KEY" not in answer.out
    private.chmod(0o600)
    password.chmod(0o600)

    public.write_bytes(other.read_bytes())
    assert "is not the public half" in _wrong(_asked(ready))["keys of cutter_exec"]["answer"]
    public.write_bytes(own)

    private.unlink()
    password.unlink()
    assert set(_wrong(_asked(ready))) == {"keys of cutter_exec", "password of cutter_verify"}
    assert not private.exists(), "a check-up makes nothing"
    assert not password.exists()
    private.write_bytes(pem)

    ready.home.chmod(0o777)
    found = _wrong(_asked(ready))
    ready.home.chmod(0o700)
    assert found["data folder"]["remedy"] == f"chmod 700 {ready.home}"


def test_a_database_that_is_not_as_this_release_wants_it(ready: CommandLine) -> None:
    ready.query("GRANT DELETE ON iu.document TO cutter_exec", "ALTER ROLE cutter_verify CONNECTION LIMIT 1")
    details = " ".join(_wrong(_asked(ready))["rights"]["details"])
    assert "iu.document" in details
    assert "cutter_verify" in details
    in_words = ready("doctor")
    assert in_words.code == 9
    assert "SETUP_INCOMPLETE" in in_words.err
    assert "iu-cutter db init" in in_words.err
    assert ready("db", "init").code == 0
    assert _wrong(_asked(ready)) == {}

    newest = "(SELECT max(version) FROM cutter_admin.schema_migration)"
    ready.query(f"DELETE FROM cutter_admin.schema_migration WHERE version = {newest}")
    answer = _asked(ready)
    assert "pending" in " ".join(_wrong(answer)["schema"]["details"])
    assert "not tried" in _findings(answer)["logins of the lanes"]["answer"]


def test_a_production_without_an_attestation_and_a_lost_server(ready: CommandLine, tmp_path: Path) -> None:
    key = ready.home / "keys" / "cutter_exec.pub.pem"
    assert ready("db", "mark", "production", "--key", str(key), "--because", "live").code == 0
    answer = _asked(ready)
    assert set(_wrong(answer)) == {"login of cutter_exec", "login of cutter_verify"}
    assert "DOT_CUTTER_ATTESTATION" in _wrong(answer)["login of cutter_exec"]["answer"]
    assert _findings(answer)["mark"]["answer"].startswith("production, by")
    refused = ready("db", "erase", str(ready.home), "--yes", "--json")
    assert (refused.code, refused.error["code"]) == (5, "GOVERNANCE_REFUSED")
    assert ready("db", "mark", "none", "--because", "a training").code == 0
    listed = ready("db", "erase", "--json").json
    assert str(ready.home) in {each["folder"] for each in listed["erasable"]}
    assert listed["erased"] is None
    assert ready("db", "erase", str(tmp_path), "--yes").code == 2
    assert ready("db", "erase", str(ready.home)).code == 0
    assert resident.exists(ready.home / "server"), "without --yes nothing is erased"
    kept = {path: path.read_bytes() for path in (ready.home / "keys").rglob("*") if path.is_file()}
    assert ready("db", "erase", str(ready.home), "--yes", "--json").json["erased"] == str(ready.home)
    assert not resident.exists(ready.home / "server")
    assert kept == {path: path.read_bytes() for path in (ready.home / "keys").rglob("*") if path.is_file()}
    (ready.home / "ready.json").write_text("{}")
    assert "lost its data" in _wrong(_asked(ready))["database"]["answer"]
    (ready.home / "ready.json").unlink()
    assert _wrong(_asked(ready)) == {}
    assert ready("status").code == 0, "the next command begins anew"


def test_a_server_of_ones_own(ready: CommandLine) -> None:
    with resident.attach(ready.home / "server") as server:
        keys = ready.server_login()
        admin = server.admin
        as_admin = {"PGUSER": admin["user"], "PGPASSWORD": admin["password"], "DOT_CUTTER_CONNECTION_LIMIT": "20"}
        sound = _asked(ready, env={**keys, **as_admin})
        assert _wrong(sound) == {}
        assert _findings(sound)["schema"]["state"] == "ok"

        lanes_only = _asked(ready, env={**keys, "HOME": str(ready.home)})
        assert _wrong(lanes_only) == {}
        assert "PGUSER" in _findings(lanes_only)["database"]["remedy"]

        limit = _wrong(_asked(ready, env={**keys, **as_admin, "DOT_CUTTER_CONNECTION_LIMIT": "3"}))
        assert "rights" in limit
        made = {**keys, **as_admin}
        del made["DOT_CUTTER_CONNECTION_LIMIT"]
        assert ready("db", "init", "--connection-limit", "3", env=made).code == 0
        assert _wrong(_asked(ready, env={**made, "DOT_CUTTER_CONNECTION_LIMIT": "3"})) == {}
        assert ready("db", "check", env={**made, "DOT_CUTTER_CONNECTION_LIMIT": "3"}).code == 0
        assert ready("db", "erase", env=made).code == 2

        bad = {**keys, "DOT_CUTTER_EXEC_DB_PASSWORD": "wrong-and-not-to-be-seen", "DOT_CUTTER_VERIFY_SIGNING_KEY": ""}
        answer = _asked(ready, env={**bad, "HOME": str(ready.home)})
        assert {"login of cutter_exec", "configuration of cutter_verify"} <= set(_wrong(answer))
        assert b"not-to-be-seen" not in answer.out
    away = _asked(ready, env={**keys, "DOT_CUTTER_DB_PORT": "1", "HOME": str(ready.home)})
    assert {"login of cutter_exec", "login of cutter_verify"} <= set(_wrong(away))


def test_a_broken_configuration_is_a_finding(iu_cutter: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("sweep_bach = 1", encoding="utf-8")
    found = _wrong(iu_cutter("--config", str(file), "doctor", "--json"))
    assert "sweep_batch" in found["configuration file"]["remedy"]
    assert iu_cutter("--config", str(file), "status", "--json").error["code"] == "CONFIG"
    assert iu_cutter("--config", str(file), "status", "--help").code == 0
    file.write_text("sweep_batch = 0", encoding="utf-8")
    assert set(_wrong(iu_cutter("--config", str(file), "doctor", "--json"))) == {"configuration"}
    half = _wrong(iu_cutter("doctor", "--json", env={"DOT_CUTTER_DB_HOST": "db.example"}))
    assert "DOT_CUTTER_DB_PORT" in half["configuration"]["answer"]


@pytest.mark.parametrize(
    ("free_bytes", "state"), [(0, State.WRONG), (machine.LEAST_FREE_BYTES, State.NOTE), (10 << 30, State.OK)]
)
def test_a_full_disk_is_told_before_it_is_full(free_bytes: int, state: State) -> None:
    assert machine.room_of(Path("/"), free_bytes).state is state


def test_a_configuration_file_leads_to_its_data_folder(embedded: CommandLine, tmp_path: Path) -> None:
    elsewhere = CommandLine(home=tmp_path / "laws", cwd=tmp_path, bytecode=embedded.bytecode)
    file = tmp_path / "config.toml"
    file.write_text('home = "home"', encoding="utf-8")
    environment = {name: value for name, value in elsewhere.environment().items() if name != "DOT_CUTTER_HOME"}
    law = tmp_path / "luat.txt"
    law.write_text("Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này.\nĐiều 2. Hiệu lực\nNgay.\n", "utf-8")
    done = subprocess.run(
        elsewhere.argv("--config", str(file), "cut", str(law), "--json"),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert embedded.home.is_dir()
    assert len(embedded("status", "--json").json["entries"]) == 1, "cut and its verifier used the folder of the file"
