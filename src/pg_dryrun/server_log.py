"""Reads a clone's log through SQL, piece by piece with a fence, so nothing is missed wherever the server lives."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping, Sequence

from pg_dryrun import fingerprint
from pg_dryrun.errors import EnvironmentFault, ToolFault
from pg_dryrun.log_records import DIRECT_PATH, DIRECT_SETTINGS, DirectLines, JsonLines, Record, Spelling
from pg_dryrun.observer import Observer
from pg_dryrun.statements import LogSlice, ServerConnection, ServerError, ServerStatement

_JSON: Mapping[str, str] = {"logging_collector": "on", "log_statement": "all"}
_DIRECT: Mapping[str, str] = {**DIRECT_SETTINGS, "log_statement": "all"}
_RESET_VALUE = "SELECT reset_val FROM pg_catalog.pg_settings WHERE name = %s"  # not this session's own
STATEMENT = re.compile(r"(statement|execute fetch from [^:]*|execute [^:]*|fastpath function call): (.*)", re.DOTALL)
"""How the log spells that a statement was sent: the way, and its text."""
_DEADLINE_S = 10.0
_POLL_S = 0.002
_PIECE_BYTES = 1 << 24
_ERRORS = frozenset({"ERROR", "FATAL", "PANIC"})
_BEFORE_EXECUTION = frozenset({"PARSE", "BIND"})
_FENCE = "pg_dryrun fence "


class ServerLog:
    """The log of one server, read by one superuser session. This tool's own sessions are left out by session id."""

    def __init__(self, observer: Observer, *, path: str, offset_bytes: int, spelling: Spelling) -> None:
        self._observer = observer
        self._path = path
        self._offset_bytes = offset_bytes
        self._own = {observer.session_id()}
        self._spelling = spelling

    @classmethod
    def open(cls, observer: Observer, *, own_sessions: Sequence[str] = ()) -> ServerLog:
        """Start at the log's present end. Raises ``EnvironmentFault`` where the server does not log as demanded."""
        settings = {name: observer.value(_RESET_VALUE, [name]) for name in (*_JSON, *_DIRECT)}
        if all(settings[name] == value for name, value in _DIRECT.items()):
            size = observer.value("SELECT size FROM pg_catalog.pg_stat_file(%s)", [DIRECT_PATH])
            log = cls(observer, path=DIRECT_PATH, offset_bytes=int(str(size)), spelling=DirectLines())
        else:
            path = observer.value("SELECT pg_catalog.pg_current_logfile('jsonlog')")
            if path is None or any(settings[name] != value for name, value in _JSON.items()):
                raise EnvironmentFault(
                    f"The server does not log every statement as JSON: file {path}, {settings}.",
                    remedy="Start the clone's server with the settings of statements.SERVER_SETTINGS.",
                )
            log = cls(observer, path=str(path), offset_bytes=0, spelling=JsonLines())
        for session in own_sessions:
            log.exclude(session)
        log.fence("birth")
        return log

    def exclude(self, session_id: str) -> None:
        """Another session of this tool."""
        self._own.add(session_id)

    def fence(self, label: str) -> LogSlice:
        """Everything logged since the last fence.

        A marker of our own goes through the same pipe as every session's messages, so when it has arrived, all that was
        logged before it has. Raises ``ToolFault`` where it does not arrive.
        """
        marker = _FENCE + secrets.token_hex(12)
        self._observer.execute(f"DO $fence$ BEGIN RAISE LOG '{marker}'; END $fence$")
        deadline = time.monotonic() + _DEADLINE_S
        records: list[Record] = []
        while True:
            fresh = self._read(marker)
            records += fresh
            if any(marker in str(record.get("message")) for record in fresh):
                return self._slice(label, records)
            if fresh:
                deadline = time.monotonic() + _DEADLINE_S
            elif time.monotonic() > deadline:
                raise ToolFault(f"The server's log said nothing for {_DEADLINE_S:g} s: no fence of step {label!r}.")
            time.sleep(_POLL_S)

    def _read(self, marker: str) -> list[Record]:
        """Whole records that came since the last reading."""
        piece = self._observer.value(
            "SELECT pg_catalog.pg_read_binary_file(%s, %s, %s, true)", [self._path, self._offset_bytes, _PIECE_BYTES]
        )
        fresh = bytes(piece) if isinstance(piece, bytes | bytearray | memoryview) else b""
        self._offset_bytes += len(fresh)
        return self._spelling.records(fresh, marker=marker)

    def _slice(self, label: str, records: Sequence[Record]) -> LogSlice:
        foreign = [record for record in records if record.get("session_id") not in self._own and "pid" in record]
        return LogSlice(
            label=label,
            statements=_statements(foreign),
            errors=tuple(_error(record) for record in foreign if record.get("error_severity") in _ERRORS),
            connections=_connections(foreign),
        )


def _statements(records: Sequence[Record]) -> tuple[ServerStatement, ...]:
    """Logged statements with the error each ended in; and statements known from an error only.

    In the extended protocol a denial comes before the statement is logged as executed: then the error alone names it.
    """
    found: list[ServerStatement] = []
    last: dict[str, int] = {}
    for record in records:
        session = _text(record, "session_id")
        match = STATEMENT.fullmatch(_text(record, "message")) if record.get("error_severity") == "LOG" else None
        if match:
            last[session] = len(found)
            found.append(_statement(record, how=_how(match.group(1)), text=match.group(2)))
        elif record.get("error_severity") in _ERRORS and "statement" in record:
            text, state = _text(record, "statement"), _text(record, "state_code")
            index = None if record.get("ps") in _BEFORE_EXECUTION else last.pop(session, None)
            if index is not None and found[index].text == text:
                found[index] = _statement(record, how=found[index].how, text=text, sqlstate=state)
            else:
                found.append(_statement(record, how="refused", text=text, sqlstate=state))
    return tuple(found)


def _statement(record: Record, *, how: str, text: str, sqlstate: str | None = None) -> ServerStatement:
    return ServerStatement(
        user=_text(record, "user"),
        dbname=_text(record, "dbname"),
        pid=int(str(record["pid"])),
        session_id=_text(record, "session_id"),
        how=how,
        text=text,
        print=fingerprint.of(text),
        sqlstate=sqlstate,
        xid=int(_text(record, "txid") or 0) or None,
    )


def _how(word: str) -> str:
    if word.startswith("execute fetch"):
        return "execute fetch"
    return word.partition(" ")[0]


def _error(record: Record) -> ServerError:
    return ServerError(
        user=_text(record, "user"),
        pid=int(str(record["pid"])),
        session_id=_text(record, "session_id"),
        severity=_text(record, "error_severity"),
        sqlstate=_text(record, "state_code"),
        message=_text(record, "message"),
        statement=_text(record, "statement") or None,
    )


def _connections(records: Sequence[Record]) -> tuple[ServerConnection, ...]:
    authenticated: dict[str, str] = {}
    found: list[ServerConnection] = []
    for record in records:
        message, session = _text(record, "message"), _text(record, "session_id")
        if message.startswith("connection authenticated: "):
            authenticated[session] = message.removeprefix("connection authenticated: ")
        elif message.startswith("connection authorized: "):
            found.append(
                ServerConnection(
                    user=_text(record, "user"),
                    dbname=_text(record, "dbname"),
                    pid=int(str(record["pid"])),
                    session_id=session,
                    authenticated=authenticated.get(session, "without authentication"),
                    application=message.partition("application_name=")[2],
                )
            )
    return tuple(found)


def _text(record: Record, name: str) -> str:
    return str(record.get(name) or "")
