"""Accepted effects: the file is what the reader reads, every kind of difference is a line, ranges hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.evidence_room import command_record, passing

from pg_dryrun import plan_file, plan_init
from pg_dryrun.anyprogram import acceptance, expectations
from pg_dryrun.anyprogram.codes import MEANINGS, Code
from pg_dryrun.anyprogram.differences import differences
from pg_dryrun.anyprogram.expectations import as_range
from pg_dryrun.anyprogram.request import environment_from, find_program
from pg_dryrun.errors import PlanFault, UsageError
from pg_dryrun.plan import BaseBackup, DumpFile, LiveSource
from pg_dryrun.program_record import Notice, ProgramRecord, RowChanges, SeenError, SeenStatement

SEEN = replace(command_record(), differences=None)


def accepted(tmp_path: Path, program: ProgramRecord = SEEN, *, spread: int = 0) -> expectations.ExpectationFile:
    """What `accept` would write of it, read back."""
    path = tmp_path / "expectations.toml"
    path.write_text(acceptance.render(program, passing(), spread_percent=spread), encoding="utf-8")
    return expectations.load(path).accepted


def test_a_run_is_as_it_was_accepted(tmp_path: Path) -> None:
    assert differences(accepted(tmp_path), SEEN) == ()


@pytest.mark.parametrize(
    "text", ['DO $$ say "x" \\ $$', "two\nlines\n  indented", 'three """ quotes', "\x7f\t\x01", "ü"]
)
def test_any_text_survives_the_file(tmp_path: Path, text: str) -> None:
    statement = SeenStatement(fingerprint="x", role="r", verbs=(), tables=(), text=text, times=1)
    odd = replace(SEEN, statements=(statement,), rows={text.replace("\n", " "): RowChanges(inserted=1)})
    file = accepted(tmp_path, odd)
    assert file.statement[0].text == text
    assert differences(file, odd) == ()


NEW = SeenStatement(fingerprint="new", role="r", verbs=("DELETE",), tables=(), text="DELETE FROM x", times=2)
CHANGES = {
    "! rows till.account inserted: accepted 2, found 3": {
        "rows": {**SEEN.rows, "till.account": RowChanges(inserted=3, updated=1)}
    },
    "! rows till.new deleted: accepted 0, found 4": {"rows": {**SEEN.rows, "till.new": RowChanges(deleted=4)}},
    "! rows till.booking truncated: accepted 1, found 0": {"rows": {"till.account": SEEN.rows["till.account"]}},
    "+ statement (2 times): DELETE FROM x": {"statements": (*SEEN.statements, NEW)},
    "- statement (accepted 2 times): INSERT INTO till.account VALUES ($1)": {"statements": ()},
    "! statement INSERT INTO till.account VALUES ($1) times: accepted 2, found 5": {
        "statements": (replace(SEEN.statements[0], times=5),)
    },
    "- schema: columns: + till.account.colour text": {"schema": ()},
    "+ server: - role: clerk": {"shared": (*SEEN.shared, "- role: clerk")},
    "! sequence till.ticket: accepted 3, found 4": {"sequences": {"till.ticket": 4}},
    "- dark write: unlogged: till.scratch": {"dark_writes": ()},
    "- exclusive lock: till.account": {"exclusive_locks": ()},
    "! error 40001: accepted 0, found 1": {
        "errors": (*SEEN.errors, SeenError(sqlstate="40001", severity="ERROR", times=1, message="m"))
    },
    "- warning: TABLE_REWRITE till.account": {"warnings": ()},
    "! exit status: accepted 0, found 3": {"exit_status": 3},
    "! role: accepted till_clerk, found root": {"role": "root"},
}


@pytest.mark.parametrize("line", CHANGES)
def test_each_difference_is_one_line(tmp_path: Path, line: str) -> None:
    assert differences(accepted(tmp_path), replace(SEEN, **CHANGES[line])) == (line,)  # type: ignore[arg-type]


def test_what_depends_on_time_is_never_compared(tmp_path: Path) -> None:
    slow = Notice(code="LOCK_WAIT", subject="relation till.account", message="90 ms", timing=True)
    later = replace(
        SEEN, warnings=(*SEEN.warnings, slow), lock_waits=(), wal_bytes=1, sessions_at_once=9, duration_s=99
    )
    assert differences(accepted(tmp_path), later) == ()
    assert differences(accepted(tmp_path, later), SEEN) == ()


def test_a_spread_makes_ranges(tmp_path: Path) -> None:
    file = accepted(tmp_path, spread=50)
    assert file.rows["till.account"].inserted == "1..3"
    inside = replace(SEEN, rows={**SEEN.rows, "till.account": RowChanges(inserted=3, updated=2)})
    assert differences(file, inside) == ()
    outside = replace(SEEN, rows={**SEEN.rows, "till.account": RowChanges(inserted=4, updated=1)})
    assert differences(file, outside) == ("! rows till.account inserted: accepted 1..3, found 4",)


@pytest.mark.parametrize(("amount", "inside", "outside"), [(3, 3, 4), ("2..4", 4, 5), ("2..", 9000, 1)])
def test_amounts(amount: int | str, inside: int, outside: int) -> None:
    assert as_range(amount).holds(inside)
    assert not as_range(amount).holds(outside)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("format = 'other'\nformat_version = 1", "not 'pg-dryrun.expectations'"),
        ("HEAD\nrow = 1", "unknown field `row`"),
        ("HEAD\n[rows.'a.b']\ninserted = '4..2'", "ends before it begins - at rows.a.b.inserted"),
        ("HEAD\n[sequences]\n'a.b' = 'many'", "no number and no range"),
        ("HEAD\n[rows.'a.b']\ninserted = -1", "rows"),
        ("HEAD\n[[statement]]\nfingerprint = 'x'", "times"),
        ("no toml", "expectations.toml"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "expectations.toml"
    head = f"format = '{expectations.FORMAT}'\nformat_version = {expectations.FORMAT_VERSION}"
    path.write_text(lines.replace("HEAD", head))
    with pytest.raises(PlanFault) as caught:
        expectations.load(path)
    assert words in caught.value.message
    assert str(path) in caught.value.message


def test_every_warning_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Code)


@pytest.mark.parametrize(("kind", "source"), [("dump", DumpFile), ("dsn", LiveSource), ("backup", BaseBackup)])
def test_a_new_plan_is_one_that_the_reader_accepts(tmp_path: Path, kind: str, source: type) -> None:
    path = tmp_path / "rehearsal.toml"
    plan_init.write(path, kind)
    (tmp_path / "reader.password").write_text("q7-Rw_2mXa9-Tz_4Lk1")
    (tmp_path / "reader.password").chmod(0o600)
    assert isinstance(plan_file.load(path).source, source)
    with pytest.raises(UsageError, match="already"):
        plan_init.write(path, kind)
    with pytest.raises(UsageError, match="no kind"):
        plan_init.text("tape")


def test_the_environment_is_what_was_named() -> None:
    assert environment_from(["A=1", "B", "C="], {"B": "2", "D": "4"}, ["DSN"]) == {"A": "1", "B": "2", "C": ""}
    for wrong in ("PGHOST=x", "DATABASE_URL=x", "LD_PRELOAD=x", "E", "1=2"):
        with pytest.raises(UsageError):
            environment_from([wrong], {}, [])
    with pytest.raises(UsageError, match="twice"):
        environment_from(["DSN=x"], {}, ["DSN"])


def test_a_program_is_found_as_a_shell_finds_it(tmp_path: Path) -> None:
    script = tmp_path / "run.sh"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(UsageError, match="not found"):
        find_program("./run.sh", tmp_path)
    script.chmod(0o755)
    assert find_program("./run.sh", tmp_path) == script
    assert find_program("sh", tmp_path).name == "sh"
