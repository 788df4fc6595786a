# The product itself: one coordinator and some workers in the background, and a first user to log in with.
# shellcheck shell=bash

UP_WORKERS=2

cmd_up() {
  local began=$SECONDS
  up_options "$@"
  port_free_for_coordinator
  up_plan
  services_open
  build_steps
  steps_wait
  services_close
  app_start
  first_user
  embedder_background
  up_report $((SECONDS - began))
}

up_options() {
  PORT="$(cat "$DEV/port" 2>/dev/null || echo 8000)"
  while [ $# -gt 0 ]; do
    case "$1" in
      --workers) UP_WORKERS="${2:-}"; shift ;;
      --workers=*) UP_WORKERS="${1#*=}" ;;
      --port) PORT="${2:-}"; shift ;;
      --port=*) PORT="${1#*=}" ;;
      *) die "unknown option of up: '$1'; it takes --workers N, --port P and --check" ;;
    esac
    shift || true
  done
  [[ "$UP_WORKERS" =~ ^[0-9]{1,3}$ ]] || die "--workers takes a number, not '$UP_WORKERS'"
  [[ "$PORT" =~ ^[0-9]{2,5}$ ]] || die "--port takes a port number, not '$PORT'"
}

port_free_for_coordinator() {
  [ "$(cat "$DEV/port" 2>/dev/null || echo 8000)" = "$PORT" ] && daemon_alive coordinator-1 && return
  ! port_busy "$PORT" ||
    die "port $PORT is taken by $(port_owner "$PORT" | grep . || echo 'another program'); stop it, or choose another port: ./dev up --port $((PORT + 80))"
}

# Compiling runs in parallel with steps that wait for the network and the disk.
build_steps() {
  local first=()
  compilers_there || first=(packages)
  step build "Coordinator, workers and command line" in_order build_rust "${first[@]}"
  ! frontend_there || step frontend "Web IDE" frontend_build
  step agent "Agent in the sandbox images" in_order agent_step build images
}

# Compiling waits for the packages only where these are missing.
compilers_there() { have cc && have pkg-config; }

agent_step() { docker_up; images_agent; }

app_start() {
  printf '%s\n' "$PORT" | write_file "$DEV/port" 644
  app_ensure coordinator-1 coordinator_program
  local n
  for n in $(seq 1 "$UP_WORKERS"); do app_ensure "worker-$n" worker_program "$n"; done
  workers_beyond "$UP_WORKERS" | while read -r name; do daemon_stop "$name" TERM 40; done
  daemon_await coordinator-1 60 coordinator_ready
  for n in $(seq 1 "$UP_WORKERS"); do
    daemon_alive "worker-$n" || die "worker-$n exited during its start: $(daemon_last_line "worker-$n") (whole log: .dev/log/worker-$n.log)"
  done
}

coordinator_ready() { curl -fsS -m 5 "http://127.0.0.1:$PORT/readyz"; }

workers_beyond() {
  local file n
  for file in "$DEV"/run/worker-*.pid; do
    n="${file##*/worker-}"
    n="${n%.pid}"
    [ ! -e "$file" ] || [ "$n" -le "$1" ] || printf 'worker-%s\n' "$n"
  done
}

# Fills PROGRAM with the command line of a coordinator.
coordinator_program() {
  local root=""
  [ ! -e "$FRONTEND/out/index.html" ] || root="$FRONTEND/out"
  # The hash of the site makes a new site restart the coordinator, which keeps the site in memory.
  PROGRAM=(env ENGUNITY_SITE="$(cat "$DEV/frontend.hash" 2>/dev/null)" ENGUNITY__HTTP__LISTEN="127.0.0.1:$PORT" ENGUNITY__WEB__ROOT="$root" "$DEV/bin/engunity-coordinator")
}

# A worker runs strangers' code, so it gets neither the database nor the secret that signs tokens, and a broker user that
# may do only what a worker needs.
worker_program() {
  local name="worker-$1-$ID"
  rabbitmq_worker_user "$name" engunity
  PROGRAM=(env -u ENGUNITY__POSTGRES__URL -u ENGUNITY__AUTH__SECRET -u ENGUNITY__BROKER__MANAGEMENT_URL
    ENGUNITY__BROKER__URL="$(rabbitmq_worker_url "$name" engunity)"
    ENGUNITY__WORKER__NAME="$name" ENGUNITY__WORKER__SCRATCH_DIR="$DATA/worker-$1" "$DEV/bin/engunity-worker")
}

# Starts a program unless it already runs with the same binary and settings: app_ensure NAME PROGRAM-FUNCTION...
app_ensure() {
  local name="$1" key PROGRAM=()
  shift
  # shellcheck disable=SC1091
  . "$DEV/env"
  "$@"
  key="$({ printf '%s\n' "${PROGRAM[@]}"; env | grep ^ENGUNITY_ | sort; cat "${PROGRAM[-1]}"; } | short_hash)"
  if daemon_alive "$name"; then
    [ "$(cat "$DEV/run/$name.key" 2>/dev/null)" != "$key" ] || { note "$name is already running"; return; }
    daemon_stop "$name" TERM 40
  fi
  daemon_start "$name" "${PROGRAM[@]}"
  printf '%s\n' "$key" | write_file "$DEV/run/$name.key" 644
  ok "$name started"
}

app_down() {
  local name
  for name in $(workers_beyond 0); do daemon_stop "$name" TERM 40 & done
  wait
  daemon_stop coordinator-1 TERM 40
}

# Registered through the API like any other user; the random password is in .dev/first-user.
first_user() {
  [ -s "$DEV/first-user" ] || write_file "$DEV/first-user" 600 <<EOF
FIRST_EMAIL=dev@engunity.test
FIRST_PASSWORD=$(random_hex 8)
EOF
  # shellcheck disable=SC1091
  . "$DEV/first-user"
  first_user_call login || first_user_call register ||
    die "the first user could not be created: $(cat "$DEV/run/first-user.answer") (log: .dev/log/coordinator-1.log)"
  rm -f "$DEV/run/first-user.answer"
}

first_user_call() {
  local body status
  body="{\"email\":\"$FIRST_EMAIL\",\"password\":\"$FIRST_PASSWORD\"}"
  status="$(curl -s -m 20 -o "$DEV/run/first-user.answer" -w '%{http_code}' -H 'content-type: application/json' \
    --data-binary @- "http://127.0.0.1:$PORT/api/v1/auth/$1" <<<"$body")"
  [ "$status" = 200 ] || [ "$status" = 201 ]
}

up_report() {
  cat <<EOF

Engunity Code Lab is up ($(took "$1")):  http://127.0.0.1:$PORT
  first user   $FIRST_EMAIL   password $FIRST_PASSWORD

  Web IDE      http://127.0.0.1:$PORT/
  API          http://127.0.0.1:$PORT/api/v1/docs
  Command line export PATH="$DEV/bin:\$PATH"
               engunity login --email $FIRST_EMAIL --server http://127.0.0.1:$PORT
               engunity upload ./a-project && engunity run -- python -m pytest -q
  Look inside  ./dev logs coordinator-1 -f
  More workers ./dev up --workers 4        Stop everything: ./dev down
EOF
}

cmd_down() {
  case "${1:-}" in "" | --wipe) ;; *) die "unknown option of down: '$1'; it takes --wipe" ;; esac
  daemon_stop embedder TERM 10
  app_down
  services_down
  ok "everything of this clone is stopped"
  [ "${1:-}" != --wipe ] || { images_untag; data_wipe; ok "and its data is deleted"; }
}

cmd_logs() {
  local part="" follow=()
  while [ $# -gt 0 ]; do
    case "$1" in -f) follow=(-f) ;; *) part="$1" ;; esac
    shift
  done
  local files=("$DEV"/log/"${part:-*}".log)
  [ -n "$part" ] || files=("$DEV"/log/coordinator-*.log "$DEV"/log/worker-*.log)
  [ -e "${files[0]}" ] || die "there is no log of '${part:-the product}'; there are: $(find "$DEV/log" -name '*.log' -printf '%f\n' 2>/dev/null | sed 's/\.log$//' | sort | xargs)"
  exec tail -n "${LINES_SHOWN:-200}" "${follow[@]}" -- "${files[@]}"
}
