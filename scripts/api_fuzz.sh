# Holds the API document against a running coordinator with Schemathesis: requests that fit it, that do not, and chains
# of calls along its links.
# shellcheck shell=bash

# Enough for every call's boundary values and some hundred chains.
FUZZ_SECONDS=75
# The same requests in every test run, so that a change is to blame for what fails; longer runs choose their own.
FUZZ_SEED=1

# api_fuzz SECONDS: on the stack that e2e.sh starts, with data of its own.
api_fuzz() {
  api_fuzz_tools
  trap e2e_down EXIT
  ENGUNITY__AUTH__LOGIN_FAILURES_PER_MINUTE=0 ENGUNITY__AUTH__ACCESS_TOKEN_MINUTES=1440 \
    ENGUNITY__USER_LIMITS__PROJECTS=0 e2e_up
  api_fuzz_run "http://127.0.0.1:$E2E_PORT" "$1"
}

api_fuzz_tools() {
  FUZZ_ENV="$CACHE/tools/api-fuzz"
  with_lock tool-api-fuzz api_fuzz_install
}

# An interrupted installation leaves no complete environment, so it is repeated.
api_fuzz_install() {
  local wanted="$ROOT/scripts/api-fuzz/requirements.txt"
  ! cmp -s "$wanted" "$FUZZ_ENV/installed" || return 0
  note "installing the API fuzzer of scripts/api-fuzz/requirements.txt from PyPI, into the cache"
  python3 -m venv --clear "$FUZZ_ENV" || die "Python's venv module is missing: apt-get install python3-venv"
  "$FUZZ_ENV/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" ||
    die "the API fuzzer could not be installed; is PyPI reachable?"
  cp "$wanted" "$FUZZ_ENV/installed"
}

# api_fuzz_run URL SECONDS: as a user of its own; what a failure needs to be repeated is in .dev/api-fuzz.
api_fuzz_run() {
  local api="$1/api/v1" token failed=0
  # The first account would be an administrator's, who can stop workers and change everybody's limits.
  curl -fsS -m 20 -o /dev/null "$api/auth/register" -H 'content-type: application/json' \
    -d "{\"email\":\"first-$(random_hex 4)@example.org\",\"password\":\"$(random_hex 12)\"}"
  token="$(curl -fsS -m 20 "$api/auth/register" -H 'content-type: application/json' \
    -d "{\"email\":\"fuzz-$(random_hex 4)@example.org\",\"password\":\"$(random_hex 12)\"}" | jq -r .access_token)"
  # Chains of calls get time of their own, or a slow machine would spend all of it on single calls.
  api_fuzz_phases "$1" "$token" coverage,fuzzing $(($2 * 3 / 5)) || failed=1
  api_fuzz_phases "$1" "$token" stateful $(($2 * 2 / 5)) || failed=1
  return $failed
}

# api_fuzz_phases URL TOKEN PHASES SECONDS
api_fuzz_phases() {
  (cd "$ROOT/scripts/api-fuzz" && SCHEMATHESIS_HOOKS=hooks.py "$FUZZ_ENV/bin/schemathesis" \
    --config-file schemathesis.toml run "$1/api/v1/openapi.json" --url "$1" --header "Authorization: Bearer $2" \
    --phases "$3" --max-time "$4" --seed "$FUZZ_SEED" --checks all --exclude-checks not_a_server_error,positive_data_acceptance \
    --no-color --report junit --report-dir "$DEV/api-fuzz/$3")
}
