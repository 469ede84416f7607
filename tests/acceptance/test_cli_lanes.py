"""Two identities, two processes, two secrets (design 1.11, 1.12), through the real command."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from pg_embedded import resident
from sealing.keys import SigningKey

LAW = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\n1. Luật này quy định việc thử.\nĐiều 2. Hiệu lực\nNgay.\n"
CODE = "L12-2020-QH14"

RECORD_ENVIRONMENT = """
import json, os, sys
with open(os.environ["RECORD_TO"], "a") as stream:
    names = {name: os.environ[name] for name in os.environ if name.startswith("DOT_CUTTER_")}
    stream.write(json.dumps({"argv": sys.orig_argv, "names": names}) + "\\n")
"""


@pytest.fixture
def law(tmp_path: Path) -> Path:
    path = tmp_path / "luat.txt"
    path.write_text(LAW, encoding="utf-8")
    return path


@pytest.fixture
def server(embedded):
    """A server of one's own with the schema and roles, and the keys of both lanes. It stays up for the test."""
    assert embedded("db", "init").code == 0
    with resident.attach(embedded.home / "server"):
        yield embedded.server_login()


def _without(server: dict[str, str], word: str) -> dict[str, str]:
    own = {f"DOT_CUTTER_{word}_{name}" for name in ("DB_USER", "DB_PASSWORD", "SIGNING_KEY")}
    return {name: value for name, value in server.items() if name not in own}


def test_each_lane_works_with_its_own_secret_alone(embedded, iu_cutter, server, law: Path) -> None:
    executor, verifier = _without(server, "VERIFY"), _without(server, "EXEC")
    cut = embedded("cut", str(law), "--no-verify", "--json", env=executor)
    assert cut.code == 0, cut.err
    assert cut.json["documents"][0]["status"] == "cut_applied"
    entry = cut.json["documents"][0]["entry_id"]
    refused = embedded("verify", entry, "--json", env=executor)
    assert (refused.code, refused.error["code"]) == (4, "CONFIG_MISSING")
    assert "DOT_CUTTER_VERIFY_DB_USER" in refused.error["message"]
    refused = embedded("status", "--json", env=verifier)
    assert (refused.code, refused.error["code"]) == (4, "CONFIG_MISSING")
    assert "DOT_CUTTER_EXEC_DB_USER" in refused.error["message"]
    verified = embedded("verify", entry, "--json", env=verifier)
    assert verified.code == 0, verified.err
    assert verified.json["verified"][0]["verdict"] == "pass"


def test_a_verifier_that_cannot_start_is_known_before_anything_is_written(embedded, server, law: Path) -> None:
    before = embedded.counts()
    answer = embedded("cut", str(law), "--json", env=_without(server, "VERIFY"))
    assert (answer.code, answer.error["code"]) == (4, "CONFIG_MISSING")
    assert "DOT_CUTTER_VERIFY" in answer.error["message"]
    assert embedded.counts() == before


def test_the_verifiers_process_has_no_secret_of_the_executor_and_no_argv_has_any(
    embedded, server, law: Path, tmp_path: Path
) -> None:
    (tmp_path / "spy").mkdir()
    (tmp_path / "spy" / "sitecustomize.py").write_text(RECORD_ENVIRONMENT)
    record = tmp_path / "record.jsonl"
    spied = {**server, "PYTHONPATH": str(tmp_path / "spy"), "RECORD_TO": str(record)}
    assert embedded("cut", str(law), env=spied).code == 0
    seen = [json.loads(line) for line in record.read_text().splitlines()]
    secrets = {server[name] for name in server if name.endswith("_PASSWORD")}
    assert secrets
    assert all(secret not in " ".join(process["argv"]) for process in seen for secret in secrets)
    children = [process for process in seen if "verify" in process["argv"]]
    assert len(children) == 1
    names = children[0]["names"]
    assert "DOT_CUTTER_VERIFY_DB_PASSWORD" in names
    assert not names.keys() & {
        "DOT_CUTTER_EXEC_DB_USER",
        "DOT_CUTTER_EXEC_DB_PASSWORD",
        "DOT_CUTTER_EXEC_SIGNING_KEY",
    }


def test_in_the_data_folder_each_process_opens_its_own_lanes_files_only(embedded, law: Path, tmp_path: Path) -> None:
    assert embedded("db", "init").code == 0
    (tmp_path / "spy").mkdir()
    (tmp_path / "spy" / "sitecustomize.py").write_text(
        "import json, os, sys\n"
        "def note(event, arguments):\n"
        "    if event == 'open' and ('/keys/' in str(arguments[0]) or 'superuser' in str(arguments[0])):\n"
        "        with_ = os.open(os.environ['RECORD_TO'], os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
        "        os.write(with_, (json.dumps([sys.orig_argv[-2:], str(arguments[0])]) + chr(10)).encode())\n"
        "        os.close(with_)\n"
        "sys.addaudithook(note)\n"
    )
    record = tmp_path / "record.jsonl"
    with resident.attach(embedded.home / "server"):
        spied = {"PYTHONPATH": str(tmp_path / "spy"), "RECORD_TO": str(record)}
        assert embedded("cut", str(law), env=spied).code == 0
    opened: dict[bool, set[str]] = {True: set(), False: set()}
    for line in record.read_text().splitlines():
        argv, path = json.loads(line)
        opened["--stream" in argv].add(os.path.relpath(path, embedded.home))
    assert opened[False] == {"keys/cutter_exec/password", "keys/cutter_exec/signing_key.pem"}
    assert opened[True] == {
        "keys/cutter_verify/password",
        "keys/cutter_verify/signing_key.pem",
        "keys/cutter_exec.pub.pem",
    }


def test_another_principal_is_refused_before_any_write(embedded, server, law: Path) -> None:
    crossed = {
        **server,
        "DOT_CUTTER_EXEC_DB_USER": server["DOT_CUTTER_VERIFY_DB_USER"],
        "DOT_CUTTER_EXEC_DB_PASSWORD": server["DOT_CUTTER_VERIFY_DB_PASSWORD"],
    }
    before = embedded.counts()
    answer = embedded("mark", str(law), "--json", env=crossed)
    assert (answer.code, answer.error["code"]) == (4, "CONFIG_MISMATCH")
    assert embedded.counts() == before


def test_a_wrong_password_is_said_without_saying_it(embedded, server, law: Path) -> None:
    wrong = {**server, "DOT_CUTTER_EXEC_DB_PASSWORD": "not-the-password-5512"}
    answer = embedded("mark", str(law), "--json", env=wrong)
    assert answer.code == 7
    assert b"not-the-password-5512" not in answer.out
    assert "not-the-password-5512" not in answer.err


def test_a_key_that_others_can_read_stops_the_cut_before_anything_is_written(embedded, server, law: Path) -> None:
    Path(server["DOT_CUTTER_EXEC_SIGNING_KEY"]).chmod(0o644)
    before = embedded.counts()
    answer = embedded("cut", str(law), "--json", env=server)
    assert (answer.code, answer.error["code"]) == (4, "KEY_UNUSABLE")
    assert "chmod 600" in answer.error["remedy"]
    assert embedded.counts() == before


def test_a_database_that_is_away_is_said_soon(iu_cutter, law: Path, tmp_path: Path) -> None:
    away = {
        "DOT_CUTTER_DB_HOST": str(tmp_path),
        "DOT_CUTTER_DB_PORT": "5432",
        "DOT_CUTTER_DB_NAME": "iu_cutter",
        "DOT_CUTTER_DB_SSLMODE": "disable",
        "DOT_CUTTER_EXEC_DB_USER": "cutter_exec",
        "DOT_CUTTER_EXEC_DB_PASSWORD": "x",
        "DOT_CUTTER_EXEC_SIGNING_KEY": str(tmp_path / "none.pem"),
    }
    started = time.monotonic()
    answer = iu_cutter("mark", str(law), "--json", env=away, timeout_s=60)
    assert (answer.code, answer.error["code"]) == (7, "CONNECTION_FAILED"), answer.err
    assert time.monotonic() - started < 40

    SigningKey.generate().save(tmp_path / "none.pem")
    several = iu_cutter("cut", *[str(law)] * 5, "--no-verify", "--json", env=away, timeout_s=60)
    assert several.code == 7
    assert [document["error"]["code"] for document in several.json["documents"]] == ["CONNECTION_FAILED"] * 5
    assert time.monotonic() - started < 80, "the database is waited for once, not once for each document"
