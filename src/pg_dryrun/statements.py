"""Statements as the server's own log saw them, against what was declared and what the client says it sent (C-12).

The clone logs every statement of every session (``log_statement=all``, as JSON or as its equal, ``log_records``); no
wrapper, no cursor, no driver can hide from it. What it does not hold: statements inside functions, DO blocks, triggers
and cascades. The effects show those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pg_dryrun import fingerprint
from pg_dryrun.fingerprint import StatementPrint
from pg_dryrun.subject import ClientStatement, DeclaredStatement

SERVER_SETTINGS: Mapping[str, str] = {
    "wal_level": "logical",
    "autovacuum": "off",  # its transactions would look like dark writes of the subject
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_filename": "server",
    "log_file_mode": "0600",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
    "log_statement": "all",
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    "log_error_verbosity": "default",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_parameter_max_length": "0",  # parameters may be secrets
    "log_parameter_max_length_on_error": "0",
    "log_transaction_sample_rate": "0",
    "log_min_duration_statement": "-1",
    "log_duration": "off",
}
"""What a clone's server must be started with for the instruments to see. A declared deviation from production."""


@dataclass(frozen=True, kw_only=True)
class ServerStatement:
    """One statement as the server logged it.

    ``how``: ``statement`` (simple protocol), ``execute``, ``execute fetch``, ``fastpath``, or ``refused`` (the server
    named it in an error before it was ever executed). ``sqlstate`` is set where it ended in an error. ``xid`` is the
    transaction's id if it had one when the statement began: a COMMIT's says whose transaction it was.
    """

    user: str
    dbname: str
    pid: int
    session_id: str
    how: str
    text: str
    print: StatementPrint
    sqlstate: str | None = None
    xid: int | None = None


@dataclass(frozen=True, kw_only=True)
class ServerError:
    """One ERROR, FATAL or PANIC of the log."""

    user: str
    pid: int
    session_id: str
    severity: str
    sqlstate: str
    message: str
    statement: str | None


@dataclass(frozen=True, kw_only=True)
class ServerConnection:
    """One session that was let in: who, how authenticated (method and the line of pg_hba.conf), with which name."""

    user: str
    dbname: str
    pid: int
    session_id: str
    authenticated: str
    application: str


@dataclass(frozen=True, kw_only=True)
class LogSlice:
    """The log between two fences, without this tool's own sessions."""

    label: str
    statements: tuple[ServerStatement, ...]
    errors: tuple[ServerError, ...]
    connections: tuple[ServerConnection, ...]


@dataclass(frozen=True, kw_only=True)
class Unexplained:
    """A statement on one side only. ``side``: ``server`` (the client's journal does not have it) or ``client``."""

    side: str
    pid: int
    text: str
    times: int


@dataclass(frozen=True, kw_only=True)
class Undeclared:
    """A statement that its principal never declared. ``forbidden`` names verbs that no declaration may hold."""

    user: str
    text: str
    verbs: tuple[str, ...]
    forbidden: tuple[str, ...]
    times: int


def undeclared(
    seen: Sequence[ServerStatement], declared: Sequence[DeclaredStatement], role_of: Mapping[str, str]
) -> tuple[Undeclared, ...]:
    """Statements outside the allow-list of their principal, or holding a forbidden verb, each once with its number.

    ``role_of`` maps principal to role. A text of several statements is declared only if each of them is.
    """
    allowed: dict[str, set[str]] = {}
    for statement in declared:
        role = role_of.get(statement.principal, statement.principal)
        allowed.setdefault(role, set()).add(fingerprint.of(statement.text).hex)
    times = Counter((statement.user, statement.text) for statement in seen)
    found = []
    for (user, text), number in sorted(times.items()):
        whole = fingerprint.of(text)
        prints = [whole, *(fingerprint.of(part) for part in fingerprint.parts(text))]
        covered = whole.hex in allowed.get(user, set()) or all(
            part.hex in allowed.get(user, set()) for part in prints[1:]
        )
        if whole.forbidden() or not covered:
            found.append(
                Undeclared(
                    user=user,
                    text=text,
                    verbs=tuple(sorted(whole.verbs)),
                    forbidden=whole.forbidden(),
                    times=number,
                )
            )
    return tuple(found)


def reconcile(server: Sequence[ServerStatement], client: Sequence[ClientStatement]) -> tuple[Unexplained, ...]:
    """Server and client as multisets by (backend pid, fingerprint); what only one side has is listed.

    A text that the server could not parse is compared as it stands.
    """
    on_server = Counter((statement.pid, statement.print.hex) for statement in server)
    on_client = Counter((statement.backend_pid, fingerprint.of(statement.text).hex) for statement in client)
    texts = {(statement.backend_pid, fingerprint.of(statement.text).hex): statement.text for statement in client}
    texts |= {(statement.pid, statement.print.hex): statement.text for statement in server}
    found = [
        Unexplained(side=side, pid=key[0], text=texts[key], times=number)
        for side, rest in (("server", on_server - on_client), ("client", on_client - on_server))
        for key, number in rest.items()
    ]
    return tuple(sorted(found, key=lambda item: (item.side, item.pid, item.text)))
