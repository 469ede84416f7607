-- EXPORT: the units of a document as of a cut, streamed in document order with their addresses of former days.

-- name: export_units
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version, cutter_governance.canonical_address_alias
SELECT u.canonical_address AS address, coalesce(held.unit_kind, u.unit_kind) AS kind,
       coalesce(held.section_type, u.section_type) AS level,
       CASE WHEN held.unit_kind IS NULL THEN u.unit_number ELSE held.unit_number END AS number,
       p.canonical_address AS parent, held.version_seq AS version, held.cut_seq, held.content_hash AS content_sha256,
       held.body AS text,
       ARRAY(SELECT a.alias_text FROM cutter_governance.canonical_address_alias AS a
             WHERE a.target_unit_id = u.unit_id
               AND a.valid_from <= coalesce(%(at)s::timestamptz, now())
               AND (a.valid_until IS NULL OR a.valid_until > coalesce(%(at)s::timestamptz, now()))
             ORDER BY a.alias_text) AS aliases
  FROM iu.information_unit AS u
  JOIN LATERAL (
        SELECT v.version_seq, v.cut_seq, v.content_hash, v.body, v.render_order, v.ends_life,
               v.unit_kind, v.section_type, v.unit_number, v.parent_unit_id
          FROM iu.unit_version AS v
         WHERE v.unit_id = u.unit_id AND v.cut_seq <= %(as_of)s::int
         ORDER BY v.version_seq DESC
         LIMIT 1) AS held ON true
  LEFT JOIN iu.information_unit AS p
    ON p.unit_id = CASE WHEN held.unit_kind IS NULL THEN u.parent_unit_id ELSE held.parent_unit_id END
 WHERE u.document_ref = %(document_ref)s::text AND NOT held.ends_life
 ORDER BY held.render_order, u.unit_id;

-- Which unit is whose parent, in the same order, without the texts.
-- name: export_parents
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version
SELECT u.canonical_address AS address, p.canonical_address AS parent
  FROM iu.information_unit AS u
  JOIN LATERAL (
        SELECT v.render_order, v.ends_life, v.unit_kind, v.parent_unit_id
          FROM iu.unit_version AS v
         WHERE v.unit_id = u.unit_id AND v.cut_seq <= %(as_of)s::int
         ORDER BY v.version_seq DESC
         LIMIT 1) AS held ON true
  LEFT JOIN iu.information_unit AS p
    ON p.unit_id = CASE WHEN held.unit_kind IS NULL THEN u.parent_unit_id ELSE held.parent_unit_id END
 WHERE u.document_ref = %(document_ref)s::text AND NOT held.ends_life
 ORDER BY held.render_order, u.unit_id;
