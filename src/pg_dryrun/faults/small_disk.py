"""A disk of a few megabytes that is really full when told to be: a tmpfs in a namespace of its own.

A helper process under the server's own account mounts it in its own user and mount namespace; the server reaches it
through ``/proc/PID/root``. Nothing is mounted in the machine's own namespace, and when the helper ends it is gone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pg_dryrun.errors import EnvironmentFault

_SIZE = "48m"
_SCRIPT = """
mount -t tmpfs -o size=$1,mode=0700 tmpfs /mnt || exit 1
mkdir -m 0700 /mnt/tablespace && echo ready
while read -r word; do
    case $word in
        fill) dd if=/dev/zero of=/mnt/ballast bs=4k 2>/dev/null; sync; echo full ;;
        free) rm -f /mnt/ballast; echo free ;;
    esac
done
"""
_END_S = 10.0


class SmallDisk:
    """A context manager. ``path`` is a folder that belongs to the server's account.

    ``data_dir`` tells which account that is. Raises ``EnvironmentFault`` where this machine does not allow it.
    """

    def __init__(self, data_dir: Path) -> None:
        owner = data_dir.stat()
        unshare = shutil.which("unshare")
        if unshare is None:
            raise EnvironmentFault("there is no program unshare", remedy="Install util-linux.")
        other = owner.st_uid != os.getuid()
        self._process = subprocess.Popen(
            [unshare, "--user", "--map-root-user", "--mount", "/bin/sh", "-c", _SCRIPT, "sh", _SIZE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            text=True,
            user=owner.st_uid if other else None,
            group=owner.st_gid if other else None,
            extra_groups=[] if other else None,
        )
        if self._line() != "ready":
            self.close()
            raise EnvironmentFault(
                "this machine lends no small disk (no user namespace with a mount of its own)",
                remedy="Allow unprivileged user namespaces.",
            )
        self.path = Path("/proc", str(self._process.pid), "root", "mnt", "tablespace")

    def fill(self) -> None:
        """Not a page is left."""
        self._tell("fill")

    def free(self) -> None:
        """Room again."""
        self._tell("free")

    def close(self) -> None:
        """End the helper; the disk goes with it."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_END_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _tell(self, word: str) -> None:
        if self._process.stdin is None:
            return
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        self._line()

    def _line(self) -> str:
        return self._process.stdout.readline().strip() if self._process.stdout is not None else ""
