-- SWEEP: waiting entries become reviewable, in key order.

-- A deferral may name the time at which it comes back; without one it is due with the next sweep.
-- name: lock_waiting_entries
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_entry, cutter_governance.decision_backlog_history
SELECT e.entry_id, e.kind, e.status, e.payload, e.emitted_at, e.scenario_ref
FROM cutter_governance.decision_backlog_entry AS e
WHERE e.status IN ('marked', 'reviewed_deferred')
  AND (e.status = 'marked' OR coalesce((
        SELECT (h.change_diff ->> 'due_at')::timestamptz <= %(due_at)s::timestamptz
        FROM cutter_governance.decision_backlog_history AS h
        WHERE h.entry_id = e.entry_id
        ORDER BY h.entry_version_after DESC
        LIMIT 1), true))
ORDER BY e.entry_id
LIMIT %(batch_limit)s
FOR UPDATE OF e;

-- name: latest_versions
-- principal: cutter_exec
-- verb: SELECT
-- tables: cutter_governance.decision_backlog_history
SELECT entry_id, max(entry_version_after) AS entry_version
FROM cutter_governance.decision_backlog_history
WHERE entry_id = ANY (%(entry_ids)s::uuid[])
GROUP BY entry_id;

-- name: promote_entries
-- principal: cutter_exec
-- verb: UPDATE
-- tables: cutter_governance.decision_backlog_entry
UPDATE cutter_governance.decision_backlog_entry
SET status = 'review_pending'
WHERE entry_id = ANY (%(entry_ids)s::uuid[]) AND status IN ('marked', 'reviewed_deferred');

-- name: copy_histories
-- principal: cutter_exec
-- verb: COPY
-- tables: cutter_governance.decision_backlog_history
COPY cutter_governance.decision_backlog_history (history_id, entry_id, entry_version_before, entry_version_after,
    change_kind, change_diff, changed_by, changed_at, rationale) FROM STDIN;

-- name: insert_sweep_log
-- principal: cutter_exec
-- verb: INSERT
-- tables: cutter_governance.decision_backlog_sweep_log
INSERT INTO cutter_governance.decision_backlog_sweep_log (sweep_id, swept_by, trigger_kind, started_at, finished_at,
    batch_limit, scanned_count, promoted_count, cursor_after, scenario_ref)
VALUES (%(sweep_id)s, %(swept_by)s, %(trigger_kind)s, %(started_at)s, %(finished_at)s,
    %(batch_limit)s, %(scanned_count)s, %(promoted_count)s, %(cursor_after)s, %(scenario_ref)s)
RETURNING pg_catalog.pg_current_xact_id()::text AS xid;
