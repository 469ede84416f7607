"""``pg-dryrun``: whole commands in processes of their own, their words, their JSON, their exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.evidence_room import failing, passing

from pg_dryrun import attestation, report
from pg_dryrun.anyprogram.codes import MEANINGS, TIMING
from pg_dryrun.evidence import Folder
from pg_dryrun.record import Record, spell
from sealing.keys import SigningKey

KEY = SigningKey.generate()


def pg_dryrun(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One command."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("pg-dryrun")), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def sealed(out: Path, record: Record) -> Path:
    """A folder as a run leaves it."""
    folder = Folder.create(out, run_id=record.run.id, started=datetime(2026, 1, 2, tzinfo=UTC))
    for name, data in report.render(record).items():
        folder.write(name, data)
    attestation.attest(folder, record, deterministic_sha256=spell(record)["deterministic_sha256"], key=KEY)
    return folder.path


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Good evidence of a PASS."""
    return sealed(tmp_path, passing())


def test_check_of_good_evidence(evidence: Path, tmp_path: Path) -> None:
    done = pg_dryrun("check", str(evidence))
    assert done.returncode == 0, done.stderr
    assert "7. the subjects are the record's commit" in done.stdout
    assert "Its verdict: PASS" in done.stdout
    assert "give --key to know who signed" in done.stdout
    (tmp_path / "key.pem").write_bytes(KEY.public.pem())
    with_key = pg_dryrun("check", str(evidence), "--key", str(tmp_path / "key.pem"), "--json")
    shape = json.loads(with_key.stdout)
    assert (with_key.returncode, shape["holds"], shape["keys_given"], shape["verdict"]) == (0, True, True, "PASS")
    assert [step["number"] for step in shape["steps"]] == [1, 2, 3, 4, 5, 6, 7]


def test_check_finds_a_flipped_byte(evidence: Path) -> None:
    page = evidence / "report.html"
    whole = bytearray(page.read_bytes())
    whole[1000] ^= 1
    page.write_bytes(whole)
    done = pg_dryrun("check", str(evidence))
    assert done.returncode == 1
    assert "report.html was changed" in done.stdout
    assert "nothing in this folder may be relied upon" in done.stdout
    shape = json.loads(pg_dryrun("check", str(evidence), "--json").stdout)
    assert (shape["holds"], shape["verdict"]) == (False, None)


def test_check_with_a_strangers_key(evidence: Path, tmp_path: Path) -> None:
    (tmp_path / "other.pem").write_bytes(SigningKey.generate().public.pem())
    done = pg_dryrun("check", str(evidence), "--key", str(tmp_path / "other.pem"))
    assert done.returncode == 1
    assert "✕ 2." in done.stdout


def test_show_of_a_failure_puts_the_cause_first(tmp_path: Path) -> None:
    done = pg_dryrun("show", str(sealed(tmp_path, failing())))
    assert done.returncode == 0, done.stderr
    words = done.stdout
    assert words.startswith("PRODUCT_FAIL (exit code 1)")
    assert words.index("25001") < words.index("NotReached")
    assert "0 ≠ 1" in words


def test_show_json_is_the_record(evidence: Path) -> None:
    done = pg_dryrun("show", str(evidence), "--json")
    assert json.loads(done.stdout) == json.loads((evidence / "report.json").read_bytes())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "/nonexistent"), "not the folder of a run"),
        (("show", "/nonexistent"), "No such file"),
        (("clean", "/nonexistent"), "no created.jsonl"),
        (("check",), "Missing argument"),
        (("bogus",), "No such command"),
        (("check", "/nonexistent", "--key"), "requires an argument"),
    ],
)
def test_wrong_words_are_exit_code_2_with_a_remedy(arguments: tuple[str, ...], words: str) -> None:
    done = pg_dryrun(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) >= 2
    assert "Traceback" not in done.stderr
    if arguments[-1].startswith("/"):
        error = json.loads(pg_dryrun(*arguments, "--json").stdout)["error"]
        assert (error["code"], error["exit_code"], bool(error["remedy"])) == ("USAGE", 2, True)


def test_a_key_that_is_none(evidence: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    done = pg_dryrun("check", str(evidence), "--key", str(tmp_path / "key.pem"))
    assert done.returncode == 2
    assert "key.pem" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_report_is_an_answer_not_a_traceback(evidence: Path) -> None:
    (evidence / "report.json").write_text('{"verdict": "PASS"}')
    assert pg_dryrun("check", str(evidence)).returncode == 1
    shown = pg_dryrun("show", str(evidence))
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr


def test_clean_of_a_finished_run_finds_nothing(evidence: Path) -> None:
    (evidence / "created.jsonl").write_text('{"run": "0a1b2c3d"}\n')
    done = pg_dryrun("clean", str(evidence))
    assert done.returncode == 0
    assert "net zero" in done.stdout


def test_version_and_help() -> None:
    assert pg_dryrun("--version").stdout.strip()
    text = pg_dryrun("--help").stdout
    for command in ("check", "show", "clean"):
        assert command in text
        assert "Exit codes:" in pg_dryrun(command, "--help").stdout


def test_the_page_about_the_commands_says_what_the_help_says() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "pg-dryrun.md").read_text(encoding="utf-8")
    for command in ("check", "show", "clean", "run", "accept", "plan init"):
        words = " ".join(pg_dryrun(*command.split(), "--help").stdout.split())
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `pg-dryrun {command} ")]
        _, _, does, exit_codes, _ = (cell.strip() for cell in row.replace("\\|", " or ").split("|"))
        assert does in words
        assert f"Exit codes: {exit_codes}." in words


def test_the_page_names_every_option_and_every_warning() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "pg-dryrun.md").read_text(encoding="utf-8")
    options = set(re.findall(r"(--[a-z-]+)", pg_dryrun("run", "--help").stdout)) - {"--help", "--json"}
    assert len(options) > 10
    assert sorted(option for option in options if option not in page) == []
    for code, words in MEANINGS.items():
        mark = " ⏱" if code in TIMING else ""
        assert f"| `{code.value}`{mark} | {words} |" in page
