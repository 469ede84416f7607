"""Copying a stopped data directory, by reflink where the file system has it, and saying which way was taken."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pg_embedded.account import ServerAccount


class CopyMethod(StrEnum):
    """How a data directory was copied."""

    REFLINK = "reflink"
    PLAIN = "plain copy"


def copy_tree(source: Path, target: Path, *, account: ServerAccount) -> CopyMethod:
    """Copy what is in ``source`` into the existing empty folder ``target``, both the account's own.

    The account does it, not root: whatever lies in a data directory was put there by SQL, links too. Raises
    ``CommandFailed``, for instance when the disk is full.
    """
    method = _method(source / "PG_VERSION", target, account=account)
    how = "always" if method is CopyMethod.REFLINK else "auto"
    account.run(["cp", "-R", "-P", f"--reflink={how}", "--", f"{source}/.", f"{target}/"], timeout_s=3600)
    return method


def _method(sample: Path, target: Path, *, account: ServerAccount) -> CopyMethod:
    """Asked from the file system with one small file, once for each device."""
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
