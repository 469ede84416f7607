"""A dump: its format, its digests, and how ``pg_dump`` is called (C-03).

A small database is dumped as plain SQL, a larger one in directory format by parallel jobs. ``content_sha256`` leaves
out what ``pg_dump`` draws by lot or by the clock (the restrict key of a script, the time stamp of an archive): equal
databases give equal content digests. The restrict key itself stays random: a script could leave a known one.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pg_dryrun import commands
from pg_dryrun.credentials import Vault
from pg_dryrun.subject import Login

STATISTICS_SINCE_MAJOR = 18
"""From this version on ``pg_dump`` takes the planner's statistics along, and nothing has to be analysed again."""
_CHUNK_BYTES = 1 << 20
_LOCK_WAIT_MS = 30_000
_RESTRICT_LINE = re.compile(rb"^\\(un)?restrict [0-9A-Za-z]+$", re.MULTILINE)
_EDGE_BYTES = 1 << 14
_TABLE_DATA = re.compile(r"^(\d+); \d+ \d+ (?:TABLE DATA|BLOBS?) (.+) \S+$", re.MULTILINE)
_KEY_OF_A_LISTING = "listing"
_LISTING_TIMEOUT_S = 600.0
MOST_JOBS = 4
"""More sessions than this are not opened on production, however many processors this machine has."""


class DumpFormat(StrEnum):
    PLAIN = "plain"
    CUSTOM = "custom"
    DIRECTORY = "directory"
    TAR = "tar"


@dataclass(frozen=True, kw_only=True)
class Dump:
    """The dump. A plain one is restored from ``script`` (``path`` itself); an archive from ``path`` by ``pg_restore``.

    ``sha256`` is of the bytes of ``path``, or of its files' names, sizes and digests; ``content_sha256`` of what is
    the same for equal databases.
    """

    path: Path
    script: Path
    format: DumpFormat
    size_bytes: int
    sha256: str
    content_sha256: str


def jobs() -> int:
    """How many sessions work at one time: as many as there are processors for this process, within ``MOST_JOBS``."""
    return max(1, min(MOST_JOBS, len(os.sched_getaffinity(0))))


def write(
    source: Login,
    exported: str,
    path: Path,
    *,
    form: DumpFormat,
    bin_dir: Path,
    vault: Vault,
    timeout_s: float,
    sessions: int,
    statistics: bool,
) -> None:
    """Dump the snapshot ``exported`` into ``path``: a script, or (``DIRECTORY``) a new folder. Raises
    ``EnvironmentFault``."""
    argv: list[str | Path] = [
        bin_dir / "pg_dump",
        f"--format={form}",
        f"--snapshot={exported}",
        f"--lock-wait-timeout={_LOCK_WAIT_MS}",
        "--no-sync",
        "--no-password",
    ]
    if statistics:
        argv.append("--statistics")
    if form is DumpFormat.DIRECTORY:
        path.mkdir(mode=0o700)
        # Uncompressed: read once by us, removed afterwards; gzip costs six times the rest.
        argv += [f"--jobs={sessions}", "--compress=0", f"--file={path}"]
    environment = {**vault.environment(source), "PGOPTIONS": "-c default_transaction_read_only=on"}
    target = path if form is DumpFormat.PLAIN else None
    commands.check(argv, timeout_s=timeout_s, env=environment, stdout_to=target, redact=vault.redact)


def describe_plain(path: Path) -> Dump:
    """Size and both digests of a plain dump, in one reading."""
    raw, content = hashlib.sha256(), hashlib.sha256()
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_EDGE_BYTES)
        raw.update(head)
        content.update(_without_key(head))
        rest = max(0, size - len(head) - _EDGE_BYTES)
        while rest and (chunk := file.read(min(_CHUNK_BYTES, rest))):
            raw.update(chunk)
            content.update(chunk)
            rest -= len(chunk)
        tail = file.read()
        raw.update(tail)
        content.update(_without_key(tail))
    return Dump(
        path=path,
        script=path,
        format=DumpFormat.PLAIN,
        size_bytes=size,
        sha256=raw.hexdigest(),
        content_sha256=content.hexdigest(),
    )


def describe_directory(path: Path, *, bin_dir: Path) -> Dump:
    """Size and both digests of a dump in directory format. Raises ``EnvironmentFault`` if its contents cannot be
    listed."""
    with ThreadPoolExecutor(max_workers=jobs()) as pool:
        schema = pool.submit(_archive_script, path, bin_dir)
        parts = digest_files(path, run=lambda work, files: list(pool.map(work, files)))
        script, labels = schema.result()
    content = hashlib.sha256(hashlib.sha256(script).digest())
    named = sorted((labels.get(name, _anonymous(name)), parts[name]) for name in parts if name != "toc.dat")
    for label, (size, digest) in named:
        content.update(f"{label}\0{size}\0{digest}\n".encode())
    size, digest = digest_of(parts)
    return Dump(
        path=path,
        script=path,
        format=DumpFormat.DIRECTORY,
        size_bytes=size,
        sha256=digest,
        content_sha256=content.hexdigest(),
    )


FileDigests = Mapping[str, tuple[int, str]]
"""Size in bytes and SHA-256 by file name."""
_Mapper = Callable[[Callable[[Path], tuple[int, str]], list[Path]], list[tuple[int, str]]]


def digest_files(folder: Path, *, run: _Mapper | None = None) -> FileDigests:
    """Every file that lies in ``folder`` itself."""
    files = sorted(found for found in folder.iterdir() if found.is_file())
    digests = run(_digest_file, files) if run is not None else [_digest_file(file) for file in files]
    return {file.name: digest for file, digest in zip(files, digests, strict=True)}


def digest_of(parts: FileDigests) -> tuple[int, str]:
    """Size and SHA-256 of a folder: of the sorted names, sizes and digests of its files."""
    hasher = hashlib.sha256()
    for name, (size, digest) in sorted(parts.items()):
        hasher.update(f"{name}\0{size}\0{digest}\n".encode())
    return sum(size for size, _ in parts.values()), hasher.hexdigest()


def digest_path(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a dump: of a file its bytes, of a folder as ``digest_of`` says."""
    return _digest_file(path) if path.is_file() else digest_of(digest_files(path))


def has_option(program: Path, option: str) -> bool:
    """Whether a program of PostgreSQL names ``option`` in its help: minor versions gain some."""
    done = commands.run([program, "--help"], timeout_s=30.0)
    return option.encode() in done.stdout


def _archive_script(path: Path, bin_dir: Path) -> tuple[bytes, Mapping[str, str]]:
    """The archive's schema as SQL without its random key, and of every data file whose data it holds."""
    program = bin_dir / "pg_restore"
    argv: list[str | Path] = [program, "--schema-only", "--file=-"]
    if has_option(program, "--restrict-key"):
        argv.append(f"--restrict-key={_KEY_OF_A_LISTING}")
    limit = 1 << 30
    script = commands.run([*argv, path], timeout_s=_LISTING_TIMEOUT_S, limit_bytes=limit).stdout
    listing = commands.check([program, "--list", path], timeout_s=_LISTING_TIMEOUT_S, limit_bytes=limit).stdout
    labels = {f"{number}.dat": label for number, label in _TABLE_DATA.findall(listing.decode("utf-8", "replace"))}
    return _without_key(script), labels


def _anonymous(name: str) -> str:
    return re.sub(r"^(blobs)_\d+", r"\1", name)


def _without_key(piece: bytes) -> bytes:
    return _RESTRICT_LINE.sub(rb"\\\1restrict", piece)


def _digest_file(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
