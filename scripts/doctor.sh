# Lists requirements and whether they are met. Reads only.
# shellcheck shell=bash

cmd_doctor() {
  MISSING=()
  say "Tools"
  doctor_tool "Rust >= $RUST_MINIMUM" rustc --version
  doctor_tool "C compiler" cc --version
  doctor_tool "pkg-config" pkg-config --version
  doctor_tool "Node.js >= 20.9" node --version
  doctor_tool "npm" npm --version
  doctor_tool "PostgreSQL server" "$(pg_bin || echo postgres)/postgres" --version
  doctor_tool "RabbitMQ server" doctor_rabbitmq
  doctor_tool "Garage (S3, built by ./dev)" "$(garage_bin)" --version
  doctor_tool "Docker client" docker --version
  doctor_tool "debootstrap" debootstrap --version
  doctor_tool "Chromium (browser tests)" chromium --version
  doctor_machine
  doctor_clone
  [ ${#MISSING[@]} = 0 ] || { say; note "./dev up installs the Debian packages and builds Garage; install Rust and Node.js yourself"; }
}

doctor_tool() {
  local title="$1" answer
  shift
  if answer="$("$@" 2>/dev/null | head -n 1)" && [ -n "$answer" ]; then
    printf '  ✓ %-30s %s\n' "$title" "$answer"
  else
    printf '  ✗ %-30s missing\n' "$title"
    MISSING+=("$title")
  fi
}

doctor_rabbitmq() { dpkg-query -W -f '${Version}\n' rabbitmq-server; }

doctor_machine() {
  local socket cgroup=v1
  [ ! -e /sys/fs/cgroup/cgroup.controllers ] || cgroup=v2
  say "Machine"
  printf '  · %s cores, %s memory, cgroup %s, user %s\n' "$(nproc)" "$(awk '/MemTotal/ {printf "%.0f GB", $2 / 1048576}' /proc/meminfo)" "$cgroup" "$(id -un)"
  doctor_disk "${HOME:-/root}"
  doctor_disk "$ROOT"
  if socket="$(docker_socket)"; then
    printf '  ✓ Docker Engine %s at %s (storage %s)\n' \
      "$(docker -H "$socket" version -f '{{.Server.Version}}')" "$socket" "$(docker -H "$socket" info -f '{{.Driver}}' 2>/dev/null)"
  elif is_root; then printf '  · Docker Engine does not run; ./dev starts its own\n'
  else printf '  ✗ Docker Engine does not answer, and only root can start one\n'; MISSING+=(docker); fi
}

doctor_disk() {
  local free
  free="$(df -Pm "$1" | awk 'NR == 2 {print int($4 / 1024)}')"
  if [ "$free" -ge 15 ]; then printf '  ✓ %s GB free at %s\n' "$free" "$1"; else printf '  ✗ %s GB free at %s; 15 are needed\n' "$free" "$1"; fi
}

doctor_clone() {
  [ -s "$DEV/id" ] || { say "This clone was not started yet."; return; }
  local ID name pid port
  ID="$(cat "$DEV/id")"
  say "This clone ($ID)"
  for pid in "$DEV"/run/*.pid; do
    [ -e "$pid" ] || continue
    name="$(basename "$pid" .pid)"
    if daemon_alive "$name"; then printf '  ✓ %-20s pid %s\n' "$name" "$(cat "$pid")"; else printf '  ✗ %-20s died; ./dev up starts it again\n' "$name"; fi
  done
  printf '  · embedding model %s\n' "$(embedder_status)"
  [ ! -e "$CACHE/clones/$ID/ports" ] || printf '  · ports %s\n' "$(xargs <"$CACHE/clones/$ID/ports")"
  port="$(cat "$DEV/port" 2>/dev/null || echo 8000)"
  if daemon_alive coordinator-1; then printf '  · http://127.0.0.1:%s\n' "$port"
  elif port_busy "$port"; then printf '  ✗ port %s is taken by %s\n' "$port" "$(port_owner "$port")"; fi
}
