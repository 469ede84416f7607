-- Guards: what grants and CHECKs cannot say, said by the server to everybody, the owner included (design 1.4, 1.6, 1.7).
-- Runs as the owner role. Every function has its search_path pinned and runs with the rights of whoever writes; the one
-- exception says why. Refusals: 23514 where a row would break a rule, 23001 where a table never takes that verb; both are
-- class 23, which no writer retries. Neither is 42501, so a grant that is too wide can never hide behind a guard.
-- Cost: verbs are refused once per statement, moves by a WHEN that calls no function as long as the move is legal.
-- Expressions are written so that a dump restores to the very same text (no row IN list of rows): a restored copy has the
-- fingerprint of its original.

CREATE FUNCTION cutter_governance.refuse_verb() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: its rows are written once and kept', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
              CONSTRAINT = TG_NAME, HINT = coalesce(TG_ARGV[0], 'Write a new row that says what changed.');
END $$;

CREATE FUNCTION cutter_governance.refuse_move() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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

CREATE FUNCTION cutter_governance.refuse_unfinished() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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

CREATE FUNCTION cutter_governance.refuse_dependency_cycle() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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

CREATE FUNCTION cutter_governance.refuse_unapproved_cut() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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

-- SECURITY DEFINER: the executor writes affected rows that it may not read (design 1.10), yet they must be counted.
CREATE FUNCTION cutter_governance.refuse_wrong_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
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

---------------------------------------------------------------------------------------------- verbs that a table never takes

-- Each table, and the one column that may change (none for most). "UPDATE OF" fires on the columns a statement names, so
-- an update of any other column is refused before it reads a row; tests name every column of every table.
DO $$
DECLARE
    guarded record;
    frozen  text;
BEGIN
    FOR guarded IN
        SELECT c.oid, n.nspname, c.relname, m.mutable_column
        FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN (VALUES
            ('cutter_governance', 'decision_backlog_entry', 'status'),
            ('cutter_governance', 'review_decision', 'superseded_by_review_decision_id'),
            ('iu', 'information_unit', 'lifecycle_status'),
            ('iu', 'unit_version', 'lifecycle_status')
        ) AS m (nspname, relname, mutable_column) ON (m.nspname, m.relname) = (n.nspname, c.relname)
        WHERE n.nspname IN ('cutter_governance', 'iu') AND c.relkind = 'r'
        ORDER BY n.nspname, c.relname
    LOOP
        EXECUTE format('CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON %I.%I FOR EACH STATEMENT '
            'EXECUTE FUNCTION cutter_governance.refuse_verb()', guarded.nspname, guarded.relname);
        SELECT ' OF ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO frozen
        FROM pg_attribute AS a
        WHERE a.attrelid = guarded.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attname <> guarded.mutable_column;
        EXECUTE format('CREATE TRIGGER guard_keeps_columns BEFORE UPDATE%s ON %I.%I FOR EACH STATEMENT '
            'EXECUTE FUNCTION cutter_governance.refuse_verb(%L)', coalesce(frozen, ''), guarded.nspname, guarded.relname,
            coalesce(format('Only %s may change.', guarded.mutable_column), 'Write a new row that says what changed.'));
    END LOOP;
END $$;

------------------------------------------------------------------------------------------------------- states of an entry

CREATE TRIGGER guard_begins_marked AFTER INSERT ON cutter_governance.decision_backlog_entry
    FOR EACH ROW WHEN (NEW.status <> 'marked')
    EXECUTE FUNCTION cutter_governance.refuse_move('status', 'entry_id');

CREATE TRIGGER guard_moves AFTER UPDATE ON cutter_governance.decision_backlog_entry
    FOR EACH ROW WHEN ((OLD.status || ' > ' || NEW.status) NOT IN (
        'marked > review_pending',
        'review_pending > reviewed_approved',
        'review_pending > reviewed_deferred',
        'review_pending > reviewed_rejected',
        'reviewed_approved > cut_in_progress',
        'reviewed_approved > abandoned',
        'reviewed_deferred > review_pending',
        'cut_in_progress > cut_applied',
        'cut_applied > verify_in_progress',
        'verify_in_progress > verified_complete',
        'verify_in_progress > verify_failed_escalated',
        'verify_failed_escalated > review_pending',
        'verify_failed_escalated > abandoned'))
    EXECUTE FUNCTION cutter_governance.refuse_move('status', 'entry_id');

CREATE CONSTRAINT TRIGGER guard_rests AFTER INSERT OR UPDATE ON cutter_governance.decision_backlog_entry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.status IN ('cut_in_progress', 'verify_in_progress'))
    EXECUTE FUNCTION cutter_governance.refuse_unfinished();

-------------------------------------------------------------------------------------------------- decisions, dependencies

CREATE TRIGGER guard_stamped_once AFTER UPDATE ON cutter_governance.review_decision
    FOR EACH ROW WHEN (OLD.superseded_by_review_decision_id IS NOT NULL OR NEW.superseded_by_review_decision_id IS NULL)
    EXECUTE FUNCTION cutter_governance.refuse_move('superseded_by_review_decision_id', 'review_decision_id');

CREATE TRIGGER guard_begins_unstamped AFTER INSERT ON cutter_governance.review_decision
    FOR EACH ROW WHEN (NEW.superseded_by_review_decision_id IS NOT NULL)
    EXECUTE FUNCTION cutter_governance.refuse_move('superseded_by_review_decision_id', 'review_decision_id');

CREATE TRIGGER guard_no_cycle AFTER INSERT ON cutter_governance.decision_backlog_dependency
    FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_dependency_cycle();

---------------------------------------------------------------------------------------------------------------- change sets

CREATE TRIGGER guard_is_approved AFTER INSERT ON cutter_governance.cut_change_set
    FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_unapproved_cut();

CREATE CONSTRAINT TRIGGER guard_counts_are_true AFTER INSERT ON cutter_governance.cut_change_set
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_wrong_count();

---------------------------------------------------------------------------------------------------- life of units and versions

CREATE TRIGGER guard_begins_draft AFTER INSERT ON iu.information_unit
    FOR EACH ROW WHEN (NEW.lifecycle_status <> 'draft')
    EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');

CREATE TRIGGER guard_lifecycle AFTER UPDATE ON iu.information_unit
    FOR EACH ROW WHEN ((OLD.lifecycle_status || ' > ' || NEW.lifecycle_status)
        NOT IN ('draft > enacted', 'draft > retired', 'enacted > retired'))
    EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');

CREATE TRIGGER guard_begins_draft AFTER INSERT ON iu.unit_version
    FOR EACH ROW WHEN (NEW.lifecycle_status <> 'draft')
    EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');

CREATE TRIGGER guard_lifecycle AFTER UPDATE ON iu.unit_version
    FOR EACH ROW WHEN ((OLD.lifecycle_status || ' > ' || NEW.lifecycle_status)
        NOT IN ('draft > enacted', 'draft > retired', 'enacted > retired'))
    EXECUTE FUNCTION cutter_governance.refuse_move('lifecycle_status', 'unit_id');
