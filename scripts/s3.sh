# A private S3 server: Garage, one node. Built once from crates.io into the cache, as Debian has no package of it.
# shellcheck shell=bash

GARAGE_VERSION=2.5.0

GARAGE_OPTIMISED=()
for crate in sha2 blake2 md-5; do GARAGE_OPTIMISED+=(--config "profile.release.package.$crate.opt-level=3"); done
for crate in libsqlite3-sys hyper tokio; do GARAGE_OPTIMISED+=(--config "profile.release.package.$crate.opt-level=1"); done

garage_bin() { printf '%s\n' "${ENGUNITY_GARAGE:-$CACHE/garage/$GARAGE_VERSION/bin/garage}"; }

# (A binary in the cache can be older than this machine and miss its libraries.)
garage_runs() { "$(garage_bin)" --version >/dev/null 2>&1; }

garage_build() {
  garage_runs || with_lock garage garage_install
}

# Optimised only where bytes are hashed and moved, with Debian's libraries: ready in a quarter of the time, and fast
# enough for a private instance (50 MB in 1.2 s, a small object in 9 ms).
garage_install() {
  ! garage_runs || return 0
  rust_needed
  local tmp="$CACHE/garage/.new"
  mkdir -p "$tmp"
  env -C / CARGO_TARGET_DIR="$CACHE/garage/target" CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=symbols \
    cargo install "${GARAGE_OPTIMISED[@]}" "garage@$GARAGE_VERSION" --locked --no-default-features --features sqlite,system-libs \
    --root "$tmp" --no-track --force || die "the S3 server Garage did not build; run the command again, it continues where it stopped"
  rm -rf "${CACHE:?}/garage/$GARAGE_VERSION"
  mv "$tmp" "$CACHE/garage/$GARAGE_VERSION"
  rm -rf "$CACHE/garage/target"
}

s3_up() {
  daemon_alive s3 && s3_ready && return
  mkdir -p "$DATA/s3"
  local name
  for name in S3_PORT GARAGE_RPC_PORT GARAGE_ADMIN_PORT; do port_claim "$name"; done
  s3_config
  daemon_start s3 env RUST_LOG=warn GARAGE_DEFAULT_ACCESS_KEY="$S3_ACCESS_KEY" GARAGE_DEFAULT_SECRET_KEY="$S3_SECRET_KEY" \
    GARAGE_DEFAULT_BUCKET=engunity "$(garage_bin)" -c "$DATA/s3/garage.toml" server --single-node --default-bucket
  daemon_await s3 30 s3_ready
  [ -e "$DATA/s3/ready" ] || s3_allow
}

s3_config() {
  write_file "$DATA/s3/garage.toml" 600 <<EOF
metadata_dir = "$DATA/s3/meta"
data_dir = "$DATA/s3/data"
db_engine = "sqlite"
metadata_fsync = true
replication_factor = 1
rpc_bind_addr = "127.0.0.1:$GARAGE_RPC_PORT"
rpc_public_addr = "127.0.0.1:$GARAGE_RPC_PORT"
rpc_secret = "$GARAGE_RPC_SECRET"

[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:$S3_PORT"

[admin]
api_bind_addr = "127.0.0.1:$GARAGE_ADMIN_PORT"
admin_token = "$GARAGE_ADMIN_TOKEN"
EOF
}

s3_ready() { curl -fsS -m 2 "http://127.0.0.1:$GARAGE_ADMIN_PORT/health"; }

garage() { RUST_LOG=warn "$(garage_bin)" -c "$DATA/s3/garage.toml" "$@"; }

# The server made the key and the bucket by itself; the tests also make buckets of their own.
s3_allow() {
  garage key allow --create-bucket "$S3_ACCESS_KEY"
  touch "$DATA/s3/ready"
}

# One more bucket for the same key: s3_bucket NAME
s3_bucket() {
  garage bucket info "$1" >/dev/null 2>&1 || garage bucket create "$1" >/dev/null
  garage bucket allow --read --write --owner "$1" --key "$S3_ACCESS_KEY" >/dev/null
}

s3_down() { daemon_stop s3 TERM 15; }
