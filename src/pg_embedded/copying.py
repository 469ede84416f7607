"""Copying a stopped data directory, by reflink where the file system has it, and saying which way was taken.

The third way, laying one over another, copies nothing (``overlay``).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pg_embedded.account import ServerAccount


class CopyMethod(StrEnum):
    """How a data directory was copied."""

    REFLINK = "reflink"
    OVERLAY = "overlayfs"
    PLAIN = "plain copy"


def copy_tree(source: Path, target: Path, *, account: ServerAccount) -> CopyMethod:
    """Copy what is in ``source`` into the existing empty folder ``target``, both the account's own.

    The account does it, not root: whatever lies in a data directory was put there by SQL, links too. Raises
    ``CommandFailed``, for instance when the disk is full.
    """
    method = method_between(source, target, account=account)
    how = "always" if method is CopyMethod.REFLINK else "auto"
    account.run(["cp", "-R", "-P", f"--reflink={how}", "--", f"{source}/.", f"{target}/"], timeout_s=3600)
    return method


def method_between(source: Path, target: Path, *, account: ServerAccount) -> CopyMethod:
    """How a copy from ``source`` to ``target`` would be made: asked from the file system with one small file, once for
    each device."""
    sample = source / "PG_VERSION"
    device = target.stat().st_dev
    if sample.stat().st_dev != device:
        return CopyMethod.PLAIN
    if device not in _reflinks:
        trial = target / ".reflink-probe"
        done = account.run(["cp", "--reflink=always", "--", sample, trial], check=False)
        account.run(["rm", "-f", "--", trial])
        _reflinks[device] = done.returncode == 0
    return CopyMethod.REFLINK if _reflinks[device] else CopyMethod.PLAIN


_reflinks: dict[int, bool] = {}
