# A private RabbitMQ with its management plugin: own node, own cookie, own epmd, everything on the loopback.
# shellcheck shell=bash

rabbitmq_up() {
  daemon_alive rabbitmq && rabbitmq_ready && return
  service_dir rabbitmq
  service_dir rabbitmq-log
  local name
  for name in AMQP_PORT AMQP_MGMT_PORT AMQP_DIST_PORT EPMD_PORT; do port_claim "$name"; done
  rabbitmq_config
  rabbitmq_start
  daemon_await rabbitmq 120 rabbitmq_ready
}

# The user, the vhost and its permissions come from the configuration at the node's first start.
rabbitmq_config() {
  local dir="$DATA/rabbitmq"
  write_file "$dir/rabbitmq.conf" 600 <<EOF
listeners.tcp.1 = 127.0.0.1:$AMQP_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $AMQP_MGMT_PORT
default_vhost = engunity
default_user = engunity
default_pass = $AMQP_PASSWORD
default_user_tags.administrator = true
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
log.console = true
log.console.level = warning
log.file = false
EOF
  printf '[rabbitmq_management].\n' | write_file "$dir/enabled_plugins" 644
  [ -e "$dir/.erlang.cookie" ] || printf '%s' "$ERLANG_COOKIE" | write_file "$dir/.erlang.cookie" 400
  service_owns "$dir"/{rabbitmq.conf,enabled_plugins,.erlang.cookie}
}

# Isolates the node from the machine's own RabbitMQ settings.
rabbitmq_start() {
  local dir="$DATA/rabbitmq"
  daemon_start rabbitmq env -i PATH="$PATH" LANG=C.UTF-8 HOME="$dir" ENGUNITY_DEV_DAEMON="$ID" \
    RABBITMQ_NODENAME="engunity-$ID@localhost" RABBITMQ_DIST_PORT="$AMQP_DIST_PORT" \
    ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1 ERL_CRASH_DUMP=/dev/null \
    RABBITMQ_MNESIA_BASE="$dir/mnesia" RABBITMQ_LOG_BASE="$DATA/rabbitmq-log" RABBITMQ_PID_FILE="$dir/pid" \
    RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" \
    RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none" \
    "${AS_SERVICE[@]}" /usr/lib/rabbitmq/bin/rabbitmq-server
}

rabbitmq_ready() {
  curl -fsS -m 2 -u "engunity:$AMQP_PASSWORD" "http://127.0.0.1:$AMQP_MGMT_PORT/api/health/checks/virtual-hosts"
}

# Creates the broker user of a worker, or sets it right: rabbitmq_worker_user NAME VHOST
rabbitmq_worker_user() {
  local user="worker.$1" permissions
  permissions="$("${PROGRAMS:-$DEV/bin}/engunity-coordinator" worker-permissions "$1")" || die "the permissions of $user could not be computed"
  rabbitmq_put "users/$user" "{\"password\":\"$(rabbitmq_worker_password "$1")\",\"tags\":\"\"}"
  rabbitmq_put "permissions/$2/$user" "$permissions"
}

rabbitmq_put() {
  curl -fsS -m 10 -o /dev/null -u "engunity:$AMQP_PASSWORD" -H 'content-type: application/json' -X PUT --data-binary @- \
    "http://127.0.0.1:$AMQP_MGMT_PORT/api/$1" <<<"$2" || die "RabbitMQ refused $1; ./dev logs rabbitmq may say why"
}

# A worker can not compute another one's password: it does not have the secret.
rabbitmq_worker_password() { printf '%s %s' "$AMQP_PASSWORD" "$1" | sha256sum | cut -c1-32; }

rabbitmq_worker_url() {
  printf 'amqp://worker.%s:%s@127.0.0.1:%s/%s' "$1" "$(rabbitmq_worker_password "$1")" "$AMQP_PORT" "$2"
}

rabbitmq_down() { daemon_stop rabbitmq TERM 30; }
