"""``iu-cutter profiles``: which grammars there are, whether a grammar is sound, and why it matched what it matched."""

from __future__ import annotations

from typing import Annotated

import typer

from cutter_agent import segmenter
from cutter_agent.cli import inputs, options, output
from cutter_agent.cli.segment import segment_source

profiles = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="List, check and explain the grammars.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Named = Annotated[str, typer.Argument(metavar="PROFILE", help="A profile's id or the path of a TOML file.")]


@profiles.command("list")
def list_profiles(as_json: options.Json = False) -> None:
    """The profiles that come with the program."""
    found = [_record(profile_id) for profile_id in segmenter.profiles.available()]
    if as_json:
        output.print_json({"profiles": found})
        return
    output.print_table(("id", "version", "title"), ((p["id"], p["version"], p["title"]) for p in found))


@profiles.command("check")
def check(profile: Named, as_json: options.Json = False) -> None:
    """Read a profile and say whether it can be used."""
    with inputs.placed(profile):
        record = _record(profile)
    if as_json:
        output.print_json(record)
        return
    output.print_line(f"{record['id']} {record['version']}: can be used. {record['title']}")


def _record(profile: str) -> dict[str, object]:
    found = segmenter.profiles.load(profile)
    return {
        "id": found.id,
        "version": found.version,
        "title": found.title,
        "levels": [{"name": level.name, "kind": level.kind} for level in found.levels],
    }


@profiles.command("explain")
def explain(
    file: options.File,
    profile: options.Profile = None,
    label: options.Label = None,
    as_json: options.Json = False,
) -> None:
    """Show which lines of a file a profile took for headings, and the reasons for the profile itself."""
    source = inputs.read_source(file, label=label)
    with inputs.placed(file):
        reasons = [] if profile else list(segmenter.detect(source.data, label=source.label)[1])
        result = segment_source(source, profile, None)
    matched = [
        {
            "start_byte": unit.start_byte,
            "line": source.data.count(b"\n", 0, unit.start_byte) + 1,
            "level": unit.level,
            "number": unit.number,
            "address": unit.address,
            "text": source.data[unit.start_byte : unit.end_byte].split(b"\n", 1)[0].decode(errors="replace").strip(),
        }
        for unit in result.units
    ]
    if as_json:
        output.print_json({"profile": result.profile_id, "reasons": reasons, "matched": matched})
        return
    for reason in reasons:
        output.print_line(f"profile {result.profile_id}: {reason}")
    output.print_table(
        ("line", "level", "number", "address", "text"),
        ((m["line"], m["level"], m["number"], m["address"], str(m["text"])[:80]) for m in matched),
    )
