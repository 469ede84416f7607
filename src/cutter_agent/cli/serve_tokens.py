"""``iu-cutter serve token``: what programs bring that read the JSON API."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cutter_agent.cli import options, output
from cutter_agent.errors import UsageError

if TYPE_CHECKING:
    from cutter_agent.web.audit import AuditLog
    from cutter_agent.web.tokens import Tokens

token = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="What programs bring that read the JSON API.\n\nExample: iu-cutter serve token list",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")]
Days = Annotated[int, typer.Option("--days", min=1, max=3650, help="It holds for so many days.")]


@token.command("add")
def add(name: Name, days: Days = 90, as_json: options.Json = False) -> None:
    """Make a token. It is shown once, and only its digest is kept. It reads, and does nothing else.

    Example: iu-cutter serve token add search-index --days 30
    """
    tokens, audit = _files()
    made = tokens.add(name, days=days, now=datetime.now(UTC))
    _written(audit, name, "added")
    expires_at = tokens.all()[name].expires_at
    if as_json:
        output.print_json({"name": name, "token": made, "expires_at": expires_at})
        return
    output.print_line(made)
    output.note(f"{name}: holds until {expires_at}; it is not shown again")


@token.command("list")
def list_(as_json: options.Json = False) -> None:
    """Every token by its name; the tokens themselves are nowhere.

    Example: iu-cutter serve token list
    """
    tokens, _ = _files()
    now = datetime.now(UTC)
    rows = [(each.name, each.added_at, each.expires_at, each.holds(now)) for each in tokens.all().values()]
    if as_json:
        names = ("name", "added_at", "expires_at", "holds")
        output.print_json({"tokens": [dict(zip(names, row, strict=True)) for row in rows]})
        return
    output.print_table(
        ("name", "added", "expires", "state"), ((*row[:3], "holds" if row[3] else "expired") for row in rows)
    )


@token.command("remove")
def remove(name: Name, as_json: options.Json = False) -> None:
    """Remove a token. It opens nothing from now on.

    Example: iu-cutter serve token remove search-index
    """
    tokens, audit = _files()
    tokens.remove(name)
    _written(audit, name, "removed")
    if as_json:
        output.print_json({"name": name, "removed": True})
    else:
        output.print_line(f"{name}: removed")


def _written(audit: AuditLog, name: str, change: str) -> None:
    from cutter_agent.web.audit import Event, Outcome  # noqa: PLC0415 - the extra

    audit.add(Event.TOKEN, Outcome.DONE, who=None, facts={"token": name, "change": change, "by": "command line"})


def _files() -> tuple[Tokens, AuditLog]:
    try:
        from cutter_agent.web import serving  # noqa: PLC0415 - the extra
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"the review page needs the package {missing.name}", remedy="pip install 'dot-iu-cutter[web]'"
        ) from missing
    return serving.tokens(os.environ), serving.audit_log(os.environ)
