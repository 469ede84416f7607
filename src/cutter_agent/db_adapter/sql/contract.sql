-- What the deployed catalog says of our schemas: read by each lane when it starts (contract.py), by `db check` for drift,
-- and by the generator that writes expected/catalog.json. pg_catalog only; nothing here needs a grant.

-- name: contract_relations
-- principal: both
-- verb: SELECT
-- tables: pg_catalog.pg_class, pg_catalog.pg_namespace, pg_catalog.pg_rewrite
SELECT n.nspname::text || '.' || c.relname::text AS relation,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       c.relrowsecurity AS row_security,
       ARRAY(SELECT r.rulename::text FROM pg_catalog.pg_rewrite AS r
             WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN' ORDER BY r.rulename) AS rules,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS may_enter_schema,
       pg_catalog.has_any_column_privilege(c.oid, 'SELECT') AS may_select,
       pg_catalog.has_any_column_privilege(c.oid, 'UPDATE') AS may_update
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
ORDER BY relation;

-- name: contract_columns
-- principal: both
-- verb: SELECT
-- tables: pg_catalog.pg_attribute, pg_catalog.pg_class, pg_catalog.pg_namespace, pg_catalog.pg_attrdef, pg_catalog.pg_type
SELECT n.nspname::text || '.' || c.relname::text AS relation,
       a.attname::text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       (a.attnotnull OR t.typnotnull) AS not_null,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default_text,
       a.attgenerated::text AS generated,
       a.attidentity::text AS identity,
       pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS may_select,
       pg_catalog.has_column_privilege(c.oid, a.attnum, 'INSERT') AS may_insert,
       pg_catalog.has_column_privilege(c.oid, a.attnum, 'UPDATE') AS may_update
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE n.nspname = ANY (%(schemas)s::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY relation, a.attnum;

-- name: contract_indexes
-- principal: both
-- verb: SELECT
-- tables: pg_catalog.pg_index, pg_catalog.pg_class, pg_catalog.pg_namespace, pg_catalog.pg_attribute
SELECT n.nspname::text || '.' || c.relname::text AS relation,
       i.relname::text AS name,
       x.indisunique AS is_unique,
       (x.indisvalid AND x.indisready AND x.indimmediate) AS usable,
       (x.indpred IS NOT NULL) AS is_partial,
       ARRAY(SELECT coalesce(a.attname::text, '(expression)')
             FROM pg_catalog.unnest(x.indkey) WITH ORDINALITY AS k (attnum, place)
             LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0
             WHERE k.place <= x.indnkeyatts ORDER BY k.place) AS columns,
       pg_catalog.pg_get_indexdef(x.indexrelid) AS definition
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS c ON c.oid = x.indrelid
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s::text[])
ORDER BY relation, name;

-- NOT NULL is told by the columns, constraint triggers by the triggers. "relation" is the domain's name for a domain.
-- name: contract_constraints
-- principal: both
-- verb: SELECT
-- tables: pg_catalog.pg_constraint, pg_catalog.pg_class, pg_catalog.pg_namespace, pg_catalog.pg_type
SELECT n.nspname::text || '.' || coalesce(c.relname, t.typname)::text AS relation,
       k.conname::text AS name,
       k.contype::text AS kind,
       k.convalidated AS is_valid,
       pg_catalog.pg_get_constraintdef(k.oid) AS definition
FROM pg_catalog.pg_constraint AS k
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = k.contypid
JOIN pg_catalog.pg_namespace AS n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
WHERE n.nspname = ANY (%(schemas)s::text[]) AND k.contype IN ('c', 'f', 'p', 'u', 'x')
ORDER BY relation, name;

-- name: contract_triggers
-- principal: both
-- verb: SELECT
-- tables: pg_catalog.pg_trigger, pg_catalog.pg_class, pg_catalog.pg_namespace, pg_catalog.pg_proc
SELECT n.nspname::text || '.' || c.relname::text AS relation,
       g.tgname::text AS name,
       g.tgenabled::text AS enabled,
       pg_catalog.pg_get_triggerdef(g.oid) AS definition,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(p.prosrc, 'UTF8')), 'hex') AS body_sha256,
       p.prosecdef AS security_definer,
       coalesce(p.proconfig, '{}') AS settings
FROM pg_catalog.pg_trigger AS g
JOIN pg_catalog.pg_class AS c ON c.oid = g.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid
WHERE n.nspname = ANY (%(schemas)s::text[]) AND NOT g.tgisinternal
ORDER BY relation, name;

-- Who asks, and which server and database answer: the key under which a clean result is remembered in this process.
-- name: contract_asker
-- principal: both
-- verb: SELECT
-- tables: pg_catalog.pg_database
SELECT current_user::text AS role,
       pg_catalog.pg_postmaster_start_time()::text AS server_started,
       d.oid::text AS database
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database();
