"""``iu-cutter profiles``: which grammars there are, whether a grammar is sound, and why it matched what it matched."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cutter_agent import segmenter
from cutter_agent.cli import inputs, options, output
from cutter_agent.errors import InputRefused, Problem

_SHOWN = 80

profiles = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="List, check and explain the grammars.\n\nExample: iu-cutter profiles list",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Named = Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's id or the path of a TOML file.")]


@profiles.command("list")
def list_profiles(as_json: options.Json = False) -> None:
    """The profiles that come with the program.

    Example: iu-cutter profiles list
    """
    found = [_record(profile_id) for profile_id in segmenter.profiles.available()]
    if as_json:
        output.print_json({"profiles": found})
        return
    output.print_table(("id", "version", "title"), ((p["id"], p["version"], p["title"]) for p in found))


@profiles.command("check")
def check(profile: Named, as_json: options.Json = False) -> None:
    """Read a profile and say whether it can be used.

    Example: iu-cutter profiles check my-profile.toml
    """
    with inputs.placed(profile):
        found, problems = segmenter.profiles.check(profile)
    if as_json:
        listed = [_problem_record(profile, problem) for problem in problems]
        output.print_json({**_of(found), "valid": not problems, "problems": listed})
    elif problems:
        output.print_line(f"{profile}: {len(problems)} problem{'s' if len(problems) > 1 else ''}")
        for problem in problems:
            output.print_line(f"line {_line(profile, problem)}: {problem.message}")
            output.print_line(f"    what to do: {problem.remedy}")
    else:
        output.print_line(f"{found.id} {found.version}: can be used. {found.title}")
    raise typer.Exit(InputRefused.exit_code if problems else 0)


def _problem_record(profile: str, problem: Problem) -> dict[str, object]:
    return {
        "start_byte": problem.start_byte,
        "line": _line(profile, problem),
        "message": problem.message,
        "remedy": problem.remedy,
    }


def _line(profile: str, problem: Problem) -> int:
    return Path(profile).read_bytes().count(b"\n", 0, problem.start_byte or 0) + 1


def _record(profile: str) -> dict[str, object]:
    return _of(segmenter.profiles.load(profile))


def _of(profile: segmenter.Profile) -> dict[str, object]:
    return {
        "id": profile.id,
        "version": profile.version,
        "title": profile.title,
        "levels": [{"name": level.name, "kind": level.kind} for level in profile.named],
    }


@profiles.command("explain")
def explain(
    file: options.File,
    profile: options.Profile = None,
    label: options.Label = None,
    as_json: options.Json = False,
) -> None:
    """Show which lines of a file a profile took for headings, and the reasons for the profile itself.

    Examples:
      iu-cutter profiles explain LAW.txt
      iu-cutter profiles explain LAW.txt --profile my-profile.toml --json
    """
    source = inputs.read_document(file, label=label)
    ranked = segmenter.candidates(source.data, label=source.label)
    with inputs.placed(file):
        chosen, reasons = (
            (segmenter.profiles.load(profile), ("named with --profile",))
            if profile
            else segmenter.detect(source.data, label=source.label)
        )
        code = segmenter.document_code(source.label, source.data)
        found = segmenter.explain(source.data, profile=chosen, document_code=code)
    if as_json:
        output.print_json(
            {
                "profile": chosen.id,
                "reasons": list(reasons),
                "candidates": [{"profile": c.profile.id, "score": c.score, "reasons": list(c.reasons)} for c in ranked],
                "matched": [asdict(line) for line in found.matched],
                "missed": [asdict(line) for line in found.missed],
            }
        )
        return
    for reason in reasons:
        output.print_line(f"profile {chosen.id}: {reason}")
    for other in ranked:
        if other.score and other.profile.id != chosen.id:
            output.print_line(f"not {other.profile.id} ({other.score} points): {'; '.join(other.reasons)}")
    output.print_table(
        ("line", "level", "number", "address", "why", "text"),
        ((m.line, m.level, m.number, m.address, m.why, m.text[:_SHOWN]) for m in found.matched),
    )
    output.print_line(f"{len(found.missed)} near miss{'' if len(found.missed) == 1 else 'es'}")
    if found.missed:
        output.print_table(
            ("line", "nearly", "number", "why not", "text"),
            ((m.line, m.level, m.number, m.why, m.text[:_SHOWN]) for m in found.missed),
        )
