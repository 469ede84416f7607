"""Secrets of a run: made here, kept in memory or in 0600 files of the private work place, never echoed (G-04, G-23)."""

from __future__ import annotations

import os
import secrets as randomness
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from pg_dryrun.ledger import Kind, RunLedger
from pg_dryrun.subject import Login


class Vault:
    """All secrets of one run by name. ``folder`` is the private work place (0700)."""

    def __init__(self, folder: Path, *, ledger: RunLedger | None = None) -> None:
        self._folder = folder
        self._ledger = ledger
        self._secrets: dict[str, str] = {}
        self._files: dict[tuple[str, int, str, str], Path] = {}

    def __repr__(self) -> str:
        return f"Vault({len(self._secrets)} secrets)"

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def new_password(self, name: str) -> str:
        """A fresh random password (192 bits, letters, digits, ``-`` and ``_``), remembered under ``name``."""
        return self.adopt(name, randomness.token_urlsafe(24))

    def adopt(self, name: str, value: str) -> str:
        """Remember a secret that somebody else made, so that it is redacted and scanned for. An empty one is no
        secret."""
        if value:
            self._secrets[name] = value
        return value

    def secrets(self) -> Mapping[str, str]:
        """Every secret by name, for the secrets scan."""
        return dict(self._secrets)

    def redact(self, text: str) -> str:
        """``text`` with every secret (raw or URL-encoded) replaced by ``[secret NAME]``, longest first."""
        for name, value in sorted(self._secrets.items(), key=lambda item: -len(item[1])):
            for form in {value, quote(value, safe="")}:
                text = text.replace(form, f"[secret {name}]")
        return text

    def environment(self, login: Login) -> dict[str, str]:
        """libpq variables for a program we start: no password among them, a 0600 ``PGPASSFILE`` instead."""
        self.adopt(f"password of {login.user}", login.password)
        return {
            "PGHOST": login.host,
            "PGPORT": str(login.port),
            "PGDATABASE": login.dbname,
            "PGUSER": login.user,
            "PGPASSFILE": str(self._password_file(login)),
            "PGCONNECT_TIMEOUT": "10",
            "PGAPPNAME": "pg_dryrun",
        }

    def close(self) -> None:
        """Remove the files. The secrets stay in memory: the scan comes last."""
        for path in self._files.values():
            path.unlink(missing_ok=True)
        self._files.clear()

    def _password_file(self, login: Login) -> Path:
        key = (login.host, login.port, login.user, login.password)
        if key not in self._files:
            path = self._folder / f"passfile-{randomness.token_hex(8)}"
            if self._ledger is not None:
                self._ledger.will_create(Kind.FILE, str(path))
            # libpq matches socket connections by "localhost" or the folder; a star leaves no room for doubt: the file
            # serves this one login only.
            line = f"*:*:*:{_escaped(login.user)}:{_escaped(login.password)}\n"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(line)
            self._files[key] = path
        return self._files[key]


def _escaped(field: str) -> str:
    return field.replace("\\", "\\\\").replace(":", "\\:")
