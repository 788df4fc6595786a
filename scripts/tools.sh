# Helpers of cargo and linters: the installed ones, else built or downloaded once into the cache.
# shellcheck shell=bash

export PATH="$PATH:$CACHE/tools/bin:$CACHE/tools/python/bin"

# cargo_tool NAME: afterwards `cargo NAME` works.
cargo_tool() {
  have "cargo-$1" || with_lock "tool-$1" cargo_tool_install "$1"
}

cargo_tool_install() {
  ! have "cargo-$1" || return 0
  note "building cargo-$1 once, into the cache; this takes some minutes"
  env -C / CARGO_TARGET_DIR="$CACHE/tools/target" CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_DEBUG=0 cargo install "cargo-$1" --locked --quiet --root "$CACHE/tools" ||
    die "cargo-$1 could not be built; install it by hand: cargo install cargo-$1"
  rm -rf "$CACHE/tools/target"
}

# python_tools NAME...: afterwards these commands exist.
python_tools() {
  local name
  for name in "$@"; do have "$name" || { with_lock tool-python python_tools_install; return; }; done
}

# An interrupted installation leaves no complete environment, so it is repeated.
python_tools_install() {
  local env="$CACHE/tools/python"
  ! cmp -s "$ROOT/scripts/requirements.txt" "$env/installed" || return 0
  note "installing the linters of scripts/requirements.txt from PyPI, into the cache"
  python3 -m venv --clear "$env" || die "Python's venv module is missing: apt-get install python3-venv"
  "$env/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: -r "$ROOT/scripts/requirements.txt" ||
    die "the linters could not be installed; is PyPI reachable?"
  cp "$ROOT/scripts/requirements.txt" "$env/installed"
}
