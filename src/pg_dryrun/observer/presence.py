"""Which relations a database has by name, for the gate that expects some (G-14)."""

from __future__ import annotations

from pg_dryrun.observer.connection import Observer


def relation_names(observer: Observer) -> frozenset[str]:
    """Every user table (partitioned parents too), view and materialized view, as ``schema.name``."""
    rows = observer.rows(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    )
    return frozenset(str(row["name"]) for row in rows)
