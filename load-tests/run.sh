# What the benches share: the peers' Python and our binaries, both kept in the cache.
# shellcheck shell=bash
set -euo pipefail

HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
CACHE="${ENGUNITY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/engunity}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$CACHE/target}"
export BENCH_VENV="$CACHE/peers/venv"

# The peers, as their users get them: the newest releases from PyPI.
peers() {
  [ -e "$BENCH_VENV/ready" ] && cmp -s "$HERE/peers.txt" "$BENCH_VENV/ready" && return
  echo "installing the peers (Celery, FastAPI, SQLAlchemy) …" >&2
  python3 -m venv "$BENCH_VENV"
  "$BENCH_VENV/bin/pip" install --quiet --upgrade -r "$HERE/peers.txt"
  cp "$HERE/peers.txt" "$BENCH_VENV/ready"
}

# Builds everything a bench needs with one profile and runs its program: bench NAME [ARGUMENTS...]
bench() {
  local name="$1" profile="${BENCH_PROFILE:-release}" dir
  shift
  peers
  dir="$CARGO_TARGET_DIR/$([ "$profile" = dev ] && echo debug || echo "$profile")"
  echo "building with profile $profile …" >&2
  # The whole workspace: with -p, cargo would build the dependencies again with other features.
  (cd "$HERE/.." && cargo build --quiet --profile "$profile" --workspace --bins)
  exec "$dir/bench-$name" "$@"
}
