# All tests on the real stack: Rust, front-end units, and browsers against a coordinator with data of its own.
# shellcheck shell=bash

# A filter runs only the Rust tests whose names contain it; `web` and `e2e` are the front end's, `api-fuzz` takes
# `--minutes N`.
cmd_test() {
  local filter="${1:-}" began=$SECONDS
  fuzz_options "${@:2}"
  FAILED=()
  PACKAGES_FOR="test"
  services_open
  build_steps
  test_embedder_step "$filter"
  steps_wait
  services_close
  # shellcheck disable=SC1091
  . "$DEV/env"
  case "$filter" in web | e2e | api-fuzz) ;; *) run_check "Rust tests" test_rust "$filter" ;; esac
  case "$filter" in web | "") ! frontend_there || run_check "front-end tests" test_web ;; esac
  case "$filter" in e2e | "") [ ! -e "$FRONTEND/playwright.config.ts" ] || run_check "browser tests" test_e2e ;; esac
  case "$filter" in api-fuzz | "") run_check "API fuzzer" api_fuzz "$FUZZ_SECONDS" ;; esac
  [ ${#FAILED[@]} = 0 ] || die "failed: ${FAILED[*]} (after $(took $((SECONDS - began)))); see the lines above"
  ok "all tests passed ($(took $((SECONDS - began))))"
}

fuzz_options() {
  [ $# != 0 ] || return 0
  [[ "$1" = --minutes && "${2:-}" =~ ^[1-9][0-9]{0,3}$ && $# = 2 ]] || die "test api-fuzz takes --minutes N, not '$*'"
  FUZZ_SECONDS=$(($2 * 60))
  FUZZ_SEED=$RANDOM
}

# The tests of the real model run where it is set up; in continuous integration it has to be.
test_embedder_step() {
  case "$1" in web | e2e | api-fuzz) return ;; esac
  embedder_possible || { note "skipped: the tests of the real embedding model need an x86-64 processor"; return; }
  if embedder_ready; then return; fi
  if [ -n "${CI:-}" ] || { libtorch_there && model_there; }; then step embedder "Embedding model" in_order embedder_setup packages build
  else note "skipped: the tests of the real embedding model, which is not set up (./dev embedder does it, 900 MB and some minutes)"; fi
}

test_rust() {
  cd "$ROOT"
  cargo_tool nextest
  # Tests of the real model must then not be left out.
  ! embedder_ready || export ENGUNITY_TEST_EMBEDDER=1
  local result=0
  cargo nextest run --workspace --no-fail-fast ${1:+"$1"} || result=$?
  # The example of a new job kind exists only with a feature, so that no other test and no document knows it.
  [ -n "${1:-}" ] || cargo nextest run -p engunity-worker --features test-kind new_kind || result=$?
  return "$result"
}

test_web() {
  frontend_packages
  cd "$FRONTEND"
  npm test
}

test_e2e() {
  frontend_packages
  trap e2e_down EXIT
  e2e_up
  cd "$FRONTEND"
  E2E_BASE_URL="http://127.0.0.1:$E2E_PORT" ENGUNITY_URL="http://127.0.0.1:$E2E_PORT" E2E_OUTPUT="$DEV/e2e" CHROMIUM="$(command -v chromium || true)" \
    npm run e2e
}
