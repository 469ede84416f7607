"""What each SQLSTATE means for a writer, in one table, and the one place that turns ``psycopg.Error`` into ours.

Design 2.2 lines 7 and 8. A specific code goes before its class; a code that neither knows is STOP_UNKNOWN.
The page ``docs/reference/errors-sqlstate.md`` is ``reference_page()``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import psycopg

from cutter_agent.errors import (
    ConnectionFailed,
    DatabaseError,
    DeadlinePassed,
    PrivilegeDenied,
    StatementTrace,
    TransactionLeak,
    UniqueConflict,
)

_log = logging.getLogger("cutter_agent.db_adapter")


class Disposition(StrEnum):
    """What the adapter does when the server answers with a code."""

    RETRY = "retry"
    """The whole phase again, bounded, jittered, counted."""
    CONVERGE = "converge"
    """Roll back; on a known idempotency key the existing row is the answer, on any other key stop."""
    RESOLVE = "resolve"
    """The connection is gone: find out what happened, then resume from the stored state. Never retried blindly."""
    STOP_SIGNAL = "stop, high-severity signal"
    """Stop and say it loudly. Never another role, never a GRANT."""
    STOP_STRUCTURAL = "stop, structural"
    """Code and schema disagree, or a rule of the schema says no: the same statement will fail again."""
    STOP_OPERATOR = "stop, operator"
    """The server is short of something or a limit was met: the remedy says what to do."""
    STOP_DEFECT = "stop, defect"
    """A defect of this program: nothing an operator can change."""
    STOP_UNKNOWN = "stop, unknown"
    """Not in the table."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of the table. ``key`` is a whole SQLSTATE (5 characters) or a class (2)."""

    key: str
    meaning: str
    disposition: Disposition
    remedy: str


CONNECTING = "connect"
"""The name of the statement that is none: opening a connection."""

_AGAIN = "Nothing was kept; the phase is tried again by itself."
_RESUME = "Run the same command again: it resumes from the stored state and does nothing twice."
_REACH = (
    "Check that the server runs, and that host, port, database, user and password are the right ones"
    " (docs/reference/configuration.md); then run the same command again."
)
_ADMINISTRATOR = (
    "Run it as an administrator who may: a superuser, or the database's owner with CREATEROLE"
    " and membership in cutter_owner, cutter_exec, cutter_verify and cutter_ro."
)
_SCHEMA = "Run `iu-cutter db check`: the deployed schema and this release do not fit each other."
_ROLLED_BACK = "The phase was rolled back. The rule named above refuses the row; correct what is written, not the rule."
_REPORT = "This is a defect of the program: keep the report and file it."
_GRANTS = "Stop. Compare the rights with `iu-cutter db check`; do not use another role and do not grant by hand."


def _rules(disposition: Disposition, remedy: str, meanings: Mapping[str, str]) -> list[Rule]:
    return [Rule(key=key, meaning=text, disposition=disposition, remedy=remedy) for key, text in meanings.items()]


_D = Disposition

_TABLE: tuple[Rule, ...] = (
    *_rules(_D.RETRY, _AGAIN, {"40001": "serialization failure", "40P01": "deadlock detected"}),
    *_rules(
        _D.CONVERGE,
        "On an idempotency key the work was done before and the existing row is used; on another key: stop.",
        {"23505": "unique violation"},
    ),
    *_rules(
        _D.RESOLVE,
        _RESUME,
        {
            "08": "connection exception",
            "57P01": "admin shutdown",
            "57P02": "crash shutdown",
            "57P03": "cannot connect now",
            "57P05": "idle session timeout",
            "25P03": "idle-in-transaction timeout: the server hung up",
            "40003": "statement completion unknown",
        },
    ),
    *_rules(_D.STOP_SIGNAL, _GRANTS, {"42501": "insufficient privilege"}),
    *_rules(_D.STOP_STRUCTURAL, _ROLLED_BACK, {"23": "integrity constraint violation", "44": "with check option"}),
    *_rules(
        _D.STOP_STRUCTURAL,
        _ROLLED_BACK,
        {
            "23502": "not-null violation",
            "23503": "foreign key violation",
            "23514": "check violation",
            "P0001": "raised by a function of the schema",
            "27": "triggered data change violation",
            "09": "triggered action exception",
            "40002": "integrity constraint violation at the end of the transaction",
        },
    ),
    *_rules(
        _D.STOP_STRUCTURAL,
        _SCHEMA,
        {
            "42": "syntax error or access rule violation",
            "42703": "undefined column",
            "42P01": "undefined table",
            "3D": "no such database",
            "3F": "no such schema",
            "2B": "dependent privilege descriptors still exist",
        },
    ),
    *_rules(
        _D.STOP_OPERATOR,
        "Make room for this role or this server, then run the same command again.",
        {
            "53": "insufficient resources",
            "53300": "too many connections",
        },
    ),
    *_rules(
        _D.STOP_OPERATOR, "Free disk space on the server, then run the same command again.", {"53100": "disk full"}
    ),
    *_rules(
        _D.STOP_OPERATOR,
        "Somebody holds the lock: look at pg_stat_activity, let them finish, then run the same command again.",
        {"55P03": "lock not available"},
    ),
    *_rules(
        _D.STOP_OPERATOR,
        "The statement took longer than its limit or was cancelled. Nothing was kept; find out why, then try again.",
        {"57014": "query cancelled", "25P04": "transaction timeout"},
    ),
    *_rules(
        _D.STOP_OPERATOR,
        "Look at the server and its log, then run the same command again.",
        {
            "55": "object not in prerequisite state",
            "57": "operator intervention",
            "57P04": "database dropped",
            "58": "system error outside PostgreSQL",
            "F0": "configuration file error",
            "28": "invalid authorization specification",
            "28P01": "invalid password",
            "XX": "internal error of the server",
            "XX001": "data corrupted",
            "XX002": "index corrupted",
            "72": "snapshot too old",
            "54": "program limit exceeded",
        },
    ),
    *_rules(
        _D.STOP_OPERATOR,
        "The server is read-only or a standby: give the address of the primary.",
        {"25006": "read-only transaction"},
    ),
    *_rules(
        _D.STOP_DEFECT,
        _REPORT,
        {
            "00": "successful completion",
            "01": "warning",
            "02": "no data",
            "03": "statement not yet complete",
            "0A": "feature not supported",
            "0B": "invalid transaction initiation",
            "0F": "locator exception",
            "0L": "invalid grantor",
            "0P": "invalid role specification",
            "0Z": "diagnostics exception",
            "10": "XQuery error",
            "20": "case not found",
            "21": "cardinality violation",
            "22": "data exception",
            "24": "invalid cursor state",
            "25": "invalid transaction state",
            "25001": "active SQL transaction: a statement met a transaction that it did not open",
            "25P02": "the transaction had failed before",
            "26": "invalid statement name",
            "2D": "invalid transaction termination",
            "2F": "SQL routine exception",
            "34": "invalid cursor name",
            "38": "external routine exception",
            "39": "external routine invocation exception",
            "3B": "savepoint exception",
            "40": "transaction rollback",
            "HV": "foreign data wrapper error",
            "P0": "PL/pgSQL error",
        },
    ),
)

DISPOSITIONS: Mapping[str, Rule] = MappingProxyType({rule.key: rule for rule in _TABLE})
"""The table by SQLSTATE or class."""

_UNKNOWN = Rule(key="?????", meaning="not in the table", disposition=Disposition.STOP_UNKNOWN, remedy=_REPORT)
_LOST = Rule(key="-----", meaning="connection lost without a code", disposition=Disposition.RESOLVE, remedy=_RESUME)

IDEMPOTENCY_CONSTRAINTS: frozenset[str] = frozenset(
    {
        "source_snapshot_pkey",
        "source_original_pkey",
        "source_rendering_pkey",
        "manifest_pkey",
        "document_pkey",
        "decision_backlog_entry_pkey",
        "decision_backlog_dependency_pkey",
        "manifest_envelope_pkey",
        "review_decision_pkey",
        "dot_pair_signature_pkey",
        "cut_change_set_pkey",
        "cut_change_set_idempotency_key_key",
        "verify_result_pkey",
        "verify_passes_once",
    }
)
"""Keys that are derived from what is being done: a conflict means that it was done before. Any other 23505 is STOP."""


def rule_for(sqlstate: str | None) -> Rule:
    """The line for a code; None means that the connection was lost without one."""
    if sqlstate is None:
        return _LOST
    return DISPOSITIONS.get(sqlstate) or DISPOSITIONS.get(sqlstate[:2]) or _UNKNOWN


def is_retryable(sqlstate: str | None) -> bool:
    """40001 and 40P01, nothing else."""
    return rule_for(sqlstate).disposition is Disposition.RETRY


class ClientDeadline(psycopg.OperationalError):
    """Raised inside psycopg's wait when our own deadline passes; never leaves the room untranslated."""


def translate(error: psycopg.Error, trace: StatementTrace) -> DatabaseError:
    """The one way from ``psycopg.Error`` to an error of the cutter. The server's DETAIL is left out: it may quote
    a row, and a row may hold a body. Names of constraint, table and column are kept."""
    message = f"{trace.statement_name or 'connection'}: {_said(error)}"
    if isinstance(error, ClientDeadline):
        return DeadlinePassed(message, remedy=_RESUME, trace=trace)
    sqlstate = error.sqlstate
    rule = rule_for(sqlstate) if sqlstate or isinstance(error, psycopg.OperationalError) else _UNKNOWN
    if rule.disposition is Disposition.STOP_SIGNAL:
        _log.critical("SQLSTATE %s: %s", sqlstate, message)
        return PrivilegeDenied(message, remedy=rule.remedy, sqlstate=sqlstate, trace=trace)
    if rule.disposition is Disposition.CONVERGE:
        constraint = error.diag.constraint_name
        return UniqueConflict(
            message,
            remedy=rule.remedy,
            constraint=constraint,
            table=_table(error),
            converges=constraint in IDEMPOTENCY_CONSTRAINTS,
            sqlstate=sqlstate,
            trace=trace,
        )
    if rule.disposition is Disposition.RESOLVE:
        never_there = sqlstate is None and trace.statement_name == CONNECTING
        remedy = _REACH if never_there else rule.remedy
        return ConnectionFailed(message, remedy=remedy, sqlstate=sqlstate, trace=trace)
    if sqlstate == "25001":
        return TransactionLeak(message, remedy=rule.remedy, sqlstate=sqlstate, trace=trace)
    return DatabaseError(message, remedy=rule.remedy, sqlstate=sqlstate, trace=trace)


def translate_for_administrator(error: psycopg.Error, trace: StatementTrace) -> DatabaseError:
    """``translate`` for `iu-cutter db`: who is refused there needs more rights, which a lane never does."""
    translated = translate(error, trace)
    if isinstance(translated, PrivilegeDenied):
        translated.remedy = _ADMINISTRATOR
    return translated


def reference_page() -> str:
    """``docs/reference/errors-sqlstate.md``: the table for a reader."""
    lines = [
        "# What each SQLSTATE does to a phase",
        "",
        "Generated from `cutter_agent.db_adapter.sqlstates`; a test compares the two. A whole code goes before its",
        "class. A code that is not here, nor its class, is `stop, unknown`. A connection lost without a code is",
        "`resolve`.",
        "",
        "| SQLSTATE | meaning | disposition | what to do |",
        "|---|---|---|---|",
    ]
    for rule in sorted(DISPOSITIONS.values(), key=lambda rule: (rule.key[:2], len(rule.key), rule.key)):
        key = rule.key if len(rule.key) == 5 else f"{rule.key}xxx"
        lines.append(f"| `{key}` | {rule.meaning} | {rule.disposition} | {rule.remedy} |")
    return "\n".join([*lines, ""])


def _said(error: psycopg.Error) -> str:
    diagnosis = error.diag
    said = " ".join((diagnosis.message_primary or str(error)).split()) or type(error).__name__
    named = [
        f"{what} {name}"
        for what, name in (
            ("constraint", diagnosis.constraint_name),
            ("table", _table(error)),
            ("column", diagnosis.column_name),
        )
        if name
    ]
    return f"{said} ({', '.join(named)})" if named else said


def _table(error: psycopg.Error) -> str | None:
    table = error.diag.table_name
    if table is None:
        return None
    return f"{error.diag.schema_name}.{table}" if error.diag.schema_name else table
