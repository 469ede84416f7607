"""The TOML spelling of a plan. A key that is not known is an error: a misspelt threshold must not read as "none"."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pg_dryrun.errors import PlanFault
from pg_dryrun.plan import BaseBackup, DumpFile, LiveSource, Pins, Plan, ProtectedServer, Source, StandIn, Thresholds
from pg_dryrun.subject import Login
from sealing.canonical import MAX_SAFE_INTEGER

_Amount = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
_SHORTEST_PASSWORD_CHARACTERS = 8
_LONGEST_WORD_CHARACTERS = 16
_REMEDY = "Correct the plan; its keys are listed in docs/reference/plan.md."


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: unknown keys are refused."""


class _Source(_Table, frozen=True, kw_only=True):
    """``[source]``. ``password_file`` holds nothing but the password, mode 0600; without it, ``PGPASSWORD``."""

    kind: Literal["stand-in", "dump", "backup", "dsn"]
    path: str | None = None
    sha256: str | None = None
    host: str | None = None
    port: int = 5432
    dbname: str | None = None
    user: str | None = None
    password_file: str | None = None
    system_identifier: str | None = None


class _Protected(_Table, frozen=True, kw_only=True):
    """``[[protected]]``."""

    name: str
    data_dir: str


class _Thresholds(_Table, frozen=True, kw_only=True):
    """``[thresholds]``."""

    free_bytes: _Amount = Thresholds.free_bytes
    scenario_timeout_s: _Amount = Thresholds.scenario_timeout_s
    command_timeout_s: _Amount = Thresholds.command_timeout_s


class _Pins(_Table, frozen=True, kw_only=True):
    """``[pins]``."""

    statements_sha256: str | None = None
    scenarios_sha256: str | None = None
    tool_version: str | None = None


class _PlanFile(_Table, frozen=True, kw_only=True):
    """The whole file, key by key."""

    source: _Source
    lender: str | None = None
    authorised_commit: str | None = None
    protected: tuple[_Protected, ...] = ()
    thresholds: _Thresholds = _Thresholds()
    pins: _Pins = _Pins()
    allowed_deviations: tuple[str, ...] = ()
    hardcode_allowed: dict[str, str] = {}
    expected: dict[str, dict[str, _Amount]] = {}
    checks: tuple[str, ...] | None = None
    next_gate: str = Plan.next_gate


def load(path: Path) -> Plan:
    """The plan in a TOML file; paths in it are relative to the file.

    Raises:
        PlanFault: unreadable, not TOML, an unknown key, a wrong type, a missing password; the message says where.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), base=path.parent)
    except PlanFault as fault:
        raise PlanFault(f"{path}: {fault.message}", remedy=fault.remedy) from fault
    except (OSError, UnicodeDecodeError) as error:
        raise PlanFault(f"{path}: {error}", remedy="Give the path of a readable UTF-8 file.") from error


def parse(text: str, *, base: Path) -> Plan:
    """The plan in ``text``; relative paths start at ``base``. Raises ``PlanFault``."""
    try:
        file = msgspec.convert(tomllib.loads(text), _PlanFile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PlanFault(str(error), remedy=_REMEDY) from error
    return Plan(
        source=_source(file.source, base),
        lender=file.lender,
        authorised_commit=file.authorised_commit,
        protected=tuple(ProtectedServer(name=item.name, data_dir=base / item.data_dir) for item in file.protected),
        thresholds=Thresholds(**msgspec.structs.asdict(file.thresholds)),
        pins=Pins(**msgspec.structs.asdict(file.pins)),
        allowed_deviations=file.allowed_deviations,
        hardcode_allowed=file.hardcode_allowed,
        expected=file.expected,
        checks=file.checks,
        next_gate=file.next_gate,
    )


def _source(table: _Source, base: Path) -> Source:
    match table.kind:
        case "stand-in":
            return StandIn()
        case "dump":
            return DumpFile(
                path=base / _required(table, "path"),
                sha256=table.sha256,
                system_identifier=table.system_identifier,
            )
        case "backup":
            return BaseBackup(
                path=base / _required(table, "path"),
                dbname=_required(table, "dbname"),
                system_identifier=table.system_identifier,
            )
        case "dsn":
            login = Login(
                host=_required(table, "host"),
                port=table.port,
                dbname=_required(table, "dbname"),
                user=_required(table, "user"),
                password=_password(table, base),
            )
            _require_searchable(login)
            return LiveSource(login=login, system_identifier=table.system_identifier)


def _required(table: _Source, key: str) -> str:
    value = getattr(table, key)
    if not value:
        raise PlanFault(f"source of kind {table.kind!r} needs the key {key!r} - at `$.source`", remedy=_REMEDY)
    return str(value)


def _require_searchable(login: Login) -> None:
    """G-23 and G-24 look for the password in every log and report: a plain word would be found without a leak, and
    redaction would take it out of names and digests."""
    word, names = login.password, (login.host, login.dbname, login.user)
    plain = word.isalpha() and len(word) < _LONGEST_WORD_CHARACTERS
    if len(word) < _SHORTEST_PASSWORD_CHARACTERS or plain or any(word in name for name in names):
        raise PlanFault(
            f"the password of {login.user} is too short or too plain to be told from other text in a log or a report"
            " - at `$.source`",
            remedy=f"Give the reading role a random password of {_SHORTEST_PASSWORD_CHARACTERS} characters or more.",
        )


def _password(table: _Source, base: Path) -> str:
    if table.password_file is None:
        password = os.environ.get("PGPASSWORD", "")
        if not password:
            raise PlanFault(
                "no password for the source - at `$.source`",
                remedy="Name a password_file (mode 0600) or set PGPASSWORD.",
            )
        return password
    path = base / table.password_file
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise PlanFault(f"{path}: mode {mode:04o} lets others read a password", remedy=f"chmod 600 {path}")
        return path.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PlanFault(f"{path}: {error}", remedy="Give the path of a readable password file.") from error
