"""``iu-cutter db mark``: say what a database is. As an administrator; the lanes obey it and cannot write it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cutter_agent.cli import options, output
from cutter_agent.deployment import mark_database, read_mark
from cutter_agent.errors import UsageError
from cutter_agent.production import Deployment, MarkKind
from cutter_agent.wiring import administrator
from sealing.keys import PublicKey

_UNITS = {"h": "hours", "d": "days"}

Kind = Annotated[
    MarkKind | None, typer.Argument(metavar="[KIND]", help="production, copy or none. Nothing: show the mark.")
]
Keys = Annotated[
    list[Path] | None,
    typer.Option("--key", metavar="PEM", help="A public key whose rehearsals count, for production. Repeatable."),
]
MaxAge = Annotated[str, typer.Option("--max-age", metavar="TIME", help="How old a rehearsal may be: 36h, 14d.")]
Because = Annotated[str, typer.Option("--because", metavar="TEXT", help="Why. Kept with the mark.")]


def mark(
    kind: Kind = None, key: Keys = None, max_age: MaxAge = "14d", because: Because = "", as_json: options.Json = False
) -> None:
    """Mark the database as production, as a copy of one, or as neither; without a word: show the mark.

    On a production every command that works as a lane refuses (exit code 8) unless DOT_CUTTER_ATTESTATION names
    the evidence of a rehearsal that passed: of this very commit, this schema, signed by one of these keys, and not
    older than this. A restored production stays a production; on a copy that you keep, say `copy`. Marks are rows
    that are never changed: who marked, when and why stays.

    Examples:
      iu-cutter db mark # show the mark
      iu-cutter db mark production --key signer.pub.pem --max-age 14d --because "live since May"
      iu-cutter db mark copy --because "restored for a training"
    """
    if kind is None:
        with administrator(os.environ) as login:
            _show(read_mark(login), as_json=as_json)
        return
    if not because.strip():
        raise UsageError("a mark says why", remedy='Add --because "…".')
    keys = [PublicKey.load(path) for path in key or ()]
    if (kind is MarkKind.PRODUCTION) is not bool(keys):
        raise UsageError(
            "a production names the keys whose rehearsals count, and nothing else does",
            remedy="Give --key PEM (signer.pub.pem of a run, once or more) with production, and only there.",
        )
    age = _duration(max_age)
    with administrator(os.environ) as login:
        done = mark_database(login, kind=kind, keys=keys, max_age=age, because=because.strip())
    _show(done, as_json=as_json)


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,4})([hd])", text)
    if not found:
        raise UsageError(f"--max-age {text!r} is no time", remedy="Give hours or days: 36h, 14d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _show(found: Deployment | None, *, as_json: bool) -> None:
    mark = found.mark if found is not None else None
    if as_json:
        output.print_json(
            {
                "kind": mark.kind.value if mark else None,
                "is_production": bool(found and found.is_production),
                "keys": [item.keyid for item in mark.allowed_keys] if mark else [],
                "max_age_s": mark.max_age_s if mark else None,
                "marked_by": mark.marked_by if mark else None,
                "because": mark.because if mark else None,
                "marked_on_this_server": mark.system_identifier == found.system_identifier if mark and found else None,
            }
        )
        return
    for line in _lines(found):
        output.print_line(line)


def _lines(found: Deployment | None) -> Sequence[str]:
    if found is None:
        return ["no mark: the schema is older than marks (iu-cutter db init)"]
    if found.mark is None:
        return ["no mark: any commit may work here"]
    mark = found.mark
    lines = [f"{mark.kind.value}, by {mark.marked_by}: {mark.because}"]
    if mark.kind is MarkKind.PRODUCTION:
        lines += [
            f"  rehearsals may be {timedelta(seconds=mark.max_age_s)} old, signed by",
            *(f"  {item.keyid}" for item in mark.allowed_keys),
        ]
    if mark.system_identifier != found.system_identifier and mark.kind is not MarkKind.NONE:
        lines.append("  the mark was made on another server: until it is marked anew, this is a production")
    return lines
