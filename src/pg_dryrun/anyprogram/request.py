"""What is asked for: the command, the role, what it may see. Checked before anything is created."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pg_dryrun.anyprogram.expectations import Expectations
from pg_dryrun.errors import UsageError

DEFAULT_TIMEOUT_S = 600
LONG_LOCK_MS = 1000
_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_SECRET_NAME = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)
_SHORTEST_SECRET = 12  # a shorter one, or a plain word, could not be told from other text


@dataclass(frozen=True, kw_only=True)
class ProgramRequest:
    """One command to be rehearsed.

    ``argv`` are its words as given, ``program`` the file that the first of them means. ``env`` is added to a minimal
    environment; ``url_names`` are further names for the clone's URL. ``new_role``: the role is made, with no right but
    to log in, instead of being one that the dump names. ``owner``: that role owns the copy's database (a dump does not
    say who does). ``expectations``: accepted effects to compare with. ``network``: whether
    the command may use the machine's.
    """

    argv: tuple[str, ...]
    program: Path
    role: str
    database: str | None = None
    new_role: bool = False
    owner: str | None = None
    timeout_s: int = DEFAULT_TIMEOUT_S
    directory: Path = field(default_factory=Path.cwd)
    env: Mapping[str, str] = field(default_factory=dict)
    url_names: tuple[str, ...] = ()
    expectations: Expectations | None = None
    long_lock_ms: int = LONG_LOCK_MS
    network: bool = True
    tcp: bool = False

    def secrets(self) -> Mapping[str, str]:
        """Values that were handed over under a name that speaks of a secret: redacted wherever they appear."""
        return {
            f"variable {name}": value
            for name, value in self.env.items()
            if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET and not value.isalpha()
        }


def find_program(word: str, directory: Path) -> Path:
    """The file that ``word`` means, as a shell in ``directory`` would find it on this user's PATH. Raises
    ``UsageError``."""
    if os.sep in word:
        found: Path | None = directory / word
        if found is not None and not (found.is_file() and os.access(found, os.X_OK)):
            found = None
    else:
        on_path = shutil.which(word)
        found = Path(on_path) if on_path else None
    if found is None:
        raise UsageError(
            f"command not found: {word}",
            remedy="Name a program that can be executed, after `--`; a shell's own words need `sh -c '…'`.",
        )
    return Path(os.path.abspath(found))  # noqa: PTH100 - resolve() would lose the name of a link such as a venv's python


def environment_from(words: Sequence[str], inherited: Mapping[str, str], url_names: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE`` or ``NAME`` (as it is here) to a mapping. Raises ``UsageError`` for what would point elsewhere."""
    found: dict[str, str] = {}
    for word in words:
        name, given, value = word.partition("=")
        _require_free(name)
        if given:
            found[name] = value
        elif name in inherited:
            found[name] = inherited[name]
        else:
            raise UsageError(f"--env {name}: there is no such variable here", remedy="Give it as NAME=VALUE.")
    for name in url_names:
        _require_free(name)
        if name in found:
            raise UsageError(f"{name} is given twice: --env and --url-as", remedy="Leave one of them out.")
    return found


def _require_free(name: str) -> None:
    if not _NAME.match(name):
        raise UsageError(f"not a variable's name: {name!r}", remedy="Give NAME=VALUE or NAME.")
    if name == "DATABASE_URL" or name.startswith(("PG", "LD_")):
        raise UsageError(
            f"{name} is set by the rehearsal itself, to the clone",
            remedy="Leave it out; a second name for the clone's URL is --url-as NAME.",
        )
