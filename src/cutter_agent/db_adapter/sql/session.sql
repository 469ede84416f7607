-- The session's own statements. They touch no table; every one of them is sent inside a block, or opens or ends one.

-- name: begin_read_committed_read_write
-- principal: both
-- verb: BEGIN
-- tables: none
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

-- name: begin_repeatable_read_read_write
-- principal: both
-- verb: BEGIN
-- tables: none
BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE;

-- name: begin_serializable_read_write
-- principal: both
-- verb: BEGIN
-- tables: none
BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE;

-- name: begin_read_committed_read_only
-- principal: both
-- verb: BEGIN
-- tables: none
BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;

-- name: begin_repeatable_read_read_only
-- principal: both
-- verb: BEGIN
-- tables: none
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: begin_serializable_read_only
-- principal: both
-- verb: BEGIN
-- tables: none
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;

-- name: commit
-- principal: both
-- verb: COMMIT
-- tables: none
COMMIT;

-- name: rollback
-- principal: both
-- verb: ROLLBACK
-- tables: none
ROLLBACK;

-- One savepoint name for all: PostgreSQL shadows equal names, so nesting works and no statement is built from strings.
-- name: savepoint
-- principal: both
-- verb: SAVEPOINT
-- tables: none
SAVEPOINT cutter_step;

-- name: release_savepoint
-- principal: both
-- verb: RELEASE
-- tables: none
RELEASE SAVEPOINT cutter_step;

-- name: rollback_to_savepoint
-- principal: both
-- verb: ROLLBACK
-- tables: none
ROLLBACK TO SAVEPOINT cutter_step;

-- name: current_transaction
-- principal: both
-- verb: SELECT
-- tables: none
SELECT pg_catalog.pg_current_xact_id_if_assigned()::text AS xid;

-- name: transaction_status
-- principal: both
-- verb: SELECT
-- tables: none
SELECT pg_catalog.pg_xact_status(%(xid)s::text::pg_catalog.xid8) AS status;

-- name: session_identity
-- principal: both
-- verb: SELECT
-- tables: none
SELECT current_user::text AS current_user,
       session_user::text AS session_user,
       system_user AS system_user,
       pg_catalog.pg_backend_pid() AS backend_pid,
       pg_catalog.current_database()::text AS database,
       pg_catalog.current_setting('server_version') AS server_version,
       pg_catalog.current_setting('server_version_num')::int AS server_version_num,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.current_setting('application_name') AS application_name,
       pg_catalog.current_setting('statement_timeout') AS statement_timeout,
       pg_catalog.current_setting('lock_timeout') AS lock_timeout,
       pg_catalog.current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction_session_timeout,
       pg_catalog.current_setting('search_path') AS search_path,
       pg_catalog.current_setting('TimeZone') AS "TimeZone",
       pg_catalog.current_setting('default_transaction_isolation') AS default_transaction_isolation,
       pg_catalog.current_setting('default_transaction_read_only') AS default_transaction_read_only;

-- The same for servers before 16, which do not know system_user.
-- name: session_identity_before_16
-- principal: both
-- verb: SELECT
-- tables: none
SELECT current_user::text AS current_user,
       session_user::text AS session_user,
       'unknown'::text AS system_user,
       pg_catalog.pg_backend_pid() AS backend_pid,
       pg_catalog.current_database()::text AS database,
       pg_catalog.current_setting('server_version') AS server_version,
       pg_catalog.current_setting('server_version_num')::int AS server_version_num,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.current_setting('application_name') AS application_name,
       pg_catalog.current_setting('statement_timeout') AS statement_timeout,
       pg_catalog.current_setting('lock_timeout') AS lock_timeout,
       pg_catalog.current_setting('idle_in_transaction_session_timeout') AS idle_in_transaction_session_timeout,
       pg_catalog.current_setting('search_path') AS search_path,
       pg_catalog.current_setting('TimeZone') AS "TimeZone",
       pg_catalog.current_setting('default_transaction_isolation') AS default_transaction_isolation,
       pg_catalog.current_setting('default_transaction_read_only') AS default_transaction_read_only;

-- What this database says it is, and where it lies now. Asked once by every process, before its first block.
-- name: read_deployment
-- principal: both
-- verb: SELECT
-- tables: iu.deployment_mark
SELECT m.kind,
       m.system_identifier AS marked_system_identifier,
       m.allowed_keys,
       m.max_age_s,
       m.marked_by,
       m.because,
       c.system_identifier::text AS system_identifier,
       pg_catalog.current_setting('cluster_name') AS cluster_name,
       pg_catalog.now() AS asked_at
FROM pg_catalog.pg_control_system() AS c
LEFT JOIN iu.deployment_mark AS m ON m.mark_seq = (SELECT pg_catalog.max(n.mark_seq) FROM iu.deployment_mark AS n);
