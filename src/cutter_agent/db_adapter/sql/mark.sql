-- MARK, and what every phase does with an entry and its history.

-- name: find_entry
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_entry
SELECT entry_id, kind, status, payload, emitted_at, scenario_ref
FROM cutter_governance.decision_backlog_entry
WHERE entry_id = %(entry_id)s;

-- name: lock_entry
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_entry
SELECT entry_id, kind, status, payload, emitted_at, scenario_ref
FROM cutter_governance.decision_backlog_entry
WHERE entry_id = %(entry_id)s
FOR UPDATE;

-- name: insert_entry
-- principal: both
-- verb: INSERT
-- tables: cutter_governance.decision_backlog_entry
INSERT INTO cutter_governance.decision_backlog_entry (entry_id, kind, status, payload, emitted_at, scenario_ref)
VALUES (%(entry_id)s, %(kind)s, %(status)s, %(payload)s, %(emitted_at)s, %(scenario_ref)s);

-- name: move_entry
-- principal: both
-- verb: UPDATE
-- tables: cutter_governance.decision_backlog_entry
UPDATE cutter_governance.decision_backlog_entry
SET status = %(after)s
WHERE entry_id = %(entry_id)s AND status = %(before)s;

-- name: latest_version
-- principal: both
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_history
SELECT entry_version_after
FROM cutter_governance.decision_backlog_history
WHERE entry_id = %(entry_id)s
ORDER BY entry_version_after DESC
LIMIT 1;

-- name: insert_history
-- principal: both
-- verb: INSERT
-- tables: cutter_governance.decision_backlog_history
INSERT INTO cutter_governance.decision_backlog_history (history_id, entry_id, entry_version_before, entry_version_after,
    change_kind, change_diff, changed_by, changed_at, rationale)
VALUES (%(history_id)s, %(entry_id)s, %(entry_version_before)s, %(entry_version_after)s,
    %(change_kind)s, %(change_diff)s, %(changed_by)s, %(changed_at)s, %(rationale)s)
RETURNING pg_catalog.pg_current_xact_id()::text AS xid;

-- Who holds this reference or code: documents that were cut, and entries on their way under the code.
-- name: find_claims
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.document, cutter_governance.decision_backlog_entry
SELECT d.document_ref, d.document_code::text AS document_code, NULL::uuid AS entry_id, NULL::text AS status
FROM iu.document AS d
WHERE d.document_ref = %(document_ref)s OR d.document_code = %(document_code)s
UNION ALL
SELECT e.payload ->> 'document_ref', e.payload ->> 'document_code', e.entry_id, e.status
FROM cutter_governance.decision_backlog_entry AS e
WHERE e.kind = 'cut' AND e.payload ->> 'document_code' = %(document_code)s;

-- name: has_snapshot
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.source_snapshot
SELECT s.sha256 FROM iu.source_snapshot AS s WHERE s.sha256 = %(sha256)s;

-- name: copy_snapshot
-- principal: cutter_exec
-- verb: COPY
-- tables: iu.source_snapshot
COPY iu.source_snapshot (sha256, bytes, byte_length, media_type, label, origin, captured_at, captured_by)
    FROM STDIN WITH (FORMAT binary);

-- name: has_manifest
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.manifest
SELECT m.digest FROM iu.manifest AS m WHERE m.digest = %(digest)s;

-- name: copy_manifest
-- principal: cutter_exec
-- verb: COPY
-- tables: iu.manifest
COPY iu.manifest (digest, canonical_json, snapshot_sha256, document_ref, profile_id, profile_version, unit_count,
    proposed_at, proposed_by)
    FROM STDIN WITH (FORMAT binary);

-- MARK of a later cut: the trail of names that holds, oldest first. What a cut wrote that was not proven says nothing yet.
-- name: find_proven_aliases
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.canonical_address_alias, iu.information_unit, cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.decision_backlog_entry
SELECT a.alias_id, a.target_unit_id, a.alias_text, a.alias_kind, a.valid_from, a.valid_until, a.created_by,
       a.rationale, a.scenario_ref
FROM iu.information_unit AS u
JOIN cutter_governance.canonical_address_alias AS a ON a.target_unit_id = u.unit_id
WHERE u.document_ref = %(document_ref)s
  AND NOT EXISTS (
        SELECT FROM cutter_governance.cut_change_set AS c
        JOIN cutter_governance.manifest_envelope AS m ON m.envelope_id = c.manifest_id
        JOIN cutter_governance.decision_backlog_entry AS e ON e.entry_id = m.source_doc_ref
        WHERE c.document_ref = u.document_ref AND c.emitted_at = a.valid_from AND e.status <> 'verified_complete')
ORDER BY a.valid_from, a.alias_id;

-- MARK of a re-cut: what proven cuts call a document's units besides their addresses, oldest first. What others call them
-- is not what their own text calls them.
-- name: find_called
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.canonical_address_alias, iu.information_unit, cutter_governance.cut_change_set, cutter_governance.manifest_envelope, cutter_governance.decision_backlog_entry
SELECT u.canonical_address, a.alias_text
FROM iu.information_unit AS u
JOIN cutter_governance.canonical_address_alias AS a ON a.target_unit_id = u.unit_id
WHERE u.document_ref = %(document_ref)s AND a.alias_kind <> 'external_reference'
  AND NOT EXISTS (
        SELECT FROM cutter_governance.cut_change_set AS c
        JOIN cutter_governance.manifest_envelope AS m ON m.envelope_id = c.manifest_id
        JOIN cutter_governance.decision_backlog_entry AS e ON e.entry_id = m.source_doc_ref
        WHERE c.document_ref = u.document_ref AND c.emitted_at = a.valid_from AND e.status <> 'verified_complete')
ORDER BY a.valid_from, a.alias_id;

-- MARK of a re-cut: addresses of units whose life ended. They are never given again.
-- name: find_ended_addresses
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit
SELECT u.canonical_address
FROM iu.information_unit AS u
WHERE u.document_ref = %(document_ref)s AND u.lifecycle_status = 'retired';

-- MARK and CUT of a re-cut: what the stored units give as of a cut, and their render orders, without moving them here.
-- Which version of a unit holds is asked only of the units that have a second one.
-- name: digests_as_of
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.unit_version
SELECT encode(sha256(string_agg(convert_to(v.body, 'UTF8'), ''::bytea ORDER BY v.render_order, v.unit_id)), 'hex')
        AS bodies_sha256,
       encode(sha256(convert_to(string_agg(v.render_order::text, ' ' ORDER BY v.render_order, v.unit_id), 'UTF8')), 'hex')
        AS orders_sha256
FROM iu.unit_version AS v
WHERE v.document_ref = %(document_ref)s AND v.cut_seq <= %(cut_seq)s AND NOT v.ends_life
  AND (v.unit_id NOT IN (
        SELECT several.unit_id FROM iu.unit_version AS several
        WHERE several.document_ref = %(document_ref)s AND several.cut_seq <= %(cut_seq)s AND several.version_seq > 1)
    OR NOT EXISTS (
        SELECT FROM iu.unit_version AS later
        WHERE later.unit_id = v.unit_id AND later.version_seq > v.version_seq AND later.cut_seq <= %(cut_seq)s));

-- name: find_profile_version
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.manifest
SELECT m.profile_version FROM iu.manifest AS m WHERE m.digest = %(digest)s;

-- TOPOLOGY: which document a name belongs to: a unit's own address, else the newest alias of that text.
-- name: find_document_of_name
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.information_unit, cutter_governance.canonical_address_alias
SELECT named.document_ref
FROM (
    SELECT own.document_ref, 0 AS place, NULL::timestamptz AS valid_from, NULL::uuid AS alias_id
    FROM iu.information_unit AS own
    WHERE own.canonical_address = %(name)s::text
    UNION ALL
    SELECT u.document_ref, 1, a.valid_from, a.alias_id
    FROM cutter_governance.canonical_address_alias AS a
    JOIN iu.information_unit AS u ON u.unit_id = a.target_unit_id
    WHERE a.alias_text = %(name)s::text
) AS named
ORDER BY named.place, named.valid_from DESC, named.alias_id
LIMIT 1;

-- The file that a text was made from, and how.
-- name: has_original
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.source_original
SELECT o.sha256 FROM iu.source_original AS o WHERE o.sha256 = %(sha256)s;

-- name: copy_original
-- principal: cutter_exec
-- verb: COPY
-- tables: iu.source_original
COPY iu.source_original (sha256, bytes, byte_length, media_type, captured_at, captured_by)
    FROM STDIN WITH (FORMAT binary);

-- name: has_rendering
-- principal: cutter_exec
-- verb: SELECT
-- tables: iu.source_rendering
SELECT r.map_sha256
FROM iu.source_rendering AS r
WHERE r.snapshot_sha256 = %(snapshot_sha256)s AND r.original_sha256 = %(original_sha256)s
  AND r.map_sha256 = %(map_sha256)s;

-- name: insert_rendering
-- principal: cutter_exec
-- verb: INSERT
-- tables: iu.source_rendering
INSERT INTO iu.source_rendering (snapshot_sha256, original_sha256, map_sha256, map, reader, label, origin, recorded_at,
    recorded_by)
VALUES (%(snapshot_sha256)s, %(original_sha256)s, %(map_sha256)s, %(map)s, %(reader)s, %(label)s, %(origin)s,
    %(recorded_at)s, %(recorded_by)s);
