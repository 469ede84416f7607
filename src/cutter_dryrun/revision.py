"""Which commit is rehearsed, and whether its tree is clean. Asked from git at the start of a run, never remembered."""

from __future__ import annotations

import shutil
from pathlib import Path

import cutter_agent
from pg_dryrun.commands import run
from pg_dryrun.errors import EnvironmentFault
from pg_dryrun.subject import Revision
from sealing.digest import file_sha256, sha256_hex

NAME = "dot-iu-cutter"
"""What the cutter is called as the subject of a rehearsal."""

_TIMEOUT_S = 30.0


def checkout_root() -> Path | None:
    """The checkout that the running cutter comes from; None for an installed package."""
    root = Path(cutter_agent.__file__).resolve().parents[2]
    return root if (root / ".git").exists() else None


def revision_of(root: Path | None, *, authorised_commit: str | None = None) -> Revision:
    """The revision of a checkout, or of the installed package by the digest of its files.

    Untracked files count as dirt unless they are ignored: a module that is not committed would be rehearsed and lost.

    Raises:
        EnvironmentFault: there is a checkout but no git to ask, or git gives no answer.
    """
    if root is None:
        return Revision(commit=_installed_digest(), clean=True, authorised_commit=authorised_commit)
    commit = _git(root, "rev-parse", "HEAD").strip()
    dirty = tuple(line[3:] for line in _git(root, "status", "--porcelain").splitlines())
    return Revision(
        commit=commit, clean=not dirty, dirty_paths=dirty, authorised_commit=authorised_commit or commit, root=root
    )


def source_files() -> tuple[Path, ...]:
    """Every file of the cutter that the hardcode control reads."""
    package = Path(cutter_agent.__file__).resolve().parent
    return tuple(sorted(path for path in package.rglob("*") if path.suffix in {".py", ".sql", ".toml"}))


def _installed_digest() -> str:
    package = Path(cutter_agent.__file__).resolve().parent
    lines = [f"{file_sha256(path)}  {path.relative_to(package)}" for path in source_files()]
    return f"{cutter_agent.__version__}+sha256.{sha256_hex(chr(10).join(lines).encode())}"


def _git(root: Path, *arguments: str) -> str:
    """Git's answer. A checkout of another owner is read all the same, and nothing is written, not even a lock."""
    program = shutil.which("git")
    if program is None:
        raise EnvironmentFault(
            f"{root} is a git checkout, but there is no git program", remedy="Install git, or run an installed package."
        )
    words = [program, "-c", f"safe.directory={root}", "--no-optional-locks", "-C", str(root), *arguments]
    done = run(words, timeout_s=_TIMEOUT_S)
    if not done.ok:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise EnvironmentFault(f"git {arguments[0]}: {said}", remedy=f"See why git cannot read {root}.")
    return done.stdout.decode("utf-8")
