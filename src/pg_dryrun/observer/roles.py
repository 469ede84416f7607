"""Roles as a server's catalog shows them, without their passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pg_dryrun.observer.connection import Observer

# Every role that something of this database refers to (owner, grantee, policy), and every role those are members of.
_REFERENCED = """
WITH RECURSIVE here AS (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()), needed(oid) AS (
    SELECT s.refobjid FROM pg_catalog.pg_shdepend s
    WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass
      AND (s.dbid = (SELECT oid FROM here)
           OR s.classid = 'pg_catalog.pg_database'::regclass AND s.objid = (SELECT oid FROM here))
    UNION SELECT datdba FROM pg_catalog.pg_database WHERE datname = current_database()
    UNION SELECT m.roleid FROM pg_catalog.pg_auth_members m JOIN needed ON m.member = needed.oid
)
SELECT DISTINCT r.rolname::text AS name FROM needed JOIN pg_catalog.pg_roles r USING (oid)
WHERE r.rolname !~ '^pg_' ORDER BY 1
"""
_FACTS = """
SELECT r.rolname::text AS name,
       array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
                          CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolreplication THEN 'REPLICATION' END,
                          CASE WHEN rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN NOT rolinherit THEN 'NOINHERIT' END,
                          CASE WHEN rolcanlogin THEN 'LOGIN' END], NULL) AS attributes,
       ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
             WHERE m.member = r.oid ORDER BY 1) AS member_of,
       coalesce((SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0),
                ARRAY[]::text[]) AS settings,
       coalesce((SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s
                 JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
                 WHERE s.setrole = r.oid AND d.datname = current_database()), ARRAY[]::text[]) AS settings_here
FROM pg_catalog.pg_roles r WHERE r.rolname = ANY (%s) ORDER BY 1
"""


@dataclass(frozen=True, kw_only=True)
class RoleFacts:
    """A role as the catalog shows it. ``settings`` are ``name=value``; ``settings_here`` hold in this database only."""

    name: str
    attributes: tuple[str, ...] = ()
    member_of: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    settings_here: tuple[str, ...] = ()


def referenced_roles(observer: Observer) -> tuple[RoleFacts, ...]:
    """Every role that owns or holds something in the connected database, with the roles those are members of."""
    return facts(observer, [str(row["name"]) for row in observer.rows(_REFERENCED)])


def facts(observer: Observer, names: Sequence[str]) -> tuple[RoleFacts, ...]:
    """The named roles, by name; those that do not exist are missing."""
    return tuple(
        RoleFacts(
            name=str(row["name"]),
            attributes=_texts(row["attributes"]),
            member_of=_texts(row["member_of"]),
            settings=_texts(row["settings"]),
            settings_here=_texts(row["settings_here"]),
        )
        for row in observer.rows(_FACTS, [list(names)])
    )


def database_settings(observer: Observer) -> tuple[str, ...]:
    """``ALTER DATABASE … SET`` of the connected database, as ``name=value``."""
    return _texts(
        observer.value(
            "SELECT s.setconfig FROM pg_catalog.pg_db_role_setting s"
            " JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase"
            " WHERE s.setrole = 0 AND d.datname = current_database()"
        )
    )


def database_privileges(observer: Observer) -> tuple[str, ...]:
    """Who may do what on the connected database: ``CONNECT TO role``, role ``public`` for everybody; not the owner."""
    rows = observer.rows(
        "SELECT a.privilege_type || ' TO ' || CASE WHEN a.grantee = 0 THEN 'public'"
        " ELSE pg_catalog.pg_get_userbyid(a.grantee)::text END AS line"
        " FROM pg_catalog.pg_database d,"
        " LATERAL pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a"
        " WHERE d.datname = current_database() AND a.grantee <> d.datdba ORDER BY 1"
    )
    return tuple(str(row["line"]) for row in rows)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()
