"""Who runs the server (design 3.4, 6.1).

PostgreSQL refuses to run as root. An ordinary user runs it as himself; root hands it to an unprivileged account that
exists already: no account is made, and no permission of an existing folder is changed for it.

As root the choice is ``nobody``: it is there on every Linux, owns no files by convention and may not log in. The
account ``postgres`` is avoided on purpose: it often owns a real server's data on the same machine. Whoever keeps a
dedicated account names it.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pg_embedded.errors import AccountMissing, CommandFailed

PREFERRED_ACCOUNTS = ("nobody", "daemon")
_CLEAN_ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


@dataclass(frozen=True, kw_only=True)
class ServerAccount:
    """The account that owns the server's processes and its data. ``switched`` is true when it is not ourselves."""

    uid: int
    gid: int
    name: str
    switched: bool

    def give(self, path: Path) -> None:
        """Make a folder or file that we just created the account's own. Nothing to do when it is ourselves."""
        if self.switched:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def admit(self, path: Path) -> None:
        """Let the account enter, but not list or write, a folder that we just created and keep ourselves."""
        if self.switched:
            os.chown(path, os.getuid(), self.gid, follow_symlinks=False)
            path.chmod(0o710)

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        timeout_s: float = 60.0,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end as this account: clean environment, umask 077, working directory ``/``.

        Raises ``CommandFailed`` for a non-zero exit (unless ``check`` is false) and for a missed deadline.
        """
        words = [str(word) for word in argv]
        try:
            done = subprocess.run(
                words,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
                cwd="/",
                env={**clean_environment(), **(environment or {})},
                umask=0o077,
                user=self.uid if self.switched else None,
                group=self.gid if self.switched else None,
                extra_groups=[] if self.switched else None,
            )
        except subprocess.TimeoutExpired as slow:
            raise CommandFailed(
                f"{words[0]} did not end within {timeout_s:g} s.",
                remedy="Look at the load of the machine and the free space of the disk, then try again.",
            ) from slow
        except OSError as refused:
            raise CommandFailed(
                f"{words[0]} could not be started as {self.name}: {refused}.",
                remedy="Check that the program exists and that this account may execute it.",
            ) from refused
        if check and done.returncode != 0:
            raise CommandFailed(
                f"{words[0]} ended with exit code {done.returncode}: {_tail(done.stderr or done.stdout)}",
                remedy="The program's own message names the cause.",
            )
        return done

    def can_enter(self, folder: Path) -> bool:
        """Whether this account may traverse ``folder`` and all its parents: asked from the kernel, not computed."""
        if not self.switched:
            return os.access(folder, os.X_OK)
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder], check=False).returncode == 0


def choose(name: str | None = None) -> ServerAccount:
    """Ourselves, or as root an unprivileged account: ``name`` if given, else the first of ``PREFERRED_ACCOUNTS``.

    Raises ``AccountMissing`` when root names an account that is not there or is root itself, or none is there; and when
    an ordinary user names another account than his own.
    """
    uid = os.getuid()
    if uid != 0:
        own = _name_of(uid)
        if name is not None and name != own:
            raise AccountMissing(
                f"The server cannot run as {name!r}: only root may choose another account than its own ({own}).",
                remedy="Leave the account out, or run as root.",
            )
        return ServerAccount(uid=uid, gid=os.getgid(), name=own, switched=False)
    for candidate in (name,) if name is not None else PREFERRED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(candidate)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerAccount(uid=entry.pw_uid, gid=entry.pw_gid, name=candidate, switched=True)
    wanted = name if name is not None else " or ".join(PREFERRED_ACCOUNTS)
    raise AccountMissing(
        f"PostgreSQL refuses to run as root, and there is no unprivileged account {wanted}.",
        remedy="Name an existing system account that is not root, or run as an ordinary user.",
    )


def clean_environment() -> dict[str, str]:
    """The whole environment of every program this package starts: nothing is inherited (no PG*, LD_*, HOME)."""
    return dict(_CLEAN_ENVIRONMENT)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as unknown:
        raise AccountMissing(
            f"The current user id {uid} has no name in the account database; initdb refuses to run for it.",
            remedy="Run as a named user (in a container: add a line to /etc/passwd for this id).",
        ) from unknown


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
