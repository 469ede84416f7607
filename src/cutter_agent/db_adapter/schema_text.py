"""``schema.sql``, written from the migrations: what ``pg_dump --schema-only`` says of a migrated database, made fit to
be run by the installer (no settings, no owner, no privileges, no name of a program or version).

``make schema`` writes it; a test fails when it is not current. Nothing at run time uses this module.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cutter_agent.db_adapter.rights import LEDGER, OBSERVE, UNITS

_HEAD = """\
-- The whole schema for a fresh install. Generated from migrations/*.sql by "make schema": do not edit.
-- Runs as the owner role inside the installer's transaction; grants come from the one table of rights (rights.py).
"""
_TIMEOUT_S = 60
_NOISE = re.compile(r"^(SET |SELECT pg_catalog\.set_config|\\(un)?restrict |-- (Name|PostgreSQL|Dumped|TOC)\b.*$|--$)")


def dump(pg_dump: Path, login: Mapping[str, str | int]) -> str:
    """What ``pg_dump --schema-only`` prints of our schemas. ``login`` has libpq's keywords; the password travels in the
    environment. Raises ``subprocess.CalledProcessError`` and ``TimeoutExpired``."""
    argv = [str(pg_dump), "--schema-only", "--no-owner", "--no-privileges"]
    argv += [f"--schema={schema}" for schema in (LEDGER, UNITS, OBSERVE)]
    environment = {_variable(key): str(value) for key, value in login.items() if key in _LIBPQ}
    done = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    return done.stdout


_LIBPQ = frozenset({"host", "port", "dbname", "user", "password"})


def _variable(keyword: str) -> str:
    """libpq's environment variable for one of its keywords."""
    return "PGDATABASE" if keyword == "dbname" else f"PG{keyword.upper()}"


def render(dumped: str) -> str:
    """``schema.sql`` from pg_dump's text. Function bodies stay as they are: none has a line that begins like noise."""
    lines = [line.rstrip() for line in dumped.splitlines() if not _NOISE.match(line)]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return f"{_HEAD}\n{text}\n"
