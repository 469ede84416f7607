"""``iu-cutter config``: every value with where it comes from, and a file to begin with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cutter_agent.cli import configured, options, output
from cutter_agent.config import Settings
from cutter_agent.config_file import KEYS, SECRETS
from cutter_agent.errors import ConfigError, UsageError

_MASKED = "(set, not shown)"

configuration = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Show what is configured and from where; begin a configuration file.\n\nExample: iu-cutter config show",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Where = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="Where to write it. Default: where it is looked for.")
]

_TEMPLATE = """# Configuration of iu-cutter. A key of the environment of the same meaning wins over a line here.
# Every key: docs/reference/configuration.md, or iu-cutter config show. Relative paths are taken from this folder.

# home = "/srv/laws"              # the data folder of the embedded server
# sweep_batch = 100
# max_input_bytes = 67108864
# vocabulary = "words.toml"
# connection_limit = 2            # of each lane on a server of your own
# attestation = "runs/latest"

# What a run says while it works, on standard error (docs/reference/logs.md).
# [log]
# format = "json"                 # or "text"
# level = "info"                  # debug, info, warning, error

# A server of your own. Without this section a PostgreSQL of the tool's own is used.
# [database]
# host = "db.example"
# port = 5432
# name = "laws"
# sslmode = "verify-full"

# With a password in it this file must be yours alone (chmod 600).
# [exec]
# user = "cutter_exec"
# password = ""
# signing_key = "keys/exec.pem"
# public_key = "keys/exec.pub.pem"

# [verify]
# user = "cutter_verify"
# password = ""
# signing_key = "keys/verify.pem"
# public_key = "keys/verify.pub.pem"

# Workers on many machines (iu-cutter queue, iu-cutter worker).
# [queue]
# user = "cutter_queue"
# password = ""
"""


@configuration.command("show")
def show(as_json: options.Json = False) -> None:
    """Every key with its value and where it comes from: environment, file or default. Passwords are never shown.

    Examples:
      iu-cutter config show
      iu-cutter config show --json
    """
    file = configured.file()
    rows = list(_rows())
    embedded = Settings.from_environment(os.environ).embedded
    if as_json:
        record = {
            "file": str(file.path) if file else None,
            "looked_for": str(configured.place()),
            "embedded": embedded,
            "values": [
                {"key": name, "environment": key, "value": value, "origin": origin} for name, key, value, origin in rows
            ],
        }
        output.print_json(record)
        return
    output.print_table(
        ("key", "in the environment", "from", "value"),
        ((name, key, origin, value) for name, key, value, origin in rows),
    )
    output.print_line()
    output.print_line(f"file: {file.path}" if file else f"file: none (looked for at {configured.place()})")
    output.print_line("database: " + ("a PostgreSQL of its own in the data folder" if embedded else "as configured"))


def _rows() -> Iterator[tuple[str, str, str | None, str]]:
    file = configured.file()
    from_file = configured.from_file()
    for name, key in KEYS.items():
        value = os.environ.get(key)
        shown = _MASKED if key in SECRETS and value else value
        if value is None:
            default = configured.default(key)
            yield name, key, default, "not set" if default is None else "default"
        elif key in from_file and file is not None:
            yield name, key, shown, "file"
        else:
            yield name, key, shown, "environment"


@configuration.command("init")
def init(where: Where = None, as_json: options.Json = False) -> None:
    """Write a configuration file in which every key stands as a comment. A file that is there stays as it is.

    Examples:
      iu-cutter config init
      iu-cutter config init ./laws.toml
    """
    path = where or configured.place()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} is there already", remedy="Edit it, or name another file.") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", remedy="Name a file that you may write.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(_TEMPLATE)
    if as_json:
        output.print_json({"file": str(path)})
    else:
        output.print_line(f"{path}: take the # away from what you need")
