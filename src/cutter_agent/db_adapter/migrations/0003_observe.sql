-- What onlookers see: one redacted view per ledger table, and the states that are derived, never updated (design 1.6, 1.10).
-- Runs as the owner role. Bodies (jsonb, envelopes, signatures, free text) appear as digest and length; only built-in
-- functions are used, because a view's functions run with the rights of whoever reads it.

------------------------------------------------------------------------------------------------------------- derived states

-- A change set as of now: who verified it, with what verdict. A pass is final (at most one); else the newest word counts.
CREATE VIEW cutter_observe.change_set_state AS
SELECT c.change_set_id,
       c.manifest_id,
       c.document_ref,
       c.cut_seq,
       c.state,
       coalesce(v.verdict, 'pending') AS verification,
       v.verify_result_id,
       v.verifier_signature_id,
       coalesce(v.verifier_tool_revision, c.verifier_tool_revision) AS verifier_tool_revision,
       v.verified_at
FROM cutter_governance.cut_change_set AS c
LEFT JOIN LATERAL (
    SELECT r.verdict, r.verify_result_id, r.verifier_signature_id, r.verifier_tool_revision, r.verified_at
    FROM cutter_governance.verify_result AS r
    WHERE r.change_set_id = c.change_set_id
    ORDER BY (r.verdict = 'pass') DESC, r.verified_at DESC, r.verify_result_id
    LIMIT 1
) AS v ON true;

-- An envelope as of now: enacted by a verified cut; superseded by a later verified cut of the same document, or by a later
-- decision on another envelope of the same manifest; withdrawn when its entry was abandoned; else as it was written.
CREATE VIEW cutter_observe.envelope_state AS
SELECT e.envelope_id,
       e.status AS written_status,
       CASE
           WHEN coalesce(e.superseded_by_envelope_id, later.manifest_id, rejudged.manifest_id) IS NOT NULL THEN 'superseded'
           WHEN cut.verification = 'pass' THEN 'enacted'
           WHEN entry.status = 'abandoned' AND e.status IN ('draft', 'under_review', 'accepted') THEN 'withdrawn'
           ELSE e.status
       END AS status,
       coalesce(e.cut_change_set_ref, cut.change_set_id) AS change_set_id,
       coalesce(e.superseded_by_envelope_id, later.manifest_id, rejudged.manifest_id) AS superseded_by_envelope_id
FROM cutter_governance.manifest_envelope AS e
JOIN cutter_governance.decision_backlog_entry AS entry ON entry.entry_id = e.source_doc_ref
LEFT JOIN LATERAL (
    SELECT s.change_set_id, s.document_ref, s.cut_seq, s.verification
    FROM cutter_observe.change_set_state AS s
    WHERE s.manifest_id = e.envelope_id
    ORDER BY s.cut_seq DESC
    LIMIT 1
) AS cut ON true
LEFT JOIN LATERAL (
    SELECT s.manifest_id
    FROM cutter_observe.change_set_state AS s
    WHERE s.document_ref = cut.document_ref AND s.cut_seq > cut.cut_seq
      AND s.verification = 'pass' AND cut.verification = 'pass'
    ORDER BY s.cut_seq
    LIMIT 1
) AS later ON true
LEFT JOIN LATERAL (
    SELECT next_decision.manifest_id
    FROM cutter_governance.review_decision AS d
    JOIN cutter_governance.review_decision AS next_decision
        ON next_decision.review_decision_id = d.superseded_by_review_decision_id
    WHERE d.manifest_id = e.envelope_id AND next_decision.manifest_id <> e.envelope_id
      AND cut.change_set_id IS NULL
    ORDER BY next_decision.decided_at DESC
    LIMIT 1
) AS rejudged ON true;

-- A signature as of now: revoked or replaced by a newer row that names it.
CREATE VIEW cutter_observe.signature_state AS
SELECT s.signature_id,
       s.validation_state AS written_state,
       CASE WHEN newer.validation_state = 'revoked' THEN 'revoked'
            WHEN newer.signature_id IS NOT NULL THEN 'superseded'
            ELSE s.validation_state END AS validation_state,
       newer.signature_id AS superseded_by_signature_id
FROM cutter_governance.dot_pair_signature AS s
LEFT JOIN LATERAL (
    SELECT n.signature_id, n.validation_state
    FROM cutter_governance.dot_pair_signature AS n
    WHERE n.prior_signature_id = s.signature_id
    ORDER BY (n.validation_state = 'revoked') DESC, n.signed_at DESC
    LIMIT 1
) AS newer ON true;

------------------------------------------------------------------------------------------- the twelve tables, redacted

CREATE VIEW cutter_observe.decision_backlog_entry AS
SELECT entry_id, kind, status,
       encode(sha256(convert_to(payload::text, 'UTF8')), 'hex') AS payload_sha256,
       octet_length(payload::text) AS payload_bytes,
       emitted_at, scenario_ref
FROM cutter_governance.decision_backlog_entry;

CREATE VIEW cutter_observe.decision_backlog_history AS
SELECT history_id, entry_id, entry_version_before, entry_version_after, change_kind,
       encode(sha256(convert_to(change_diff::text, 'UTF8')), 'hex') AS change_diff_sha256,
       octet_length(change_diff::text) AS change_diff_bytes,
       changed_by, changed_at,
       encode(sha256(convert_to(rationale, 'UTF8')), 'hex') AS rationale_sha256,
       octet_length(rationale) AS rationale_bytes
FROM cutter_governance.decision_backlog_history;

CREATE VIEW cutter_observe.decision_backlog_dependency AS
SELECT dependency_id, from_entry_id, to_entry_id, dependency_kind, created_by, created_at
FROM cutter_governance.decision_backlog_dependency;

CREATE VIEW cutter_observe.decision_backlog_sweep_log AS
SELECT sweep_id, swept_by, trigger_kind, started_at, finished_at, batch_limit, scanned_count, promoted_count,
       cursor_after, scenario_ref
FROM cutter_governance.decision_backlog_sweep_log;

CREATE VIEW cutter_observe.manifest_envelope AS
SELECT e.envelope_id, e.operation_kind, e.status AS written_status, s.status, e.source_doc_ref, e.manifest_digest,
       e.escalation_ref, s.change_set_id AS cut_change_set_ref, e.created_by, e.created_at, e.reviewer, e.reviewed_at,
       encode(sha256(convert_to(e.rationale, 'UTF8')), 'hex') AS rationale_sha256,
       octet_length(e.rationale) AS rationale_bytes,
       s.superseded_by_envelope_id
FROM cutter_governance.manifest_envelope AS e
JOIN cutter_observe.envelope_state AS s ON s.envelope_id = e.envelope_id;

CREATE VIEW cutter_observe.manifest_unit_block AS
SELECT envelope_id, unit_local_id, block_role, source_span, render_order, target_unit_id, decision_backlog_ref,
       proposed_canonical_address, proposed_authority,
       encode(sha256(convert_to(candidate_edges::text, 'UTF8')), 'hex') AS candidate_edges_sha256,
       octet_length(candidate_edges::text) AS candidate_edges_bytes,
       encode(sha256(convert_to(payload_summary::text, 'UTF8')), 'hex') AS payload_summary_sha256,
       octet_length(payload_summary::text) AS payload_summary_bytes,
       encode(sha256(convert_to(report_summary::text, 'UTF8')), 'hex') AS report_summary_sha256,
       octet_length(report_summary::text) AS report_summary_bytes,
       content_hash
FROM cutter_governance.manifest_unit_block;

CREATE VIEW cutter_observe.review_decision AS
SELECT review_decision_id, manifest_id, manifest_unit_local_id, verdict, status, prior_review_decision_id,
       superseded_by_review_decision_id, escalation_ref, cut_change_set_ref,
       encode(sha256(convert_to(findings::text, 'UTF8')), 'hex') AS findings_sha256,
       jsonb_array_length(findings) AS findings_count,
       encode(sha256(convert_to(verdict_rationale, 'UTF8')), 'hex') AS verdict_rationale_sha256,
       octet_length(verdict_rationale) AS verdict_rationale_bytes,
       reviewer_identity, reviewer_kind,
       encode(sha256(convert_to(reviewer_independence_evidence::text, 'UTF8')), 'hex')
           AS reviewer_independence_evidence_sha256,
       octet_length(reviewer_independence_evidence::text) AS reviewer_independence_evidence_bytes,
       risk_class, decided_by, decided_at, entry_id, manifest_digest, snapshot_sha256
FROM cutter_governance.review_decision;

CREATE VIEW cutter_observe.dot_pair_signature AS
SELECT g.signature_id, g.signature_kind, g.signer_dot_id, g.signer_identity, g.signer_tool_revision, g.payload_hash,
       encode(sha256(convert_to(g.payload_envelope::text, 'UTF8')), 'hex') AS payload_envelope_sha256,
       octet_length(g.payload_envelope::text) AS payload_envelope_bytes,
       encode(sha256(g.signature_payload), 'hex') AS signature_payload_sha256,
       octet_length(g.signature_payload) AS signature_payload_bytes,
       s.written_state, s.validation_state, s.superseded_by_signature_id,
       g.cross_reference_change_set_id, g.cross_reference_verify_result_id, g.prior_signature_id, g.revoked_by,
       encode(sha256(convert_to(g.revocation_reason, 'UTF8')), 'hex') AS revocation_reason_sha256,
       octet_length(g.revocation_reason) AS revocation_reason_bytes,
       g.signed_at
FROM cutter_governance.dot_pair_signature AS g
JOIN cutter_observe.signature_state AS s ON s.signature_id = g.signature_id;

CREATE VIEW cutter_observe.cut_change_set AS
SELECT c.change_set_id, c.rollback_key, c.idempotency_key, c.manifest_id, c.manifest_version, c.review_decision_id,
       c.executor_signature_id, s.verifier_signature_id, c.executor_tool_revision, s.verifier_tool_revision, c.state,
       s.verification, s.verify_result_id, s.verified_at, c.affected_unit_count, c.emitted_by, c.emitted_at,
       encode(sha256(convert_to(c.payload_summary::text, 'UTF8')), 'hex') AS payload_summary_sha256,
       octet_length(c.payload_summary::text) AS payload_summary_bytes,
       c.document_ref, c.cut_seq, c.manifest_digest, c.snapshot_sha256
FROM cutter_governance.cut_change_set AS c
JOIN cutter_observe.change_set_state AS s ON s.change_set_id = c.change_set_id;

CREATE VIEW cutter_observe.cut_change_set_affected_row AS
SELECT affected_row_id, change_set_id, target_table, target_row_id, operation_kind,
       encode(sha256(convert_to(before_state_snapshot::text, 'UTF8')), 'hex') AS before_state_snapshot_sha256,
       octet_length(before_state_snapshot::text) AS before_state_snapshot_bytes,
       encode(sha256(convert_to(after_state_snapshot::text, 'UTF8')), 'hex') AS after_state_snapshot_sha256,
       octet_length(after_state_snapshot::text) AS after_state_snapshot_bytes
FROM cutter_governance.cut_change_set_affected_row;

CREATE VIEW cutter_observe.verify_result AS
SELECT verify_result_id, change_set_id, manifest_id, manifest_version, review_decision_id, executor_signature_id,
       verifier_signature_id, executor_tool_revision, verifier_tool_revision, tool_revision_match, verify_kind,
       axis_1_status, axis_2_status, verdict, state, canonicalization_rule_used,
       encode(sha256(convert_to(findings::text, 'UTF8')), 'hex') AS findings_sha256,
       jsonb_array_length(findings) AS findings_count,
       rebuilt_sha256, prior_verify_result_id, escalation_ref, verified_by, verified_at
FROM cutter_governance.verify_result;

CREATE VIEW cutter_observe.canonical_address_alias AS
SELECT alias_id, target_unit_id, alias_text, alias_kind, valid_from, valid_until, created_by,
       encode(sha256(convert_to(rationale, 'UTF8')), 'hex') AS rationale_sha256,
       octet_length(rationale) AS rationale_bytes,
       scenario_ref
FROM cutter_governance.canonical_address_alias;
