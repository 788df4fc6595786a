# What both search benches start with.
# shellcheck shell=bash
# shellcheck source=load-tests/run.sh
. "$(dirname "${BASH_SOURCE[0]}")/../run.sh"
profile="${BENCH_PROFILE:-release}"
(cd "$HERE/.." && cargo build --quiet --profile "$profile" -p engunity-hybrid-index --example drive)
folder="$profile"
[ "$profile" = dev ] && folder=debug
export BENCH_DRIVE="$CARGO_TARGET_DIR/$folder/examples/drive"
export BENCH_PROJECTS="$CACHE/peers/search-projects"
export BENCH_PROFILE="$profile"
SEARCH_VENV="$CACHE/peers/search-venv"
# The environment of a bench: NAME of a list of packages in the folder of the bench, if it has one.
search_python() {
  local wanted="$1/requirements.txt"
  [ -e "$SEARCH_VENV/bin/python" ] || python3 -m venv "$SEARCH_VENV"
  if [ -e "$wanted" ] && ! cmp -s "$wanted" "$SEARCH_VENV/ready"; then
    "$SEARCH_VENV/bin/pip" install --quiet -r "$wanted"
    cp "$wanted" "$SEARCH_VENV/ready"
  fi
  PYTHONPATH="$HERE/search" "$SEARCH_VENV/bin/python" "$1/bench.py" "${@:2}"
}
