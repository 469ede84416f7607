"""Where things lie in the data folder, and how a file gets there whole or not at all.

```
HOME/                              0700
  setup.lock                       flock: one process sets up at a time
  ready.json                       what the last complete set-up left behind
  server/                          the embedded PostgreSQL (``pg_embedded.resident``)
  keys/cutter_exec/password        0600, read by a process of this lane only
  keys/cutter_exec/signing_key.pem 0600, the same
  keys/cutter_verify/…             the other lane, the same two files
  keys/cutter_exec.pub.pem         public: for whoever checks a signature
  keys/cutter_verify.pub.pem
```
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cutter_agent.errors import ConfigError
from cutter_agent.model import Lane

APPLICATION = "dot-iu-cutter"
LOCK_TIMEOUT_S = 120.0
_LOCK_POLL_S = 0.05
_PARTIAL = ".partial-"


@dataclass(frozen=True, kw_only=True)
class DataFolder:
    """The paths of one data folder. Making the value touches nothing on disk."""

    root: Path

    @classmethod
    def at(cls, configured: Path | None) -> DataFolder:
        """The configured folder, else the user's own by the platform's convention."""
        if configured is not None:
            return cls(root=configured)
        import platformdirs  # noqa: PLC0415 - 40 ms that a configured folder need not pay

        return cls(root=Path(platformdirs.user_data_dir(APPLICATION, appauthor=False)))

    @property
    def server(self) -> Path:
        """The folder that belongs to the embedded server."""
        return self.root / "server"

    @property
    def ready(self) -> Path:
        """The note of the last complete set-up."""
        return self.root / "ready.json"

    def lane(self, lane: Lane) -> Path:
        """The private folder of one lane."""
        return self.root / "keys" / lane

    def password(self, lane: Lane) -> Path:
        """The lane's database password."""
        return self.lane(lane) / "password"

    def signing_key(self, lane: Lane) -> Path:
        """The lane's Ed25519 private key, PEM."""
        return self.lane(lane) / "signing_key.pem"

    def public_key(self, lane: Lane) -> Path:
        """The lane's Ed25519 public key, PEM."""
        return self.root / "keys" / f"{lane}.pub.pem"

    def make(self) -> None:
        """Make the folders that are missing, each 0700; an existing folder keeps its mode.

        Raises:
            ConfigError: a folder cannot be made, or a file is in its place.
        """
        for path in (self.root, self.root / "keys", *(self.lane(lane) for lane in Lane)):
            try:
                if path == self.root:
                    path.parent.mkdir(parents=True, exist_ok=True)
                path.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise ConfigError(
                    f"{path}: the data folder cannot be made: {error.strerror}",
                    remedy="Set DOT_CUTTER_HOME to a folder that you may write.",
                ) from error

    @contextlib.contextmanager
    def locked(self, *, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
        """Hold the set-up lock. The kernel frees it when its holder dies, however it dies.

        Raises:
            ConfigError: somebody else held it for all of ``timeout_s``.
        """
        self.make()
        descriptor = os.open(self.root / "setup.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(descriptor, self.root, timeout_s)
            yield
        finally:
            os.close(descriptor)

    def sweep_partials(self) -> None:
        """Remove what killed writers left behind. Only under the lock."""
        for folder in (self.root, self.root / "keys", *(self.lane(lane) for lane in Lane)):
            for path in folder.glob(f"{_PARTIAL}*"):
                path.unlink(missing_ok=True)


def _lock(descriptor: int, root: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"{root}: another process has been setting up this data folder for {timeout_s:.0f} s",
                    remedy="Wait for it, or see which process holds setup.lock.",
                ) from None
            time.sleep(_LOCK_POLL_S)
        else:
            return


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make a file beside ``path``, then put it in place in one step that survives a power cut."""
    partial = path.with_name(f"{_PARTIAL}{os.getpid()}-{path.name}")
    partial.unlink(missing_ok=True)
    write(partial)
    partial.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, data: bytes, *, mode: int) -> None:
    """``data`` at ``path`` with ``mode``, whole or not at all."""

    def write(partial: Path) -> None:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())

    write_whole(path, write)
