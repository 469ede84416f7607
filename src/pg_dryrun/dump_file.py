"""A dump file as the source: what it needs and what it states, read line by line from its plain SQL.

Custom, directory and tar dumps are turned into plain SQL by ``pg_restore`` for this reading, and restored as what they
are. A script is somebody else's input: it is restored with psql's meta-commands switched off, and one that leaves that
mode, switches databases, or is cut short is refused.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pg_dryrun import commands
from pg_dryrun.dumps import DumpFormat, describe_plain, digest_path
from pg_dryrun.errors import EnvironmentFault, UsageError
from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.needs import Collation, Needs
from pg_dryrun.observer.counts import SequenceState, TableDigest
from pg_dryrun.observer.roles import RoleFacts
from pg_dryrun.snapshot import ProofKind, Snapshot
from pg_dryrun.subject import TableName

_NAME = r'(?:"(?:[^"]|"")+"|[^\s".;,()]+)'
_COPY = re.compile(rf"COPY ({_NAME})\.({_NAME}) (?:\(.*\) )?FROM stdin;$")
_SETVAL = re.compile(r"SELECT pg_catalog\.setval\('((?:[^']|'')+)', (-?\d+), (true|false)\);$")
_EXTENSION = re.compile(rf"CREATE EXTENSION (?:IF NOT EXISTS )?({_NAME})")
_OWNER = re.compile(rf"ALTER .* OWNER TO ({_NAME});$")
_GRANT = re.compile(rf"(?:GRANT .* TO|REVOKE .* FROM) ({_NAME})(?: WITH GRANT OPTION)?(?: GRANTED BY {_NAME})?;$")
_DEFAULTS = re.compile(rf"ALTER DEFAULT PRIVILEGES FOR ROLE ({_NAME}) ")
_VERSION = re.compile(r"-- Dumped from database version (\d+)")
_COLLATION = re.compile(rf"COLLATE pg_catalog\.({_NAME})")
_TABLESPACE = re.compile(rf"SET default_tablespace = ({_NAME});$")
_ENCODING = re.compile(r"SET client_encoding = '([^']+)';$")
_OBJECT = re.compile(r"-- (?:Data for )?Name: (.+); Type: ([A-Z ]+); Schema: (.+); Owner: ")
_HEAD_BYTES = 4096
_HEAD_VERSION = re.compile(rb"(?:-- Dumped from database version |\0)(\d{1,3})(?:\.\d+|devel|beta\d+|rc\d+)[ \0\n]")
_TAR_MAGIC = slice(257, 262)
_STATED_KINDS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE"})
_END_OF_DATA = "\\."
_COMPLETE = "-- PostgreSQL database dump complete"
_NOT_ROLES = frozenset({"PUBLIC", "CURRENT_USER", "SESSION_USER"})


@dataclass
class _Stated:
    major: int = 0
    encoding: str = ""
    complete: bool = False
    restricted: int = 0
    unrestricted: int = 0
    extensions: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    collations: set[str] = field(default_factory=set)
    tablespaces: set[str] = field(default_factory=set)
    objects: set[str] = field(default_factory=set)
    rows: dict[TableName, int] = field(default_factory=dict)
    sequences: dict[str, SequenceState] = field(default_factory=dict)
    large_objects: int = 0


def read(path: Path, *, bin_dir: Path, workdir: Path, ledger: RunLedger | None = None) -> Snapshot:
    """The dump at ``path`` (plain, custom, directory or tar format) as a ``Snapshot`` that states rows but no digests.

    Raises ``UsageError`` where it is none of them, is cut short, holds several databases or psql commands.
    """
    began = time.monotonic()
    path = path.absolute()  # PostgreSQL's programs are started elsewhere
    kind = _format(path)
    script = path if kind is DumpFormat.PLAIN else _to_plain(path, bin_dir=bin_dir, workdir=workdir, ledger=ledger)
    stated = _scan(script, shown=path)
    plain = describe_plain(script)
    size, sha256 = (plain.size_bytes, plain.sha256) if kind is DumpFormat.PLAIN else digest_path(path)
    return Snapshot(
        dump=replace(plain, path=path, format=kind, size_bytes=size, sha256=sha256),
        proof_kind=ProofKind.DUMP_CONTENT,
        tables={name: TableDigest(rows=rows, digest="") for name, rows in sorted(stated.rows.items())},
        sequences=dict(sorted(stated.sequences.items())),
        sequences_after=dict(sorted(stated.sequences.items())),
        large_objects=stated.large_objects,
        schema=None,
        needs=Needs(
            server_major=stated.major,
            encoding=stated.encoding,
            collate="",
            ctype="",
            locale_provider="",
            locale="",
            extensions=dict.fromkeys(sorted(stated.extensions), ""),
            roles=tuple(RoleFacts(name=name) for name in sorted(stated.roles)),
            collations=tuple(Collation(name=f"pg_catalog.{name}") for name in sorted(stated.collations)),
            tablespaces=tuple(sorted(stated.tablespaces)),
        ),
        objects=tuple(sorted(stated.objects)),
        duration_s=time.monotonic() - began,
    )


def major_of(path: Path) -> int | None:
    """The major version of the server that was dumped, as the beginning of the dump tells it; None where it does not.

    An archive holds the version strings of the server and of ``pg_dump``, in this order, near its beginning.
    """
    try:
        with (path / "toc.dat" if path.is_dir() else path).open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return None
    match = _HEAD_VERSION.search(head)
    return int(match.group(1)) if match else None


def _format(path: Path) -> DumpFormat:
    remedy = "Give a dump made by pg_dump: plain, custom, directory or tar format."
    try:
        if path.is_dir():
            if (path / "toc.dat").is_file():
                return DumpFormat.DIRECTORY
            if (path / "PG_VERSION").is_file():
                raise UsageError(
                    f"{path} is a data directory of PostgreSQL, not a dump: it is never opened.",
                    remedy="Dump its database with pg_dump; a base backup is a source of kind 'backup'.",
                )
            raise UsageError(f"{path} is a directory without toc.dat: no dump.", remedy=remedy)
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.", remedy=remedy) from error
    if head.startswith(b"PGDMP"):
        return DumpFormat.CUSTOM
    if head.startswith(b"toc.dat\0") and head[_TAR_MAGIC] == b"ustar":
        return DumpFormat.TAR
    if b"PostgreSQL database cluster dump" in head:
        raise UsageError(f"{path} is a dump of a whole cluster.", remedy=f"{remedy} Dump one database.")
    if b"-- PostgreSQL database dump" in head:
        return DumpFormat.PLAIN
    raise UsageError(f"{path} is {'empty' if not head else 'no dump of PostgreSQL'}.", remedy=remedy)


def _to_plain(path: Path, *, bin_dir: Path, workdir: Path, ledger: RunLedger | None) -> Path:
    script = workdir / f"dump-{secrets.token_hex(8)}.sql"
    if ledger is not None:
        ledger.will_create(Kind.FILE, str(script))
    try:
        commands.check([bin_dir / "pg_restore", "-f", "-", path], timeout_s=3600.0, stdout_to=script)
    except EnvironmentFault as fault:
        raise UsageError(
            f"{path} cannot be read as a dump: {fault.message}",
            remedy="Dump again; the file is cut short, damaged, or of a newer PostgreSQL than this one.",
        ) from fault
    return script


def _scan(script: Path, *, shown: Path) -> _Stated:
    stated = _Stated()
    with script.open("r", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        lines = (line.rstrip("\n") for line in file)
        for line in lines:
            copy = _COPY.match(line)
            if copy:
                name = f"{_plain(copy.group(1))}.{_plain(copy.group(2))}"
                stated.rows[name] = stated.rows.get(name, 0) + _rows(lines, shown=shown, table=name)
            else:
                _note(line, stated, shown=shown)
    if not stated.complete:
        raise UsageError(f"{shown} is cut short: its last line is missing.", remedy="Dump or copy it again.")
    if stated.restricted != stated.unrestricted or stated.restricted > 1:
        raise UsageError(f"{shown} leaves psql's restricted mode.", remedy="Take a dump that pg_dump itself wrote.")
    return stated


def _rows(lines: Iterator[str], *, shown: Path, table: TableName) -> int:
    for number, line in enumerate(lines):
        if line == _END_OF_DATA:
            return number
    raise UsageError(f"{shown} is cut short in the rows of {table}.", remedy="Dump or copy it again.")


def _note(line: str, stated: _Stated, *, shown: Path) -> None:
    if line.startswith("--"):
        _note_comment(line, stated)
    elif line.startswith("\\"):
        _note_command(line, stated, shown=shown)
    elif line.startswith("CREATE DATABASE "):
        raise UsageError(
            f"{shown} creates its own database: it could not be kept inside the copy.",
            remedy="Dump without --create (-C).",
        )
    elif match := _SETVAL.match(line):
        name = ".".join(_plain(part) for part in re.findall(_NAME, match.group(1).replace("''", "'")))
        stated.sequences[name] = SequenceState(last_value=int(match.group(2)), is_called=match.group(3) == "true")
    elif match := _EXTENSION.match(line):
        stated.extensions.add(_plain(match.group(1)))
    elif line.startswith("SELECT pg_catalog.lo_create("):
        stated.large_objects += 1
    elif match := _ENCODING.match(line):
        stated.encoding = match.group(1)
    elif match := _TABLESPACE.match(line):
        stated.tablespaces |= {_plain(match.group(1))} - {"", "''"}
    else:
        stated.collations |= {_plain(name) for name in _COLLATION.findall(line)}
        for pattern in (_OWNER, _GRANT, _DEFAULTS):
            if (match := pattern.match(line)) and match.group(1) not in _NOT_ROLES:
                stated.roles.add(_plain(match.group(1)))


def _note_comment(line: str, stated: _Stated) -> None:
    if line == _COMPLETE:
        stated.complete = True
    elif match := _VERSION.match(line):
        stated.major = int(match.group(1))
    elif (match := _OBJECT.match(line)) and match.group(2) in _STATED_KINDS:
        stated.objects.add(f"{match.group(3)}.{match.group(1)}")


def _note_command(line: str, stated: _Stated, *, shown: Path) -> None:
    if line.startswith("\\restrict "):
        stated.restricted += 1
    elif line.startswith("\\unrestrict "):
        stated.unrestricted += 1
    elif line.startswith("\\connect"):
        raise UsageError(f"{shown} switches databases.", remedy="Dump one database, without --create (-C).")


def _plain(name: str) -> str:
    """An identifier without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
