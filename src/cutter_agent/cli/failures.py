"""One error, said the same way everywhere: what, where, what to do, and an exit code.

Standard error gets it in words. With ``--json`` standard output gets it too, as the one JSON document of the command:
``{"error": {"code", "message", "remedy", "exit_code", …}}``.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from typer.exceptions import Abort, TyperException

from commandline import asking
from cutter_agent.cli.output import OutputRefused, note, print_json
from cutter_agent.errors import (
    CutterError,
    DatabaseError,
    InputRefused,
    LineProblem,
    LinesRefused,
    ManifestInvalid,
    Problem,
)

USAGE_EXIT = 2
CONFIG_EXIT = 4
VERIFICATION_EXIT = 6
DATABASE_EXIT = 7
AWAITING_EXIT = 10
INTERNAL_EXIT = 70
INTERRUPTED_EXIT = 130
BROKEN_PIPE_EXIT = 141

TRACEBACK = "DOT_CUTTER_TRACEBACK"

_GROUND_EXITS = {"KEY_UNUSABLE": CONFIG_EXIT, "SIGNATURE_INVALID": VERIFICATION_EXIT, "CANONICAL_TYPE": INTERNAL_EXIT}
"""Errors of the ground below this package carry a code and a remedy, no exit code of ours."""


class Reported(Exception):
    """An error that came from another process in the documented shape, and goes on as it is."""

    def __init__(self, record: dict[str, object]) -> None:
        super().__init__(str(record.get("message")))
        self.record = record


def report(error: Exception, *, as_json: bool) -> int:
    """Say ``error`` on standard error (and as JSON on standard output) and give the exit code."""
    record = describe(error)
    lacking = asking.lacking(error) if isinstance(error, TyperException) else None
    if lacking is not None:
        note(lacking)
        return USAGE_EXIT
    if as_json and not isinstance(error, OutputRefused):  # standard output takes nothing: standard error says it
        print_json({"error": record})
    note(in_words(record))
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error, file=sys.stderr)
    exit_code = record["exit_code"]
    return exit_code if isinstance(exit_code, int) else INTERNAL_EXIT


def describe(error: Exception) -> dict[str, object]:
    """The documented JSON shape of an error. Keys that do not apply are absent."""
    if isinstance(error, Reported):
        return error.record
    if isinstance(error, CutterError):
        return _of_the_cutter(error)
    if isinstance(error, TyperException):
        return _record("USAGE", error.format_message(), "See iu-cutter --help, or the command with --help.", USAGE_EXIT)
    if isinstance(error, Abort):
        return _record(
            "USAGE", "no answer was given", "Run the command on a terminal, or give the options.", USAGE_EXIT
        )
    code, remedy = getattr(error, "code", None), getattr(error, "remedy", None)
    if isinstance(code, str) and isinstance(remedy, str):
        message = str(getattr(error, "message", error))
        return _record(code, message, remedy, _GROUND_EXITS.get(code, DATABASE_EXIT))
    return _record(
        "INTERNAL",
        f"{type(error).__name__}: {error}",
        f"This is a defect of the program: run it again with {TRACEBACK}=1 and report what it prints.",
        INTERNAL_EXIT,
    )


def _record(code: str, message: str, remedy: str, exit_code: int) -> dict[str, object]:
    return {"code": code, "message": message, "remedy": remedy, "exit_code": exit_code}


def _of_the_cutter(error: CutterError) -> dict[str, object]:
    record = _record(error.code, error.message, error.remedy, error.exit_code)
    if isinstance(error, InputRefused):
        record |= _place(error)
    if isinstance(error, ManifestInvalid):
        record["problems"] = [problem_record(problem) for problem in error.problems]
    if isinstance(error, LinesRefused):
        record["problems"] = [line_record(problem) for problem in error.problems]
    if isinstance(error, DatabaseError):
        record |= {
            "sqlstate": error.sqlstate,
            "statement": error.trace.statement_name,
            "connection_state": error.trace.connection_state,
            "last_statements": list(error.trace.last_statements),
        }
    return record


def _place(error: InputRefused) -> dict[str, object]:
    place: dict[str, object] = {}
    if error.path is not None:
        place["path"] = error.path
    if error.start_byte is not None:
        place["start_byte"] = error.start_byte
        line = line_of(error.path, error.start_byte) if error.path else None
        if line is not None:
            place["line"] = line
    return place


def line_of(path: str, start_byte: int) -> int | None:
    """The line, from 1, that holds the byte; None where the file cannot be read (again)."""
    try:
        if not Path(path).is_file():
            return None
        with Path(path).open("rb") as stream:
            return stream.read(start_byte).count(b"\n") + 1
    except OSError:
        return None


def problem_record(problem: Problem) -> dict[str, object]:
    """The documented JSON shape of one problem of a manifest."""
    return {
        "code": problem.code,
        "block_index": problem.block_index,
        "start_byte": problem.start_byte,
        "message": problem.message,
        "remedy": problem.remedy,
    }


def line_record(problem: LineProblem) -> dict[str, object]:
    """The documented JSON shape of one line of a codification that cannot be taken."""
    return {"code": problem.code, "line": problem.line, "message": problem.message, "remedy": problem.remedy}


def in_words(record: dict[str, object]) -> str:
    """The same record for a person."""
    where = [str(record["path"])] if "path" in record else []
    where += [f"byte {record['start_byte']}"] if "start_byte" in record else []
    where += [f"line {record['line']}"] if "line" in record else []
    place = f"{', '.join(where)}: " if where else ""
    sqlstate = f", SQLSTATE {record['sqlstate']}" if record.get("sqlstate") else ""
    statement = f", statement {record['statement']}" if record.get("statement") else ""
    lines = [f"iu-cutter: {place}{record['message']} [{record['code']}{sqlstate}{statement}]"]
    problems = record.get("problems")
    if isinstance(problems, list):
        lines += [_problem_line(problem) for problem in problems]
    lines.append(f"  what to do: {record['remedy']}")
    return "\n".join(lines)


def _problem_line(problem: dict[str, object]) -> str:
    place = f"byte {problem['start_byte']} of the document, " if problem.get("start_byte") is not None else ""
    place += f"line {problem['line']}, " if "line" in problem else ""
    return f"  - {place}{problem['code']}: {problem['message']}. {problem['remedy']}"
