"""The folders of one server: private, with random names, the socket's path short however deep the data lies."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pg_embedded import places
from pg_embedded.account import ServerAccount
from pg_embedded.errors import UnsafePlace
from pg_embedded.overlay import Overlay, unlock

PORT = 5432
"""The number in the socket's name; nothing listens on a network."""
SOCKET_PATH_BYTES = 107
"""The longest path of a unix socket (``sun_path`` is 108 bytes with its final NUL)."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,40}")
_LONGEST_SOCKET_NAME = f"/.s.PGSQL.{PORT}.lock"

Recorder = Callable[[str, str], None]
"""Called with kind and exact name: ``directory`` and its path *before* it is made; ``process`` and
``"<pid> <start ticks>"`` right after its start. What lies inside a recorded folder is not recorded on its own."""


@dataclass(frozen=True, kw_only=True)
class ServerFolders:
    """Where a server's things lie. ``private_dir`` and ``config_dir`` are ours; the other three the account's."""

    private_dir: Path
    data_dir: Path
    config_dir: Path
    log_dir: Path
    socket_dir: Path
    overlay: Overlay | None = None
    """Where the data directory is laid over another one."""

    @property
    def layers(self) -> tuple[Path, ...]:
        """The folders that make up the data directory, the one that is written to first."""
        return (self.data_dir,) if self.overlay is None else self.overlay.layers

    @property
    def control_dir(self) -> Path:
        """A folder in which the cluster's control file lies."""
        return self.data_dir if self.overlay is None else self.overlay.holding("global/pg_control")

    @property
    def log_file(self) -> Path:
        """What the server writes to its standard output and error."""
        return self.private_dir / "server.log"

    @property
    def json_log_file(self) -> Path:
        """What the server logs with ``json_log`` on, or with the settings that ask for a jsonlog."""
        return self.log_dir / "server.json"


def make(base: Path, *, name: str, account: ServerAccount, record: Recorder | None = None) -> ServerFolders:
    """New folders for one server below ``base``; after an error nothing is left of them.

    Raises ``UnsafePlace`` for a name that is not letters, digits, ``.``, ``_``, ``-``, or no place for the socket.
    """
    if _NAME.fullmatch(name) is None:
        raise UnsafePlace(
            f"{name!r} cannot be part of a folder's name.", remedy="Use letters, digits, '.', '_' and '-', at most 40."
        )
    private = _random_folder(base, f"iu-{name}", record)
    made = [private]
    try:
        account.admit(private)
        socket_dir = private / "s"
        if not fits(socket_dir):
            socket_dir = short_socket_folder(private, account, record=record)
            made.append(socket_dir)
        else:
            socket_dir.mkdir(mode=0o700)
        folders = ServerFolders(
            private_dir=private,
            data_dir=private / "data",
            config_dir=private / "conf",
            log_dir=private / "log",
            socket_dir=socket_dir,
        )
        for folder in (folders.data_dir, folders.log_dir, folders.config_dir):
            folder.mkdir(mode=0o700)
        for folder in (folders.data_dir, folders.log_dir, folders.socket_dir):
            account.give(folder)
        account.admit(folders.config_dir)
    except BaseException:
        for folder in made:
            places.remove(folder)
        raise
    return folders


def remove(folders: ServerFolders, owner: int) -> None:
    """Remove them, if this is the process ``owner`` that made them: a forked child must not."""
    if os.getpid() != owner:
        return
    if folders.overlay is not None:
        unlock(folders.private_dir)
    for folder in (folders.socket_dir, folders.private_dir):
        places.remove(folder)


def fits(socket_dir: Path) -> bool:
    """Whether a socket in this folder has a path that the kernel takes."""
    return len(os.fsencode(socket_dir)) + len(_LONGEST_SOCKET_NAME) <= SOCKET_PATH_BYTES


def _random_folder(base: Path, stem: str, record: Recorder | None) -> Path:
    """A new 0700 folder; 64 random bits make its name ours before it exists, so that it can be recorded first."""
    folder = base / f"{stem}-{secrets.token_hex(8)}"
    if record is not None:
        record("directory", str(folder))
    folder.mkdir(mode=0o700)
    return folder


def short_socket_folder(private: Path, account: ServerAccount, *, record: Recorder | None = None) -> Path:
    """A new 0700 folder of the account near the root, for a server whose own folder ``private`` lies too deep."""
    for place in places.SHORT_PLACES:
        if os.access(place, os.W_OK) and account.can_enter(place):
            folder = _random_folder(place, "iu-s", record)
            account.give(folder)
            return folder
    raise UnsafePlace(
        f"{private} is too deep for a unix socket ({SOCKET_PATH_BYTES} bytes); neither /tmp nor /var/tmp is writable.",
        remedy="Use a shorter folder.",
    )
