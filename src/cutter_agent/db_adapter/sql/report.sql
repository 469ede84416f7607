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
SELECT u.unit_id, u.canonical_address, u.unit_kind, u.section_type, u.unit_number, p.canonical_address AS parent,
       u.lifecycle_status, v.version_seq, v.content_hash, v.body, v.cut_seq, v.lifecycle_status AS version_status
  FROM (SELECT DISTINCT ON (unit_id) unit_id, version_seq, content_hash, body, render_order, cut_seq, lifecycle_status
          FROM iu.unit_version
         WHERE document_ref = %(document_ref)s::text AND cut_seq <= %(as_of)s::int
         ORDER BY unit_id, cut_seq DESC) v
  JOIN iu.information_unit u ON u.unit_id = v.unit_id
  LEFT JOIN iu.information_unit p ON p.unit_id = u.parent_unit_id
 WHERE v.lifecycle_status <> 'retired'
 ORDER BY v.render_order;

-- name: report_unit
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit
SELECT u.unit_id, u.document_ref, u.canonical_address, u.unit_kind, u.section_type, u.unit_number,
       p.canonical_address AS parent, u.lifecycle_status
  FROM iu.information_unit u
  LEFT JOIN iu.information_unit p ON p.unit_id = u.parent_unit_id
 WHERE u.canonical_address = %(address)s::text;

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
SELECT version_seq, content_hash, body, cut_seq, change_set_id, lifecycle_status
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
 WHERE entry_id = ANY (%(entry_ids)s::uuid[])
 ORDER BY decided_at, review_decision_id;

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

-- name: report_signatures
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.dot_pair_signature
SELECT signature_id, signature_kind, signer_dot_id, signer_identity, signer_tool_revision, payload_hash,
       payload_envelope, signature_payload, validation_state, cross_reference_change_set_id,
       cross_reference_verify_result_id, signed_at
  FROM cutter_governance.dot_pair_signature
 ORDER BY signed_at, signature_id;
