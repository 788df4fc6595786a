# The services of the product: PostgreSQL, RabbitMQ, the S3 server, Docker and the sandbox images.
# shellcheck shell=bash

services_up() {
  services_open
  steps_wait
  services_close
}

# Starts the steps; the caller may start more before it waits for all.
services_open() {
  service_user_open
  steps_open
  step packages "Debian packages" packages_install "${PACKAGES_FOR:-}"
  step s3 "S3 server" in_order s3_step packages
  step postgres "PostgreSQL" in_order postgres_step packages
  step rabbitmq "RabbitMQ" in_order rabbitmq_step packages
  step images "Docker and sandbox images" in_order images_step packages
}

services_close() {
  docker_up
  env_write
}

in_order() {
  local what="$1"
  shift
  after "$@"
  "$what"
}

s3_step() { garage_build; s3_up; say "result: $GARAGE_VERSION on 127.0.0.1:$S3_PORT"; }
postgres_step() { postgres_up; say "result: $("$(pg_bin)/postgres" --version | awk '{print $3}') on 127.0.0.1:$PG_PORT"; }
rabbitmq_step() { rabbitmq_up; say "result: 127.0.0.1:$AMQP_PORT, management on 127.0.0.1:$AMQP_MGMT_PORT"; }
images_step() { docker_up; images_deps; say "result: $(runtimes | xargs)"; }

services_down() {
  docker_down
  s3_down
  rabbitmq_down
  postgres_down
  stragglers_stop
}

# Writes the environment that points our binaries and tests at these services.
env_write() {
  write_file "$DEV/env" 600 <<EOF
export ENGUNITY__POSTGRES__URL=postgres://engunity:$PG_PASSWORD@127.0.0.1:$PG_PORT/engunity
export ENGUNITY__BROKER__URL=amqp://engunity:$AMQP_PASSWORD@127.0.0.1:$AMQP_PORT/engunity
export ENGUNITY__BROKER__MANAGEMENT_URL=http://engunity:$AMQP_PASSWORD@127.0.0.1:$AMQP_MGMT_PORT
export ENGUNITY__S3__ENDPOINT=http://127.0.0.1:$S3_PORT
export ENGUNITY__S3__REGION=garage
export ENGUNITY__S3__BUCKET=engunity
export ENGUNITY__S3__ACCESS_KEY=$S3_ACCESS_KEY
export ENGUNITY__S3__SECRET_KEY=$S3_SECRET_KEY
export ENGUNITY__AUTH__SECRET=$AUTH_SECRET
export ENGUNITY__DOCKER__SOCKET=$DOCKER_HOST
export ENGUNITY__RUNTIMES__DIR=$ROOT/languages
export ENGUNITY__RUNTIMES__IMAGE_PREFIX=$(image_prefix)
export DOCKER_HOST=$DOCKER_HOST
$(embedder_env)
EOF
}
