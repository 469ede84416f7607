-- SEARCH: living units by their words. The expression over a body is the one of the index unit_version_by_words, letter by letter.

-- Living: what the newest proven version says, of a unit in force. More than `most` units are not ranked: the first found are.
-- `found` is MATERIALIZED and of one table, so that neither the bound nor old statistics tempt the planner to walk through it;
-- scalar subqueries, no joins, ask whether a unit lives: so the bound ends the work where nearly every unit has the words.
-- name: search_units
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.unit_version, iu.information_unit, iu.document
WITH found AS MATERIALIZED (
    SELECT v.unit_id, v.version_seq
      FROM iu.unit_version v
     WHERE to_tsvector('pg_catalog.simple'::regconfig,
           regexp_replace(regexp_replace(regexp_replace(normalize(left(v.body, 100000), NFD),
           '[\u0300-\u0304\u0306-\u030c\u031b\u0323\u0327\u0328\u00ad\u200b\ufeff]+', '', 'g'),
           '[\u0111\u0110\u00d0]', 'd', 'g'), '[/_@\u00a0\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00ab\u00bb-]', ' ', 'g'))
           @@ websearch_to_tsquery('pg_catalog.simple'::regconfig, %(folded)s::text)
       AND v.lifecycle_status = 'enacted' AND NOT v.ends_life
       AND (%(document_ref)s::text IS NULL OR v.document_ref = %(document_ref)s::text)),
looked AS (
    SELECT f.unit_id, f.version_seq
      FROM found f
     WHERE (SELECT max(later.version_seq)
              FROM iu.unit_version later
             WHERE later.unit_id = f.unit_id AND later.lifecycle_status <> 'draft') = f.version_seq
       AND (SELECT living.lifecycle_status
              FROM iu.information_unit living
             WHERE living.unit_id = f.unit_id) = 'enacted'
     LIMIT %(most)s::int),
ranked AS (
    SELECT s.unit_id, s.version_seq, count(*) OVER () AS count,
           %(exact)s::text <> %(folded)s::text AND to_tsvector('pg_catalog.simple'::regconfig,
               lower(translate(normalize(left(v.body, 100000), NFC), U&'/_@-\00D0', U&'    \0110')))
               @@ websearch_to_tsquery('pg_catalog.simple'::regconfig, %(exact)s::text) AS is_exact,
           ts_rank(to_tsvector('pg_catalog.simple'::regconfig,
               regexp_replace(regexp_replace(regexp_replace(normalize(left(v.body, 100000), NFD),
               '[\u0300-\u0304\u0306-\u030c\u031b\u0323\u0327\u0328\u00ad\u200b\ufeff]+', '', 'g'),
               '[\u0111\u0110\u00d0]', 'd', 'g'), '[/_@\u00a0\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00ab\u00bb-]', ' ', 'g')),
               websearch_to_tsquery('pg_catalog.simple'::regconfig, %(folded)s::text), 1) AS rank
      FROM looked s
      JOIN iu.unit_version v ON v.unit_id = s.unit_id AND v.version_seq = s.version_seq)
SELECT u.canonical_address, v.document_ref, d.document_code, d.title AS document_title,
       coalesce(v.unit_kind, u.unit_kind) AS unit_kind,
       CASE WHEN v.unit_kind IS NULL THEN u.unit_number ELSE v.unit_number END AS unit_number,
       v.version_seq, v.content_hash, v.cut_seq, r.is_exact, r.count, left(v.body, 100000) AS body
  FROM ranked r
  JOIN iu.unit_version v ON v.unit_id = r.unit_id AND v.version_seq = r.version_seq
  JOIN iu.information_unit u ON u.unit_id = r.unit_id
  JOIN iu.document d ON d.document_ref = v.document_ref
 ORDER BY r.is_exact DESC, r.rank DESC, u.canonical_address
 LIMIT %(row_limit)s::int OFFSET %(row_offset)s::int;
