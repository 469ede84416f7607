"""Folders: where caches, throw-away clusters and sockets may lie, and proof that a folder is really ours.

No permission of an existing folder is ever changed. A folder in a world-writable place may have been put there by
somebody else beforehand: owner, kind and mode are checked before anything in it is trusted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from pg_embedded.account import ServerAccount
from pg_embedded.errors import UnsafePlace

APPLICATION = "dot-iu-cutter"
SHORT_PLACES = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - private folders with random names are made inside
_MEMORY = Path("/dev/shm")  # noqa: S108 - the same
_ROOM_IN_MEMORY = 2 << 30


def trusted_folder(folder: Path, *, mode: int) -> Path:
    """``folder``, made with ``mode`` if it is missing; refused if it is not ours alone to write.

    Raises ``UnsafePlace`` for a symbolic link, a file, another owner, or a folder that others may write to.
    """
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)  # the umask may have taken bits away
    except FileExistsError:
        pass
    facts = folder.lstat()
    wrong = None
    if not stat.S_ISDIR(facts.st_mode):
        wrong = "is not a folder"
    elif facts.st_uid != os.getuid():
        wrong = f"belongs to user id {facts.st_uid}"
    elif facts.st_mode & 0o022:
        wrong = f"may be written to by others (mode {stat.S_IMODE(facts.st_mode):04o})"
    if wrong is not None:
        raise UnsafePlace(
            f"{folder} {wrong}; expected a folder of user id {os.getuid()} that only he may write to.",
            remedy="Find out who made it; remove it if nobody needs it.",
        )
    return folder


def cache_folder(account: ServerAccount) -> Path:
    """Where program copies and cluster templates are kept from run to run; never secret data that must last.

    For root ``/var/cache/dot-iu-cutter`` (0755: the server account must be able to pass), for an ordinary user
    ``$XDG_CACHE_HOME/dot-iu-cutter`` or ``~/.cache/dot-iu-cutter`` (0700). Where that cannot be written, a folder with
    our user id in its name in the temporary folder. Raises ``UnsafePlace`` if none can be had.
    """
    mode = 0o755 if account.switched else 0o700
    refusals: list[str] = []
    for candidate in _cache_candidates(account):
        try:
            candidate.parent.mkdir(mode=0o755 if account.switched else 0o700, parents=True, exist_ok=True)
            folder = trusted_folder(candidate, mode=mode)
        except (OSError, UnsafePlace) as refusal:
            refusals.append(str(refusal))
            continue
        if os.access(folder, os.W_OK) and account.can_enter(folder):
            return folder
        refusals.append(f"{folder}: not writable, or {account.name} cannot enter it")
    raise UnsafePlace(
        "No folder for the PostgreSQL cache: " + "; ".join(refusals),
        remedy="Make one of them writable, or set TMPDIR to a writable folder.",
    )


def _cache_candidates(account: ServerAccount) -> list[Path]:
    temporary = [place / f"{APPLICATION}-cache-{os.getuid()}" for place in (Path(tempfile.gettempdir()), *SHORT_PLACES)]
    if account.switched:
        return [Path("/var/cache") / APPLICATION, *temporary]
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if named.startswith("/") else Path(os.environ.get("HOME", "/nonexistent")) / ".cache"
    return [base / APPLICATION, *temporary] if base.is_absolute() else temporary


def throwaway_base(account: ServerAccount, *, wanted: Path | None, expected_bytes: int = 0) -> Path:
    """The folder in which a throw-away cluster's private folder is made.

    ``wanted`` if the account can enter it and, where it is memory, there is ample room for ``expected_bytes``. If not,
    or if none is wanted: memory (``/dev/shm``) where there is that room, else the temporary folder, else ``/tmp``.
    Raises ``UnsafePlace`` if ``wanted`` is no folder, or nothing fits.
    """
    if wanted is not None:
        if not wanted.is_dir():
            raise UnsafePlace(f"{wanted} is not a folder.", remedy="Make it first, or name none.")
        fits = not is_memory(wanted) or _has_room(wanted, expected_bytes)
        if fits and account.can_enter(wanted) and os.access(wanted, os.W_OK):
            return wanted
    if _has_room(_MEMORY, expected_bytes):
        return _MEMORY
    for candidate in (Path(tempfile.gettempdir()), *SHORT_PLACES):
        if os.access(candidate, os.W_OK) and account.can_enter(candidate):
            return candidate
    raise UnsafePlace(
        f"No temporary folder that {account.name} can enter.",
        remedy="Set TMPDIR to a folder that every account may enter.",
    )


def _has_room(memory: Path, expected_bytes: int) -> bool:
    """Room to spare: a database in memory that fills it would take the machine down with it."""
    need = _ROOM_IN_MEMORY + 4 * expected_bytes
    try:
        return (
            is_memory(memory)
            and os.access(memory, os.W_OK | os.X_OK)
            and shutil.disk_usage(memory).free >= need
            and available_memory_bytes() >= need
        )
    except OSError:
        return False


def available_memory_bytes() -> int:
    """``MemAvailable`` of ``/proc/meminfo`` in bytes; 0 where it cannot be read."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def is_memory(folder: Path) -> bool:
    """Whether ``folder`` lies on a file system that is memory (tmpfs)."""
    device = folder.stat().st_dev
    name = f"{os.major(device)}:{os.minor(device)}"
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.split()[2] == name and " - tmpfs " in line for line in mounts)


def remove(folder: Path) -> None:
    """Remove a folder with all it holds; one that is gone already is fine. Links are removed, never followed."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
        return
    while os.path.lexists(folder):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:  # something in it went away by itself: look again
            continue


def remove_if_possible(folder: Path) -> None:
    """The same for left-overs of a killed process; whatever still writes there keeps them for another time."""
    with contextlib.suppress(OSError):
        remove(folder)


def size_bytes(folder: Path) -> int:
    """What the files below ``folder`` take on their file system, in bytes."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - a thousand files
    return total
