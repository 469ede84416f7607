"""``iu-cutter serve``: the review page, and the accounts of those who use it."""

from __future__ import annotations

import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutter_agent.cli import options, output, serve_tokens
from cutter_agent.errors import UsageError

if TYPE_CHECKING:
    from cutter_agent.web.accounts import Accounts, Role

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

serve = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    invoke_without_command=True,
    context_settings=_CONTEXT,
)
account = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Who may sign in.\n\nExample: iu-cutter serve account list",
    context_settings=_CONTEXT,
)
serve.add_typer(account, name="account")
serve.add_typer(serve_tokens.token, name="token")

Host = Annotated[
    str | None, typer.Option("--host", help="Where to listen: a name of this machine's loopback. Default: its address.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")]
Public = Annotated[
    str | None,
    typer.Option("--public-url", metavar="URL", help="https address of the proxy on this machine that leads here."),
]
Idle = Annotated[
    int, typer.Option("--idle-minutes", min=1, max=720, help="A session ends after so long without a click.")
]
Header = Annotated[
    str | None,
    typer.Option("--trusted-proxy-header", metavar="NAME", help="The header in which the proxy says who signed in."),
]
Secret = Annotated[
    Path | None,
    typer.Option(
        "--trusted-proxy-secret",
        metavar="FILE",
        help="A file (0600) with what the proxy sends as X-Review-Proxy-Secret.",
    ),
]
Reports = Annotated[
    Path | None, typer.Option("--reports", metavar="DIR", help="Show the dry runs that are kept in this folder.")
]
CutBy = Annotated[
    str,
    typer.Option(
        "--cut-by",
        metavar="ROLE",
        help="Who may have an approved entry cut from its page: reviewer, admin or nobody.",
    ),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account, and the reviewer's name in the ledger.")]
# The words of web.accounts.Role, which is not imported for --help: the extra may not be installed.
RoleName = Annotated[str, typer.Option("--role", metavar="ROLE", help="viewer, reviewer or admin.")]


@serve.callback()
def _serve(
    context: typer.Context,
    host: Host = None,
    port: Port = 8765,
    public_url: Public = None,
    idle_minutes: Idle = 30,
    trusted_proxy_header: Header = None,
    trusted_proxy_secret: Secret = None,
    reports: Reports = None,
    cut_by: CutBy = "reviewer",
) -> None:
    """Serve the review page until Ctrl-C. Needs the extra web: pip install 'dot-iu-cutter[web]'.

    Signs in local accounts; decisions bear their names. It holds DOT-991's login and key only: what was
    approved can be cut from its page (--cut-by), and it never verifies.
    First: iu-cutter serve account add NAME --role reviewer

    Examples:
      iu-cutter serve
      iu-cutter serve --port 0 --idle-minutes 15
      iu-cutter serve --reports runs --cut-by admin
    """
    if context.invoked_subcommand is not None:
        return
    _require_extra()
    from cutter_agent.web import serving  # noqa: PLC0415 - the extra

    if not serving.accounts(os.environ).all():
        output.note("there is no account yet: iu-cutter serve account add NAME --role reviewer")
    serving.serve(
        os.environ,
        host=host,
        port=port,
        public_url=public_url,
        idle_minutes=idle_minutes,
        proxy=serving.proxy(trusted_proxy_header, trusted_proxy_secret),
        reports=reports,
        cut_by=_cutter(cut_by),
        ready=lambda address: output.note(_where(address, public_url)),
    )


def _where(address: str, public_url: str | None) -> str:
    """Where people find the page, and where their proxy does."""
    led = f"the proxy leads to {address}; " if public_url else ""
    return f"the review page is at {public_url or address} ({led}Ctrl-C stops it)"


def _cutter(word: str) -> Role | None:
    """The role of ``--cut-by``, None for nobody. Raises ``UsageError``."""
    from cutter_agent.web.accounts import Role  # noqa: PLC0415 - the extra

    known = {Role.REVIEWER.value: Role.REVIEWER, Role.ADMIN.value: Role.ADMIN, "nobody": None}
    if word not in known:
        raise UsageError(f"{word!r} may not cut", remedy=f"Choose one of {', '.join(known)}.")
    return known[word]


@account.command("add")
def add(name: Name, role: RoleName, as_json: options.Json = False) -> None:
    """Add an account. The password is asked for, or read as one line from standard input.

    Example: iu-cutter serve account add mai --role reviewer
    """
    accounts = _accounts()
    from cutter_agent.web.accounts import Role  # noqa: PLC0415 - the extra

    if role not in set(Role):
        raise UsageError(f"{role!r} is no role", remedy=f"Choose one of {', '.join(Role)}.")
    made = accounts.add(name, Role(role), _password(), now=datetime.now(UTC))
    _written(name, "added", role=made.role)
    _say({"name": made.name, "role": made.role, "added_at": made.added_at}, f"{made.name}: {made.role}", as_json)


@account.command("password")
def password(name: Name, as_json: options.Json = False) -> None:
    """Give an account another password. Its sessions end.

    Example: iu-cutter serve account password mai
    """
    _accounts().set_password(name, _password())
    _written(name, "password")
    _say({"name": name, "changed": True}, f"{name}: the password was changed", as_json)


@account.command("remove")
def remove(name: Name, as_json: options.Json = False) -> None:
    """Remove an account. Its sessions end; what it decided stays in the ledger.

    Example: iu-cutter serve account remove mai
    """
    _accounts().remove(name)
    _written(name, "removed")
    _say({"name": name, "removed": True}, f"{name}: removed", as_json)


@account.command("list")
def list_(as_json: options.Json = False) -> None:
    """Every account with its role.

    Example: iu-cutter serve account list
    """
    found = list(_accounts().all().values())
    if as_json:
        rows = [{"name": each.name, "role": each.role, "added_at": each.added_at} for each in found]
        output.print_json({"accounts": rows})
        return
    output.print_table(("name", "role", "added"), ((each.name, each.role, each.added_at) for each in found))


def _written(name: str, change: str, **more: str) -> None:
    """To the audit log of the page."""
    from cutter_agent.web import serving  # noqa: PLC0415 - the extra
    from cutter_agent.web.audit import Event, Outcome  # noqa: PLC0415

    facts = {"change": change, "by": "command line"} | more
    serving.audit_log(os.environ).add(Event.ACCOUNT, Outcome.DONE, who=name, facts=facts)


def _say(record: dict[str, object], words: str, as_json: bool) -> None:
    if as_json:
        output.print_json(record)
    else:
        output.print_line(words)


def _accounts() -> Accounts:
    _require_extra()
    from cutter_agent.web import serving  # noqa: PLC0415 - the extra

    return serving.accounts(os.environ)


def _password() -> str:
    """Never from the command line: other users of the machine can read that."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("password: ")
    if getpass.getpass("again: ") != first:
        raise UsageError("the two passwords differ", remedy="Type the same one twice.")
    return first


def _require_extra() -> None:
    try:
        import argon2  # noqa: F401, PLC0415
        import starlette  # noqa: F401, PLC0415
        import uvicorn  # noqa: F401, PLC0415
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"the review page needs the package {missing.name}", remedy="pip install 'dot-iu-cutter[web]'"
        ) from missing
