"""``pg-dryrun plan init``: a plan with a comment for every key, which the reader of plans accepts as it stands."""

from __future__ import annotations

import os
from pathlib import Path

from pg_dryrun.errors import UsageError
from pg_dryrun.plan import LENDERS, OTHER_MAJOR, Thresholds

KINDS = ("dump", "backup", "dsn")

_HEAD = """# A plan: what a rehearsal may use as its source, what it may not touch, its limits.
# Every key: docs/reference/plan.md. Paths are relative to this file. An unknown key is an error.
"""
_DUMP = """
[source]
kind = "dump"
# Written by pg_dump: plain, custom (-Fc), directory (-Fd) or tar (-Ft) format, of one database, without --create.
path = "prod.dump"
# The authorised dump, by its SHA-256; without this line any dump at that path will do.
# sha256 = "…"
# Production's own: SELECT system_identifier FROM pg_control_system(); needed where an existing server is lent.
# system_identifier = "…"
"""
_BACKUP = """
[source]
kind = "backup"
# Written by pg_basebackup, plain (-Fp) or tar (-Ft) format, with its manifest and its WAL (-X stream).
path = "backups/latest"
# The database that is rehearsed on.
dbname = "app"
# The authorised server: SELECT system_identifier FROM pg_control_system(); without this line any server will do.
# system_identifier = "…"
"""
_DSN = """
[source]
kind = "dsn"
# The server of production, read by a role that can write nothing; that it cannot is proven before anything is read.
host = "db.example"
port = 5432
dbname = "app"
user = "dryrun_reader"
# A file of mode 0600 that holds nothing but the password; without this line PGPASSWORD is read.
password_file = "reader.password"
# The authorised server: SELECT system_identifier FROM pg_control_system(); without this line any server will do.
# system_identifier = "…"
"""
_TAIL = f"""
# Servers on this machine that must be the same processes after the run as before it, by their data directory.
# [[protected]]
# name = "the team's database"
# data_dir = "../somewhere/data"

[thresholds]
# Room that must be free before anything begins, in bytes.
free_bytes = {Thresholds.free_bytes}
# One scenario of a subject, in seconds; of a command: --timeout.
scenario_timeout_s = {Thresholds.scenario_timeout_s}
# Dump and restore, each, in seconds.
command_timeout_s = {Thresholds.command_timeout_s}
"""
_TOP = f"""
# Deviations from production that are allowed and then declared in the evidence:
#   "{OTHER_MAJOR}"  restore on another major version of PostgreSQL than the source's
allowed_deviations = []
# Who lends the throw-away servers: {LENDERS}. An existing server's password comes from PGPASSWORD.
# lender = "local"
"""


def text(kind: str) -> str:
    """The plan for a source of ``kind``. Raises ``UsageError``."""
    if kind not in KINDS:
        raise UsageError(f"no kind of source: {kind}", remedy=f"Give one of: {', '.join(KINDS)}.")
    return _HEAD + _TOP + {"dump": _DUMP, "backup": _BACKUP, "dsn": _DSN}[kind] + _TAIL


def write(path: Path, kind: str) -> None:
    """A new file. Raises ``UsageError`` where there is one already."""
    words = text(kind).encode("utf-8")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(words)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", remedy="Give another name.") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", remedy="Give a file that can be written.") from error
