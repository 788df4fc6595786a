# What `./dev up` will install, build and start, and how long that takes. Reads only.
# shellcheck shell=bash

PLAN=()
PLAN_CPU_SECONDS=0

# `./dev up --check`: prints the plan and changes nothing.
cmd_up_check() {
  up_plan
  note "nothing was changed; ./dev up does it"
}

up_plan() {
  PLAN=()
  PLAN_CPU_SECONDS=0
  plan_packages
  plan_services
  plan_images
  plan_builds
  plan_embedder
  [ ${#PLAN[@]} -gt 0 ] || { note "nothing to install or to build"; return; }
  say "To do before the start, about $(plan_minutes) on $(nproc) cores (downloads depend on the network):"
  printf '  · %s\n' "${PLAN[@]}"
}

# plan CPU-SECONDS TEXT: the seconds were measured on a slow machine (2.4 GHz, AVX2).
plan() {
  PLAN_CPU_SECONDS=$((PLAN_CPU_SECONDS + $1))
  PLAN+=("$2")
}

# More than four cores wait for the longest chain of crates; a part has idle moments, hence the third.
plan_minutes() {
  local cores
  cores="$(nproc)"
  [ "$cores" -le 4 ] || cores=4
  local minutes=$(((PLAN_CPU_SECONDS * 4 / 3 / cores + 59) / 60))
  if [ "$minutes" -le 1 ]; then echo "1 minute"; else echo "$minutes minutes"; fi
}

plan_packages() {
  local missing
  missing="$(packages_missing | tr ' ' '\n' | sort -u | xargs)"
  [ -z "$missing" ] || plan 60 "install Debian packages (as root or with sudo): $missing"
}

plan_services() {
  garage_runs || plan 540 "build the S3 server Garage $GARAGE_VERSION from crates.io, once, into $CACHE"
  docker_answers || plan 2 "start a private Docker Engine with its images in $CACHE/docker"
}

# Which images exist is known only while an engine answers.
plan_images() {
  local lang socket missing=()
  if socket="$(docker_socket)"; then
    local -x DOCKER_HOST="$socket"
    for lang in $(runtimes); do image_there "$(deps_image "$lang")" || missing+=("$lang"); done
    [ ${#missing[@]} = 0 ] || plan $((25 * ${#missing[@]})) "build sandbox images from Debian packages: ${missing[*]}"
  elif [ ! -d "$DOCKER_DIR/image" ]; then
    plan 225 "build sandbox images from Debian packages: $(runtimes | xargs)"
  fi
}

# In the background, after the start: it is no part of the estimate.
plan_embedder() {
  [ "$(uname -m)" = x86_64 ] || return 0
  libtorch_there && model_there && [ -x "$EMBEDDER" ] ||
    plan 0 "afterwards, in the background: fetch libtorch and the embedding model (900 MB), build the embedder (some minutes)"
}

plan_builds() {
  [ -e "$CARGO_TARGET_DIR/debug/engunity-coordinator" ] ||
    plan 600 "compile coordinator, worker and command line with their dependencies, into $CARGO_TARGET_DIR"
  frontend_there || return 0
  [ -e "$FRONTEND/node_modules/.package-lock.json" ] || [ -e "$CACHE/frontend/$(frontend_hash)/index.html" ] ||
    plan 30 "install the web IDE's npm packages"
  [ -e "$FRONTEND/out/index.html" ] || [ -e "$CACHE/frontend/$(frontend_hash)/index.html" ] ||
    plan 90 "build the web IDE"
}
