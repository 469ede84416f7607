"""One PostgreSQL server process on a data directory: its settings, its start, its stop.

Started directly, not through ``pg_ctl`` (which polls in steps of 100 ms): a unix socket in a private folder, no TCP
listener, SCRAM for everybody, clean environment, output to a log file. It dies with the process that started it.

Configuration is written outside the data directory, where no SQL statement of the server can change it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TypedDict

from pg_embedded import initialise, isolation, processes
from pg_embedded.account import ServerAccount
from pg_embedded.errors import EmbeddedError, ServerStartFailed, ServerStateError
from pg_embedded.folders import PORT, ServerFolders
from pg_embedded.isolation import Isolation
from pg_embedded.programs import Programs

_READY_POLL_S = 0.004
_LOG_LINES = 20
_LOG_BYTES = 8 << 20
"""A lasting server's log longer than this is put aside, once, at the next start."""

_HBA = """\
# Unix socket only: there is no TCP listener, and no line for one.
local  all          all  scram-sha-256
local  replication  all  scram-sha-256
"""

_COMMON: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "60",
    "shared_buffers": "32MB",
    # Files in the data directory: nothing is left in /dev/shm after a kill, and its size (64 MB in many containers) is
    # no limit.
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "datestyle": "ISO, YMD",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

# synchronous_commit stays on: with it off an immediate stop would lose commits that were answered, and logical decoding
# would not see the last ones. With fsync off it costs one write.
_THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "logical",
    "wal_init_zero": "off",
    "wal_recycle": "off",
    "max_wal_size": "1GB",
    "min_wal_size": "32MB",
    "max_wal_senders": "10",
    "max_replication_slots": "10",
    "checkpoint_timeout": "1h",
}


class AdminLogin(TypedDict):
    """Keyword arguments for a connection as the superuser, e.g. ``psycopg.connect(**login)``."""

    host: str
    port: int
    dbname: str
    user: str
    password: str


class StopMode(Enum):
    """PostgreSQL's three ways to end."""

    SMART = signal.SIGTERM
    """Wait for all sessions to leave."""
    FAST = signal.SIGINT
    """Roll back what is open, write a checkpoint, end."""
    IMMEDIATE = signal.SIGQUIT
    """End at once as in a crash; the next start recovers."""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """``durable`` False is for throw-away clusters: no flush to disk, logical WAL. ``settings`` has the last word.

    ``json_log`` makes the server write every statement of every session to ``<log_dir>/*.json``.
    """

    durable: bool
    settings: Mapping[str, str] = field(default_factory=dict)
    json_log: bool = False

    def lines(self, folders: ServerFolders) -> str:
        """The text of ``postgresql.conf``."""
        values = dict(_COMMON)
        if not self.durable:
            values |= _THROWAWAY
        if self.json_log:
            values |= {
                "logging_collector": "on",
                "log_destination": "jsonlog",
                "log_file_mode": "0600",
                "log_rotation_age": "0",
                "log_rotation_size": "0",
                "log_statement": "all",
                "log_connections": "on",
                "log_disconnections": "on",
            }
        values |= self.settings
        values |= {  # where things lie is not for settings to say: outside the data directory, which may be copied
            "port": str(PORT),
            "unix_socket_directories": str(folders.socket_dir),
            "log_directory": str(folders.log_dir),
            "log_filename": "server",
        }
        return "".join(f"{name} = {_quoted(value)}\n" for name, value in values.items())


@dataclass(frozen=True, kw_only=True)
class PrivateServer:
    """Facts of a running server."""

    data_dir: Path
    socket_dir: Path
    port: int
    superuser: str
    superuser_password: str = field(repr=False)
    pid: int
    start_time: datetime
    """By the server's own word, whole seconds, UTC."""
    start_ticks: int
    """By the kernel's word, clock ticks since boot: with the pid it names the process for good."""
    system_identifier: str
    isolation: Isolation

    def admin(self, dbname: str = "postgres") -> AdminLogin:
        return AdminLogin(
            host=str(self.socket_dir),
            port=self.port,
            dbname=dbname,
            user=self.superuser,
            password=self.superuser_password,
        )


class ServerProcess:
    """A server that we started and must reap. Not shared between processes."""

    def __init__(self, process: subprocess.Popen[bytes], facts: PrivateServer) -> None:
        self._process = process
        self.facts = facts

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self, mode: StopMode = StopMode.FAST, *, deadline_s: float = 60.0) -> None:
        """End the server and reap it. Harder after half of the deadline, so that a stop never hangs.

        Raises ``ServerStateError`` if it is there even after SIGKILL.
        """
        _end(self._process, mode, deadline_s=deadline_s)


def write_configuration(folders: ServerFolders, settings: ServerSettings, account: ServerAccount) -> None:
    """Both files of the server's configuration, which the account reads and cannot write."""
    config = folders.config_dir / "postgresql.conf"
    hba = folders.config_dir / "pg_hba.conf"
    config.write_text(
        settings.lines(folders)
        + f"hba_file = {_quoted(str(hba))}\ndata_directory = {_quoted(str(folders.data_dir))}\n",
        encoding="utf-8",
    )
    hba.write_text(_HBA, encoding="ascii")
    for path in (config, hba):
        if account.switched:
            os.chown(path, os.getuid(), account.gid)
        path.chmod(0o640)


def start(
    *,
    programs: Programs,
    account: ServerAccount,
    folders: ServerFolders,
    settings: ServerSettings,
    password: str,
    deadline_s: float = 60.0,
) -> ServerProcess:
    """Start a server on ``folders.data_dir`` and return when it accepts connections.

    Raises ``ServerStartFailed`` with the last lines of its log if it ends or is not ready in time; then it is gone.
    """
    write_configuration(folders, settings, account)
    identifier = initialise.system_identifier(programs, account, folders.control_dir)
    jail = isolation.build(account, private_ipc=not settings.durable)
    argv = (str(programs.path("postgres")), "-D", str(folders.config_dir))
    if folders.log_file.exists() and folders.log_file.stat().st_size > _LOG_BYTES:
        folders.log_file.replace(folders.log_file.with_suffix(".log.1"))
    log = os.open(folders.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    log_begin = os.fstat(log).st_size
    try:
        if account.switched and not settings.durable:  # a throw-away server may read what its own sessions wrote
            os.fchown(log, account.uid, account.gid)
        before = folders.overlay.words(account) if folders.overlay is not None else ()
        process = jail.start(argv, log_fd=log, before=before)
    finally:
        os.close(log)
    try:
        started = _wait_ready(process, folders, log_begin=log_begin, deadline_s=deadline_s)
        ticks = processes.start_ticks(process.pid)
        if ticks is None:
            raise _start_failed("ended right after its start", folders, log_begin)
        walls = isolation.observed(process.pid, jail.isolation)
    except BaseException:
        _end(process, StopMode.IMMEDIATE, deadline_s=10)
        raise
    facts = PrivateServer(
        data_dir=folders.data_dir,
        socket_dir=folders.socket_dir,
        port=PORT,
        superuser=initialise.SUPERUSER,
        superuser_password=password,
        pid=process.pid,
        start_time=started,
        start_ticks=ticks,
        system_identifier=identifier,
        isolation=walls,
    )
    return ServerProcess(process, facts)


def _wait_ready(
    process: subprocess.Popen[bytes], folders: ServerFolders, *, log_begin: int, deadline_s: float
) -> datetime:
    """The server's start time, as soon as line 8 of its pid file says ``ready``."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        code = process.poll()
        if code is not None:
            raise _start_failed(f"ended with exit code {code}", folders, log_begin)
        lines = _pid_file(folders.layers[0])
        if len(lines) >= 8 and lines[7].strip() == "ready" and int(lines[0]) == process.pid:
            return datetime.fromtimestamp(int(lines[2]), tz=UTC)
        time.sleep(_READY_POLL_S)
    raise _start_failed(f"was not ready within {deadline_s:g} s", folders, log_begin)


def _pid_file(data_dir: Path) -> list[str]:
    try:
        return (data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _start_failed(what: str, folders: ServerFolders, log_begin: int) -> EmbeddedError:
    try:
        with folders.log_file.open("rb") as stream:
            stream.seek(log_begin)
            lines = stream.read().decode("utf-8", "replace").strip().splitlines()[-_LOG_LINES:]
    except OSError as unreadable:
        lines = [f"({folders.log_file} cannot be read: {unreadable})"]
    return ServerStartFailed(
        f"The PostgreSQL server on {folders.data_dir} {what}. Its last words:\n" + "\n".join(lines),
        remedy="The last words name the cause: a setting, a full disk, a permission, or a data directory in use.",
    )


def _end(process: subprocess.Popen[bytes], mode: StopMode, *, deadline_s: float) -> None:
    for signal_number, share in ((mode.value, 0.5), (signal.SIGQUIT, 0.4), (signal.SIGKILL, 0.1)):
        if process.poll() is not None:
            return
        process.send_signal(signal_number)
        try:
            process.wait(timeout=deadline_s * share)
        except subprocess.TimeoutExpired:
            continue
        return
    raise ServerStateError(
        f"The PostgreSQL server with process id {process.pid} did not end within {deadline_s:g} s.",
        remedy="Look at that process: it may wait for a device that does not answer.",
    )


def _quoted(value: str) -> str:
    """A value of ``postgresql.conf``. Raises ``ServerStateError`` for a line break, which that file cannot hold."""
    if "\n" in value or "\r" in value:
        raise ServerStateError(
            f"The setting value {value!r} holds a line break.", remedy="Give settings without line breaks."
        )
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
