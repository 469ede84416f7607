"""``iu-cutter validate``: the one validator, asked about a manifest made elsewhere. No database."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cutter_agent import manifest as manifests
from cutter_agent import validation, vocabulary
from cutter_agent.cli import failures, inputs, options, output
from cutter_agent.errors import ManifestInvalid, Problem
from sealing.digest import sha256_hex

Source = Annotated[str, typer.Option("--source", metavar="FILE", help="The document that the manifest speaks of.")]


def validate(
    manifest: Annotated[str, typer.Argument(metavar="MANIFEST", help="A manifest, JSON.")],
    source: Source,
    as_json: options.Json = False,
) -> None:
    """Check a manifest made elsewhere against its source.

    Example: iu-cutter validate proposal.json --source LAW.txt
    """
    snapshot = inputs.read_document(source, label=None).data
    proposal = inputs.read_source(manifest, label=None).data
    with inputs.placed(manifest):
        problems = _problems(proposal, snapshot)
        if as_json:
            record = {"valid": not problems, "problems": [failures.problem_record(problem) for problem in problems]}
            output.print_json(record)
            raise typer.Exit(ManifestInvalid.exit_code if problems else 0)
        if problems:
            raise ManifestInvalid(problems)
    output.print_line(f"{manifest}: valid for {source}")


def _problems(proposal: bytes, snapshot: bytes) -> list[Problem]:
    try:
        parsed = manifests.parse_proposal(
            proposal,
            marked_by="validate",
            tool_revision="validate",
            byte_length=len(snapshot),
            snapshot_sha256=sha256_hex(snapshot),
        )
    except ManifestInvalid as error:
        return list(error.problems)
    return validation.validate(parsed, snapshot, vocabulary.own_words(os.environ))
