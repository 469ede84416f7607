-- A document that exists is cut again (design 1.5, 1.7, 1.8, 4.4): what a version must be able to say beyond a first cut.
-- Runs as the owner role. Columns are added without a rewrite; versions written before mean what they meant.

-- A unit's own row is immutable, and an edited source may renumber or move the unit: from such a cut on, its labels and
-- its parent are those of the version. NULL unit_kind: the unit's own row says them.
ALTER TABLE iu.unit_version
    ADD COLUMN ends_life       boolean NOT NULL DEFAULT false,
    ADD COLUMN unit_kind       text,
    ADD COLUMN section_type    text,
    ADD COLUMN unit_number     text,
    ADD COLUMN parent_unit_id  uuid,
    ADD CONSTRAINT version_labels_come_together CHECK ((unit_kind IS NULL) = (section_type IS NULL)
        AND (unit_kind IS NOT NULL OR num_nonnulls(unit_number, parent_unit_id) = 0)),
    ADD CONSTRAINT version_parent_in_same_document FOREIGN KEY (parent_unit_id, document_ref)
        REFERENCES iu.information_unit (unit_id, document_ref) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT version_is_not_its_own_parent CHECK (parent_unit_id <> unit_id),
    -- The version that ends a unit's life says nothing and can only become retired; earlier cuts keep what they had.
    ADD CONSTRAINT version_end_says_nothing CHECK (NOT ends_life
        OR (body = '' AND version_seq > 1 AND unit_kind IS NULL AND lifecycle_status <> 'enacted'));
CREATE INDEX unit_version_by_parent ON iu.unit_version (parent_unit_id) WHERE parent_unit_id IS NOT NULL;

-- The new columns are written once, like the others: "UPDATE OF" names columns, so the guard is made anew.
DROP TRIGGER guard_keeps_columns ON iu.unit_version;
DO $$
DECLARE
    frozen text;
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO frozen
    FROM pg_attribute AS a
    WHERE a.attrelid = 'iu.unit_version'::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname <> 'lifecycle_status';
    EXECUTE format('CREATE TRIGGER guard_keeps_columns BEFORE UPDATE OF %s ON iu.unit_version FOR EACH STATEMENT '
        'EXECUTE FUNCTION cutter_governance.refuse_verb(%L)', frozen, 'Only lifecycle_status may change.');
END $$;
