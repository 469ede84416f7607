"""The configuration file of this call: read once, by the program's root, before its command runs.

Its values stand in the process's environment for as long as the command runs, so that every room below reads one place.
A child process is given that environment, and is told to read no file: what was taken away from it stays away.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cutter_agent import config, config_file
from cutter_agent.config_file import CONFIG, ConfigFile
from cutter_agent.errors import CutterError
from cutter_agent.home.folder import DataFolder

DEFAULTS: Mapping[str, str] = {
    config.SWEEP_BATCH: str(config.DEFAULT_SWEEP_BATCH),
    config.MAX_INPUT_BYTES: str(config.DEFAULT_MAX_INPUT_BYTES),
    config.CONNECTION_LIMIT: str(config.DEFAULT_CONNECTION_LIMIT),
}
"""What holds where nothing is set, but for the data folder, whose default is the platform's."""


def default(key: str) -> str | None:
    """What holds where ``key`` is not set, None where nothing does."""
    return str(DataFolder.at(None).root) if key == config.HOME else DEFAULTS.get(key)


LOOKS_AT_A_BROKEN_FILE = frozenset({"doctor", "completion"})
"""Commands that must work whatever the file holds."""


class _Held:
    """What the root read for the command that runs."""

    file: ConfigFile | None = None
    added: Mapping[str, str] = {}
    trouble: CutterError | None = None
    named: Path | None = None


@contextmanager
def applied(option: Path | None, *, command: str | None) -> Iterator[None]:
    """The file's values in the environment for the block. Raises ``ConfigError``, but not for a command that asks."""
    before = dict(os.environ)
    _Held.file, _Held.added, _Held.trouble = None, {}, None
    _Held.named = option or (Path(before[CONFIG]) if before.get(CONFIG) else None)
    try:
        _Held.file = config_file.find(os.environ, option)
    except CutterError as error:
        if command not in LOOKS_AT_A_BROKEN_FILE:
            raise
        _Held.trouble = error
    _Held.added = config_file.filled(os.environ, _Held.file)
    os.environ.update(_Held.added)
    os.environ[CONFIG] = config_file.NO_FILE
    try:
        yield
    finally:
        for name in {*_Held.added, CONFIG}:
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


def file() -> ConfigFile | None:
    """The file that holds for this call."""
    return _Held.file


def place() -> Path:
    """Where the file is looked for."""
    return _Held.named or config_file.default_path()


def from_file() -> frozenset[str]:
    """The keys of the environment that the file filled in."""
    return frozenset(_Held.added)


def trouble() -> CutterError | None:
    """What keeps the file from being used, for a command that runs all the same."""
    return _Held.trouble
