"""``pg-dryrun index``, ``prune`` and ``keys``: what is kept of many runs. A door: parses, calls, prints."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from pg_dryrun import keyring, library, retention, terminal
from pg_dryrun.errors import UsageError
from pg_dryrun.evidence import REPORT
from pg_dryrun.library import KeptRun
from pg_dryrun.report import index
from sealing.keys import PublicKey

PAGE = "index.html"

Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where runs are kept.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Keys = Annotated[
    list[Path] | None, typer.Option("--key", metavar="PEM", help="A public key that may have signed. Repeatable.")
]


def index_page(out: Out = Path("runs"), key: Keys = None, as_json: AsJson = False) -> None:
    """Make one static page over all runs, each with its verdict and whether its evidence still holds.

    Writes index.html into the folder of the runs. Exit codes: 0 made, 2 usage.

    Example: pg-dryrun index --out runs
    """
    runs = library.runs_in(out, checked=True, keys=[PublicKey.load(path) for path in key or ()])
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    page = out / PAGE
    page.write_bytes(index.render([_line(run) for run in runs], title=out.resolve().name, made_at=made_at))
    if as_json:
        terminal.line(json.dumps({"page": str(page), "runs": [_json(run) for run in runs]}, ensure_ascii=False))
    else:
        terminal.line(f"{page}: {len(runs)} runs")


def prune(
    out: Out = Path("runs"),
    older_than: Annotated[str, typer.Option("--older-than", metavar="TIME", help="Age: 36h, 90d.")] = "90d",
    keep_last: Annotated[
        int, typer.Option("--keep-last", min=0, help="The newest runs stay, whatever their age.")
    ] = 20,
    yes: Annotated[bool, typer.Option("--yes", help="Really remove. Without it only the plan is printed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove old runs by rule; without --yes, say what would go.

    Kept whatever the rule says: runs under way, runs that left something behind, and the newest PASS of every commit.
    Each removed run is a line in removed.jsonl. Exit codes: 0 done, 2 usage.

    Examples:
      pg-dryrun prune --older-than 90d --keep-last 20 # says what would go
      pg-dryrun prune --older-than 90d --keep-last 20 --yes
    """
    now = datetime.now(UTC)
    rule = retention.Rule(older_than=_duration(older_than), keep_last=keep_last)
    choices = retention.choose(library.runs_in(out), rule, now=now)
    gone = retention.remove(out, choices, now=now) if yes else []
    if as_json:
        said = [
            {**_json(item.run), "removed": item.removed and yes, "chosen": item.removed, "why": item.why}
            for item in choices
        ]
        terminal.line(json.dumps({"removed": len(gone), "runs": said}, ensure_ascii=False))
        return
    for item in choices:
        terminal.line(f"{'remove' if item.removed else 'keep  '}  {item.run.folder.name}  {item.why}")
    chosen = sum(item.removed for item in choices)
    terminal.line(f"{len(gone)} removed" if yes else f"{chosen} would be removed; add --yes")


keys = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The keys that sign rehearsals on this machine.\n\nExample: pg-dryrun keys list",
)


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """The key that signs now, and the public halves of those that signed before.

    Example: pg-dryrun keys list
    """
    _print_keys(keyring.known(), as_json=as_json)


@keys.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """Sign with a new key from now on. The old private half is destroyed, its public half is kept.

    Whoever accepts signatures (`check --key`, the mark of a production) must be given the new public key.

    Example: pg-dryrun keys rotate
    """
    _print_keys(keyring.rotate(), as_json=as_json)


def _print_keys(found: list[keyring.KnownKey], *, as_json: bool) -> None:
    if as_json:
        said = [
            {
                "keyid": item.keyid,
                "public": str(item.public),
                "retired_at": item.retired_at.isoformat(timespec="seconds") if item.retired_at else None,
            }
            for item in found
        ]
        terminal.line(json.dumps({"keys": said}, ensure_ascii=False))
        return
    for item in found:
        state = f"retired {item.retired_at:%Y-%m-%d}" if item.retired_at else "signs now"
        terminal.line(f"{item.keyid}  {state:18}  {item.public}")


def _line(run: KeptRun) -> index.Line:
    record = run.record
    name = quote(run.folder.name)
    there = {"page": "report.html", "record": REPORT, "text": "report.md"}
    return index.Line(
        name=run.folder.name,
        ended_at=run.ended_at.strftime("%Y-%m-%d %H:%M"),
        subject=run.subject,
        commit=run.commit,
        clean=record is None or record.revision is None or record.revision.clean,
        verdict=run.verdict.value if run.verdict is not None else None,
        failed_check=record.failed_check if record is not None else None,
        summary=record.summary if record is not None else run.trouble or "",
        passed=run.passed,
        duration_s=record.run.duration_s if record is not None else 0.0,
        evidence=_evidence(run),
        links={word: f"{name}/{file}" for word, file in there.items() if (run.folder / file).exists()},
    )


def _evidence(run: KeptRun) -> tuple[str, str, str]:
    if run.under_way:
        return ("under way", "open", "this run has not ended")
    if run.leftovers:
        return (f"{run.leftovers} left behind", "bad", f"pg-dryrun clean {run.folder}")
    if run.holds is None:
        return ("none", "open", run.trouble or "")
    return ("holds", "good", "signature and every digest") if run.holds else ("broken", "bad", run.broken_step or "")


def _json(run: KeptRun) -> dict[str, object]:
    return {
        "folder": str(run.folder),
        "ended_at": run.ended_at.isoformat(timespec="seconds"),
        "subject": run.subject,
        "commit": run.commit,
        "verdict": run.verdict.value if run.verdict is not None else None,
        "under_way": run.under_way,
        "leftovers": run.leftovers,
        "evidence_holds": run.holds,
    }


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(0|[1-9][0-9]{0,4})([hd])", text)
    if not found:
        raise UsageError(f"--older-than {text!r} is no time", remedy="Give hours or days: 36h, 90d.")
    return timedelta(hours=int(found[1])) if found[2] == "h" else timedelta(days=int(found[1]))
