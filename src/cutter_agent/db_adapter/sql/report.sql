-- REPORT: what happened to a document, from the ledger and the unit store alone (design 1.5). Reads only.

-- name: report_entries
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_entry
SELECT entry_id, kind, status, payload, emitted_at
  FROM cutter_governance.decision_backlog_entry
 WHERE %(status)s::text IS NULL OR status = %(status)s::text
 ORDER BY emitted_at DESC, entry_id
 LIMIT %(row_limit)s::int;

-- An entry is asked for by its id, or by the reference or code of its document; the newest comes first.
-- name: report_entries_of
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_entry
SELECT entry_id, kind, status, payload, emitted_at
  FROM cutter_governance.decision_backlog_entry
 WHERE entry_id = %(entry_id)s::uuid
    OR payload ->> 'document_ref' = %(asked)s::text
    OR payload ->> 'document_code' = %(asked)s::text
 ORDER BY emitted_at DESC, entry_id;

-- name: report_history
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_history
SELECT entry_id, entry_version_after, change_kind, change_diff, changed_by, changed_at, rationale
  FROM cutter_governance.decision_backlog_history
 WHERE entry_id = ANY (%(entry_ids)s::uuid[])
 ORDER BY changed_at, entry_id, entry_version_after;

-- name: report_documents
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.document
SELECT document_ref, document_code, profile_id, title, created_at
  FROM iu.document
 WHERE document_ref = %(asked)s::text OR document_code = %(asked)s::text
 ORDER BY document_ref;

-- name: report_all_documents
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.document
SELECT document_ref, document_code, profile_id, title, created_at
  FROM iu.document
 ORDER BY document_code
 LIMIT %(row_limit)s::int OFFSET %(row_offset)s::int;

-- name: report_document_count
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.document
SELECT count(*) AS count
  FROM iu.document;

-- name: report_cuts
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.decision_backlog_entry
SELECT c.cut_seq, c.change_set_id, c.emitted_at, c.emitted_by, c.affected_unit_count, c.manifest_digest,
       c.snapshot_sha256, c.executor_signature_id, c.executor_tool_revision, c.review_decision_id,
       e.entry_id, e.status
  FROM cutter_governance.cut_change_set c
  JOIN cutter_governance.manifest_envelope m ON m.envelope_id = c.manifest_id
  JOIN cutter_governance.decision_backlog_entry e ON e.entry_id = m.source_doc_ref
 WHERE c.document_ref = %(document_ref)s::text
 ORDER BY c.cut_seq, c.emitted_at;

-- name: report_units
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version
SELECT u.unit_id, u.canonical_address, coalesce(v.unit_kind, u.unit_kind) AS unit_kind,
       coalesce(v.section_type, u.section_type) AS section_type,
       CASE WHEN v.unit_kind IS NULL THEN u.unit_number ELSE v.unit_number END AS unit_number,
       p.canonical_address AS parent, u.lifecycle_status, v.version_seq, v.content_hash, v.body, v.cut_seq, v.lifecycle_status AS version_status
  FROM (SELECT DISTINCT ON (unit_id) unit_id, version_seq, content_hash, body, render_order, cut_seq, lifecycle_status,
               ends_life, unit_kind, section_type, unit_number, parent_unit_id
          FROM iu.unit_version
         WHERE document_ref = %(document_ref)s::text AND cut_seq <= %(as_of)s::int
         ORDER BY unit_id, cut_seq DESC) v
  JOIN iu.information_unit u ON u.unit_id = v.unit_id
  LEFT JOIN iu.information_unit p
    ON p.unit_id = CASE WHEN v.unit_kind IS NULL THEN u.parent_unit_id ELSE v.parent_unit_id END
 WHERE NOT v.ends_life
 ORDER BY v.render_order;

-- A part of the same, with how many there are in all and how deep each lies: the server orders, only the part is read.
-- name: report_units_page
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version
WITH held AS (
        SELECT DISTINCT ON (unit_id) unit_id, version_seq, render_order, ends_life
          FROM iu.unit_version
         WHERE document_ref = %(document_ref)s::text AND cut_seq <= %(as_of)s::int
         ORDER BY unit_id, cut_seq DESC),
     placed AS (
        SELECT unit_id, version_seq, render_order, count(*) OVER () AS unit_count
          FROM held WHERE NOT ends_life
         ORDER BY render_order, unit_id
         LIMIT %(row_limit)s::int OFFSET %(row_offset)s::int)
SELECT placed.unit_count, climb.depth, u.unit_id, u.canonical_address, coalesce(v.unit_kind, u.unit_kind) AS unit_kind,
       coalesce(v.section_type, u.section_type) AS section_type,
       CASE WHEN v.unit_kind IS NULL THEN u.unit_number ELSE v.unit_number END AS unit_number,
       p.canonical_address AS parent, u.lifecycle_status, v.version_seq, v.content_hash, v.body, v.cut_seq,
       v.lifecycle_status AS version_status
  FROM placed
  JOIN iu.unit_version v ON v.unit_id = placed.unit_id AND v.version_seq = placed.version_seq
  JOIN iu.information_unit u ON u.unit_id = placed.unit_id
  LEFT JOIN iu.information_unit p
    ON p.unit_id = CASE WHEN v.unit_kind IS NULL THEN u.parent_unit_id ELSE v.parent_unit_id END
 CROSS JOIN LATERAL (
        WITH RECURSIVE up (unit_id, depth) AS (
            SELECT p.unit_id, 0
            UNION ALL
            SELECT CASE WHEN held.unit_kind IS NULL THEN above.parent_unit_id ELSE held.parent_unit_id END, up.depth + 1
              FROM up
              JOIN iu.information_unit above ON above.unit_id = up.unit_id
             CROSS JOIN LATERAL (
                    SELECT w.unit_kind, w.parent_unit_id FROM iu.unit_version w
                     WHERE w.unit_id = up.unit_id AND w.cut_seq <= %(as_of)s::int
                     ORDER BY w.version_seq DESC LIMIT 1) held
             WHERE up.depth < 64)
        SELECT max(up.depth) AS depth FROM up) climb
 ORDER BY placed.render_order, placed.unit_id;

-- By its own address; else by the newest alias of that text whose cut was proven. Labels are those of its newest version.
-- name: report_unit
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version, cutter_governance.canonical_address_alias, cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.decision_backlog_entry
SELECT u.unit_id, u.document_ref, u.canonical_address, coalesce(v.unit_kind, u.unit_kind) AS unit_kind,
       coalesce(v.section_type, u.section_type) AS section_type,
       CASE WHEN v.unit_kind IS NULL THEN u.unit_number ELSE v.unit_number END AS unit_number,
       p.canonical_address AS parent, u.lifecycle_status
  FROM (SELECT own.unit_id, 0 AS place, NULL::timestamptz AS valid_from, NULL::uuid AS alias_id
          FROM iu.information_unit own
         WHERE own.canonical_address = %(address)s::text
         UNION ALL
        SELECT a.target_unit_id, 1, a.valid_from, a.alias_id
          FROM cutter_governance.canonical_address_alias a
          JOIN iu.information_unit t ON t.unit_id = a.target_unit_id
         WHERE a.alias_text = %(address)s::text
           AND NOT EXISTS (
                SELECT FROM cutter_governance.cut_change_set c
                  JOIN cutter_governance.manifest_envelope m ON m.envelope_id = c.manifest_id
                  JOIN cutter_governance.decision_backlog_entry e ON e.entry_id = m.source_doc_ref
                 WHERE c.document_ref = t.document_ref AND c.emitted_at = a.valid_from
                   AND e.status <> 'verified_complete')) named
  JOIN iu.information_unit u ON u.unit_id = named.unit_id
  LEFT JOIN LATERAL (
        SELECT held.unit_kind, held.section_type, held.unit_number, held.parent_unit_id
          FROM iu.unit_version held
         WHERE held.unit_id = u.unit_id AND NOT held.ends_life
         ORDER BY held.version_seq DESC
         LIMIT 1) v ON true
  LEFT JOIN iu.information_unit p
    ON p.unit_id = CASE WHEN v.unit_kind IS NULL THEN u.parent_unit_id ELSE v.parent_unit_id END
 ORDER BY named.place, named.valid_from DESC, named.alias_id
 LIMIT 1;

-- name: report_aliases
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.canonical_address_alias
SELECT alias_text, alias_kind, valid_from, rationale
  FROM cutter_governance.canonical_address_alias
 WHERE target_unit_id = %(unit_id)s::uuid
 ORDER BY valid_from, alias_id;

-- name: report_addresses_near
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit
SELECT canonical_address
  FROM iu.information_unit
 WHERE canonical_address > %(address)s::text
 ORDER BY canonical_address
 LIMIT 3;

-- name: report_versions
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.unit_version
SELECT version_seq, content_hash, body, cut_seq, change_set_id, lifecycle_status, ends_life
  FROM iu.unit_version
 WHERE unit_id = %(unit_id)s::uuid
 ORDER BY version_seq;

-- name: report_decisions
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.review_decision
SELECT review_decision_id, entry_id, verdict, status, verdict_rationale, reviewer_identity, reviewer_kind, decided_at,
       manifest_digest, snapshot_sha256
  FROM cutter_governance.review_decision
 WHERE entry_id = ANY (%(entry_ids)s::uuid[]) AND manifest_unit_local_id IS NULL
 ORDER BY decided_at, review_decision_id;

-- What was answered block by block and still holds.
-- name: report_answers
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.review_decision
SELECT findings
  FROM cutter_governance.review_decision
 WHERE entry_id = %(entry_id)s::uuid AND manifest_digest = %(manifest_digest)s::text
   AND manifest_unit_local_id IS NOT NULL AND superseded_by_review_decision_id IS NULL
 ORDER BY manifest_unit_local_id;

-- name: report_dependencies
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_dependency
SELECT from_entry_id, dependency_kind, to_entry_id, created_by, created_at
  FROM cutter_governance.decision_backlog_dependency
 WHERE from_entry_id = %(entry_id)s::uuid OR to_entry_id = %(entry_id)s::uuid
 ORDER BY created_at, dependency_id;

-- name: report_manifest
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.manifest
SELECT canonical_json
  FROM iu.manifest
 WHERE digest = %(digest)s::text;

-- name: report_snapshot
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.source_snapshot
SELECT bytes
  FROM iu.source_snapshot
 WHERE sha256 = %(sha256)s::text;

-- name: report_signatures_of
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.dot_pair_signature
SELECT signature_id, signature_kind, signer_dot_id, signer_identity, signer_tool_revision, payload_hash,
       payload_envelope, signature_payload, validation_state, cross_reference_change_set_id,
       cross_reference_verify_result_id, signed_at
  FROM cutter_governance.dot_pair_signature
 WHERE cross_reference_change_set_id = ANY (%(change_sets)s::uuid[])
    OR cross_reference_verify_result_id = ANY (%(verify_results)s::uuid[])
 ORDER BY signed_at, signature_id;

-- name: report_signatures
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.dot_pair_signature
SELECT signature_id, signature_kind, signer_dot_id, signer_identity, signer_tool_revision, payload_hash,
       payload_envelope, signature_payload, validation_state, cross_reference_change_set_id,
       cross_reference_verify_result_id, signed_at
  FROM cutter_governance.dot_pair_signature
 ORDER BY signed_at, signature_id;

-- The files that a text was made from, the first one first; their bytes are asked for one at a time.
-- name: report_renderings
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.source_rendering, iu.source_original
SELECT r.original_sha256, o.media_type, o.byte_length, r.reader, r.map_sha256, r.map, r.label, r.origin, r.recorded_at,
       r.recorded_by
  FROM iu.source_rendering r
  JOIN iu.source_original o ON o.sha256 = r.original_sha256
 WHERE r.snapshot_sha256 = %(snapshot_sha256)s::text
 ORDER BY r.recorded_at, r.original_sha256, r.map_sha256;

-- name: report_original
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.source_original
SELECT bytes
  FROM iu.source_original
 WHERE sha256 = %(sha256)s::text;

-- The trail of names, one step: the unit that has this name as its own address, and the newest proven alias of it.
-- name: report_named
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit
SELECT unit_id, document_ref, canonical_address, lifecycle_status
  FROM iu.information_unit
 WHERE canonical_address = %(name)s::text;

-- name: report_alias_of
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, cutter_governance.canonical_address_alias, cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.decision_backlog_entry
SELECT a.alias_text, a.alias_kind, a.valid_from, a.valid_until, a.created_by, a.rationale, t.canonical_address AS target,
       t.document_ref, made.cut_seq, made.entry_id, made.ordered_by
  FROM cutter_governance.canonical_address_alias a
  JOIN iu.information_unit t ON t.unit_id = a.target_unit_id
  LEFT JOIN LATERAL (
        SELECT c.cut_seq, e.entry_id, e.payload ->> 'marked_by' AS ordered_by
          FROM cutter_governance.cut_change_set c
          JOIN cutter_governance.manifest_envelope m ON m.envelope_id = c.manifest_id
          JOIN cutter_governance.decision_backlog_entry e ON e.entry_id = m.source_doc_ref
         WHERE c.document_ref = t.document_ref AND c.emitted_at = a.valid_from
         LIMIT 1) made ON true
 WHERE a.alias_text = %(name)s::text
   AND NOT EXISTS (
        SELECT FROM cutter_governance.cut_change_set c
          JOIN cutter_governance.manifest_envelope m ON m.envelope_id = c.manifest_id
          JOIN cutter_governance.decision_backlog_entry e ON e.entry_id = m.source_doc_ref
         WHERE c.document_ref = t.document_ref AND c.emitted_at = a.valid_from
           AND e.status <> 'verified_complete')
 ORDER BY a.valid_from DESC, a.alias_id
 LIMIT 1;

-- name: report_aliases_of_document
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, cutter_governance.canonical_address_alias, cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.decision_backlog_entry
SELECT a.alias_text, a.alias_kind, a.valid_from, a.valid_until, a.created_by, a.rationale, t.canonical_address AS target,
       t.document_ref, made.cut_seq, made.entry_id, made.ordered_by
  FROM iu.information_unit t
  JOIN cutter_governance.canonical_address_alias a ON a.target_unit_id = t.unit_id
  LEFT JOIN LATERAL (
        SELECT c.cut_seq, e.entry_id, e.payload ->> 'marked_by' AS ordered_by
          FROM cutter_governance.cut_change_set c
          JOIN cutter_governance.manifest_envelope m ON m.envelope_id = c.manifest_id
          JOIN cutter_governance.decision_backlog_entry e ON e.entry_id = m.source_doc_ref
         WHERE c.document_ref = t.document_ref AND c.emitted_at = a.valid_from
         LIMIT 1) made ON true
 WHERE t.document_ref = %(document_ref)s::text
   AND NOT EXISTS (
        SELECT FROM cutter_governance.cut_change_set c
          JOIN cutter_governance.manifest_envelope m ON m.envelope_id = c.manifest_id
          JOIN cutter_governance.decision_backlog_entry e ON e.entry_id = m.source_doc_ref
         WHERE c.document_ref = t.document_ref AND c.emitted_at = a.valid_from
           AND e.status <> 'verified_complete')
 ORDER BY a.valid_from, a.alias_text, a.alias_id;
