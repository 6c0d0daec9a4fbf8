-- Facts about the server, for the doctor.

-- name: server
-- free_connections: the least that the limits of server, database and user still allow.
SELECT current_setting('server_version') AS version, current_setting('server_version_num')::integer / 10000 AS major,
       pg_encoding_to_char(pg_database.encoding) AS encoding, pg_is_in_recovery() AS is_standby,
       clock_timestamp() AS clock,
       least(
           current_setting('max_connections')::integer
               - current_setting('superuser_reserved_connections')::integer - count(*),
           nullif(datconnlimit, -1) - count(*) FILTER (WHERE activity.datname = current_database()),
           nullif(rolconnlimit, -1) - count(*) FILTER (WHERE activity.usename = current_user)
       )::integer AS free_connections,
       current_setting('max_connections')::integer AS max_connections
FROM pg_database, pg_roles, pg_stat_activity AS activity
WHERE pg_database.datname = current_database() AND rolname = current_user
  AND activity.backend_type = 'client backend'
GROUP BY pg_database.encoding, datconnlimit, rolconnlimit

-- name: privileges
-- lacking: tables whose rows the user cannot read or write.
SELECT current_user AS user, current_database() AS database,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS can_create,
       (
           SELECT count(*) FROM pg_class
           WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
             AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                      AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
       ) AS lacking

-- name: backend
SELECT pg_backend_pid() AS backend, current_setting('lock_timeout') AS lock_timeout

-- name: write_state
SELECT current_setting('transaction_read_only') = 'on' AS is_read_only

-- name: write_message
SELECT pg_logical_emit_message(true, 'blurline', 'healthcheck') AS position

-- name: noise_keys_of_hosts
-- Of each host that made some of the newest results: the key of its last result, so that a host whose key was replaced
-- counts with its present key.
SELECT DISTINCT ON (host) host, noise_key
FROM (
    SELECT split_part(attempts.started_by, '@', 2) AS host, newest.model -> 'made_with' ->> 'noise_key' AS noise_key,
           newest.finished_at
    FROM (
        SELECT result_attempt_id, model, finished_at FROM images
        WHERE created_at > now() - interval '1 day' AND model ? 'made_with'
        ORDER BY created_at DESC
        LIMIT 1000
    ) AS newest
    JOIN attempts ON attempts.id = newest.result_attempt_id
) AS results
WHERE host <> ''
ORDER BY host, finished_at DESC
