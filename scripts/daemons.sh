# Processes that outlive ./dev: started in a session of their own, known by a pid file and a mark in their environment.
# shellcheck shell=bash

# What runs all day on somebody's machine gives way to what they look at. Where the kernel shares the processor out between
# sessions (autogroup), a program's own nice value counts only within its session, so both are set.
IN_BACKGROUND='{ echo 5 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 5 "$@"'

# Starts a program in the background: daemon_start NAME COMMAND...   (.dev/run/NAME.pid, .dev/log/NAME.log)
daemon_start() {
  local name="$1"
  shift
  env -C / ENGUNITY_DEV_DAEMON="${DAEMON_MARK:-$ID}" setsid sh -c "$IN_BACKGROUND" sh "$@" >>"$DEV/log/$name.log" 2>&1 </dev/null 9>&- &
  printf '%s\n' "$!" | write_file "$DEV/run/$name.pid" 644
  disown
}

# A number in a pid file proves nothing after a restart of the machine; the mark in the environment does.
pid_is_ours() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null &&
    grep -zqxs "ENGUNITY_DEV_DAEMON=${DAEMON_MARK:-$ID}" "/proc/$1/environ"
}

daemon_pid() { cat "$DEV/run/$1.pid" 2>/dev/null || true; }
daemon_alive() { pid_is_ours "$(daemon_pid "$1")"; }

# Asks a daemon's whole process group to end, and after SECONDS makes it: daemon_stop NAME [SIGNAL] [SECONDS]
daemon_stop() {
  local name="$1" signal="${2:-TERM}" patience="${3:-20}" pid
  pid="$(daemon_pid "$name")"
  if pid_is_ours "$pid"; then
    kill -s "$signal" -- "-$pid" 2>/dev/null || kill -s "$signal" "$pid" 2>/dev/null || true
    wait_until "$patience" daemon_gone "$pid" || kill -KILL -- "-$pid" 2>/dev/null || true
    ok "$name stopped"
  fi
  rm -f "$DEV/run/$name.pid" "$DEV/run/$name.key"
}

# A zombie that nobody reaps (no init in a container) has ended too.
daemon_gone() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"; }

# Waits until a daemon answers; tells from its log when it died or stays silent: daemon_await NAME SECONDS COMMAND...
daemon_await() {
  local name="$1" deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    daemon_alive "$name" || die "$name ended while starting: $(daemon_last_words "$name") (whole log: .dev/log/$name.log)"
    [ "$SECONDS" -lt "$deadline" ] || die "$name does not answer in time: $(daemon_last_words "$name") (whole log: .dev/log/$name.log)"
    sleep 0.1
  done
}

daemon_last_words() { grep -v '^\s*$' "$DEV/log/$1.log" 2>/dev/null | tail -n 1 | cut -c1-300 || true; }

# Whatever still carries this clone's mark (epmd, a half-started server) must not survive `down`.
stragglers() {
  grep -zlxs "ENGUNITY_DEV_DAEMON=$ID" /proc/[0-9]*/environ | cut -d/ -f3 || true
}

stragglers_stop() {
  local pids
  pids="$(stragglers)"
  [ -n "$pids" ] || return 0
  # shellcheck disable=SC2086
  kill -TERM $pids 2>/dev/null || true
  wait_until 10 stragglers_gone || true
  # shellcheck disable=SC2046
  kill -KILL $(stragglers) 2>/dev/null || true
}

stragglers_gone() { [ -z "$(stragglers)" ]; }
