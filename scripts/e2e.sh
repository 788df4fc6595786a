# The stack that browser tests and benches use: a coordinator and two workers with a database, a vhost and a bucket of their own.
# shellcheck shell=bash

e2e_up() {
  local programs="${PROGRAMS:-$DEV/bin}"
  e2e_down
  E2E_PORT=18080
  while port_busy "$E2E_PORT"; do E2E_PORT=$((E2E_PORT + 1)); done
  e2e_fresh
  daemon_start e2e-coordinator env ENGUNITY__HTTP__LISTEN="127.0.0.1:$E2E_PORT" ENGUNITY__WEB__ROOT="$FRONTEND/out" \
    ENGUNITY__RATE_LIMIT__PER_MINUTE=0 ENGUNITY__RATE_LIMIT__ADDRESS_PER_MINUTE=0 \
    ENGUNITY__LOAD_TESTS__ENABLED=true "$programs/engunity-coordinator"
  local n
  for n in 1 2; do e2e_worker "$n"; done
  daemon_await e2e-coordinator 60 curl -fsS -m 5 "http://127.0.0.1:$E2E_PORT/readyz"
}

e2e_worker() {
  local name="e2e-$1-$ID"
  rabbitmq_worker_user "$name" e2e
  daemon_start "e2e-worker-$1" env -u ENGUNITY__POSTGRES__URL -u ENGUNITY__AUTH__SECRET -u ENGUNITY__BROKER__MANAGEMENT_URL \
    ENGUNITY__BROKER__URL="$(rabbitmq_worker_url "$name" e2e)" ENGUNITY__LOAD_TESTS__ENABLED=true \
    ENGUNITY__WORKER__NAME="$name" "${PROGRAMS:-$DEV/bin}/engunity-worker"
}

e2e_down() {
  local name
  for name in e2e-worker-1 e2e-worker-2 e2e-coordinator; do daemon_stop "$name" TERM 30 >/dev/null & done
  wait
}

# Empty each time; points the exported settings of this shell there.
e2e_fresh() {
  local management="$ENGUNITY__BROKER__MANAGEMENT_URL/api" base="${ENGUNITY__POSTGRES__URL%/*}"
  PGOPTIONS=--client-min-messages=warning "$(pg_bin)/psql" -X -q -v ON_ERROR_STOP=1 "$base/engunity" \
    -c 'DROP DATABASE IF EXISTS engunity_e2e WITH (FORCE)' -c 'CREATE DATABASE engunity_e2e'
  curl -fsS -X DELETE "$management/vhosts/e2e" >/dev/null 2>&1 || true
  curl -fsS -X PUT "$management/vhosts/e2e"
  curl -fsS -X PUT -H 'content-type: application/json' "$management/permissions/e2e/engunity" \
    -d '{"configure":".*","write":".*","read":".*"}'
  s3_bucket engunity-e2e
  export ENGUNITY__POSTGRES__URL="$base/engunity_e2e" ENGUNITY__S3__BUCKET=engunity-e2e
  export ENGUNITY__BROKER__URL="${ENGUNITY__BROKER__URL%/*}/e2e"
}
