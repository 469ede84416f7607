"""Local accounts: who may sign in, with which role. One JSON file, 0600, argon2id hashes, no password anywhere.

An account's name is the identity that a decision of the ledger bears, so it is written in one spelling: lower case.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from pathlib import Path

import argon2

from cutter_agent.errors import ConfigError, UsageError
from cutter_agent.home.folder import DataFolder
from cutter_agent.web.private_rows import changing

LEAST_PASSWORD_CHARACTERS = 12
MOST_PASSWORD_CHARACTERS = 1_000
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_OTHERS_MAY_READ = 0o077


class Role(StrEnum):
    """What an account may do. Each role may do what those before it may."""

    VIEWER = "viewer"
    """Reads every page."""
    REVIEWER = "reviewer"
    """Answers cases and decides."""
    ADMIN = "admin"
    """Also sees who has an account."""

    def covers(self, least: Role) -> bool:
        """Whether this role may do what ``least`` may."""
        order = list(Role)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account. ``password_hash`` is argon2id in PHC spelling."""

    name: str
    role: Role
    added_at: str
    password_hash: str = field(repr=False)


class Accounts:
    """The file. Every call reads it anew: an account that was removed is out at its next click."""

    def __init__(self, path: Path, *, hasher: argon2.PasswordHasher | None = None) -> None:
        self.path = path
        self._hasher = hasher or argon2.PasswordHasher()

    @classmethod
    def of(cls, folder: DataFolder) -> Accounts:
        """The accounts of a data folder."""
        return cls(folder.root / "web" / "accounts.json")

    def all(self) -> Mapping[str, Account]:
        """Every account by name; none where there is no file yet.

        Raises:
            ConfigError: others may read the file, or it is not what ``add`` wrote.
        """
        try:
            if self.path.stat().st_mode & _OTHERS_MAY_READ:
                raise ConfigError(f"{self.path}: others may read the accounts", remedy=f"chmod 600 {self.path}")
            rows = json.loads(self.path.read_bytes())["accounts"]
            return {row["name"]: Account(**(row | {"role": Role(row["role"])})) for row in rows}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{self.path}: the accounts cannot be read: {type(error).__name__}",
                remedy="Restore the file from a backup, or move it away and add the accounts again.",
            ) from error

    def add(self, name: str, role: Role, password: str, *, now: datetime) -> Account:
        """Raises ``UsageError``: the name is taken or badly spelt, or the password too short."""
        if _NAME.fullmatch(name) is None:
            raise UsageError(
                f"{name!r} cannot be an account's name",
                remedy="Lower-case letters, digits and . _ @ -, at most 64, beginning with a letter or a digit.",
            )
        with self._changing() as accounts:
            if name in accounts:
                raise UsageError(f"{name} has an account", remedy="iu-cutter serve account password NAME changes it.")
            made = Account(
                name=name,
                role=role,
                added_at=now.isoformat(timespec="seconds"),
                password_hash=self._hash(password),
            )
            accounts[name] = made
        return made

    def set_password(self, name: str, password: str) -> None:
        """Ends every session of the account, too. Raises ``UsageError`` as ``add``, or when there is none."""
        with self._changing() as accounts:
            accounts[name] = replace(_known(accounts, name), password_hash=self._hash(password))

    def remove(self, name: str) -> None:
        """What it decided stays in the ledger. Raises ``UsageError`` when there is no such account."""
        with self._changing() as accounts:
            del accounts[_known(accounts, name).name]

    def check(self, name: str, password: str) -> Account | None:
        """The account whose password this is. Takes as long for a name that nobody has."""
        account = self.all().get(name)
        try:
            self._hasher.verify(
                account.password_hash if account else self._nobodys, password[:MOST_PASSWORD_CHARACTERS]
            )
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return None
        return account

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(os.urandom(32).hex())

    def _hash(self, password: str) -> str:
        if not LEAST_PASSWORD_CHARACTERS <= len(password) <= MOST_PASSWORD_CHARACTERS:
            raise UsageError(
                f"a password of {len(password)} characters",
                remedy=f"Choose one of {LEAST_PASSWORD_CHARACTERS} to {MOST_PASSWORD_CHARACTERS} characters.",
            )
        return self._hasher.hash(password)

    def _changing(self) -> AbstractContextManager[dict[str, Account]]:
        """The accounts to be changed by one process at a time; written whole when the block ends well."""
        return changing(self.path, "accounts", self.all)


def _known(accounts: Mapping[str, Account], name: str) -> Account:
    if name not in accounts:
        raise UsageError(f"{name} has no account", remedy="iu-cutter serve account list")
    return accounts[name]
