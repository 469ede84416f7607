"""Making a data directory with ``initdb``, and the template from which throw-away ones are copied.

Locale: from PostgreSQL 17 on the built-in provider with ``C.UTF-8``. It is part of the server, so the order of an index
cannot change under it when the system's library is renewed, and it is the same on every machine. Below 17, and for the
remaining categories (messages, money, time), the system's ``C.UTF-8`` where it has one, else ``C``.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pg_embedded import locks, places
from pg_embedded.account import ServerAccount
from pg_embedded.errors import CommandFailed
from pg_embedded.programs import Programs

SUPERUSER = "pgadmin"
_BUILTIN_PROVIDER_SINCE = 17
_SYNCFS_SINCE = 17
_LOCALES = ("C.UTF-8", "C")
_THROWAWAY_SEGMENT_MB = 1


@dataclass(frozen=True, kw_only=True)
class Template:
    """A stopped, never started data directory and its superuser's password."""

    data_dir: Path
    password: str = field(repr=False)


def initdb(
    programs: Programs, account: ServerAccount, *, data_dir: Path, aside: Path, password: str, lasting: bool
) -> None:
    """Fill the empty folder ``data_dir`` (owned by the account); every call gives a new system identifier.

    ``aside`` is a folder that the account can enter, for the short-lived password file. ``lasting`` flushes everything
    to disk; a throw-away is not flushed and has short WAL segments, which makes it 10 MB smaller.
    """
    with _password_file(aside, account, password) as password_file:
        for locale in _LOCALES:
            try:
                account.run(_initdb_words(programs, data_dir, password_file, locale, lasting=lasting), timeout_s=120)
            except CommandFailed as failure:
                if "invalid locale name" in failure.message and locale != _LOCALES[-1]:
                    continue
                raise
            return


def _initdb_words(
    programs: Programs, data_dir: Path, password_file: Path, locale: str, *, lasting: bool
) -> list[str | Path]:
    words: list[str | Path] = [programs.path("initdb"), "-D", data_dir, "-U", SUPERUSER, "-E", "UTF8"]
    words += [f"--locale={locale}", "--lc-messages=C", "-A", "scram-sha-256", f"--pwfile={password_file}"]
    if programs.major >= _BUILTIN_PROVIDER_SINCE:
        words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    if lasting:
        return words
    return [*words, "--no-sync", f"--wal-segsize={_THROWAWAY_SEGMENT_MB}"]


def template(programs: Programs, account: ServerAccount) -> Template:
    """The template for this version, account and way of making it; made once, by whoever comes first."""
    home = places.trusted_folder(places.cache_folder(account) / "templates", mode=0o755 if account.switched else 0o700)
    folder = home / _key(programs, account)
    with locks.held(home / f"{folder.name}.lock"):
        if not folder.exists():
            _build(programs, account, folder)
        places.trusted_folder(folder, mode=0o700)
        password = (folder / "password").read_text(encoding="ascii")
    return Template(data_dir=folder / "data", password=password)


def _key(programs: Programs, account: ServerAccount) -> str:
    words = _initdb_words(programs, Path("D"), Path("P"), _LOCALES[0], lasting=False)
    server = programs.path("postgres").stat()
    made_of = [programs.version, str(server.st_size), str(account.uid), *(str(word) for word in words[1:])]
    return f"{programs.version}-{hashlib.sha256(chr(0).join(made_of).encode()).hexdigest()[:16]}"


def _build(programs: Programs, account: ServerAccount, folder: Path) -> None:
    for left_over in folder.parent.glob(f".{folder.name}-*"):
        places.remove_if_possible(left_over)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        account.admit(aside)
        data_dir = aside / "data"
        data_dir.mkdir(mode=0o700)
        account.give(data_dir)
        password = secrets.token_urlsafe(32)
        initdb(programs, account, data_dir=data_dir, aside=aside, password=password, lasting=False)
        _write_private(aside / "password", password)
        _flush(programs, account, data_dir)
        aside.rename(folder)
    except BaseException:
        places.remove_if_possible(aside)
        raise


def _flush(programs: Programs, account: ServerAccount, data_dir: Path) -> None:
    """The template outlives a power cut: a renamed folder with empty files in it would fail every later start."""
    words: list[str | Path] = [programs.path("initdb"), "--sync-only", "-D", data_dir]
    if programs.major >= _SYNCFS_SINCE:
        words.append("--sync-method=syncfs")
    account.run(words, timeout_s=300)


def system_identifier(programs: Programs, account: ServerAccount, data_dir: Path) -> str:
    """The cluster's identity, 64 bits as decimal digits (a string: JSON numbers end at 2^53)."""
    done = account.run([programs.path("pg_controldata"), "-D", data_dir])
    found = re.search(r"^Database system identifier:\s+(\d+)$", done.stdout, re.MULTILINE)
    if found is None:
        raise CommandFailed(
            f"pg_controldata printed no system identifier for {data_dir}.",
            remedy="The data directory is damaged or of another version.",
        )
    return found[1]


@contextmanager
def _password_file(folder: Path, account: ServerAccount, password: str) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix="pw-", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(password + "\n")
        account.give(path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(text)
