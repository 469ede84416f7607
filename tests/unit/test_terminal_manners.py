"""Colour, tables and pace: what a terminal shows, and what a pipe gets."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len

from commandline import colour, tables
from commandline.pace import Pace, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "on_a_terminal", "in_a_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_colour_obeys_the_user(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], on_a_terminal: bool, in_a_pipe: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for stream, expected in ((Terminal(), on_a_terminal), (io.StringIO(), in_a_pipe)):
        console = colour.console(stream, width_columns=40)
        console.print("words", style="bold red")
        assert ("\x1b[" in stream.getvalue()) is expected
        assert ("\x1b[" in colour.bold("words", stream)) is expected
        assert "words" in stream.getvalue()


def test_a_dumb_terminal_is_not_drawn_on_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not colour.watched(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    assert colour.watched(Terminal())
    assert not colour.watched(io.StringIO())


ID = "5f0c2f6e-8a57-5c06-9d2b-0b9f2f7f5a11"
ROWS = [(ID, "cut", None, "Luật số 12 về việc thử, sửa đổi và bổ sung nhiều điều"), (ID, "cut", 3, "法律")]
HEAD = ("entry", "kind", "units", "title")


@pytest.mark.parametrize("width", [20, 60, 80, 100, 200, None])
def test_a_table_fits_and_no_id_is_folded(width: int | None) -> None:
    lines = list(tables.fitted(HEAD, ROWS, width))
    assert sum(ID in line for line in lines) == len(ROWS)
    if width is None or width >= 200:
        assert "nhiều điều" in "\n".join(lines)
    if width is not None and width >= 80:
        assert all(cell_len(line) <= width for line in lines)
    if width == 80:
        assert any(line.endswith("…") for line in lines), "the last column is shortened first"
    if width == 20:
        assert lines[0] == f"entry  {ID}"
        assert not any(line.startswith("units  None") for line in lines)


def test_a_value_with_lines_stays_in_its_row() -> None:
    assert list(tables.fitted(("a", "b"), [("x", "one\ntwo")], None)) == ["a  b", "x  one two"]
    assert list(tables.fitted(("a", "b"), [], 80)) == ["a  b"]


def test_the_pace_says_how_fast_and_how_long_still() -> None:
    now = [10.0]
    pace = Pace(clock=lambda: now[0])
    assert pace.words(0, 8) == ""
    now[0] = 12.0
    assert pace.words(4, 8) == "2.0/s, about 2 s left"
    assert pace.words(8, 8) == ""
    assert [duration(value) for value in (0.2, 59.4, 125, 4330)] == ["1 s", "59 s", "2 min 05 s", "1 h 12 min"]
