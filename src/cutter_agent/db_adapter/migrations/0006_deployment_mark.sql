-- A database says itself whether it is production (design 3.6): the newest mark holds, and every lane reads it before its
-- first block. Runs as the owner role. Marks are written by an administrator, never by a lane, and never changed.

CREATE TABLE iu.deployment_mark (
    mark_seq           integer PRIMARY KEY,
    kind               text NOT NULL,
    system_identifier  text NOT NULL,
    allowed_keys       jsonb NOT NULL,
    max_age_s          integer NOT NULL,
    marked_by          text NOT NULL,
    marked_at          timestamptz NOT NULL,
    because            text NOT NULL,
    CONSTRAINT mark_seq_counts CHECK (mark_seq > 0),
    CONSTRAINT mark_kind_word CHECK (kind IN ('production', 'copy', 'none')),
    CONSTRAINT mark_system_identifier_is_a_number CHECK (system_identifier ~ '^[0-9]{1,20}$'),
    CONSTRAINT mark_keys_are_a_list CHECK (jsonb_typeof(allowed_keys) = 'array'),
    -- Production without a key would be a door without a lock that nobody can open: neither is meant.
    CONSTRAINT mark_production_names_its_keys CHECK ((kind = 'production') = (jsonb_array_length(allowed_keys) > 0)),
    CONSTRAINT mark_age_is_positive CHECK (max_age_s > 0),
    CONSTRAINT mark_says_why CHECK (btrim(because) <> '')
);

CREATE TRIGGER guard_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON iu.deployment_mark
    FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('A mark is never changed; write a newer one.');
