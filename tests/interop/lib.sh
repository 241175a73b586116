# Sourced by every <client>/run. Provides a broker to test against and counts the results.
#
#   source ".../lib.sh"
#   need_command ruby ruby            # a missing client is a failure that names its package
#   need_ok "ruby-bunny" ruby -e 'require "bunny"'
#   INTEROP_CONFIGURATION=...         # further keys, for a broker that is started here
#   with_broker                       # exports AMQP_TEST_URL and its parts
#   run_tests 60 ruby ...             # a program that prints "ok - name" / "not ok - name"
#   finish                            # stops our broker, prints the summary, exits
#
# A test may itself tell our broker to stop, if it comes last: AMQP_TEST_BROKER_PID is its process.
#
# With AMQP_TEST_URL set the tests run against that broker; otherwise $HARRIERMQ_BINARY is started
# on a free loopback port and has to exit 0 when it is told to stop.

set -uo pipefail

INTEROP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
INTEROP_CLIENT=$(basename "$(cd "$(dirname "$0")" && pwd)")
INTEROP_DIRECTORY=$INTEROP_ROOT/$INTEROP_CLIENT
# For compiler caches; ignored by git.
export INTEROP_CACHE=${HARRIER_TEST_CACHE:-$(cd "$INTEROP_ROOT/../.." && pwd)/.cache}/interop
INTEROP_TEMP=$(mktemp -d "${TMPDIR:-/tmp}/interop-$INTEROP_CLIENT.XXXXXX")

# Seconds; sanitizer builds and crowded machines may need more.
readonly start_deadline=${HARRIER_TEST_START_DEADLINE:-60}
readonly stop_deadline=${HARRIER_TEST_STOP_DEADLINE:-30}

broker_pid=""
broker_stopping=no
passed=0
failed=0

pass() {
  passed=$((passed + 1))
  printf 'ok - %s\n' "$1"
}

fail() {
  failed=$((failed + 1))
  printf 'not ok - %s\n' "$1"
}

# Ends the run at once, for what leaves nothing to test.
give_up() {
  fail "$1"
  finish
}

need_command() {
  local command=$1 package=$2
  command -v "$command" >/dev/null ||
    give_up "$command is missing: install the Debian package $package (script/setup --test does)"
}

# need_ok PACKAGE COMMAND...: COMMAND succeeds once PACKAGE is installed.
need_ok() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 ||
    give_up "$package is missing: install the Debian package $package (script/setup --test does)"
}

# run_python_tests SECONDS [PATTERN]: the unittest files of the client's folder, run by Debian's
# interpreter, which is where python3-* packages install to.
run_python_tests() {
  local deadline=$1 pattern=${2:-test_*.py}
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$INTEROP_ROOT/support:$INTEROP_DIRECTORY \
    run_tests "$deadline" /usr/bin/python3 -m harrier_unittest "$INTEROP_DIRECTORY" "$pattern"
}

# run_tests SECONDS COMMAND...: passes on what COMMAND prints and counts its results. A command
# that fails without a "not ok" line, or that prints no result at all, is itself a failure.
run_tests() {
  local deadline=$1 output=$INTEROP_TEMP/output status results_passed results_failed
  shift
  timeout --kill-after=5 "$deadline" "$@" 2>&1 | tee "$output"
  status=${PIPESTATUS[0]}
  results_passed=$(grep -c '^ok - ' "$output")
  results_failed=$(grep -c '^not ok - ' "$output")
  passed=$((passed + results_passed))
  failed=$((failed + results_failed))
  if ((status == 124 || status == 137)); then
    fail "$1 was cut off after $deadline s"
  elif ((status != 0 && results_failed == 0)); then
    fail "$1 exited with status $status"
  elif ((results_passed + results_failed == 0)); then
    fail "$1 ran no test"
  fi
}

with_broker() {
  if [[ -z ${AMQP_TEST_URL:-} ]]; then
    start_broker
  fi
  export AMQP_TEST_URL
  split_url
}

start_broker() {
  [[ -n ${HARRIERMQ_BINARY:-} ]] ||
    give_up "neither AMQP_TEST_URL nor HARRIERMQ_BINARY is set: see tests/interop/README.md"
  [[ -x $HARRIERMQ_BINARY ]] || give_up "$HARRIERMQ_BINARY (HARRIERMQ_BINARY) cannot be executed"

  # Another program may take the port between our look and the broker's bind: try a few.
  local port
  for _ in 1 2 3 4 5; do
    port=$(free_port)
    write_config "$port" >"$INTEROP_TEMP/harriermq.yaml"
    mkdir -p "$INTEROP_TEMP/data"
    : >"$INTEROP_TEMP/broker.log" # before the broker runs, so that it is there to be followed
    "$HARRIERMQ_BINARY" --config "$INTEROP_TEMP/harriermq.yaml" --data-dir "$INTEROP_TEMP/data" \
      --bind 127.0.0.1 --port "$port" >>"$INTEROP_TEMP/broker.log" 2>&1 &
    broker_pid=$!
    if wait_for_startup; then
      export AMQP_TEST_BROKER_PID=$broker_pid
      AMQP_TEST_URL=amqp://guest:guest@127.0.0.1:$port/
      return
    fi
    stop_broker_now
    grep -qi 'address already in use' "$INTEROP_TEMP/broker.log" || break
  done
  show_broker_log
  give_up "the broker did not start"
}

# The one place that knows what the broker's configuration looks like.
write_config() {
  local port=$1
  cat <<YAML
listeners:
  amqp:
    bind: 127.0.0.1
    port: $port
metrics:
  enabled: false
management:
  enabled: false
loops: ${HARRIER_TEST_LOOPS:-1}
journal:
  segment_size: 1MiB
  segments: 8
  pending_max: 1MiB
disk:
  free_limit: 1MiB
  reserve: 0
${INTEROP_CONFIGURATION:-}
YAML
}

free_port() {
  perl -MIO::Socket::INET -e \
    'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# tail ends when the broker does, so that a broker that dies is noticed at once.
wait_for_startup() {
  timeout "$start_deadline" grep -q 'Server startup complete' \
    <(exec tail --lines=+1 --follow --pid="$broker_pid" --sleep-interval=0.1 \
        "$INTEROP_TEMP/broker.log" 2>/dev/null)
}

# Stops our broker as an operator would and checks how it ends. Another's broker is left alone.
stop_broker() {
  [[ -n $broker_pid ]] || return 0
  local pid=$broker_pid status
  [[ $broker_stopping == yes ]] || kill -TERM "$pid" 2>/dev/null
  if ! timeout "$stop_deadline" tail --follow --pid="$pid" --sleep-interval=0.1 /dev/null; then
    stop_broker_now
    show_broker_log
    fail "the broker still ran $stop_deadline s after SIGTERM"
    return
  fi
  wait "$pid"
  status=$?
  broker_pid=""
  if ((status == 0)); then
    pass "the broker exits 0 on SIGTERM"
  else
    show_broker_log
    fail "the broker exited with status $status"
  fi
  if grep -E 'ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:' \
       "$INTEROP_TEMP/broker.log"; then
    fail "a sanitizer reported an error in the broker"
  fi
}

stop_broker_now() {
  [[ -n $broker_pid ]] || return 0
  kill -KILL "$broker_pid" 2>/dev/null
  wait "$broker_pid" 2>/dev/null
  broker_pid=""
}

show_broker_log() {
  echo "--- the last lines of the broker's log"
  tail --lines=40 "$INTEROP_TEMP/broker.log"
  echo "---"
}

# amqp://USER:PASSWORD@HOST:PORT/VHOST to AMQP_TEST_USER and so on; the virtual host is always "/".
split_url() {
  local pattern='^amqp://([^:@/]+):([^@/]+)@([^:/]+):([0-9]+)/?(%2[fF])?$'
  [[ $AMQP_TEST_URL =~ $pattern ]] ||
    give_up "AMQP_TEST_URL is not of the form amqp://USER:PASSWORD@HOST:PORT/ but $AMQP_TEST_URL"
  export AMQP_TEST_USER=${BASH_REMATCH[1]} AMQP_TEST_PASSWORD=${BASH_REMATCH[2]}
  export AMQP_TEST_HOST=${BASH_REMATCH[3]} AMQP_TEST_PORT=${BASH_REMATCH[4]}
  export AMQP_TEST_VHOST=/
  # Clients differ in how they read an empty path; every one knows this.
  AMQP_TEST_URL=amqp://$AMQP_TEST_USER:$AMQP_TEST_PASSWORD@$AMQP_TEST_HOST:$AMQP_TEST_PORT/%2F
}

finish() {
  stop_broker
  printf '%s: %d passed, %d failed\n' "$INTEROP_CLIENT" "$passed" "$failed"
  if ((failed == 0 && passed > 0)); then
    exit 0
  fi
  exit 1
}

clean_up() {
  stop_broker_now
  rm -rf "$INTEROP_TEMP"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
