# Private ports: the first free one from each default on, stored, and never shared with another clone.
# shellcheck shell=bash

PORT_DEFAULTS="PG_PORT=15432 AMQP_PORT=15673 AMQP_MGMT_PORT=15674 AMQP_DIST_PORT=15675 EPMD_PORT=15676
S3_PORT=13900 GARAGE_RPC_PORT=13901 GARAGE_ADMIN_PORT=13903"

port_busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The process that listens there, as far as this user may see it.
port_owner() { ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (pid \2)/p' | head -1; }

ports_open() {
  PORTS_FILE="$CACHE/clones/$ID/ports"
  with_lock ports ports_choose
  # shellcheck disable=SC1090
  . "$PORTS_FILE"
}

ports_choose() {
  local pair name
  touch "$PORTS_FILE"
  for pair in $PORT_DEFAULTS; do
    name="${pair%%=*}"
    grep -q "^$name=" "$PORTS_FILE" || port_choose "$name" "${pair#*=}"
  done
}

port_choose() {
  local name="$1" port="$2"
  while port_busy "$port" || port_promised "$port"; do port=$((port + 10)); done
  printf '%s=%s\n' "$name" "$port" >>"$PORTS_FILE"
}

port_promised() { grep -hqx "[A-Z0-9_]*=$1" "$CACHE"/clones/*/ports 2>/dev/null; }

# Before a service starts: replaces a stored port that another process has taken meanwhile.
port_claim() {
  local name="$1"
  port_busy "${!name}" || return 0
  note "port ${!name} is taken by $(port_owner "${!name}"); choosing another"
  with_lock ports port_move "$name"
  # shellcheck disable=SC1090
  . "$PORTS_FILE"
}

port_move() {
  local name="$1"
  sed "/^$name=/d" "$PORTS_FILE" | write_file "$PORTS_FILE" 644
  port_choose "$name" "${!name}"
}
