"""The mark of a database (design 3.6), written and read by an administrator; lanes read it by ``read_deployment``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row

from cutter_agent.db_adapter import statements

_INSERT = """
INSERT INTO iu.deployment_mark (mark_seq, kind, system_identifier, allowed_keys, max_age_s, marked_by, marked_at,
    because)
SELECT (SELECT coalesce(max(m.mark_seq), 0) + 1 FROM iu.deployment_mark AS m), %(kind)s, c.system_identifier::text,
    %(allowed_keys)s::jsonb, %(max_age_s)s, session_user, now(), %(because)s
FROM pg_catalog.pg_control_system() AS c
"""


def read(admin: psycopg.Connection) -> Mapping[str, Any] | None:
    """The row that a lane would read; None on a database from before marks. Raises ``psycopg.Error``."""
    with admin.cursor(row_factory=dict_row) as cursor:
        try:
            return cursor.execute(statements.load()["read_deployment"].sql.encode()).fetchone()
        except (pg.UndefinedTable, pg.InvalidSchemaName):
            return None


def write(
    admin: psycopg.Connection,
    *,
    kind: str,
    allowed_keys: Sequence[Mapping[str, str]],
    max_age: timedelta,
    because: str,
) -> None:
    """A new mark, which from now on is the one that holds. Raises ``psycopg.Error``."""
    admin.execute(
        _INSERT,
        {
            "kind": kind,
            "allowed_keys": json.dumps([dict(key) for key in allowed_keys]),
            "max_age_s": int(max_age.total_seconds()),
            "because": because,
        },
    )
