# A private PostgreSQL: durable settings stay on, scram passwords, its data in .dev/data/postgres.
# shellcheck shell=bash

pg_bin() {
  local dir
  # shellcheck disable=SC2012
  dir="$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)"
  [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] && printf '%s\n' "$dir"
}

postgres_up() {
  daemon_alive postgres && postgres_ready && return
  service_dir postgres-socket
  [ -s "$DATA/postgres/PG_VERSION" ] || postgres_init
  port_claim PG_PORT
  daemon_start postgres "${AS_SERVICE[@]}" "$(pg_bin)/postgres" -D "$DATA/postgres" -p "$PG_PORT"
  daemon_await postgres 60 postgres_ready
  postgres_accounts
}

postgres_ready() { "$(pg_bin)/pg_isready" -q -h 127.0.0.1 -p "$PG_PORT"; }

# Created beside its final place and moved there when complete.
postgres_init() {
  rm -rf "$DATA/postgres.new"
  service_dir postgres.new
  local password="$DATA/postgres.new.password"
  printf '%s\n' "$PG_ADMIN_PASSWORD" >"$password"
  service_owns "$password"
  env -C / "${AS_SERVICE[@]}" "$(pg_bin)/initdb" -D "$DATA/postgres.new" --username postgres \
    --pwfile "$password" --auth scram-sha-256 --encoding UTF8 --locale C.UTF-8 >/dev/null
  rm -f "$password"
  postgres_settings >>"$DATA/postgres.new/postgresql.conf"
  rm -rf "$DATA/postgres"
  mv "$DATA/postgres.new" "$DATA/postgres"
}

postgres_settings() {
  local socket="$DATA/postgres-socket"
  [ ${#socket} -le 90 ] || socket="" # a socket's path has at most 107 bytes
  cat <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$socket'
max_connections = 200
shared_buffers = 128MB
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %d '
EOF
}

postgres_accounts() {
  [ -e "$DATA/postgres.ready" ] && return
  local sql
  sql="$(cat <<EOF
SELECT 'CREATE ROLE engunity' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'engunity') \gexec
ALTER ROLE engunity LOGIN CREATEDB PASSWORD '$PG_PASSWORD';
SELECT 'CREATE DATABASE engunity OWNER engunity' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'engunity') \gexec
EOF
)"
  PGPASSWORD="$PG_ADMIN_PASSWORD" "$(pg_bin)/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PG_PORT" -U postgres postgres <<<"$sql"
  touch "$DATA/postgres.ready"
}

postgres_down() { daemon_stop postgres INT 30; }
