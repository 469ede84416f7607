-- Units are split, merged, retired, renumbered and redirected without a new source (design 1.6, 1.8): the words of it, and
-- the trail of names as the server keeps it. Runs as the owner role. No row is rewritten.

ALTER TABLE cutter_governance.manifest_envelope
    DROP CONSTRAINT envelope_operation_word,
    ADD CONSTRAINT envelope_operation_word CHECK (operation_kind IN ('first_cut', 'recut', 'split', 'merge', 'retire',
        'renumber', 'redirect'));

-- A name leads to a unit; where that unit's life has ended, on by the newest alias of its own address, and so on. A new
-- alias may not make this walk come back to where it was. Units that live stop it, so two living units may swap names.
CREATE FUNCTION cutter_governance.refuse_alias_circle() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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

CREATE CONSTRAINT TRIGGER guard_leads_somewhere AFTER INSERT ON cutter_governance.canonical_address_alias
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_alias_circle();

-- What ends without a new source leaves a trail: every unit whose life such a change set ends is an alias of another one.
CREATE FUNCTION cutter_governance.refuse_lost_trail() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
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

CREATE CONSTRAINT TRIGGER guard_keeps_the_trail AFTER INSERT ON cutter_governance.cut_change_set
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION cutter_governance.refuse_lost_trail();
