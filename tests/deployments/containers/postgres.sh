# What the entry point of the image `postgres` does at the first start, in few lines.
set -eu
shift
PGDATA=/var/lib/postgresql/18/docker
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # shellcheck disable=SC2086  arguments, separated by spaces
  initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  { echo "CREATE DATABASE $POSTGRES_DB;"; cat /docker-entrypoint-initdb.d/*.sql; } | postgres --single -D "$PGDATA" postgres
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' "$@"
