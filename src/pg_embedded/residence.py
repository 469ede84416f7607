"""The folder of a persistent database: what lies where, and how processes find each other through it.

::

    HOME/                 0700, one user's
      lease.lock          clients share it while they use the server; the keeper holds it alone to stop the server
      keeper.lock         held by the keeper, so that there is one
      server.lock         held by the keeper from the moment on at which no earlier keeper's address is there any more
      address.json        where the server is; only good while ``server.lock`` is held
      failure.json        why the last keeper gave up, for the client that asked for it
      superuser.password  0600
      place               where the data lies, if it cannot lie here
      keeper.log
      server/             conf, data, log, s: the server's own folders (or elsewhere, see ``place``)

As root the server runs as another account, which cannot enter a home of mode 0700. Nothing is opened up for it: the
server's folders then lie in ``/var/lib/dot-iu-cutter/<digest of HOME>-<random>``, below parents of root's. The file
``home`` in them names the folder they belong to; ``resident.erase`` removes both.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pg_embedded import password, places
from pg_embedded.account import ServerAccount
from pg_embedded.errors import ResidentUnavailable
from pg_embedded.folders import ServerFolders, fits, short_socket_folder
from pg_embedded.locks import FileLock

_ELSEWHERE = Path("/var/lib")


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the running server is."""

    socket_dir: str
    port: int
    pid: int
    start_ticks: int
    system_identifier: str
    version: str
    data_dir: str
    keeper_pid: int
    isolation: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a keeper gave up; ``token`` is that of the client who started it."""

    token: str
    message: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Residence:
    """The paths of one home. ``at`` makes and checks the folder."""

    home: Path

    @classmethod
    def at(cls, home: Path) -> Residence:
        """The residence at ``home``, made 0700 if it is missing. Raises ``ResidentUnavailable`` if it is not ours."""
        home = home.absolute()
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = home.stat().st_uid
        except OSError as error:
            raise ResidentUnavailable(
                f"{home}: the folder of the database cannot be made: {error.strerror}.",
                remedy="Name a folder that you may write.",
            ) from error
        if owner != os.getuid():
            raise ResidentUnavailable(
                f"{home} belongs to user id {owner}, this is user id {os.getuid()}.",
                remedy="Run as that user, or name a folder of your own.",
            )
        return cls(home=home.resolve())

    @property
    def lease_lock(self) -> Path:
        return self.home / "lease.lock"

    @property
    def keeper_lock(self) -> Path:
        return self.home / "keeper.lock"

    @property
    def server_lock(self) -> Path:
        return self.home / "server.lock"

    @property
    def keeper_log(self) -> Path:
        return self.home / "keeper.log"

    @property
    def _address(self) -> Path:
        return self.home / "address.json"

    @property
    def _failure(self) -> Path:
        return self.home / "failure.json"

    @property
    def _place(self) -> Path:
        return self.home / "place"

    def address(self) -> Address | None:
        """The server's address; only to be trusted while ``server.lock`` is held by the keeper."""
        text = _read(self._address)
        return None if text is None else Address(**json.loads(text))

    def write_address(self, address: Address) -> None:
        _write(self._address, json.dumps(asdict(address)))

    def forget_address(self) -> None:
        self._address.unlink(missing_ok=True)

    def failure(self) -> Failure | None:
        text = _read(self._failure)
        return None if text is None else Failure(**json.loads(text))

    def write_failure(self, failure: Failure) -> None:
        _write(self._failure, json.dumps(asdict(failure)))

    def superuser_password(self) -> str:
        """The password in ``superuser.password``; made and flushed to disk if there is none yet."""
        path = self.home / "superuser.password"
        text = _read(path)
        if text is None:
            text = password.new()
            _write(path, text)
        return text

    def own_files(self) -> tuple[Path, ...]:
        """All files that are ours in ``home``; the lock files come last."""
        named = (self._address, self._failure, self._place, self.home / "superuser.password", self.keeper_log)
        return (*named, self.server_lock, self.lease_lock, self.keeper_lock)

    def private_dir(self, account: ServerAccount) -> Path:
        """The folder that holds the server's folders, here or elsewhere; noted in ``place`` before it is made."""
        noted = _read(self._place)
        if noted is None:
            noted = "server" if account.can_enter(self.home) else str(_elsewhere(self.home))
            _write(self._place, noted)
        folder = self.home / noted  # an absolute one stays itself
        if folder.parent != self.home:
            places.trusted_folder(folder.parent, mode=0o755)
        if not folder.exists():
            folder.mkdir(mode=0o700)
            account.admit(folder)
            (folder / "home").write_text(f"{self.home}\n", encoding="utf-8")  # for whoever finds an orphan of it
        return places.trusted_folder(folder, mode=0o710)

    def claim(self, private: Path) -> FileLock:
        """Hold the server's folders for this process. Raises ``ResidentUnavailable`` if a copy of this home does.

        A home that was copied points to the same folders as its original, and has locks of its own.
        """
        lock = FileLock(private / "keeper.lock")
        if not lock.exclusive():
            raise ResidentUnavailable(
                f"{private} is in use by another folder's database: {self.home} is a copy of it.",
                remedy="Use the original folder, or remove the copy and start a new one.",
            )
        return lock

    def folders(self, account: ServerAccount) -> ServerFolders:
        """The server's folders, made if missing, except ``data``. A socket folder that must lie elsewhere is new."""
        private = self.private_dir(account)
        socket_dir = private / "s"
        made = ServerFolders(
            private_dir=private,
            data_dir=private / "data",
            config_dir=private / "conf",
            log_dir=private / "log",
            socket_dir=socket_dir if fits(socket_dir) else short_socket_folder(private, account),
        )
        for folder in (made.config_dir, made.log_dir, made.socket_dir):
            if not folder.exists():
                folder.mkdir(mode=0o700)
                if folder == made.config_dir:
                    account.admit(folder)
                else:
                    account.give(folder)
        return made


def elsewhere_base() -> Path:
    """Where the folders of servers lie that may not lie in their homes."""
    return _ELSEWHERE / places.APPLICATION


def _elsewhere(home: Path) -> Path:
    """Random at its end: a home that was removed and made again must not meet the old one's data."""
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return elsewhere_base() / f"{digest}-{secrets.token_hex(6)}"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    """Whole or not at all, also after a power cut."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make what was renamed into ``folder`` last through a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
