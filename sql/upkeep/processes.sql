-- Connected processes. An application name is: blurline, component, version, process id and host; of a worker's
-- presence: blurline, presence, name of the worker.

-- name: api_processes
SELECT split_part(application_name, ' ', 4) AS name, split_part(application_name, ' ', 3) AS version,
       min(backend_start) AS since
FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'blurline api %%'
GROUP BY application_name
ORDER BY since, name

-- name: worker_sessions
SELECT DISTINCT application_name
FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'blurline presence %%'
