"""Statements as the server's own log saw them, against what was declared and what the client says it sent (C-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pg_dryrun.fingerprint import StatementPrint
from pg_dryrun.observer import Observer
from pg_dryrun.subject import ClientStatement, DeclaredStatement

SERVER_SETTINGS: Mapping[str, str] = {
    "wal_level": "logical",
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_directory": "log",
    "log_filename": "server",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "off",
    "log_file_mode": "0600",
    "log_statement": "all",
    "log_min_messages": "warning",
    "log_min_error_statement": "error",
    "log_error_verbosity": "verbose",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "max_replication_slots": "10",
    "max_wal_senders": "0",
}
"""What a clone's server must be started with for the instruments to see (parameters are never logged: they may be secrets)."""


@dataclass(frozen=True, kw_only=True)
class ServerStatement:
    """One statement as the server logged it. ``how``: statement, execute, fetch, fastpath, refused (never executed)."""

    user: str
    dbname: str
    pid: int
    session_id: str
    how: str
    text: str
    print: StatementPrint
    sqlstate: str | None = None


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
class LogSlice:
    """The log between two fences, without this tool's own sessions."""

    label: str
    statements: tuple[ServerStatement, ...]
    errors: tuple[ServerError, ...]
    connections: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Unexplained:
    """A statement on one side only. ``side``: server (the client's journal does not have it) or client."""

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


class ServerLog:
    """Reads the clone's jsonlog through SQL, so it works wherever the server lives."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @classmethod
    def open(cls, observer: Observer, *, own_sessions: Sequence[str] = ()) -> ServerLog:
        """Start at the log's present end. Raises ``EnvironmentFault`` where the server does not log as demanded."""
        raise NotImplementedError

    def exclude(self, session_id: str) -> None:
        """Another session of this tool."""
        raise NotImplementedError

    def fence(self, label: str) -> LogSlice:
        """Everything logged since the last fence; waits until the log has passed a marker, so nothing is missed."""
        raise NotImplementedError


def undeclared(
    seen: Sequence[ServerStatement], declared: Sequence[DeclaredStatement], role_of: Mapping[str, str]
) -> tuple[Undeclared, ...]:
    """Statements outside the allow-list of their principal. ``role_of`` maps principal to role."""
    raise NotImplementedError


def reconcile(server: Sequence[ServerStatement], client: Sequence[ClientStatement]) -> tuple[Unexplained, ...]:
    """Server and client as multisets by (backend pid, fingerprint); what only one side has is listed."""
    raise NotImplementedError
