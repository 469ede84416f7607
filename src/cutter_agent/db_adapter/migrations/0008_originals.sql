-- The files of other formats that texts were made from, and how (design 4.4). Runs as the owner role; rows are written once.

CREATE TABLE iu.source_original (
    sha256       cutter_governance.sha256_hex PRIMARY KEY,
    bytes        bytea NOT NULL,
    byte_length  bigint NOT NULL,
    media_type   text NOT NULL,
    captured_at  timestamptz NOT NULL,
    captured_by  cutter_governance.identity NOT NULL,
    CONSTRAINT source_original_not_empty CHECK (byte_length > 0),
    CONSTRAINT source_original_length_is_true CHECK (byte_length = length(bytes)),
    CONSTRAINT source_original_digest_is_true CHECK (sha256 = encode(sha256(bytes), 'hex'))
);
ALTER TABLE iu.source_original ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- One text may come from several files (a document that was saved again), and from one file in several readings (a newer
-- reader): each with the map from every byte of the text back to its place.
CREATE TABLE iu.source_rendering (
    snapshot_sha256  cutter_governance.sha256_hex NOT NULL REFERENCES iu.source_snapshot (sha256),
    original_sha256  cutter_governance.sha256_hex NOT NULL REFERENCES iu.source_original (sha256),
    map_sha256       cutter_governance.sha256_hex NOT NULL,
    map              bytea NOT NULL,
    reader           text NOT NULL,
    label            text NOT NULL,
    origin           text NOT NULL,
    recorded_at      timestamptz NOT NULL,
    recorded_by      cutter_governance.identity NOT NULL,
    PRIMARY KEY (snapshot_sha256, original_sha256, map_sha256),
    CONSTRAINT source_rendering_map_digest_is_true CHECK (map_sha256 = encode(sha256(map), 'hex')),
    CONSTRAINT source_rendering_reader_word CHECK (reader ~ '^[a-z][a-z0-9]{0,30}/[0-9]{1,6}$')
);
CREATE INDEX source_rendering_by_original ON iu.source_rendering (original_sha256);

CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.source_original
    FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();
CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON iu.source_original
    FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Write a new row that says what changed.');
CREATE TRIGGER guard_keeps_rows BEFORE DELETE OR TRUNCATE ON iu.source_rendering
    FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb();
CREATE TRIGGER guard_keeps_columns BEFORE UPDATE ON iu.source_rendering
    FOR EACH STATEMENT EXECUTE FUNCTION cutter_governance.refuse_verb('Write a new row that says what changed.');
