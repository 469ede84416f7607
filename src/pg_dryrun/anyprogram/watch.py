"""All instruments on the clone on which a command runs: looks before and after, hears while it lasts (design 3.3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType

from pg_dryrun import dark_writes
from pg_dryrun.anyprogram.conversation import Conversation
from pg_dryrun.dark_writes import DarkState, DarkWrites
from pg_dryrun.effects import EffectsSlot, StepEffects, Verb
from pg_dryrun.errors import ToolFault
from pg_dryrun.log_records import Record
from pg_dryrun.observer import Observer, connect, counts
from pg_dryrun.observer.counts import TableDigest
from pg_dryrun.server_log import ServerLog
from pg_dryrun.statements import SERVER_SETTINGS, LogSlice
from pg_dryrun.subject import Login, TableName
from pg_dryrun.wal import QUIET, WalLocks, WalReader

DEADLOCK_TIMEOUT_MS = 10
CLONE_SETTINGS: Mapping[str, str] = {
    **SERVER_SETTINGS,
    "log_duration": "on",
    "log_lock_waits": "on",
    "deadlock_timeout": f"{DEADLOCK_TIMEOUT_MS}ms",
    "log_timezone": "UTC",
    "max_connections": "100",  # PostgreSQL's own default: a dump does not say what production has
}
"""What the clone of a foreign command is started with. Declared deviations from production."""

_LOOKING_S = 3600.0
_LEAVE_S = 2.0
_POLL_S = 0.02
_CATALOG = """
SELECT c.oid::bigint AS oid, n.nspname || '.' || c.relname AS name, c.relkind::text AS kind,
       coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint AS node, c.relpersistence::text AS persistence,
       i.indrelid::bigint AS of_table
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE n.nspname !~ '^pg_(toast|temp)'
"""
_SHARED = """
SELECT 'role: ' || r.rolname || concat_ws(' ', '', CASE WHEN rolsuper THEN 'SUPERUSER' END,
       CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
       CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
       CASE WHEN rolcanlogin THEN 'LOGIN' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END) AS line
FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_'
UNION ALL SELECT 'membership: ' || m.roleid::regrole || ' to ' || m.member::regrole
    || CASE WHEN m.admin_option THEN ' with admin' ELSE '' END FROM pg_catalog.pg_auth_members m
UNION ALL SELECT 'setting: ' || coalesce(d.datname::text, 'all databases')
    || CASE WHEN s.setrole = 0 THEN '' ELSE ' for ' || s.setrole::regrole::text END || ': ' || item
    FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,
    LATERAL unnest(s.setconfig) AS item
UNION ALL SELECT 'database: ' || datname || ' of ' || datdba::regrole || coalesce(' ' || datacl::text, '')
    FROM pg_catalog.pg_database
UNION ALL SELECT 'tablespace: ' || spcname FROM pg_catalog.pg_tablespace
UNION ALL SELECT 'server setting: ' || name || ' = ' || setting FROM pg_catalog.pg_file_settings
    WHERE sourcefile LIKE '%%postgresql.auto.conf'
UNION ALL SELECT 'prepared transaction: ' || gid || ' in ' || database FROM pg_catalog.pg_prepared_xacts
UNION ALL SELECT 'replication slot: ' || slot_name FROM pg_catalog.pg_replication_slots WHERE NOT temporary
"""
_STRANGERS = (
    "SELECT pid, pg_catalog.pg_backend_pid() AS own FROM pg_catalog.pg_stat_activity"
    " WHERE backend_type = 'client backend' AND usename IS DISTINCT FROM %s"
)


@dataclass(frozen=True, kw_only=True)
class Relation:
    """One relation of the catalog. ``node`` changes when its file is written anew; ``of_table``: an index's table."""

    name: TableName
    kind: str
    node: int
    permanent: bool
    of_table: int | None


@dataclass(frozen=True, kw_only=True)
class Look:
    """The clone at one moment."""

    tables: Mapping[TableName, TableDigest]
    relations: Mapping[int, Relation]
    dark: DarkState
    shared: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All that the instruments saw of one command."""

    before: Look
    after: Look
    effects: StepEffects
    dark: DarkWrites
    locks: WalLocks
    database_oid: int
    conversation: Conversation
    sessions_ended: int
    disagreements: tuple[str, ...]


class _HeardLog(ServerLog):
    """The log whose lines are handed on as they are, beside what every step keeps of them."""

    heard: Callable[[Sequence[Record]], None] | None = None

    def _slice(self, label: str, records: Sequence[Record]) -> LogSlice:
        if self.heard is None:
            return super()._slice(label, records)
        self.heard([record for record in records if record.get("session_id") not in self._own and "pid" in record])
        return LogSlice(label=label, statements=(), errors=(), connections=())


class Watch:
    """Attached to one clone. ``listen`` may be called from another thread, one at a time."""

    def __init__(
        self, stack: ExitStack, *, admin: Login, looking: Observer, wal: WalReader, slot: EffectsSlot, log: _HeardLog
    ) -> None:
        self._stack = stack
        self._admin = admin
        self._looking = looking
        self._wal = wal
        self._slot = slot
        self._log = log
        self._conversation = Conversation()
        self._log.heard = self._conversation.hear
        self._database_oid = int(
            str(looking.value("SELECT oid::bigint FROM pg_catalog.pg_database WHERE datname = current_database()"))
        )
        self.before = look(looking)
        self._begin = self._position()

    @classmethod
    def attach(cls, admin: Login) -> Watch:
        """Make slot and log reader, take the first look. Raises ``EnvironmentFault``."""
        with ExitStack() as stack:
            looking = stack.enter_context(
                connect(admin, purpose="look", read_only=True, settings=QUIET, statement_timeout_s=_LOOKING_S)
            )
            deciding = stack.enter_context(
                connect(admin, purpose="effects", settings=QUIET, statement_timeout_s=_LOOKING_S)
            )
            reading = stack.enter_context(connect(admin, purpose="log", settings=QUIET))
            wal = WalReader.open(admin)
            stack.callback(wal.close)
            slot = EffectsSlot.open(deciding, wal)
            log = _HeardLog.open(reading, own_sessions=[looking.session_id(), deciding.session_id(), wal.session_id])
            if not isinstance(log, _HeardLog):
                raise ToolFault("the log reader is not the one that was asked for")
            return cls(stack.pop_all(), admin=admin, looking=looking, wal=wal, slot=slot, log=log)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def listen(self) -> None:
        """Hear what was logged since the last time."""
        self._log.fence("listen")

    def finish(self, *, end_sessions: bool = True) -> Seen:
        """The command is over: its sessions are waited for, then ended (unless somebody still needs them); then
        everything is looked at once more. Only what is committed by now counts."""
        ended = self._end_sessions() if end_sessions else 0
        self.listen()
        effects = self._slot.fence("command")  # its commit flushes what the command committed asynchronously
        end = self._position()
        after = look(self._looking)
        dark = dark_writes.between(self.before.dark, after.dark, effects)
        return Seen(
            before=self.before,
            after=after,
            effects=effects,
            dark=dark,
            locks=self._wal.exclusive_locks(self._begin, end),
            database_oid=self._database_oid,
            conversation=self._conversation,
            sessions_ended=ended,
            disagreements=(*_unequal(self.before, after, effects), *_unexplained(self.before, after, effects, dark)),
        )

    def _end_sessions(self) -> int:
        """Sessions that the command left. The superuser's are ours: nobody else has that password."""
        strangers = self._wait_for_leave()
        for pid in strangers:
            self._looking.rows("SELECT pg_catalog.pg_terminate_backend(%s, 5000)", [pid])
        if strangers and self._wait_for_leave():
            raise ToolFault(f"sessions of the command could not be ended: {strangers}")
        return len(strangers)

    def _wait_for_leave(self) -> list[int]:
        deadline = time.monotonic() + _LEAVE_S
        while True:
            found = [int(str(row["pid"])) for row in self._looking.rows(_STRANGERS, [self._admin.user])]
            if not found or time.monotonic() > deadline:
                return found
            time.sleep(_POLL_S)

    def _position(self) -> str:
        return str(self._looking.value("SELECT pg_catalog.pg_current_wal_flush_lsn()"))


def look(observer: Observer) -> Look:
    """Everything that is compared, now. Takes no transaction id."""
    return Look(
        tables=counts.digests(observer, counts.readable(observer)),
        relations={
            int(str(row["oid"])): Relation(
                name=str(row["name"]),
                kind=str(row["kind"]),
                node=int(str(row["node"])),
                permanent=row["persistence"] == "p",
                of_table=None if row["of_table"] is None else int(str(row["of_table"])),
            )
            for row in observer.rows(_CATALOG)
        },
        dark=dark_writes.look(observer),
        shared=frozenset(str(row["line"]) for row in observer.rows(_SHARED)),
    )


def _steady(before: Look, after: Look) -> list[TableName]:
    """Permanent tables that are the same object under the same name: only their numbers can be held against events."""
    return [
        item.name
        for oid, item in before.relations.items()
        if item.kind == "r"
        and item.permanent
        and item.name in before.tables
        and item.name in after.tables
        and oid in after.relations
        and after.relations[oid].name == item.name
    ]


def _unequal(before: Look, after: Look, effects: StepEffects) -> list[str]:
    """count after − before = inserts − deletes, but for a truncated table: how many rows went is in no event."""
    inserted, deleted, truncated = (effects.totals(verb) for verb in (Verb.INSERT, Verb.DELETE, Verb.TRUNCATE))
    return [
        f"{name}: counted {moved:+d}, decoded {inserted.get(name, 0)} inserts and {deleted.get(name, 0)} deletes"
        for name in _steady(before, after)
        if name not in truncated
        and (moved := after.tables[name].rows - before.tables[name].rows)
        != inserted.get(name, 0) - deleted.get(name, 0)
    ]


def _unexplained(before: Look, after: Look, effects: StepEffects, dark: DarkWrites) -> list[str]:
    """A digest that moved without an event. A changed schema changes a row's text without one: then nothing is said."""
    if dark.schema:
        return []
    named = {name for verb in Verb for name in effects.totals(verb)}
    return [
        f"{name}: its digest moved, no effect names it"
        for name in _steady(before, after)
        if before.tables[name] != after.tables[name] and name not in named
    ]
