"""C-01 and C-02: may this run begin, and where does it work?"""

from __future__ import annotations

import shutil
import stat
import tempfile
from pathlib import Path

import msgspec

from pg_dryrun import hardcode, protected
from pg_dryrun.gates.interface import Gate
from pg_dryrun.gates.preflight import DiskGate, HardcodeGate, NameGate, ProtectedGate, RevisionGate
from pg_dryrun.gates.workplace import DigestGate, PermissionsGate
from pg_dryrun.ledger import Kind as Created
from pg_dryrun.ledger import RunLedger
from pg_dryrun.plan import BaseBackup, DumpFile, LiveSource
from pg_dryrun.runner.run import Run
from pg_dryrun.subject import Login, Subject
from pg_dryrun.version import VERSION
from sealing.digest import canonical_digest

_COPIES_OF_A_DUMP = 6
"""Room for the dump, its restore (about three times a compressed dump) and the clones that are out at one time."""


def workdir_for(run_id: str) -> Path:
    """Where the run keeps what nobody else may read."""
    return Path(tempfile.gettempdir()).resolve() / f"pg-dryrun-{run_id}"


def preflight(run: Run) -> None:
    """C-01. Nothing is created yet."""
    machine(run)
    run.ask(RevisionGate, lambda: _revision(run))
    run.ask(HardcodeGate, lambda: _hardcode(run))


def machine(run: Run) -> None:
    """C-01 as far as it concerns any writer: room, names, protected servers."""
    run.step("C-01")
    run.ask(DiskGate, lambda: _disk(run))
    run.ask(NameGate, lambda: _names(run))
    run.ask(ProtectedGate, lambda: _protected(run))


def work_place(run: Run) -> None:
    """C-02."""
    run.step("C-02")
    run.ask(PermissionsGate, lambda: _permissions(run))
    run.ask(DigestGate, lambda: _digests(run))


def _disk(run: Run) -> Gate:
    needed = run.plan.thresholds.free_bytes
    if isinstance(run.plan.source, DumpFile | BaseBackup) and run.plan.source.path.exists():
        path = run.plan.source.path
        files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
        needed = max(needed, _COPIES_OF_A_DUMP * sum(file.stat().st_size for file in files))
    where = run.workdir.parent
    return DiskGate(path=str(where), free_bytes=shutil.disk_usage(where).free, needed_bytes=needed)


def _names(run: Run) -> Gate:
    wanted = [run.workdir]
    return NameGate(
        wanted=[str(path) for path in wanted],
        taken=[str(path) for path in wanted if path.exists() or path.is_symlink()],
    )


def _protected(run: Run) -> Gate:
    run.facts.protected_before = look_at_protected(run)
    return ProtectedGate(named=len(_protected_logins(run)) + len(run.plan.protected), seen=run.facts.protected_before)


def look_at_protected(run: Run) -> protected.ProtectedSnapshot:
    """The protected servers now. Production, where it is a server, is one of them."""
    return protected.look(
        logins=_protected_logins(run),
        data_dirs=[item.data_dir for item in run.plan.protected],
        own_pids=own_server_pids(run.ledger),
    )


def own_server_pids(ledger: RunLedger) -> list[int]:
    """Processes that this run started, by its own ledger."""
    return [int(str(entry.facts["pid"])) for entry in ledger.entries() if entry.kind is Created.PROCESS]


def _protected_logins(run: Run) -> list[Login]:
    return [run.plan.source.login] if isinstance(run.plan.source, LiveSource) else []


def _revision(run: Run) -> Gate:
    run.facts.revision = run.subject.revision()
    return RevisionGate(
        revision=run.facts.revision,
        authorised_commit=run.plan.authorised_commit,
        allowed_deviations=run.plan.allowed_deviations,
    )


def _hardcode(run: Run) -> Gate:
    root = run.facts.revision.root if run.facts.revision else None
    return HardcodeGate(report=hardcode.scan(run.subject.source_paths, allowed=run.plan.hardcode_allowed, root=root))


def _permissions(run: Run) -> Gate:
    run.began = True
    run.ledger.will_create(Created.DIRECTORY, str(run.workdir))
    run.workdir.mkdir(mode=0o700)
    (run.workdir / "scenarios").mkdir(mode=0o700)
    root = run.facts.revision.root if run.facts.revision else None
    inside = [run.workdir] if root is not None and run.workdir.is_relative_to(root.resolve()) else []
    folders = (run.workdir, run.folder.path)
    return PermissionsGate(
        modes={str(path): stat.S_IMODE(path.stat().st_mode) for path in folders},
        inside_repository=[str(path) for path in inside],
    )


def _digests(run: Run) -> Gate:
    run.facts.digests = {
        "plan": run.plan.sha256(),
        "statements": statements_sha256(run.subject),
        "scenarios": scenarios_sha256(run.subject),
        "checks": canonical_digest([item.id for item in run.planned]),
        "tool": VERSION,
    }
    pins = run.plan.pins
    pinned = {"statements": pins.statements_sha256, "scenarios": pins.scenarios_sha256, "tool": pins.tool_version}
    if run.plan.checks is not None:
        pinned["checks"] = canonical_digest(list(run.plan.checks))
    return DigestGate(pinned={name: value for name, value in pinned.items() if value}, computed=run.facts.digests)


def statements_sha256(subject: Subject) -> str:
    """The digest of everything that the subject declares: statements, rights, emissions."""
    declared = {
        "statements": msgspec.to_builtins(list(subject.statements)),
        "rights": msgspec.to_builtins(list(subject.rights)),
        "emissions": msgspec.to_builtins(list(subject.emissions)),
    }
    return canonical_digest(declared)


def scenarios_sha256(subject: Subject) -> str:
    """The digest of what the scenarios promise (their code is in the commit)."""
    return canonical_digest(
        [
            {
                "id": item.id,
                "title": item.title,
                "kind": item.kind.value,
                "chain": item.chain,
                "refusals": list(item.expected_refusals),
                "dark": list(item.expected_dark),
                "deliberate": list(item.deliberate_statements),
                "totals": "by state" if callable(item.expected_totals) else dict(item.expected_totals or {}),
                "updates": "by state" if callable(item.expected_updates) else dict(item.expected_updates),
            }
            for item in subject.scenarios
        ]
    )
