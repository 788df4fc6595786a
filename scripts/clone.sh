# What belongs to this clone alone: its id, its secrets and the location of its data.
# shellcheck shell=bash

SERVICE_USER=engunity

clone_open() {
  mkdir -p "$DEV"/{run,log,bin} "$CACHE/clones"
  [ -s "$DEV/id" ] || random_hex 4 | write_file "$DEV/id" 644
  ID="$(cat "$DEV/id")"
  mkdir -p "$CACHE/clones/$ID"
  printf '%s\n' "$ROOT" >"$CACHE/clones/$ID/path"
  clones_gc
  data_open
  secrets_open
}

# A clone that was deleted (or created again at the same path) no longer owns ports or the shared Docker.
clones_gc() {
  local entry path
  for entry in "$CACHE"/clones/*/; do
    path="$(cat "$entry/path" 2>/dev/null || true)"
    [ "$(cat "$path/.dev/id" 2>/dev/null)" = "$(basename "$entry")" ] || rm -rf "$entry"
  done
}

# PostgreSQL and RabbitMQ must not run as root; root starts them as a system user.
AS_SERVICE=()
is_root && AS_SERVICE=(setpriv --reuid "$SERVICE_USER" --regid "$SERVICE_USER" --clear-groups --)

service_user_open() {
  is_root || return 0
  getent group "$SERVICE_USER" >/dev/null || groupadd --system "$SERVICE_USER"
  id "$SERVICE_USER" >/dev/null 2>&1 ||
    useradd --system --gid "$SERVICE_USER" --home-dir /nonexistent --shell /usr/sbin/nologin "$SERVICE_USER"
}

# Data is in .dev/data. Where the service user cannot reach that (a clone below /root), it is in
# /var/lib/engunity/<id>, and .dev/data links there.
data_open() {
  [ -d "$DEV/data" ] || data_place
  DATA="$(readlink -f "$DEV/data")"
}

data_place() {
  service_user_open
  if "${AS_SERVICE[@]}" test -x "$DEV"; then
    mkdir -p "$DEV/data"
  else
    mkdir -p "/var/lib/engunity/$ID"
    chmod 755 /var/lib/engunity "/var/lib/engunity/$ID"
    ln -sfn "/var/lib/engunity/$ID" "$DEV/data"
  fi
}

# A directory below the data that the service user owns: service_dir NAME
service_dir() {
  local dir="$DATA/$1"
  mkdir -p "$dir"
  service_owns "$dir"
  chmod 700 "$dir"
}

service_owns() { ! is_root || chown "$SERVICE_USER:$SERVICE_USER" "$@"; }

data_wipe() {
  rm -rf "$DATA" "$DEV/data" "$DEV/secrets" "$DEV/env" "$DEV/first-user" "$CACHE/clones/$ID"
}

secrets_open() {
  [ -s "$DEV/secrets" ] || write_file "$DEV/secrets" 600 <<EOF
PG_ADMIN_PASSWORD=$(random_hex 16)
PG_PASSWORD=$(random_hex 16)
AMQP_PASSWORD=$(random_hex 16)
ERLANG_COOKIE=$(random_hex 16)
S3_ACCESS_KEY=GK$(random_hex 12)
S3_SECRET_KEY=$(random_hex 32)
GARAGE_RPC_SECRET=$(random_hex 32)
GARAGE_ADMIN_TOKEN=$(random_hex 32)
AUTH_SECRET=$(random_hex 32)
EOF
  # shellcheck disable=SC1091
  . "$DEV/secrets"
}
