-- Tables that grow to millions of rows (docs/explanation/sizing.md). Runs as the owner role. No row is rewritten.

-- Every unit is updated once, from draft to enacted, and no index names its status: with room on its page the new row stands
-- beside the old one (HOT) and none of four indexes gets a second entry. Without it each row moves to another page.
ALTER TABLE iu.information_unit SET (fillfactor = 50);

-- Insert-only tables are never vacuumed for dead rows. The default waits for a fifth of a table that has millions of
-- rows: statistics would be days old, and index-only scans would visit the heap.
ALTER TABLE iu.information_unit SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE iu.unit_version SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE cutter_governance.manifest_unit_block SET (autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE cutter_governance.cut_change_set_affected_row SET (autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE cutter_governance.decision_backlog_history SET (autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_insert_scale_factor = 0.05);
-- One row a document, updated four times (its fillfactor is 80 already).
ALTER TABLE cutter_governance.decision_backlog_entry SET (autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_scale_factor = 0.05);
