"""Dry runs that an operator shows here: a folder of runs as ``pg-dryrun`` keeps them, read as files.

A report is somebody else's HTML: it comes in a sandbox of its own, where no script runs, nothing is loaded and no form
is sent, and it does not share this site's origin. Only files of a run with the names below are ever opened.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.responses import Response

from cutter_agent.web.visit import Refusal, Visit

MOST_RUNS = 200
MOST_REPORT_BYTES = 64 << 20
SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
FILES: Mapping[str, str] = {
    "report.html": "text/html; charset=utf-8",
    "report.md": "text/markdown; charset=utf-8",
    "report.json": "application/json",
    "junit.xml": "application/xml",
    "attestation.dsse.json": "application/json",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. Without a report that can be read, ``verdict`` is empty."""

    name: str
    verdict: str = ""
    subject: str = ""
    commit: str = ""
    ended_at: str = ""
    duration_s: float | None = None
    passed: int = 0
    planned: int = 0
    failed_check: str = ""
    summary: str = ""
    files: tuple[str, ...] = ()


def runs(visit: Visit) -> Response:
    """GET /reports: the newest first, at most ``MOST_RUNS``."""
    folder = visit.site.reports
    if folder is None:
        return visit.page("reports", runs=[], is_named=False, more_than=0)
    try:
        names = sorted((each.name for each in folder.iterdir() if _is_run(each)), reverse=True)
    except OSError:
        names = []
    found = sorted((_run(folder / name) for name in names[:MOST_RUNS]), key=lambda run: (run.ended_at, run.name))
    more_than = MOST_RUNS if len(names) > MOST_RUNS else 0
    return visit.page("reports", runs=found[::-1], is_named=True, more_than=more_than)


def file(visit: Visit) -> Response:
    """GET /reports/{run}/{file}."""
    folder, run, name = visit.site.reports, visit.place("run"), visit.place("file")
    if folder is None or _NAME.fullmatch(run) is None or name not in FILES or not _is_run(folder / run):
        raise Refusal("unknown", 404)
    data = _read(folder / run / name)
    if data is None:
        raise Refusal("unknown", 404)
    headers = {"Content-Security-Policy": SANDBOX}
    if name != "report.html":
        headers["Content-Disposition"] = f'attachment; filename="{run}-{name}"'
    return Response(data, media_type=FILES[name], headers=headers)


def _is_run(path: Path) -> bool:
    return _NAME.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()


def _read(path: Path) -> bytes | None:
    """A plain file of bounded size; no link is followed out of the folder."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            return None
        data = stream.read(MOST_REPORT_BYTES + 1)
    return data if len(data) <= MOST_REPORT_BYTES else None


def _run(folder: Path) -> Run:
    files = tuple(name for name in FILES if (folder / name).is_file())
    data = _read(folder / "report.json")
    try:
        record: dict[str, Any] = json.loads(data) if data is not None else {}
        checks = record["checks"]
        return Run(
            name=folder.name,
            verdict=str(record["verdict"]),
            subject=str((record.get("subject") or {}).get("name", "")),
            commit=str((record.get("revision") or {}).get("commit", ""))[:12],
            ended_at=str(record["run"]["ended_at"]),
            duration_s=float(record["run"]["duration_s"]),
            passed=sum(check.get("status") == "Passed" for check in checks),
            planned=len(record["planned"]),
            failed_check=str(record.get("failed_check") or ""),
            summary=str(record.get("summary") or ""),
            files=files,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Run(name=folder.name, files=files)
