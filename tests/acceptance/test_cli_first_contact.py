"""The first minutes with both programs: no word, no configuration, a terminal that is watched, a reader gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.command_room import CommandLine
from tests.evidence_room import passing
from tests.terminals import drawn

from cutter_agent.cli import first_use, program
from cutter_agent.config import HOME
from cutter_agent.home.folder import DataFolder
from pg_dryrun import cli, report

LAW = "Luật số: 12/2020/QH14\nLUẬT THỬ\nĐiều 1. Phạm vi\nLuật này.\nĐiều 2. Hiệu lực\nNgay.\n"


@pytest.mark.parametrize(("run", "name", "group"), [(program.run, "iu-cutter", "db"), (cli.run, "pg-dryrun", "keys")])
def test_the_name_alone_is_answered_with_help(run, name: str, group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"Usage: {name} ")
    assert "Examples:" in said.out
    assert said.err == ""
    assert run([group]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"Usage: {name} {group} "), "the help itself, not a message around it"


def test_who_watches_is_told_that_the_first_use_takes_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = DataFolder.at(tmp_path / "home")
    monkeypatch.setenv(HOME, str(data.root))
    first_use._tell()
    assert capsys.readouterr().err == "", "no command has begun a database"
    data.server.mkdir(parents=True)
    first_use._tell()
    assert str(data.root) in capsys.readouterr().err
    data.ready.write_text("{}")
    first_use._tell()
    assert capsys.readouterr().err == "", "all is ready"


def test_progress_is_drawn_for_who_watches_and_only_there(embedded: CommandLine, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        path = tmp_path / f"luat-{number}.txt"
        path.write_text(LAW.replace("12/2020", f"{number}/2020"), encoding="utf-8")
    empty = embedded("status")
    assert (empty.code, empty.out) == (0, b"")
    assert "iu-cutter cut LAW.txt" in empty.err
    watched = drawn(embedded, "cut", str(tmp_path / "luat-1.txt"), columns=160, stdout=False)
    assert "0/1" in watched
    assert "left" in watched
    assert "\x1b[" in watched
    plain = drawn(embedded, "cut", str(tmp_path / "luat-2.txt"), columns=160, name="dumb", stdout=False)
    assert "1 document" in plain
    assert "\x1b[" not in plain
    assert "0/1" not in plain
    piped = embedded("cut", str(tmp_path / "luat-3.txt"))
    assert (piped.code, piped.out.count(b"\n")) == (0, 1)
    assert piped.err == "1 document: 1 advanced\n"


def test_an_interrupt_is_told_and_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "read_report", interrupted)
    assert cli.run(["show", "anywhere"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error_of_the_witness(tmp_path: Path) -> None:
    for name, data in report.render(passing()).items():
        (tmp_path / name).write_bytes(data)
    process = subprocess.Popen(
        [sys.executable, "-c", "from pg_dryrun.cli import main; main()", "show", str(tmp_path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(120) == 141
