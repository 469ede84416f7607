"""The table of SQLSTATEs: complete, exact where the design is, and on its page."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from cutter_agent.db_adapter import sqlstates
from cutter_agent.db_adapter.sqlstates import DISPOSITIONS, ClientDeadline, Disposition, rule_for, translate
from cutter_agent.errors import (
    ConnectionFailed,
    DatabaseError,
    DeadlinePassed,
    PrivilegeDenied,
    StatementTrace,
    TransactionLeak,
    UniqueConflict,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "errors-sqlstate.md"
KNOWN = {
    code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, psycopg.Error) and isinstance(code := kind.sqlstate, str)
}
TRACE = StatementTrace(statement_name="insert_entry", connection_state="INTRANS", last_statements=("begin",))


def test_every_code_that_psycopg_knows_is_in_the_table() -> None:
    assert len(KNOWN) > 240
    assert [code for code in KNOWN if rule_for(code).disposition is Disposition.STOP_UNKNOWN] == []


def test_a_code_nobody_knows_stops() -> None:
    assert rule_for("ZZ999").disposition is Disposition.STOP_UNKNOWN


@pytest.mark.parametrize(
    ("codes", "disposition"),
    [
        ("40001 40P01", Disposition.RETRY),
        ("23505", Disposition.CONVERGE),
        ("42501", Disposition.STOP_SIGNAL),
        ("23502 23503 23514 42703 42P01 23P01", Disposition.STOP_STRUCTURAL),
        ("08000 08003 08006 08001 57P01 57P02 57P03", Disposition.RESOLVE),
        ("53100 53200 53300 55P03 57014 25006", Disposition.STOP_OPERATOR),
    ],
)
def test_the_design_s_lines(codes: str, disposition: Disposition) -> None:
    assert {code: rule_for(code).disposition for code in codes.split()} == dict.fromkeys(codes.split(), disposition)


def test_only_two_codes_are_retried() -> None:
    assert [code for code in KNOWN if sqlstates.is_retryable(code)] == ["40001", "40P01"]
    assert not sqlstates.is_retryable(None)


def test_keys_are_codes_or_classes_and_every_line_says_what_to_do() -> None:
    assert {len(key) for key in DISPOSITIONS} == {2, 5}
    assert len(DISPOSITIONS) == len(sqlstates._TABLE), "a key is there twice"
    assert all(rule.remedy.endswith(".") and rule.meaning for rule in DISPOSITIONS.values())


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("42501", PrivilegeDenied),
        ("23505", UniqueConflict),
        ("57P01", ConnectionFailed),
        ("25001", TransactionLeak),
        ("40001", DatabaseError),
        ("23514", DatabaseError),
    ],
)
def test_a_server_error_becomes_ours_with_its_code_trace_and_remedy(code: str, kind: type[DatabaseError]) -> None:
    error = translate(errors.lookup(code)("no"), TRACE)
    assert type(error) is kind
    assert error.sqlstate == code
    assert error.trace is TRACE
    assert error.remedy == rule_for(code).remedy
    assert error.message == "insert_entry: no"
    assert error.exit_code == 7


def test_a_loss_without_a_code_and_our_own_deadline() -> None:
    lost = translate(psycopg.OperationalError("server closed the connection unexpectedly"), TRACE)
    assert type(lost) is ConnectionFailed
    assert lost.sqlstate is None
    assert type(translate(ClientDeadline("no answer"), TRACE)) is DeadlinePassed


def test_an_error_of_the_driver_without_a_code_is_no_connection_matter() -> None:
    error = translate(psycopg.ProgrammingError("cannot adapt type 'object'"), TRACE)
    assert type(error) is DatabaseError
    assert "defect" in error.remedy


def test_a_message_of_several_lines_becomes_one() -> None:
    error = translate(psycopg.OperationalError("failed:\n\tIs the server running?"), TRACE)
    assert error.message == "insert_entry: failed: Is the server running?"


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text("utf-8") == sqlstates.reference_page(), (
        "docs/reference/errors-sqlstate.md is not sqlstates.reference_page(): write it anew"
    )
