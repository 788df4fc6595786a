# Sandbox images, built without a registry: debootstrap -> base -> one `-deps` image per runtime -> the agent's layer.
# Each image is tagged with a hash of its inputs, so only changed images are built again.
# shellcheck shell=bash

SUITE=bookworm
LANGUAGES="$ROOT/languages"
IMAGE="$ROOT/worker/image"

rootfs_file() { printf '%s\n' "$CACHE/images/debian-$SUITE.tar"; }
base_image() { printf 'engunity/base:%s\n' "$({ printf '%s ' "$SUITE" "${ENGUNITY_ROOTFS_IMAGE:-}"; cat "$IMAGE/base.Dockerfile"; } | short_hash)"; }
deps_image() { printf 'engunity/%s-deps:%s\n' "$(image_name "$1")" "$({ base_image; runtime_hash "$1"; } | short_hash)"; }
final_image() { printf 'engunity/%s:%s\n' "$(image_name "$1")" "$({ deps_image "$1"; cat "$IMAGE/agent.Dockerfile" "$2"; } | short_hash)"; }

# The inputs of an image: not the starter and smoke program beside it.
runtime_hash() { hash_tree "$LANGUAGES/$1/runtime" ! -iname 'main.*' ! -path './smoke/*'; }

# What the language calls its image, without a prefix and a tag.
image_name() { sed -n 's/^image = "\(.*\)"$/\1/p' "$LANGUAGES/$1/language.toml"; }

# Names of this clone alone, so that two clones with different agents can share a Docker Engine.
image_prefix() { printf 'engunity/%s/\n' "$ID"; }

images_untag() {
  docker_answers || return 0
  docker images --format '{{.Repository}}:{{.Tag}}' "$(image_prefix)*" | xargs -r docker rmi >/dev/null 2>&1 || true
}

# The languages that can run.
runtimes() {
  local file
  for file in "$LANGUAGES"/*/runtime/Dockerfile; do basename "${file%/runtime/Dockerfile}"; done
}

image_there() { docker image inspect "$1" >/dev/null 2>&1; }

# The classic builder: every Docker Engine and client from 20.10 on has it without a plug-in.
image_build() { DOCKER_BUILDKIT=0 docker build --network host --force-rm "$@"; }

# Builds everything except the layer with the agent.
images_deps() {
  with_lock images images_deps_build
}

images_deps_build() {
  local lang missing=()
  for lang in $(runtimes); do image_there "$(deps_image "$lang")" || missing+=("$lang"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  base_build
  images_deps_parallel "${missing[@]}"
}

# Builds two at a time: while one unpacks, the other downloads. `c` goes first, for the layer that others reuse.
images_deps_parallel() {
  local lang running=0
  case " $* " in *" c "*) image_deps_build c ;; esac
  for lang in "$@"; do
    [ "$lang" != c ] || continue
    [ $running -lt 2 ] || { wait -n || die "an image did not build; see .dev/log/image-*.log"; running=$((running - 1)); }
    image_deps_build "$lang" &
    running=$((running + 1))
  done
  while [ $running -gt 0 ]; do
    wait -n || die "an image did not build; see .dev/log/image-*.log"
    running=$((running - 1))
  done
}

image_deps_build() {
  local lang="$1" began=$SECONDS
  say "image of $lang"
  image_build -q -t "$(deps_image "$lang")" --build-arg "BASE=$(base_image)" "$LANGUAGES/$lang/runtime" >"$DEV/log/image-$lang.log" 2>&1 ||
    die "the image of $lang did not build: $(tail -n 1 "$DEV/log/image-$lang.log") (log: .dev/log/image-$lang.log)"
  say "image of $lang built in $(took $((SECONDS - began)))"
}

base_build() {
  local rootfs="${ENGUNITY_ROOTFS_IMAGE:-engunity/debian:$SUITE}"
  image_there "$(base_image)" && return
  [ -n "${ENGUNITY_ROOTFS_IMAGE:-}" ] || image_there "$rootfs" || rootfs_import "$rootfs"
  say "base image"
  image_build -q -t "$(base_image)" --build-arg "ROOTFS=$rootfs" -f "$IMAGE/base.Dockerfile" "$IMAGE" >"$DEV/log/image-base.log" 2>&1 ||
    die "the base image did not build: $(tail -n 1 "$DEV/log/image-base.log") (log: .dev/log/image-base.log)"
}

rootfs_import() {
  [ -s "$(rootfs_file)" ] || rootfs_make
  docker import "$(rootfs_file)" "$1"
}

# Makes a minimal Debian and keeps it in the cache: any later Docker Engine gets it without a download.
rootfs_make() {
  is_root || die "building the Debian base needs root; run once as root, or set ENGUNITY_ROOTFS_IMAGE=debian:$SUITE-slim where a registry is reachable"
  local dir="$CACHE/images/rootfs.new"
  rm -rf "$dir"
  mkdir -p "$dir"
  say "debootstrap of Debian $SUITE"
  debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$dir" "${ENGUNITY_DEBIAN_MIRROR:-http://deb.debian.org/debian}" ||
    die "debootstrap failed: is the Debian mirror reachable? (ENGUNITY_DEBIAN_MIRROR names another)"
  rm -rf "$dir"/var/cache/apt/archives/*.deb "$dir"/var/lib/apt/lists/*
  tar -C "$dir" --numeric-owner -cf "$(rootfs_file).tmp" .
  mv "$(rootfs_file).tmp" "$(rootfs_file)"
  rm -rf "$dir"
}

# The last layer, as soon as the agent is built: a second per runtime.
images_agent() {
  with_lock images images_agent_build "$DEV/bin/engunity-agent"
}

images_agent_build() {
  local agent="$1" lang image context made=0
  context="$(mktemp -d)"
  cp "$agent" "$context/engunity-agent"
  for lang in $(runtimes); do
    image="$(final_image "$lang" "$agent")"
    image_there "$image" || {
      say "adding the agent to the image of $lang"
      image_build -q -t "$image" --build-arg "DEPS=$(deps_image "$lang")" -f "$IMAGE/agent.Dockerfile" "$context" >"$DEV/log/image-agent.log" 2>&1 ||
        die "the agent's layer did not build for $lang: $(tail -n 1 "$DEV/log/image-agent.log") (log: .dev/log/image-agent.log)"
      made=$((made + 1))
    }
    docker tag "$image" "$(image_prefix)$(image_name "$lang"):latest"
  done
  rm -rf "$context"
  say "result: $made of $(runtimes | wc -l) built"
}
