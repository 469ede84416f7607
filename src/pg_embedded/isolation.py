"""The jail around a server: which of its walls this machine allows, tried once and put on record (design 6.1).

Wanted, from the outside in: a network namespace without any interface (unix sockets still work), the unprivileged
account, no new privileges, no capability, and a signal when the parent dies. Every wall that the machine refuses (many
containers forbid ``unshare``) is left out and the facts say so.

The parent-death signal is SIGQUIT, PostgreSQL's "immediate shutdown", not SIGKILL: the postmaster then takes all its
backends with it, also one in a busy loop, and removes its shared memory; after SIGKILL a busy backend would live on.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pg_embedded import launcher
from pg_embedded.account import ServerAccount, clean_environment

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
# The parent may be gone before the signal is armed; a shell knows its parent's id from its own start, which is after.
_ORPHAN_GUARD = 'ulimit -c 0; [ "$PPID" = "$1" ] || exit 75; shift; exec "$@"'
_NOTHING = ("/bin/sh", "-c", ":")


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """What was reached, for the evidence."""

    account: str
    network: str
    """``none`` (own namespace without an interface) or ``host`` (no TCP listener, but the host's network)."""
    ipc: str
    """``own`` or ``host``: System V shared memory."""
    no_new_privileges: bool
    capabilities_dropped: bool
    """None is in effect."""
    dies_with_parent: str
    """The signal the server gets when its parent dies."""

    def facts(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Jail:
    """How to start a program inside the walls: words put before it, and the walls themselves."""

    account: ServerAccount
    prefix: tuple[str, ...]
    isolation: Isolation

    def start(self, argv: tuple[str, ...], *, log_fd: int, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start ``argv`` (first word absolute) as a child that dies with us; output goes to ``log_fd``.

        ``before`` are words that stand outside all walls (a mount of its own)."""
        guard = ("/bin/sh", "-c", _ORPHAN_GUARD, "sh", str(os.getpid()))
        by_setpriv = bool(self.prefix)
        switch = self.account.switched and not by_setpriv

        def opener() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                [*before, *self.prefix, *guard, *argv],
                stdin=subprocess.DEVNULL,
                stdout=log_fd,
                stderr=log_fd,
                cwd="/",
                env=clean_environment(),
                umask=0o077,
                start_new_session=True,
                user=self.account.uid if switch else None,
                group=self.account.gid if switch else None,
                extra_groups=[] if switch else None,
                preexec_fn=None if by_setpriv else _arm(),  # noqa: PLW1509 - only where there is no setpriv
            )

        return launcher.launch(opener)


@functools.lru_cache(maxsize=8)
def build(account: ServerAccount, *, private_ipc: bool) -> Jail:
    """The strongest jail that this machine allows for ``account``; probed once per process (a few milliseconds).

    ``private_ipc`` gives the server its own System V shared memory: right for a throw-away, wrong for a lasting data
    directory, whose guard against a second server is a segment that the second one must be able to see.
    """
    setpriv = shutil.which("setpriv", path=clean_environment()["PATH"])
    if setpriv is None:
        return _without_setpriv(account)
    for capabilities_dropped in (True, False) if account.switched else (False,):
        inner = _setpriv_words(setpriv, account, capabilities_dropped=capabilities_dropped)
        for outer, walls in _namespaces(account, private_ipc=private_ipc):
            if _works((*outer, *inner, *_NOTHING)):
                isolation = Isolation(
                    account=account.name,
                    no_new_privileges=True,
                    capabilities_dropped=capabilities_dropped or not account.switched,
                    dies_with_parent="SIGQUIT",
                    network=walls["network"],
                    ipc=walls["ipc"],
                )
                return Jail(account=account, prefix=(*outer, *inner), isolation=isolation)
    return _without_setpriv(account)


def observed(pid: int, expected: Isolation) -> Isolation:
    """The walls around the process ``pid``, by the kernel's word; what it does not tell us stays as expected."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    words = dict(line.split(":", 1) for line in lines if ":" in line)
    return replace(
        expected,
        no_new_privileges=words["NoNewPrivs"].strip() == "1",
        capabilities_dropped=int(words["CapEff"], 16) == 0,
        network=_namespace(pid, "net", alone="none") or expected.network,
        ipc=_namespace(pid, "ipc", alone="own") or expected.ipc,
    )


def _namespace(pid: int, kind: str, *, alone: str) -> str | None:
    try:
        ours, theirs = (os.readlink(f"/proc/{whose}/ns/{kind}") for whose in ("self", pid))  # noqa: PTH115 - no paths
    except OSError:
        return None
    return "host" if ours == theirs else alone


def _setpriv_words(setpriv: str, account: ServerAccount, *, capabilities_dropped: bool) -> tuple[str, ...]:
    words = [setpriv]
    if account.switched:
        words += [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--inh-caps=-all"]
    if capabilities_dropped:
        words += ["--bounding-set=-all"]
    return (*words, "--no-new-privs", "--pdeathsig=QUIT")


def _namespaces(account: ServerAccount, *, private_ipc: bool) -> list[tuple[tuple[str, ...], Mapping[str, str]]]:
    unshare = shutil.which("unshare", path=clean_environment()["PATH"])
    bare: tuple[tuple[str, ...], Mapping[str, str]] = ((), {"network": "host", "ipc": "host"})
    if unshare is None:
        return [bare]
    # An ordinary user may make a network namespace only inside a user namespace in which he stays himself.
    own = () if account.switched else ("--user", "--map-current-user")
    network = ((unshare, *own, "--net"), {"network": "none", "ipc": "host"})
    both = ((unshare, *own, "--net", "--ipc"), {"network": "none", "ipc": "own"})
    return [both, network, bare] if private_ipc else [network, bare]


def _works(argv: tuple[str, ...]) -> bool:
    try:
        done = subprocess.run(argv, capture_output=True, check=False, timeout=10, cwd="/", env=clean_environment())
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _without_setpriv(account: ServerAccount) -> Jail:
    isolation = Isolation(
        account=account.name,
        network="host",
        ipc="host",
        no_new_privileges=True,
        capabilities_dropped=not account.switched,
        dies_with_parent="SIGQUIT",
    )
    return Jail(account=account, prefix=(), isolation=isolation)


def _arm() -> Callable[[], None]:
    """What ``setpriv`` would do, run in the child after it has changed its user (a change of user disarms the signal).

    Everything is looked up before the fork: the child calls two bare C functions and nothing else.
    """
    prctl = ctypes.CDLL(None).prctl
    death_signal = int(signal.SIGQUIT)

    def arm() -> None:
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)

    return arm
