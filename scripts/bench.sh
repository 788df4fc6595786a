# Measurements: each folder of load-tests/ that has a `run` is one.
# shellcheck shell=bash

benches() {
  local file
  for file in "$ROOT"/load-tests/*/run; do [ ! -x "$file" ] || basename "$(dirname "$file")"; done
}

cmd_bench() {
  local name="${1:-}"
  [ -n "$name" ] || { say "./dev bench NAME runs one of:"; benches | sed 's/^/  /'; return; }
  [ -x "$ROOT/load-tests/$name/run" ] || die "there is no bench '$name'; there are: $(benches | xargs)"
  shift
  PACKAGES_FOR="bench"
  services_open
  # What stands on load-tests/run.sh builds its own programs, in the profile that it measures.
  if grep -q 'run\.sh' "$ROOT/load-tests/$name/run"; then target_claim; else build_steps; fi
  steps_wait
  services_close
  # shellcheck disable=SC1091
  . "$DEV/env"
  ENGUNITY_DEV="$DEV" ENGUNITY_CACHE="$CACHE" "$ROOT/load-tests/$name/run" "$@" ||
    die "bench $name ended with status $?; see the lines above"
}
