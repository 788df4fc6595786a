# Cargo's helpers: the ones that are installed, else built once into the cache.
# shellcheck shell=bash

export PATH="$PATH:$CACHE/tools/bin"

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
