-- VERIFY: another identity proves the cut, or escalates.

-- name: find_change_set_of_entry
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.cut_change_set, cutter_governance.manifest_envelope
SELECT c.change_set_id, c.rollback_key, c.idempotency_key, c.manifest_id, c.manifest_version, c.review_decision_id,
       c.executor_signature_id, c.executor_tool_revision, c.verifier_tool_revision, c.state, c.affected_unit_count,
       c.emitted_by, c.emitted_at, c.payload_summary, c.document_ref, c.cut_seq, c.manifest_digest, c.snapshot_sha256
FROM cutter_governance.manifest_envelope AS m
JOIN cutter_governance.cut_change_set AS c ON c.manifest_id = m.envelope_id
WHERE m.source_doc_ref = %(entry_id)s
ORDER BY c.cut_seq DESC
LIMIT 1;

-- Every one, also those that no chain of prior decisions reaches, and those about a single block.
-- name: find_every_decision
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.review_decision
SELECT review_decision_id, manifest_id, verdict, status, prior_review_decision_id, superseded_by_review_decision_id,
       escalation_ref, findings, verdict_rationale, reviewer_identity, reviewer_kind, reviewer_independence_evidence,
       risk_class, decided_by, decided_at, entry_id, manifest_digest, snapshot_sha256, manifest_unit_local_id
FROM cutter_governance.review_decision
WHERE entry_id = %(entry_id)s OR manifest_id = %(envelope_id)s
ORDER BY decided_at, review_decision_id;

-- name: find_every_envelope
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.manifest_envelope
SELECT envelope_id, operation_kind, status, source_doc_ref, manifest_digest, created_by, created_at, reviewer,
       reviewed_at, rationale
FROM cutter_governance.manifest_envelope
WHERE source_doc_ref = %(entry_id)s
ORDER BY created_at, envelope_id;

-- name: find_cuts_of_document
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.verify_result
SELECT c.change_set_id, c.rollback_key, c.idempotency_key, c.manifest_id, c.manifest_version, c.review_decision_id,
       c.executor_signature_id, c.executor_tool_revision, c.verifier_tool_revision, c.state, c.affected_unit_count,
       c.emitted_by, c.emitted_at, c.payload_summary, c.document_ref, c.cut_seq, c.manifest_digest, c.snapshot_sha256,
       m.source_doc_ref AS entry_id,
       EXISTS (
            SELECT FROM cutter_governance.verify_result AS r
            WHERE r.change_set_id = c.change_set_id AND r.verdict = 'pass') AS passed
FROM cutter_governance.cut_change_set AS c
LEFT JOIN cutter_governance.manifest_envelope AS m ON m.envelope_id = c.manifest_id
WHERE c.document_ref = %(document_ref)s
ORDER BY c.cut_seq, c.change_set_id;

-- name: count_versions
-- principal: cutter_verify
-- verb: SELECT
-- tables: iu.unit_version
SELECT change_set_id, cut_seq, count(*) AS versions
FROM iu.unit_version
WHERE document_ref = %(document_ref)s
GROUP BY change_set_id, cut_seq
ORDER BY cut_seq, change_set_id;

-- name: find_signatures_of_change_set
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.dot_pair_signature
SELECT signature_id
FROM cutter_governance.dot_pair_signature
WHERE cross_reference_change_set_id = %(change_set_id)s
ORDER BY signature_id;

-- Columns that no phase ever writes: whatever stands there was put there by somebody else.
-- name: find_foreign_columns
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.manifest_envelope, cutter_governance.manifest_unit_block, cutter_governance.review_decision, cutter_governance.dot_pair_signature, cutter_governance.cut_change_set, cutter_governance.verify_result, iu.unit_version, iu.information_unit
SELECT 'manifest_envelope' AS written, e.envelope_id::text AS row_key
FROM cutter_governance.manifest_envelope AS e
WHERE e.source_doc_ref = %(entry_id)s
  AND num_nonnulls(e.escalation_ref, e.cut_change_set_ref, e.superseded_by_envelope_id) > 0
UNION ALL
SELECT 'manifest_unit_block', b.proposed_canonical_address
FROM cutter_governance.manifest_unit_block AS b
WHERE b.envelope_id = %(envelope_id)s AND b.report_summary IS NOT NULL
UNION ALL
SELECT 'review_decision', d.review_decision_id::text
FROM cutter_governance.review_decision AS d
WHERE d.entry_id = %(entry_id)s AND d.cut_change_set_ref IS NOT NULL
UNION ALL
SELECT 'dot_pair_signature', s.signature_id::text
FROM cutter_governance.dot_pair_signature AS s
WHERE s.cross_reference_change_set_id = %(change_set_id)s
  AND num_nonnulls(s.prior_signature_id, s.revoked_by, s.revocation_reason) > 0
UNION ALL
SELECT 'dot_pair_signature', s.signature_id::text
FROM cutter_governance.verify_result AS r
JOIN cutter_governance.dot_pair_signature AS s ON s.cross_reference_verify_result_id = r.verify_result_id
WHERE r.change_set_id = %(change_set_id)s
  AND num_nonnulls(s.prior_signature_id, s.revoked_by, s.revocation_reason) > 0
UNION ALL
SELECT 'cut_change_set', c.change_set_id::text
FROM cutter_governance.cut_change_set AS c
WHERE c.change_set_id = %(change_set_id)s AND c.verifier_signature_id IS NOT NULL
UNION ALL
SELECT 'unit_version', u.canonical_address
FROM iu.unit_version AS v
JOIN iu.information_unit AS u ON u.unit_id = v.unit_id
WHERE v.document_ref = %(document_ref)s AND v.cut_seq <= %(cut_seq)s
  AND (num_nulls(v.unit_kind, v.section_type) = 1
        OR (v.unit_kind IS NULL AND num_nonnulls(v.unit_number, v.parent_unit_id) > 0));

-- AUDIT: a document is asked for by its reference or code; NULL means every one.
-- name: find_audited_documents
-- principal: cutter_verify
-- verb: SELECT
-- tables: iu.document
SELECT document_ref, document_code, profile_id, title, created_at, created_by
FROM iu.document
WHERE %(asked)s::text IS NULL OR document_ref = %(asked)s::text OR document_code = %(asked)s::text
ORDER BY document_ref;

-- AUDIT: entries that were cut, whose document is gone.
-- name: find_entries_without_document
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_entry, iu.document
SELECT e.entry_id, e.kind, e.status, e.payload, e.emitted_at, e.scenario_ref
FROM cutter_governance.decision_backlog_entry AS e
WHERE e.kind = 'cut' AND e.status IN ('cut_applied', 'verified_complete', 'verify_failed_escalated')
  AND NOT EXISTS (SELECT FROM iu.document AS d WHERE d.document_ref = e.payload ->> 'document_ref')
ORDER BY e.entry_id;

-- name: find_signature
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.dot_pair_signature
SELECT signature_id, signature_kind, signer_dot_id, signer_identity, signer_tool_revision, payload_hash,
       payload_envelope, signature_payload, validation_state, cross_reference_change_set_id,
       cross_reference_verify_result_id, signed_at
FROM cutter_governance.dot_pair_signature
WHERE signature_id = %(signature_id)s;

-- name: find_affected_rows
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.cut_change_set_affected_row
SELECT affected_row_id, change_set_id, target_table, target_row_id, operation_kind, before_state_snapshot,
       after_state_snapshot
FROM cutter_governance.cut_change_set_affected_row
WHERE change_set_id = %(change_set_id)s
ORDER BY target_row_id;

-- What an earlier cut says it touched: the states as the server spells them, for there is one for each unit.
-- name: find_affected_states
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.cut_change_set_affected_row
SELECT target_row_id, operation_kind, before_state_snapshot::text AS before_state,
       after_state_snapshot::text AS after_state
FROM cutter_governance.cut_change_set_affected_row
WHERE change_set_id = %(change_set_id)s
ORDER BY target_row_id;

-- Every version of every unit of a document, in order: which of them holds as of a cut is found out by who reads them.
-- name: find_versions
-- principal: cutter_verify
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version
SELECT u.unit_id, u.document_ref, u.canonical_address, coalesce(v.unit_kind, u.unit_kind) AS unit_kind,
       coalesce(v.section_type, u.section_type) AS section_type,
       CASE WHEN v.unit_kind IS NULL THEN u.unit_number ELSE v.unit_number END AS unit_number,
       CASE WHEN v.unit_kind IS NULL THEN u.parent_unit_id ELSE v.parent_unit_id END AS parent_unit_id,
       u.lifecycle_status AS unit_lifecycle, v.version_seq, v.content_hash, v.body,
       v.render_order::text AS render_order, v.cut_seq, v.change_set_id, v.lifecycle_status AS version_lifecycle,
       v.document_ref AS version_document_ref, v.ends_life
FROM iu.information_unit AS u
JOIN iu.unit_version AS v ON v.unit_id = u.unit_id
WHERE u.document_ref = %(document_ref)s
ORDER BY v.render_order, u.unit_id, v.version_seq;

-- name: find_document
-- principal: both
-- verb: SELECT
-- tables: iu.document
SELECT document_ref, document_code, profile_id, title, created_at, created_by
FROM iu.document
WHERE document_ref = %(document_ref)s;

-- Units that a later cut began are none of this one's; those without any version are.
-- name: count_units
-- principal: cutter_verify
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version
SELECT (SELECT count(*) FROM iu.information_unit AS u WHERE u.document_ref = %(document_ref)s)
     - (SELECT count(*) FROM iu.unit_version AS v
        WHERE v.document_ref = %(document_ref)s AND v.cut_seq > %(cut_seq)s AND v.version_seq = 1) AS units;

-- name: find_history
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_history
SELECT history_id, entry_id, entry_version_before, entry_version_after, change_kind, change_diff, changed_by,
       changed_at, rationale
FROM cutter_governance.decision_backlog_history
WHERE entry_id = %(entry_id)s
ORDER BY entry_version_after;

-- name: find_verify_results
-- principal: cutter_verify
-- verb: SELECT
-- tables: cutter_governance.verify_result
SELECT verify_result_id, change_set_id, manifest_id, manifest_version, review_decision_id, executor_signature_id,
       verifier_signature_id, executor_tool_revision, verifier_tool_revision, tool_revision_match, verify_kind,
       axis_1_status, axis_2_status, verdict, state, canonicalization_rule_used, findings, rebuilt_sha256,
       prior_verify_result_id, escalation_ref, verified_by, verified_at
FROM cutter_governance.verify_result
WHERE change_set_id = %(change_set_id)s
ORDER BY verified_at, verify_result_id;

-- name: insert_verify_result
-- principal: cutter_verify
-- verb: INSERT
-- tables: cutter_governance.verify_result
INSERT INTO cutter_governance.verify_result (verify_result_id, change_set_id, manifest_id, manifest_version,
    review_decision_id, executor_signature_id, verifier_signature_id, executor_tool_revision, verifier_tool_revision,
    tool_revision_match, verify_kind, axis_1_status, axis_2_status, verdict, state, canonicalization_rule_used,
    findings, rebuilt_sha256, prior_verify_result_id, escalation_ref, verified_by, verified_at)
VALUES (%(verify_result_id)s, %(change_set_id)s, %(manifest_id)s, %(manifest_version)s,
    %(review_decision_id)s, %(executor_signature_id)s, %(verifier_signature_id)s, %(executor_tool_revision)s,
    %(verifier_tool_revision)s, %(tool_revision_match)s, %(verify_kind)s, %(axis_1_status)s, %(axis_2_status)s,
    %(verdict)s, %(state)s, %(canonicalization_rule_used)s, %(findings)s, %(rebuilt_sha256)s,
    %(prior_verify_result_id)s, %(escalation_ref)s, %(verified_by)s, %(verified_at)s);

-- The lives that the proven cut ends: first, so that what is left of the drafts is what it enacts.
-- name: retire_units
-- principal: cutter_verify
-- verb: UPDATE
-- tables: iu.information_unit, iu.unit_version
UPDATE iu.information_unit AS u
SET lifecycle_status = 'retired'
WHERE u.document_ref = %(document_ref)s AND u.lifecycle_status <> 'retired'
  AND EXISTS (
        SELECT FROM iu.unit_version AS v
        WHERE v.unit_id = u.unit_id AND v.ends_life AND v.cut_seq <= %(cut_seq)s
          AND NOT EXISTS (
                SELECT FROM iu.unit_version AS later
                WHERE later.unit_id = v.unit_id AND later.version_seq > v.version_seq
                  AND later.cut_seq <= %(cut_seq)s));

-- name: retire_versions
-- principal: cutter_verify
-- verb: UPDATE
-- tables: iu.unit_version
UPDATE iu.unit_version AS v
SET lifecycle_status = 'retired'
WHERE v.document_ref = %(document_ref)s AND v.cut_seq <= %(cut_seq)s AND v.lifecycle_status = 'draft' AND v.ends_life
  AND NOT EXISTS (
        SELECT FROM iu.unit_version AS later
        WHERE later.unit_id = v.unit_id AND later.version_seq > v.version_seq AND later.cut_seq <= %(cut_seq)s);

-- name: enact_units
-- principal: cutter_verify
-- verb: UPDATE
-- tables: iu.information_unit
UPDATE iu.information_unit
SET lifecycle_status = 'enacted'
WHERE document_ref = %(document_ref)s AND lifecycle_status = 'draft';

-- Only versions that hold as of the proven cut: a version that a repair replaced stays a draft for ever. Whether any unit
-- has a second version is asked once: in a first cut none has, and nothing is asked for each of its versions.
-- name: enact_versions
-- principal: cutter_verify
-- verb: UPDATE
-- tables: iu.unit_version
UPDATE iu.unit_version AS v
SET lifecycle_status = 'enacted'
WHERE v.document_ref = %(document_ref)s AND v.cut_seq <= %(cut_seq)s AND v.lifecycle_status = 'draft'
  AND (NOT EXISTS (
        SELECT FROM iu.unit_version AS several
        WHERE several.document_ref = %(document_ref)s AND several.cut_seq <= %(cut_seq)s AND several.version_seq > 1)
    OR NOT EXISTS (
        SELECT FROM iu.unit_version AS later
        WHERE later.unit_id = v.unit_id AND later.version_seq > v.version_seq AND later.cut_seq <= %(cut_seq)s));

-- name: find_renderings
-- principal: cutter_verify
-- verb: SELECT
-- tables: iu.source_rendering, iu.source_original
SELECT r.snapshot_sha256, r.map_sha256, r.map, r.reader, r.label, r.origin, r.recorded_at, r.recorded_by,
       o.sha256 AS original_sha256, o.bytes AS original_data, o.byte_length AS original_byte_length,
       o.media_type AS original_media_type, o.captured_at AS original_captured_at,
       o.captured_by AS original_captured_by
FROM iu.source_rendering AS r
JOIN iu.source_original AS o ON o.sha256 = r.original_sha256
WHERE r.snapshot_sha256 = %(snapshot_sha256)s
ORDER BY r.recorded_at, r.original_sha256, r.map_sha256;
