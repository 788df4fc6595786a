# Everything that can be said about the sources without running the product.
# shellcheck shell=bash

cmd_check() {
  FAILED=()
  cd "$ROOT"
  rust_needed
  target_claim
  run_check format cargo fmt --all -- --check
  run_check clippy cargo clippy --workspace --all-targets --quiet -- -D warnings
  run_check dependencies check_dependencies
  run_check architecture check_architecture
  run_check scripts check_scripts
  ! frontend_there || run_check web check_frontend
  [ ${#FAILED[@]} = 0 ] || die "check found something in: ${FAILED[*]}; the lines above say what"
  ok "all checks passed"
}

# Every check runs, whatever the others said.
run_check() {
  local name="$1" began=$SECONDS rc
  shift
  note "$name: $*"
  set +e
  (set -e; "$@")
  rc=$?
  set -e
  if [ $rc = 0 ]; then ok "$name ($(took $((SECONDS - began))))"; else FAILED+=("$name"); fi
}

# Known holes are listed in a database on GitHub: asked where it can be reached.
check_dependencies() {
  cargo_tool deny
  cargo deny --log-level error check bans licenses sources
  if timeout 20 git ls-remote -q https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
    cargo deny --log-level error check advisories
  else
    note "the advisory database cannot be reached from here: known holes were not looked for"
  fi
}

check_architecture() { cargo test --quiet --workspace --test architecture; }

check_scripts() {
  have shellcheck || { note "shellcheck is not installed: apt-get install shellcheck"; return; }
  shellcheck -x dev .ci/run scripts/*.sh languages/*/runtime/go-with-cache
}

check_frontend() {
  frontend_packages
  cd "$FRONTEND"
  npm run --silent typecheck
  npm run --silent lint
}
