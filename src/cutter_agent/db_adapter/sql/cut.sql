-- CUT: exactly what was approved becomes units.

-- Entries that this one waits for: those that block it, or block an entry whose place it took, and are not proven yet. A
-- blocker that another entry took the place of is that other entry.
-- name: find_open_blockers
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_dependency, cutter_governance.decision_backlog_entry
WITH RECURSIVE own (entry_id) AS (
    VALUES (%(entry_id)s::uuid)
    UNION
    SELECT d.to_entry_id
    FROM own
    JOIN cutter_governance.decision_backlog_dependency AS d
        ON d.from_entry_id = own.entry_id AND d.dependency_kind = 'supersedes'
), blocker (entry_id) AS (
    SELECT d.from_entry_id
    FROM own
    JOIN cutter_governance.decision_backlog_dependency AS d
        ON d.to_entry_id = own.entry_id AND d.dependency_kind = 'blocks'
    UNION
    SELECT d.from_entry_id
    FROM blocker
    JOIN cutter_governance.decision_backlog_dependency AS d
        ON d.to_entry_id = blocker.entry_id AND d.dependency_kind = 'supersedes'
)
SELECT e.entry_id, e.kind, e.status, e.payload, e.emitted_at, e.scenario_ref
FROM blocker
JOIN cutter_governance.decision_backlog_entry AS e ON e.entry_id = blocker.entry_id
WHERE e.status <> 'verified_complete'
  AND NOT (e.status IN ('reviewed_rejected', 'abandoned') AND EXISTS (
        SELECT FROM cutter_governance.decision_backlog_dependency AS later
        WHERE later.to_entry_id = e.entry_id AND later.dependency_kind = 'supersedes'))
ORDER BY e.entry_id;

-- name: find_change_sets
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.cut_change_set
SELECT change_set_id, rollback_key, idempotency_key, manifest_id, manifest_version, review_decision_id,
       executor_signature_id, executor_tool_revision, verifier_tool_revision, state, affected_unit_count, emitted_by,
       emitted_at, payload_summary, document_ref, cut_seq, manifest_digest, snapshot_sha256
FROM cutter_governance.cut_change_set
WHERE manifest_id = %(envelope_id)s
ORDER BY cut_seq;

-- name: find_document_cuts
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.cut_change_set
SELECT cut_seq, manifest_digest
FROM cutter_governance.cut_change_set
WHERE document_ref = %(document_ref)s
ORDER BY cut_seq;

-- name: insert_document
-- principal: cutter_exec
-- verb: INSERT
-- tables: iu.document
INSERT INTO iu.document (document_ref, document_code, profile_id, title, created_at, created_by)
VALUES (%(document_ref)s, %(document_code)s, %(profile_id)s, %(title)s, %(created_at)s, %(created_by)s);

-- name: insert_change_set
-- principal: cutter_exec
-- verb: INSERT
-- tables: cutter_governance.cut_change_set
INSERT INTO cutter_governance.cut_change_set (change_set_id, rollback_key, idempotency_key, manifest_id,
    manifest_version, review_decision_id, executor_signature_id, executor_tool_revision, verifier_tool_revision, state,
    affected_unit_count, emitted_by, emitted_at, payload_summary, document_ref, cut_seq, manifest_digest,
    snapshot_sha256)
VALUES (%(change_set_id)s, %(rollback_key)s, %(idempotency_key)s, %(manifest_id)s,
    %(manifest_version)s, %(review_decision_id)s, %(executor_signature_id)s, %(executor_tool_revision)s,
    %(verifier_tool_revision)s, %(state)s, %(affected_unit_count)s, %(emitted_by)s, %(emitted_at)s,
    %(payload_summary)s, %(document_ref)s, %(cut_seq)s, %(manifest_digest)s, %(snapshot_sha256)s);

-- name: insert_signature
-- principal: both
-- verb: INSERT
-- tables: cutter_governance.dot_pair_signature
INSERT INTO cutter_governance.dot_pair_signature (signature_id, signature_kind, signer_dot_id, signer_identity,
    signer_tool_revision, payload_hash, payload_envelope, signature_payload, validation_state,
    cross_reference_change_set_id, cross_reference_verify_result_id, signed_at)
VALUES (%(signature_id)s, %(signature_kind)s, %(signer_dot_id)s, %(signer_identity)s,
    %(signer_tool_revision)s, %(payload_hash)s, %(payload_envelope)s, %(signature_payload)s, %(validation_state)s,
    %(cross_reference_change_set_id)s, %(cross_reference_verify_result_id)s, %(signed_at)s);

-- name: copy_units
-- principal: cutter_exec
-- verb: COPY
-- tables: iu.information_unit
COPY iu.information_unit (unit_id, document_ref, canonical_address, unit_kind, section_type, unit_number,
    parent_unit_id) FROM STDIN;

-- name: copy_versions
-- principal: cutter_exec
-- verb: COPY
-- tables: iu.unit_version
COPY iu.unit_version (unit_id, version_seq, content_hash, body, render_order, cut_seq, change_set_id,
    document_ref) FROM STDIN;

-- name: copy_affected_rows
-- principal: cutter_exec
-- verb: COPY
-- tables: cutter_governance.cut_change_set_affected_row
COPY cutter_governance.cut_change_set_affected_row (affected_row_id, change_set_id, target_table, target_row_id,
    operation_kind, before_state_snapshot, after_state_snapshot) FROM STDIN;

-- No phantom success: what the server counts, inside the transaction that writes.
-- name: count_written
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.unit_version, iu.information_unit
SELECT (SELECT count(*) FROM iu.unit_version AS v WHERE v.change_set_id = %(change_set_id)s) AS versions,
       (SELECT count(*) FROM iu.information_unit AS u WHERE u.document_ref = %(document_ref)s) AS units;

-- Every unit of a document with the version that holds as of a cut, in order, those whose life ended included.
-- Labels are the version's where it has its own: a re-cut may renumber and move.
-- name: units_as_of
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version
SELECT u.unit_id, u.document_ref, u.canonical_address, coalesce(held.unit_kind, u.unit_kind) AS unit_kind,
       coalesce(held.section_type, u.section_type) AS section_type,
       CASE WHEN held.unit_kind IS NULL THEN u.unit_number ELSE held.unit_number END AS unit_number,
       CASE WHEN held.unit_kind IS NULL THEN u.parent_unit_id ELSE held.parent_unit_id END AS parent_unit_id,
       u.lifecycle_status AS unit_lifecycle, held.version_seq, held.content_hash, held.body,
       held.render_order::text AS render_order, held.cut_seq, held.change_set_id,
       held.lifecycle_status AS version_lifecycle, held.document_ref AS version_document_ref, held.ends_life
FROM iu.information_unit AS u
JOIN LATERAL (
    SELECT v.version_seq, v.content_hash, v.body, v.render_order, v.cut_seq, v.change_set_id, v.lifecycle_status,
           v.document_ref, v.ends_life, v.unit_kind, v.section_type, v.unit_number, v.parent_unit_id
    FROM iu.unit_version AS v
    WHERE v.unit_id = u.unit_id AND v.cut_seq <= %(cut_seq)s
    ORDER BY v.version_seq DESC
    LIMIT 1
) AS held ON true
WHERE u.document_ref = %(document_ref)s
ORDER BY held.render_order, u.unit_id;

-- CUT of a re-cut: the units that change, each with its newest version, by key.
-- name: find_units
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, iu.unit_version
SELECT u.unit_id, u.document_ref, u.canonical_address, coalesce(held.unit_kind, u.unit_kind) AS unit_kind,
       coalesce(held.section_type, u.section_type) AS section_type,
       CASE WHEN held.unit_kind IS NULL THEN u.unit_number ELSE held.unit_number END AS unit_number,
       CASE WHEN held.unit_kind IS NULL THEN u.parent_unit_id ELSE held.parent_unit_id END AS parent_unit_id,
       u.lifecycle_status AS unit_lifecycle, held.version_seq, held.content_hash, held.body,
       held.render_order::text AS render_order, held.cut_seq, held.change_set_id,
       held.lifecycle_status AS version_lifecycle, held.document_ref AS version_document_ref, held.ends_life
FROM iu.information_unit AS u
JOIN LATERAL (
    SELECT v.version_seq, v.content_hash, v.body, v.render_order, v.cut_seq, v.change_set_id, v.lifecycle_status,
           v.document_ref, v.ends_life, v.unit_kind, v.section_type, v.unit_number, v.parent_unit_id
    FROM iu.unit_version AS v
    WHERE v.unit_id = u.unit_id
    ORDER BY v.version_seq DESC
    LIMIT 1
) AS held ON true
WHERE u.unit_id = ANY (%(unit_ids)s::uuid[])
ORDER BY held.render_order, u.unit_id;

-- CUT of a re-cut: how many units a document has, those whose life ended included.
-- name: count_document_units
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit
SELECT count(*) AS units FROM iu.information_unit AS u WHERE u.document_ref = %(document_ref)s;

-- Re-cut: the newest cut of a document that was proven, and the newest one of all.
-- name: find_proven_cut
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.decision_backlog_entry
SELECT c.change_set_id, c.cut_seq, c.manifest_digest, c.snapshot_sha256, e.entry_id
FROM cutter_governance.cut_change_set AS c
JOIN cutter_governance.manifest_envelope AS m ON m.envelope_id = c.manifest_id
JOIN cutter_governance.decision_backlog_entry AS e ON e.entry_id = m.source_doc_ref
WHERE c.document_ref = %(document_ref)s AND e.status = 'verified_complete'
ORDER BY c.cut_seq DESC
LIMIT 1;

-- Re-cut: the trail of names of a document's units, oldest first.
-- name: find_aliases
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.canonical_address_alias, iu.information_unit
SELECT a.alias_id, a.target_unit_id, a.alias_text, a.alias_kind, a.valid_from, a.valid_until, a.created_by,
       a.rationale, a.scenario_ref
FROM iu.information_unit AS u
JOIN cutter_governance.canonical_address_alias AS a ON a.target_unit_id = u.unit_id
WHERE u.document_ref = %(document_ref)s
ORDER BY a.valid_from, a.alias_id;

-- name: copy_aliases
-- principal: cutter_exec
-- verb: COPY
-- tables: cutter_governance.canonical_address_alias
COPY cutter_governance.canonical_address_alias (alias_id, target_unit_id, alias_text, alias_kind, valid_from,
    created_by, rationale) FROM STDIN;

-- A re-cut writes versions with labels of their own, and versions that end a life.
-- name: copy_recut_versions
-- principal: cutter_exec
-- verb: COPY
-- tables: iu.unit_version
COPY iu.unit_version (unit_id, version_seq, content_hash, body, render_order, cut_seq, change_set_id,
    document_ref, ends_life, unit_kind, section_type, unit_number, parent_unit_id) FROM STDIN;
