"""Configuration (design 1.11): discrete keys of the environment, read once, no socket opened.

No key of the database set: the embedded mode, a PostgreSQL of the tool's own in the data folder (``home``).
Any of them set: all that the lane needs must be there and not empty, else ``ConfigMissing`` names the first
that is not.
A lane's settings hold that lane's secret and never look at the other's.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cutter_agent import __version__
from cutter_agent.errors import ConfigError, ConfigMissing
from cutter_agent.model import Lane

HOME = "DOT_CUTTER_HOME"
DB_HOST = "DOT_CUTTER_DB_HOST"
DB_PORT = "DOT_CUTTER_DB_PORT"
DB_NAME = "DOT_CUTTER_DB_NAME"
DB_SSLMODE = "DOT_CUTTER_DB_SSLMODE"
SWEEP_BATCH = "DOT_CUTTER_SWEEP_BATCH"
MAX_INPUT_BYTES = "DOT_CUTTER_MAX_INPUT_BYTES"
ATTESTATION = "DOT_CUTTER_ATTESTATION"
VOCABULARY = "DOT_CUTTER_VOCABULARY"
QUEUE_USER = "DOT_CUTTER_QUEUE_DB_USER"
QUEUE_PASSWORD = "DOT_CUTTER_QUEUE_DB_PASSWORD"  # noqa: S105 - the name of a key
LOG = "DOT_CUTTER_LOG"
LOG_LEVEL = "DOT_CUTTER_LOG_LEVEL"
CONNECTION_LIMIT = "DOT_CUTTER_CONNECTION_LIMIT"

DEFAULT_SWEEP_BATCH = 100
DEFAULT_MAX_INPUT_BYTES = 64 * 1024 * 1024
DEFAULT_CONNECTION_LIMIT = 2

SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, kw_only=True)
class LaneKeys:
    """The names of the keys that belong to one lane. ``user``, ``password`` and ``signing_key`` are its own alone."""

    user: str
    password: str
    signing_key: str
    public_key: str


LANE_KEYS: Mapping[Lane, LaneKeys] = {
    Lane.EXEC: LaneKeys(
        user="DOT_CUTTER_EXEC_DB_USER",
        password="DOT_CUTTER_EXEC_DB_PASSWORD",  # noqa: S106 - the name of a key
        signing_key="DOT_CUTTER_EXEC_SIGNING_KEY",
        public_key="DOT_CUTTER_EXEC_PUBLIC_KEY",
    ),
    Lane.VERIFY: LaneKeys(
        user="DOT_CUTTER_VERIFY_DB_USER",
        password="DOT_CUTTER_VERIFY_DB_PASSWORD",  # noqa: S106 - the name of a key
        signing_key="DOT_CUTTER_VERIFY_SIGNING_KEY",
        public_key="DOT_CUTTER_VERIFY_PUBLIC_KEY",
    ),
}

PLACE_KEYS = (DB_HOST, DB_PORT, DB_NAME, DB_SSLMODE)
DATABASE_KEYS = (*PLACE_KEYS, *(name for keys in LANE_KEYS.values() for name in (keys.user, keys.password)))
"""The presence of any of these, even empty, ends the embedded mode."""


@dataclass(frozen=True, kw_only=True)
class DatabasePlace:
    """Where the ledger's database is. No secret. ``host`` may be the absolute path of a socket directory."""

    host: str
    port: int
    dbname: str
    sslmode: str


@dataclass(frozen=True, kw_only=True)
class LaneSettings:
    """All that a process for one lane may know: its login, its signing key's path, the public keys' paths.

    ``exec_public_key`` and ``verify_public_key`` are paths of PEM files; a lane that does not need one has None.
    """

    lane: Lane
    place: DatabasePlace
    user: str
    password: str = field(repr=False)
    signing_key: Path
    exec_public_key: Path | None
    verify_public_key: Path | None
    sweep_batch: int = DEFAULT_SWEEP_BATCH
    attestation: Path | None = None
    """The folder of a rehearsal that passed, or its envelope; a database marked as production asks for it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every process may know: the mode and the bounds. Holds no secret.

    ``place`` is None in the embedded mode. ``home`` is the data folder as configured, None for the user's own.
    """

    place: DatabasePlace | None
    home: Path | None
    sweep_batch: int
    max_input_bytes: int

    @property
    def embedded(self) -> bool:
        """Whether the tool runs on its own PostgreSQL."""
        return self.place is None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises ``ConfigMissing`` when only a part of the database keys is there, ``ConfigError`` for a bad value."""
        embedded = not any(name in environment for name in DATABASE_KEYS)
        home = _optional(environment, HOME)
        if home is not None and not Path(home).is_absolute():
            raise ConfigError(f"{HOME} is not an absolute path: {home}", remedy=f"Give {HOME} as an absolute path.")
        return cls(
            place=None if embedded else _place(environment),
            home=Path(home) if home else None,
            sweep_batch=_positive(environment, SWEEP_BATCH, DEFAULT_SWEEP_BATCH),
            max_input_bytes=_positive(environment, MAX_INPUT_BYTES, DEFAULT_MAX_INPUT_BYTES),
        )


def lane_settings(environment: Mapping[str, str], lane: Lane) -> LaneSettings:
    """The settings of one lane from the environment; reads no secret of the other lane.

    Raises:
        ConfigMissing: a key that this lane needs is missing or empty; ``key`` names it. No socket was opened.
        ConfigError: a value that cannot be used.
    """
    keys = LANE_KEYS[lane]
    return LaneSettings(
        lane=lane,
        place=_place(environment),
        user=_required(environment, keys.user),
        password=_required(environment, keys.password),
        signing_key=Path(_required(environment, keys.signing_key)),
        exec_public_key=_public_key(environment, Lane.EXEC, needed=lane is Lane.VERIFY),
        verify_public_key=_public_key(environment, Lane.VERIFY, needed=False),
        sweep_batch=_positive(environment, SWEEP_BATCH, DEFAULT_SWEEP_BATCH),
        attestation=attestation_path(environment),
    )


def attestation_path(environment: Mapping[str, str]) -> Path | None:
    """Where the attestation is, if one is given. Raises ``ConfigMissing`` for an empty value."""
    value = _optional(environment, ATTESTATION)
    return Path(value) if value else None


def vocabulary_path(environment: Mapping[str, str]) -> Path | None:
    """Where a user's own words of labels are. Raises ``ConfigMissing`` for an empty value."""
    value = _optional(environment, VOCABULARY)
    return Path(value) if value else None


def connection_limit(environment: Mapping[str, str], default: int) -> int:
    """How many connections each lane's role may have on a server of one's own. Raises ``ConfigError``."""
    return _positive(environment, CONNECTION_LIMIT, default)


def environment_for(environment: Mapping[str, str], lane: Lane) -> dict[str, str]:
    """A copy of ``environment`` for a child process of ``lane``: without the other lane's login and signing key."""
    withheld = {
        name
        for other, keys in LANE_KEYS.items()
        if other is not lane
        for name in (keys.user, keys.password, keys.signing_key)
    }
    return {name: value for name, value in environment.items() if name not in withheld}


def _place(environment: Mapping[str, str]) -> DatabasePlace:
    host, port, dbname, sslmode = (_required(environment, name) for name in PLACE_KEYS)
    if sslmode not in SSLMODES:
        raise ConfigError(f"{DB_SSLMODE} is {sslmode!r}", remedy=f"Choose one of {', '.join(SSLMODES)}.")
    number = _number(DB_PORT, port)
    if not 1 <= number <= 65535:
        raise ConfigError(f"{DB_PORT} is {number}, not a port", remedy="A port is a number from 1 to 65535.")
    return DatabasePlace(host=host, port=number, dbname=dbname, sslmode=sslmode)


def _public_key(environment: Mapping[str, str], lane: Lane, *, needed: bool) -> Path | None:
    name = LANE_KEYS[lane].public_key
    if needed:
        return Path(_required(environment, name))
    value = _optional(environment, name)
    return Path(value) if value else None


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value.strip():
        raise ConfigMissing(name)
    return value


def _optional(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name)
    if value is None:
        return None
    if not value.strip():
        raise ConfigMissing(name, remedy=f"Give {name} a value, or unset it.")
    return value


def _number(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"{name} is {value!r}, not a whole number", remedy=f"Set {name} to a whole number.") from None


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    value = _optional(environment, name)
    if value is None:
        return default
    number = _number(name, value)
    if number < 1:
        raise ConfigError(f"{name} is {number}", remedy=f"Set {name} to 1 or more.")
    return number


@functools.cache
def tool_revision() -> str:
    """The git commit of the checkout that this package runs from (``-dirty`` when its tree differs), else its version.

    An installed package has no checkout of its own, even where it lies inside somebody else's.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return __version__
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return __version__
    changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    return commit if changes == "" else f"{commit}-dirty"


def _git(root: Path, *arguments: str) -> str | None:
    """The answer of git, None where there is no git, no repository or no answer within 10 s.

    ``safe.directory``: a checkout of another user is read all the same; ``--no-optional-locks`` keeps it a read.
    """
    command = ["git", "-c", f"safe.directory={root}", "--no-optional-locks", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
