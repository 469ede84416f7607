"""What planting defects takes: the words of a plant, a scratch copy of this checkout with it, a production to dump.

The whole command runs in a process of its own, from the copy's own sources, committed there, so that what is rehearsed
is the defect and nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutter_dryrun.production import make_stand_in
from pg_dryrun.observer import connect
from pg_dryrun.observer.identity import identity
from pg_dryrun.reader import create_reader
from pg_dryrun.subject import Login
from pg_embedded.cluster import ThrowawayCluster

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 280
DUMP = "production.sql"
DATABASE = "production"
READER = "reader"
PRODUCT, PLAN, TOOL, ENVIRONMENT = "product", "plan", "tool", "environment"
WORDS: Mapping[str, tuple[str, int]] = {
    PRODUCT: ("PRODUCT_FAIL", 1),
    PLAN: ("PLAN_FAIL", 3),
    TOOL: ("TOOL_FAIL", 4),
    ENVIRONMENT: ("INCOMPLETE", 5),
}
"""Whose defect: the verdict and the exit code in which it has to end."""

SMALL_LAW = """Chương I
QUY ĐỊNH CHUNG
Điều 1. Phạm vi
1. Khoản thứ nhất.
2. Khoản thứ hai:
a) Điểm a;
b) Điểm b.
Điều 2. Hiệu lực
Luật này có hiệu lực ngay.
"""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Replace ``old``, which must stand in ``path`` exactly once, by ``new``: a plant that no longer fits the code
    fails loudly instead of planting nothing."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One defect. ``whose`` it is decides verdict and exit code; ``says`` must all stand in report.json.

    ``plan`` may name ``{host}``, ``{port}``, ``{user}`` and ``{identifier}`` of a production server, which
    is then there; ``options`` and the values of ``environment`` may, too, and ``{copy}`` and ``{password}``.
    """

    name: str
    why: str
    whose: str
    edits: tuple[Edit, ...] = ()
    failed_check: str | None
    says: tuple[str, ...] = ()
    plan: str = ""
    faults: tuple[str, ...] = ("--faults", "none")
    """How much is broken; a plant that only faults can find names the pair."""
    dump: Callable[[bytes], bytes] | None = None
    """Production is the file that ``pg_dump`` wrote of a stand-in, and this was done to it."""
    uncommitted: bool = False
    """The edits are not committed."""
    server: bool = False
    """Production is a server that runs beside."""
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = True
    """False: refused before anything was begun, in words on the terminal."""
    sealed: bool = True
    """False: the defect is in the evidence, and ``pg-dryrun check`` is who finds it."""
    ends: tuple[str, int] | None = None
    """Verdict and exit code where they are not those of ``whose``: what the lying tool says."""
    short: bool = False
    """Part of the short form."""

    @property
    def verdict(self) -> str:
        """The word in which the run has to end."""
        return (self.ends or WORDS[self.whose])[0]

    @property
    def exit_code(self) -> int:
        """The exit code in which the run has to end."""
        return (self.ends or WORDS[self.whose])[1]


@dataclass(frozen=True, kw_only=True)
class Production:
    """A stand-in production on a server of its own, and what ``pg_dump`` wrote of it."""

    admin: Login
    identifier: str
    dump: bytes

    def words(self) -> dict[str, str]:
        """What a plan or a command may name."""
        return {
            "host": self.admin.host,
            "port": str(self.admin.port),
            "user": self.admin.user,
            "password": self.admin.password,
            "identifier": self.identifier,
        }


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a rehearsal of the copy ended. ``text`` is report.json as it lies on disk; empty where there is none."""

    exit_code: int
    printed: str
    report: dict[str, Any]
    text: str
    folder: Path


@contextmanager
def running_production() -> Iterator[Production]:
    """For as long as the block lasts."""
    with ThrowawayCluster.create(name="planted-production", fresh_identity=True) as cluster:
        with connect(Login(**cluster.admin), purpose="plants") as observer:
            observer.execute(f"CREATE DATABASE {DATABASE}")
            identifier = identity(observer).system_identifier
        admin = Login(**cluster.admin_of(DATABASE))
        make_stand_in(admin)
        create_reader(admin, role=READER, password=admin.password)
        written = subprocess.run(
            [cluster.programs.path("pg_dump"), "--format=plain"],
            env={**os.environ, **admin.environment()},
            capture_output=True,
            check=True,
            timeout=60,
        )
        yield Production(admin=admin, identifier=identifier, dump=written.stdout)


def scratch_copy(target: Path, plant: Plant | None) -> None:
    """This checkout as it is now (committed or not), with the plant, as one commit of a repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "src", "pyproject.toml", ".gitignore"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    if plant is None or not plant.uncommitted:
        _plant(target, plant)
    git = ["git", "-c", "user.name=scratch", "-c", "user.email=scratch@invalid", "-c", "init.defaultBranch=scratch"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", plant.name if plant else "as it is"]):
        subprocess.run([*git, *words], cwd=target, check=True, capture_output=True, timeout=60)
    if plant is not None and plant.uncommitted:
        _plant(target, plant)


def _plant(target: Path, plant: Plant | None) -> None:
    for edit in plant.edits if plant else ():
        path = target / edit.path
        text = path.read_text("utf-8")
        assert text.count(edit.old) == 1, f"{plant and plant.name}: {edit.path} no longer has the text to replace"
        path.write_text(text.replace(edit.old, edit.new), "utf-8")


def rehearse(
    copy: Path,
    scratch: Path,
    plant: Plant | None = None,
    production: Production | None = None,
    *,
    home: Path | None = None,
) -> Ended:
    """``iu-cutter dry-run`` of the copy, with an evidence folder of its own in ``scratch``.

    ``home``: where its key and its cache are; None: in ``scratch``, too.
    """
    known = {"copy": str(copy), **(production.words() if production is not None else {})}
    law = scratch / "small-law.txt"
    law.write_text(SMALL_LAW, "utf-8")
    words = [sys.executable, "-m", "cutter_agent", "dry-run", "--law", str(law), "--out", str(scratch / "runs")]
    plan = plant.plan if plant is not None else ""
    if plant is not None and plant.dump is not None:
        assert production is not None
        (scratch / DUMP).write_bytes(plant.dump(production.dump))
        plan = f'[source]\nkind = "dump"\npath = "{DUMP}"\n{plan}'
    if plan:
        (scratch / "plan.toml").write_text(_filled(plan, known), "utf-8")
        words += ["--plan", str(scratch / "plan.toml")]
    words += plant.faults if plant is not None else ("--faults", "none")
    words += [_filled(word, known) for word in (plant.options if plant is not None else ())]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DOT_CUTTER_", "PG"))}
    planted = {name: _filled(value, known) for name, value in (plant.environment if plant is not None else {}).items()}
    kept = {name: value for name, value in kept.items() if not name.startswith("XDG_")}
    environment = {**kept, "PYTHONPATH": str(copy / "src"), "HOME": str(home or scratch), "NO_COLOR": "1", **planted}
    done = subprocess.run(
        words, cwd=copy, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    folder = scratch / "runs" / "latest"
    text = (folder / "report.json").read_text("utf-8") if (folder / "report.json").is_file() else ""
    printed = done.stdout + done.stderr
    return Ended(
        exit_code=done.returncode, printed=printed, report=json.loads(text) if text else {}, text=text, folder=folder
    )


def _filled(text: str, known: Mapping[str, str]) -> str:
    """TOML has braces of its own: only the known names are filled in."""
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text
