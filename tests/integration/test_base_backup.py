"""A base backup as production: verified, marked, rehearsed on; what is no whole copy is refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.till_room import Till

from pg_dryrun import commands
from pg_dryrun.environments.embedded import EmbeddedEnvironment, EmbeddedLender
from pg_dryrun.gates.environment import IdentityGate
from pg_dryrun.observer import connect
from pg_dryrun.outcome import Blame, Check, Status, Verdict
from pg_dryrun.plan import BaseBackup, DumpFile, Plan, ProtectedServer
from pg_dryrun.runner import Outcome, rehearse
from sealing.keys import SigningKey

KEY = SigningKey.generate()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEnvironment]:
    """A till in use, whose server would archive elsewhere."""
    with EmbeddedLender().lend("production", own_identity=True) as server:
        Till().make_production(server.admin, tmp_path_factory.mktemp("production"))
        with connect(server.admin, purpose="test") as observer:
            observer.execute("ALTER SYSTEM SET archive_command = 'false'")
        yield server


@pytest.fixture(scope="module", params=["plain", "tar"])
def backup(
    request: pytest.FixtureRequest, production: EmbeddedEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("backup") / request.param
    words = [production.program("pg_basebackup"), "-D", folder, f"--format={request.param}", "-X", "stream"]
    admin = production.admin
    passfile = folder.parent / "passfile"
    passfile.write_text(f"*:*:*:{admin.user}:{admin.password}\n")
    passfile.chmod(0o600)
    env = {"PGHOST": admin.host, "PGUSER": admin.user, "PGPASSFILE": str(passfile)}
    commands.check([*words, "--checkpoint=fast"], timeout_s=120, env=env)
    return folder


def run(out: Path, source: BaseBackup | DumpFile, **plan: object) -> Outcome:
    return rehearse(Till(), Plan(source=source, **plan), EmbeddedLender(), out, key=KEY)  # type: ignore[arg-type]


def failed(outcome: Outcome) -> Check:
    return next(check for check in outcome.checks if check.status is Status.FAILED)


def test_a_base_backup_is_rehearsed_on_and_stays_as_it_was(
    backup: Path, production: EmbeddedEnvironment, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in backup.rglob("*")}
    source = BaseBackup(path=backup, dbname="postgres", system_identifier=production.system_identifier)
    outcome = run(tmp_path, source)
    assert outcome.verdict is Verdict.PASS, outcome.summary
    assert {path: path.stat().st_mtime_ns for path in backup.rglob("*")} == before
    by_id = {check.id: check for check in outcome.checks}
    assert by_id["G-10"].observed["marks"] == {"marker file": True, "cluster name": True, "marker row": True}
    assert "every file of the base backup" in by_id["G-09"].detail
    document = json.loads((outcome.folder / "report.json").read_bytes())
    assert document["production"]["kind"] == "backup"
    assert document["environment"]["system_identifier"] == production.system_identifier
    assert any("ALTER SYSTEM" in line for line in document["environment"]["deviations"])


@pytest.mark.parametrize("backup", ["plain"], indirect=True)
def test_productions_own_directory_is_never_opened(
    production: EmbeddedEnvironment, backup: Path, tmp_path: Path
) -> None:
    own = Path(str(production.describe().facts["data_dir"]))
    copied = tmp_path / "copied"
    (copied / "base").mkdir(parents=True)
    (copied / "PG_VERSION").write_text("18\n")
    (copied / "base" / "1").write_text("no backup")
    (tmp_path / "empty").mkdir()
    cases: list[tuple[BaseBackup | DumpFile, str, str]] = [
        (BaseBackup(path=own, dbname="postgres"), "G-06", "is a data directory in use (postmaster.pid)"),
        (BaseBackup(path=copied, dbname="postgres"), "G-06", "has no backup_label"),
        (BaseBackup(path=tmp_path / "copied" / "base", dbname="postgres"), "G-06", "is no base backup"),
        (BaseBackup(path=tmp_path / "empty", dbname="postgres"), "G-05", "is an empty folder"),
        (DumpFile(path=own), "G-06", "is a data directory of PostgreSQL"),
    ]
    for number, (source, gate, words) in enumerate(cases):
        outcome = run(tmp_path / f"runs{number}", source)
        check = failed(outcome)
        assert (check.id, check.blame, outcome.verdict) == (gate, Blame.PLAN, Verdict.PLAN_FAIL), check.detail
        assert words in check.detail
    assert production.running
    outcome = run(
        tmp_path / "protected",
        BaseBackup(path=backup, dbname="postgres"),
        protected=(ProtectedServer(name="it", data_dir=backup),),
    )
    assert "is the protected server it itself" in failed(outcome).detail


@pytest.mark.parametrize("backup", ["plain"], indirect=True)
def test_a_damaged_or_foreign_backup_is_named(backup: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(backup, damaged)
    files = [path for path in (damaged / "base").rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(bytes(content))
    cases = [
        (BaseBackup(path=damaged, dbname="postgres"), "is not as it was written"),
        (BaseBackup(path=backup, dbname="nowhere"), "has no database nowhere"),
        (BaseBackup(path=backup, dbname="postgres", system_identifier="1"), "authorised 1, found"),
    ]
    for number, (source, words) in enumerate(cases):
        outcome = run(tmp_path / f"runs{number}", source)
        assert (failed(outcome).blame, outcome.verdict) == (Blame.PLAN, Verdict.PLAN_FAIL)
        assert words in failed(outcome).detail
    (damaged / "backup_manifest").unlink()
    assert "nothing shows that it is whole" in failed(run(tmp_path / "unshown", cases[0][0])).detail


@pytest.mark.parametrize("marks", [{}, {"marker file": True, "cluster name": True, "marker row": False}])
def test_a_physical_copy_without_its_marks_is_the_hard_abort(marks: dict[str, bool]) -> None:
    check = IdentityGate(copy_identifier="7", forbidden=(), created_by_this_run=True, marks=marks).check()
    assert (check.status, check.blame) == (Status.FAILED, Blame.ENVIRONMENT)
    assert "may be production itself" in str(check.root_cause and check.root_cause.remedy)
