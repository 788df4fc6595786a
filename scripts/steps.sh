# Runs long steps in parallel: those that wait for network and disk beside those that compile, with one progress line.
# shellcheck shell=bash

declare -A STEP_PID=() STEP_TITLE=() STEP_BEGAN=()
STEPS_DIR=""

steps_open() {
  STEPS_DIR="$DEV/run/steps"
  rm -rf "$STEPS_DIR"
  mkdir -p "$STEPS_DIR"
}

# Starts a step in a process group of its own: step NAME TITLE COMMAND...   (log: .dev/log/step-NAME.log)
step() {
  local name="$1" title="$2"
  shift 2
  STEP_TITLE[$name]="$title" STEP_BEGAN[$name]=$SECONDS
  set -m
  step_body "$name" "$@" >"$DEV/log/step-$name.log" 2>&1 </dev/null &
  STEP_PID[$name]=$!
  set +m
}

# (`("$@") || rc=$?` would switch errexit off inside the step.)
step_body() {
  local name="$1" rc
  shift
  set +em
  trap - EXIT INT TERM
  (set -e; "$@")
  rc=$?
  printf '%s\n' "$rc" >"$STEPS_DIR/$name.tmp"
  mv "$STEPS_DIR/$name.tmp" "$STEPS_DIR/$name"
}

# Inside a step: waits until other steps have succeeded. If one fails, ./dev ends with its message.
after() {
  local name
  for name in "$@"; do
    until [ "$(cat "$STEPS_DIR/$name" 2>/dev/null)" = 0 ]; do sleep 0.1; done
  done
}

steps_wait() {
  local name last_shown=$SECONDS
  while [ ${#STEP_PID[@]} -gt 0 ]; do
    for name in "${!STEP_PID[@]}"; do
      if [ -e "$STEPS_DIR/$name" ]; then step_finish "$name"
      elif ! kill -0 "${STEP_PID[$name]}" 2>/dev/null && [ ! -e "$STEPS_DIR/$name" ]; then echo 1 >"$STEPS_DIR/$name"; fi
    done
    if [ -t 1 ]; then progress_line
    elif [ $((SECONDS - last_shown)) -ge 20 ]; then last_shown=$SECONDS; progress_block; fi
    sleep 0.2
  done
}

step_finish() {
  local name="$1" rc seconds=$((SECONDS - STEP_BEGAN[$1]))
  rc="$(cat "$STEPS_DIR/$name")"
  unset "STEP_PID[$name]"
  [ -t 1 ] && printf '\r\033[K'
  if [ "$rc" != 0 ]; then step_fail "$name"; fi
  ok "${STEP_TITLE[$name]} ($(took $seconds))$(step_result "$name")"
}

# The first failure ends everything; its last line is the message.
step_fail() {
  local name="$1" log="$DEV/log/step-$1.log" reason
  reason="$(grep '^dev: ' "$log" | tail -n 1 | sed 's/^dev: //' || true)"
  [ -n "$reason" ] || { tail -n 15 "$log" >&2; reason="$(tail -n 1 "$log" | cut -c1-300)"; }
  die "${STEP_TITLE[$name]} failed: $reason (log: .dev/log/step-$name.log)"
}

step_result() { sed -n 's/^result: /: /p' "$DEV/log/step-$1.log" | tail -n 1; }

# The last output line of a running step.
step_doing() {
  printf '%s %s' "${STEP_TITLE[$1]}" "$(took $((SECONDS - STEP_BEGAN[$1])))"
  tail -c 2000 "$DEV/log/step-$1.log" 2>/dev/null | tr '\r' '\n' | grep -v '^\s*$' | tail -n 1 | sed 's/^ */ — /' | cut -c1-"${2:-90}" || true
}

progress_line() {
  local name line=""
  for name in "${!STEP_PID[@]}"; do line+="$(step_doing "$name" 34) | "; done
  printf '\r\033[K%.*s' $(($(tput cols 2>/dev/null || echo 100) - 2)) "… ${line% | }"
}

progress_block() {
  local name
  for name in "${!STEP_PID[@]}"; do note "$(step_doing "$name" 90)"; done
}

# Returns when all have ended, so that the next command finds nothing half started.
steps_kill() {
  local pid
  for pid in "${STEP_PID[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
  for pid in "${STEP_PID[@]}"; do wait_until 10 step_gone "$pid" || kill -KILL -- "-$pid" 2>/dev/null || true; done
}

step_gone() { ! kill -0 -- "-$1" 2>/dev/null; }
