"""The configuration file: TOML, beside the keys of the environment, and weaker than they are.

``--config FILE``, else ``DOT_CUTTER_CONFIG``, else ``config.toml`` in the user's configuration folder
(``~/.config/dot-iu-cutter`` on Linux). Precedence: option, environment, file, default. A file fills in keys of the
environment that are not set, and nothing else of the program knows that it exists.
"""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutter_agent import config
from cutter_agent.errors import ConfigError, ConfigMissing
from cutter_agent.model import Lane

CONFIG = "DOT_CUTTER_CONFIG"
NO_FILE = os.devnull
"""As a path: no file is read. For a process whose environment was filled in already."""
_MOST_BYTES = 1 << 20
_NAME = "config.toml"
_APPLICATION = "dot-iu-cutter"


def _keys() -> dict[str, str]:
    """A key of the file (dotted) to the key of the environment that it fills in."""
    keys = {
        "home": config.HOME,
        "sweep_batch": config.SWEEP_BATCH,
        "max_input_bytes": config.MAX_INPUT_BYTES,
        "attestation": config.ATTESTATION,
        "vocabulary": config.VOCABULARY,
        "connection_limit": config.CONNECTION_LIMIT,
        "log.format": config.LOG,
        "log.level": config.LOG_LEVEL,
        "queue.user": config.QUEUE_USER,
        "queue.password": config.QUEUE_PASSWORD,
        "database.host": config.DB_HOST,
        "database.port": config.DB_PORT,
        "database.name": config.DB_NAME,
        "database.sslmode": config.DB_SSLMODE,
    }
    for section, lane in (("exec", Lane.EXEC), ("verify", Lane.VERIFY)):
        names = config.LANE_KEYS[lane]
        keys[f"{section}.user"] = names.user
        keys[f"{section}.password"] = names.password
        keys[f"{section}.signing_key"] = names.signing_key
        keys[f"{section}.public_key"] = names.public_key
    return keys


KEYS: Mapping[str, str] = _keys()
SECRETS = frozenset(key for name, key in KEYS.items() if name.endswith(".password"))
"""Keys of the environment whose values are never shown."""
_SECTIONS = frozenset(name.partition(".")[0] for name in KEYS if "." in name)
_PATHS = frozenset({config.HOME, config.ATTESTATION, config.VOCABULARY}) | {
    name for names in config.LANE_KEYS.values() for name in (names.signing_key, names.public_key)
}


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """What a file says, by keys of the environment. ``path`` is where it was found."""

    path: Path
    values: Mapping[str, str] = field(repr=False)


def default_path() -> Path:
    """Where the file is looked for when nobody says where it is."""
    import platformdirs  # noqa: PLC0415 - 40 ms that a configured path need not pay

    return Path(platformdirs.user_config_dir(_APPLICATION, appauthor=False)) / _NAME


def find(environment: Mapping[str, str], option: Path | None = None) -> ConfigFile | None:
    """The file that holds: the one named, or the one at the default place if there is one.

    Raises:
        ConfigError: a file that was named is not there, or a file cannot be used; nothing of it is taken.
    """
    if option is None and not environment.get(CONFIG, NO_FILE).strip():
        raise ConfigMissing(CONFIG, remedy=f"Give {CONFIG} a path, or unset it.")
    named = option or (Path(environment[CONFIG]) if CONFIG in environment else None)
    if named is not None:
        return None if str(named) == NO_FILE else read(named)
    path = default_path()
    try:
        there = path.exists()
    except OSError:
        there = False
    return read(path) if there else None


def read(path: Path) -> ConfigFile:
    """One file, checked whole. Relative paths in it are taken from its folder.

    Raises:
        ConfigError: not readable, no TOML, an unknown key (the nearest one is named), a value of another kind, or a
            password in a file that others may read.
    """
    text, mode = _text(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path}: no TOML: {error}", remedy="Repair that line; see `iu-cutter config init`."
        ) from None
    values = {KEYS[name]: _value(path, name, value) for name, value in _flat(path, document).items()}
    secret = next((name for name, key in KEYS.items() if key in values and key in SECRETS), None)
    if secret is not None and mode & 0o077:
        raise ConfigError(
            f"{path}: holds {secret}, and mode {mode:04o} lets others read it", remedy=f"chmod 600 {path}"
        )
    return ConfigFile(path=path, values=values)


def filled(environment: Mapping[str, str], found: ConfigFile | None) -> dict[str, str]:
    """What the file adds to ``environment``: the keys that are not there."""
    if found is None:
        return {}
    return {name: value for name, value in found.values.items() if name not in environment}


def _text(path: Path) -> tuple[str, int]:
    try:
        with path.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ConfigError(f"{path}: more than {_MOST_BYTES} bytes", remedy="That is no configuration file.")
        return data.decode("utf-8"), mode
    except OSError as error:
        raise ConfigError(
            f"{path}: the configuration file cannot be read: {error.strerror}",
            remedy=f"Correct --config or {CONFIG}, or make one with `iu-cutter config init`.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}", remedy="Save it as UTF-8.") from None


def _flat(path: Path, document: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in document.items():
        if isinstance(value, dict) and name in _SECTIONS:
            found |= {f"{name}.{inner}": below for inner, below in value.items()}
        else:
            found[name] = value
    for name in found:
        if name not in KEYS:
            raise ConfigError(f"{path}: there is no key {name!r}", remedy=_nearest(name))
    return found


def _nearest(name: str) -> str:
    leaf = name.rpartition(".")[2]
    by_leaf = {known.rpartition(".")[2]: known for known in reversed(list(KEYS))}
    near = difflib.get_close_matches(name, KEYS, n=1) or [
        by_leaf[found] for found in difflib.get_close_matches(leaf, by_leaf, n=1)
    ]
    hint = f"Did you mean {near[0]}? " if near else ""
    return f"{hint}`iu-cutter config show` lists the keys."


def _value(path: Path, name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ConfigError(f"{path}: {name} is no text and no whole number", remedy=f'Write {name} = "…".')
    key = KEYS[name]
    if key in _PATHS:
        return str((path.absolute().parent / Path(str(value)).expanduser()) if value else value)
    return str(value)
