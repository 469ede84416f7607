"""Secrets of a run: made here, kept in memory or in 0600 files of the private work place, never echoed (G-04, G-23)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pg_dryrun.subject import Login


class Vault:
    """All secrets of one run by name. ``folder`` is the private work place (0700)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._secrets: dict[str, str] = {}

    def new_password(self, name: str) -> str:
        """A fresh random password, remembered under ``name``."""
        raise NotImplementedError

    def adopt(self, name: str, value: str) -> str:
        """Remember a secret that somebody else made, so that it is redacted and scanned for."""
        raise NotImplementedError

    def secrets(self) -> Mapping[str, str]:
        """Every secret by name, for the secrets scan."""
        raise NotImplementedError

    def redact(self, text: str) -> str:
        """``text`` with every secret (raw or URL-encoded) replaced by ``[secret NAME]``."""
        raise NotImplementedError

    def environment(self, login: Login) -> dict[str, str]:
        """libpq variables for a program we start: no password among them, a 0600 ``PGPASSFILE`` instead."""
        raise NotImplementedError

    def close(self) -> None:
        """Remove the files; forget nothing yet (the scan comes last)."""
        raise NotImplementedError
