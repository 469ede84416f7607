"""What of many runs is kept and what is destroyed, by rule (design 3.5). A pure choice, then the removal.

Kept whatever the rule says: a run under way; a run that left something behind (it is cleaned first); and for every
subject and commit the newest PASS, because a production may be resting on it. Nothing else is kept for ever: reports
name tables and statements of a production.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pg_dryrun.attestation import ENVELOPE
from pg_dryrun.evidence import LATEST
from pg_dryrun.library import KeptRun
from pg_dryrun.outcome import Verdict
from sealing.digest import file_sha256

JOURNAL = "removed.jsonl"
"""In the folder of all runs: one line for every run that was removed, so that a missing one is no riddle."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A run may go when it is older than ``older_than`` and not among the newest ``keep_last``."""

    older_than: timedelta
    keep_last: int


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One run and what becomes of it. ``why`` is for people."""

    run: KeptRun
    removed: bool
    why: str


def choose(runs: Sequence[KeptRun], rule: Rule, *, now: datetime) -> list[Choice]:
    """What the rule says of each run. ``runs``: the newest first, as ``library.runs_in`` gives them."""
    newest_pass: set[tuple[str, str | None]] = set()
    choices: list[Choice] = []
    for place, run in enumerate(runs):
        why = _kept(run, place, rule, now, newest_pass)
        choices.append(Choice(run=run, removed=why is None, why=why or f"older than {rule.older_than}"))
    return choices


def _kept(run: KeptRun, place: int, rule: Rule, now: datetime, newest_pass: set[tuple[str, str | None]]) -> str | None:
    of = (run.subject, run.commit)
    first_pass = run.verdict is Verdict.PASS and of not in newest_pass
    if first_pass:
        newest_pass.add(of)
    if run.under_way:
        return "under way"
    if run.leftovers:
        return f"left {run.leftovers} things behind: pg-dryrun clean {run.folder}"
    if first_pass:
        return "the newest PASS of its commit"
    if place < rule.keep_last:
        return f"among the newest {rule.keep_last}"
    return "young" if now - run.ended_at < rule.older_than else None


def remove(out_dir: Path, choices: Sequence[Choice], *, now: datetime) -> list[Path]:
    """Remove what was chosen; each is written down, on disk, before it goes. Raises ``OSError``."""
    gone: list[Path] = []
    for choice in (item for item in choices if item.removed):
        folder = choice.run.folder
        _note(out_dir, choice, now)
        doomed = folder.with_name(f".{folder.name}.removed")  # one step: nobody meets half a folder
        folder.rename(doomed)
        shutil.rmtree(doomed)
        gone.append(folder)
    latest = out_dir / LATEST
    if latest.is_symlink() and not latest.exists():
        latest.unlink()
    return gone


def _note(out_dir: Path, choice: Choice, now: datetime) -> None:
    run = choice.run
    envelope = run.folder / ENVELOPE
    line = {
        "folder": run.folder.name,
        "subject": run.subject,
        "commit": run.commit,
        "verdict": run.verdict.value if run.verdict is not None else None,
        "envelope_sha256": file_sha256(envelope) if envelope.is_file() else None,
        "removed_at": now.isoformat(timespec="seconds"),
        "why": choice.why,
    }
    with (out_dir / JOURNAL).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
