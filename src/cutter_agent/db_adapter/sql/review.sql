-- REVIEW and RESOLVE: envelopes, blocks, decisions. What a phase recomputes is read here too.

-- name: find_snapshot
-- principal: both
-- verb: SELECT
-- tables: iu.source_snapshot
-- answers: binary
SELECT s.sha256, s.bytes AS data, s.byte_length, s.media_type, s.label, s.origin, s.captured_at, s.captured_by
FROM iu.source_snapshot AS s
WHERE s.sha256 = %(sha256)s;

-- name: find_manifest
-- principal: both
-- verb: SELECT
-- tables: iu.manifest
-- answers: binary
SELECT m.digest, m.canonical_json, m.snapshot_sha256, m.document_ref, m.profile_id, m.profile_version, m.unit_count,
       m.proposed_at, m.proposed_by
FROM iu.manifest AS m
WHERE m.digest = %(digest)s;

-- A manifest that another one rests on: its bytes alone.
-- name: find_manifest_bytes
-- principal: both
-- verb: SELECT
-- tables: iu.manifest
-- answers: binary
SELECT m.canonical_json
FROM iu.manifest AS m
WHERE m.digest = %(digest)s;

-- name: count_changes
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_history
SELECT count(*) AS found
FROM cutter_governance.decision_backlog_history
WHERE entry_id = %(entry_id)s AND change_kind = %(change_kind)s;

-- name: find_envelope
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.manifest_envelope
SELECT envelope_id, operation_kind, status, source_doc_ref, manifest_digest, created_by, created_at, reviewer,
       reviewed_at, rationale
FROM cutter_governance.manifest_envelope
WHERE source_doc_ref = %(entry_id)s AND manifest_digest = %(manifest_digest)s;

-- name: insert_envelope
-- principal: cutter_exec
-- verb: INSERT
-- tables: cutter_governance.manifest_envelope
INSERT INTO cutter_governance.manifest_envelope (envelope_id, operation_kind, status, source_doc_ref, manifest_digest,
    created_by, created_at, reviewer, reviewed_at, rationale)
VALUES (%(envelope_id)s, %(operation_kind)s, %(status)s, %(source_doc_ref)s, %(manifest_digest)s,
    %(created_by)s, %(created_at)s, %(reviewer)s, %(reviewed_at)s, %(rationale)s);

-- name: copy_blocks
-- principal: cutter_exec
-- verb: COPY
-- tables: cutter_governance.manifest_unit_block
COPY cutter_governance.manifest_unit_block (envelope_id, unit_local_id, block_role, source_span, render_order,
    target_unit_id, decision_backlog_ref, proposed_canonical_address, proposed_authority, candidate_edges,
    payload_summary, content_hash) FROM STDIN;

-- name: find_blocks
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.manifest_unit_block
SELECT envelope_id, unit_local_id, block_role, lower(source_span) AS start_byte, upper(source_span) AS end_byte,
       render_order, target_unit_id, decision_backlog_ref, proposed_canonical_address, proposed_authority,
       candidate_edges, payload_summary, content_hash
FROM cutter_governance.manifest_unit_block
WHERE envelope_id = %(envelope_id)s
ORDER BY unit_local_id;

-- name: find_decisions
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.review_decision
WITH RECURSIVE chain AS (
    SELECT first.review_decision_id, 1 AS place
    FROM cutter_governance.review_decision AS first
    WHERE first.manifest_id = %(envelope_id)s AND first.manifest_unit_local_id IS NULL
      AND first.prior_review_decision_id IS NULL
    UNION ALL
    SELECT following.review_decision_id, chain.place + 1
    FROM chain
    JOIN cutter_governance.review_decision AS following
        ON following.prior_review_decision_id = chain.review_decision_id
)
SELECT d.review_decision_id, d.manifest_id, d.verdict, d.status, d.prior_review_decision_id,
       d.superseded_by_review_decision_id, d.escalation_ref, d.findings, d.verdict_rationale, d.reviewer_identity,
       d.reviewer_kind, d.reviewer_independence_evidence, d.risk_class, d.decided_by, d.decided_at, d.entry_id,
       d.manifest_digest, d.snapshot_sha256, d.manifest_unit_local_id
FROM chain
JOIN cutter_governance.review_decision AS d ON d.review_decision_id = chain.review_decision_id
ORDER BY chain.place;

-- name: insert_decision
-- principal: cutter_exec
-- verb: INSERT
-- tables: cutter_governance.review_decision
INSERT INTO cutter_governance.review_decision (review_decision_id, manifest_id, verdict, status,
    prior_review_decision_id, superseded_by_review_decision_id, escalation_ref, findings, verdict_rationale,
    reviewer_identity, reviewer_kind, reviewer_independence_evidence, risk_class, decided_by, decided_at, entry_id,
    manifest_digest, snapshot_sha256, manifest_unit_local_id)
VALUES (%(review_decision_id)s, %(manifest_id)s, %(verdict)s, %(status)s,
    %(prior_review_decision_id)s, %(superseded_by_review_decision_id)s, %(escalation_ref)s, %(findings)s,
    %(verdict_rationale)s, %(reviewer_identity)s, %(reviewer_kind)s, %(reviewer_independence_evidence)s,
    %(risk_class)s, %(decided_by)s, %(decided_at)s, %(entry_id)s, %(manifest_digest)s, %(snapshot_sha256)s,
    %(manifest_unit_local_id)s);

-- What was answered block by block, oldest first.
-- name: find_block_decisions
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.review_decision
SELECT review_decision_id, manifest_id, verdict, status, prior_review_decision_id, superseded_by_review_decision_id,
       escalation_ref, findings, verdict_rationale, reviewer_identity, reviewer_kind, reviewer_independence_evidence,
       risk_class, decided_by, decided_at, entry_id, manifest_digest, snapshot_sha256, manifest_unit_local_id
FROM cutter_governance.review_decision
WHERE manifest_id = %(envelope_id)s AND manifest_unit_local_id IS NOT NULL
ORDER BY manifest_unit_local_id, decided_at, review_decision_id;

-- name: supersede_decision
-- principal: cutter_exec
-- verb: UPDATE
-- tables: cutter_governance.review_decision
UPDATE cutter_governance.review_decision
SET superseded_by_review_decision_id = %(successor_id)s
WHERE review_decision_id = %(prior_id)s AND superseded_by_review_decision_id IS NULL;

-- Open escalations that failed verifications of an entry made.
-- name: lock_escalations
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_entry
SELECT entry_id, kind, status, payload, emitted_at, scenario_ref
FROM cutter_governance.decision_backlog_entry
WHERE payload ->> 'document_ref' = %(document_ref)s
  AND payload ->> 'failed_entry_id' = %(entry_id)s
  AND kind = 'escalation'
  AND status NOT IN ('verified_complete', 'reviewed_rejected', 'abandoned')
ORDER BY entry_id
FOR UPDATE;

-- The entry that took the place of another one.
-- name: find_successor
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_dependency, cutter_governance.decision_backlog_entry
SELECT e.entry_id, e.kind, e.status, e.payload, e.emitted_at, e.scenario_ref
FROM cutter_governance.decision_backlog_dependency AS d
JOIN cutter_governance.decision_backlog_entry AS e ON e.entry_id = d.from_entry_id
WHERE d.to_entry_id = %(entry_id)s AND d.dependency_kind = 'supersedes'
ORDER BY d.created_at DESC, d.dependency_id
LIMIT 1;

-- name: insert_dependency
-- principal: cutter_exec
-- verb: INSERT
-- tables: cutter_governance.decision_backlog_dependency
INSERT INTO cutter_governance.decision_backlog_dependency (dependency_id, from_entry_id, to_entry_id, dependency_kind,
    created_by, created_at)
VALUES (%(dependency_id)s, %(from_entry_id)s, %(to_entry_id)s, %(dependency_kind)s, %(created_by)s, %(created_at)s);

-- name: find_dependency
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_dependency
SELECT dependency_id, from_entry_id, to_entry_id, dependency_kind, created_by, created_at
FROM cutter_governance.decision_backlog_dependency
WHERE dependency_id = %(dependency_id)s;

-- Every entry that is reached from one by dependencies of one kind.
-- name: find_reached
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_dependency
WITH RECURSIVE reached (entry_id) AS (
    SELECT first.to_entry_id
    FROM cutter_governance.decision_backlog_dependency AS first
    WHERE first.from_entry_id = %(entry_id)s AND first.dependency_kind = %(dependency_kind)s
    UNION
    SELECT d.to_entry_id
    FROM reached
    JOIN cutter_governance.decision_backlog_dependency AS d
        ON d.from_entry_id = reached.entry_id AND d.dependency_kind = %(dependency_kind)s
)
SELECT entry_id FROM reached;
