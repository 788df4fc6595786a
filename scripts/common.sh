# Output, paths, locks and waiting, shared by every part of ./dev.
# shellcheck shell=bash

DEV="$ROOT/.dev"
CACHE="${ENGUNITY_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/engunity}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$CACHE/target}"

say()  { printf '%s\n' "$*"; }
ok()   { printf '✓ %s\n' "$*"; }
note() { printf '· %s\n' "$*"; }

# Prints the last line of a failed command: what is wrong, and what to do.
die() { : >"$DIED"; printf 'dev: %s\n' "$*" >&2; exit 1; }

# A subshell that dies has printed the reason; the main shell must not add a second one.
DIED="${TMPDIR:-/tmp}/engunity-dev-died.$$"
on_exit() {
  local rc=$?
  trap - EXIT
  steps_kill
  [ "$rc" = 0 ] || [ -e "$DIED" ] || explain_exit "$rc"
  rm -f "$DIED"
  exit "$rc"
}
explain_exit() {
  case "$1" in
    130 | 143) printf 'dev: interrupted; run the same command again, it continues where it stopped\n' >&2 ;;
    *) printf 'dev: a command failed with status %s, see the lines above; ./dev doctor lists what is missing\n' "$1" >&2 ;;
  esac
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }
random_hex() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
short_hash() { sha256sum | cut -c1-12; }

# Replaces a file atomically, so that an interrupted run leaves no partial file: write_file PATH MODE <content
write_file() {
  local tmp="$1.tmp.$BASHPID"
  (umask 077 && cat >"$tmp")
  chmod "$2" "$tmp"
  mv -f "$tmp" "$1"
}

# Repeats a command until it succeeds: wait_until SECONDS COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# Runs a command while no other clone runs one under the same name: with_lock NAME COMMAND...
# (Daemons close descriptor 9, or they would hold the lock while they run.)
with_lock() {
  local name="$1"
  shift
  mkdir -p "$CACHE/locks"
  (
    flock -n 9 || { note "another clone is busy with $name; waiting for it"; flock 9; }
    "$@"
  ) 9>"$CACHE/locks/$name"
}

# A hash over names, modes and contents of what `find` selects: hash_tree DIR [FIND-TESTS...]
hash_tree() {
  local dir="$1"
  shift
  (
    cd "$dir"
    find . -type f "$@" -printf '%P %m\n' | LC_ALL=C sort
    find . -type f "$@" -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
  ) | short_hash
}

took() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
