-- Ledger (12 tables) and unit store. Names are the contract (design 1.6, 1.7); every rule that a constraint can state is one.
-- Runs as the owner role; grants are not here: they come from the one table of rights (rights.py).

CREATE SCHEMA cutter_governance;
CREATE SCHEMA iu;
CREATE SCHEMA cutter_observe;

CREATE DOMAIN cutter_governance.sha256_hex AS text CHECK (VALUE ~ '^[0-9a-f]{64}$');
CREATE DOMAIN cutter_governance.identity AS text CHECK (length(VALUE) >= 1 AND length(VALUE) <= 200 AND VALUE = btrim(VALUE));
CREATE DOMAIN cutter_governance.canonical_address AS text
    CHECK (VALUE ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$' AND length(VALUE) <= 400);

---------------------------------------------------------------------------------------------------------------- unit store

CREATE TABLE iu.source_snapshot (
    sha256       cutter_governance.sha256_hex PRIMARY KEY,
    bytes        bytea NOT NULL,
    byte_length  bigint NOT NULL,
    media_type   text NOT NULL,
    label        text NOT NULL,
    origin       text NOT NULL,
    captured_at  timestamptz NOT NULL,
    captured_by  cutter_governance.identity NOT NULL,
    CONSTRAINT source_snapshot_not_empty CHECK (byte_length > 0),
    CONSTRAINT source_snapshot_length_is_true CHECK (byte_length = length(bytes)),
    CONSTRAINT source_snapshot_digest_is_true CHECK (sha256 = encode(sha256(bytes), 'hex'))
);
ALTER TABLE iu.source_snapshot ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE iu.manifest (
    digest           cutter_governance.sha256_hex PRIMARY KEY,
    canonical_json   bytea NOT NULL,
    snapshot_sha256  cutter_governance.sha256_hex NOT NULL REFERENCES iu.source_snapshot (sha256),
    document_ref     text NOT NULL,
    profile_id       text NOT NULL,
    profile_version  text NOT NULL,
    unit_count       integer NOT NULL,
    proposed_at      timestamptz NOT NULL,
    proposed_by      cutter_governance.identity NOT NULL,
    CONSTRAINT manifest_has_units CHECK (unit_count > 0),
    CONSTRAINT manifest_digest_is_true CHECK (digest = encode(sha256(canonical_json), 'hex')),
    CONSTRAINT manifest_names_its_snapshot UNIQUE (digest, snapshot_sha256)
);
CREATE INDEX manifest_by_snapshot ON iu.manifest (snapshot_sha256);
CREATE INDEX manifest_by_document ON iu.manifest (document_ref);

CREATE TABLE iu.document (
    document_ref   text PRIMARY KEY,
    document_code  cutter_governance.canonical_address NOT NULL UNIQUE,
    profile_id     text NOT NULL,
    title          text NOT NULL,
    created_at     timestamptz NOT NULL,
    created_by     cutter_governance.identity NOT NULL,
    CONSTRAINT document_ref_is_named CHECK (length(document_ref) BETWEEN 1 AND 400)
);

CREATE TABLE iu.information_unit (
    unit_id            uuid PRIMARY KEY,
    document_ref       text NOT NULL REFERENCES iu.document (document_ref),
    canonical_address  cutter_governance.canonical_address NOT NULL UNIQUE,
    unit_kind          text NOT NULL,
    section_type       text NOT NULL,
    unit_number        text,
    parent_unit_id     uuid,
    lifecycle_status   text NOT NULL DEFAULT 'draft',
    CONSTRAINT unit_belongs_to_document UNIQUE (document_ref, unit_id),
    CONSTRAINT unit_parent_in_same_document FOREIGN KEY (parent_unit_id, document_ref)
        REFERENCES iu.information_unit (unit_id, document_ref) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT unit_is_not_its_own_parent CHECK (parent_unit_id <> unit_id),
    CONSTRAINT unit_lifecycle_word CHECK (lifecycle_status IN ('draft', 'enacted', 'retired'))
) WITH (fillfactor = 90);
CREATE INDEX information_unit_by_parent ON iu.information_unit (parent_unit_id);

---------------------------------------------------------------------------------------------------------------- the ledger

CREATE TABLE cutter_governance.decision_backlog_entry (
    entry_id      uuid PRIMARY KEY,
    kind          text NOT NULL,
    status        text NOT NULL,
    payload       jsonb NOT NULL,
    emitted_at    timestamptz NOT NULL,
    scenario_ref  text,
    CONSTRAINT entry_kind_word CHECK (kind IN ('cut', 'escalation')),
    CONSTRAINT entry_status_word CHECK (status IN ('marked', 'review_pending', 'reviewed_approved', 'reviewed_deferred',
        'reviewed_rejected', 'cut_in_progress', 'cut_applied', 'verify_in_progress', 'verified_complete',
        'verify_failed_escalated', 'abandoned')),
    CONSTRAINT entry_payload_is_object CHECK (jsonb_typeof(payload) = 'object')
) WITH (fillfactor = 80);
CREATE INDEX entry_waiting ON cutter_governance.decision_backlog_entry (status, entry_id)
    WHERE status NOT IN ('verified_complete', 'reviewed_rejected', 'abandoned');
CREATE INDEX entry_newest ON cutter_governance.decision_backlog_entry (emitted_at DESC, entry_id);
CREATE INDEX entry_by_document ON cutter_governance.decision_backlog_entry ((payload ->> 'document_ref'));
CREATE INDEX entry_by_code ON cutter_governance.decision_backlog_entry ((payload ->> 'document_code'));

CREATE TABLE cutter_governance.decision_backlog_history (
    history_id            uuid PRIMARY KEY,
    entry_id              uuid NOT NULL REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    entry_version_before  integer,
    entry_version_after   integer NOT NULL,
    change_kind           text NOT NULL,
    change_diff           jsonb NOT NULL,
    changed_by            cutter_governance.identity NOT NULL,
    changed_at            timestamptz NOT NULL,
    rationale             text NOT NULL,
    CONSTRAINT history_kind_word CHECK (change_kind IN ('mark', 'sweep_promote', 'review:approve', 'review:defer',
        'review:reject', 'cut', 'verify:pass', 'verify:fail', 'abandon')),
    CONSTRAINT history_is_a_chain CHECK (entry_version_after = coalesce(entry_version_before, 0) + 1),
    CONSTRAINT history_begins_with_mark CHECK ((entry_version_before IS NULL) = (change_kind = 'mark')),
    CONSTRAINT history_diff_is_object CHECK (jsonb_typeof(change_diff) = 'object'),
    CONSTRAINT history_has_one_version UNIQUE (entry_id, entry_version_after),
    CONSTRAINT history_follows_its_predecessor FOREIGN KEY (entry_id, entry_version_before)
        REFERENCES cutter_governance.decision_backlog_history (entry_id, entry_version_after)
);

CREATE TABLE cutter_governance.decision_backlog_dependency (
    dependency_id    uuid PRIMARY KEY,
    from_entry_id    uuid NOT NULL REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    to_entry_id      uuid NOT NULL REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    dependency_kind  text NOT NULL,
    created_by       cutter_governance.identity NOT NULL,
    created_at       timestamptz NOT NULL,
    CONSTRAINT dependency_kind_word CHECK (dependency_kind IN ('blocks', 'supersedes', 'refines', 'related_to')),
    CONSTRAINT dependency_is_not_on_itself CHECK (from_entry_id <> to_entry_id),
    CONSTRAINT dependency_is_said_once UNIQUE (from_entry_id, dependency_kind, to_entry_id)
);
CREATE INDEX dependency_by_target ON cutter_governance.decision_backlog_dependency (to_entry_id, dependency_kind);

CREATE TABLE cutter_governance.decision_backlog_sweep_log (
    sweep_id        uuid PRIMARY KEY,
    swept_by        cutter_governance.identity NOT NULL,
    trigger_kind    text NOT NULL,
    started_at      timestamptz NOT NULL,
    finished_at     timestamptz NOT NULL,
    batch_limit     integer NOT NULL,
    scanned_count   integer NOT NULL,
    promoted_count  integer NOT NULL,
    cursor_after    text,
    scenario_ref    text,
    CONSTRAINT sweep_trigger_word CHECK (trigger_kind IN ('manual', 'pipeline', 'periodic')),
    CONSTRAINT sweep_ends_after_it_starts CHECK (finished_at >= started_at),
    CONSTRAINT sweep_counts CHECK (batch_limit > 0 AND promoted_count BETWEEN 0 AND scanned_count
        AND scanned_count <= batch_limit)
);

CREATE TABLE cutter_governance.manifest_envelope (
    envelope_id                uuid PRIMARY KEY,
    operation_kind             text NOT NULL,
    status                     text NOT NULL,
    source_doc_ref             uuid NOT NULL REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    manifest_digest            cutter_governance.sha256_hex NOT NULL REFERENCES iu.manifest (digest),
    escalation_ref             uuid REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    cut_change_set_ref         uuid,
    created_by                 cutter_governance.identity NOT NULL,
    created_at                 timestamptz NOT NULL,
    reviewer                   cutter_governance.identity,
    reviewed_at                timestamptz,
    rationale                  text,
    superseded_by_envelope_id  uuid REFERENCES cutter_governance.manifest_envelope (envelope_id),
    CONSTRAINT envelope_operation_word CHECK (operation_kind IN ('first_cut', 'recut', 'split', 'merge')),
    CONSTRAINT envelope_status_word CHECK (status IN ('draft', 'under_review', 'accepted', 'rejected', 'withdrawn',
        'enacted', 'superseded')),
    CONSTRAINT envelope_judged_by_somebody CHECK (status NOT IN ('accepted', 'rejected')
        OR (reviewer IS NOT NULL AND reviewed_at IS NOT NULL AND rationale IS NOT NULL)),
    CONSTRAINT envelope_reviewer_is_not_author CHECK (reviewer <> created_by),
    CONSTRAINT envelope_binds_entry_and_manifest UNIQUE (envelope_id, source_doc_ref, manifest_digest)
);
CREATE INDEX envelope_by_entry ON cutter_governance.manifest_envelope (source_doc_ref);
CREATE INDEX envelope_by_manifest ON cutter_governance.manifest_envelope (manifest_digest);
CREATE INDEX envelope_by_escalation ON cutter_governance.manifest_envelope (escalation_ref) WHERE escalation_ref IS NOT NULL;
CREATE INDEX envelope_by_successor ON cutter_governance.manifest_envelope (superseded_by_envelope_id)
    WHERE superseded_by_envelope_id IS NOT NULL;

CREATE TABLE cutter_governance.manifest_unit_block (
    envelope_id                 uuid NOT NULL REFERENCES cutter_governance.manifest_envelope (envelope_id),
    unit_local_id               integer NOT NULL,
    block_role                  text NOT NULL,
    source_span                 int8range NOT NULL,
    render_order                numeric NOT NULL,
    target_unit_id              uuid NOT NULL,
    decision_backlog_ref        uuid NOT NULL REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    proposed_canonical_address  cutter_governance.canonical_address NOT NULL,
    proposed_authority          text NOT NULL,
    candidate_edges             jsonb NOT NULL,
    payload_summary             jsonb NOT NULL,
    report_summary              jsonb,
    content_hash                cutter_governance.sha256_hex NOT NULL,
    PRIMARY KEY (envelope_id, unit_local_id),
    CONSTRAINT block_local_id_counts CHECK (unit_local_id >= 0),
    CONSTRAINT block_role_word CHECK (block_role IN ('origin', 'result')),
    CONSTRAINT block_span_is_bytes CHECK (NOT isempty(source_span) AND lower(source_span) >= 0
        AND lower_inc(source_span) AND NOT upper_inf(source_span)),
    CONSTRAINT block_address_is_said_once UNIQUE (envelope_id, block_role, proposed_canonical_address)
);

CREATE TABLE cutter_governance.review_decision (
    review_decision_id                uuid PRIMARY KEY,
    manifest_id                       uuid NOT NULL,
    manifest_unit_local_id            integer,
    verdict                           text NOT NULL,
    status                            text NOT NULL,
    prior_review_decision_id          uuid UNIQUE,
    superseded_by_review_decision_id  uuid,
    escalation_ref                    uuid REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    cut_change_set_ref                uuid,
    findings                          jsonb NOT NULL,
    verdict_rationale                 text NOT NULL,
    reviewer_identity                 cutter_governance.identity NOT NULL,
    reviewer_kind                     text NOT NULL,
    reviewer_independence_evidence    jsonb NOT NULL,
    risk_class                        text NOT NULL,
    decided_by                        cutter_governance.identity NOT NULL,
    decided_at                        timestamptz NOT NULL,
    entry_id                          uuid NOT NULL,
    manifest_digest                   cutter_governance.sha256_hex NOT NULL,
    snapshot_sha256                   cutter_governance.sha256_hex NOT NULL,
    CONSTRAINT decision_judges_the_envelope FOREIGN KEY (manifest_id, entry_id, manifest_digest)
        REFERENCES cutter_governance.manifest_envelope (envelope_id, source_doc_ref, manifest_digest),
    CONSTRAINT decision_binds_manifest_and_snapshot FOREIGN KEY (manifest_digest, snapshot_sha256)
        REFERENCES iu.manifest (digest, snapshot_sha256),
    CONSTRAINT decision_names_a_block FOREIGN KEY (manifest_id, manifest_unit_local_id)
        REFERENCES cutter_governance.manifest_unit_block (envelope_id, unit_local_id),
    CONSTRAINT decision_knows_its_prior UNIQUE (review_decision_id, prior_review_decision_id),
    CONSTRAINT decision_binds_what_is_cut UNIQUE (review_decision_id, manifest_id, manifest_digest, snapshot_sha256),
    CONSTRAINT decision_is_about_entry_and_manifest UNIQUE (review_decision_id, entry_id, manifest_digest),
    CONSTRAINT decision_follows_one_on_the_same_manifest
        FOREIGN KEY (prior_review_decision_id, entry_id, manifest_digest)
        REFERENCES cutter_governance.review_decision (review_decision_id, entry_id, manifest_digest),
    CONSTRAINT decision_stamp_names_its_successor
        FOREIGN KEY (superseded_by_review_decision_id, review_decision_id)
        REFERENCES cutter_governance.review_decision (review_decision_id, prior_review_decision_id)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT decision_verdict_word CHECK (verdict IN ('PASS', 'FAIL', 'NEEDS_HUMAN')),
    CONSTRAINT decision_status_word CHECK (status IN ('approved', 'rejected', 'deferred')),
    CONSTRAINT decision_verdict_means_status CHECK ((verdict || ' > ' || status)
        IN ('PASS > approved', 'FAIL > rejected', 'NEEDS_HUMAN > deferred')),
    CONSTRAINT decision_reviewer_kind_word CHECK (reviewer_kind IN ('human', 'policy')),
    CONSTRAINT decision_risk_word CHECK (risk_class IN ('low', 'standard', 'high')),
    CONSTRAINT decision_policy_stays_low CHECK (reviewer_kind <> 'policy' OR risk_class <> 'high'),
    CONSTRAINT decision_findings_is_list CHECK (jsonb_typeof(findings) = 'array'),
    CONSTRAINT decision_does_not_follow_itself CHECK (prior_review_decision_id <> review_decision_id
        AND superseded_by_review_decision_id <> review_decision_id)
);
CREATE INDEX decision_by_manifest ON cutter_governance.review_decision (manifest_id, manifest_unit_local_id);
CREATE INDEX decision_by_entry ON cutter_governance.review_decision (entry_id);
CREATE INDEX decision_by_digest ON cutter_governance.review_decision (manifest_digest);
CREATE UNIQUE INDEX decision_has_one_beginning
    ON cutter_governance.review_decision (entry_id, manifest_digest, manifest_unit_local_id) NULLS NOT DISTINCT
    WHERE prior_review_decision_id IS NULL;

CREATE TABLE cutter_governance.dot_pair_signature (
    signature_id                      uuid PRIMARY KEY,
    signature_kind                    text NOT NULL,
    signer_dot_id                     text NOT NULL,
    signer_identity                   cutter_governance.identity NOT NULL,
    signer_tool_revision              text NOT NULL,
    payload_hash                      cutter_governance.sha256_hex NOT NULL,
    payload_envelope                  jsonb NOT NULL,
    signature_payload                 bytea NOT NULL,
    validation_state                  text NOT NULL,
    cross_reference_change_set_id     uuid,
    cross_reference_verify_result_id  uuid,
    prior_signature_id                uuid REFERENCES cutter_governance.dot_pair_signature (signature_id),
    revoked_by                        cutter_governance.identity,
    revocation_reason                 text,
    signed_at                         timestamptz NOT NULL,
    CONSTRAINT signature_kind_word CHECK (signature_kind IN ('executor', 'verifier')),
    CONSTRAINT signature_exactly_one_reference
        CHECK (num_nonnulls(cross_reference_change_set_id, cross_reference_verify_result_id) = 1),
    CONSTRAINT signature_lane_signs_its_own CHECK (
        (signature_kind || ' ' || signer_dot_id) IN ('executor DOT-991', 'verifier DOT-992')
        AND (signature_kind = 'executor') = (cross_reference_change_set_id IS NOT NULL)),
    CONSTRAINT signature_state_word CHECK (validation_state IN ('valid', 'revoked')),
    CONSTRAINT signature_revocation_has_reason CHECK ((validation_state = 'revoked')
        = (revoked_by IS NOT NULL AND revocation_reason IS NOT NULL)),
    CONSTRAINT signature_is_ed25519 CHECK (length(signature_payload) = 64),
    CONSTRAINT signature_envelope_is_object CHECK (jsonb_typeof(payload_envelope) = 'object')
);
CREATE UNIQUE INDEX signature_one_per_change_set ON cutter_governance.dot_pair_signature (cross_reference_change_set_id)
    WHERE validation_state = 'valid' AND prior_signature_id IS NULL;
CREATE UNIQUE INDEX signature_one_per_verify_result ON cutter_governance.dot_pair_signature (cross_reference_verify_result_id)
    WHERE validation_state = 'valid' AND prior_signature_id IS NULL;
CREATE INDEX signature_by_change_set ON cutter_governance.dot_pair_signature (cross_reference_change_set_id)
    WHERE cross_reference_change_set_id IS NOT NULL;
CREATE INDEX signature_by_verify_result ON cutter_governance.dot_pair_signature (cross_reference_verify_result_id)
    WHERE cross_reference_verify_result_id IS NOT NULL;
CREATE INDEX signature_by_prior ON cutter_governance.dot_pair_signature (prior_signature_id)
    WHERE prior_signature_id IS NOT NULL;

CREATE TABLE cutter_governance.cut_change_set (
    change_set_id            uuid PRIMARY KEY,
    rollback_key             text NOT NULL UNIQUE,
    idempotency_key          text NOT NULL UNIQUE,
    manifest_id              uuid NOT NULL,
    manifest_version         integer NOT NULL,
    review_decision_id       uuid NOT NULL,
    executor_signature_id    uuid NOT NULL UNIQUE REFERENCES cutter_governance.dot_pair_signature (signature_id)
                             DEFERRABLE INITIALLY DEFERRED,
    verifier_signature_id    uuid REFERENCES cutter_governance.dot_pair_signature (signature_id),
    executor_tool_revision   text NOT NULL,
    verifier_tool_revision   text NOT NULL,
    state                    text NOT NULL,
    affected_unit_count      integer NOT NULL,
    emitted_by               cutter_governance.identity NOT NULL,
    emitted_at               timestamptz NOT NULL,
    payload_summary          jsonb NOT NULL,
    document_ref             text NOT NULL REFERENCES iu.document (document_ref),
    cut_seq                  integer NOT NULL,
    manifest_digest          cutter_governance.sha256_hex NOT NULL,
    snapshot_sha256          cutter_governance.sha256_hex NOT NULL,
    CONSTRAINT change_set_cuts_what_was_decided
        FOREIGN KEY (review_decision_id, manifest_id, manifest_digest, snapshot_sha256) REFERENCES
        cutter_governance.review_decision (review_decision_id, manifest_id, manifest_digest, snapshot_sha256),
    CONSTRAINT change_set_state_word CHECK (state IN ('committed', 'compensated')),
    CONSTRAINT change_set_counts CHECK (affected_unit_count >= 0 AND cut_seq >= 1 AND manifest_version >= 1),
    CONSTRAINT change_set_first_cut_has_units CHECK (cut_seq > 1 OR affected_unit_count > 0),
    CONSTRAINT change_set_has_its_place UNIQUE (document_ref, cut_seq),
    CONSTRAINT change_set_of_a_version UNIQUE (change_set_id, document_ref, cut_seq),
    CONSTRAINT change_set_as_verified UNIQUE (change_set_id, manifest_id, manifest_version, review_decision_id,
        executor_signature_id, executor_tool_revision)
);
CREATE INDEX change_set_by_manifest ON cutter_governance.cut_change_set (manifest_id);
CREATE INDEX change_set_by_decision ON cutter_governance.cut_change_set (review_decision_id);
CREATE INDEX change_set_by_digest ON cutter_governance.cut_change_set (manifest_digest);

ALTER TABLE cutter_governance.dot_pair_signature ADD CONSTRAINT signature_names_a_change_set
    FOREIGN KEY (cross_reference_change_set_id) REFERENCES cutter_governance.cut_change_set (change_set_id)
    DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE cutter_governance.manifest_envelope ADD CONSTRAINT envelope_names_a_change_set
    FOREIGN KEY (cut_change_set_ref) REFERENCES cutter_governance.cut_change_set (change_set_id);
ALTER TABLE cutter_governance.review_decision ADD CONSTRAINT decision_names_a_change_set
    FOREIGN KEY (cut_change_set_ref) REFERENCES cutter_governance.cut_change_set (change_set_id);

CREATE TABLE cutter_governance.cut_change_set_affected_row (
    affected_row_id        uuid PRIMARY KEY,
    change_set_id          uuid NOT NULL REFERENCES cutter_governance.cut_change_set (change_set_id),
    target_table           text NOT NULL,
    target_row_id          uuid NOT NULL,
    operation_kind         text NOT NULL,
    before_state_snapshot  jsonb,
    after_state_snapshot   jsonb,
    CONSTRAINT affected_table_word CHECK (target_table IN ('iu.information_unit', 'iu.unit_version')),
    CONSTRAINT affected_operation_word CHECK (operation_kind IN ('insert', 'revise', 'move', 'renumber', 'retire')),
    CONSTRAINT affected_insert_has_no_before CHECK (operation_kind <> 'insert'
        OR (before_state_snapshot IS NULL AND after_state_snapshot IS NOT NULL)),
    CONSTRAINT affected_row_is_said_once UNIQUE (change_set_id, target_row_id)
);

CREATE TABLE cutter_governance.verify_result (
    verify_result_id             uuid PRIMARY KEY,
    change_set_id                uuid NOT NULL,
    manifest_id                  uuid NOT NULL,
    manifest_version             integer NOT NULL,
    review_decision_id           uuid NOT NULL,
    executor_signature_id        uuid NOT NULL REFERENCES cutter_governance.dot_pair_signature (signature_id),
    verifier_signature_id        uuid NOT NULL UNIQUE REFERENCES cutter_governance.dot_pair_signature (signature_id)
                                 DEFERRABLE INITIALLY DEFERRED,
    executor_tool_revision       text NOT NULL,
    verifier_tool_revision       text NOT NULL,
    tool_revision_match          boolean NOT NULL,
    verify_kind                  text NOT NULL,
    axis_1_status                text NOT NULL,
    axis_2_status                text NOT NULL,
    verdict                      text NOT NULL,
    state                        text NOT NULL,
    canonicalization_rule_used   text NOT NULL,
    findings                     jsonb NOT NULL,
    rebuilt_sha256               cutter_governance.sha256_hex NOT NULL,
    prior_verify_result_id       uuid REFERENCES cutter_governance.verify_result (verify_result_id),
    escalation_ref               uuid REFERENCES cutter_governance.decision_backlog_entry (entry_id),
    verified_by                  cutter_governance.identity NOT NULL,
    verified_at                  timestamptz NOT NULL,
    CONSTRAINT verify_kind_word CHECK (verify_kind IN ('axis_1_round_trip')),
    CONSTRAINT verify_axis_1_word CHECK (axis_1_status IN ('pass', 'fail')),
    CONSTRAINT verify_axis_2_word CHECK (axis_2_status IN ('pass', 'fail', 'not_applicable')),
    CONSTRAINT verify_verdict_word CHECK (verdict IN ('pass', 'fail')),
    CONSTRAINT verify_state_word CHECK (state IN ('final')),
    CONSTRAINT verify_verdict_follows_axes
        CHECK ((verdict = 'pass') = (axis_1_status = 'pass' AND axis_2_status <> 'fail')),
    CONSTRAINT verify_revision_match_is_true CHECK (tool_revision_match = (executor_tool_revision = verifier_tool_revision)),
    CONSTRAINT verify_failure_escalates CHECK ((verdict = 'fail') = (escalation_ref IS NOT NULL)),
    CONSTRAINT verify_findings_is_list CHECK (jsonb_typeof(findings) = 'array'),
    CONSTRAINT verify_judges_the_change_set FOREIGN KEY (change_set_id, manifest_id, manifest_version,
            review_decision_id, executor_signature_id, executor_tool_revision)
        REFERENCES cutter_governance.cut_change_set (change_set_id, manifest_id, manifest_version,
            review_decision_id, executor_signature_id, executor_tool_revision),
    CONSTRAINT verify_does_not_follow_itself CHECK (prior_verify_result_id <> verify_result_id)
);
CREATE INDEX verify_by_change_set ON cutter_governance.verify_result (change_set_id);
CREATE INDEX verify_by_prior ON cutter_governance.verify_result (prior_verify_result_id)
    WHERE prior_verify_result_id IS NOT NULL;
CREATE UNIQUE INDEX verify_passes_once ON cutter_governance.verify_result (change_set_id) WHERE verdict = 'pass';

ALTER TABLE cutter_governance.dot_pair_signature ADD CONSTRAINT signature_names_a_verify_result
    FOREIGN KEY (cross_reference_verify_result_id) REFERENCES cutter_governance.verify_result (verify_result_id)
    DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE cutter_governance.canonical_address_alias (
    alias_id        uuid PRIMARY KEY,
    target_unit_id  uuid NOT NULL REFERENCES iu.information_unit (unit_id),
    alias_text      text NOT NULL,
    alias_kind      text NOT NULL,
    valid_from      timestamptz NOT NULL,
    valid_until     timestamptz,
    created_by      cutter_governance.identity NOT NULL,
    rationale       text NOT NULL,
    scenario_ref    text,
    CONSTRAINT alias_kind_word CHECK (alias_kind IN ('rename', 'redirect', 'external_reference', 'previous_canonical')),
    CONSTRAINT alias_time_runs_forward CHECK (valid_until > valid_from)
);
CREATE INDEX alias_by_text ON cutter_governance.canonical_address_alias (alias_text);
CREATE INDEX alias_by_unit ON cutter_governance.canonical_address_alias (target_unit_id);

---------------------------------------------------------------------------------------------------------- versions of units

CREATE TABLE iu.unit_version (
    unit_id           uuid NOT NULL,
    version_seq       integer NOT NULL,
    content_hash      cutter_governance.sha256_hex NOT NULL,
    body              text NOT NULL,
    render_order      numeric NOT NULL,
    cut_seq           integer NOT NULL,
    change_set_id     uuid NOT NULL,
    document_ref      text NOT NULL,
    lifecycle_status  text NOT NULL DEFAULT 'draft',
    PRIMARY KEY (unit_id, version_seq),
    CONSTRAINT version_counts CHECK (version_seq >= 1 AND cut_seq >= 1),
    CONSTRAINT version_lifecycle_word CHECK (lifecycle_status IN ('draft', 'enacted', 'retired')),
    CONSTRAINT version_hash_is_true CHECK (content_hash = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
    CONSTRAINT version_is_of_a_unit FOREIGN KEY (unit_id, document_ref)
        REFERENCES iu.information_unit (unit_id, document_ref),
    CONSTRAINT version_holds_from_a_cut FOREIGN KEY (change_set_id, document_ref, cut_seq)
        REFERENCES cutter_governance.cut_change_set (change_set_id, document_ref, cut_seq),
    CONSTRAINT version_one_per_cut UNIQUE (unit_id, cut_seq)
) WITH (fillfactor = 90);
CREATE INDEX unit_version_by_document ON iu.unit_version (document_ref, cut_seq);
CREATE INDEX unit_version_by_change_set ON iu.unit_version (change_set_id);
