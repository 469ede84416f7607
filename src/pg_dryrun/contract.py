"""G-26, C-08: what the writer emits against what the deployed schema demands. All mismatches at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pg_dryrun.observer import Observer, connect
from pg_dryrun.subject import Emission, Login, TableName

_RELATIONS = """
SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname || '.' || c.relname = ANY (%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_COLUMNS = """
SELECT n.nspname || '.' || c.relname AS relation, a.attname::text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull OR coalesce(t.typnotnull, false) AS required,
       a.atthasdef AND a.attgenerated = '' OR t.typdefault IS NOT NULL AS has_default,
       a.attgenerated <> '' AS generated, a.attidentity::text AS identity
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE n.nspname || '.' || c.relname = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum
"""
_DEMANDS = """
SELECT relation, kind, line FROM (
    SELECT k.conrelid AS oid,
           CASE k.contype WHEN 'c' THEN 'checks' WHEN 'f' THEN 'foreign keys' WHEN 'x' THEN 'exclusions'
                                             ELSE 'keys' END AS kind,
           k.conname || ' ' || pg_catalog.pg_get_constraintdef(k.oid) AS line
    FROM pg_catalog.pg_constraint k WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')
    UNION ALL SELECT t.tgrelid, 'triggers', pg_catalog.pg_get_triggerdef(t.oid)
    FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
    UNION ALL SELECT r.ev_class, 'rules', pg_catalog.pg_get_ruledef(r.oid)
    FROM pg_catalog.pg_rewrite r WHERE r.rulename <> '_RETURN'
    UNION ALL SELECT p.polrelid, 'policies', p.polname::text FROM pg_catalog.pg_policy p
    UNION ALL SELECT d.adrelid, 'defaults', a.attname || ' ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)
    FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum) demand
JOIN LATERAL (SELECT n.nspname || '.' || c.relname AS relation FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = demand.oid) named ON true
WHERE relation = ANY (%s) ORDER BY 1, 2, 3
"""
_INSERT_RULES = """
SELECT n.nspname || '.' || c.relname AS relation, r.rulename::text AS name FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE r.ev_type = '3' AND r.ev_enabled <> 'D' AND n.nspname || '.' || c.relname = ANY (%s)
"""


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """One thing the deployed schema will not accept.

    ``code``: ``missing_table``, ``not_a_table``, ``missing_column``, ``not_filled`` (NOT NULL without a default),
    ``not_writable`` (generated, or identity GENERATED ALWAYS), ``rule`` (rewrites the INSERT into something else).
    """

    code: str
    statement: str
    table: TableName
    column: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class ContractReport:
    """``mismatches`` and, per table, what else the schema demands by kind: checks, foreign keys, keys, triggers, rules,
    policies, defaults. Those are for the reader and the scenarios: only rows can show whether they are kept."""

    mismatches: tuple[Mismatch, ...]
    demands: Mapping[TableName, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    emissions_examined: int = 0

    @property
    def holds(self) -> bool:
        """No mismatch, and something was examined."""
        return not self.mismatches and self.emissions_examined > 0


@dataclass(frozen=True, kw_only=True)
class _Column:
    name: str
    required: bool
    has_default: bool
    generated: bool
    identity: str


@dataclass(frozen=True, kw_only=True)
class _Deployed:
    kinds: Mapping[TableName, str]
    columns: Mapping[TableName, Mapping[str, _Column]]
    insert_rules: Mapping[TableName, tuple[str, ...]]


def check(admin: Login, emissions: Sequence[Emission]) -> ContractReport:
    """Compare ``emissions`` with the catalog of the restored copy, set-wise. Raises ``ServerAnswer``."""
    tables = sorted({emission.table for emission in emissions})
    with connect(admin, purpose="contract", read_only=True) as observer, observer.block():
        deployed = _look(observer, tables)
        demands = _demands(observer, tables)
    return ContractReport(
        mismatches=tuple(mismatch for emission in emissions for mismatch in _mismatches(emission, deployed)),
        demands=demands,
        emissions_examined=len(emissions),
    )


def _mismatches(emission: Emission, deployed: _Deployed) -> Iterator[Mismatch]:
    def mismatch(code: str, message: str, column: str | None = None) -> Mismatch:
        return Mismatch(
            code=code,
            statement=emission.statement,
            table=emission.table,
            column=column,
            message=f"{emission.statement}: {message}",
        )

    kind = deployed.kinds.get(emission.table)
    if kind is None:
        yield mismatch("missing_table", f"{emission.table} does not exist")
        return
    if kind not in {"r", "p"}:
        yield mismatch("not_a_table", f"{emission.table} is a view or a foreign table")
    columns = deployed.columns[emission.table]
    for name in emission.columns:
        column = columns.get(name)
        if column is None:
            yield mismatch("missing_column", f"{emission.table} has no column {name}", name)
        elif column.generated or column.identity == "a":
            yield mismatch("not_writable", f"{emission.table}.{name} is generated always", name)
    for name, column in columns.items():
        supplied = column.has_default or column.generated or bool(column.identity)
        if column.required and not supplied and name not in emission.columns:
            yield mismatch("not_filled", f"{emission.table}.{name} is NOT NULL without default and not filled", name)
    for rule in deployed.insert_rules.get(emission.table, ()):
        yield mismatch("rule", f"rule {rule} rewrites every INSERT into {emission.table}")


def _look(observer: Observer, tables: Sequence[TableName]) -> _Deployed:
    columns: dict[TableName, dict[str, _Column]] = {name: {} for name in tables}
    for row in observer.rows(_COLUMNS, [list(tables)]):
        columns[str(row["relation"])][str(row["name"])] = _Column(
            name=str(row["name"]),
            required=bool(row["required"]),
            has_default=bool(row["has_default"]),
            generated=bool(row["generated"]),
            identity=str(row["identity"]),
        )
    rules: dict[TableName, tuple[str, ...]] = {}
    for row in observer.rows(_INSERT_RULES, [list(tables)]):
        name = str(row["relation"])
        rules[name] = (*rules.get(name, ()), str(row["name"]))
    kinds = {str(row["name"]): str(row["kind"]) for row in observer.rows(_RELATIONS, [list(tables)])}
    return _Deployed(kinds=kinds, columns=columns, insert_rules=rules)


def _demands(observer: Observer, tables: Sequence[TableName]) -> dict[TableName, dict[str, tuple[str, ...]]]:
    found: dict[TableName, dict[str, tuple[str, ...]]] = {}
    for row in observer.rows(_DEMANDS, [list(tables)]):
        kinds = found.setdefault(str(row["relation"]), {})
        kind = str(row["kind"])
        kinds[kind] = (*kinds.get(kind, ()), str(row["line"]))
    return found
