# Builds our programs and the web IDE. Cargo and a hash decide what has changed.
# shellcheck shell=bash

RUST_MINIMUM=1.95

# rust-toolchain.toml names the stable channel. Where rustup has only a toolchain of another name, it would download one:
# then the default toolchain is used, and the version is checked as always.
toolchain_open() {
  have rustup && [ -z "${RUSTUP_TOOLCHAIN:-}" ] || return 0
  ! rustup toolchain list 2>/dev/null | grep -q '^stable-' || return 0
  RUSTUP_TOOLCHAIN="$(cd / && rustup default 2>/dev/null | cut -d' ' -f1)"
  [ -z "$RUSTUP_TOOLCHAIN" ] || export RUSTUP_TOOLCHAIN
}
toolchain_open

rust_needed() {
  have cargo || die "Rust $RUST_MINIMUM or newer is missing: install it from https://rustup.rs, then run the command again"
  local version
  version="$(cd "$ROOT" && rustc --version | awk '{print $2}')"
  [ "$(printf '%s\n' "$RUST_MINIMUM" "$version" | sort -V | head -n 1)" = "$RUST_MINIMUM" ] ||
    die "Rust $version is too old, $RUST_MINIMUM is needed: rustup update stable"
}

# Clones share the target directory: a lock keeps a binary from being replaced between its build and its copy.
build_rust() {
  rust_needed
  mkdir -p "$CARGO_TARGET_DIR"
  with_lock build build_and_copy
}

build_and_copy() {
  local program
  cd "$ROOT"
  target_claim
  cargo build --workspace --exclude engunity-load-tests --exclude engunity-agent --exclude engunity-testkit --bins ||
    die "the workspace does not build; see the compiler's errors above"
  # Static, as it runs in any image. The flag is given to the program alone, so that it shares its libraries with the rest.
  cargo rustc -p engunity-agent --bin engunity-agent -- -C target-feature=+crt-static ||
    die "the agent does not build; see the compiler's errors above"
  for program in engunity-coordinator engunity-worker engunity; do
    binary_install "$CARGO_TARGET_DIR/debug/$program" "$DEV/bin/$program"
  done
  agent_install "$CARGO_TARGET_DIR/debug/engunity-agent"
}

# Cargo names our crates alike in every clone and knows a changed source by its time alone. So when another clone has
# used the target directory last, all sources of this one must look new.
target_claim() {
  local last="$CARGO_TARGET_DIR/last-clone"
  mkdir -p "$CARGO_TARGET_DIR"
  [ "$(cat "$last" 2>/dev/null)" != "$ROOT" ] || return 0
  find "$ROOT"/{cli,coordinator,crates,embedder,load-tests,migrations,worker} -type f -exec touch {} +
  printf '%s\n' "$ROOT" >"$last"
}

# Copies and renames: a running process keeps its file, and the linker may overwrite the original.
binary_install() {
  cmp -s "$1" "$2" && return
  cp "$1" "$2.new"
  mv -f "$2.new" "$2"
}

agent_install() {
  local stripped
  stripped="$(mktemp "$DEV/bin/agent.XXXXXX")"
  strip -o "$stripped" "$1"
  chmod 755 "$stripped"
  binary_install "$stripped" "$DEV/bin/engunity-agent"
  rm -f "$stripped"
}

FRONTEND="$ROOT/frontend"

frontend_there() { [ -e "$FRONTEND/package.json" ]; }

frontend_hash() {
  (cd "$FRONTEND" && find . \( -name node_modules -o -name .next -o -name out -o -name e2e -o -path ./public/vs -o -name test-results -o -name next-env.d.ts \) \
    -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | short_hash
}

# Keeps the exported site per hash of the sources, so that a second clone copies it.
frontend_build() {
  local hash kept
  hash="$(frontend_hash)"
  kept="$CACHE/frontend/$hash"
  [ "$(cat "$DEV/frontend.hash" 2>/dev/null)" = "$hash" ] && [ -e "$FRONTEND/out/index.html" ] && return
  if [ -e "$kept/index.html" ]; then
    rm -rf "$FRONTEND/out"
    cp -r "$kept" "$FRONTEND/out"
  else
    frontend_packages
    (cd "$FRONTEND" && NEXT_TELEMETRY_DISABLED=1 nice -n 5 npm run build) || die "the web IDE does not build; see the lines above"
    mkdir -p "$CACHE/frontend"
    rm -rf "$kept.new"
    cp -r "$FRONTEND/out" "$kept.new"
    mv -T "$kept.new" "$kept" 2>/dev/null || rm -rf "$kept.new"
    frontend_gc
  fi
  printf '%s\n' "$hash" | write_file "$DEV/frontend.hash" 644
}

# Keeps the five newest exports.
frontend_gc() {
  # shellcheck disable=SC2012
  ls -dt "$CACHE"/frontend/*/ | tail -n +6 | xargs -r rm -rf
}

frontend_packages() {
  [ "$FRONTEND/node_modules/.package-lock.json" -nt "$FRONTEND/package-lock.json" ] && return
  have npm || die "Node.js 20.9 or newer with npm is missing: install it from https://nodejs.org, then run the command again"
  (cd "$FRONTEND" && npm ci --cache "$CACHE/npm" --prefer-offline --no-audit --no-fund) ||
    die "the front end's packages could not be installed; is the npm registry reachable?"
}
