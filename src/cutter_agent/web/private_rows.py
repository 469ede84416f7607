"""A small private file of rows that several processes may change: one at a time, written whole, 0600."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cutter_agent.errors import ConfigError
from cutter_agent.home.folder import write_bytes

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


@contextmanager
def changing(path: Path, member: str, read: Callable[[], Mapping[str, Row]]) -> Iterator[dict[str, Row]]:
    """The rows of ``path`` by name, to be changed; written as ``{member: [row, …]}`` when the block ends well.

    ``read`` is called when nobody else is changing them. Raises ``ConfigError`` where the folder cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(
            f"{path.parent}: cannot be written: {error.strerror}",
            remedy="Set DOT_CUTTER_HOME to a folder that you may write.",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = dict(read())
        yield rows
        kept = [asdict(row) for row in rows.values()]
        write_bytes(path, json.dumps({member: kept}, indent=1).encode(), mode=0o600)
    finally:
        os.close(lock)
