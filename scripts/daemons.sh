# Background processes: each in its own session, identified by a pid file and a mark in its environment.
# shellcheck shell=bash

# Background processes yield to interactive ones. Where the kernel distributes CPU time between sessions (autogroup), a
# nice value counts only within a session, so both are set.
IN_BACKGROUND='{ echo 5 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 5 "$@"'

# Starts a program in the background: daemon_start NAME COMMAND...   (.dev/run/NAME.pid, .dev/log/NAME.log)
daemon_start() {
  local name="$1"
  shift
  env -C / ENGUNITY_DEV_DAEMON="${DAEMON_MARK:-$ID}" setsid sh -c "$IN_BACKGROUND" sh "$@" >>"$DEV/log/$name.log" 2>&1 </dev/null 9>&- &
  printf '%s\n' "$!" | write_file "$DEV/run/$name.pid" 644
  disown
}

# A pid may belong to another process after a reboot; the mark in the environment identifies ours.
pid_is_ours() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null &&
    grep -zqxs "ENGUNITY_DEV_DAEMON=${DAEMON_MARK:-$ID}" "/proc/$1/environ"
}

daemon_pid() { cat "$DEV/run/$1.pid" 2>/dev/null || true; }
daemon_alive() { pid_is_ours "$(daemon_pid "$1")"; }

# Signals a daemon's process group, and kills it after SECONDS: daemon_stop NAME [SIGNAL] [SECONDS]
daemon_stop() {
  local name="$1" signal="${2:-TERM}" timeout_s="${3:-20}" pid
  pid="$(daemon_pid "$name")"
  if pid_is_ours "$pid"; then
    kill -s "$signal" -- "-$pid" 2>/dev/null || kill -s "$signal" "$pid" 2>/dev/null || true
    wait_until "$timeout_s" daemon_gone "$pid" || kill -KILL -- "-$pid" 2>/dev/null || true
    ok "$name stopped"
  fi
  rm -f "$DEV/run/$name.pid" "$DEV/run/$name.key"
}

# A zombie that nobody reaps (a container without init) counts as ended.
daemon_gone() { ! kill -0 "$1" 2>/dev/null || grep -qs '^State:.Z' "/proc/$1/status"; }

# Waits until a daemon is ready; quotes its log if it exits or does not respond: daemon_await NAME SECONDS COMMAND...
daemon_await() {
  local name="$1" deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    daemon_alive "$name" || die "$name exited during its start: $(daemon_last_line "$name") (whole log: .dev/log/$name.log)"
    [ "$SECONDS" -lt "$deadline" ] || die "$name did not respond in time: $(daemon_last_line "$name") (whole log: .dev/log/$name.log)"
    sleep 0.1
  done
}

daemon_last_line() { grep -v '^\s*$' "$DEV/log/$1.log" 2>/dev/null | tail -n 1 | cut -c1-300 || true; }

# No process with this clone's mark (epmd, a half-started server) may survive `down`.
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
