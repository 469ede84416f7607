"""The role that reads production: made so that it cannot write, and proven so by the server's own catalog (G-05)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pg_dryrun.observer import Observer, connect, quote, quote_literal
from pg_dryrun.subject import Login

_HARMLESS_MEMBERSHIPS = frozenset(
    {"pg_read_all_data", "pg_read_all_settings", "pg_read_all_stats", "pg_stat_scan_tables", "pg_monitor"}
)
_FIRST_VERSION_WITH_MAINTAIN = 170000

# Every question is asked for the connected role and for every role it could become. %(writes)s differs by version.
_ROLES = """
WITH me AS (SELECT oid, rolname FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))
"""
_QUESTIONS: Mapping[str, str] = {
    "tables": """
        SELECT format('%%s on %%I.%%I as %%I', p, n.nspname, c.relname, me.rolname) AS line
        FROM me CROSS JOIN pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN unnest(string_to_array(%(writes)s, ',')) p
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast|temp)'
          AND c.oid <> 'pg_catalog.pg_settings'::regclass
          AND pg_catalog.has_table_privilege(me.oid, c.oid, p)""",
    "columns": """
        SELECT format('%%s on columns of %%I.%%I as %%I', p, n.nspname, c.relname, me.rolname) AS line
        FROM me CROSS JOIN pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'REFERENCES']) p
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast|temp)'
          AND c.oid <> 'pg_catalog.pg_settings'::regclass
          AND NOT pg_catalog.has_table_privilege(me.oid, c.oid, p)
          AND pg_catalog.has_any_column_privilege(me.oid, c.oid, p)""",
    "sequences": """
        SELECT format('%%s on sequence %%I.%%I as %%I', p, n.nspname, c.relname, me.rolname) AS line
        FROM me CROSS JOIN pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN unnest(ARRAY['USAGE', 'UPDATE']) p
        WHERE c.relkind = 'S' AND pg_catalog.has_sequence_privilege(me.oid, c.oid, p)""",
    "schemas": """
        SELECT format('CREATE in schema %%I as %%I', n.nspname, me.rolname) AS line
        FROM me CROSS JOIN pg_catalog.pg_namespace n WHERE pg_catalog.has_schema_privilege(me.oid, n.oid, 'CREATE')""",
    "databases": """
        SELECT format('%%s in database %%I as %%I', p, d.datname, me.rolname) AS line
        FROM me CROSS JOIN pg_catalog.pg_database d CROSS JOIN unnest(ARRAY['CREATE', 'TEMPORARY']) p
        WHERE d.datname = current_database() AND pg_catalog.has_database_privilege(me.oid, d.oid, p)""",
    "tablespaces": """
        SELECT format('CREATE in tablespace %%I as %%I', t.spcname, me.rolname) AS line
        FROM me CROSS JOIN pg_catalog.pg_tablespace t
        WHERE pg_catalog.has_tablespace_privilege(me.oid, t.oid, 'CREATE')""",
    "large objects": """
        SELECT format('UPDATE on large object %%s as %%I', l.oid, me.rolname) AS line
        FROM me CROSS JOIN pg_catalog.pg_largeobject_metadata l
        WHERE l.lomowner = me.oid OR EXISTS (SELECT FROM pg_catalog.aclexplode(l.lomacl) a
              WHERE a.grantee IN (0, me.oid) AND a.privilege_type = 'UPDATE')""",
    "ownership": """
        SELECT format('owner of %%s as %%I', pg_catalog.pg_describe_object(s.classid, s.objid, s.objsubid),
                      me.rolname) AS line
        FROM me JOIN pg_catalog.pg_shdepend s ON s.refclassid = 'pg_catalog.pg_authid'::regclass AND s.refobjid = me.oid
        WHERE s.deptype = 'o' AND s.dbid IN (0, (SELECT d.oid FROM pg_catalog.pg_database d
                                               WHERE d.datname = current_database()))""",
    "attributes": """
        SELECT format('attribute %%s as %%I', a, r.rolname) AS line
        FROM me JOIN pg_catalog.pg_roles r USING (oid) CROSS JOIN LATERAL unnest(ARRAY[
            CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
            CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END]) a
        WHERE a IS NOT NULL""",
}
_RESERVATIONS = (
    _ROLES
    + """
SELECT format('%%s runs with the rights of %%s', p.oid::regprocedure, pg_catalog.pg_get_userbyid(p.proowner)) AS line
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND EXISTS (SELECT FROM me WHERE pg_catalog.has_function_privilege(me.oid, p.oid, 'EXECUTE'))
UNION ALL
SELECT format('%%s makes large objects', p.oid::regprocedure)
FROM pg_catalog.pg_proc p WHERE p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea')
  AND p.pronamespace = 'pg_catalog'::regnamespace
  AND EXISTS (SELECT FROM me WHERE pg_catalog.has_function_privilege(me.oid, p.oid, 'EXECUTE'))
ORDER BY 1
"""
)


@dataclass(frozen=True, kw_only=True)
class ReaderProof:
    """What the reading role could do. ``violations`` empty and ``transaction_id_taken`` False is the proof.

    ``examined`` counts what was asked about. ``memberships`` are the roles it is in. ``reservations`` are write paths
    that PostgreSQL leaves to everybody and this tool never takes (large objects, functions with their owner's rights):
    reported, not judged; the transaction id shows that none was taken.
    """

    role: str
    violations: tuple[str, ...]
    transaction_id_taken: bool
    memberships: tuple[str, ...] = ()
    reservations: tuple[str, ...] = ()
    examined: Mapping[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """No write privilege on anything, and no transaction id taken."""
        return not self.violations and not self.transaction_id_taken


def prove(observer: Observer) -> ReaderProof:
    """Ask the server what the connected role may write, set-wise over the whole catalog. Raises ``ServerAnswer``.

    Called inside the block that reads, ``transaction_id_taken`` is about that block.
    """
    role = str(observer.value("SELECT current_user"))
    memberships = _memberships(observer)
    violations = _violations(observer)
    return ReaderProof(
        role=role,
        violations=tuple(violations)
        + tuple(
            f"member of {name}" for name in memberships if name.startswith("pg_") and name not in _HARMLESS_MEMBERSHIPS
        ),
        transaction_id_taken=transaction_id_taken(observer),
        memberships=memberships,
        reservations=tuple(str(row["line"]) for row in observer.rows(_RESERVATIONS, {})),
        examined=_examined(observer),
    )


def transaction_id_taken(observer: Observer) -> bool:
    """Whether the open transaction has a transaction id: only one that wrote has."""
    return observer.value("SELECT pg_catalog.pg_current_xact_id_if_assigned()") is not None


def create_reader(admin: Login, *, role: str, password: str) -> Login:
    """On a stand-in production: a role that may read everything and write nothing. Returns its login.

    Takes the right to make temporary tables from PUBLIC on that database, because PostgreSQL gives it to everybody.
    """
    with connect(admin, purpose="reader") as observer:
        # The server's log must not learn the password.
        observer.execute("SET log_statement = 'none'")
        row_security = bool(observer.value("SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relrowsecurity)"))
        observer.execute(
            f"CREATE ROLE {quote(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
            f" {'BYPASSRLS' if row_security else 'NOBYPASSRLS'} PASSWORD {quote_literal(password)}"
            " IN ROLE pg_read_all_data"
        )
        observer.execute(f"ALTER ROLE {quote(role)} SET default_transaction_read_only = on")
        observer.execute(f"REVOKE TEMPORARY ON DATABASE {quote(admin.dbname)} FROM PUBLIC")
    return replace(admin, user=role, password=password)


def _violations(observer: Observer) -> list[str]:
    if observer.value("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"):
        return ["attribute SUPERUSER: every privilege on everything"]
    writes = "INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER"
    if observer.server_version_num >= _FIRST_VERSION_WITH_MAINTAIN:
        writes += ",MAINTAIN"
    found = []
    for question in _QUESTIONS.values():
        found += [str(row["line"]) for row in observer.rows(_ROLES + question + " ORDER BY 1", {"writes": writes})]
    if observer.value("SELECT current_setting('lo_compat_privileges')::bool"):
        found.append("lo_compat_privileges is on: large objects are open to everybody")
    return found


def _memberships(observer: Observer) -> tuple[str, ...]:
    rows = observer.rows(
        "SELECT rolname::text AS name FROM pg_catalog.pg_roles r"
        " WHERE pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') AND rolname <> current_user"
        " AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) ORDER BY 1"
    )
    return tuple(str(row["name"]) for row in rows)


def _examined(observer: Observer) -> Mapping[str, int]:
    row = observer.rows(
        "SELECT (SELECT count(*) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f')) AS relations,"
        " (SELECT count(*) FROM pg_catalog.pg_class WHERE relkind = 'S') AS sequences,"
        " (SELECT count(*) FROM pg_catalog.pg_namespace) AS schemas,"
        " (SELECT count(*) FROM pg_catalog.pg_roles r"
        "  WHERE pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')) AS roles,"
        " (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS large_objects"
    )[0]
    return {name: int(str(value)) for name, value in row.items()}
