"""What a server says of itself that only a production says: it is never lent, never written to."""

from __future__ import annotations

from pg_dryrun.observer.connection import Observer, quote

_MARKS = """
SELECT format('%%s: %%s', coalesce(d.datname::text, 'every database'), item) AS line
FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase,
LATERAL unnest(s.setconfig) AS item
WHERE lower(item) ~ '^[a-z_0-9]+\\.[a-z_0-9.]+=production$'
UNION ALL
SELECT format('%%s: its comment says %%s', datname, pg_catalog.shobj_description(oid, 'pg_database'))
FROM pg_catalog.pg_database
WHERE lower(pg_catalog.shobj_description(oid, 'pg_database')) ~ '^production([^a-z]|$)'
UNION ALL
SELECT format('cluster_name is %%s', current_setting('cluster_name'))
WHERE lower(current_setting('cluster_name')) ~ '(^|[^a-z])(prod|production)([^a-z]|$)'
ORDER BY 1
"""


_MARK_TABLES = """
SELECT n.nspname::text AS schema FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'deployment_mark' AND c.relkind = 'r'
  AND (SELECT count(*) FROM pg_catalog.pg_attribute a
       WHERE a.attrelid = c.oid AND a.attname IN ('mark_seq', 'kind', 'system_identifier')) = 3
"""


def production_marks(observer: Observer) -> tuple[str, ...]:
    """Every mark, in words: a custom setting of a database with the value ``production``
    (``ALTER DATABASE app SET app.stage = 'production'``), a database's comment that begins with that word, or a
    ``cluster_name`` that holds it; in the connected database also the newest row of a table ``deployment_mark`` that
    says so of this very server. Empty: none. Raises ``ServerAnswer``."""
    return (*(str(row["line"]) for row in observer.rows(_MARKS, {})), *_rows_that_say_so(observer))


def _rows_that_say_so(observer: Observer) -> list[str]:
    found = []
    for row in observer.rows(_MARK_TABLES):
        table = f"{quote(str(row['schema']))}.deployment_mark"
        newest = observer.rows(
            f"SELECT kind = 'production' AND system_identifier = (SELECT system_identifier::text FROM"
            f" pg_catalog.pg_control_system()) AS says FROM {table} ORDER BY mark_seq DESC LIMIT 1"
        )
        if newest and newest[0]["says"]:
            found.append(f"{observer.login.dbname}: {table} says that it is production")
    return found
