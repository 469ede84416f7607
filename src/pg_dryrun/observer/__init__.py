"""The one room of this package that speaks to PostgreSQL through psycopg; every instrument looks through it."""

from pg_dryrun.observer.connection import Observer, Row, ServerAnswer, connect, quote, quote_literal, table_sql

__all__ = ["Observer", "Row", "ServerAnswer", "connect", "quote", "quote_literal", "table_sql"]
