# Everything that can be verified in the sources without running the product.
# shellcheck shell=bash

# Cheap ones first; those that compile share one set of dependencies (the metadata that `cargo check` writes).
CHECKS="format spelling scripts web dependencies unused clippy documentation architecture"

# check NAME... runs only these.
cmd_check() {
  local name began=$SECONDS names
  FAILED=()
  read -ra names <<<"${*:-$CHECKS}"
  cd "$ROOT"
  rust_needed
  target_claim
  for name in "${names[@]}"; do
    declare -F "check_$name" >/dev/null || die "there is no check '$name'; there are: $CHECKS"
    run_check "$name" "check_$name"
  done
  [ ${#FAILED[@]} = 0 ] || die "failed checks: ${FAILED[*]}; see the lines above"
  ok "all checks passed ($(took $((SECONDS - began))))"
}

# Every check runs, whatever the result of the others.
run_check() {
  local name="$1" began=$SECONDS rc
  shift
  note "$name"
  set +e
  (set -e; "$@")
  rc=$?
  set -e
  if [ $rc = 0 ]; then ok "$name ($(took $((SECONDS - began))))"; else FAILED+=("$name"); note "$name failed"; fi
}

check_format() { cargo fmt --all -- --check; }

check_spelling() {
  python_tools typos
  typos --format brief
}

check_scripts() {
  python_tools shellcheck
  shell_scripts | xargs -0 shellcheck -x
}

# All tracked shell scripts, by their first line; pieces that are sourced name their shell in a directive.
shell_scripts() { git -C "$ROOT" grep -lzE '^(#!.*sh$|# shellcheck shell=)' -- ':!*.md'; }

check_web() {
  frontend_there || return 0
  frontend_packages
  cd "$FRONTEND"
  npm run --silent typecheck
  npm run --silent lint
  npm run --silent --if-present format:check
}

# Licences, sources and versions. Known vulnerabilities are in a database on GitHub, which is asked where it is reachable.
check_dependencies() {
  cargo_tool deny
  cargo deny --log-level error check bans licenses sources
  if timeout 20 git ls-remote -q https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
    cargo deny --log-level error check advisories
  else
    note "the advisory database is not reachable from here: known vulnerabilities were not checked"
  fi
}

check_unused() {
  cargo_tool machete
  cargo machete
}

check_clippy() { cargo clippy --workspace --all-targets --quiet -- -D warnings; }

check_documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet; }

# Whole-tree rules that are written as tests: who may depend on what, and what texts contain.
check_architecture() { cargo test --quiet --workspace --test architecture --test texts; }
