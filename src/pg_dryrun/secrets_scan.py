"""G-23, G-24: is a secret in a log, a report, a left file or a process's arguments? Never prints what it found."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pg_dryrun import processes as running

_CHUNK_BYTES = 1 << 20
_SHORTEST_SECRET = 6


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Where a secret was found. ``where`` is a path or ``pid N arguments``; ``encoding``: raw, url, hex, base64."""

    secret: str
    where: str
    start_byte: int
    encoding: str


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What was looked at and what was found. ``unreadable`` was not looked at: that is not a clean result."""

    findings: tuple[Finding, ...]
    files: int
    processes: int
    bytes_read: int
    unreadable: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Nothing found and nothing left unread."""
        return not self.findings and not self.unreadable


@dataclass(frozen=True, kw_only=True)
class _Needle:
    secret: str
    encoding: str
    form: bytes


def scan(secrets: Mapping[str, str], *, paths: Iterable[Path] = (), processes: bool = True) -> Scan:
    """Look for every secret in files (folders are walked) and in the arguments of every visible process.

    ``secrets`` by name. A secret shorter than six characters is reported as unreadable: it would be found everywhere.
    The files that hold secrets by design (0600 password files) are for the caller to leave out.
    """
    needles = _needles(secrets)
    unreadable = [f"secret {name}: too short" for name, value in secrets.items() if len(value) < _SHORTEST_SECRET]
    findings: list[Finding] = []
    files = read = seen = 0
    for path in _files(paths):
        files += 1
        try:
            found, size = _scan_file(path, needles)
        except OSError as error:
            unreadable.append(f"{path}: {error.strerror}")
            continue
        findings += found
        read += size
    if processes:
        for process in running.everything():
            seen += 1
            findings += _scan_bytes(process.arguments, needles, where=f"pid {process.pid} arguments")
    return Scan(findings=tuple(findings), files=files, processes=seen, bytes_read=read, unreadable=tuple(unreadable))


def _needles(secrets: Mapping[str, str]) -> tuple[_Needle, ...]:
    found: list[_Needle] = []
    for name, value in secrets.items():
        if len(value) < _SHORTEST_SECRET:
            continue
        raw = value.encode()
        forms = {"raw": raw, "url": quote(value, safe="").encode(), "hex": raw.hex().encode()}
        found += [
            _Needle(secret=name, encoding=encoding, form=form)
            for encoding, form in forms.items()
            if encoding == "raw" or form != raw
        ]
        found += [_Needle(secret=name, encoding="base64", form=form) for form in _base64_forms(raw)]
    return tuple(found)


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """What of base64 does not depend on the neighbours, at each of the three places a text can start in a group."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + raw)
        first = (0, 2, 3)[shift]
        spare = (shift + len(raw)) % 3
        last = len(encoded) - (0, 3, 2)[spare]
        if last - first >= _SHORTEST_SECRET:
            yield encoded[first:last]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            yield from (found for found in sorted(path.rglob("*")) if found.is_file() and not found.is_symlink())
        else:
            yield path


def _scan_file(path: Path, needles: tuple[_Needle, ...]) -> tuple[list[Finding], int]:
    """Chunk by chunk, each with the end of the one before, so that no secret hides in a seam."""
    overlap = max((len(needle.form) for needle in needles), default=1) - 1
    findings: dict[tuple[str, str, int], Finding] = {}
    held, position = b"", 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            window = held + chunk
            for finding in _scan_bytes(window, needles, where=str(path), offset=position - len(held)):
                findings[finding.secret, finding.encoding, finding.start_byte] = finding
            position += len(chunk)
            held = window[-overlap:] if overlap else b""
    return list(findings.values()), position


def _scan_bytes(data: bytes, needles: tuple[_Needle, ...], *, where: str, offset: int = 0) -> list[Finding]:
    found = []
    for needle in needles:
        at = data.find(needle.form)
        if at >= 0:
            found.append(Finding(secret=needle.secret, where=where, start_byte=offset + at, encoding=needle.encoding))
    return found
