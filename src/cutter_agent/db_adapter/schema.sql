-- The whole schema for a fresh install. Generated from migrations/*.sql by "make schema": do not edit.
-- Runs as the owner role inside the installer's transaction; grants come from the one table of rights (rights.py).

CREATE SCHEMA cutter_governance;

CREATE SCHEMA cutter_observe;

CREATE SCHEMA iu;

CREATE DOMAIN cutter_governance.canonical_address AS text
	CONSTRAINT canonical_address_check CHECK (((VALUE ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$'::text) AND (length(VALUE) <= 400)));

CREATE DOMAIN cutter_governance.identity AS text
	CONSTRAINT identity_check CHECK (((length(VALUE) >= 1) AND (length(VALUE) <= 200) AND (VALUE = btrim(VALUE))));

CREATE DOMAIN cutter_governance.sha256_hex AS text
	CONSTRAINT sha256_hex_check CHECK ((VALUE ~ '^[0-9a-f]{64}$'::text));

CREATE FUNCTION cutter_governance.refuse_alias_circle() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
DECLARE
    place  uuid := NEW.target_unit_id;
    passed uuid[] := '{}';
BEGIN
    WHILE place IS NOT NULL LOOP
        IF place = ANY (passed) THEN
            RAISE EXCEPTION 'alias % (% to %) leads in a circle', NEW.alias_id, NEW.alias_text, NEW.target_unit_id
                USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                      CONSTRAINT = TG_NAME, HINT = 'A trail of names ends with a unit that lives.';
        END IF;
        passed := passed || place;
        SELECT a.target_unit_id INTO place
        FROM iu.information_unit AS u
        JOIN cutter_governance.canonical_address_alias AS a ON a.alias_text = u.canonical_address
        WHERE u.unit_id = passed[cardinality(passed)]
          AND (SELECT v.ends_life FROM iu.unit_version AS v WHERE v.unit_id = u.unit_id
               ORDER BY v.version_seq DESC LIMIT 1)
        ORDER BY a.valid_from DESC, a.alias_id
        LIMIT 1;
        IF NOT FOUND THEN
            place := NULL;
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE FUNCTION cutter_governance.refuse_dependency_cycle() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
DECLARE
    closes boolean;
BEGIN
    -- One writer at a time, and a snapshot taken after the lock: two halves of a cycle cannot pass each other.
    -- An older snapshot would not see the other half, so stricter isolation levels are refused here.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a dependency is written at READ COMMITTED, not at %', current_setting('transaction_isolation')
            USING ERRCODE = 'invalid_transaction_state', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  CONSTRAINT = TG_NAME, HINT = 'Begin the phase with ISOLATION LEVEL READ COMMITTED.';
    END IF;
    PERFORM pg_advisory_xact_lock(TG_RELID::integer, 1);
    WITH RECURSIVE reached (entry_id) AS (
        VALUES (NEW.to_entry_id)
        UNION
        SELECT d.to_entry_id
        FROM reached
        JOIN cutter_governance.decision_backlog_dependency AS d
            ON d.from_entry_id = reached.entry_id AND d.dependency_kind = NEW.dependency_kind
    )
    SELECT EXISTS (SELECT FROM reached WHERE entry_id = NEW.from_entry_id) INTO closes;
    IF closes THEN
        RAISE EXCEPTION 'dependency % (% % %) closes a cycle', NEW.dependency_id, NEW.from_entry_id,
                NEW.dependency_kind, NEW.to_entry_id
            USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  CONSTRAINT = TG_NAME, HINT = 'An entry cannot wait, through others, for itself.';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION cutter_governance.refuse_lost_trail() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
DECLARE
    lost text;
BEGIN
    SELECT u.canonical_address INTO lost
    FROM cutter_governance.manifest_envelope AS m
    JOIN iu.unit_version AS v ON v.change_set_id = NEW.change_set_id AND v.ends_life
    JOIN iu.information_unit AS u ON u.unit_id = v.unit_id
    WHERE m.envelope_id = NEW.manifest_id
      AND m.operation_kind IN ('split', 'merge', 'retire', 'renumber', 'redirect')
      AND NOT EXISTS (
            SELECT FROM cutter_governance.canonical_address_alias AS a
            WHERE a.alias_text = u.canonical_address AND a.target_unit_id <> u.unit_id)
    ORDER BY u.canonical_address
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'change set % ends %, and no alias says where it goes on', NEW.change_set_id, lost
            USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  CONSTRAINT = TG_NAME, HINT = 'Write the alias in the same transaction.';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION cutter_governance.refuse_move() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
DECLARE
    column_name constant text := TG_ARGV[0];
    id_column   constant text := TG_ARGV[1];
    after_move  constant jsonb := to_jsonb(NEW) - 'payload' - 'body';
    before_move jsonb;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        before_move := to_jsonb(OLD) - 'payload' - 'body';
    END IF;
    RAISE EXCEPTION '%.%: % % is % and cannot become %', TG_TABLE_SCHEMA, TG_TABLE_NAME, id_column,
            after_move ->> id_column, coalesce(before_move ->> column_name, 'new'),
            coalesce(after_move ->> column_name, 'NULL')
        USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = column_name,
              CONSTRAINT = TG_NAME, HINT = 'The legal moves are listed in docs/reference/states.md.';
END $$;

CREATE FUNCTION cutter_governance.refuse_unapproved_cut() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
BEGIN
    PERFORM FROM cutter_governance.review_decision AS d
    WHERE d.review_decision_id = NEW.review_decision_id
      AND d.status = 'approved' AND d.superseded_by_review_decision_id IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'change set % rests on decision %, which is not a standing approval', NEW.change_set_id,
                NEW.review_decision_id
            USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  CONSTRAINT = TG_NAME, HINT = 'A cut needs a PASS decision that no later decision supersedes.';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION cutter_governance.refuse_unfinished() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
DECLARE
    resting text;
BEGIN
    -- The event is old news at COMMIT: what counts is where the entry stands now.
    SELECT e.status INTO resting FROM cutter_governance.decision_backlog_entry AS e WHERE e.entry_id = NEW.entry_id;
    IF resting IN ('cut_in_progress', 'verify_in_progress') THEN
        RAISE EXCEPTION 'entry % would be committed as %, a state that exists only inside a transaction',
                NEW.entry_id, resting
            USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'status',
                  CONSTRAINT = TG_NAME, HINT = 'Finish the phase in the same transaction, or roll back.';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION cutter_governance.refuse_verb() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO ''
    AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: its rows are written once and kept', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
              CONSTRAINT = TG_NAME, HINT = coalesce(TG_ARGV[0], 'Write a new row that says what changed.');
END $$;

CREATE FUNCTION cutter_governance.refuse_wrong_count() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO ''
    AS $$
DECLARE
    affected_rows bigint;
    versions      bigint;
BEGIN
    SELECT count(*) INTO affected_rows
    FROM cutter_governance.cut_change_set_affected_row AS a WHERE a.change_set_id = NEW.change_set_id;
    SELECT count(*) INTO versions FROM iu.unit_version AS v WHERE v.change_set_id = NEW.change_set_id;
    IF affected_rows <> NEW.affected_unit_count OR versions > NEW.affected_unit_count
            OR (NEW.cut_seq = 1 AND versions <> NEW.affected_unit_count) THEN
        RAISE EXCEPTION 'change set % counts % units, but has % affected rows and % versions', NEW.change_set_id,
                NEW.affected_unit_count, affected_rows, versions
            USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  CONSTRAINT = TG_NAME, HINT = 'No phantom success: what is recorded as cut must be there.';
    END IF;
    RETURN NULL;
END $$;

CREATE TABLE cutter_governance.canonical_address_alias (
    alias_id uuid NOT NULL,
    target_unit_id uuid NOT NULL,
    alias_text text NOT NULL,
    alias_kind text NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    created_by cutter_governance.identity NOT NULL,
    rationale text NOT NULL,
    scenario_ref text,
    CONSTRAINT alias_kind_word CHECK ((alias_kind = ANY (ARRAY['rename'::text, 'redirect'::text, 'external_reference'::text, 'previous_canonical'::text]))),
    CONSTRAINT alias_reference_is_no_address CHECK (((alias_kind <> 'external_reference'::text) OR (alias_text !~ '^[A-Z0-9]+(-[A-Z0-9]+)*$'::text))),
    CONSTRAINT alias_time_runs_forward CHECK ((valid_until > valid_from))
);

CREATE TABLE cutter_governance.cut_change_set (
    change_set_id uuid NOT NULL,
    rollback_key text NOT NULL,
    idempotency_key text NOT NULL,
    manifest_id uuid NOT NULL,
    manifest_version integer NOT NULL,
    review_decision_id uuid NOT NULL,
    executor_signature_id uuid NOT NULL,
    verifier_signature_id uuid,
    executor_tool_revision text NOT NULL,
    verifier_tool_revision text NOT NULL,
    state text NOT NULL,
    affected_unit_count integer NOT NULL,
    emitted_by cutter_governance.identity NOT NULL,
    emitted_at timestamp with time zone NOT NULL,
    payload_summary jsonb NOT NULL,
    document_ref text NOT NULL,
    cut_seq integer NOT NULL,
    manifest_digest cutter_governance.sha256_hex NOT NULL,
    snapshot_sha256 cutter_governance.sha256_hex NOT NULL,
    CONSTRAINT change_set_counts CHECK (((affected_unit_count >= 0) AND (cut_seq >= 1) AND (manifest_version >= 1))),
    CONSTRAINT change_set_first_cut_has_units CHECK (((cut_seq > 1) OR (affected_unit_count > 0))),
    CONSTRAINT change_set_state_word CHECK ((state = ANY (ARRAY['committed'::text, 'compensated'::text])))
);

CREATE TABLE cutter_governance.cut_change_set_affected_row (
    affected_row_id uuid NOT NULL,
    change_set_id uuid NOT NULL,
    target_table text NOT NULL,
    target_row_id uuid NOT NULL,
    operation_kind text NOT NULL,
    before_state_snapshot jsonb,
    after_state_snapshot jsonb,
    CONSTRAINT affected_insert_has_no_before CHECK (((operation_kind <> 'insert'::text) OR ((before_state_snapshot IS NULL) AND (after_state_snapshot IS NOT NULL)))),
    CONSTRAINT affected_operation_word CHECK ((operation_kind = ANY (ARRAY['insert'::text, 'revise'::text, 'move'::text, 'renumber'::text, 'retire'::text]))),
    CONSTRAINT affected_table_word CHECK ((target_table = ANY (ARRAY['iu.information_unit'::text, 'iu.unit_version'::text])))
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.05');

CREATE TABLE cutter_governance.decision_backlog_dependency (
    dependency_id uuid NOT NULL,
    from_entry_id uuid NOT NULL,
    to_entry_id uuid NOT NULL,
    dependency_kind text NOT NULL,
    created_by cutter_governance.identity NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT dependency_is_not_on_itself CHECK ((from_entry_id <> to_entry_id)),
    CONSTRAINT dependency_kind_word CHECK ((dependency_kind = ANY (ARRAY['blocks'::text, 'supersedes'::text, 'refines'::text, 'related_to'::text])))
);

CREATE TABLE cutter_governance.decision_backlog_entry (
    entry_id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    payload jsonb NOT NULL,
    emitted_at timestamp with time zone NOT NULL,
    scenario_ref text,
    CONSTRAINT entry_kind_word CHECK ((kind = ANY (ARRAY['cut'::text, 'escalation'::text]))),
    CONSTRAINT entry_payload_is_object CHECK ((jsonb_typeof(payload) = 'object'::text)),
    CONSTRAINT entry_status_word CHECK ((status = ANY (ARRAY['marked'::text, 'review_pending'::text, 'reviewed_approved'::text, 'reviewed_deferred'::text, 'reviewed_rejected'::text, 'cut_in_progress'::text, 'cut_applied'::text, 'verify_in_progress'::text, 'verified_complete'::text, 'verify_failed_escalated'::text, 'abandoned'::text])))
)
WITH (fillfactor='80', autovacuum_analyze_scale_factor='0.02', autovacuum_vacuum_scale_factor='0.05');

CREATE TABLE cutter_governance.decision_backlog_history (
    history_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    entry_version_before integer,
    entry_version_after integer NOT NULL,
    change_kind text NOT NULL,
    change_diff jsonb NOT NULL,
    changed_by cutter_governance.identity NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    rationale text NOT NULL,
    CONSTRAINT history_begins_with_mark CHECK (((entry_version_before IS NULL) = (change_kind = 'mark'::text))),
    CONSTRAINT history_diff_is_object CHECK ((jsonb_typeof(change_diff) = 'object'::text)),
    CONSTRAINT history_is_a_chain CHECK ((entry_version_after = (COALESCE(entry_version_before, 0) + 1))),
    CONSTRAINT history_kind_word CHECK ((change_kind = ANY (ARRAY['mark'::text, 'sweep_promote'::text, 'review:approve'::text, 'review:defer'::text, 'review:reject'::text, 'cut'::text, 'verify:pass'::text, 'verify:fail'::text, 'abandon'::text])))
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.05');

CREATE TABLE cutter_governance.decision_backlog_sweep_log (
    sweep_id uuid NOT NULL,
    swept_by cutter_governance.identity NOT NULL,
    trigger_kind text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    batch_limit integer NOT NULL,
    scanned_count integer NOT NULL,
    promoted_count integer NOT NULL,
    cursor_after text,
    scenario_ref text,
    CONSTRAINT sweep_counts CHECK (((batch_limit > 0) AND ((promoted_count >= 0) AND (promoted_count <= scanned_count)) AND (scanned_count <= batch_limit))),
    CONSTRAINT sweep_ends_after_it_starts CHECK ((finished_at >= started_at)),
    CONSTRAINT sweep_trigger_word CHECK ((trigger_kind = ANY (ARRAY['manual'::text, 'pipeline'::text, 'periodic'::text])))
);

CREATE TABLE cutter_governance.dot_pair_signature (
    signature_id uuid NOT NULL,
    signature_kind text NOT NULL,
    signer_dot_id text NOT NULL,
    signer_identity cutter_governance.identity NOT NULL,
    signer_tool_revision text NOT NULL,
    payload_hash cutter_governance.sha256_hex NOT NULL,
    payload_envelope jsonb NOT NULL,
    signature_payload bytea NOT NULL,
    validation_state text NOT NULL,
    cross_reference_change_set_id uuid,
    cross_reference_verify_result_id uuid,
    prior_signature_id uuid,
    revoked_by cutter_governance.identity,
    revocation_reason text,
    signed_at timestamp with time zone NOT NULL,
    CONSTRAINT signature_envelope_is_object CHECK ((jsonb_typeof(payload_envelope) = 'object'::text)),
    CONSTRAINT signature_exactly_one_reference CHECK ((num_nonnulls(cross_reference_change_set_id, cross_reference_verify_result_id) = 1)),
    CONSTRAINT signature_is_ed25519 CHECK ((length(signature_payload) = 64)),
    CONSTRAINT signature_kind_word CHECK ((signature_kind = ANY (ARRAY['executor'::text, 'verifier'::text]))),
    CONSTRAINT signature_lane_signs_its_own CHECK (((((signature_kind || ' '::text) || signer_dot_id) = ANY (ARRAY['executor DOT-991'::text, 'verifier DOT-992'::text])) AND ((signature_kind = 'executor'::text) = (cross_reference_change_set_id IS NOT NULL)))),
    CONSTRAINT signature_revocation_has_reason CHECK (((validation_state = 'revoked'::text) = ((revoked_by IS NOT NULL) AND (revocation_reason IS NOT NULL)))),
    CONSTRAINT signature_state_word CHECK ((validation_state = ANY (ARRAY['valid'::text, 'revoked'::text])))
);

CREATE TABLE cutter_governance.manifest_envelope (
    envelope_id uuid NOT NULL,
    operation_kind text NOT NULL,
    status text NOT NULL,
    source_doc_ref uuid NOT NULL,
    manifest_digest cutter_governance.sha256_hex NOT NULL,
    escalation_ref uuid,
    cut_change_set_ref uuid,
    created_by cutter_governance.identity NOT NULL,
    created_at timestamp with time zone NOT NULL,
    reviewer cutter_governance.identity,
    reviewed_at timestamp with time zone,
    rationale text,
    superseded_by_envelope_id uuid,
    CONSTRAINT envelope_judged_by_somebody CHECK (((status <> ALL (ARRAY['accepted'::text, 'rejected'::text])) OR ((reviewer IS NOT NULL) AND (reviewed_at IS NOT NULL) AND (rationale IS NOT NULL)))),
    CONSTRAINT envelope_operation_word CHECK ((operation_kind = ANY (ARRAY['first_cut'::text, 'recut'::text, 'split'::text, 'merge'::text, 'retire'::text, 'renumber'::text, 'redirect'::text, 'name'::text]))),
    CONSTRAINT envelope_reviewer_is_not_author CHECK (((reviewer)::text <> (created_by)::text)),
    CONSTRAINT envelope_status_word CHECK ((status = ANY (ARRAY['draft'::text, 'under_review'::text, 'accepted'::text, 'rejected'::text, 'withdrawn'::text, 'enacted'::text, 'superseded'::text])))
);

CREATE TABLE cutter_governance.manifest_unit_block (
    envelope_id uuid NOT NULL,
    unit_local_id integer NOT NULL,
    block_role text NOT NULL,
    source_span int8range NOT NULL,
    render_order numeric NOT NULL,
    target_unit_id uuid NOT NULL,
    decision_backlog_ref uuid NOT NULL,
    proposed_canonical_address cutter_governance.canonical_address NOT NULL,
    proposed_authority text NOT NULL,
    candidate_edges jsonb NOT NULL,
    payload_summary jsonb NOT NULL,
    report_summary jsonb,
    content_hash cutter_governance.sha256_hex NOT NULL,
    CONSTRAINT block_local_id_counts CHECK ((unit_local_id >= 0)),
    CONSTRAINT block_role_word CHECK ((block_role = ANY (ARRAY['origin'::text, 'result'::text]))),
    CONSTRAINT block_span_is_bytes CHECK (((NOT isempty(source_span)) AND (lower(source_span) >= 0) AND lower_inc(source_span) AND (NOT upper_inf(source_span))))
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_vacuum_insert_scale_factor='0.05');

CREATE TABLE cutter_governance.review_decision (
    review_decision_id uuid NOT NULL,
    manifest_id uuid NOT NULL,
    manifest_unit_local_id integer,
    verdict text NOT NULL,
    status text NOT NULL,
    prior_review_decision_id uuid,
    superseded_by_review_decision_id uuid,
    escalation_ref uuid,
    cut_change_set_ref uuid,
    findings jsonb NOT NULL,
    verdict_rationale text NOT NULL,
    reviewer_identity cutter_governance.identity NOT NULL,
    reviewer_kind text NOT NULL,
    reviewer_independence_evidence jsonb NOT NULL,
    risk_class text NOT NULL,
    decided_by cutter_governance.identity NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    entry_id uuid NOT NULL,
    manifest_digest cutter_governance.sha256_hex NOT NULL,
    snapshot_sha256 cutter_governance.sha256_hex NOT NULL,
    CONSTRAINT decision_does_not_follow_itself CHECK (((prior_review_decision_id <> review_decision_id) AND (superseded_by_review_decision_id <> review_decision_id))),
    CONSTRAINT decision_findings_is_list CHECK ((jsonb_typeof(findings) = 'array'::text)),
    CONSTRAINT decision_policy_stays_low CHECK (((reviewer_kind <> 'policy'::text) OR (risk_class <> 'high'::text))),
    CONSTRAINT decision_reviewer_kind_word CHECK ((reviewer_kind = ANY (ARRAY['human'::text, 'policy'::text]))),
    CONSTRAINT decision_risk_word CHECK ((risk_class = ANY (ARRAY['low'::text, 'standard'::text, 'high'::text]))),
    CONSTRAINT decision_status_word CHECK ((status = ANY (ARRAY['approved'::text, 'rejected'::text, 'deferred'::text]))),
    CONSTRAINT decision_verdict_means_status CHECK ((((verdict || ' > '::text) || status) = ANY (ARRAY['PASS > approved'::text, 'FAIL > rejected'::text, 'NEEDS_HUMAN > deferred'::text]))),
    CONSTRAINT decision_verdict_word CHECK ((verdict = ANY (ARRAY['PASS'::text, 'FAIL'::text, 'NEEDS_HUMAN'::text])))
);

CREATE TABLE cutter_governance.verify_result (
    verify_result_id uuid NOT NULL,
    change_set_id uuid NOT NULL,
    manifest_id uuid NOT NULL,
    manifest_version integer NOT NULL,
    review_decision_id uuid NOT NULL,
    executor_signature_id uuid NOT NULL,
    verifier_signature_id uuid NOT NULL,
    executor_tool_revision text NOT NULL,
    verifier_tool_revision text NOT NULL,
    tool_revision_match boolean NOT NULL,
    verify_kind text NOT NULL,
    axis_1_status text NOT NULL,
    axis_2_status text NOT NULL,
    verdict text NOT NULL,
    state text NOT NULL,
    canonicalization_rule_used text NOT NULL,
    findings jsonb NOT NULL,
    rebuilt_sha256 cutter_governance.sha256_hex NOT NULL,
    prior_verify_result_id uuid,
    escalation_ref uuid,
    verified_by cutter_governance.identity NOT NULL,
    verified_at timestamp with time zone NOT NULL,
    CONSTRAINT verify_axis_1_word CHECK ((axis_1_status = ANY (ARRAY['pass'::text, 'fail'::text]))),
    CONSTRAINT verify_axis_2_word CHECK ((axis_2_status = ANY (ARRAY['pass'::text, 'fail'::text, 'not_applicable'::text]))),
    CONSTRAINT verify_does_not_follow_itself CHECK ((prior_verify_result_id <> verify_result_id)),
    CONSTRAINT verify_failure_escalates CHECK (((verdict = 'fail'::text) = (escalation_ref IS NOT NULL))),
    CONSTRAINT verify_findings_is_list CHECK ((jsonb_typeof(findings) = 'array'::text)),
    CONSTRAINT verify_kind_word CHECK ((verify_kind = 'axis_1_round_trip'::text)),
    CONSTRAINT verify_revision_match_is_true CHECK ((tool_revision_match = (executor_tool_revision = verifier_tool_revision))),
    CONSTRAINT verify_state_word CHECK ((state = 'final'::text)),
    CONSTRAINT verify_verdict_follows_axes CHECK (((verdict = 'pass'::text) = ((axis_1_status = 'pass'::text) AND (axis_2_status <> 'fail'::text)))),
    CONSTRAINT verify_verdict_word CHECK ((verdict = ANY (ARRAY['pass'::text, 'fail'::text])))
);

CREATE VIEW cutter_observe.canonical_address_alias AS
 SELECT alias_id,
    target_unit_id,
    alias_text,
    alias_kind,
    valid_from,
    valid_until,
    created_by,
    encode(sha256(convert_to(rationale, 'UTF8'::name)), 'hex'::text) AS rationale_sha256,
    octet_length(rationale) AS rationale_bytes,
    scenario_ref
   FROM cutter_governance.canonical_address_alias;

CREATE VIEW cutter_observe.change_set_state AS
 SELECT c.change_set_id,
    c.manifest_id,
    c.document_ref,
    c.cut_seq,
    c.state,
    COALESCE(v.verdict, 'pending'::text) AS verification,
    v.verify_result_id,
    v.verifier_signature_id,
    COALESCE(v.verifier_tool_revision, c.verifier_tool_revision) AS verifier_tool_revision,
    v.verified_at
   FROM (cutter_governance.cut_change_set c
     LEFT JOIN LATERAL ( SELECT r.verdict,
            r.verify_result_id,
            r.verifier_signature_id,
            r.verifier_tool_revision,
            r.verified_at
           FROM cutter_governance.verify_result r
          WHERE (r.change_set_id = c.change_set_id)
          ORDER BY (r.verdict = 'pass'::text) DESC, r.verified_at DESC, r.verify_result_id
         LIMIT 1) v ON (true));

CREATE VIEW cutter_observe.cut_change_set AS
 SELECT c.change_set_id,
    c.rollback_key,
    c.idempotency_key,
    c.manifest_id,
    c.manifest_version,
    c.review_decision_id,
    c.executor_signature_id,
    s.verifier_signature_id,
    c.executor_tool_revision,
    s.verifier_tool_revision,
    c.state,
    s.verification,
    s.verify_result_id,
    s.verified_at,
    c.affected_unit_count,
    c.emitted_by,
    c.emitted_at,
    encode(sha256(convert_to((c.payload_summary)::text, 'UTF8'::name)), 'hex'::text) AS payload_summary_sha256,
    octet_length((c.payload_summary)::text) AS payload_summary_bytes,
    c.document_ref,
    c.cut_seq,
    c.manifest_digest,
    c.snapshot_sha256
   FROM (cutter_governance.cut_change_set c
     JOIN cutter_observe.change_set_state s ON ((s.change_set_id = c.change_set_id)));

CREATE VIEW cutter_observe.cut_change_set_affected_row AS
 SELECT affected_row_id,
    change_set_id,
    target_table,
    target_row_id,
    operation_kind,
    encode(sha256(convert_to((before_state_snapshot)::text, 'UTF8'::name)), 'hex'::text) AS before_state_snapshot_sha256,
    octet_length((before_state_snapshot)::text) AS before_state_snapshot_bytes,
    encode(sha256(convert_to((after_state_snapshot)::text, 'UTF8'::name)), 'hex'::text) AS after_state_snapshot_sha256,
    octet_length((after_state_snapshot)::text) AS after_state_snapshot_bytes
   FROM cutter_governance.cut_change_set_affected_row;

CREATE VIEW cutter_observe.decision_backlog_dependency AS
 SELECT dependency_id,
    from_entry_id,
    to_entry_id,
    dependency_kind,
    created_by,
    created_at
   FROM cutter_governance.decision_backlog_dependency;

CREATE VIEW cutter_observe.decision_backlog_entry AS
 SELECT entry_id,
    kind,
    status,
    encode(sha256(convert_to((payload)::text, 'UTF8'::name)), 'hex'::text) AS payload_sha256,
    octet_length((payload)::text) AS payload_bytes,
    emitted_at,
    scenario_ref
   FROM cutter_governance.decision_backlog_entry;

CREATE VIEW cutter_observe.decision_backlog_history AS
 SELECT history_id,
    entry_id,
    entry_version_before,
    entry_version_after,
    change_kind,
    encode(sha256(convert_to((change_diff)::text, 'UTF8'::name)), 'hex'::text) AS change_diff_sha256,
    octet_length((change_diff)::text) AS change_diff_bytes,
    changed_by,
    changed_at,
    encode(sha256(convert_to(rationale, 'UTF8'::name)), 'hex'::text) AS rationale_sha256,
    octet_length(rationale) AS rationale_bytes
   FROM cutter_governance.decision_backlog_history;

CREATE VIEW cutter_observe.decision_backlog_sweep_log AS
 SELECT sweep_id,
    swept_by,
    trigger_kind,
    started_at,
    finished_at,
    batch_limit,
    scanned_count,
    promoted_count,
    cursor_after,
    scenario_ref
   FROM cutter_governance.decision_backlog_sweep_log;

CREATE VIEW cutter_observe.signature_state AS
 SELECT s.signature_id,
    s.validation_state AS written_state,
        CASE
            WHEN (newer.validation_state = 'revoked'::text) THEN 'revoked'::text
            WHEN (newer.signature_id IS NOT NULL) THEN 'superseded'::text
            ELSE s.validation_state
        END AS validation_state,
    newer.signature_id AS superseded_by_signature_id
   FROM (cutter_governance.dot_pair_signature s
     LEFT JOIN LATERAL ( SELECT n.signature_id,
            n.validation_state
           FROM cutter_governance.dot_pair_signature n
          WHERE (n.prior_signature_id = s.signature_id)
          ORDER BY (n.validation_state = 'revoked'::text) DESC, n.signed_at DESC
         LIMIT 1) newer ON (true));

CREATE VIEW cutter_observe.dot_pair_signature AS
 SELECT g.signature_id,
    g.signature_kind,
    g.signer_dot_id,
    g.signer_identity,
    g.signer_tool_revision,
    g.payload_hash,
    encode(sha256(convert_to((g.payload_envelope)::text, 'UTF8'::name)), 'hex'::text) AS payload_envelope_sha256,
    octet_length((g.payload_envelope)::text) AS payload_envelope_bytes,
    encode(sha256(g.signature_payload), 'hex'::text) AS signature_payload_sha256,
    octet_length(g.signature_payload) AS signature_payload_bytes,
    s.written_state,
    s.validation_state,
    s.superseded_by_signature_id,
    g.cross_reference_change_set_id,
    g.cross_reference_verify_result_id,
    g.prior_signature_id,
    g.revoked_by,
    encode(sha256(convert_to(g.revocation_reason, 'UTF8'::name)), 'hex'::text) AS revocation_reason_sha256,
    octet_length(g.revocation_reason) AS revocation_reason_bytes,
    g.signed_at
   FROM (cutter_governance.dot_pair_signature g
     JOIN cutter_observe.signature_state s ON ((s.signature_id = g.signature_id)));

CREATE VIEW cutter_observe.envelope_state AS
 SELECT e.envelope_id,
    e.status AS written_status,
        CASE
            WHEN (COALESCE(e.superseded_by_envelope_id, later.manifest_id, rejudged.manifest_id) IS NOT NULL) THEN 'superseded'::text
            WHEN (cut.verification = 'pass'::text) THEN 'enacted'::text
            WHEN ((entry.status = 'abandoned'::text) AND (e.status = ANY (ARRAY['draft'::text, 'under_review'::text, 'accepted'::text]))) THEN 'withdrawn'::text
            ELSE e.status
        END AS status,
    COALESCE(e.cut_change_set_ref, cut.change_set_id) AS change_set_id,
    COALESCE(e.superseded_by_envelope_id, later.manifest_id, rejudged.manifest_id) AS superseded_by_envelope_id
   FROM ((((cutter_governance.manifest_envelope e
     JOIN cutter_governance.decision_backlog_entry entry ON ((entry.entry_id = e.source_doc_ref)))
     LEFT JOIN LATERAL ( SELECT s.change_set_id,
            s.document_ref,
            s.cut_seq,
            s.verification
           FROM cutter_observe.change_set_state s
          WHERE (s.manifest_id = e.envelope_id)
          ORDER BY s.cut_seq DESC
         LIMIT 1) cut ON (true))
     LEFT JOIN LATERAL ( SELECT s.manifest_id
           FROM cutter_observe.change_set_state s
          WHERE ((s.document_ref = cut.document_ref) AND (s.cut_seq > cut.cut_seq) AND (s.verification = 'pass'::text) AND (cut.verification = 'pass'::text))
          ORDER BY s.cut_seq
         LIMIT 1) later ON (true))
     LEFT JOIN LATERAL ( SELECT next_decision.manifest_id
           FROM (cutter_governance.review_decision d
             JOIN cutter_governance.review_decision next_decision ON ((next_decision.review_decision_id = d.superseded_by_review_decision_id)))
          WHERE ((d.manifest_id = e.envelope_id) AND (next_decision.manifest_id <> e.envelope_id) AND (cut.change_set_id IS NULL))
          ORDER BY next_decision.decided_at DESC
         LIMIT 1) rejudged ON (true));

CREATE VIEW cutter_observe.manifest_envelope AS
 SELECT e.envelope_id,
    e.operation_kind,
    e.status AS written_status,
    s.status,
    e.source_doc_ref,
    e.manifest_digest,
    e.escalation_ref,
    s.change_set_id AS cut_change_set_ref,
    e.created_by,
    e.created_at,
    e.reviewer,
    e.reviewed_at,
    encode(sha256(convert_to(e.rationale, 'UTF8'::name)), 'hex'::text) AS rationale_sha256,
    octet_length(e.rationale) AS rationale_bytes,
    s.superseded_by_envelope_id
   FROM (cutter_governance.manifest_envelope e
     JOIN cutter_observe.envelope_state s ON ((s.envelope_id = e.envelope_id)));

CREATE VIEW cutter_observe.manifest_unit_block AS
 SELECT envelope_id,
    unit_local_id,
    block_role,
    source_span,
    render_order,
    target_unit_id,
    decision_backlog_ref,
    proposed_canonical_address,
    proposed_authority,
    encode(sha256(convert_to((candidate_edges)::text, 'UTF8'::name)), 'hex'::text) AS candidate_edges_sha256,
    octet_length((candidate_edges)::text) AS candidate_edges_bytes,
    encode(sha256(convert_to((payload_summary)::text, 'UTF8'::name)), 'hex'::text) AS payload_summary_sha256,
    octet_length((payload_summary)::text) AS payload_summary_bytes,
    encode(sha256(convert_to((report_summary)::text, 'UTF8'::name)), 'hex'::text) AS report_summary_sha256,
    octet_length((report_summary)::text) AS report_summary_bytes,
    content_hash
   FROM cutter_governance.manifest_unit_block;

CREATE VIEW cutter_observe.review_decision AS
 SELECT review_decision_id,
    manifest_id,
    manifest_unit_local_id,
    verdict,
    status,
    prior_review_decision_id,
    superseded_by_review_decision_id,
    escalation_ref,
    cut_change_set_ref,
    encode(sha256(convert_to((findings)::text, 'UTF8'::name)), 'hex'::text) AS findings_sha256,
    jsonb_array_length(findings) AS findings_count,
    encode(sha256(convert_to(verdict_rationale, 'UTF8'::name)), 'hex'::text) AS verdict_rationale_sha256,
    octet_length(verdict_rationale) AS verdict_rationale_bytes,
    reviewer_identity,
    reviewer_kind,
    encode(sha256(convert_to((reviewer_independence_evidence)::text, 'UTF8'::name)), 'hex'::text) AS reviewer_independence_evidence_sha256,
    octet_length((reviewer_independence_evidence)::text) AS reviewer_independence_evidence_bytes,
    risk_class,
    decided_by,
    decided_at,
    entry_id,
    manifest_digest,
    snapshot_sha256
   FROM cutter_governance.review_decision;

CREATE VIEW cutter_observe.verify_result AS
 SELECT verify_result_id,
    change_set_id,
    manifest_id,
    manifest_version,
    review_decision_id,
    executor_signature_id,
    verifier_signature_id,
    executor_tool_revision,
    verifier_tool_revision,
    tool_revision_match,
    verify_kind,
    axis_1_status,
    axis_2_status,
    verdict,
    state,
    canonicalization_rule_used,
    encode(sha256(convert_to((findings)::text, 'UTF8'::name)), 'hex'::text) AS findings_sha256,
    jsonb_array_length(findings) AS findings_count,
    rebuilt_sha256,
    prior_verify_result_id,
    escalation_ref,
    verified_by,
    verified_at
   FROM cutter_governance.verify_result;

CREATE TABLE iu.deployment_mark (
    mark_seq integer NOT NULL,
    kind text NOT NULL,
    system_identifier text NOT NULL,
    allowed_keys jsonb NOT NULL,
    max_age_s integer NOT NULL,
    marked_by text NOT NULL,
    marked_at timestamp with time zone NOT NULL,
    because text NOT NULL,
    CONSTRAINT mark_age_is_positive CHECK ((max_age_s > 0)),
    CONSTRAINT mark_keys_are_a_list CHECK ((jsonb_typeof(allowed_keys) = 'array'::text)),
    CONSTRAINT mark_kind_word CHECK ((kind = ANY (ARRAY['production'::text, 'copy'::text, 'none'::text]))),
    CONSTRAINT mark_production_names_its_keys CHECK (((kind = 'production'::text) = (jsonb_array_length(allowed_keys) > 0))),
    CONSTRAINT mark_says_why CHECK ((btrim(because) <> ''::text)),
    CONSTRAINT mark_seq_counts CHECK ((mark_seq > 0)),
    CONSTRAINT mark_system_identifier_is_a_number CHECK ((system_identifier ~ '^[0-9]{1,20}$'::text))
);

CREATE TABLE iu.document (
    document_ref text NOT NULL,
    document_code cutter_governance.canonical_address NOT NULL,
    profile_id text NOT NULL,
    title text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by cutter_governance.identity NOT NULL,
    CONSTRAINT document_ref_is_named CHECK (((length(document_ref) >= 1) AND (length(document_ref) <= 400)))
);

CREATE TABLE iu.information_unit (
    unit_id uuid NOT NULL,
    document_ref text NOT NULL,
    canonical_address cutter_governance.canonical_address NOT NULL,
    unit_kind text NOT NULL,
    section_type text NOT NULL,
    unit_number text,
    parent_unit_id uuid,
    lifecycle_status text DEFAULT 'draft'::text NOT NULL,
    CONSTRAINT unit_is_not_its_own_parent CHECK ((parent_unit_id <> unit_id)),
    CONSTRAINT unit_lifecycle_word CHECK ((lifecycle_status = ANY (ARRAY['draft'::text, 'enacted'::text, 'retired'::text])))
)
WITH (fillfactor='50', autovacuum_analyze_scale_factor='0.02', autovacuum_vacuum_scale_factor='0.05', autovacuum_vacuum_insert_scale_factor='0.05');

CREATE TABLE iu.manifest (
    digest cutter_governance.sha256_hex NOT NULL,
    canonical_json bytea NOT NULL,
    snapshot_sha256 cutter_governance.sha256_hex NOT NULL,
    document_ref text NOT NULL,
    profile_id text NOT NULL,
    profile_version text NOT NULL,
    unit_count integer NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    proposed_by cutter_governance.identity NOT NULL,
    CONSTRAINT manifest_digest_is_true CHECK (((digest)::text = encode(sha256(canonical_json), 'hex'::text))),
    CONSTRAINT manifest_has_units CHECK ((unit_count > 0))
);

CREATE TABLE iu.source_original (
    sha256 cutter_governance.sha256_hex NOT NULL,
    bytes bytea NOT NULL,
    byte_length bigint NOT NULL,
    media_type text NOT NULL,
    captured_at timestamp with time zone NOT NULL,
    captured_by cutter_governance.identity NOT NULL,
    CONSTRAINT source_original_digest_is_true CHECK (((sha256)::text = encode(sha256(bytes), 'hex'::text))),
    CONSTRAINT source_original_length_is_true CHECK ((byte_length = length(bytes))),
    CONSTRAINT source_original_not_empty CHECK ((byte_length > 0))
);
ALTER TABLE ONLY iu.source_original ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE iu.source_rendering (
    snapshot_sha256 cutter_governance.sha256_hex NOT NULL,
    original_sha256 cutter_governance.sha256_hex NOT NULL,
    map_sha256 cutter_governance.sha256_hex NOT NULL,
    map bytea NOT NULL,
    reader text NOT NULL,
    label text NOT NULL,
    origin text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by cutter_governance.identity NOT NULL,
    CONSTRAINT source_rendering_map_digest_is_true CHECK (((map_sha256)::text = encode(sha256(map), 'hex'::text))),
    CONSTRAINT source_rendering_reader_word CHECK ((reader ~ '^[a-z][a-z0-9]{0,30}/[0-9]{1,6}$'::text))
);

CREATE TABLE iu.source_snapshot (
    sha256 cutter_governance.sha256_hex NOT NULL,
    bytes bytea NOT NULL,
    byte_length bigint NOT NULL,
    media_type text NOT NULL,
    label text NOT NULL,
    origin text NOT NULL,
    captured_at timestamp with time zone NOT NULL,
    captured_by cutter_governance.identity NOT NULL,
    CONSTRAINT source_snapshot_digest_is_true CHECK (((sha256)::text = encode(sha256(bytes), 'hex'::text))),
    CONSTRAINT source_snapshot_length_is_true CHECK ((byte_length = length(bytes))),
    CONSTRAINT source_snapshot_not_empty CHECK ((byte_length > 0))
);
ALTER TABLE ONLY iu.source_snapshot ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE iu.unit_version (
    unit_id uuid NOT NULL,
    version_seq integer NOT NULL,
    content_hash cutter_governance.sha256_hex NOT NULL,
    body text NOT NULL,
    render_order numeric NOT NULL,
    cut_seq integer NOT NULL,
    change_set_id uuid NOT NULL,
    document_ref text NOT NULL,
    lifecycle_status text DEFAULT 'draft'::text NOT NULL,
    ends_life boolean DEFAULT false NOT NULL,
    unit_kind text,
    section_type text,
    unit_number text,
    parent_unit_id uuid,
    CONSTRAINT version_counts CHECK (((version_seq >= 1) AND (cut_seq >= 1))),
    CONSTRAINT version_end_says_nothing CHECK (((NOT ends_life) OR ((body = ''::text) AND (version_seq > 1) AND (unit_kind IS NULL) AND (lifecycle_status <> 'enacted'::text)))),
    CONSTRAINT version_hash_is_true CHECK (((content_hash)::text = encode(sha256(convert_to(body, 'UTF8'::name)), 'hex'::text))),
    CONSTRAINT version_is_not_its_own_parent CHECK ((parent_unit_id <> unit_id)),
    CONSTRAINT version_labels_come_together CHECK ((((unit_kind IS NULL) = (section_type IS NULL)) AND ((unit_kind IS NOT NULL) OR (num_nonnulls(unit_number, parent_unit_id) = 0)))),
    CONSTRAINT version_lifecycle_word CHECK ((lifecycle_status = ANY (ARRAY['draft'::text, 'enacted'::text, 'retired'::text])))
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_vacuum_scale_factor='0.05', autovacuum_vacuum_insert_scale_factor='0.05', fillfactor='50');

ALTER TABLE ONLY cutter_governance.cut_change_set_affected_row
    ADD CONSTRAINT affected_row_is_said_once UNIQUE (change_set_id, target_row_id);

ALTER TABLE ONLY cutter_governance.manifest_unit_block
    ADD CONSTRAINT block_address_is_said_once UNIQUE (envelope_id, block_role, proposed_canonical_address);

ALTER TABLE ONLY cutter_governance.canonical_address_alias
    ADD CONSTRAINT canonical_address_alias_pkey PRIMARY KEY (alias_id);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT change_set_as_verified UNIQUE (change_set_id, manifest_id, manifest_version, review_decision_id, executor_signature_id, executor_tool_revision);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT change_set_has_its_place UNIQUE (document_ref, cut_seq);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT change_set_of_a_version UNIQUE (change_set_id, document_ref, cut_seq);

ALTER TABLE ONLY cutter_governance.cut_change_set_affected_row
    ADD CONSTRAINT cut_change_set_affected_row_pkey PRIMARY KEY (affected_row_id);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT cut_change_set_executor_signature_id_key UNIQUE (executor_signature_id);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT cut_change_set_idempotency_key_key UNIQUE (idempotency_key);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT cut_change_set_pkey PRIMARY KEY (change_set_id);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT cut_change_set_rollback_key_key UNIQUE (rollback_key);

ALTER TABLE ONLY cutter_governance.decision_backlog_dependency
    ADD CONSTRAINT decision_backlog_dependency_pkey PRIMARY KEY (dependency_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_entry
    ADD CONSTRAINT decision_backlog_entry_pkey PRIMARY KEY (entry_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_history
    ADD CONSTRAINT decision_backlog_history_pkey PRIMARY KEY (history_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_sweep_log
    ADD CONSTRAINT decision_backlog_sweep_log_pkey PRIMARY KEY (sweep_id);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_binds_what_is_cut UNIQUE (review_decision_id, manifest_id, manifest_digest, snapshot_sha256);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_is_about_entry_and_manifest UNIQUE (review_decision_id, entry_id, manifest_digest);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_knows_its_prior UNIQUE (review_decision_id, prior_review_decision_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_dependency
    ADD CONSTRAINT dependency_is_said_once UNIQUE (from_entry_id, dependency_kind, to_entry_id);

ALTER TABLE ONLY cutter_governance.dot_pair_signature
    ADD CONSTRAINT dot_pair_signature_pkey PRIMARY KEY (signature_id);

ALTER TABLE ONLY cutter_governance.manifest_envelope
    ADD CONSTRAINT envelope_binds_entry_and_manifest UNIQUE (envelope_id, source_doc_ref, manifest_digest);

ALTER TABLE ONLY cutter_governance.decision_backlog_history
    ADD CONSTRAINT history_has_one_version UNIQUE (entry_id, entry_version_after);

ALTER TABLE ONLY cutter_governance.manifest_envelope
    ADD CONSTRAINT manifest_envelope_pkey PRIMARY KEY (envelope_id);

ALTER TABLE ONLY cutter_governance.manifest_unit_block
    ADD CONSTRAINT manifest_unit_block_pkey PRIMARY KEY (envelope_id, unit_local_id);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT review_decision_pkey PRIMARY KEY (review_decision_id);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT review_decision_prior_review_decision_id_key UNIQUE (prior_review_decision_id);

ALTER TABLE ONLY cutter_governance.verify_result
    ADD CONSTRAINT verify_result_pkey PRIMARY KEY (verify_result_id);

ALTER TABLE ONLY cutter_governance.verify_result
    ADD CONSTRAINT verify_result_verifier_signature_id_key UNIQUE (verifier_signature_id);

ALTER TABLE ONLY iu.deployment_mark
    ADD CONSTRAINT deployment_mark_pkey PRIMARY KEY (mark_seq);

ALTER TABLE ONLY iu.document
    ADD CONSTRAINT document_document_code_key UNIQUE (document_code);

ALTER TABLE ONLY iu.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (document_ref);

ALTER TABLE ONLY iu.information_unit
    ADD CONSTRAINT information_unit_canonical_address_key UNIQUE (canonical_address);

ALTER TABLE ONLY iu.information_unit
    ADD CONSTRAINT information_unit_pkey PRIMARY KEY (unit_id);

ALTER TABLE ONLY iu.manifest
    ADD CONSTRAINT manifest_names_its_snapshot UNIQUE (digest, snapshot_sha256);

ALTER TABLE ONLY iu.manifest
    ADD CONSTRAINT manifest_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY iu.source_original
    ADD CONSTRAINT source_original_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY iu.source_rendering
    ADD CONSTRAINT source_rendering_pkey PRIMARY KEY (snapshot_sha256, original_sha256, map_sha256);

ALTER TABLE ONLY iu.source_snapshot
    ADD CONSTRAINT source_snapshot_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY iu.information_unit
    ADD CONSTRAINT unit_belongs_to_document UNIQUE (document_ref, unit_id);

ALTER TABLE ONLY iu.unit_version
    ADD CONSTRAINT unit_version_pkey PRIMARY KEY (unit_id, version_seq);

ALTER TABLE ONLY iu.unit_version
    ADD CONSTRAINT version_one_per_cut UNIQUE (unit_id, cut_seq);

CREATE INDEX alias_by_text ON cutter_governance.canonical_address_alias USING btree (alias_text);

CREATE INDEX alias_by_unit ON cutter_governance.canonical_address_alias USING btree (target_unit_id);

CREATE INDEX change_set_by_decision ON cutter_governance.cut_change_set USING btree (review_decision_id);

CREATE INDEX change_set_by_digest ON cutter_governance.cut_change_set USING btree (manifest_digest);

CREATE INDEX change_set_by_manifest ON cutter_governance.cut_change_set USING btree (manifest_id);

CREATE INDEX decision_by_digest ON cutter_governance.review_decision USING btree (manifest_digest);

CREATE INDEX decision_by_entry ON cutter_governance.review_decision USING btree (entry_id);

CREATE INDEX decision_by_manifest ON cutter_governance.review_decision USING btree (manifest_id, manifest_unit_local_id);

CREATE UNIQUE INDEX decision_has_one_beginning ON cutter_governance.review_decision USING btree (entry_id, manifest_digest, manifest_unit_local_id) NULLS NOT DISTINCT WHERE (prior_review_decision_id IS NULL);

CREATE INDEX dependency_by_target ON cutter_governance.decision_backlog_dependency USING btree (to_entry_id, dependency_kind);

CREATE INDEX entry_by_code ON cutter_governance.decision_backlog_entry USING btree (((payload ->> 'document_code'::text)));

CREATE INDEX entry_by_document ON cutter_governance.decision_backlog_entry USING btree (((payload ->> 'document_ref'::text)));

CREATE INDEX entry_newest ON cutter_governance.decision_backlog_entry USING btree (emitted_at DESC, entry_id);

CREATE INDEX entry_waiting ON cutter_governance.decision_backlog_entry USING btree (status, entry_id) WHERE (status <> ALL (ARRAY['verified_complete'::text, 'reviewed_rejected'::text, 'abandoned'::text]));

CREATE INDEX envelope_by_entry ON cutter_governance.manifest_envelope USING btree (source_doc_ref);

CREATE INDEX envelope_by_escalation ON cutter_governance.manifest_envelope USING btree (escalation_ref) WHERE (escalation_ref IS NOT NULL);

CREATE INDEX envelope_by_manifest ON cutter_governance.manifest_envelope USING btree (manifest_digest);

CREATE INDEX envelope_by_successor ON cutter_governance.manifest_envelope USING btree (superseded_by_envelope_id) WHERE (superseded_by_envelope_id IS NOT NULL);

CREATE INDEX signature_by_change_set ON cutter_governance.dot_pair_signature USING btree (cross_reference_change_set_id) WHERE (cross_reference_change_set_id IS NOT NULL);

CREATE INDEX signature_by_prior ON cutter_governance.dot_pair_signature USING btree (prior_signature_id) WHERE (prior_signature_id IS NOT NULL);

CREATE INDEX signature_by_verify_result ON cutter_governance.dot_pair_signature USING btree (cross_reference_verify_result_id) WHERE (cross_reference_verify_result_id IS NOT NULL);

CREATE UNIQUE INDEX signature_one_per_change_set ON cutter_governance.dot_pair_signature USING btree (cross_reference_change_set_id) WHERE ((validation_state = 'valid'::text) AND (prior_signature_id IS NULL));

CREATE UNIQUE INDEX signature_one_per_verify_result ON cutter_governance.dot_pair_signature USING btree (cross_reference_verify_result_id) WHERE ((validation_state = 'valid'::text) AND (prior_signature_id IS NULL));

CREATE INDEX verify_by_change_set ON cutter_governance.verify_result USING btree (change_set_id);

CREATE INDEX verify_by_prior ON cutter_governance.verify_result USING btree (prior_verify_result_id) WHERE (prior_verify_result_id IS NOT NULL);

CREATE UNIQUE INDEX verify_passes_once ON cutter_governance.verify_result USING btree (change_set_id) WHERE (verdict = 'pass'::text);

CREATE INDEX information_unit_by_parent ON iu.information_unit USING btree (parent_unit_id);

CREATE INDEX manifest_by_document ON iu.manifest USING btree (document_ref);

CREATE INDEX manifest_by_snapshot ON iu.manifest USING btree (snapshot_sha256);

CREATE INDEX source_rendering_by_original ON iu.source_rendering USING btree (original_sha256);

CREATE INDEX unit_version_by_change_set ON iu.unit_version USING btree (change_set_id);

CREATE INDEX unit_version_by_document ON iu.unit_version USING btree (document_ref, cut_seq);

CREATE INDEX unit_version_by_parent ON iu.unit_version USING btree (parent_unit_id) WHERE (parent_unit_id IS NOT NULL);

CREATE INDEX unit_version_by_words ON iu.unit_version USING gin (to_tsvector('simple'::regconfig, regexp_replace(regexp_replace(regexp_replace(NORMALIZE("left"(body, 100000), NFD), '[\u0300-\u0304\u0306-\u030c\u031b\u0323\u0327\u0328\u00ad\u200b\ufeff]+'::text, ''::text, 'g'::text), '[\u0111\u0110\u00d0]'::text, 'd'::text, 'g'::text), '[/_@\u00a0\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u00ab\u00bb-]'::text, ' '::text, 'g'::text))) WHERE (NOT ends_life);

CREATE TRIGGER guard_begins_marked AFTER INSERT ON cutter_governance.decision_backlog_entry FOR EACH ROW WHEN ((new.status <> 'marked'::text)) EXECUTE FUNCTION cutter_governance.refuse_move('status', 'entry_id');

CREATE TRIGGER guard_begins_unstamped AFTER INSERT ON cutter_governance.review_decision FOR EACH ROW WHEN ((new.superseded_by_review_decision_id IS NOT NULL)) EXECUTE FUNCTION cutter_governance.refuse_move('superseded_by_review_decision_id', 'review_decision_id');

CREATE CONSTRAINT TRIGGER guard_counts_are_true AFTER INSERT ON cutter_governance.cut_change_set DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_wrong_count();

CREATE TRIGGER guard_is_approved AFTER INSERT ON cutter_governance.cut_change_set FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_unapproved_cut();

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.canonical_address_alias FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.cut_change_set FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.cut_change_set_affected_row FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.decision_backlog_dependency FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE OF entry_id, kind, payload, emitted_at, scenario_ref ON cutter_governance.decision_backlog_entry FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only status may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.decision_backlog_history FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.decision_backlog_sweep_log FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.dot_pair_signature FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.manifest_envelope FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.manifest_unit_block FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE OF review_decision_id, manifest_id, manifest_unit_local_id, verdict, status, prior_review_decision_id, escalation_ref, cut_change_set_ref, findings, verdict_rationale, reviewer_identity, reviewer_kind, reviewer_independence_evidence, risk_class, decided_by, decided_at, entry_id, manifest_digest, snapshot_sha256 ON cutter_governance.review_decision FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only superseded_by_review_decision_id may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON cutter_governance.verify_result FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.canonical_address_alias FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.cut_change_set FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.cut_change_set_affected_row FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.decision_backlog_dependency FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.decision_backlog_entry FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.decision_backlog_history FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.decision_backlog_sweep_log FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.dot_pair_signature FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.manifest_envelope FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.manifest_unit_block FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.review_decision FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON cutter_governance.verify_result FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE CONSTRAINT TRIGGER guard_keeps_the_trail AFTER INSERT ON cutter_governance.cut_change_set DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_lost_trail();

CREATE CONSTRAINT TRIGGER guard_leads_somewhere AFTER INSERT ON cutter_governance.canonical_address_alias DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_alias_circle();

CREATE TRIGGER guard_moves AFTER UPDATE ON cutter_governance.decision_backlog_entry FOR EACH ROW WHEN ((((old.status || ' > '::text) || new.status) <> ALL (ARRAY['marked > review_pending'::text, 'review_pending > reviewed_approved'::text, 'review_pending > reviewed_deferred'::text, 'review_pending > reviewed_rejected'::text, 'reviewed_approved > cut_in_progress'::text, 'reviewed_approved > abandoned'::text, 'reviewed_deferred > review_pending'::text, 'cut_in_progress > cut_applied'::text, 'cut_applied > verify_in_progress'::text, 'verify_in_progress > verified_complete'::text, 'verify_in_progress > verify_failed_escalated'::text, 'verify_failed_escalated > review_pending'::text, 'verify_failed_escalated > abandoned'::text]))) EXECUTE FUNCTION cutter_governance.refuse_move('status', 'entry_id');

CREATE TRIGGER guard_no_cycle AFTER INSERT ON cutter_governance.decision_backlog_dependency FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_dependency_cycle();

CREATE CONSTRAINT TRIGGER guard_rests AFTER INSERT OR UPDATE ON cutter_governance.decision_backlog_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.status = ANY (ARRAY['cut_in_progress'::text, 'verify_in_progress'::text]))) EXECUTE FUNCTION cutter_governance.refuse_unfinished();

CREATE TRIGGER guard_stamped_once AFTER UPDATE ON cutter_governance.review_decision FOR EACH ROW WHEN (((old.superseded_by_review_decision_id IS NOT NULL) OR (new.superseded_by_review_decision_id IS NULL))) EXECUTE FUNCTION cutter_governance.refuse_move('superseded_by_review_decision_id', 'review_decision_id');

CREATE TRIGGER guard_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON iu.deployment_mark FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('A mark is never changed; write a newer one.');

CREATE TRIGGER guard_begins_draft AFTER INSERT ON iu.information_unit FOR EACH ROW WHEN ((new.lifecycle_status <> 'draft'::text)) EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');

CREATE TRIGGER guard_begins_draft AFTER INSERT ON iu.unit_version FOR EACH ROW WHEN ((new.lifecycle_status <> 'draft'::text)) EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON iu.document FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE OF unit_id, document_ref, canonical_address, unit_kind, section_type, unit_number, parent_unit_id ON iu.information_unit FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only lifecycle_status may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON iu.manifest FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON iu.source_original FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Write a new row that says what changed.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON iu.source_rendering FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Write a new row that says what changed.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON iu.source_snapshot FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only  may change.');

CREATE TRIGGER guard_keeps_columns BEFORE UPDATE OF unit_id, version_seq, content_hash, body, render_order, cut_seq, change_set_id, document_ref, ends_life, unit_kind, section_type, unit_number, parent_unit_id ON iu.unit_version FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Only lifecycle_status may change.');

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.document FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.information_unit FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.manifest FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.source_original FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.source_rendering FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.source_snapshot FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.unit_version FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();

CREATE TRIGGER guard_lifecycle AFTER UPDATE ON iu.information_unit FOR EACH ROW WHEN ((((old.lifecycle_status || ' > '::text) || new.lifecycle_status) <> ALL (ARRAY['draft > enacted'::text, 'draft > retired'::text, 'enacted > retired'::text]))) EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');

CREATE TRIGGER guard_lifecycle AFTER UPDATE ON iu.unit_version FOR EACH ROW WHEN ((((old.lifecycle_status || ' > '::text) || new.lifecycle_status) <> ALL (ARRAY['draft > enacted'::text, 'draft > retired'::text, 'enacted > retired'::text]))) EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');

ALTER TABLE ONLY cutter_governance.canonical_address_alias
    ADD CONSTRAINT canonical_address_alias_target_unit_id_fkey FOREIGN KEY (target_unit_id) REFERENCES iu.information_unit(unit_id);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT change_set_cuts_what_was_decided FOREIGN KEY (review_decision_id, manifest_id, manifest_digest, snapshot_sha256) REFERENCES cutter_governance.review_decision(review_decision_id, manifest_id, manifest_digest, snapshot_sha256);

ALTER TABLE ONLY cutter_governance.cut_change_set_affected_row
    ADD CONSTRAINT cut_change_set_affected_row_change_set_id_fkey FOREIGN KEY (change_set_id) REFERENCES cutter_governance.cut_change_set(change_set_id);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT cut_change_set_document_ref_fkey FOREIGN KEY (document_ref) REFERENCES iu.document(document_ref);

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT cut_change_set_executor_signature_id_fkey FOREIGN KEY (executor_signature_id) REFERENCES cutter_governance.dot_pair_signature(signature_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY cutter_governance.cut_change_set
    ADD CONSTRAINT cut_change_set_verifier_signature_id_fkey FOREIGN KEY (verifier_signature_id) REFERENCES cutter_governance.dot_pair_signature(signature_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_dependency
    ADD CONSTRAINT decision_backlog_dependency_from_entry_id_fkey FOREIGN KEY (from_entry_id) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_dependency
    ADD CONSTRAINT decision_backlog_dependency_to_entry_id_fkey FOREIGN KEY (to_entry_id) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_history
    ADD CONSTRAINT decision_backlog_history_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_binds_manifest_and_snapshot FOREIGN KEY (manifest_digest, snapshot_sha256) REFERENCES iu.manifest(digest, snapshot_sha256);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_follows_one_on_the_same_manifest FOREIGN KEY (prior_review_decision_id, entry_id, manifest_digest) REFERENCES cutter_governance.review_decision(review_decision_id, entry_id, manifest_digest);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_judges_the_envelope FOREIGN KEY (manifest_id, entry_id, manifest_digest) REFERENCES cutter_governance.manifest_envelope(envelope_id, source_doc_ref, manifest_digest);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_names_a_block FOREIGN KEY (manifest_id, manifest_unit_local_id) REFERENCES cutter_governance.manifest_unit_block(envelope_id, unit_local_id);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_names_a_change_set FOREIGN KEY (cut_change_set_ref) REFERENCES cutter_governance.cut_change_set(change_set_id);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT decision_stamp_names_its_successor FOREIGN KEY (superseded_by_review_decision_id, review_decision_id) REFERENCES cutter_governance.review_decision(review_decision_id, prior_review_decision_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY cutter_governance.dot_pair_signature
    ADD CONSTRAINT dot_pair_signature_prior_signature_id_fkey FOREIGN KEY (prior_signature_id) REFERENCES cutter_governance.dot_pair_signature(signature_id);

ALTER TABLE ONLY cutter_governance.manifest_envelope
    ADD CONSTRAINT envelope_names_a_change_set FOREIGN KEY (cut_change_set_ref) REFERENCES cutter_governance.cut_change_set(change_set_id);

ALTER TABLE ONLY cutter_governance.decision_backlog_history
    ADD CONSTRAINT history_follows_its_predecessor FOREIGN KEY (entry_id, entry_version_before) REFERENCES cutter_governance.decision_backlog_history(entry_id, entry_version_after);

ALTER TABLE ONLY cutter_governance.manifest_envelope
    ADD CONSTRAINT manifest_envelope_escalation_ref_fkey FOREIGN KEY (escalation_ref) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.manifest_envelope
    ADD CONSTRAINT manifest_envelope_manifest_digest_fkey FOREIGN KEY (manifest_digest) REFERENCES iu.manifest(digest);

ALTER TABLE ONLY cutter_governance.manifest_envelope
    ADD CONSTRAINT manifest_envelope_source_doc_ref_fkey FOREIGN KEY (source_doc_ref) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.manifest_envelope
    ADD CONSTRAINT manifest_envelope_superseded_by_envelope_id_fkey FOREIGN KEY (superseded_by_envelope_id) REFERENCES cutter_governance.manifest_envelope(envelope_id);

ALTER TABLE ONLY cutter_governance.manifest_unit_block
    ADD CONSTRAINT manifest_unit_block_decision_backlog_ref_fkey FOREIGN KEY (decision_backlog_ref) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.manifest_unit_block
    ADD CONSTRAINT manifest_unit_block_envelope_id_fkey FOREIGN KEY (envelope_id) REFERENCES cutter_governance.manifest_envelope(envelope_id);

ALTER TABLE ONLY cutter_governance.review_decision
    ADD CONSTRAINT review_decision_escalation_ref_fkey FOREIGN KEY (escalation_ref) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.dot_pair_signature
    ADD CONSTRAINT signature_names_a_change_set FOREIGN KEY (cross_reference_change_set_id) REFERENCES cutter_governance.cut_change_set(change_set_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY cutter_governance.dot_pair_signature
    ADD CONSTRAINT signature_names_a_verify_result FOREIGN KEY (cross_reference_verify_result_id) REFERENCES cutter_governance.verify_result(verify_result_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY cutter_governance.verify_result
    ADD CONSTRAINT verify_judges_the_change_set FOREIGN KEY (change_set_id, manifest_id, manifest_version, review_decision_id, executor_signature_id, executor_tool_revision) REFERENCES cutter_governance.cut_change_set(change_set_id, manifest_id, manifest_version, review_decision_id, executor_signature_id, executor_tool_revision);

ALTER TABLE ONLY cutter_governance.verify_result
    ADD CONSTRAINT verify_result_escalation_ref_fkey FOREIGN KEY (escalation_ref) REFERENCES cutter_governance.decision_backlog_entry(entry_id);

ALTER TABLE ONLY cutter_governance.verify_result
    ADD CONSTRAINT verify_result_executor_signature_id_fkey FOREIGN KEY (executor_signature_id) REFERENCES cutter_governance.dot_pair_signature(signature_id);

ALTER TABLE ONLY cutter_governance.verify_result
    ADD CONSTRAINT verify_result_prior_verify_result_id_fkey FOREIGN KEY (prior_verify_result_id) REFERENCES cutter_governance.verify_result(verify_result_id);

ALTER TABLE ONLY cutter_governance.verify_result
    ADD CONSTRAINT verify_result_verifier_signature_id_fkey FOREIGN KEY (verifier_signature_id) REFERENCES cutter_governance.dot_pair_signature(signature_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY iu.information_unit
    ADD CONSTRAINT information_unit_document_ref_fkey FOREIGN KEY (document_ref) REFERENCES iu.document(document_ref);

ALTER TABLE ONLY iu.manifest
    ADD CONSTRAINT manifest_snapshot_sha256_fkey FOREIGN KEY (snapshot_sha256) REFERENCES iu.source_snapshot(sha256);

ALTER TABLE ONLY iu.source_rendering
    ADD CONSTRAINT source_rendering_original_sha256_fkey FOREIGN KEY (original_sha256) REFERENCES iu.source_original(sha256);

ALTER TABLE ONLY iu.source_rendering
    ADD CONSTRAINT source_rendering_snapshot_sha256_fkey FOREIGN KEY (snapshot_sha256) REFERENCES iu.source_snapshot(sha256);

ALTER TABLE ONLY iu.information_unit
    ADD CONSTRAINT unit_parent_in_same_document FOREIGN KEY (parent_unit_id, document_ref) REFERENCES iu.information_unit(unit_id, document_ref) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY iu.unit_version
    ADD CONSTRAINT version_holds_from_a_cut FOREIGN KEY (change_set_id, document_ref, cut_seq) REFERENCES cutter_governance.cut_change_set(change_set_id, document_ref, cut_seq);

ALTER TABLE ONLY iu.unit_version
    ADD CONSTRAINT version_is_of_a_unit FOREIGN KEY (unit_id, document_ref) REFERENCES iu.information_unit(unit_id, document_ref);

ALTER TABLE ONLY iu.unit_version
    ADD CONSTRAINT version_parent_in_same_document FOREIGN KEY (parent_unit_id, document_ref) REFERENCES iu.information_unit(unit_id, document_ref) DEFERRABLE INITIALLY DEFERRED;
