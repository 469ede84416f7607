-- The catalog as lines, one named section per statement, read by observer/schema.py. Every statement yields one column "line".
-- Objects of extensions are left out (the extension and its version stand for them), temporary and system schemas too.
-- Names come out qualified because search_path is empty; ordinals are counted anew because dropped columns leave holes.

-- section: database
SELECT format('encoding %s collate %s ctype %s provider %s locale %s',
              pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider,
              coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '-')) AS line
FROM pg_database d WHERE datname = current_database();

-- section: schemas
SELECT format('%I owner %s', nspname, pg_get_userbyid(nspowner)) AS line
FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_namespace'::regclass AND x.objid = n.oid AND x.deptype = 'e');

-- section: extensions
SELECT format('%I version %s schema %I', extname, extversion, nspname) AS line
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace;

-- section: relations
SELECT format('%s %I.%I owner %s persistence %s access %s replident %s rls %s/%s options %s key %s bound %s of %s',
              c.relkind, n.nspname, c.relname, pg_get_userbyid(c.relowner), c.relpersistence, coalesce(a.amname, '-'),
              c.relreplident, c.relrowsecurity, c.relforcerowsecurity, coalesce(c.reloptions::text, '-'),
              CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) ELSE '-' END,
              coalesce(pg_get_expr(c.relpartbound, c.oid), '-'),
              coalesce((SELECT string_agg(i.inhparent::regclass::text, ',' ORDER BY i.inhseqno)
                        FROM pg_inherits i WHERE i.inhrelid = c.oid), '-')) AS line
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am a ON a.oid = c.relam
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e');

-- section: columns
SELECT format('%I.%I #%s %I %s collation %s notnull %s identity %s generated %s default %s storage %s compression %s statistics %s',
              n.nspname, c.relname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
              format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text ELSE '-' END,
              a.attnotnull, a.attidentity, a.attgenerated, coalesce(pg_get_expr(d.adbin, d.adrelid), '-'),
              a.attstorage, a.attcompression, coalesce(a.attstattarget, -1)) AS line
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e');

-- section: constraints
SELECT format('%s %I %s validated %s',
              CASE WHEN k.conrelid <> 0 THEN k.conrelid::regclass::text ELSE k.contypid::regtype::text END,
              k.conname, pg_get_constraintdef(k.oid), k.convalidated) AS line
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND k.contype <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.deptype = 'e' AND ((x.classid = 'pg_class'::regclass AND x.objid = k.conrelid)
                  OR (x.classid = 'pg_type'::regclass AND x.objid = k.contypid)));

-- section: indexes
SELECT format('%s valid %s clustered %s replident %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident) AS line
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e');

-- section: triggers
SELECT format('%s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled) AS line
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';

-- section: rules
SELECT format('%s enabled %s', pg_get_ruledef(r.oid), r.ev_enabled) AS line
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema';

-- section: views
SELECT format('%I.%I %s', n.nspname, c.relname, pg_get_viewdef(c.oid)) AS line
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e');

-- section: functions
SELECT format('%s owner %s %s', p.oid::regprocedure, pg_get_userbyid(p.proowner),
              CASE WHEN p.prokind = 'a' THEN 'aggregate returns ' || p.prorettype::regtype::text ELSE pg_get_functiondef(p.oid) END) AS line
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype IN ('e', 'i'));

-- section: types
SELECT format('%s %s owner %s base %s notnull %s default %s labels %s', t.typtype, t.oid::regtype, pg_get_userbyid(t.typowner),
              CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) ELSE '-' END, t.typnotnull, coalesce(t.typdefault, '-'),
              coalesce((SELECT string_agg(quote_literal(e.enumlabel), ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '-')) AS line
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd', 'r', 'm', 'b') AND t.typelem = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_type'::regclass AND x.objid = t.oid AND x.deptype = 'e');

-- section: sequences
SELECT format('%s %s start %s increment %s min %s max %s cache %s cycle %s owned by %s', s.seqrelid::regclass, s.seqtypid::regtype,
              s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
              coalesce((SELECT format('%s.%I', d.refobjid::regclass, a.attname) FROM pg_depend d
                        JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                        WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i')
                          AND d.refclassid = 'pg_class'::regclass LIMIT 1), '-')) AS line
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e');

-- section: policies
SELECT format('%s %I %s permissive %s roles %s using %s check %s', p.polrelid::regclass, p.polname, p.polcmd, p.polpermissive,
              (SELECT string_agg(CASE WHEN r = 0 THEN 'public' ELSE pg_get_userbyid(r)::text END, ',' ORDER BY 1) FROM unnest(p.polroles) r),
              coalesce(pg_get_expr(p.polqual, p.polrelid), '-'), coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-')) AS line
FROM pg_policy p;

-- section: acl
WITH held AS (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'relation' END AS what, format('%I.%I', n.nspname, c.relname) AS name,
           coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, c.relowner)) AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
    UNION ALL
    SELECT 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname), a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT 'schema', format('%I', n.nspname), coalesce(n.nspacl, acldefault('n', n.nspowner))
    FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid AND x.deptype IN ('e', 'i'))
    UNION ALL
    SELECT 'type', t.oid::regtype::text, t.typacl
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typacl IS NOT NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    UNION ALL
    SELECT 'default for ' || pg_get_userbyid(d.defaclrole), format('%s in %s', d.defaclobjtype, coalesce(d.defaclnamespace::regnamespace::text, '-')), d.defaclacl
    FROM pg_default_acl d
)
SELECT format('%s %s: %s %s%s', what, name, CASE WHEN e.grantee = 0 THEN 'public' ELSE pg_get_userbyid(e.grantee)::text END,
              string_agg(e.privilege_type, ',' ORDER BY e.privilege_type), CASE WHEN e.is_grantable THEN ' grantable' ELSE '' END) AS line
FROM held, LATERAL aclexplode(held.acl) e
GROUP BY what, name, e.grantee, e.is_grantable;

-- section: comments
SELECT format('%s: %s', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description) AS line
FROM pg_description d
WHERE d.objoid >= 16384 AND d.classoid <> 'pg_constraint'::regclass
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = d.classoid AND x.objid = d.objoid AND x.deptype = 'e')
  AND d.classoid NOT IN ('pg_extension'::regclass, 'pg_largeobject'::regclass);

-- section: other objects
SELECT pg_describe_object(o.classid, o.objid, 0) AS line
FROM (SELECT 'pg_collation'::regclass AS classid, oid AS objid FROM pg_collation
      UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast
      UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
      UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
      UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
      UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
      UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
      UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
      UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language
      UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
      UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
      UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication
      UNION ALL SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger
      UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext
      UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform) o
WHERE o.objid >= 16384
  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = o.classid AND x.objid = o.objid AND x.deptype = 'e');
