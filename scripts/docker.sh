# Docker Engine: the running one, else Debian's dockerd, started here and shared by this user's clones.
# shellcheck shell=bash

DOCKER_DIR="$CACHE/docker"
DOCKER_RUN="/run/engunity-docker-$(printf '%s' "$CACHE" | short_hash)"

docker_socket() {
  local socket
  for socket in "${DOCKER_HOST:-}" unix:///var/run/docker.sock "unix://$DOCKER_RUN/docker.sock"; do
    [ -n "$socket" ] && docker_at "$socket" && { printf '%s\n' "$socket"; return; }
  done
  return 1
}

docker_at() {
  local path="${1#unix://}"
  case "$1" in
    unix://*) [ -S "$path" ] && curl -fsS -m 5 --unix-socket "$path" http://docker/_ping >/dev/null 2>&1 ;;
    *) have docker && docker -H "$1" version >/dev/null 2>&1 ;;
  esac
}

docker_answers() { docker_socket >/dev/null; }

docker_up() {
  docker_answers || with_lock docker docker_start
  DOCKER_HOST="$(docker_socket)"
  export DOCKER_HOST
  [ "$DOCKER_HOST" != "unix://$DOCKER_RUN/docker.sock" ] || touch "$CACHE/clones/$ID/uses-docker"
}

# Without a bridge and without iptables: sandboxes have no network, builds use the host's, the machine's stays as it is.
docker_start() {
  docker_answers && return
  is_root || die "Docker does not respond; start it, or add your user to the group docker (or run ./dev as root)"
  have dockerd || die "dockerd is missing; run: apt-get install --no-install-recommends docker.io"
  mkdir -p "$DOCKER_DIR" "$DOCKER_RUN"
  rm -f "$DOCKER_RUN/docker.pid" "$DOCKER_RUN/docker.sock"
  DAEMON_MARK=docker daemon_start dockerd dockerd --host "unix://$DOCKER_RUN/docker.sock" --data-root "$DOCKER_DIR" \
    --exec-root "$DOCKER_RUN/exec" --pidfile "$DOCKER_RUN/docker.pid" --containerd-namespace engunity \
    --bridge none --iptables=false --ip-masq=false --ip-forward=false --log-level warn
  rm -f "$DEV/run/dockerd.pid.tmp"
  mv -f "$DEV/run/dockerd.pid" "$DOCKER_RUN/daemon.pid"
  docker_await
}

docker_await() {
  wait_until 60 docker_answers ||
    die "dockerd does not respond: $(daemon_last_line dockerd) (whole log: .dev/log/dockerd.log)"
}

# Sandboxes of this clone: its workers carry its id in their names.
docker_containers() {
  docker ps -aq --filter label=engunity.worker --format '{{.ID}} {{.Label "engunity.worker"}}' 2>/dev/null |
    awk -v id="$ID" 'index($2, id) { print $1 }'
}

docker_down() {
  if DOCKER_HOST="$(docker_socket)"; then
    export DOCKER_HOST
    docker_remove "$(docker_containers)"
  fi
  with_lock docker docker_stop
}

docker_remove() {
  [ -n "$1" ] || return 0
  # shellcheck disable=SC2086
  docker rm -f $1 >/dev/null
  ok "leftover sandboxes removed"
}

# The shared dockerd stops with the last clone that uses it, together with its remaining sandboxes.
docker_stop() {
  rm -f "$CACHE/clones/$ID/uses-docker"
  local pid
  pid="$(cat "$DOCKER_RUN/daemon.pid" 2>/dev/null || true)"
  [ -n "$pid" ] || return 0
  if compgen -G "$CACHE/clones/*/uses-docker" >/dev/null; then
    note "dockerd keeps running: another clone uses it"
    return
  fi
  if DAEMON_MARK=docker pid_is_ours "$pid"; then
    docker_remove "$(docker -H "unix://$DOCKER_RUN/docker.sock" ps -aq --filter label=engunity.worker 2>/dev/null | xargs || true)"
    kill -TERM "$pid"
    wait_until 30 daemon_gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
    ok "dockerd stopped"
  fi
  # A dockerd that was killed leaves these mounted.
  umount "$DOCKER_RUN"/exec/netns/* "$DOCKER_DIR" 2>/dev/null || true
  rm -rf "$DOCKER_RUN"
}
