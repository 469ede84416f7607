"""Tokens for programs that read the API: made once, shown once, kept as a digest. They read, and do nothing else."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cutter_agent.errors import ConfigError, UsageError
from cutter_agent.home.folder import DataFolder
from cutter_agent.web.private_rows import changing

PREFIX = "iut_"
MOST_DAYS = 3650
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_OTHERS_MAY_READ = 0o077


@dataclass(frozen=True, kw_only=True)
class Token:
    """One token. ``digest``: SHA-256 of it, enough for 256 random bits."""

    name: str
    added_at: str
    expires_at: str
    digest: str = field(repr=False)

    def holds(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return now < datetime.fromisoformat(self.expires_at)


class Tokens:
    """The file. Every call reads it anew: a token that was removed opens nothing any more."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, folder: DataFolder) -> Tokens:
        """The tokens of a data folder."""
        return cls(folder.root / "web" / "tokens.json")

    def all(self) -> Mapping[str, Token]:
        """Every token by name. Raises ``ConfigError``: others may read the file, or it is not what ``add`` wrote."""
        try:
            if self.path.stat().st_mode & _OTHERS_MAY_READ:
                raise ConfigError(f"{self.path}: others may read the tokens", remedy=f"chmod 600 {self.path}")
            return {row["name"]: Token(**row) for row in json.loads(self.path.read_bytes())["tokens"]}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{self.path}: the tokens cannot be read: {type(error).__name__}",
                remedy="Restore the file from a backup, or move it away and add the tokens again.",
            ) from error

    def add(self, name: str, *, days: int, now: datetime) -> str:
        """The new token itself, which is nowhere else. Raises ``UsageError``: the name is taken or badly spelt."""
        if _NAME.fullmatch(name) is None:
            raise UsageError(
                f"{name!r} cannot be a token's name",
                remedy="Lower-case letters, digits and . _ @ -, at most 64, beginning with a letter or a digit.",
            )
        if not 1 <= days <= MOST_DAYS:
            raise UsageError(f"{days} days", remedy=f"A token holds for 1 to {MOST_DAYS} days.")
        token = PREFIX + secrets.token_urlsafe(32)
        with self._changing() as tokens:
            if name in tokens:
                raise UsageError(f"there is a token {name}", remedy="Remove it, or choose another name.")
            tokens[name] = Token(
                name=name,
                added_at=now.isoformat(timespec="seconds"),
                expires_at=(now + timedelta(days=days)).isoformat(timespec="seconds"),
                digest=_digest(token),
            )
        return token

    def remove(self, name: str) -> None:
        """Raises ``UsageError`` when there is none of this name."""
        with self._changing() as tokens:
            if name not in tokens:
                raise UsageError(f"there is no token {name}", remedy="iu-cutter serve token list")
            del tokens[name]

    def find(self, said: str, *, now: datetime) -> Token | None:
        """The token that somebody brings; None where nobody has it or it has expired."""
        digest = _digest(said)
        found = [each for each in self.all().values() if hmac.compare_digest(each.digest, digest)]
        return found[0] if found and found[0].holds(now) else None

    def _changing(self) -> AbstractContextManager[dict[str, Token]]:
        """The tokens to be changed by one process at a time; written whole when the block ends well."""
        return changing(self.path, "tokens", self.all)


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
