"""libpq's connection words and URLs as a mapping; nothing is connected to."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from pg_dryrun.errors import UsageError


def words_of(conninfo: str) -> Mapping[str, str]:
    """``host=… user=…`` or ``postgresql://…`` by keyword. Raises ``UsageError`` with libpq's words."""
    try:
        found = conninfo_to_dict(conninfo)
    except ProgrammingError as error:
        raise UsageError(str(error).strip(), remedy="Give libpq's words or a URL.") from error
    return {name: str(value) for name, value in found.items() if value is not None}
