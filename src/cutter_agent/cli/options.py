"""Options and arguments that several commands share, so that one word means one thing everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cutter_agent import formats
from cutter_agent.model import RiskClass

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for standard input (then --label is needed).")]
Label = Annotated[str | None, typer.Option("--label", help="A name for the bytes on standard input.")]
Format = Annotated[
    formats.Format | None,
    typer.Option("--format", help="What the file is. Default: found out from its content."),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="P", help="A profile's id or the path of a TOML file. Default: found out."),
]
Code = Annotated[
    str | None,
    typer.Option("--code", help="The document's code, first part of every address. Default: read from the text."),
]
Ref = Annotated[
    str | None,
    typer.Option("--ref", help="The document's reference, the same for all its editions. Default: the code."),
]
Title = Annotated[str | None, typer.Option("--title", help="The document's title. Default: the file's name.")]
Risk = Annotated[
    RiskClass,
    typer.Option("--risk", help="How much a wrong cut would cost. A policy never approves high."),
]
Marker = Annotated[
    str,
    typer.Option("--marker", metavar="WHO", help="Who proposes. A reviewer must be somebody else."),
]
Entry = Annotated[str, typer.Argument(metavar="ENTRY", help="An entry's id, a document's reference or its code.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="PATH", help="Write to PATH instead.")]
