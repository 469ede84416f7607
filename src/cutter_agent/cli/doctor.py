"""``iu-cutter doctor``: what is set up, what is missing, what to do. Nothing is changed."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict

import typer

from commandline import colour
from cutter_agent.checkup.everything import examine
from cutter_agent.checkup.interface import Finding, State
from cutter_agent.cli import configured, options, output
from cutter_agent.errors import SetUpIncomplete


def doctor(as_json: options.Json = False) -> None:
    """Say what is set up, what is missing, and what to do about it. Changes nothing and prints no secret.

    Looks at Python and extras, the configuration, the data folder and its rights, keys, the server, schema, roles and
    grants, connections, the mark of the database, both lanes' logins and the disk. Exit code 9 where something keeps
    iu-cutter from working. On a server of your own set PGUSER to an administrator, as for db check.

    Examples:
      iu-cutter doctor
      iu-cutter doctor --json
    """
    findings: list[Finding] = []
    file = configured.file()
    for finding in examine(os.environ, file=file.path if file else None, trouble=configured.trouble()):
        findings.append(finding)
        if not as_json:
            _print(finding)
    bad = [finding for finding in findings if finding.state is State.WRONG]
    if as_json:
        output.print_json({"ok": not bad, "findings": [asdict(finding) for finding in findings]})
        raise typer.Exit(SetUpIncomplete.exit_code if bad else 0)
    if bad:
        raise SetUpIncomplete(
            f"{len(bad)} of {len(findings)} things keep iu-cutter from working: "
            + ", ".join(finding.question for finding in bad),
            remedy=bad[0].remedy,
        )
    output.print_line()
    output.print_line("Nothing keeps iu-cutter from working.")


def _print(finding: Finding) -> None:
    mark = {State.OK: "ok   ", State.NOTE: "note ", State.WRONG: "WRONG"}[finding.state]
    shown = colour.bold(mark, sys.stdout) if finding.state is State.WRONG else mark
    output.print_line(f"{shown}  {finding.question}: {finding.answer}")
    for detail in finding.details:
        output.print_line(f"         {detail}")
    if finding.remedy:
        output.print_line(f"         what to do: {finding.remedy}")
