# Debian packages: installs only those whose commands are missing, without starting system services.
# shellcheck shell=bash

# command or file -> package
PACKAGES="cc=build-essential pkg-config=pkg-config setpriv=util-linux curl=curl jq=jq ss=iproute2 git=git
tar=tar python3=python3 /usr/lib/rabbitmq/bin/rabbitmq-server=rabbitmq-server"

packages_missing() {
  local pair
  for pair in $PACKAGES; do have "${pair%%=*}" || printf '%s ' "${pair#*=}"; done
  pg_bin >/dev/null || printf 'postgresql-15 '
  docker_answers || have dockerd || printf 'docker.io '
  docker_answers || have docker || printf 'docker.io '
  have debootstrap || [ -n "${ENGUNITY_ROOTFS_IMAGE:-}" ] || [ -s "$(rootfs_file)" ] || printf 'debootstrap '
  garage_runs || pkg-config --exists sqlite3 libsodium libzstd 2>/dev/null || printf 'libsqlite3-dev libsodium-dev libzstd-dev '
  [ -z "${1:-}" ] || [ ! -e "$ROOT/frontend/package.json" ] || have chromium || printf 'chromium '
  [ "${1:-}" != bench ] || have wrk || printf 'wrk '
  [ -z "${1:-}" ] || python3 -c 'import ensurepip' 2>/dev/null || printf 'python3-venv '
}

packages_install() {
  local missing
  missing="$(packages_missing "${1:-}" | tr ' ' '\n' | sort -u | xargs)"
  [ -n "$missing" ] || { say "result: nothing missing"; return; }
  have apt-get || die "these Debian packages are missing and there is no apt-get: $missing; install the equivalent packages"
  say "installing $missing"
  with_lock apt packages_apt "$missing"
  say "result: $missing"
}

packages_apt() {
  local as=()
  is_root || as=(sudo -n)
  "${as[@]}" true 2>/dev/null || die "these packages are missing: $1; run: sudo apt-get install --no-install-recommends $1"
  policy_guard "${as[@]}"
  # shellcheck disable=SC2086
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get update -q -o Acquire::Retries=3 && apt-get install -y -q --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 $1" ||
    die "apt-get could not install $1; see why with: apt-get install $1"
}

# During installation invoke-rc.d consults this file and starts nothing (an existing one stays).
policy_guard() {
  POLICY=/usr/sbin/policy-rc.d
  [ -e "$POLICY" ] && return
  printf '#!/bin/sh\nexit 101\n' | "$@" tee "$POLICY" >/dev/null
  "$@" chmod 755 "$POLICY"
  # shellcheck disable=SC2064
  trap "$* rm -f $POLICY" EXIT
}
