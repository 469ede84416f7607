"""A data directory laid over another one (overlayfs): a clone that copies a file when the server first opens it.

The mount exists in the server's own mount namespace and nowhere else: it goes with the server, however that ends, and
nothing has to be unmounted. What the server wrote lies in ``upper``, where we can see it. As an ordinary user the mount
is made in a user namespace in which he stays himself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pg_embedded import places
from pg_embedded.account import ServerAccount, clean_environment

_MOUNT = 'mount -t overlay overlay -o "$1" "$2" || exit 74; shift 2; exec "$@"'
_TRIAL = 'cd -- "$1" && [ "$(cat kept)" = kept ] && echo new > made && echo more >> kept && [ "$(cat made)" = new ]'
_FORBIDDEN = frozenset(",:\\\"'")
"""Characters that the mount's options could not hold without quoting."""


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """``merged`` shows the ``lowers`` (the first one on top) with what was written to ``upper``."""

    lowers: tuple[Path, ...]
    upper: Path
    work: Path
    merged: Path

    @property
    def layers(self) -> tuple[Path, ...]:
        """Every layer, the top one first: what a clone of this clone lies over."""
        return (self.upper, *self.lowers)

    def holding(self, name: str) -> Path:
        """The uppermost layer that has the file ``name``; the bottom one if none has."""
        return next((layer for layer in self.layers if (layer / name).exists()), self.layers[-1])

    def words(self, account: ServerAccount) -> tuple[str, ...]:
        """What is put before a program so that it sees the mount."""
        unshare, own, option = _namespace(account)
        lowers = ":".join(str(lower) for lower in self.lowers)
        options = f"lowerdir={lowers},upperdir={self.upper},workdir={self.work}{option}"
        return (
            unshare,
            *own,
            "--mount",
            "--propagation=slave",
            "/bin/sh",
            "-c",
            _MOUNT,
            "sh",
            options,
            str(self.merged),
        )


def lay(lowers: Sequence[Path], private_dir: Path, merged: Path, account: ServerAccount) -> Overlay:
    """The folders of an overlay in ``private_dir``; mounted by whoever is started with its ``words``."""
    made = Overlay(lowers=tuple(lowers), upper=private_dir / "upper", work=private_dir / "work", merged=merged)
    for folder in (made.upper, made.work):
        folder.mkdir(mode=0o700)
        account.give(folder)
    return made


def unlock(private_dir: Path) -> None:
    """The kernel leaves a folder of mode 0000 in ``work``; an ordinary user must open it before it can be removed."""
    left = private_dir / "work" / "work"
    if left.is_dir() and not left.is_symlink():
        left.chmod(0o700)


def possible(lowers: Sequence[Path], base: Path, account: ServerAccount) -> bool:
    """Whether a folder below ``base`` can be laid over ``lowers``: tried with a real mount, once for each pair of file
    systems."""
    if any(_FORBIDDEN & set(str(path)) for path in (*lowers, base)) or shutil.which("unshare") is None:
        return False
    key = (base.stat().st_dev, lowers[0].stat().st_dev, account.uid)
    if key not in _tried:
        _tried[key] = _try(base, account)
    return _tried[key]


def _try(base: Path, account: ServerAccount) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="iu-overlay-", dir=base))
    try:
        account.admit(folder)
        lower, merged = folder / "lower", folder / "merged"
        for made in (lower, merged):
            made.mkdir(mode=0o700)
            account.give(made)
        account.run(["/bin/sh", "-c", 'echo kept > "$1/kept"', "sh", lower])
        trial = lay([lower], folder, merged, account)
        argv = [*trial.words(account), *_as(account), "/bin/sh", "-c", _TRIAL, "sh", str(merged)]
        done = subprocess.run(argv, capture_output=True, check=False, timeout=10, cwd="/", env=clean_environment())
        return done.returncode == 0 and (trial.upper / "made").exists() and not (merged / "made").exists()
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        unlock(folder)
        places.remove(folder)


def _as(account: ServerAccount) -> tuple[str, ...]:
    setpriv = shutil.which("setpriv", path=clean_environment()["PATH"])
    if not account.switched or setpriv is None:
        return ()
    return (setpriv, f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups")


def _namespace(account: ServerAccount) -> tuple[str, tuple[str, ...], str]:
    """The program, its words before ``--mount``, and what the mount's options need there."""
    unshare = shutil.which("unshare", path=clean_environment()["PATH"]) or "unshare"
    if account.switched or os.getuid() == 0:
        return unshare, (), ""
    return unshare, ("--user", "--map-current-user", "--keep-caps"), ",userxattr"


_tried: dict[tuple[int, int, int], bool] = {}
