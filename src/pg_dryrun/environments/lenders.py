"""Which lender a word means: ``embedded``, ``local[:FOLDER]``, ``docker:IMAGE``, ``podman:IMAGE``,
``existing:CONNINFO``."""

from __future__ import annotations

import os
from pathlib import Path

from pg_dryrun.containers import ENGINES
from pg_dryrun.environments.container import ContainerLender
from pg_dryrun.environments.embedded import EmbeddedLender
from pg_dryrun.environments.existing import ExistingLender
from pg_dryrun.environments.interface import Lender
from pg_dryrun.environments.local import LocalLender
from pg_dryrun.errors import UsageError
from pg_dryrun.observer.conninfo import words_of
from pg_dryrun.plan import LENDERS
from pg_dryrun.subject import Login

DEFAULT = "embedded"
_KNOWN = frozenset({"host", "port", "dbname", "user", "sslmode"})


def chosen(word: str) -> Lender:
    """The lender that ``word`` means. Nothing is started yet.

    ``existing:`` takes libpq's words or URL of a superuser without a password, which comes from ``PGPASSWORD``. Raises
    ``UsageError``.
    """
    kind, colon, rest = word.partition(":")
    match kind:
        case "embedded" if not colon:
            return EmbeddedLender()
        case "local" if rest or not colon:
            return LocalLender(bin_dir=Path(rest).absolute() if rest else None)
        case "existing" if rest:
            return ExistingLender(_login(rest))
        case _ if kind in ENGINES and rest:
            return ContainerLender(kind, image=rest)
    raise UsageError(f"no lender: {word}", remedy=f"Give one of: {LENDERS}.")


def _login(conninfo: str) -> Login:
    remedy = "Give host, port, dbname and user of a throw-away server's superuser; its password by PGPASSWORD."
    try:
        words = dict(words_of(conninfo))
    except UsageError as error:
        raise UsageError(f"existing: {error.message}", remedy=remedy) from error
    if words.pop("password", None):
        raise UsageError("existing: a password stands in the command", remedy="Set PGPASSWORD and leave it out.")
    if set(words) - _KNOWN or not words.get("host"):
        raise UsageError(f"existing: {', '.join(sorted(set(words) - _KNOWN)) or 'no host'}", remedy=remedy)
    password = os.environ.get("PGPASSWORD", "")
    if not password:
        raise UsageError("existing: no password", remedy="Set PGPASSWORD.")
    return Login(
        host=words["host"],
        port=_port(words.get("port") or "5432"),
        dbname=words.get("dbname") or "postgres",
        user=words.get("user") or "postgres",
        password=password,
        sslmode=words.get("sslmode"),
    )


def _port(word: str) -> int:
    if not word.isdecimal():
        raise UsageError(f"existing: port {word}", remedy="Give a number.")
    return int(word)
