"""A throw-away cluster from a base backup: a physical copy of somebody else's data directory, marked as a copy.

It is never the directory itself that is opened, and one that is in use, or no backup, is refused. What would act on the
outside is taken away before the first start: standby and recovery signals, settings made by ALTER SYSTEM (archiving,
replication, preloaded libraries); links that lead out of it are refused.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pg_embedded import account as accounts
from pg_embedded import folders, initialise, password, places, relocation, server
from pg_embedded import programs as installations
from pg_embedded.account import ServerAccount, clean_environment
from pg_embedded.cluster import ThrowawayCluster
from pg_embedded.errors import CommandFailed, EmbeddedError
from pg_embedded.folders import Recorder
from pg_embedded.programs import Programs
from pg_embedded.server import ServerSettings

MARKER = "pg_dryrun.copy"
"""A file in the copy's data directory that no production has."""
_SIGNALS = ("standby.signal", "recovery.signal", "postmaster.opts")
_ALTER_SYSTEM = "postgresql.auto.conf"
_TARS = ("base.tar", "base.tar.gz")
_WAL_TARS = ("pg_wal.tar", "pg_wal.tar.gz")
_COPY_S = 3600.0


class NotABackup(EmbeddedError):
    """The folder is in use, or is no base backup."""

    code = "NOT_A_BACKUP"


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A base backup as ``pg_basebackup`` wrote it: plain format (a data directory) or tar format."""

    folder: Path
    major: int
    tar: bool
    manifest: bool
    """Whether it has a manifest, by which every file can be verified."""


def recognise(folder: Path) -> Backup:
    """What lies in ``folder``. Raises ``NotABackup``: a data directory in use, one that is no copy, anything else."""
    folder = folder.absolute()
    tar = next((folder / name for name in _TARS if (folder / name).is_file()), None)
    if tar is not None:
        with tarfile.open(tar) as archive:
            version = archive.extractfile("PG_VERSION")
            major = int(version.read().strip()) if version is not None else 0
        return Backup(folder=folder, major=major, tar=True, manifest=(folder / "backup_manifest").is_file())
    if not (folder / "PG_VERSION").is_file():
        raise NotABackup(
            f"{folder} is no base backup: neither PG_VERSION nor base.tar is in it.",
            remedy="Name the folder that pg_basebackup wrote.",
        )
    if (folder / "postmaster.pid").exists():
        raise NotABackup(
            f"{folder} is a data directory in use (postmaster.pid): it is never opened.",
            remedy="Make a base backup of it: pg_basebackup -D FOLDER.",
        )
    if not (folder / "backup_label").is_file():
        raise NotABackup(
            f"{folder} has no backup_label: a data directory, not a copy of one. It is never opened.",
            remedy="Make a base backup of it: pg_basebackup -D FOLDER.",
        )
    links = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink()]
    if links:
        raise NotABackup(
            f"{folder} holds links that lead out of it: {', '.join(links[:5])}.",
            remedy="Make a backup without tablespaces of their own and with its WAL inside.",
        )
    return Backup(
        folder=folder,
        major=int((folder / "PG_VERSION").read_text(encoding="ascii").strip()),
        tar=False,
        manifest=(folder / "backup_manifest").is_file(),
    )


def adopt(
    backup: Backup,
    *,
    name: str,
    marker: str,
    settings: Mapping[str, str],
    programs: Programs | None = None,
    base_dir: Path | None = None,
    record: Recorder | None = None,
) -> ThrowawayCluster:
    """A running cluster on a copy of ``backup``, with our superuser, and ``marker`` in the file ``MARKER``.

    Raises ``EmbeddedError``; then nothing is left.
    """
    account = accounts.choose()
    programs = relocation.reachable(programs or installations.embedded(), account)
    if programs.major != backup.major:
        raise NotABackup(
            f"{backup.folder} is of PostgreSQL {backup.major}; these programs are {programs.version}.",
            remedy=f"Take server programs of major version {backup.major}: --lender local.",
        )
    base = places.throwaway_base(account, wanted=base_dir, expected_bytes=2 * places.size_bytes(backup.folder))
    own_password = password.new()
    cluster = ThrowawayCluster(
        name=name,
        programs=programs,
        account=account,
        folders_=folders.make(base, name=name, account=account, record=record),
        settings=ServerSettings(durable=False, settings={**settings, "hot_standby": "off"}),
        password_=own_password,
        record=record,
    )
    try:
        _fill(backup, cluster.data_dir)
        (cluster.data_dir / MARKER).write_text(marker + "\n", encoding="utf-8")
        _give(cluster.data_dir, account)
        _make_superuser(cluster, own_password)
        cluster.start()
    except BaseException:
        cluster.close()
        raise
    return cluster


def verify(backup: Backup, programs: Programs) -> tuple[str, ...]:
    """What differs from the backup's own manifest, by ``pg_verifybackup``: empty if every file is as it was written.

    A backup in tar format is verified by programs of version 18 or later only.
    """
    unread = ["--no-parse-wal"] if backup.tar else []
    done = subprocess.run(
        [programs.path("pg_verifybackup"), *unread, "--quiet", backup.folder],
        capture_output=True,
        text=True,
        timeout=_COPY_S,
        check=False,
        cwd="/",
        env=clean_environment(),
    )
    if done.returncode == 0:
        return ()
    return tuple(line.removeprefix("pg_verifybackup: ") for line in done.stderr.splitlines()) or ("it does not hold",)


def _fill(backup: Backup, data_dir: Path) -> None:
    if backup.tar:
        for names, target in ((_TARS, data_dir), (_WAL_TARS, data_dir / "pg_wal")):
            for name in names:
                if (backup.folder / name).is_file():
                    with tarfile.open(backup.folder / name) as archive:
                        archive.extractall(target, filter="data")
    else:
        shutil.copytree(backup.folder, data_dir, symlinks=True, dirs_exist_ok=True)
    for signal in _SIGNALS:
        (data_dir / signal).unlink(missing_ok=True)
    (data_dir / _ALTER_SYSTEM).write_text("", encoding="ascii")
    if any(path.is_symlink() for path in data_dir.rglob("*")):
        raise NotABackup(
            f"{backup.folder} holds links that lead out of it.",
            remedy="Make a backup without tablespaces of their own.",
        )


def _give(folder: Path, account: ServerAccount) -> None:
    """To the account, with the modes that PostgreSQL demands."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if stat.S_ISDIR(path.lstat().st_mode) else 0o600)
        if account.switched:
            os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _make_superuser(cluster: ThrowawayCluster, own_password: str) -> None:
    """By the single-user mode, which needs no login and replays what the backup has to replay."""
    folders_, account = cluster.folders, cluster.account
    server.write_configuration(folders_, cluster.settings, account)
    name = initialise.SUPERUSER
    unless_there = f"IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')"
    words = [
        f"DO $$ BEGIN {unless_there} THEN CREATE ROLE {name}; END IF; END $$;",
        f"ALTER ROLE {name} SUPERUSER LOGIN PASSWORD '{own_password}';",
        f"ALTER ROLE {name} RESET ALL;",
    ]
    quiet = ["-c", "log_statement=none", "-c", "logging_collector=off", "-c", "exit_on_error=on"]
    done = account.run(
        [cluster.programs.path("postgres"), "--single", "-D", folders_.config_dir, *quiet, "postgres"],
        stdin="\n".join(words) + "\n",
        timeout_s=_COPY_S,
        check=False,
    )
    if done.returncode != 0 or "ERROR:" in done.stderr:
        said = done.stderr.replace(own_password, "[password]").strip().splitlines()[-12:]
        raise CommandFailed(
            "The base backup cannot be started:\n" + "\n".join(said),
            remedy="The last words name the cause: WAL that is missing (pg_basebackup -X stream), a missing locale.",
        )
